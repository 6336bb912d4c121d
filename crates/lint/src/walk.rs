//! Values held to their schemas.

use crate::crd::{json, number};
use crate::rules::{INVALID_VALUE, MISSING_FIELD, UNDECLARED_FIELD, WRONG_TYPE};
use crate::schema::{Bounds, Kind, Limits, Object, Others, Schema};
use crate::table::Builtin;
use std::cell::Cell;
use std::fmt;
use windlass_fault::nearest;
use windlass_yaml::{NodeId, Tree, Value};

/// What is wrong with a node.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) rule: &'static str,
    pub(crate) node: NodeId,
    /// Whether it is the key of the node that is wrong.
    pub(crate) at_key: bool,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Whether the value only lacks quotes.
    pub(crate) quotes: bool,
}

/// How a value is called.
#[derive(Clone, Copy)]
struct Name<'a> {
    key: &'a str,
    is_item: bool,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key, self.is_item) {
            ("", _) => f.write_str("the object"),
            (key, true) => write!(f, "an item of `{key}`"),
            (key, false) => write!(f, "`{key}`"),
        }
    }
}

/// How many values of an object are compared with a schema each: a CRD with a thousand alternatives
/// for each item of a long list is not followed to its end.
const MOST_STEPS: u32 = 2_000_000;

/// How many problems of one object are reported.
const MOST_PROBLEMS: usize = 200;

/// Holds an object to its schema.
pub(crate) fn check(tree: &Tree, root: NodeId, schema: &Schema, builtin: &Builtin) -> Vec<Problem> {
    check_within(tree, root, schema, builtin, &Cell::new(MOST_STEPS))
}

fn check_within(
    tree: &Tree,
    root: NodeId,
    schema: &Schema,
    builtin: &Builtin,
    steps: &Cell<u32>,
) -> Vec<Problem> {
    let mut walk = Walk {
        tree,
        builtin,
        steps,
        found: Vec::new(),
    };
    let name = Name {
        key: "",
        is_item: false,
    };
    walk.value(schema, root, name);
    walk.found
}

struct Walk<'a> {
    tree: &'a Tree,
    builtin: &'a Builtin,
    /// How many are left.
    steps: &'a Cell<u32>,
    found: Vec<Problem>,
}

impl Walk<'_> {
    fn add(&mut self, rule: &'static str, node: NodeId, message: String) -> &mut Problem {
        self.found.push(Problem {
            rule,
            node,
            at_key: false,
            message,
            hint: None,
            quotes: false,
        });
        self.found.last_mut().expect("one was pushed")
    }

    fn value(&mut self, schema: &Schema, node: NodeId, name: Name<'_>) {
        let builtin = self.builtin;
        let schema = builtin.resolved(schema);
        let tree = self.tree;
        let left = self.steps.get().saturating_sub(1);
        self.steps.set(left);
        if left == 0 || self.found.len() >= MOST_PROBLEMS {
            return;
        }
        // What does not fit its tag cannot be printed either.
        let Ok(value) = tree.resolve(node) else {
            return;
        };
        if value == Value::Null && (schema.nullable || schema.kind == Kind::Any) {
            return;
        }
        if !has_type(schema.kind, &value) {
            let wanted = wanted(schema.kind);
            let is = told(&value);
            let message = format!("{name} is {is}, where {wanted} is expected");
            let quotes = schema.kind == Kind::Text && is_simple(&value);
            let problem = self.add(WRONG_TYPE, node, message);
            problem.quotes = quotes;
            problem.hint = quotes.then(|| "put it in quotes".to_owned());
            return;
        }
        if let Some(message) = self.form(schema, &value, name) {
            self.add(INVALID_VALUE, node, message);
        }
        if let (Some(object), Value::Map) = (&schema.object, &value) {
            self.object(object, node, name);
        }
        if let (Some(items), Value::Seq) = (&schema.items, &value) {
            let name = Name {
                is_item: true,
                ..name
            };
            for item in tree.items(node) {
                self.value(items, item, name);
            }
        }
        if let Some(limits) = &schema.limits {
            self.limits(limits, node, &value, name);
        }
    }

    fn object(&mut self, object: &Object, map: NodeId, name: Name<'_>) {
        let tree = self.tree;
        for (key, value) in tree.entries(map) {
            let inner = Name {
                key,
                is_item: false,
            };
            match (object.field(key), &object.others) {
                (Some(field), _) => self.value(&field.schema, value, inner),
                (None, Others::Each(schema)) => self.value(schema, value, inner),
                (None, Others::Anything) => {}
                (None, Others::Refused) => self.undeclared(object, value, name),
            }
        }
        let required = object.fields.iter().filter(|field| field.required);
        for field in required.filter(|field| tree.get(map, &field.name).is_none()) {
            let message = format!("{name} has no `{}`", field.name);
            self.add(MISSING_FIELD, map, message).at_key = true;
        }
    }

    fn undeclared(&mut self, object: &Object, value: NodeId, name: Name<'_>) {
        let key = self.tree.key(value);
        let message = format!("{name} cannot have a field `{key}`");
        let known = object.fields.iter().map(|field| &*field.name);
        let near = nearest(key, known.filter(|_| key.len() < 100));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let problem = self.add(UNDECLARED_FIELD, value, message);
        problem.at_key = true;
        problem.hint = hint;
    }

    /// What is wrong with the form of a value that has the right type.
    fn form(&self, schema: &Schema, value: &Value<'_>, name: Name<'_>) -> Option<String> {
        match (schema.kind, value) {
            (Kind::Text, Value::Str(text)) => {
                let is_choice = |choice: &str| *choice == **text;
                let is_free = schema.choices.is_empty() || text.is_empty();
                (!is_free && !schema.choices.iter().any(|choice| is_choice(choice))).then(|| {
                    let choices = schema.choices.join("`, `");
                    format!("{name} cannot be `{text}`: it can be `{choices}`")
                })
            }
            (Kind::Bytes, Value::Str(text)) => {
                (!is_base64(text)).then(|| format!("{name} is no base64 text"))
            }
            (Kind::Integer(32), Value::Int(number)) => (i32::try_from(*number).is_err())
                .then(|| format!("{name} is too large for a number of 32 bits")),
            (Kind::Integer(_), Value::Uint(_)) => {
                Some(format!("{name} is too large for a number of 64 bits"))
            }
            (Kind::Quantity, Value::Str(text)) => (!is_quantity(text))
                .then(|| format!("{name} cannot be `{text}`: a quantity is a number and a unit such as `250m` or `64Mi`")),
            _ => None,
        }
    }

    fn limits(&mut self, limits: &Limits, node: NodeId, value: &Value<'_>, name: Name<'_>) {
        let complaints = [
            self.one_of_values(limits, node, name),
            size(limits, self.tree, node, value, name),
            alternatives(self, limits, node, name),
        ];
        for message in complaints.into_iter().flatten() {
            self.add(INVALID_VALUE, node, message);
        }
        for schema in &limits.all_of {
            self.value(schema, node, name);
        }
    }

    fn one_of_values(&self, limits: &Limits, node: NodeId, name: Name<'_>) -> Option<String> {
        let values = &limits.values;
        if values.is_empty() || values.contains(&json(self.tree, node)?) {
            return None;
        }
        let known: Vec<&str> = values.iter().map(|value| value.trim_matches('"')).collect();
        let known = known.join("`, `");
        let is = self.tree.text(node);
        Some(format!("{name} cannot be `{is}`: it can be `{known}`"))
    }

    fn holds(&self, schema: &Schema, node: NodeId) -> bool {
        check_within(self.tree, node, schema, self.builtin, self.steps).is_empty()
    }
}

fn alternatives(walk: &Walk<'_>, limits: &Limits, node: NodeId, name: Name<'_>) -> Option<String> {
    let holds = |schema: &&Schema| walk.holds(schema, node);
    if !limits.any_of.is_empty() && !limits.any_of.iter().any(|schema| holds(&schema)) {
        return Some(format!(
            "{name} is none of what its definition lists (`anyOf`)"
        ));
    }
    let fitting = limits.one_of.iter().filter(holds).count();
    if !limits.one_of.is_empty() && fitting != 1 {
        return Some(format!(
            "{name} is {fitting} of what its definition lists, and must be 1 (`oneOf`)"
        ));
    }
    let is_forbidden = limits.not.iter().any(|schema| holds(&schema));
    is_forbidden.then(|| format!("{name} is what its definition forbids (`not`)"))
}

/// What is wrong with how long or large a value is, or how its text looks.
fn size(
    limits: &Limits,
    tree: &Tree,
    node: NodeId,
    value: &Value<'_>,
    name: Name<'_>,
) -> Option<String> {
    let count = |bounds: &Bounds<u64>, count: usize, what: &str| {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        (!bounds.hold(&count)).then(|| format!("{name} has {count} {what}: {}", within(bounds)))
    };
    match value {
        Value::Str(text) => {
            let pattern = limits
                .pattern
                .as_ref()
                .filter(|pattern| !pattern.matches(text));
            let pattern = pattern.map(|pattern| {
                format!(
                    "{name} does not look as its definition asks for: `{}`",
                    pattern.text
                )
            });
            pattern.or_else(|| count(&limits.length, text.chars().count(), "characters"))
        }
        Value::Seq => count(&limits.items, tree.len(node), "items"),
        Value::Map => count(&limits.fields, tree.len(node), "fields"),
        _ => {
            let number = number(value)?;
            let (least, most) = (limits.number.least, limits.number.most);
            let at_bound = (limits.exclusive.0 && least == Some(number))
                || (limits.exclusive.1 && most == Some(number));
            (at_bound || !limits.number.hold(&number))
                .then(|| format!("{name} cannot be {number}: {}", within(&limits.number)))
        }
    }
}

fn within<T: fmt::Display>(bounds: &Bounds<T>) -> String {
    match (&bounds.least, &bounds.most) {
        (Some(least), Some(most)) => format!("from {least} to {most} are possible"),
        (Some(least), None) => format!("at least {least} is possible"),
        (None, Some(most)) => format!("at most {most} is possible"),
        (None, None) => "no other is possible".to_owned(),
    }
}

fn has_type(kind: Kind, value: &Value<'_>) -> bool {
    let is_whole = |value: &Value<'_>| match value {
        Value::Int(_) | Value::Uint(_) => true,
        Value::Float(number) => number.fract() == 0.0,
        _ => false,
    };
    match kind {
        Kind::Any | Kind::Definition(_) | Kind::Metadata => true,
        Kind::Text | Kind::Bytes => matches!(value, Value::Str(_)),
        Kind::Integer(_) => is_whole(value),
        Kind::Number => number(value).is_some(),
        Kind::Boolean => matches!(value, Value::Bool(_)),
        Kind::List => *value == Value::Seq,
        Kind::Map => *value == Value::Map,
        Kind::IntOrString => matches!(value, Value::Str(_)) || is_whole(value),
        Kind::Quantity => matches!(value, Value::Str(_)) || number(value).is_some(),
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Any | Kind::Definition(_) | Kind::Metadata => "anything",
        Kind::Text => "a string",
        Kind::Bytes => "base64 text",
        Kind::Integer(_) => "an integer",
        Kind::Number => "a number",
        Kind::Boolean => "`true` or `false`",
        Kind::List => "a list",
        Kind::Map => "a map",
        Kind::IntOrString => "an integer or a string",
        Kind::Quantity => "a quantity",
    }
}

fn told(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Uint(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Str(_) => "a string",
        Value::Map => "a map",
        Value::Seq => "a list",
    }
}

/// Whether a value is a string as soon as it stands in quotes, and the same text.
fn is_simple(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_)
    )
}

fn is_base64(text: &str) -> bool {
    let text: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    let padding = text.iter().rev().take_while(|&&b| b == b'=').count();
    let body = &text[..text.len() - padding];
    text.len().is_multiple_of(4)
        && padding <= 2
        && body
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// Whether a text is a quantity (apimachinery: pkg/api/resource/quantity.go).
fn is_quantity(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (digits, unit) = unsigned.split_at(end.unwrap_or(unsigned.len()));
    let is_number = digits.matches('.').count() <= 1 && digits.bytes().any(|b| b.is_ascii_digit());
    let exponent = unit.strip_prefix(['e', 'E']).unwrap_or_default();
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_exponent = !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit());
    is_number && (UNITS.contains(&unit) || is_exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for good in [
            "1", "250m", "64Mi", "1.5Gi", "-1", "1e3", "1E-3", ".5", "1E", "1.",
        ] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "64mb", "1 Gi", "64MB", "1.2.3", "Mi", "1e", "m", "."] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn base64() {
        for good in ["", "YQ==", "YWI=", "YWJj", "YWJj\nYWJj"] {
            assert!(is_base64(good), "{good}");
        }
        for bad in ["YQ", "=", "Y===", "a b=", "====", "pässwort"] {
            assert!(!is_base64(bad), "{bad}");
        }
    }
}
