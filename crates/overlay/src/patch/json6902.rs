//! JSON 6902: a patch that is a list of operations.
//!
//! The operations are those of the `json_patch` crate; they are applied here, on the tree, so that
//! every value keeps its place. Where kustomize's library (evanphx/json-patch, version 4) does
//! not do what RFC 6902 says, this does what the library does:
//!
//! - `replace` of a key that a map does not have adds it;
//! - `test` of such a key passes if the value is null or missing;
//! - `copy` of such a key copies null;
//! - an index may be negative, counted from the end, and have a sign or leading zeros;
//! - what stands before the first `/` of a path is not looked at;
//! - only `replace` and `test` can mean the whole object;
//! - an operation that needs a value and has none takes null.

use crate::error::{Error, ErrorKind, Result};
use crate::read::malformed;
use json_patch::jsonptr::{Pointer, PointerBuf};
use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchOperation, RemoveOperation, ReplaceOperation,
    TestOperation,
};
use serde_json::{Number, Value};
use windlass_fault::nearest;
use windlass_yaml::{
    Kind, NodeId, Origin, Style, Tree, Value as Scalar, fits_plain, is_ambiguous_11,
};

/// One operation of a patch.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// What to do, or what is wrong with it: kustomize sees that when it does it.
    operation: Result<PatchOperation, Problem>,
    /// The node of the value, where the operation has one.
    value: Option<NodeId>,
    origin: Origin,
}

/// Reads operations; `root` is the node of the whole patch.
pub(crate) fn read(tree: &mut Tree, root: NodeId) -> Result<Vec<Operation>> {
    if !tree.is_seq(root) {
        return Err(refuse(
            tree,
            tree.origin(root),
            "a JSON patch is a list of operations",
        ));
    }
    let items: Vec<NodeId> = tree.items(root).collect();
    items.into_iter().map(|item| read_one(tree, item)).collect()
}

/// What is wrong with an operation, and where.
#[derive(Debug, Clone)]
struct Problem {
    message: String,
    hint: Option<String>,
    origin: Origin,
}

impl Problem {
    fn error(&self, tree: &Tree) -> Error {
        let error = refuse(tree, self.origin, &self.message);
        error.hint(self.hint.clone())
    }
}

const NAMES: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

fn read_one(tree: &mut Tree, item: NodeId) -> Result<Operation> {
    let value = field(tree, item, "value");
    if let Some(value) = value {
        normalize(tree, value, Rules::Patch, false)?;
    }
    let json = value.map_or(Ok(Value::Null), |value| to_json(tree, value))?;
    Ok(Operation {
        operation: operation(tree, item, json),
        value,
        origin: tree.origin(item),
    })
}

fn operation(tree: &Tree, item: NodeId, value: Value) -> Result<PatchOperation, Problem> {
    let Some(name) = text(tree, item, "op") else {
        return Err(missing(tree, item, "op"));
    };
    let Some(path) = text(tree, item, "path") else {
        return Err(missing(tree, item, "path"));
    };
    let path = pointer(&path, matches!(&*name, "replace" | "test"));
    let path = path.ok_or_else(|| not_a_path(tree, item, "path"))?;
    Ok(match &*name {
        "add" => PatchOperation::Add(AddOperation { path, value }),
        "replace" => PatchOperation::Replace(ReplaceOperation { path, value }),
        "test" => PatchOperation::Test(TestOperation { path, value }),
        "remove" => PatchOperation::Remove(RemoveOperation { path }),
        "move" => PatchOperation::Move(MoveOperation {
            from: from(tree, item)?,
            path,
        }),
        "copy" => PatchOperation::Copy(CopyOperation {
            from: from(tree, item)?,
            path,
        }),
        other => return Err(unknown(tree, item, other)),
    })
}

fn text(tree: &Tree, item: NodeId, key: &str) -> Option<String> {
    field(tree, item, key).map(|field| tree.text(field).to_owned())
}

/// A field of an operation; of one that stands twice the last counts.
fn field(tree: &Tree, item: NodeId, key: &str) -> Option<NodeId> {
    let found = tree.entries(item).filter(|(name, _)| *name == key);
    found.last().map(|(_, field)| field)
}

fn from(tree: &Tree, item: NodeId) -> Result<PointerBuf, Problem> {
    let from = text(tree, item, "from");
    let from = from.and_then(|from| pointer(&from, false));
    from.ok_or_else(|| not_a_path(tree, item, "from"))
}

/// A path as kustomize's library reads it.
fn pointer(path: &str, may_be_root: bool) -> Option<PointerBuf> {
    if path.is_empty() && may_be_root {
        return Some(PointerBuf::root());
    }
    let (_, path) = path.split_once('/')?;
    let decode = |name: &str| {
        // `~01` is `~1`: the escapes are read from the left.
        let parts = name.split("~1").map(|part| part.replace("~0", "~"));
        parts.collect::<Vec<_>>().join("/")
    };
    Some(PointerBuf::from_tokens(path.split('/').map(decode)))
}

/// Applies operations to the object at `root`.
///
/// kustomize does this on JSON, which is then read anew: numbers become floating point, and how a
/// text was written is forgotten (`kustomize: api/filters/patchjson6902/patchjson6902.go`).
pub(crate) fn apply(tree: &mut Tree, root: NodeId, operations: &[Operation]) -> Result<()> {
    normalize(tree, root, Rules::Object, false)?;
    for operation in operations {
        let done = operation.apply(tree, root);
        let done = done.and_then(|()| tree.check_size().map_err(malformed));
        done.map_err(|error| error.at(tree.locate(operation.origin)))?;
    }
    Ok(())
}

impl Operation {
    /// Whether it makes, takes away or replaces the map of annotations.
    pub(crate) fn sets_annotations(&self) -> bool {
        let sets =
            |path: &PointerBuf| matches!(path.as_str(), "" | "/metadata" | "/metadata/annotations");
        match &self.operation {
            Ok(PatchOperation::Add(add)) => sets(&add.path),
            Ok(PatchOperation::Remove(remove)) => sets(&remove.path),
            Ok(PatchOperation::Replace(replace)) => sets(&replace.path),
            Ok(PatchOperation::Move(mover)) => sets(&mover.path) || sets(&mover.from),
            Ok(PatchOperation::Copy(copy)) => sets(&copy.path),
            Ok(PatchOperation::Test(_)) | Err(_) => false,
        }
    }

    fn apply(&self, tree: &mut Tree, root: NodeId) -> Result<()> {
        let operation = self.operation.as_ref();
        match operation.map_err(|problem| problem.error(tree))? {
            PatchOperation::Add(add) => {
                let place = Place::find(tree, root, &add.path, "add")?;
                let value = self.make(tree, &add.value);
                place.add(tree, value)
            }
            PatchOperation::Remove(remove) => Place::find(tree, root, &remove.path, "remove")?
                .remove(tree)
                .map(|_| ()),
            PatchOperation::Replace(replace) => {
                let value = self.make(tree, &replace.value);
                replace_value(tree, root, &replace.path, value)
            }
            PatchOperation::Move(mover) => {
                let value = Place::find(tree, root, &mover.from, "move")?.remove(tree)?;
                Place::find(tree, root, &mover.path, "move to")?.add(tree, value)
            }
            PatchOperation::Copy(copy) => {
                let value = Place::find(tree, root, &copy.from, "copy")?.get(tree)?;
                let value = match value {
                    Some(value) => tree.copy(value),
                    None => self.make(tree, &Value::Null),
                };
                Place::find(tree, root, &copy.path, "copy to")?.add(tree, value)
            }
            PatchOperation::Test(test) => self.test(tree, root, &test.path, &test.value),
        }
    }

    /// A new node for the value: a copy of the one in the patch.
    fn make(&self, tree: &mut Tree, value: &Value) -> NodeId {
        match self.value {
            Some(node) if *value != Value::Null => tree.copy(node),
            _ => tree.plain("null", self.origin),
        }
    }

    fn test(&self, tree: &Tree, root: NodeId, path: &Pointer, wanted: &Value) -> Result<()> {
        let found = match path.is_root() {
            true => Some(root),
            false => Place::find(tree, root, path, "test")?.get(tree)?,
        };
        let found = found.map_or(Ok(Value::Null), |found| to_json(tree, found))?;
        if found == *wanted {
            return Ok(());
        }
        let place = self.value.and_then(|value| tree.locate(tree.origin(value)));
        let message = format!("the test of `{path}` fails: it is `{found}`, not `{wanted}`");
        Err(Error::new(ErrorKind::Patch, message).at(place))
    }
}

fn replace_value(tree: &mut Tree, root: NodeId, path: &Pointer, value: NodeId) -> Result<()> {
    if path.is_root() {
        if !tree.is_map(value) {
            return Err(Error::new(
                ErrorKind::Patch,
                "an object can only be replaced by a map",
            ));
        }
        tree.overwrite(root, value);
        return Ok(());
    }
    let place = Place::find(tree, root, path, "replace")?;
    match place.get(tree)? {
        Some(found) => {
            place.check_depth(tree, value)?;
            tree.overwrite(found, value);
            Ok(())
        }
        None => place.add(tree, value),
    }
}

/// A place in a map or list, where something is or may be put.
struct Place<'p> {
    container: NodeId,
    key: String,
    path: &'p Pointer,
    verb: &'static str,
}

impl<'p> Place<'p> {
    /// The place that a path leads to; only its last name may be missing.
    fn find(tree: &Tree, root: NodeId, path: &'p Pointer, verb: &'static str) -> Result<Self> {
        let mut container = root;
        let mut names = path
            .tokens()
            .map(|token| token.decoded().into_owned())
            .peekable();
        while let Some(key) = names.next() {
            let place = Self {
                container,
                key,
                path,
                verb,
            };
            if names.peek().is_none() {
                return Ok(place);
            }
            let next = place.get(tree).ok().flatten();
            container = next
                .filter(|&next| !tree.is_scalar(next))
                .ok_or_else(|| place.missing(tree))?;
        }
        Err(Error::new(
            ErrorKind::Patch,
            format!("cannot {verb} the whole object"),
        ))
    }

    /// What is there; an error where the index of a list is none.
    fn get(&self, tree: &Tree) -> Result<Option<NodeId>> {
        if tree.is_map(self.container) {
            return Ok(tree.get(self.container, &self.key));
        }
        let at = self.index(tree, tree.len(self.container))?;
        Ok(tree.item(self.container, at))
    }

    fn add(&self, tree: &mut Tree, value: NodeId) -> Result<()> {
        self.check_depth(tree, value)?;
        if tree.is_map(self.container) {
            tree.set(self.container, &self.key, value);
            return Ok(());
        }
        let len = tree.len(self.container);
        let at = match &*self.key {
            "-" => len,
            _ => self.index(tree, len + 1)?,
        };
        match tree.item(self.container, at) {
            Some(next) => tree.insert_before(self.container, next, value),
            None => tree.push(self.container, value),
        }
        Ok(())
    }

    /// Refuses a value that would be nested too deep here.
    fn check_depth(&self, tree: &Tree, value: NodeId) -> Result<()> {
        let done = tree.check_depth(value, self.path.count());
        done.map_err(malformed)
    }

    fn remove(&self, tree: &mut Tree) -> Result<NodeId> {
        let found = self.get(tree)?.ok_or_else(|| self.missing(tree))?;
        tree.remove(self.container, found);
        Ok(found)
    }

    /// The key as an index of a list with `len` places.
    fn index(&self, tree: &Tree, len: usize) -> Result<usize> {
        let digits = self.key.strip_prefix(['+', '-']).unwrap_or(&self.key);
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let Some(index) = self.key.parse::<i64>().ok().filter(|_| is_number) else {
            let message = format!(
                "cannot {} `{}`: `{}` is not an index",
                self.verb, self.path, self.key
            );
            return Err(self.refuse(tree, message));
        };
        let from_end = if index < 0 { len } else { 0 };
        let at = i64::try_from(from_end)
            .unwrap_or(i64::MAX)
            .saturating_add(index);
        let at = usize::try_from(at).ok().filter(|&at| at < len);
        at.ok_or_else(|| self.out_of_range(tree))
    }

    fn missing(&self, tree: &Tree) -> Error {
        let message = format!(
            "cannot {} `{}`: there is no `{}`",
            self.verb, self.path, self.key
        );
        let keys = tree.entries(self.container).map(|(key, _)| key);
        let error = self.refuse(tree, message);
        match nearest(&self.key, keys) {
            Some(known) => error.hint(format!("did you mean `{known}`?")),
            None => error,
        }
    }

    fn out_of_range(&self, tree: &Tree) -> Error {
        let Self {
            key, path, verb, ..
        } = self;
        let message = format!("cannot {verb} `{path}`: the list has no place `{key}`");
        self.refuse(tree, message)
    }

    fn refuse(&self, tree: &Tree, message: String) -> Error {
        let place = tree.locate(tree.origin(self.container));
        let hint = place.map(|place| format!("what is patched is at {place}"));
        Error::new(ErrorKind::Patch, message).hint(hint)
    }
}

/// The rules to read plain scalars by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// Those of objects.
    Object,
    /// Those of patches, which are YAML 1.1: `yes` is a boolean.
    Patch,
}

impl Rules {
    fn resolve<'t>(self, tree: &'t Tree, node: NodeId, flow: bool) -> Result<Scalar<'t>> {
        let value = match self {
            Self::Object => tree.printed(node, flow),
            Self::Patch => tree.resolve_11(node),
        };
        value.map_err(malformed)
    }
}

/// Writes every scalar as it reads after a way through JSON; `flow` says whether the node is in a
/// flow collection, where an object's empty value is an empty text.
fn normalize(tree: &mut Tree, node: NodeId, rules: Rules, flow: bool) -> Result<()> {
    if tree.kind(node) != Kind::Scalar {
        let flow = flow || (tree.in_flow(node) && rules == Rules::Object);
        let children: Vec<NodeId> = tree.children(node).collect();
        tree.set_tag(node, None);
        tree.set_flow(node, false);
        for child in children {
            // On the way through JSON a key becomes a string.
            if rules == Rules::Patch {
                tree.set_key_form(child, true, None);
            }
            normalize(tree, child, rules, flow)?;
        }
        return Ok(());
    }
    let is_bare = tree.style(node) == Style::Plain && tree.tag(node).is_none();
    let (text, style) = match rules.resolve(tree, node, flow)? {
        Scalar::Null => ("null".to_owned(), Style::Plain),
        Scalar::Bool(value) => (value.to_string(), Style::Plain),
        Scalar::Int(value) => (float_text(value as f64), Style::Plain),
        Scalar::Uint(value) => (float_text(value as f64), Style::Plain),
        Scalar::Float(value) => (float_text(value), Style::Plain),
        // go-yaml v2 leaves a timestamp as it is written.
        Scalar::Str(_) if is_bare && rules == Rules::Patch => {
            (tree.text(node).to_owned(), string_style(tree.text(node)))
        }
        Scalar::Str(text) => (text.clone().into_owned(), string_style(&text)),
        Scalar::Map | Scalar::Seq => return Ok(()),
    };
    if tree.text(node) != text || tree.tag(node).is_some() {
        tree.set_text(node, &text, style);
    }
    tree.set_style(node, style);
    tree.set_flow(node, false);
    Ok(())
}

/// How go-yaml v3 writes a string.
fn string_style(text: &str) -> Style {
    match text {
        text if text.contains('\n') => Style::Literal,
        text if is_ambiguous(text) => Style::Double,
        text if !fits_plain(text) => Style::Single,
        _ => Style::Plain,
    }
}

fn is_ambiguous(text: &str) -> bool {
    is_ambiguous_11(text) || text.starts_with("0o") || text.is_empty()
}

/// A number as Go writes a float: the shortest digits, with an exponent below 1e-4 and from 1e6
/// on.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The value of a node that was read by the rules of objects or was normalized.
fn to_json(tree: &Tree, node: NodeId) -> Result<Value> {
    Ok(match tree.resolve(node).map_err(malformed)? {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::Number(value.into()),
        Scalar::Uint(value) => Value::Number(value.into()),
        Scalar::Float(value) => number(value),
        Scalar::Str(text) => Value::String(text.into_owned()),
        Scalar::Seq => {
            let items = tree.items(node).map(|item| to_json(tree, item));
            Value::Array(items.collect::<Result<_>>()?)
        }
        Scalar::Map => {
            let entries = tree.entries(node);
            let entries = entries.map(|(key, value)| Ok((key.to_owned(), to_json(tree, value)?)));
            Value::Object(entries.collect::<Result<_>>()?)
        }
    })
}

/// A float as JSON has it: a whole number is no float.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.2e18 {
        return Value::Number((value as i64).into());
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn refuse(tree: &Tree, origin: Origin, message: &str) -> Error {
    Error::new(ErrorKind::Patch, message).at(tree.locate(origin))
}

fn missing(tree: &Tree, item: NodeId, key: &str) -> Problem {
    Problem {
        message: format!("this operation has no `{key}`"),
        hint: None,
        origin: tree.origin(item),
    }
}

/// Where a field of an operation stands, or the operation.
fn origin_of(tree: &Tree, item: NodeId, key: &str) -> Origin {
    tree.origin(field(tree, item, key).unwrap_or(item))
}

fn not_a_path(tree: &Tree, item: NodeId, key: &str) -> Problem {
    let path = text(tree, item, key).unwrap_or_default();
    let hint = "write it as `/spec/replicas`, with `~1` for a slash in a name";
    Problem {
        message: format!("the `{key}` of this operation is no path: `{path}`"),
        hint: Some(hint.to_owned()),
        origin: origin_of(tree, item, key),
    }
}

fn unknown(tree: &Tree, item: NodeId, name: &str) -> Problem {
    let hint = match nearest(name, NAMES) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("it is one of `{}`", NAMES.join("`, `")),
    };
    Problem {
        message: format!("`{name}` is no operation"),
        hint: Some(hint),
        origin: origin_of(tree, item, "op"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use windlass_fault::Fault;
    use windlass_yaml::Source;

    fn load(tree: &mut Tree, path: &str, text: &str) -> NodeId {
        tree.load(Source::new(path, text)).unwrap()[0]
    }

    fn try_patch(object: &str, patch: &str) -> Result<String> {
        let mut tree = Tree::new();
        let root = load(&mut tree, "object.yaml", object);
        let patch = load(&mut tree, "patch.yaml", patch);
        let operations = read(&mut tree, patch)?;
        apply(&mut tree, root, &operations)?;
        let mut out = Vec::new();
        tree.emit(root, &mut out).unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    fn patched(object: &str, patch: &str) -> String {
        try_patch(object, patch).unwrap()
    }

    #[test]
    fn the_six_operations() {
        let object = "{a: 1, l: [x, y], m: {k: v}}";
        let patch = "
            - {op: test, path: /m/k, value: v}
            - {op: add, path: /l/1, value: new}
            - {op: add, path: /l/-, value: last}
            - {op: replace, path: /a, value: [2]}
            - {op: copy, from: /m, path: /n}
            - {op: move, from: /m/k, path: /o}
            - {op: remove, path: /l/0}";
        insta::assert_snapshot!(patched(object, patch), @r#"
        a:
        - 2
        l:
        - new
        - "y"
        - last
        m: {}
        "n":
          k: v
        o: v
        "#);
    }

    #[test]
    fn what_the_library_does_and_the_rfc_does_not() {
        let object = "{d: {l: [1, 2, 3]}}";
        let patch = "
            - {op: replace, path: ignored/d/new, value: 1}
            - {op: add, path: /d/l/-1, value: 4}
            - {op: replace, path: /d/l/-1, value: 7}
            - {op: replace, path: /d/l/+00, value: 0}
            - {op: test, path: /d/none}
            - {op: copy, from: /d/none, path: /d/copy}
            - {op: add, path: /d/a~1b~01}";
        insta::assert_snapshot!(patched(object, patch), @"
        d:
          a/b~1: null
          copy: null
          l:
          - 0
          - 2
          - 3
          - 7
          new: 1
        ");
    }

    #[test]
    fn values_are_read_as_yaml_1_1_and_numbers_become_floats() {
        let object = "{i: 9007199254740993, q: 'x', o: 0o10, t: 2020-01-01}";
        let patch = "[{op: add, path: /v, value: {a: yes, b: 0o10, c: 010, d: 1_000, e: 12345678, f: 1.50, 1: x}}]";
        insta::assert_snapshot!(patched(object, patch), @r#"
        i: 9007199254740992
        o: 8
        q: x
        t: "2020-01-01T00:00:00Z"
        v:
          "1": x
          a: true
          b: 8
          c: 8
          d: 1000
          e: 12345678
          f: 1.5
        "#);
    }

    #[test]
    fn floats_are_written_as_go_does() {
        let texts = [0.0, 8080.0, 123_456.0, 1e6, 1_234_567.5, 1e-4, 1e-5, 1e21].map(float_text);
        let go = [
            "0",
            "8080",
            "123456",
            "1e+06",
            "1.2345675e+06",
            "0.0001",
            "1e-05",
            "1e+21",
        ];
        assert_eq!(texts, go);
    }

    #[test]
    fn what_does_not_apply_is_refused_with_its_place() {
        let cases = [
            ("remove", "/spec/replica"),
            ("add", "/none/x"),
            ("add", "/l/5"),
            ("replace", "/l/x"),
            ("remove", ""),
            ("ad", "/x"),
        ];
        let errors = cases.map(|(op, path)| {
            let object = "spec:\n  replicas: 1\nl: [1]\n";
            let error =
                try_patch(object, &format!("- op: {op}\n  path: \"{path}\"\n")).unwrap_err();
            let hint = Fault::hint(&error).unwrap_or_default();
            format!("{} | {error} | {hint}", error.location().unwrap())
        });
        insta::assert_snapshot!(errors.join("\n"), @"
        patch.yaml:1:3 | cannot remove `/spec/replica`: there is no `replica` | did you mean `replicas`?
        patch.yaml:1:3 | cannot add `/none/x`: there is no `none` | what is patched is at object.yaml:1:1
        patch.yaml:1:3 | cannot add `/l/5`: the list has no place `5` | what is patched is at object.yaml:3:4
        patch.yaml:1:3 | cannot replace `/l/x`: `x` is not an index | what is patched is at object.yaml:3:4
        patch.yaml:2:9 | the `path` of this operation is no path: `` | write it as `/spec/replicas`, with `~1` for a slash in a name
        patch.yaml:1:7 | `ad` is no operation | did you mean `add`?
        ");
    }

    #[test]
    fn a_failed_test_says_what_is_there() {
        let error = try_patch("{a: {b: 1}}", "- {op: test, path: /a, value: {b: 2}}").unwrap_err();
        insta::assert_snapshot!(error, @r#"the test of `/a` fails: it is `{"b":1}`, not `{"b":2}`"#);
        assert_eq!(error.location().unwrap().to_string(), "patch.yaml:1:31");
    }

    #[test]
    fn what_is_added_keeps_its_place() {
        let mut tree = Tree::new();
        let root = load(&mut tree, "object.yaml", "a: 1\nb: 2\n");
        let patch = load(
            &mut tree,
            "patch.yaml",
            "- op: add\n  path: /a\n  value: {x: [1]}\n",
        );
        let operations = read(&mut tree, patch).unwrap();
        apply(&mut tree, root, &operations).unwrap();
        let place = |path: &[&str]| {
            let node = tree.lookup(root, path).unwrap();
            tree.locate(tree.origin(node)).unwrap().to_string()
        };
        assert_eq!(place(&["a", "x"]), "patch.yaml:3:14");
        assert_eq!(place(&["b"]), "object.yaml:2:4");
    }

    /// JSON without numbers that a float cannot hold, keys from a small alphabet so that paths
    /// hit.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-1000i64..1000).prop_map(Value::from),
            "[a-z ]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[ab/~]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn object() -> impl Strategy<Value = Value> {
        proptest::collection::btree_map("[ab/~]", json(), 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
    }

    fn operation() -> impl Strategy<Value = Value> {
        let path = || {
            let token = prop_oneof![
                "[ab]",
                Just("~1".to_owned()),
                Just("~0".to_owned()),
                "[0-2]",
                Just("-".to_owned())
            ];
            proptest::collection::vec(token, 1..4)
                .prop_map(|tokens| format!("/{}", tokens.join("/")))
        };
        let name = prop::sample::select(NAMES.as_slice());
        (name, path(), path(), json()).prop_map(|(op, path, from, value)| {
            serde_json::json!({"op": op, "path": path, "from": from, "value": value})
        })
    }

    proptest! {
        /// Where both know what an operation means, it means the same as in `json_patch`.
        #[test]
        fn agrees_with_json_patch(object in object(), patch in proptest::collection::vec(operation(), 1..4)) {
            let mut theirs = object.clone();
            let operations: json_patch::Patch = serde_json::from_value(Value::Array(patch.clone())).unwrap();
            // Its other door panics where it cannot undo what a failed patch began.
            let done = json_patch::patch_unsafe(&mut theirs, &operations);
            let ours = try_json(&object, &patch);
            if done.is_ok() {
                prop_assert_eq!(ours.ok(), Some(theirs));
            } else {
                // Ours may go on where a missing key counts as null; else it refuses too.
                let lenient = patch.iter().any(|one| matches!(one["op"].as_str(), Some("replace" | "test" | "copy")));
                prop_assert!(ours.is_err() || lenient);
            }
        }
    }

    fn try_json(object: &Value, patch: &[Value]) -> Result<Value> {
        let mut tree = Tree::new();
        let both = serde_json::json!([object, patch]).to_string();
        let both = load(&mut tree, "both.json", &both);
        let [root, patch] = tree.items(both).collect::<Vec<_>>()[..] else {
            unreachable!("two were written");
        };
        let operations = read(&mut tree, patch)?;
        apply(&mut tree, root, &operations)?;
        to_json(&tree, root)
    }
}
