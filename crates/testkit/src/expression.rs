//! The expressions of a workflow: `${{ … }}`.
//!
//! The part of GitHub's language that a deployment workflow needs: contexts, string literals,
//! `==`, `!=`, `&&`, `||`, `!`, parentheses, `startsWith` and `fromJSON`. Anything else is an
//! error with its place, at reading time where that can be told.
//! (GitHub: "Evaluate expressions in workflows and actions".)

mod parse;
mod value;

pub(crate) use parse::Template;
pub(crate) use value::{text, truthy};

use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// What is wrong with an expression, and which bytes of the text are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) at: Range<usize>,
}

impl Problem {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            at,
        }
    }
}

/// The contexts that can be used at one place of the workflow, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    contexts: BTreeMap<&'static str, Value>,
}

/// The contexts that the sandbox knows.
pub(crate) const CONTEXTS: &[&str] = &[
    "env", "github", "inputs", "matrix", "needs", "secrets", "steps",
];

/// In these a name that is not there is a slip; in the others it is an empty value, as on GitHub.
const COMPLETE: &[&str] = &["github", "inputs", "needs", "steps"];

impl Scope {
    /// The same scope with one more context.
    #[must_use]
    pub(crate) fn with(mut self, context: &'static str, value: Value) -> Self {
        self.contexts.insert(context, value);
        self
    }

    /// The same scope without what may not be used at a place.
    #[must_use]
    pub(crate) fn without(mut self, context: &'static str) -> Self {
        self.contexts.remove(context);
        self
    }

    fn look_up(&self, path: &[String], at: &Range<usize>) -> Result<Value, Problem> {
        let (context, rest) = path
            .split_first()
            .expect("the parser reads one name or more");
        let mut value = self.contexts.get(context.as_str()).ok_or_else(|| {
            Problem::new(
                at.clone(),
                format!("`{context}` cannot be used at this place"),
            )
        })?;
        for (depth, name) in rest.iter().enumerate() {
            match value::member(value, name) {
                Some(inner) => value = inner,
                None if depth == 0 && COMPLETE.contains(&context.as_str()) => {
                    return Err(missing(context, name, value, at));
                }
                None => return Ok(Value::Null),
            }
        }
        Ok(value.clone())
    }
}

fn missing(context: &str, name: &str, value: &Value, at: &Range<usize>) -> Problem {
    let message = match context {
        "steps" => format!("no step of this job has the id `{name}`"),
        "needs" => format!("this job does not need a job `{name}`"),
        "inputs" => format!("this action has no input `{name}`"),
        _ => format!("the sandbox does not know `{context}.{name}`"),
    };
    let known = value.as_object().into_iter().flat_map(|map| map.keys());
    let near = windlass_fault::nearest(name, known.map(String::as_str));
    Problem {
        hint: near.map(|near| format!("did you mean `{context}.{near}`?")),
        ..Problem::new(at.clone(), message)
    }
}

/// An expression as a tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Literal(String),
    Context(Vec<String>, Range<usize>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Equal(Box<Self>, Box<Self>),
    StartsWith(Box<Self>, Box<Self>),
    FromJson(Box<Self>, Range<usize>),
}

impl Expression {
    /// Its value. `&&` and `||` give one of their sides, as on GitHub.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, Problem> {
        Ok(match self {
            Self::Literal(text) => Value::from(text.as_str()),
            Self::Context(path, at) => scope.look_up(path, at)?,
            Self::Not(inner) => Value::from(!truthy(&inner.evaluate(scope)?)),
            Self::And(left, right) => match left.evaluate(scope)? {
                value if truthy(&value) => right.evaluate(scope)?,
                value => value,
            },
            Self::Or(left, right) => match left.evaluate(scope)? {
                value if truthy(&value) => value,
                _ => right.evaluate(scope)?,
            },
            Self::Equal(left, right) => Value::from(value::equal(
                &left.evaluate(scope)?,
                &right.evaluate(scope)?,
            )),
            Self::StartsWith(whole, start) => {
                let whole = text(&whole.evaluate(scope)?).to_lowercase();
                Value::from(whole.starts_with(&text(&start.evaluate(scope)?).to_lowercase()))
            }
            Self::FromJson(json, at) => {
                let json = text(&json.evaluate(scope)?);
                serde_json::from_str(&json).map_err(|error| {
                    Problem::new(at.clone(), format!("`fromJSON` got no JSON: {error}"))
                })?
            }
        })
    }
}

#[cfg(test)]
mod tests;
