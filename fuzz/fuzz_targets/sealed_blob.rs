//! A sealed value, by itself and in a file that is checked with and without a key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use windlass_seal::{Blob, Checks, Identity, PrivateKey, Scope, SealedFile};

static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| {
    let key = include_bytes!("../../crates/seal/tests/throw-away/other-key.pem");
    PrivateKey::parse_all("key.pem", key).expect("the key of the tests is one")
});

fuzz_target!(|text: &str| {
    let seen = Identity {
        name: "dev-web".to_owned(),
        namespace: Some("shop-dev".to_owned()),
    };
    if let Ok(blob) = Blob::parse(text) {
        assert!((256..=1024).contains(&blob.key_size()));
        for scope in Scope::ALL {
            let label = seen.label(scope).expect("the namespace is known");
            let _ = KEYS[0].open(&blob, &label);
        }
    }
    let file = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: web}}\nspec:\n  \
         encryptedData:\n    token: {text}\n"
    );
    for file in [text, &file] {
        let Ok(file) = SealedFile::parse("sealed.yaml", file.as_bytes()) else {
            continue;
        };
        assert!(file.sealed().count() <= 500);
        for sealed in file.sealed() {
            let checks = Checks {
                keys: &KEYS,
                ..Checks::default()
            };
            let _ = sealed.check(&seen, &Checks::default());
            let _ = sealed.check(&seen, &checks);
        }
    }
});
