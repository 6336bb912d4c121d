//! Credential helpers: programs that keep passwords for others (docker-credential-helpers:
//! "Development"). One that hangs is stopped.

use serde::Deserialize;
use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Answers beyond this are none.
const LIMIT: u64 = 1 << 20;
const STEP: Duration = Duration::from_millis(10);

/// What a helper knows of a registry. The user `<token>` has an identity token for a password.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer {
    pub(crate) username: String,
    pub(crate) secret: String,
}

/// Why a helper has no answer; nothing of what it printed is repeated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It knows nothing of the registry.
    Unknown,
    /// It is not there or cannot be started.
    Absent,
    /// It did not end in time and was stopped.
    Hangs,
    /// It ended with an error.
    Fails,
    /// What it said cannot be read.
    Nonsense,
}

/// Asks `docker-credential-NAME` for the credentials of a registry.
pub(crate) fn ask(name: &str, registry: &str, limit: Duration) -> Result<Answer, Silence> {
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(Silence::Absent);
    }
    run(
        format!("docker-credential-{name}").as_ref(),
        registry,
        limit,
    )
}

fn run(program: &OsStr, registry: &str, limit: Duration) -> Result<Answer, Silence> {
    #[expect(
        clippy::disallowed_methods,
        reason = "passwords of keychains are had in no other way"
    )]
    let mut command = Command::new(program);
    let mut child = command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| Silence::Absent)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read may still answer.
        let _ = stdin.write_all(registry.as_bytes());
    }
    let (tell, told) = mpsc::channel();
    let stdout = child.stdout.take();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let read = stdout.map(|stdout| stdout.take(LIMIT).read_to_end(&mut said));
        let _ = tell.send(read.is_some_and(|read| read.is_ok()).then_some(said));
    });
    let until = Instant::now() + limit;
    let said = told.recv_timeout(limit);
    let ended = end(&mut child, until);
    let said = said.ok().flatten().ok_or(Silence::Hangs)?;
    match ended {
        None => Err(Silence::Hangs),
        Some(true) => serde_json::from_slice(&said).map_err(|_| Silence::Nonsense),
        // The words of docker-credential-helpers: credentials/error.go.
        Some(false) => match String::from_utf8_lossy(&said).contains("credentials not found") {
            true => Err(Silence::Unknown),
            false => Err(Silence::Fails),
        },
    }
}

/// Whether the program succeeded; `None` if it had to be stopped.
fn end(child: &mut Child, until: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(STEP),
            _ => break,
        }
    }
    // It may have ended by itself just now.
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn asked(script: &str, limit: u64) -> Result<Answer, Silence> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("helper");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        run(program.as_os_str(), "ghcr.io", Duration::from_millis(limit))
    }

    #[test]
    fn what_helpers_say() {
        let good = r#"[ "$1 $(cat)" = "get ghcr.io" ] && echo '{"ServerURL":"x","Username":"me","Secret":"hunter2"}'"#;
        let answer = asked(good, 20_000).unwrap();
        assert_eq!(
            (answer.username.as_str(), answer.secret.as_str()),
            ("me", "hunter2")
        );
        for (script, why) in [
            (
                "echo 'credentials not found in native keychain'; exit 1",
                Silence::Unknown,
            ),
            ("echo hunter2; exit 1", Silence::Fails),
            ("echo hunter2", Silence::Nonsense),
            ("head -c 3000000 /dev/zero || true", Silence::Nonsense),
        ] {
            assert_eq!(asked(script, 20_000), Err(why), "{script}");
        }
        for name in ["windlass-is-not-there", "", "../../bin/sh"] {
            assert_eq!(
                ask(name, "ghcr.io", Duration::from_secs(9)),
                Err(Silence::Absent)
            );
        }
    }

    #[test]
    fn a_helper_that_hangs_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("pid");
        for hanging in ["exec sleep 60", "echo '{}'; exec >&-; exec sleep 60"] {
            let started = Instant::now();
            let script = format!("echo $$ >{}\n{hanging}", told.display());
            assert_eq!(asked(&script, 500), Err(Silence::Hangs), "{hanging}");
            assert!(started.elapsed() < Duration::from_secs(20), "{hanging}");
            let process = fs::read_to_string(&told).unwrap();
            let process = format!("/proc/{}", process.trim());
            assert!(!std::path::Path::new(&process).exists(), "it still runs");
        }
    }
}
