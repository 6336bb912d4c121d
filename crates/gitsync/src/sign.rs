//! Signed commits, as git makes them (git: git-config, `gpg.format` and what belongs to it): a
//! program that has the keys is given the commit and gives a signature back.

use crate::error::{Error, ErrorKind, Result, printable};
use crate::identity::Identity;
use crate::program::{self, Ended};
use crate::settings::Settings;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a signature may take: somebody may have to touch a key.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest signature that is taken, in bytes.
const LARGEST: usize = 64 << 10;

/// What signs commits.
#[derive(Debug, Clone)]
pub struct Signer {
    program: String,
    key: Key,
}

#[derive(Debug, Clone)]
enum Key {
    /// What gpg finds a key by.
    OpenPgp(String),
    /// The file of a private key, or of a public one whose other half an agent has.
    SshFile(PathBuf),
    /// A public key as text; an agent has its other half.
    SshText(String),
}

impl Signer {
    /// The signer that git's configuration describes: `gpg.format`, `gpg.program`,
    /// `gpg.ssh.program` and `user.signingKey`, in whose place `key` stands where it is given.
    ///
    /// # Errors
    /// [`ErrorKind::Signing`] if it describes none that can sign, and [`ErrorKind::Unsupported`] if
    /// it asks for a format other than `openpgp` and `ssh`.
    pub fn from_settings(
        settings: &Settings<'_>,
        key: Option<&str>,
        committer: &Identity,
    ) -> Result<Self> {
        let key = key.map(str::to_owned);
        let key = key.or_else(|| settings.text("user.signingKey"));
        let program = |names: &[&str], usual: &str| {
            let named = names.iter().find_map(|name| settings.text(name));
            let named = named.map(|named| match named.starts_with("~/") {
                true => settings.path(&named).display().to_string(),
                false => named,
            });
            named.unwrap_or_else(|| usual.to_owned())
        };
        let format = settings.text("gpg.format");
        match format.as_deref() {
            None | Some("openpgp") => Ok(Self {
                program: program(&["gpg.openpgp.program", "gpg.program"], "gpg"),
                key: Key::OpenPgp(key.unwrap_or_else(|| committer.who())),
            }),
            Some("ssh") => Ok(Self {
                program: program(&["gpg.ssh.program"], "ssh-keygen"),
                key: ssh_key(settings, key)?,
            }),
            Some(other) => {
                let message = format!("cannot sign in the format `{other}` of `gpg.format`");
                Err(Error::new(ErrorKind::Unsupported, message).hint("use `openpgp` or `ssh`"))
            }
        }
    }

    /// The commit with a signature of all of it in its head.
    pub(crate) fn sign(&self, commit: &[u8], deadline: Instant) -> Result<Vec<u8>> {
        let left = deadline.saturating_duration_since(Instant::now());
        let signature = match &self.key {
            Key::OpenPgp(key) => self.by_gpg(key, commit, left.min(PATIENCE))?,
            ssh => self.by_ssh(ssh, commit, left.min(PATIENCE))?,
        };
        let text = String::from_utf8(signature).map_err(|_| self.odd())?;
        let begins = text.starts_with("-----BEGIN ");
        match begins && text.len() <= LARGEST && !text.contains('\0') {
            true => Ok(with_signature(commit, &text)),
            false => Err(self.odd()),
        }
    }

    /// As git does, with what gpg says for programs on stderr, among what it says for people.
    fn by_gpg(&self, key: &str, commit: &[u8], time: Duration) -> Result<Vec<u8>> {
        let arguments = ["--status-fd=2", "-bsau", key].map(OsString::from);
        let ended = self.run(&arguments, commit, time)?;
        let created = |line: &[u8]| line.starts_with(b"[GNUPG:] SIG_CREATED ");
        match ended.status.success() && ended.stderr.split(|b| *b == b'\n').any(created) {
            true => Ok(ended.stdout),
            false => Err(self.failed(&ended)),
        }
    }

    /// As git does, with files: programs that stand in for `ssh-keygen` may know no other way.
    fn by_ssh(&self, key: &Key, commit: &[u8], time: Duration) -> Result<Vec<u8>> {
        let unwritable = |error: io::Error| {
            let message = "cannot write what is to be signed to a temporary file";
            Error::new(ErrorKind::Signing, message).source(error)
        };
        let folder = tempfile::tempdir().map_err(unwritable)?;
        let file = folder.path().join("commit");
        std::fs::write(&file, commit).map_err(unwritable)?;
        let (key, by_agent) = match key {
            Key::SshText(text) => {
                let path = folder.path().join("key.pub");
                std::fs::write(&path, format!("{text}\n")).map_err(unwritable)?;
                (path, true)
            }
            Key::SshFile(path) => (path.clone(), false),
            Key::OpenPgp(_) => return Err(self.odd()),
        };
        let mut arguments: Vec<OsString> = ["-Y", "sign", "-n", "git", "-f"].map(Into::into).into();
        arguments.push(key.into());
        arguments.extend(by_agent.then(|| "-U".into()));
        arguments.push(file.into());
        let ended = self.run(&arguments, b"", time)?;
        let signature = read(&folder.path().join("commit.sig"));
        match (ended.status.success(), signature) {
            (true, Ok(signature)) => Ok(signature),
            _ => Err(self.failed(&ended)),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "keys are the business of the programs that keep them"
    )]
    fn run(&self, arguments: &[OsString], input: &[u8], time: Duration) -> Result<Ended> {
        let mut command = Command::new(&self.program);
        let ended = program::run(command.args(arguments), input, time).map_err(|error| {
            let message = format!("cannot run `{}` to sign the commit", self.program);
            Error::new(ErrorKind::Signing, message).source(error)
        })?;
        ended.ok_or_else(|| {
            let (program, seconds) = (&self.program, time.as_secs());
            let message = format!("`{program}` had not signed the commit after {seconds} s");
            Error::new(ErrorKind::Signing, message)
                .hint("let an agent hold the key, so that nobody is asked for a passphrase")
        })
    }

    fn failed(&self, ended: &Ended) -> Error {
        let said = ended.stderr.split(|b| *b == b'\n');
        let said: Vec<&[u8]> = said.filter(|line| !line.starts_with(b"[GNUPG:]")).collect();
        let error = Error::new(
            ErrorKind::Signing,
            format!("`{}` does not sign the commit", self.program),
        )
        .hint("check `user.signingKey` and `gpg.format` of git's configuration");
        match printable(&said.join(&b' ')) {
            said if said.is_empty() => error,
            said => error.source(said),
        }
    }

    fn odd(&self) -> Error {
        let message = format!("what `{}` made is no signature", self.program);
        Error::new(ErrorKind::Signing, message)
    }
}

fn ssh_key(settings: &Settings<'_>, key: Option<String>) -> Result<Key> {
    let key = match key {
        Some(key) => key,
        None => default_key(settings)?,
    };
    let text = key.strip_prefix("key::");
    match text.or(Some(&*key).filter(|key| key.starts_with("ssh-"))) {
        Some(text) => Ok(Key::SshText(text.to_owned())),
        None => Ok(Key::SshFile(settings.path(&key))),
    }
}

/// The first line that the command of `gpg.ssh.defaultKeyCommand` prints, such as `ssh-add -L`.
#[expect(
    clippy::disallowed_methods,
    reason = "the configuration names a line for the shell"
)]
fn default_key(settings: &Settings<'_>) -> Result<String> {
    let unknown = |what: &str| {
        Error::new(ErrorKind::Signing, what)
            .hint("let `user.signingKey` of git's configuration name a key")
    };
    let Some(line) = settings.text("gpg.ssh.defaultKeyCommand") else {
        return Err(unknown("no key is named to sign the commit with"));
    };
    let nothing = || unknown("`gpg.ssh.defaultKeyCommand` gives no key");
    let ended = program::run(Command::new("sh").args(["-c", &line]), b"", PATIENCE)
        .map_err(|error| nothing().source(error))?
        .filter(|ended| ended.status.success())
        .ok_or_else(nothing)?;
    let text = String::from_utf8_lossy(&ended.stdout);
    let first = text.lines().next().unwrap_or_default();
    let key = first.starts_with("ssh-") || first.starts_with("key::");
    key.then(|| first.to_owned()).ok_or_else(nothing)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::metadata(path)?.len() > LARGEST as u64 {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => std::fs::read(path),
    }
}

/// The signature goes to the end of the head, its further lines begin with a space.
fn with_signature(commit: &[u8], signature: &str) -> Vec<u8> {
    let head = commit.windows(2).position(|pair| pair == b"\n\n");
    let (head, rest) = commit.split_at(head.map_or(commit.len(), |at| at + 1));
    let lines: Vec<&str> = signature.trim_end().lines().collect();
    let field = format!("gpgsig {}\n", lines.join("\n "));
    [head, field.as_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_a_field_of_the_head() {
        let signed = with_signature(
            b"tree 1\nauthor a\n\nText\n\nmore\n",
            "-----A\r\n\r\nb\n-----\n",
        );
        let expected = "tree 1\nauthor a\ngpgsig -----A\n \n b\n -----\n\nText\n\nmore\n";
        assert_eq!(String::from_utf8(signed).unwrap(), expected);
    }
}
