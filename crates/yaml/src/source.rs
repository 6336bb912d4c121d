//! Where text came from.

use crate::error::{Error, ErrorKind};
use std::sync::{Arc, OnceLock};
use windlass_fault::Location;

/// A file, or anything else that text is read from.
#[derive(Debug)]
pub struct Source {
    path: String,
    text: String,
    /// How many columns further right each line stands in the file.
    indent: u32,
    has_plain_lines: OnceLock<bool>,
}

impl Source {
    /// A source named as the user would name it. Its text is at most 4 GiB.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::indented(path, text, 0)
    }

    /// A source whose lines stand further right in the file than in the text, by so many columns:
    /// a file within a block of another.
    #[must_use]
    pub fn indented(path: impl Into<String>, text: impl Into<String>, indent: u32) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
            indent,
            has_plain_lines: OnceLock::new(),
        })
    }

    /// How many bytes a source may have: 256 MiB.
    pub const MAX_BYTES: usize = 256 << 20;

    /// A source from the bytes of a file.
    ///
    /// # Errors
    /// [`TooLarge`](crate::ErrorKind::TooLarge) above [`Source::MAX_BYTES`], and
    /// [`Encoding`](crate::ErrorKind::Encoding) where the bytes are not UTF-8.
    pub fn from_bytes(path: impl Into<String>, bytes: Vec<u8>) -> Result<Arc<Self>, Error> {
        let path = path.into();
        check_size(&path, bytes.len())?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let valid = e.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(e.as_bytes());
            let message = format!("`{path}` is not UTF-8 text");
            let place = Location::in_text(&path, &text, valid, valid + 1);
            Error::new(ErrorKind::Encoding, message).at(place)
        })?;
        Ok(Self::new(path, text))
    }

    /// The same source with `\r\n` as `\n`, which is what kustomize reads.
    pub(crate) fn with_plain_breaks(self: &Arc<Self>) -> Arc<Self> {
        if memchr::memmem::find(self.text.as_bytes(), b"\r\n").is_none() {
            return Arc::clone(self);
        }
        let text = self.text.replace("\r\n", "\n");
        Self::indented(self.path.clone(), text, self.indent)
    }

    /// Whether its lines end with line feeds alone, and nothing stands before the first, so that a
    /// column counts the bytes behind the last line feed.
    pub(crate) fn has_plain_lines(&self) -> bool {
        *self.has_plain_lines.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let has = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
            memchr::memchr(b'\r', bytes).is_none()
                && !self.text.starts_with('\u{FEFF}')
                && !(memchr::memchr2(0xC2, 0xE2, bytes).is_some()
                    && ["\u{85}", "\u{2028}", "\u{2029}"].into_iter().any(has))
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

/// Refuses more bytes than a source may have.
pub(crate) fn check_size(path: &str, len: usize) -> Result<(), Error> {
    if len <= Source::MAX_BYTES {
        return Ok(());
    }
    let limit = Source::MAX_BYTES >> 20;
    let message = format!("`{path}` is larger than {limit} MiB");
    Err(Error::new(ErrorKind::TooLarge, message).at(Location::file(path)))
}

/// The name of a source in its [`Tree`](crate::Tree).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceId(u32);

impl SourceId {
    const NONE: Self = Self(u32::MAX);

    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer sources than bytes"))
    }

    pub(crate) const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number of the source's text among the buffers of its tree.
    pub(crate) fn buffer(self) -> u32 {
        self.0 + 1
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

    /// Source, start and end as numbers.
    pub(crate) fn raw(self) -> [u32; 3] {
        [self.source.0, self.start, self.end]
    }

    /// The same bytes of the source that stands `by` places further on.
    pub(crate) fn shifted(self, by: u32) -> Self {
        match self.source.index() {
            Some(_) => Self {
                source: SourceId(self.source.0 + by),
                ..self
            },
            None => self,
        }
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
        let place = Location::in_text(source.path(), source.text(), range.start, range.end);
        Some(place.indented(source.indent))
    }
}
