//! `secret-seal`: where names, namespaces, scopes and certificates come from, what is written, and
//! that nothing secret is anywhere but where it was asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

const THROW_AWAY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/seal/tests/throw-away"
);

/// What is told when another overlay would use what was sealed.
const MOVED: &str = "error: what was sealed for the name `dev-shop-secret` cannot be opened under \
                     `prod-shop-secret`\n --> dev/sealed.yaml:2:1\n";

/// A word that must not be seen.
const PLAIN: &str = "hunter2-of-the-shop";

/// What `kubectl create secret generic shop --from-literal=TOKEN=… --dry-run=client -o yaml` prints.
fn secret(name: &str, values: &[(&str, &str)]) -> String {
    let data = values
        .iter()
        .map(|(key, value)| format!("  {key}: {}\n", base64(value)));
    let data: String = data.collect();
    format!(
        "apiVersion: v1\ndata:\n{data}kind: Secret\nmetadata:\n  creationTimestamp: null\n  name: {name}\n"
    )
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// A repository with a certificate and an overlay.
fn repository() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let certificate = fs::read_to_string(format!("{THROW_AWAY}/cert.pem")).unwrap();
    write("argo/sealed-secrets/cert.pem", &certificate);
    write(
        "dev/kustomization.yaml",
        "# ours\nnamePrefix: dev-\nnamespace: shop-dev\nresources: []\n",
    );
    folder
}

fn start(folder: &Path, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_secret-seal"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn run(folder: &TempDir, words: &[&str], input: &str) -> Output {
    let mut child = start(folder.path(), words);
    // One that fails at once does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn done(folder: &TempDir, words: &[&str], input: &str) -> String {
    let output = run(folder, words, input);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &TempDir, words: &[&str], input: &str, code: i32) -> String {
    let output = run(folder, words, input);
    assert_eq!(output.status.code(), Some(code), "{words:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr).unwrap()
}

fn read(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap()
}

fn key() -> String {
    format!("--recovery-private-key={THROW_AWAY}/key.pem")
}

/// What is sealed, without what is random.
fn shape(text: &str) -> String {
    let line = |line: &str| match line.split_once(": Ag") {
        Some((key, _)) => format!("{key}: Ag…\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn a_secret_is_sealed_as_kubectl_prints_it() {
    let folder = repository();
    let input = secret("shop", &[("TOKEN", PLAIN)]);
    let words = ["-f", "-", "-n", "shop-dev", "-w", "sealed.yaml"];
    assert_eq!(done(&folder, &words, &input), "");
    assert_snapshot!(shape(&read(&folder, "sealed.yaml")), @r"
    ---
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      annotations:
        windlass-gitops.github.io/sealed-with: SHA256:Nao4gJJXXMRZVT6Yeishfy03X3c1o806NAhUieecvYQ@2026-11-24
      name: shop
      namespace: shop-dev
    spec:
      encryptedData:
        TOKEN: Ag…
      template:
        metadata:
          name: shop
          namespace: shop-dev
    ");
    let opened = done(
        &folder,
        &["-f", "sealed.yaml", "--recovery-unseal", &key()],
        "",
    );
    assert!(
        opened.contains(&format!("TOKEN: {}\n", base64(PLAIN))),
        "{opened}"
    );
    done(
        &folder,
        &[
            "-f",
            "sealed.yaml",
            "--validate",
            &key(),
            "--cert",
            "argo/sealed-secrets/cert.pem",
        ],
        "",
    );
    let before = read(&folder, "sealed.yaml");
    let key = key();
    let again = [&words[..], &[&key]].concat();
    let report = done(
        &folder,
        &[&again[..], &["--format", "json"]].concat(),
        &input,
    );
    assert_snapshot!(report, @r#"
    {
      "changed": false,
      "sealed": [],
      "kept": [
        "shop/TOKEN"
      ],
      "removed": [],
      "written": null,
      "valid": 0
    }
    "#);
    assert_eq!(read(&folder, "sealed.yaml"), before);
    let json = done(
        &folder,
        &["-o", "json", "-n", "a", "--scope", "cluster-wide"],
        &input,
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["metadata"]["annotations"]["sealedsecrets.bitnami.com/cluster-wide"],
        "true"
    );
}

#[test]
fn an_overlay_tells_name_and_namespace() {
    let folder = repository();
    let input = secret("shop-secret", &[("TOKEN", PLAIN), ("OTHER", "b")]);
    let words = ["-f", "-", "-w", "dev/sealed.yaml", "--overlay", "dev"];
    done(&folder, &words, &input);
    assert_snapshot!(shape(&read(&folder, "dev/sealed.yaml")), @r"
    ---
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      annotations:
        windlass-gitops.github.io/sealed-with: SHA256:Nao4gJJXXMRZVT6Yeishfy03X3c1o806NAhUieecvYQ@2026-11-24
      name: shop-secret
    spec:
      encryptedData:
        OTHER: Ag…
        TOKEN: Ag…
      template:
        metadata:
          name: dev-shop-secret
          namespace: shop-dev
    ");
    assert_eq!(
        read(&folder, "dev/kustomization.yaml"),
        "# ours\nnamePrefix: dev-\nnamespace: shop-dev\nresources: []\n"
    );
    let check = [
        "-f",
        "dev/sealed.yaml",
        "--validate",
        "--overlay",
        "dev",
        &key(),
    ];
    done(&folder, &check, "");
    // Once it is listed, it is the object of the overlay itself that counts.
    let listed = "namePrefix: dev-\nnamespace: shop-dev\nresources: [sealed.yaml]\n";
    fs::write(folder.path().join("dev/kustomization.yaml"), listed).unwrap();
    done(&folder, &check, "");
    let merge = ["--merge-into", "dev/sealed.yaml", "--overlay", "dev"];
    done(&folder, &merge, &secret("shop-secret", &[("TOKEN", "new")]));
    done(&folder, &check, "");
    let moved = "namePrefix: prod-\nnamespace: shop-dev\nresources: [sealed.yaml]\n";
    fs::write(folder.path().join("dev/kustomization.yaml"), moved).unwrap();
    let before = read(&folder, "dev/sealed.yaml");
    for (words, input) in [
        (&check[..5], ""),
        (&merge[..], &*input),
        (&words[..], &*input),
    ] {
        let told = refused(&folder, words, input, 1);
        assert!(told.starts_with(MOVED), "{told}");
    }
    assert_eq!(read(&folder, "dev/sealed.yaml"), before);
}

#[test]
fn one_value_is_sealed_alone_and_put_into_a_file() {
    let folder = repository();
    let words = ["--raw", "--name", "shop", "-n", "shop-dev"];
    let sealed = done(&folder, &words, PLAIN);
    let text = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: shop, namespace: shop-dev}}\nspec:\n  encryptedData:\n    TOKEN: {sealed} # ours\n"
    );
    fs::write(folder.path().join("sealed.yaml"), &text).unwrap();
    done(&folder, &["-f", "sealed.yaml", "--validate", &key()], "");
    let merged = ["--merge-into", "sealed.yaml"];
    done(&folder, &merged, &secret("shop", &[("OTHER", PLAIN)]));
    assert!(read(&folder, "sealed.yaml").starts_with(&text));
    let output = run(&folder, &words, "line\n");
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @r"
    warning: the value ends with a line break, which is sealed with it
    hint: printf '%s' prints without one
    ");
    assert_snapshot!(refused(&folder, &["--raw", "-n", "a"], PLAIN, 2), @r"
    error: a value that is sealed strictly needs --name

    For more information, try '--help'.
    ");
    fs::write(folder.path().join("value"), PLAIN).unwrap();
    let file = [&words[..], &["--from-file", "TOKEN=value"]].concat();
    assert_eq!(done(&folder, &file, "").len(), sealed.len());
}

#[test]
fn values_are_sealed_anew_with_another_certificate() {
    let folder = repository();
    let input = secret("shop", &[("TOKEN", PLAIN)]);
    done(&folder, &["-n", "a", "-w", "sealed.yaml"], &input);
    let other = format!("{THROW_AWAY}/other-cert.pem");
    let words = [
        "--re-encrypt",
        "-f",
        "sealed.yaml",
        "-w",
        "sealed.yaml",
        "--cert",
        &other,
    ];
    assert_snapshot!(refused(&folder, &words, "", 2), @r"
    error: --re-encrypt opens what is sealed, which needs the controller's keys: give those that `kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` prints with --recovery-private-key; no cluster is asked to

    For more information, try '--help'.
    ");
    done(&folder, &[&words[..], &[&key()]].concat(), "");
    let warned = run(
        &folder,
        &[
            "-f",
            "sealed.yaml",
            "--validate",
            "--cert",
            "argo/sealed-secrets/cert.pem",
        ],
        "",
    );
    assert_eq!(warned.status.code(), Some(1));
    let keys = format!("{},{THROW_AWAY}/other-key.pem", key());
    let opened = done(
        &folder,
        &[
            "-f",
            "sealed.yaml",
            "--recovery-unseal",
            &keys,
            "-w",
            "clear.yaml",
        ],
        "",
    );
    assert_eq!(opened, "");
    assert!(read(&folder, "clear.yaml").contains(&base64(PLAIN)));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(folder.path().join("clear.yaml"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_cannot_be_is_refused_with_the_way_out() {
    let folder = repository();
    let input = secret("shop", &[("TOKEN", PLAIN)]);
    let named = input.replace("name: shop", "name: shop\n  namespace: shop-dev");
    let wide = input.replace(
        "name: shop",
        "name: shop\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: \"true\"}",
    );
    done(
        &folder,
        &["-n", "a", "-w", "other.yaml"],
        &secret("other", &[("TOKEN", "a")]),
    );
    let expired = format!("{THROW_AWAY}/expired.pem");
    let cases: [(&[&str], &str, i32); 10] = [
        (&[], &input, 1),
        (&["-n", "a"], &named, 1),
        (&["--scope", "strict"], &wide, 1),
        (&["-n", "a", "--cert", &expired], &input, 1),
        (
            &["-n", "a", "--cert", "http://example.org/cert.pem"],
            &input,
            1,
        ),
        (&["-n", "a", "-w", "other.yaml"], &input, 1),
        (&["--merge-into", "other.yaml"], &input, 1),
        (&["--merge-into", "none.yaml"], &input, 1),
        (&["-n", "a", "--key", "NONE"], &input, 1),
        (&["--fetch-cert"], "", 2),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(words, input, code)| refused(&folder, words, input, *code))
        .collect();
    let told = told.join("\n").replace(THROW_AWAY, "throw-away");
    assert_snapshot!(told, @r"
    error: the namespace of `shop`, which strict scope needs, is not known
     --> stdin:1:1
    hint: give it with -n, or the overlay that sets it with --overlay

    error: `shop` is in the namespace `shop-dev`, and -n says `a`
    hint: leave one of them out

    error: `shop` is cluster-wide by its annotations, and strict by --scope
    hint: leave one of them out

    error: the certificate expired on 2020-01-31
     --> throw-away/expired.pem:1:1
    hint: take the present one of the controller: secret-seal --fetch-cert

    error: `http://example.org/cert.pem` can be changed on its way, and with it who can read what is sealed
    hint: take it by https, or from `kubectl proxy` on this machine

    error: `other.yaml` holds `other`, not `shop`
    hint: write to another file, or remove this one

    error: `other.yaml` holds `other`, not `shop`
    hint: name the Secret as the SealedSecret is named, or seal it with -w into a new file

    error: cannot read `none.yaml`: No such file or directory (os error 2)

    error: the Secret `shop` has no key `NONE`
     --> stdin:1:1

    error: --fetch-cert asks the cluster's API where `kubectl proxy` serves it: start that, and give --controller-url http://127.0.0.1:8001

    For more information, try '--help'.
    ");
    let bare = TempDir::new().unwrap();
    assert_snapshot!(refused(&bare, &["-n", "a"], &input, 1), @r"
    error: no certificate is known to seal with
    hint: give it with --cert, or keep it in argo/sealed-secrets/cert.pem
    ");
}

/// Reads what the process was started with while it waits, what it says, and every file that it
/// leaves or had open.
#[test]
fn nothing_secret_is_said_or_kept() {
    for level in ["--quiet", "--verbose", "--format=json"] {
        for broken in ["", "}: ["] {
            let folder = repository();
            let temporary = TempDir::new().unwrap();
            let mut child = Command::new(env!("CARGO_BIN_EXE_secret-seal"))
                .args([level, "-n", "a", "-w", "sealed.yaml"])
                .current_dir(folder.path())
                .env_clear()
                .env("TMPDIR", temporary.path())
                .env("HOME", folder.path())
                .env("GITHUB_OUTPUT", folder.path().join("outputs"))
                .env("RUST_BACKTRACE", "full")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let text = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: shop}}\nstringData:\n  TOKEN: {PLAIN}{broken}\n"
            );
            let (head, tail) = text.split_at(text.len() - 1);
            stdin.write_all(head.as_bytes()).unwrap();
            let process = format!("/proc/{}", child.id());
            let mut seen = fs::read(format!("{process}/cmdline")).unwrap();
            seen.extend(fs::read(format!("{process}/environ")).unwrap());
            seen.extend(everything(temporary.path()));
            stdin.write_all(tail.as_bytes()).unwrap();
            drop(stdin);
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(i32::from(!broken.is_empty())));
            seen.extend([output.stdout, output.stderr, everything(temporary.path())].concat());
            seen.extend(everything(folder.path()));
            for word in [PLAIN, &base64(PLAIN)] {
                let found = seen.windows(word.len()).any(|part| part == word.as_bytes());
                assert!(
                    !found,
                    "{level} {broken}: {}",
                    String::from_utf8_lossy(&seen)
                );
            }
        }
    }
}

/// All files below a folder, one after the other.
fn everything(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let content = |path: std::path::PathBuf| match path.is_dir() {
        true => everything(&path),
        false => fs::read(path).unwrap(),
    };
    entries.flat_map(content).collect()
}
