//! Which events start a workflow.

use crate::Event;

/// What stands under `on:`.
#[derive(Debug, Default)]
pub(crate) struct Triggers {
    pub(crate) push: Option<Push>,
    pub(crate) pull_request: Option<Vec<Pattern>>,
}

/// The branches and tags whose pushes start the workflow; none where nothing is said of them.
#[derive(Debug, Default)]
pub(crate) struct Push {
    pub(crate) branches: Option<Vec<Pattern>>,
    pub(crate) tags: Option<Vec<Pattern>>,
}

impl Triggers {
    /// Whether the event starts the workflow.
    pub(crate) fn match_event(&self, event: &Event) -> bool {
        match (event.base(), &self.push, &self.pull_request) {
            (Some(base), _, Some(branches)) => {
                branches.is_empty() || branches.iter().any(|pattern| pattern.matches(base))
            }
            (None, Some(push), _) => push.matches(event.reference()),
            _ => false,
        }
    }
}

impl Push {
    /// A kind of reference of which nothing is said is out, unless nothing is said at all.
    fn matches(&self, reference: &str) -> bool {
        let (said, other, name) = match reference.strip_prefix("refs/tags/") {
            Some(tag) => (&self.tags, &self.branches, tag),
            None => {
                let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
                (&self.branches, &self.tags, branch)
            }
        };
        match said {
            Some(patterns) => patterns.iter().any(|pattern| pattern.matches(name)),
            None => other.is_none(),
        }
    }
}

/// How many stars a pattern may have, since each one multiplies the ways to match.
const STARS: usize = 6;

/// A pattern for names: `*` stands for anything without a slash, `**` for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Takes a pattern in; nothing where it uses more than stars.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let plain = !text.is_empty() && !text.contains(['?', '+', '[', ']', '!', '\\']);
        let known = plain && text.matches('*').count() <= STARS;
        known.then(|| Self(text.to_owned()))
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some(star) = pattern.find('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(&pattern[..star]) else {
        return false;
    };
    let rest = pattern[star..].trim_start_matches('*');
    let crosses = pattern[star..].starts_with("**");
    let end = if crosses {
        name.len()
    } else {
        name.find('/').unwrap_or(name.len())
    };
    (0..=end)
        .filter(|&at| name.is_char_boundary(at))
        .any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_as_on_github() {
        for (pattern, name, expected) in [
            ("main", "main", true),
            ("main", "maintenance", false),
            ("*/v*", "example-app/v1.0.0", true),
            ("*/v*", "v1.0.0", false),
            ("*/v*", "a/b/v1", false),
            ("**/v*", "a/b/v1", true),
            ("releases/*", "releases/1/2", false),
            ("releases/**", "releases/1/2", true),
            ("*", "a/b", false),
            ("**", "a/b", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).unwrap().matches(name),
                expected,
                "{pattern} {name}"
            );
        }
        assert_eq!(Pattern::new("!main"), None);
        assert_eq!(Pattern::new("v[12]"), None);
    }

    #[test]
    fn tags_are_out_where_only_branches_are_named() {
        let main = vec![Pattern::new("main").unwrap()];
        let push = Push {
            branches: Some(main),
            tags: None,
        };
        assert!(push.matches("refs/heads/main"));
        assert!(!push.matches("refs/tags/main"));
        assert!(Push::default().matches("refs/tags/main"));
    }
}
