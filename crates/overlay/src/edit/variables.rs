//! `vars` as `replacements`: which fields a variable fills is seen from a build with it and one
//! without.

use super::proof;
use super::session::Session;
use crate::build::Finished;
use crate::error::{Error, Result};
use crate::id::Id;
use crate::replace::Variable;
use std::collections::BTreeMap;
use windlass_yaml::{Content, NodeId, Spanned, Step, Tree};

/// A field of an object that a variable fills, or part of one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    path: String,
    /// The delimiter, and which of the parts between.
    part: Option<(char, usize)>,
}

/// The slots of a variable, by object: the place among all objects, and the object's first id.
type Slots = BTreeMap<usize, (Id, Vec<Slot>)>;

/// Writes replacements that do what the variables did, and takes these out.
pub(super) fn replace(before: &Result<Finished, Error>, session: &mut Session<'_>) -> Result<()> {
    let variables = session.kustomization()?.vars;
    if variables.is_empty() {
        return Ok(());
    }
    let before = match before {
        Ok(before) => before,
        Err(error) => {
            let message = format!("this cannot be built, so nothing can be shown: {error}");
            return Err(session.refuse(message));
        }
    };
    session.prune(&[Step::Key("vars")])?;
    let without = proof::build(session.document.text(), session)?;
    if before.resources.len() != without.resources.len() {
        return Err(proof::changed(
            "it has other objects without variables",
            session,
        ));
    }
    for variable in &variables {
        let slots = slots(&variable.name, before, &without, session)?;
        match slots.is_empty() {
            true => session.warn(format!("the variable `{}` fills no field", variable.name)),
            false => {
                let replacement = replacement(variable, slots);
                session.push(&[Step::Key("replacements")], &replacement)?;
            }
        }
    }
    Ok(())
}

/// What a variable fills.
fn slots(
    name: &str,
    before: &Finished,
    without: &Finished,
    session: &Session<'_>,
) -> Result<Slots> {
    let written = format!("$({name})");
    let mut all = Slots::new();
    for (at, (filled, bare)) in before.resources.iter().zip(&without.resources).enumerate() {
        let mut fields = Vec::new();
        let trees = (&before.tree, &without.tree);
        differing(trees, (filled.root, bare.root), String::new(), &mut fields);
        let id = bare.original_id(&without.tree, &without.schema);
        let mut slots = Vec::new();
        for (path, text) in fields.iter().filter(|(_, text)| text.contains(&written)) {
            let Some(parts) = parts(text, &written) else {
                let message = format!(
                    "`{written}` is not set apart by one character in `{path}` of the {} `{}`",
                    id.gvk.kind, id.name
                );
                return Err(session
                    .refuse(message)
                    .hint("write the replacement by hand".to_owned()));
            };
            slots.extend(parts.into_iter().map(|part| Slot {
                path: path.clone(),
                part,
            }));
        }
        if !slots.is_empty() {
            all.insert(at, (id, slots));
        }
    }
    Ok(all)
}

/// The texts that differ between two trees, as they are in the second one.
fn differing(
    trees: (&Tree, &Tree),
    nodes: (NodeId, NodeId),
    path: String,
    out: &mut Vec<(String, String)>,
) {
    let ((left, right), (a, b)) = (trees, nodes);
    let within = |part: &str| match &*path {
        "" => part.to_owned(),
        path => format!("{path}.{part}"),
    };
    if right.is_scalar(b) {
        let same = left.is_scalar(a) && left.text(a) == right.text(b);
        if !same {
            out.push((path, right.text(b).to_owned()));
        }
    } else if left.is_map(a) && right.is_map(b) {
        for (key, value) in right.entries(b) {
            let part = match key.contains('.') {
                true => format!("[{key}]"),
                false => key.to_owned(),
            };
            if let Some(other) = left.get(a, key) {
                differing(trees, (other, value), within(&part), out);
            }
        }
    } else {
        for (at, (other, item)) in left.items(a).zip(right.items(b)).enumerate() {
            differing(trees, (other, item), within(&at.to_string()), out);
        }
    }
}

/// Which part of a text a variable is, for each time that it is there; nothing if what is around
/// it does not set it apart.
fn parts(text: &str, written: &str) -> Option<Vec<Option<(char, usize)>>> {
    if text == written {
        return Some(vec![None]);
    }
    let times = text.matches(written).count();
    let around = text.match_indices(written).flat_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + written.len()..].chars().next();
        [before, after]
    });
    around.flatten().find_map(|delimiter| {
        let parts = text.split(delimiter).enumerate();
        let own = parts.filter(|&(_, part)| part == written);
        let own: Vec<_> = own.map(|(at, _)| Some((delimiter, at))).collect();
        (own.len() == times).then_some(own)
    })
}

fn replacement(variable: &Spanned<Variable>, slots: Slots) -> Content {
    let targets = slots
        .into_values()
        .flat_map(|(id, slots)| targets(&id, slots));
    let targets: Vec<Content> = targets.collect();
    Content::map([
        ("source", source(variable)),
        ("targets", Content::List(targets)),
    ])
}

fn source(variable: &Variable) -> Content {
    let (object, field) = (&variable.objref, &variable.fieldref);
    let gvk = object.gvk();
    let entries = [
        ("group", &*gvk.group),
        ("version", &gvk.version),
        ("kind", &gvk.kind),
        ("name", &object.name),
        ("namespace", &object.namespace),
        ("fieldPath", &field.field_path),
    ];
    filled(&entries)
}

fn filled(entries: &[(&str, &str)]) -> Content {
    let entries = entries.iter().filter(|(_, value)| !value.is_empty());
    Content::map(entries.map(|&(key, value)| (key, value.into())))
}

/// One target for each way of cutting fields of an object.
fn targets(id: &Id, slots: Vec<Slot>) -> Vec<Content> {
    let mut by_part: BTreeMap<Option<(char, usize)>, Vec<String>> = BTreeMap::new();
    for slot in slots {
        by_part.entry(slot.part).or_default().push(slot.path);
    }
    let select = filled(&[
        ("group", &id.gvk.group),
        ("version", &id.gvk.version),
        ("kind", &id.gvk.kind),
        ("name", &id.name),
        ("namespace", &id.namespace),
    ]);
    let target = |(part, paths): (Option<(char, usize)>, Vec<String>)| {
        let paths = paths.iter().map(|path| (&**path).into()).collect();
        let options = part.map(|(delimiter, index)| {
            let mut options = vec![("delimiter", Content::Text(delimiter.to_string()))];
            if index > 0 {
                options.push(("index", Content::Plain(index.to_string())));
            }
            ("options", Content::map(options))
        });
        let own = [
            ("select", select.clone()),
            ("fieldPaths", Content::List(paths)),
        ];
        Content::map(own.into_iter().chain(options))
    };
    by_part.into_iter().map(target).collect()
}
