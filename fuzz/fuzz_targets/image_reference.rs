//! Names of images, as the registry reads them and as an overlay takes them apart.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::str::FromStr;
use windlass_overlay::{Memory, Options, build};
use windlass_registry::{Base, Digest, LayoutImage, Range, Tag, TagPattern, Target};

fuzz_target!(|text: &str| {
    reads_back::<Tag>(text);
    reads_back::<Target>(text);
    reads_back::<LayoutImage>(text);
    reads_back::<Base>(text);
    reads_back::<Range>(text);
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(digest.as_str(), text);
    }
    let tag = "v1.10.0-rc.1".parse().expect("it is a tag");
    let _ = TagPattern::new(text).matches(&tag);
    in_an_overlay(text);
});

/// What is read is printed so that it reads the same.
fn reads_back<T>(text: &str)
where
    T: FromStr + Display + PartialEq + Debug,
{
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string().parse::<T>().ok(), Some(read), "{text:?}");
    }
}

/// The text as the image of a container, and as the name of an image to be changed.
fn in_an_overlay(text: &str) {
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    let object = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{containers: [{{name: a, image: {quoted}}}]}}\n"
    );
    let kustomization = format!(
        "resources: [pod.yaml]\nimages:\n- {{name: {quoted}, newTag: v2}}\n- {{name: example/web, newName: other, digest: 'sha256:1'}}\n"
    );
    let files = Memory::from_iter([("kustomization.yaml", kustomization), ("pod.yaml", object)]);
    if let Ok(built) = build(&files, Path::new(""), &Options::default()) {
        let _ = built.to_yaml();
    }
}
