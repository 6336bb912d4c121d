//! The door of the library: memory, two builds at once, what a build tells of itself.

use windlass_overlay::{Build, ErrorKind, Memory, Options, build};

fn files() -> Memory {
    Memory::from_iter([
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        (
            "base/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n",
        ),
        (
            "prod/kustomization.yaml",
            "resources:\n- ../base\nreplicas:\n- name: web\n  count: 3\ncommonAnnotations:\n  team: a\n",
        ),
    ])
}

fn built(files: &Memory, root: &str) -> Build {
    build(files, root.as_ref(), &Options::default()).unwrap()
}

#[test]
fn a_build_tells_where_each_value_was_written() {
    let files = files();
    let build = built(&files, "prod");
    let web = build.objects().next().unwrap();
    let place = |path: &str| web.location_of(&path.parse().unwrap()).unwrap().to_string();
    assert_eq!(place("metadata.name"), "base/web.yaml:4:9");
    assert_eq!(place("kind"), "base/web.yaml:2:7");
    assert_eq!(place("spec.replicas"), "prod/kustomization.yaml:5:10");
    let team = "metadata.annotations.team";
    assert_eq!(place(team), "prod/kustomization.yaml:7:9");
}

#[test]
fn a_build_tells_what_it_read() {
    let files = files();
    let read = built(&files, "prod");
    let read: Vec<_> = read
        .read()
        .iter()
        .map(|path| path.to_str().unwrap())
        .collect();
    let all = [
        "/base/kustomization.yaml",
        "/base/web.yaml",
        "/prod/kustomization.yaml",
    ];
    assert_eq!(read, all);
}

#[test]
fn two_builds_run_at_once() {
    let expected = built(&files(), "prod").to_yaml().unwrap();
    std::thread::scope(|scope| {
        let run = || built(&files(), "prod").to_yaml().unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn what_is_odd_is_a_warning_and_in_a_strict_build_an_error() {
    let files = Memory::from_iter([
        (
            "kustomization.yaml",
            "resources: [a.yaml]\nimages:\n- name: ngnix\n  newTag: '1'\nnamePrefix: a-\nnamePrefix: b-\n",
        ),
        ("a.yaml", "kind: A\nmetadata: {name: a}\n"),
    ]);
    let relaxed = built(&files, "");
    let warnings: Vec<String> = relaxed
        .warnings()
        .iter()
        .map(|warning| {
            format!(
                "{}: {}",
                warning.location.as_ref().unwrap(),
                warning.message
            )
        })
        .collect();
    insta::assert_snapshot!(warnings.join("\n"), @r"
    kustomization.yaml:5:1: `namePrefix` is ignored, because it is given again: the one at kustomization.yaml:6:1 counts
    kustomization.yaml:3:3: no image is called `ngnix`
    ");
    let options = Options {
        strict: true,
        ..Options::default()
    };
    let error = build(&files, "".as_ref(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Strict);
}

#[test]
fn files_for_single_objects_are_named_as_kustomize_names_them() {
    let files = Memory::from_iter([
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        (
            "a.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: Web, namespace: One}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {name: One}\n",
        ),
    ]);
    let names = built(&files, "").file_names().unwrap();
    let expected = [
        "v1_namespace_one.yaml",
        "default_v1_service_web.yaml",
        "one_apps_v1_deployment_web.yaml",
    ];
    assert_eq!(names, expected);
}
