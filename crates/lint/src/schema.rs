//! What a value may be: one model for the schemas of Kubernetes and for those of CRDs.

use regex::Regex;
use std::sync::OnceLock;

/// What a value may be.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    /// The strings that it may be; any if there is none.
    pub(crate) choices: Vec<Box<str>>,
    /// What holds for it if it is a map.
    pub(crate) object: Option<Box<Object>>,
    /// What holds for its items if it is a list.
    pub(crate) items: Option<Box<Schema>>,
    /// What else a CRD asks for.
    pub(crate) limits: Option<Box<Limits>>,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything.
    #[default]
    Any,
    /// What the definition with this number says.
    Definition(usize),
    /// What the metadata of objects may be.
    Metadata,
    Text,
    /// Bytes in base64.
    Bytes,
    /// Up to so many bits.
    Integer(u8),
    Number,
    Boolean,
    List,
    Map,
    IntOrString,
    Quantity,
}

/// What holds for a map.
#[derive(Debug, Default)]
pub(crate) struct Object {
    /// Sorted by name.
    pub(crate) fields: Vec<Field>,
    pub(crate) others: Others,
}

/// A field that is known by name.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) required: bool,
    pub(crate) schema: Schema,
}

/// What fields may be that are not known by name.
#[derive(Debug, Default)]
pub(crate) enum Others {
    /// There may be none.
    #[default]
    Refused,
    Anything,
    Each(Schema),
}

impl Object {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        let at = self
            .fields
            .binary_search_by(|field| (*field.name).cmp(name));
        at.ok().map(|at| &self.fields[at])
    }
}

/// What the values of a CRD are validated by beside their type.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The values that it may be, as JSON; any if there is none.
    pub(crate) values: Vec<String>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) length: Bounds<u64>,
    pub(crate) items: Bounds<u64>,
    pub(crate) fields: Bounds<u64>,
    pub(crate) number: Bounds<f64>,
    /// Whether the bounds of the number are no numbers that it may be.
    pub(crate) exclusive: (bool, bool),
    pub(crate) all_of: Vec<Schema>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) not: Option<Schema>,
}

/// The least and the most.
#[derive(Debug, Default)]
pub(crate) struct Bounds<T> {
    pub(crate) least: Option<T>,
    pub(crate) most: Option<T>,
}

impl<T: PartialOrd> Bounds<T> {
    pub(crate) fn hold(&self, value: &T) -> bool {
        self.least.as_ref().is_none_or(|least| value >= least)
            && self.most.as_ref().is_none_or(|most| value <= most)
    }
}

/// A pattern, compiled when it is first needed: of the hundreds of a CRD few are.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// How many bytes a compiled pattern may take.
    const MOST: usize = 1 << 20;

    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            compiled: OnceLock::new(),
        }
    }

    /// Whether a text matches. A pattern that cannot be compiled is matched by every text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let compile = || {
            let mut builder = regex::RegexBuilder::new(&self.text);
            builder.size_limit(Self::MOST).build().ok()
        };
        let compiled = self.compiled.get_or_init(compile);
        compiled
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(text))
    }
}
