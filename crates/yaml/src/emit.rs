//! A tree as kustomize prints it.
//!
//! kustomize prints with go-yaml v3, reads that again, writes JSON, reads the JSON with go-yaml
//! v2 and prints with that (kyaml: yaml/rnode.go, `MarshalJSON`; sigs.k8s.io/yaml). Each step
//! leaves marks, which are named here one by one.

use crate::error::{Error, ErrorKind};
use crate::json;
use crate::node::{Kind, NodeId, Style, Tree};
use crate::number::{format_g, format_json, parse_float};
use crate::order;
use crate::print::Printer;
use crate::printed::Printed;
use crate::resolve::{Dialect, Value, fits_tag, is_string, is_word, plain_value};
use crate::scan::{LONG_TAG, Scanner};
use crate::source::Origin;
use std::borrow::Cow;

/// How deep a tree may be to be printed; patches can put one deep value into another.
pub(crate) const MAX_DEPTH: usize = 512;

/// The length up to which a key that is a word is printed without a look at what is in it.
pub(crate) const LONGEST_WORD: usize = 64;

impl Tree {
    /// Prints a node as kustomize prints a resource, with a final line break.
    ///
    /// # Errors
    /// What kustomize refuses to print: keys that are not strings or that stand twice, infinite
    /// numbers, control characters, and values that do not fit their explicit tags.
    pub fn emit(&self, id: NodeId, out: &mut Vec<u8>) -> Result<(), Error> {
        self.print_by(Printer::new(out), id)
    }

    /// [`Tree::emit`] of long texts that stand so in a source without a copy of them.
    ///
    /// # Errors
    /// As [`Tree::emit`].
    pub fn print(&self, id: NodeId, out: &mut Printed) -> Result<(), Error> {
        self.print_by(Printer::sharing(out), id)
    }

    fn print_by(&self, printer: Printer<'_>, id: NodeId) -> Result<(), Error> {
        let mut emitter = Emitter {
            tree: self,
            printer,
            depth: 0,
        };
        match self.kind(id) {
            Kind::Map if !self.is_empty(id) => emitter.map(id, 0, false, self.in_flow(id))?,
            Kind::Seq if !self.is_empty(id) => emitter.seq(id, 0, false, self.in_flow(id))?,
            _ => emitter.leaf(id, 2, self.in_flow(id))?,
        }
        emitter.printer.finish();
        Ok(())
    }
}

struct Emitter<'a> {
    tree: &'a Tree,
    printer: Printer<'a>,
    depth: usize,
}

impl Emitter<'_> {
    /// Entries of a map at `indent`; `inline` says that the first stands on the current line.
    fn map(&mut self, id: NodeId, indent: usize, inline: bool, flow: bool) -> Result<(), Error> {
        if self.copies(id, indent, inline, flow) {
            return Ok(());
        }
        self.deeper(id)?;
        let mut inline = inline;
        for (key, value) in self.tree.sorted(id, flow, self.depth == 1)? {
            if !std::mem::take(&mut inline) {
                self.printer.line(indent);
            }
            if key.len() <= LONGEST_WORD && is_word(key) {
                self.printer.raw(key);
                self.printer.raw(":");
                self.value(value, indent, false, flow)?;
                continue;
            }
            // In the JSON this is a line break, which ends the search for the `:` of a key.
            if key.contains('\u{85}') {
                return Err(self.tree.unprintable(self.tree.key_origin(value), '\u{85}'));
            }
            let key = self.tree.json_leg(self.tree.key_origin(value), key)?;
            if Printer::is_simple_key(&key) {
                self.printer.string(&key, indent + 2, true);
                self.printer.raw(":");
                self.value(value, indent, false, flow)?;
            } else {
                self.printer.raw("? ");
                self.printer.string(&key, indent + 2, false);
                self.printer.line(indent);
                self.printer.raw(":");
                self.value(value, indent, true, flow)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// What stands behind the `:` of a map at `indent`; `inline` says that a collection starts
    /// on the same line.
    fn value(&mut self, id: NodeId, indent: usize, inline: bool, flow: bool) -> Result<(), Error> {
        let flow = flow || (!self.tree.is_scalar(id) && self.tree.in_flow(id));
        let filled = !self.tree.is_empty(id);
        match self.tree.kind(id) {
            Kind::Map if filled && !inline => self.map(id, indent + 2, false, flow),
            Kind::Seq if filled && !inline => self.seq(id, indent, false, flow),
            kind => {
                self.printer.raw(" ");
                match kind {
                    Kind::Map if filled => self.map(id, indent + 2, true, flow),
                    Kind::Seq if filled => self.seq(id, indent + 2, true, flow),
                    _ => self.leaf(id, indent + 2, flow),
                }
            }
        }
    }

    /// Items of a list at `indent`.
    fn seq(&mut self, id: NodeId, indent: usize, inline: bool, flow: bool) -> Result<(), Error> {
        if self.copies(id, indent, inline, flow) {
            return Ok(());
        }
        self.deeper(id)?;
        let mut inline = inline;
        for item in self.tree.items(id) {
            if !std::mem::take(&mut inline) {
                self.printer.line(indent);
            }
            self.printer.raw("- ");
            let flow = flow || (!self.tree.is_scalar(item) && self.tree.in_flow(item));
            let filled = !self.tree.is_empty(item);
            match self.tree.kind(item) {
                Kind::Map if filled => self.map(item, indent + 2, true, flow)?,
                Kind::Seq if filled => self.seq(item, indent + 2, true, flow)?,
                _ => self.leaf(item, indent + 2, flow)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Copies a collection from its source if it would be printed as it stands there.
    fn copies(&mut self, id: NodeId, indent: usize, inline: bool, flow: bool) -> bool {
        let Some(copied) = self.tree.as_printed(id, indent).filter(|_| !flow) else {
            return false;
        };
        if !inline {
            self.printer.line(indent);
        }
        self.printer.copy(copied);
        true
    }

    /// [`Emitter::copies`] for a scalar, whose further lines stand at `indent`.
    fn copies_leaf(&mut self, id: NodeId, indent: usize, flow: bool) -> bool {
        let Some(copied) = self.tree.as_printed(id, self.printer.width()) else {
            return false;
        };
        let fits = match copied.text().split_once('\n') {
            Some((_, rest)) => rest.len() - rest.trim_start_matches(' ').len() == indent,
            None => true,
        };
        if fits && !flow {
            self.printer.copy(copied);
        }
        fits && !flow
    }

    /// A scalar or an empty collection.
    fn leaf(&mut self, id: NodeId, indent: usize, flow: bool) -> Result<(), Error> {
        if self.copies_leaf(id, indent, flow) {
            return Ok(());
        }
        match self.tree.printed(id, flow)? {
            Value::Null => self.printer.raw("null"),
            Value::Bool(true) => self.printer.raw("true"),
            Value::Bool(false) => self.printer.raw("false"),
            Value::Int(value) => self.printer.raw(&value.to_string()),
            Value::Uint(value) => self.printer.raw(&value.to_string()),
            Value::Float(value) => {
                let text = self.tree.float(id, value)?;
                self.printer.raw(&through_json(&text));
            }
            Value::Str(text) => {
                let text = self.tree.json_leg(self.tree.origin(id), &text)?;
                self.printer.string(&text, indent, false);
            }
            Value::Map => self.printer.raw("{}"),
            Value::Seq => self.printer.raw("[]"),
        }
        Ok(())
    }

    fn deeper(&mut self, id: NodeId) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.tree.too_deep(id));
        }
        Ok(())
    }
}

/// A number of JSON as go-yaml v2 reads and prints it: an integer where it fits 64 bits.
fn through_json(text: &str) -> String {
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return if text == "-0" { "0" } else { text }.to_owned();
    }
    parse_float(text).map_or_else(|| text.to_owned(), format_g)
}

/// The marks that the first steps leave.
impl Tree {
    /// What a scalar means after go-yaml v3 has printed it, which doubles some line breaks of a
    /// folded text; `flow` says whether it stands in a flow collection.
    ///
    /// # Errors
    /// As [`Tree::resolve`].
    pub fn printed(&self, id: NodeId, flow: bool) -> Result<Value<'_>, Error> {
        if !self.is_scalar(id) || self.tag(id).is_some() {
            return self.resolve(id);
        }
        let text = self.text(id);
        match self.style(id) {
            // Nothing at all is printed as '' in a flow collection, and so becomes a string.
            Style::Plain if flow && text.is_empty() => Ok(Value::Str(Cow::Borrowed(""))),
            // A timestamp with a `:` is printed in quotes there.
            Style::Plain if flow && text.contains(':') => Ok(Value::Str(Cow::Borrowed(text))),
            style if !flow && is_block(style, text) => self.reprinted(id, style, text),
            _ => self.resolve(id),
        }
    }

    /// A block after go-yaml v3 has printed it and read it again.
    fn reprinted<'a>(&self, id: NodeId, style: Style, text: &'a str) -> Result<Value<'a>, Error> {
        if !Printer::allows_block(text) {
            return Ok(Value::Str(Cow::Borrowed(text)));
        }
        let printed = as_block(text, style == Style::Folded);
        let mut scanner = Scanner::new("", &printed, 0..printed.len());
        scanner.indent = 0;
        if scanner.block().is_err() {
            let message = "a block text that starts with a tab cannot be printed";
            return Err(Error::new(ErrorKind::Unprintable, message)
                .at(self.locate(self.origin(id)))
                .with_hint("put it in double quotes, with `\\t` for the tab"));
        }
        Ok(Value::Str(Cow::Owned(scanner.decoded)))
    }

    /// A finite number as JSON.
    pub(crate) fn float(&self, id: NodeId, value: f64) -> Result<String, Error> {
        if value.is_finite() {
            return Ok(format_json(value));
        }
        let message = format!("`{}` is not a number that JSON can hold", self.text(id));
        Err(Error::new(ErrorKind::Number, message)
            .at(self.locate(self.origin(id)))
            .with_hint("quote it if it is meant as a text"))
    }

    /// A string after it was written as JSON and read by go-yaml v2.
    fn json_leg<'a>(&self, origin: Origin, text: &'a str) -> Result<Cow<'a, str>, Error> {
        if text.bytes().fold(0, u8::max) < 0x7F {
            return Ok(Cow::Borrowed(text));
        }
        match text.chars().find(|&c| json::is_refused(c)) {
            Some(c) => Err(self.unprintable(origin, c)),
            None => Ok(json::without_next_line(text)),
        }
    }

    fn unprintable(&self, origin: Origin, c: char) -> Error {
        let message = format!(
            "the control character U+{:04X} cannot be printed",
            u32::from(c)
        );
        Error::new(ErrorKind::Unprintable, message).at(self.locate(origin))
    }

    /// The children of a collection in the order in which they are printed.
    #[must_use]
    pub fn printed_children(&self, id: NodeId) -> Vec<NodeId> {
        if !self.is_map(id) {
            return self.children(id).collect();
        }
        let mut entries: Vec<(&str, NodeId)> = self.entries(id).collect();
        order::sort(&mut entries);
        entries.into_iter().map(|(_, id)| id).collect()
    }

    /// The entries of a map in the order of the output.
    fn sorted(&self, map: NodeId, flow: bool, root: bool) -> Result<Vec<(&str, NodeId)>, Error> {
        let mut entries: Vec<(&str, NodeId)> = self.entries(map).collect();
        if let Some((first, second)) = order::sort(&mut entries) {
            return Err(self.duplicate(first, second));
        }
        self.check_keys(&entries, flow, root)?;
        Ok(entries)
    }

    /// Refuses keys that kustomize does not print.
    pub(crate) fn check_keys(
        &self,
        entries: &[(&str, NodeId)],
        flow: bool,
        root: bool,
    ) -> Result<(), Error> {
        entries
            .iter()
            .try_for_each(|&(_, id)| self.check_key(id, flow, root))
    }

    /// Whether the key of an entry is a string. At the root kustomize makes strings of all keys
    /// but null.
    fn key_is_string(&self, id: NodeId, flow: bool, root: bool) -> bool {
        let key = self.key(id);
        match self.key_tag(id) {
            None if is_word(key) => true,
            Some(tag) if root => fits_tag(key, tag),
            None if root && !self.key_is_quoted(id) => {
                plain_value(key, Dialect::Yaml12) != Value::Null
            }
            Some(tag) => matches!(tag.strip_prefix(LONG_TAG), Some("str" | "merge")),
            None if self.key_is_quoted(id) || (flow && key.contains(':')) => true,
            None => is_string(key),
        }
    }

    /// Refuses the key of an entry if it is not a string, or too long.
    fn check_key(&self, id: NodeId, flow: bool, root: bool) -> Result<(), Error> {
        let key = self.key(id);
        if !self.key_is_string(id, flow, root) {
            let message = format!("the key `{key}` is not a string");
            return Err(Error::new(ErrorKind::NonStringKey, message)
                .at(self.locate(self.key_origin(id)))
                .with_hint(format!("put it in quotes: `\"{key}\"`")));
        }
        const LONGEST: usize = 1024;
        if key.len() > LONGEST / 6 && json::encoded_len(key) > LONGEST {
            let message = format!("a key of {} characters is too long", key.chars().count());
            return Err(
                Error::new(ErrorKind::LongKey, message).at(self.locate(self.key_origin(id)))
            );
        }
        Ok(())
    }

    pub(crate) fn duplicate(&self, first: NodeId, second: NodeId) -> Error {
        let key = self.key(first);
        let message = match self.locate(self.key_origin(first)) {
            Some(place) => format!("the key `{key}` is already defined at {place}"),
            None => format!("the key `{key}` is already defined"),
        };
        Error::new(ErrorKind::DuplicateKey, message)
            .at(self.locate(self.key_origin(second)))
            .with_hint("take one of the two out")
    }
}

/// Whether go-yaml v3 prints a scalar as a block that reads back as something else.
fn is_block(style: Style, text: &str) -> bool {
    let odd = || text.starts_with('\t') || memchr::memchr(0xE2, text.as_bytes()).is_some();
    match style {
        Style::Folded => true,
        Style::Literal => odd(),
        Style::Plain => odd() && text.contains('\n'),
        Style::Single | Style::Double => false,
    }
}

/// What go-yaml v3 prints for a text in a block style.
///
/// In a folded one its printer decides by the first character of the text, instead of the one at
/// hand, whether a line break must be doubled (emitterc.go, `yaml_emitter_write_folded_scalar`).
fn as_block(text: &str, folded: bool) -> String {
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let hint = if text.starts_with(|c| c == ' ' || is_break(c)) {
        "2"
    } else {
        ""
    };
    let first = text.trim_start_matches(is_break).chars().next();
    let doubles = folded && first.is_some_and(|c| !matches!(c, ' ' | '\t'));
    let sign = if folded { '>' } else { '|' };
    let mut out = format!("{sign}{hint}{}\n", Printer::chomping(text));
    let mut fresh = true;
    let mut indented = true;
    for c in text.chars() {
        if is_break(c) {
            if !fresh && !indented && c == '\n' && doubles {
                out.push('\n');
            }
            out.push(c);
            fresh = true;
            continue;
        }
        if fresh {
            out.push_str("  ");
            indented = matches!(c, ' ' | '\t');
        }
        out.push(c);
        fresh = false;
    }
    if !fresh {
        out.push('\n');
    }
    out
}
