//! The tags of an image, which allow less than git and semantic versions do.

use crate::error::{Error, ErrorKind, Result};
use git2::{ObjectType, Oid};
use semver::Version;

/// The longest tag that a registry takes, in characters.
const LONGEST: usize = 128;

/// How many digits of a hash tell two names apart.
const DIGITS: usize = 12;

/// The tag of a version: `v1.2.3`, and for build metadata `v1.2.3_build`, as Helm writes it,
/// because a registry takes no `+`.
///
/// # Errors
///
/// [`ErrorKind::ImageTag`] for a version of more than 127 characters.
///
/// ```
/// let version = semver::Version::parse("1.2.3-rc.1+a.b").unwrap();
/// let tag = windlass_release::image_tag(&version).unwrap();
/// assert_eq!(tag, "v1.2.3-rc.1_a.b");
/// assert_eq!(windlass_release::image_version(&tag), Some(version));
/// ```
pub fn image_tag(version: &Version) -> Result<String> {
    checked(format!("v{version}").replace('+', "_"))
}

/// The version that an image tag gives; the reverse of [`image_tag`].
#[must_use]
pub fn image_version(tag: &str) -> Option<Version> {
    Version::parse(&tag.strip_prefix('v')?.replace('_', "+")).ok()
}

/// The tag of a commit, from its hash.
pub(crate) fn commit_tag(commit: &str) -> String {
    format!("sha-{commit:.DIGITS$}")
}

/// A name that can be the tag of an image, as it is; an error otherwise.
pub(crate) fn checked(tag: String) -> Result<String> {
    if is_tag(&tag) {
        return Ok(tag);
    }
    Err(Error::new(
        ErrorKind::ImageTag,
        format!("`{tag}` cannot be the tag of an image"),
    )
    .hint("a tag has up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two"))
}

fn is_tag(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=LONGEST).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.starts_with(['.', '-'])
}

/// An image tag for a branch, a different one for each: a name that has to be changed gets a
/// part of its hash, and so does one that looks as if it had.
///
/// ```
/// use windlass_release::sanitise;
///
/// assert_eq!(sanitise("develop"), "develop");
/// assert_eq!(sanitise("feature/login"), "feature-login-1f2cdd3387ae");
/// ```
#[must_use]
pub fn sanitise(branch: &str) -> String {
    if is_tag(branch) && !looks_hashed(branch) {
        return branch.to_owned();
    }
    let clean = |c: char| {
        let allowed = c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if allowed { c } else { '-' }
    };
    let name: String = branch
        .chars()
        .map(clean)
        .take(LONGEST - DIGITS - 1)
        .collect();
    let name = name.trim_start_matches(['.', '-']);
    let hash = hash(branch);
    if name.is_empty() {
        format!("branch-{hash}")
    } else {
        format!("{name}-{hash}")
    }
}

fn looks_hashed(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, end)| {
        end.len() == DIGITS && end.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The first digits of what git calls a file of that text.
fn hash(text: &str) -> String {
    let id = Oid::hash_object(ObjectType::Blob, text.as_bytes());
    let digits = id.map(|id| id.to_string()).unwrap_or_default();
    digits.chars().take(DIGITS).collect()
}

/// Which of the moving tags `1.2`, `1` and `latest` belong on a version, given all stable
/// versions there are: each stands on the highest of its line. There is no `0`, whose versions
/// promise each other nothing, and a pre-release moves none.
pub(crate) fn pointers<'a>(
    version: &Version,
    stable: impl Iterator<Item = &'a Version>,
) -> Vec<String> {
    if !version.pre.is_empty() {
        return Vec::new();
    }
    let (mut line, mut major, mut all) = (true, version.major > 0, true);
    for other in stable.filter(|other| other.cmp_precedence(version).is_gt()) {
        all = false;
        major &= other.major != version.major;
        line &= (other.major, other.minor) != (version.major, version.minor);
    }
    [
        line.then(|| format!("{}.{}", version.major, version.minor)),
        major.then(|| version.major.to_string()),
        all.then(|| "latest".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn pointers_stand_on_the_highest_of_their_line() {
        for (version, others, expected) in [
            ("1.2.3", "", "1.2 1 latest"),
            ("1.2.3", "1.2.2 1.1.9 0.9.0", "1.2 1 latest"),
            ("1.2.9", "1.2.3 2.0.0", "1.2 1"),
            ("1.2.9", "1.3.0", "1.2"),
            ("1.2.3", "1.2.4", ""),
            ("0.3.0", "0.2.0", "0.3 latest"),
            ("0.2.1", "0.3.0", "0.2"),
            ("2.0.0-rc.1", "1.0.0", ""),
            ("1.2.3", "1.2.3", "1.2 1 latest"),
        ] {
            let others: Vec<Version> = others
                .split_whitespace()
                .map(|text| text.parse().unwrap())
                .collect();
            let got = pointers(&version.parse().unwrap(), others.iter());
            assert_eq!(got.join(" "), expected, "{version} among {others:?}");
        }
    }

    #[test]
    fn what_a_registry_takes() {
        let long = "a".repeat(128);
        for name in ["a", "_", "0", "dev-latest", "v1.2.3", long.as_str()] {
            assert!(is_tag(name), "{name}");
        }
        let longer = "a".repeat(129);
        for name in ["", ".a", "-a", "a/b", "a+b", "a b", "ä", longer.as_str()] {
            assert!(!is_tag(name), "{name}");
        }
    }

    fn branches() -> impl Strategy<Value = String> {
        prop_oneof!["[a-c/_.-]{0,4}", "[a-b/-]{1,3}-[0-9a-f]{12}", ".{0,200}"]
    }

    proptest! {
        #[test]
        fn sanitising_keeps_branches_apart(names in prop::collection::vec(branches(), 2..40)) {
            let mut seen: HashMap<String, String> = HashMap::new();
            for name in names {
                // What was made from one name, given as a name of its own.
                for name in [sanitise(&name), name] {
                    let tag = sanitise(&name);
                    prop_assert!(is_tag(&tag), "{tag}");
                    let earlier = seen.insert(tag, name.clone());
                    prop_assert!(earlier.is_none_or(|earlier| earlier == name));
                }
            }
        }

        #[test]
        fn image_tags_lead_back_to_versions(
            text in r"(0|[1-9][0-9]{0,4})\.[1-9]\.0(-[a-z][a-z0-9]{0,5}(\.[1-9])?)?(\+[a-z0-9-]{1,6}(\.0)?)?"
        ) {
            let version: Version = text.parse().unwrap();
            let tag = image_tag(&version).unwrap();
            prop_assert!(!tag.contains('+'));
            prop_assert_eq!(image_version(&tag), Some(version));
        }
    }
}
