//! The way to the API server: what a kubeconfig or a service account says, with its programs for
//! credentials, proxies and impersonation.

use crate::error::{Error, ErrorKind, Result, chain};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::path::PathBuf;

/// Which cluster, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig; without one those that kubectl would take, or else the service account of the
    /// pod that this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The context; without one the current one.
    pub context: Option<String>,
}

/// A client for a cluster. Nothing is asked of it yet.
///
/// # Errors
/// If there is no kubeconfig, or it cannot be used.
pub async fn connect(access: &Access) -> Result<Client> {
    let config = config(access).await?;
    Client::try_from(config).map_err(|error| {
        Error::new(ErrorKind::Config, "cannot connect as the kubeconfig says").source(chain(&error))
    })
}

async fn config(access: &Access) -> Result<Config> {
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    match &access.kubeconfig {
        Some(path) => {
            let unusable = |error: kube::config::KubeconfigError| {
                let message = format!("cannot use the kubeconfig `{}`", path.display());
                Error::new(ErrorKind::Config, message).source(chain(&error))
            };
            let file = Kubeconfig::read_from(path).map_err(unusable)?;
            Config::from_custom_kubeconfig(file, &options)
                .await
                .map_err(unusable)
        }
        None if access.context.is_some() => {
            let config = Config::from_kubeconfig(&options).await;
            config.map_err(|error| none().source(chain(&error)))
        }
        None => Config::infer()
            .await
            .map_err(|error| none().source(chain(&error))),
    }
}

fn none() -> Error {
    Error::new(ErrorKind::Config, "cannot find out which cluster to ask")
        .hint("name a kubeconfig with --kubeconfig or KUBECONFIG")
}
