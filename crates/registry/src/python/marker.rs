//! Environment markers (PyPA: "Dependency specifiers"), evaluated for the target and never for
//! the machine that builds.

use super::Target;
use super::version::Version;
use std::cmp::Ordering;

/// How deep parentheses may be nested.
const DEPTH: usize = 32;

/// Whether a requirement with this marker is one for the target; an error says what is wrong.
pub(crate) fn holds(marker: &str, target: &Target) -> Result<bool, String> {
    let mut parser = Parser {
        tokens: tokens(marker)?,
        at: 0,
        target,
    };
    let value = parser.any(DEPTH)?;
    match parser.tokens.get(parser.at) {
        None => Ok(value),
        Some(token) => Err(format!("`{}` is not expected", token.text())),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Word(String),
    Symbol(String),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Word(text) | Self::Symbol(text) => text,
        }
    }
}

fn tokens(marker: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = marker.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let symbol = |c: char| "<>=!~".contains(c);
        let end = |inside: &dyn Fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let (token, length) = match first {
            '"' | '\'' => {
                let inner = &rest[1..];
                let length = inner.find(first).ok_or("a quote does not end")?;
                (Token::Text(inner[..length].to_owned()), length + 2)
            }
            '(' | ')' => (Token::Symbol(first.to_string()), 1),
            c if symbol(c) => {
                let length = end(&symbol);
                (Token::Symbol(rest[..length].to_owned()), length)
            }
            c if word(c) => {
                let length = end(&word);
                (Token::Word(rest[..length].to_owned()), length)
            }
            c => return Err(format!("`{}` is not expected", c.escape_debug())),
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    target: &'a Target,
}

/// What a comparison stands between: a text, and whether it is a version by its meaning.
struct Operand {
    text: String,
    versioned: bool,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<bool, String> {
        let mut value = self.all(depth)?;
        while self.takes_word("or") {
            value |= self.all(depth)?;
        }
        Ok(value)
    }

    fn all(&mut self, depth: usize) -> Result<bool, String> {
        let mut value = self.one(depth)?;
        while self.takes_word("and") {
            value &= self.one(depth)?;
        }
        Ok(value)
    }

    fn one(&mut self, depth: usize) -> Result<bool, String> {
        if !self.takes(&Token::Symbol("(".into())) {
            let left = self.operand()?;
            let operator = self.operator()?;
            let right = self.operand()?;
            return compare(&left, &operator, &right);
        }
        let deeper = depth
            .checked_sub(1)
            .ok_or("the parentheses are nested too deep")?;
        let value = self.any(deeper)?;
        match self.takes(&Token::Symbol(")".into())) {
            true => Ok(value),
            false => Err("a parenthesis does not end".to_owned()),
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Operand {
                text,
                versioned: false,
            }),
            Some(Token::Word(name)) => self.variable(&name),
            Some(token) => Err(format!("`{}` is not expected", token.text())),
            None => Err("it ends too early".to_owned()),
        }
    }

    fn operator(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Symbol(symbol)) => Ok(symbol),
            Some(Token::Word(word)) if word == "in" => Ok(word),
            Some(Token::Word(word)) if word == "not" && self.takes_word("in") => {
                Ok("not in".to_owned())
            }
            _ => Err("a comparison is missing".to_owned()),
        }
    }

    fn variable(&self, name: &str) -> Result<Operand, String> {
        let target = self.target;
        let (text, versioned) = match name {
            "python_version" => (target.short(), true),
            "python_full_version" | "implementation_version" => (target.full.clone(), true),
            "os_name" => ("posix".to_owned(), false),
            "sys_platform" => ("linux".to_owned(), false),
            "platform_system" => ("Linux".to_owned(), false),
            "platform_machine" => (target.machine.to_owned(), false),
            "platform_python_implementation" => ("CPython".to_owned(), false),
            "implementation_name" => ("cpython".to_owned(), false),
            // A lock file has the requirements of extras as lines of their own.
            "extra" => (String::new(), false),
            "platform_release" | "platform_version" => {
                return Err(format!("`{name}` is not known before the image runs"));
            }
            _ => return Err(format!("`{name}` is not a variable of markers")),
        };
        Ok(Operand { text, versioned })
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, token: &Token) -> bool {
        let there = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(there);
        there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }
}

/// Versions are compared as versions where a variable that holds one is on either side.
fn compare(left: &Operand, operator: &str, right: &Operand) -> Result<bool, String> {
    let (a, b) = (left.text.as_str(), right.text.as_str());
    match operator {
        "in" => return Ok(b.contains(a)),
        "not in" => return Ok(!b.contains(a)),
        "===" => return Ok(a == b),
        _ => {}
    }
    if left.versioned || right.versioned {
        return compare_versions(a, operator, b);
    }
    ordered(operator, a.cmp(b)).ok_or_else(|| format!("`{operator}` does not compare texts"))
}

fn compare_versions(a: &str, operator: &str, b: &str) -> Result<bool, String> {
    let wrong = |text: &str| format!("`{text}` is not a version");
    let version = Version::parse(a).ok_or_else(|| wrong(a))?;
    if let ("==" | "!=", Some(prefix)) = (operator, b.strip_suffix(".*")) {
        let begins = version.begins_with(prefix).ok_or_else(|| wrong(b))?;
        return Ok(begins == (operator == "=="));
    }
    if operator == "~=" {
        return version.is_compatible_with(b).ok_or_else(|| wrong(b));
    }
    let other = Version::parse(b).ok_or_else(|| wrong(b))?;
    ordered(operator, version.cmp(&other))
        .ok_or_else(|| format!("`{operator}` is not a comparison"))
}

fn ordered(operator: &str, order: Ordering) -> Option<bool> {
    Some(match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::new("3.13.1", &"linux/arm64".parse().unwrap()).unwrap()
    }

    #[test]
    fn markers_see_the_target() {
        for (marker, expected) in [
            ("python_version >= '3.9'", true),
            ("python_version < '3.9'", false),
            ("python_full_version == '3.13.*'", true),
            ("python_full_version != '3.13.*'", false),
            ("python_version ~= '3.9'", true),
            ("'3.9' <= python_version", true),
            (
                "sys_platform == 'linux' and platform_machine == 'aarch64'",
                true,
            ),
            (
                "sys_platform == 'win32' or platform_machine == 'x86_64'",
                false,
            ),
            (
                "sys_platform == 'win32' or os_name == 'posix' and platform_system == 'Linux'",
                true,
            ),
            (
                "(sys_platform == 'win32' or os_name == 'posix') and implementation_name != 'cpython'",
                false,
            ),
            ("platform_python_implementation == 'CPython'", true),
            ("'linux' in sys_platform", true),
            ("sys_platform not in 'linux darwin'", false),
            ("platform_machine in \"x86_64 aarch64\"", true),
            ("extra == 'test'", false),
        ] {
            assert_eq!(holds(marker, &target()), Ok(expected), "{marker}");
        }
    }

    #[test]
    fn broken_markers() {
        for marker in [
            "",
            "python_version",
            "python_version >= ",
            "python_version >= 'x'",
            "python >= '3'",
            "python_version >= '3' and",
            "(python_version >= '3'",
            "python_version >= '3')",
            "'a' ~= 'b'",
            "python_version => '3'",
            "python_version >= '3",
            "a; b",
            "platform_release == '6'",
        ] {
            assert!(holds(marker, &target()).is_err(), "{marker}");
        }
        let deep = format!("{}os_name == 'posix'{}", "(".repeat(100), ")".repeat(100));
        assert!(holds(&deep, &target()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([()<>=!~'\"a. é]|and|or|in|not|python_version){0,20}") {
            let _ = holds(&text, &target());
        }
    }
}
