//! Who to be at a registry: given credentials, Docker's and Podman's files, and their helpers.

use crate::error::{Error, ErrorKind, Result};
use crate::helper::{self, Silence};
use crate::reference::Repository;
use docker_credential::{CredentialRetrievalError as Cause, DockerCredential};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use windlass_fault::Secret;

/// Files of credentials beyond this are cut off.
const LIMIT: u64 = 4 << 20;

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
        for path in &self.files {
            if let Some(login) = self.find_in(path, repository)? {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }

    fn find_in(&self, path: &Path, repository: &Repository) -> Result<Option<Login>> {
        let Some(file) = read(path, repository)? else {
            return Ok(None);
        };
        let registries = repository.credential_keys();
        for key in &registries {
            if let Some(helper) = file["credHelpers"][*key].as_str() {
                return self.ask(path, helper, key);
            }
        }
        let auths = json!({ "auths": file["auths"] }).to_string();
        for key in repository
            .folders()
            .iter()
            .map(String::as_str)
            .chain(registries.clone())
        {
            match docker_credential::get_credential_from_reader(auths.as_bytes(), key) {
                Ok(DockerCredential::UsernamePassword(name, password)) => {
                    return Ok(Some(Login::Password(name, Secret::new(password))));
                }
                Ok(DockerCredential::IdentityToken(token)) => {
                    return Ok(Some(Login::Identity(Secret::new(token))));
                }
                Err(Cause::NoCredentialConfigured) => {}
                Err(_) => return Err(failed(path, key).suggest("log in again")),
            }
        }
        if let Some(helper) = file["credsStore"].as_str() {
            for key in &registries {
                if let Some(login) = self.ask(path, helper, key)? {
                    return Ok(Some(login));
                }
            }
        }
        Ok(None)
    }

    fn ask(&self, path: &Path, name: &str, registry: &str) -> Result<Option<Login>> {
        let why = match helper::ask(name, registry, self.helper_timeout) {
            Ok(answer) => {
                let secret = Secret::new(answer.secret);
                return Ok(Some(match answer.username.as_str() {
                    "<token>" => Login::Identity(secret),
                    _ => Login::Password(answer.username, secret),
                }));
            }
            Err(Silence::Unknown) => return Ok(None),
            Err(Silence::Absent) => "cannot be started".to_owned(),
            Err(Silence::Fails) => "fails".to_owned(),
            Err(Silence::Nonsense) => "answers nonsense".to_owned(),
            Err(Silence::Hangs) => {
                format!("gave no answer in {} s", self.helper_timeout.as_secs_f32())
            }
        };
        Err(failed(path, registry).suggest(format!("`docker-credential-{name} get` {why}")))
    }
}

/// A file of credentials; `None` if it is not there.
fn read(path: &Path, repository: &Repository) -> Result<Option<Value>> {
    let mut text = Vec::new();
    match File::open(path) {
        Ok(file) => file
            .take(LIMIT)
            .read_to_end(&mut text)
            .map_err(|error| Error::read(path, error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::read(path, error)),
    };
    // What the parser says may repeat what is secret.
    let value = serde_json::from_slice(&text).map(Some);
    value.map_err(|_| failed(path, repository.registry()).suggest("log in again"))
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
    fn a_file_of_podman_may_name_repositories() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("auth.json");
        // `echo -n me:NAME | base64`
        let text = r#"{"auths":{"quay.io":{"auth":"bWU6YWxs"},"quay.io/team":{"auth":"bWU6dGVhbQ=="},
            "quay.io/team/app":{"auth":"bWU6YXBw"},"docker.io/library":{"auth":"bWU6bGli"}}}"#;
        std::fs::write(&file, text).unwrap();
        let credentials = Credentials {
            files: vec![file],
            ..Credentials::default()
        };
        for (name, expected) in [
            ("quay.io/team/app", Some("app")),
            ("quay.io/team/app2", Some("team")),
            ("quay.io/team/app/part", Some("app")),
            ("quay.io/other/app", Some("all")),
            ("python", Some("lib")),
            ("example/python", None),
        ] {
            let found = credentials.find(&repository(name)).unwrap();
            let expected = expected.and_then(|expected| password("me", expected));
            assert_eq!(found, expected, "{name}");
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
