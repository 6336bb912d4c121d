//! Nodes as values of any type that serde knows.

mod access;
mod failure;
mod spanned;

pub use spanned::Spanned;

use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Tree};
use crate::resolve::{Dialect, Value};
use crate::source::Source;
use access::{Entries, Items, VariantOf};
use failure::{Failure, Problem};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Unexpected, Visitor};
use std::cell::RefCell;
use std::collections::HashSet;
use windlass_fault::{Location, Warning};

/// The name of the warning that a field stands twice.
pub const REPEATED_FIELD: &str = "repeated-field";

/// How nodes become values. The default is strict and reads YAML 1.2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeOptions {
    /// Names of fields match whatever their case.
    pub ignore_case: bool,
    /// `yes`, `on` and their like are booleans.
    pub yaml_11: bool,
    /// Of a key that stands twice the last one counts, with a warning, instead of an error.
    pub last_wins: bool,
    /// A field without a value counts as not given, a text without one as empty.
    pub skip_null: bool,
    /// Fields that a struct does not have are passed over, even where it denies them.
    pub any_field: bool,
}

impl DeOptions {
    /// How kustomize reads its own files: go-yaml v2, then Go's `encoding/json`.
    pub const KUSTOMIZE: Self = Self {
        ignore_case: true,
        yaml_11: true,
        last_wins: true,
        skip_null: true,
        any_field: false,
    };
}

/// Reads a value from the first document of a text; `path` is what messages call it.
///
/// ```
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Config { apps: String }
/// let config: Config = windlass_yaml::from_str("windlass.yaml", "apps: apps\n")?;
/// assert_eq!(config.apps, "apps");
/// let error = windlass_yaml::from_str::<Config>("windlass.yaml", "app: apps\n").err().unwrap();
/// assert_eq!(error.to_string(), "unknown field `app`");
/// # Ok::<(), windlass_yaml::Error>(())
/// ```
///
/// # Errors
/// What is wrong with the text, with its place; all fields that are wrong, if several are.
pub fn from_str<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Error> {
    let mut tree = Tree::new();
    let root = tree.load_first(&Source::new(path, text), &mut Vec::new())?;
    let Some(root) = root else {
        return T::deserialize(serde::de::value::MapDeserializer::new(std::iter::empty::<(
            String,
            String,
        )>()))
        .map_err(|_: serde::de::value::Error| {
            Error::new(ErrorKind::MissingField, format!("`{path}` is empty"))
                .at(Location::file(path))
        });
    };
    from_node(&tree, root, &DeOptions::default())
}

/// Reads a value from a node.
///
/// # Errors
/// As [`from_str`].
pub fn from_node<'t, T: Deserialize<'t>>(
    tree: &'t Tree,
    id: NodeId,
    options: &DeOptions,
) -> Result<T, Error> {
    from_node_with(tree, id, options, &mut Vec::new())
}

/// [`from_node`], adding a warning for each key that stands twice.
///
/// # Errors
/// As [`from_str`].
pub fn from_node_with<'t, T: Deserialize<'t>>(
    tree: &'t Tree,
    id: NodeId,
    options: &DeOptions,
    warnings: &mut Vec<Warning>,
) -> Result<T, Error> {
    const MOST_ERRORS: usize = 20;
    let mut context = Context {
        tree,
        options: *options,
        left_out: HashSet::new(),
        warnings: RefCell::default(),
    };
    let mut errors = Vec::new();
    // serde ends at the first error. To find the others, what is wrong is left out and all is
    // read again.
    while errors.len() < MOST_ERRORS {
        context.warnings.take();
        let failure = match T::deserialize(Node::new(&context, id)) {
            Ok(value) if errors.is_empty() => {
                warnings.append(&mut context.warnings.take());
                return Ok(value);
            }
            Ok(_) => break,
            Err(failure) => failure,
        };
        let at = failure.node.unwrap_or(id);
        let known = context.left_out.contains(&at);
        if !known && !failure.follows_from(&context, at) {
            errors.push(failure.into_error(tree, at));
        }
        context.left_out.insert(at);
        if known || at == id {
            break;
        }
    }
    Err(Error::all(errors))
}

/// What all nodes of one call share.
pub(crate) struct Context<'t> {
    tree: &'t Tree,
    options: DeOptions,
    /// What is known to be wrong.
    left_out: HashSet<NodeId>,
    warnings: RefCell<Vec<Warning>>,
}

impl Context<'_> {
    fn dialect(&self) -> Dialect {
        if self.options.yaml_11 {
            Dialect::Yaml11
        } else {
            Dialect::Yaml12
        }
    }
}

/// A node as a source of values.
#[derive(Clone, Copy)]
pub(crate) struct Node<'c, 't> {
    context: &'c Context<'t>,
    id: NodeId,
}

impl<'c, 't> Node<'c, 't> {
    fn new(context: &'c Context<'t>, id: NodeId) -> Self {
        Self { context, id }
    }

    fn tree(&self) -> &'t Tree {
        self.context.tree
    }

    fn value(&self) -> Result<Value<'t>, Failure> {
        self.tree()
            .resolve_in(self.id, self.context.dialect())
            .map_err(|error| Failure::from(error).at(self.id))
    }

    /// The error that the node is something else than the visitor wants.
    fn mismatch<'de>(&self, visitor: &impl Visitor<'de>) -> Failure {
        let found = Unexpected::Other("this");
        <Failure as serde::de::Error>::invalid_type(found, visitor).at(self.id)
    }

    /// An integer: also one that is written as `1.0` or `1e3`.
    fn integer<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.value()? {
            Value::Int(value) => visitor.visit_i64(value),
            Value::Uint(value) => visitor.visit_u64(value),
            #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53")]
            Value::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => {
                visitor.visit_i64(value as i64)
            }
            _ => return Err(self.mismatch(&visitor)),
        }
        .map_err(|failure: Failure| failure.at(self.id))
    }

    fn text<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value()? {
            Value::Str(std::borrow::Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Value::Str(std::borrow::Cow::Owned(text)) => visitor.visit_string(text),
            Value::Null if self.context.options.skip_null => visitor.visit_borrowed_str(""),
            _ => return Err(self.mismatch(&visitor)),
        }
        .map_err(|failure: Failure| failure.at(self.id))
    }

    fn list<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        if !self.tree().is_seq(self.id) {
            return Err(self.mismatch(&visitor));
        }
        visitor
            .visit_seq(Items::new(self.context, self.id))
            .map_err(|failure| failure.at(self.id))
    }

    fn entries<V: Visitor<'t>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if !self.tree().is_map(self.id) {
            return Err(self.mismatch(&visitor));
        }
        visitor
            .visit_map(Entries::new(self.context, self.id, fields)?)
            .map_err(|failure| failure.at(self.id))
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.integer(visitor)
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.text(visitor)
        })*
    };
}

impl<'t> Deserializer<'t> for Node<'_, 't> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value()? {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::Uint(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Str(_) => return self.text(visitor),
            Value::Map => return self.entries(&[], visitor),
            Value::Seq => return self.list(visitor),
        }
        .map_err(|failure: Failure| failure.at(self.id))
    }

    fn deserialize_bool<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value()? {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    texts! {
        deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_f32<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value()? {
            Value::Float(value) => visitor.visit_f64(value),
            _ => self.integer(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.tree().is_null(self.id) {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.tree().is_null(self.id) {
            return visitor.visit_unit();
        }
        Err(self.mismatch(&visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == spanned::NAME {
            return visitor.visit_seq(spanned::Parts::new(self));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'t>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.entries(&[], visitor)
    }

    fn deserialize_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.entries(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let entry = match self.tree().kind(self.id) {
            Kind::Scalar => None,
            Kind::Map if self.tree().len(self.id) == 1 => self.tree().children(self.id).next(),
            Kind::Map | Kind::Seq => return Err(self.mismatch(&visitor)),
        };
        visitor
            .visit_enum(VariantOf::new(self, entry))
            .map_err(|failure| failure.at(self.id))
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Problem::Known(error))
    }
}
