//! Versions of Python projects and their order (PyPA: "Version specifiers", once PEP 440).

use std::cmp::Ordering;

/// A version, in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    epoch: u64,
    /// Without trailing zeros: `1.0` is `1`.
    release: Vec<u64>,
    pre: Pre,
    /// None is before `.post0`.
    post: Option<u64>,
    dev: Dev,
    local: Vec<Part>,
}

/// `1.0.dev1` is before `1.0a1`, and that before `1.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    OnlyDev,
    Some(u8, u64),
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Some(u64),
    None,
}

/// In a local version, words are before numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

impl Version {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (public, local) = match lower.split_once('+') {
            Some((public, local)) => (public, local_parts(local)?),
            None => (lower.as_str(), Vec::new()),
        };
        let rest = public.strip_prefix('v').unwrap_or(public);
        let (epoch, rest) = match rest.split_once('!') {
            Some((epoch, rest)) => (number(epoch)?, rest),
            None => (0, rest),
        };
        let (release, rest) = release(rest)?;
        let mut rest = Rest(rest);
        let letters = [
            ("alpha", 0),
            ("a", 0),
            ("beta", 1),
            ("b", 1),
            ("c", 2),
            ("rc", 2),
            ("preview", 2),
            ("pre", 2),
        ];
        let pre = letters
            .iter()
            .find_map(|&(word, rank)| Some((rank, rest.take(word)?)));
        // `1.0-1` is `1.0.post1`.
        let bare = rest.0.strip_prefix('-').and_then(number);
        let post = match bare {
            Some(post) => {
                rest = Rest("");
                Some(post)
            }
            None => ["post", "rev", "r"].iter().find_map(|word| rest.take(word)),
        };
        let dev = rest.take("dev");
        if !rest.0.is_empty() {
            return None;
        }
        let pre = match (pre, post, dev) {
            (Some((rank, number)), ..) => Pre::Some(rank, number),
            (None, None, Some(_)) => Pre::OnlyDev,
            (None, ..) => Pre::None,
        };
        let dev = dev.map_or(Dev::None, Dev::Some);
        Some(Self {
            epoch,
            release,
            pre,
            post,
            dev,
            local,
        })
    }

    /// Whether the version begins with this release: `3.13.1` begins with `3.13`.
    pub(crate) fn begins_with(&self, prefix: &str) -> Option<bool> {
        let parts: Option<Vec<u64>> = prefix.split('.').map(number).collect();
        let parts = parts?;
        let own = self.release.iter().copied().chain(std::iter::repeat(0));
        Some(own.take(parts.len()).eq(parts.iter().copied()))
    }

    /// `~=`: at least `bound`, and the same release but for its last part as it is written.
    pub(crate) fn is_compatible_with(&self, bound: &str) -> Option<bool> {
        let (prefix, last) = bound.rsplit_once('.')?;
        number(last)?;
        let least = Self::parse(bound)?;
        Some(self.cmp(&least) != Ordering::Less && self.begins_with(prefix)?)
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// The numbers at the start, and the rest.
fn release(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut end = 0;
    let mut numbers = Vec::new();
    loop {
        let part = &text[end..];
        let digits = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        numbers.push(number(&part[..digits])?);
        end += digits;
        let next = text[end..].strip_prefix('.');
        match next.filter(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
            Some(_) => end += 1,
            None => break,
        }
    }
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some((numbers, &text[end..]))
}

fn local_parts(local: &str) -> Option<Vec<Part>> {
    let parts = local.split(['.', '-', '_']);
    parts
        .map(|part| match number(part) {
            Some(number) => Some(Part::Number(number)),
            None if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) => None,
            None => Some(Part::Word(part.to_owned())),
        })
        .collect()
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Takes `[-_.]?word[-_.]?[0-9]*`; a missing number is 0.
    fn take(&mut self, word: &str) -> Option<u64> {
        let separators = ['-', '_', '.'];
        let after = self
            .0
            .strip_prefix(separators)
            .unwrap_or(self.0)
            .strip_prefix(word)?;
        let digits = after.strip_prefix(separators).unwrap_or(after);
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let (value, rest) = match end {
            0 if after.starts_with(|c: char| c.is_ascii_alphabetic()) => return None,
            0 => (0, after),
            end => (number(&digits[..end])?, &digits[end..]),
        };
        self.0 = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of the specification's own example, and of `packaging`'s tests.
    #[test]
    fn order() {
        let sorted = [
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ];
        for pair in sorted.windows(2) {
            let [a, b] = pair else { panic!("two") };
            assert!(
                Version::parse(a).unwrap() < Version::parse(b).unwrap(),
                "{a} < {b}"
            );
        }
    }

    #[test]
    fn spellings_of_one_version() {
        for (a, b) in [
            ("1.0", "v1"),
            ("1.0a1", "1.0-ALPHA.1"),
            ("1.0rc1", "1.0c1"),
            ("1.0rc0", "1.0.preview"),
            ("1.0.post1", "1.0-1"),
            ("1.0.post2", "1.0-r2"),
            ("1.0.dev0", "1.0dev"),
            ("1.0+a.1", "1.0+A-01"),
            ("3.13", "3.13.0"),
        ] {
            assert_eq!(Version::parse(a), Version::parse(b), "{a} = {b}");
            assert!(Version::parse(a).is_some(), "{a}");
        }
        for bad in [
            "",
            "1.",
            "1..2",
            "a",
            "1.0-",
            "1.0x",
            "1.0+",
            "1.0+a..b",
            "99999999999999999999999",
        ] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn prefixes_and_compatible_releases() {
        let version = Version::parse("3.13.1").unwrap();
        assert_eq!(version.begins_with("3.13"), Some(true));
        assert_eq!(version.begins_with("3.1"), Some(false));
        assert_eq!(version.begins_with("3.x"), None);
        assert_eq!(version.is_compatible_with("3.9"), Some(true));
        assert_eq!(version.is_compatible_with("3.13.0"), Some(true));
        assert_eq!(version.is_compatible_with("3.13.2"), Some(false));
        assert_eq!(version.is_compatible_with("3.12.0"), Some(false));
        assert_eq!(version.is_compatible_with("3"), None);
    }
}
