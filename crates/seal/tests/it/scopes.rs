//! Sealing whole Secrets, in all scopes.

use crate::{NOW, certificate, identity, keys, other_certificate, sealing, shown};
use windlass_fault::Fault as _;
use windlass_seal::{
    CLUSTER_WIDE, Checks, ErrorKind, Form, Identity, MAX_VALUE, NAMESPACE_WIDE, SEALED_WITH, Scope,
    SealedFile, Secret,
};

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata:
  name: web
  labels: {team: shop}
  annotations:
    note: kept
    kubectl.kubernetes.io/last-applied-configuration: 's3cret in clear'
type: example.org/token
immutable: true
data: {a: YQ==, both: b2xk}
stringData: {both: new, text: \"two\\nlines\"}
";

fn secret() -> Secret {
    Secret::parse_all("-", SECRET.as_bytes()).unwrap().remove(0)
}

#[test]
fn a_secret_is_sealed_and_opened_in_every_scope_and_form() {
    let (certificate, keys) = (certificate(), keys());
    let seen = identity("shop-dev", "dev-web");
    for form in [Form::Yaml, Form::Json] {
        for scope in Scope::ALL {
            let sealed = secret()
                .seal(&sealing(&certificate, &seen, scope), form)
                .unwrap();
            assert!(!sealed.contains("last-applied") && !sealed.contains("s3cret"));
            let file = SealedFile::parse("sealed", sealed.as_bytes()).unwrap();
            let sealed = file.find("web", None).unwrap();
            assert_eq!((sealed.scope(), sealed.sealed_for()), (scope, &seen));
            let checks = Checks {
                certificate: Some(&certificate),
                keys,
                now: NOW,
                max_age: None,
            };
            assert_eq!(sealed.check(&seen, &checks).unwrap(), []);
            let opened = sealed.unseal(&seen, keys).unwrap();
            let text = opened.reveal(Form::Yaml).unwrap();
            let mark = scope
                .annotation()
                .map_or(String::new(), |name| format!("    {name}: \"true\"\n"));
            let wanted = format!(
                "---\napiVersion: v1\ndata:\n  a: YQ==\n  both: bmV3\n  text: dHdvCmxpbmVz\n\
                 immutable: true\nkind: Secret\nmetadata:\n  annotations:\n    note: kept\n{mark}  \
                 labels:\n    team: shop\n  name: dev-web\n  namespace: shop-dev\n\
                 type: example.org/token\n"
            );
            assert_eq!(text, wanted);
        }
    }
}

/// The label binds what the scope says, and no more.
#[test]
fn a_value_opens_where_its_scope_lets_it() {
    let (certificate, keys) = (certificate(), keys());
    let made = identity("a", "web");
    let places = [
        identity("a", "web"),
        identity("a", "other"),
        identity("b", "web"),
        identity("b", "other"),
    ];
    let opens = [
        [true, false, false, false],
        [true, true, false, false],
        [true; 4],
    ];
    for (scope, opens) in Scope::ALL.into_iter().zip(opens) {
        let mut text = secret()
            .seal(&sealing(&certificate, &made, scope), Form::Yaml)
            .unwrap();
        // Without a word of what it is sealed for, opening has to tell.
        text = text
            .replace("      name: web\n", "")
            .replace("      namespace: a\n", "");
        let file = SealedFile::parse("sealed.yaml", text.as_bytes()).unwrap();
        let sealed = file.sealed().next().unwrap();
        for (place, opens) in places.iter().zip(opens) {
            assert_eq!(
                sealed.unseal(place, keys).is_ok(),
                opens,
                "{scope} in {place:?}"
            );
        }
    }
}

#[test]
fn what_is_sealed_for_another_place_is_refused_with_the_reason() {
    let (certificate, keys) = (certificate(), keys());
    let made = identity("a", "web");
    let refusal = |scope: Scope, seen: &Identity, change: &dyn Fn(String) -> String| {
        let text = secret()
            .seal(&sealing(&certificate, &made, scope), Form::Yaml)
            .unwrap();
        let file = SealedFile::parse("sealed.yaml", change(text).as_bytes()).unwrap();
        let checks = Checks {
            keys,
            ..Checks::default()
        };
        let error = file
            .sealed()
            .next()
            .unwrap()
            .check(seen, &checks)
            .unwrap_err();
        (
            error.kind(),
            shown(&error).lines().next().unwrap().to_owned(),
        )
    };
    let same = |text: String| text;
    let (kind, text) = refusal(Scope::Strict, &identity("a", "dev-web"), &same);
    assert_eq!(kind, ErrorKind::Label);
    assert_eq!(
        text,
        "what was sealed for the name `web` cannot be opened under `dev-web` at sealed.yaml:2:1"
    );
    let (kind, text) = refusal(Scope::NamespaceWide, &identity("b", "dev-web"), &same);
    assert_eq!(kind, ErrorKind::Label);
    assert_eq!(
        text,
        "what was sealed for the namespace `a` cannot be opened under `b` at sealed.yaml:2:1"
    );
    // An annotation that was taken away makes the scope another one.
    let narrowed = |text: String| {
        text.replace(CLUSTER_WIDE, "other")
            .replace(NAMESPACE_WIDE, "other")
    };
    let (kind, text) = refusal(Scope::ClusterWide, &made, &narrowed);
    assert_eq!(kind, ErrorKind::Label);
    let wanted =
        "`a` is sealed for every name in every namespace, and would be opened for `web` in `a`";
    assert!(text.starts_with(wanted), "{text}");
    // One of the two alone is a contradiction.
    let apart =
        |text: String| text.replacen("sealedsecrets.bitnami.com/namespace-wide", "other", 1);
    let (kind, _) = refusal(Scope::NamespaceWide, &made, &apart);
    assert_eq!(kind, ErrorKind::Scope);
}

#[test]
fn sizes_up_to_the_limit_have_the_length_that_the_format_gives_them() {
    let (certificate, keys) = (other_certificate(), crate::other_keys());
    let label = identity("a", "web").label(Scope::Strict).unwrap();
    for size in [0, 1, 15, 16, 17, 4096, MAX_VALUE] {
        let value: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let sealed = certificate.seal(&value, &label).unwrap();
        assert_eq!(sealed.len(), (2 + 256 + size + 16_usize).div_ceil(3) * 4);
        let blob = windlass_seal::Blob::parse(&sealed).unwrap();
        assert_eq!(*keys[0].open(&blob, &label).unwrap(), value);
        assert_ne!(
            certificate.seal(&value, &label).unwrap(),
            sealed,
            "each is random"
        );
    }
    let error = certificate
        .seal(&vec![0; MAX_VALUE + 1], &label)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_certificate_is_recorded_and_its_age_checked() {
    let (certificate, other) = (certificate(), other_certificate());
    let seen = identity("a", "web");
    let text = secret()
        .seal(&sealing(&certificate, &seen, Scope::Strict), Form::Yaml)
        .unwrap();
    let line = format!(
        "    {SEALED_WITH}: {}@2026-11-24\n",
        certificate.fingerprint()
    );
    assert!(text.contains(&line), "{text}");
    let file = SealedFile::parse("sealed.yaml", text.as_bytes()).unwrap();
    let sealed = file.sealed().next().unwrap();
    let warned = |checks: &Checks<'_>| {
        let warnings = sealed.check(&seen, checks).unwrap();
        warnings
            .into_iter()
            .map(|warning| warning.message)
            .collect::<Vec<_>>()
    };
    let aged = Checks {
        now: NOW,
        max_age: Some(51),
        ..Checks::default()
    };
    assert_eq!(
        warned(&aged),
        ["`web` is sealed with a certificate that is 52 days old"]
    );
    assert_eq!(
        warned(&Checks {
            max_age: Some(52),
            ..aged
        }),
        [""; 0]
    );
    let error = sealed
        .check(
            &seen,
            &Checks {
                certificate: Some(&other),
                ..aged
            },
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sealed);
    assert_eq!(error.others().len(), 2, "all values are told of");
}
