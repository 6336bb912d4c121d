//! The program that takes objects and sets refs (git: gitprotocol-pack).

use super::{GitRules, packet, put, put_banded};
use git2::{Oid, Repository};
use std::io::Write;

type Result<T> = std::result::Result<T, String>;

fn said(error: git2::Error) -> String {
    error.message().to_owned()
}

pub(super) fn greeting(repository: &Repository, rules: &GitRules) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    put(&mut body, "# service=git-receive-pack\n");
    body.extend_from_slice(b"0000");
    let mut capabilities =
        "report-status side-band-64k ofs-delta object-format=sha1 agent=testkit".to_owned();
    if rules.push_options {
        capabilities.push_str(" push-options");
    }
    let mut first = true;
    for reference in repository.references().map_err(said)? {
        let reference = reference.map_err(said)?;
        let (Ok(name), Some(target)) = (reference.name(), reference.target()) else {
            continue;
        };
        match std::mem::take(&mut first) {
            true => put(&mut body, format!("{target} {name}\0{capabilities}\n")),
            false => put(&mut body, format!("{target} {name}\n")),
        }
    }
    if first {
        let none = Oid::ZERO_SHA1;
        put(
            &mut body,
            format!("{none} capabilities^{{}}\0{capabilities}\n"),
        );
    }
    body.extend_from_slice(b"0000");
    Ok(body)
}

/// Takes a push of one ref.
pub(super) fn push(repository: &Repository, message: &[u8], rules: &GitRules) -> Result<Vec<u8>> {
    let (line, rest) = packet(message)?;
    let line = String::from_utf8_lossy(line);
    let (command, capabilities) = line.split_once('\0').ok_or("no capabilities")?;
    let mut words = command.splitn(3, ' ');
    let (Some(old), Some(new), Some(name)) = (words.next(), words.next(), words.next()) else {
        return Err("no command".to_owned());
    };
    let (mark, mut pack) = packet(rest)?;
    if !mark.is_empty() {
        return Err("more than one command".to_owned());
    }
    if announces_options(capabilities) {
        pack = split_options(pack)?.1;
    }
    let (old, new) = (
        Oid::from_str(old).map_err(said)?,
        Oid::from_str(new).map_err(said)?,
    );
    let unpacked = unpack(repository, pack, new);
    let mut report = Vec::new();
    let mut aside = String::new();
    match &unpacked {
        Err(error) => {
            put(&mut report, format!("unpack {error}\n"));
            put(&mut report, format!("ng {name} unpacker error\n"));
        }
        Ok(()) => {
            put(&mut report, "unpack ok\n");
            match &rules.refuse {
                Some(reason) => {
                    aside = format!("{reason}\n");
                    put(
                        &mut report,
                        format!("ng {name} pre-receive hook declined\n"),
                    );
                }
                None => put(&mut report, set(repository, name, old, new)),
            }
        }
    }
    report.extend_from_slice(b"0000");
    Ok(match capabilities.contains("side-band-64k") {
        false => report,
        true => banded(&report, &aside),
    })
}

fn announces_options(capabilities: &str) -> bool {
    capabilities
        .trim_end()
        .split(' ')
        .any(|word| word == "push-options")
}

/// The options of a push, and what follows them.
fn split_options(message: &[u8]) -> Result<(Vec<String>, &[u8])> {
    let mut options = Vec::new();
    let mut rest = message;
    loop {
        let (option, after) = packet(rest)?;
        if option.is_empty() {
            return Ok((options, after));
        }
        options.push(String::from_utf8_lossy(option).into_owned());
        rest = after;
    }
}

/// The options of a push, none where they cannot be read.
pub(super) fn options(message: &[u8]) -> Vec<String> {
    let read = || -> Result<Vec<String>> {
        let (line, rest) = packet(message)?;
        let (_, rest) = packet(rest)?;
        let line = String::from_utf8_lossy(line);
        match line.split_once('\0') {
            Some((_, capabilities)) if announces_options(capabilities) => {
                Ok(split_options(rest)?.0)
            }
            _ => Ok(Vec::new()),
        }
    };
    read().unwrap_or_default()
}

/// Stores the objects; the pack may tell them against others that are here. All that the commit
/// or tag leads to directly must then be here.
fn unpack(repository: &Repository, pack: &[u8], new: Oid) -> Result<()> {
    let odb = repository.odb().map_err(said)?;
    let mut writer = odb.packwriter().map_err(said)?;
    writer.write_all(pack).map_err(|error| error.to_string())?;
    writer.commit().map_err(said)?;
    let commit = repository
        .find_object(new, None)
        .and_then(|object| object.peel_to_commit())
        .map_err(said)?;
    commit
        .tree()
        .and_then(|tree| {
            tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
                // A folder that is not here ends the walk; a file's blob is looked up by hand.
                match entry.kind() == Some(git2::ObjectType::Commit) || odb.exists(entry.id()) {
                    true => git2::TreeWalkResult::Ok,
                    false => git2::TreeWalkResult::Abort,
                }
            })
        })
        .map_err(said)
}

fn set(repository: &Repository, name: &str, old: Oid, new: Oid) -> String {
    match repository.reference_matching(name, new, true, old, "push") {
        Ok(_) => format!("ok {name}\n"),
        Err(error) => format!("ng {name} {}\n", error.message()),
    }
}

fn banded(report: &[u8], aside: &str) -> Vec<u8> {
    let mut body = Vec::new();
    if !aside.is_empty() {
        put(&mut body, format!("\x02{aside}"));
    }
    put_banded(&mut body, report);
    body.extend_from_slice(b"0000");
    body
}
