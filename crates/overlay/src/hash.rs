//! The hash of an object's content that generated names end in.

use sha2::{Digest, Sha256};

/// Ten characters that stand for `content`, in an alphabet that makes no words
/// (`kustomize: api/hasher/hasher.go`).
pub(crate) fn of(content: &[u8]) -> String {
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
