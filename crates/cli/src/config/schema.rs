//! Holds `windlass.schema.json`, which editors read, to what is read here. CI puts the same
//! examples to a validator.

use super::{Config, Environment, LintRules, PromoteRules, ReleaseRules, Shared};
use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Refuses to be read, naming the fields that were asked for.
struct Fields;

impl<'de> Deserializer<'de> for Fields {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        Err(Error::custom(fields.join(" ")))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn known<T: DeserializeOwned>() -> Vec<String> {
    let fields = T::deserialize(Fields).err().unwrap().to_string();
    sorted(fields.split(' ').map(str::to_owned))
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../windlass.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn properties(schema: &Value) -> Vec<String> {
    assert_eq!(schema["additionalProperties"], false);
    sorted(schema["properties"].as_object().unwrap().keys().cloned())
}

#[test]
fn the_schema_names_what_is_read() {
    let schema = schema();
    assert_eq!(properties(&schema), known::<Config>());
    let definitions = schema["$defs"].as_object().unwrap();
    let mut objects = 0;
    for (name, fields) in [
        ("environment", known::<Environment>()),
        ("shared", known::<Shared>()),
        ("release", known::<ReleaseRules>()),
        ("lint", known::<LintRules>()),
    ] {
        assert_eq!(properties(&definitions[name]), fields, "{name}");
        objects += 1;
    }
    assert_eq!(
        properties(&schema["properties"]["promote"]),
        known::<PromoteRules>()
    );
    let in_schema = definitions.values().filter(|one| one["type"] == "object");
    assert_eq!(in_schema.count(), objects);
}

#[test]
fn the_schema_tells_the_defaults() {
    let properties = &schema()["properties"];
    for (field, value) in properties.as_object().unwrap() {
        if let Some(default) = value.get("default") {
            let text = format!("{field}: {default}\n");
            assert_eq!(Config::parse(&text).unwrap(), Config::default(), "{field}");
        }
    }
    let release = schema()["$defs"]["release"]["properties"].clone();
    for field in ["strict", "firstParent", "squashBodies", "skipMarker"] {
        assert_eq!(release[field]["default"], false);
    }
}

fn examples(folder: &str) -> Vec<(PathBuf, String)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let files = std::fs::read_dir(tests.join(folder)).unwrap();
    let files = files.map(|file| file.unwrap().path());
    files
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn examples_are_read_or_refused_with_their_place() {
    for (path, text) in examples("good") {
        Config::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let readme = include_str!("../../../../README.md");
    let (_, example) = readme.split_once("```yaml\n").unwrap();
    Config::parse(example.split_once("```").unwrap().0).unwrap();
    for (path, text) in examples("bad") {
        let error = Config::parse(&text).expect_err(&path.display().to_string());
        let place = windlass_fault::Fault::location(&error);
        assert!(
            place.is_some_and(|place| place.line > 0),
            "{}",
            path.display()
        );
    }
}
