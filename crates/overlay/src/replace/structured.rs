//! Values inside a text that is JSON or YAML itself, such as an entry of a ConfigMap.

use super::path::{Create, Path};
use super::{printer, retext};
use crate::error::Result;
use std::collections::HashSet;
use windlass_yaml::{NodeId, Source, Style, Tree};

/// Puts a value into the text that a first part of `path` leads to, at the place that the rest of
/// it names there; false where there is no such text
/// (`kustomize: api/filters/replacement/replacement.go`, `setValueInStructuredData`).
pub(super) fn put(
    tree: &mut Tree,
    root: NodeId,
    path: &Path,
    create: Create,
    value: NodeId,
) -> Result<bool> {
    let Some((text, rest)) = find_text(tree, root, path) else {
        return Ok(false);
    };
    let written = tree.text(text).to_owned();
    let Some(document) = parse(tree, text, &written) else {
        return Ok(false);
    };
    let Ok(found) = rest.find(tree, document, create) else {
        return Ok(false);
    };
    for field in &found {
        if !tree.is_scalar(field.node) {
            let copy = tree.copy(value);
            tree.overwrite(field.node, copy);
            continue;
        }
        let new = tree.text(value).to_owned();
        if field.is_new {
            tree.set_text(field.node, &new, Style::Plain);
        } else {
            retext(tree, field.node, &new)?;
        }
    }
    let changed: HashSet<NodeId> = found.iter().map(|field| field.node).collect();
    let printed = print(tree, document, &written, &changed);
    let Some(printed) = printed.filter(|_| !found.is_empty()) else {
        return Ok(false);
    };
    retext(tree, text, &printed)?;
    tree.set_origin(text, tree.origin(value));
    Ok(true)
}

/// The first scalar on the way, unless it is the end of the way.
fn find_text(tree: &Tree, root: NodeId, path: &Path) -> Option<(NodeId, Path)> {
    for at in 1..path.len() {
        let (first, rest) = path.split(at);
        if let Ok(Some(node)) = first.look_up(tree, root)
            && tree.is_scalar(node)
        {
            return Some((node, rest));
        }
    }
    None
}

fn parse(tree: &mut Tree, text: NodeId, written: &str) -> Option<NodeId> {
    let place = tree.locate(tree.origin(text));
    let path = place.map(|place| place.path).unwrap_or_default();
    let documents = tree.load(Source::new(path, written)).ok()?;
    documents.first().copied()
}

/// The document as text, in the form that it had; nothing where it cannot be printed.
fn print(
    tree: &Tree,
    document: NodeId,
    written: &str,
    changed: &HashSet<NodeId>,
) -> Option<String> {
    if !written.trim_start().starts_with(['{', '[']) {
        let source = tree.source(tree.origin(document).source()?)?;
        return printer::print(tree, document, source.text(), changed);
    }
    let mut compact = Vec::new();
    tree.write_json(document, &mut compact, true).ok()?;
    let compact = String::from_utf8(compact).ok()?;
    let is_spread = written.contains('\n') && written.contains("  ");
    Some(if is_spread {
        indented(&compact)
    } else {
        compact
    })
}

/// Compact JSON spread over lines, as Go's `json.MarshalIndent` does.
fn indented(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0;
    let mut in_text = false;
    let mut rest = compact.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' if in_text => {
                out.push(c);
                out.extend(rest.next().map(|(_, escaped)| escaped));
                continue;
            }
            '"' => in_text = !in_text,
            _ if in_text => {}
            '{' | '[' if compact[at + 1..].starts_with(['}', ']']) => {
                out.push(c);
                out.extend(rest.next().map(|(_, end)| end));
                continue;
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                new_line(&mut out, depth);
                continue;
            }
            '}' | ']' => {
                depth -= 1;
                new_line(&mut out, depth);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
                continue;
            }
            ':' => {
                out.push_str(": ");
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_at(text: &str, path: &str, value: &str) -> Option<String> {
        let mut tree = Tree::new();
        let root = tree.map(windlass_yaml::Origin::NONE);
        let text = tree.string(text, windlass_yaml::Origin::NONE);
        let text = tree.add(root, "text", text);
        let value = tree.string(value, windlass_yaml::Origin::NONE);
        let path = Path::parse(&format!("text.{path}"));
        let is_put = put(&mut tree, root, &path, Create::No, value).unwrap();
        is_put.then(|| tree.text(text).to_owned())
    }

    #[test]
    fn yaml_keeps_comments_and_quotes_but_not_its_indentation() {
        let text = r#"# doc head

# head a
a:   # line a
    b: 1   # c
    # head s
    s: "x"
    t: 'it''s'
    u: "tab\there"
    e: ""
    n:
    n2: ~
    # foot of a map

# two
# lines

l:   # on list
  # first
  - name: q   # nm
    v: 2
    # foot q

  - {name: r, v: [3, "x", {}]}
  -   - a
      - b
  - - c
  -
    k: v
  - plain string: with colon
    "quoted key": 1
    'single': {}

lit: |
  one
    two

  three
litk: |+
  keep

fold: >-
  folded text
  here

  para
    more
  less
multi: plain one
  plain two
tag: !!str 5
# end
"#;
        insta::assert_snapshot!(put_at(text, "a.b", "8").unwrap(), @r#"
        # doc head

        # head a
        a: # line a
          b: 8 # c
          # head s
          s: "x"
          t: 'it''s'
          u: "tab\there"
          e: ""
          n:
          n2: ~
          # foot of a map
        # two
        # lines
        l: # on list
        # first
        - name: q # nm
          v: 2
          # foot q
        - {name: r, v: [3, "x", {}]}
        - - a
          - b
        - - c
        - k: v
        - plain string: with colon
          "quoted key": 1
          'single': {}
        lit: |
          one
            two

          three
        litk: |+
          keep

        fold: >-
          folded text here

          para

            more
          less
        multi: plain one plain two
        tag: !!str 5
        # end
        "#);
    }

    #[test]
    fn what_is_no_text_of_this_kind_is_left_alone() {
        assert_eq!(put_at("plain", "a", "8"), None);
        assert_eq!(put_at("{a: 1}", "b", "8"), None);
        assert_eq!(put_at("a: &x 1\nb: *x\n", "a", "8"), None);
    }

    #[test]
    fn json_is_spread_as_go_does() {
        insta::assert_snapshot!(indented(r#"{"a":[1,"x,{"],"e":[],"m":{},"q":"\"}"}"#), @r#"
        {
          "a": [
            1,
            "x,{"
          ],
          "e": [],
          "m": {},
          "q": "\"}"
        }
        "#);
    }
}
