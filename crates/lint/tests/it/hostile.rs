//! Whatever stands in a file, there is an answer.

use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use windlass_lint::{Manifest, Options, Outcome, Set, Site, applications, lint, requirements};
use windlass_yaml::{Source, Tree};

/// The manifests of all cases.
fn texts() -> Vec<String> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")];
    let mut texts = Vec::new();
    while let Some(path) = open.pop() {
        match path.is_dir() {
            true => {
                let entries = fs::read_dir(&path).unwrap();
                let mut entries: Vec<PathBuf> =
                    entries.map(|entry| entry.unwrap().path()).collect();
                entries.sort();
                open.extend(entries);
            }
            false => texts.push(fs::read_to_string(path).unwrap()),
        }
    }
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn broken_manifests_are_looked_at_all_the_same(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize), 1..4),
        put in "[-a-z:{}\\[\\]0-9 \"\n#&*]{0,4}",
    ) {
        let texts = texts();
        let mut chars: Vec<char> = which.get(&texts).chars().collect();
        for (at, length) in cuts {
            let at = at.index(chars.len());
            let end = (at + length).min(chars.len());
            chars.splice(at..end, put.chars());
            if chars.is_empty() {
                break;
            }
        }
        let text: String = chars.into_iter().collect();
        let options = Options::default();
        let mut outcomes = vec![requirements("requirements.txt", &text, &options)];
        let mut tree = Tree::new();
        if let Ok(roots) = tree.load(Source::new("a.yaml", text)) {
            let set = Set::new("a", roots.into_iter().map(|root| Manifest::new(&tree, root)));
            let namespaces = Default::default();
            let site = Site { has_folder: &|_| false, namespaces: &namespaces };
            outcomes.push(lint(&set, &options));
            outcomes.push(applications(&set, &site, &options));
        }
        let found = Outcome::join(outcomes, &options);
        prop_assert!(found.iter().all(|one| one.location.as_ref().is_none_or(|at| at.line > 0)));
    }
}
