//! Replacements and variables: a value of one object put into fields of others.

mod path;
mod printer;
mod structured;
mod variables;

pub(crate) use variables::{Variable, add_variables, merge_variables, resolve_variables};

use crate::build::{Target, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::history::StepKind;
use crate::id::{Gvk, effective_namespace};
use crate::read::{self, Fields, malformed};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use crate::select::{Matcher, Selector};
use crate::waiver;
use path::{Create, Found, Path};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use windlass_fault::{Fault, Warning};
use windlass_yaml::{NodeId, Origin, Spanned, Style, Tree, Value};

/// One entry of `replacements` (`kustomize: api/types/replacement.go`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Replacement {
    pub(crate) path: Option<Spanned<String>>,
    source: Option<Spanned<SourceSelector>>,
    source_value: Option<Spanned<String>>,
    targets: Option<Vec<Spanned<TargetSelector>>>,
}

/// The field that the value is taken from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct SourceSelector {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
    field_path: String,
    options: Option<FieldOptions>,
}

/// The fields that the value is put into.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct TargetSelector {
    select: Option<Spanned<Selector>>,
    reject: Vec<Spanned<Selector>>,
    field_paths: Vec<Spanned<String>>,
    options: Option<FieldOptions>,
}

/// Which part of a field is meant.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FieldOptions {
    delimiter: String,
    index: i64,
    /// Without effect, as in kustomize.
    encoding: String,
    create: bool,
}

/// The field that is meant where none is named.
const DEFAULT_PATH: &str = "metadata.name";

/// Carries out replacements in their order
/// (`kustomize: api/filters/replacement/replacement.go`).
pub(crate) fn apply(
    entries: &[Spanned<Replacement>],
    target: &Target<'_>,
    resources: &mut Resources,
    work: &mut Work<'_>,
) -> Result<()> {
    let mut replacements = Vec::new();
    for entry in entries {
        match &entry.path {
            Some(path) => replacements.extend(read_file(entry, path, target, work)?),
            None => replacements.push(entry.clone()),
        }
    }
    for replacement in &replacements {
        work.begin(StepKind::Replacement, replacement.origin());
        let done = replacement.run(resources, work);
        done.map_err(|error| error.through(work.place(replacement.origin())))?;
    }
    Ok(())
}

/// The replacements of a file, which holds one or a list of them.
fn read_file(
    entry: &Spanned<Replacement>,
    path: &Spanned<String>,
    target: &Target<'_>,
    work: &mut Work<'_>,
) -> Result<Vec<Spanned<Replacement>>> {
    if entry.source.is_some() || entry.targets.is_some() {
        let message = "this entry has both a `path` and a replacement";
        return Err(Error::new(ErrorKind::Config, message).at(work.place(entry.origin())));
    }
    let source = work.read_named(target, path)?;
    let root = read::settings(&mut work.tree, source)?;
    let tree = &work.tree;
    match root {
        Some(root) if tree.is_seq(root) => decode(tree, root, &mut work.warnings),
        Some(root) if tree.is_map(root) => Ok(vec![decode(tree, root, &mut work.warnings)?]),
        _ => {
            let path_text = path.as_str();
            let message = format!("`{path_text}` holds neither a replacement nor a list of them");
            Err(Error::new(ErrorKind::Config, message).at(work.place(path.origin())))
        }
    }
}

/// What a file of replacements holds. An unknown field is an error in a kustomization, but passed
/// over by kustomize in such a file, so that it is a warning here.
fn decode<T: DeserializeOwned>(
    tree: &Tree,
    root: NodeId,
    warnings: &mut Vec<Warning>,
) -> Result<T> {
    read::decode(tree, root, Fields::Known).or_else(|error| {
        let value = read::decode(tree, root, Fields::Any)?;
        let all = std::iter::once(&error as &dyn Fault).chain(error.others());
        let unknown = |fault| Warning::of(fault).named(waiver::UNKNOWN_FIELD);
        warnings.extend(all.map(unknown));
        Ok(value)
    })
}

impl Replacement {
    fn run(&self, resources: &Resources, work: &mut Work<'_>) -> Result<()> {
        let targets = self.targets.as_deref().unwrap_or_default();
        let refuse = |message: &str| Err(Error::new(ErrorKind::Replacement, message));
        let (tree, schema) = (&mut work.tree, &work.schema);
        let value = match (&self.source, &self.source_value) {
            _ if targets.is_empty() => return refuse("this replacement has no `targets`"),
            (None, None) => return refuse("this replacement has no `source`"),
            (Some(_), Some(_)) => {
                return refuse("this replacement has both a `source` and a `sourceValue`");
            }
            (None, Some(value)) => {
                let node = tree.plain("", value.origin());
                tree.set_untyped(node, value);
                node
            }
            (Some(source), None) => source.value(tree, schema, resources, source.origin())?,
        };
        for target in targets {
            let changed = target.put(value, tree, schema, resources);
            let changed = changed.map_err(|error| error.through(tree.locate(target.origin())))?;
            if changed == 0 {
                let message = "this replacement changes nothing: no object matches its target";
                let warning = Warning::new(message).named(waiver::UNUSED_REPLACEMENT);
                work.warnings.push(warning.at(tree.locate(target.origin())));
            }
        }
        Ok(())
    }
}

/// Taking the value.
impl SourceSelector {
    fn value(
        &self,
        tree: &mut Tree,
        schema: &Schema,
        resources: &Resources,
        origin: Origin,
    ) -> Result<NodeId> {
        let source = self.find(tree, schema, resources);
        let source = source.map_err(|error| error.at(tree.locate(origin)))?;
        let path = match &*self.field_path {
            "" => DEFAULT_PATH,
            path => path,
        };
        let found = Path::parse(path).look_up(tree, source.root)?;
        let found = found
            .filter(|&node| !is_null(tree, node) && (tree.is_scalar(node) || !tree.is_empty(node)));
        let Some(found) = found else {
            let id = source.id(tree, schema);
            let message = format!("the source of this replacement, `{id}`, has no `{path}`");
            return Err(Error::new(ErrorKind::Replacement, message)
                .at(tree.locate(origin))
                .hint(path::hint(tree, source.root, path)));
        };
        match &self.options {
            Some(options) if !options.delimiter.is_empty() => options.part(tree, found),
            _ => Ok(found),
        }
    }

    fn find<'r>(
        &self,
        tree: &Tree,
        schema: &Schema,
        resources: &'r Resources,
    ) -> Result<&'r Resource> {
        let gvk = Gvk {
            group: self.group.clone().into(),
            version: self.version.clone().into(),
            kind: self.kind.clone().into(),
        };
        let is_meant = |resource: &&Resource| {
            ids(resource, tree, schema).iter().any(|id| {
                (self.name.is_empty() || self.name == id.name)
                    && (self.namespace.is_empty() || id.is_in(&self.namespace))
                    && gvk.selects(resource.api_version(tree), &id.kind)
            })
        };
        let mut found = resources.iter().filter(is_meant);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Error::new(
                ErrorKind::Replacement,
                "no object matches the source of this replacement",
            )
            .hint(self.near(tree, resources))),
            (Some(one), Some(other)) => Err(Error::new(
                ErrorKind::Replacement,
                "several objects match the source of this replacement",
            )
            .hint(format!(
                "`{}` and `{}` do; say more of the one that is meant",
                one.id(tree, schema),
                other.id(tree, schema)
            ))),
        }
    }

    fn near(&self, tree: &Tree, resources: &Resources) -> Option<String> {
        let same_kind = resources.iter().filter(|one| one.kind(tree) == self.kind);
        let name = windlass_fault::nearest(&self.name, same_kind.map(|one| one.name(tree)))?;
        Some(format!("did you mean `{name}`?"))
    }
}

/// What an object is, or was, called.
struct Name {
    kind: String,
    name: String,
    /// As written for the present one, never empty for earlier ones.
    namespace: String,
}

impl Name {
    fn is_in(&self, namespace: &str) -> bool {
        effective_namespace(&self.namespace, false) == namespace
    }
}

/// The present name of an object and its earlier ones.
fn ids(resource: &Resource, tree: &Tree, schema: &Schema) -> Vec<Name> {
    let present = Name {
        kind: resource.kind(tree).to_owned(),
        name: resource.name(tree).to_owned(),
        namespace: resource.namespace(tree).to_owned(),
    };
    let past = resource.previous_ids(tree, schema).map(|id| Name {
        kind: id.gvk.kind.into_owned(),
        name: id.name,
        namespace: id.namespace,
    });
    std::iter::once(present).chain(past).collect()
}

impl FieldOptions {
    /// The part of a text that `delimiter` and `index` name.
    fn part(&self, tree: &mut Tree, node: NodeId) -> Result<NodeId> {
        if !tree.is_scalar(node) {
            return Err(no_delimiter(tree, node));
        }
        let text = tree.text(node).to_owned();
        let mut parts = text.split(&*self.delimiter);
        let part = usize::try_from(self.index)
            .ok()
            .and_then(|at| parts.nth(at));
        let Some(part) = part else {
            let message = format!(
                "`{text}` has no part {} between `{}`",
                self.index, self.delimiter
            );
            let place = tree.locate(tree.origin(node));
            return Err(Error::new(ErrorKind::Replacement, message)
                .at(place)
                .hint("parts are counted from 0".to_owned()));
        };
        let copy = tree.copy(node);
        retext(tree, copy, part)?;
        Ok(copy)
    }

    /// The text with the part that `delimiter` and `index` name replaced; an index before the
    /// first part or behind the last adds one.
    fn with_part(&self, text: &str, part: &str) -> String {
        let mut parts: Vec<&str> = text.split(&*self.delimiter).collect();
        match usize::try_from(self.index) {
            Err(_) => parts.insert(0, part),
            Ok(at) if at >= parts.len() => parts.push(part),
            Ok(at) => parts[at] = part,
        }
        parts.join(&self.delimiter)
    }
}

fn no_delimiter(tree: &Tree, node: NodeId) -> Error {
    let message = "`delimiter` is for a text, and this is a map or a list";
    Error::new(ErrorKind::Replacement, message).at(tree.locate(tree.origin(node)))
}

/// Putting the value.
impl TargetSelector {
    /// Puts the value into every object that is meant, and returns how many these are.
    fn put(
        &self,
        value: NodeId,
        tree: &mut Tree,
        schema: &Schema,
        resources: &Resources,
    ) -> Result<usize> {
        let Some(select) = &self.select else {
            let message = "this target of a replacement has no `select`";
            return Err(Error::new(ErrorKind::Replacement, message));
        };
        let matcher = |selector: &Spanned<Selector>| {
            let matcher = Matcher::new(selector);
            matcher.map_err(|error| error.at(tree.locate(selector.origin())))
        };
        let wanted = matcher(select)?;
        let rejects: Result<Vec<Reject<'_>>> = self
            .reject
            .iter()
            .map(|reject| {
                Ok(Reject {
                    selector: reject,
                    matcher: matcher(reject)?,
                })
            })
            .collect();
        let rejects = rejects?;
        let mut changed = 0;
        for resource in resources.iter() {
            let ids = ids(resource, tree, schema);
            let api_version = resource.api_version(tree);
            let is_meant = wanted.matches_labels(resource, tree)
                && !rejects
                    .iter()
                    .any(|reject| reject.rejects(resource, &ids, tree))
                && ids.iter().any(|id| id.fits(&wanted, api_version));
            if is_meant {
                self.put_into(resource.root, value, tree)?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    fn put_into(&self, root: NodeId, value: NodeId, tree: &mut Tree) -> Result<()> {
        let default = [Spanned::new(DEFAULT_PATH.to_owned(), Origin::NONE)];
        let paths = match &self.field_paths[..] {
            [] => &default,
            paths => paths,
        };
        let creates = self.options.as_ref().is_some_and(|options| options.create);
        for field in paths {
            let path = Path::parse(field);
            let create = match creates {
                true => Create::As(tree.kind(value), field.origin()),
                false => Create::No,
            };
            let done = self.put_at(&path, create, root, value, tree);
            done.map_err(|error| error.through(tree.locate(field.origin())))?;
        }
        Ok(())
    }

    fn put_at(
        &self,
        path: &Path,
        create: Create,
        root: NodeId,
        value: NodeId,
        tree: &mut Tree,
    ) -> Result<()> {
        tree.check_depth(value, path.len()).map_err(malformed)?;
        if structured::put(tree, root, path, create, value)? {
            return Ok(());
        }
        let found = path.find(tree, root, create)?;
        if found.is_empty() {
            let verb = if create == Create::No {
                "find"
            } else {
                "find or create"
            };
            let message = format!("cannot {verb} `{path}` in the target of this replacement");
            return Err(Error::new(ErrorKind::Replacement, message)
                .at(tree.locate(tree.origin(root)))
                .hint(path::hint(tree, root, &path.to_string())));
        }
        for field in found {
            self.set(tree, field, value)?;
            tree.check_size().map_err(malformed)?;
        }
        Ok(())
    }

    fn set(&self, tree: &mut Tree, field: Found, value: NodeId) -> Result<()> {
        let options = self
            .options
            .as_ref()
            .filter(|options| !options.delimiter.is_empty());
        let node = field.node;
        if !tree.is_scalar(node) {
            if options.is_some() {
                return Err(no_delimiter(tree, node));
            }
            let copy = tree.copy(value);
            tree.overwrite(node, copy);
            return Ok(());
        }
        let text = match options {
            Some(options) => options.with_part(tree.text(node), tree.text(value)),
            None => tree.text(value).to_owned(),
        };
        tree.set_origin(node, tree.origin(value));
        if field.is_new || tree.is_untyped(node) {
            tree.set_untyped(node, &text);
            return Ok(());
        }
        retext(tree, node, &text)
    }
}

/// What a target is not.
struct Reject<'a> {
    selector: &'a Selector,
    matcher: Matcher,
}

impl Reject<'_> {
    /// Labels and annotations reject by themselves, whatever the name is.
    fn rejects(&self, resource: &Resource, ids: &[Name], tree: &Tree) -> bool {
        let selector = self.selector;
        let has_labels =
            !(selector.label_selector.is_empty() && selector.annotation_selector.is_empty());
        let parts = [
            &selector.group,
            &selector.version,
            &selector.kind,
            &selector.name,
            &selector.namespace,
        ];
        let has_id = parts.iter().any(|part| !part.is_empty());
        let api_version = resource.api_version(tree);
        (has_labels && self.matcher.matches_labels(resource, tree))
            || (has_id && ids.iter().any(|id| id.fits(&self.matcher, api_version)))
    }
}

impl Name {
    fn fits(&self, matcher: &Matcher, api_version: &str) -> bool {
        matcher.matches_gvk(api_version, &self.kind)
            && matcher.matches_name(&self.name)
            && matcher.matches_namespace(&self.namespace)
    }
}

/// Gives a scalar another text and leaves its type: a string stays one, and what was a number
/// must still be one when it is printed.
fn retext(tree: &mut Tree, node: NodeId, text: &str) -> Result<()> {
    let style = tree.style(node);
    let tag = tree.tag(node).map(str::to_owned);
    if style != Style::Plain || tag.is_some() {
        tree.set_text(node, text, style);
        tree.set_tag(node, tag.as_deref());
        return Ok(());
    }
    let before = type_of(tree, node)?;
    tree.set_text(node, text, style);
    if before == "str" {
        tree.mark_string(node);
    } else if type_of(tree, node)? != before {
        tree.set_tag(node, Some(&format!("tag:yaml.org,2002:{before}")));
    }
    Ok(())
}

/// The type of a scalar without quotes and tag, as YAML's short tags name it.
fn type_of(tree: &Tree, node: NodeId) -> Result<&'static str> {
    Ok(match tree.resolve(node).map_err(malformed)? {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) => "int",
        Value::Float(_) => "float",
        Value::Str(text) if text == tree.text(node) => "str",
        Value::Str(_) => "timestamp",
        Value::Map => "map",
        Value::Seq => "seq",
    })
}
