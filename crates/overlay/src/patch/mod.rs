//! Patches: what they are for, and how they change it.

mod json6902;
mod lists;
mod strategic;

pub(crate) use json6902::float_text;

use crate::build::{Target, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::id::Id;
use crate::kustomization::{Patch as Entry, PatchOptions};
use crate::read;
use crate::resource::{Resource, set_untyped};
use crate::resources::Resources;
use crate::schema::Schema;
use crate::select::Matcher;
use crate::waiver;
use json6902::Operation;
use serde::de::IgnoredAny;
use std::sync::Arc;
use windlass_fault::{Location, Warning, nearest};
use windlass_yaml::{NodeId, Source, Spanned, Style, Tree};

/// A patch, read and ready to be applied.
#[derive(Debug)]
pub(crate) struct Patch {
    content: Content,
    target: Option<Matcher>,
    options: PatchOptions,
    form: Form,
    /// Where the kustomization names it.
    place: Option<Location>,
}

#[derive(Debug)]
enum Content {
    /// Objects to merge into others.
    Objects(Vec<Resource>),
    Operations(Vec<Operation>),
}

/// The field that names the patch; in small things kustomize treats them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Patches,
    StrategicMerge,
    Json6902,
}

/// Applies an entry of `patches`
/// (`kustomize: api/internal/builtins/PatchTransformer.go`).
pub(crate) fn apply(
    entry: &Spanned<Entry>,
    target: &Target<'_>,
    resources: &mut Resources,
    work: &mut Work<'_>,
) -> Result<()> {
    let text = Text::of_entry(entry, Form::Patches, target, work)?;
    let content = match read::objects(&mut work.tree, Arc::clone(&text.source)) {
        Ok(objects) => Content::Objects(objects),
        Err(no_object) => match text.operations(&mut work.tree)? {
            Some(operations) => Content::Operations(operations),
            None => return Err(no_object),
        },
    };
    let patch = Patch {
        content,
        target: matcher(entry, work)?,
        options: entry.options,
        form: Form::Patches,
        place: work.place(entry.origin()),
    };
    patch.check()?;
    patch.apply(resources, work)
}

/// Applies an entry of `patchesJson6902`
/// (`kustomize: api/internal/builtins/PatchJson6902Transformer.go`).
pub(crate) fn json6902(
    entry: &Spanned<Entry>,
    target: &Target<'_>,
    resources: &mut Resources,
    work: &mut Work<'_>,
) -> Result<()> {
    let place = work.place(entry.origin());
    let refuse = |message: &str| Error::new(ErrorKind::Patch, message).at(place.clone());
    let selector = entry.target.as_ref();
    if selector.is_none_or(|selector| selector.name.is_empty()) {
        return Err(refuse("the target of this patch has no `name`"));
    }
    let text = Text::of_entry(entry, Form::Json6902, target, work)?;
    let operations = text.operations(&mut work.tree)?;
    let operations = operations.filter(|operations| !operations.is_empty());
    let patch = Patch {
        content: Content::Operations(
            operations.ok_or_else(|| refuse("this patch has no operation"))?,
        ),
        target: matcher(entry, work)?,
        options: PatchOptions::default(),
        form: Form::Json6902,
        place,
    };
    patch.apply(resources, work)
}

/// Applies all of `patchesStrategicMerge`, each a text or the path of a file
/// (`kustomize: api/internal/builtins/PatchStrategicMergeTransformer.go`).
pub(crate) fn strategic_merge(
    entries: &[Spanned<String>],
    target: &Target<'_>,
    resources: &mut Resources,
    work: &mut Work<'_>,
) -> Result<()> {
    let mut patches = Vec::new();
    for entry in entries {
        let is_text = entry.contains('\n') || entry.starts_with('{');
        let source = match is_text {
            true => read::inline_source(&work.tree, entry),
            false => work.read_named(target, entry)?,
        };
        patches.push(Patch {
            content: Content::Objects(read::objects(&mut work.tree, source)?),
            target: None,
            options: PatchOptions::default(),
            form: Form::StrategicMerge,
            place: work.place(entry.origin()),
        });
    }
    if patches.iter().all(Patch::is_empty) {
        let place = entries.first().and_then(|entry| work.place(entry.origin()));
        return Err(Error::new(ErrorKind::Patch, "these patches are empty").at(place));
    }
    patches
        .iter()
        .try_for_each(|patch| patch.apply(resources, work))
}

fn matcher(entry: &Entry, work: &Work<'_>) -> Result<Option<Matcher>> {
    let Some(target) = &entry.target else {
        return Ok(None);
    };
    let matcher = Matcher::new(target);
    matcher
        .map(Some)
        .map_err(|error| error.at(work.place(target.origin())))
}

/// The text of a patch.
struct Text {
    source: Arc<Source>,
    /// Whether it is JSON: it begins with `[`.
    is_json: bool,
}

impl Text {
    fn of_entry(
        entry: &Spanned<Entry>,
        form: Form,
        target: &Target<'_>,
        work: &mut Work<'_>,
    ) -> Result<Self> {
        let refuse = |message: &str| {
            let hint = "give the file as `path`, or the text as `patch`".to_owned();
            let error = Error::new(ErrorKind::Patch, message).hint(hint);
            Err(error.at(work.place(entry.origin())))
        };
        let patch = entry
            .patch
            .as_ref()
            .filter(|patch| !patch.trim().is_empty());
        let path = entry.path.as_ref().filter(|path| !path.is_empty());
        match (patch, path) {
            (Some(_), Some(_)) => refuse("this entry has both a `path` and a `patch`"),
            (None, None) => refuse("this entry has neither a `path` nor a `patch`"),
            (Some(patch), None) => {
                let mut patch = patch.clone();
                if form == Form::Patches {
                    // A block text at the end of the patch loses its line break by this.
                    patch.value.truncate(patch.value.trim_end().len());
                }
                Ok(Self {
                    is_json: patch.trim_start().starts_with('['),
                    source: read::inline_source(&work.tree, &patch),
                })
            }
            (None, Some(path)) => {
                let source = work.read_named(target, path)?;
                Ok(Self {
                    is_json: source.text().starts_with('['),
                    source,
                })
            }
        }
    }

    /// The operations; nothing where it is no list at all.
    fn operations(&self, tree: &mut Tree) -> Result<Option<Vec<Operation>>> {
        if self.is_json
            && let Err(error) = serde_json::from_str::<Vec<IgnoredAny>>(self.source.text())
        {
            return Err(self.not_json(error));
        }
        let documents = tree
            .load(Arc::clone(&self.source))
            .map_err(read::malformed)?;
        match documents.first() {
            Some(&root) if tree.is_seq(root) => json6902::read(tree, root).map(Some),
            _ => Ok(None),
        }
    }

    fn not_json(&self, error: serde_json::Error) -> Error {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (line, column) = (narrow(error.line()), narrow(error.column()));
        let message = "this patch begins with `[` and so is JSON, but cannot be read as such";
        Error::new(ErrorKind::Malformed, message)
            .at(Location::at_line(self.source.path(), line, column))
            .hint("begin with `- op:` to write YAML".to_owned())
            .because(error)
    }
}

impl Patch {
    fn is_empty(&self) -> bool {
        matches!(&self.content, Content::Objects(objects) if objects.is_empty())
    }

    fn check(&self) -> Result<()> {
        let (message, hint) = match (&self.content, &self.target) {
            (Content::Objects(objects), Some(_)) if objects.len() > 1 => (
                "a patch of several objects cannot have a `target`",
                "give each object an entry of its own, or leave `target` out",
            ),
            (Content::Operations(_), None) => (
                "a JSON patch needs a `target`",
                "add `target:` with the `kind` and `name` of the object",
            ),
            _ => return Ok(()),
        };
        let error = Error::new(ErrorKind::Patch, message).at(self.place.clone());
        Err(error.hint(hint.to_owned()))
    }
}

/// Applying.
impl Patch {
    /// Changes the objects that the patch is for. That there is none is an error for a patch
    /// without a target, else a warning.
    fn apply(&self, resources: &mut Resources, work: &mut Work<'_>) -> Result<()> {
        work.schema_was_used |= matches!(self.content, Content::Objects(_)) && !self.is_empty();
        let mut patching = Patching {
            patch: self,
            resources,
            tree: &mut work.tree,
            schema: &work.schema,
            warnings: &mut work.warnings,
        };
        let done = match (&self.content, &self.target) {
            (Content::Objects(objects), None) => patching.merge_by_id(objects),
            (Content::Objects(objects), Some(target)) => patching.merge_by_target(objects, target),
            (Content::Operations(operations), Some(target)) => patching.operate(operations, target),
            (Content::Operations(_), None) => self.check(),
        };
        done.map_err(|error| error.through(self.place.clone()))
    }
}

/// A patch at work.
struct Patching<'a> {
    patch: &'a Patch,
    resources: &'a mut Resources,
    tree: &'a mut Tree,
    schema: &'a Schema,
    warnings: &'a mut Vec<Warning>,
}

impl Patching<'_> {
    /// Merges each object into the one that has, or had, its id.
    fn merge_by_id(&mut self, objects: &[Resource]) -> Result<()> {
        for object in objects {
            let at = self.only_one(object)?;
            self.merge(at, object, self.patch.form == Form::StrategicMerge)?;
        }
        match self.patch.form {
            Form::StrategicMerge => self.refuse_conflicts(),
            Form::Patches | Form::Json6902 => Ok(()),
        }
    }

    fn only_one(&self, object: &Resource) -> Result<usize> {
        let id = object.original_id(self.tree, self.schema);
        match self.resources.with_any_id(&id, self.tree, self.schema)[..] {
            [at] => Ok(at),
            [] => Err(self.no_match(object, &id)),
            _ => {
                let message =
                    format!("this patch could be for several objects: `{id}` was the id of each");
                Err(Error::new(ErrorKind::Conflict, message)
                    .at(self.tree.locate(object.origin(self.tree)))
                    .hint("use the present name, or select the object with `target`".to_owned()))
            }
        }
    }

    fn merge_by_target(&mut self, objects: &[Resource], target: &Matcher) -> Result<()> {
        let Some(object) = objects.first() else {
            return Ok(());
        };
        for at in self.select(target) {
            self.merge(at, object, true)?;
        }
        self.refuse_conflicts()
    }

    fn select(&mut self, target: &Matcher) -> Vec<usize> {
        let found = self.resources.select(target, self.tree, self.schema);
        if found.is_empty() {
            let warning = Warning::new("this patch changes nothing: no object matches its target");
            let warning = warning.named(waiver::UNUSED_PATCH);
            self.warnings.push(warning.at(self.patch.place.clone()));
        }
        found
    }

    /// Merges an object into the one at `at`. `as_found` says whether the patch takes over the
    /// api version of what it found, and has texts for labels and annotations.
    fn merge(&mut self, at: usize, object: &Resource, as_found: bool) -> Result<()> {
        let Some(target) = self.resources.get_mut(at) else {
            return Ok(());
        };
        let tree = &mut *self.tree;
        let patch = tree.copy(object.root);
        if as_found {
            let api_version = target.text(tree, &["apiVersion"]);
            set_untyped(tree, patch, "apiVersion", &api_version);
            to_texts(tree, patch, "labels");
        }
        let options = self.patch.options;
        let may_rename = options.allow_name_change || options.allow_kind_change;
        if as_found || may_rename {
            to_texts(tree, patch, "annotations");
        }
        let forgets = takes_annotations_away(tree, patch);
        let kind = target.text(tree, &["kind"]);
        let name = target.text(tree, &["metadata", "name"]);
        let namespace = target.text(tree, &["metadata", "namespace"]);
        if may_rename {
            target.remember_id(tree, self.schema);
        }
        if !strategic::merge(tree, self.schema, target.root, patch)? {
            tree.set_children(target.root, &[]);
        }
        if target.is_empty(tree) {
            return Ok(());
        }
        if forgets {
            target.forget();
        }
        if !options.allow_kind_change {
            target.set_kind(tree, &kind);
        }
        if !options.allow_name_change {
            target.set_name(tree, &name)?;
        }
        target.set_namespace(tree, &namespace)?;
        tree.check_size().map_err(read::malformed)
    }

    /// Drops what was deleted and refuses two objects of one id.
    fn refuse_conflicts(&mut self) -> Result<()> {
        let tree = &*self.tree;
        self.resources.retain(|resource| !resource.is_empty(tree));
        self.resources.refuse_conflicts(tree, self.schema)
    }

    fn operate(&mut self, operations: &[Operation], target: &Matcher) -> Result<()> {
        let found = self.select(target);
        for at in found {
            let Some(resource) = self.resources.get_mut(at) else {
                continue;
            };
            if self.patch.form == Form::Patches {
                resource.remember_id(self.tree, self.schema);
            }
            // kustomize keeps its notes in the annotations, so that there is a map to add to.
            if resource.is_marked() {
                annotations(self.tree, resource)?;
            }
            let internal = internal_annotations(self.tree, resource.root);
            json6902::apply(self.tree, resource.root, operations)?;
            if operations.iter().any(Operation::sets_annotations) {
                resource.forget_provenance();
            }
            // It goes through JSON and back, which leaves no two places with one node.
            resource.shared.clear();
            to_texts(self.tree, resource.root, "annotations");
            if !internal.is_empty() {
                let map = annotations(self.tree, resource)?;
                for annotation in internal {
                    let key = self.tree.key(annotation).to_owned();
                    self.tree.set(map, &key, annotation);
                }
            }
        }
        Ok(())
    }
}

/// Copies of the annotations that kustomize takes for its own, whoever wrote them, and puts back
/// behind a JSON patch (`kustomize: kyaml/kio/kioutil/kioutil.go`, `GetInternalAnnotations`).
fn internal_annotations(tree: &mut Tree, root: NodeId) -> Vec<NodeId> {
    let Some(map) = tree.lookup(root, &["metadata", "annotations"]) else {
        return Vec::new();
    };
    let is_internal = |key: &str| key.starts_with("internal.config.kubernetes.io");
    let found = tree.entries(map).filter(|(key, _)| is_internal(key));
    let found: Vec<NodeId> = found.map(|(_, annotation)| annotation).collect();
    found.into_iter().map(|found| tree.copy(found)).collect()
}

/// The map of annotations, made where there is none.
fn annotations(tree: &mut Tree, resource: &Resource) -> Result<NodeId> {
    let metadata = resource.metadata(tree)?;
    match tree.get(metadata, "annotations") {
        Some(found) if tree.is_map(found) => Ok(found),
        _ => {
            let made = tree.map(tree.origin(metadata));
            Ok(tree.set(metadata, "annotations", made))
        }
    }
}

/// Makes every value of a map in the metadata a text, and takes the map out where it is empty or
/// null, as kustomize does when it sets labels or annotations.
pub(crate) fn to_texts(tree: &mut Tree, root: NodeId, field: &str) {
    let Some(metadata) = tree.get(root, "metadata") else {
        return;
    };
    let Some(map) = tree.get(metadata, field) else {
        return;
    };
    if !tree.is_map(map) || tree.is_empty(map) {
        tree.remove_key(metadata, field);
        return;
    }
    let values: Vec<NodeId> = tree.children(map).collect();
    for value in values {
        let text = tree.text(value).to_owned();
        tree.set_style(value, Style::Plain);
        tree.set_string(value, &text);
    }
}

/// Whether a patch deletes or replaces all annotations, which is where kustomize keeps what it
/// knows of an object. One that replaces the whole object replaces nothing.
fn takes_annotations_away(tree: &Tree, patch: NodeId) -> bool {
    if tree.text_at(patch, &["$patch"]) == Some("replace") {
        return false;
    }
    let takes = |path: &[&str]| {
        tree.lookup(patch, path).is_some_and(|found| {
            let directive = tree.text_at(found, &["$patch"]);
            is_null(tree, found) || matches!(directive, Some("delete" | "replace"))
        })
    };
    takes(&["metadata"]) || takes(&["metadata", "annotations"])
}

/// Errors.
impl Patching<'_> {
    fn no_match(&self, object: &Resource, id: &Id) -> Error {
        let message = format!("no object matches the patch `{id}`");
        let error = Error::new(ErrorKind::NoMatch, message);
        error
            .at(self.tree.locate(object.origin(self.tree)))
            .hint(self.near(id))
    }

    /// What could have been meant: another name of the kind, or another kind of the name.
    fn near(&self, id: &Id) -> Option<String> {
        let ids: Vec<Id> = self
            .resources
            .iter()
            .map(|one| one.id(self.tree, self.schema))
            .collect();
        let same_kind = ids.iter().filter(|other| other.gvk == id.gvk);
        let names = same_kind.clone().map(|other| &*other.name);
        if let Some(name) = nearest(&id.name, names).filter(|name| *name != id.name) {
            return Some(format!("did you mean `{name}`?"));
        }
        let same_name = ids.iter().find(|other| other.name == id.name);
        if let Some(other) = same_name {
            return Some(format!("there is `{other}`"));
        }
        let names: Vec<&str> = same_kind.map(|other| &*other.name).take(5).collect();
        match names[..] {
            [] => Some(format!("there is no `{}` at all", id.gvk.kind)),
            _ => Some(format!("there are `{}`", names.join("`, `"))),
        }
    }
}
