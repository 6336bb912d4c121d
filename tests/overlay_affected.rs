//! `overlay-affected`: what a change touches is what builds of both commits say.

use git2::{IndexEntry, IndexTime, Oid, Repository, Signature, Time};
use insta::assert_snapshot;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use windlass_overlay::{Memory, Options, Survey, build};

/// The files of a commit, by path.
type Files = BTreeMap<String, String>;

/// A repository without a checkout.
struct Repo {
    folder: TempDir,
    git: Repository,
}

impl Repo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let git = Repository::init(folder.path()).unwrap();
        Self { folder, git }
    }

    fn commit(&self, files: &Files) -> Oid {
        let mut index = git2::Index::new().unwrap();
        for (path, text) in files {
            let entry = entry(path, self.git.blob(text.as_bytes()).unwrap());
            index.add(&entry).unwrap();
        }
        let tree = index.write_tree_to(&self.git).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let who = Signature::new("a", "a@example.com", &Time::new(0, 0)).unwrap();
        let parent = self.git.head().and_then(|head| head.peel_to_commit()).ok();
        let parents: Vec<_> = parent.iter().collect();
        self.git
            .commit(Some("HEAD"), &who, &who, "change", &tree, &parents)
            .unwrap()
    }

    fn run(&self, words: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_overlay-affected"))
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .output()
            .unwrap()
    }

    fn json(&self, words: &str) -> Value {
        let output = self.run(&format!("--format json {words}"));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{complaint}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn overlays(&self, words: &str) -> BTreeSet<String> {
        let json = self.json(words);
        let overlays = json["overlays"].as_array().unwrap().iter();
        overlays
            .map(|one| one.as_str().unwrap().to_owned())
            .collect()
    }
}

fn entry(path: &str, id: Oid) -> IndexEntry {
    let none = IndexTime::new(0, 0);
    IndexEntry {
        ctime: none,
        mtime: none,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

fn files(list: &[(&str, &str)]) -> Files {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    list.iter().map(owned).collect()
}

/// An application with two environments and a component, and one that stands alone.
fn repository() -> Files {
    files(&[
        ("windlass.yaml", "apps: apps\n"),
        ("apps/web/src/app.py", "print(1)\n"),
        (
            "apps/web/k8s/base/kustomization.yaml",
            "resources: [web.yaml]\n",
        ),
        (
            "apps/web/k8s/base/web.yaml",
            "kind: Web\nmetadata: {name: web}\nsize: 1\n",
        ),
        (
            "apps/web/k8s/overlays/dev/kustomization.yaml",
            "resources: [../../base]\nconfigMapGenerator:\n- name: c\n  files: [k=c.txt]\n",
        ),
        ("apps/web/k8s/overlays/dev/c.txt", "one\n"),
        (
            "apps/web/k8s/overlays/prod/kustomization.yaml",
            "resources: [../../base]\ncomponents: [../../../../../parts/label]\n",
        ),
        (
            "parts/label/kustomization.yaml",
            "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n\
             commonAnnotations: {a: b}\n",
        ),
        (
            "apps/shop/k8s/overlays/dev/kustomization.yaml",
            "resources: [shop.yaml]\n",
        ),
        (
            "apps/shop/k8s/overlays/dev/shop.yaml",
            "kind: Shop\nmetadata: {name: shop}\n",
        ),
    ])
}

fn set(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|path| (*path).to_owned()).collect()
}

const WEB: [&str; 2] = ["apps/web/k8s/overlays/dev", "apps/web/k8s/overlays/prod"];

#[test]
fn a_change_touches_what_reads_it() {
    let repo = Repo::new();
    let first = repo.commit(&repository());
    let after = |path: &str, text: Option<&str>| {
        let mut files = repository();
        match text {
            Some(text) => files.insert(path.to_owned(), text.to_owned()),
            None => files.remove(path),
        };
        repo.commit(&files)
    };
    let since = |more: &str| repo.overlays(&format!("--base {first} --direct {more}"));
    after(
        "apps/web/k8s/base/web.yaml",
        Some("kind: Web\nmetadata: {name: web}\nsize: 2\n"),
    );
    assert_eq!(since(""), set(&WEB));
    after(
        "apps/web/k8s/base/web.yaml",
        Some("# 1\nkind: Web\nmetadata: {name: web}\nsize: 1\n"),
    );
    assert_eq!(since(""), set(&WEB));
    assert_eq!(since("--rendered"), set(&[]));
    after("apps/web/k8s/overlays/dev/c.txt", Some("two\n"));
    assert_eq!(since("--rendered"), set(&WEB[..1]));
    after("apps/web/k8s/overlays/dev/c.txt", None);
    assert_eq!(since("--rendered"), set(&WEB[..1]));
    after("parts/label/kustomization.yml", Some("kind: Component\n"));
    assert_eq!(since(""), set(&WEB[1..]));
    after("apps/web/src/app.py", Some("print(2)\n"));
    assert_eq!(since(""), set(&[]));
    assert_eq!(since("--sources"), set(&WEB));
    assert_eq!(since("--sources apps/shop"), set(&[]));
    after("libs/auth/auth.py", Some("print(3)\n"));
    assert_eq!(since("--sources"), set(&[]));
    std::fs::write(
        repo.folder.path().join("windlass.yaml"),
        "shared: [{path: libs/auth, apps: [web]}, {path: libs/log}]\n",
    )
    .unwrap();
    assert_eq!(since("--sources"), set(&WEB));
    after("libs/log/log.py", Some("print(4)\n"));
    let all = [WEB[0], WEB[1], "apps/shop/k8s/overlays/dev"];
    assert_eq!(since("--sources"), set(&all));
    after("README.md", Some("text\n"));
    assert_eq!(since(""), set(&[]));
}

/// Nothing is fetched here: an overlay with something remote counts as touched when its lock is.
#[test]
fn what_is_remote_is_touched_with_its_lock() {
    let repo = Repo::new();
    let mut files = files(&[
        ("overlay.lock", "version: 1\n"),
        (
            "web/kustomization.yaml",
            "resources: ['https://git.example/o/r']\n",
        ),
        ("shop/kustomization.yaml", "resources: [a.yaml]\n"),
        ("shop/a.yaml", "kind: A\nmetadata: {name: a}\n"),
    ]);
    repo.commit(&files);
    files.insert(
        "overlay.lock".to_owned(),
        "version: 1\ngit: []\n".to_owned(),
    );
    repo.commit(&files);
    for words in ["--base HEAD~1", "--base HEAD~1 --rendered"] {
        assert_eq!(repo.overlays(words), set(&["web"]), "{words}");
    }
    files.insert(
        "shop/a.yaml".to_owned(),
        "kind: A\nmetadata: {name: b}\n".to_owned(),
    );
    repo.commit(&files);
    assert_eq!(repo.overlays("--base HEAD~1"), set(&["shop"]));
}

#[test]
fn outputs_are_for_a_matrix() {
    let repo = Repo::new();
    let first = repo.commit(&repository());
    let mut files = repository();
    files.retain(|path, _| !path.starts_with("apps/shop"));
    files.insert(
        "apps/web/k8s/base/web.yaml".to_owned(),
        "kind: Web\n".to_owned(),
    );
    repo.commit(&files);
    let json = repo.json(&format!("--base {first} --shards 1"));
    assert_snapshot!(serde_json::to_string(&json).unwrap(), @r#"{"any":true,"matrix":{"overlays":["apps/web/k8s/overlays/dev apps/web/k8s/overlays/prod"]},"overlays":["apps/web/k8s/overlays/dev","apps/web/k8s/overlays/prod"],"removed":["apps/shop/k8s/overlays/dev"]}"#);
    let zeros = "0".repeat(40);
    assert_eq!(repo.overlays(&format!("--base {zeros}")), set(&WEB));
    let all = repo.json(&format!("--base {zeros} --shards 9"));
    assert_eq!(all["matrix"]["overlays"].as_array().unwrap().len(), 2);
    assert_eq!(repo.run("--base gone").status.code(), Some(1));
    assert_eq!(repo.run("--base HEAD --shards 0").status.code(), Some(2));
}

#[test]
fn the_way_from_an_overlay_to_a_file_is_told() {
    let repo = Repo::new();
    repo.commit(&repository());
    let why = |words: &str| repo.run(&format!("--why {words}"));
    let way = why("apps/web/k8s/overlays/prod apps/web/k8s/base/web.yaml");
    assert_snapshot!(String::from_utf8_lossy(&way.stdout), @r"
    apps/web/k8s/overlays/prod/kustomization.yaml:1:13: resources: [../../base]
    apps/web/k8s/base/kustomization.yaml:1:13: resources: [web.yaml]
    ");
    let none = why("apps/web/k8s/overlays/prod apps/web/k8s/overlays/dev/c.txt");
    assert_eq!(none.status.code(), Some(1));
    assert_snapshot!(String::from_utf8_lossy(&none.stderr), @"error: `apps/web/k8s/overlays/prod` does not lead to `apps/web/k8s/overlays/dev/c.txt`");
}

#[test]
fn applications_say_what_their_builds_read() {
    let repo = Repo::new();
    let mut files = repository();
    let application = |path: &str| {
        format!(
            "# ours\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: web\n\
             spec:\n  source:\n    path: {path}\n"
        )
    };
    files.insert("argo/web.yaml".to_owned(), application(WEB[1]));
    files.insert("argo/gone.yaml".to_owned(), application("gone"));
    for (path, text) in &files {
        let path = repo.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let check = repo.run("--check argo/web.yaml argo/gone.yaml apps/web/k8s/base/web.yaml");
    assert_eq!(check.status.code(), Some(1));
    assert_snapshot!(String::from_utf8_lossy(&check.stderr), @r"
    warning: `argocd.argoproj.io/manifest-generate-paths` is not `/apps/web/k8s/base;/apps/web/k8s/overlays/prod;/parts/label`, which the build reads
     --> argo/web.yaml
    hint: set it with `--annotate`
    warning: `gone` is not a folder of this repository
     --> argo/gone.yaml
    ");
    let set = repo.run("--annotate argo/web.yaml");
    assert_eq!(String::from_utf8_lossy(&set.stdout), "argo/web.yaml\n");
    let text = std::fs::read_to_string(repo.folder.path().join("argo/web.yaml")).unwrap();
    assert_snapshot!(text, @r"
    # ours
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      name: web
      annotations:
        argocd.argoproj.io/manifest-generate-paths: /apps/web/k8s/base;/apps/web/k8s/overlays/prod;/parts/label
    spec:
      source:
        path: apps/web/k8s/overlays/prod
    ");
    assert_eq!(repo.run("--check argo/web.yaml").status.code(), Some(0));
}

#[test]
fn the_applications_of_this_repository_say_what_their_builds_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let applications = ["dev", "staging", "prod"];
    let check = Command::new(env!("CARGO_BIN_EXE_overlay-affected"))
        .arg("--check")
        .args(applications.map(|name| format!("argo/apps/example-app-{name}.yaml")))
        .current_dir(root)
        .env_clear()
        .output()
        .unwrap();
    assert_snapshot!(String::from_utf8_lossy(&check.stderr), @"");
    assert_eq!(check.status.code(), Some(0));
}

/// A source of numbers that is the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A folder's kustomization, which uses some of the folders before it and files of its own.
fn kustomization(number: usize, numbers: &mut Numbers) -> String {
    let mut text = "resources:\n- own.yaml\n".to_owned();
    if number > 0 && numbers.below(3) > 0 {
        text += &format!("- ../k{}\n", numbers.below(number));
    }
    text += &format!("namePrefix: p{number}-\n");
    match numbers.below(4) {
        0 => text += "patches:\n- path: patch.yaml\n  target: {kind: Own}\n",
        1 => {
            text +=
                &format!("configMapGenerator:\n- name: c{number}\n  files: [a.txt, b=sub/b.txt]\n")
        }
        2 => text += "transformers: [labels.yaml]\n",
        _ => {}
    }
    text
}

fn random_repository(numbers: &mut Numbers) -> Files {
    let mut files = Files::new();
    for number in 0..6 {
        let folder = format!("k{number}");
        let own = format!("kind: Own\nmetadata: {{name: own{number}}}\n");
        for (name, text) in [
            ("kustomization.yaml", kustomization(number, numbers)),
            ("own.yaml", own),
            ("patch.yaml", "- {op: add, path: /a, value: 1}\n".to_owned()),
            ("a.txt", "a\n".to_owned()),
            ("sub/b.txt", "b\n".to_owned()),
            (
                "labels.yaml",
                "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {a: b}\n\
                 fieldSpecs: [{path: metadata/labels, create: true}]\n"
                    .to_owned(),
            ),
        ] {
            files.insert(format!("{folder}/{name}"), text);
        }
    }
    files
}

/// Changes, moves or removes a file, or writes a kustomization anew.
fn change(files: &mut Files, numbers: &mut Numbers) {
    let path = files
        .keys()
        .nth(numbers.below(files.len()))
        .unwrap()
        .clone();
    let number: usize = path[1..2].parse().unwrap();
    match numbers.below(5) {
        0 => drop(files.remove(&path)),
        1 => *files.get_mut(&path).unwrap() += "# a comment\n",
        2 => {
            let text = files.remove(&path).unwrap();
            files.insert(path.replace(".txt", ".md").replace("own", "other"), text);
        }
        3 => {
            *files
                .get_mut(&format!("k{number}/kustomization.yaml"))
                .unwrap() = kustomization(number, numbers)
        }
        _ => {
            let own = format!("kind: Own\nmetadata: {{name: own{number}}}\nsize: 2\n");
            files.insert(format!("k{number}/own.yaml"), own);
        }
    }
}

/// What each root of a commit makes; nothing where it cannot be built.
fn made(files: &Files) -> BTreeMap<String, Option<String>> {
    let files = Memory::from_iter(files.clone());
    let survey = Survey::new(&files, Path::new("/")).unwrap();
    let made = |root: &Path| {
        let built = build(&files, root, &Options::default());
        built.ok().and_then(|built| built.to_yaml().ok())
    };
    let roots = survey.roots().into_iter();
    roots
        .map(|root| {
            (
                root.strip_prefix("/").unwrap().display().to_string(),
                made(&root),
            )
        })
        .collect()
}

#[test]
fn what_is_touched_is_what_all_builds_together_say() {
    let mut numbers = Numbers(1);
    for _ in 0..25 {
        let repo = Repo::new();
        let before = random_repository(&mut numbers);
        let mut after = before.clone();
        change(&mut after, &mut numbers);
        let first = repo.commit(&before);
        repo.commit(&after);
        let (old, new) = (made(&before), made(&after));
        // Roots that cannot be built count as touched where a file they may read differs.
        let touched = repo.overlays(&format!("--base {first}"));
        let rendered = repo.overlays(&format!("--base {first} --rendered"));
        assert!(rendered.is_subset(&touched));
        for (root, text) in &new {
            let was = old.get(root);
            let differs = was.is_some_and(|was| was != text);
            if text.is_some() && was.is_some_and(Option::is_some) {
                assert_eq!(rendered.contains(root), differs, "{root}");
            }
            assert!(!differs || rendered.contains(root), "{root}");
        }
    }
}
