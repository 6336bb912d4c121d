//! Names: where an image goes, what it is built on, and how its tags are called.

use crate::error::{Error, ErrorKind, Result};
use oci_client::Reference;
use reqwest::Url;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A tag, checked against the grammar of the distribution specification:
/// `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Tag(String);

impl Tag {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let first = text.bytes().next().is_some_and(word);
        let rest = text.bytes().all(|b| word(b) || b == b'.' || b == b'-');
        if first && rest && text.len() <= 128 {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("`{}` is not a tag", text.escape_debug());
        Err(Error::new(ErrorKind::Reference, message).suggest(match text.contains('+') {
            true => "a tag has no `+`; write `_` in its place",
            false => "a tag has 1 to 128 letters, digits, `_`, `.` and `-`, and begins with neither `.` nor `-`",
        }))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which tags never move: words with `*` for any text and `?` for any one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPattern(Vec<char>);

impl TagPattern {
    /// Reads a pattern; every text is one.
    ///
    /// ```
    /// use windlass_registry::TagPattern;
    /// let release = TagPattern::new("v*.?");
    /// assert!(release.matches(&"v1.2.3".parse()?));
    /// assert!(!release.matches(&"dev-v1.2".parse()?));
    /// # Ok::<(), windlass_registry::Error>(())
    /// ```
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// Whether the whole tag fits.
    #[must_use]
    pub fn matches(&self, tag: &Tag) -> bool {
        // The usual two-pointer walk: on a mismatch the last `*` takes one character more.
        let (pattern, text) = (&self.0, tag.0.as_bytes());
        let (mut at, mut read) = (0, 0);
        let mut star = None;
        while read < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, read));
                    at += 1;
                }
                Some(&c) if c == '?' || c == char::from(text[read]) => {
                    at += 1;
                    read += 1;
                }
                _ => match star {
                    Some((back, taken)) => {
                        star = Some((back, taken + 1));
                        (at, read) = (back + 1, taken + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|&c| c == '*')
    }
}

/// A repository in a registry, named as Docker names it: without a host it is Docker Hub's, and
/// there without a slash it is `library`'s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    registry: String,
    name: String,
}

impl Repository {
    pub(crate) fn of(reference: &Reference) -> Self {
        Self {
            registry: reference.registry().to_owned(),
            name: reference.repository().to_owned(),
        }
    }

    /// The registry, as credentials and messages name it: `docker.io`, `localhost:5000`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path in the registry: `library/python`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys of this registry in credential files: Docker and its helpers know Docker Hub by an
    /// old URL, Podman by its name.
    pub(crate) fn credential_keys(&self) -> Vec<&str> {
        match self.registry.as_str() {
            "docker.io" => vec!["https://index.docker.io/v1/", "docker.io"],
            other => vec![other],
        }
    }

    /// The repository and the folders it is in, the nearest first, as Podman's files may name them
    /// (containers-auth.json: "Format").
    pub(crate) fn folders(&self) -> Vec<String> {
        let whole = self.to_string();
        let ends = whole.match_indices('/').map(|(at, _)| at).skip(1);
        let mut folders: Vec<String> = ends.map(|end| whole[..end].to_owned()).collect();
        folders.push(whole);
        folders.reverse();
        folders
    }

    /// Where its distribution API is. Plain http is for this machine, or where it is asked for.
    pub(crate) fn endpoint(&self, plain_http: bool) -> Result<Url> {
        let host = match self.registry.as_str() {
            "docker.io" => "registry-1.docker.io",
            other => other,
        };
        let scheme = match plain_http || is_loopback(host) {
            true => "http",
            false => "https",
        };
        Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|error| {
            let message = format!("`{}` is not a host of a registry", self.registry);
            Error::new(ErrorKind::Reference, message).because(error)
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

/// Whether a `host` or `host:port` is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.parse::<std::net::Ipv4Addr>();
    name == "localhost" || name == "[::1]" || address.is_ok_and(|address| address.is_loopback())
}

/// Where an image goes: a repository in a registry, or a folder with an OCI image layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `registry/repository`.
    Registry(Repository),
    /// `oci:PATH`.
    Layout(PathBuf),
}

impl FromStr for Target {
    type Err = Error;

    /// ```
    /// use windlass_registry::Target;
    /// assert_eq!("example/app".parse::<Target>()?.to_string(), "docker.io/example/app");
    /// assert_eq!("oci:registry/app".parse::<Target>()?.to_string(), "oci:registry/app");
    /// # Ok::<(), windlass_registry::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("oci:") {
            return Ok(Self::Layout(folder(text, path)?));
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        if last.contains([':', '@']) {
            let message = format!("`{text}` names a tag or a digest where an image goes");
            return Err(Error::new(ErrorKind::Reference, message)
                .suggest("name the repository alone; tags are given beside it"));
        }
        Ok(Self::Registry(Repository::of(&reference(text)?)))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(repository) => write!(f, "{repository}"),
            Self::Layout(path) => write!(f, "oci:{}", path.display()),
        }
    }
}

/// An image in a layout folder: the folder and, where it holds several, the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutImage {
    /// The folder.
    pub path: PathBuf,
    /// The tag; none where the folder holds one image.
    pub tag: Option<String>,
}

impl FromStr for LayoutImage {
    type Err = Error;

    /// Reads `PATH`, `PATH:TAG` and both with `oci:` before. What follows the last colon is a tag
    /// unless a slash is in it.
    fn from_str(text: &str) -> Result<Self> {
        let plain = text.strip_prefix("oci:").unwrap_or(text);
        let (path, tag) = match plain.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag.parse::<Tag>()?.0)),
            _ => (plain, None),
        };
        Ok(Self {
            path: folder(text, path)?,
            tag,
        })
    }
}

impl fmt::Display for LayoutImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}", self.path.display())?;
        match &self.tag {
            Some(tag) => write!(f, ":{tag}"),
            None => Ok(()),
        }
    }
}

/// What an image is built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    Scratch,
    /// An image in a layout folder: `oci:PATH[:TAG]`.
    Layout(LayoutImage),
    /// An image in a registry.
    Registry(Reference),
}

impl FromStr for Base {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "scratch" => Ok(Self::Scratch),
            _ if text.starts_with("oci:") => Ok(Self::Layout(text.parse()?)),
            _ => Ok(Self::Registry(reference(text)?)),
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scratch => f.write_str("scratch"),
            Self::Layout(image) => write!(f, "{image}"),
            Self::Registry(reference) => write!(f, "{reference}"),
        }
    }
}

fn folder(text: &str, path: &str) -> Result<PathBuf> {
    match path {
        "" => Err(Error::new(
            ErrorKind::Reference,
            format!("`{text}` names no folder"),
        )),
        path => Ok(PathBuf::from(path)),
    }
}

pub(crate) fn reference(text: &str) -> Result<Reference> {
    let refuse = || {
        let message = format!("`{}` is not the name of an image", text.escape_debug());
        Error::new(ErrorKind::Reference, message)
            .suggest("write it as `registry/repository:tag`, in lower case")
    };
    let read = Reference::from_str(text).map_err(|error| refuse().because(error))?;
    // The library takes `Name/app` for Docker Hub's, where no such name can be.
    match read.repository().contains(|c: char| c.is_ascii_uppercase()) {
        true => Err(refuse()),
        false => Ok(read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Docker's own rules for its names (distribution: reference/normalize_test.go).
    #[test]
    fn docker_hub_is_named_in_many_ways() {
        for (given, registry, name) in [
            ("python", "docker.io", "library/python"),
            ("library/python", "docker.io", "library/python"),
            ("example/app", "docker.io", "example/app"),
            ("docker.io/python", "docker.io", "library/python"),
            ("docker.io/example/app", "docker.io", "example/app"),
            ("index.docker.io/example/app", "docker.io", "example/app"),
            ("index.docker.io/python", "docker.io", "library/python"),
            ("ghcr.io/example/app", "ghcr.io", "example/app"),
            ("localhost/app", "localhost", "app"),
            ("localhost:5000/app", "localhost:5000", "app"),
            ("registry:5000/a/b/c", "registry:5000", "a/b/c"),
        ] {
            let Target::Registry(found) = given.parse().unwrap() else {
                panic!("`{given}` is no folder");
            };
            assert_eq!(
                (found.registry(), found.name()),
                (registry, name),
                "{given}"
            );
        }
    }

    #[test]
    fn endpoints() {
        for (given, plain, url) in [
            ("python", false, "https://registry-1.docker.io/v2/"),
            ("ghcr.io/a/b", false, "https://ghcr.io/v2/"),
            ("ghcr.io/a/b", true, "http://ghcr.io/v2/"),
            ("localhost:5000/a", false, "http://localhost:5000/v2/"),
            ("127.0.0.1:5000/a", false, "http://127.0.0.1:5000/v2/"),
            ("127.8.8.8/a", false, "http://127.8.8.8/v2/"),
            (
                "localhost.example.com/a",
                false,
                "https://localhost.example.com/v2/",
            ),
            (
                "127.0.0.1.example.com/a",
                false,
                "https://127.0.0.1.example.com/v2/",
            ),
            ("10.0.0.1:5000/a", false, "https://10.0.0.1:5000/v2/"),
        ] {
            let repository = Repository::of(&reference(given).unwrap());
            assert_eq!(repository.endpoint(plain).unwrap().as_str(), url, "{given}");
        }
    }

    #[test]
    fn layouts_are_folders_with_or_without_a_tag() {
        for (given, path, tag) in [
            ("out", "out", None),
            ("oci:out", "out", None),
            ("oci:out:v1.2", "out", Some("v1.2")),
            ("./a:b/c", "./a:b/c", None),
            ("./a:b/c:d", "./a:b/c", Some("d")),
        ] {
            let image: LayoutImage = given.parse().unwrap();
            assert_eq!(image.path, PathBuf::from(path), "{given}");
            assert_eq!(image.tag.as_deref(), tag, "{given}");
        }
    }

    #[test]
    fn refused_names() {
        for given in [
            "oci:",
            "example/app:v1",
            "example/app@sha256:00",
            "Example/App",
            "",
            "a b",
            "-a",
        ] {
            let error = given.parse::<Target>().expect_err(given);
            assert_eq!(error.kind(), ErrorKind::Reference, "{given}");
        }
        for given in ["", ".a", "-a", "a b", "1.0+build", "ä", &"a".repeat(129)] {
            assert!(given.parse::<Tag>().is_err(), "{given}");
        }
        // No host is spelt like this, and no name of Docker Hub.
        assert!("EXAMPLE/app:v1".parse::<Base>().is_err());
        assert!("a".repeat(128).parse::<Tag>().is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = text.parse::<Target>();
            let _ = text.parse::<Base>();
            let _ = text.parse::<LayoutImage>();
        }

        #[test]
        fn a_tag_is_what_the_grammar_says(text in "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}") {
            let tag: Tag = text.parse().unwrap();
            prop_assert_eq!(tag.as_str(), text.as_str());
            prop_assert!(TagPattern::new("*").matches(&Tag(text.clone())));
            prop_assert!(TagPattern::new(&text).matches(&Tag(text)));
        }
    }
}
