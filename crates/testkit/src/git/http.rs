//! As much of HTTP/1.1 as git clients use.

use super::GitMoment;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;

/// The largest body that is read.
const LIMIT: usize = 64 << 20;

/// A request.
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    /// 0 for none at all.
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) const CUT: Self = Self {
        status: 0,
        headers: Vec::new(),
        body: Vec::new(),
    };

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: text.as_bytes().to_vec(),
        }
        .with("Content-Type", "text/plain")
    }

    pub(crate) fn git(moment: GitMoment, body: Vec<u8>) -> Self {
        let kind = match moment {
            GitMoment::Greeting => "upload-pack-advertisement",
            GitMoment::Refs | GitMoment::Objects => "upload-pack-result",
            GitMoment::PushGreeting => "receive-pack-advertisement",
            GitMoment::Push => "receive-pack-result",
        };
        Self {
            status: 200,
            headers: Vec::new(),
            body,
        }
        .with("Content-Type", &format!("application/x-git-{kind}"))
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The next request of a connection; none at its end.
pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let first = line(from)?;
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut request = Request {
        line: format!("{method} {path}"),
        authorization: None,
        body: Vec::new(),
    };
    let mut length = 0;
    loop {
        let header = line(from)?;
        let Some((name, value)) = header.split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(usize::MAX),
            "authorization" => request.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    if length > LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    request.body.resize(length, 0);
    from.read_exact(&mut request.body)?;
    Ok(Some(request))
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.take(16 << 10).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

pub(crate) fn write(mut to: &TcpStream, answer: &Answer) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} -\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len()));
    // In one piece: a second one would wait for the first to be acknowledged.
    to.write_all(&[head.as_bytes(), &answer.body].concat())
}
