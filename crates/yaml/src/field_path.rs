//! The path of a field in an object: `spec.containers[name=web].args[0]`.

use crate::node::{NodeId, Tree};
use std::fmt;
use std::str::FromStr;

/// The path of a field: names joined by dots, and places of lists in brackets, by index
/// (`ports[0]`) or by what an item has (`containers[name=web]`). A name with a dot stands in
/// brackets and quotes (`annotations["example.org/x"]`).
///
/// ```
/// use windlass_yaml::FieldPath;
/// let path: FieldPath = "spec.containers[name=web].image".parse()?;
/// assert_eq!(path.to_string(), "spec.containers[name=web].image");
/// assert!("spec.containers[".parse::<FieldPath>().is_err());
/// # Ok::<(), windlass_yaml::BadFieldPath>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    /// An entry of a map; of a list the item with that number.
    Key(String),
    /// An item of a list.
    Index(usize),
    /// The first item of a list that has this value under this key.
    Item(String, String),
}

/// Why a text is no path of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFieldPath(&'static str);

impl fmt::Display for BadFieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadFieldPath {}

impl FieldPath {
    /// The node that it leads to.
    #[must_use]
    pub fn look_up(&self, tree: &Tree, root: NodeId) -> Option<NodeId> {
        self.0.iter().try_fold(root, |at, part| match part {
            Part::Key(key) if tree.is_seq(at) => tree.item(at, key.parse().ok()?),
            Part::Key(key) => tree.get(at, key),
            Part::Index(index) => tree.item(at, *index),
            Part::Item(key, value) => tree
                .items(at)
                .find(|&item| tree.text_at(item, &[key]) == Some(value)),
        })
    }

    /// The path of a child of the node that this one leads to.
    #[must_use]
    pub fn child(&self, tree: &Tree, parent: NodeId, index: usize, child: NodeId) -> Self {
        let part = if tree.is_map(parent) {
            Part::Key(tree.key(child).to_owned())
        } else {
            by_name(tree, parent, child).unwrap_or(Part::Index(index))
        };
        let mut path = self.clone();
        path.0.push(part);
        path
    }
}

/// An item by its name, if that is one of its own.
fn by_name(tree: &Tree, list: NodeId, item: NodeId) -> Option<Part> {
    let name = tree.text_at(item, &["name"])?;
    let is_simple = !name.is_empty() && !name.contains([']', '[', '"', '\n']);
    let mut same = tree
        .items(list)
        .filter(|&one| tree.text_at(one, &["name"]) == Some(name));
    let is_first = same.next() == Some(item);
    (is_simple && is_first).then(|| Part::Item("name".to_owned(), name.to_owned()))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            match part {
                Part::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"', '\\']) => {
                    let key = key.replace('\\', "\\\\").replace('"', "\\\"");
                    write!(f, "[\"{key}\"]")?;
                }
                Part::Key(key) if at == 0 => f.write_str(key)?,
                Part::Key(key) => write!(f, ".{key}")?,
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Item(key, value) => write!(f, "[{key}={value}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = BadFieldPath;

    fn from_str(text: &str) -> Result<Self, BadFieldPath> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, behind) = match rest.strip_prefix('[') {
                Some(inside) => bracket(inside)?,
                None => name(rest),
            };
            parts.push(part);
            // The dot before a bracket is as kustomize writes it.
            rest = behind.strip_prefix('.').unwrap_or(behind);
            if rest.is_empty() && behind.ends_with('.') {
                return Err(BadFieldPath("it ends with a dot"));
            }
        }
        Ok(Self(parts))
    }
}

/// The name at the start, in which `\.` is a dot, and the rest.
fn name(text: &str) -> (Part, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' => return (Part::Key(name), &text[at..]),
            c => name.push(c),
        }
    }
    (Part::Key(name), "")
}

/// What stands in brackets, without the first one, and the rest.
fn bracket(text: &str) -> Result<(Part, &str), BadFieldPath> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted_key(quoted);
    }
    let (inside, rest) = text
        .split_once(']')
        .ok_or(BadFieldPath("a `[` has no `]` behind it"))?;
    let part = match (inside.parse(), inside.split_once('=')) {
        (Ok(index), _) => Part::Index(index),
        (_, Some((key, value))) => Part::Item(key.to_owned(), value.to_owned()),
        _ => Part::Key(inside.to_owned()),
    };
    Ok((part, rest))
}

fn quoted_key(text: &str) -> Result<(Part, &str), BadFieldPath> {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => key.extend(chars.next().map(|(_, c)| c)),
            '"' => {
                let rest = text[at + 1..].strip_prefix(']');
                let rest = rest.ok_or(BadFieldPath("a `]` is missing behind a quoted name"))?;
                return Ok((Part::Key(key), rest));
            }
            c => key.push(c),
        }
    }
    Err(BadFieldPath("a quoted name does not end"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(
            parts in prop::collection::vec(
                prop_oneof![
                    "[a-z.\\[\\]\"\\\\/=-]{0,6}".prop_map(Part::Key),
                    any::<usize>().prop_map(Part::Index),
                    ("[a-z]{1,3}", "[a-z.=/-]{0,4}").prop_map(|(key, value)| Part::Item(key, value)),
                ],
                0..5,
            )
        ) {
            let path = FieldPath(parts);
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn other_spellings_are_read_too() {
        let read = |text: &str| text.parse::<FieldPath>().map(|path| path.to_string());
        assert_eq!(
            read(r"a.example\.org/x"),
            Ok("a[\"example.org/x\"]".to_owned())
        );
        assert_eq!(read("a.[name=web].0"), Ok("a[name=web].0".to_owned()));
        assert_eq!(read("a[b/c]"), Ok("a.b/c".to_owned()));
        for bad in ["a.", "a[", "a[\"b\"", "a[\"b"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
