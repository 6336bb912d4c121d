//! What Secrets and SealedSecrets share: metadata, and the values of a Secret.

use crate::error::{Error, ErrorKind, without_text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{HashMap, HashSet};
use windlass_fault::Location;
use windlass_yaml::{NodeId, Tree, Value};
use zeroize::Zeroizing;

/// A value of a Secret, wiped when it goes.
pub(crate) type Plain = Zeroizing<Vec<u8>>;

/// The text at a path, nothing for `null` or where nothing is.
pub(crate) fn text<'a>(
    kind: ErrorKind,
    tree: &'a Tree,
    root: NodeId,
    path: &[&str],
) -> Result<Option<&'a str>, Error> {
    let Some(node) = tree.lookup(root, path) else {
        return Ok(None);
    };
    match tree.resolve(node) {
        Ok(Value::Null) => Ok(None),
        Ok(Value::Str(_)) => Ok(Some(tree.text(node))),
        _ => {
            let message = format!("`{}` must be a text", path.join("."));
            Err(Error::new(kind, message)
                .at(place(tree, node))
                .with_hint("put it in quotes"))
        }
    }
}

/// Keys and texts of the map at a path.
pub(crate) fn texts(
    kind: ErrorKind,
    tree: &Tree,
    root: NodeId,
    path: &[&str],
) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    for (key, _) in map(kind, tree, root, path)? {
        let whole = [path, &[key]].concat();
        let value = text(kind, tree, root, &whole)?.unwrap_or_default();
        found.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

/// The entries of the map at a path, each key once; none for `null` or where nothing is.
pub(crate) fn map<'a>(
    kind: ErrorKind,
    tree: &'a Tree,
    root: NodeId,
    path: &[&str],
) -> Result<Vec<(&'a str, NodeId)>, Error> {
    let Some(node) = tree.lookup(root, path) else {
        return Ok(Vec::new());
    };
    if !tree.is_map(node) && !tree.is_null(node) {
        let message = format!("`{}` must be a map", path.join("."));
        return Err(Error::new(kind, message).at(place(tree, node)));
    }
    let mut known = HashSet::new();
    if let Some((key, value)) = tree.entries(node).find(|(key, _)| !known.insert(*key)) {
        return Err(Error::new(kind, format!("`{key}` stands twice")).at(place(tree, value)));
    }
    Ok(tree.entries(node).collect())
}

/// The values of a Secret: those of `stringData`, and those of `data` that it does not have.
pub(crate) fn values(tree: &Tree, root: NodeId) -> Result<Vec<(String, Plain)>, Error> {
    let mut values: Vec<(String, Plain)> = Vec::new();
    for (key, node) in map(ErrorKind::Secret, tree, root, &["data"])? {
        let flaw = |message: String, hint: &str| {
            Error::new(ErrorKind::Secret, message)
                .at(place(tree, node))
                .with_hint(hint)
        };
        let bytes = match tree.resolve(node) {
            Ok(Value::Null) => Vec::new(),
            Ok(Value::Str(text)) => {
                let text = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n'));
                let text: Plain = Zeroizing::new(text.collect());
                STANDARD.decode(&text[..]).map_err(|_| {
                    let hint = "a value that is not in base64 belongs under `stringData`";
                    flaw(format!("the value of `{key}` is no base64"), hint)
                })?
            }
            _ => {
                return Err(flaw(
                    format!("the value of `{key}` is no text"),
                    "put it in quotes",
                ));
            }
        };
        values.push((key.to_owned(), Zeroizing::new(bytes)));
    }
    let data: Vec<String> = values.iter().map(|(key, _)| key.clone()).collect();
    let data: HashMap<&str, usize> = data.iter().map(String::as_str).zip(0..).collect();
    for (key, node) in map(ErrorKind::Secret, tree, root, &["stringData"])? {
        let value = match tree.resolve(node) {
            Ok(Value::Null) => Vec::new(),
            Ok(Value::Str(text)) => text.as_bytes().to_vec(),
            _ => {
                let message = format!("the value of `{key}` is no text");
                let error = Error::new(ErrorKind::Secret, message).at(place(tree, node));
                return Err(error.with_hint("put it in quotes"));
            }
        };
        let value = Zeroizing::new(value);
        match data.get(key) {
            Some(&at) => values[at].1 = value,
            None => values.push((key.to_owned(), value)),
        }
    }
    Ok(values)
}

/// Where a node stands, without its line: there may be a secret in it.
pub(crate) fn place(tree: &Tree, node: NodeId) -> Option<Location> {
    tree.locate(tree.origin(node)).map(without_text)
}
