//! Labels and annotations for all objects.

use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use std::str::FromStr;
use windlass_yaml::{Content, Step};

/// A key and its value, which may be empty, read from a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub(super) key: String,
    pub(super) value: String,
}

impl FromStr for Pair {
    type Err = Error;

    /// Reads `key:value`, `key:"value"`, or a `key` with an empty value
    /// (`kustomize: kustomize/commands/internal/util/util.go`).
    fn from_str(text: &str) -> Result<Self> {
        let (key, value) = text.split_once(':').unwrap_or((text, ""));
        if key.is_empty() {
            let message = format!("`{text}` has no key");
            let hint = "write it like `key:value`".to_owned();
            return Err(Error::new(ErrorKind::Edit, message).hint(hint));
        }
        let inside = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Ok(Self {
            key: key.to_owned(),
            value: inside.unwrap_or(value).to_owned(),
        })
    }
}

/// Where labels or annotations are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairMap {
    /// `commonAnnotations`.
    Annotations,
    /// `commonLabels`: selectors and templates get them too.
    CommonLabels,
    /// An entry of `labels` that leaves selectors alone.
    Labels {
        /// Whether templates get them.
        templates: bool,
    },
}

impl PairMap {
    fn noun(self) -> &'static str {
        match self {
            Self::Annotations => "annotation",
            Self::CommonLabels | Self::Labels { .. } => "label",
        }
    }
}

pub(super) fn add(
    map: PairMap,
    pairs: &[Pair],
    force: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    for pair in pairs {
        match map {
            PairMap::Annotations => {
                check_annotation(&pair.key)?;
                add_to(&[Step::Key("commonAnnotations")], map, pair, force, session)?;
            }
            PairMap::CommonLabels => {
                add_to(&[Step::Key("commonLabels")], map, pair, force, session)?;
            }
            PairMap::Labels { templates } => {
                add_to_entry(templates, pair, force, session)?;
            }
        }
    }
    Ok(())
}

/// A key of an annotation: a name, with or without a domain in front
/// (`kustomize: kustomize/commands/edit/set/setannotation.go`).
fn check_annotation(key: &str) -> Result<()> {
    let (domain, name) = key.rsplit_once('/').unwrap_or(("a", key));
    let plain = |more: &'static str| move |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    let ends = |text: &str| text.starts_with(plain("")) && text.ends_with(plain(""));
    let is_name = name.len() <= 63 && name.chars().all(plain("-_.")) && ends(name);
    let is_domain = domain.len() <= 253 && domain.chars().all(plain("-.")) && ends(domain);
    match is_name && is_domain && !domain.starts_with(|c: char| c.is_ascii_digit()) {
        true => Ok(()),
        false => {
            let message = format!("`{key}` cannot be the key of an annotation");
            let hint = "it is a name of letters, digits, `-`, `_` and `.`, with or without a domain in front";
            Err(Error::new(ErrorKind::Edit, message).hint(hint.to_owned()))
        }
    }
}

/// Adds to the first entry of `labels` with the same settings, or to a new one.
fn add_to_entry(
    templates: bool,
    pair: &Pair,
    force: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    let kustomization = session.kustomization()?;
    let mut labels = kustomization.labels.iter();
    let same =
        labels.position(|entry| !entry.include_selectors && entry.include_templates == templates);
    if let Some(at) = same {
        let map = PairMap::Labels { templates };
        let steps = [Step::Key("labels"), Step::Index(at), Step::Key("pairs")];
        return add_to(&steps, map, pair, force, session);
    }
    let pairs = Content::map([(&*pair.key, (&*pair.value).into())]);
    let with = templates.then(|| ("includeTemplates", Content::Plain("true".to_owned())));
    let entry = Content::map(with.into_iter().chain([("pairs", pairs)]));
    session.push(&[Step::Key("labels")], &entry)
}

fn add_to(
    way: &[Step<'_>],
    map: PairMap,
    pair: &Pair,
    force: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    session.read()?;
    let mut steps = way.to_vec();
    steps.push(Step::Key(&pair.key));
    let there = session.document.get(&steps);
    if let Some(value) = there.filter(|&value| value != pair.value && !force) {
        let (noun, key) = (map.noun(), &pair.key);
        let message = format!("the {noun} `{key}` is there already, as `{value}`");
        let hint = format!("replace it with `--force`, or with `set {noun}`");
        return Err(session.refuse(message).hint(hint));
    }
    session.set(&steps, &pair.value)
}

pub(super) fn remove(
    map: PairMap,
    keys: &[String],
    ignore_missing: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    session.read()?;
    let field = match map {
        PairMap::Annotations => "commonAnnotations",
        PairMap::CommonLabels | PairMap::Labels { .. } => "commonLabels",
    };
    for key in keys {
        let steps = [Step::Key(field), Step::Key(key)];
        if session.document.content(&steps).is_none() && !ignore_missing {
            let message = format!("`{field}` has no {} `{key}`", map.noun());
            let hint = "pass over what is not there with `--ignore-non-existence`".to_owned();
            return Err(session.refuse(message).hint(hint));
        }
        session.prune(&steps)?;
    }
    Ok(())
}
