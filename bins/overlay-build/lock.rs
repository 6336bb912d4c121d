//! `overlay.lock`: what is remote, as it was when it was last looked at.

use crate::shared::Shared;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use windlass_overlay::{Files, LOCK};

/// How large it may be, in bytes.
const MAX_SIZE: u64 = 16 << 20;

/// What was locked. Addresses are without passwords.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    /// By address and reference.
    pub(crate) commits: BTreeMap<(String, String), Pinned>,
    /// Hashes by address.
    pub(crate) files: BTreeMap<String, String>,
}

/// A commit of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) commit: String,
    pub(crate) tree: String,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    git: Vec<GitEntry>,
    #[serde(default)]
    files: Vec<FileEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GitEntry {
    url: String,
    #[serde(default)]
    r#ref: String,
    commit: String,
    tree: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    url: String,
    sha256: String,
}

/// Where the lock of a folder is: beside it or in the next folder above that has one, up to the
/// root of the repository, which is also where a new one goes.
pub(crate) fn path_for(files: &dyn Files, folder: &Path) -> PathBuf {
    let Ok(start) = files.find(folder) else {
        return folder.join(LOCK);
    };
    for above in start.path.ancestors() {
        let path = above.join(LOCK);
        if files.find(&path).is_ok() || files.find(&above.join(".git")).is_ok() {
            return path;
        }
    }
    start.path.join(LOCK)
}

impl Lock {
    /// The lock at a path; an empty one where there is none.
    pub(crate) fn read(files: &dyn Files, path: &Path) -> Result<Self, Shared> {
        let shown = path.display().to_string();
        let refuse = |why: &str| Err(Shared::refuse(format!("`{shown}` {why}"), None));
        let content = match files.read(path, MAX_SIZE) {
            Ok(content) => content,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(why) => return refuse(&format!("cannot be read: {why}")),
        };
        let Ok(text) = String::from_utf8(content) else {
            return refuse("is not UTF-8");
        };
        let file: File = windlass_yaml::from_str(&shown, &text).map_err(Shared::of)?;
        if file.version != 1 {
            return refuse("is of a version that is not known here");
        }
        Ok(Self::from(file))
    }

    /// What is in `newer` replaces what is here.
    pub(crate) fn update(&mut self, newer: Self) {
        self.commits.extend(newer.commits);
        self.files.extend(newer.files);
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        let mut text =
            "# Written by `overlay-build --lock` and `--update-lock`.\nversion: 1\n".to_owned();
        let mut put = |head: &str, fields: &[(&str, &str)]| {
            text.push_str(head);
            for (at, (name, value)) in fields.iter().enumerate() {
                let indent = if at == 0 { "-" } else { " " };
                // A text of JSON is one of YAML as well.
                let value = serde_json::Value::from(*value);
                writeln!(text, "{indent} {name}: {value}").expect("writing to memory");
            }
        };
        for (at, ((url, reference), pinned)) in self.commits.iter().enumerate() {
            let head = if at == 0 { "git:\n" } else { "" };
            let Pinned { commit, tree } = pinned;
            let fields = [
                ("url", &**url),
                ("ref", reference),
                ("commit", commit),
                ("tree", tree),
            ];
            put(head, &fields);
        }
        for (at, (url, hash)) in self.files.iter().enumerate() {
            let head = if at == 0 { "files:\n" } else { "" };
            put(head, &[("url", url), ("sha256", hash)]);
        }
        text
    }
}

impl From<File> for Lock {
    fn from(file: File) -> Self {
        let commit = |entry: GitEntry| {
            let GitEntry {
                url,
                r#ref,
                commit,
                tree,
            } = entry;
            ((url, r#ref), Pinned { commit, tree })
        };
        Self {
            commits: file.git.into_iter().map(commit).collect(),
            files: file
                .files
                .into_iter()
                .map(|entry| (entry.url, entry.sha256))
                .collect(),
        }
    }
}
