//! Which applications a push touches.

use crate::error::{Error, ErrorKind, Result, unreadable};
use crate::names::TagNames;
use crate::repository::Repository;
use crate::scope::Layout;
use git2::{ErrorCode, Oid};

/// What decides how every application is built. A careful team wants a change of it tried on all
/// of them; an application whose image stays the same is still not released by that.
pub const EVERY_APP: [&str; 3] = ["windlass.yaml", ".github/workflows", ".github/actions"];

/// From where a push is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since<'a> {
    /// What came on top of what the two revisions have in common, as a pull request shows it.
    Common(&'a str),
    /// All that differs from that revision, even if the branch was rewritten since.
    Exactly(&'a str),
}

/// The applications that differ at `head`: those whose folder, a path they share or one of
/// [`EVERY_APP`] does. All of them where the earlier revision is not known: it is zeros for a new
/// branch, and a rewritten one may have lost it.
///
/// # Errors
///
/// [`ErrorKind::Revision`] if `head` names no commit, [`ErrorKind::History`] if one cannot be read.
pub fn affected(
    repository: &Repository,
    since: Since<'_>,
    head: &str,
    layout: &Layout,
) -> Result<Vec<String>> {
    let head = repository.commit(head)?;
    let apps = repository.apps_at(head, layout)?;
    layout.check(&apps)?;
    let apps: Vec<String> = apps.all().collect::<Result<_>>()?;
    let Some(base) = base(repository, since, head)? else {
        return Ok(apps);
    };
    let (old, new) = (repository.tree_of(base)?, repository.tree_of(head)?);
    let differs = |path: &str| -> Result<bool> {
        Ok(repository.entry(&old, path)? != repository.entry(&new, path)?)
    };
    for path in EVERY_APP {
        if differs(path)? {
            return Ok(apps);
        }
    }
    let mut kept = Vec::new();
    for app in apps {
        let mut touched = differs(&layout.folder(&app))?;
        for path in layout.shared_by(&app) {
            touched = touched || differs(path)?;
        }
        if touched {
            kept.push(app);
        }
    }
    Ok(kept)
}

/// The application whose version tag was pushed.
///
/// # Errors
///
/// [`ErrorKind::TagName`] where the tag is one of no application at `head`, with the name it
/// should have had where that is plain; and those of [`affected`].
pub fn affected_by_tag(
    repository: &Repository,
    tag: &str,
    head: &str,
    layout: &Layout,
) -> Result<Vec<String>> {
    let apps = repository.apps(head, layout)?;
    let alone = apps.len() == 1;
    let names: Vec<_> = apps
        .iter()
        .map(|app| TagNames::new(&layout.tag_prefix, app, alone))
        .collect();
    let matching = names
        .iter()
        .zip(&apps)
        .filter(|(names, _)| names.parse(tag).is_some());
    let found: Vec<String> = matching.map(|(_, app)| app.clone()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let error = Error::new(
        ErrorKind::TagName,
        format!(
            "tag `{tag}` is the version of no application in `{}`",
            layout.apps
        ),
    );
    let guess = names
        .iter()
        .find_map(|names| Some(names.name(&names.guess(tag)?)));
    Err(match guess {
        Some(right) => error.hint(format!("name it after the application, as in `{right}`")),
        None => error.hint(format!("tags have the form `{}X.Y.Z`", layout.tag_prefix)),
    })
}

fn base(repository: &Repository, since: Since<'_>, head: Oid) -> Result<Option<Oid>> {
    let (Since::Common(revision) | Since::Exactly(revision)) = since;
    let Ok(base) = repository.commit(revision) else {
        return Ok(None);
    };
    if matches!(since, Since::Exactly(_)) {
        return Ok(Some(base));
    }
    match repository.git.merge_base(base, head) {
        Ok(common) => Ok(Some(common)),
        Err(source) if source.code() == ErrorCode::NotFound => Ok(None),
        Err(source) => Err(unreadable(format_args!("the history of {head}"), source)),
    }
}
