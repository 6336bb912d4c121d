//! Commit messages, tags, names of branches, and Dockerfiles.
#![no_main]

use libfuzzer_sys::fuzz_target;
use windlass_registry::{Dockerfile, Tag};
use windlass_release::{Line, conventional, image_tag, image_version, sanitise};

fuzz_target!(|text: &str| {
    if let Ok(commit) = conventional::parse(text) {
        assert!(!commit.description.is_empty());
    }
    if let Some(version) = image_version(text) {
        let tag = image_tag(&version).expect("it came from a tag");
        assert_eq!(image_version(&tag), Some(version), "{text:?}");
    }
    let branch = sanitise(text);
    assert!(branch.parse::<Tag>().is_ok(), "{branch:?}");
    let _ = (Line::of_branch(text), Dockerfile::parse("Dockerfile", text));
});
