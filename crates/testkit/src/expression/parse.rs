//! From text to expressions.

use super::{CONTEXTS, Expression, Problem, Scope, text};
use serde_json::Value;
use std::ops::Range;

/// A text with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Expression(Expression),
}

impl Template {
    /// Reads a text, of which the parts between `${{` and `}}` are expressions.
    pub(crate) fn parse(source: &str) -> Result<Self, Problem> {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(found) = source[at..].find("${{") {
            let open = at + found;
            if found > 0 {
                parts.push(Part::Text(source[at..open].to_owned()));
            }
            let mut parser = Parser::new(source, open + 3);
            parts.push(Part::Expression(parser.whole(Some(open))?));
            at = parser.end;
        }
        if at < source.len() {
            parts.push(Part::Text(source[at..].to_owned()));
        }
        Ok(Self { parts })
    }

    /// Reads a condition, which is one expression with or without `${{` and `}}` around it.
    pub(crate) fn parse_condition(source: &str) -> Result<Self, Problem> {
        let template = Self::parse(source.trim_end())?;
        match template.parts.as_slice() {
            [Part::Expression(_)] => Ok(template),
            [] | [Part::Text(_)] => {
                let expression = Parser::new(source, 0).whole(None)?;
                Ok(Self {
                    parts: vec![Part::Expression(expression)],
                })
            }
            _ => Err(Problem {
                hint: Some(
                    "put the whole condition between `${{` and `}}`, or leave both out".into(),
                ),
                ..Problem::new(
                    0..source.len(),
                    "a condition with text around it always holds",
                )
            }),
        }
    }

    /// The text where there is no expression in it.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The value: that of the expression where there is nothing around it, else a text.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, Problem> {
        if let [Part::Expression(expression)] = self.parts.as_slice() {
            return expression.evaluate(scope);
        }
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => out.push_str(literal),
                Part::Expression(expression) => out.push_str(&text(&expression.evaluate(scope)?)),
            }
        }
        Ok(Value::from(out))
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Literal(String),
    /// An operator or bracket.
    Sign(&'static str),
    /// `}}`, or the end of a condition without brackets.
    End,
}

const SIGNS: &[&str] = &["==", "!=", "&&", "||", "}}", "!", "(", ")", ".", ","];

/// How many operands an expression may have, and so how deep its tree may be.
const OPERANDS: usize = 200;

struct Parser<'a> {
    source: &'a str,
    /// Where the next token starts.
    start: usize,
    /// Where it ends.
    end: usize,
    token: Token,
    operands: usize,
    /// What the lexer could not read, reported when its token is asked for.
    bad: Option<Problem>,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, at: usize) -> Self {
        let mut parser = Self {
            source,
            start: at,
            end: at,
            token: Token::End,
            operands: 0,
            bad: None,
        };
        parser.advance();
        parser
    }

    /// An expression up to `}}`, or up to the end of the text where `open` is none.
    fn whole(&mut self, open: Option<usize>) -> Result<Expression, Problem> {
        let expression = self.or()?;
        let closed = self.source[self.start..self.end] == *"}}";
        match (open, &self.token) {
            (Some(_), Token::End) if closed => Ok(expression),
            (Some(open), Token::End) => Err(Problem::new(
                open..open + 3,
                "this expression has no `}}` at its end",
            )),
            (None, Token::End) if !closed => Ok(expression),
            _ => Err(self.unexpected("an operator or the end of the expression")),
        }
    }

    fn or(&mut self) -> Result<Expression, Problem> {
        let mut left = self.and()?;
        while self.take("||")? {
            left = Expression::Or(left.into(), self.and()?.into());
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression, Problem> {
        let mut left = self.equality()?;
        while self.take("&&")? {
            left = Expression::And(left.into(), self.equality()?.into());
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Expression, Problem> {
        let mut left = self.unary()?;
        loop {
            let equal = self.take("==")?;
            if !equal && !self.take("!=")? {
                return Ok(left);
            }
            let both = Expression::Equal(left.into(), self.unary()?.into());
            left = if equal {
                both
            } else {
                Expression::Not(both.into())
            };
        }
    }

    fn unary(&mut self) -> Result<Expression, Problem> {
        self.operands += 1;
        if self.operands > OPERANDS {
            let message = format!("an expression has at most {OPERANDS} operands");
            return Err(Problem::new(self.start..self.end, message));
        }
        match self.take("!")? {
            true => Ok(Expression::Not(self.unary()?.into())),
            false => self.primary(),
        }
    }

    fn primary(&mut self) -> Result<Expression, Problem> {
        if self.take("(")? {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let at = self.start..self.end;
        match self.token.clone() {
            Token::Literal(text) => {
                self.next()?;
                Ok(Expression::Literal(text))
            }
            Token::Name(name) => {
                self.next()?;
                match self.token == Token::Sign("(") {
                    true => self.call(&name, at),
                    false => self.context(name, at),
                }
            }
            _ => Err(self.unexpected("a context, a text in single quotes or `(`")),
        }
    }

    fn call(&mut self, name: &str, at: Range<usize>) -> Result<Expression, Problem> {
        self.expect("(")?;
        let expression = if name.eq_ignore_ascii_case("startsWith") {
            let whole = self.or()?;
            self.expect(",")?;
            Expression::StartsWith(whole.into(), self.or()?.into())
        } else if name.eq_ignore_ascii_case("fromJSON") {
            Expression::FromJson(self.or()?.into(), at)
        } else {
            let message = format!("the sandbox does not know the function `{name}`");
            return Err(Problem {
                hint: Some("it knows `startsWith` and `fromJSON`".into()),
                ..Problem::new(at, message)
            });
        };
        self.expect(")")?;
        Ok(expression)
    }

    fn context(&mut self, first: String, at: Range<usize>) -> Result<Expression, Problem> {
        let mut path = vec![first];
        let mut end = at.end;
        while self.take(".")? {
            let Token::Name(name) = self.token.clone() else {
                return Err(self.unexpected("a name after the dot"));
            };
            end = self.end;
            path.push(name);
            self.next()?;
        }
        let at = at.start..end;
        check(&path, &at)?;
        Ok(Expression::Context(path, at))
    }

    fn take(&mut self, sign: &'static str) -> Result<bool, Problem> {
        let found = self.token == Token::Sign(sign);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Problem> {
        match self.take(sign)? {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{sign}`"))),
        }
    }

    fn next(&mut self) -> Result<(), Problem> {
        self.advance();
        self.bad.take().map_or(Ok(()), Err)
    }

    fn unexpected(&mut self, wanted: &str) -> Problem {
        if let Some(problem) = self.bad.take() {
            return problem;
        }
        let at = self.start..self.end;
        let message = match &self.source[at.clone()] {
            "" => format!("the expression ends where {wanted} was expected"),
            found => format!("found `{found}` where {wanted} was expected"),
        };
        Problem::new(at, message)
    }

    /// Reads the next token; what cannot be read becomes an end with a problem.
    fn advance(&mut self) {
        let rest = &self.source[self.end..];
        let blank = rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        self.start = self.end + blank;
        let (token, len) = match lex(rest) {
            Ok(found) => found,
            Err((message, len)) => {
                let at = self.start..self.start + len;
                self.bad = Some(Problem::new(at, message));
                (Token::End, len)
            }
        };
        self.token = token;
        self.end = self.start + len;
    }
}

/// The first token of a text and its length in bytes; what is wrong and how long it is.
fn lex(text: &str) -> Result<(Token, usize), (String, usize)> {
    let Some(first) = text.chars().next() else {
        return Ok((Token::End, 0));
    };
    if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        let token = match *sign {
            "}}" => Token::End,
            sign => Token::Sign(sign),
        };
        return Ok((token, sign.len()));
    }
    if first == '\'' {
        return quoted(text);
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if first.is_ascii_alphabetic() || first == '_' {
        let len = text.find(|c| !inner(c)).unwrap_or(text.len());
        return Ok((Token::Name(text[..len].to_owned()), len));
    }
    let message = format!("the sandbox does not know `{first}` in an expression");
    Err((message, first.len_utf8()))
}

/// A text in single quotes, in which two of them stand for one.
fn quoted(text: &str) -> Result<(Token, usize), (String, usize)> {
    let mut literal = String::new();
    let mut at = 1;
    while let Some(found) = text[at..].find('\'') {
        literal.push_str(&text[at..at + found]);
        at += found + 1;
        if !text[at..].starts_with('\'') {
            return Ok((Token::Literal(literal), at));
        }
        literal.push('\'');
        at += 1;
    }
    Err(("this text has no closing quote".to_owned(), 1))
}

/// What can be said of a context without its value.
fn check(path: &[String], at: &Range<usize>) -> Result<(), Problem> {
    let context = path[0].as_str();
    if !CONTEXTS.contains(&context) {
        let near = windlass_fault::nearest(context, CONTEXTS.iter().copied());
        return Err(Problem {
            hint: Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it knows {}", CONTEXTS.join(", ")),
            }),
            ..Problem::new(at.clone(), format!("the sandbox does not know `{context}`"))
        });
    }
    let outputs = matches!(context, "steps" | "needs");
    match path.len() {
        1 => Err(Problem::new(
            at.clone(),
            format!("say which member of `{context}`"),
        )),
        _ if outputs && (path.len() != 4 || path[2] != "outputs") => Err(Problem::new(
            at.clone(),
            format!("of `{context}` the sandbox knows `{context}.NAME.outputs.NAME` alone"),
        )),
        _ => Ok(()),
    }
}
