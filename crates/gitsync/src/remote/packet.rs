//! Packet lines, the framing of git's protocol (git: gitprotocol-common), read with bounds.

use super::peer::Peer;
use crate::error::{Error, ErrorKind, Result};
use std::io::{self, Read};

/// A packet, or one of the marks between them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Data(Vec<u8>),
    /// The end of a message.
    Flush,
    /// The end of a section.
    Delimiter,
}

/// The packets of an answer.
pub(crate) struct Packets<R> {
    from: R,
    peer: Peer,
    /// How many bytes are still taken.
    left: usize,
    limit: usize,
}

impl<R: Read> Packets<R> {
    pub(crate) fn new(from: R, peer: &Peer, limit: usize) -> Self {
        let peer = peer.clone();
        Self {
            from,
            peer,
            left: limit,
            limit,
        }
    }

    /// The next packet. An error that the server sends in place of one is an error.
    pub(crate) fn next(&mut self) -> Result<Packet> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = std::str::from_utf8(&length)
            .ok()
            .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = match length {
            Some(0) => return Ok(Packet::Flush),
            Some(1) => return Ok(Packet::Delimiter),
            Some(length @ 4..) => length - 4,
            _ => return Err(self.peer.odd("a packet without a length")),
        };
        let mut data = vec![0; size];
        self.fill(&mut data)?;
        match data.strip_prefix(b"ERR ") {
            Some(said) => Err(self.peer.said(said)),
            None => Ok(Packet::Data(data)),
        }
    }

    /// The next packet as a line of text without its end; none at a mark.
    pub(crate) fn line(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Packet::Data(data) => {
                let line = data.strip_suffix(b"\n").unwrap_or(&data).to_vec();
                let line =
                    String::from_utf8(line).map_err(|_| self.peer.odd("a line not in UTF-8"))?;
                Ok(Some(line))
            }
            Packet::Flush | Packet::Delimiter => Ok(None),
        }
    }

    /// The data of the first band up to the end of the message. The second band, meant for
    /// people, is kept to a few lines; the third is an error.
    pub(crate) fn band(&mut self) -> Result<(Vec<u8>, String)> {
        let (mut data, mut aside) = (Vec::new(), Vec::new());
        while let Packet::Data(packet) = self.next()? {
            match packet.split_first() {
                Some((1, rest)) => data.extend_from_slice(rest),
                Some((2, rest)) => aside.extend(rest.iter().take(4096 - aside.len().min(4096))),
                Some((3, rest)) => return Err(self.peer.said(rest)),
                _ => return Err(self.peer.odd("a packet of no known band")),
            }
        }
        Ok((data, self.peer.words(&aside)))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        let Some(left) = self.left.checked_sub(buffer.len()) else {
            return Err(self.peer.too_large(self.limit));
        };
        self.left = left;
        self.from
            .read_exact(buffer)
            .map_err(|error| self.cut(error))
    }

    fn cut(&self, error: io::Error) -> Error {
        let message = format!("the answer of `{}` broke off", self.peer.name);
        let cut = Error::new(ErrorKind::Unreachable, message);
        match error.kind() {
            io::ErrorKind::UnexpectedEof => cut,
            _ => cut.source(error),
        }
    }

    /// An answer that breaks the protocol.
    pub(crate) fn odd(&self, what: &str) -> Error {
        self.peer.odd(what)
    }
}

/// Appends a packet. What is sent here fits in one.
pub(crate) fn put(out: &mut Vec<u8>, data: impl AsRef<[u8]>) {
    let data = data.as_ref();
    out.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    out.extend_from_slice(data);
}

pub(crate) const FLUSH: &[u8] = b"0000";
pub(crate) const DELIMITER: &[u8] = b"0001";

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(bytes: &[u8]) -> Packets<&[u8]> {
        let peer = Peer {
            name: "it".to_owned(),
            secrets: vec![windlass_fault::Secret::new("hunter2")],
        };
        Packets::new(bytes, &peer, 100)
    }

    #[test]
    fn packets_and_marks() {
        let mut bytes = Vec::new();
        put(&mut bytes, "hello\n");
        bytes.extend_from_slice(DELIMITER);
        bytes.extend_from_slice(b"0004");
        bytes.extend_from_slice(FLUSH);
        let mut packets = packets(&bytes);
        assert_eq!(packets.line().unwrap().as_deref(), Some("hello"));
        assert_eq!(packets.next().unwrap(), Packet::Delimiter);
        assert_eq!(packets.next().unwrap(), Packet::Data(Vec::new()));
        assert_eq!(packets.next().unwrap(), Packet::Flush);
        assert_eq!(packets.next().unwrap_err().kind(), ErrorKind::Unreachable);
    }

    #[test]
    fn what_breaks_the_protocol_is_an_error() {
        let cases: [(&[u8], ErrorKind); 7] = [
            (b"0003", ErrorKind::Protocol),
            (b"+00a12345", ErrorKind::Protocol),
            (b"<htm", ErrorKind::Protocol),
            (b"0008ab", ErrorKind::Unreachable),
            (b"ffff", ErrorKind::TooLarge),
            (b"000cERR gone", ErrorKind::Server),
            (b"0005\xff", ErrorKind::Protocol),
        ];
        for (bytes, kind) in cases {
            let error = packets(bytes).line().unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
    }

    #[test]
    fn bands_are_told_apart() {
        let (data, aside) = packets(b"0007\x01ab0008\x02hi\n0006\x01c0000")
            .band()
            .unwrap();
        assert_eq!((&data[..], &aside[..]), (&b"abc"[..], "hi"));
        let error = packets(b"0014\x03\x1b[31mno hunter2").band().unwrap_err();
        insta::assert_snapshot!(error, @"`it` reports an error: [31mno ***");
        assert!(packets(b"0005\x04").band().is_err());
        assert!(packets(b"0004").band().is_err());
    }
}
