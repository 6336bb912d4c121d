//! The arrows between the crates, as ARCHITECTURE.md draws them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate, and the crates of the workspace that it may depend on outside its tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("fault", &[]),
    ("yaml", &["fault"]),
    ("overlay", &["fault", "yaml"]),
    ("registry", &["fault"]),
    ("cluster", &["fault", "yaml"]),
    ("release", &["fault"]),
    ("gitsync", &["fault", "yaml"]),
    ("lint", &["fault", "yaml"]),
    ("scaffold", &["fault", "yaml"]),
    ("seal", &["fault", "yaml"]),
    ("cli", &["fault", "yaml"]),
    ("testkit", &["fault", "yaml"]),
];

#[test]
fn no_domain_crate_knows_another() {
    let drawn: BTreeMap<&str, BTreeSet<&str>> = ARROWS
        .iter()
        .map(|(name, arrows)| (*name, arrows.iter().copied().collect()))
        .collect();
    let found = arrows();
    for (name, arrows) in &found {
        let Some(allowed) = drawn.get(name.as_str()) else {
            panic!("crate `{name}` is not in the drawing; add it here and to ARCHITECTURE.md");
        };
        let extra: Vec<&String> = arrows
            .iter()
            .filter(|to| !allowed.contains(to.as_str()))
            .collect();
        assert!(extra.is_empty(), "`{name}` must not depend on {extra:?}");
    }
    assert_eq!(found.len(), drawn.len(), "a drawn crate is gone");
}

/// What `cargo metadata` knows of the arrows between our libraries.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, it started this test");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    packages
        .iter()
        .filter_map(|package| Some((ours(&package["name"])?, package)))
        .map(|(name, package)| (name, dependencies(package)))
        .collect()
}

fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"]
        .as_array()
        .expect("a list of dependencies");
    all.iter()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| ours(&dependency["name"]))
        .collect()
}

fn ours(name: &Value) -> Option<String> {
    let name = name.as_str()?.strip_prefix("windlass-")?;
    Some(name.to_owned())
}
