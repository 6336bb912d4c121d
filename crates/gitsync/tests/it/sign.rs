//! Commits that are signed by programs, which here are lines for the shell that note what they get.

use crate::world::{World, quick, remote, shown, signature};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use windlass_gitsync::{Error, ErrorKind, Options, Outcome, Settings, Signer, sync};

const ARMOR: &str = "-----BEGIN SIGNATURE-----\\n\\nabc\\n-----END SIGNATURE-----\\n";

/// A folder with a program, and git's configuration that names it.
struct Signing {
    folder: TempDir,
    /// The key that stands in for the configuration's.
    key: Option<&'static str>,
    deadline: Duration,
}

impl Signing {
    fn new(format: &str, key: &str, program: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let signing = Self {
            folder: tempfile::tempdir().unwrap(),
            key: None,
            deadline: Duration::from_secs(60),
        };
        let path = signing.path("program");
        std::fs::write(&path, format!("#!/bin/sh\n{program}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let path = path.display();
        let config = format!(
            "[gpg]\nformat = {format}\nprogram = {path}\n[gpg \"ssh\"]\nprogram = {path}\n[user]\n{key}\n"
        );
        std::fs::write(signing.path("config"), config).unwrap();
        signing
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn noted(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        text.replace(self.folder.path().to_str().unwrap(), "[FOLDER]")
    }

    fn signer(&self) -> Result<Signer, Error> {
        let config = self.path("config").display().to_string();
        let settings = Settings::read(self.folder.path(), move |name| match name {
            "GIT_CONFIG_GLOBAL" => Some(config.clone()),
            "GIT_CONFIG_NOSYSTEM" => Some("1".to_owned()),
            _ => None,
        });
        Signer::from_settings(&settings.unwrap(), self.key, &signature().committer)
    }

    /// A commit that is signed; `meanwhile` is run before the first push.
    fn commit(&self, world: &World, meanwhile: impl Fn()) -> Result<Outcome, Error> {
        let options = Options {
            signer: Some(self.signer()?),
            deadline: self.deadline,
            ..quick()
        };
        let mut calls = 0;
        sync(
            &mut *remote(world.path()),
            "main",
            &signature(),
            &options,
            &mut |draft| {
                calls += 1;
                if calls == 1 {
                    meanwhile();
                }
                draft.write("signed", b"x".to_vec())?;
                Ok("Sign this".to_owned())
            },
        )
    }
}

fn gpg(here: &str, line: &str) -> String {
    format!("cd {here} && cat >got && echo \"$@\" >args && echo one >>runs\n{line}")
}

/// A signer for gpg's ways that notes what it gets in a folder of its own.
fn good_gpg(key: &str) -> (TempDir, Signing) {
    let notes = tempfile::tempdir().unwrap();
    let here = notes.path().to_str().unwrap();
    let line = format!("echo '[GNUPG:] SIG_CREATED D' >&2; printf -- '{ARMOR}'");
    let signing = Signing::new("openpgp", key, &gpg(here, &line));
    (notes, signing)
}

fn noted(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// The signature of the tip, and what it is of, as libgit2 reads them.
fn taken_apart(world: &World) -> (String, String) {
    let tip = world.tip("main");
    let (signature, signed) = world.repository.extract_signature(&tip, None).unwrap();
    (text(&signature), text(&signed))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn gpg_signs_what_is_committed_and_signs_again_after_a_lost_race() {
    let world = World::new();
    let (notes, signing) = good_gpg("signingKey = me@example.com");
    let outcome = signing.commit(&world, || {
        world.commit("main", &[("x", "y")]);
    });
    let outcome = outcome.unwrap();
    assert_eq!(
        (outcome.attempts, outcome.commit),
        (2, Some(world.tip("main")))
    );
    let (signature, signed) = taken_apart(&world);
    assert_eq!(signature, ARMOR.replace("\\n", "\n").trim_end());
    assert_eq!(signed, noted(&notes, "got"));
    assert!(signed.contains(&format!("parent {}\n", outcome.base)));
    assert_eq!(
        noted(&notes, "args"),
        "--status-fd=2 -bsau me@example.com\n"
    );
    assert_eq!(noted(&notes, "runs").lines().count(), 2);
}

#[test]
fn gpg_is_given_the_committer_where_no_key_is_named() {
    let world = World::new();
    let (notes, signing) = good_gpg("");
    signing.commit(&world, || {}).unwrap();
    let args = noted(&notes, "args");
    assert!(
        args.ends_with(" Committer <committer@example.com>\n"),
        "{args}"
    );
}

#[test]
fn a_key_that_is_asked_for_is_used() {
    let world = World::new();
    let (notes, mut signing) = good_gpg("signingKey = me@example.com");
    signing.key = Some("0xABCD");
    signing.commit(&world, || {}).unwrap();
    assert_eq!(noted(&notes, "args"), "--status-fd=2 -bsau 0xABCD\n");
}

/// Notes the arguments and the key, and signs as `ssh-keygen` does.
const SSH: &str = r#"cd "${0%/*}"; echo "$@" >args; cat "$6" >key
for file; do :; done; cat "$file" >got; printf -- '-----BEGIN SIGNATURE-----\nabc\n' >"$file.sig""#;

#[test]
fn ssh_signs_with_a_file_or_with_a_key_of_the_agent() {
    for (key, seen) in [
        ("key.pub", "sign -n git -f [FOLDER]/key.pub /"),
        ("\"key::ecdsa AAAA me\"", "key.pub -U /"),
        ("\"ssh-ed25519 AAAA me\"", "key.pub -U /"),
    ] {
        let world = World::new();
        let signing = Signing::new("ssh", &format!("signingKey = {key}"), SSH);
        std::fs::write(signing.path("key.pub"), "of the file\n").unwrap();
        signing.commit(&world, || {}).unwrap();
        let (signature, signed) = taken_apart(&world);
        assert_eq!(signature, "-----BEGIN SIGNATURE-----\nabc");
        assert_eq!(signed, signing.noted("got"));
        assert!(
            signing.noted("args").contains(seen),
            "{}",
            signing.noted("args")
        );
        let expected = match key {
            "key.pub" => "of the file\n",
            "\"key::ecdsa AAAA me\"" => "ecdsa AAAA me\n",
            _ => "ssh-ed25519 AAAA me\n",
        };
        assert_eq!(signing.noted("key"), expected);
    }
}

#[test]
fn ssh_asks_a_command_for_the_key() {
    let world = World::new();
    let command = "[gpg \"ssh\"]\ndefaultKeyCommand = echo ssh-ed25519 AAAA; echo other";
    let signing = Signing::new("ssh", command, SSH);
    signing.commit(&world, || {}).unwrap();
    assert_eq!(signing.noted("key"), "ssh-ed25519 AAAA\n");
    let nothing = Signing::new(
        "ssh",
        &command.replace("echo ssh-ed25519 AAAA", "true"),
        SSH,
    );
    let error = nothing.commit(&world, || {}).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Signing/Input: `gpg.ssh.defaultKeyCommand` gives no key
    hint: let `user.signingKey` of git's configuration name a key
    ");
}

/// What a signer does wrong is told, and the branch stays as it was.
fn refused(signing: &Signing) -> String {
    let world = World::new();
    let before = world.tip("main");
    let started = Instant::now();
    let error = signing.commit(&world, || {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signing);
    assert_eq!(world.tip("main"), before);
    assert!(started.elapsed() < Duration::from_secs(20));
    shown(&error).replace(signing.folder.path().to_str().unwrap(), "[FOLDER]")
}

#[test]
fn a_signer_that_fails_is_quoted() {
    let gpg = |line: &str| refused(&Signing::new("openpgp", "", line));
    insta::assert_snapshot!(gpg("echo 'gpg: no secret key' >&2; exit 2"), @"
    Signing/Input: `[FOLDER]/program` does not sign the commit
    caused by: gpg: no secret key
    hint: check `user.signingKey` and `gpg.format` of git's configuration
    ");
    // One that ends well and does not say that it signed has not.
    insta::assert_snapshot!(gpg(&format!("echo '[GNUPG:] BEGIN_SIGNING' >&2; printf -- '{ARMOR}'")), @"
    Signing/Input: `[FOLDER]/program` does not sign the commit
    hint: check `user.signingKey` and `gpg.format` of git's configuration
    ");
    insta::assert_snapshot!(gpg("echo '[GNUPG:] SIG_CREATED D' >&2; echo hello"), @"Signing/Input: what `[FOLDER]/program` made is no signature");
    let ssh = |line: &str| refused(&Signing::new("ssh", "signingKey = /no/key", line));
    insta::assert_snapshot!(ssh("echo 'no such key' >&2; exit 255"), @"
    Signing/Input: `[FOLDER]/program` does not sign the commit
    caused by: no such key
    hint: check `user.signingKey` and `gpg.format` of git's configuration
    ");
    insta::assert_snapshot!(ssh("true"), @"
    Signing/Input: `[FOLDER]/program` does not sign the commit
    hint: check `user.signingKey` and `gpg.format` of git's configuration
    ");
    insta::assert_snapshot!(refused(&Signing::new("ssh", "", "true")), @"
    Signing/Input: no key is named to sign the commit with
    hint: let `user.signingKey` of git's configuration name a key
    ");
    let gone = Signing::new("openpgp", "", "true");
    std::fs::remove_file(gone.path("program")).unwrap();
    insta::assert_snapshot!(refused(&gone), @"
    Signing/Input: cannot run `[FOLDER]/program` to sign the commit
    caused by: No such file or directory (os error 2)
    ");
}

/// A program that takes longer than the deadline allows, and one that never stops talking.
#[test]
fn a_signer_without_end_is_ended() {
    let mut slow = Signing::new("openpgp", "", "exec sleep 600");
    slow.deadline = Duration::from_millis(1500);
    let slow = refused(&slow);
    insta::assert_snapshot!(slow, @"
    Signing/Input: `[FOLDER]/program` had not signed the commit after 1 s
    hint: let an agent hold the key, so that nobody is asked for a passphrase
    ");
    let loud = refused(&Signing::new("openpgp", "", "exec cat /dev/zero"));
    assert!(loud.contains("does not sign the commit"), "{loud}");
}

#[test]
fn a_format_that_is_not_known_is_named() {
    let error = Signing::new("x509", "", "true").signer().unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Unsupported/Input: cannot sign in the format `x509` of `gpg.format`
    hint: use `openpgp` or `ssh`
    ");
}
