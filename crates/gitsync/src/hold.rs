//! Holds: comments by which a user, or a rollback, says that an image stays as it is.
//!
//! `# windlass: hold -- why` stands behind a line of the image's entry, or on a line of its own in
//! it or above it. In flow style one that is alone holds all images that begin on the next line.

use crate::error::{Error, ErrorKind, Result};
use std::ops::Range;
use windlass_fault::Location;
use windlass_yaml::{Document, Source, Tree};

const MARK: &str = "# windlass: hold";

/// A hold on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) location: Location,
    /// The reason; empty where none is given.
    pub(crate) why: String,
    /// What goes from the text when the hold goes.
    range: Range<usize>,
}

/// A file with its comments.
struct Marked<'t> {
    text: &'t str,
    /// The bytes of each image's entry of the name.
    entries: Vec<Range<usize>>,
    /// Each hold with the first byte of the line that it is for; none where it is behind
    /// something, and so for its own.
    holds: Vec<(Hold, Option<usize>)>,
}

/// The holds on an image.
pub(crate) fn find(path: &str, text: &str, image: &str) -> Result<Vec<Hold>> {
    let marked = Marked::read(path, text, image)?;
    let held = marked.holds.iter().filter(|(hold, subject)| {
        let is_for = |entry: &Range<usize>| {
            let inside = marked.lines(entry).contains(&hold.range.start);
            let above = subject.is_some_and(|start| start == marked.line_start(entry.start));
            inside || above
        };
        marked.entries.iter().any(is_for)
    });
    Ok(held.map(|(hold, _)| hold.clone()).collect())
}

/// The text with one hold on an image, for this reason, or with none. Nothing else is changed.
pub(crate) fn set(path: &str, text: &str, image: &str, why: Option<&str>) -> Result<String> {
    let comment = why.map(|why| format!("{MARK} -- {why}"));
    let mut new = text.to_owned();
    for hold in find(path, text, image)?.iter().rev() {
        new.replace_range(hold.range.clone(), "");
    }
    if let Some(comment) = &comment {
        new = with(path, &new, image, comment)?;
    }
    let says = |text: &str| Document::parse(path, text).map(|file| file.content(&[]));
    let same = matches!((says(text), says(&new)), (Ok(old), Ok(new)) if old == new);
    let held = find(path, &new, image)?.len() == usize::from(why.is_some());
    match same && held {
        true => Ok(new),
        false => {
            let message = format!("cannot set the hold of `{image}`");
            Err(Error::new(ErrorKind::Overlay, message)
                .at(Location::file(path))
                .hint("write the comment `# windlass: hold` by hand, above the image's entry"))
        }
    }
}

/// The text with a comment above the last entry of an image: of several, that is the one that
/// counts.
fn with(path: &str, text: &str, image: &str, comment: &str) -> Result<String> {
    let marked = Marked::read(path, text, image)?;
    let Some(entry) = marked.entries.last() else {
        let message = format!("`{path}` has no image `{image}`");
        return Err(Error::new(ErrorKind::Image, message));
    };
    let at = marked.line_start(entry.start);
    let indent = text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line = format!("{}{comment}{newline}", &text[at..at + indent]);
    Ok([&text[..at], &line, &text[at..]].concat())
}

impl<'t> Marked<'t> {
    fn read(path: &str, text: &'t str, image: &str) -> Result<Self> {
        let mut tree = Tree::new();
        let source = Source::new(path, text);
        let root = tree.load_first(&source, &mut Vec::new());
        let root = root.map_err(Error::edit)?;
        let list = root.filter(|&root| tree.is_map(root));
        let list = list.and_then(|root| tree.get(root, "images"));
        let list = list.filter(|&list| tree.is_seq(list));
        let items = list.into_iter().flat_map(|list| tree.items(list));
        let named =
            items.filter(|&item| tree.is_map(item) && tree.text_at(item, &["name"]) == Some(image));
        let entries = named.map(|item| tree.origin(item).range()).collect();
        let mut marked = Self {
            text,
            entries,
            holds: Vec::new(),
        };
        for comment in tree.comments(MARK) {
            let range = comment.origin.range();
            let word = comment.text.split("--").next().unwrap_or_default();
            let Some(location) = tree
                .locate(comment.origin)
                .filter(|_| word.trim().is_empty())
            else {
                continue;
            };
            let (_, why) = comment.text.split_once("--").unwrap_or_default();
            let hold = Hold {
                location,
                why: why.trim().to_owned(),
                range: marked.around(&range, comment.is_alone),
            };
            let subject = comment.is_alone.then(|| marked.subject(range.end));
            marked.holds.push((hold, subject));
        }
        Ok(marked)
    }

    /// What goes with a comment: its line, or the blanks before it.
    fn around(&self, comment: &Range<usize>, is_alone: bool) -> Range<usize> {
        if is_alone {
            let end = self.text[comment.end..].find('\n');
            let end = end.map_or(self.text.len(), |at| comment.end + at + 1);
            return self.line_start(comment.start)..end;
        }
        let before = self.text[..comment.start].trim_end_matches([' ', '\t']);
        before.len()..comment.start + self.text[comment.clone()].trim_end().len()
    }

    /// The start of the next line that is no comment.
    fn subject(&self, from: usize) -> usize {
        let mut at = from;
        for line in self.text[from..].split_inclusive('\n').skip(1) {
            at += self.text[at..].find('\n').map_or(0, |end| end + 1);
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                break;
            }
        }
        at
    }

    /// An entry's lines, without what follows the last of its values.
    fn lines(&self, entry: &Range<usize>) -> Range<usize> {
        let last = self.text[..entry.end].trim_end().len();
        let end = self.text[last..].find('\n');
        let end = end.map_or(self.text.len(), |at| last + at);
        self.line_start(entry.start)..end
    }

    fn line_start(&self, at: usize) -> usize {
        match self.text[..at].rfind('\n') {
            Some(before) => before + 1,
            // Behind the mark of the byte order that a file may begin with.
            None => self.text.len() - self.text.trim_start_matches('\u{FEFF}').len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(text: &str, image: &str) -> Vec<(u32, String)> {
        let found = find("k.yaml", text, image).unwrap();
        let found = found.into_iter();
        found.map(|hold| (hold.location.line, hold.why)).collect()
    }

    #[test]
    fn a_hold_is_for_the_entry_around_or_below_it() {
        let text = "images:\n# windlass: hold -- one\n# other\n\n- name: a\n  newTag: x\n\
                    - name: b # windlass: hold\n  newTag: y\n- name: c\n  # windlass: hold--two\n  \
                    newTag: z\n- name: d\n  newTag: 'w' # windlass: hold -- three -- four\n\
                    - name: e\n  newTag: '# windlass: hold'\n# windlass: holder\n\
                    # windlass: hold on\n- name: f\n# windlass: hold -- nothing\n";
        let one = |line, why: &str| vec![(line, why.to_owned())];
        assert_eq!(held(text, "a"), one(2, "one"));
        assert_eq!(held(text, "b"), one(7, ""));
        assert_eq!(held(text, "c"), one(10, "two"));
        assert_eq!(held(text, "d"), one(13, "three -- four"));
        assert_eq!(held(text, "e"), []);
        assert_eq!(held(text, "f"), []);
        assert_eq!(held(text, "g"), []);
    }

    #[test]
    fn a_hold_comes_and_goes_without_a_trace() {
        for text in [
            "images:\n- name: a\n  newTag: x\n- name: b\n",
            "images:\r\n  - name: b # ours\r\n    newTag: x\r\n  - name: c",
            "\u{FEFF}images: [{name: a, newTag: x}, {name: b, newTag: y}]\n",
            "images: [\n  {name: a},\n  {name: b}\n]\n",
            "{\"images\": [{\"name\": \"b\"}]}",
            "images:\n-\n  newTag: x\n  name: b\n# end\n",
            "images:\n- {name: b}\n- {name: b}",
            "images:\n# windlass: waive unused-image\n- name: b",
        ] {
            let with = set("k.yaml", text, "b", Some("why not"));
            let with = with.unwrap_or_else(|error| panic!("{error}: {text}"));
            let expected = vec!["why not".to_owned()];
            let reasons: Vec<String> = held(&with, "b").into_iter().map(|it| it.1).collect();
            assert_eq!(reasons, expected, "{with}");
            assert_eq!(set("k.yaml", &with, "b", Some("why not")).unwrap(), with);
            let other = set("k.yaml", &with, "b", Some("other")).unwrap();
            assert_eq!(other, with.replace("why not", "other"));
            assert_eq!(set("k.yaml", &other, "b", None).unwrap(), text);
        }
    }

    #[test]
    fn a_hold_behind_a_value_goes_with_its_blanks() {
        let text = "images:\n- name: a   # windlass: hold -- x  \n  newTag: y\n";
        let without = "images:\n- name: a  \n  newTag: y\n";
        assert_eq!(set("k.yaml", text, "a", None).unwrap(), without);
        let crlf = "images:\r\n- name: a # windlass: hold\r\n";
        assert_eq!(
            set("k.yaml", crlf, "a", None).unwrap(),
            "images:\r\n- name: a\r\n"
        );
    }

    #[test]
    fn where_a_comment_cannot_stand_there_is_an_error() {
        let text = "images:\n- newTag: \"x\n\n  y\"\n  name: b\n- {newTag: \"x\n  y\", name: c}\n";
        assert!(set("k.yaml", text, "b", Some("z")).is_ok());
        let error = set("k.yaml", text, "d", Some("z")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Image);
        let inside = "a: \"x\n  y\" \nimages: [{name: b, newTag: \"x\n  y\"}, {name: c}]\n";
        let error = set("k.yaml", inside, "c", Some("z")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overlay);
    }
}
