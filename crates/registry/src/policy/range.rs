//! Ranges of versions in the grammar that Flux, Argo CD Image Updater and Helm share
//! (Masterminds/semver 3: constraints.go), which is not the one of Rust's `VersionReq`: there
//! `1.2.3` means `^1.2.3`, here it means `=1.2.3`.

use crate::error::{Error, ErrorKind, Result};
use semver::{BuildMetadata, Prerelease, Version};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A range of versions: comparisons that must all hold, separated by spaces or commas, or other
/// such groups after `||`.
///
/// A pre-release is in a group only if a comparison of the group names a pre-release: `>=1.2.0-0`
/// takes them, `>=1.2.0` does not.
///
/// ```
/// use windlass_registry::Range;
/// let range: Range = ">=1.2 <3.0.0 || >=4.2.3".parse()?;
/// assert!(range.contains(&"2.9.9".parse()?));
/// assert!(!range.contains(&"3.0.0".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: String,
    groups: Vec<Vec<Comparison>>,
}

/// The limits of the peer, so that a range that passes here passes there.
const LENGTH: usize = 512;
const GROUPS: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    version: Version,
    /// From where on the version was left open; what is open counts as 0.
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Major,
    Minor,
    Patch,
}

impl Range {
    /// Every version that is no pre-release.
    #[must_use]
    pub fn any() -> Self {
        "*".parse().expect("a range of one wildcard")
    }

    /// Whether a version is in the range.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (version.pre.is_empty() || takes_pre_releases(group))
                && group.iter().all(|one| one.holds(version))
        })
    }

    pub(crate) fn takes_pre_releases(&self) -> bool {
        self.groups.iter().any(|group| takes_pre_releases(group))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Range {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            let message = format!(
                "`{}` is not a range of versions: {why}",
                text.escape_debug()
            );
            Error::new(ErrorKind::Policy, message).suggest(
                "write it as `^1.2`, `~1.2.3`, `1.x`, `>=1.2 <3`, `1.2 - 2.3` or several with `||`",
            )
        };
        if text.len() > LENGTH || text.split("||").count() > GROUPS {
            return Err(refuse("it is too long"));
        }
        let groups = text.split("||").enumerate();
        let groups = groups.map(|(at, group)| Cursor(group).group(at == 0));
        match groups.collect::<Option<_>>() {
            Some(groups) => Ok(Self {
                text: text.to_owned(),
                groups,
            }),
            None => Err(refuse("a comparison in it cannot be read")),
        }
    }
}

fn takes_pre_releases(group: &[Comparison]) -> bool {
    group.iter().any(|one| !one.version.pre.is_empty())
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => self.compare(version).is_eq(),
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => self.compare(version).is_lt(),
            Operator::GreaterOrEqual => self.compare(version).is_ge(),
            Operator::LessOrEqual => self.less_or_equal(version),
            Operator::Caret => self.caret(version),
        }
    }

    /// By precedence: build metadata says nothing.
    fn compare(&self, version: &Version) -> Ordering {
        version.cmp_precedence(&self.version)
    }

    /// `>11` is from 12.0.0 on, `>11.1` from 11.2.0 on.
    fn greater(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Minor => version.major > own.major,
            Open::Patch => (version.major, version.minor) > (own.major, own.minor),
            Open::Nothing | Open::Major => self.compare(version).is_gt(),
        }
    }

    /// `<=11` is all of 11, `<=11.1` all of 11.1. `<=*` ends with 0.0, as it does there.
    fn less_or_equal(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Nothing => self.compare(version).is_le(),
            Open::Minor => version.major <= own.major,
            Open::Major | Open::Patch => (version.major, version.minor) <= (own.major, own.minor),
        }
    }

    fn not_equal(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Nothing | Open::Major => self.compare(version).is_ne(),
            Open::Minor => version.major != own.major,
            Open::Patch => {
                (version.major, version.minor) != (own.major, own.minor) || version.pre != own.pre
            }
        }
    }

    /// From this version on within its minor one, or its major one where the minor one is open.
    /// `~0.0.0` is from there on without end, as it is there.
    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        let zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if self.compare(version).is_lt() {
            return false;
        }
        match self.open {
            Open::Nothing | Open::Major if zero => true,
            Open::Minor => version.major == own.major,
            _ => (version.major, version.minor) == (own.major, own.minor),
        }
    }

    /// From this version on as long as its first number that is not 0 stays.
    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.compare(version).is_lt() || version.major != own.major {
            return false;
        }
        if own.major > 0 || self.open == Open::Minor {
            return true;
        }
        let settled = own.minor > 0 || self.open == Open::Patch;
        version.minor == own.minor && (settled || version.patch == own.patch)
    }
}

/// What is left of a group to read.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// All comparisons; `None` where the text is no group. There a range with a hyphen is read before
    /// the rest, which is why it cannot follow another comparison without a comma, nor `||` without
    /// a space, and why anything may follow it.
    fn group(mut self, first: bool) -> Option<Vec<Comparison>> {
        let mut comparisons = Vec::new();
        let mut may_span = self.skip_spaces() || first || self.0.starts_with('v');
        loop {
            let bare = self
                .0
                .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '*');
            let from = self.comparison()?;
            let mut apart = self.skip_spaces();
            match self.end_of_span(bare && apart) {
                Some(_) if !may_span => return None,
                Some(to) => {
                    let operator = Operator::GreaterOrEqual;
                    comparisons.extend([Comparison { operator, ..from }, to]);
                    self.skip_spaces();
                    apart = true;
                }
                None => {
                    comparisons.push(from);
                    may_span = false;
                }
            }
            if self.0.is_empty() {
                return Some(comparisons);
            }
            let comma = self.take(",");
            may_span |= comma;
            if !apart && !comma {
                return None;
            }
            self.skip_spaces();
        }
    }

    /// The second half of `1.2 - 2.3`.
    fn end_of_span(&mut self, possible: bool) -> Option<Comparison> {
        let mut rest = Cursor(self.0);
        if !(possible && rest.take("-") && rest.skip_spaces()) {
            return None;
        }
        let (version, open) = rest.version()?;
        self.0 = rest.0;
        Some(Comparison {
            operator: Operator::LessOrEqual,
            version,
            open,
        })
    }

    fn comparison(&mut self) -> Option<Comparison> {
        // Longer ones come before those that they begin with.
        const OPERATORS: [(&str, Operator); 11] = [
            (">=", Operator::GreaterOrEqual),
            ("=>", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("=<", Operator::LessOrEqual),
            ("!=", Operator::NotEqual),
            ("~>", Operator::Tilde),
            ("=", Operator::Equal),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("~", Operator::Tilde),
            ("^", Operator::Caret),
        ];
        let found = OPERATORS.iter().find(|(text, _)| self.take(text));
        self.skip_spaces();
        let (version, open) = self.version()?;
        Some(Comparison {
            operator: found.map_or(Operator::Equal, |(_, operator)| *operator),
            version,
            open,
        })
    }

    /// One to three numbers or wildcards, then pre-release and metadata. What follows a wildcard
    /// counts for nothing but the pre-release.
    fn version(&mut self) -> Option<(Version, Open)> {
        self.take("v");
        let numbers = self.numbers()?;
        let pre = Prerelease::new(self.identifiers("-")?).ok()?;
        BuildMetadata::new(self.identifiers("+")?).ok()?;
        let open = match numbers.len() {
            0 => Open::Major,
            1 => Open::Minor,
            2 => Open::Patch,
            _ => Open::Nothing,
        };
        let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
        let version = Version {
            pre,
            ..Version::new(number(0), number(1), number(2))
        };
        Some((version, open))
    }

    /// The numbers before the first wildcard, with leading zeros or without.
    fn numbers(&mut self) -> Option<Vec<u64>> {
        let mut numbers = Vec::new();
        let mut open = false;
        for at in 0..3 {
            if at > 0 && !self.take(".") {
                break;
            }
            let text = self.take_while(|c| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*'));
            open |= matches!(text, "x" | "X" | "*");
            match text {
                "" => return None,
                _ if open => {}
                digits => numbers.push(digits.parse().ok()?),
            }
        }
        Some(numbers)
    }

    /// `-rc.1` or `+build.5`, without its mark; empty if it is not there, `None` if it says nothing.
    fn identifiers(&mut self, mark: &str) -> Option<&'a str> {
        if !self.take(mark) {
            return Some("");
        }
        let found = self.take_while(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        (!found.is_empty()).then_some(found)
    }

    fn skip_spaces(&mut self) -> bool {
        !self.take_while(|c| c.is_ascii_whitespace()).is_empty()
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !wanted(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Masterminds/semver 3.5.0 on each range and version (`tests/oracle/ranges` records it).
    const RECORD: &str = include_str!("../../tests/cases/ranges.tsv");

    #[test]
    fn every_recorded_verdict() {
        let mut lines = RECORD.lines();
        let words = lines.next().expect("a line of versions").split(' ');
        let versions: Vec<Version> = words.map(|word| word.parse().expect(word)).collect();
        let mut count = 0;
        for line in lines {
            let (verdicts, text) = line.split_once('\t').expect("verdicts and a range");
            let found = match text.parse::<Range>() {
                Ok(range) => versions
                    .iter()
                    .map(|version| if range.contains(version) { '1' } else { '0' })
                    .collect(),
                Err(_) => "!".to_owned(),
            };
            assert_eq!(found, verdicts, "`{text}`");
            count += 1;
        }
        assert!(count > 1_200, "{count} ranges");
    }

    #[test]
    fn long_ranges_are_refused_as_there() {
        assert!(format!("{}1", "1 ||".repeat(31)).parse::<Range>().is_ok());
        assert!(format!("{}1", "1 ||".repeat(32)).parse::<Range>().is_err());
        assert!(format!("1{}", " ".repeat(511)).parse::<Range>().is_ok());
        assert!(format!("1{}", " ".repeat(512)).parse::<Range>().is_err());
    }

    fn version() -> impl Strategy<Value = Version> {
        let pre = prop_oneof![Just(""), Just("-0"), Just("-rc.1"), Just("-rc.2")];
        (0..3u64, 0..4u64, 0..4u64, pre)
            .prop_map(|(a, b, c, pre)| format!("{a}.{b}.{c}{pre}").parse().expect("a version"))
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9x*.,|<>=!~^ a+]{0,40}") {
            if let Ok(range) = text.parse::<Range>() {
                prop_assert_eq!(range.to_string().parse::<Range>().ok(), Some(range));
            }
        }

        #[test]
        fn a_group_is_both_and_a_bar_is_either(
            one in version(), other in version(), tried in version(),
        ) {
            let holds = |text: String| text.parse::<Range>().expect("a range").contains(&tried);
            // A pre-release in one comparison opens the group, so that both must name one.
            prop_assume!(one.pre.is_empty() == other.pre.is_empty());
            let (least, most) = (holds(format!(">={one}")), holds(format!("<={other}")));
            prop_assert_eq!(holds(format!(">={one} <={other}")), least && most);
            prop_assert_eq!(holds(format!("{one} - {other}")), least && most);
            prop_assert_eq!(holds(format!(">={one} || <={other}")), least || most);
        }

        #[test]
        fn shorthands_are_what_is_documented(one in version(), tried in version()) {
            prop_assume!(one.pre.is_empty() && (one.major, one.minor, one.patch) != (0, 0, 0));
            let holds = |text: String| text.parse::<Range>().expect("a range").contains(&tried);
            let Version { major, minor, patch, .. } = one.clone();
            let next = match (major, minor) {
                (0, 0) => format!("0.0.{}", patch + 1),
                (0, _) => format!("0.{}.0", minor + 1),
                _ => format!("{}.0.0", major + 1),
            };
            prop_assert_eq!(holds(format!("^{one}")), holds(format!(">={one} <{next}")));
            let next = format!("{major}.{}.0", minor + 1);
            prop_assert_eq!(holds(format!("~{one}")), holds(format!(">={one} <{next}")));
            prop_assert_eq!(holds(format!("!={one}")), tried.pre.is_empty() && !holds(one.to_string()));
        }
    }
}
