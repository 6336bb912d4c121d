//! Printed text that shares long parts with the sources in which they stand.

use crate::source::Source;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Printed text. What was copied from a source is not held twice, so that a file of many megabytes
/// that is printed as it is takes next to no memory more.
#[derive(Debug, Clone, Default)]
pub struct Printed {
    pub(crate) made: Vec<u8>,
    pub(crate) shared: Vec<Shared>,
}

/// A part of a source.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    /// Behind how many bytes that were made it stands.
    at: usize,
    source: Arc<Source>,
    range: Range<usize>,
}

impl Shared {
    /// How long a part must be to be worth its own record.
    pub(crate) const LEAST: usize = 512;

    pub(crate) fn new(at: usize, source: &Arc<Source>, range: Range<usize>) -> Self {
        let source = Arc::clone(source);
        Self { at, source, range }
    }

    fn text(&self) -> &str {
        &self.source.text()[self.range.clone()]
    }
}

impl Printed {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made.is_empty() && self.shared.is_empty()
    }

    /// Adds a text.
    pub fn push_str(&mut self, text: &str) {
        self.made.extend_from_slice(text.as_bytes());
    }

    /// Adds what was printed elsewhere.
    pub fn append(&mut self, other: Self) {
        let by = self.made.len();
        self.made.extend_from_slice(&other.made);
        let shared = other.shared.into_iter();
        self.shared.extend(shared.map(|part| Shared {
            at: part.at + by,
            ..part
        }));
    }

    /// The text in parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.shared.iter().map(|part| part.at));
        let ends = self.shared.iter().map(|part| part.at);
        let ends = ends.chain(std::iter::once(self.made.len()));
        let shared = self.shared.iter().map(Shared::text);
        let made = starts.zip(ends).map(|(start, end)| {
            std::str::from_utf8(&self.made[start..end]).expect("only whole strings are added")
        });
        made.zip(shared.chain(std::iter::once("")))
            .flat_map(|(made, shared)| [made, shared])
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().try_for_each(|part| f.write_str(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_where_they_were_added() {
        let source = Source::new("f.yaml", "0123456789");
        let mut one = Printed::new();
        one.push_str("a");
        one.shared.push(Shared::new(1, &source, 2..4));
        one.shared.push(Shared::new(1, &source, 6..8));
        one.push_str("b");
        let mut both = one.clone();
        assert_eq!(both.to_string(), "a2367b");
        both.append(one);
        both.append(Printed::new());
        assert_eq!(both.to_string(), "a2367ba2367b");
        assert!(Printed::new().is_empty() && !both.is_empty());
    }
}
