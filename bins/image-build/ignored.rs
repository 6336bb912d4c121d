//! What git ignores, which stays out of images and bundles.

use std::path::Path;
use std::sync::Mutex;
use windlass_cli::Context;
use windlass_registry::Exclude;

/// Leaves out what git ignores. Of a folder that is ignored itself nothing is left out, as who names
/// the folder means what was made there.
pub(crate) fn ignored(context: &Context, folder: &Path) -> Exclude {
    let found = git2::Repository::discover(context.directory()).ok();
    let (Some(repository), Ok(full)) = (found, folder.canonicalize()) else {
        return Exclude::default();
    };
    if repository.is_path_ignored(&full).unwrap_or(false) {
        return Exclude::default();
    }
    let (repository, folder) = (Mutex::new(repository), folder.to_owned());
    Exclude::new(move |path| {
        let Ok(repository) = repository.lock() else {
            return false;
        };
        let inside = path.strip_prefix(&folder).map(|rest| full.join(rest));
        inside.is_ok_and(|path| repository.is_path_ignored(path).unwrap_or(false))
    })
}
