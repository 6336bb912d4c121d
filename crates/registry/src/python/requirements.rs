//! Requirements files in pip's hash-checking form (pip: "Requirements File Format", "Secure
//! installs"): `name==version`, a marker, and the hashes that its wheels may have.

use super::version::Version;
use super::{Target, is_name, marker, normal};
use crate::error::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use windlass_fault::Location;

/// A pinned requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// As indexes spell it.
    pub(crate) name: String,
    /// As it is written.
    pub(crate) version: String,
    /// The SHA-256 digests that are pinned, in lower-case digits.
    pub(crate) hashes: BTreeSet<String>,
    pub(crate) place: Location,
}

const LIMIT: u64 = 16 << 20;

impl Requirement {
    /// Reads those requirements of a file that the target has.
    pub(crate) fn read(path: &Path, target: &Target) -> Result<Vec<Self>> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
        if text.len() as u64 > LIMIT {
            let message = format!("`{}` is larger than {LIMIT} bytes", path.display());
            return Err(Error::new(ErrorKind::Requirements, message));
        }
        Self::parse(&path.display().to_string(), &text, target)
    }

    fn parse(path: &str, text: &str, target: &Target) -> Result<Vec<Self>> {
        let mut found: BTreeMap<String, Self> = BTreeMap::new();
        for line in logical_lines(text) {
            let place = Location::at_line(path, line.number, 1).with_line(line.first, line.width());
            let read =
                requirement(&line.text, &place, target).map_err(|why| wrong(&why, &place))?;
            let Some(requirement) = read else { continue };
            if let Some(before) = found.get(&requirement.name) {
                let why = format!(
                    "`{}` is pinned on line {} too",
                    before.name, before.place.line
                );
                return Err(wrong(&why, &place));
            }
            found.insert(requirement.name.clone(), requirement);
        }
        Ok(found.into_values().collect())
    }
}

fn wrong(why: &str, place: &Location) -> Error {
    let message = format!("cannot follow a requirement: {why}");
    Error::new(ErrorKind::Requirements, message)
        .at(place.clone())
        .suggest("write the file with `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`")
}

struct Line<'a> {
    number: u32,
    first: &'a str,
    text: String,
}

impl Line<'_> {
    fn width(&self) -> u32 {
        u32::try_from(self.first.trim_end_matches([' ', '\\']).chars().count()).unwrap_or(1)
    }
}

/// Lines with their continuations and without comments. As for pip a comment ends a continued line.
fn logical_lines(text: &str) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut open = false;
    for (at, physical) in text.lines().enumerate() {
        if !open {
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let text = String::new();
            lines.push(Line {
                number,
                first: physical,
                text,
            });
        }
        let Some(line) = lines.last_mut() else {
            continue;
        };
        let comment = physical.trim_start().starts_with('#');
        let continued = physical.strip_suffix('\\').filter(|_| !comment);
        open = continued.is_some();
        line.text.push(' ');
        line.text
            .push_str(without_comment(continued.unwrap_or(physical)));
    }
    lines.retain(|line| !line.text.trim().is_empty());
    lines
}

fn without_comment(line: &str) -> &str {
    let starts = line
        .match_indices('#')
        .find(|&(at, _)| at == 0 || line[..at].ends_with(char::is_whitespace));
    starts.map_or(line, |(at, _)| &line[..at])
}

/// The requirement of a line, if the target has it.
fn requirement(
    line: &str,
    place: &Location,
    target: &Target,
) -> Result<Option<Requirement>, String> {
    let line = line.trim();
    if line.starts_with('-') {
        return match line {
            "--require-hashes" | "--only-binary :all:" | "--only-binary=:all:" => Ok(None),
            _ => Err(format!(
                "the option `{}` is not supported",
                line.split([' ', '=']).next().unwrap_or(line)
            )),
        };
    }
    let (specifier, options) = match line.find(" --") {
        Some(at) => line.split_at(at),
        None => (line, ""),
    };
    let (pin, marker) = match specifier.split_once(';') {
        Some((pin, marker)) => (pin, Some(marker)),
        None => (specifier, None),
    };
    let (name, version) = pinned(pin.trim())?;
    let hashes = hashes(options)?;
    if hashes.is_empty() {
        return Err(format!("`{name}` has no `--hash=sha256:…`"));
    }
    match marker
        .map(|marker| marker::holds(marker, target))
        .transpose()
    {
        Ok(Some(false)) => Ok(None),
        Ok(_) => Ok(Some(Requirement {
            name: normal(name),
            version: version.to_owned(),
            hashes,
            place: place.clone(),
        })),
        Err(why) => Err(format!("its marker is wrong: {why}")),
    }
}

/// `name==version` or `name[extra]==version`. The requirements of extras are lines of their own.
fn pinned(text: &str) -> Result<(&str, &str), String> {
    let not_pinned = || format!("`{text}` is not pinned as `name==version`");
    let (name, version) = text.split_once("==").ok_or_else(not_pinned)?;
    let (name, version) = (name.trim(), version.trim());
    let name = match name.split_once('[') {
        Some((name, extras)) if extras.ends_with(']') => name.trim(),
        Some(_) => return Err(not_pinned()),
        None => name,
    };
    match is_name(name) && Version::parse(version).is_some() {
        true => Ok((name, version)),
        false => Err(not_pinned()),
    }
}

fn hashes(options: &str) -> Result<BTreeSet<String>, String> {
    let options = options.split_ascii_whitespace();
    options
        .map(|option| {
            let value = option
                .strip_prefix("--hash=")
                .ok_or_else(|| format!("the option `{option}` is not supported"))?;
            let hex = value
                .strip_prefix("sha256:")
                .ok_or_else(|| format!("the hash `{value}` is not a SHA-256 one"))?;
            match hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                true => Ok(hex.to_ascii_lowercase()),
                false => Err(format!("`{value}` is not a hash")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Requirement>> {
        let target = Target::new("3.13.1", &"linux/amd64".parse().unwrap()).unwrap();
        Requirement::parse("requirements.txt", text, &target)
    }

    fn hash(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    #[test]
    fn the_form_that_pip_compile_writes() {
        let (a, b) = (hash('a'), hash('B'));
        let text = format!(
            "# made by a tool\n--require-hashes\n\nFlask_X[async]==3.1.0 ; python_version >= '3.9' \\\n    \
             --hash=sha256:{a} \\\n    --hash=sha256:{b}\n    # via x\ncolorama==0.4.6 ; \
             sys_platform == 'win32' --hash=sha256:{a}\nz==1 --hash=sha256:{a}  # last\n"
        );
        let found = parse(&text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].name.as_str(), found[0].version.as_str()),
            ("flask-x", "3.1.0")
        );
        assert_eq!(found[0].hashes, BTreeSet::from([a.clone(), hash('b')]));
        assert_eq!(found[0].place.to_string(), "requirements.txt:4:1");
        assert_eq!((found[1].name.as_str(), found[1].place.line), ("z", 9));
    }

    #[test]
    fn what_cannot_be_followed_names_its_line() {
        let a = hash('a');
        for (text, line) in [
            ("flask==1".to_owned(), 1),
            (format!("\nflask>=1 --hash=sha256:{a}"), 2),
            (format!("flask==1.* --hash=sha256:{a}"), 1),
            (format!("flask --hash=sha256:{a}"), 1),
            (format!("fl ask==1 --hash=sha256:{a}"), 1),
            (format!("../x==1 --hash=sha256:{a}"), 1),
            (
                format!("flask @ https://example.org/x.whl --hash=sha256:{a}"),
                1,
            ),
            ("flask==1 --hash=md5:00".to_owned(), 1),
            ("flask==1 --hash=sha256:00".to_owned(), 1),
            (format!("flask==1 ; python >= '3' --hash=sha256:{a}"), 1),
            ("-r other.txt".to_owned(), 1),
            (
                "--index-url https://user:password@example.org".to_owned(),
                1,
            ),
            ("-e .".to_owned(), 1),
            (format!("a==1 --hash=sha256:{a}\nA==2 --hash=sha256:{a}"), 2),
        ] {
            use windlass_fault::Fault as _;
            let error = parse(&text).expect_err(&text);
            assert_eq!(error.kind(), ErrorKind::Requirements, "{text}");
            assert_eq!(error.location().unwrap().line, line, "{text}");
            assert!(!error.to_string().contains("password"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([a=;#\\\\ \n-]|==|--hash=|sha256:|é){0,30}") {
            let _ = parse(&text);
        }
    }
}
