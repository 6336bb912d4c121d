//! A patch, with and without a target, over a fixed set of objects: strategic, JSON 6902 or
//! neither, as the text will have it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use windlass_overlay::{Memory, Options, build};

const OBJECTS: &str = include_str!("objects.yaml");

const PATCHED: [&str; 2] = [
    "resources: [objects.yaml]\npatches: [{path: patch.yaml}]\n",
    "resources: [objects.yaml]\npatches: [{path: patch.yaml, target: {kind: .*}, options: {allowNameChange: true, allowKindChange: true}}]\n",
];

fuzz_target!(|patch: &str| {
    for kustomization in PATCHED {
        let files = Memory::from_iter([
            ("kustomization.yaml", kustomization),
            ("objects.yaml", OBJECTS),
            ("patch.yaml", patch),
        ]);
        if let Ok(built) = build(&files, Path::new(""), &Options::default()) {
            let _ = built.to_yaml();
        }
    }
});
