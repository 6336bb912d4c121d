//! User and password for a server: from the address, a token, or git's own helpers.

use super::url::Origin;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use windlass_fault::Secret;

/// A user and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Secret,
}

/// What the `git` program's credential helpers are asked or told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Helper {
    Fill,
    Approve,
    Reject,
}

/// Asks git's credential helpers (git: git-credential), where there is a `git` program. It is
/// never asked to prompt: nobody may be there to answer.
pub(crate) fn fill(
    origin: &Origin,
    user: Option<&str>,
    folder: Option<&PathBuf>,
) -> Option<Credentials> {
    let mut question = describe(origin);
    if let Some(user) = user {
        question.push_str(&format!("username={user}\n"));
    }
    let answer = run(Helper::Fill, &question, folder)?;
    let value = |key: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix(key))?;
        line.strip_prefix('=').map(str::to_owned)
    };
    Some(Credentials {
        user: value("username")?,
        password: Secret::new(value("password")?),
    })
}

/// Tells the helpers whether what they gave was taken, so that they keep or forget it.
pub(crate) fn tell(helper: Helper, origin: &Origin, given: &Credentials, folder: Option<&PathBuf>) {
    let (user, password) = (&given.user, given.password.expose());
    let question = format!("{}username={user}\npassword={password}\n", describe(origin));
    run(helper, &question, folder);
}

fn describe(origin: &Origin) -> String {
    format!(
        "protocol={}\nhost={}\n",
        origin.scheme(),
        origin.authority()
    )
}

/// The secret goes by stdin: the arguments of a program can be seen by others.
#[expect(
    clippy::disallowed_methods,
    reason = "git's helpers have no other door than the git program"
)]
fn run(helper: Helper, question: &str, folder: Option<&PathBuf>) -> Option<String> {
    let action = match helper {
        Helper::Fill => "fill",
        Helper::Approve => "approve",
        Helper::Reject => "reject",
    };
    let mut git = Command::new("git");
    if let Some(folder) = folder {
        git.current_dir(folder);
    }
    let mut child = git
        .args(["credential", action])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GCM_INTERACTIVE", "never")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    // A helper that does not read its question has no answer either.
    let _ = stdin.write_all(format!("{question}\n").as_bytes());
    drop(stdin);
    let output = child.wait_with_output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(answer)
}
