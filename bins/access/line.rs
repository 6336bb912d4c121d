//! An image in the overlay of an environment, as reports of commands that set it say.

use serde::Serialize;
use windlass_gitsync::Pinned;

#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) app: String,
    pub(crate) environment: String,
    pub(crate) image: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl From<Pinned> for Line {
    fn from(pinned: Pinned) -> Self {
        Self {
            app: pinned.app,
            environment: pinned.environment,
            image: pinned.image,
            before: pinned.before,
            after: pinned.after,
        }
    }
}
