//! Secrets and SealedSecrets as text.

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::record::{self, SEALED_WITH, Used};
use crate::scope::Scope;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use windlass_yaml::{NodeId, Origin, Tree};

/// The form of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// YAML documents, each behind a line `---`.
    #[default]
    Yaml,
    /// JSON objects, one after the other.
    Json,
}

/// What a Secret is sealed for and with.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// The name and namespace that it gets in the end.
    pub identity: &'a Identity,
    /// The scope.
    pub scope: Scope,
}

impl Secret {
    /// Seals all values into a new SealedSecret.
    ///
    /// # Errors
    /// If the namespace is not known and the scope needs it.
    pub fn seal(&self, how: &Sealing<'_>, form: Form) -> Result<String, Error> {
        let label = how
            .identity
            .label(how.scope)
            .map_err(|error| error.at(self.location()))?;
        let mut writer = Writer::default();
        let mut values = Vec::new();
        for (key, value) in &self.values {
            values.push((key.clone(), how.certificate.seal(value, &label)?));
        }
        let mark = how
            .scope
            .annotation()
            .map(|name| (name.to_owned(), "true".to_owned()));
        let used = record::write(&[Used::of(how.certificate)]);
        let mut annotations: Vec<_> = mark.clone().into_iter().collect();
        annotations.push((SEALED_WITH.to_owned(), used));
        let own = Identity {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        };
        let metadata = writer.metadata(&own, &[], &annotations);
        let mut kept = self.annotations.clone();
        kept.extend(mark);
        let template = writer.tree.map(Origin::NONE);
        let template_metadata = writer.metadata(how.identity, &self.labels, &kept);
        writer.tree.set(template, "metadata", template_metadata);
        writer.kind(template, self.kind.as_deref(), self.immutable);
        let encrypted = writer.texts(&values);
        let spec = writer.tree.map(Origin::NONE);
        writer.tree.set(spec, "encryptedData", encrypted);
        writer.tree.set(spec, "template", template);
        let root = writer.object("bitnami.com/v1alpha1", "SealedSecret", metadata);
        writer.tree.set(root, "spec", spec);
        writer.print(root, form)
    }

    /// The Secret itself, its values in base64: not a text to keep.
    ///
    /// # Errors
    /// If it holds what YAML cannot.
    pub fn reveal(&self, form: Form) -> Result<String, Error> {
        let mut writer = Writer::default();
        let own = Identity {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        };
        let metadata = writer.metadata(&own, &self.labels, &self.annotations);
        let root = writer.object("v1", "Secret", metadata);
        let values = self.values.iter();
        let values: Vec<_> = values
            .map(|(key, value)| (key.clone(), STANDARD.encode(value)))
            .collect();
        let data = writer.texts(&values);
        writer.tree.set(root, "data", data);
        writer.kind(root, self.kind.as_deref(), self.immutable);
        writer.print(root, form)
    }
}

#[derive(Default)]
struct Writer {
    tree: Tree,
}

impl Writer {
    fn object(&mut self, version: &str, kind: &str, metadata: NodeId) -> NodeId {
        let root = self.tree.map(Origin::NONE);
        self.text(root, "apiVersion", version);
        self.text(root, "kind", kind);
        self.tree.set(root, "metadata", metadata);
        root
    }

    fn metadata(
        &mut self,
        identity: &Identity,
        labels: &[(String, String)],
        annotations: &[(String, String)],
    ) -> NodeId {
        let metadata = self.tree.map(Origin::NONE);
        self.text(metadata, "name", &identity.name);
        if let Some(namespace) = &identity.namespace {
            self.text(metadata, "namespace", namespace);
        }
        for (field, entries) in [("labels", labels), ("annotations", annotations)] {
            if !entries.is_empty() {
                let entries = self.texts(entries);
                self.tree.set(metadata, field, entries);
            }
        }
        metadata
    }

    fn kind(&mut self, map: NodeId, kind: Option<&str>, immutable: Option<bool>) {
        if let Some(kind) = kind {
            self.text(map, "type", kind);
        }
        if let Some(immutable) = immutable {
            let value = self.tree.plain(&immutable.to_string(), Origin::NONE);
            self.tree.set(map, "immutable", value);
        }
    }

    fn texts(&mut self, entries: &[(String, String)]) -> NodeId {
        let map = self.tree.map(Origin::NONE);
        for (key, value) in entries {
            self.text(map, key, value);
        }
        map
    }

    fn text(&mut self, map: NodeId, key: &str, text: &str) {
        let text = self.tree.string(text, Origin::NONE);
        self.tree.set(map, key, text);
    }

    fn print(&self, root: NodeId, form: Form) -> Result<String, Error> {
        let mut out = Vec::new();
        let printed = match form {
            Form::Yaml => {
                out.extend_from_slice(b"---\n");
                self.tree.emit(root, &mut out)
            }
            Form::Json => self.tree.write_json(root, &mut out, false),
        };
        let broken = |_| {
            Error::new(
                ErrorKind::Secret,
                "a label or an annotation cannot be printed",
            )
        };
        printed.map_err(broken)?;
        let text = String::from_utf8(out)
            .map_err(|_| Error::new(ErrorKind::Secret, "this cannot be printed"))?;
        Ok(match form {
            Form::Yaml => text,
            Form::Json => {
                let value: serde_json::Value = serde_json::from_str(&text)
                    .map_err(|_| Error::new(ErrorKind::Secret, "this cannot be printed"))?;
                format!("{value:#}\n")
            }
        })
    }
}
