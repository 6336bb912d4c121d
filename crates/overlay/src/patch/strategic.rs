//! Strategic merge: a patch that looks like the object it changes.
//!
//! The rules are those of kustomize, not of the API server: of the directives only
//! `$patch: delete`, `replace` and `merge` are known, any other key that starts with `$` is data
//! (`kustomize: kyaml/yaml/merge2/merge2.go`, `kyaml/yaml/walk/walk.go`).

use super::lists;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::schema::{Schema, Shape};
use std::collections::HashMap;
use windlass_fault::nearest;
use windlass_yaml::{Kind, NodeId, Origin, Style, Tree, Value, is_string_11};

/// The key of a directive.
const DIRECTIVE: &str = "$patch";

/// Merges `patch` into the object `target`; false where the patch deletes the object.
///
/// Both are nodes of `tree`, and `patch` is used up: what is taken from it keeps its origin.
pub(crate) fn merge(
    tree: &mut Tree,
    schema: &Schema,
    target: NodeId,
    patch: NodeId,
) -> Result<bool> {
    let mut merger = Merger::new(tree, schema);
    let merged = merger.walk(Some(target), Some(patch), None)?;
    Ok(!matches!(merged, Merged::Nothing))
}

/// What two values merge to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merged {
    /// The field or item is to go.
    Nothing,
    /// This node; a null among them removes a field, as `Nothing` does.
    Node(NodeId),
    /// A null of the object's that stays.
    Null,
}

/// What a map of a patch wants of the one it is merged into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// What is to be done where a map is wanted.
enum Sides {
    /// Nothing: this is the result.
    Done(Merged),
    /// Change the first map by what is merged into it.
    Maps(NodeId, Option<NodeId>),
}

pub(super) struct Merger<'a> {
    pub(super) tree: &'a mut Tree,
    schema: &'a Schema,
}

impl<'a> Merger<'a> {
    pub(super) fn new(tree: &'a mut Tree, schema: &'a Schema) -> Self {
        Self { tree, schema }
    }

    /// Merges two values, of which at least one is there. Where both are the same node it is new
    /// in the object: taken from the patch, with the patch's directives still to be obeyed.
    pub(super) fn walk(
        &mut self,
        target: Option<NodeId>,
        patch: Option<NodeId>,
        shape: Option<Shape<'a>>,
    ) -> Result<Merged> {
        let present = |id: &NodeId| !is_null(self.tree, *id);
        let target_kind = target.filter(present).map(|id| self.tree.kind(id));
        let patch_kind = patch.filter(present).map(|id| self.tree.kind(id));
        if let (Some(a), Some(b)) = (target_kind, patch_kind)
            && a != b
        {
            return Err(self.other_kind(target, patch));
        }
        let shape = shape.or_else(|| self.shape_of(target).or_else(|| self.shape_of(patch)));
        let keys = shape.and_then(Shape::merge_keys);
        match (target_kind.or(patch_kind), keys) {
            (None | Some(Kind::Map), _) => self.maps(target, patch, shape),
            (Some(Kind::Seq), Some(keys)) => self.keyed_lists(target, patch, shape, &keys),
            (Some(Kind::Seq | Kind::Scalar), _) => {
                Ok(patch.or(target).map_or(Merged::Nothing, Merged::Node))
            }
        }
    }

    /// The shape of a value that says of what kind it is, as an object within an object does.
    fn shape_of(&self, value: Option<NodeId>) -> Option<Shape<'a>> {
        let text = |key| {
            self.tree
                .text_at(value?, &[key])
                .filter(|text| !text.is_empty())
        };
        self.schema.of(text("apiVersion")?, text("kind")?)
    }

    fn maps(
        &mut self,
        target: Option<NodeId>,
        patch: Option<NodeId>,
        shape: Option<Shape<'a>>,
    ) -> Result<Merged> {
        let (target, patch) = match self.choose(target, patch)? {
            Sides::Maps(target, patch) => (target, patch),
            Sides::Done(merged) => return Ok(merged),
        };
        match patch {
            Some(patch) if patch != target => self.two_maps(target, patch, shape)?,
            _ => self.one_map(target, patch.is_some(), shape)?,
        }
        Ok(Merged::Node(target))
    }

    fn choose(&mut self, target: Option<NodeId>, patch: Option<NodeId>) -> Result<Sides> {
        let Some(target) = target.filter(|&id| !is_null(self.tree, id)) else {
            return Ok(self.choose_new(target, patch));
        };
        let Some(patch) = patch else {
            return Ok(Sides::Maps(target, None));
        };
        if is_null(self.tree, patch) {
            return Ok(Sides::Done(Merged::Nothing));
        }
        Ok(match self.directive(patch)? {
            Directive::Delete => Sides::Done(Merged::Nothing),
            Directive::Replace => Sides::Maps(patch, Some(patch)),
            Directive::Merge => Sides::Maps(target, Some(patch)),
        })
    }

    /// The object has no map here, or null: a null that is written out stays, one that is an
    /// empty value goes (`kustomize: kyaml/yaml/merge2/merge2.go`, `VisitMap`).
    fn choose_new(&mut self, null: Option<NodeId>, patch: Option<NodeId>) -> Sides {
        let Some(patch) = patch else {
            let is_written = null.is_some_and(|null| !self.tree.text(null).is_empty());
            return Sides::Done(if is_written {
                Merged::Null
            } else {
                Merged::Nothing
            });
        };
        // An unknown directive is no error here.
        match self.directive(patch) {
            Ok(Directive::Delete) => Sides::Done(Merged::Nothing),
            _ => Sides::Maps(patch, Some(patch)),
        }
    }

    /// Reads a directive and takes it out of the patch.
    fn directive(&mut self, patch: NodeId) -> Result<Directive> {
        let Some(value) = self.tree.get(patch, DIRECTIVE) else {
            return Ok(Directive::Merge);
        };
        let directive = self.read_directive(value)?;
        self.tree.remove_key(patch, DIRECTIVE);
        Ok(directive)
    }

    /// Reads the directive of a list, which is an item with nothing else in it, and takes it out
    /// of the patch, with all items that have the same one.
    fn list_directive(&mut self, patch: NodeId) -> Result<Directive> {
        let items: Vec<NodeId> = self.tree.items(patch).collect();
        let mut with_directive = items
            .iter()
            .filter(|&&item| self.tree.get(item, DIRECTIVE).is_some());
        let first = with_directive
            .next()
            .filter(|&&item| self.tree.len(item) == 1);
        let Some(value) = first.and_then(|&item| self.tree.get(item, DIRECTIVE)) else {
            return Ok(Directive::Merge);
        };
        let directive = self.read_directive(value)?;
        let text = self.tree.text(value);
        let stays = |&&item: &&NodeId| {
            let is_empty =
                is_null(self.tree, item) || (self.tree.is_map(item) && self.tree.is_empty(item));
            !is_empty && self.tree.text_at(item, &[DIRECTIVE]) != Some(text)
        };
        let rest: Vec<NodeId> = items.iter().filter(stays).copied().collect();
        self.tree.set_children(patch, &rest);
        Ok(directive)
    }

    fn read_directive(&self, value: NodeId) -> Result<Directive> {
        match self.tree.text(value) {
            "delete" => Ok(Directive::Delete),
            "replace" => Ok(Directive::Replace),
            "merge" => Ok(Directive::Merge),
            other => Err(self.unknown_directive(value, other)),
        }
    }

    /// A map with nothing to merge in, or a new one: only nulls, keyed lists and directives in it
    /// are seen to.
    fn one_map(&mut self, map: NodeId, is_new: bool, shape: Option<Shape<'a>>) -> Result<()> {
        let children: Vec<NodeId> = self.tree.children(map).collect();
        let mut kept = Vec::with_capacity(children.len());
        for &child in &children {
            let shape = shape.and_then(|shape| shape.field(self.tree.key(child)));
            let merged = self.walk(Some(child), is_new.then_some(child), shape)?;
            if self.put(child, merged) {
                kept.push(child);
            }
        }
        if kept.len() < children.len() {
            self.tree.set_children(map, &kept);
        }
        Ok(())
    }

    fn two_maps(&mut self, target: NodeId, patch: NodeId, shape: Option<Shape<'a>>) -> Result<()> {
        let (pairs, added) = self.pair(target, patch);
        let mut children = Vec::with_capacity(pairs.len() + added.len());
        let field = |tree: &Tree, child| shape.and_then(|shape| shape.field(tree.key(child)));
        for (child, change) in pairs {
            let shape = field(self.tree, child);
            let merged = self.walk(Some(child), change, shape)?;
            if self.put(child, merged) {
                children.push(child);
            }
        }
        for new in added {
            let shape = field(self.tree, new);
            let merged = self.walk(None, Some(new), shape)?;
            if self.put(new, merged) {
                children.push(new);
            }
        }
        self.tree.set_children(target, &children);
        Ok(())
    }

    /// The entries of the object with the patch's of the same key, and the patch's other entries.
    fn pair(&self, target: NodeId, patch: NodeId) -> (Vec<(NodeId, Option<NodeId>)>, Vec<NodeId>) {
        let mut changes: HashMap<&str, NodeId> = HashMap::new();
        for (key, child) in self.tree.entries(patch) {
            changes.entry(key).or_insert(child);
        }
        let pairs = self
            .tree
            .entries(target)
            .map(|(key, child)| (child, changes.remove(key)))
            .collect();
        let added = self
            .tree
            .children(patch)
            .filter(|&child| changes.get(self.tree.key(child)) == Some(&child))
            .collect();
        (pairs, added)
    }

    /// Puts what was merged into the slot; false where the slot is to go.
    fn put(&mut self, slot: NodeId, merged: Merged) -> bool {
        match merged {
            Merged::Nothing => false,
            Merged::Null => true,
            Merged::Node(node) if is_null(self.tree, node) => false,
            Merged::Node(node) if node == slot => {
                quote(self.tree, slot);
                true
            }
            Merged::Node(node) => {
                replace(self.tree, slot, node);
                true
            }
        }
    }

    /// Merges two lists by the keys of their items.
    fn keyed_lists(
        &mut self,
        target: Option<NodeId>,
        patch: Option<NodeId>,
        shape: Option<Shape<'a>>,
        keys: &[&str],
    ) -> Result<Merged> {
        let target = target.filter(|&id| !is_null(self.tree, id));
        let list = match (target, patch) {
            (Some(_), Some(patch)) if is_null(self.tree, patch) => return Ok(Merged::Nothing),
            (Some(target), Some(patch)) => match self.list_directive(patch)? {
                Directive::Delete => return Ok(Merged::Nothing),
                Directive::Replace => patch,
                Directive::Merge => target,
            },
            (Some(target), None) => target,
            (None, Some(patch)) => patch,
            (None, None) => return Ok(Merged::Nothing),
        };
        lists::merge(self, list, patch, shape.and_then(Shape::item), keys)?;
        Ok(Merged::Node(list))
    }
}

/// Puts the content of `value` into `slot` as kustomize does: text and tag are the new ones, but a
/// scalar that was written in quotes stays in quotes, so that the number 5 in the place of `"4"`
/// is the text 5 (`kustomize: kyaml/yaml/fns.go`, `FieldSetter`).
fn replace(tree: &mut Tree, slot: NodeId, value: NodeId) {
    let (style, flow) = (tree.style(slot), tree.in_flow(slot));
    let was_quoted = tree.style(value) != Style::Plain && tree.tag(value).is_none();
    let was_tagged = tree.tag(slot).is_some();
    let tag = type_tag(tree, value).filter(|_| was_tagged && tree.tag(value).is_none());
    tree.overwrite(slot, value);
    tree.set_flow(slot, flow);
    if !tree.is_scalar(slot) {
        return;
    }
    tree.set_style(slot, style);
    if tag.is_some() {
        // Whether a tag is written belongs to the style.
        tree.set_tag(slot, tag);
    } else if !was_tagged && is_tag_of_text(tree, slot) {
        tree.set_tag(slot, None);
    }
    if style == Style::Plain
        && was_quoted
        && tree.tag(slot).is_none()
        && !is_bare_string(tree, slot)
    {
        tree.mark_string(slot);
    }
}

/// Whether the tag of a scalar is the one that its text has without quotes.
fn is_tag_of_text(tree: &Tree, slot: NodeId) -> bool {
    let mut bare = Tree::new();
    let text = bare.plain(tree.text(slot), Origin::NONE);
    let tag = tree.tag(slot);
    tag.is_some_and(|tag| tag != STRING) && tag == type_tag(&bare, text)
}

/// The tag of what a scalar is.
fn type_tag(tree: &Tree, node: NodeId) -> Option<&'static str> {
    match tree.resolve(node).ok()? {
        Value::Bool(_) => Some("tag:yaml.org,2002:bool"),
        Value::Int(_) | Value::Uint(_) => Some("tag:yaml.org,2002:int"),
        Value::Float(_) => Some("tag:yaml.org,2002:float"),
        Value::Str(_) => Some(STRING),
        Value::Null | Value::Map | Value::Seq => None,
    }
}

/// The tag of a string.
const STRING: &str = "tag:yaml.org,2002:str";

/// Whether a scalar without quotes and tag is a string.
fn is_bare_string(tree: &Tree, slot: NodeId) -> bool {
    matches!(tree.resolve(slot), Ok(Value::Str(text)) if text == tree.text(slot))
}

/// Puts a string, or what could be one, in quotes where YAML 1.1 takes it for something else, so
/// that it stays a string when a later patch replaces it (`kustomize: kyaml/yaml/compatibility.go`).
fn quote(tree: &mut Tree, slot: NodeId) {
    let is_plain = tree.is_scalar(slot) && tree.style(slot) == Style::Plain;
    if !is_plain || tree.text(slot).is_empty() || is_string_11(tree.text(slot)) {
        return;
    }
    let is_string = match tree.tag(slot) {
        None => tree.is_untyped(slot) || is_bare_string(tree, slot),
        Some(_) => tree.is_marked_string(slot),
    };
    if is_string {
        tree.set_tag(slot, None);
        tree.set_style(slot, Style::Double);
    }
}

/// Errors.
impl Merger<'_> {
    fn other_kind(&self, target: Option<NodeId>, patch: Option<NodeId>) -> Error {
        let name = |id: Option<NodeId>| match id.map(|id| self.tree.kind(id)) {
            Some(Kind::Map) => "a map",
            Some(Kind::Seq) => "a list",
            _ => "a scalar",
        };
        let place = |id: Option<NodeId>| id.and_then(|id| self.tree.locate(self.tree.origin(id)));
        let key = patch.map_or("", |id| self.tree.key(id));
        let (new, old) = (name(patch), name(target));
        let message = match key {
            "" => format!("cannot merge {new} of the patch into {old}"),
            key => {
                format!("cannot merge `{key}`: it is {new} in the patch and {old} in the object")
            }
        };
        let hint = place(target).map(|place| format!("the object's is at {place}"));
        Error::new(ErrorKind::Patch, message)
            .at(place(patch))
            .hint(hint)
    }

    fn unknown_directive(&self, value: NodeId, text: &str) -> Error {
        let hint = match nearest(text, ["delete", "replace", "merge"]) {
            Some(known) => format!("did you mean `{DIRECTIVE}: {known}`?"),
            None => "it is one of `delete`, `replace` and `merge`".to_owned(),
        };
        Error::new(
            ErrorKind::Patch,
            format!("`{DIRECTIVE}: {text}` is no directive"),
        )
        .at(self.tree.locate(self.tree.origin(value)))
        .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_yaml::Source;

    fn load(tree: &mut Tree, path: &str, text: &str) -> NodeId {
        tree.load(Source::new(path, text)).unwrap()[0]
    }

    fn try_merge(object: &str, patch: &str) -> Result<String> {
        let mut tree = Tree::new();
        let target = load(&mut tree, "object.yaml", object);
        let patch = load(&mut tree, "patch.yaml", patch);
        if !merge(&mut tree, &Schema::default(), target, patch)? {
            return Ok("deleted".to_owned());
        }
        let mut out = Vec::new();
        tree.emit(target, &mut out).unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    fn merged(object: &str, patch: &str) -> String {
        try_merge(object, patch).unwrap()
    }

    /// The containers of a Deployment after a patch of them.
    fn containers(object: &str, patch: &str) -> String {
        let deployment = |containers: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nspec: {{template: {{spec: {{containers: {containers}}}}}}}"
            )
        };
        let all = merged(&deployment(object), &deployment(patch));
        let (_, containers) = all.split_once("containers:").unwrap();
        let lines = containers
            .lines()
            .map(|line| line.trim_start_matches("      "));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn patched_items_come_first_in_the_order_of_the_patch() {
        let object = "[{name: a, image: a1}, {name: b, image: b1}, {name: c}]";
        insta::assert_snapshot!(containers(object, "[{name: new}, {name: b, image: b2}]"), @"
        - name: new
        - image: b2
          name: b
        - image: a1
          name: a
        - name: c
        ");
    }

    #[test]
    fn items_are_deleted_and_lists_replaced() {
        let object = "[{name: a}, {name: b}]";
        let deleted = containers(
            object,
            "[{name: a, $patch: delete}, {name: no, $patch: delete}]",
        );
        insta::assert_snapshot!(deleted, @"- name: b");
        let replaced = containers(object, "[{$patch: replace}, {name: c}]");
        insta::assert_snapshot!(replaced, @"- name: c");
    }

    #[test]
    fn an_item_of_the_patch_without_its_key_empties_the_list() {
        let object = "[{name: a}, {name: b}]";
        insta::assert_snapshot!(containers(object, "[{image: x}, {name: c}]"), @"- name: c");
    }

    #[test]
    fn an_item_of_the_object_without_its_key_takes_what_came_before() {
        let object = "[{image: i0}, {name: c1}, {image: i2}, {name: c2}]";
        let all = containers(object, "[{name: c2, image: x}, {name: c9}]");
        insta::assert_snapshot!(all, @"- image: i2");
    }

    #[test]
    fn replacing_one_item_changes_nothing() {
        let object = "[{name: a, image: i, args: [x]}]";
        insta::assert_snapshot!(containers(object, "[{name: a, image: j, $patch: replace}]"), @"
        - args:
          - x
          image: i
          name: a
        ");
    }

    #[test]
    fn the_last_of_two_items_of_one_key_stays() {
        let object = "[{name: a, env: [{name: A, value: '1'}, {name: B}, {name: A, value: '3'}]}]";
        insta::assert_snapshot!(containers(object, "[{name: new}]"), @r#"
        - name: new
        - env:
          - name: A
            value: "3"
          - name: B
          name: a
        "#);
    }

    #[test]
    fn ports_are_one_by_number_and_protocol() {
        let object =
            "[{name: a, ports: [{containerPort: 80}, {containerPort: 81, protocol: UDP}]}]";
        let patch = "[{name: a, ports: [{containerPort: 81, protocol: UDP, name: z}, {containerPort: 80, name: q}]}]";
        insta::assert_snapshot!(containers(object, patch), @"
        - name: a
          ports:
          - containerPort: 80
            name: q
          - containerPort: 81
            name: z
            protocol: UDP
        ");
        let patch = "[{name: a, ports: [{containerPort: 81, name: z}, {containerPort: 80, protocol: TCP, name: q}, {containerPort: 90}]}]";
        insta::assert_snapshot!(containers(object, patch), @"
        - name: a
          ports:
          - containerPort: 90
          - containerPort: 80
          - containerPort: 81
            protocol: UDP
        ");
    }

    #[test]
    fn scalars_that_merge_are_a_set() {
        let object =
            "{apiVersion: v1, kind: ConfigMap, metadata: {finalizers: [a, b, null, 5, c]}}";
        let patch = "{apiVersion: v1, kind: ConfigMap, metadata: {finalizers: [z, c, z]}}";
        insta::assert_snapshot!(merged(object, patch), @"
        apiVersion: v1
        kind: ConfigMap
        metadata:
          finalizers:
          - z
          - c
          - a
          - b
          - 5
        ");
    }

    #[test]
    fn lists_of_unknown_kinds_are_replaced_but_for_objects_within() {
        let object = "{kind: My, spec: {list: [{name: a}], pod: {apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}}}";
        let patch = "{spec: {list: [{name: b}], pod: {spec: {containers: [{name: b}]}}}}";
        insta::assert_snapshot!(merged(object, patch), @"
        kind: My
        spec:
          list:
          - name: b
          pod:
            apiVersion: v1
            kind: Pod
            spec:
              containers:
              - name: b
              - name: a
        ");
    }

    #[test]
    fn nulls_delete_and_empty_values_go() {
        let object =
            "data:\n  a: 1\n  gone: 2\n  written: null\n  tilde: ~\n  empty:\n  map: {x: null}\n";
        let patch = "data: {gone: null, never: null, new: {a: null, b: 1}}";
        insta::assert_snapshot!(merged(object, patch), @"
        data:
          a: 1
          map:
            x: null
          new:
            b: 1
          tilde: null
          written: null
        ");
    }

    #[test]
    fn a_quoted_scalar_stays_quoted() {
        let object = "{a: \"x\", b: 6, c: 'x', d: z}";
        insta::assert_snapshot!(merged(object, "{a: 5, b: \"5\", c: true, d: 7}"), @r#"
        a: "5"
        b: "5"
        c: "true"
        d: 7
        "#);
    }

    #[test]
    fn objects_are_deleted_and_unknown_directives_refused() {
        assert_eq!(
            merged("{kind: A, spec: {a: 1}}", "{kind: A, $patch: delete}"),
            "deleted"
        );
        assert_eq!(merged("{a: {b: 1}}", "{a: {$patch: delete}}"), "{}\n");
        assert_eq!(
            merged("{a: {b: 1}}", "{a: {$patch: replace, c: 2}}"),
            "a:\n  c: 2\n"
        );
        let copied = merged("{a: [1]}", "{$setElementOrder/a: [1], a: [2]}");
        assert_eq!(copied, "$setElementOrder/a:\n- 1\na:\n- 2\n");
        let error = try_merge("{a: {b: 1}}", "{a: {$patch: delte}}").unwrap_err();
        insta::assert_snapshot!(error, @"`$patch: delte` is no directive");
        insta::assert_snapshot!(windlass_fault::Fault::hint(&error).unwrap(), @"did you mean `$patch: delete`?");
    }

    #[test]
    fn another_kind_of_value_is_refused_with_both_places() {
        use windlass_fault::Fault;
        let error = try_merge("a: {b: 1}\n", "a:\n- 1\n").unwrap_err();
        insta::assert_snapshot!(error, @"cannot merge `a`: it is a list in the patch and a map in the object");
        assert_eq!(error.location().unwrap().to_string(), "patch.yaml:2:1");
        insta::assert_snapshot!(Fault::hint(&error).unwrap(), @"the object's is at object.yaml:1:4");
    }

    #[test]
    fn what_is_taken_from_the_patch_keeps_its_place() {
        let mut tree = Tree::new();
        let target = load(&mut tree, "object.yaml", "data:\n  a: 1\n  b: 1\n");
        let patch = load(&mut tree, "patch.yaml", "data:\n  a: 2\n  c: 3\n");
        merge(&mut tree, &Schema::default(), target, patch).unwrap();
        let place = |path: &[&str]| {
            let node = tree.lookup(target, path).unwrap();
            tree.locate(tree.origin(node)).unwrap().to_string()
        };
        assert_eq!(place(&["data", "a"]), "patch.yaml:2:6");
        assert_eq!(place(&["data", "b"]), "object.yaml:3:6");
        assert_eq!(place(&["data", "c"]), "patch.yaml:3:6");
    }

    #[test]
    fn long_lists_without_keys_are_refused_in_good_time() {
        let items = "{image: x},".repeat(3000);
        let list = format!("apiVersion: v1\nkind: Pod\nspec: {{containers: [{items}]}}");
        let error = try_merge(&list, &list).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
