//! A SealedSecret as it stands in a file.

use crate::blob::Blob;
use crate::error::{Error, ErrorKind, without_text};
use crate::identity::Identity;
use crate::read;
use crate::record::{self, SEALED_WITH, Used};
use crate::scope::Scope;
use crate::secret::{is_key, scope_of};
use windlass_fault::Location;
use windlass_yaml::{NodeId, Tree, Value};

/// Where the annotations of the Secret stand that the controller makes.
const TEMPLATE_ANNOTATIONS: [&str; 4] = ["spec", "template", "metadata", "annotations"];

/// A SealedSecret of a [`SealedFile`](crate::SealedFile).
#[derive(Debug)]
pub struct SealedSecret {
    own: Identity,
    sealed_for: Identity,
    pub(crate) scope: Scope,
    /// The scope that the template asks for, if it asks for one.
    pub(crate) template_scope: Option<Scope>,
    pub(crate) used: Vec<Used>,
    pub(crate) values: Vec<SealedValue>,
    pub(crate) template: Template,
    place: Option<Location>,
}

/// What the template says of the Secret.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) kind: Option<String>,
    pub(crate) immutable: Option<bool>,
    /// Whether it makes values of its own, by Go's templates.
    pub(crate) has_data: bool,
}

/// A value under its key.
#[derive(Debug)]
pub(crate) struct SealedValue {
    pub(crate) key: String,
    text: String,
    pub(crate) place: Option<Location>,
}

impl SealedValue {
    /// Its parts, if they can be a sealed value.
    pub(crate) fn blob(&self) -> Result<Blob, Error> {
        Blob::parse(&self.text).map_err(|error| {
            let message = format!("`{}`: {error}", self.key);
            Error::new(error.kind(), message)
                .at(self.place.clone())
                .with_hint("seal the value again")
        })
    }
}

impl SealedSecret {
    /// Reads a document, if it is a SealedSecret.
    pub(crate) fn of(tree: &Tree, root: NodeId) -> Result<Option<Self>, Error> {
        const KIND: ErrorKind = ErrorKind::SealedSecret;
        if tree.text_at(root, &["kind"]) != Some("SealedSecret") {
            return Ok(None);
        }
        let place = |node| tree.locate(tree.origin(node));
        let flaw = |message: &str| Error::new(KIND, message).at(place(root));
        let text = |path: &[&str]| read::text(KIND, tree, root, path);
        let texts = |path: &[&str]| read::texts(KIND, tree, root, path);
        if text(&["apiVersion"])? != Some("bitnami.com/v1alpha1") {
            return Err(flaw(
                "the SealedSecret is not of `apiVersion: bitnami.com/v1alpha1`",
            ));
        }
        let filled = |path: &[&str]| Ok(text(path)?.filter(|text| !text.is_empty()));
        let Some(name) = filled(&["metadata", "name"])? else {
            return Err(flaw("the SealedSecret has no name"));
        };
        let namespace = filled(&["metadata", "namespace"])?;
        if let Some(data) = tree
            .lookup(root, &["spec", "data"])
            .filter(|&it| !tree.is_null(it))
        {
            return Err(flaw(
                "`spec.data` is of a form that the controller does not open any more",
            )
            .at(place(data))
            .with_hint("seal the values again, each for itself under `spec.encryptedData`"));
        }
        let annotations = texts(&["metadata", "annotations"])?;
        let get = |name: &str| {
            let mut found = annotations.iter();
            found
                .find(|(key, _)| key == name)
                .map(|(_, value)| &**value)
        };
        let template_annotations = texts(&TEMPLATE_ANNOTATIONS)?;
        let immutable = tree.lookup(root, &["spec", "template", "immutable"]);
        Ok(Some(Self {
            sealed_for: Identity {
                name: filled(&["spec", "template", "metadata", "name"])?
                    .unwrap_or(name)
                    .to_owned(),
                namespace: filled(&["spec", "template", "metadata", "namespace"])?
                    .or(namespace)
                    .map(str::to_owned),
            },
            own: Identity {
                name: name.to_owned(),
                namespace: namespace.map(str::to_owned),
            },
            scope: Scope::of_annotations(get),
            template_scope: scope_of(&template_annotations),
            used: get(SEALED_WITH).map(record::read).unwrap_or_default(),
            values: values(tree, root)?,
            template: Template {
                labels: texts(&["spec", "template", "metadata", "labels"])?,
                annotations: template_annotations,
                kind: text(&["spec", "template", "type"])?.map(str::to_owned),
                immutable: match immutable.map(|node| tree.resolve(node)) {
                    Some(Ok(Value::Bool(value))) => Some(value),
                    _ => None,
                },
                has_data: !read::map(KIND, tree, root, &["spec", "template", "data"])?.is_empty(),
            },
            place: place(root),
        }))
    }

    /// Name and namespace in the file, which an overlay may change.
    #[must_use]
    pub fn own(&self) -> &Identity {
        &self.own
    }

    /// Name and namespace that its values are sealed for: those of its template, into which sealing
    /// writes them and where no overlay changes them, else its own.
    #[must_use]
    pub fn sealed_for(&self) -> &Identity {
        &self.sealed_for
    }

    /// The scope that its annotations ask for.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The keys of its values, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| &*value.key)
    }

    /// Where it stands.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.place.clone()
    }

    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&SealedValue> {
        self.values.iter().find(|value| value.key == key)
    }
}

fn values(tree: &Tree, root: NodeId) -> Result<Vec<SealedValue>, Error> {
    let mut values = Vec::new();
    for (key, node) in read::map(
        ErrorKind::SealedSecret,
        tree,
        root,
        &["spec", "encryptedData"],
    )? {
        // A value that was never sealed may stand here.
        let place = tree.locate(tree.origin(node)).map(without_text);
        let flaw = |message: String| Error::new(ErrorKind::SealedSecret, message).at(place.clone());
        if !matches!(tree.resolve(node), Ok(Value::Str(_))) {
            return Err(flaw(format!("the value of `{key}` is no text")));
        }
        if !is_key(key) {
            return Err(flaw(format!(
                "Kubernetes does not allow the key `{key}` in a Secret"
            )));
        }
        values.push(SealedValue {
            key: key.to_owned(),
            text: tree.text(node).to_owned(),
            place,
        });
    }
    Ok(values)
}
