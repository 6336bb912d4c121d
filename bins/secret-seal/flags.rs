//! The command line of `secret-seal`, in kubeseal's words.

use crate::files::Input;
use std::path::{Path, PathBuf};
use windlass_cli::{Common, Failure};
use windlass_seal::{Form, PrivateKey, Scope};

/// Seal Secrets for git
///
/// Reads Secrets from a file or stdin and prints or writes SealedSecrets, which only the sealed-secrets controller of
/// the cluster can open. Needs no cluster, only the controller's certificate: --cert, else argo/sealed-secrets/cert.pem.
///
/// A value is sealed for one name in one namespace. With --overlay these are the ones that the overlay makes of the
/// Secret's own. Into a file that is there, what changes is put in place: comments, order and other values stay to the
/// byte; given a private key, so do values that are the same.
///
/// Values are never on the command line, in a message or in a temporary file.
///
/// Outputs: changed, sealed, kept, removed, written, valid.
#[derive(clap::Parser)]
#[command(name = "secret-seal")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) mode: Mode,
    /// The file with the Secrets or SealedSecrets [default: stdin]
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Write to this file
    #[arg(short = 'w', long, value_name = "FILE")]
    pub(crate) sealed_secret_file: Option<PathBuf>,
    /// The form of the result [default: by the ending of the file to write, else that of what is read]
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub(crate) output: Option<OutputForm>,
    /// The certificate: a file or an address [default: argo/sealed-secrets/cert.pem]
    #[arg(long, env = "SEALED_SECRETS_CERT", value_name = "FILE|URL")]
    pub(crate) cert: Option<String>,
    /// strict, namespace-wide or cluster-wide [default: that of the annotations, else strict]
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Option<Scope>,
    /// The namespace, where the Secret names none
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// The name, in the place of the Secret's
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Seal for the name and the namespace that the overlay in this folder makes
    #[arg(long, value_name = "DIR")]
    pub(crate) overlay: Option<PathBuf>,
    /// Seal these values only; the others of a file that is there stay
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub(crate) key: Vec<String>,
    /// Seal a Secret without values too
    #[arg(long)]
    pub(crate) allow_empty_data: bool,
    /// With --raw: read the value from this file
    #[arg(long, value_name = "FILE", requires = "raw")]
    pub(crate) from_file: Option<String>,
    /// Files with private keys of the controller: PEM, or Secrets as kubectl prints them
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub(crate) recovery_private_key: Vec<PathBuf>,
    /// Warn of a certificate that is older than so many days
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub(crate) max_age: u64,
    /// Get the certificate from the cluster's API, where `kubectl proxy` serves it
    #[arg(long, value_name = "URL")]
    pub(crate) controller_url: Option<String>,
    /// With --controller-url: the controller's Service
    #[arg(
        long,
        env = "SEALED_SECRETS_CONTROLLER_NAME",
        value_name = "NAME",
        default_value = "sealed-secrets-controller"
    )]
    pub(crate) controller_name: String,
    /// With --controller-url: its namespace
    #[arg(
        long,
        env = "SEALED_SECRETS_CONTROLLER_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = "kube-system"
    )]
    pub(crate) controller_namespace: String,
}

/// What to do other than to seal Secrets.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct Mode {
    /// Seal one value, for --name and --namespace, and print it alone
    #[arg(long)]
    pub(crate) raw: bool,
    /// Seal values into a file that is there
    #[arg(long, value_name = "FILE", conflicts_with = "sealed_secret_file")]
    pub(crate) merge_into: Option<PathBuf>,
    /// Check SealedSecrets: their form, and with a private key that they open
    #[arg(long)]
    pub(crate) validate: bool,
    /// Seal SealedSecrets anew with the certificate; needs the private key
    #[arg(long, alias = "rotate")]
    pub(crate) re_encrypt: bool,
    /// Print the Secrets of SealedSecrets in clear; needs the private key
    #[arg(long)]
    pub(crate) recovery_unseal: bool,
    /// Print the controller's certificate
    #[arg(long)]
    pub(crate) fetch_cert: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputForm {
    /// YAML documents
    Yaml,
    /// JSON objects
    Json,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

impl Args {
    /// The file that is written.
    pub(crate) fn target(&self) -> Option<&Path> {
        let merged = self.mode.merge_into.as_deref();
        merged.or(self.sealed_secret_file.as_deref())
    }

    /// The form of what is made.
    pub(crate) fn form(&self, input: &Input) -> Form {
        let ending = self.target().and_then(Path::extension);
        match (self.output, ending.and_then(|ending| ending.to_str())) {
            (Some(OutputForm::Json), _) | (None, Some("json")) => Form::Json,
            (None, Some(_)) | (Some(OutputForm::Yaml), _) => Form::Yaml,
            (None, None) if input.bytes.trim_ascii_start().starts_with(b"{") => Form::Json,
            (None, None) => Form::Yaml,
        }
    }
}

pub(crate) fn need_keys(keys: &[PrivateKey], flag: &str) -> Result<(), Failure> {
    match keys.is_empty() {
        false => Ok(()),
        true => Err(Failure::usage(format!(
            "{flag} opens what is sealed, which needs the controller's keys: give those that `kubectl get secret -n \
             kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` prints with --recovery-private-key; \
             no cluster is asked to"
        ))),
    }
}
