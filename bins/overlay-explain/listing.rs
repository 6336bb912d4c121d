//! What is printed of an object.

use serde::Serialize;
use std::fmt;
use windlass_fault::Location;
use windlass_overlay::{Change, FieldPath, Object};

/// An object, and those of its fields that are asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Listing {
    kind: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    location: Option<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<Field>,
}

/// A field.
#[derive(Debug, Serialize)]
pub(crate) struct Field {
    path: String,
    value: String,
    location: Option<Location>,
    /// What set and changed it, oldest first.
    changes: Vec<Step>,
    /// Whether all of that is printed, or only the last place.
    #[serde(skip)]
    is_alone: bool,
}

/// One thing that happened to a field.
#[derive(Debug, Serialize)]
struct Step {
    what: &'static str,
    /// The line that the value comes from.
    location: Option<Location>,
    /// The entry of the kustomization that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    after: String,
}

impl From<Change> for Step {
    fn from(change: Change) -> Self {
        Self {
            what: change.kind.word(),
            location: change.place,
            entry: change.entry,
            before: change.before,
            after: change.after,
        }
    }
}

impl Listing {
    /// An object with these fields.
    pub(crate) fn of(object: &Object<'_>, fields: Vec<Field>) -> Self {
        Self {
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
            namespace: object.namespace().to_owned(),
            location: object.location(),
            fields,
        }
    }

    /// An object alone.
    pub(crate) fn heading(object: &Object<'_>) -> Self {
        Self::of(object, Vec::new())
    }

    /// An object with all its fields.
    pub(crate) fn whole(object: &Object<'_>) -> Self {
        Self::below(object, &FieldPath::default())
    }

    /// An object with the fields below one, if that is a collection.
    pub(crate) fn below(object: &Object<'_>, field: &FieldPath) -> Self {
        let fields = object.fields_below(field).into_iter();
        let fields = fields.filter(|(path, _)| path != field);
        let fields = fields.map(|(path, _)| Field {
            is_alone: false,
            ..Field::with_history(object, path)
        });
        Self::of(object, fields.collect())
    }
}

impl Field {
    /// A field with what happened to it.
    pub(crate) fn with_history(object: &Object<'_>, path: FieldPath) -> Self {
        Self {
            value: object.value_of(&path).unwrap_or_default(),
            location: object.location_of(&path),
            changes: object
                .changes_of(&path)
                .into_iter()
                .map(Step::from)
                .collect(),
            path: path.to_string(),
            is_alone: true,
        }
    }
}

const BOLD: anstyle::Style = anstyle::Style::new().bold();
const PLACE: anstyle::Style = anstyle::AnsiColor::Blue.on_default().bold();
const OLD: anstyle::Style = anstyle::AnsiColor::Red.on_default();
const NEW: anstyle::Style = anstyle::AnsiColor::Green.on_default();

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BOLD}{}/{}{BOLD:#}", self.kind, self.name)?;
        if !self.namespace.is_empty() {
            write!(f, " in {}", self.namespace)?;
        }
        writeln!(f, "{}", Place(self.location.as_ref()))?;
        let wide = self
            .fields
            .iter()
            .map(|field| field.wide())
            .max()
            .unwrap_or(0);
        self.fields
            .iter()
            .try_for_each(|field| field.print(f, wide.min(72)))
    }
}

impl Field {
    fn line(&self) -> String {
        format!("  {}: {}", self.path, short(&self.value))
    }

    fn wide(&self) -> usize {
        self.line().chars().count()
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, wide: usize) -> fmt::Result {
        if !self.is_alone {
            let line = self.line();
            let place = Place(self.location.as_ref());
            let what = self.changes.last().map_or("", |step| step.what);
            return writeln!(f, "{line:wide$}{place}  {what}");
        }
        writeln!(f, "  {}: {NEW}{}{NEW:#}", self.path, short(&self.value))?;
        for step in &self.changes {
            write!(f, "    {}{}: ", step.what, Place(step.location.as_ref()))?;
            if let Some(before) = &step.before {
                write!(f, "{OLD}{}{OLD:#} → ", short(before))?;
            }
            writeln!(f, "{NEW}{}{NEW:#}", short(&step.after))?;
            if step.entry.is_some() && step.entry != step.location {
                writeln!(f, "      asked for{}", Place(step.entry.as_ref()))?;
            }
        }
        Ok(())
    }
}

/// A value on one line.
fn short(value: &str) -> String {
    const MOST: usize = 80;
    let line = value.lines().next().unwrap_or_default();
    let mut text: String = line.chars().take(MOST).collect();
    text = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.len() < value.trim_end().len() {
        text.push('…');
    }
    if text.is_empty() {
        text.push_str("\"\"");
    }
    text
}

/// Two blanks and `path:line:column`, if there is one.
struct Place<'l>(Option<&'l Location>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(place) => write!(f, "  {PLACE}{place}{PLACE:#}"),
            None => Ok(()),
        }
    }
}
