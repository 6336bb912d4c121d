//! Secrets as they come from `kubectl create secret --dry-run=client`, before they are sealed.

use crate::error::{Error, ErrorKind};
use crate::read::{self, Plain};
use crate::scope::{CLUSTER_WIDE, NAMESPACE_WIDE, Scope};
use crate::{MAX_VALUE, limits};
use std::fmt;
use windlass_fault::Location;
use windlass_yaml::{NodeId, Source, Tree, Value};

/// What tools keep of an object as it was applied last, the values of a Secret included.
const LAST_APPLIED: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
];

/// A Secret, the values of which are not shown and are wiped when it goes.
#[derive(Clone)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Its namespace, if it names one.
    pub namespace: Option<String>,
    /// Its type, if it names one; Kubernetes takes `Opaque` then.
    pub kind: Option<String>,
    /// Whether it may be changed in the cluster, if it says so.
    pub immutable: Option<bool>,
    pub(crate) labels: Vec<(String, String)>,
    /// Without those of the scope, and without what tools keep of an applied object.
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) scope: Option<Scope>,
    pub(crate) values: Vec<(String, Plain)>,
    pub(crate) place: Option<Location>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.keys().collect();
        let mut shown = f.debug_struct("Secret");
        shown
            .field("name", &self.name)
            .field("namespace", &self.namespace);
        shown.field("keys", &keys).finish_non_exhaustive()
    }
}

impl Secret {
    /// Reads the Secrets of a file in YAML or JSON, at least one; `path` is what messages call it.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] and [`ErrorKind::Secret`]. No line of the file is shown with them.
    pub fn parse_all(path: &str, bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let text = limits::text(path, bytes)?;
        let mut tree = Tree::new();
        let source = Source::new(path, text);
        let roots = tree
            .load(source)
            .map_err(|error| Error::blind_yaml(path, &error))?;
        limits::check_documents(path, roots.len())?;
        if roots.is_empty() {
            let message = format!("there is no Secret in `{path}`");
            return Err(Error::new(ErrorKind::Secret, message).at(Location::file(path)));
        }
        roots
            .into_iter()
            .map(|root| Self::of(&tree, root))
            .collect()
    }

    fn of(tree: &Tree, root: NodeId) -> Result<Self, Error> {
        let place = read::place(tree, root);
        let flaw = |message: &str| Error::new(ErrorKind::Secret, message).at(place.clone());
        let text = |path: &[&str]| read::text(ErrorKind::Secret, tree, root, path);
        if (text(&["apiVersion"])?, text(&["kind"])?) != (Some("v1"), Some("Secret")) {
            return Err(flaw("this is no Secret")
                .with_hint("give one with `apiVersion: v1` and `kind: Secret`"));
        }
        let Some(name) = text(&["metadata", "name"])?.filter(|name| !name.is_empty()) else {
            return Err(flaw("the Secret has no name"));
        };
        let texts = |path: &[&str]| read::texts(ErrorKind::Secret, tree, root, path);
        let mut annotations = texts(&["metadata", "annotations"])?;
        let scope = scope_of(&annotations);
        annotations.retain(|(key, _)| {
            !LAST_APPLIED.contains(&&**key) && ![CLUSTER_WIDE, NAMESPACE_WIDE].contains(&&**key)
        });
        let immutable = match tree
            .lookup(root, &["immutable"])
            .map(|node| tree.resolve(node))
        {
            None | Some(Ok(Value::Null)) => None,
            Some(Ok(Value::Bool(value))) => Some(value),
            Some(_) => return Err(flaw("`immutable` is neither `true` nor `false`")),
        };
        let values = read::values(tree, root)?;
        let size: usize = values.iter().map(|(_, value)| value.len()).sum();
        if size > MAX_VALUE {
            let message =
                format!("the values of `{name}` are larger than 1 MiB, which Kubernetes allows");
            return Err(Error::new(ErrorKind::TooLarge, message).at(place.clone()));
        }
        if let Some((key, _)) = values.iter().find(|(key, _)| !is_key(key)) {
            return Err(flaw(&format!("Kubernetes does not allow the key `{key}`"))
                .with_hint("a key has letters, digits, `-`, `_` and `.`, at most 253 of them"));
        }
        Ok(Self {
            name: name.to_owned(),
            namespace: text(&["metadata", "namespace"])?
                .filter(|it| !it.is_empty())
                .map(str::to_owned),
            kind: text(&["type"])?
                .filter(|it| !it.is_empty())
                .map(str::to_owned),
            immutable,
            labels: texts(&["metadata", "labels"])?,
            annotations,
            scope,
            values,
            place,
        })
    }

    /// The scope that its annotations ask for; nothing without such an annotation.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        self.scope
    }

    /// The keys of its values, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(key, _)| &**key)
    }

    /// Where it stands; its line is not shown.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.place.clone()
    }

    /// Forgets all values but those of these keys.
    ///
    /// # Errors
    /// [`ErrorKind::Secret`] if it does not have one of them.
    pub fn keep_only(&mut self, keys: &[String]) -> Result<(), Error> {
        if let Some(key) = keys
            .iter()
            .find(|key| !self.keys().any(|known| known == *key))
        {
            let message = format!("the Secret `{}` has no key `{key}`", self.name);
            return Err(Error::new(ErrorKind::Secret, message).at(self.place.clone()));
        }
        self.values.retain(|(key, _)| keys.contains(key));
        Ok(())
    }
}

/// The scope of annotations that have one of its own, even if only by a word that does not count.
pub(crate) fn scope_of(annotations: &[(String, String)]) -> Option<Scope> {
    let get = |name: &str| {
        let mut found = annotations.iter();
        found
            .find(|(key, _)| key == name)
            .map(|(_, value)| &**value)
    };
    let asked = get(CLUSTER_WIDE).or(get(NAMESPACE_WIDE)).is_some();
    asked.then(|| Scope::of_annotations(get))
}

/// Whether Kubernetes takes a key (apimachinery: validation.go, `IsConfigMapKey`).
pub(crate) fn is_key(key: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=253).contains(&key.len()) && key.bytes().all(fits) && key != "." && !key.starts_with("..")
}
