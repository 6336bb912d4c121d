//! A folder for each rule with manifests that it finds something in, and with ones that it does
//! not. A comment `finds: TEXT` says what is found in its line, `finds below:` in the next.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use windlass_lint::{
    Finding, Manifest, Options, Outcome, RULES, Set, Site, applications, compare, lint,
    requirements,
};
use windlass_overlay::{Build, Memory, build};
use windlass_yaml::{Source, Tree};

type Texts = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The files of a case, which is a folder or one file.
fn read(path: &Path, name: &str, texts: &mut Texts) {
    if path.is_file() {
        texts.insert(name.to_owned(), fs::read_to_string(path).unwrap());
        return;
    }
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let inner = entry.file_name().into_string().unwrap();
        let inner = if name.is_empty() {
            inner
        } else {
            format!("{name}/{inner}")
        };
        read(&entry.path(), &inner, texts);
    }
}

fn case(rule: &str, which: &str) -> Texts {
    let mut texts = Texts::new();
    let file = folder().join(rule).join(format!("{which}.yaml"));
    match file.is_file() {
        true => read(&file, "case.yaml", &mut texts),
        false => read(&folder().join(rule).join(which), "", &mut texts),
    }
    texts
}

/// What stands behind a word at the top of a file: `# kubernetes: 1.25`.
fn setting<'t>(texts: &'t Texts, word: &str) -> Option<&'t str> {
    let mut lines = texts.values().filter_map(|text| text.lines().next());
    lines.find_map(|line| line.strip_prefix("# ")?.strip_prefix(word))
}

fn of_build<'b>(built: &'b Build, name: &str) -> Set<'b> {
    let objects = built.objects();
    Set::new(
        name,
        objects.map(|object| Manifest::new(built.tree(), object.node())),
    )
}

fn findings(texts: &Texts) -> Vec<Finding> {
    let version =
        setting(texts, "kubernetes: ").map_or_else(Default::default, |v| v.parse().unwrap());
    let options = Options::new(version);
    let files: Memory = texts
        .iter()
        .map(|(path, text)| (path, text.as_bytes()))
        .collect();
    let mut outcomes = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".txt")) {
        outcomes.push(requirements(path, text, &options));
    }
    let roots = ["overlay", ""].map(|root| (root, format!("{root}/kustomization.yaml")));
    let root = roots
        .iter()
        .find(|(_, file)| texts.contains_key(file.trim_start_matches('/')));
    match root {
        Some((root, _)) => {
            let built = build(&files, root.as_ref(), &Default::default()).unwrap();
            let set = of_build(&built, root);
            outcomes.push(lint(&set, &options));
            if texts.contains_key("before/kustomization.yaml") {
                let before = build(&files, "before".as_ref(), &Default::default()).unwrap();
                outcomes.push(compare(&of_build(&before, "before"), &set, &options));
            }
        }
        None => outcomes.extend(of_files(texts, &options)),
    }
    Outcome::join(outcomes, &options)
}

fn of_files(texts: &Texts, options: &Options<'_>) -> Vec<Outcome> {
    let mut tree = Tree::new();
    let mut roots = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        roots.extend(tree.load(Source::new(path, text)).unwrap());
    }
    let manifests = roots.into_iter().map(|root| Manifest::new(&tree, root));
    let mut set = Set::new("files", manifests);
    set.production = setting(texts, "production").is_some();
    let mut outcomes = vec![lint(&set, options)];
    if let Some((folder, namespace)) = setting(texts, "folder: ").and_then(|it| it.split_once(' '))
    {
        let namespaces = BTreeSet::from([namespace.to_owned()]);
        let namespaces = BTreeMap::from([(folder.to_owned(), namespaces)]);
        let site = Site {
            has_folder: &|path| path == folder,
            namespaces: &namespaces,
        };
        outcomes.push(applications(&set, &site, options));
    }
    outcomes
}

/// File, line and a part of the message.
fn expected(texts: &Texts) -> Vec<(String, u32, String)> {
    let mut found = Vec::new();
    for (path, text) in texts
        .iter()
        .filter(|(path, _)| !path.starts_with("before/"))
    {
        for (number, line) in (1..).zip(text.lines()) {
            for (mark, further) in [("finds: ", 0), ("finds below: ", 1)] {
                if let Some((_, text)) = line.split_once(mark) {
                    found.push((path.clone(), number + further, text.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn each_rule_finds_what_its_case_says_and_nothing_else() {
    for rule in RULES {
        let texts = case(rule.name, "fails");
        let mut wanted = expected(&texts);
        assert!(!wanted.is_empty(), "{}", rule.name);
        for finding in findings(&texts) {
            if finding.rule != rule.name {
                continue;
            }
            let place = finding.location.as_ref().unwrap();
            let is_it = |(path, line, text): &(String, u32, String)| {
                (path, *line) == (&place.path, place.line)
                    && finding.message.contains(text.as_str())
            };
            let at = wanted.iter().position(is_it);
            let at = at.unwrap_or_else(|| panic!("{}: {place}: {}", rule.name, finding.message));
            wanted.remove(at);
        }
        assert!(wanted.is_empty(), "{} does not find {wanted:?}", rule.name);
    }
}

#[test]
fn each_rule_lets_its_other_case_pass() {
    for rule in RULES {
        let found = findings(&case(rule.name, "passes"));
        let mut found = found.iter().filter(|finding| finding.rule == rule.name);
        assert_eq!(found.next(), None, "{}", rule.name);
    }
}

#[test]
fn each_case_belongs_to_a_rule() {
    let folders = fs::read_dir(folder()).unwrap();
    let folders = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folders: BTreeSet<String> = folders.collect();
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(folders, rules);
    assert!(RULES.is_sorted_by(|a, b| a.name < b.name));
}
