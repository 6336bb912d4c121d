//! The program that gives refs and objects (git: gitprotocol-v2).

use super::{GitRules, packet, put, put_banded};
use git2::{Commit, ObjectType, Oid, Repository, Tree};
use std::collections::{BTreeSet, HashSet};

type Result<T> = std::result::Result<T, String>;

fn said(error: git2::Error) -> String {
    error.message().to_owned()
}

pub(super) fn greeting(rules: &GitRules) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, "version 2\n");
    put(&mut body, "agent=testkit\n");
    put(&mut body, "ls-refs\n");
    let filter = rules.filter.map_or("", |_| " filter");
    put(&mut body, format!("fetch=shallow{filter}\n"));
    put(&mut body, "object-format=sha1\n");
    body.extend_from_slice(b"0000");
    body
}

/// The arguments of a command, which stand after the first mark.
fn arguments(message: &[u8]) -> Result<Vec<String>> {
    let mut rest = message;
    let mut lines = Vec::new();
    let mut marks = 0;
    while !rest.is_empty() {
        let (data, after) = packet(rest)?;
        marks += usize::from(data.is_empty());
        if marks == 1 && !data.is_empty() {
            lines.push(String::from_utf8_lossy(data).trim_end().to_owned());
        }
        rest = after;
    }
    Ok(lines)
}

fn values<'a>(arguments: &'a [String], name: &str) -> Vec<&'a str> {
    arguments
        .iter()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .collect()
}

pub(super) fn refs(repository: &Repository, message: &[u8]) -> Result<Vec<u8>> {
    let arguments = arguments(message)?;
    let prefixes = values(&arguments, "ref-prefix");
    let peel = arguments.iter().any(|line| line == "peel");
    let mut body = Vec::new();
    for reference in repository.references().map_err(said)? {
        let reference = reference.map_err(said)?;
        let (Ok(name), Some(target)) = (reference.name(), reference.target()) else {
            continue;
        };
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            let peeled = peel.then(|| reference.peel(ObjectType::Any).ok()).flatten();
            let peeled = peeled.filter(|peeled| peeled.id() != target);
            let peeled = peeled.map_or(String::new(), |peeled| format!(" peeled:{}", peeled.id()));
            put(&mut body, format!("{target} {name}{peeled}\n"));
        }
    }
    let head = repository.head().ok().and_then(|head| head.target());
    if let Some(head) = head.filter(|_| prefixes.contains(&"HEAD")) {
        put(&mut body, format!("{head} HEAD\n"));
    }
    body.extend_from_slice(b"0000");
    Ok(body)
}

/// The size in `limit=16m`.
fn limit(text: &str) -> Option<usize> {
    let megabytes: usize = text
        .strip_prefix("limit=")?
        .strip_suffix('m')?
        .parse()
        .ok()?;
    Some(megabytes << 20)
}

/// What is asked for, as far as it is understood here.
struct Wanted<'a> {
    repository: &'a Repository,
    /// How many levels of folders; all where there is no filter.
    levels: u32,
    /// The size from which files are left out.
    largest: usize,
    /// How many commits of a line; all where it is 0.
    depth: usize,
    hidden: HashSet<Oid>,
    found: BTreeSet<Oid>,
    /// Commits whose parents are left out.
    shallow: BTreeSet<Oid>,
}

pub(super) fn objects(
    repository: &Repository,
    message: &[u8],
    rules: &GitRules,
) -> Result<Vec<u8>> {
    let arguments = arguments(message)?;
    let ids = |name| -> Result<Vec<Oid>> {
        let parse = |text: &&str| Oid::from_str(text).map_err(said);
        values(&arguments, name).iter().map(parse).collect()
    };
    let (mut levels, mut largest) = (u32::MAX, usize::MAX);
    match values(&arguments, "filter")[..] {
        [] => {}
        [filter] => match filter.split_once([':', '=']) {
            Some(("tree", n)) => levels = n.parse().map_err(|_| "an unknown filter")?,
            Some(("blob", n)) => largest = limit(n).ok_or("an unknown filter")?,
            _ => return Err("an unknown filter".to_owned()),
        },
        _ => return Err("several filters".to_owned()),
    };
    let asked = if levels == u32::MAX { 0 } else { levels };
    let filters = levels != u32::MAX || largest != usize::MAX;
    if filters && rules.filter.is_none_or(|most| asked > most) {
        let mut body = Vec::new();
        put(&mut body, "ERR filter not allowed\n");
        return Ok(body);
    }
    let depth = values(&arguments, "deepen")
        .first()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let mut wanted = Wanted {
        repository,
        levels,
        largest,
        depth,
        hidden: HashSet::new(),
        found: BTreeSet::new(),
        shallow: BTreeSet::new(),
    };
    for have in ids("have")? {
        wanted.hide(have)?;
    }
    for want in ids("want")? {
        if !repository.odb().map_err(said)?.exists(want) {
            let mut body = Vec::new();
            put(&mut body, format!("ERR upload-pack: not our ref {want}\n"));
            return Ok(body);
        }
        wanted.object(want)?;
    }
    wanted.answer()
}

impl Wanted<'_> {
    /// What the other side has: the commits behind that one, and its files.
    fn hide(&mut self, have: Oid) -> Result<()> {
        let Ok(commit) = self.repository.find_commit(have) else {
            return Ok(());
        };
        let mut walk = self.repository.revwalk().map_err(said)?;
        walk.push(have).map_err(said)?;
        self.hidden.extend(walk.flatten());
        let levels = std::mem::replace(&mut self.levels, u32::MAX);
        self.tree(&commit.tree().map_err(said)?, 0)?;
        self.levels = levels;
        self.hidden.extend(std::mem::take(&mut self.found));
        Ok(())
    }

    fn object(&mut self, id: Oid) -> Result<()> {
        let object = self.repository.find_object(id, None).map_err(said)?;
        match object.kind() {
            Some(ObjectType::Commit) => self.commits(&object.peel_to_commit().map_err(said)?),
            // One that is asked for by name is given whatever the filter.
            Some(ObjectType::Tree) => {
                self.found.insert(id);
                self.tree(&object.peel_to_tree().map_err(said)?, 0)
            }
            Some(ObjectType::Tag) => {
                self.found.insert(id);
                self.commits(&object.peel_to_commit().map_err(said)?)
            }
            _ => {
                self.found.insert(id);
                Ok(())
            }
        }
    }

    fn commits(&mut self, tip: &Commit<'_>) -> Result<()> {
        let mut level = vec![tip.clone()];
        let mut depth = 1;
        while !level.is_empty() {
            let mut above = Vec::new();
            for commit in level {
                if self.hidden.contains(&commit.id()) || !self.found.insert(commit.id()) {
                    continue;
                }
                self.tree(&commit.tree().map_err(said)?, 0)?;
                match depth == self.depth && commit.parent_count() > 0 {
                    true => drop(self.shallow.insert(commit.id())),
                    false => above.extend(commit.parents()),
                }
            }
            level = above;
            depth += 1;
        }
        Ok(())
    }

    fn tree(&mut self, tree: &Tree<'_>, depth: u32) -> Result<()> {
        if depth >= self.levels || self.hidden.contains(&tree.id()) {
            return Ok(());
        }
        self.found.insert(tree.id());
        for entry in tree {
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    let below = self.repository.find_tree(entry.id()).map_err(said)?;
                    self.tree(&below, depth + 1)?;
                }
                Some(ObjectType::Blob)
                    if depth + 1 < self.levels
                        && !self.hidden.contains(&entry.id())
                        && self.is_small(entry.id())? =>
                {
                    self.found.insert(entry.id());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn is_small(&self, id: Oid) -> Result<bool> {
        let database = self.repository.odb().map_err(said)?;
        let (size, _) = database.read_header(id).map_err(said)?;
        Ok(size < self.largest)
    }

    fn answer(&self) -> Result<Vec<u8>> {
        let mut builder = self.repository.packbuilder().map_err(said)?;
        for id in &self.found {
            builder.insert_object(*id, None).map_err(said)?;
        }
        let mut pack = git2::Buf::new();
        builder.write_buf(&mut pack).map_err(said)?;
        let mut body = Vec::new();
        if self.depth > 0 {
            put(&mut body, "shallow-info\n");
            for id in &self.shallow {
                put(&mut body, format!("shallow {id}"));
            }
            body.extend_from_slice(b"0001");
        }
        put(&mut body, "packfile\n");
        put(&mut body, b"\x02some progress\n");
        put_banded(&mut body, &pack);
        body.extend_from_slice(b"0000");
        Ok(body)
    }
}
