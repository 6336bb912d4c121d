//! Timestamps in the four forms that go-yaml knows (resolve.go, `parseTimestamp`).

/// The timestamp that `text` is, in the form of RFC 3339, or nothing if it is none.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let year = digits(bytes, 4)?;
    if bytes.get(4) != Some(&b'-') {
        return None;
    }
    let mut rest = &bytes[5..];
    let month = number(&mut rest)?;
    literal(&mut rest, b"-")?;
    let day = number(&mut rest)?;
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let Some(&separator) = rest.first() else {
        return Some(Timestamp::new(format!("{date}T00:00:00Z")));
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    rest = &rest[1..];
    let clock = clock(&mut rest)?;
    let zone = match separator {
        b' ' => "Z".to_owned(),
        _ => zone(&mut rest)?,
    };
    let timestamp = Timestamp::new(format!("{date}T{clock}{zone}"));
    rest.is_empty().then_some(timestamp)
}

/// A point in time.
pub(crate) struct Timestamp {
    /// In the form of RFC 3339, with as many digits of the second as count.
    pub(crate) text: String,
}

impl Timestamp {
    fn new(text: String) -> Self {
        Self { text }
    }

    /// Whether Go can write it into JSON, which a zone of a whole day forbids.
    pub(crate) fn fits_json(&self) -> bool {
        let zone = &self.text[self.text.len().saturating_sub(6)..];
        !(zone.starts_with("+24")
            || zone.starts_with("-24")
            || zone.starts_with("+25")
            || zone.starts_with("-25"))
    }
}

/// Hour, minute and second, with a fraction if there is one.
fn clock(rest: &mut &[u8]) -> Option<String> {
    let hour = number(rest)?;
    literal(rest, b":")?;
    let minute = number(rest)?;
    literal(rest, b":")?;
    let second = number(rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut text = format!("{hour:02}:{minute:02}:{second:02}");
    if let [b'.' | b',', digit, ..] = rest
        && digit.is_ascii_digit()
    {
        let len = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let fraction: String = rest[1..=len]
            .iter()
            .take(9)
            .map(|&b| char::from(b))
            .collect();
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            text = format!("{text}.{fraction}");
        }
        *rest = &rest[1 + len..];
    }
    Some(text)
}

/// `Z` or an offset of hours and minutes.
fn zone(rest: &mut &[u8]) -> Option<String> {
    if let [b'Z', after @ ..] = rest {
        *rest = after;
        return Some("Z".to_owned());
    }
    let (&sign, after) = rest.split_first()?;
    if !matches!(sign, b'+' | b'-') {
        return None;
    }
    let hours = digits(after, 2)?;
    if after.get(2) != Some(&b':') {
        return None;
    }
    let minutes = digits(after.get(3..)?, 2)?;
    if hours > 24 || minutes > 60 {
        return None;
    }
    *rest = &after[5..];
    let total = hours * 60 + minutes;
    if total == 0 {
        return Some("Z".to_owned());
    }
    let (hours, minutes) = (total / 60, total % 60);
    Some(format!("{}{hours:02}:{minutes:02}", char::from(sign)))
}

/// A number of one or two digits.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let len = rest
        .iter()
        .take(2)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let value = digits(rest, len)?;
    *rest = &rest[len..];
    Some(value)
}

/// A number of exactly `len` digits, at least one.
fn digits(bytes: &[u8], len: usize) -> Option<u32> {
    let digits = bytes.get(..len).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + u32::from(byte - b'0'))
    })
}

fn literal(rest: &mut &[u8], text: &[u8]) -> Option<()> {
    *rest = rest.strip_prefix(text)?;
    Some(())
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|timestamp| timestamp.text)
    }

    #[test]
    fn reads_the_four_forms() {
        let cases = [
            ("2001-01-01", "2001-01-01T00:00:00Z"),
            ("2001-1-1", "2001-01-01T00:00:00Z"),
            (
                "2001-12-14t21:59:43.10-05:00",
                "2001-12-14T21:59:43.1-05:00",
            ),
            ("2001-12-14 21:59:43", "2001-12-14T21:59:43Z"),
            ("2001-12-14 21:59:43.10", "2001-12-14T21:59:43.1Z"),
            ("2001-12-14T21:59:43+00:00", "2001-12-14T21:59:43Z"),
            ("2001-12-14T1:2:3Z", "2001-12-14T01:02:03Z"),
            ("2000-02-29", "2000-02-29T00:00:00Z"),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "2001-13-45",
            "2001-02-30",
            "1900-02-29",
            "2001-12-14T21:59",
            "2001",
            "2001-",
            "20010101",
            "2001-01-01x",
            "2001-01-01 1:2:3Z",
            "2001-01-01T1:2:3",
            "2001-01-01T24:00:00Z",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
