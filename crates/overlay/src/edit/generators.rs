//! Generators of ConfigMaps and Secrets.

use super::glob;
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::files::Record;
use crate::generate::{self, Options};
use crate::kustomization::{Generator, Kustomization};
use windlass_yaml::{Content, Spanned, Step};

/// What a generator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeneratorKind {
    /// ConfigMaps.
    ConfigMap,
    /// Secrets.
    Secret,
}

/// What is added to a generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// What it makes.
    pub kind: GeneratorKind,
    /// Its name.
    pub name: String,
    /// Its namespace; empty is `default`.
    pub namespace: String,
    /// `create`, `merge` or `replace`; empty leaves it.
    pub behavior: String,
    /// `key=value`.
    pub literals: Vec<String>,
    /// Paths, patterns of paths, and `key=path`.
    pub files: Vec<String>,
    /// A file with a `key=value` on each line; empty for none.
    pub env_file: String,
    /// The type of a Secret; nothing leaves it, and is `Opaque` for a new one.
    pub secret_type: Option<String>,
    /// Whether the name gets no hash.
    pub disable_name_suffix_hash: bool,
}

impl GeneratorKind {
    fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    fn entries(self, of: &Kustomization) -> &[Spanned<Generator>] {
        match self {
            Self::ConfigMap => &of.config_map_generator,
            Self::Secret => &of.secret_generator,
        }
    }

    fn find(self, of: &Kustomization, name: &str, namespace: &str) -> Option<usize> {
        let mut entries = self.entries(of).iter();
        entries.position(|entry| is_called(entry, name, namespace))
    }
}

/// Whether a generator has this name, and this namespace: none is `default`.
fn is_called(generator: &Generator, name: &str, namespace: &str) -> bool {
    let or_default = |namespace: &str| match namespace {
        "" => "default".to_owned(),
        other => other.to_owned(),
    };
    generator.name.value == name && or_default(&generator.namespace) == or_default(namespace)
}

pub(super) fn add(new: &Generated, session: &mut Session<'_>) -> Result<()> {
    check(new, session)?;
    let files = expand(&new.files, session)?;
    let field = new.kind.field();
    let kustomization = session.kustomization()?;
    let (at, is_new) = match new.kind.find(&kustomization, &new.name, &new.namespace) {
        Some(at) => (at, false),
        None => {
            session.push(&[Step::Key(field)], &start(new))?;
            (new.kind.entries(&kustomization).len(), true)
        }
    };
    let within = |key| [Step::Key(field), Step::Index(at), Step::Key(key)];
    if !is_new && !new.behavior.is_empty() {
        session.set(&within("behavior"), &new.behavior)?;
    }
    if let Some(secret_type) = new.secret_type.as_ref().filter(|_| !is_new) {
        session.set(&within("type"), secret_type)?;
    }
    if new.disable_name_suffix_hash {
        let [list, item, options] = within("options");
        let steps = [list, item, options, Step::Key("disableNameSuffixHash")];
        session.put(&steps, &Content::Plain("true".to_owned()))?;
    }
    let (_, kustomization) = session.read()?;
    let there = &new.kind.entries(&kustomization)[at];
    let env_files = Vec::from_iter((!new.env_file.is_empty()).then(|| new.env_file.clone()));
    for (key, known, more) in [
        ("literals", &there.literals, &new.literals),
        ("files", &there.files, &files),
        ("envs", &there.envs, &env_files),
    ] {
        add_sources(&within(key), known, more, session)?;
    }
    try_out(new.kind, at, session)
}

fn check(new: &Generated, session: &Session<'_>) -> Result<()> {
    let has_env = !new.env_file.is_empty();
    let has_other = !new.literals.is_empty() || !new.files.is_empty();
    let message = match (has_env, has_other) {
        (false, false) => "a generator needs a literal, a file or an env file",
        (true, true) => "an env file is added alone, without literals and files",
        _ if !matches!(&*new.behavior, "" | "create" | "merge" | "replace") => {
            "the behavior of a generator is `create`, `merge` or `replace`"
        }
        _ => return Ok(()),
    };
    Err(session.refuse(message))
}

/// An entry without data.
fn start(new: &Generated) -> Content {
    let given = [
        ("name", &*new.name),
        ("namespace", &new.namespace),
        ("behavior", &new.behavior),
        (
            "type",
            match new.kind {
                GeneratorKind::ConfigMap => "",
                GeneratorKind::Secret => new.secret_type.as_deref().unwrap_or("Opaque"),
            },
        ),
    ];
    let given = given.into_iter().filter(|(_, value)| !value.is_empty());
    Content::map(given.map(|(key, value)| (key, value.into())))
}

/// Adds sources of data that are not there. A literal with a key that is there is refused: which
/// of the two counts would be open.
fn add_sources(
    steps: &[Step<'_>],
    known: &[Spanned<String>],
    more: &[String],
    session: &mut Session<'_>,
) -> Result<()> {
    let mut known: Vec<&str> = known.iter().map(|source| source.as_str()).collect();
    for source in more {
        if !known.contains(&&**source) {
            session.push(steps, &(&**source).into())?;
            known.push(source);
        }
    }
    Ok(())
}

/// Files for patterns; a pattern with a key means one file.
fn expand(files: &[String], session: &Session<'_>) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for source in files {
        let (key, pattern) = match source.split_once('=') {
            Some((key, pattern)) => (Some(key), pattern),
            None => (None, &**source),
        };
        let found = glob::expand(&session.folder, pattern)?;
        match (key, &found[..]) {
            (_, []) => {
                session.folder.read(pattern, &mut Record::default())?;
                let message = format!("`{pattern}` matches no file");
                return Err(Error::new(ErrorKind::Read, message));
            }
            (Some(key), [path]) => all.push(format!("{key}={path}")),
            (Some(_), several) => {
                let message = format!("`{source}` matches {} files, not one", several.len());
                return Err(Error::new(ErrorKind::Read, message));
            }
            (None, paths) => all.extend(paths.iter().cloned()),
        }
    }
    Ok(all)
}

/// Generates once, so that a generator that cannot work is not written.
fn try_out(kind: GeneratorKind, at: usize, session: &Session<'_>) -> Result<()> {
    let (mut tree, kustomization) = session.read()?;
    let entry = &kind.entries(&kustomization)[at];
    let is_secret = kind == GeneratorKind::Secret;
    let all = Options::default();
    let request = entry.value.request(is_secret, entry.origin, &all, &tree)?;
    let (mut record, mut warnings) = (Record::default(), Vec::new());
    generate::generate(
        &request,
        &session.folder,
        &mut tree,
        &mut record,
        &mut warnings,
    )?;
    Ok(())
}

pub(super) fn set(
    kind: GeneratorKind,
    name: &str,
    namespace: &str,
    literals: &[String],
    new_namespace: &str,
    session: &mut Session<'_>,
) -> Result<()> {
    if literals.is_empty() && new_namespace.is_empty() {
        let message = format!(
            "nothing is said of what to set in the {} `{name}`",
            kind.noun()
        );
        return Err(session.refuse(message));
    }
    let kustomization = session.kustomization()?;
    let Some(at) = kind.find(&kustomization, name, namespace) else {
        return Err(missing(kind, name, session));
    };
    let known = &kind.entries(&kustomization)[at].literals;
    let item = [Step::Key(kind.field()), Step::Index(at)];
    for literal in literals {
        let key = literal.split_once('=').map(|(key, _)| key);
        let has_key = |known: &Spanned<String>| known.split_once('=').map(|(key, _)| key) == key;
        let place = key.and_then(|_| known.iter().position(has_key));
        let Some(place) = place else {
            let message = format!("`{literal}` is no literal of the {} `{name}`", kind.noun());
            let hint = "write it `key=value`, with a key that is there".to_owned();
            return Err(session.refuse(message).hint(hint));
        };
        let steps = [item[0], item[1], Step::Key("literals"), Step::Index(place)];
        session.set(&steps, literal)?;
    }
    if !new_namespace.is_empty() {
        session.set(&[item[0], item[1], Step::Key("namespace")], new_namespace)?;
    }
    try_out(kind, at, session)
}

fn missing(kind: GeneratorKind, name: &str, session: &Session<'_>) -> Error {
    let (field, noun) = (kind.field(), kind.noun());
    session.refuse(format!(
        "`{field}` makes no {noun} `{name}` in that namespace"
    ))
}

pub(super) fn remove(
    kind: GeneratorKind,
    names: &[String],
    namespace: &str,
    session: &mut Session<'_>,
) -> Result<()> {
    let kustomization = session.kustomization()?;
    let entries = kind.entries(&kustomization);
    let is_meant = |entry: &Spanned<Generator>, name: &str| is_called(entry, name, namespace);
    let is_missing = |name: &&String| !entries.iter().any(|entry| is_meant(entry, name));
    let gone: Vec<&String> = names.iter().filter(is_missing).collect();
    if let ([first, ..], true) = (&gone[..], gone.len() == names.len()) {
        return Err(missing(kind, first, session));
    }
    for name in gone {
        session.warn_missing(kind.noun(), name);
    }
    let meant = entries.iter().enumerate();
    let meant = meant.filter(|(_, entry)| names.iter().any(|name| is_meant(entry, name)));
    for (at, _) in meant.rev() {
        session.prune(&[Step::Key(kind.field()), Step::Index(at)])?;
    }
    Ok(())
}
