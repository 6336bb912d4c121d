//! How registries are reached: what the command line and the environment say.

use std::path::PathBuf;
use std::sync::Arc;
use windlass_cli::Context;
use windlass_registry::{Access, Credentials, Notify, Progress, Tls};

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Flags {
    /// Speak http with a registry that is not this machine
    #[arg(long)]
    plain_http: bool,
    /// Trust the authorities of a PEM file as well
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// The PEM file of the certificate to show to servers that ask for one
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The PEM file of its key
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl Flags {
    /// The access with what `docker login` and `podman login` keep.
    pub(crate) fn read(&self, context: &Context) -> Access {
        let said = context.clone();
        let meter = Arc::new(context.meter("sent", 0));
        let shown = Arc::clone(&meter);
        let identity = self.client_cert.as_ref().zip(self.client_key.as_ref());
        Access {
            credentials: Credentials {
                files: Credentials::usual_files(|name| context.env(name)),
                ..Credentials::default()
            },
            plain_http: self.plain_http,
            tls: Tls {
                authorities: self.ca.iter().map(|path| context.path(path)).collect(),
                identity: identity.map(|(cert, key)| (context.path(cert), context.path(key))),
            },
            notify: Notify::new(move |text| {
                meter.clear();
                said.progress(text);
            }),
            progress: Progress::new(move |done, total| shown.reach(done, total)),
            ..Access::default()
        }
    }
}
