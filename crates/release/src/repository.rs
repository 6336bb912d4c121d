//! The git repository, read without a checkout: revisions, applications, tags.

use crate::apps::Apps;
use crate::error::{Error, ErrorKind, Result, unreadable};
use crate::names::TagNames;
use crate::scope::Layout;
use crate::tree::{Entry, Items, Tree};
use crate::walk::Kept;
use git2::{ErrorCode, ObjectType, Oid};
use semver::Version;
use std::collections::HashSet;
use std::path::Path;

/// A repository that is open for reading. A bare one and one with a work tree are the same here.
pub struct Repository {
    pub(crate) git: git2::Repository,
    /// The commits whose parents a shallow clone leaves out.
    pub(crate) boundary: HashSet<Oid>,
    pub(crate) kept: Kept,
}

/// A version tag of one application.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// The commit it stands for, unless it names something else or something that is not here.
    pub(crate) commit: Option<Oid>,
}

impl Repository {
    /// Opens the repository whose work tree or git folder `path` is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Repository`] where there is none or it may not be read.
    pub fn open(path: &Path) -> Result<Self> {
        let git = git2::Repository::open(path).map_err(|source| cannot_open(path, source))?;
        let boundary = if git.is_shallow() {
            let file = git.commondir().join("shallow");
            let text = std::fs::read_to_string(&file).map_err(|_| no_boundary(&file))?;
            text.lines()
                .filter_map(|line| line.trim().parse().ok())
                .collect()
        } else {
            HashSet::new()
        };
        Ok(Self {
            git,
            boundary,
            kept: Kept::default(),
        })
    }

    /// The applications at a revision: the folders below `layout.apps` that hold a `Dockerfile`
    /// or a folder `k8s`, but for those whose name begins with a dot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Revision`] if there is no such commit, [`ErrorKind::History`] if it cannot
    /// be read.
    pub fn apps(&self, revision: &str, layout: &Layout) -> Result<Vec<String>> {
        let commit = self.commit(revision)?;
        self.apps_at(commit, layout)?.all().collect()
    }

    pub(crate) fn apps_at(&self, commit: Oid, layout: &Layout) -> Result<Apps<'_>> {
        let root = self.tree_of(commit)?;
        let tree = match layout.apps.trim_matches('/') {
            "" | "." => Some(root),
            apps => match self.entry(&root, apps)? {
                Some(entry) if entry.is_tree() => Some(self.tree(entry.id)?),
                _ => None,
            },
        };
        Ok(Apps::new(self, tree))
    }

    /// The commit that a revision names.
    pub(crate) fn commit(&self, revision: &str) -> Result<Oid> {
        let object = self.git.revparse_single(revision);
        let commit = object.and_then(|object| object.peel_to_commit());
        commit.map(|commit| commit.id()).map_err(|source| {
            Error::new(
                ErrorKind::Revision,
                format!("`{revision}` names no commit of the repository"),
            )
            .because(source)
        })
    }

    /// The date of a commit in UTC, as `2026-11-23`.
    pub(crate) fn date(&self, commit: Oid) -> Result<String> {
        Ok(date(self.find(commit)?.time().seconds()))
    }

    pub(crate) fn find(&self, commit: Oid) -> Result<git2::Commit<'_>> {
        let found = self.git.find_commit(commit);
        found.map_err(|source| unreadable(format_args!("commit {commit}"), source))
    }

    pub(crate) fn tree_of(&self, commit: Oid) -> Result<Tree> {
        self.tree(self.find(commit)?.tree_id())
    }

    pub(crate) fn tree(&self, id: Oid) -> Result<Tree> {
        self.with_tree(id, |bytes| Ok(Tree::new(id, bytes.to_vec())))
    }

    /// What stands at a path below a tree.
    pub(crate) fn entry(&self, tree: &Tree, path: &str) -> Result<Option<Entry>> {
        let (name, rest) = split(path);
        self.below(tree.get(name.as_bytes())?, rest)
    }

    fn below(&self, entry: Option<Entry>, rest: Option<&str>) -> Result<Option<Entry>> {
        match (entry, rest) {
            (Some(entry), Some(path)) if entry.is_tree() => {
                let (name, rest) = split(path);
                let found = |bytes: &[u8]| Items::new(entry.id, bytes).get(name.as_bytes());
                self.below(self.with_tree(entry.id, found)?, rest)
            }
            (_, Some(_)) => Ok(None),
            (entry, None) => Ok(entry),
        }
    }

    /// Lends the bytes of a tree, which are many where it holds hundreds of names.
    fn with_tree<T>(&self, id: Oid, take: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let cannot = |source| unreadable(format_args!("tree {id}"), source);
        let database = self.git.odb().map_err(cannot)?;
        let object = database.read(id).map_err(cannot)?;
        if object.kind() == ObjectType::Tree {
            return take(object.data());
        }
        Err(Error::new(
            ErrorKind::History,
            format!("cannot read tree {id}: it is none"),
        ))
    }

    /// The version tags of the application of `names`, highest version first.
    pub(crate) fn tags(&self, names: &TagNames) -> Result<Vec<Tag>> {
        let mut tags = Vec::new();
        self.each_tag(|name, reference| {
            let version = names.parse(name);
            tags.extend(version.map(|version| Tag {
                name: name.to_owned(),
                version,
                commit: self.target(reference),
            }));
        })?;
        tags.sort_by(|a, b| {
            let order = b.version.cmp_precedence(&a.version);
            order.then_with(|| a.name.cmp(&b.name))
        });
        Ok(tags)
    }

    /// Of the tags of other forms the one that seems to mean the highest version.
    pub(crate) fn foreign_tag(&self, names: &TagNames) -> Result<Option<(String, Version)>> {
        let mut highest: Option<(String, Version)> = None;
        self.each_tag(|name, _| {
            let Some(version) = names.guess(name) else {
                return;
            };
            let lower = |(found, than): &(String, Version)| {
                let order = version.cmp_precedence(than);
                order.then_with(|| found.as_str().cmp(name)).is_le()
            };
            if !highest.as_ref().is_some_and(lower) {
                highest = Some((name.to_owned(), version));
            }
        })?;
        Ok(highest)
    }

    fn each_tag(&self, mut take: impl FnMut(&str, &git2::Reference<'_>)) -> Result<()> {
        let cannot = |source| unreadable("the tags", source);
        let references = self.git.references_glob("refs/tags/*").map_err(cannot)?;
        for reference in references {
            let reference = reference.map_err(cannot)?;
            let name = reference.name().ok();
            if let Some(name) = name.and_then(|name| name.strip_prefix("refs/tags/")) {
                take(name, &reference);
            }
        }
        Ok(())
    }

    /// The commit of a tag. One that names a tree or an object which is not here has none.
    fn target(&self, reference: &git2::Reference<'_>) -> Option<Oid> {
        let peeled = match reference.target_peel() {
            Some(id) => self.git.find_commit(id),
            None => reference.peel_to_commit(),
        };
        peeled.ok().map(|commit| commit.id())
    }
}

/// The first part of a path, and the rest if there is one.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    }
}

fn cannot_open(path: &Path, source: git2::Error) -> Error {
    let path = path.display();
    let hint = match source.code() {
        ErrorCode::Owner => {
            format!("if you trust it, run `git config --global --add safe.directory {path}`")
        }
        _ => "name the root of the repository with `-C`".to_owned(),
    };
    let message = format!("cannot open a git repository at `{path}`");
    Error::new(ErrorKind::Repository, message)
        .hint(hint)
        .because(source)
}

fn no_boundary(file: &Path) -> Error {
    let message = format!(
        "cannot read `{}`, the end of the shallow clone",
        file.display()
    );
    Error::new(ErrorKind::Repository, message)
}

/// The day of a Unix time, by the Gregorian calendar. Years are counted from March, so that the
/// leap day is the last of its year; an era is the 400 years after which all repeats.
fn date(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + later)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_of_unix_times() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_709_164_800, "2024-02-29"),
            (1_735_689_599, "2024-12-31"),
            (1_795_392_000, "2026-11-23"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
        assert_eq!(date(i64::MAX), "292277026596-12-04");
        assert_eq!(date(i64::MIN), "-292277022657-01-27");
    }
}
