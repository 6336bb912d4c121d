//! What a scalar means: the rules of YAML 1.2 as go-yaml v3 has them, and those of YAML 1.1,
//! which decide about quotes.

use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Style, Tree};
use crate::number::{Int, is_number, parse_float, parse_int, parse_int_in, underscores_are_fine};
use crate::scan::LONG_TAG;
use crate::time;
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;

/// The value of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// A larger integer that fits 64 bits without sign.
    Uint(u64),
    /// Any other number, infinite ones and NaN included.
    Float(f64),
    /// A text, which a timestamp becomes too.
    Str(Cow<'a, str>),
    /// A map.
    Map,
    /// A list.
    Seq,
}

/// Which rules a plain scalar is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// go-yaml v2: `yes`, `on` and their like are booleans.
    Yaml11,
    /// go-yaml v3.
    Yaml12,
}

/// What a text means without quotes and tag.
enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Time(time::Timestamp),
    Str,
}

impl Plain {
    /// The value of the text `text`.
    fn into_value(self, text: &str) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::Uint(value),
            Self::Float(value) => Value::Float(value),
            Self::Time(timestamp) => Value::Str(Cow::Owned(timestamp.text)),
            Self::Str => Value::Str(Cow::Borrowed(text)),
        }
    }
}

/// Whether a text is a word that every reader takes for a string: a letter, then letters, digits
/// and `-_./`, unless it is one of the words that mean something else.
pub(crate) fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(|&b| WORD[usize::from(b)])
        && !(bytes.len() <= 5 && means_something(text))
}

/// Bytes of words.
pub(crate) static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x7F {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'-'..=b'/' | b'_');
        byte += 1;
    }
    table
};

/// Whether a word is a boolean or null to some reader, in whichever case its letters are.
fn means_something(word: &str) -> bool {
    let known: &[&str] = match word.len() {
        1 => &["y", "n"],
        2 => &["on", "no"],
        3 => &["yes", "off"],
        4 => &["true", "null"],
        5 => &["false"],
        _ => &[],
    };
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether some reader of YAML 1.1 would take the text without quotes for something else than a
/// string; such a text is printed in double quotes.
#[must_use]
pub fn is_ambiguous_11(text: &str) -> bool {
    !is_string_11(text) || is_base_60(text)
}

/// Whether go-yaml v2 takes the text without quotes for a string; it does not count by 60.
#[must_use]
pub fn is_string_11(text: &str) -> bool {
    matches!(plain(text, Dialect::Yaml11, true), Plain::Str)
}

/// Whether a reader of either version would, or one that knows larger numbers.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    is_ambiguous_11(text) || !is_string(text) || is_number(&without_underscores(text))
}

/// Whether a string is one to every reader.
pub(crate) fn is_certain_string(text: &str, quoted: bool, tag: Option<&str>) -> bool {
    match tag.map(|tag| tag.strip_prefix(LONG_TAG)) {
        Some(Some(name)) => !is_resolved(name) && name != "binary",
        Some(None) => true,
        None => quoted || !is_ambiguous(text),
    }
}

/// What a text means without quotes and tag.
pub(crate) fn plain_value(text: &str, dialect: Dialect) -> Value<'_> {
    plain(text, dialect, true).into_value(text)
}

/// Whether a tag of YAML decides what its text means.
fn is_resolved(name: &str) -> bool {
    matches!(name, "bool" | "int" | "float" | "null" | "timestamp")
}

/// What a text means under such a tag, if it can mean that.
fn tagged(text: &str, tag: &str, dialect: Dialect) -> Option<Plain> {
    let name = tag.strip_prefix(LONG_TAG)?;
    let found = match (name, plain(text, dialect, name == "timestamp")) {
        #[expect(clippy::cast_precision_loss, reason = "Go's conversion loses the same")]
        ("float", Plain::Int(value)) => Plain::Float(value as f64),
        (_, found) => found,
    };
    let fits = matches!(
        (name, &found),
        ("bool", Plain::Bool(_))
            | ("int", Plain::Int(_) | Plain::Uint(_))
            | ("float", Plain::Float(_))
            | ("null", Plain::Null)
            | ("timestamp", Plain::Time(_))
    );
    fits.then_some(found)
}

/// Whether a text can stand under a tag.
pub(crate) fn fits_tag(text: &str, tag: &str) -> bool {
    match tag.strip_prefix(LONG_TAG) {
        Some(name) if is_resolved(name) => tagged(text, tag, Dialect::Yaml12).is_some(),
        _ => true,
    }
}

/// Whether a text without quotes is a string to kustomize.
pub(crate) fn is_string(text: &str) -> bool {
    matches!(plain(text, Dialect::Yaml12, true), Plain::Str)
}

/// A number such as `1:30`, which YAML 1.1 reads with 60 as its base.
fn is_base_60(text: &str) -> bool {
    if !text.starts_with(|c: char| matches!(c, '0'..='9' | '+' | '-')) {
        return false;
    }
    let Some((whole, rest)) = text.split_once(':') else {
        return false;
    };
    let whole = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let starts = whole.starts_with(|c: char| c.is_ascii_digit());
    if !starts || !whole.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return false;
    }
    let (parts, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && parts
            .split(':')
            .all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// What a plain text means; `times` says whether it may be a timestamp.
fn plain(text: &str, dialect: Dialect, times: bool) -> Plain {
    let Some(&first) = text.as_bytes().first() else {
        return Plain::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect)
        }
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Plain::Float(f64::INFINITY),
            _ if !underscores_are_fine(text) => Plain::Str,
            _ => parse_float(&without_underscores(text)).map_or(Plain::Str, Plain::Float),
        },
        b'0'..=b'9' | b'+' | b'-' => number(text, dialect, times),
        _ => Plain::Str,
    }
}

fn word(text: &str, dialect: Dialect) -> Plain {
    match text {
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        "~" | "null" | "Null" | "NULL" => Plain::Null,
        _ if dialect == Dialect::Yaml12 => Plain::Str,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Plain::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Plain::Bool(false),
        _ => Plain::Str,
    }
}

/// A text that starts with a digit or a sign.
fn number(text: &str, dialect: Dialect, times: bool) -> Plain {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if times && let Some(timestamp) = time::parse(text) {
        return Plain::Time(timestamp);
    }
    let text = without_underscores(text);
    let int = |int| match int {
        Int::Signed(value) => Plain::Int(value),
        Int::Unsigned(value) => Plain::Uint(value),
    };
    if let Some(value) = parse_int(&text) {
        return int(value);
    }
    if let Some(value) = parse_float(&text) {
        return Plain::Float(value);
    }
    // Behind these prefixes go-yaml lets a sign stand.
    let binary = text.strip_prefix("0b").map(|digits| (digits, 2));
    let octal = text.strip_prefix("0o").map(|digits| (digits, 8));
    match binary.or(octal.filter(|_| dialect == Dialect::Yaml12)) {
        Some((digits, base)) => parse_int_in(digits, base).map_or(Plain::Str, int),
        None => Plain::Str,
    }
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    }
}

impl Tree {
    /// What a node means, by the rules that kustomize reads resources with: `yes` is a string,
    /// `0777` is 511, `2001-01-01` is the string `2001-01-01T00:00:00Z`.
    ///
    /// # Errors
    /// [`Tag`](ErrorKind::Tag) where the value does not fit its explicit tag.
    pub fn resolve(&self, id: NodeId) -> Result<Value<'_>, Error> {
        self.resolve_in(id, Dialect::Yaml12)
    }

    /// What a node means in a file that kustomize reads by the rules of YAML 1.1, such as a JSON
    /// patch: `yes` is a boolean.
    ///
    /// # Errors
    /// As [`Tree::resolve`].
    pub fn resolve_11(&self, id: NodeId) -> Result<Value<'_>, Error> {
        self.resolve_in(id, Dialect::Yaml11)
    }

    pub(crate) fn resolve_in(&self, id: NodeId, dialect: Dialect) -> Result<Value<'_>, Error> {
        match self.kind(id) {
            Kind::Map => return Ok(Value::Map),
            Kind::Seq => return Ok(Value::Seq),
            Kind::Scalar => {}
        }
        let text = self.text(id);
        let quoted = self.style(id) != Style::Plain;
        match self.tag(id) {
            Some(tag) => self.resolve_tagged(id, tag, dialect),
            None if quoted => Ok(Value::Str(Cow::Borrowed(text))),
            None => self.value(id, plain(text, dialect, true), text),
        }
    }

    /// Whether a node is null.
    #[must_use]
    pub fn is_null(&self, id: NodeId) -> bool {
        if !self.is_scalar(id) {
            return false;
        }
        match self.tag(id) {
            Some(tag) => tag.strip_prefix(LONG_TAG) == Some("null"),
            None if self.style(id) != Style::Plain => false,
            None => matches!(plain(self.text(id), Dialect::Yaml12, false), Plain::Null),
        }
    }

    fn resolve_tagged(&self, id: NodeId, tag: &str, dialect: Dialect) -> Result<Value<'_>, Error> {
        let text = self.text(id);
        match tag.strip_prefix(LONG_TAG) {
            Some("binary") => return self.binary(id),
            Some(name) if is_resolved(name) => {}
            _ => return Ok(Value::Str(Cow::Borrowed(text))),
        }
        if let Some(found) = tagged(text, tag, dialect) {
            return self.value(id, found, text);
        }
        let tag = tag.replacen(LONG_TAG, "!!", 1);
        let message = format!("`{text}` does not fit its tag `{tag}`");
        Err(Error::new(ErrorKind::Tag, message).at(self.locate(self.origin(id))))
    }

    fn value<'a>(&self, id: NodeId, plain: Plain, text: &'a str) -> Result<Value<'a>, Error> {
        if let Plain::Time(timestamp) = &plain
            && !timestamp.fits_json()
        {
            let message = format!("the timestamp `{text}` has a time zone of a day or more");
            let error = Error::new(ErrorKind::Number, message);
            return Err(error.at(self.locate(self.origin(id))).with_hint("quote it"));
        }
        Ok(plain.into_value(text))
    }

    /// `!!binary`: the bytes as text, each byte that is no part of a character as U+FFFD.
    fn binary(&self, id: NodeId) -> Result<Value<'_>, Error> {
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
            .with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
        let text = self.text(id).replace(['\r', '\n'], "");
        let Ok(bytes) = engine.decode(text) else {
            let message = "this is not base64, as its tag `!!binary` says";
            return Err(Error::new(ErrorKind::Tag, message).at(self.locate(self.origin(id))));
        };
        let mut out = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            out.push_str(chunk.valid());
            out.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
        }
        Ok(Value::Str(Cow::Owned(out)))
    }
}
