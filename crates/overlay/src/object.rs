//! The result of a build.

use crate::build::Finished;
use crate::error::{Error, ErrorKind, Result};
use crate::history::{Change, History, shown};
use crate::id::Id;
use crate::read::malformed;
use crate::resource::Resource;
use crate::schema::Schema;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use windlass_fault::{Location, Warning};
use windlass_yaml::{FieldPath, NodeId, Printed, Tree};

/// A build that is done.
#[derive(Debug)]
pub struct Build {
    tree: Tree,
    schema: Schema,
    resources: Vec<Resource>,
    history: History,
    read: Vec<PathBuf>,
    warnings: Vec<Warning>,
}

impl Build {
    pub(crate) fn new(finished: Finished) -> Self {
        let mut warnings = finished.warnings;
        warnings.extend(finished.deprecations);
        Self {
            tree: finished.tree,
            schema: finished.schema,
            resources: finished.resources,
            history: finished.history,
            read: finished.record.into_files(),
            warnings,
        }
    }

    /// The objects, in the order of the output.
    pub fn objects(&self) -> impl ExactSizeIterator<Item = Object<'_>> {
        self.resources.iter().map(|resource| Object {
            tree: &self.tree,
            history: &self.history,
            resource,
        })
    }

    /// For each object the name of a file for it alone: group, version, kind and name in lower
    /// case, the namespace in front where there are several
    /// (`kustomize: kustomize/commands/build/writer.go`).
    ///
    /// # Errors
    /// If a name leads to another folder, or two objects would have the same file, which kustomize
    /// lets happen.
    pub fn file_names(&self) -> Result<Vec<String>> {
        let ids = self
            .resources
            .iter()
            .map(|r| r.id(&self.tree, &self.schema));
        let ids: Vec<Id> = ids.collect();
        let namespaced = ids.iter().filter(|id| !id.cluster_scoped);
        let namespaces: HashSet<&str> = namespaced.map(Id::effective_namespace).collect();
        let name = |id: &Id| {
            let gvk = &id.gvk;
            let parts = [&*gvk.group, &*gvk.version, &*gvk.kind, &*id.name];
            let mut parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            if namespaces.len() > 1 && !id.cluster_scoped {
                parts.insert(0, id.effective_namespace());
            }
            format!("{}.yaml", parts.join("_").to_lowercase())
        };
        let names: Vec<String> = ids.iter().map(name).collect();
        let mut known = HashMap::new();
        for (object, name) in self.objects().zip(&names) {
            let other = known.insert(name, object);
            object.refuse_file_name(name, other)?;
        }
        Ok(names)
    }

    /// What works but is probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The tree that holds all objects, where every node knows the place it came from.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Every file that was read, absolute and sorted.
    #[must_use]
    pub fn read(&self) -> &[PathBuf] {
        &self.read
    }

    /// All objects as YAML documents.
    ///
    /// # Errors
    /// If an object holds what YAML cannot: an infinite number, a key that is no string.
    pub fn to_yaml(&self) -> Result<String> {
        Ok(self.print()?.to_string())
    }

    /// [`Build::to_yaml`] without a second copy of long texts that are printed as they stand in
    /// their files.
    ///
    /// # Errors
    /// As [`Build::to_yaml`].
    pub fn print(&self) -> Result<Printed> {
        let mut out = Printed::new();
        for (at, resource) in self.resources.iter().enumerate() {
            if at > 0 {
                out.push_str("---\n");
            }
            print(&self.tree, resource, &mut out)?;
        }
        Ok(out)
    }
}

fn print(tree: &Tree, resource: &Resource, out: &mut Printed) -> Result<()> {
    tree.print(resource.root, out).map_err(|error| {
        let error = malformed(error).of_output();
        error.at(tree.locate(resource.origin(tree)))
    })
}

/// One object of a [`Build`].
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    tree: &'a Tree,
    history: &'a History,
    resource: &'a Resource,
}

impl<'a> Object<'a> {
    /// Its node in [`Build::tree`].
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.resource.root
    }

    /// Its `apiVersion`; empty where it has none.
    #[must_use]
    pub fn api_version(&self) -> &'a str {
        self.resource.api_version(self.tree)
    }

    /// Its `kind`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.resource.kind(self.tree)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.resource.name(self.tree)
    }

    /// Its namespace; empty where it has none.
    #[must_use]
    pub fn namespace(&self) -> &'a str {
        self.resource.namespace(self.tree)
    }

    /// Refuses the name of a file that is none, or that another object has.
    fn refuse_file_name(&self, file: &str, other: Option<Self>) -> Result<()> {
        let message = if file.contains(['/', '\\', '\0']) {
            let (kind, name) = (self.kind(), self.name());
            format!("the `{kind}` `{name}` cannot have a file named after it")
        } else if other.is_some() {
            format!("two objects would be written to `{file}`")
        } else {
            return Ok(());
        };
        let hint = match other.and_then(|other| other.location()) {
            Some(place) => format!("the other one is at {place}; write all into one file"),
            None => "write all objects into one file".to_owned(),
        };
        Err(Error::new(ErrorKind::Output, message)
            .at(self.location())
            .hint(hint))
    }

    /// Where it stands, or where the generator that made it is configured.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.tree.locate(self.resource.origin(self.tree))
    }

    /// Where the value of a field was written, in whichever file set it last: a patch, the entry
    /// of a transformer, the object itself. Nothing where there is no such field, or where no
    /// file says what stands there.
    #[must_use]
    pub fn location_of(&self, field: &FieldPath) -> Option<Location> {
        let node = field.look_up(self.tree, self.resource.root)?;
        self.tree.locate(self.tree.origin(node))
    }

    /// What happened to a field, from the file that it was read from, base to overlay. Nothing
    /// where there is no such field, and unless [`Options::history`](crate::Options::history)
    /// asked for it.
    #[must_use]
    pub fn changes_of(&self, field: &FieldPath) -> Vec<Change> {
        let node = field.look_up(self.tree, self.resource.root);
        node.map_or_else(Vec::new, |node| self.history.of(self.tree, node))
    }

    /// All fields that hold a text, a number or the like, and collections that are empty, in the
    /// order of the output, with what they hold.
    #[must_use]
    pub fn fields(&self) -> Vec<(FieldPath, String)> {
        self.fields_below(&FieldPath::default())
    }

    /// [`Object::fields`], only those at and below one. Nothing where there is no such field.
    #[must_use]
    pub fn fields_below(&self, field: &FieldPath) -> Vec<(FieldPath, String)> {
        let mut found = Vec::new();
        let begin = field.look_up(self.tree, self.resource.root);
        let mut open: Vec<_> = begin
            .map(|node| (field.clone(), node))
            .into_iter()
            .collect();
        while let Some((path, node)) = open.pop() {
            if self.tree.is_empty(node) {
                found.push((path, shown(self.tree, node)));
                continue;
            }
            let children = self.tree.printed_children(node).into_iter().enumerate();
            let children =
                children.map(|(at, child)| (path.child(self.tree, node, at, child), child));
            let begin = open.len();
            open.extend(children);
            open[begin..].reverse();
        }
        found
    }

    /// What a field holds; nothing where there is no such field.
    #[must_use]
    pub fn value_of(&self, field: &FieldPath) -> Option<String> {
        let node = field.look_up(self.tree, self.resource.root)?;
        Some(shown(self.tree, node))
    }

    /// The object as a YAML document.
    ///
    /// # Errors
    /// As [`Build::to_yaml`].
    pub fn to_yaml(&self) -> Result<String, Error> {
        Ok(self.print()?.to_string())
    }

    /// The object as by [`Build::print`].
    ///
    /// # Errors
    /// As [`Build::to_yaml`].
    pub fn print(&self) -> Result<Printed, Error> {
        let mut out = Printed::new();
        print(self.tree, self.resource, &mut out)?;
        Ok(out)
    }
}
