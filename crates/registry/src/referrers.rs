//! What refers to an image without being part of it: bills of materials and the like, as manifests
//! with a `subject` (distribution specification, "Listing Referrers").

use crate::body::Source;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::image_index;
use crate::pull::content_type;
use crate::remote::{Call, Remote};
use crate::spec::{self, Blob, Manifest};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The config of an artifact that has none, and its type.
pub(crate) const NOTHING: &[u8] = b"{}";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// How often a list by tag is written when others write it at the same time.
const ROUNDS: usize = 8;

/// An artifact that refers to an image.
#[derive(Debug, Clone)]
pub(crate) struct Referrer {
    pub(crate) subject: Digest,
    pub(crate) blob: Blob,
    pub(crate) bytes: Vec<u8>,
    kind: String,
    annotations: Value,
}

impl Referrer {
    /// An artifact of one document, which refers to the manifest `subject`.
    pub(crate) fn new(subject: &Blob, document: &Blob, created: &str) -> Result<Self> {
        let nothing = Blob::new(EMPTY, Digest::of(NOTHING), NOTHING.len() as u64);
        let whole = Blob {
            platform: None,
            ..subject.clone()
        };
        let bytes = spec::canonical(&json!({
            "schemaVersion": 2, "mediaType": spec::MANIFEST, "artifactType": document.media_type,
            "config": nothing.to_json(), "layers": [document.to_json()], "subject": whole.to_json(),
            "annotations": {"org.opencontainers.image.created": created},
        }));
        Self::read(bytes)
    }

    /// Reads a manifest that has a subject.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self> {
        let blob = Blob::new(spec::MANIFEST, Digest::of(&bytes), bytes.len() as u64);
        let broken = || {
            let message = format!("the manifest `{}` refers to nothing", blob.digest);
            Error::new(ErrorKind::Layout, message)
        };
        let value: Value = serde_json::from_slice(&bytes).map_err(|why| broken().because(why))?;
        let subject = value["subject"]["digest"].as_str().ok_or_else(broken)?;
        let kind = [&value["artifactType"], &value["config"]["mediaType"]];
        let kind = kind.into_iter().find_map(Value::as_str);
        Ok(Self {
            subject: Digest::parse(subject)?,
            kind: kind.unwrap_or_default().to_owned(),
            annotations: value["annotations"].clone(),
            bytes,
            blob,
        })
    }

    /// Its blobs, each with whether it is the config.
    pub(crate) fn parts(&self) -> Result<Vec<(Blob, bool)>> {
        match Manifest::parse(&self.bytes, self.blob.digest.as_str())? {
            Manifest::Image { config, layers, .. } => {
                let layers = layers.into_iter().map(|layer| (layer, false));
                Ok(std::iter::once((config, true)).chain(layers).collect())
            }
            Manifest::Index(_) => Ok(Vec::new()),
        }
    }

    /// The descriptor in a list of referrers.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = self.blob.to_json();
        value["artifactType"] = json!(self.kind);
        if self.annotations.is_object() {
            value["annotations"] = self.annotations.clone();
        }
        value
    }
}

impl Remote {
    /// Stores an artifact whose blobs are there, so that it is found from its subject: by the
    /// registry itself or, where it does not do that, by a tag.
    pub(crate) async fn attach(&self, referrer: &Referrer) -> Result<()> {
        let body = Source::Bytes(referrer.bytes.clone());
        let digest = referrer.blob.digest.as_str();
        self.put_manifest(digest, &referrer.blob, &body).await?;
        match self.lists_referrers(&referrer.subject).await? {
            true => Ok(()),
            false => self.list_by_tag(referrer).await,
        }
    }

    /// Whether the registry lists referrers by itself. It took the artifact: any other answer than a
    /// list is that of one which does not know the question, or of what stands before it.
    async fn lists_referrers(&self, subject: &Digest) -> Result<bool> {
        let call = Call::new(Method::GET, self.url(&format!("referrers/{subject}")));
        let ask = async || self.once(&call).await;
        match self.retry.run(&self.notify, ask).await {
            Ok(answer) => {
                let kind = content_type(answer.headers());
                Ok(answer.status() == StatusCode::OK && kind == Some(spec::INDEX))
            }
            Err(error) if error.kind() == ErrorKind::Credentials => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds to the index under the tag `sha256-…` ("Referrers Tag Schema"). A tag cannot be written
    /// on a condition, so that it is read again: who wrote at the same time may have put back a list
    /// without ours.
    async fn list_by_tag(&self, referrer: &Referrer) -> Result<()> {
        let tag = format!("sha256-{}", referrer.subject.hex());
        for _ in 0..ROUNDS {
            let mut index = match self.manifest(&tag).await {
                Ok((_, bytes)) => image_index(&bytes, &format!("{}:{tag}", self.repository))?,
                Err(error) if error.kind() == ErrorKind::NotFound => spec::empty_index(),
                Err(error) => return Err(error),
            };
            if !add(&mut index, referrer) {
                return Ok(());
            }
            let bytes = spec::canonical(&index);
            let blob = Blob::new(spec::INDEX, Digest::of(&bytes), bytes.len() as u64);
            self.put_manifest(&tag, &blob, &Source::Bytes(bytes))
                .await?;
        }
        let message = format!(
            "the tag `{tag}` of `{}` does not keep what is added",
            self.repository
        );
        Err(Error::new(ErrorKind::Protocol, message)
            .suggest("another run may write it: let one run at a time publish"))
    }
}

/// Adds a referrer to a list; false if it is there.
pub(crate) fn add(index: &mut Value, referrer: &Referrer) -> bool {
    let Some(list) = index["manifests"].as_array_mut() else {
        return false;
    };
    let digest = referrer.blob.digest.as_str();
    let known = list.iter().any(|entry| entry["digest"] == digest);
    if !known {
        list.push(referrer.to_json());
    }
    !known
}
