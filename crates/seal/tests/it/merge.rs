//! Sealing into files that are there: only what must change does.

use crate::{certificate, identity, keys, other_certificate, other_keys, sealing, shown};
use proptest::prelude::*;
use windlass_seal::{
    Blob, Certificate, Changes, Error, ErrorKind, Form, Identity, Merging, PrivateKey, SEALED_WITH,
    Scope, SealedFile, Secret,
};

/// A file with one value in the middle.
#[derive(Debug)]
struct Text {
    before: String,
    value: String,
    after: String,
}

impl Text {
    fn whole(&self) -> String {
        format!("{}{}{}", self.before, self.value, self.after)
    }
}

/// The value that is there, in one of the styles of YAML.
fn styled(style: u8, value: &str) -> String {
    let half = value.len() / 2;
    match style % 6 {
        0 => value.to_owned(),
        1 => format!("'{value}'"),
        2 => format!("\"{value}\""),
        3 => format!("|-\n      {value}"),
        4 => format!(">-\n      {}\n      {}", &value[..half], &value[half..]),
        _ => format!("!!str {value}"),
    }
}

/// A SealedSecret as people keep it: comments, anchors, other documents, other breaks of lines.
fn block(choice: &[u8], value: &str) -> Text {
    let [comment, anchor, around, order, style, tail, quiet, ..] = *choice else {
        unreachable!("enough choices are made")
    };
    let mark = ["", " # ours", "   # a: b, *c &d"][usize::from(comment) % 3];
    let own = ["", "# before\n", "\n\n  # before, further in\n"][usize::from(comment / 3) % 3];
    let (named, alias) = [("", "{team: shop}"), ("&labels ", "*labels")][usize::from(anchor) % 2];
    let other = [
        "other: AgB+/== # kept\n",
        "'other': &v AgA=\n    third: *v\n",
    ][usize::from(anchor / 2) % 2];
    let first = [
        "",
        "kind: ConfigMap\ndata: {a: b} # one\n---\n",
        "---\n",
        "# head\n\n---\n# second\n",
    ];
    let mut before = first[usize::from(around) % 4].to_owned();
    before.push_str(&format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:{mark}\n  name: web{mark}\n  namespace: a\n  labels: {named}{{team: shop}}\nspec:\n  encryptedData:{mark}\n"
    ));
    let entry = "    token: ";
    let mut after = String::new();
    match order % 3 {
        0 => after.push_str(&format!("    {other}")),
        1 => before.push_str(&format!("    {other}")),
        _ => {}
    }
    before.push_str(&format!("{own}{entry}"));
    let mut rest = format!("{mark}\n{after}");
    let value = styled(style, value);
    if value.contains('\n') {
        rest = format!("\n{after}");
    }
    rest.push_str(&format!(
        "  template: # below\n    metadata:\n      labels: {alias}\n    type: Opaque\n"
    ));
    rest.push_str(["", "...\n", "---\nkind: ConfigMap\n\n# end", "\n# end"][usize::from(tail) % 4]);
    let text = Text {
        before,
        value,
        after: rest,
    };
    match quiet % 3 {
        0 => Text {
            before: text.before.replace('\n', "\r\n"),
            value: text.value.replace('\n', "\r\n"),
            after: text.after.replace('\n', "\r\n"),
        },
        1 => Text {
            before: format!("\u{FEFF}{}", text.before),
            ..text
        },
        _ => text,
    }
}

/// The same in brackets, as JSON or not.
fn flow(choice: &[u8], value: &str) -> Text {
    let (quote, space) = [("", ""), ("\"", " "), ("\"", "\n   ")][usize::from(choice[0]) % 3];
    let key = |text: &str| format!("{quote}{text}{quote}");
    let text = |text: &str| format!("\"{text}\"");
    let before = format!(
        "{{{}: {},{space}{}: {}, {}: {{{}: {}, {}: {}}},{space}{}: {{{}: {{{space}",
        key("apiVersion"),
        text("bitnami.com/v1alpha1"),
        key("kind"),
        text("SealedSecret"),
        key("metadata"),
        key("name"),
        text("web"),
        key("namespace"),
        text("a"),
        key("spec"),
        key("encryptedData"),
    );
    let other = format!("{}: {}", key("other"), text("AgB="));
    let (lead, tail) = match choice[1] % 2 {
        0 => (format!("{other},{space}"), String::new()),
        _ => (String::new(), format!(" , {other}")),
    };
    Text {
        before: format!("{before}{lead}{}: ", key("token")),
        value: text(value),
        after: format!(
            "{tail}}}{space}}}}}{}",
            ["", "\n"][usize::from(choice[2]) % 2]
        ),
    }
}

fn secret(values: &str) -> Secret {
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: web}}\nstringData: {{{values}}}\n"
    );
    Secret::parse_all("-", text.as_bytes()).unwrap().remove(0)
}

fn merge(
    file: &mut SealedFile,
    secret: &Secret,
    certificate: &Certificate,
    keys: &[PrivateKey],
    whole: bool,
) -> Result<Changes, Error> {
    let identity = identity("a", "web");
    let sealing = sealing(certificate, &identity, Scope::Strict);
    file.merge(
        secret,
        &Merging {
            sealing,
            keys,
            whole,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn merging_one_value_changes_its_bytes_alone(choice in any::<[u8; 8]>(), value in "Ag[A-Za-z0-9+/]{20,200}") {
        let text = match choice[7] % 4 {
            0 => flow(&choice, &value),
            _ => block(&choice, &value),
        };
        let whole = text.whole();
        let mut file = SealedFile::parse("sealed.yaml", whole.as_bytes()).unwrap();
        prop_assert_eq!(file.text(), whole.as_str());
        let certificate = other_certificate();
        let changes = merge(&mut file, &secret("token: new"), &certificate, &[], false).unwrap();
        prop_assert_eq!(changes.sealed, ["token"]);
        let merged = file.text();
        let rest = merged.strip_prefix(&*text.before).and_then(|it| it.strip_suffix(&*text.after));
        prop_assert!(rest.is_some(), "{whole}\n{merged}");
        let sealed = rest.unwrap().trim_start_matches("!!str ").trim_matches(['"', '\'']);
        let label = identity("a", "web").label(Scope::Strict).unwrap();
        let opened = other_keys()[0].open(&Blob::parse(sealed).unwrap(), &label);
        prop_assert_eq!(opened.unwrap().to_vec(), b"new");
    }

    #[test]
    fn merging_a_new_value_only_adds(choice in any::<[u8; 8]>()) {
        let text = match choice[7] % 4 {
            0 => flow(&choice, "AgA="),
            _ => block(&choice, "AgA="),
        };
        let whole = text.whole();
        let mut file = SealedFile::parse("sealed.yaml", whole.as_bytes()).unwrap();
        merge(&mut file, &secret("added: new"), &other_certificate(), &[], false).unwrap();
        let merged = file.text();
        let same = |(a, b): &(char, char)| a == b;
        let start: usize = whole.chars().zip(merged.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
        prop_assert!(merged.ends_with(&whole[start..]), "{whole}\n{merged}");
        let again = SealedFile::parse("sealed.yaml", merged.as_bytes()).unwrap();
        let keys: Vec<&str> = again.find("web", None).unwrap().keys().collect();
        prop_assert!(keys.contains(&"added") && keys.contains(&"token"));
    }
}

fn sealed(secret: &Secret, certificate: &Certificate, seen: &Identity) -> SealedFile {
    let text = secret
        .seal(&sealing(certificate, seen, Scope::Strict), Form::Yaml)
        .unwrap();
    SealedFile::parse("sealed.yaml", text.as_bytes()).unwrap()
}

#[test]
fn values_that_a_key_shows_to_be_the_same_stay_to_the_byte() {
    let (certificate, keys) = (certificate(), keys());
    let mut file = sealed(
        &secret("a: one, b: two, c: three"),
        &certificate,
        &identity("a", "web"),
    );
    let before = file.text();
    let again = secret("a: one, b: two, c: three");
    let changes = merge(&mut file, &again, &certificate, keys, true).unwrap();
    assert!(!changes.any());
    assert_eq!((changes.kept.len(), file.text()), (3, before.clone()));
    let next = secret("a: one, b: changed, d: new");
    let changes = merge(&mut file, &next, &certificate, keys, true).unwrap();
    let named = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let wanted = Changes {
        sealed: named(&["b", "d"]),
        kept: named(&["a"]),
        removed: named(&["c"]),
    };
    assert_eq!(changes, wanted);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&before), lines(&file.text()));
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone[0].starts_with("    b: ") && gone[1].starts_with("    c: "));
}

/// A Secret of the controller with a key.
fn backup(key: &str) -> String {
    let key = serde_json::Value::from(key);
    format!("{{kind: Secret, metadata: {{name: k}}, stringData: {{tls.key: {key}}}}}")
}

#[test]
fn a_second_certificate_is_recorded_beside_the_first_and_alone_once_all_is_sealed_anew() {
    let (first, second) = (certificate(), other_certificate());
    let mut file = sealed(&secret("a: one, b: two"), &first, &identity("a", "web"));
    merge(&mut file, &secret("b: three"), &second, &[], false).unwrap();
    let record = |file: &SealedFile| {
        let text = file.text();
        let line = text
            .lines()
            .find(|line| line.contains(SEALED_WITH))
            .unwrap();
        line.matches("SHA256:").count()
    };
    assert_eq!(record(&file), 2);
    let both = format!(
        "kind: List\nitems: [{}, {}]\n",
        backup(crate::KEY),
        backup(crate::OTHER_KEY)
    );
    let keys = PrivateKey::parse_all("keys.yaml", both.as_bytes()).unwrap();
    let keys = &keys[..];
    let seen = [identity("a", "web")];
    let changes = file.reseal(&second, keys, &seen).unwrap();
    assert_eq!(
        (changes[0].sealed.as_slice(), changes[0].kept.as_slice()),
        (&["a".to_owned()][..], &["b".to_owned()][..])
    );
    assert_eq!(record(&file), 1);
    assert!(!file.reseal(&second, keys, &seen).unwrap()[0].any());
    let opened = file
        .find("web", None)
        .unwrap()
        .unseal(&identity("a", "web"), other_keys())
        .unwrap();
    let text = opened.reveal(Form::Yaml).unwrap();
    assert!(
        text.contains("a: b25l\n") && text.contains("b: dGhyZWU=\n"),
        "{text}"
    );
}

#[test]
fn what_is_sealed_for_something_else_is_not_merged_into() {
    let certificate = certificate();
    let mut file = sealed(&secret("a: one"), &certificate, &identity("a", "dev-web"));
    let before = file.text();
    let error = merge(&mut file, &secret("a: two"), &certificate, &[], false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Label);
    let wanted =
        "what was sealed for the name `dev-web` cannot be opened under `web` at sealed.yaml:2:1\n";
    assert_eq!(shown(&error), wanted);
    let wide = Secret::parse_all("-", b"apiVersion: v1\nkind: Secret\nmetadata: {name: web, annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}\nstringData: {a: b}\n");
    let error = merge(&mut file, &wide.unwrap()[0], &certificate, &[], false).unwrap_err();
    assert_eq!(
        shown(&error),
        "`web` is sealed strict, not cluster-wide at sealed.yaml:2:1\n"
    );
    let other = Secret::parse_all(
        "secret.yaml",
        b"apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {a: b}\n",
    );
    let error = merge(&mut file, &other.unwrap()[0], &certificate, &[], false).unwrap_err();
    assert_eq!(
        shown(&error),
        "there is no SealedSecret `db` in `sealed.yaml` at secret.yaml:1:1\n"
    );
    assert_eq!(file.text(), before);
}

/// An alias elsewhere would change with it.
#[test]
fn a_value_that_stands_for_another_one_is_not_changed() {
    let text = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: web, namespace: a}\nspec:\n  encryptedData:\n    a: &a AgA=\n    b: *a\n";
    let mut file = SealedFile::parse("sealed.yaml", text.as_bytes()).unwrap();
    let error = merge(&mut file, &secret("a: two"), &certificate(), &[], false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Edit);
    assert_eq!(
        shown(&error),
        "aliases elsewhere in the file stand for this value at sealed.yaml:6:11\n"
    );
    assert_eq!(file.text(), text);
    merge(&mut file, &secret("b: two"), &certificate(), &[], false).unwrap();
    assert!(file.text().starts_with(text.strip_suffix("*a\n").unwrap()));
}
