//! Names, tags and digests of images.

use crate::error::Result;
use crate::fields::{self, Create, FieldSpec};
use crate::kustomization::Image;
use crate::pattern;
use crate::resources::Resources;
use regex::Regex;
use windlass_yaml::{Kind, NodeId, Tree};

/// Changes every image that the name matches, in the lists called `containers` and
/// `initContainers` at any depth and in the fields that `specs` name. Answers how many matched
/// (`kustomize: api/internal/builtins/ImageTagTransformer.go`).
pub(crate) fn update(
    resources: &Resources,
    tree: &mut Tree,
    image: &Image,
    specs: &[FieldSpec],
) -> Result<usize> {
    let mut update = Update {
        image,
        pattern: pattern_of(&image.name)?,
        matched: 0,
    };
    for resource in resources.iter() {
        if resource.kind(tree) == "CustomResourceDefinition" {
            continue;
        }
        update.containers(tree, resource.root);
        let api_version = resource.api_version(tree).to_owned();
        let kind = resource.kind(tree).to_owned();
        for spec in specs
            .iter()
            .filter(|spec| spec.gvk.selects(&api_version, &kind))
        {
            fields::visit(tree, resource.root, spec, Create::No, &mut |tree, at| {
                update.scalar(tree, at);
                Ok(())
            })?;
        }
    }
    Ok(update.matched)
}

/// The name as kustomize puts it into an expression: not in a group of its own.
fn pattern_of(name: &str) -> Result<Regex> {
    pattern::compile(&format!(
        "^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$"
    ))
}

struct Update<'a> {
    image: &'a Image,
    pattern: Regex,
    matched: usize,
}

impl Update<'_> {
    fn containers(&mut self, tree: &mut Tree, at: NodeId) {
        let children: Vec<NodeId> = tree.children(at).collect();
        let is_map = tree.is_map(at);
        for child in children {
            self.containers(tree, child);
            if is_map && matches!(tree.key(child), "containers" | "initContainers") {
                let items: Vec<NodeId> = tree.items(child).collect();
                for item in items {
                    if let Some(image) = tree.get(item, "image") {
                        self.scalar(tree, image);
                    }
                }
            }
        }
    }

    fn scalar(&mut self, tree: &mut Tree, at: NodeId) {
        if tree.kind(at) != Kind::Scalar || !self.pattern.is_match(tree.text(at)) {
            return;
        }
        self.matched += 1;
        let new = self.image.applied_to(tree.text(at));
        if new != tree.text(at) {
            tree.set_string(at, &new);
        }
    }
}

impl Image {
    /// The reference with the changes: a new tag alone drops the digest, a digest alone the tag.
    fn applied_to(&self, reference: &str) -> String {
        let (name, tag, digest) = split(reference);
        let name = if self.new_name.is_empty() {
            name
        } else {
            &self.new_name
        };
        let (tag, digest) = match (&*self.new_tag, &*self.digest, &*self.tag_suffix) {
            ("", "", "") => (tag.to_owned(), digest),
            ("", "", suffix) => (format!("{tag}{suffix}"), ""),
            (tag, digest, _) => (tag.to_owned(), digest),
        };
        let mut out = name.to_owned();
        if !tag.is_empty() {
            out.push(':');
            out.push_str(&tag);
        }
        if !digest.is_empty() {
            out.push('@');
            out.push_str(digest);
        }
        out
    }
}

/// Name, tag and digest; the colon of a port belongs to the name.
fn split(reference: &str) -> (&str, &str, &str) {
    let path = reference.find('/').unwrap_or(0);
    let (rest, digest) = match reference[path..].find('@') {
        Some(at) => (&reference[..path + at], &reference[path + at + 1..]),
        None => (reference, ""),
    };
    match rest[path..].find(':') {
        Some(at) => (&rest[..path + at], &rest[path + at + 1..], digest),
        None => (rest, "", digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_behind_the_host() {
        assert_eq!(split("nginx"), ("nginx", "", ""));
        assert_eq!(
            split("host:5000/a/b:1@sha256:ff"),
            ("host:5000/a/b", "1", "sha256:ff")
        );
        assert_eq!(split("host:5000/a"), ("host:5000/a", "", ""));
        assert_eq!(split("a@sha256:ff"), ("a", "", "sha256:ff"));
    }

    #[test]
    fn a_tag_drops_the_digest_and_a_digest_the_tag() {
        let image = |new_tag: &str, digest: &str| Image {
            new_tag: new_tag.into(),
            digest: digest.into(),
            ..Image::default()
        };
        let from = "web:1@sha256:aa";
        assert_eq!(image("2", "").applied_to(from), "web:2");
        assert_eq!(image("", "sha256:bb").applied_to(from), "web@sha256:bb");
        assert_eq!(image("2", "sha256:bb").applied_to(from), "web:2@sha256:bb");
        assert_eq!(image("", "").applied_to(from), from);
    }
}
