//! Maps, lists and enumerations for serde.

use super::{Context, Failure, Node, REPEATED_FIELD};
use crate::node::NodeId;
use crate::number::format_g;
use crate::resolve::{Value, plain_value};
use serde::de::value::CowStrDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use std::borrow::Cow;
use std::collections::HashMap;
use windlass_fault::Warning;

/// The entries of a map.
pub(super) struct Entries<'c, 't> {
    context: &'c Context<'t>,
    entries: std::vec::IntoIter<(Cow<'t, str>, NodeId)>,
    value: Option<NodeId>,
}

impl<'c, 't> Entries<'c, 't> {
    /// The entries that count, with keys spelt as in `fields` where case does not matter.
    pub(super) fn new(
        context: &'c Context<'t>,
        map: NodeId,
        fields: &'static [&'static str],
    ) -> Result<Self, Failure> {
        let mut entries: Vec<(Cow<'t, str>, NodeId)> = Vec::new();
        let mut places: HashMap<Cow<'t, str>, usize> = HashMap::new();
        for (key, id) in context.tree.entries(map) {
            // In a map of the user's own keys an empty value is one.
            let is_field = !fields.is_empty();
            let skips = context.options.skip_null && is_field && context.tree.is_null(id);
            if skips || context.left_out.contains(&id) {
                continue;
            }
            let key = key_text(context, key, id, fields);
            if context.options.any_field && is_field && !fields.contains(&&*key) {
                continue;
            }
            let Some(&at) = places.get(&key) else {
                places.insert(key.clone(), entries.len());
                entries.push((key, id));
                continue;
            };
            let first = entries[at].1;
            if !context.options.last_wins {
                return Err(Failure::from(context.tree.duplicate(first, id)).at(id));
            }
            // On the way to JSON keys are sorted, so of two spellings of a field the later one in
            // the order of bytes counts, wherever it stands.
            let is_later = context.tree.key(id) >= context.tree.key(first);
            let (ignored, used) = if is_later { (first, id) } else { (id, first) };
            entries[at].1 = used;
            let warning = twice(context, ignored, used);
            context.warnings.borrow_mut().push(warning);
        }
        Ok(Self {
            context,
            entries: entries.into_iter(),
            value: None,
        })
    }
}

fn twice(context: &Context<'_>, ignored: NodeId, used: NodeId) -> Warning {
    let tree = context.tree;
    let key = tree.key(ignored);
    let other = tree.locate(tree.key_origin(used));
    let used = other.map_or_else(String::new, |place| format!(": the one at {place} counts"));
    Warning::new(format!(
        "`{key}` is ignored, because it is given again{used}"
    ))
    .at(tree.locate(tree.key_origin(ignored)))
    .hint("take one of the two out")
    .named(REPEATED_FIELD)
}

/// A key as the field that it names.
fn key_text<'t>(
    context: &Context<'_>,
    key: &'t str,
    id: NodeId,
    fields: &'static [&'static str],
) -> Cow<'t, str> {
    if context.options.ignore_case && !fields.contains(&key) {
        let field = fields.iter().find(|field| field.eq_ignore_ascii_case(key));
        if let Some(field) = field {
            return Cow::Borrowed(field);
        }
    }
    if !context.options.yaml_11 || context.tree.key_is_quoted(id) {
        return Cow::Borrowed(key);
    }
    // On its way to JSON such a key becomes the text of its value: `yes` becomes `true`.
    match plain_value(key, context.dialect()) {
        Value::Bool(value) => Cow::Owned(value.to_string()),
        Value::Int(value) => Cow::Owned(value.to_string()),
        Value::Uint(value) => Cow::Owned(value.to_string()),
        Value::Float(value) => Cow::Owned(format_g(value)),
        _ => Cow::Borrowed(key),
    }
}

impl<'t> MapAccess<'t> for Entries<'_, 't> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some((key, id)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(id);
        let key: CowStrDeserializer<'_, Failure> = key.into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|failure| failure.at(id))
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let id = self.value.take().expect("serde asks for the key first");
        seed.deserialize(Node::new(self.context, id))
            .map_err(|failure| failure.at(id))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// The items of a list.
pub(super) struct Items<'c, 't> {
    context: &'c Context<'t>,
    items: std::vec::IntoIter<NodeId>,
}

impl<'c, 't> Items<'c, 't> {
    pub(super) fn new(context: &'c Context<'t>, list: NodeId) -> Self {
        let items: Vec<NodeId> = context
            .tree
            .items(list)
            .filter(|id| !context.left_out.contains(id))
            .collect();
        Self {
            context,
            items: items.into_iter(),
        }
    }
}

impl<'t> SeqAccess<'t> for Items<'_, 't> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'t>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some(id) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(Node::new(self.context, id))
            .map(Some)
            .map_err(|failure| failure.at(id))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// A variant: a text that names it, or a map from its name to what it holds.
pub(super) struct VariantOf<'c, 't> {
    node: Node<'c, 't>,
    entry: Option<NodeId>,
}

impl<'c, 't> VariantOf<'c, 't> {
    pub(super) fn new(node: Node<'c, 't>, entry: Option<NodeId>) -> Self {
        Self { node, entry }
    }

    fn content(&self, visitor: &impl Visitor<'t>) -> Result<Node<'c, 't>, Failure> {
        match self.entry {
            Some(id) => Ok(Node::new(self.node.context, id)),
            None => Err(self.node.mismatch(visitor)),
        }
    }
}

impl<'t> EnumAccess<'t> for VariantOf<'_, 't> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'t>>(self, seed: V) -> Result<(V::Value, Self), Failure> {
        let value = match self.entry {
            Some(id) => {
                let key = Cow::Borrowed(self.node.tree().key(id));
                let key: CowStrDeserializer<'_, Failure> = key.into_deserializer();
                seed.deserialize(key)?
            }
            None => seed.deserialize(self.node)?,
        };
        Ok((value, self))
    }
}

impl<'t> VariantAccess<'t> for VariantOf<'_, 't> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.entry {
            None => Ok(()),
            Some(id) if self.node.tree().is_null(id) => Ok(()),
            Some(id) => {
                let found = Unexpected::Other("this");
                Err(<Failure as serde::de::Error>::invalid_type(found, &"empty").at(id))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'t>>(self, seed: T) -> Result<T::Value, Failure> {
        match self.entry {
            Some(id) => seed.deserialize(Node::new(self.node.context, id)),
            None => {
                let found = Unexpected::Other("this");
                Err(<Failure as serde::de::Error>::invalid_type(found, &"a map"))
            }
        }
    }

    fn tuple_variant<V: Visitor<'t>>(self, _len: usize, visitor: V) -> Result<V::Value, Failure> {
        self.content(&visitor)?.list(visitor)
    }

    fn struct_variant<V: Visitor<'t>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.content(&visitor)?.entries(fields, visitor)
    }
}
