//! Authorities of one's own, and who to be towards servers that want to know by a certificate.

use crate::error::{Error, ErrorKind, Result};
use reqwest::{Certificate, ClientBuilder, Identity};
use rustls::AlertDescription;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What TLS needs beside the authorities that the system trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM files with certificates of authorities that are trusted as well.
    pub authorities: Vec<PathBuf>,
    /// PEM files with a certificate and with its key, for registries that ask for one. No other
    /// host is shown it, be it one that a registry sends us to.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// The same towards those who are not to know who asks.
    pub(crate) fn anonymous(&self) -> Self {
        Self {
            identity: None,
            ..self.clone()
        }
    }

    pub(crate) fn configure(&self, mut builder: ClientBuilder) -> Result<ClientBuilder> {
        for path in &self.authorities {
            let found = Certificate::from_pem_bundle(&read(path)?).unwrap_or_default();
            if found.is_empty() {
                return Err(broken(path, "no certificate"));
            }
            builder = builder.tls_certs_merge(found);
        }
        if let Some((certificate, key)) = &self.identity {
            let pem = [read(certificate)?, b"\n".to_vec(), read(key)?].concat();
            // What the parser says is left out: it may repeat the key.
            let identity = Identity::from_pem(&pem)
                .map_err(|_| broken(key, "no key, or its certificate is none"))?;
            builder = builder.identity(identity);
        }
        Ok(builder)
    }
}

/// What to do about it if a failed connection fails for a certificate, which does not pass.
pub(crate) fn distrust(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(_)) => {
                return Some("name the authority of its certificate by --ca");
            }
            Some(rustls::Error::AlertReceived(alert)) if about_us(*alert) => {
                return Some("name a certificate that it knows by --client-cert and --client-key");
            }
            _ => {}
        }
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as _).or_else(|| error.source());
    }
    None
}

fn about_us(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRevoked
    )
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

fn broken(path: &Path, what: &str) -> Error {
    let message = format!("`{}` holds {what}", path.display());
    Error::new(ErrorKind::Credentials, message).suggest("give files in the PEM form")
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Client;

    #[test]
    fn certificates_that_are_refused_are_told_from_connections_that_fail() {
        let wrapped = |error: rustls::Error| io::Error::other(io::Error::other(error));
        let unknown = rustls::CertificateError::UnknownIssuer;
        let required = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let ended = rustls::Error::AlertReceived(AlertDescription::InternalError);
        assert!(distrust(&wrapped(rustls::Error::InvalidCertificate(unknown))).is_some());
        assert!(distrust(&wrapped(required)).is_some());
        assert!(distrust(&wrapped(ended)).is_none());
        assert!(distrust(&io::Error::from(io::ErrorKind::ConnectionReset)).is_none());
    }

    #[test]
    fn files_that_are_no_certificates_are_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.pem");
        let absent = folder.path().join("absent.pem");
        for text in [
            "hunter2",
            "",
            "-----BEGIN CERTIFICATE-----\nhunter2!\n-----END CERTIFICATE-----\n",
            "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
        ] {
            fs::write(&file, text).unwrap();
            let authority = Tls {
                authorities: vec![file.clone()],
                identity: None,
            };
            let identity = Tls {
                authorities: Vec::new(),
                identity: Some((file.clone(), file.clone())),
            };
            for tls in [authority, identity] {
                let error = tls.configure(Client::builder()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Credentials, "{text}");
                assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            }
        }
        let tls = Tls {
            authorities: vec![absent],
            identity: None,
        };
        let error = tls.configure(Client::builder()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Read);
    }
}
