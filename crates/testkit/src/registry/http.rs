//! What the registry reads and writes: HTTP/1.1, as much of it as its clients use.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, Read as _, Write as _};
use std::net::TcpStream;

/// Bodies beyond this are refused.
const LIMIT: usize = 1 << 30;

pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, Vec<String>>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status)
            .with("Content-Type", "application/json")
            .body(body.to_string().into_bytes())
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        Self::json(
            status,
            &json!({"errors": [{"code": code, "message": code.to_lowercase().replace('_', " ")}]}),
        )
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

pub(super) type Head = (String, String, BTreeMap<String, String>);

/// The request line and the headers, with lower-case names; `None` at the end of the connection.
pub(super) fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let (method, path) = (
        words.next().unwrap_or_default().to_owned(),
        words.next().unwrap_or_default().to_owned(),
    );
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned())
            }
            None => return Ok(Some((method, path, headers))),
        };
    }
}

/// The body by its length or in chunks; only its start where the connection is to be cut.
pub(super) fn read_body(
    reader: &mut impl BufRead,
    headers: &BTreeMap<String, String>,
    cut: Option<usize>,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|value| value.contains("chunked"));
    let length = headers
        .get("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    let mut left = match chunked {
        true => next_chunk(reader)?,
        false => length,
    };
    while left > 0 && body.len() < cut.unwrap_or(LIMIT) {
        let take = left.min(cut.map_or(left, |cut| cut - body.len()));
        let read = reader.take(take as u64).read_to_end(&mut body)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= read;
        if left == 0 && chunked {
            reader.read_line(&mut String::new())?;
            left = next_chunk(reader)?;
        }
    }
    Ok(body)
}

fn next_chunk(reader: &mut impl BufRead) -> io::Result<usize> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let size = usize::from_str_radix(line.trim(), 16);
    let size = size.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    if size == 0 {
        reader.read_line(&mut line)?;
    }
    Ok(size)
}

pub(super) fn request(
    method: String,
    target: &str,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method,
        path: path.to_owned(),
        query: parameters(query),
        headers,
        body,
    }
}

/// The fields of a query or a form.
pub(super) fn parameters(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters
            .entry(decode(name))
            .or_default()
            .push(decode(value));
    }
    parameters
}

/// Percent-decoding, where a `+` is a space.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| after.get(..2)).flatten();
        let value =
            escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        rest = if value.is_some() { &after[2..] } else { after };
        bytes.push(value.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn write_answer(
    mut stream: &TcpStream,
    method: &str,
    answer: &Answer,
    (length, half): (usize, bool),
) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} testkit\r\nContent-Length: {}\r\n",
        answer.status, length
    );
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n").expect("writing to a string");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" {
        let end = if half {
            answer.body.len() / 2
        } else {
            answer.body.len()
        };
        stream.write_all(&answer.body[..end])?;
    }
    stream.flush()
}
