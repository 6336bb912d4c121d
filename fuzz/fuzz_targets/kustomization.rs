//! A tree of files, built: it succeeds or fails, within the bounds that the fuzzer is given.
//!
//! A line `### PATH` of the input begins a file. The folder `overlay` is built, or the root.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use windlass_overlay::{Files, Memory, Options, build};

fuzz_target!(|text: &str| {
    let files: Memory = format!("\n{text}")
        .split("\n### ")
        .filter_map(|part| part.split_once('\n'))
        .map(|(path, content)| (path.to_owned(), format!("{content}\n")))
        .collect();
    let overlay = Path::new("overlay");
    let root = if files.find(overlay).is_ok() {
        overlay
    } else {
        Path::new("")
    };
    let options = Options {
        managed_by_label: text.len() % 2 == 0,
        ..Options::default()
    };
    if let Ok(built) = build(&files, root, &options) {
        let _ = built.to_yaml();
        if let Ok(names) = built.file_names() {
            assert_eq!(names.len(), built.objects().len());
        }
    }
});
