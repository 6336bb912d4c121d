//! Repositories made from a few lines of text.

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Signature, Time};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use tempfile::TempDir;
use windlass_release::{Layout, Next, Options, Repository, Result, Shared, next};

/// A repository with two applications, `api` and `web`, and one commit.
pub(crate) struct Repo {
    pub(crate) folder: TempDir,
    pub(crate) git: git2::Repository,
    /// Seconds between two commits.
    pub(crate) pace: i64,
    time: Cell<i64>,
    written: Cell<u32>,
    labels: RefCell<HashMap<String, String>>,
}

impl Repo {
    pub(crate) fn new() -> Self {
        Self::with_apps(&["api", "web"])
    }

    pub(crate) fn with_apps(apps: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main").bare(true);
        let git = git2::Repository::init_opts(folder.path(), &options).unwrap();
        let repo = Self {
            folder,
            git,
            pace: 60,
            time: Cell::new(1_700_000_000),
            written: Cell::new(0),
            labels: RefCell::default(),
        };
        let files: Vec<_> = apps
            .iter()
            .map(|app| format!("apps/{app}/Dockerfile"))
            .collect();
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        repo.commit("chore: begin", &files);
        repo
    }

    /// A repository after a script, in which each line is one of
    ///
    /// ```text
    /// tag NAME            annotated, on the present commit
    /// light NAME          the same without an object of its own
    /// branch NAME         made and gone to
    /// switch NAME
    /// merge NAME [| FILE …]      the files are changed by the merge itself
    /// [LABEL) ]MESSAGE [| [-]FILE …]
    /// ```
    ///
    /// A message may hold `\n` for a line break and `{LABEL}` for the hash of an earlier commit.
    /// Files are changed, those with `-` deleted; `| none` changes none. Without files it is
    /// `apps/api/k8s/base.yaml`, which is not in the image, so that the type alone counts.
    pub(crate) fn script(lines: &str) -> Self {
        let repo = Self::new();
        repo.run(lines);
        repo
    }

    pub(crate) fn run(&self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once(' ') {
                Some(("tag", name)) => self.tag(name),
                Some(("light", name)) => self.light_tag(name),
                Some(("branch", name)) => self.branch(name),
                Some(("switch", name)) => self.switch(name),
                Some(("merge", rest)) => {
                    let (name, files) = files(rest);
                    self.merge(name, &files.unwrap_or_default());
                }
                _ => self.line(line),
            }
        }
    }

    fn line(&self, line: &str) {
        let (label, rest) = match line.split_once(") ") {
            Some((label, rest)) if label.len() == 1 => (Some(label), rest),
            _ => (None, line),
        };
        let (message, files) = files(rest);
        let mut message = message.replace("\\n", "\n");
        for (label, hash) in self.labels.borrow().iter() {
            message = message.replace(&format!("{{{label}}}"), hash);
            message = message.replace(&format!("{{{label}:7}}"), &hash[..7]);
        }
        let files = files.unwrap_or_else(|| vec!["apps/api/k8s/base.yaml"]);
        let id = self.commit(&message, &files);
        if let Some(label) = label {
            self.labels
                .borrow_mut()
                .insert(label.to_owned(), id.to_string());
        }
    }

    pub(crate) fn commit(&self, message: &str, files: &[&str]) -> Oid {
        let parent = self
            .git
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let tree = parent.as_ref().map(|parent| parent.tree_id());
        let tree = self.write(tree, files);
        self.record(message, tree, &parent.iter().collect::<Vec<_>>())
    }

    pub(crate) fn merge(&self, name: &str, files: &[&str]) -> Oid {
        let ours = self.git.head().unwrap().peel_to_commit().unwrap();
        let theirs = format!("refs/heads/{name}");
        let theirs = self
            .git
            .find_reference(&theirs)
            .unwrap()
            .peel_to_commit()
            .unwrap();
        let mut options = git2::MergeOptions::new();
        options.file_favor(git2::FileFavor::Ours);
        let mut merged = self
            .git
            .merge_commits(&ours, &theirs, Some(&options))
            .unwrap();
        let tree = self.write(Some(merged.write_tree_to(&self.git).unwrap()), files);
        self.record(&format!("Merge branch '{name}'"), tree, &[&ours, &theirs])
    }

    fn record(&self, message: &str, tree: Oid, parents: &[&git2::Commit<'_>]) -> Oid {
        let time = Time::new(self.time.replace(self.time.get() + self.pace), 0);
        let author = Signature::new("A", "a@example.com", &time).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        self.git
            .commit(Some("HEAD"), &author, &author, message, &tree, parents)
            .unwrap()
    }

    fn write(&self, tree: Option<Oid>, files: &[&str]) -> Oid {
        let empty = || self.git.treebuilder(None).unwrap().write().unwrap();
        let tree = self.git.find_tree(tree.unwrap_or_else(empty)).unwrap();
        let (gone, changed): (Vec<&str>, Vec<&str>) = files
            .iter()
            .filter(|file| **file != "none")
            .partition(|file| file.starts_with('-'));
        let mut update = TreeUpdateBuilder::new();
        for file in gone {
            update.remove(&file[1..]);
        }
        let tree = update.create_updated(&self.git, &tree).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let mut update = TreeUpdateBuilder::new();
        for file in changed {
            self.written.set(self.written.get() + 1);
            let text = format!("{file} {}\n", self.written.get());
            let blob = self.git.blob(text.as_bytes()).unwrap();
            update.upsert(file, blob, FileMode::Blob);
        }
        update.create_updated(&self.git, &tree).unwrap()
    }

    pub(crate) fn head(&self) -> Oid {
        self.git.head().unwrap().target().unwrap()
    }

    pub(crate) fn tag(&self, name: &str) {
        let object = self.git.find_object(self.head(), None).unwrap();
        let tagger = Signature::new("A", "a@example.com", &Time::new(0, 0)).unwrap();
        self.git.tag(name, &object, &tagger, name, false).unwrap();
    }

    pub(crate) fn light_tag(&self, name: &str) {
        let object = self.git.find_object(self.head(), None).unwrap();
        self.git.tag_lightweight(name, &object, false).unwrap();
    }

    pub(crate) fn branch(&self, name: &str) {
        let head = self.git.find_commit(self.head()).unwrap();
        self.git.branch(name, &head, false).unwrap();
        self.switch(name);
    }

    pub(crate) fn switch(&self, name: &str) {
        self.git.set_head(&format!("refs/heads/{name}")).unwrap();
    }

    pub(crate) fn open(&self) -> Repository {
        Repository::open(self.folder.path()).unwrap()
    }

    pub(crate) fn next(&self, options: &Options) -> Result<Next> {
        next(&self.open(), "HEAD", "api", &Layout::default(), options)
    }

    /// The version, or `none`, or the kind of the error.
    pub(crate) fn answer(&self, options: &Options) -> String {
        match self.next(options) {
            Ok(next) => next
                .version
                .map_or("none".to_owned(), |version| version.to_string()),
            Err(error) => format!("{:?}", error.kind()),
        }
    }
}

fn files(text: &str) -> (&str, Option<Vec<&str>>) {
    match text.split_once(" | ") {
        Some((text, files)) => (text, Some(files.split_whitespace().collect())),
        None => (text, None),
    }
}

/// A single shared path, for one application or for all.
pub(crate) fn shared(path: &str, app: Option<&str>) -> Vec<Shared> {
    vec![Shared {
        path: path.to_owned(),
        apps: app.map(|app| vec![app.to_owned()]),
    }]
}
