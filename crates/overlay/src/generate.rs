//! ConfigMaps and Secrets made from literals, files and env files.

use crate::error::{Error, ErrorKind, Result};
use crate::files::{Folder, Record};
use crate::kustomization::Pairs;
use crate::resource::{Behavior, Resource};
use crate::waiver;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::HashSet;
use windlass_fault::Warning;
use windlass_yaml::{NodeId, Origin, Spanned, Tree};

/// The length of the lines that base64 is cut into.
const LINE: usize = 70;

/// The longest line of an env file; kustomize drops a longer one and all that follow it.
const MAX_ENV_LINE: usize = 64 * 1024;

/// What is generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    ConfigMap,
    /// With its type; empty for `Opaque`.
    Secret(Spanned<String>),
}

impl What {
    /// The kind of the generator, as a plugin of kustomize's.
    pub(crate) fn generator(&self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret(_) => "SecretGenerator",
        }
    }
}

/// What a generator is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) what: What,
    pub(crate) name: Spanned<String>,
    pub(crate) namespace: Spanned<String>,
    pub(crate) behavior: Behavior,
    pub(crate) literals: Vec<Spanned<String>>,
    pub(crate) files: Vec<Spanned<String>>,
    pub(crate) envs: Vec<Spanned<String>>,
    pub(crate) options: Options,
    pub(crate) origin: Origin,
}

/// What generated objects have besides their data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) labels: Pairs,
    pub(crate) annotations: Pairs,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: Spanned<bool>,
}

impl Options {
    /// Adds what `all` says and these options do not
    /// (`kustomize: api/types/generatoroptions.go`).
    pub(crate) fn with(mut self, all: &Self) -> Self {
        for (mine, theirs) in [
            (&mut self.labels, &all.labels),
            (&mut self.annotations, &all.annotations),
        ] {
            for (key, value) in theirs {
                mine.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        self.disable_name_suffix_hash |= all.disable_name_suffix_hash;
        if !self.immutable.value {
            self.immutable = all.immutable;
        }
        self
    }
}

/// One entry of the data.
struct Pair {
    key: String,
    value: Vec<u8>,
    origin: Origin,
}

/// Makes the object that is asked for.
pub(crate) fn generate(
    request: &Request,
    folder: &Folder<'_>,
    tree: &mut Tree,
    record: &mut Record,
    warnings: &mut Vec<Warning>,
) -> Result<Resource> {
    if request.name.is_empty() {
        let error = Error::new(ErrorKind::Generator, "a generated object needs a name");
        return Err(error.at(tree.locate(request.origin)));
    }
    let mut sources = Sources {
        folder,
        record,
        warnings,
        tree,
    };
    let pairs = sources.pairs(request)?;
    check_keys(&pairs, request, tree, warnings)?;
    let root = object(request, tree);
    fill(root, pairs, request, tree);
    let mut resource = Resource::new(root);
    resource.behavior = Some(request.behavior);
    resource.needs_hash = !request.options.disable_name_suffix_hash;
    Ok(resource)
}

/// The object without its data.
fn object(request: &Request, tree: &mut Tree) -> NodeId {
    let at = request.origin;
    let root = tree.map(at);
    let kind = match &request.what {
        What::ConfigMap => "ConfigMap",
        What::Secret(_) => "Secret",
    };
    put(tree, root, "apiVersion", "v1", at);
    put(tree, root, "kind", kind, at);
    let metadata = tree.map(at);
    tree.add(root, "metadata", metadata);
    let (name, namespace) = (&request.name, &request.namespace);
    put(tree, metadata, "name", name, name.origin);
    if !namespace.is_empty() {
        put(tree, metadata, "namespace", namespace, namespace.origin);
    }
    match &request.what {
        What::ConfigMap => {}
        What::Secret(kind) if kind.is_empty() => put(tree, root, "type", "Opaque", at),
        What::Secret(kind) => put(tree, root, "type", kind, kind.origin),
    }
    let options = &request.options;
    for (field, map) in [
        ("labels", &options.labels),
        ("annotations", &options.annotations),
    ] {
        if !map.is_empty() {
            let node = tree.map(at);
            tree.add(metadata, field, node);
            for (key, value) in map {
                put(tree, node, key, value, value.origin);
            }
        }
    }
    if options.immutable.value {
        let yes = tree.plain("true", options.immutable.origin);
        tree.add(root, "immutable", yes);
    }
    root
}

fn put(tree: &mut Tree, map: NodeId, key: &str, value: &str, origin: Origin) {
    let value = tree.string(value, origin);
    tree.add(map, key, value);
}

/// Puts the data in: text as it is, other bytes and all of a Secret in base64. A Secret has
/// `data` even where there is none
/// (`kustomize: kyaml/yaml/datamap.go`).
fn fill(root: NodeId, mut pairs: Vec<Pair>, request: &Request, tree: &mut Tree) {
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    if matches!(request.what, What::Secret(_)) {
        let none = tree.map(request.origin);
        tree.add(root, "data", none);
    }
    for pair in pairs {
        let text = match &request.what {
            What::ConfigMap => std::str::from_utf8(&pair.value).ok(),
            What::Secret(_) => None,
        };
        let field = match (&request.what, text) {
            (What::ConfigMap, None) => "binaryData",
            _ => "data",
        };
        let map = match tree.get(root, field) {
            Some(map) => map,
            None => {
                let made = tree.map(request.origin);
                tree.add(root, field, made)
            }
        };
        let encoded;
        let text = match text {
            Some(text) => text,
            None => {
                encoded = in_lines(&BASE64.encode(&pair.value));
                &encoded
            }
        };
        let value = tree.string(text, pair.origin);
        tree.add(map, &pair.key, value);
    }
}

/// Base64 of a line's length and more is cut into lines, each of which ends, the last one too.
fn in_lines(encoded: &str) -> String {
    if encoded.len() < LINE {
        return encoded.to_owned();
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded;
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out
}

/// A key may stand once. kustomize passes keys that the cluster will refuse, so that is a warning.
fn check_keys(
    pairs: &[Pair],
    request: &Request,
    tree: &Tree,
    warnings: &mut Vec<Warning>,
) -> Result<()> {
    let mut seen = HashSet::new();
    for pair in pairs {
        let place = tree.locate(pair.origin);
        let (key, name) = (&pair.key, &request.name.value);
        if !is_key(key) {
            let message = format!("`{key}` cannot be a key of `{name}`");
            let hint = "a key has letters, digits, `-`, `_` and `.`, and does not begin with `..`";
            let warning = Warning::new(message).named(waiver::INVALID_KEY);
            warnings.push(warning.at(place.clone()).hint(hint));
        }
        if !seen.insert(key) {
            let message = format!("`{name}` gets the key `{key}` twice");
            return Err(Error::new(ErrorKind::Generator, message).at(place));
        }
    }
    Ok(())
}

/// Whether Kubernetes takes it as a key of a ConfigMap or Secret.
fn is_key(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=253).contains(&key.len()) && key.chars().all(plain) && key != "." && !key.starts_with("..")
}

/// The reading of the three kinds of sources, in kustomize's order
/// (`kustomize: api/kv/kv.go`).
struct Sources<'a, 'f> {
    folder: &'a Folder<'f>,
    record: &'a mut Record,
    warnings: &'a mut Vec<Warning>,
    tree: &'a Tree,
}

impl Sources<'_, '_> {
    fn pairs(&mut self, request: &Request) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        for env in &request.envs {
            self.env_file(env, &mut pairs)?;
        }
        for literal in &request.literals {
            pairs.push(self.literal(literal)?);
        }
        for file in &request.files {
            pairs.push(self.file(file)?);
        }
        Ok(pairs)
    }

    fn fail(&self, message: String, written: &Spanned<String>) -> Error {
        Error::new(ErrorKind::Generator, message).at(self.tree.locate(written.origin))
    }

    fn read(&mut self, path: &str, written: &Spanned<String>) -> Result<Vec<u8>> {
        let content = self.folder.read(path, self.record);
        content.map_err(|error| error.at(self.tree.locate(written.origin)))
    }

    fn literal(&self, written: &Spanned<String>) -> Result<Pair> {
        match written.value.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Pair {
                key: key.to_owned(),
                value: unquoted(value).as_bytes().to_vec(),
                origin: written.origin,
            }),
            _ => {
                let message = format!("the literal `{}` is not `key=value`", written.value);
                Err(self.fail(message, written))
            }
        }
    }

    fn file(&mut self, written: &Spanned<String>) -> Result<Pair> {
        let source = &written.value;
        let (key, path) = match source.split_once('=') {
            None => (source.rsplit('/').next().unwrap_or(source), &**source),
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => {
                (key, path)
            }
            Some(_) => {
                let message = format!("the file `{source}` is neither `path` nor `key=path`");
                return Err(self.fail(message, written));
            }
        };
        let value = self.read(path, written)?;
        Ok(Pair {
            key: key.to_owned(),
            value,
            origin: written.origin,
        })
    }

    fn env_file(&mut self, written: &Spanned<String>, pairs: &mut Vec<Pair>) -> Result<()> {
        let content = self.read(&written.value, written)?;
        for (at, line) in lines(&content).enumerate() {
            if line.len() >= MAX_ENV_LINE {
                let shown = self.folder.shown(&written.value);
                let message = format!(
                    "line {} of `{shown}` is too long: it and all lines behind it are left out",
                    at + 1
                );
                let warning = Warning::new(message).named(waiver::LONG_LINE);
                self.warnings
                    .push(warning.at(self.tree.locate(written.origin)));
                return Ok(());
            }
            pairs.extend(self.env_line(line, at, written)?);
        }
        Ok(())
    }

    fn env_line(&self, line: &[u8], at: usize, written: &Spanned<String>) -> Result<Option<Pair>> {
        let Ok(line) = std::str::from_utf8(line) else {
            let shown = self.folder.shown(&written.value);
            return Err(self.fail(
                format!("line {} of `{shown}` is not UTF-8", at + 1),
                written,
            ));
        };
        let line = if at == 0 {
            line.trim_start_matches('\u{feff}')
        } else {
            line
        };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        Ok(Some(Pair {
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
            origin: written.origin,
        }))
    }
}

/// Lines without their ends, of which `\r\n` is one.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let lines = content.split(|&byte| byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The text without quotes, if it stands in a pair of the same.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_go_only_in_pairs() {
        assert_eq!(unquoted("'a'"), "a");
        assert_eq!(unquoted("'"), "'");
        assert_eq!(unquoted("\"a'"), "\"a'");
        assert_eq!(unquoted("\"\""), "");
    }

    #[test]
    fn long_base64_is_cut_and_every_line_ends() {
        assert_eq!(in_lines(&"a".repeat(69)), "a".repeat(69));
        assert_eq!(in_lines(&"a".repeat(70)), format!("{}\n", "a".repeat(70)));
        assert_eq!(
            in_lines(&"a".repeat(71)),
            format!("{}\na\n", "a".repeat(70))
        );
    }

    #[test]
    fn keys_are_those_of_kubernetes() {
        for key in ["a", ".x", "A_b-c.d", "1"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", ".", "..a", "a b", "ä"] {
            assert!(!is_key(key), "{key}");
        }
    }
}
