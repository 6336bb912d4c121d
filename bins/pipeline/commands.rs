//! The commands that the workflow's steps call, beside this one.

use std::path::{Path, PathBuf};
use windlass_cli::{Context, Failure};

/// What the workflow calls.
const NEEDED: &[&str] = &[
    "app-affected",
    "image-build",
    "image-pin",
    "image-publish",
    "manifest-lint",
    "overlay-build",
    "release-next",
];

/// The folder with the commands. Where cargo started this command, it builds the others first.
pub(crate) fn prepare(context: &Context) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::world(format!("cannot find this command: {error}"), None))?;
    let folder = own.parent().unwrap_or(Path::new("/")).to_owned();
    if let (Some(cargo), Some(manifest)) = (context.env("CARGO"), context.env("CARGO_MANIFEST_DIR"))
    {
        build(context, &cargo, &manifest, &folder)?;
    }
    let missing: Vec<&str> = NEEDED
        .iter()
        .copied()
        .filter(|name| !folder.join(name).is_file())
        .collect();
    if missing.is_empty() {
        return Ok(folder);
    }
    let message = format!(
        "`{}` is not beside this command in `{}`",
        missing.join("`, `"),
        folder.display()
    );
    let hint = "build all of them: cargo build --release --bins";
    Err(Failure::input(message, Some(hint.to_owned())))
}

#[expect(
    clippy::disallowed_methods,
    reason = "only cargo can build the commands"
)]
fn build(context: &Context, cargo: &str, manifest: &str, folder: &Path) -> Result<(), Failure> {
    context.progress("building the commands of the pipeline");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut build = std::process::Command::new(cargo);
    build
        .args([
            "build",
            "--quiet",
            "--bins",
            "--profile",
            profile,
            "--manifest-path",
        ])
        .arg(Path::new(manifest).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(folder));
    match build.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::input("cargo could not build the commands", None)),
        Err(error) => Err(Failure::world(
            format!("cannot start `{cargo}`: {error}"),
            None,
        )),
    }
}

/// Whether a program of this name is on a search path.
pub(crate) fn is_on_path(name: &str, path: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.join(name).is_file())
}
