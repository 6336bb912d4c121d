//! What becomes of findings: several sets, severities, waivers, secrets, hostile input.

use windlass_lint::{Finding, Manifest, Options, Outcome, Set, Severity, lint};
use windlass_overlay::{Memory, build};
use windlass_yaml::{Source, Tree};

/// The findings in several overlays of some files.
fn overlays(files: &[(&str, &str)], roots: &[&str], options: &Options<'_>) -> Vec<Finding> {
    let files: Memory = files.iter().copied().collect();
    let outcome = |root: &&str| {
        let built = build(&files, root.as_ref(), &Default::default()).unwrap();
        let objects = built.objects();
        let manifests = objects.map(|object| Manifest::new(built.tree(), object.node()));
        lint(&Set::new(*root, manifests), options)
    };
    Outcome::join(roots.iter().map(outcome), options)
}

fn of_text(text: &str, options: &Options<'_>) -> Vec<Finding> {
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("a.yaml", text)).unwrap();
    let manifests = roots.into_iter().map(|root| Manifest::new(&tree, root));
    Outcome::join([lint(&Set::new("a", manifests), options)], options)
}

const BASE: &[(&str, &str)] = &[
    ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
    (
        "base/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  nodename: x\n  containers:\n  \
         - name: c\n    image: c\n    # windlass: waive privileged -- a driver\n    \
         securityContext: {}\n",
    ),
    (
        "dev/kustomization.yaml",
        "resources: [../base]\nnamePrefix: dev-\n",
    ),
    (
        "prod/kustomization.yaml",
        "resources: [../base]\nnamePrefix: prod-\npatches:\n- target: {kind: Pod}\n  patch: |\n    \
         - {op: add, path: /spec/containers/0/securityContext/privileged, value: true}\n",
    ),
];

#[test]
fn what_overlays_share_stands_once_with_all_places_where_it_shows() {
    let options = Options::default();
    let found = overlays(BASE, &["dev", "prod"], &options);
    let field = found
        .iter()
        .find(|one| one.rule == "undeclared-field")
        .unwrap();
    assert_eq!(
        field.location.as_ref().unwrap().to_string(),
        "base/pod.yaml:5:3"
    );
    assert_eq!(field.hint.as_deref(), Some("did you mean `nodeName`?"));
    let shown: Vec<String> = field.rendered.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "dev: Pod/dev-p spec.nodename",
            "prod: Pod/prod-p spec.nodename"
        ]
    );
    // The patch is to blame, so the waiver in the base is not for it, and nothing needs it.
    let place = |rule: &str| {
        let mut found = found.iter().filter(|one| one.rule == rule);
        found
            .next()
            .map(|one| one.location.as_ref().unwrap().to_string())
    };
    assert_eq!(place("privileged").unwrap(), "prod/kustomization.yaml:6:77");
    assert_eq!(place("unused-waiver").unwrap(), "base/pod.yaml:9:5");
    // Each overlay says its own tag, but the base has none to begin with.
    assert_eq!(place("latest-tag").unwrap(), "base/pod.yaml:8:12");
}

#[test]
fn a_waiver_that_one_overlay_needs_is_used() {
    let mut files = BASE.to_vec();
    files[1].1 = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostPID: true # \
                  windlass: waive privileged -- only there\n  containers: []\n";
    files[2].1 = "resources: [../base]\npatches:\n- target: {kind: Pod}\n  patch: '[{\"op\": \
                  \"remove\", \"path\": \"/spec/hostPID\"}]'\n";
    files[3].1 = "resources: [../base]\n";
    let options = Options::default();
    assert_eq!(overlays(&files, &["dev", "prod"], &options), []);
    let found = overlays(&files, &["dev"], &options);
    assert_eq!(
        found.iter().map(|one| one.rule).collect::<Vec<_>>(),
        ["unused-waiver"]
    );
}

#[test]
fn severities_are_the_users() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: c}]}\n";
    let mut options = Options::default();
    options
        .severities
        .insert("latest-tag".to_owned(), Severity::Off);
    options
        .severities
        .insert("resources".to_owned(), Severity::Error);
    let found = of_text(text, &options);
    let of = |rule: &str| {
        found
            .iter()
            .find(|one| one.rule == rule)
            .map(|one| one.severity)
    };
    assert_eq!(of("latest-tag"), None);
    assert_eq!(of("resources"), Some(Severity::Error));
    assert_eq!(of("run-as-root"), Some(Severity::Warning));
}

#[test]
fn lines_with_secrets_are_not_shown() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: hunter2!}\nstringData: {b: 12345}\ntyp: hunter3\n";
    let found = of_text(text, &Options::default());
    assert!(found.iter().any(|one| one.rule == "plaintext-secret"));
    assert!(found.iter().any(|one| one.rule == "invalid-value"));
    assert!(found.iter().any(|one| one.rule == "undeclared-field"));
    // Quoting the value of a secret would show it.
    for one in &found {
        let said = format!("{one} {:?} {:?} {:?}", one.hint, one.location, one.fix);
        assert!(
            !said.contains("hunter") && !said.contains("12345"),
            "{said}"
        );
    }
}

#[test]
fn fixes_are_for_what_stands_in_the_file_as_it_is_read() {
    let text = "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\n\
                metadata: {name: p}\nspec: {containers: [{name: c, env: [{name: A, value: yes}, {name: B, value: 010}]}]}\n";
    let found = of_text(text, &Options::default());
    let fixes: Vec<(&str, &str, &str)> = found
        .iter()
        .filter_map(|one| one.fix.as_ref().map(|fix| (one.rule, &*fix.old, &*fix.new)))
        .collect();
    assert_eq!(
        fixes,
        [
            ("removed-api", "batch/v1beta1", "batch/v1"),
            ("wrong-type", "010", "\"010\"")
        ]
    );
    let fix = found.iter().find_map(|one| one.fix.clone()).unwrap();
    assert_eq!(&text[fix.start..fix.start + fix.old.len()], fix.old);
}

#[test]
fn a_hostile_crd_costs_no_more_than_its_size() {
    let deep = format!("{}{{}}{}", "{properties: {a: ".repeat(60), "}}".repeat(60));
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: a}}\nspec:\n  \
         group: x.org\n  names: {{kind: X, plural: x}}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    \
         storage: true\n    schema:\n      openAPIV3Schema:\n        properties:\n          deep: {deep}\n          \
         slow: {{type: string, pattern: '(a{{1000}}){{1000}}'}}\n          worse: {{type: string, pattern: '('}}\n\
         ---\napiVersion: x.org/v1\nkind: X\nmetadata: {{name: a}}\nslow: aaaa\nworse: a\ndeep: {{a: {{a: 1}}}}\n"
    );
    let found = of_text(&text, &Options::default());
    assert_eq!(
        found
            .iter()
            .filter(|one| one.rule == "undeclared-field")
            .count(),
        0
    );
}

#[test]
fn alternatives_without_end_are_not_followed_to_it() {
    let alternatives = "{required: [b]}, ".repeat(2000);
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: a}}\nspec:\n  \
         group: x.org\n  names: {{kind: X, plural: x}}\n  versions:\n  - name: v1\n    schema:\n      \
         openAPIV3Schema:\n        properties:\n          list:\n            items: {{anyOf: [{alternatives}]}}\n\
         ---\napiVersion: x.org/v1\nkind: X\nmetadata: {{name: a}}\nlist: [{}]\n",
        "{a: 1}, ".repeat(5_000)
    );
    let found = of_text(&text, &Options::default());
    let invalid = found.iter().filter(|one| one.rule == "invalid-value");
    assert_eq!(invalid.count(), 200);
}
