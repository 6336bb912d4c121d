//! Manifests, indexes and descriptors, read with suspicion and written the same way every time.

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use chrono::{DateTime, SecondsFormat};
use oci_client::manifest as oci;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub(crate) const INDEX: &str = oci::OCI_IMAGE_INDEX_MEDIA_TYPE;
pub(crate) const MANIFEST: &str = oci::OCI_IMAGE_MEDIA_TYPE;
pub(crate) const CONFIG: &str = oci::IMAGE_CONFIG_MEDIA_TYPE;
pub(crate) const LAYER_GZIP: &str = oci::IMAGE_LAYER_GZIP_MEDIA_TYPE;

/// Every type of manifest that a registry may hand out, OCI's own first.
pub(crate) const MANIFEST_TYPES: [&str; 4] = [
    INDEX,
    MANIFEST,
    oci::IMAGE_MANIFEST_LIST_MEDIA_TYPE,
    oci::IMAGE_MANIFEST_MEDIA_TYPE,
];

/// What registries accept of a manifest (distribution: 4 MiB).
pub(crate) const MANIFEST_LIMIT: u64 = 4 << 20;

/// An operating system and an architecture, as images name them: `linux/arm64`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// `v8` of `linux/arm64/v8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    pub(crate) fn amd64() -> Self {
        Self {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            variant: None,
        }
    }

    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        Some(Self {
            os: value["os"].as_str()?.to_owned(),
            architecture: value["architecture"].as_str()?.to_owned(),
            variant: value["variant"].as_str().map(str::to_owned),
        })
    }

    /// Whether an image for `self` runs where `wanted` is asked for. `arm64` means `arm64/v8`
    /// (containerd: platforms/defaults).
    pub(crate) fn serves(&self, wanted: &Self) -> bool {
        let variant = |p: &Self| match (p.architecture.as_str(), &p.variant) {
            ("arm64", None) => Some("v8".to_owned()),
            (_, variant) => variant.clone(),
        };
        (&self.os, &self.architecture) == (&wanted.os, &wanted.architecture)
            && variant(self) == variant(wanted)
    }
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let word =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        match parts[..] {
            [os, architecture, ref variant @ ..] if variant.len() < 2 && parts.iter().all(word) => {
                Ok(Self {
                    os: os.to_owned(),
                    architecture: architecture.to_owned(),
                    variant: variant.first().map(|&variant| variant.to_owned()),
                })
            }
            _ => {
                let message = format!("`{}` is not a platform", text.escape_debug());
                Err(Error::new(ErrorKind::Reference, message).suggest("write it as `linux/amd64`"))
            }
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// A descriptor: what a blob is, where it is and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) platform: Option<Platform>,
}

impl Blob {
    pub(crate) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
        }
    }

    pub(crate) fn from_json(value: &Value) -> Result<Self> {
        let missing = |field: &str| {
            let message = format!("a descriptor has no proper `{field}`");
            Error::new(ErrorKind::Layout, message)
        };
        let media_type = value["mediaType"].as_str();
        let digest = value["digest"].as_str().ok_or_else(|| missing("digest"))?;
        Ok(Self {
            media_type: media_type.ok_or_else(|| missing("mediaType"))?.to_owned(),
            digest: Digest::parse(digest)?,
            size: value["size"].as_u64().ok_or_else(|| missing("size"))?,
            platform: Platform::from_json(&value["platform"]),
        })
    }

    /// Whether it is asked for as a manifest and not as a blob.
    pub(crate) fn is_manifest(&self) -> bool {
        MANIFEST_TYPES.contains(&self.media_type.as_str())
    }

    /// Whether it is what a builder says of an image beside it: such are listed for an unknown
    /// platform.
    pub(crate) fn is_attestation(&self) -> bool {
        self.platform.as_ref().is_some_and(|p| p.os == "unknown")
    }

    /// Whether registries do not keep it: layers that come from their maker alone.
    pub(crate) fn is_foreign(&self) -> bool {
        self.media_type.contains(".nondistributable.") || self.media_type.contains(".foreign.")
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut value = json!({
            "mediaType": self.media_type, "digest": self.digest, "size": self.size,
        });
        if let Some(platform) = &self.platform {
            value["platform"] = json!(platform);
        }
        value
    }
}

/// A manifest, or an index of manifests, by what it refers to.
#[derive(Debug, Clone)]
pub(crate) enum Manifest {
    Image {
        config: Blob,
        layers: Vec<Blob>,
        annotations: BTreeMap<String, String>,
    },
    Index(Vec<Blob>),
}

impl Manifest {
    /// Reads a manifest as it was stored. `name` is how messages call it.
    pub(crate) fn parse(bytes: &[u8], name: &str) -> Result<Self> {
        let broken = |source: Error| {
            Error::new(
                ErrorKind::Layout,
                format!("the manifest `{name}` is broken"),
            )
            .because(source)
        };
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("the manifest `{name}` is not JSON");
            Error::new(ErrorKind::Layout, message).because(error)
        })?;
        let list = |key: &str| -> Result<Vec<Blob>> {
            let items = value[key].as_array().map_or(&[][..], Vec::as_slice);
            let blobs: Result<Vec<Blob>> = items.iter().map(Blob::from_json).collect();
            blobs.map_err(broken)
        };
        if value["manifests"].is_array() {
            return Ok(Self::Index(list("manifests")?));
        }
        Ok(Self::Image {
            config: Blob::from_json(&value["config"]).map_err(broken)?,
            layers: list("layers")?,
            annotations: strings(&value["annotations"]),
        })
    }

    /// The bytes of an image's manifest.
    pub(crate) fn image(
        config: &Blob,
        layers: &[Blob],
        annotations: &BTreeMap<String, String>,
    ) -> Vec<u8> {
        canonical(&json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config.to_json(),
            "layers": layers.iter().map(Blob::to_json).collect::<Vec<_>>(),
            "annotations": annotations,
        }))
    }

    /// The bytes of an index.
    pub(crate) fn index(manifests: &[Blob], annotations: &BTreeMap<String, String>) -> Vec<u8> {
        let descriptors: Vec<Value> = manifests.iter().map(Blob::to_json).collect();
        Self::index_of(&descriptors, annotations)
    }

    /// The bytes of an index of these descriptors, as they are.
    pub(crate) fn index_of(
        descriptors: &[Value],
        annotations: &BTreeMap<String, String>,
    ) -> Vec<u8> {
        canonical(&json!({
            "schemaVersion": 2, "mediaType": INDEX,
            "manifests": descriptors, "annotations": annotations,
        }))
    }
}

/// An index of nothing.
pub(crate) fn empty_index() -> Value {
    json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
}

/// Seconds since 1970 as RFC 3339 has them.
pub(crate) fn timestamp(seconds: u64) -> Result<String> {
    let time = i64::try_from(seconds).ok();
    let time = time.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let time = time.filter(|time| time.format("%Y").to_string().len() == 4);
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
        .ok_or_else(|| {
            let message = format!("`{seconds}` is no time of a commit");
            Error::new(ErrorKind::Reference, message)
        })
}

fn strings(value: &Value) -> BTreeMap<String, String> {
    let fields = value.as_object().into_iter().flatten();
    fields
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// JSON with its keys sorted, whatever order the map of `serde_json` keeps: the order depends on
/// a feature that any crate of a program may turn on, and a digest must not.
pub(crate) fn canonical(value: &Value) -> Vec<u8> {
    serde_json::to_vec(&Sorted(value)).expect("a JSON value has string keys")
}

struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
                let mut map = serializer.serialize_map(Some(sorted.len()))?;
                for (key, value) in sorted {
                    map.serialize_entry(key, &Sorted(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Sorted(item))?;
                }
                list.end()
            }
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_serve_each_other_as_containerd_has_it() {
        for (image, wanted, serves) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/amd64", "linux/arm64", false),
            ("windows/amd64", "linux/amd64", false),
        ] {
            let (image, wanted): (Platform, Platform) =
                (image.parse().unwrap(), wanted.parse().unwrap());
            assert_eq!(image.serves(&wanted), serves, "{image} for {wanted}");
        }
        for bad in ["", "linux", "linux/", "linux/a/b/c", "linux/amd 64"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let text = r#"{"b":[{"d":1,"c":2}],"a":null}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(canonical(&value), br#"{"a":null,"b":[{"c":2,"d":1}]}"#);
    }

    #[test]
    fn broken_manifests_are_refused() {
        let digest = Digest::of(b"");
        for text in [
            "[]".to_owned(),
            "{".to_owned(),
            r#"{"config":{"mediaType":"a","digest":"sha256:../../etc/passwd","size":1}}"#
                .to_owned(),
            format!(r#"{{"config":{{"mediaType":"a","digest":"{digest}","size":-1}}}}"#),
            format!(r#"{{"config":{{"digest":"{digest}","size":1}}}}"#),
        ] {
            let error = Manifest::parse(text.as_bytes(), "x").expect_err(&text);
            assert_eq!(error.kind(), ErrorKind::Layout, "{text}");
        }
    }
}
