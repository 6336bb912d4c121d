//! What serde says of a value, in the user's words and with its place.

use super::Context;
use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Tree};
use crate::resolve::{Dialect, Value};
use serde::de::{Expected, Unexpected};
use std::fmt;

/// An error while values are made.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: Problem,
    /// The node that it is about.
    pub(super) node: Option<NodeId>,
}

/// The kinds of error that serde knows.
#[derive(Debug)]
pub(super) enum Problem {
    /// The value is of another type than the one wanted.
    Type(String),
    /// The value is none of those wanted.
    Value(String),
    /// What a type says of its own value.
    Custom(String),
    UnknownField(String, &'static [&'static str]),
    UnknownVariant(String, &'static [&'static str]),
    MissingField(&'static str),
    /// An error that is complete.
    Known(Error),
}

impl Failure {
    pub(super) fn new(problem: Problem) -> Self {
        Self {
            problem,
            node: None,
        }
    }

    /// The same about a node, unless it is about one already.
    pub(super) fn at(mut self, node: NodeId) -> Self {
        self.node.get_or_insert(node);
        self
    }

    /// Whether it would not be there, had an entry of the map `at` not been left out.
    pub(super) fn follows_from(&self, context: &Context<'_>, at: NodeId) -> bool {
        let Problem::MissingField(field) = self.problem else {
            return false;
        };
        let tree = context.tree;
        tree.entries(at)
            .any(|(key, id)| key.eq_ignore_ascii_case(field) && context.left_out.contains(&id))
    }

    /// The error as the user sees it, about the node `at`.
    pub(super) fn into_error(self, tree: &Tree, at: NodeId) -> Error {
        let key = tree.key(at);
        let subject = match key {
            "" => "this".to_owned(),
            key => format!("`{key}`"),
        };
        let place = if tree.is_null(at) || matches!(self.problem, Problem::UnknownField(..)) {
            tree.key_origin(at)
        } else {
            tree.origin(at)
        };
        let error = match self.problem {
            Problem::Known(error) => return error,
            Problem::Type(wanted) => wrong_type(tree, at, &subject, &wanted),
            Problem::Value(wanted) => {
                let message = format!("{subject} must be {wanted}, not {}", found(tree, at));
                Error::new(ErrorKind::Value, message)
            }
            Problem::Custom(message) => Error::new(ErrorKind::Value, message),
            Problem::UnknownField(name, known) => {
                let error = Error::new(ErrorKind::UnknownField, format!("unknown field `{name}`"));
                suggest(error, &name, known, "the fields here are")
            }
            Problem::UnknownVariant(name, known) => {
                let message = format!("{subject} cannot be `{name}`");
                let error = Error::new(ErrorKind::Value, message);
                suggest(error, &name, known, "it can be")
            }
            Problem::MissingField(name) => {
                let message = format!("the field `{name}` is missing");
                Error::new(ErrorKind::MissingField, message)
            }
        };
        error.at(tree.locate(place))
    }
}

fn wrong_type(tree: &Tree, at: NodeId, subject: &str, wanted: &str) -> Error {
    let wanted = in_words(wanted);
    if tree.is_null(at) {
        let message = format!("{subject} is empty, but must be {wanted}");
        return Error::new(ErrorKind::Type, message);
    }
    let message = format!("{subject} must be {wanted}, not {}", found(tree, at));
    let error = Error::new(ErrorKind::Type, message);
    if wanted == "a string" && tree.is_scalar(at) {
        return error.with_hint(format!("put it in quotes: `\"{}\"`", tree.text(at)));
    }
    error
}

/// What serde calls a type, as a user would.
fn in_words(wanted: &str) -> &str {
    match wanted {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" => "an integer",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "unit" => "empty",
        _ if wanted.starts_with("struct ") => "a map",
        _ if wanted.starts_with("enum ") => "one of its names",
        _ => wanted,
    }
}

/// The values that an integer of a type can have.
fn range_of(wanted: &str) -> &str {
    match wanted {
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "an integer from 0 to 4294967295",
        "u64" | "u128" | "usize" => "an integer of 0 or more",
        "i8" => "an integer from -128 to 127",
        "i16" => "an integer from -32768 to 32767",
        "i32" => "an integer from -2147483648 to 2147483647",
        _ => in_words(wanted),
    }
}

/// What stands at a node.
fn found(tree: &Tree, at: NodeId) -> String {
    let text = tree.text(at);
    match tree.kind(at) {
        Kind::Map => return "a map".to_owned(),
        Kind::Seq => return "a list".to_owned(),
        Kind::Scalar if text.is_empty() => return "an empty text".to_owned(),
        Kind::Scalar => {}
    }
    let kind = match tree.resolve_in(at, Dialect::Yaml12) {
        Ok(Value::Int(_) | Value::Uint(_) | Value::Float(_)) => "the number",
        Ok(Value::Bool(_)) => "the boolean",
        _ if tree.style(at) != crate::Style::Plain => "the string",
        // What only YAML 1.1 takes for something else.
        _ => match tree.resolve_in(at, Dialect::Yaml11) {
            Ok(Value::Bool(_)) => "the boolean",
            _ => "the string",
        },
    };
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{kind} `{short}{more}`")
}

fn suggest(error: Error, name: &str, known: &[&str], all: &str) -> Error {
    const FEW: usize = 12;
    if let Some(near) = windlass_fault::nearest(name, known.iter().copied()) {
        return error.with_hint(format!("did you mean `{near}`?"));
    }
    if known.is_empty() || known.len() > FEW {
        return error;
    }
    error.with_hint(format!("{all} `{}`", known.join("`, `")))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Type(wanted) | Problem::Value(wanted) => write!(f, "must be {wanted}"),
            Problem::Custom(message) => f.write_str(message),
            Problem::UnknownField(name, _) => write!(f, "unknown field `{name}`"),
            Problem::UnknownVariant(name, _) => write!(f, "unknown name `{name}`"),
            Problem::MissingField(name) => write!(f, "the field `{name}` is missing"),
            Problem::Known(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Custom(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::new(Problem::Type(wanted.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::new(Problem::Value(range_of(&wanted.to_string()).to_owned()))
    }

    fn invalid_length(len: usize, wanted: &dyn Expected) -> Self {
        Self::new(Problem::Custom(format!(
            "a list of {len} does not do: wanted is {wanted}"
        )))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownVariant(variant.to_owned(), known))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownField(field.to_owned(), known))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingField(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Problem::Custom(format!(
            "the field `{field}` is given twice, under two names"
        )))
    }
}
