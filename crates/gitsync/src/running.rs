//! What an environment runs, or ran: the images, and chosen fields, of its overlays at a commit.

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::history::{Back, Past, Point};
use crate::overlay::{Overlay, Place, Setting, applications, parse, setting};
use git2::Oid;
use std::fmt;
use std::str::FromStr;
use windlass_yaml::{Content, Document, Step};

/// Which overlays are meant, and what of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The folder with a folder per application.
    pub folder: String,
    /// The applications; all where none is named.
    pub apps: Vec<String>,
    /// The names of the images; all where none is named.
    pub images: Vec<String>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            folder: "apps".to_owned(),
            apps: Vec::new(),
            images: Vec::new(),
        }
    }
}

impl Scope {
    pub(crate) fn holds(&self, image: &String) -> bool {
        self.images.is_empty() || self.images.contains(image)
    }

    pub(crate) fn place<'a>(&'a self, app: &'a str, environment: &'a str) -> Place<'a> {
        Place {
            apps: &self.folder,
            app,
            environment,
        }
    }

    /// The overlay of an application. One that is not there is an error if the application is
    /// named.
    pub(crate) fn overlay(
        &self,
        draft: &mut Draft<'_, '_>,
        app: &str,
        environment: &str,
    ) -> Result<Option<Overlay>> {
        let place = self.place(app, environment);
        match self.apps.is_empty() {
            true => Overlay::look_for(draft, place),
            false => Overlay::open(draft, place).map(Some),
        }
    }

    /// Reads what leads to the overlays of these applications, with few requests.
    pub(crate) fn prefetch<'a>(
        &self,
        draft: &mut Draft<'_, '_>,
        environment: &str,
        apps: impl Iterator<Item = &'a String>,
    ) -> Result<()> {
        let paths: Vec<String> = apps
            .flat_map(|app| self.place(app, environment).candidates())
            .collect();
        draft.prefetch(&paths)
    }
}

/// A field of a kustomization file that holds a single value, written as kustomize writes field
/// paths: `replicas.[name=web].count`; a dot in a key is `\.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Key(String),
    Item(String, String),
}

impl Part {
    fn step(&self) -> Step<'_> {
        match self {
            Self::Key(key) => Step::Key(key),
            Self::Item(key, value) => Step::Item(key, value),
        }
    }
}

impl FromStr for Field {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            let message = format!("cannot read the field `{text}`");
            Error::new(ErrorKind::Value, message).hint("write it like `replicas.[name=web].count`")
        };
        // Nothing that can be typed stands for an escaped dot better than a character that may
        // stand in no file.
        let escaped = text.replace("\\.", "\0");
        let part = |part: &str| {
            let item = part.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
            let part = match item {
                Some(item) => item.split_once('=').filter(|(key, _)| !key.is_empty())?,
                None if part.is_empty() || part.contains(['[', ']']) => return None,
                None => return Some(Part::Key(part.replace('\0', "."))),
            };
            Some(Part::Item(
                part.0.replace('\0', "."),
                part.1.replace('\0', "."),
            ))
        };
        let parts: Option<Vec<Part>> = split(&escaped).into_iter().map(part).collect();
        let parts = parts
            .filter(|parts| matches!(parts[..], [Part::Key(_), .., Part::Key(_)] | [Part::Key(_)]));
        Ok(Self {
            text: text.to_owned(),
            parts: parts.ok_or_else(wrong)?,
        })
    }
}

/// The parts between dots, of which one in brackets may have some.
fn split(text: &str) -> Vec<&str> {
    let mut inside = false;
    text.split(|c| {
        inside = (inside || c == '[') && c != ']';
        c == '.' && !inside
    })
    .collect()
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        let parts = self.parts.iter();
        parts.map(Part::step).collect()
    }
}

/// What an application runs in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub(crate) app: String,
    pub(crate) path: String,
    pub(crate) values: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) what: What,
    /// For how many seconds it has been there, where that is known and not long enough.
    pub(crate) age: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Image(String, Setting),
    Field(Field, Content),
}

impl What {
    /// Whether a file says the same.
    fn is_in(&self, file: &Document) -> bool {
        match self {
            Self::Image(name, to) => setting(file, name) == *to,
            Self::Field(field, to) => file.content(&field.steps()).as_ref() == Some(to),
        }
    }
}

/// What the applications run in an environment at a commit: their images, and those of the fields
/// that their overlays have.
///
/// # Errors
/// [`ErrorKind::Overlay`] if one that is named has no such overlay; [`ErrorKind::Edit`] where a
/// file cannot be read; whatever reading from the remote may bring.
pub fn running(
    past: &mut Past<'_>,
    commit: Oid,
    environment: &str,
    scope: &Scope,
    fields: &[Field],
) -> Result<Vec<Running>> {
    let mut draft = past.files(commit)?;
    let apps = applications(&mut draft, &scope.folder, &scope.apps)?;
    scope.prefetch(&mut draft, environment, apps.iter())?;
    let mut all = Vec::new();
    for app in apps {
        let Some(overlay) = scope.overlay(&mut draft, &app, environment)? else {
            continue;
        };
        all.push(Running {
            app,
            path: overlay.path.clone(),
            values: values(&overlay, scope, fields),
        });
    }
    Ok(all)
}

fn values(overlay: &Overlay, scope: &Scope, fields: &[Field]) -> Vec<Value> {
    let images = overlay.images().into_iter();
    let images = images.filter(|name| scope.holds(name)).map(|name| {
        let to = overlay.image(&name);
        What::Image(name, to)
    });
    let fields = fields.iter().filter_map(|field| {
        let content = overlay.field(&field.steps())?;
        Some(What::Field(field.clone(), content))
    });
    let value = |what| Value { what, age: None };
    images.chain(fields).map(value).collect()
}

/// Finds what has been running for less than this many seconds before `now`, by the commits of the
/// branch's own line.
///
/// # Errors
/// Whatever reading from the remote may bring.
pub fn soak(
    past: &mut Past<'_>,
    tip: Oid,
    all: &mut [Running],
    now: i64,
    seconds: u64,
) -> Result<()> {
    let since = now.saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX));
    let (line, reached) = past.line(tip, &Back::Time(since))?;
    let of = |running: &Running| vec![running.path.clone(); running.values.len()];
    let paths: Vec<String> = all.iter().flat_map(of).collect();
    let values: Vec<&Value> = all.iter().flat_map(|running| &running.values).collect();
    let held = past.held(&line, &paths, &|at, content| {
        let file = content.and_then(|bytes| parse(&paths[at], bytes).ok());
        file.is_some_and(|file| values[at].what.is_in(&file))
    })?;
    let age = |from: &Option<Point>| {
        let from = from.as_ref()?;
        let whole = reached && line.last().is_some_and(|last| last.id == from.id);
        (!whole).then(|| u64::try_from(now - from.time).unwrap_or(0))
    };
    let ages: Vec<Option<u64>> = held.iter().map(age).collect();
    let values = all.iter_mut().flat_map(|running| &mut running.values);
    for (value, age) in values.zip(ages) {
        value.age = age;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_kustomize_writes_them() {
        let field: Field = r"commonAnnotations.example\.com/a".parse().unwrap();
        assert_eq!(
            field.steps(),
            [Step::Key("commonAnnotations"), Step::Key("example.com/a")]
        );
        let field: Field = "replicas.[name=a.b].count".parse().unwrap();
        assert_eq!(
            field.steps(),
            [
                Step::Key("replicas"),
                Step::Item("name", "a.b"),
                Step::Key("count")
            ]
        );
        assert_eq!(field.to_string(), "replicas.[name=a.b].count");
        for text in [
            "", ".", "a.", "a..b", "[a=b]", "[a=b].c", "a.[b].c", "a.[=b].c", "a[b=c].d",
            "a.[b=c]", "a.[b=c",
        ] {
            assert!(text.parse::<Field>().is_err(), "{text}");
        }
    }
}
