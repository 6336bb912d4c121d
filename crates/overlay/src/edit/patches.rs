//! Patches.

use super::session::Session;
use crate::error::Result;
use crate::files::Record;
use crate::kustomization::Patch;
use windlass_yaml::{Content, Spanned, Step};

/// A patch as an entry of `patches`; what is empty is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatchEntry {
    /// The file that holds it.
    pub path: String,
    /// The patch itself.
    pub patch: String,
    /// The group of its target, a regular expression as are the next four.
    pub group: String,
    /// The version of its target.
    pub version: String,
    /// The kind of its target.
    pub kind: String,
    /// The name of its target.
    pub name: String,
    /// The namespace of its target.
    pub namespace: String,
    /// A selector by annotations.
    pub annotation_selector: String,
    /// A selector by labels.
    pub label_selector: String,
}

impl PatchEntry {
    fn target(&self) -> [(&'static str, &str); 7] {
        [
            ("group", &self.group),
            ("version", &self.version),
            ("kind", &self.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("annotationSelector", &self.annotation_selector),
            ("labelSelector", &self.label_selector),
        ]
    }

    fn content(&self) -> Content {
        let filled = |&(_, value): &(&str, &str)| !value.is_empty();
        let text = |(key, value): (&'static str, &str)| (key, Content::from(value));
        let own = [("path", &*self.path), ("patch", &*self.patch)];
        let target: Vec<_> = self.target().into_iter().filter(filled).map(text).collect();
        let target = (!target.is_empty()).then(|| ("target", Content::map(target)));
        let own = own.into_iter().filter(filled).map(text);
        Content::map(own.chain(target))
    }

    /// Whether an entry is exactly this one (`kustomize: api/types/patch.go`).
    fn is(&self, entry: &Patch) -> bool {
        let text = |text: &Option<Spanned<String>>| match text {
            Some(text) => text.value.clone(),
            None => String::new(),
        };
        let theirs = entry.target.as_ref().map(|target| {
            let target = &target.value;
            [
                ("group", &*target.group),
                ("version", &target.version),
                ("kind", &target.kind),
                ("name", &target.name),
                ("namespace", &target.namespace),
                ("annotationSelector", &target.annotation_selector),
                ("labelSelector", &target.label_selector),
            ]
        });
        let own = self.target();
        let has_target = own.iter().any(|(_, value)| !value.is_empty());
        let options = &entry.options;
        text(&entry.path) == self.path
            && text(&entry.patch) == self.patch
            && theirs == has_target.then_some(own)
            && !options.allow_name_change
            && !options.allow_kind_change
    }
}

pub(super) fn add(patch: &PatchEntry, session: &mut Session<'_>) -> Result<()> {
    match (patch.path.is_empty(), patch.patch.is_empty()) {
        (true, true) => return Err(session.refuse("a patch needs a path or a text")),
        (false, false) => return Err(session.refuse("a patch has a path or a text, not both")),
        (false, true) => {
            session.folder.read(&patch.path, &mut Record::default())?;
        }
        (true, false) => {}
    }
    let known = session.kustomization()?.patches;
    if known.iter().any(|entry| patch.is(entry)) {
        return Ok(());
    }
    session.push(&[Step::Key("patches")], &patch.content())
}

pub(super) fn remove(patch: &PatchEntry, session: &mut Session<'_>) -> Result<()> {
    let known = session.kustomization()?.patches;
    let meant = known.iter().enumerate();
    let meant: Vec<usize> = meant
        .filter(|(_, entry)| patch.is(entry))
        .map(|(at, _)| at)
        .collect();
    if meant.is_empty() {
        session.warn("no patch is exactly the one to remove".to_owned());
    }
    for at in meant.into_iter().rev() {
        session.prune(&[Step::Key("patches"), Step::Index(at)])?;
    }
    Ok(())
}
