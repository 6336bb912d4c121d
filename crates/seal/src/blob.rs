//! A sealed value: a session key under RSA-OAEP, and the value under AES-256-GCM with that key.
//!
//! `length of the wrapped key, two bytes, big end first | wrapped key | ciphertext and tag`, in
//! base64 (sealed-secrets: pkg/crypto/crypto.go).

use crate::error::{Error, ErrorKind};
use crate::scope::Label;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The largest value, in bytes: that of a whole Secret in Kubernetes.
pub const MAX_VALUE: usize = 1 << 20;

/// The bytes of the session key.
const SESSION_KEY: usize = 32;

/// The bytes that prove that the ciphertext is whole.
const TAG: usize = 16;

/// A sealed value, looked at but not opened.
///
/// ```
/// use windlass_seal::Blob;
/// let made = format!("AQA{}==", "A".repeat(363));
/// assert_eq!(Blob::parse(&made)?.key_size(), 256);
/// assert!(Blob::parse("AQAA").is_err());
/// # Ok::<(), windlass_seal::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    bytes: Vec<u8>,
    key_size: usize,
}

impl Blob {
    /// Reads the text of a sealed value. Line breaks in it do not count, as in Go's base64.
    ///
    /// # Errors
    /// [`ErrorKind::Sealed`] where it is no base64, or its parts do not have the lengths that they
    /// must have; [`ErrorKind::TooLarge`] beyond [`MAX_VALUE`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let flaw = |message: String| Err(Error::new(ErrorKind::Sealed, message));
        let text: Vec<u8> = text
            .bytes()
            .filter(|b| !matches!(b, b'\r' | b'\n'))
            .collect();
        if text.len() > (MAX_VALUE + 2048).div_ceil(3) * 4 {
            return Err(too_large());
        }
        let Ok(bytes) = STANDARD.decode(&text) else {
            return flaw("the sealed value is no base64".to_owned());
        };
        let [high, low, rest @ ..] = &bytes[..] else {
            return flaw(format!(
                "the sealed value is cut off after {} bytes",
                bytes.len()
            ));
        };
        let key_size = usize::from(u16::from_be_bytes([*high, *low]));
        if !(256..=1024).contains(&key_size) {
            return flaw(format!(
                "the sealed value begins with a key of {} bits, which is not one of RSA",
                key_size * 8
            ));
        }
        if rest.len() < key_size + TAG {
            let wanted = 2 + key_size + TAG;
            let message = "the sealed value is cut off";
            return flaw(format!(
                "{message}: it has {} bytes of at least {wanted}",
                bytes.len()
            ));
        }
        Ok(Self { bytes, key_size })
    }

    /// How many bytes the modulus of the key has that it was sealed with.
    #[must_use]
    pub fn key_size(&self) -> usize {
        self.key_size
    }

    fn wrapped(&self) -> &[u8] {
        &self.bytes[2..2 + self.key_size]
    }

    fn body(&self) -> &[u8] {
        &self.bytes[2 + self.key_size..]
    }

    /// The value; nothing where key or label are others than those that it was sealed with, or
    /// where a byte of it changed: which of them cannot be told.
    pub(crate) fn open(
        &self,
        key: &OaepPrivateDecryptingKey,
        label: &Label,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut session = Zeroizing::new(vec![0; key.min_output_size()]);
        let label = Some(label.as_bytes()).filter(|label| !label.is_empty());
        let algorithm = &OAEP_SHA256_MGF1SHA256;
        let opened = key
            .decrypt(algorithm, self.wrapped(), &mut session, label)
            .ok()?;
        let opened: &[u8] = opened;
        let cipher = cipher(opened).ok()?;
        let mut value = Zeroizing::new(self.body().to_vec());
        let len = cipher
            .open_in_place(nonce(), Aad::empty(), &mut value)
            .ok()?
            .len();
        value.truncate(len);
        Some(value)
    }
}

/// Seals a value. The session key and the padding around it are random, from the generator of the
/// crypto library: they must be new for each value, since the nonce is always the same.
pub(crate) fn seal(
    key: &OaepPublicEncryptingKey,
    value: &[u8],
    label: &Label,
) -> Result<String, Error> {
    if value.len() > MAX_VALUE {
        return Err(too_large());
    }
    let bytes = encrypted(key, value, label).map_err(|Unspecified| {
        Error::new(
            ErrorKind::Crypto,
            "the crypto library could not seal a value",
        )
    })?;
    Ok(STANDARD.encode(bytes))
}

fn encrypted(
    key: &OaepPublicEncryptingKey,
    value: &[u8],
    label: &Label,
) -> Result<Vec<u8>, Unspecified> {
    let mut session = Zeroizing::new([0; SESSION_KEY]);
    rand::fill(&mut *session)?;
    let mut wrapped = vec![0; key.ciphertext_size()];
    let label = Some(label.as_bytes()).filter(|label| !label.is_empty());
    let wrapped = key.encrypt(&OAEP_SHA256_MGF1SHA256, &*session, &mut wrapped, label)?;
    let size = u16::try_from(wrapped.len()).map_err(|_| Unspecified)?;
    let mut body = Zeroizing::new(Vec::with_capacity(value.len() + TAG));
    body.extend_from_slice(value);
    cipher(&*session)?.seal_in_place_append_tag(nonce(), Aad::empty(), &mut *body)?;
    Ok([&size.to_be_bytes()[..], wrapped, &body[..]].concat())
}

fn cipher(session: &[u8]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&AES_256_GCM, session).map(LessSafeKey::new)
}

/// All zeros, as the format has it: each session key seals one value.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn too_large() -> Error {
    let message = "the value is larger than 1 MiB, which Kubernetes allows for a whole Secret";
    Error::new(ErrorKind::TooLarge, message)
}
