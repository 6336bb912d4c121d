//! A bare repository to write to, and the ways to it.

use git2::{ObjectType, Oid, Repository, Signature as Git2Signature, Time};
use tempfile::TempDir;
use windlass_gitsync::{Access, Date, Identity, Options, Remote, Signature, open};
use windlass_testkit::{GitRules, GitServer};

/// A bare repository with a branch `main`.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) repository: Repository,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&[
            ("README.md", "hello\n"),
            ("apps/a/k8s/overlays/dev/kustomization.yaml", "tag: one\n"),
            ("apps/a/k8s/overlays/prod/kustomization.yaml", "tag: one\n"),
            ("apps/b/k8s/overlays/dev/kustomization.yaml", "tag: two\n"),
        ])
    }

    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let world = Self { folder, repository };
        world.commit("main", files);
        world
    }

    /// Commits these files, and no others, on a branch.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)]) -> Oid {
        let tree = self.tree(files);
        self.commit_tree(branch, tree)
    }

    /// The same at a moment, in seconds since 1970.
    pub(crate) fn commit_at(&self, branch: &str, files: &[(&str, &str)], time: i64) -> Oid {
        self.write(branch, self.tree(files), &[], time)
    }

    pub(crate) fn commit_tree(&self, branch: &str, tree: Oid) -> Oid {
        self.write(branch, tree, &[], 0)
    }

    /// Merges a commit into a branch, whose files stay as they are.
    pub(crate) fn merge(&self, branch: &str, other: Oid, time: i64) -> Oid {
        let tip = self.repository.find_commit(self.tip(branch)).unwrap();
        self.write(branch, tip.tree_id(), &[other], time)
    }

    /// Merges a commit into a branch, with the commit's files.
    pub(crate) fn merge_files(&self, branch: &str, other: Oid) -> Oid {
        let tree = self.repository.find_commit(other).unwrap().tree_id();
        self.write(branch, tree, &[other], 0)
    }

    pub(crate) fn tree_of(&self, branch: &str) -> Oid {
        let tip = self.repository.find_commit(self.tip(branch)).unwrap();
        tip.tree_id()
    }

    /// How many commits lead to a branch's tip, that one included.
    pub(crate) fn log_length(&self, branch: &str) -> usize {
        let mut walk = self.repository.revwalk().unwrap();
        walk.push(self.tip(branch)).unwrap();
        walk.count()
    }

    /// Lets a new branch begin at a commit.
    pub(crate) fn branch(&self, name: &str, at: Oid) {
        let reference = format!("refs/heads/{name}");
        self.repository
            .reference(&reference, at, false, "")
            .unwrap();
    }

    /// Removes an object, as if the repository were a shallow clone.
    pub(crate) fn forget(&self, id: Oid) {
        let name = id.to_string();
        let (folder, file) = name.split_at(2);
        let path = self.folder.path().join("objects").join(folder).join(file);
        std::fs::remove_file(path).unwrap();
    }

    fn write(&self, branch: &str, tree: Oid, others: &[Oid], time: i64) -> Oid {
        let tree = self.repository.find_tree(tree).unwrap();
        let reference = format!("refs/heads/{branch}");
        let tip = self.repository.refname_to_id(&reference).ok();
        let parents = tip.iter().chain(others);
        let parents: Vec<_> = parents
            .map(|id| self.repository.find_commit(*id).unwrap())
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        let who = Git2Signature::new("a", "a@example.com", &Time::new(time, 0)).unwrap();
        self.repository
            .commit(Some(&reference), &who, &who, "Prepare", &tree, &parents)
            .unwrap()
    }

    fn tree(&self, files: &[(&str, &str)]) -> Oid {
        let mut index = git2::Index::new().unwrap();
        for (path, text) in files {
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: 0o100_644,
                uid: 0,
                gid: 0,
                file_size: 0,
                id: self.repository.blob(text.as_bytes()).unwrap(),
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).unwrap();
        }
        index.write_tree_to(&self.repository).unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    pub(crate) fn serve(&self, rules: GitRules) -> GitServer {
        GitServer::start(self.folder.path(), rules).unwrap()
    }

    pub(crate) fn tip(&self, branch: &str) -> Oid {
        let reference = format!("refs/heads/{branch}");
        self.repository.refname_to_id(&reference).unwrap()
    }

    /// What a file holds at the tip, read by libgit2.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<String> {
        let tip = self.repository.find_commit(self.tip(branch)).unwrap();
        let entry = tip.tree().unwrap().get_path(path.as_ref()).ok()?;
        let object = entry.to_object(&self.repository).unwrap();
        let blob = object.into_blob().unwrap();
        Some(String::from_utf8(blob.content().to_vec()).unwrap())
    }

    /// Messages of the commits of a branch, the newest first.
    pub(crate) fn log(&self, branch: &str) -> Vec<String> {
        let mut walk = self.repository.revwalk().unwrap();
        walk.push(self.tip(branch)).unwrap();
        walk.map(|id| {
            let commit = self.repository.find_commit(id.unwrap()).unwrap();
            assert!(commit.parent_count() < 2, "a merge");
            commit.message().unwrap().to_owned()
        })
        .collect()
    }

    /// Every object of the branch is there and whole.
    pub(crate) fn check(&self, branch: &str) {
        let odb = self.repository.odb().unwrap();
        let mut walk = self.repository.revwalk().unwrap();
        walk.push(self.tip(branch)).unwrap();
        for id in walk {
            let commit = self.repository.find_commit(id.unwrap()).unwrap();
            commit
                .tree()
                .unwrap()
                .walk(git2::TreeWalkMode::PreOrder, |_, entry| {
                    let object = odb.read(entry.id()).unwrap();
                    let hash = Oid::hash_object(object.kind(), object.data()).unwrap();
                    assert_eq!(hash, entry.id());
                    git2::TreeWalkResult::Ok
                })
                .unwrap();
        }
    }

    pub(crate) fn blob(&self, text: &str) -> Oid {
        self.repository.blob(text.as_bytes()).unwrap()
    }

    /// A tree of one entry, whatever its mode.
    pub(crate) fn odd_tree(&self, mode: &str, name: &str, id: Oid) -> Oid {
        let data = [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat();
        let odb = self.repository.odb().unwrap();
        odb.write(ObjectType::Tree, &data).unwrap()
    }
}

pub(crate) fn signature() -> Signature {
    let date = Date {
        seconds: 1_700_000_000,
        offset: 60,
    };
    Signature {
        author: Identity::new("Author", "author@example.com", date),
        committer: Identity::new("Committer", "committer@example.com", date),
    }
}

pub(crate) fn quick() -> Options {
    Options {
        deadline: std::time::Duration::from_secs(60),
        pause: std::time::Duration::from_millis(5),
        ..Options::default()
    }
}

pub(crate) fn remote(address: &str) -> Box<dyn Remote> {
    open(address, &Access::default()).unwrap()
}

/// An error as a person sees it, with what changes from run to run taken out.
pub(crate) fn shown(error: &windlass_gitsync::Error) -> String {
    use windlass_fault::Fault;
    let mut text = format!("{:?}/{:?}: {error}", error.kind(), error.blame());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!("\ncaused by: {cause}"));
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\nhint: {hint}"));
    }
    let mut pieces = text.split("127.0.0.1:");
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| {
        text + "[HOST]" + piece.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}
