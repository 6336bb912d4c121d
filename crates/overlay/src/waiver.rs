//! Waivers: comments by which a user says that a warning is meant.
//!
//! `# windlass: waive unused-image` stands behind what a warning points at, on the same line, or
//! on a line of its own above it. It may name several warnings, and say why behind ` -- `. One
//! that waives nothing is a warning itself, so that none outlives its reason.

use std::collections::BTreeMap;
use windlass_fault::{Location, Warning, nearest};
use windlass_yaml::Tree;

const MARK: &str = "# windlass: waive";

/// The names of all warnings that can be waived in the files of a build.
pub const NAMES: &[&str] = &[
    DEPRECATED_FIELD,
    INVALID_KEY,
    LONG_LINE,
    windlass_yaml::REPEATED_FIELD,
    UNKNOWN_FIELD,
    UNUSED_IMAGE,
    UNUSED_PATCH,
    UNUSED_REPLACEMENT,
    UNUSED_VARIABLE,
];

pub(crate) const DEPRECATED_FIELD: &str = "deprecated-field";
pub(crate) const INVALID_KEY: &str = "invalid-key";
pub(crate) const LONG_LINE: &str = "long-line";
pub(crate) const UNKNOWN_FIELD: &str = "unknown-field";
pub(crate) const UNUSED_IMAGE: &str = "unused-image";
pub(crate) const UNUSED_PATCH: &str = "unused-patch";
pub(crate) const UNUSED_REPLACEMENT: &str = "unused-replacement";
pub(crate) const UNUSED_VARIABLE: &str = "unused-variable";

/// The waivers of a build. A file may be read several times, as bases are; its waivers are one.
pub(crate) struct Waivers<'t> {
    /// By path, the line that is meant, and the warning: where it stands, and whether it waived.
    known: BTreeMap<(String, u32, &'t str), (Location, bool)>,
}

impl<'t> Waivers<'t> {
    /// Those in all files that were read.
    pub(crate) fn of(tree: &'t Tree) -> Self {
        let mut known = BTreeMap::new();
        for comment in tree.comments(MARK) {
            let Some(place) = tree.locate(comment.origin) else {
                continue;
            };
            let line = place.line + tree.lines_to_subject(&comment);
            let names = comment.text.split("--").next().unwrap_or_default();
            let names = names
                .split([',', ' ', '\t'])
                .filter(|name| !name.is_empty());
            for name in names {
                let key = (place.path.clone(), line, name);
                known.insert(key, (place.clone(), false));
            }
        }
        Self { known }
    }

    /// Takes out the warnings that are waived.
    pub(crate) fn take(&mut self, warnings: &mut Vec<Warning>) {
        if !self.known.is_empty() {
            warnings.retain(|warning| !self.waives(warning));
        }
    }

    fn waives(&mut self, warning: &Warning) -> bool {
        let (Some(name), Some(place)) = (warning.name, &warning.location) else {
            return false;
        };
        let key = (place.path.clone(), place.line, name);
        let found = self.known.get_mut(&key);
        found.map(|(_, used)| *used = true).is_some()
    }

    /// A warning for each that waived nothing. A name that is not like any of [`NAMES`] is for
    /// somebody else who reads the file.
    pub(crate) fn unused(self) -> impl Iterator<Item = Warning> {
        let unused = self.known.into_iter().filter(|(_, (_, used))| !used);
        unused.filter_map(|((_, _, name), (place, _))| {
            let warning = match nearest(name, NAMES.iter().copied())? {
                same if same == name => Warning::new(format!("there is no `{name}` here to waive"))
                    .hint("take the comment out"),
                near => Warning::new(format!("no warning is called `{name}`"))
                    .hint(format!("did you mean `{near}`?")),
            };
            Some(warning.named("unused-waiver").at(place))
        })
    }
}
