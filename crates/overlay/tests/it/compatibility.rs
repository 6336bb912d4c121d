//! What COMPATIBILITY.md promises has a case, and what kustomize 5.8.1 does not know yet a test.

use std::fs;
use std::path::{Path, PathBuf};
use windlass_overlay::{Memory, Options, build};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of the tables whose last column is `Case`, and what that column names.
fn rows(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut has_cases = false;
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        match cells.last() {
            _ if !line.starts_with('|') => has_cases = false,
            Some(&"Case") => has_cases = true,
            Some(last) if has_cases && !last.starts_with("---") => {
                let names = last.split('`').skip(1).step_by(2).map(str::to_owned);
                found.push((cells[0].to_owned(), names.collect()));
            }
            _ => {}
        }
    }
    found
}

/// The text of every test of this crate and of the commands.
fn tests() -> String {
    let folders = ["crates/overlay/tests/it", "tests"].map(|folder| repository().join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn every_row_of_the_compatibility_tables_names_what_shows_it() {
    let text = fs::read_to_string(repository().join("COMPATIBILITY.md")).unwrap();
    let (rows, tests) = (rows(&text), tests());
    assert!(rows.len() > 50, "the tables were found");
    let cases = ["cases", "cases-edit"]
        .map(|folder| repository().join("crates/overlay/tests").join(folder));
    for (row, names) in rows {
        assert!(!names.is_empty(), "{row} has no case");
        for name in names {
            let is_case = cases
                .iter()
                .any(|cases| cases.join(&name).join("input").is_dir());
            let is_test = tests.contains(&format!("fn {name}()"));
            assert!(is_case || is_test, "{row}: there is no `{name}`");
        }
    }
}

#[test]
fn labels_of_volume_claims_are_newer_than_the_oracle() {
    let files = Memory::from_iter([
        (
            "x/kustomization.yaml",
            "resources: [set.yaml]\nlabels:\n- pairs: {a: b}\n  includeVolumeClaimTemplates: true\n",
        ),
        (
            "x/set.yaml",
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {volumeClaimTemplates: [{}]}\n",
        ),
    ]);
    let built = build(&files, "x".as_ref(), &Options::default()).unwrap();
    insta::assert_snapshot!(built.to_yaml().unwrap(), @r"
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      labels:
        a: b
      name: db
    spec:
      volumeClaimTemplates:
      - metadata:
          labels:
            a: b
    ");
}
