//! The controller's private keys, for those who may have them: what was sealed can be opened,
//! compared and sealed anew without a cluster.

use crate::blob::Blob;
use crate::error::{Error, ErrorKind, without_text};
use crate::fingerprint::fingerprint;
use crate::pem;
use crate::read;
use crate::scope::Label;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use rustls_pki_types::pem::SectionKind;
use std::fmt;
use windlass_fault::{Fault, Location};
use windlass_yaml::{NodeId, Source, Tree};
use zeroize::Zeroizing;

/// The most keys that a file is looked at for.
const MAX_KEYS: usize = 1000;

/// The private half of a certificate.
pub struct PrivateKey {
    key: OaepPrivateDecryptingKey,
    fingerprint: String,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.fingerprint)
    }
}

impl PrivateKey {
    /// Reads the keys of a file: one in PEM, or those of Secrets with a `tls.key`, alone, as a
    /// `List` or as several documents, which is how `kubectl get secret -o yaml` backs them up.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] if one cannot be read, or there is none.
    pub fn parse_all(path: &str, bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let text = pem::text(ErrorKind::Key, path, bytes)?;
        if pem::has_block(text) || !text.contains(':') {
            return Ok(vec![Self::from_pem(path, text)?]);
        }
        let mut tree = Tree::new();
        let roots = tree
            .load(Source::new(path, text))
            .map_err(|error| Error::blind_yaml(path, &error))?;
        let mut secrets = Vec::new();
        for root in roots {
            match tree.lookup(root, &["items"]) {
                Some(items) => secrets.extend(tree.items(items)),
                None => secrets.push(root),
            }
        }
        if secrets.is_empty() || secrets.len() > MAX_KEYS {
            let message = format!(
                "`{path}` holds {} Secrets; 1 to {MAX_KEYS} are read",
                secrets.len()
            );
            return Err(Error::new(ErrorKind::Key, message).at(Location::file(path)));
        }
        secrets
            .into_iter()
            .map(|secret| Self::from_secret(&tree, secret))
            .collect()
    }

    fn from_pem(path: &str, text: &str) -> Result<Self, Error> {
        let block = pem::only_block(ErrorKind::Key, path, text)?;
        let flaw = |message: &str| Error::new(ErrorKind::Key, message).at(block.place.clone());
        let pair = match block.kind {
            SectionKind::RsaPrivateKey => KeyPair::from_der(&block.der),
            SectionKind::PrivateKey => KeyPair::from_pkcs8(&block.der),
            _ => return Err(flaw("the PEM block is no private key of RSA")),
        };
        let rejected = "the private key is broken, or not one of RSA with 2048 to 8192 bits";
        Self::new(&pair.map_err(|_| flaw(rejected))?).ok_or_else(|| flaw(rejected))
    }

    fn from_secret(tree: &Tree, secret: NodeId) -> Result<Self, Error> {
        let place = tree.locate(tree.origin(secret)).map(without_text);
        let flaw = |message: &str| Error::new(ErrorKind::Key, message).at(place.clone());
        let values = read::values(tree, secret)?;
        let value = values.iter().find(|(key, _)| key == "tls.key");
        let Some((_, value)) = value else {
            return Err(flaw(
                "the Secret has no `tls.key`, where the controller keeps its key",
            ));
        };
        let text = std::str::from_utf8(value).map_err(|_| flaw("the `tls.key` is not text"))?;
        // Where it stands inside the value tells nobody anything.
        Self::from_pem("tls.key", text).map_err(|error| {
            let hint = error.hint();
            let made = flaw(&format!("`tls.key`: {error}"));
            hint.into_iter().fold(made, Error::with_hint)
        })
    }

    fn new(pair: &KeyPair) -> Option<Self> {
        let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
        let key = PrivateDecryptingKey::from_pkcs8(der.as_ref()).ok()?;
        let public = key.public_key();
        let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = public.as_der().ok()?;
        let fingerprint = fingerprint(spki.as_ref())?;
        let key = OaepPrivateDecryptingKey::new(key).ok()?;
        Some(Self { key, fingerprint })
    }

    /// The fingerprint of its public half, see
    /// [`Certificate::fingerprint`](crate::Certificate::fingerprint).
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The bytes of its modulus.
    pub(crate) fn size(&self) -> usize {
        self.key.key_size_bytes()
    }

    /// The value of a blob that was sealed with this key for this label; nothing for any other.
    #[must_use]
    pub fn open(&self, blob: &Blob, label: &Label) -> Option<Zeroizing<Vec<u8>>> {
        (self.size() == blob.key_size()).then(|| blob.open(&self.key, label))?
    }
}
