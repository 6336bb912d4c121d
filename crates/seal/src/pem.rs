//! A file with one PEM block.

use crate::error::{Error, ErrorKind, without_text};
use rustls_pki_types::pem::{self, SectionKind};
use windlass_fault::Location;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";

/// The largest file of a certificate or keys, in bytes.
pub(crate) const MAX_FILE: usize = 4 << 20;

/// What a block says that it is.
pub(crate) struct Block {
    pub(crate) kind: SectionKind,
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// Where it begins.
    pub(crate) place: Location,
}

/// Whether a text has a block, good or bad.
pub(crate) fn has_block(text: &str) -> bool {
    text.lines().any(|line| line.starts_with(BEGIN))
}

/// The only block of a file. No line of the file is shown, for it may hold a key.
pub(crate) fn only_block(kind: ErrorKind, path: &str, text: &str) -> Result<Block, Error> {
    let lines = text.lines().enumerate();
    let mut begins = lines.filter(|(_, line)| line.starts_with(BEGIN));
    let place = |line: usize| {
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        without_text(Location::at_line(path, line, 1))
    };
    let Some((first, line)) = begins.next() else {
        let message = format!("there is no PEM block in `{path}`");
        return Err(Error::new(kind, message).at(Location::file(path)));
    };
    if let Some((second, _)) = begins.next() {
        let message = format!("there are several PEM blocks in `{path}`");
        return Err(Error::new(kind, message)
            .at(place(second))
            .with_hint("leave the one that is meant in a file of its own"));
    }
    match pem::from_buf(&mut text.as_bytes()) {
        Ok(Some((kind, der))) => Ok(Block {
            kind,
            der: Zeroizing::new(der),
            place: place(first),
        }),
        Ok(None)
            if text
                .lines()
                .any(|end| end == line.replacen("BEGIN", "END", 1)) =>
        {
            let what = line
                .trim_start_matches(BEGIN)
                .trim_end_matches('-')
                .to_lowercase();
            let message = format!("the PEM block is `{what}`, which is not read here");
            Err(Error::new(kind, message).at(place(first)))
        }
        Ok(None) | Err(_) => Err(Error::new(kind, "the PEM block is cut off or broken")
            .at(place(first))
            .with_hint("copy the whole block, from its BEGIN line to its END line")),
    }
}

/// The text of a file that is not too large.
pub(crate) fn text<'a>(kind: ErrorKind, path: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    if bytes.len() > MAX_FILE {
        let message = format!("`{path}` is larger than {} MiB", MAX_FILE >> 20);
        return Err(Error::new(ErrorKind::TooLarge, message).at(Location::file(path)));
    }
    std::str::from_utf8(bytes).map_err(|_| {
        let message = format!("`{path}` is not text");
        Error::new(kind, message)
            .at(Location::file(path))
            .with_hint("PEM is wanted, which begins with `-----BEGIN`")
    })
}
