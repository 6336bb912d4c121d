//! Values that other programs sealed.

use crate::{keys, other_keys};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use windlass_seal::{Blob, Label, PrivateKey, Scope};

#[test]
fn values_that_other_programs_sealed_open_under_their_own_label_alone() {
    let vectors: Value = serde_json::from_str(include_str!("../throw-away/vectors.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 18);
    let keys = other_keys();
    for vector in vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let scope: Scope = text("scope").parse().unwrap();
        let label = Label::new(scope, Some(text("namespace")), text("name")).unwrap();
        let blob = Blob::parse(text("sealed")).unwrap();
        let opened = keys[0].open(&blob, &label).unwrap();
        assert_eq!(
            STANDARD.encode(&*opened),
            text("value"),
            "{} {scope}",
            text("made_by")
        );
        for other in Scope::ALL.into_iter().filter(|&other| other != scope) {
            let label = Label::new(other, Some(text("namespace")), text("name")).unwrap();
            assert!(keys[0].open(&blob, &label).is_none(), "{scope} as {other}");
        }
    }
}

/// `ssh-keygen -l` prints it for the key.
#[test]
fn fingerprints_are_those_of_ssh() {
    let fingerprint = "SHA256:Nao4gJJXXMRZVT6Yeishfy03X3c1o806NAhUieecvYQ";
    assert_eq!(keys()[0].fingerprint(), fingerprint);
    assert_eq!(crate::certificate().fingerprint(), fingerprint);
}

#[test]
fn keys_are_read_in_both_forms_and_from_backups() {
    let pkcs1 = include_str!("../throw-away/key-pkcs1.pem");
    let encoded = STANDARD.encode(pkcs1);
    let secret = |key: &str| {
        format!("{{apiVersion: v1, kind: Secret, metadata: {{name: k}}, data: {{tls.key: {key}}}}}")
    };
    let one = secret(&encoded);
    let list = format!(
        "kind: List\nitems: [{one}, {}]\n",
        secret(&STANDARD.encode(crate::OTHER_KEY))
    );
    let documents = format!("{one}\n---\n{one}\n");
    let fingerprints = |text: &str| {
        let keys = PrivateKey::parse_all("backup.yaml", text.as_bytes()).unwrap();
        keys.iter()
            .map(|key| key.fingerprint().to_owned())
            .collect::<Vec<_>>()
    };
    let [first, second] = [keys(), other_keys()].map(|keys| keys[0].fingerprint());
    assert_eq!(fingerprints(pkcs1), [first]);
    assert_eq!(fingerprints(&one), [first]);
    assert_eq!(fingerprints(&list), [first, second]);
    assert_eq!(fingerprints(&documents), [first, first]);
}
