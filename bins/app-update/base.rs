//! The template that an app was made from, out of git's object database.

use git2::{ObjectType, Oid, Repository, Tree};
use windlass_cli::{Context, Failure};
use windlass_scaffold::{File, Files, Record, Template};

/// As much as a template on disk may have.
const MAX_FILES: usize = 2_000;
const MAX_FILE: usize = 1 << 20;
const MAX_DEPTH: usize = 16;

/// Where earlier templates are found.
pub(crate) struct Base<'a> {
    context: &'a Context,
    /// A revision to take instead of the recorded tree.
    revision: Option<String>,
}

impl<'a> Base<'a> {
    pub(crate) fn new(context: &'a Context, revision: Option<String>) -> Self {
        Self { context, revision }
    }

    /// The template of the app `name`.
    pub(crate) fn template(&self, name: &str, record: &Record) -> Result<Template, Failure> {
        let folder = self.context.directory();
        let repository = Repository::discover(folder).map_err(|error| {
            let message = format!(
                "cannot open the git repository of `{}`: {}",
                folder.display(),
                error.message()
            );
            Failure::input(message, None)
        })?;
        let tree = match &self.revision {
            Some(revision) => repository
                .revparse_single(&format!("{revision}:{}", record.template))
                .and_then(|object| object.peel_to_tree()),
            None => Oid::from_str(&record.revision).and_then(|id| repository.find_tree(id)),
        };
        let tree = tree.map_err(|error| {
            let message = format!(
                "cannot find the template that `{name}` was made from: {}",
                error.message()
            );
            let hint = "fetch the whole history, or name a revision that has it with `--base`";
            Failure::input(message, Some(hint.to_owned()))
        })?;
        let mut files = Files::new();
        read(&repository, &tree, "", &mut files, 0).map_err(|why| {
            let message = format!("cannot read the template that `{name}` was made from: {why}");
            Failure::input(message, None)
        })?;
        Ok(Template::new(&record.template, files)?)
    }
}

/// Puts the files of a tree among `files`.
fn read(
    repository: &Repository,
    tree: &Tree<'_>,
    prefix: &str,
    files: &mut Files,
    depth: usize,
) -> Result<(), String> {
    let git = |error: git2::Error| error.message().to_owned();
    for entry in tree {
        let name = entry
            .name()
            .map_err(|_| "a name in it is not UTF-8".to_owned())?;
        let path = format!("{prefix}{name}");
        match (entry.kind(), entry.filemode()) {
            (Some(ObjectType::Tree), _) if depth < MAX_DEPTH => {
                let folder = repository.find_tree(entry.id()).map_err(git)?;
                read(repository, &folder, &format!("{path}/"), files, depth + 1)?;
            }
            (Some(ObjectType::Blob), mode @ (0o100_644 | 0o100_755)) if files.len() < MAX_FILES => {
                let blob = repository.find_blob(entry.id()).map_err(git)?;
                if blob.size() > MAX_FILE {
                    return Err(format!("`{path}` is larger than 1 MiB"));
                }
                let file = File {
                    bytes: blob.content().to_vec(),
                    executable: mode == 0o100_755,
                };
                files.insert(path, file);
            }
            _ => return Err(format!("`{path}` is neither a file nor a folder")),
        }
    }
    Ok(())
}
