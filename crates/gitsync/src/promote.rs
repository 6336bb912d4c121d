//! Promotion: what runs in one environment written into the overlays of the next.

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::overlay::{Overlay, Pinned, Refusals, Setting, message};
use crate::running::{Field, Running, Scope, Value, What};
use windlass_yaml::Content;

/// Says whether a tag or digest, the second text, is in the registry under a name, the first.
pub type Published<'a> = dyn FnMut(&str, &str) -> Result<bool> + 'a;

/// How promotions are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PromoteOptions {
    /// For how many seconds it must have been running; [`soak`](crate::soak()) finds what has not.
    pub soak: u64,
    /// Add images to overlays that have them not.
    pub add: bool,
    /// Replace versions by older ones.
    pub allow_downgrade: bool,
    /// Leave to the overlays by which names the images go in the cluster.
    pub keep_names: bool,
    /// Promote the applications of which nothing is refused, whatever is of others.
    pub keep_going: bool,
}

/// What came of a promotion.
#[derive(Debug, Default)]
pub struct Promotion {
    /// What the overlays were changed from and to.
    pub pinned: Vec<Pinned>,
    /// Applications without an overlay for the environment.
    pub passed_over: Vec<String>,
    /// What is refused while others go on.
    pub refused: Vec<Error>,
}

/// Writes what runs in the environment `from` into the overlays of the environment `to`: tags,
/// digests, names and the fields, and nothing else. Hand it to [`sync`](crate::sync()) inside an
/// edit.
///
/// # Errors
/// All that is refused, at once: [`ErrorKind::Overlay`], [`ErrorKind::Image`],
/// [`ErrorKind::Downgrade`], [`ErrorKind::Held`], [`ErrorKind::TooNew`] and
/// [`ErrorKind::Unpublished`]; [`ErrorKind::Edit`] where a file cannot be edited; whatever
/// `published` and reading from the remote may bring.
pub fn promote(
    draft: &mut Draft<'_, '_>,
    [from, to]: [&str; 2],
    all: &[Running],
    scope: &Scope,
    options: &PromoteOptions,
    published: &mut Published<'_>,
) -> Result<Promotion> {
    scope.prefetch(draft, to, all.iter().map(|running| &running.app))?;
    let mut promotion = Promotion::default();
    let mut refusals = Refusals::default();
    for running in all {
        let overlay = scope.overlay(draft, &running.app, to);
        let overlay = match refusals.take(overlay)? {
            Some(Some(overlay)) => overlay,
            Some(None) => {
                promotion.passed_over.push(running.app.clone());
                continue;
            }
            None => continue,
        };
        let before = refusals.0.len();
        let mut work = Work {
            overlay,
            from,
            options,
            published,
        };
        let mut pinned = Vec::new();
        for value in &running.values {
            pinned.extend(refusals.take(work.promote(value))?);
        }
        if refusals.0.len() == before {
            work.overlay.save(draft)?;
            promotion.pinned.extend(pinned);
        }
    }
    match options.keep_going {
        true => promotion.refused = refusals.0,
        false => refusals.check()?,
    }
    Ok(promotion)
}

struct Work<'a, 'p> {
    overlay: Overlay,
    from: &'a str,
    options: &'a PromoteOptions,
    published: &'a mut Published<'p>,
}

impl Work<'_, '_> {
    fn promote(&mut self, value: &Value) -> Result<Pinned> {
        match &value.what {
            What::Image(image, to) => self.image(image, to, value.age),
            What::Field(field, to) => self.field(field, to, value.age),
        }
    }

    fn image(&mut self, image: &str, to: &Setting, age: Option<u64>) -> Result<Pinned> {
        self.check_there(image, to)?;
        let before = self.overlay.image(image);
        let keep = self.options.keep_names || to.name.is_none();
        let name = if keep { &before.name } else { &to.name };
        let after = Setting {
            name: name.clone(),
            ..to.clone()
        };
        if before != after {
            self.overlay.check_hold(image)?;
            if !self.options.allow_downgrade {
                self.overlay.check_order(image, &before, &after)?;
            }
            self.check_age(image, age)?;
            check_published(image, &after, self.published)?;
            self.overlay.set(image, &after)?;
        }
        Ok(self.overlay.pinned(image, &before, &after))
    }

    fn check_there(&self, image: &str, to: &Setting) -> Result<()> {
        let (from, path) = (self.from, &self.overlay.path);
        if to.tag.is_none() && to.digest.is_none() {
            let app = &self.overlay.app;
            let message = format!("`{image}` of `{app}` has neither tag nor digest in {from}");
            return Err(Error::new(ErrorKind::Image, message)
                .hint("pin it there first, or leave it out by naming the others with `--image`"));
        }
        if !self.options.add && !self.overlay.images().iter().any(|it| it == image) {
            let message = format!("`{path}` has no image `{image}`, which {from} has");
            return Err(Error::new(ErrorKind::Image, message)
                .hint("add it with `--add`, or leave it out by naming the others with `--image`"));
        }
        Ok(())
    }

    fn field(&mut self, field: &Field, to: &Content, age: Option<u64>) -> Result<Pinned> {
        let steps = field.steps();
        let before = self.overlay.field(&steps);
        let texts = [before.as_ref(), Some(to)].map(text);
        let [Some(old), Some(new)] = texts else {
            let path = &self.overlay.path;
            let message = format!(
                "`{field}` is more than a single value in `{path}` or in {}",
                self.from
            );
            return Err(
                Error::new(ErrorKind::Image, message).hint("name the values in it one by one")
            );
        };
        if before.as_ref() != Some(to) {
            self.check_age(&field.to_string(), age)?;
            self.overlay.set_field(&steps, to)?;
        }
        Ok(self.overlay.told(&field.to_string(), old, new, true))
    }

    fn check_age(&self, what: &str, age: Option<u64>) -> Result<()> {
        let Some(age) = age else { return Ok(()) };
        let (app, from) = (&self.overlay.app, self.from);
        let (is, wanted) = (span(age), span(self.options.soak));
        let message = format!("`{what}` of `{app}` has been in {from} for {is}, not {wanted}");
        // Nobody waits by the second.
        let left = span(self.options.soak.saturating_sub(age).div_ceil(60) * 60);
        Err(Error::new(ErrorKind::TooNew, message)
            .hint(format!("wait {left} more, or ask for less with `--soak`")))
    }
}

/// Refuses an image that its registry does not have.
pub(crate) fn check_published(
    image: &str,
    to: &Setting,
    published: &mut Published<'_>,
) -> Result<()> {
    let name = to.name.as_deref().unwrap_or(image);
    let Some(reference) = to.digest.as_deref().or(to.tag.as_deref()) else {
        return Ok(());
    };
    if published(name, reference)? {
        return Ok(());
    }
    let mark = if to.digest.is_some() { '@' } else { ':' };
    let message = format!("`{name}{mark}{reference}` is not in its registry");
    Err(Error::new(ErrorKind::Unpublished, message)
        .hint("publish it first; to do without looking, say `--no-registry-check`"))
}

/// The text of a single value, empty where there is none; none of a collection.
fn text(content: Option<&Content>) -> Option<String> {
    match content {
        None => Some(String::new()),
        Some(Content::Text(text) | Content::Plain(text)) => Some(text.clone()),
        Some(Content::Map(_) | Content::List(_)) => None,
    }
}

/// Seconds as people say them: the largest unit, and the next where it is not zero.
fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let at = units.iter().position(|(unit, _)| seconds >= *unit);
    let (unit, name) = units[at.unwrap_or(3)];
    let rest = seconds % unit;
    let below = units
        .get(at.unwrap_or(3) + 1)
        .filter(|below| rest >= below.0);
    let below = below.map_or(String::new(), |(unit, name)| {
        format!(" {}{name}", rest / unit)
    });
    format!("{}{name}{below}", seconds / unit)
}

/// The message of a commit that promotes.
#[must_use]
pub fn promote_message([from, to]: [&str; 2], pinned: &[Pinned]) -> String {
    message("Promote", Some(&format!(" from {from} to {to}")), pinned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units_at_most() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_599, "59m 59s"),
            (7_200, "2h"),
            (90_061, "1d 1h"),
            (86_460, "1d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(seconds), text);
        }
    }
}
