//! The controller's certificate, which secrets are sealed with.

use crate::blob;
use crate::error::{Error, ErrorKind};
use crate::fingerprint::fingerprint;
use crate::pem::{self, Block};
use crate::scope::Label;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use chrono::DateTime;
use rustls_pki_types::pem::SectionKind;
use windlass_fault::Location;
use x509_cert::der::{Decode, Encode};

/// A certificate for RSA. Its usage and its issuer do not matter, as to the controller.
#[derive(Debug)]
pub struct Certificate {
    key: OaepPublicEncryptingKey,
    fingerprint: String,
    starts: u64,
    ends: u64,
    place: Location,
}

impl Certificate {
    /// Reads a file with one certificate in PEM; `path` is what messages call it.
    ///
    /// # Errors
    /// [`ErrorKind::Certificate`] if there is none, or more than one, or it is not for RSA.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, Error> {
        let text = pem::text(ErrorKind::Certificate, path, bytes)?;
        let Block { kind, der, place } = pem::only_block(ErrorKind::Certificate, path, text)?;
        let flaw = |message: &str| {
            let hint = "take the one of the controller: secret-seal --fetch-cert";
            Error::new(ErrorKind::Certificate, message)
                .at(place.clone())
                .with_hint(hint)
        };
        if kind != SectionKind::Certificate {
            return Err(flaw("the PEM block is no certificate"));
        }
        let broken = |_| flaw("the certificate is broken");
        let certificate = x509_cert::Certificate::from_der(&der).map_err(broken)?;
        let content = certificate.tbs_certificate();
        let info = content.subject_public_key_info();
        if info.algorithm.oid.to_string() != RSA {
            return Err(flaw("the certificate is not for RSA"));
        }
        let spki = info.to_der().map_err(broken)?;
        let key = PublicEncryptingKey::from_der(&spki).ok();
        let key = key.and_then(|key| OaepPublicEncryptingKey::new(key).ok());
        let sizes = "the certificate's key is not one of 2048 to 8192 bits";
        let validity = content.validity();
        Ok(Self {
            key: key.ok_or_else(|| flaw(sizes))?,
            fingerprint: fingerprint(&spki).ok_or_else(|| flaw("the certificate is broken"))?,
            starts: validity.not_before.to_unix_duration().as_secs(),
            ends: validity.not_after.to_unix_duration().as_secs(),
            place,
        })
    }

    /// Refuses a certificate that has expired at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`ErrorKind::Certificate`].
    pub fn check(&self, now: u64) -> Result<(), Error> {
        if now <= self.ends {
            return Ok(());
        }
        let message = format!("the certificate expired on {}", day(self.ends));
        Err(Error::new(ErrorKind::Certificate, message)
            .at(self.place.clone())
            .with_hint("take the present one of the controller: secret-seal --fetch-cert"))
    }

    /// Its key's fingerprint, as ssh writes that of an RSA key: `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The day from which on it is valid: `2026-11-24`.
    #[must_use]
    pub fn since(&self) -> String {
        day(self.starts)
    }

    /// How many whole days it has been valid at `now`, in seconds since 1970.
    #[must_use]
    pub fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.starts) / DAY
    }

    /// Where it stands.
    #[must_use]
    pub fn location(&self) -> Location {
        self.place.clone()
    }

    /// The bytes of its key's modulus.
    pub(crate) fn key_size(&self) -> usize {
        self.key.key_size_bytes()
    }

    /// Seals a value for a label, as base64. Each call gives another text: its session key is made
    /// by the crypto library's generator of random numbers.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond [`MAX_VALUE`](crate::MAX_VALUE).
    pub fn seal(&self, value: &[u8], label: &Label) -> Result<String, Error> {
        blob::seal(&self.key, value, label)
    }
}

/// The name of `rsaEncryption` (RFC 8017, appendix A.1).
const RSA: &str = "1.2.840.113549.1.1.1";

/// Seconds.
const DAY: u64 = 24 * 60 * 60;

/// The date of a moment, in UTC.
fn day(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|time| DateTime::from_timestamp(time, 0));
    time.map_or_else(
        || "a day beyond time".to_owned(),
        |time| time.format("%Y-%m-%d").to_string(),
    )
}
