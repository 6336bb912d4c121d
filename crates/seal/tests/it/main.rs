//! What is sealed opens under its own name alone, files are changed where they must, and everything
//! malformed is an error with its place.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod hidden;
mod malformed;
mod merge;
mod scopes;
mod vectors;

use std::sync::LazyLock;
use windlass_seal::{Certificate, Identity, PrivateKey, Scope, Sealing};

const CERTIFICATE: &[u8] = include_bytes!("../throw-away/cert.pem");
const KEY: &str = include_str!("../throw-away/key.pem");
const OTHER_CERTIFICATE: &[u8] = include_bytes!("../throw-away/other-cert.pem");
const OTHER_KEY: &str = include_str!("../throw-away/other-key.pem");

/// In 2027.
const NOW: u64 = 1_800_000_000;

fn certificate() -> Certificate {
    Certificate::parse("cert.pem", CERTIFICATE).unwrap()
}

/// One whose key has half the size.
fn other_certificate() -> Certificate {
    Certificate::parse("other-cert.pem", OTHER_CERTIFICATE).unwrap()
}

fn keys() -> &'static [PrivateKey] {
    static KEYS: LazyLock<Vec<PrivateKey>> =
        LazyLock::new(|| PrivateKey::parse_all("key.pem", KEY.as_bytes()).unwrap());
    &KEYS
}

fn other_keys() -> &'static [PrivateKey] {
    static KEYS: LazyLock<Vec<PrivateKey>> =
        LazyLock::new(|| PrivateKey::parse_all("other-key.pem", OTHER_KEY.as_bytes()).unwrap());
    &KEYS
}

fn identity(namespace: &str, name: &str) -> Identity {
    Identity {
        name: name.to_owned(),
        namespace: Some(namespace.to_owned()),
    }
}

fn sealing<'a>(certificate: &'a Certificate, identity: &'a Identity, scope: Scope) -> Sealing<'a> {
    Sealing {
        certificate,
        identity,
        scope,
    }
}

/// An error as it is shown.
fn shown(error: &dyn windlass_fault::Fault) -> String {
    let one = |fault: &dyn windlass_fault::Fault| {
        let place = fault
            .location()
            .map_or_else(String::new, |place| format!(" at {place}"));
        format!("{fault}{place}\n")
    };
    std::iter::once(one(error))
        .chain(error.others().into_iter().map(one))
        .collect()
}
