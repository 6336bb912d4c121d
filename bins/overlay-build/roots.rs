//! Which kustomizations to build, and what the file of each is called.

use globset::GlobBuilder;
use std::path::{Component, Path, PathBuf};
use windlass_cli::{Context, Failure};
use windlass_overlay::{Files, Survey};

/// What the command line asks to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Roots {
    /// The folders with the kustomizations; with `--all`, the folders to look for them in
    #[arg(value_name = "DIR", default_value = ".")]
    folders: Vec<PathBuf>,
    /// Build every kustomization in and below the folders that no other one there uses
    #[arg(long)]
    all: bool,
    /// Of those, build the ones whose folder matches: `apps/*/k8s/overlays/prod`
    #[arg(long = "match", value_name = "GLOB", requires = "all")]
    patterns: Vec<String>,
}

impl Roots {
    /// Whether the answer is one folder that the user named.
    pub(crate) fn is_one(&self) -> bool {
        !self.all && self.folders.len() == 1
    }

    /// The folders to build, as the user would write them.
    pub(crate) fn find(
        &self,
        files: &dyn Files,
        context: &Context,
    ) -> Result<Vec<PathBuf>, Failure> {
        if !self.all {
            return Ok(self.folders.clone());
        }
        let here = context.path("");
        let mut found = Vec::new();
        for folder in &self.folders {
            for root in Survey::new(files, &context.path(folder))?.roots() {
                let root = root.strip_prefix(&here).unwrap_or(&root);
                found.push(plain(root));
            }
        }
        found.sort();
        found.dedup();
        let found = self.matching(found)?;
        match found.is_empty() {
            false => Ok(found),
            true => Err(Failure::input("there is no kustomization to build", None)),
        }
    }

    fn matching(&self, found: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
        let mut globs = globset::GlobSetBuilder::new();
        for pattern in &self.patterns {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            globs.add(glob.map_err(|why| Failure::usage(why.to_string()))?);
        }
        let globs = globs.build();
        let globs = globs.map_err(|why| Failure::usage(why.to_string()))?;
        let is_meant = |path: &PathBuf| globs.is_empty() || globs.is_match(path);
        Ok(found.into_iter().filter(is_meant).collect())
    }
}

/// The path without `.`; the folder itself is one.
fn plain(path: &Path) -> PathBuf {
    let parts = path.components();
    let path: PathBuf = parts.filter(|part| *part != Component::CurDir).collect();
    match path.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => path,
    }
}

/// The file of a root in a folder that mirrors the tree: `apps/web/dev` is in `apps/web/dev.yaml`.
pub(crate) fn mirrored(root: &Path) -> Result<PathBuf, Failure> {
    let path = plain(root);
    let is_inside = |part: Component<'_>| matches!(part, Component::Normal(_));
    if !path.components().all(is_inside) {
        let root = root.display();
        return Err(Failure::usage(format!(
            "`{root}` has no place in a folder that mirrors the tree: name it by a path below the \
             present folder, which `-C` sets"
        )));
    }
    let mut name = path.into_os_string();
    name.push(".yaml");
    Ok(PathBuf::from(name))
}
