//! What a kustomization names by URLs, with a fetcher that has it all in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use windlass_fault::{Blame, Fault};
use windlass_overlay::{
    Disk, ErrorKind, Fetch, FetchError, Files, Memory, Options, Repository, Wanted, build,
};

/// Web servers and repositories, with the calls that reached them.
#[derive(Default)]
struct World {
    files: BTreeMap<String, Vec<u8>>,
    repositories: BTreeMap<(String, String), Memory>,
    known: bool,
    log: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct Gone(&'static str);

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Gone {}

impl Fault for Gone {
    fn blame(&self) -> Blame {
        Blame::World
    }

    fn hint(&self) -> Option<String> {
        Some("look elsewhere".to_owned())
    }
}

impl Fetch for World {
    fn file(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.log.lock().unwrap().push(format!("file {url}"));
        let content = self.files.get(url).cloned();
        content.ok_or_else(|| Box::new(Gone("no such file")) as FetchError)
    }

    fn repository(&self, at: &Repository, _url: &str) -> Result<Box<dyn Files>, FetchError> {
        let Repository { url, reference, .. } = at;
        self.log
            .lock()
            .unwrap()
            .push(format!("git {url} {reference}"));
        let found = self.repositories.get(&(url.clone(), reference.clone()));
        match found {
            Some(files) => Ok(Box::new(files.clone())),
            None => Err(Box::new(Gone("no such repository"))),
        }
    }

    fn is_known(&self, _: &Repository) -> bool {
        self.known
    }

    fn prepare(&self, wanted: &[Wanted]) {
        let mut log = self.log.lock().unwrap();
        log.extend(wanted.iter().map(|wanted| {
            let repository = wanted.repository.is_some();
            format!("prepare {} {} {repository}", wanted.url, wanted.file)
        }));
    }
}

impl World {
    fn file(mut self, url: &str, text: &str) -> Self {
        self.files.insert(url.to_owned(), text.into());
        self
    }

    fn repository(mut self, url: &str, reference: &str, files: &[(&str, &str)]) -> Self {
        let files = files.iter().copied().collect();
        self.repositories
            .insert((url.to_owned(), reference.to_owned()), files);
        self
    }

    /// What a kustomization of this text builds to.
    fn build(&self, text: &str) -> Result<String, windlass_overlay::Error> {
        let files = Memory::from_iter([("kustomization.yaml", text)]);
        let options = Options {
            fetch: Some(self),
            ..Options::default()
        };
        build(&files, "".as_ref(), &options)?.to_yaml()
    }

    fn refused(&self, kind: ErrorKind, text: &str) -> String {
        let error = self.build(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        crate::errors::shown(&error)
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

const OBJECT: &str = "kind: A\nmetadata: {name: a}\n";

/// A folder below `tests/remote`, as paths and contents.
fn folder(name: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/remote")
        .join(name);
    let mut waiting = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            found.push((name.to_owned(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

#[test]
fn every_field_that_may_be_remote_builds_as_with_kustomize() {
    let mut world = World::default();
    for (path, content) in folder("web") {
        world
            .files
            .insert(format!("http://web.example/{path}"), content);
    }
    let platform: Memory = folder("platform").into_iter().collect();
    for reference in ["", "v1"] {
        let at = ("file:///srv/git/platform".to_owned(), reference.to_owned());
        world.repositories.insert(at, platform.clone());
    }
    let options = Options {
        fetch: Some(&world),
        ..Options::default()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/remote");
    let built = build(&Disk::default(), &root.join("input"), &options).unwrap();
    let expected = std::fs::read_to_string(root.join("expected.yaml")).unwrap();
    assert_eq!(built.to_yaml().unwrap(), expected);
    // What was read is told of this machine alone.
    let read: Vec<_> = built
        .read()
        .iter()
        .filter_map(|path| path.file_name())
        .collect();
    assert_eq!(read, ["kustomization.yaml", "route.yaml"]);
    // All that is asked for was announced.
    let log = world.log();
    for asked in log.iter().filter_map(|line| line.strip_prefix("file ")) {
        let announced = |line: &&String| line.starts_with(&format!("prepare {asked} true"));
        assert!(log.iter().any(|line| announced(&line)), "{asked}");
    }
}

/// The origin of what stands in the root of a repository is what kustomize 5.8.1 prints.
#[test]
fn the_root_of_a_repository_has_the_name_that_kustomize_gives_it() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", OBJECT),
    ];
    let world = World::default().repository("https://me:secret@git.example/o/r", "main", &files);
    let text = "resources: ['https://me:secret@git.example/o/r?ref=main']\nbuildMetadata: [originAnnotations]\n";
    insta::assert_snapshot!(world.build(text).unwrap(), @r"
    kind: A
    metadata:
      annotations:
        config.kubernetes.io/origin: |
          path: notCloned/a.yaml
          repo: https://me@git.example/o/r
          ref: main
      name: a
    ");
}

#[test]
fn a_url_is_tried_as_a_file_and_then_as_a_repository() {
    let url = "https://git.example/o/r";
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", OBJECT),
    ];
    let text = "resources: ['https://git.example/o/r']\n";
    // A page is no file of objects.
    for page in [None, Some("<!DOCTYPE html><p>hello</p>"), Some("a: [")] {
        let mut world = World::default().repository(url, "", &files);
        if let Some(page) = page {
            world = world.file(url, page);
        }
        assert_eq!(
            world.build(text).unwrap(),
            "kind: A\nmetadata:\n  name: a\n"
        );
        let prepared = format!("prepare {url} true true");
        assert_eq!(
            world.log(),
            [prepared, format!("file {url}"), format!("git {url} ")]
        );
    }
    let world = World::default().file(url, "kind: F\nmetadata: {name: f}\n");
    assert_eq!(
        world.build(text).unwrap(),
        "kind: F\nmetadata:\n  name: f\n"
    );
    let mut known = World::default()
        .file(url, OBJECT)
        .repository(url, "", &files);
    known.known = true;
    assert!(known.build(text).is_ok());
    assert!(!known.log().contains(&format!("file {url}")));
}

#[test]
fn an_address_that_is_a_file_here_is_one() {
    let files = Memory::from_iter([
        ("kustomization.yaml", "resources: [github.com/o/r.yaml]\n"),
        ("github.com/o/r.yaml", OBJECT),
    ]);
    let built = build(&files, "".as_ref(), &Options::default()).unwrap();
    assert_eq!(built.objects().len(), 1);
}

#[test]
fn what_is_not_there_is_told_with_its_reason() {
    let world = World::default();
    let text = "resources:\n- https://me:secret@git.example/o/r//k8s?ref=v1\n";
    let told = world.refused(ErrorKind::Remote, text);
    insta::assert_snapshot!(told, @r"
    error: cannot fetch `https://me@git.example/o/r//k8s?ref=v1`
     --> kustomization.yaml:2:3
      |
    2 | - https://me:******@git.example/o/r//k8s?ref=v1
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: no such repository
    hint: look elsewhere
    ");
    let error = world.build(text).unwrap_err();
    assert_eq!(error.blame(), Blame::World);
    let excerpt = error.location().unwrap().excerpt.unwrap();
    assert_eq!(excerpt, "- https://me:******@git.example/o/r//k8s?ref=v1");
    let text = "resources: ['https://web.example/o/r/a.yaml']\n";
    insta::assert_snapshot!(world.refused(ErrorKind::Remote, text), @r"
    error: cannot fetch `https://web.example/o/r/a.yaml`
     --> kustomization.yaml:1:13
      |
    1 | resources: ['https://web.example/o/r/a.yaml']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: no such file
    hint: look elsewhere
    ");
    // Where a file was there, what is wrong with it counts.
    let world = World::default().file("https://web.example/o/r/a.yaml", "kind: A\nmetadata: {\n");
    insta::assert_snapshot!(world.refused(ErrorKind::Malformed, text), @r"
    error: this has no closing `}`
     --> https://web.example/o/r/a.yaml:2:11
      |
    2 | metadata: {
      |           ^
      in kustomization.yaml:1:13
    ");
}

#[test]
fn a_fetched_folder_stays_in_its_repository() {
    let url = "https://git.example/o/r";
    let link = |kustomization: &'static str| {
        let files = [
            ("k8s/kustomization.yaml", kustomization),
            ("a.yaml", OBJECT),
            ("b/kustomization.yaml", "resources: []\n"),
        ];
        let world = World::default().repository(url, "", &files);
        world.refused(
            ErrorKind::Restricted,
            "resources: ['https://git.example/o/r//k8s']\n",
        )
    };
    insta::assert_snapshot!(link("resources: [../../a.yaml]\n"), @r"
    error: `../../a.yaml` leads out of the repository of `https://git.example/o/r//k8s`
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: [../../a.yaml]
      |             ^^^^^^^^^^^^
      in kustomization.yaml:1:13
    ");
    insta::assert_snapshot!(link("resources: [../../b]\n"), @r"
    error: `../../b` leads out of the repository of `https://git.example/o/r//k8s`
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: [../../b]
      |             ^^^^^^^
      in kustomization.yaml:1:13
    ");
    insta::assert_snapshot!(link("resources: [../a.yaml]\n"), @r"
    error: `https://git.example/o/r//a.yaml` is not in or below `https://git.example/o/r//k8s`
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: [../a.yaml]
      |             ^^^^^^^^^
      in kustomization.yaml:1:13
    hint: move the file, or make its folder a base with a kustomization of its own
    ");
    insta::assert_snapshot!(link("resources: [/a.yaml]\n"), @r"
    error: `/a.yaml` leads out of the repository of `https://git.example/o/r//k8s`
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: [/a.yaml]
      |             ^^^^^^^
      in kustomization.yaml:1:13
    ");
    insta::assert_snapshot!(link("configMapGenerator:\n- {name: a, files: [/etc/passwd]}\n"), @r"
    error: `/etc/passwd` leads out of the repository of `https://git.example/o/r//k8s`
     --> https://git.example/o/r//k8s/kustomization.yaml:2:21
      |
    2 | - {name: a, files: [/etc/passwd]}
      |                     ^^^^^^^^^^^
      in kustomization.yaml:1:13
    ");
    insta::assert_snapshot!(link("resources: ['file:///srv/git/secret']\n"), @r"
    error: `file:///srv/git/secret` is on this machine, and what names it is not
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: ['file:///srv/git/secret']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:1:13
    ");
    insta::assert_snapshot!(link("resources: [../k8s]\n"), @r"
    error: `../k8s` leads back to `https://git.example/o/r//k8s`, which the build came from
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: [../k8s]
      |             ^^^^^^
      in kustomization.yaml:1:13
    ");
    insta::assert_snapshot!(link("resources: ['https://git.example/o/r']\n"), @r"
    error: `https://git.example/o/r` leads back to a repository that the build came from
     --> https://git.example/o/r//k8s/kustomization.yaml:1:13
      |
    1 | resources: ['https://git.example/o/r']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:1:13
    ");
}

#[test]
fn the_restrictions_of_a_fetched_folder_are_not_lifted() {
    let files = [
        ("k8s/kustomization.yaml", "resources: [../a.yaml]\n"),
        ("a.yaml", OBJECT),
    ];
    let world = World::default().repository("https://git.example/o/r", "", &files);
    let start = Memory::from_iter([(
        "kustomization.yaml",
        "resources: ['https://git.example/o/r//k8s']\n",
    )]);
    let options = Options {
        fetch: Some(&world),
        restriction: windlass_overlay::Restriction::None,
        ..Options::default()
    };
    let error = build(&start, "".as_ref(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restricted);
}

#[test]
fn repositories_that_lead_to_each_other_end() {
    let one = "resources: ['https://git.example/o/two?ref=x']\n";
    let two = "resources: ['https://git.example/o/one?ref=y']\n";
    let world = World::default()
        .repository(
            "https://git.example/o/one",
            "",
            &[("kustomization.yaml", one)],
        )
        .repository(
            "https://git.example/o/one",
            "y",
            &[("kustomization.yaml", one)],
        )
        .repository(
            "https://git.example/o/two",
            "x",
            &[("kustomization.yaml", two)],
        );
    let told = world.refused(
        ErrorKind::Restricted,
        "resources: ['https://git.example/o/one']\n",
    );
    insta::assert_snapshot!(told, @r"
    error: `https://git.example/o/two?ref=x` leads back to a repository that the build came from
     --> https://git.example/o/one//kustomization.yaml?ref=y:1:13
      |
    1 | resources: ['https://git.example/o/two?ref=x']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      in https://git.example/o/two//kustomization.yaml?ref=x:1:13
      in https://git.example/o/one//kustomization.yaml:1:13
      in kustomization.yaml:1:13
    ");
}

#[test]
fn errors_in_a_fetched_folder_name_its_place() {
    let files = [("k8s/kustomization.yaml", "resources:\n- gone.yaml\n")];
    let world = World::default().repository("https://git.example/o/r", "v1", &files);
    let text = "resources:\n- https://git.example/o/r//k8s?ref=v1\n";
    insta::assert_snapshot!(world.refused(ErrorKind::Read, text), @r"
    error: there is no file or folder `https://git.example/o/r//k8s/gone.yaml?ref=v1`
     --> https://git.example/o/r//k8s/kustomization.yaml?ref=v1:2:3
      |
    2 | - gone.yaml
      |   ^^^^^^^^^
      in kustomization.yaml:2:3
    ");
}
