//! The annotation by which Argo CD knows which changes an Application has to be rendered for
//! (Argo CD: "High Availability", "Manifest Paths Annotation").

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use windlass_cli::{Context, Failure};
use windlass_fault::{Location, Warning};
use windlass_overlay::{Builder, Disk, Files as _, Options, Restriction};
use windlass_yaml::{Document, Step};

const ANNOTATION: &str = "argocd.argoproj.io/manifest-generate-paths";

/// What was found out about the annotations of some files.
#[derive(Debug, Default)]
pub(crate) struct Annotated {
    /// The files whose annotation is not what their builds read.
    pub(crate) differs: Vec<PathBuf>,
    pub(crate) warnings: Vec<Warning>,
}

/// Compares the annotation of each Application with what the build of its overlay reads, and where
/// they differ sets it, or warns if it is only to `check`.
pub(crate) fn annotate(
    files: &[PathBuf],
    check: bool,
    context: &Context,
) -> Result<Annotated, Failure> {
    let disk = Disk::default();
    let top = disk.find(&context.path(".")).map_err(|why| {
        Failure::input(
            format!("cannot look into the folder to work in: {why}"),
            None,
        )
    })?;
    let options = Options {
        restriction: Restriction::None,
        ..Options::default()
    };
    let builder = Builder::new(&disk, &options);
    let mut annotated = Annotated::default();
    for file in files {
        let path = context.path(file);
        let text = std::fs::read_to_string(&path).map_err(|why| {
            Failure::input(format!("cannot read `{}`: {why}", file.display()), None)
        })?;
        let shown = file.display().to_string();
        let mut document = Document::parse(&shown, &text)?;
        let Some(source) = source_of(&document) else {
            continue;
        };
        let folder = context.path(&source);
        let found = disk.find(&folder);
        if !found.is_ok_and(|found| found.is_dir && found.path.starts_with(&top.path)) {
            let message = format!("`{source}` is not a folder of this repository");
            let warning = Warning::new(message).at(Location::file(&shown));
            annotated.warnings.push(warning);
            continue;
        }
        let built = builder.build(&folder)?;
        let wanted = folders(built.read(), &top.path);
        let way = [
            Step::Key("metadata"),
            Step::Key("annotations"),
            Step::Key(ANNOTATION),
        ];
        if document.get(&way) == Some(&wanted) {
            continue;
        }
        annotated.differs.push(file.clone());
        if check {
            let message = format!("`{ANNOTATION}` is not `{wanted}`, which the build reads");
            let warning = Warning::new(message).at(Location::file(&shown));
            annotated
                .warnings
                .push(warning.hint("set it with `--annotate`"));
            continue;
        }
        document.set(&way, &wanted)?;
        std::fs::write(&path, document.finish()).map_err(|why| {
            Failure::world(format!("cannot write `{}`: {why}", file.display()), None)
        })?;
    }
    Ok(annotated)
}

/// The path that an Application is made from; nothing for any other object, and for one that takes
/// a chart from elsewhere.
fn source_of(document: &Document) -> Option<String> {
    let is_application = document.get(&[Step::Key("kind")])? == "Application"
        && document
            .get(&[Step::Key("apiVersion")])?
            .starts_with("argoproj.io/");
    let way = [Step::Key("spec"), Step::Key("source"), Step::Key("path")];
    let path = document.get(&way).filter(|_| is_application)?;
    Some(path.trim_matches('/').to_owned())
}

/// The folders of these files, from the top of the repository and joined as Argo CD reads them. One
/// that lies in another is left out.
fn folders(read: &[PathBuf], top: &Path) -> String {
    let folders: BTreeSet<&Path> = read
        .iter()
        .filter_map(|path| path.strip_prefix(top).ok()?.parent())
        .collect();
    let is_covered = |folder: &Path| {
        let mut above = folder.ancestors().skip(1);
        above.any(|above| folders.contains(above))
    };
    let kept = folders.iter().filter(|folder| !is_covered(folder));
    let kept: Vec<String> = kept
        .map(|folder| format!("/{}", folder.display()))
        .collect();
    kept.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_another_is_left_out() {
        let read = [
            "/top/a/x.yaml",
            "/top/a/b/y.yaml",
            "/top/c/z.yaml",
            "/elsewhere",
        ];
        let read = read.map(PathBuf::from);
        assert_eq!(folders(&read, Path::new("/top")), "/a;/c");
        assert_eq!(folders(&["/top/x.yaml".into()], Path::new("/top")), "/");
    }
}
