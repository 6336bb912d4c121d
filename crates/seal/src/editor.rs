//! The edits that sealing makes in a SealedSecret.

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::record::{self, SEALED_WITH, Used};
use crate::sealed::Template;
use crate::secret::Secret;
use windlass_yaml::{Content, Document, Step};

/// What Kubernetes takes for a Secret without a type.
const OPAQUE: &str = "Opaque";

const TEMPLATE: [Step<'_>; 2] = [Step::Key("spec"), Step::Key("template")];

pub(crate) struct Editor(Document);

impl Editor {
    /// Edits a copy.
    pub(crate) fn new(path: &str, document: &Document) -> Result<Self, Error> {
        Ok(Self(
            Document::parse(path, document.text()).map_err(uneditable)?,
        ))
    }

    pub(crate) fn finish(self) -> String {
        self.0.finish()
    }

    /// Puts sealed values under their keys.
    pub(crate) fn values(&mut self, values: &[(String, String)]) -> Result<(), Error> {
        values
            .iter()
            .try_for_each(|(key, text)| self.set(&value(key), text))
    }

    pub(crate) fn remove(&mut self, keys: &[String]) -> Result<(), Error> {
        for key in keys {
            self.0.prune(&value(key)).map_err(uneditable)?;
        }
        Ok(())
    }

    /// Labels or annotations of the Secret that the template does not have so.
    pub(crate) fn template(
        &mut self,
        field: &str,
        known: &[(String, String)],
        wanted: &[(String, String)],
    ) -> Result<(), Error> {
        for (key, text) in wanted.iter().filter(|entry| !known.contains(entry)) {
            let below = [Step::Key("metadata"), Step::Key(field), Step::Key(key)];
            self.set(&[&TEMPLATE[..], &below].concat(), text)?;
        }
        Ok(())
    }

    /// Type and `immutable` of the Secret, where the template has others.
    pub(crate) fn kind(&mut self, known: &Template, secret: &Secret) -> Result<(), Error> {
        let kind = secret.kind.as_deref().unwrap_or(OPAQUE);
        if known.kind.as_deref().unwrap_or(OPAQUE) != kind {
            self.set(&[&TEMPLATE[..], &[Step::Key("type")]].concat(), kind)?;
        }
        if let Some(immutable) = secret
            .immutable
            .filter(|_| known.immutable != secret.immutable)
        {
            let content = Content::Plain(immutable.to_string());
            let steps = [&TEMPLATE[..], &[Step::Key("immutable")]].concat();
            self.0.put(&steps, &content).map_err(uneditable)?;
        }
        Ok(())
    }

    /// Writes down that values were sealed with the certificate, besides those with others.
    pub(crate) fn record(
        &mut self,
        mut others: Vec<Used>,
        certificate: &Certificate,
    ) -> Result<(), Error> {
        let used = Used::of(certificate);
        if !others.contains(&used) {
            others.push(used);
        }
        let steps = ["metadata", "annotations", SEALED_WITH].map(Step::Key);
        self.set(&steps, &record::write(&others))
    }

    fn set(&mut self, steps: &[Step<'_>], text: &str) -> Result<(), Error> {
        self.0.set(steps, text).map(drop).map_err(uneditable)
    }
}

fn value(key: &str) -> [Step<'_>; 3] {
    ["spec", "encryptedData", key].map(Step::Key)
}

fn uneditable(error: windlass_yaml::Error) -> Error {
    Error::yaml(ErrorKind::Edit, &error)
}
