//! A bill of the materials of a layer of dependencies (CycloneDX 1.5, in JSON), which scanners of
//! images look for beside them. It is the same whenever and wherever it is made: it has no serial
//! number, and its time is the commit's.

use crate::spec::canonical;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Its media type.
pub(crate) const BILL: &str = "application/vnd.cyclonedx+json";

/// An installed wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Material {
    /// As indexes spell it.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
    pub(crate) licence: Licence,
}

/// What a project says of its licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Licence {
    /// An expression of SPDX identifiers.
    Expression(String),
    /// Names in other words; none where it says nothing.
    Names(Vec<String>),
}

impl Licence {
    /// Longer ones are the text of a licence and not its name.
    const LENGTH: usize = 200;

    /// Reads the headers of a `METADATA` file (PyPA: "Core metadata"): the expression, else the
    /// name in one line, else the classifiers.
    pub(crate) fn read(metadata: &str) -> Self {
        let headers = metadata.lines().take_while(|line| !line.is_empty());
        let mut headers = headers.collect::<Vec<_>>().into_iter().peekable();
        let (mut name, mut classified) = (None, Vec::new());
        while let Some(line) = headers.next() {
            let goes_on = headers
                .peek()
                .is_some_and(|next| next.starts_with([' ', '\t']));
            let Some((field, value)) = line.split_once(": ") else {
                continue;
            };
            let value = value.trim();
            let usable = !value.is_empty() && value.len() <= Self::LENGTH && !goes_on;
            match field.to_ascii_lowercase().as_str() {
                _ if !usable => {}
                "license-expression" => return Self::Expression(value.to_owned()),
                "license" if value != "UNKNOWN" => name = Some(value.to_owned()),
                "classifier" if value.starts_with("License :: ") => {
                    let last = value.rsplit(" :: ").next().unwrap_or_default();
                    classified.push(last.to_owned());
                }
                _ => {}
            }
        }
        Self::Names(name.map_or(classified, |name| vec![name]))
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Expression(expression) => json!([{ "expression": expression }]),
            Self::Names(names) => names
                .iter()
                .map(|name| json!({"license": {"name": name}}))
                .collect(),
        }
    }
}

impl Material {
    /// Its package URL.
    fn purl(&self) -> String {
        let mut purl = format!("pkg:pypi/{}@", self.name);
        for byte in self.version.bytes() {
            match byte {
                b'.' | b'-' | b'_' | b'~' => purl.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => purl.push(char::from(byte)),
                byte => write!(purl, "%{byte:02X}").expect("writing to a string"),
            }
        }
        purl
    }

    fn to_json(&self) -> Value {
        let purl = self.purl();
        let mut component = json!({
            "type": "library", "bom-ref": purl, "name": self.name, "version": self.version,
            "purl": purl, "hashes": [{"alg": "SHA-256", "content": self.sha256}],
        });
        if self.licence != Licence::Names(Vec::new()) {
            component["licenses"] = self.licence.to_json();
        }
        component
    }
}

/// The bill of an image, which is named by the digest of its manifest.
pub(crate) fn bill(
    materials: &[Material],
    image: &str,
    version: Option<&str>,
    created: &str,
) -> Vec<u8> {
    let mut sorted: Vec<&Material> = materials.iter().collect();
    sorted.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    let components: Vec<Value> = sorted.iter().map(|one| one.to_json()).collect();
    let mut subject = json!({"type": "container", "bom-ref": image, "name": image});
    if let Some(version) = version {
        subject["version"] = json!(version);
    }
    canonical(&json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": created, "component": subject,
            "tools": {"components": [{"type": "application", "name": "windlass"}]},
        },
        "components": components,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences() {
        let names = |names: &[&str]| Licence::Names(names.iter().map(|&n| n.to_owned()).collect());
        for (metadata, licence) in [
            (
                "Name: a\nLicense-Expression: MIT OR Apache-2.0\nLicense: X\n",
                Licence::Expression("MIT OR Apache-2.0".to_owned()),
            ),
            (
                "License: BSD-3-Clause\nClassifier: License :: OSI Approved :: BSD License\n",
                names(&["BSD-3-Clause"]),
            ),
            (
                "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: Public Domain\n",
                names(&["MIT License", "Public Domain"]),
            ),
            (
                "License: Copyright (c)\n    All rights\nClassifier: License :: OSI Approved :: MIT License\n",
                names(&["MIT License"]),
            ),
            ("License: UNKNOWN\n", names(&[])),
            ("Name: a\n\nLicense: of the description\n", names(&[])),
            ("", names(&[])),
        ] {
            assert_eq!(Licence::read(metadata), licence, "{metadata}");
        }
    }

    #[test]
    fn package_urls() {
        let purl = |version: &str| {
            let material = Material {
                name: "a-b".to_owned(),
                version: version.to_owned(),
                sha256: String::new(),
                licence: Licence::Names(Vec::new()),
            };
            material.purl()
        };
        assert_eq!(purl("1.0rc1"), "pkg:pypi/a-b@1.0rc1");
        assert_eq!(purl("1!2.0+cu.1"), "pkg:pypi/a-b@1%212.0%2Bcu.1");
    }
}
