//! Everything malformed is an error with its place.

use crate::{CERTIFICATE, KEY, NOW, OTHER_CERTIFICATE, identity, keys, shown};
use insta::assert_snapshot;
use windlass_seal::{Certificate, Checks, PrivateKey, SealedFile, Secret};

fn certificate_error(text: &[u8]) -> String {
    shown(&Certificate::parse("cert.pem", text).unwrap_err())
}

#[test]
fn certificates() {
    let text = std::str::from_utf8(CERTIFICATE).unwrap();
    let half: String = text.lines().take(10).collect::<Vec<_>>().join("\n");
    let mut broken: Vec<&str> = text.lines().collect();
    broken.remove(5);
    let several = [CERTIFICATE, OTHER_CERTIFICATE].concat();
    let unknown = "\n-----BEGIN THING-----\nAAAA\n-----END THING-----\n";
    let errors = [
        certificate_error(b""),
        certificate_error(b"\xff\xfe"),
        certificate_error(&vec![b'a'; (4 << 20) + 1]),
        certificate_error(half.as_bytes()),
        certificate_error(broken.join("\n").as_bytes()),
        certificate_error(&several),
        certificate_error(unknown.as_bytes()),
        certificate_error(KEY.as_bytes()),
        certificate_error(include_bytes!("../throw-away/elliptic.pem")),
    ];
    assert_snapshot!(errors.concat(), @r"
    there is no PEM block in `cert.pem` at cert.pem
    `cert.pem` is not text at cert.pem
    `cert.pem` is larger than 4 MiB at cert.pem
    the PEM block is cut off or broken at cert.pem:1:1
    the certificate is broken at cert.pem:1:1
    there are several PEM blocks in `cert.pem` at cert.pem:31:1
    the PEM block is `thing`, which is not read here at cert.pem:2:1
    the PEM block is no certificate at cert.pem:1:1
    the certificate is not for RSA at cert.pem:1:1
    ");
    let expired =
        Certificate::parse("old.pem", include_bytes!("../throw-away/expired.pem")).unwrap();
    assert_snapshot!(shown(&expired.check(NOW).unwrap_err()), @"the certificate expired on 2020-01-31 at old.pem:1:1");
    expired.check(1_580_000_000).unwrap();
    crate::certificate().check(NOW).unwrap();
}

fn key_error(text: &str) -> String {
    shown(&PrivateKey::parse_all("key.pem", text.as_bytes()).unwrap_err())
}

#[test]
fn private_keys() {
    let half: String = KEY.lines().take(10).collect::<Vec<_>>().join("\n");
    let mut broken: Vec<&str> = KEY.lines().collect();
    broken.remove(20);
    let secret = |data: &str| format!("kind: Secret\nmetadata: {{name: k}}\ndata: {{{data}}}\n");
    let errors = [
        key_error(""),
        key_error(&half),
        key_error(&broken.join("\n")),
        key_error(&format!("{KEY}{KEY}")),
        key_error(std::str::from_utf8(CERTIFICATE).unwrap()),
        key_error(&secret("")),
        key_error(&secret("tls.key: '!'")),
        key_error(&secret("tls.key: YWJj")),
        key_error("kind: List\nitems: []\n"),
        key_error("a: [\n"),
    ];
    assert_snapshot!(errors.concat(), @r"
    there is no PEM block in `key.pem` at key.pem
    the PEM block is cut off or broken at key.pem:1:1
    the private key is broken, or not one of RSA with 2048 to 8192 bits at key.pem:1:1
    there are several PEM blocks in `key.pem` at key.pem:53:1
    the PEM block is no private key of RSA at key.pem:1:1
    the Secret has no `tls.key`, where the controller keeps its key at key.pem:1:1
    the value of `tls.key` is no base64 at key.pem:3:17
    `tls.key`: there is no PEM block in `tls.key` at key.pem:1:1
    `key.pem` holds 0 Secrets; 1 to 1000 are read at key.pem
    this cannot be read as YAML or JSON at key.pem:1:4
    ");
}

/// A SealedSecret with one value, held to a certificate and a key.
fn checked(value: &str) -> String {
    let text = format!(
        "# ours\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: web, namespace: a}}\nspec:\n  encryptedData:\n    token: {value}\n"
    );
    let certificate = crate::certificate();
    let keys = keys();
    let checks = Checks {
        certificate: Some(&certificate),
        keys,
        now: NOW,
        max_age: None,
    };
    let file = SealedFile::parse("sealed.yaml", text.as_bytes()).unwrap();
    shown(
        &file
            .sealed()
            .next()
            .unwrap()
            .check(&identity("a", "web"), &checks)
            .unwrap_err(),
    )
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn sealed_values() {
    use base64::Engine as _;
    let label = identity("a", "web")
        .label(windlass_seal::Scope::Strict)
        .unwrap();
    let good = crate::certificate().seal(b"value", &label).unwrap();
    let good = base64::engine::general_purpose::STANDARD
        .decode(good)
        .unwrap();
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        encoded(&bytes)
    };
    let smaller = crate::other_certificate().seal(b"value", &label).unwrap();
    let errors = [
        checked("''"),
        checked("AgB$"),
        checked("Ag=="),
        checked(&encoded(&good[..400])),
        checked(&encoded(&good[..good.len() - 6])),
        checked(&encoded(&good[..good.len() - 1])),
        checked(&changed(0)),
        checked(&changed(1)),
        checked(&changed(2)),
        checked(&changed(513)),
        checked(&changed(515)),
        checked(&changed(good.len() - 1)),
        checked(&smaller),
    ];
    assert_snapshot!(errors.concat(), @r"
    `token`: the sealed value is cut off after 0 bytes at sealed.yaml:7:12
    `token`: the sealed value is no base64 at sealed.yaml:7:12
    `token`: the sealed value is cut off after 1 bytes at sealed.yaml:7:12
    `token`: the sealed value is cut off: it has 400 bytes of at least 530 at sealed.yaml:7:12
    `token`: the sealed value is cut off: it has 529 bytes of at least 530 at sealed.yaml:7:12
    none of the keys opens `token` for `web` in `a`: it is sealed with another key, for another name, or it changed since at sealed.yaml:7:12
    `token`: the sealed value is cut off: it has 535 bytes of at least 786 at sealed.yaml:7:12
    `token` is sealed with a key of 4104 bits, and the certificate's has 4096 at sealed.yaml:7:12
    none of the keys opens `token` for `web` in `a`: it is sealed with another key, for another name, or it changed since at sealed.yaml:7:12
    none of the keys opens `token` for `web` in `a`: it is sealed with another key, for another name, or it changed since at sealed.yaml:7:12
    none of the keys opens `token` for `web` in `a`: it is sealed with another key, for another name, or it changed since at sealed.yaml:7:12
    none of the keys opens `token` for `web` in `a`: it is sealed with another key, for another name, or it changed since at sealed.yaml:7:12
    `token` is sealed with a key of 2048 bits, and the certificate's has 4096 at sealed.yaml:7:12
    ");
    let most = (1 << 20) + 2048;
    assert_snapshot!(checked(&encoded(&vec![2; most + 3])), @"`token`: the value is larger than 1 MiB, which Kubernetes allows for a whole Secret at sealed.yaml:7:12");
}

fn file_error(text: &str) -> String {
    match SealedFile::parse("sealed.yaml", text.as_bytes()) {
        Err(error) => shown(&error),
        Ok(file) => {
            let sealed = file.sealed().next().unwrap();
            shown(&sealed.check(sealed.own(), &Checks::default()).unwrap_err())
        }
    }
}

#[test]
fn sealed_secrets() {
    let head = "kind: Other\n---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n";
    let named = format!("{head}metadata: {{name: a}}\n");
    let errors = [
        file_error("a: [\n"),
        file_error("kind: SealedSecret\napiVersion: v1\n"),
        file_error(head),
        file_error(&format!("{head}metadata: {{name: [a]}}\n")),
        file_error(&format!("{head}metadata: {{name: 1}}\n")),
        file_error(&format!("{named}spec: {{data: AgA=}}\n")),
        file_error(&format!("{named}spec: {{encryptedData: AgA=}}\n")),
        file_error(&format!("{named}spec: {{encryptedData: {{a: 1}}}}\n")),
        file_error(&format!("{named}spec: {{encryptedData: {{a b: c}}}}\n")),
        file_error(&format!("{named}spec: {{encryptedData: {{a: b, a: c}}}}\n")),
        file_error(&named),
        file_error(&format!("{}a: b\n", "---\n".repeat(501))),
    ];
    assert_snapshot!(errors.concat(), @r"
    this cannot be read as YAML or JSON at sealed.yaml:1:4
    the SealedSecret is not of `apiVersion: bitnami.com/v1alpha1` at sealed.yaml:1:1
    the SealedSecret has no name at sealed.yaml:3:1
    `metadata.name` must be a text at sealed.yaml:5:18
    `metadata.name` must be a text at sealed.yaml:5:18
    `spec.data` is of a form that the controller does not open any more at sealed.yaml:6:14
    `spec.encryptedData` must be a map at sealed.yaml:6:23
    the value of `a` is no text at sealed.yaml:6:27
    Kubernetes does not allow the key `a b` in a Secret at sealed.yaml:6:29
    `a` stands twice at sealed.yaml:6:33
    the SealedSecret `a` holds no value at sealed.yaml:3:1
    `sealed.yaml` has 501 documents; 500 are read at sealed.yaml
    ");
}

fn secret_error(text: &str) -> String {
    shown(&Secret::parse_all("secret.yaml", text.as_bytes()).unwrap_err())
}

#[test]
fn secrets() {
    let head = "apiVersion: v1\nkind: Secret\n";
    let named = format!("{head}metadata: {{name: a}}\n");
    let large = "a".repeat((1 << 20) + 1);
    let errors = [
        secret_error(""),
        secret_error("a: [\n"),
        secret_error("apiVersion: v1\nkind: List\nitems: []\n"),
        secret_error(head),
        secret_error(&format!("{head}metadata: {{name: ''}}\n")),
        secret_error(&format!("{named}immutable: 1\n")),
        secret_error(&format!("{named}data: {{a: '?'}}\n")),
        secret_error(&format!("{named}data: {{a: 12}}\n")),
        secret_error(&format!("{named}stringData: {{a: 12}}\n")),
        secret_error(&format!("{named}stringData: {{a/b: c}}\n")),
        secret_error(&format!("{named}stringData: {{a: {large}}}\n")),
        secret_error(&format!("{named}---\n{head}")),
    ];
    assert_snapshot!(errors.concat(), @r"
    there is no Secret in `secret.yaml` at secret.yaml
    this cannot be read as YAML or JSON at secret.yaml:1:4
    this is no Secret at secret.yaml:1:1
    the Secret has no name at secret.yaml:1:1
    the Secret has no name at secret.yaml:1:1
    `immutable` is neither `true` nor `false` at secret.yaml:1:1
    the value of `a` is no base64 at secret.yaml:4:11
    the value of `a` is no text at secret.yaml:4:11
    the value of `a` is no text at secret.yaml:4:17
    Kubernetes does not allow the key `a/b` at secret.yaml:1:1
    the values of `a` are larger than 1 MiB, which Kubernetes allows at secret.yaml:1:1
    the Secret has no name at secret.yaml:5:1
    ");
    let mut secret = Secret::parse_all("secret.yaml", named.as_bytes())
        .unwrap()
        .remove(0);
    assert_snapshot!(shown(&secret.keep_only(&["token".to_owned()]).unwrap_err()), @"the Secret `a` has no key `token` at secret.yaml:1:1");
}

#[test]
fn scopes_and_namespaces() {
    assert_snapshot!(shown(&"wide".parse::<windlass_seal::Scope>().unwrap_err()), @"`wide` is no scope");
    let unknown = windlass_seal::Identity {
        name: "web".to_owned(),
        namespace: None,
    };
    assert_snapshot!(shown(&unknown.label(windlass_seal::Scope::Strict).unwrap_err()), @"the namespace of `web`, which strict scope needs, is not known");
}
