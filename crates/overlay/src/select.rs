//! Which objects a patch, a replacement or an option is for.

use crate::error::{Error, ErrorKind, Result};
use crate::id::split_api_version;
use crate::pattern::{self, Whole};
use crate::resource::Resource;
use crate::schema::Schema;
use serde::Deserialize;
use windlass_yaml::{NodeId, Tree};

/// What to look for, as a kustomization says it; an empty part matches everything.
///
/// All parts but the two selectors are regular expressions for the whole text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Selector {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) label_selector: String,
    pub(crate) annotation_selector: String,
}

/// A [`Selector`] ready to match.
#[derive(Debug)]
pub(crate) struct Matcher {
    group: Option<Whole>,
    version: Option<Whole>,
    kind: Option<Whole>,
    name: Option<Whole>,
    namespace: Option<Whole>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

impl Matcher {
    pub(crate) fn new(selector: &Selector) -> Result<Self> {
        Ok(Self {
            group: pattern::anchored(&selector.group)?,
            version: pattern::anchored(&selector.version)?,
            kind: pattern::anchored(&selector.kind)?,
            name: pattern::anchored(&selector.name)?,
            namespace: pattern::anchored(&selector.namespace)?,
            labels: parse_requirements(&selector.label_selector)?,
            annotations: parse_requirements(&selector.annotation_selector)?,
        })
    }

    /// Whether the object is meant: name and namespace may be the first or the present ones
    /// (`kustomize: api/resmap/reswrangler.go`, `Select`).
    pub(crate) fn matches(&self, resource: &Resource, tree: &Tree, schema: &Schema) -> bool {
        if !self.matches_gvk(resource.api_version(tree), resource.kind(tree)) {
            return false;
        }
        let now = resource.id(tree, schema);
        let first = resource.original_id(tree, schema);
        let namespaces = [first.effective_namespace(), now.effective_namespace()];
        any(self.namespace.as_ref(), namespaces)
            && any(self.name.as_ref(), [&first.name, &now.name])
            && self.matches_labels(resource, tree)
    }

    /// Whether group, version and kind are meant.
    pub(crate) fn matches_gvk(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = split_api_version(api_version);
        any(self.group.as_ref(), [group])
            && any(self.version.as_ref(), [version])
            && any(self.kind.as_ref(), [kind])
    }

    /// Whether a name is meant.
    pub(crate) fn matches_name(&self, name: &str) -> bool {
        any(self.name.as_ref(), [name])
    }

    /// Whether a namespace, which may be empty, is meant.
    pub(crate) fn matches_namespace(&self, namespace: &str) -> bool {
        any(self.namespace.as_ref(), [namespace])
    }

    /// Whether labels and annotations are meant.
    pub(crate) fn matches_labels(&self, resource: &Resource, tree: &Tree) -> bool {
        let all = |wanted: &[Requirement], field: &str| {
            let map = tree.lookup(resource.root, &["metadata", field]);
            wanted.iter().all(|one| one.matches(map, tree))
        };
        all(&self.labels, "labels") && all(&self.annotations, "annotations")
    }
}

fn any<'a>(
    pattern: Option<&Whole>,
    texts: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>,
) -> bool {
    pattern.is_none_or(|pattern| texts.into_iter().any(|text| pattern.matches(text.as_ref())))
}

/// One part of a label selector.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl Requirement {
    fn matches(&self, map: Option<NodeId>, tree: &Tree) -> bool {
        let value = map
            .and_then(|map| tree.get(map, &self.key))
            .map(|id| tree.text(id));
        let number = || value.and_then(|text| text.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(texts) => value.is_some_and(|value| texts.iter().any(|text| text == value)),
            Test::NotIn(texts) => value.is_none_or(|value| texts.iter().all(|text| text != value)),
            Test::Greater(than) => number().is_some_and(|number| number > *than),
            Test::Less(than) => number().is_some_and(|number| number < *than),
        }
    }
}

/// Reads `a=b,c!=d,e in (f,g),h,!i`, the syntax of `kubectl -l`.
fn parse_requirements(text: &str) -> Result<Vec<Requirement>> {
    let mut parser = Parser { rest: text };
    let mut found = Vec::new();
    parser.blanks();
    if parser.rest.is_empty() {
        return Ok(found);
    }
    loop {
        let part = parser.requirement();
        found.push(part.ok_or_else(|| not_a_selector(text))?);
        parser.blanks();
        if parser.rest.is_empty() {
            return Ok(found);
        }
        if !parser.take(",") {
            return Err(not_a_selector(text));
        }
    }
}

fn not_a_selector(text: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{text}` is not a selector"))
        .hint("write it as for `kubectl -l`: `app=web,tier in (front,back),!canary`".to_owned())
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> &'a str {
        self.blanks();
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || "!=,()<>".contains(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn requirement(&mut self) -> Option<Requirement> {
        let absent = self.take("!");
        let key = Some(self.word()).filter(|key| !key.is_empty())?.to_owned();
        let test = if absent { Test::Absent } else { self.test()? };
        Some(Requirement { key, test })
    }

    fn test(&mut self) -> Option<Test> {
        self.blanks();
        if self.rest.is_empty() || self.rest.starts_with(',') {
            return Some(Test::Exists);
        }
        if self.take("!=") {
            return Some(Test::NotIn(vec![self.word().to_owned()]));
        }
        if self.take("==") || self.take("=") {
            return Some(Test::In(vec![self.word().to_owned()]));
        }
        if self.take(">") {
            return self.word().parse().ok().map(Test::Greater);
        }
        if self.take("<") {
            return self.word().parse().ok().map(Test::Less);
        }
        match self.word() {
            "in" => self.list().map(Test::In),
            "notin" => self.list().map(Test::NotIn),
            _ => None,
        }
    }

    fn list(&mut self) -> Option<Vec<String>> {
        if !self.take("(") {
            return None;
        }
        let mut texts = vec![self.word().to_owned()];
        while self.take(",") {
            texts.push(self.word().to_owned());
        }
        self.take(")").then_some(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(selector: &str, labels: &[(&str, &str)]) -> bool {
        let mut tree = Tree::new();
        let map = tree.map(windlass_yaml::Origin::NONE);
        for (key, value) in labels {
            let value = tree.string(value, windlass_yaml::Origin::NONE);
            tree.add(map, key, value);
        }
        let wanted = parse_requirements(selector).unwrap();
        wanted.iter().all(|one| one.matches(Some(map), &tree))
    }

    #[test]
    fn label_selectors_are_those_of_kubectl() {
        let labels = [("app", "web"), ("size", "3")];
        for selector in [
            "app=web",
            "app == web,size",
            "app in (web, api)",
            "!tier",
            "tier!=x",
            "size>2",
        ] {
            assert!(fits(selector, &labels), "{selector}");
        }
        for selector in ["app=api", "tier", "app notin (web)", "!app", "size < 3"] {
            assert!(!fits(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn a_malformed_selector_is_refused() {
        for selector in ["app=web,", "=x", "app in web", "a b"] {
            assert!(parse_requirements(selector).is_err(), "{selector}");
        }
    }
}
