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
        let files = Memory::from_iter([("kustomization.yaml", object)]);
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
        "resources: [/a.yaml]",
        "resources: [team/../../a.yaml]",
        "configMapGenerator: [{name: c, files: [../a.yaml]}]",
        "configMapGenerator: [{name: c, files: [key=../a.yaml]}]",
        "configMapGenerator: [{name: c, env: ../a.yaml}]",
        "secretGenerator: [{name: c, envs: [../a.yaml]}]",
        "configurations: [../a.yaml]",
        "crds: [../a.yaml]",
        "openapi: {path: ../a.yaml}",
        "replacements: [{path: ../a.yaml}]",
        "transformers: [../a.yaml]",
        "generators: [../a.yaml]",
        "validators: [../a.yaml]",
        "patchesStrategicMerge: [../a.yaml]",
        "patchesJson6902: [{path: ../a.yaml, target: {kind: A, name: a}}]",
    ];
    let plugins = [
        ("generators", "ConfigMapGenerator", "files: [../a.yaml]"),
        ("transformers", "PatchTransformer", "path: ../a.yaml"),
        (
            "transformers",
            "PatchJson6902Transformer",
            "path: ../a.yaml, target: {name: a}",
        ),
        (
            "transformers",
            "PatchStrategicMergeTransformer",
            "paths: [../a.yaml]",
        ),
        (
            "transformers",
            "ReplacementTransformer",
            "replacements: [{path: ../a.yaml}]",
        ),
        (
            "transformers",
            "ValueAddTransformer",
            "value: a, targetFilePath: ../a.yaml",
        ),
    ];
    let plugins = plugins.map(|(field, kind, rest)| {
        format!("{field}:\n- |-\n  {{apiVersion: builtin, kind: {kind}, metadata: {{name: p}}, {rest}}}\n")
    });
    for field in fields.into_iter().chain(plugins.iter().map(String::as_str)) {
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
    // A folder on the way, the kustomization itself, a link to itself.
    std::os::unix::fs::symlink("..", root.join("up")).unwrap();
    let through = "configMapGenerator: [{name: c, files: [up/secret.yaml]}]\n";
    std::fs::write(root.join("kustomization.yaml"), through).unwrap();
    assert_eq!(kind_of(on_disk(&root)), ErrorKind::Restricted);
    std::fs::remove_file(root.join("kustomization.yaml")).unwrap();
    std::os::unix::fs::symlink("kustomization.yaml", root.join("kustomization.yaml")).unwrap();
    assert_eq!(kind_of(on_disk(&root)), ErrorKind::Read);
    std::fs::remove_file(root.join("kustomization.yaml")).unwrap();
    std::os::unix::fs::symlink("../secret.yaml", root.join("kustomization.yaml")).unwrap();
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
    let generator = "configMapGenerator: [{name: c, files: [a.yaml]}]\n";
    std::fs::write(root.join("kustomization.yaml"), generator).unwrap();
    assert_eq!(kind_of(on_disk(root)), ErrorKind::Limit);
    std::fs::rename(root.join("a.yaml"), root.join("kustomization.yaml")).unwrap();
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

/// A build of one object with what the kustomization says besides.
fn of_one_object(rest: &str) -> Result<String, Error> {
    let object = "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: n}\nspec: {a: {b: {}}}\n";
    let built = in_memory(&format!("resources: [a.yaml]\n{rest}"), object)?;
    built.to_yaml()
}

fn limit_of(rest: &str) {
    let shown = rest.get(..80).unwrap_or(rest);
    assert_eq!(
        of_one_object(rest).unwrap_err().kind(),
        ErrorKind::Limit,
        "{shown}"
    );
}

#[test]
fn nesting_without_end_is_refused_wherever_text_is_read() {
    let fields = [
        "resources: [a.yaml]",
        "patches: [{path: a.yaml}]",
        "patches: [{path: a.yaml, target: {kind: A}}]",
        "patchesStrategicMerge: [a.yaml]",
        "patchesJson6902: [{path: a.yaml, target: {kind: A, name: a}}]",
        "configurations: [a.yaml]",
        "crds: [a.yaml]",
        "openapi: {path: a.yaml}",
        "replacements: [{path: a.yaml}]",
        "transformers: [a.yaml]",
        "generators: [a.yaml]",
        "validators: [a.yaml]",
    ];
    let nests = [
        "- ".repeat(100_000),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a: {}", "{b: ".repeat(100_000)),
        (0..2_000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth)))
            .collect(),
    ];
    for nest in &nests {
        assert!(in_memory(nest, "").is_err());
        for field in fields {
            let kind = kind_of(in_memory(field, nest));
            let known = [ErrorKind::Limit, ErrorKind::Malformed, ErrorKind::Schema];
            assert!(known.contains(&kind), "{field}: {kind:?}: {}", &nest[..20]);
        }
        let inline = format!("  patch: |\n    {}\n", nest.replace('\n', "\n    "));
        for target in ["", "  target: {kind: A}\n"] {
            let patch = format!("patches:\n- options: {{}}\n{inline}{target}");
            assert!(of_one_object(&patch).is_err(), "{}", &nest[..20]);
        }
    }
}

#[test]
fn nesting_without_end_in_a_text_is_left_alone_by_replacements() {
    for nest in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let object = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{t: '{nest}'}}\n"
        );
        let text = "resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap}\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.t.a.b]\n";
        assert_eq!(kind_of(in_memory(text, &object)), ErrorKind::Replacement);
    }
}

#[test]
fn patches_do_not_nest_or_multiply_without_end() {
    let mut deeper = String::from("patches:\n- target: {kind: A}\n  patch: |\n");
    let mut end = String::from("/a/b");
    for _ in 0..12 {
        deeper.push_str(&format!(
            "    - {{op: copy, from: /spec, path: /spec{end}/c}}\n"
        ));
        end = format!("{end}/c{end}");
    }
    limit_of(&deeper);
    let copies: String = (0..60)
        .map(|at| format!("    - {{op: copy, from: /spec, path: /spec/c{at}}}\n"))
        .collect();
    limit_of(&format!(
        "patches:\n- target: {{kind: A}}\n  patch: |\n{copies}"
    ));
}

#[test]
fn replacements_do_not_nest_or_multiply_without_end() {
    let mut nesting = String::from("replacements:\n");
    let mut multiplying = nesting.clone();
    let mut end = String::from(".a.b");
    for at in 0..60 {
        let entry = |from: &str, to: &str, options: &str| {
            format!(
                "- source: {{kind: A, fieldPath: {from}}}\n  targets:\n  - select: {{kind: A}}\n    fieldPaths: [{to}]\n    options: {{create: true, {options}}}\n"
            )
        };
        if at < 12 {
            nesting.push_str(&entry("spec", &format!("spec{end}.c"), ""));
            end = format!("{end}.c{end}");
        }
        multiplying.push_str(&entry("spec", &format!("spec.c{at}"), ""));
    }
    limit_of(&nesting);
    limit_of(&multiplying);
}

#[test]
fn variables_do_not_multiply_without_end() {
    let object = format!(
        "apiVersion: v1\nkind: A\nmetadata: {{name: a}}\nspec: {{long: {}, all: '{}'}}\n",
        "x".repeat(1 << 20),
        "$(V)".repeat(1 << 12)
    );
    let files = Memory::from_iter([
        (
            "kustomization.yaml",
            "resources: [a.yaml]\nconfigurations: [c.yaml]\nvars: [{name: V, objref: {kind: A, name: a, apiVersion: v1}, fieldref: {fieldpath: spec.long}}]\n",
        ),
        ("c.yaml", "varReference: [{path: spec/all, kind: A}]\n"),
        ("a.yaml", &object),
    ]);
    let result = build(&files, "".as_ref(), &Options::default());
    assert_eq!(kind_of(result), ErrorKind::Limit);
}

/// Bases of which each names the next one twice, `leaf` being the last.
fn doubling(leaf: &str) -> Memory {
    let mut files = vec![("b40/kustomization.yaml".to_owned(), leaf.to_owned())];
    for at in 0..40 {
        let next = at + 1;
        for side in ["l", "r"] {
            let one = format!("resources: [../b{next}]\nnamePrefix: {side}\n");
            files.push((format!("{side}{next}/kustomization.yaml"), one));
        }
        let both = format!("resources: [../l{next}, ../r{next}]\n");
        files.push((format!("b{at}/kustomization.yaml"), both));
    }
    files.into_iter().collect()
}

#[test]
fn bases_that_multiply_are_refused() {
    let leaves = [
        "configMapGenerator: [{name: a, literals: [a=b]}]\n",
        "resources: []\nnamePrefix: z\n",
    ];
    for leaf in leaves {
        let result = build(&doubling(leaf), "b0".as_ref(), &Options::default());
        assert_eq!(kind_of(result), ErrorKind::Limit, "{leaf}");
    }
}

#[test]
fn whatever_leads_back_is_refused() {
    for field in ["components", "transformers", "generators", "validators"] {
        let text = format!("{field}: [../b]\n");
        let files = Memory::from_iter([
            ("a/kustomization.yaml", text.clone()),
            ("b/kustomization.yaml", text.replace("../b", "../a")),
        ]);
        let kind = kind_of(build(&files, "a".as_ref(), &Options::default()));
        let known = [ErrorKind::Restricted, ErrorKind::Config];
        assert!(known.contains(&kind), "{field}: {kind:?}");
    }
}
