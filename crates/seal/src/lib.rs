//! Secrets into SealedSecrets and back, without a cluster, in the format of the sealed-secrets
//! controller and its kubeseal.
//!
//! ```
//! use windlass_seal::{Certificate, Form, Identity, Scope, SealedFile, Sealing, Secret};
//!
//! # let pem = include_bytes!("../tests/throw-away/cert.pem");
//! let certificate = Certificate::parse("cert.pem", pem)?;
//! let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {token: s3cret}\n";
//! let secrets = Secret::parse_all("-", text.as_bytes())?;
//! let identity = Identity { name: "dev-web".into(), namespace: Some("dev".into()) };
//! let how = Sealing { certificate: &certificate, identity: &identity, scope: Scope::Strict };
//! let sealed = secrets[0].seal(&how, Form::Yaml)?;
//! assert!(!sealed.contains("s3cret"));
//!
//! let file = SealedFile::parse("sealed.yaml", sealed.as_bytes())?;
//! let sealed = file.find("web", None).expect("it was sealed under this name");
//! assert_eq!(sealed.sealed_for(), &identity);
//! # Ok::<(), windlass_seal::Error>(())
//! ```
//!
//! Values, keys and the texts that they are read from are not shown in an error, and what this
//! crate itself holds of values is wiped when it goes; what the YAML tree holds of them is not, so
//! a program should have an allocator that wipes. Time is an argument. Randomness is that of
//! aws-lc's generator: a session key and the OAEP padding for each value.

mod blob;
mod certificate;
mod check;
mod editor;
mod error;
mod file;
mod fingerprint;
mod identity;
mod key;
mod limits;
mod pem;
mod read;
mod record;
mod scope;
mod sealed;
mod secret;
mod unseal;
mod write;

pub use blob::{Blob, MAX_VALUE};
pub use certificate::Certificate;
pub use check::Checks;
pub use error::{Error, ErrorKind};
pub use file::{Changes, Merging, SealedFile};
pub use identity::Identity;
pub use key::PrivateKey;
pub use record::SEALED_WITH;
pub use scope::{CLUSTER_WIDE, Label, NAMESPACE_WIDE, Scope};
pub use sealed::SealedSecret;
pub use secret::Secret;
pub use write::{Form, Sealing};
