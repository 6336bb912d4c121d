//! Apps brought to a newer template: what changes, what stays, what is in conflict.

use crate::{answers, plain, site};
use insta::assert_snapshot;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use windlass_scaffold::{Answers, ErrorKind, Files, Record, Template, Update, update};

const DEV: &str = "k8s/overlays/dev/kustomization.yaml";
const PROD: &str = "k8s/overlays/prod/kustomization.yaml";

/// A template of these files, besides what every template has.
fn template(files: &[(&str, &str)]) -> Template {
    let mut all = Files::from([
        plain("template.yaml", "application: app.jinja\n"),
        plain(
            "app.jinja",
            "kind: Application\nname: {{ name }}-{{ environment.name }}\n",
        ),
        plain(DEV, "resources: [../../base]\n"),
        plain(PROD, "resources: [../../base]\n"),
    ]);
    all.extend(files.iter().map(|(path, text)| plain(path, text)));
    Template::new("apps/.template", all).unwrap()
}

/// The app `shop` on disk, and the template that it was made from.
struct Shop {
    root: TempDir,
    template: Template,
}

impl Shop {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["apps", "argo/apps"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let template = template(files);
        let app = template.render("shop", &Answers::new(), &site()).unwrap();
        app.write(root.path()).unwrap();
        Self { root, template }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        match path.starts_with("argo/") {
            true => self.root.path().join(path),
            false => self.root.path().join("apps/shop").join(path),
        }
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    fn plan(&self, new: &Template, given: &Answers) -> Update {
        let record = Record::read("r", &self.read(".scaffold.yaml").unwrap()).unwrap();
        let old = match record.revision == self.template.revision() {
            true => &self.template,
            false => new,
        };
        let root = self.root.path();
        update("shop", [old, new], &record, given, &site(), root, None).unwrap()
    }

    /// Updates, and shows that a second time changes nothing. Returns the conflicts.
    fn update(&self, files: &[(&str, &str)]) -> String {
        let new = template(files);
        let plan = self.plan(&new, &Answers::new());
        plan.changes.write(self.root.path()).unwrap();
        let again = self.plan(&new, &Answers::new());
        assert!(again.changes.is_empty(), "{}", again.changes.diff());
        assert_eq!(again.conflicts, []);
        let conflicts = plan
            .conflicts
            .iter()
            .map(|conflict| format!("{conflict}\n"));
        conflicts.collect()
    }
}

/// What becomes of one file: its text, and the conflicts.
fn merged(path: &str, base: &str, ours: &str, theirs: &str) -> String {
    let shop = Shop::new(&[(path, base)]);
    shop.write(path, ours);
    let conflicts = shop.update(&[(path, theirs)]);
    shop.read(path).unwrap() + &conflicts
}

#[test]
fn what_only_one_side_changed_is_as_that_side_has_it() {
    let base = "a: 1 # one\nb: [x]\n";
    let theirs = "# new\na: 2\nb:\n- x\n";
    for path in ["f.yaml", "f.txt"] {
        assert_eq!(merged(path, base, base, theirs), theirs);
        assert_eq!(merged(path, base, theirs, base), theirs);
        assert_eq!(merged(path, base, theirs, theirs), theirs);
    }
}

#[test]
fn lines_of_both_sides_come_together() {
    let base = "one\ntwo\nthree\nfour\nfive\n";
    assert_snapshot!(merged("f.py", base, "zero\none\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nFIVE\n"), @r"
    zero
    one
    two
    three
    four
    FIVE
    ");
    assert_snapshot!(merged("f.py", base, "one\nmine\nthree\nfour\nfive\n", "one\nyours\nthree\nfour\nsix\n"), @r"
    one
    <<<<<<< ours
    mine
    =======
    yours
    >>>>>>> theirs
    three
    four
    six
    apps/shop/f.py:2:1: the template changed these lines otherwise
    ");
}

const OVERLAY: &str = "\
resources:
  - ../../base
replicas:
  - name: shop
    count: 1
# Written by the pipeline.
images:
  - name: shop
    newName: registry.example/shop
    newTag: v1.0.0
";

#[test]
fn yaml_is_merged_as_what_it_says() {
    let ours = "\
resources:
- ../../base
- mine.yaml # ours
replicas:
- count: 2
  name: shop
images:
- name: shop
  newName: registry.example/shop
  newTag: v1.4.2
  digest: sha256:1234
";
    let theirs = OVERLAY
        .replace(
            "replicas:",
            "  # Who may call.\n  - policy.yaml\nlabels:\n  - pairs:\n      team: a\nreplicas:",
        )
        .replace("v1.0.0", "v2.0.0")
        .replace("registry.example", "mirror.example");
    assert_snapshot!(merged(DEV, OVERLAY, ours, &theirs), @r"
    resources:
    - ../../base
    # Who may call.
    - policy.yaml
    - mine.yaml # ours
    labels:
      - pairs:
          team: a
    replicas:
    - count: 2
      name: shop
    images:
    - name: shop
      newName: mirror.example/shop
      newTag: v1.4.2
      digest: sha256:1234
    ");
}

#[test]
fn a_value_that_both_changed_is_kept_and_remarked() {
    let ours = OVERLAY.replace("count: 1", "count: 2");
    let theirs = OVERLAY.replace("count: 1", "count: 3");
    assert_snapshot!(merged(DEV, OVERLAY, &ours, &theirs), @r"
    resources:
      - ../../base
    replicas:
      - name: shop
        # conflict: the template has `3` here
        count: 2
    # Written by the pipeline.
    images:
      - name: shop
        newName: registry.example/shop
        newTag: v1.0.0
    apps/shop/k8s/overlays/dev/kustomization.yaml:5:5: the template has `3` here
    ");
}

#[test]
fn what_was_removed_here_stays_away() {
    let base = "a: 1\nb:\n  c: 1\n  d: 2\nlist:\n- name: x\n  v: 1\n- name: y\n  v: 1\n";
    let ours = "a: 1\nb:\n  d: 2 # kept\nlist:\n- name: x\n  v: 1\n";
    assert_snapshot!(merged("f.yaml", base, ours, &base.replace("a: 1", "a: 2")), @r"
    a: 2
    b:
      d: 2 # kept
    list:
    - name: x
      v: 1
    ");
    assert_snapshot!(merged("f.yaml", base, ours, &base.replace("c: 1", "c: 5").replace("y\n  v: 1", "y\n  v: 2")), @r"
    a: 1
    # conflict: the template changed `c`, which is gone here
    b:
      d: 2 # kept
    # conflict: the template changed `y`, which is gone here
    list:
    - name: x
      v: 1
    apps/shop/f.yaml:2:1: the template changed `c`, which is gone here
    apps/shop/f.yaml:5:1: the template changed `y`, which is gone here
    ");
}

#[test]
fn what_the_template_removed_goes_if_it_is_as_it_was() {
    let base = "a: 1\nb: 2\nlist:\n- name: x\n  v: 1\n- name: y\n  v: 1\nend: 1\n";
    let theirs = "b: 2\nlist:\n- name: x\n  v: 1\nend: 1\n";
    let ours = base.replace("b: 2", "b: 3 # mine");
    assert_snapshot!(merged("f.yaml", base, &ours, theirs), @r"
    b: 3 # mine
    list:
    - name: x
      v: 1
    end: 1
    ");
    let ours = base
        .replace("y\n  v: 1", "y\n  v: 7")
        .replace("a: 1", "a: 9");
    assert_snapshot!(merged("f.yaml", base, &ours, theirs), @r"
    # conflict: the template no longer has this
    a: 9
    b: 2
    list:
    - name: x
      v: 1
    # conflict: the template no longer has this
    - name: y
      v: 7
    end: 1
    apps/shop/f.yaml:1:1: the template no longer has this
    apps/shop/f.yaml:7:1: the template no longer has this
    ");
}

#[test]
fn lists_that_are_commands_are_taken_whole() {
    let base = "args: [a, b]\nliterals:\n- LOG=INFO\n- X=1\n";
    let ours = "args: [a, b]\nliterals:\n- LOG=DEBUG\n- X=1\n- MINE=1\n";
    let theirs = "args: [a, c]\nliterals:\n- LOG=INFO\n- X=2\n- NEW=1\n";
    assert_snapshot!(merged("f.yaml", base, ours, theirs), @r"
    args: [a, c]
    literals:
    - LOG=DEBUG
    - X=2
    - NEW=1
    - MINE=1
    ");
    assert_snapshot!(merged("f.yaml", base, &ours.replace("a, b", "a, x"), &theirs.replace("X=2", "X=1")), @r"
    # conflict: the template has something else here
    args: [a, x]
    literals:
    - LOG=DEBUG
    - X=1
    - NEW=1
    - MINE=1
    apps/shop/f.yaml:1:1: the template has something else here
    ");
}

#[test]
fn items_without_names_that_both_changed_are_in_conflict() {
    let base = "paths:\n- {op: add, value: 1}\n";
    let (ours, theirs) = (base.replace('1', "2"), base.replace('1', "3"));
    assert_snapshot!(merged("f.yaml", base, &ours, &theirs), @r"
    # conflict: the template has something else here
    paths:
    - {op: add, value: 2}
    apps/shop/f.yaml:1:1: the template has something else here
    ");
}

#[test]
fn what_cannot_be_edited_in_place_is_told() {
    let base = "a: {b: 1}\nc: 1\n";
    assert_snapshot!(merged("f.yaml", base, "a: {b: 1, x: 2}\nc: 2\n", "a:\n  b: 1\n  d: |\n    long\n    text\nc: 1\n"), @r"
    # conflict: the template has a `d` as well
    a: {b: 1, x: 2}
    c: 2
    apps/shop/f.yaml:1:1: the template has a `d` as well
    ");
}

#[test]
fn objects_of_one_file_are_merged_by_lines_and_stay_yaml() {
    let base = "kind: A\nv: 1\n---\nkind: B\nv: 1\n";
    let ours = base.replace("B\nv: 1", "B\nv: 2");
    assert_eq!(
        merged("f.yaml", base, &ours, &base.replace("A\nv: 1", "A\nv: 3")),
        "kind: A\nv: 3\n---\nkind: B\nv: 2\n"
    );
    assert_snapshot!(merged("f.yaml", base, &ours, &base.replace("B\nv: 1", "B\nv: 3")), @r"
    kind: A
    v: 1
    ---
    kind: B
    v: 2
    apps/shop/f.yaml: the template changed this file otherwise
    ");
}

#[test]
fn sealed_secrets_are_left_alone() {
    let shop = Shop::new(&[("s.yaml", "kind: SealedSecret\n")]);
    assert_eq!(
        shop.update(&[]),
        "apps/shop/s.yaml: the template no longer has this file\n"
    );
    assert!(shop.path("s.yaml").exists());
    let base = "kind: SealedSecret\nspec: {a: x}\n";
    let ours = "kind: SealedSecret\nspec: {a: y}\n";
    let theirs = "kind: SealedSecret\nspec: {a: x, b: z}\n";
    assert_snapshot!(merged("s.yaml", base, ours, theirs), @r"
    kind: SealedSecret
    spec: {a: y}
    apps/shop/s.yaml: the template changed this sealed secret
    ");
}

#[test]
fn pins_are_left_alone_whatever_the_template_says() {
    let theirs = OVERLAY.replace("v1.0.0", "v2.0.0");
    assert_eq!(merged(DEV, OVERLAY, OVERLAY, &theirs), OVERLAY);
    let pinned = OVERLAY.replace("v1.0.0", "v1.4.2\n    digest: sha256:12");
    assert_eq!(merged(DEV, OVERLAY, &pinned, &theirs), pinned);
    let more = theirs.replace("replicas:", "namePrefix: dev-\nreplicas:");
    assert_eq!(
        merged(DEV, OVERLAY, &pinned, &more),
        pinned.replace("replicas:", "namePrefix: dev-\nreplicas:")
    );
    let without = OVERLAY.split("# Written").next().unwrap();
    assert_snapshot!(merged(DEV, OVERLAY, &pinned, without), @r"
    resources:
      - ../../base
    replicas:
      - name: shop
        count: 1
    # Written by the pipeline.
    # conflict: the template no longer has this
    images:
      - name: shop
        newName: registry.example/shop
        newTag: v1.4.2
        digest: sha256:12
    apps/shop/k8s/overlays/dev/kustomization.yaml:7:1: the template no longer has this
    ");
}

#[test]
fn files_come_go_and_move() {
    let text = "one\ntwo\nthree\nfour\nfive\n";
    let shop = Shop::new(&[
        ("old.txt", text),
        ("gone/kept.txt", "x\n"),
        ("gone/mine.txt", "x\n"),
        ("away.txt", "x\n"),
    ]);
    shop.write("old.txt", &text.replace("one", "ONE"));
    shop.write("gone/mine.txt", "mine\n");
    fs::remove_file(shop.path("away.txt")).unwrap();
    shop.write("new.txt", "mine\n");
    let conflicts = shop.update(&[
        ("deep/moved.txt", &text.replace("five", "FIVE")),
        ("away.txt", "changed\n"),
        ("new.txt", "theirs\n"),
        ("fresh/a.txt", "fresh\n"),
    ]);
    assert_snapshot!(conflicts, @r"
    apps/shop/away.txt: the template changed this file, which is gone here
    apps/shop/gone/mine.txt: the template no longer has this file
    apps/shop/new.txt: the template has a file of this name now, which says something else
    ");
    assert_eq!(shop.read("old.txt"), None);
    assert_eq!(
        shop.read("deep/moved.txt").unwrap(),
        "ONE\ntwo\nthree\nfour\nFIVE\n"
    );
    assert_eq!(shop.read("gone/kept.txt"), None);
    assert_eq!(shop.read("gone/mine.txt").unwrap(), "mine\n");
    assert_eq!(shop.read("away.txt"), None);
    assert_eq!(shop.read("new.txt").unwrap(), "mine\n");
    assert_eq!(shop.read("fresh/a.txt").unwrap(), "fresh\n");
}

#[test]
fn folders_that_are_left_empty_go() {
    let shop = Shop::new(&[("a/b/c.txt", "x\n")]);
    assert_eq!(shop.update(&[]), "");
    assert!(!shop.path("a").exists());
    assert!(shop.path("k8s").exists());
}

#[test]
fn applications_are_merged_too() {
    let shop = Shop::new(&[]);
    shop.write(
        "argo/apps/shop-dev.yaml",
        "kind: Application # paused\nname: shop-dev\nautomated: null\n",
    );
    let app = "kind: Application\nname: {{ name }}-{{ environment.name }}\nproject: {{ environment.name }}\n";
    assert_eq!(shop.update(&[("app.jinja", app)]), "");
    assert_eq!(
        shop.read("argo/apps/shop-dev.yaml").unwrap(),
        "kind: Application # paused\nname: shop-dev\nproject: dev\nautomated: null\n"
    );
    assert_eq!(
        shop.read("argo/apps/shop-prod.yaml").unwrap(),
        "kind: Application\nname: shop-prod\nproject: prod\n"
    );
}

#[test]
fn new_questions_have_defaults_and_old_ones_are_dropped() {
    let settings =
        |questions: &str| format!("application: app.jinja\nquestions: {{{questions}}}\n");
    let old = settings("owner: {default: us}, old: {default: x}, size: {default: small}");
    let readme = "{{ owner }} {{ size }}\n";
    let shop = Shop::new(&[("template.yaml", &old), ("a.jinja", readme)]);
    shop.write("a", "us small # mine\n");
    let new = settings(
        "owner: {default: them}, port: {type: integer, default: 80}, size: {default: big}",
    );
    let new = template(&[
        ("template.yaml", &new),
        ("a.jinja", "{{ owner }} {{ size }}\n{{ port }}\n"),
    ]);
    let plan = shop.plan(&new, &answers(&[("port", "8080")]));
    plan.changes.write(shop.root.path()).unwrap();
    let record = Record::read("r", &shop.read(".scaffold.yaml").unwrap()).unwrap();
    assert_eq!(
        record.answers,
        answers(&[("owner", "us"), ("port", "8080"), ("size", "small")])
    );
    assert_eq!(record.revision, new.revision());
    assert_snapshot!(plan.changes.diff().lines().take(12).collect::<Vec<_>>().join("\n"), @r#"
    --- a/apps/shop/.scaffold.yaml
    +++ b/apps/shop/.scaffold.yaml
    @@ -1,10 +1,10 @@
     # Kept by `app-new` and `app-update`: the template, its git tree, the answers, and the
     # repository as it was then.
     template: "apps/.template"
    -revision: "12feb0cfd3ca37be863dd646fbf69f5ba1ebe067"
    +revision: "e37bb5ab759e2adc72742d403754276210064007"
     answers:
    -  old: "x"
       owner: "us"
    +  port: "8080"
    "#);
}

#[test]
fn a_new_environment_gets_its_overlay_and_its_application() {
    let shop = Shop::new(&[]);
    let staging = windlass_scaffold::Environment {
        name: "staging".to_owned(),
        branch: "staging".to_owned(),
        tag: None,
    };
    let mut site = site();
    site.environments.push(staging);
    let new = template(&[(
        "k8s/overlays/staging/kustomization.yaml",
        "resources: [../../base]\n",
    )]);
    let record = Record::read("r", &shop.read(".scaffold.yaml").unwrap()).unwrap();
    fs::write(
        shop.root.path().join("argo/apps/kustomization.yaml"),
        "# All.\nresources:\n  - shop-dev.yaml # first\n",
    )
    .unwrap();
    let both = [&shop.template, &new];
    let mut plan = update(
        "shop",
        both,
        &record,
        &Answers::new(),
        &site,
        shop.root.path(),
        None,
    )
    .unwrap();
    plan.changes.register(shop.root.path()).unwrap();
    assert_eq!(
        plan.changes.paths().collect::<Vec<_>>(),
        [
            "apps/shop/.scaffold.yaml",
            "apps/shop/k8s/overlays/staging/kustomization.yaml",
            "argo/apps/kustomization.yaml",
            "argo/apps/shop-staging.yaml",
        ]
    );
    let list = plan.changes.after("argo/apps/kustomization.yaml").unwrap();
    let list = String::from_utf8(list.bytes.clone()).unwrap();
    assert_eq!(
        list,
        "# All.\nresources:\n  - shop-dev.yaml # first\n  - shop-staging.yaml\n"
    );
}

fn tree(root: &Path) -> BTreeMap<std::path::PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path.clone(), fs::read(&path).ok());
        }
    }
    found
}

#[test]
fn a_failure_on_the_way_leaves_all_as_it_was() {
    let shop = Shop::new(&[("a.txt", "x\n"), ("gone.txt", "y\n")]);
    let new = template(&[("a.txt", "z\n"), ("b/c.txt", "new\n"), ("z/d.txt", "new\n")]);
    let plan = shop.plan(&new, &Answers::new());
    // In the way of the last file.
    shop.write("z", "mine\n");
    let before = tree(shop.root.path());
    let error = plan.changes.write(shop.root.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
    assert_eq!(tree(shop.root.path()), before);
    fs::remove_file(shop.path("z")).unwrap();
    shop.write("a.txt", "changed meanwhile\n");
    let error = plan.changes.write(shop.root.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_snapshot!(error, @"cannot change `apps/shop/a.txt`: somebody else just did");
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_out_of_the_repository() {
    let elsewhere = tempfile::tempdir().unwrap();
    let shop = Shop::new(&[]);
    std::os::unix::fs::symlink(elsewhere.path(), shop.path("docs")).unwrap();
    let new = template(&[("docs/a.txt", "x\n")]);
    let record = Record::read("r", &shop.read(".scaffold.yaml").unwrap()).unwrap();
    let both = [&shop.template, &new];
    let root = shop.root.path();
    let error = update("shop", both, &record, &Answers::new(), &site(), root, None)
        .and_then(|plan| plan.changes.write(root))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}
