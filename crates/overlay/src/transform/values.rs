//! A value that is put into fields, or into the paths that stand in them
//! (`kustomize: api/filters/valueadd/valueadd.go`).

use crate::error::{Error, ErrorKind, Result};
use crate::fields::{Names, is_null};
use windlass_yaml::{Kind, NodeId, Origin, Spanned, Tree};

/// Puts `value` into the field at `path` of an object, which is made where it is missing. With a
/// `position` the field holds a file path, and the value becomes that part of it, from 1.
pub(crate) fn add(
    tree: &mut Tree,
    root: NodeId,
    path: &str,
    value: &Spanned<String>,
    position: usize,
) -> Result<()> {
    let names: Vec<_> = Names::of(path).collect();
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
        .collect();
    let Some(field) = field(tree, root, &names, value.origin)? else {
        return Ok(());
    };
    if tree.kind(field) != Kind::Scalar {
        let message = format!("`{path}` cannot be set: it is a map or a list");
        return Err(Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(field))));
    }
    let old = if is_null(tree, field) {
        ""
    } else {
        tree.text(field)
    };
    let new = match position.checked_sub(1) {
        Some(at) => with_part(old, at, value),
        None => value.value.clone(),
    };
    tree.set_untyped(field, &new);
    tree.set_origin(field, value.origin);
    Ok(())
}

/// The node at a path, made as a map, or at the end as a scalar. An item of a list that is not
/// there is not made.
fn field(tree: &mut Tree, root: NodeId, names: &[&str], origin: Origin) -> Result<Option<NodeId>> {
    let mut at = root;
    for (depth, name) in names.iter().enumerate() {
        let found = match tree.kind(at) {
            Kind::Seq => item(tree, at, name),
            Kind::Map => tree.get(at, name).filter(|&found| !is_null(tree, found)),
            Kind::Scalar => {
                let message = format!("there is no `{name}` in a scalar");
                return Err(Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(at))));
            }
        };
        at = match found {
            Some(found) => found,
            None if tree.is_seq(at) => return Ok(None),
            None => {
                let is_last = depth + 1 == names.len();
                let made = if is_last {
                    tree.plain("", origin)
                } else {
                    tree.map(origin)
                };
                tree.set(at, name, made)
            }
        };
    }
    Ok(Some(at))
}

/// The item that `0`, `-` for the last one, or `[name=web]` means.
fn item(tree: &Tree, list: NodeId, part: &str) -> Option<NodeId> {
    if let Ok(index) = part.parse() {
        return tree.item(list, index);
    }
    if part == "-" {
        return tree.items(list).last();
    }
    let (key, value) = part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')?;
    let mut items = tree.items(list);
    items.find(|&item| match key {
        "" => tree.is_scalar(item) && tree.text(item) == value,
        key => tree.text_at(item, &[key]) == Some(value),
    })
}

/// A file path with one more part at `at`, from 0; behind the last part where it has fewer.
fn with_part(path: &str, at: usize, part: &str) -> String {
    let (root, relative) = match path.strip_prefix('/') {
        Some(relative) => ("/", relative),
        None => ("", path),
    };
    let mut parts: Vec<&str> = relative
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    parts.insert(at.min(parts.len()), part);
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_keeps_it_absolute_or_relative() {
        for (path, at, expected) in [
            ("", 3, "PEACH"),
            ("/", 0, "/PEACH"),
            ("pie", 0, "PEACH/pie"),
            ("/pie", 0, "/PEACH/pie"),
            ("/raw", 9, "/raw/PEACH"),
            ("a/nice/warm/pie", 3, "a/nice/warm/PEACH/pie"),
        ] {
            assert_eq!(with_part(path, at, "PEACH"), expected, "{path}");
        }
    }
}
