//! YAML files, merged as what they say: entries by their keys, items of lists by their names where
//! they have some. What the template changed is put into the file that is there, by edits that leave
//! everything else in it as it is.

use super::{Conflict, lines};
use crate::way::{Part, Way};
use std::collections::HashSet;
use std::path::Path;
use windlass_fault::Location;
use windlass_yaml::{Content, Document, Source, Tree};

/// By what Kubernetes and kustomize tell the items of a list apart, in the order in which it is
/// tried (Kubernetes: `x-kubernetes-patch-merge-key`).
const KEYS: [&str; 8] = [
    "name",
    "containerPort",
    "mountPath",
    "port",
    "path",
    "key",
    "ip",
    "topologyKey",
];
/// Lists whose items mean something by their order alone.
const WHOLE: [&str; 2] = ["command", "args"];
/// What a remark on a conflict begins with.
const MARK: &str = "conflict: ";
/// The longest value that a remark shows.
const MAX_SHOWN: usize = 60;

/// The three versions merged; none where they are not YAML, or not one document each.
pub(super) fn merge(path: &str, versions: [&str; 3]) -> Option<(String, Vec<Conflict>)> {
    let [base, ours, theirs] = versions;
    if !versions.iter().all(|text| is_one_document(path, text)) {
        return None;
    }
    let document = |text| Document::parse(path, text).ok();
    let theirs_read = document(theirs)?;
    let mut merger = Merger {
        pins: is_kustomization(path),
        edits: Vec::new(),
    };
    let [was, is, wanted] = [
        document(base)?.content(&[])?,
        document(ours)?.content(&[])?,
        theirs_read.content(&[])?,
    ];
    let at = Way::default();
    merger.values(&at, &at, [Some(&was), Some(&is), Some(&wanted)]);
    let (text, conflicts) = apply(path, document(ours)?, &theirs_read, merger.edits);
    if !conflicts.is_empty() {
        return Some((text, conflicts));
    }
    // Where lines come to the same, they are nearer to what both sides wrote.
    let by_lines = match base == ours {
        true => Some(theirs.to_owned()),
        false => lines::clean(versions),
    };
    let says = |text: &str| document_content(path, text);
    let same = by_lines.filter(|lines| match (says(lines), says(&text)) {
        (Some(lines), Some(text)) => is_same(&lines, &text),
        _ => false,
    });
    Some((same.unwrap_or(text), conflicts))
}

/// Whether a line is a remark on a conflict.
pub(super) fn is_mark(line: &str) -> bool {
    let remark = line.trim_start().strip_prefix("# ");
    remark.is_some_and(|remark| remark.starts_with("conflict: the template "))
}

/// Whether there is a SealedSecret among the objects of a file.
pub(super) fn has_sealed_secret(text: &str) -> bool {
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("", text)).unwrap_or_default();
    let mut kinds = roots.iter().map(|&root| tree.text_at(root, &["kind"]));
    kinds.any(|kind| kind == Some("SealedSecret"))
}

/// Whether each document of a text can be read.
pub(super) fn is_yaml(path: &str, text: &str) -> bool {
    Tree::new().load(Source::new(path, text)).is_ok()
}

fn document_content(path: &str, text: &str) -> Option<Content> {
    Document::parse(path, text).ok()?.content(&[])
}

fn is_one_document(path: &str, text: &str) -> bool {
    let roots = Tree::new().load(Source::new(path, text));
    roots.is_ok_and(|roots| roots.len() == 1)
}

fn is_kustomization(path: &str) -> bool {
    let name = Path::new(path).file_stem();
    name.is_some_and(|name| name == "kustomization")
}

/// A change of our file, which has to be made from the end of the file to its beginning.
enum Edit {
    /// The value at a way becomes the one at the other way in theirs.
    Replace(Way, Way),
    /// Into the collection at a way, behind a part of it, goes what is at the other way in theirs.
    Insert(Way, Option<usize>, Way),
    Remove(Way),
    /// Nothing changes, but a person has to look.
    Conflict(Way, String),
}

struct Merger {
    /// Whether the file has pins, which no template touches.
    pins: bool,
    edits: Vec<Edit>,
}

type Three<'a> = [Option<&'a Content>; 3];

impl Merger {
    /// Merges what stands at a way in ours and at another in theirs; both have something there.
    fn values(&mut self, ours_at: &Way, theirs_at: &Way, values: Three<'_>) {
        let [base, Some(ours), Some(theirs)] = values else {
            return;
        };
        if is_same(ours, theirs) || base.is_some_and(|base| is_same(base, theirs)) {
            return;
        }
        let empty = (Content::Map(Vec::new()), Content::List(Vec::new()));
        match (base, ours, theirs) {
            (base, Content::Map(_), Content::Map(entries)) if !entries.is_empty() => {
                let base = base.filter(|base| matches!(base, Content::Map(_)));
                self.maps(ours_at, theirs_at, [base.unwrap_or(&empty.0), ours, theirs]);
            }
            (base, Content::List(_), Content::List(items)) if !items.is_empty() => {
                let base = base.filter(|base| matches!(base, Content::List(_)));
                self.lists(ours_at, theirs_at, [base.unwrap_or(&empty.1), ours, theirs]);
            }
            _ => self.whole(ours_at, theirs_at, values),
        }
    }

    fn whole(&mut self, ours_at: &Way, theirs_at: &Way, [base, ours, theirs]: Three<'_>) {
        match (base, ours) {
            (Some(base), Some(ours)) if is_same(base, ours) => {
                let edit = Edit::Replace(ours_at.clone(), theirs_at.clone());
                self.edits.push(edit);
            }
            _ => self.conflict(ours_at, format!("the template has {} here", shown(theirs))),
        }
    }

    fn conflict(&mut self, at: &Way, what: String) {
        self.edits.push(Edit::Conflict(at.clone(), what));
    }

    /// Ours has something that theirs has no more.
    fn gone(&mut self, at: &Way, base: &Content, ours: &Content) {
        match is_same(base, ours) {
            true => self.edits.push(Edit::Remove(at.clone())),
            false => self.conflict(at, "the template no longer has this".to_owned()),
        }
    }

    fn maps(&mut self, ours_at: &Way, theirs_at: &Way, [base, ours, theirs]: [&Content; 3]) {
        let (base, ours, theirs) = (entries(base), entries(ours), entries(theirs));
        let names = |all: &[(String, Content)]| all.iter().map(|(key, _)| key.clone()).collect();
        let (our_names, their_names): (Vec<String>, Vec<String>) = (names(ours), names(theirs));
        let places = Places::new(&our_names, &their_names);
        let new = |at: usize| get(ours, &their_names[at]).is_none();
        self.new_ones(&places, None, ours_at, |this, at| {
            let key = &their_names[at];
            match (new(at), get(base, key)) {
                (false, _) => None,
                (true, None) => Some(theirs_at.key(key)),
                (true, Some(base)) => this.removed_here(ours_at, key, base, &theirs[at].1),
            }
        });
        for (index, (key, value)) in ours.iter().enumerate() {
            let at = ours_at.key(key);
            match (get(base, key), get(theirs, key)) {
                _ if self.pins && is_pin(&at) => {}
                (base, Some(theirs)) => {
                    self.values(&at, &theirs_at.key(key), [base, Some(value), Some(theirs)]);
                }
                (Some(base), None) => self.gone(&at, base, value),
                (None, None) => {}
            }
            self.new_ones(&places, Some(index), ours_at, |this, at| {
                let key = &their_names[at];
                match (new(at), get(base, key)) {
                    (false, _) => None,
                    (true, None) => Some(theirs_at.key(key)),
                    (true, Some(base)) => this.removed_here(ours_at, key, base, &theirs[at].1),
                }
            });
        }
    }

    /// What is only in theirs, and belongs behind a part of ours.
    fn new_ones(
        &mut self,
        places: &Places,
        behind: Option<usize>,
        into: &Way,
        mut from: impl FnMut(&mut Self, usize) -> Option<Way>,
    ) {
        for at in places.behind(behind) {
            if self.pins && is_pin(&into.key(&places.theirs[at])) {
                continue;
            }
            if let Some(from) = from(self, at) {
                self.edits.push(Edit::Insert(into.clone(), behind, from));
            }
        }
    }

    /// Something was removed here. It stays so, but a change of it is told.
    fn removed_here(
        &mut self,
        at: &Way,
        key: &str,
        base: &Content,
        theirs: &Content,
    ) -> Option<Way> {
        if !is_same(base, theirs) {
            let what = format!("the template changed `{key}`, which is gone here");
            self.conflict(at, what);
        }
        None
    }

    fn lists(&mut self, ours_at: &Way, theirs_at: &Way, lists: [&Content; 3]) {
        let [base, ours, theirs] = lists.map(items);
        let key = ours_at.last_key().unwrap_or_default();
        let Some(by) = By::of(key, [base, ours, theirs]) else {
            return self.whole(ours_at, theirs_at, lists.map(Some));
        };
        let names = |all: &[Content]| all.iter().map(|item| by.name(item)).collect();
        let (base_names, our_names): (Vec<String>, Vec<String>) = (names(base), names(ours));
        let their_names: Vec<String> = names(theirs);
        let find = |names: &[String], name: &str| names.iter().position(|other| other == name);
        let in_base = |name: &str| find(&base_names, name).map(|at| &base[at]);
        if by == By::Content {
            // A changed item has no name that would tell from which one it came.
            let is_lost = |name: &String| !our_names.contains(name) && !their_names.contains(name);
            let is_new = |name: &String| !base_names.contains(name) && !our_names.contains(name);
            let are_maps = base.iter().any(|item| matches!(item, Content::Map(_)));
            if are_maps && base_names.iter().any(is_lost) && their_names.iter().any(is_new) {
                return self.whole(ours_at, theirs_at, lists.map(Some));
            }
        }
        let places = Places::new(&our_names, &their_names);
        let from = |this: &mut Self, at: usize| {
            let name = &their_names[at];
            match (find(&our_names, name), in_base(name)) {
                (Some(_), _) => None,
                (None, None) => Some(theirs_at.index(at)),
                (None, Some(base)) => this.removed_here(ours_at, name, base, &theirs[at]),
            }
        };
        self.new_ones(&places, None, ours_at, from);
        for (index, item) in ours.iter().enumerate() {
            let (name, at) = (&our_names[index], ours_at.index(index));
            match (in_base(name), find(&their_names, name)) {
                (base, Some(their)) => {
                    let theirs = Some(&theirs[their]);
                    self.values(&at, &theirs_at.index(their), [base, Some(item), theirs]);
                }
                (Some(base), None) => self.gone(&at, base, item),
                (None, None) => {}
            }
            self.new_ones(&places, Some(index), ours_at, from);
        }
    }
}

/// Behind which part of ours each part of theirs belongs.
struct Places {
    theirs: Vec<String>,
    /// For each part of theirs the one of ours that it comes behind.
    behind: Vec<Option<usize>>,
}

impl Places {
    fn new(ours: &[String], theirs: &[String]) -> Self {
        let find = |name: &String| ours.iter().position(|other| other == name);
        let mut last = None;
        let mut behind = Vec::new();
        for name in theirs {
            behind.push(last);
            last = find(name).or(last);
        }
        // With nothing before it that is known here, a new part goes to the end.
        let first_known = theirs.iter().position(|name| find(name).is_some());
        if first_known.is_none() {
            behind.fill(ours.len().checked_sub(1));
        }
        Self {
            theirs: theirs.to_vec(),
            behind,
        }
    }

    fn behind(&self, part: Option<usize>) -> Vec<usize> {
        let all = self.behind.iter().enumerate();
        all.filter(|&(_, &behind)| behind == part)
            .map(|(at, _)| at)
            .collect()
    }
}

/// By what the items of a list are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The value of a key.
    Key(&'static str),
    /// What stands before a `=`.
    Variable,
    /// All that they say.
    Content,
}

impl By {
    /// None for a list that can only be taken as a whole.
    fn of(key: &str, lists: [&[Content]; 3]) -> Option<Self> {
        if WHOLE.contains(&key) {
            return None;
        }
        let keys = KEYS.map(Self::Key).into_iter();
        let literals = (key == "literals").then_some(Self::Variable);
        keys.chain(literals)
            .chain([Self::Content])
            .find(|by| lists.iter().all(|items| by.tells_apart(items)))
    }

    fn tells_apart(self, items: &[Content]) -> bool {
        let mut seen = HashSet::new();
        items.iter().all(|item| match (self, item) {
            (Self::Key(key), Content::Map(entries)) => {
                let is_text = |value| matches!(value, &Content::Text(_) | &Content::Plain(_));
                get(entries, key).is_some_and(is_text) && seen.insert(self.name(item))
            }
            (Self::Key(_), _) => false,
            (Self::Variable, Content::Text(text)) => {
                text.contains('=') && seen.insert(self.name(item))
            }
            (Self::Variable, _) => false,
            (Self::Content, _) => seen.insert(self.name(item)),
        })
    }

    fn name(self, item: &Content) -> String {
        match (self, item) {
            (Self::Key(key), Content::Map(entries)) => {
                get(entries, key).map(say).unwrap_or_default()
            }
            (Self::Variable, Content::Text(text)) => {
                text.split('=').next().unwrap_or_default().to_owned()
            }
            _ => say(item),
        }
    }
}

/// Makes the edits, the last first, so that each finds what it is about where it was.
fn apply(
    path: &str,
    mut ours: Document,
    theirs: &Document,
    edits: Vec<Edit>,
) -> (String, Vec<Conflict>) {
    let mut told: Vec<String> = Vec::new();
    let mut refused = |ours: &mut Document, at: &Way, what: String| {
        // Where no comment can stand the conflict is only told.
        let _ = ours.remark(&at.steps(), &format!("{MARK}{what}"));
        told.push(what);
    };
    for edit in edits.into_iter().rev() {
        let made = match &edit {
            Edit::Replace(at, from) => ours
                .replace_from(&at.steps(), theirs, &from.steps())
                .map(drop),
            Edit::Insert(into, behind, from) => {
                ours.insert_from(&into.steps(), *behind, theirs, &from.steps())
            }
            Edit::Remove(at) => ours.remove(&at.steps()).map(drop),
            Edit::Conflict(at, what) => {
                refused(&mut ours, at, what.clone());
                Ok(())
            }
        };
        if made.is_err() {
            let (at, what) = by_hand(&edit, theirs);
            refused(&mut ours, &at, what);
        }
    }
    told.reverse();
    let text = ours.finish();
    (text.clone(), located(path, &text, told))
}

/// What is left to a person of an edit that could not be made.
fn by_hand(edit: &Edit, theirs: &Document) -> (Way, String) {
    let value = |from: &Way| shown(theirs.content(&from.steps()).as_ref());
    match edit {
        Edit::Replace(at, from) => (at.clone(), format!("the template has {} here", value(from))),
        Edit::Insert(into, _, from) => {
            let what = match from.0.last() {
                Some(Part::Key(key)) => format!("the template has a `{key}` as well"),
                _ => format!("the template has one more item, {}", value(from)),
            };
            (into.clone(), what)
        }
        Edit::Remove(at) => (at.clone(), "the template no longer has this".to_owned()),
        Edit::Conflict(at, what) => (at.clone(), what.clone()),
    }
}

/// The conflicts in the order of the file, each at the line of its remark, where it has one.
fn located(path: &str, text: &str, told: Vec<String>) -> Vec<Conflict> {
    let mut from = 0;
    let place = |what: &String| {
        let remark = format!("# {MARK}{what}");
        let found = text[from..].find(&remark).map(|at| from + at);
        match found {
            Some(at) => {
                from = at + remark.len();
                Location::in_text(path, text, at, at + remark.len())
            }
            None => Location::file(path),
        }
    };
    let places: Vec<Location> = told.iter().map(place).collect();
    let all = places.into_iter().zip(told);
    all.map(|(place, what)| Conflict { place, what }).collect()
}

/// The tag and the digest of an image, which the pipeline writes.
fn is_pin(at: &Way) -> bool {
    match &at.0[..] {
        [Part::Key(list), Part::Index(_), Part::Key(key)] => {
            list == "images" && matches!(&**key, "newTag" | "digest")
        }
        _ => false,
    }
}

/// A value as a person is told of it.
fn shown(value: Option<&Content>) -> String {
    match value {
        Some(value @ (Content::Text(_) | Content::Plain(_))) => {
            let text = say(value);
            match text.chars().count() > MAX_SHOWN || text.contains(['\n', '`']) {
                true => "another text".to_owned(),
                false => format!("`{text}`"),
            }
        }
        _ => "something else".to_owned(),
    }
}

/// Whether two values say the same; the order of keys does not count.
fn is_same(one: &Content, other: &Content) -> bool {
    match (one, other) {
        (Content::Map(one), Content::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| get(other, key).is_some_and(|other| is_same(value, other)))
        }
        (Content::List(one), Content::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        _ => one == other,
    }
}

/// A text that is the same for the same value alone.
fn say(value: &Content) -> String {
    match value {
        Content::Text(text) | Content::Plain(text) => text.clone(),
        Content::Map(entries) => {
            let part = |(key, value): &(String, Content)| format!("{key:?}:{}", quoted(value));
            let mut parts: Vec<String> = entries.iter().map(part).collect();
            parts.sort();
            format!("{{{}}}", parts.join(","))
        }
        Content::List(items) => {
            let parts: Vec<String> = items.iter().map(quoted).collect();
            format!("[{}]", parts.join(","))
        }
    }
}

fn quoted(value: &Content) -> String {
    match value {
        Content::Text(text) => format!("{text:?}"),
        _ => say(value),
    }
}

fn entries(value: &Content) -> &[(String, Content)] {
    match value {
        Content::Map(entries) => entries,
        _ => &[],
    }
}

fn items(value: &Content) -> &[Content] {
    match value {
        Content::List(items) => items,
        _ => &[],
    }
}

fn get<'c>(entries: &'c [(String, Content)], key: &str) -> Option<&'c Content> {
    let found = entries.iter().find(|(name, _)| name == key);
    found.map(|(_, value)| value)
}
