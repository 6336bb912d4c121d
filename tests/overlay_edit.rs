//! `overlay-edit`: flags, codes and outputs, and what kustomize makes of the same words.
//!
//! A case of `crates/overlay/tests/cases-edit` is a folder: `input/` with the files before the
//! edit (or `input/overlay/`, where there is a base beside it), `edit` with the words, and what
//! kustomize answered: its file afterwards in `expected.yaml`, or `expected.err`. Where our answer
//! is meant to be another one, `differs` says why, and `ours.yaml` or `ours.err` holds it. With
//! `KUSTOMIZE_EDIT=path` the cases are also put to that program (`tests/oracle/install-edit`), and
//! `KUSTOMIZE_RECORD=1` writes down what it answers.

use insta::assert_snapshot;
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

struct Case {
    folder: PathBuf,
}

/// The kustomization file afterwards, or the message.
type Answer = Result<String, String>;

impl Case {
    fn all() -> Vec<Self> {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/overlay/tests/cases-edit");
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(|folder| Self { folder }).collect()
    }

    fn name(&self) -> &str {
        self.folder.file_name().unwrap().to_str().unwrap()
    }

    fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    fn words(&self) -> Vec<String> {
        words(&self.file("edit").unwrap())
    }

    /// The kustomization file before the edit.
    fn before(&self) -> String {
        kustomization(&root(&self.folder.join("input"))).unwrap_or_default()
    }

    /// Runs a program on a copy of the input.
    fn answer(&self, program: &mut Command) -> Answer {
        let copy = TempDir::new().unwrap();
        let input = self.folder.join("input");
        if input.is_dir() {
            copy_files(&input, copy.path());
        }
        let root = root(copy.path());
        let output = program
            .args(self.words())
            .current_dir(&root)
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(kustomization(&root).unwrap()),
            false => {
                let message = String::from_utf8(output.stderr).unwrap();
                Err(message.replace(&format!("{}/", copy.path().display()), ""))
            }
        }
    }

    fn ours(&self) -> Answer {
        self.answer(&mut overlay_edit())
    }

    fn theirs(&self, program: &str) -> Answer {
        let mut command = Command::new(program);
        if self.words().first().is_none_or(|word| word != "create") {
            command.arg("edit");
        }
        let answer = self.answer(&mut command);
        // Other lines tell the time.
        let is_error = |line: &&str| line.starts_with("Error: ");
        answer.map_err(|message| message.lines().find(is_error).unwrap().to_owned() + "\n")
    }

    fn recorded(&self, name: &str) -> Answer {
        match self.file(&format!("{name}.yaml")) {
            Some(text) => Ok(text),
            None => Err(self.file(&format!("{name}.err")).unwrap()),
        }
    }

    fn record(&self, answer: &Answer) {
        let [yes, no] = ["expected.yaml", "expected.err"].map(|name| self.folder.join(name));
        let _ = (fs::remove_file(&yes), fs::remove_file(&no));
        match answer {
            Ok(text) => fs::write(yes, text),
            Err(message) => fs::write(no, message),
        }
        .unwrap();
    }
}

/// Words with blanks between; a word in single quotes may hold any character.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_with(String::new);
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    words
}

fn root(folder: &Path) -> PathBuf {
    let overlay = folder.join("overlay");
    if overlay.is_dir() {
        overlay
    } else {
        folder.to_owned()
    }
}

fn kustomization(folder: &Path) -> Option<String> {
    NAMES
        .iter()
        .find_map(|name| fs::read_to_string(folder.join(name)).ok())
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&copy).unwrap();
            copy_files(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}

fn overlay_edit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overlay-edit"));
    command.env_clear();
    command
}

/// What a file says, less what kustomize changes in every file that it writes: it adds the type,
/// and sorts images and replicas by name.
fn meaning(text: &str, ours: &str) -> Value {
    let mut value: Value = windlass_yaml::from_str("k.yaml", text).unwrap();
    let own: Value = windlass_yaml::from_str("k.yaml", ours).unwrap();
    let Some(map) = value.as_object_mut() else {
        return value;
    };
    for field in ["apiVersion", "kind"] {
        if own.get(field).is_none() {
            map.remove(field);
        }
    }
    for field in ["images", "replicas"] {
        if let Some(Value::Array(items)) = map.get_mut(field) {
            items.sort_by_key(|item| item["name"].to_string());
        }
    }
    map.retain(|_, value| value != &Value::Array(Vec::new()));
    value
}

/// How many lines differ.
fn lines_changed(before: &str, after: &str) -> usize {
    let patch = git2::Patch::from_buffers(before.as_bytes(), None, after.as_bytes(), None, None);
    let (_, added, removed) = patch.unwrap().line_stats().unwrap();
    added + removed
}

/// How many lines are gone or new, wherever they stand and however far right: `fix` moves lines.
fn lines_lost(before: &str, after: &str) -> usize {
    let mut count: HashMap<&str, i32> = HashMap::new();
    for (text, by) in [(before, 1), (after, -1)] {
        for line in text.lines() {
            *count.entry(line.trim()).or_default() += by;
        }
    }
    count
        .values()
        .map(|count| count.unsigned_abs() as usize)
        .sum()
}

/// What is wrong with our answer, if anything is.
fn judge(case: &Case, ours: &Answer, theirs: &Answer) -> Option<String> {
    if case.file("differs").is_some() {
        let wanted = case.recorded("ours");
        let is_stale = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => meaning(ours, ours) == meaning(theirs, ours),
            (ours, theirs) => ours.is_err() && theirs.is_err(),
        };
        return match is_stale {
            true => Some("there is no difference any more".to_owned()),
            false => (*ours != wanted).then(|| format!("we say {ours:?}, not {wanted:?}")),
        };
    }
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if meaning(ours, ours) != meaning(theirs, ours) => {
            Some(format!("we say\n{ours}\nthey say\n{theirs}"))
        }
        (Ok(ours), Ok(theirs)) => {
            let before = case.before();
            let measure = match case.words()[0].as_str() {
                "fix" => lines_lost,
                _ => lines_changed,
            };
            let [own, other] = [ours, theirs].map(|after| measure(&before, after));
            (own > other).then(|| format!("we change {own} lines, they {other}"))
        }
        (Err(_), Err(_)) => None,
        (ours, theirs) => Some(format!("we say {ours:?}, they {theirs:?}")),
    }
}

#[test]
fn edits_mean_what_they_mean_to_kustomize() {
    let live = std::env::var("KUSTOMIZE_EDIT").ok();
    let records = std::env::var("KUSTOMIZE_RECORD").is_ok();
    let mut wrong = Vec::new();
    let cases = Case::all();
    for case in &cases {
        let ours = case.ours();
        let theirs = match &live {
            Some(program) => case.theirs(program),
            None => case.recorded("expected"),
        };
        if records && live.is_some() {
            case.record(&theirs);
        }
        if theirs != case.recorded("expected") {
            wrong.push(format!("{}: kustomize now says {theirs:?}", case.name()));
        }
        let found = judge(case, &ours, &theirs);
        wrong.extend(found.map(|found| format!("{}: {found}", case.name())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 80, "{} cases", cases.len());
}

#[test]
fn an_edit_that_is_made_changes_nothing() {
    for case in Case::all() {
        let Ok(once) = case.ours() else { continue };
        let words = case.words();
        // What was removed or renamed cannot be named again.
        let once_only = ["create", "remove"].contains(&&*words[0]);
        if once_only || words.iter().any(|word| word == "--new-namespace") {
            continue;
        }
        let copy = TempDir::new().unwrap();
        copy_files(&case.folder.join("input"), copy.path());
        let root = root(copy.path());
        let paths = NAMES.map(|name| root.join(name));
        let path = paths.iter().find(|path| path.is_file()).unwrap();
        fs::write(path, &once).unwrap();
        let mut command = overlay_edit();
        command.args(["--format", "json"]).args(&words);
        let output = command.current_dir(&root).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", case.name());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["changed"], false, "{}: {report}", case.name());
        assert_eq!(fs::read_to_string(path).unwrap(), once, "{}", case.name());
    }
}

const SHOP: &str = "resources: [a.yaml]\nimages:\n- name: shop # ours\n  newTag: v1\n";

/// A folder with a kustomization `shop` and one object.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("shop")).unwrap();
        let shop = Self(folder);
        fs::write(shop.path(), SHOP).unwrap();
        let object = "kind: A\nmetadata: {name: a}\n";
        fs::write(shop.0.path().join("shop/a.yaml"), object).unwrap();
        shop
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("shop/kustomization.yaml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn run(&self, line: &str) -> Output {
        let mut command = overlay_edit();
        command.current_dir(self.0.path()).args(["-C", "shop"]);
        command.env("GITHUB_OUTPUT", self.0.path().join("outputs"));
        command.args(words(line)).output().unwrap()
    }

    /// The exit code, and what is printed.
    fn says(&self, line: &str) -> String {
        let output = self.run(line);
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        format!("{}\n{out}{err}", output.status.code().unwrap())
    }
}

#[test]
fn several_edits_are_made_at_once() {
    let shop = Shop::new();
    let line = "set image shop:v2 db@sha256:00 then set namesuffix -- -x then set replicas a=3 then add label b:c";
    assert_snapshot!(shop.says(line), @r"
    0
    images[name=shop].newTag: v1 to v2
    images[name=db].digest: sha256:00 added
    nameSuffix: -x added
    replicas[name=a].count: 3 added
    commonLabels.b: c added
    ");
    let wanted = SHOP.replace("v1", "v2")
        + "- name: db\n  digest: sha256:00\nnameSuffix: -x\nreplicas:\n- name: a\n  count: 3\ncommonLabels:\n  b: c\n";
    assert_eq!(shop.text(), wanted);
    assert_snapshot!(shop.says(line), @"0");
    let outputs = fs::read_to_string(shop.0.path().join("outputs")).unwrap();
    assert!(outputs.contains("changed=true\n"), "{outputs}");
    assert!(
        outputs.contains("paths=shop/kustomization.yaml\n"),
        "{outputs}"
    );
    assert!(
        outputs.ends_with("changed=false\ndiff=\nedits=\npaths=\n"),
        "{outputs}"
    );
}

#[test]
fn all_edits_are_made_or_none() {
    let shop = Shop::new();
    assert_snapshot!(shop.says("set image shop:v2 then add resource gone.yaml"), @r"
    1
    error: there is no file or folder `shop/gone.yaml`
    ");
    assert_eq!(shop.text(), SHOP);
}

#[test]
fn a_dry_run_prints_what_would_change() {
    let shop = Shop::new();
    assert_snapshot!(shop.says("--dry-run set image shop:v2"), @r"
    0
    images[name=shop].newTag: v1 to v2

    diff --git a/shop/kustomization.yaml b/shop/kustomization.yaml
    index 4b9377d..772408e 100644
    --- a/shop/kustomization.yaml
    +++ b/shop/kustomization.yaml
    @@ -1,4 +1,4 @@
     resources: [a.yaml]
     images:
     - name: shop # ours
    -  newTag: v1
    +  newTag: v2
    ");
    assert_eq!(shop.text(), SHOP);
    assert_snapshot!(shop.says("--dry-run --format json set image shop:v1"), @r#"
    0
    {
      "changed": false,
      "paths": [],
      "edits": [],
      "diff": ""
    }
    "#);
}

#[test]
fn what_is_no_edit_is_refused() {
    let shop = Shop::new();
    for line in [
        "",
        "set",
        "set image",
        "set image shop",
        "set nothing x",
        "alpha-list-builtin-plugin",
        "--stack-trace set namespace a",
        "set namespace a b",
        "set namespace a then",
        "set namespace a then set",
        "set namespace a then set replicas x",
        "add label a:b --include-templates",
        "add patch --path a --patch b",
    ] {
        let output = shop.run(line);
        // A separator with nothing behind it is no harm.
        let wanted = if line.ends_with(" then") { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(wanted), "{line}");
    }
    assert_snapshot!(shop.says("set namespace a b"), @r"
    2
    error: `b` is no edit; edits are joined by `then`

    For more information, try '--help'.
    ");
    assert_snapshot!(shop.says("set namespace a then set"), @r"
    2
    error: `set` is no whole edit

    For more information, try '--help'.
    ");
    assert_snapshot!(shop.says("set namespace a then set replicas x"), @r"
    2
    error: `set replicas x`: invalid value 'x' for '<NAME=COUNT>...': `x` says no count of replicas

    For more information, try '--help'.
    ");
}

#[test]
fn what_was_not_there_to_remove_is_said() {
    let shop = Shop::new();
    assert_snapshot!(shop.says("remove resource b.yaml"), @r"
    0
    warning: there is no entry of `resources` that matches `b.yaml`
     --> shop/kustomization.yaml
    ");
    assert_eq!(shop.text(), SHOP);
}

#[test]
fn a_new_file_is_made_once() {
    let shop = Shop::new();
    fs::remove_file(shop.path()).unwrap();
    assert_snapshot!(shop.says("set namespace a"), @r"
    1
    error: `shop` holds no kustomization file
    hint: make one with `create`
    ");
    assert_snapshot!(shop.says("create --autodetect then set image shop:v1"), @r"
    0
    apiVersion: kustomize.config.k8s.io/v1beta1 added
    kind: Kustomization added
    resources: a.yaml added
    images[name=shop].newTag: v1 added
    ");
    let wanted = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\nimages:\n- name: shop\n  newTag: v1\n";
    assert_eq!(shop.text(), wanted);
    assert_snapshot!(shop.says("create"), @r"
    1
    error: `shop/kustomization.yaml` is there already
     --> shop/kustomization.yaml
    ");
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let shop = Shop::new();
    let real = shop.0.path().join("shop/real.yaml");
    fs::rename(shop.path(), &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.yaml", shop.path()).unwrap();
    assert_eq!(shop.run("set image shop:v2").status.code(), Some(0));
    assert!(shop.path().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), SHOP.replace("v1", "v2"));
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let names = fs::read_dir(shop.0.path().join("shop")).unwrap().count();
    assert_eq!(names, 3, "nothing is left beside it");
}
