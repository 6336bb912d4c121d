//! The hash of an object's content that generated names end in.

use crate::error::Result;
use crate::read::malformed;
use crate::resource::Resource;
use sha2::{Digest, Sha256};
use windlass_yaml::{NodeId, Tree};

/// The hash of an object: of a ConfigMap or Secret its data alone, of any other all of it.
///
/// kustomize hashes an empty text in place of the name and of a map that is missing.
pub(crate) fn of_object(resource: &Resource, tree: &Tree) -> Result<String> {
    let part = |field| Part {
        tree,
        node: tree.get(resource.root, field),
    };
    let (data, binary, strings) = (part("data"), part("binaryData"), part("stringData"));
    let mut out = Vec::new();
    match resource.kind(tree) {
        "ConfigMap" => {
            out.extend_from_slice(b"{");
            if binary.is_map() {
                binary.write("\"binaryData\":", &mut out)?;
                out.push(b',');
            }
            data.write("\"data\":", &mut out)?;
            out.extend_from_slice(b",\"kind\":\"ConfigMap\",\"name\":\"\"}");
        }
        "Secret" => {
            data.write("{\"data\":", &mut out)?;
            out.extend_from_slice(b",\"kind\":\"Secret\",\"name\":\"\"");
            if strings.is_map() {
                strings.write(",\"stringData\":", &mut out)?;
            }
            part("type").write(",\"type\":", &mut out)?;
            out.push(b'}');
        }
        _ => tree
            .write_json(resource.root, &mut out, true)
            .map_err(malformed)?,
    }
    Ok(of(&out))
}

/// A field of the hashed content.
struct Part<'t> {
    tree: &'t Tree,
    node: Option<NodeId>,
}

impl Part<'_> {
    fn is_map(&self) -> bool {
        self.node.is_some_and(|node| self.tree.is_map(node))
    }

    fn write(&self, key: &str, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(key.as_bytes());
        match self.node {
            Some(node) => self.tree.write_json(node, out, true).map_err(malformed),
            None => {
                out.extend_from_slice(b"\"\"");
                Ok(())
            }
        }
    }
}

/// Ten characters that stand for `content`, in an alphabet that makes no words
/// (`kustomize: api/hasher/hasher.go`).
fn of(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let hex = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    hex.take(10).map(letter).collect()
}

fn letter(digit: u8) -> char {
    match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        0xa => 'm',
        0xe => 't',
        digit => char::from_digit(u32::from(digit), 16).unwrap_or('0'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_config_map() {
        let content = br#"{"data":"","kind":"ConfigMap","name":""}"#;
        assert_eq!(of(content), "6ct58987ht");
    }
}
