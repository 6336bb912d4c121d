//! Wheels (PyPA: "Binary distribution format"): what one holds, checked against its `RECORD`, and
//! where each file of it goes.

use super::bill::Licence;
use super::version::Version;
use super::{Target, normal};
use crate::error::{Error, ErrorKind, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// More entries, or bytes in one of the texts that we read, no wheel has.
const ENTRIES: usize = 200_000;
const TEXT_LIMIT: u64 = 64 << 20;
const UNPACKED_LIMIT: u64 = 8 << 30;

/// An opened wheel.
pub(crate) struct Wheel {
    file: String,
    archive: ZipArchive<BufReader<File>>,
    /// `{name}-{version}`, the start of its own folders.
    stem: String,
    entries: BTreeMap<String, Entry>,
    record: BTreeMap<String, [u8; 32]>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    index: usize,
    size: u64,
    executable: bool,
}

/// A file of an installation: its path in the image, and where its bytes are.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub(crate) path: String,
    pub(crate) executable: bool,
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) enum Bytes {
    /// An entry of the wheel.
    Entry(usize),
    /// Made here.
    Made(Vec<u8>),
}

impl Installed {
    pub(crate) fn made(path: String, executable: bool, bytes: Vec<u8>) -> Self {
        Self {
            path,
            executable,
            size: bytes.len() as u64,
            sha256: Sha256::digest(&bytes).into(),
            bytes: Bytes::Made(bytes),
        }
    }
}

impl Wheel {
    /// Opens a wheel that should be of this project and version.
    pub(crate) fn open(path: &Path, file: &str, name: &str, version: &str) -> Result<Self> {
        let opened = File::open(path).map_err(|error| Error::read(path, error))?;
        let archive = ZipArchive::new(BufReader::new(opened))
            .map_err(|error| broken(file, "is not a zip archive").because(error))?;
        if archive.has_duplicate_names() || archive.len() > ENTRIES {
            return Err(broken(file, "names a file twice, or has too many"));
        }
        let mut wheel = Self {
            file: file.to_owned(),
            archive,
            stem: String::new(),
            entries: BTreeMap::new(),
            record: BTreeMap::new(),
        };
        wheel.list()?;
        wheel.stem = wheel.find_stem(name, version)?;
        wheel.check_version()?;
        wheel.read_record()?;
        Ok(wheel)
    }

    fn broken(&self, why: &str) -> Error {
        broken(&self.file, why)
    }

    fn list(&mut self) -> Result<()> {
        let mut total = 0u64;
        for index in 0..self.archive.len() {
            let (name, entry) = {
                let found = self.archive.by_index_raw(index);
                let found = found
                    .map_err(|error| broken(&self.file, "has a broken entry").because(error))?;
                let name = std::str::from_utf8(found.name_raw())
                    .unwrap_or_default()
                    .to_owned();
                if found.is_dir() {
                    continue;
                }
                if found.is_symlink() || found.encrypted() || !is_plain_path(&name) {
                    let shown = name.escape_debug();
                    return Err(broken(
                        &self.file,
                        &format!("has an entry `{shown}` that cannot be unpacked"),
                    ));
                }
                let mode = found.unix_mode().unwrap_or(0);
                let executable = mode & 0o111 != 0;
                (
                    name,
                    Entry {
                        index,
                        size: found.size(),
                        executable,
                    },
                )
            };
            total = total.saturating_add(entry.size);
            self.entries.insert(name, entry);
        }
        match total > UNPACKED_LIMIT {
            true => Err(self.broken("is too large when it is unpacked")),
            false => Ok(()),
        }
    }

    /// The one `.dist-info` folder, which names project and version.
    fn find_stem(&self, name: &str, version: &str) -> Result<String> {
        let folders = self
            .entries
            .keys()
            .filter_map(|path| path.split('/').next());
        let mut stems: Vec<&str> = folders
            .filter_map(|folder| folder.strip_suffix(".dist-info"))
            .collect();
        stems.dedup();
        let [stem] = stems[..] else {
            return Err(self.broken("does not have exactly one `.dist-info` folder"));
        };
        let own = stem.split_once('-').is_some_and(|(project, own)| {
            let same = Version::parse(own).is_some_and(|own| Some(own) == Version::parse(version));
            normal(project) == name && same
        });
        match own {
            true => Ok(stem.to_owned()),
            false => Err(self.broken(&format!(
                "is of `{stem}`, where `{name}=={version}` is wanted"
            ))),
        }
    }

    fn check_version(&mut self) -> Result<()> {
        let text = self
            .info("WHEEL")?
            .ok_or_else(|| self.broken("has no `WHEEL`"))?;
        let mut lines = text.lines();
        let version = lines
            .find_map(|line| line.strip_prefix("Wheel-Version:"))
            .unwrap_or_default();
        match version.trim().split('.').next() {
            Some("1") => Ok(()),
            _ => Err(self.broken(&format!(
                "has the unknown wheel version `{}`",
                version.trim().escape_debug()
            ))),
        }
    }

    /// What `METADATA` says of the licence.
    pub(crate) fn licence(&mut self) -> Result<Licence> {
        let metadata = self.info("METADATA")?.unwrap_or_default();
        Ok(Licence::read(&metadata))
    }

    /// A text of the `.dist-info` folder.
    fn info(&mut self, name: &str) -> Result<Option<String>> {
        let path = format!("{}.dist-info/{name}", self.stem);
        let Some(&entry) = self.entries.get(&path) else {
            return Ok(None);
        };
        let bytes = self.read(entry)?;
        let text = String::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| self.broken(&format!("has a `{name}` that is not UTF-8")))
    }

    fn read(&mut self, entry: Entry) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if entry.size <= TEXT_LIMIT {
            let reader = self.open_entry(entry.index)?;
            let read = reader.take(TEXT_LIMIT + 1).read_to_end(&mut bytes);
            read.map_err(|error| self.broken("cannot be unpacked").because(error))?;
        }
        match bytes.len() as u64 == entry.size {
            true => Ok(bytes),
            false => Err(self.broken("has a text that is too large")),
        }
    }

    fn open_entry(&mut self, index: usize) -> Result<impl Read> {
        let file = &self.file;
        let opened = self.archive.by_index(index);
        opened.map_err(|error| broken(file, "has a broken entry").because(error))
    }

    /// Reads `RECORD`, which has a line with a hash for each file but itself and its signatures.
    fn read_record(&mut self) -> Result<()> {
        let text = self
            .info("RECORD")?
            .ok_or_else(|| self.broken("has no `RECORD`"))?;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let fields = csv(line).ok_or_else(|| self.broken("has a broken line in `RECORD`"))?;
            let [path, hash, _size] = &fields[..] else {
                return Err(self.broken("has a broken line in `RECORD`"));
            };
            if hash.is_empty() && self.is_unhashed(path) {
                continue;
            }
            let digest = hash.strip_prefix("sha256=").and_then(|text| {
                let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
                <[u8; 32]>::try_from(bytes).ok()
            });
            let digest =
                digest.ok_or_else(|| self.broken(&format!("has no SHA-256 hash for `{path}`")))?;
            if !self.entries.contains_key(path) {
                return Err(self.broken(&format!("lacks the file `{path}` of its `RECORD`")));
            }
            self.record.insert(path.clone(), digest);
        }
        let unknown = self
            .entries
            .keys()
            .find(|path| !self.record.contains_key(*path) && !self.is_unhashed(path));
        match unknown {
            Some(path) => Err(self.broken(&format!(
                "has the file `{path}`, which is not in its `RECORD`"
            ))),
            None => Ok(()),
        }
    }

    fn is_unhashed(&self, path: &str) -> bool {
        let own = path
            .strip_prefix(&self.stem)
            .and_then(|rest| rest.strip_prefix(".dist-info/"));
        matches!(own, Some("RECORD" | "RECORD.jws" | "RECORD.p7s"))
    }

    /// The files of the installation; `RECORD` is written anew and last.
    pub(crate) fn install(&mut self, target: &Target) -> Result<Vec<Installed>> {
        let mut files = Vec::new();
        let entries: Vec<(String, Entry)> = self
            .entries
            .iter()
            .map(|(path, entry)| (path.clone(), *entry))
            .collect();
        for (path, entry) in entries {
            if !self.is_unhashed(&path) {
                files.push(self.place(&path, entry, target)?);
            }
        }
        files.extend(self.commands(target)?);
        let info = format!("{}/{}.dist-info", target.packages(), self.stem);
        files.push(Installed::made(
            format!("{info}/INSTALLER"),
            false,
            b"windlass\n".to_vec(),
        ));
        let path = format!("{info}/RECORD");
        let record = record(&files, &path, target);
        files.push(Installed::made(path, false, record));
        Ok(files)
    }

    fn place(&mut self, path: &str, entry: Entry, target: &Target) -> Result<Installed> {
        let packages = target.packages();
        let data = path
            .strip_prefix(&self.stem)
            .and_then(|rest| rest.strip_prefix(".data/"));
        let placed = match data.map(|data| data.split_once('/')) {
            None => format!("{packages}/{path}"),
            Some(Some(("purelib" | "platlib", rest))) => format!("{packages}/{rest}"),
            Some(Some(("data", rest))) => format!("usr/local/{rest}"),
            Some(Some(("headers", rest))) => {
                let project = self.stem.split('-').next().unwrap_or_default();
                format!(
                    "usr/local/include/python{}/{project}/{rest}",
                    target.short()
                )
            }
            Some(Some(("scripts", rest))) => return self.script(path, rest, entry, target),
            Some(_) => {
                return Err(self.broken(&format!("has the file `{path}` of an unknown kind")));
            }
        };
        Ok(Installed {
            path: placed,
            executable: entry.executable,
            size: entry.size,
            sha256: self.record[path],
            bytes: Bytes::Entry(entry.index),
        })
    }

    /// A script; `#!python` in its first line becomes the target's interpreter.
    fn script(
        &mut self,
        path: &str,
        name: &str,
        entry: Entry,
        target: &Target,
    ) -> Result<Installed> {
        let bytes = self.read(entry)?;
        if <[u8; 32]>::from(Sha256::digest(&bytes)) != self.record[path] {
            return Err(self.broken(&format!(
                "has a file `{path}` that is not the one of its `RECORD`"
            )));
        }
        let end = bytes
            .iter()
            .position(|&b| b == b'\n')
            .unwrap_or(bytes.len());
        let bytes = match bytes[..end].strip_prefix(b"#!python") {
            Some(arguments) => {
                // `pythonw` is the one without a console, which only Windows knows.
                let arguments = arguments.strip_prefix(b"w").unwrap_or(arguments);
                [
                    b"#!",
                    target.interpreter().as_bytes(),
                    arguments,
                    &bytes[end..],
                ]
                .concat()
            }
            None => bytes,
        };
        Ok(Installed::made(
            format!("usr/local/bin/{name}"),
            true,
            bytes,
        ))
    }

    /// The commands of `entry_points.txt` (PyPA: "Entry points specification").
    fn commands(&mut self, target: &Target) -> Result<Vec<Installed>> {
        let text = self.info("entry_points.txt")?.unwrap_or_default();
        let mut section = "";
        let mut commands = Vec::new();
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        {
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                section = if matches!(name, "console_scripts" | "gui_scripts") {
                    name
                } else {
                    ""
                };
            } else if !section.is_empty() {
                let script = script_text(line, target);
                let (name, text) = script.ok_or_else(|| {
                    self.broken(&format!(
                        "has the command `{}`, which cannot be followed",
                        line.escape_debug()
                    ))
                })?;
                commands.push(Installed::made(
                    format!("usr/local/bin/{name}"),
                    true,
                    text.into_bytes(),
                ));
            }
        }
        Ok(commands)
    }

    /// The bytes of an entry, whose end fails if they are not those of `RECORD`.
    pub(crate) fn reader(
        &mut self,
        index: usize,
        sha256: [u8; 32],
        path: &str,
    ) -> Result<impl Read + use<'_>> {
        let wrong = format!("has other bytes in `{path}` than its `RECORD` says");
        let error = self.broken(&wrong);
        Ok(Verified {
            reader: self.open_entry(index)?,
            state: Sha256::new(),
            sha256,
            error: Some(error),
        })
    }
}

fn broken(file: &str, why: &str) -> Error {
    Error::new(ErrorKind::Archive, format!("the wheel `{file}` {why}"))
}

/// Relative, without `.`, `..`, backslashes, drives and control characters.
fn is_plain_path(path: &str) -> bool {
    let part = |part: &str| !matches!(part, "" | "." | "..");
    path.split('/').all(part) && !path.contains(['\\', ':']) && !path.chars().any(char::is_control)
}

/// The fields of a line of `RECORD`; only what holds a comma or a quote is quoted.
fn csv(line: &str) -> Option<Vec<String>> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars().peekable();
    let mut quoted = false;
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                fields.last_mut()?.extend(characters.next())
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut()?.push(c),
        }
    }
    (!quoted).then_some(fields)
}

/// `name = module:attribute [extra]` as a script's name and text.
fn script_text(line: &str, target: &Target) -> Option<(String, String)> {
    let (name, object) = line.split_once('=')?;
    let (name, object) = (name.trim(), object.split('[').next()?.trim());
    let (module, attribute) = object.split_once(':')?;
    let (module, attribute) = (module.trim(), attribute.trim());
    let identifiers = |text: &str| {
        let mut parts = text.split('.');
        parts.all(|part| {
            !part.is_empty()
                && !part.starts_with(|c: char| c.is_ascii_digit())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    let plain = !name.starts_with('.')
        && !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !(plain && identifiers(module) && identifiers(attribute)) {
        return None;
    }
    let imported = attribute.split('.').next()?;
    let interpreter = target.interpreter();
    let text = format!(
        "#!{interpreter}\nimport sys\n\nfrom {module} import {imported}\n\nif __name__ == \"__main__\":\n    sys.exit({attribute}())\n"
    );
    Some((name.to_owned(), text))
}

/// `RECORD` of an installation (PyPA: "Recording installed projects").
fn record(files: &[Installed], own: &str, target: &Target) -> Vec<u8> {
    let packages = format!("{}/", target.packages());
    let relative = |path: &str| match path.strip_prefix(&packages) {
        Some(inside) => inside.to_owned(),
        // From `usr/local/lib/python3.13/site-packages` up to `usr/local`.
        None => format!(
            "../../../{}",
            path.strip_prefix("usr/local/").unwrap_or(path)
        ),
    };
    let quote = |path: String| match path.contains([',', '"']) {
        true => format!("\"{}\"", path.replace('"', "\"\"")),
        false => path,
    };
    let mut lines: Vec<String> = files
        .iter()
        .map(|file| {
            let hash = URL_SAFE_NO_PAD.encode(file.sha256);
            format!(
                "{},sha256={hash},{}\n",
                quote(relative(&file.path)),
                file.size
            )
        })
        .collect();
    lines.push(format!("{},,\n", quote(relative(own))));
    lines.sort();
    lines.concat().into_bytes()
}

struct Verified<R> {
    reader: R,
    state: Sha256,
    sha256: [u8; 32],
    error: Option<Error>,
}

impl<R: Read> Read for Verified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self
            .reader
            .read(buffer)
            .map_err(|error| match self.error.take() {
                Some(ours) => io::Error::other(ours.because(error)),
                None => error,
            })?;
        self.state.update(&buffer[..read]);
        if read == 0
            && !buffer.is_empty()
            && <[u8; 32]>::from(self.state.clone().finalize()) != self.sha256
        {
            return Err(io::Error::other(self.error.take().map_or_else(
                || "changed".into(),
                Box::<dyn std::error::Error + Send + Sync>::from,
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::new("3.13", &"linux/amd64".parse().unwrap()).unwrap()
    }

    #[test]
    fn commands_are_scripts_and_nothing_else() {
        let (name, text) = script_text("serve-it = a.b:Main.run [extra]", &target()).unwrap();
        assert_eq!(name, "serve-it");
        assert_eq!(
            text,
            "#!/usr/local/bin/python3.13\nimport sys\n\nfrom a.b import Main\n\n\
             if __name__ == \"__main__\":\n    sys.exit(Main.run())\n"
        );
        for bad in [
            "../x = a:b",
            "x/y = a:b",
            ".x = a:b",
            " = a:b",
            "x = a",
            "x = a:",
            "x = a:b()",
            "x = a;b:c",
            "x = a..b:c",
            "x = 1a:c",
            "x",
        ] {
            assert_eq!(script_text(bad, &target()), None, "{bad}");
        }
    }

    #[test]
    fn lines_of_a_record() {
        let line = csv(r#""a,""b"".py",sha256=x,3"#).unwrap();
        assert_eq!(line, ["a,\"b\".py", "sha256=x", "3"]);
        assert_eq!(csv("\"a"), None);
        let file = Installed::made("usr/local/bin/a,b".into(), true, b"x".to_vec());
        let text = String::from_utf8(record(
            &[file],
            "usr/local/lib/python3.13/site-packages/a-1.dist-info/RECORD",
            &target(),
        ));
        // `printf x | openssl dgst -sha256 -binary | basenc --base64url`
        let expected = "\"../../../bin/a,b\",sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\na-1.dist-info/RECORD,,\n";
        assert_eq!(text.unwrap(), expected);
    }

    #[test]
    fn paths_stay_inside() {
        for (path, plain) in [
            ("a/b.py", true),
            ("a/../b", false),
            ("/a", false),
            ("a//b", false),
            ("./a", false),
            ("a\\b", false),
            ("C:/a", false),
            ("a\nb", false),
            ("", false),
            ("a/", false),
            ("ä/b c", true),
        ] {
            assert_eq!(is_plain_path(path), plain, "{path}");
        }
    }
}
