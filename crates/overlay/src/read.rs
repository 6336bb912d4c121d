//! Objects from YAML: lists are taken apart, what is no object is refused.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::resource::Resource;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::sync::Arc;
use windlass_fault::{Fault, Warning};
use windlass_yaml::{DeOptions, Kind, NodeId, Origin, Source, Spanned, Tree};

/// The objects of a file (`kustomize: api/resource/factory.go`, `RNodesFromBytes`).
pub(crate) fn objects(tree: &mut Tree, source: Arc<Source>) -> Result<Vec<Resource>> {
    let documents = tree.load(source).map_err(malformed)?;
    let documents = match documents[..] {
        [only] if is_wrapping(tree, only) => match tree.get(only, "items") {
            Some(items) => tree.children(items).collect(),
            None => Vec::new(),
        },
        _ => documents,
    };
    without_lists(tree, documents)
}

/// Whether a lone document is only the wrapping of the objects in it.
fn is_wrapping(tree: &Tree, root: NodeId) -> bool {
    let kind = tree.text_at(root, &["kind"]).unwrap_or("");
    let has = |field| tree.get(root, field).is_some();
    matches!(kind, "List" | "ResourceList") && (has("items") || has("functionConfig"))
}

/// The objects, of which each `FooList` with `items` gives its items, behind all others.
fn without_lists(tree: &Tree, documents: Vec<NodeId>) -> Result<Vec<Resource>> {
    let mut found = Vec::new();
    let mut waiting = VecDeque::new();
    for document in documents {
        waiting.extend(checked(tree, document)?);
    }
    while let Some(root) = waiting.pop_front() {
        let kind = tree.text_at(root, &["kind"]).unwrap_or("");
        let items = tree.get(root, "items").filter(|_| kind.ends_with("List"));
        match items {
            None => found.push(Resource::new(root)),
            Some(items) if is_null(tree, items) => {}
            Some(items) if tree.is_seq(items) => {
                for item in tree.items(items) {
                    waiting.extend(inner(tree, item)?);
                }
            }
            Some(items) => {
                let message = format!("`items` of a `{kind}` is not a list");
                let place = tree.locate(tree.origin(items));
                return Err(Error::new(ErrorKind::Object, message).at(place));
            }
        }
    }
    Ok(found)
}

/// An item of a list, which may be the wrapping of others.
fn inner(tree: &Tree, item: NodeId) -> Result<Vec<NodeId>> {
    if !is_wrapping(tree, item) {
        return Ok(checked(tree, item)?.into_iter().collect());
    }
    let mut found = Vec::new();
    let items = tree.get(item, "items").into_iter();
    for item in items.flat_map(|items| tree.children(items)) {
        found.extend(checked(tree, item)?);
    }
    Ok(found)
}

/// The node if it is an object, nothing if it is empty.
fn checked(tree: &Tree, root: NodeId) -> Result<Option<NodeId>> {
    if is_null(tree, root) || (!matches!(tree.kind(root), Kind::Scalar) && tree.is_empty(root)) {
        return Ok(None);
    }
    refuse_nameless(tree, &Resource::new(root))?;
    Ok(Some(root))
}

/// An object has a kind, and a name unless it is a list.
pub(crate) fn refuse_nameless(tree: &Tree, resource: &Resource) -> Result<()> {
    let root = resource.root;
    let kind = tree.get(root, "kind").filter(|&kind| !is_null(tree, kind));
    let kind = kind.map_or("", |kind| tree.text(kind));
    let message = if !tree.is_map(root) {
        "this is no object: it is not a map".to_owned()
    } else if kind.is_empty() {
        "this object has no `kind`".to_owned()
    } else if resource.name(tree).is_empty() && !kind.ends_with("List") {
        format!("this `{kind}` has no `metadata.name`")
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Object, message).at(tree.locate(tree.origin(root))))
}

/// A text that stands in another file, as a source whose lines and columns have the numbers they
/// have there.
pub(crate) fn inline_source(tree: &Tree, text: &Spanned<String>) -> Arc<Source> {
    let Some(place) = tree.locate(text.origin) else {
        return Source::new("", &*text.value);
    };
    // The text of a block begins a line below its indicator.
    let excerpt = place.excerpt.as_deref().unwrap_or_default();
    let begin = place.column.saturating_sub(1);
    let is_block = excerpt
        .chars()
        .nth(begin as usize)
        .is_some_and(|c| "|>".contains(c));
    let above = place.line as usize - usize::from(!is_block && place.line > 0);
    let indent = match is_block {
        true => indent_of_block(tree, text.origin),
        false => {
            begin
                + u32::from(
                    excerpt
                        .chars()
                        .nth(begin as usize)
                        .is_some_and(|c| "'\"".contains(c)),
                )
        }
    };
    let text = format!("{}{}", "\n".repeat(above), text.value);
    Source::indented(place.path, text, indent)
}

/// How far the lines of a block are indented: as far as the first one that is not empty.
fn indent_of_block(tree: &Tree, origin: Origin) -> u32 {
    let source = origin.source().and_then(|id| tree.source(id));
    let text = source.map_or("", |source| &source.text()[origin.range()]);
    let mut lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let spaces = first.bytes().take_while(|&byte| byte == b' ').count();
    u32::try_from(spaces).unwrap_or(0)
}

/// Which fields a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    /// Those that exist; any other is an error.
    Known,
    /// Any; what does not exist is passed over.
    Any,
}

/// The root of a file of settings, of which only the first document counts.
pub(crate) fn settings(tree: &mut Tree, source: Arc<Source>) -> Result<Option<NodeId>> {
    tree.load_first(&source, &mut Vec::new()).map_err(malformed)
}

/// The value that a node holds.
pub(crate) fn decode<T: DeserializeOwned>(tree: &Tree, root: NodeId, fields: Fields) -> Result<T> {
    decode_with(tree, root, fields, &mut Vec::new())
}

/// [`decode`], adding a warning for each field that stands twice.
pub(crate) fn decode_with<T: DeserializeOwned>(
    tree: &Tree,
    root: NodeId,
    fields: Fields,
    warnings: &mut Vec<Warning>,
) -> Result<T> {
    let options = DeOptions {
        any_field: fields == Fields::Any,
        ..DeOptions::KUSTOMIZE
    };
    windlass_yaml::from_node_with(tree, root, &options, warnings).map_err(malformed)
}

/// What the YAML crate says, as an error of this one.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn malformed(error: windlass_yaml::Error) -> Error {
    use windlass_yaml::ErrorKind as Of;
    let kind = match error.kind() {
        Of::Type | Of::UnknownField | Of::MissingField | Of::Value => ErrorKind::Config,
        Of::Edit => ErrorKind::Edit,
        Of::TooLarge | Of::TooDeep | Of::TooManyAliases => ErrorKind::Limit,
        _ => ErrorKind::Malformed,
    };
    let others = error
        .others()
        .into_iter()
        .map(|other| of_fault(kind, other));
    let others: Vec<Error> = others.collect();
    let first = of_fault(kind, &error);
    Error::all(std::iter::once(first).chain(others)).expect("there is a first one")
}

fn of_fault(kind: ErrorKind, fault: &dyn Fault) -> Error {
    Error::new(kind, fault.to_string())
        .at(fault.location())
        .hint(fault.hint())
}
