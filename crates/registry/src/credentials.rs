//! Who to be at a registry: given credentials, Docker's and Podman's files, and their helpers.

use crate::error::{Error, ErrorKind, Result};
use crate::reference::Repository;
use docker_credential::{CredentialRetrievalError as Cause, DockerCredential};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use windlass_fault::Secret;

/// Where credentials come from, in the order in which they are asked.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name and password for the registry that a base image is of, or that an image goes to;
    /// no other registry gets them.
    pub login: Option<(String, Secret)>,
    /// Files as `docker login` and `podman login` write them; one that is not there is passed by.
    pub files: Vec<PathBuf>,
    /// How long a credential helper that such a file names may take.
    pub helper_timeout: Duration,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            login: None,
            files: Vec::new(),
            helper_timeout: Duration::from_secs(30),
        }
    }
}

/// What is shown to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Login {
    Password(String, Secret),
    /// A token that is exchanged for others (distribution: docs/spec/auth/oauth.md).
    Identity(Secret),
}

impl Credentials {
    /// The files that Docker, Podman and skopeo use, as these variables of the environment say.
    #[must_use]
    pub fn usual_files(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
        let folder = |name: &str| variable(name).map(PathBuf::from);
        let home = folder("HOME");
        let docker = folder("DOCKER_CONFIG").or_else(|| Some(home.as_ref()?.join(".docker")));
        let runtime = folder("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json"));
        let own = home.map(|home| home.join(".config/containers/auth.json"));
        [
            folder("REGISTRY_AUTH_FILE"),
            docker.map(|dir| dir.join("config.json")),
            runtime,
            own,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What there is for this registry. Blocks while a helper runs.
    pub(crate) fn find(&self, repository: &Repository) -> Result<Option<Login>> {
        if let Some((username, password)) = &self.login {
            return Ok(Some(Login::Password(username.clone(), password.clone())));
        }
        let keys = repository.credential_keys();
        let places = self
            .files
            .iter()
            .flat_map(|path| keys.iter().map(move |key| (path, key)));
        for (path, key) in places {
            match self.ask(path, key)? {
                Some(DockerCredential::UsernamePassword(name, password)) => {
                    return Ok(Some(Login::Password(name, Secret::new(password))));
                }
                Some(DockerCredential::IdentityToken(token)) => {
                    return Ok(Some(Login::Identity(Secret::new(token))));
                }
                None => {}
            }
        }
        Ok(None)
    }

    fn ask(&self, path: &Path, registry: &str) -> Result<Option<DockerCredential>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::read(path, error)),
        };
        let (tell, told) = mpsc::channel();
        let name = registry.to_owned();
        // A helper may wait for a person; the thread that waits for it must not hold us up.
        std::thread::spawn(move || {
            let _ = tell.send(docker_credential::get_credential_from_reader(file, &name));
        });
        match told.recv_timeout(self.helper_timeout) {
            Ok(Ok(credential)) => Ok(Some(credential)),
            Ok(Err(cause)) => explain(&cause, path, registry),
            Err(_) => Err(failed(path, registry).suggest("the credential helper gives no answer")),
        }
    }
}

/// No credential, or an error that repeats nothing of what a helper printed.
fn explain(cause: &Cause, path: &Path, registry: &str) -> Result<Option<DockerCredential>> {
    let hint = match cause {
        Cause::NoCredentialConfigured | Cause::ConfigNotFound => return Ok(None),
        // The words of docker-credential-helpers: credentials/error.go.
        Cause::HelperFailure { stdout, .. } if stdout.contains("credentials not found") => {
            return Ok(None);
        }
        Cause::HelperFailure { helper, .. } => format!("`{helper} get` fails"),
        Cause::HelperCommunicationError | Cause::MalformedHelperResponse => {
            "the credential helper that it names does not run, or answers nonsense".to_owned()
        }
        _ => "log in again".to_owned(),
    };
    Err(failed(path, registry).suggest(hint))
}

fn failed(path: &Path, registry: &str) -> Error {
    let message = format!(
        "cannot get the credentials for `{registry}` of `{}`",
        path.display()
    );
    Error::new(ErrorKind::Credentials, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Target;

    fn repository(name: &str) -> Repository {
        match name.parse().unwrap() {
            Target::Registry(repository) => repository,
            Target::Layout(_) => panic!("a registry is meant"),
        }
    }

    fn password(name: &str, password: &str) -> Option<Login> {
        Some(Login::Password(name.into(), Secret::new(password)))
    }

    #[test]
    fn files_are_asked_in_order_and_hub_has_its_old_key() {
        let folder = tempfile::tempdir().unwrap();
        let (docker, podman) = (folder.path().join("a"), folder.path().join("b"));
        // `echo -n me:hub | base64`, `echo -n me:pod | base64`
        std::fs::write(
            &docker,
            r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6aHVi"}}}"#,
        )
        .unwrap();
        std::fs::write(&podman, r#"{"auths":{"localhost:5000":{"auth":"bWU6cG9k"},"id.example":{"identitytoken":"t"}}}"#).unwrap();
        let mut credentials = Credentials {
            files: vec![folder.path().join("absent"), docker, podman],
            ..Credentials::default()
        };
        let found = |credentials: &Credentials, name| credentials.find(&repository(name)).unwrap();
        assert_eq!(found(&credentials, "example/app"), password("me", "hub"));
        assert_eq!(
            found(&credentials, "localhost:5000/app"),
            password("me", "pod")
        );
        assert_eq!(found(&credentials, "localhost:5001/app"), None);
        assert_eq!(
            found(&credentials, "id.example/app"),
            Some(Login::Identity(Secret::new("t")))
        );
        credentials.login = Some(("ci".into(), Secret::new("given")));
        assert_eq!(found(&credentials, "example/app"), password("ci", "given"));
    }

    #[test]
    fn a_broken_file_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let credentials = Credentials {
            files: vec![file.clone()],
            ..Credentials::default()
        };
        for text in ["{hunter2", r#"{"auths":{"docker.io":{"auth":"hunter2!"}}}"#] {
            std::fs::write(&file, text).unwrap();
            let error = credentials.find(&repository("example/app")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert!(error.to_string().contains("config.json"));
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_missing_helper_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        std::fs::write(&file, r#"{"credsStore":"windlass-is-not-there"}"#).unwrap();
        let credentials = Credentials {
            files: vec![file],
            ..Credentials::default()
        };
        let error = credentials.find(&repository("example/app")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
}
