//! Anchors, aliases, tags and directives.

use super::{LONG_TAG, Scanner};
use crate::chars::{is_blank_or_end, is_word};
use crate::error::{Error, ErrorKind};

impl<'a> Scanner<'a> {
    /// The name behind `&` or `*`.
    pub(crate) fn anchor(&mut self) -> Result<&'a str, Error> {
        let start = self.pos;
        self.key_ok = false;
        self.pos += 1;
        let len = self
            .from(self.pos)
            .iter()
            .take_while(|&&b| is_word(b))
            .count();
        let name = &self.text[self.pos..self.pos + len];
        self.pos += len;
        let closed = is_blank_or_end(self.from(self.pos))
            || matches!(
                self.byte(),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if len == 0 || !closed {
            let sign = char::from(self.bytes[start]);
            let what = if sign == '&' { "anchor" } else { "alias" };
            let message = format!("the name of an {what} is made of letters, digits, `-` and `_`");
            return Err(self
                .fail(ErrorKind::Syntax, start..self.pos + 1, message)
                .with_hint(format!(
                    "quote the value if it is meant to start with `{sign}`"
                )));
        }
        Ok(name)
    }

    /// A line that starts with `%`; the handle and the prefix that a `%TAG` declares.
    pub(crate) fn directive(&mut self) -> Result<Option<(String, String)>, Error> {
        let start = self.pos;
        self.key_ok = false;
        self.skip_line();
        let line = &self.text[start..self.pos];
        let words = line.split(" #").next().unwrap_or(line);
        let words: Vec<&str> = words.split_whitespace().collect();
        match words[..] {
            ["%YAML", "1.1"] => Ok(None),
            ["%TAG", handle, prefix] if handle.starts_with('!') && handle.ends_with('!') => {
                Ok(Some((handle.to_owned(), prefix.to_owned())))
            }
            _ => Err(self.fail(
                ErrorKind::Syntax,
                start..self.pos,
                "only the directives `%YAML 1.1` and `%TAG` are known",
            )),
        }
    }

    /// A tag in its long form; nothing for `!`, which says no more than that there is none.
    pub(crate) fn tag(&mut self, handles: &[(String, String)]) -> Result<String, Error> {
        let start = self.pos;
        self.key_ok = false;
        let tag = if self.byte_at(start + 1) == b'<' {
            self.pos += 2;
            let tag = self.tag_uri(start, false)?;
            if self.byte() != b'>' {
                return Err(self.bad_tag(start));
            }
            self.pos += 1;
            tag
        } else {
            self.short_tag(start, handles)?
        };
        if !is_blank_or_end(self.from(self.pos)) {
            return Err(self.bad_tag(start));
        }
        Ok(tag)
    }

    fn short_tag(&mut self, start: usize, handles: &[(String, String)]) -> Result<String, Error> {
        let len = self
            .from(start + 1)
            .iter()
            .take_while(|&&b| is_word(b))
            .count();
        if self.byte_at(start + 1 + len) != b'!' {
            self.pos = start + 1;
            let rest = self.tag_uri(start, true)?;
            return Ok(format!("!{rest}"));
        }
        let handle = &self.text[start..start + len + 2];
        self.pos = start + len + 2;
        let suffix = self.tag_uri(start, false)?;
        let prefix = match handles.iter().find(|(name, _)| name == handle) {
            Some((_, prefix)) => prefix.as_str(),
            None if handle == "!!" => LONG_TAG,
            None => {
                let message = format!("the tag handle `{handle}` is not declared");
                return Err(self.fail(ErrorKind::Syntax, start..self.pos, message));
            }
        };
        Ok(format!("{prefix}{suffix}"))
    }

    fn tag_uri(&mut self, start: usize, may_be_empty: bool) -> Result<String, Error> {
        let mut uri = Vec::new();
        let from = self.pos;
        loop {
            match self.byte() {
                b'%' => {
                    let hex = self.text.get(self.pos + 1..self.pos + 3);
                    let octet = hex
                        .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
                        .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    let Some(octet) = octet else {
                        return Err(self.bad_tag(start));
                    };
                    uri.push(octet);
                    self.pos += 3;
                }
                byte if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.pos += 1;
                }
                _ => break,
            }
        }
        if self.pos == from && !may_be_empty {
            return Err(self.bad_tag(start));
        }
        String::from_utf8(uri).map_err(|_| self.bad_tag(start))
    }

    fn bad_tag(&self, start: usize) -> Error {
        self.fail(ErrorKind::Syntax, start..self.pos + 1, "this is not a tag")
            .with_hint("quote the value if it is meant to start with `!`")
    }
}
