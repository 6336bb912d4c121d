//! Values that know where they stand.

use super::{Failure, Node};
use crate::source::{Origin, SourceId};
use serde::de::value::U32Deserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// How a [`Spanned`] tells the deserializer of this crate what it is.
pub(super) const NAME: &str = "$windlass_yaml::Spanned";

/// A value and where it stands. Equal values are equal wherever they stand.
///
/// ```
/// use windlass_yaml::{DeOptions, Source, Spanned, Tree, from_node};
/// #[derive(serde::Deserialize)]
/// struct Config { name: Spanned<String> }
/// let mut tree = Tree::new();
/// let root = tree.load_first(&Source::new("a.yaml", "kind: x\nname: web\n"), &mut vec![])?;
/// let config: Config = from_node(&tree, root.unwrap(), &DeOptions::default())?;
/// let place = tree.locate(config.name.origin()).unwrap();
/// assert_eq!((place.to_string(), config.name.into_inner()), ("a.yaml:2:7".into(), "web".into()));
/// # Ok::<(), windlass_yaml::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands; [`Origin::NONE`] where it was not read from a tree.
    pub origin: Origin,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub const fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Where it stands; [`Origin::NONE`] where it was not read from a tree.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The value alone.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self::new(value, Origin::NONE)
    }
}

impl<T: Default> Default for Spanned<T> {
    fn default() -> Self {
        Self::from(T::default())
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, de: D) -> Result<Spanned<T>, D::Error> {
        T::deserialize(de).map(Spanned::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let mut number = || Ok(parts.next_element::<u32>()?.unwrap_or(u32::MAX));
        let (source, start, end) = (number()?, number()?, number()?);
        let missing = || serde::de::Error::missing_field("value");
        let value = parts.next_element()?.ok_or_else(missing)?;
        let source = SourceId::from_raw(source);
        Ok(Spanned::new(
            value,
            Origin::new(source, start as usize, end as usize),
        ))
    }
}

/// Source, start, end and value of a node.
pub(super) struct Parts<'c, 't> {
    node: Node<'c, 't>,
    given: usize,
}

impl<'c, 't> Parts<'c, 't> {
    pub(super) fn new(node: Node<'c, 't>) -> Self {
        Self { node, given: 0 }
    }
}

impl<'t> SeqAccess<'t> for Parts<'_, 't> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let parts = self.node.tree().origin(self.node.id).raw();
        let given = self.given;
        self.given += 1;
        match parts.get(given) {
            Some(&part) => {
                let part: U32Deserializer<Failure> = part.into_deserializer();
                seed.deserialize(part).map(Some)
            }
            None => seed.deserialize(self.node).map(Some),
        }
    }
}
