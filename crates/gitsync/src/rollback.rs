//! Rollback: the images of an environment as they were, held there until they are let go.

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::overlay::{Overlay, PIN_TRAILER, Pinned, Refusals, applications, message};
use crate::promote::{Published, check_published};
use crate::running::{Running, Scope, What};
use git2::Oid;
use std::fmt::Write;

/// What came of a rollback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollback {
    /// What the overlays were changed from and to.
    pub pinned: Vec<Pinned>,
    /// Images and overlays that were not there then, or are not any more, and stay as they are:
    /// what is said of each.
    pub passed_over: Vec<String>,
}

/// An image that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: String,
    /// The overlay's file.
    pub path: String,
    /// The name of the image in it.
    pub image: String,
    /// Why it was held; empty where nothing was said.
    pub why: String,
}

/// Sets the images of an environment to what they were, and holds each that changes: what pins
/// and promotes leaves it alone until [`release`]. Hand it to [`sync`](crate::sync()) inside an
/// edit.
///
/// # Errors
/// All that is refused, at once: [`ErrorKind::Unpublished`]; [`ErrorKind::Overlay`] if an
/// application that is named has no such overlay; [`ErrorKind::Edit`] where a file cannot be
/// edited; whatever `published` and reading from the remote may bring.
pub fn rollback(
    draft: &mut Draft<'_, '_>,
    environment: &str,
    then: &[Running],
    scope: &Scope,
    why: &str,
    published: &mut Published<'_>,
) -> Result<Rollback> {
    check_reason(why)?;
    let apps = applications(draft, &scope.folder, &scope.apps)?;
    scope.prefetch(draft, environment, apps.iter())?;
    let mut rollback = Rollback::default();
    let mut refusals = Refusals::default();
    for app in apps {
        let Some(overlay) = refusals
            .take(scope.overlay(draft, &app, environment))?
            .flatten()
        else {
            continue;
        };
        let Some(running) = then.iter().find(|running| running.app == app) else {
            let said = format!("`{app}` had no overlay `{environment}` then");
            rollback.passed_over.push(said);
            continue;
        };
        let mut work = Work {
            overlay,
            why,
            published,
        };
        work.turn_back(running, scope, &mut rollback, &mut refusals)?;
        work.overlay.save(draft)?;
    }
    refusals.check().map(|()| rollback)
}

struct Work<'a, 'p> {
    overlay: Overlay,
    why: &'a str,
    published: &'a mut Published<'p>,
}

impl Work<'_, '_> {
    fn turn_back(
        &mut self,
        then: &Running,
        scope: &Scope,
        rollback: &mut Rollback,
        refusals: &mut Refusals,
    ) -> Result<()> {
        let images = self.overlay.images();
        for image in images.into_iter().filter(|image| scope.holds(image)) {
            let was = then.values.iter().find_map(|value| match &value.what {
                What::Image(name, setting) if *name == image => Some(setting),
                _ => None,
            });
            let Some(was) = was else {
                let said = format!("`{}` had no image `{image}` then", then.app);
                rollback.passed_over.push(said);
                continue;
            };
            let before = self.overlay.image(&image);
            if before != *was {
                let checked = check_published(&image, was, self.published);
                if refusals.take(checked)?.is_none() {
                    continue;
                }
                self.overlay.set(&image, was)?;
                self.overlay.set_hold(&image, Some(self.why))?;
            }
            rollback
                .pinned
                .push(self.overlay.pinned(&image, &before, was));
        }
        Ok(())
    }
}

/// A reason is one line, behind which nothing else stands.
fn check_reason(why: &str) -> Result<()> {
    match why.chars().any(char::is_control) || why.trim().is_empty() {
        false => Ok(()),
        true => Err(Error::new(
            ErrorKind::Value,
            "the reason of a hold is one line of text",
        )),
    }
}

/// Lets the images of an environment go that are held. Hand it to [`sync`](crate::sync()) inside
/// an edit.
///
/// # Errors
/// As those of [`rollback`].
pub fn release(
    draft: &mut Draft<'_, '_>,
    environment: &str,
    scope: &Scope,
) -> Result<Vec<Released>> {
    let apps = applications(draft, &scope.folder, &scope.apps)?;
    scope.prefetch(draft, environment, apps.iter())?;
    let mut released = Vec::new();
    let mut refusals = Refusals::default();
    for app in apps {
        let Some(mut overlay) = refusals
            .take(scope.overlay(draft, &app, environment))?
            .flatten()
        else {
            continue;
        };
        for image in overlay.images() {
            let hold = overlay.hold(&image)?.filter(|_| scope.holds(&image));
            let Some(hold) = hold else { continue };
            overlay.set_hold(&image, None)?;
            released.push(Released {
                app: app.clone(),
                environment: environment.to_owned(),
                path: overlay.path.clone(),
                image,
                why: hold.why,
            });
        }
        overlay.save(draft)?;
    }
    refusals.check().map(|()| released)
}

/// The message of a commit that turns images back to what they were at a commit.
#[must_use]
pub fn rollback_message(to: Oid, pinned: &[Pinned]) -> String {
    let text = message("Roll back", None, pinned);
    text.replacen("\n\n", &format!("\n\nAs they were in {to}.\n\n"), 1)
}

/// The message of a commit that lets images go.
#[must_use]
pub fn release_message(released: &[Released]) -> String {
    let mut apps: Vec<&str> = released.iter().map(|it| &it.app[..]).collect();
    apps.dedup();
    let environment = released.first().map_or("", |it| &it.environment);
    let what = match apps[..] {
        [app] => app.to_owned(),
        _ => format!("{} applications", apps.len()),
    };
    let mut message = format!("Release {what} in {environment}\n\n");
    for Released {
        app, image, why, ..
    } in released
    {
        let why = if why.is_empty() { "nothing said" } else { why };
        let _ = writeln!(message, "{app} {environment}: {image} was held: {why}");
    }
    message.push('\n');
    for app in apps {
        let _ = writeln!(message, "{PIN_TRAILER}: {app} {environment}");
    }
    message
}
