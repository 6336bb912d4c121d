//! Which paths name a git repository, and what in it
//! (`kustomize: api/internal/git/repospec.go`).

use crate::files::normalized;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a repository may take, where its address does not say.
const PATIENCE: Duration = Duration::from_secs(27);

/// The longest time that an address may ask for.
const MOST_PATIENCE: Duration = Duration::from_secs(3600);

/// A git repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repository {
    /// Its address, in one of git's own forms. A password that it carries is for its host alone
    /// and must not be shown.
    pub url: String,
    /// A branch, tag or full commit; empty for what `HEAD` is there.
    pub reference: String,
    /// Whether folders that are repositories of their own are wanted too.
    pub submodules: bool,
    /// How long fetching may take.
    pub timeout: Duration,
}

/// A folder of a git repository, as a kustomization names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) repository: Repository,
    /// The folder, relative to the root of the repository.
    pub(crate) path: PathBuf,
}

/// Whether kustomize asks a web server for the file of that name.
pub(crate) fn is_web(path: &str) -> bool {
    without(path, "https://")
        .or_else(|| without(path, "http://"))
        .is_some_and(|rest| !rest.is_empty() && !path.contains(char::is_control))
}

/// The address without the password in it, as it may be shown.
///
/// ```
/// let shown = windlass_overlay::without_password("https://me:secret@example.org/a");
/// assert_eq!(shown, "https://me@example.org/a");
/// ```
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    match user.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}@{host}{}", &rest[authority.len()..]),
        None => url.to_owned(),
    }
}

impl Address {
    /// Reads an address; nothing if the text is no address of a repository.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return None;
        }
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        let (host, rest) = split_host(text)?;
        let (repository, path) = split_path(&rest, host == FILE)?;
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = normalized(Path::new(path.trim_start_matches('/')));
        if repository.is_empty() || path.starts_with("..") {
            return None;
        }
        let url = format!("{host}{repository}");
        let repository = asked(url, query);
        Some(Self { repository, path })
    }

    /// The address of a file below the folder, as it may be shown.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let Repository { url, reference, .. } = &self.repository;
        let mut shown = without_password(url);
        if !path.as_os_str().is_empty() {
            shown.push_str(&format!("//{}", path.display()));
        }
        if !reference.is_empty() {
            shown.push_str(&format!("?ref={reference}"));
        }
        shown
    }

    /// Whether the repository is a folder of this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.repository.url.starts_with(FILE)
    }
}

const FILE: &str = "file://";

/// What is left of the text behind a beginning, in whatever case.
fn without<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let head = text.get(..start.len())?;
    head.eq_ignore_ascii_case(start)
        .then(|| &text[start.len()..])
}

/// Scheme, user and host in one, and what follows. GitHub's are brought into one form, which may
/// take another scheme.
fn split_host(text: &str) -> Option<(String, String)> {
    let text = without(text, "git::").unwrap_or(text);
    let schemes = ["ssh://", "https://", "http://", FILE];
    let found = schemes
        .iter()
        .find_map(|scheme| Some((*scheme, without(text, scheme)?)));
    let (scheme, rest) = found.unwrap_or(("", text));
    let (user, rest) = split_user(rest);
    let is_github = ["github.com/", "github.com:"]
        .iter()
        .any(|host| without(rest, host).is_some());
    let is_scp = scheme.is_empty() && (!user.is_empty() || is_github);
    if scheme.is_empty() && !is_scp {
        return None;
    }
    if scheme == FILE {
        return Some((scheme.to_owned(), format!("{user}{rest}")));
    }
    let end = host_end(rest, is_scp)?;
    let (host, rest) = rest.split_at(end + 1);
    let host = match (is_github, scheme) {
        (true, "ssh://") => format!("{user}github.com:"),
        (true, _) if !user.is_empty() => format!("{user}github.com:"),
        (true, _) => "https://github.com/".to_owned(),
        (false, _) => format!("{scheme}{user}{host}"),
    };
    Some((host, rest.to_owned()))
}

/// A user with the `@` behind it.
fn split_user(text: &str) -> (&str, &str) {
    let Some(at) = text.find('@') else {
        return ("", text);
    };
    let user = &text[..at];
    let is_user = user.starts_with(|c: char| c.is_ascii_alphabetic())
        && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.split_at(if is_user { at + 1 } else { 0 })
}

/// Where the sign behind the host stands. A colon is one only in front of the first slash.
fn host_end(text: &str, is_scp: bool) -> Option<usize> {
    let slash = text.find('/');
    let colon = text.find(':').filter(|&colon| is_scp && colon > 0);
    match (slash, colon) {
        (Some(slash), Some(colon)) => Some(slash.min(colon)),
        (slash, colon) => slash.or(colon),
    }
}

/// The path of the repository and the one in it: split where a mark says so, else behind the
/// second name.
fn split_path(text: &str, all: bool) -> Option<(&str, &str)> {
    const AZURE: &str = "_git/";
    const SUFFIX: &str = ".git";
    if let Some(at) = text.find(AZURE) {
        let start = at + AZURE.len();
        let end = text[start..].find('/').map_or(text.len(), |at| start + at);
        return Some(text.split_at(end));
    }
    if let Some(at) = text.find("//") {
        return Some((&text[..at], &text[at + 2..]));
    }
    if let Some(at) = text.find(SUFFIX) {
        return Some(text.split_at(at + SUFFIX.len()));
    }
    if all {
        return Some((text, ""));
    }
    let first = text.find('/')?;
    let second = text[first + 1..].find('/').map(|at| first + 1 + at);
    Some(text.split_at(second.unwrap_or(text.len())))
}

/// What the query asks for; a query that cannot be read asks for nothing.
fn asked(url: String, query: &str) -> Repository {
    let mut asked = Repository {
        url,
        reference: String::new(),
        submodules: true,
        timeout: PATIENCE,
    };
    let Some(pairs) = pairs(query) else {
        return asked;
    };
    let value = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    if let Some(reference) = value("ref").or_else(|| value("version")) {
        reference.clone_into(&mut asked.reference);
    }
    if let Some(time) = value("timeout").and_then(duration) {
        asked.timeout = time.min(MOST_PATIENCE);
    }
    if let Some("0" | "f" | "F" | "false" | "FALSE" | "False") = value("submodules") {
        asked.submodules = false;
    }
    asked
}

fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (!pair.contains(';')).then_some(())?;
            Some((decoded(key)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => {
                let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
                (digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(())?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &tail[2..];
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// A number of seconds, or one or more numbers with units (`1m30s`), as Go reads them.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u32>() {
        return (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        rest = tail;
    }
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    (!time.is_zero()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, String)> {
        let Address { repository, path } = Address::parse(text)?;
        let path = path.to_str()?.to_owned();
        Some((repository.url, path, repository.reference))
    }

    /// The address, the repository, the folder in it, the revision.
    const FORMS: &[(&str, &str, &str, &str)] = &[
        // Without a mark the repository is the first two names.
        (
            "https://git.example.com/org/repo",
            "https://git.example.com/org/repo",
            "",
            "",
        ),
        (
            "https://git.example.com/org/repo/k8s/dev?ref=v1",
            "https://git.example.com/org/repo",
            "k8s/dev",
            "v1",
        ),
        (
            "hTTps://example.com:8443/a/b/c/",
            "https://example.com:8443/a/b",
            "c",
            "",
        ),
        (
            "ssh://git.example.com:7999/org/repo/x",
            "ssh://git.example.com:7999/org/repo",
            "x",
            "",
        ),
        // Two slashes, `.git` and `_git/` are marks.
        (
            "https://example.com/a/b/c//d/e/",
            "https://example.com/a/b/c",
            "d/e",
            "",
        ),
        (
            "https://example.com/a/b/c.git/d?ref=r",
            "https://example.com/a/b/c.git",
            "d",
            "r",
        ),
        (
            "https://example.com/a/b.git//d",
            "https://example.com/a/b.git",
            "d",
            "",
        ),
        (
            "https://example.com/x.git",
            "https://example.com/x.git",
            "",
            "",
        ),
        (
            "https://me@dev.example.com/org/p/_git/repo/k8s?version=v2",
            "https://me@dev.example.com/org/p/_git/repo",
            "k8s",
            "v2",
        ),
        (
            "https://dev.example.com/org/p/_git/repo//k8s",
            "https://dev.example.com/org/p/_git/repo",
            "k8s",
            "",
        ),
        // The marks do not count in the query.
        (
            "https://example.com/a/b/?ref=x_git/y",
            "https://example.com/a/b",
            "",
            "x_git/y",
        ),
        (
            "https://example.com/a/b/?ref=x.git/y",
            "https://example.com/a/b",
            "",
            "x.git/y",
        ),
        // The form of scp needs a user, but for GitHub.
        (
            "git@example.com:group/sub/repo.git?ref=v1",
            "git@example.com:group/sub/repo.git",
            "",
            "v1",
        ),
        (
            "git@example.com:group/repo/x",
            "git@example.com:group/repo",
            "x",
            "",
        ),
        ("git@example.com:id.git", "git@example.com:id.git", "", ""),
        (
            "git@example.com/group/repo.git//x",
            "git@example.com/group/repo.git",
            "x",
            "",
        ),
        (
            "git@example.com/user:name/repo.git/x",
            "git@example.com/user:name/repo.git",
            "x",
            "",
        ),
        (
            "ssh://git@example.com/org/repo.git//x",
            "ssh://git@example.com/org/repo.git",
            "x",
            "",
        ),
        // GitHub has one form with a user, and one without.
        (
            "github.com/org/repo/x",
            "https://github.com/org/repo",
            "x",
            "",
        ),
        ("GitHub.com:org/repo", "https://github.com/org/repo", "", ""),
        (
            "http://github.com/org/repo.git/x",
            "https://github.com/org/repo.git",
            "x",
            "",
        ),
        (
            "git@github.com/org/repo/x",
            "git@github.com:org/repo",
            "x",
            "",
        ),
        (
            "org-1@github.com:org/repo",
            "org-1@github.com:org/repo",
            "",
            "",
        ),
        (
            "ssh://git@github.com/org/repo//x?ref=v1",
            "git@github.com:org/repo",
            "x",
            "v1",
        ),
        (
            "ssh://git@ssh.github.com:443/org/repo.git",
            "ssh://git@ssh.github.com:443/org/repo.git",
            "",
            "",
        ),
        // `git::` is passed over.
        (
            "git::https://example.com/org/repo",
            "https://example.com/org/repo",
            "",
            "",
        ),
        (
            "git::git@github.com:org/repo",
            "git@github.com:org/repo",
            "",
            "",
        ),
        // Of a file all is the repository, unless a mark says otherwise.
        (
            "file:///srv/a/b/c?ref=main",
            "file:///srv/a/b/c",
            "",
            "main",
        ),
        ("file:///srv/a.git/b", "file:///srv/a.git", "b", ""),
        ("file:///srv/a//b", "file:///srv/a", "b", ""),
        ("file://git@home/a.git//b", "file://git@home/a.git", "b", ""),
        // A password is no user, and belongs to the host.
        (
            "https://me:secret@example.com/a/b/c",
            "https://me:secret@example.com/a/b",
            "c",
            "",
        ),
        (
            "https://example.com/a/b/%-x",
            "https://example.com/a/b",
            "%-x",
            "",
        ),
    ];

    #[test]
    fn the_forms_of_kustomize() {
        for (text, url, path, reference) in FORMS {
            let (url, path, reference) = (url.to_string(), path.to_string(), reference.to_string());
            assert_eq!(read(text), Some((url, path, reference)), "{text}");
        }
    }

    #[test]
    fn what_is_no_repository() {
        for text in [
            "/srv/a",
            "../../a",
            "base",
            "é",
            "src/github.com/org/repo",
            "github.community/x/y",
            "htxxp://github.com/a/b",
            "gh:org/repo",
            "ssh://git.example.com",
            "git::___",
            "https://host?ref=a/b",
            "https://github.com/one.yaml",
            "https://example.com/a/b.git//c/../../d",
            "file:////srv//a",
            "git@scp://github.com/org/repo.git//x",
            "git@ssh://github.com/org/repo.git//x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_query_asks_for() {
        let seconds = |text: &str| text.parse::<u128>().unwrap() * 1000;
        let cases: [(&str, &str, u128, bool); 16] = [
            ("", "", 27_000, true),
            ("ref=a/b", "a/b", 27_000, true),
            ("version=a", "a", 27_000, true),
            ("version=a&ref=b", "b", 27_000, true),
            ("version=a&ref=", "a", 27_000, true),
            ("ref=a%2fb+c", "a/b c", 27_000, true),
            ("ref=a;b", "", 27_000, true),
            ("ref=%zz", "", 27_000, true),
            ("submodules=", "", 27_000, true),
            ("submodules=maybe", "", 27_000, true),
            ("submodules=false", "", 27_000, false),
            ("submodules=0&timeout=0", "", 27_000, false),
            ("timeout=jiffy", "", 27_000, true),
            ("timeout=61", "", seconds("61"), true),
            ("timeout=1m1.5s", "", 61_500, true),
            ("timeout=0s", "", 27_000, true),
        ];
        for (query, reference, time, submodules) in cases {
            let asked = asked(String::new(), query);
            assert_eq!(asked.reference, reference, "{query}");
            assert_eq!(asked.timeout.as_millis(), time, "{query}");
            assert_eq!(asked.submodules, submodules, "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(head in "(git::|ssh://|https?://|file://|github.com[:/]|[a-z]@)?", tail in "[a-zé.:/@?&=%_0-9-]{0,40}") {
            let text = format!("{head}{tail}");
            let _ = without_password(&text);
            if let Some(address) = Address::parse(&text) {
                proptest::prop_assert!(!address.path.starts_with("..") && !address.path.is_absolute());
            }
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("https://a:b@c/d@e"), "https://a@c/d@e");
        assert_eq!(without_password("https://a@c/d:e@f"), "https://a@c/d:e@f");
        assert_eq!(without_password("git@c:d"), "git@c:d");
    }
}
