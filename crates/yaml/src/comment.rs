//! Finding comments that begin with a mark.

use crate::node::Tree;
use crate::source::{Origin, Source, SourceId};
use memchr::memmem::Finder;

/// A comment that begins with a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'t> {
    /// What stands behind the mark, to the end of the line.
    pub text: &'t str,
    /// Where it stands, mark included.
    pub origin: Origin,
    /// Whether nothing stands before it on its line.
    pub is_alone: bool,
}

impl Tree {
    /// The comments of all sources that begin with `mark`, which begins with `#`.
    ///
    /// ```
    /// use windlass_yaml::{Source, Tree};
    /// let mut tree = Tree::new();
    /// tree.load(Source::new("a.yaml", "a: 1 # note: two\nb: '# note: no comment'\n"))?;
    /// let found: Vec<_> = tree.comments("# note:").collect();
    /// assert_eq!((found.len(), found[0].text), (1, " two"));
    /// # Ok::<(), windlass_yaml::Error>(())
    /// ```
    pub fn comments<'t>(&'t self, mark: &'t str) -> impl Iterator<Item = Comment<'t>> {
        // Made once: for a small file that takes longer than looking.
        let finder = Finder::new(mark);
        let sources = self.sources();
        sources
            .flat_map(move |(id, source)| in_source(id, source, &finder))
            .filter(|comment| !self.is_in_scalar(comment.origin))
    }

    /// How many lines below its own is what a comment is about: none if something stands before it
    /// on its line, else those to the next line that is no comment.
    #[must_use]
    pub fn lines_to_subject(&self, comment: &Comment<'_>) -> u32 {
        let source = comment.origin.source().and_then(|id| self.source(id));
        let Some(source) = source.filter(|_| comment.is_alone) else {
            return 0;
        };
        let below = source.text()[comment.origin.range().end..].lines().skip(1);
        let passed = below.take_while(|line| {
            let line = line.trim_start();
            line.is_empty() || line.starts_with('#')
        });
        u32::try_from(passed.count() + 1).unwrap_or(0)
    }

    /// Whether it is part of a text, and no comment at all.
    fn is_in_scalar(&self, comment: Origin) -> bool {
        let at = comment.range().start;
        self.scalars()
            .any(|scalar| scalar.source() == comment.source() && scalar.range().contains(&at))
    }
}

fn in_source<'t>(id: SourceId, source: &'t Source, mark: &Finder<'_>) -> Vec<Comment<'t>> {
    let text = source.text();
    let comment = |start: usize| {
        let before = text[..start].rsplit('\n').next().unwrap_or_default();
        // The mark of the byte order, with which a file may begin, is no text.
        let before = before.trim_start_matches('\u{FEFF}');
        let is_comment = before.is_empty() || before.ends_with([' ', '\t']);
        let behind = &text[start + mark.needle().len()..];
        let behind = behind.lines().next().unwrap_or_default();
        is_comment.then(|| Comment {
            text: behind,
            origin: Origin::new(id, start, start + mark.needle().len() + behind.len()),
            is_alone: before.trim().is_empty(),
        })
    };
    mark.find_iter(text.as_bytes())
        .filter_map(comment)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_may_be_a_comment_behind_the_mark_of_the_byte_order() {
        let mut tree = Tree::new();
        tree.load(Source::new("a.yaml", "\u{FEFF}# x: 1\na: b\n"))
            .unwrap();
        let found = tree.comments("# x:").map(|it| (it.text, it.is_alone));
        assert_eq!(found.collect::<Vec<_>>(), [(" 1", true)]);
    }

    #[test]
    fn texts_are_no_comments() {
        let text =
            "# x: 1\na: |\n  # x: 2\n  b\nc: \"d # x: 3\" # x: 4\nd:# x: 5\n---\n- e # x: 6\n";
        let mut tree = Tree::new();
        tree.load(Source::new("a.yaml", text)).unwrap();
        let found = tree.comments("# x:").map(|it| (it.text, it.is_alone));
        let found: Vec<_> = found.collect();
        assert_eq!(found, [(" 1", true), (" 4", false), (" 6", false)]);
    }
}
