//! Classes of bytes, and the line breaks of YAML 1.1.

/// A space or a tab.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A letter, digit, `-` or `_`: what names of anchors and tags are made of.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// How many bytes stand before a place on its line, which begins behind a line feed.
pub(crate) fn column(text: &str, at: usize) -> usize {
    let line = memchr::memrchr(b'\n', &text.as_bytes()[..at]);
    at - line.map_or(0, |at| at + 1)
}

/// Bytes that mean nothing in a text without quotes, behind the first one and unless a line break is
/// before them.
pub(crate) static INNER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b' ';
    while byte < 0x7F {
        table[byte as usize] = !matches!(byte, b':' | b'#');
        byte += 1;
    }
    table
};

/// The length in bytes of the line break that `bytes` starts with; 0 where it is none.
///
/// Beside the usual ones YAML 1.1 knows NEL (U+0085), LS (U+2028) and PS (U+2029).
pub(crate) fn break_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        [b'\r', ..] => 1,
        [0xC2, 0x85, ..] => 2,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

/// Whether a blank, a line break or the end stands here.
pub(crate) fn is_blank_or_end(bytes: &[u8]) -> bool {
    match bytes.first() {
        None => true,
        Some(&byte) => is_blank(byte) || break_len(bytes) > 0,
    }
}

/// Whether YAML allows the character in a file.
pub(crate) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{85}')
        || matches!(c, ' '..='~' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The place of the first character that YAML does not allow in a file.
pub(crate) fn first_forbidden(text: &str) -> Option<usize> {
    const WINDOW: usize = 64;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + WINDOW).min(bytes.len());
        // Without a way out of the loop the compiler looks at many bytes at once.
        if bytes[at..end]
            .iter()
            .fold(true, |fine, &b| fine & is_harmless(b))
        {
            at = end;
            continue;
        }
        let start = floor(text, at);
        let end = ceil(text, end);
        let found = text[start..end]
            .char_indices()
            .find(|&(_, c)| !is_allowed(c));
        if let Some((offset, _)) = found {
            return Some(start + offset);
        }
        at = end;
    }
    None
}

/// Whether a byte stands for an allowed character, whatever is around it.
fn is_harmless(byte: u8) -> bool {
    (0x20..0x7F).contains(&byte) | (byte == b'\n') | (byte == b'\t') | (byte == b'\r')
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_forbidden_character_anywhere() {
        for pad in 0..140 {
            let text = format!("{}é\u{7F}x\u{1}", "a".repeat(pad));
            assert_eq!(first_forbidden(&text), Some(pad + 2), "{pad}");
        }
        assert_eq!(first_forbidden("a\tb\r\n\u{85}é日😀\u{FFFD}"), None);
        assert_eq!(first_forbidden("\u{FFFE}"), Some(0));
        assert_eq!(first_forbidden("\u{84}"), Some(0));
    }
}
