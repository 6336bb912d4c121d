//! Nothing secret is said in an error.

use windlass_fault::Fault as _;
use windlass_seal::{PrivateKey, SealedFile, Secret};

/// Secrets, each wrong in its way, with a word that must not be said.
const WRONG: [&str; 13] = [
    "hunter2: [",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: \"hunter2",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  k: hunter2\n bad: hunter2\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: hunter2!}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: [hunter2]}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: *hunter2}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: hunter2\n",
    "apiVersion: v1\nkind: Secret\nstringData: {k: hunter2}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: hunter2}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: hunter2}\n---hunter2\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: hunter2, k: hunter2}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nimmutable: hunter2\n",
    "hunter2",
];

#[test]
fn errors_in_secrets_have_a_place_and_no_value() {
    for text in WRONG {
        let error = Secret::parse_all("secret.yaml", text.as_bytes()).unwrap_err();
        let place = error.location().unwrap();
        assert_eq!(
            (place.path.as_str(), place.excerpt.as_deref()),
            ("secret.yaml", None),
            "{text}"
        );
        assert!(place.line > 0, "{text}: {error}");
        let told = format!("{error} {error:?} {:?}", error.hint());
        assert!(!told.contains("hunter2"), "{text}: {told}");
    }
}

#[test]
fn a_plain_file_in_the_place_of_a_sealed_one_is_not_shown() {
    let sealed = |value: &str| {
        format!(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: a}}\nspec: {{encryptedData: {{k: {value}}}}}\n"
        )
    };
    for text in [
        WRONG[0].to_owned(),
        WRONG[1].to_owned(),
        sealed("[hunter2]"),
    ] {
        let error = SealedFile::parse("sealed.yaml", text.as_bytes()).unwrap_err();
        assert_eq!(error.location().unwrap().excerpt, None, "{text}");
        let told = format!("{error} {error:?} {:?}", error.hint());
        assert!(!told.contains("hunter2"), "{text}: {told}");
    }
}

#[test]
fn errors_in_keys_have_a_place_and_no_part_of_the_key() {
    let begin = crate::KEY.lines().take(3).collect::<Vec<_>>().join("\n");
    let secret = crate::KEY.lines().nth(1).unwrap();
    let wrong = [
        begin.clone(),
        format!("{begin}\n!\n-----END PRIVATE KEY-----\n"),
        secret.to_owned(),
    ];
    for text in wrong {
        let error = PrivateKey::parse_all("key.pem", text.as_bytes()).unwrap_err();
        assert_eq!(error.location().unwrap().excerpt, None);
        let told = format!("{error} {error:?} {:?}", error.hint());
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn a_secret_and_a_key_show_no_value() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: hunter2}\n";
    let secrets = Secret::parse_all("-", text.as_bytes()).unwrap();
    assert_eq!(
        format!("{:?}", secrets[0]),
        "Secret { name: \"a\", namespace: None, keys: [\"k\"], .. }"
    );
    let key = format!("{:?}", crate::keys()[0]);
    assert_eq!(
        key,
        format!("PrivateKey({})", crate::keys()[0].fingerprint())
    );
}
