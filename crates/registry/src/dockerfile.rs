//! The metadata of a Dockerfile's final stage (docs.docker.com/reference/dockerfile): what the
//! image runs, as whom, where and with which environment. What fills the image is not read here.

use crate::error::{Error, ErrorKind, Result};
use crate::reference::Base;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use windlass_fault::{Location, Warning};

/// A Dockerfile, by its base image and the metadata of its final stage.
#[derive(Debug, Clone)]
pub struct Dockerfile {
    path: String,
    base: Base,
    /// Those of the stages that the final one goes on from, then its own.
    instructions: Vec<Instruction>,
}

#[derive(Debug, Clone)]
struct Instruction {
    word: String,
    rest: String,
    /// From 1, and the text of that line.
    line: u32,
    text: String,
}

/// What an image's config says of running it.
#[derive(Debug, Clone, Default)]
struct State {
    config: Map<String, Value>,
    environment: Vec<(String, String)>,
    arguments: BTreeMap<String, String>,
    warnings: Vec<Warning>,
}

/// A file beyond this is no Dockerfile.
const LIMIT: usize = 1 << 20;

impl Dockerfile {
    /// Reads a Dockerfile; `path` is how messages name it.
    ///
    /// # Errors
    /// [`ErrorKind::Dockerfile`] with the line, if an instruction of metadata or a `FROM` cannot be
    /// followed.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        if text.len() > LIMIT {
            let message = format!("`{path}` is larger than {LIMIT} bytes");
            return Err(Error::new(ErrorKind::Dockerfile, message));
        }
        let mut globals = BTreeMap::new();
        let mut stages: Vec<Stage> = Vec::new();
        for instruction in split(path, text)? {
            match (instruction.word.as_str(), stages.last_mut()) {
                ("FROM", _) => stages.push(Stage::open(path, &instruction, &globals)?),
                ("ARG", None) => {
                    let (name, value) = argument(&instruction.rest);
                    globals.insert(name, value.unwrap_or_default());
                }
                (_, Some(stage)) => stage.instructions.push(instruction),
                (_, None) => return Err(instruction.wrong(path, "stands before the first `FROM`")),
            }
        }
        let Some(last) = stages.pop() else {
            let message = format!("`{path}` has no `FROM`");
            return Err(Error::new(ErrorKind::Dockerfile, message));
        };
        let (base, instructions) = last.resolve(stages)?;
        let base = base
            .1
            .parse()
            .map_err(|error| base.0.wrong(path, "names no image").because(error))?;
        Ok(Self {
            path: path.to_owned(),
            base,
            instructions,
        })
    }

    /// The image that the final stage stands on.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Applies the metadata to the `config` of an image, as a build by Docker does. `arguments`
    /// are the values of `ARG`s.
    pub(crate) fn apply(
        &self,
        config: &mut Map<String, Value>,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Vec<Warning>> {
        let mut state = State::of(config);
        for instruction in &self.instructions {
            state.follow(instruction, arguments, &self.path)?;
        }
        let environment = state
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let environment: Vec<String> = environment.collect();
        state.config.insert("Env".into(), json!(environment));
        *config = state.config;
        Ok(state.warnings)
    }
}

struct Stage {
    from: Instruction,
    image: String,
    name: Option<String>,
    instructions: Vec<Instruction>,
}

impl Stage {
    fn open(path: &str, from: &Instruction, globals: &BTreeMap<String, String>) -> Result<Self> {
        let words: Vec<&str> = from.rest.split_ascii_whitespace().collect();
        let words: Vec<&str> = words
            .into_iter()
            .skip_while(|word| word.starts_with("--"))
            .collect();
        let (image, name) = match words[..] {
            [image] => (image, None),
            [image, keyword, name] if keyword.eq_ignore_ascii_case("as") => (image, Some(name)),
            _ => return Err(from.wrong(path, "is not `FROM image` or `FROM image AS name`")),
        };
        let mut unset = None;
        let expanded = expand(image, &mut |name| {
            let value = globals.get(name).filter(|value| !value.is_empty());
            unset = unset.take().or(value.is_none().then(|| name.to_owned()));
            value.cloned()
        });
        let image = expanded.map_err(|why| from.wrong(path, &why))?;
        if let Some(name) = unset {
            let why = format!("needs the build argument `{name}`, which has no default here");
            return Err(from.wrong(path, &why).suggest("name the image itself"));
        }
        Ok(Self {
            from: from.clone(),
            image,
            name: name.map(str::to_ascii_lowercase),
            instructions: Vec::new(),
        })
    }

    /// Follows `FROM stage` down to an image.
    fn resolve(self, mut earlier: Vec<Self>) -> Result<((Instruction, String), Vec<Instruction>)> {
        let mut chain = vec![self];
        loop {
            let image = chain.last().map(|stage| stage.image.to_ascii_lowercase());
            let named = earlier
                .iter()
                .rposition(|stage| stage.name.is_some() && stage.name == image);
            let Some(at) = named else { break };
            earlier.truncate(at + 1);
            chain.extend(earlier.pop());
        }
        let bottom = chain.last().expect("the chain began with one stage");
        let base = (bottom.from.clone(), bottom.image.clone());
        let instructions = chain.into_iter().rev().flat_map(|stage| stage.instructions);
        Ok((base, instructions.collect()))
    }
}

impl Instruction {
    fn wrong(&self, path: &str, why: &str) -> Error {
        let message = format!("cannot follow `{}`: it {why}", self.word);
        Error::new(ErrorKind::Dockerfile, message).at(self.place(path))
    }

    fn place(&self, path: &str) -> Location {
        let width = u32::try_from(self.text.chars().count()).unwrap_or(1);
        Location::at_line(path, self.line, 1).with_line(self.text.clone(), width)
    }
}

/// The instructions, with their continued lines joined and comments and here-documents taken out.
fn split(path: &str, text: &str) -> Result<Vec<Instruction>> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, first)) = lines.next() {
        let comment = first.trim_start().strip_prefix('#');
        if found.is_empty()
            && let Some(directive) = comment
            && directive
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("escape")
            && directive.contains('=')
        {
            let place = Location::at_line(path, line_number(at), 1).with_line(first, 1);
            let message = "cannot follow a Dockerfile with another escape character";
            return Err(Error::new(ErrorKind::Dockerfile, message).at(place));
        }
        if comment.is_some() || first.trim().is_empty() {
            continue;
        }
        let mut whole = String::new();
        let mut line = first;
        while let Some(start) = line.trim_end().strip_suffix('\\') {
            whole.push_str(start);
            whole.push(' ');
            // Comments and empty lines between the parts of an instruction are left out.
            match lines
                .find(|(_, next)| !next.trim_start().starts_with('#') && !next.trim().is_empty())
            {
                Some((_, next)) => line = next,
                None => line = "",
            }
        }
        whole.push_str(line);
        let instruction = instruction(&whole, at, first);
        for end in documents(&instruction) {
            lines.find(|(_, line)| line.trim_start_matches('\t') == end);
        }
        found.push(instruction);
    }
    Ok(found)
}

fn instruction(whole: &str, at: usize, first: &str) -> Instruction {
    let whole = whole.trim();
    let (word, rest) = whole.split_once(char::is_whitespace).unwrap_or((whole, ""));
    Instruction {
        word: word.to_ascii_uppercase(),
        rest: rest.trim().to_owned(),
        line: line_number(at),
        text: first.to_owned(),
    }
}

fn line_number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

/// The words that end the here-documents of an instruction that may have them.
fn documents(instruction: &Instruction) -> Vec<String> {
    if !matches!(instruction.word.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let words = instruction.rest.split_ascii_whitespace();
    let openers = words.filter_map(|word| word.strip_prefix("<<"));
    openers
        .map(|word| {
            word.trim_start_matches('-')
                .trim_matches(['"', '\''])
                .to_owned()
        })
        .filter(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
        .collect()
}

impl State {
    fn of(config: &Map<String, Value>) -> Self {
        let lines = config.get("Env").and_then(Value::as_array);
        let environment = lines.into_iter().flatten().filter_map(|line| {
            let (name, value) = line.as_str()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Self {
            environment: environment.collect(),
            config: config.clone(),
            ..Self::default()
        }
    }

    fn follow(
        &mut self,
        instruction: &Instruction,
        given: &BTreeMap<String, String>,
        path: &str,
    ) -> Result<()> {
        let wrong = |why: &str| instruction.wrong(path, why);
        match instruction.word.as_str() {
            "ENV" => {
                for (name, value) in self.pairs(instruction, path)? {
                    self.set(name, value);
                }
            }
            "LABEL" => {
                for (name, value) in self.pairs(instruction, path)? {
                    self.object("Labels").insert(name, json!(value));
                }
            }
            "ARG" => self.argument(instruction, given, path)?,
            "USER" => self.one("User", instruction, path)?,
            "STOPSIGNAL" => self.one("StopSignal", instruction, path)?,
            "WORKDIR" => self.directory(instruction, path)?,
            "EXPOSE" => {
                for word in self.words(instruction, path)? {
                    let port = port(&word).ok_or_else(|| wrong("names no port"))?;
                    self.object("ExposedPorts").insert(port, json!({}));
                }
            }
            "VOLUME" => {
                let paths = match exec_form(&instruction.rest) {
                    Some(paths) => paths,
                    None => self.words(instruction, path)?,
                };
                for path in paths {
                    self.object("Volumes").insert(path, json!({}));
                }
            }
            "CMD" => {
                self.config.insert("Cmd".into(), command(&instruction.rest));
            }
            "ENTRYPOINT" => {
                self.config
                    .insert("Entrypoint".into(), command(&instruction.rest));
                // A command was meant for the entrypoint that it came with.
                self.config.remove("Cmd");
            }
            // These fill an image, or are nothing that an OCI image holds.
            "RUN" | "COPY" | "ADD" | "HEALTHCHECK" | "ONBUILD" | "MAINTAINER" => {}
            "SHELL" => return Err(wrong("changes how commands are run")),
            _ => return Err(wrong("is no instruction")),
        }
        Ok(())
    }

    fn object(&mut self, key: &str) -> &mut Map<String, Value> {
        let value = self.config.entry(key).or_insert_with(|| json!({}));
        if !value.is_object() {
            *value = json!({});
        }
        value.as_object_mut().expect("it was just made one")
    }

    fn set(&mut self, name: String, value: String) {
        match self
            .environment
            .iter_mut()
            .find(|(known, _)| *known == name)
        {
            Some((_, old)) => *old = value,
            None => self.environment.push((name, value)),
        }
    }

    fn argument(
        &mut self,
        instruction: &Instruction,
        given: &BTreeMap<String, String>,
        path: &str,
    ) -> Result<()> {
        let (name, default) = argument(&instruction.rest);
        if name.is_empty() {
            return Err(instruction.wrong(path, "names no argument"));
        }
        let value = match (given.get(&name), default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => self.expand(&default, instruction, path)?,
            (None, None) => String::new(),
        };
        self.arguments.insert(name, value);
        Ok(())
    }

    fn one(&mut self, key: &str, instruction: &Instruction, path: &str) -> Result<()> {
        let words = self.words(instruction, path)?;
        let [word] = &words[..] else {
            return Err(instruction.wrong(path, "takes one word"));
        };
        self.config.insert(key.to_owned(), json!(word));
        Ok(())
    }

    fn directory(&mut self, instruction: &Instruction, path: &str) -> Result<()> {
        let given = self.expand(&instruction.rest, instruction, path)?;
        let before = self
            .config
            .get("WorkingDir")
            .and_then(Value::as_str)
            .unwrap_or("/");
        let joined = match given.starts_with('/') {
            true => given,
            false => format!("{before}/{given}"),
        };
        let Some(plain) = absolute(&joined) else {
            return Err(instruction.wrong(path, "leaves the root folder"));
        };
        self.config.insert("WorkingDir".into(), json!(plain));
        Ok(())
    }

    fn words(&mut self, instruction: &Instruction, path: &str) -> Result<Vec<String>> {
        let text = self.expand(&instruction.rest, instruction, path)?;
        match text
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
        {
            words if words.is_empty() => Err(instruction.wrong(path, "says nothing")),
            words => Ok(words),
        }
    }

    /// `a=b "c"='d'`, or the old form `a b` of one pair.
    fn pairs(&mut self, instruction: &Instruction, path: &str) -> Result<Vec<(String, String)>> {
        let rest = &instruction.rest;
        let wrong = || instruction.wrong(path, "is not made of `name=value`");
        let first = rest.split(char::is_whitespace).next().unwrap_or_default();
        let raw = match first.contains('=') {
            true => assignments(rest).ok_or_else(wrong)?,
            false => {
                let (name, value) = rest.split_once(char::is_whitespace).ok_or_else(wrong)?;
                vec![(name.to_owned(), value.trim().to_owned())]
            }
        };
        // All values of one instruction see the environment before it.
        let mut pairs = Vec::new();
        for (name, value) in raw {
            pairs.push((unquote(&name), self.expand(&value, instruction, path)?));
        }
        match pairs.iter().any(|(name, _)| name.is_empty()) {
            true => Err(wrong()),
            false => Ok(pairs),
        }
    }

    fn expand(&mut self, text: &str, instruction: &Instruction, path: &str) -> Result<String> {
        let (environment, arguments) = (&self.environment, &self.arguments);
        let warnings = &mut self.warnings;
        let expanded = expand(text, &mut |name| {
            let known = environment.iter().find(|(known, _)| known == name);
            let value = known
                .map(|(_, value)| value)
                .or_else(|| arguments.get(name));
            if value.is_none() {
                let message = format!("`${name}` is not set and stands for nothing");
                warnings.push(Warning::new(message).at(instruction.place(path)));
            }
            value.cloned()
        });
        expanded.map_err(|why| instruction.wrong(path, &why))
    }
}

/// `NAME=default`, the default without its quotes.
fn argument(rest: &str) -> (String, Option<String>) {
    match rest.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
        None => (rest.trim().to_owned(), None),
    }
}

/// The words of a JSON array, if it is one of strings.
fn exec_form(rest: &str) -> Option<Vec<String>> {
    serde_json::from_str(rest).ok()
}

/// A command as an array; anything else is a line for the shell.
fn command(rest: &str) -> Value {
    match exec_form(rest) {
        Some(words) => json!(words),
        None => json!(["/bin/sh", "-c", rest]),
    }
}

/// `5000`, `5000/tcp`, `8000-8010/udp` as a config has it.
fn port(word: &str) -> Option<String> {
    let (range, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let numbers: Option<Vec<u16>> = range.split('-').map(|n| n.parse().ok()).collect();
    let proper = numbers.is_some_and(|numbers| matches!(numbers.len(), 1 | 2));
    let known = matches!(protocol, "tcp" | "udp" | "sctp");
    (proper && known).then(|| format!("{range}/{protocol}"))
}

/// A path without `.`, `..` and empty parts; `None` if it leaves the root.
pub(crate) fn absolute(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// Splits at spaces outside of quotes, and each word at its first `=`. Quotes stay.
fn assignments(text: &str) -> Option<Vec<(String, String)>> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let word = words.last_mut()?;
        match (c, quote) {
            ('\\', None | Some('"')) => {
                word.push(c);
                word.extend(characters.next());
            }
            ('"' | '\'', None) => {
                quote = Some(c);
                word.push(c);
            }
            (c, Some(open)) if c == open => {
                quote = None;
                word.push(c);
            }
            (c, None) if c.is_whitespace() => words.push(String::new()),
            (c, _) => word.push(c),
        }
    }
    if quote.is_some() {
        return None;
    }
    let words = words.iter().filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn unquote(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '"' | '\'')).collect()
}

/// Takes quotes off and puts variables in: `$NAME`, `${NAME}`, `${NAME:-else}`, `${NAME:+then}`.
/// Nothing is put in between single quotes, and `\` keeps what follows as it is.
fn expand(text: &str, lookup: &mut dyn FnMut(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match (c, quote) {
            ('\\', None | Some('"')) => {
                let next = rest.chars().next();
                // Between double quotes a backslash escapes only what would mean something.
                if quote.is_some() && !matches!(next, Some('"' | '\\' | '$')) {
                    out.push('\\');
                }
                out.extend(next);
                rest = &rest[next.map_or(0, char::len_utf8)..];
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('$', None | Some('"')) => {
                let (value, after) = variable(rest, lookup)?;
                out.push_str(&value);
                rest = after;
            }
            (c, _) => out.push(c),
        }
    }
    match quote {
        None => Ok(out),
        Some(_) => Err("has a quote that does not end".to_owned()),
    }
}

/// The value of what follows a `$`, and what follows that.
fn variable<'a>(
    rest: &'a str,
    lookup: &mut dyn FnMut(&str) -> Option<String>,
) -> Result<(String, &'a str), String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(braced) = rest.strip_prefix('{') else {
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        return match &rest[..end] {
            "" => Ok(("$".to_owned(), rest)),
            name => Ok((lookup(name).unwrap_or_default(), &rest[end..])),
        };
    };
    let unknown = || "has a `${…}` of an unknown form".to_owned();
    let (inner, after) = braced.split_once('}').ok_or_else(unknown)?;
    let end = inner.find(|c| !word(c)).unwrap_or(inner.len());
    let (name, operator) = inner.split_at(end);
    if name.is_empty() || inner.contains('$') {
        return Err(unknown());
    }
    let value = match (operator.get(..2), operator.get(2..)) {
        _ if operator.is_empty() => lookup(name).unwrap_or_default(),
        (Some(":-"), Some(other)) => silent(lookup, name).unwrap_or_else(|| other.to_owned()),
        (Some(":+"), Some(other)) => {
            silent(lookup, name).map_or_else(String::new, |_| other.to_owned())
        }
        _ => return Err(unknown()),
    };
    Ok((value, after))
}

/// A value that is set and not empty.
fn silent(lookup: &mut dyn FnMut(&str) -> Option<String>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, base: Value, arguments: &[(&str, &str)]) -> (Value, Vec<Warning>) {
        let file = Dockerfile::parse("Dockerfile", text).unwrap();
        let mut config = base.as_object().unwrap().clone();
        let arguments = arguments.iter().map(|&(n, v)| (n.to_owned(), v.to_owned()));
        let warnings = file.apply(&mut config, &arguments.collect()).unwrap();
        (Value::Object(config), warnings)
    }

    fn refused(text: &str) -> Error {
        match Dockerfile::parse("Dockerfile", text) {
            Err(error) => error,
            Ok(file) => file
                .apply(&mut Map::new(), &BTreeMap::new())
                .expect_err(text),
        }
    }

    /// The expected values are what `docker build` puts into the config.
    #[test]
    fn the_final_stage_as_docker_reads_it() {
        let text = r#"# syntax=docker/dockerfile:1
ARG TAG=3.13
FROM python:${TAG}-slim AS build
RUN <<EOF
FROM nothing
EOF
ENV LOST=1
FROM python:${TAG}-slim AS common
ENV PATH=/venv/bin:$PATH A="x y" \
    # a comment between
    B='$A'
WORKDIR /srv
LABEL org.example.a="1" b=2
FROM common
ARG VERSION=dev
ENV VERSION=${VERSION} C=${NONE:-else} D=\$A
env OLD the old form
WORKDIR app
USER 10001:10001
EXPOSE 5000 9000-9002/udp
STOPSIGNAL SIGTERM
CMD echo hi
ENTRYPOINT ["python", "-m", "x"]
CMD ["a", "b c"]
HEALTHCHECK CMD true
"#;
        let base = json!({"Env": ["PATH=/bin", "PYTHON_VERSION=3.13.1"], "Cmd": ["python3"], "Kept": true});
        let (config, warnings) = applied(text, base, &[("VERSION", "1.2.3")]);
        assert_eq!(
            config,
            json!({
                "Env": ["PATH=/venv/bin:/bin", "PYTHON_VERSION=3.13.1", "A=x y", "B=$A",
                        "VERSION=1.2.3", "C=else", "D=$A", "OLD=the old form"],
                "WorkingDir": "/srv/app", "User": "10001:10001", "StopSignal": "SIGTERM",
                "ExposedPorts": {"5000/tcp": {}, "9000-9002/udp": {}},
                "Labels": {"org.example.a": "1", "b": "2"},
                "Entrypoint": ["python", "-m", "x"], "Cmd": ["a", "b c"], "Kept": true,
            })
        );
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let file = Dockerfile::parse("Dockerfile", text).unwrap();
        assert_eq!(
            file.base().to_string(),
            "docker.io/library/python:3.13-slim"
        );
    }

    #[test]
    fn an_entrypoint_ends_the_base_command_and_shell_lines_run_in_a_shell() {
        let (config, _) = applied("FROM a\nENTRYPOINT exec x", json!({"Cmd": ["sh"]}), &[]);
        assert_eq!(
            config,
            json!({"Env": [], "Entrypoint": ["/bin/sh", "-c", "exec x"]})
        );
    }

    #[test]
    fn an_unset_variable_is_a_warning_with_its_line() {
        let (config, warnings) = applied("FROM a\nENV A=[$B]", json!({}), &[]);
        assert_eq!(config["Env"], json!(["A=[]"]));
        assert_eq!(
            warnings[0].location.as_ref().unwrap().to_string(),
            "Dockerfile:2:1"
        );
    }

    #[test]
    fn what_cannot_be_followed_names_its_line() {
        for (text, place) in [
            ("FROM ${X}", "Dockerfile:1:1"),
            ("FROM a:$X AS b\nFROM b", "Dockerfile:1:1"),
            ("FROM a b", "Dockerfile:1:1"),
            ("FROM A:::", "Dockerfile:1:1"),
            ("ENV A=b\nFROM a", "Dockerfile:1:1"),
            ("FROM a\nENV A", "Dockerfile:2:1"),
            ("FROM a\nENV A=\"b", "Dockerfile:2:1"),
            ("FROM a\nENV A=${B#c}", "Dockerfile:2:1"),
            ("FROM a\nENV A=b c", "Dockerfile:2:1"),
            ("FROM a\n\nEXPOSE http", "Dockerfile:3:1"),
            ("FROM a\nEXPOSE 70000", "Dockerfile:2:1"),
            ("FROM a\nWORKDIR ../../x", "Dockerfile:2:1"),
            ("FROM a\nUSER a b", "Dockerfile:2:1"),
            ("FROM a\nUSER", "Dockerfile:2:1"),
            ("FROM a\nSHELL [\"bash\"]", "Dockerfile:2:1"),
            ("FROM a\nENTRYPIONT x", "Dockerfile:2:1"),
            ("# escape=`\nFROM a", "Dockerfile:1:1"),
        ] {
            use windlass_fault::Fault as _;
            let error = refused(text);
            assert_eq!(error.kind(), ErrorKind::Dockerfile, "{text}");
            assert_eq!(error.location().unwrap().to_string(), place, "{text}");
        }
        assert_eq!(refused("# nothing").kind(), ErrorKind::Dockerfile);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(FROM |ENV |LABEL |ARG |[a$={}\\\\\"'# \n-]){0,30}") {
            if let Ok(file) = Dockerfile::parse("Dockerfile", &text) {
                let _ = file.apply(&mut Map::new(), &BTreeMap::new());
            }
        }
    }
}
