//! How the git tags of an application are written, and what is taken for one by mistake.

use semver::Version;

/// The tag grammar of one application.
///
/// A tag is the prefix, exactly, and a semantic version, exactly: `api` has no part in
/// `api-gateway/v1.0.0`, nor in `api/v1.0`.
#[derive(Debug, Clone)]
pub(crate) struct TagNames {
    app: String,
    prefix: String,
    plain: bool,
}

impl TagNames {
    /// `pattern` is the prefix with `{app}` for the name, as in `{app}/v`. With `plain`, which
    /// is for a repository of a single application, `v1.2.3` serves as well.
    pub(crate) fn new(pattern: &str, app: &str, plain: bool) -> Self {
        Self {
            app: app.to_owned(),
            prefix: pattern.replace("{app}", app),
            plain,
        }
    }

    /// The tag of a version.
    pub(crate) fn name(&self, version: &Version) -> String {
        format!("{}{version}", self.prefix)
    }

    /// What a tag looks like, for a message.
    pub(crate) fn form(&self) -> String {
        format!("{}X.Y.Z", self.prefix)
    }

    /// The version that a tag gives.
    pub(crate) fn parse(&self, tag: &str) -> Option<Version> {
        let own = tag.strip_prefix(&self.prefix);
        let plain = || tag.strip_prefix('v').filter(|_| self.plain);
        own.and_then(version).or_else(|| plain().and_then(version))
    }

    /// The version that a tag of another form seems to mean for this application.
    pub(crate) fn guess(&self, tag: &str) -> Option<Version> {
        if self.parse(tag).is_some() {
            return None;
        }
        let own = tag
            .strip_prefix(&self.prefix)
            .or_else(|| after_name(tag, &self.app));
        loose(own.unwrap_or(tag))
    }
}

fn version(text: &str) -> Option<Version> {
    Version::parse(text).ok()
}

/// What follows the application's name and a separator.
fn after_name<'a>(tag: &'a str, app: &str) -> Option<&'a str> {
    let head = tag.get(..app.len())?;
    let rest = &tag[app.len()..];
    (head.eq_ignore_ascii_case(app) && rest.starts_with(['/', '-', '_', '@', '.', 'v', 'V']))
        .then(|| rest.trim_start_matches(['/', '-', '_', '@', '.']))
}

/// `v1.2`, `release-1.2.3` and their like, with what is missing taken as zero.
fn loose(text: &str) -> Option<Version> {
    let text = ["release", "rel", "version", "ver"]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .map_or(text, |rest| rest.trim_start_matches(['/', '-', '_']));
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if let Some(exact) = version(text) {
        return Some(exact);
    }
    let core = text.split(['-', '+', '_']).next()?;
    let numbers = core
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<Vec<u64>>>()?;
    match numbers[..] {
        [major, minor] => Some(Version::new(major, minor, 0)),
        [major, minor, patch, ..] => Some(Version::new(major, minor, patch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_prefix_and_a_semantic_version() {
        let slash = TagNames::new("{app}/v", "api", false);
        let dash = TagNames::new("{app}-v", "api", false);
        let single = TagNames::new("{app}/v", "api", true);
        let whole = TagNames::new("v", "api", false);
        for (names, tag, expected) in [
            (&slash, "api/v1.2.3", Some("1.2.3")),
            (&slash, "api/v1.2.3-rc.1+b.5", Some("1.2.3-rc.1+b.5")),
            (&slash, "api/v1.2", None),
            (&slash, "api/v01.2.3", None),
            (&slash, "api/v1.2.3-01", None),
            (&slash, "api/1.2.3", None),
            (&slash, "api/vv1.2.3", None),
            (&slash, "api/v 1.2.3", None),
            (&slash, "API/v1.2.3", None),
            (&slash, "v1.2.3", None),
            (&slash, "api-gateway/v1.2.3", None),
            (&slash, "x/api/v1.2.3", None),
            (&dash, "api-v1.2.3", Some("1.2.3")),
            (&dash, "api-gateway-v1.2.3", None),
            (&dash, "api-v1-v2.0.0", None),
            (&single, "v1.2.3", Some("1.2.3")),
            (&single, "api/v1.2.3", Some("1.2.3")),
            (&single, "1.2.3", None),
            (&whole, "v1.2.3", Some("1.2.3")),
        ] {
            let got = names.parse(tag).map(|version| version.to_string());
            assert_eq!(got.as_deref(), expected, "{tag}");
        }
        assert_eq!(slash.name(&Version::new(1, 2, 3)), "api/v1.2.3");
    }

    #[test]
    fn other_forms_are_recognised_as_meant() {
        let names = TagNames::new("{app}/v", "api", false);
        for (tag, expected) in [
            ("v1.2.3", Some("1.2.3")),
            ("1.2.3-rc.1", Some("1.2.3-rc.1")),
            ("V1.2", Some("1.2.0")),
            ("api-v1.2.3", Some("1.2.3")),
            ("api@1.2.3", Some("1.2.3")),
            ("Api/1.2.3", Some("1.2.3")),
            ("api/v1.2", Some("1.2.0")),
            ("api/v1.2.3.4", Some("1.2.3")),
            ("release-1.2.3", Some("1.2.3")),
            ("release/v1.2.3", Some("1.2.3")),
            ("api/v1.2.3", None),
            ("api-gateway/v1.2.3", None),
            ("web/v1.2.3", None),
            ("v1", None),
            ("nightly", None),
            ("apiary", None),
            ("é", None),
        ] {
            let got = names.guess(tag).map(|version| version.to_string());
            assert_eq!(got.as_deref(), expected, "{tag}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_tag_is_read(app in "[a-z-]{1,4}|.{0,3}", tag in "(api|é)?[/@v-]{0,2}[0-9.]{0,9}.{0,4}") {
            let names = TagNames::new("{app}/v", &app, true);
            let (own, guess) = (names.parse(&tag), names.guess(&tag));
            proptest::prop_assert!(own.is_none() || guess.is_none());
        }
    }
}
