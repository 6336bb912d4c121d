//! That a build knows for every scalar of its output where it came from: the named line holds the
//! value, or what made it.
//!
//! It is asked of the cases, and with `CASES=folder` of every kustomization below that folder.

use std::fs;
use std::path::{Path, PathBuf};
use windlass_overlay::{Change, Disk, Object, Options, Restriction, StepKind, build};

/// Every folder with a kustomization at or below this one.
fn kustomizations(folder: &Path, found: &mut Vec<PathBuf>) {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    if names.iter().any(|name| folder.join(name).is_file()) {
        found.push(folder.to_owned());
    }
    let mut inside: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    inside.sort();
    inside.iter().for_each(|path| kustomizations(path, found));
}

#[expect(
    clippy::disallowed_methods,
    reason = "the folder is named by the environment"
)]
fn folders() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let other = std::env::var_os("CASES").map(PathBuf::from);
    let mut found = Vec::new();
    for folder in std::iter::once(own).chain(other) {
        kustomizations(&folder, &mut found);
    }
    found
}

/// What is wrong with the origins of an object, and how many scalars were looked at.
fn check(object: &Object<'_>) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    let fields = object.fields();
    for (field, value) in &fields {
        let changes = object.changes_of(field);
        let Some(last) = changes.last() else {
            wrong.push(format!("{field}: no history"));
            continue;
        };
        assert_eq!(last.after, *value, "{field}");
        assert_eq!(last.place, object.location_of(field), "{field}");
        if let Err(why) = explains(&changes, value) {
            wrong.push(format!("{field} = {value:?}: {why}"));
        }
    }
    (fields.len(), wrong)
}

/// Whether the line of the last change holds the value or what made it.
fn explains(changes: &[Change], value: &str) -> Result<(), String> {
    let Some(last) = changes.last() else {
        return Err("no history".to_owned());
    };
    // The hash of a name has no line; the name before it has.
    if last.kind == StepKind::Hash {
        return explains(
            &changes[..changes.len() - 1],
            last.before.as_deref().unwrap(),
        );
    }
    let place = last.place.as_ref().ok_or("no place")?;
    let text = fs::read_to_string(&place.path).map_err(|_| format!("no file at {place}"))?;
    let line = text.lines().nth(place.line as usize - 1);
    let line = line.ok_or_else(|| format!("no line at {place}"))?;
    let written: String = line.chars().skip(place.column as usize - 1).collect();
    let behind = text.lines().skip(place.line as usize).take(40);
    let behind = behind.collect::<Vec<_>>().join("\n");
    match holds(&written, &behind, value, last.kind) {
        true => Ok(()),
        false => Err(format!("{place} has `{written}` ({})", last.kind)),
    }
}

fn holds(written: &str, behind: &str, value: &str, kind: StepKind) -> bool {
    if matches!(value, "[…]" | "{…}") {
        // An empty collection may stand for a null.
        return true;
    }
    let plain = |text: &str| {
        text.chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
    };
    let block = written
        .trim_start_matches(['|', '>'])
        .trim_start_matches(['+', '-']);
    let (wanted, all) = (plain(value), plain(&format!("{block}\n{behind}")));
    // The first word that was written there, such as a tag, a prefix, a name.
    let word = written.trim_start_matches(['"', '\'']);
    let word = word
        .split([' ', '"', '\'', ',', '}', ']'])
        .next()
        .unwrap_or_default();
    all.starts_with(&wanted)
        || plain(written).contains(&wanted)
        || unescaped(written).is_some_and(|text| text == value)
        || (!word.is_empty() && value.contains(word))
        || word
            .split_once('=')
            .is_some_and(|(_, text)| !text.is_empty() && value.contains(text))
        || same_number(word, value)
        || is_read_as(word, value)
        || match kind {
            // An operation without a value.
            StepKind::Patch => written.starts_with("{op: ") || written.starts_with("op: "),
            StepKind::Finish => word.ends_with("Annotations") || word == "managedByLabel",
            // The content of a file, or of a Secret.
            StepKind::Generator => true,
            StepKind::Variable => all.contains("$("),
            _ => false,
        }
}

/// The text in quotes that begins here.
fn unescaped(written: &str) -> Option<String> {
    let quote = written.chars().next().filter(|c| "\"'".contains(*c))?;
    let ends = written.match_indices(quote).skip(1).map(|(at, _)| at);
    let texts = ends.map(|end| windlass_yaml::from_str("x", &written[..=end]));
    texts.filter_map(Result::ok).next()
}

fn same_number(written: &str, value: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    number(written).is_some() && number(written) == number(value)
}

/// Whether a word means this value where YAML 1.1 or JSON reads it.
fn is_read_as(word: &str, value: &str) -> bool {
    let octal = word.strip_prefix("0o").or(word.strip_prefix('0'));
    let octal = octal.and_then(|digits| i64::from_str_radix(digits, 8).ok());
    let meant = match (word, octal) {
        ("yes" | "on", _) => "true".to_owned(),
        ("no" | "off", _) => "false".to_owned(),
        ("~", _) => "null".to_owned(),
        (_, Some(number)) => number.to_string(),
        (word, None) => word.replace('_', ""),
    };
    !meant.is_empty() && meant == value
}

#[test]
fn every_scalar_of_every_output_names_the_line_that_made_it() {
    let options = Options {
        history: true,
        restriction: Restriction::None,
        ..Options::default()
    };
    let (mut seen, mut wrong) = (0, Vec::new());
    for folder in folders() {
        let disk = Disk::default();
        let Ok(built) = build(&disk, &folder, &options) else {
            continue;
        };
        for object in built.objects() {
            let (count, faults) = check(&object);
            seen += count;
            let name = format!("{} {}/{}", folder.display(), object.kind(), object.name());
            wrong.extend(faults.iter().map(|fault| format!("{name} {fault}")));
        }
    }
    assert!(seen > 1_000, "only {seen} scalars were looked at");
    assert!(
        wrong.is_empty(),
        "{} of {seen}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
