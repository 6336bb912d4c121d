//! Where text came from.

use std::sync::Arc;
use windlass_fault::Location;

/// A file, or anything else that text is read from.
#[derive(Debug)]
pub struct Source {
    path: String,
    text: String,
}

impl Source {
    /// A source named as the user would name it. Its text is at most 4 GiB.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
        })
    }

    /// The name.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The name of a source in its [`Tree`](crate::Tree).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceId(u32);

impl SourceId {
    const NONE: Self = Self(u32::MAX);

    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer sources than bytes"))
    }

    pub(crate) fn index(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }
}

/// The bytes of a source that a node came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    source: SourceId,
    start: u32,
    end: u32,
}

impl Origin {
    /// From no source.
    pub const NONE: Self = Self {
        source: SourceId::NONE,
        start: 0,
        end: 0,
    };

    /// Bytes `start..end` of a source.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            source,
            start: narrow(start),
            end: narrow(end),
        }
    }

    /// The source, if there is one.
    #[must_use]
    pub fn source(self) -> Option<SourceId> {
        (self.source != SourceId::NONE).then_some(self.source)
    }

    /// The bytes.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(crate) fn moved(self, sources: &[SourceId]) -> Self {
        match self.source.index() {
            Some(at) => Self {
                source: sources[at],
                ..self
            },
            None => self,
        }
    }
}

impl crate::Tree {
    /// File, line and column of an origin; nothing for [`Origin::NONE`].
    #[must_use]
    pub fn locate(&self, origin: Origin) -> Option<Location> {
        let source = self.source(origin.source()?)?;
        let range = origin.range();
        Some(Location::in_text(
            source.path(),
            source.text(),
            range.start,
            range.end,
        ))
    }
}
