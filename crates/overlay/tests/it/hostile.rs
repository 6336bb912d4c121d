//! Input that wants to break out, to blow up, or to go on for ever.

use std::path::Path;
use windlass_overlay::{Build, Disk, Error, ErrorKind, Memory, Options, build};

fn kind_of(result: Result<Build, Error>) -> ErrorKind {
    result.map(|_| ()).unwrap_err().kind()
}

fn in_memory(kustomization: &str, object: &str) -> Result<Build, Error> {
    let files = Memory::from_iter([("kustomization.yaml", kustomization), ("a.yaml", object)]);
    build(&files, "".as_ref(), &Options::default())
}

fn on_disk(folder: &Path) -> Result<Build, Error> {
    build(&Disk::default(), folder, &Options::default())
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut object =
        String::from("kind: A\nmetadata: {name: a}\na0: &a0 [x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let item = format!("*a{}", level - 1);
        let items = vec![item; 8].join(", ");
        object.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert_eq!(
        kind_of(in_memory("resources: [a.yaml]\n", &object)),
        ErrorKind::Limit
    );
}

#[test]
fn nesting_without_end_is_refused() {
    let object = format!(
        "kind: A\nmetadata: {{name: a}}\nx: {}\n",
        "[".repeat(100_000)
    );
    assert_eq!(
        kind_of(in_memory("resources: [a.yaml]\n", &object)),
        ErrorKind::Limit
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for object in [&b"kind: A\n\0"[..], b"\xff\xfe", b"kind: \x80"] {
        let files = Memory::from_iter([
            ("kustomization.yaml", &b"resources: [a.yaml]\n"[..]),
            ("a.yaml", object),
        ]);
        let result = build(&files, "".as_ref(), &Options::default());
        assert_eq!(kind_of(result), ErrorKind::Malformed, "{object:?}");
    }
}

#[test]
fn paths_do_not_leave_the_root() {
    let object = "kind: A\nmetadata: {name: a}\n";
    let fields = [
        "resources: [../a.yaml]",
        "patches: [{path: ../a.yaml}]",
        "configMapGenerator: [{name: c, files: [../a.yaml]}]",
        "secretGenerator: [{name: c, envs: [../a.yaml]}]",
        "configurations: [../a.yaml]",
        "crds: [../a.yaml]",
        "openapi: {path: ../a.yaml}",
        "replacements: [{path: ../a.yaml}]",
        "transformers: [../a.yaml]",
        "generators: [../a.yaml]",
        "patchesStrategicMerge: [../a.yaml]",
        "patchesJson6902: [{path: ../a.yaml, target: {kind: A, name: a}}]",
    ];
    for field in fields {
        let files = Memory::from_iter([("root/kustomization.yaml", field), ("a.yaml", object)]);
        let result = build(&files, "root".as_ref(), &Options::default());
        assert_eq!(kind_of(result), ErrorKind::Restricted, "{field}");
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_leave_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(
        folder.path().join("secret.yaml"),
        "kind: A\nmetadata: {name: a}\n",
    )
    .unwrap();
    std::fs::write(root.join("kustomization.yaml"), "resources: [a.yaml]\n").unwrap();
    std::os::unix::fs::symlink("../secret.yaml", root.join("a.yaml")).unwrap();
    assert_eq!(kind_of(on_disk(&root)), ErrorKind::Restricted);
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("kustomization.yaml"), "resources: [a.yaml]\n").unwrap();
    let file = std::fs::File::create(root.join("a.yaml")).unwrap();
    file.set_len(4 << 30).unwrap();
    assert_eq!(kind_of(on_disk(root)), ErrorKind::Limit);
}

#[test]
fn bases_that_go_round_are_refused() {
    let files = Memory::from_iter([
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ]);
    let result = build(&files, "a".as_ref(), &Options::default());
    assert_eq!(kind_of(result), ErrorKind::Restricted);
}

#[test]
fn bases_without_end_are_refused() {
    let mut files = Vec::new();
    for at in 0..300 {
        let next = format!("resources: [../b{}]\n", at + 1);
        files.push((format!("b{at}/kustomization.yaml"), next));
    }
    let files: Memory = files.into_iter().collect();
    let result = build(&files, "b0".as_ref(), &Options::default());
    assert_eq!(kind_of(result), ErrorKind::Limit);
}

#[test]
fn expressions_that_explode_are_refused() {
    let object = "kind: A\nmetadata: {name: a}\n";
    let image = "resources: [a.yaml]\nimages: [{name: '((a{900}){900}){900}', newTag: x}]\n";
    let target =
        "resources: [a.yaml]\npatches: [{patch: '[]', target: {name: '((a{900}){900}){900}'}}]\n";
    for text in [image, target] {
        assert_eq!(
            kind_of(in_memory(text, object)),
            ErrorKind::Config,
            "{text}"
        );
    }
    // One that only takes long elsewhere is matched in linear time.
    let long = format!("kind: A\nmetadata: {{name: {}}}\n", "a".repeat(50_000));
    let text = "resources: [a.yaml]\npatches: [{patch: '{kind: A, metadata: {name: a, labels: {x: z}}}', target: {name: '(a*)*b'}}]\n";
    assert!(in_memory(text, &long).is_ok());
}

#[test]
fn definitions_that_refer_to_each_other_are_walked_once() {
    let mut definitions = String::from(
        "x.v1.K0: {Schema: {properties: {apiVersion: {}, kind: {}, metadata: {}, a: {$ref: x.v1.K1}, b: {$ref: x.v1.K1}}}}\n",
    );
    for at in 1..40 {
        let next = at + 1;
        definitions.push_str(&format!(
            "x.v1.K{at}: {{Schema: {{properties: {{a: {{$ref: x.v1.K{next}}}, b: {{$ref: x.v1.K{next}}}}}}}}}\n"
        ));
    }
    assert_eq!(
        kind_of(in_memory("crds: [a.yaml]\n", &definitions)),
        ErrorKind::Limit
    );
    let round = "x.v1.K: {Schema: {properties: {apiVersion: {}, kind: {}, metadata: {}, a: {$ref: x.v1.K}}}}\n";
    assert!(in_memory("crds: [a.yaml]\n", round).is_ok());
}
