//! The language of templates: minijinja's, without what could make much out of little.
//!
//! A template chooses and repeats, it does not compute: of the statements there are `if`, `for` and
//! `raw`, of the operators not those that join or multiply. So a value is never larger than the
//! text it stands in, and with minijinja's fuel and a bounded writer no template takes more time or
//! memory than its size allows.

use crate::files::MAX_FILE;
use crate::{Error, ErrorKind};
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use windlass_fault::{Location, nearest};

/// What a template may name.
pub(crate) type Values = BTreeMap<String, Value>;

/// Instructions of minijinja for one file; a manifest takes some hundred.
const FUEL: u64 = 200_000;
/// The parser calls itself for what stands in a tag, and for a statement in a statement.
const MAX_TOKENS: usize = 100;
const MAX_STATEMENTS: usize = 200;
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
/// Where minijinja counts lines in 16 bits.
const MAX_LINES: usize = 60_000;

/// Renders `text`, which stands in the file `place`.
pub(crate) fn render(place: &str, text: &str, values: &Values) -> Result<String, Error> {
    let failed = |error: &minijinja::Error| explain(place, text, values, error);
    check(place, text)?;
    let environment = environment();
    let template = environment
        .template_from_str(text)
        .map_err(|error| failed(&error))?;
    let mut out = Bounded(Vec::new());
    template
        .render_captured_to(values.clone(), &mut out)
        .map_err(|error| failed(&error))?;
    Ok(String::from_utf8(out.0).expect("minijinja writes text"))
}

/// Whether `expression`, a condition such as `metrics and port != 80`, holds.
pub(crate) fn holds(expression: &str, values: &Values) -> Result<bool, String> {
    check_expression(expression)?;
    let environment = environment();
    let value = environment
        .compile_expression(expression)
        .and_then(|compiled| compiled.eval(values.clone()));
    match value {
        Ok(value) if value.is_undefined() => Err(format!("`{expression}` is undefined")),
        Ok(value) => Ok(value.is_true()),
        Err(error) => Err(detail(&error)),
    }
}

/// What is wrong with a condition before any value is known.
pub(crate) fn check_expression(expression: &str) -> Result<(), String> {
    let as_text = format!("{{{{ {expression} }}}}");
    check("condition", &as_text).map_err(|error| match error.kind() {
        ErrorKind::Forbidden => "it is too long".to_owned(),
        _ => "a condition joins and computes nothing".to_owned(),
    })?;
    let environment = environment();
    let compiled = environment.compile_expression(expression);
    compiled.map(drop).map_err(|error| detail(&error))
}

fn detail(error: &minijinja::Error) -> String {
    let kind = error.kind().to_string();
    error.detail().map_or(kind, str::to_owned)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax());
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(format_value);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("tojson", minijinja::filters::tojson);
    environment.add_filter("replace", replace);
    environment
}

/// What is true is `true`, as YAML and JSON have it.
fn format_value(
    out: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::Bool if value.is_true() => out.write_str("true").map_err(Into::into),
        ValueKind::Bool => out.write_str("false").map_err(Into::into),
        _ => minijinja::escape_formatter(out, state, value),
    }
}

/// Text stays as it is in the template, to the last line break; `{%-` takes space away.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters are the usual ones")
}

/// `value|replace(from, to)`, as long as the result is not larger than a file may be.
fn replace(
    value: Cow<'_, str>,
    from: Cow<'_, str>,
    to: Cow<'_, str>,
) -> Result<String, minijinja::Error> {
    let grown = value.matches(&*from).count().saturating_mul(to.len()) + value.len();
    if grown as u64 > MAX_FILE {
        let kind = minijinja::ErrorKind::InvalidOperation;
        return Err(minijinja::Error::new(kind, "the result is too large"));
    }
    Ok(value.replace(&*from, &to))
}

/// Refuses what the language does not have, before it runs.
fn check(place: &str, text: &str) -> Result<(), Error> {
    if text.lines().count() > MAX_LINES {
        return Err(too_much(place, "lines"));
    }
    let (mut in_tag, mut statements, mut opened) = (0, 0, false);
    for token in tokenize(text, false, syntax()) {
        // What cannot be read is explained by the parser, which says more.
        let Ok((token, span)) = token else { break };
        if let Some(what) = unknown(&token, opened) {
            let range = span.start_offset as usize..span.end_offset as usize;
            let place = Location::in_text(place, text, range.start, range.end);
            return Err(not_in_the_language(what, place));
        }
        opened = matches!(token, Token::BlockStart);
        statements += usize::from(opened);
        in_tag = match token {
            Token::VariableStart | Token::BlockStart | Token::TemplateData(_) => 0,
            _ => in_tag + 1,
        };
        if in_tag > MAX_TOKENS || statements > MAX_STATEMENTS {
            return Err(too_much(place, "statements, or too much in one of them"));
        }
    }
    Ok(())
}

fn too_much(place: &str, what: &str) -> Error {
    let message = format!("cannot render `{place}`: it has too many {what}");
    Error::new(ErrorKind::Forbidden, message)
}

fn not_in_the_language(what: &str, place: Location) -> Error {
    let message = format!("cannot render `{}`: a template has no `{what}`", place.path);
    Error::new(ErrorKind::Render, message).at(place).with_hint(
        "a template may use `if`, `for`, `raw` and the filters `lower`, `upper`, `replace` and `tojson`",
    )
}

fn unknown<'a>(token: &Token<'a>, statement: bool) -> Option<&'a str> {
    match *token {
        Token::Plus => Some("+"),
        Token::Mul => Some("*"),
        Token::Pow => Some("**"),
        Token::Tilde => Some("~"),
        // A loop that calls itself holds its text in values.
        Token::Ident("recursive") => Some("recursive"),
        Token::Ident(word) if statement && !STATEMENTS.contains(&word) => Some(word),
        _ => None,
    }
}

fn explain(place: &str, text: &str, values: &Values, error: &minijinja::Error) -> Error {
    let message = format!("cannot render `{place}`: {}", detail(error));
    let mut explained = Error::new(ErrorKind::Render, message);
    if let Some(range) = error.range() {
        let known = values.keys().map(String::as_str);
        if let Some(name) = text
            .get(range.clone())
            .and_then(|given| nearest(given, known))
        {
            explained = explained.with_hint(format!("there is `{name}`"));
        }
        explained = explained.at(Location::in_text(place, text, range.start, range.end));
    }
    explained
}

/// Takes as much as a file may hold.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.0.len() + bytes.len()) as u64 > MAX_FILE {
            return Err(io::Error::other("the file gets larger than 1 MiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_plain(text: &str) -> Result<String, Error> {
        let values = Values::from([
            ("name".to_owned(), Value::from("shop-api")),
            ("flag".to_owned(), Value::from(true)),
        ]);
        render("f.jinja", text, &values)
    }

    #[test]
    fn chooses_repeats_and_changes_words() {
        let text = "{% if flag %}{% for a in ['x', 'y'] -%}\n- {{ a }}: {{ name|replace('-', '_')|upper }}\n{% endfor %}{% endif %}";
        assert_eq!(
            render_plain(text).unwrap(),
            "- x: SHOP_API\n- y: SHOP_API\n"
        );
        assert_eq!(
            render_plain("{% raw %}{{ .Values.x * 2 }}{% endraw %}\n").unwrap(),
            "{{ .Values.x * 2 }}\n"
        );
        assert_eq!(render_plain("{{ name|tojson }}").unwrap(), "\"shop-api\"");
    }

    #[test]
    fn nothing_grows() {
        for text in [
            "{{ name ~ name }}",
            "{{ name * 1000000000 }}",
            "{{ [1] + [2] }}",
            "{{ 9 ** 9 ** 9 }}",
            "{% set a = name %}",
            "{%- set a %}{{ name }}{% endset %}",
            "{% with a = name %}{% endwith %}",
            "{% filter upper %}{% endfilter %}",
            "{% for a in [[]] recursive %}{{ loop([[]]) }}{% endfor %}",
            "{% include 'x' %}",
            "{{ {'a': {'b': 1}} ~ name }}",
        ] {
            let error = render_plain(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Render, "{text}");
        }
    }

    #[test]
    fn time_and_size_are_bounded() {
        let each = "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]";
        let open: String = "abcdef"
            .chars()
            .map(|c| format!("{{% for {c} in {each} %}}"))
            .collect();
        let close = "{% endfor %}".repeat(6);
        assert!(render_plain(&format!("{open}{close}")).is_err());
        let much = "x".repeat(20_000);
        assert!(
            render_plain(&format!(
                "{{% for a in {each} %}}{{% for b in {each} %}}{much}{{% endfor %}}{{% endfor %}}"
            ))
            .is_err()
        );
        let long = format!("'{}'", "a".repeat(2_000));
        assert!(render_plain(&format!("{{{{ {long}|replace('a', {long}) }}}}")).is_err());
        assert!(render_plain("{{ ((name)) }}").is_ok());
        assert!(
            render_plain(&format!(
                "{{{{ {}name{} }}}}",
                "(".repeat(100_000),
                ")".repeat(100_000)
            ))
            .is_err()
        );
        assert!(render_plain(&format!("{{{{ {}name }}}}", "not ".repeat(100_000))).is_err());
        assert!(render_plain(&"{% if flag %}".repeat(50_000)).is_err());
        assert!(
            render_plain(&format!(
                "{{% if flag %}}{}",
                "{% elif flag %}".repeat(50_000)
            ))
            .is_err()
        );
        // As deep as is allowed, the parser's own stack is deep enough.
        for text in ["(", "not ", "[", "-", "name if "] {
            let _ = render_plain(&format!("{{{{ {}", text.repeat(MAX_TOKENS - 1)));
        }
        let (open, close) = ("{% if flag %}", "{% endif %}");
        assert!(render_plain(&(open.repeat(100) + &close.repeat(100))).is_ok());
        assert!(render_plain(&"\n".repeat(70_000)).is_err());
    }
}
