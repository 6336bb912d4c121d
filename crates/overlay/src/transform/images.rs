//! Names, tags and digests of images.

use crate::error::Result;
use crate::fields::{self, Create, FieldSpec};
use crate::kustomization::Image;
use crate::pattern::{self, Plain};
use crate::resources::Resources;
use regex::Regex;
use windlass_yaml::{Kind, NodeId, Origin, Tree};

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
        name: Name::new(&image.name)?,
        matched: 0,
    };
    let mut images = Vec::new();
    for resource in resources.iter() {
        if resource.kind(tree) == "CustomResourceDefinition" {
            continue;
        }
        in_containers(tree, resource.root, &mut images);
        images
            .drain(..)
            .for_each(|image| update.scalar(tree, image));
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

/// The images of the containers at and below a node.
fn in_containers(tree: &Tree, at: NodeId, images: &mut Vec<NodeId>) {
    let is_map = tree.is_map(at);
    for child in tree.children(at) {
        if tree.is_scalar(child) {
            continue;
        }
        in_containers(tree, child, images);
        if is_map && matches!(tree.key(child), "containers" | "initContainers") {
            let items = tree.items(child);
            images.extend(items.filter_map(|item| tree.get(item, "image")));
        }
    }
}

/// What the name of an image must be, behind which a tag and a digest may stand.
enum Name {
    Plain(Plain),
    /// The name as kustomize puts it into an expression: not in a group of its own.
    Expression(Regex),
}

impl Name {
    fn new(name: &str) -> Result<Self> {
        match Plain::new(name) {
            Some(plain) => Ok(Self::Plain(plain)),
            None => Self::expression(name),
        }
    }

    fn expression(name: &str) -> Result<Self> {
        let part = "[a-zA-Z0-9_.{}-]*";
        let expression = format!("^{name}(:{part})?(@sha256:{part})?$");
        pattern::compile_around(name, &expression).map(Self::Expression)
    }

    fn matches(&self, image: &str) -> bool {
        match self {
            Self::Plain(plain) => plain.strip_from(image).is_some_and(is_tag_and_digest),
            Self::Expression(expression) => expression.is_match(image),
        }
    }
}

/// Whether a text is a tag, a digest, both or nothing, as kustomize sees them.
fn is_tag_and_digest(text: &str) -> bool {
    let (tag, digest) = match text.find('@') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.{}-".contains(c);
    let is = |text: &str, start: &str| {
        let part = text.strip_prefix(start);
        text.is_empty() || part.is_some_and(|part| part.chars().all(is_part))
    };
    is(tag, ":") && is(digest, "@sha256:")
}

struct Update<'a> {
    image: &'a Image,
    name: Name,
    matched: usize,
}

impl Update<'_> {
    fn scalar(&mut self, tree: &mut Tree, at: NodeId) {
        if tree.kind(at) != Kind::Scalar || !self.name.matches(tree.text(at)) {
            return;
        }
        self.matched += 1;
        let new = self.image.applied_to(tree.text(at));
        if new != tree.text(at) {
            tree.set_origin(at, self.image.origin());
        }
        tree.set_untyped(at, &new);
    }
}

impl Image {
    /// Where the change stands that says most of the new reference.
    fn origin(&self) -> Origin {
        let parts = [
            &self.new_tag,
            &self.digest,
            &self.tag_suffix,
            &self.new_name,
        ];
        let given = parts.into_iter().find(|part| !part.is_empty());
        given.map_or(Origin::NONE, |part| part.origin)
    }

    /// The reference with the changes: a new tag alone drops the digest, a digest alone the tag.
    fn applied_to(&self, reference: &str) -> String {
        let (name, tag, digest) = split(reference);
        let name = if self.new_name.is_empty() {
            name
        } else {
            &self.new_name
        };
        let (tag, digest) = match (&**self.new_tag, &**self.digest, &**self.tag_suffix) {
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

    proptest::proptest! {
        #[test]
        fn plain_names_match_as_expressions(
            name in "[ab:@./-]{0,4}",
            image in "[ab:@./{-]{0,4}(:[ab_.]{0,2})?(@sha256:[ab:@]{0,2})?",
        ) {
            let expression = Name::expression(&name).unwrap();
            let plain = Name::new(&name).unwrap();
            proptest::prop_assert_eq!(plain.matches(&image), expression.matches(&image));
        }
    }

    #[test]
    fn a_tag_drops_the_digest_and_a_digest_the_tag() {
        let image = |new_tag: &str, digest: &str| Image {
            new_tag: new_tag.to_owned().into(),
            digest: digest.to_owned().into(),
            ..Image::default()
        };
        let from = "web:1@sha256:aa";
        assert_eq!(image("2", "").applied_to(from), "web:2");
        assert_eq!(image("", "sha256:bb").applied_to(from), "web@sha256:bb");
        assert_eq!(image("2", "sha256:bb").applied_to(from), "web:2@sha256:bb");
        assert_eq!(image("", "").applied_to(from), from);
    }
}
