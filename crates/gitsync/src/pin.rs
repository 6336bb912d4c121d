//! Pinning images: their tags and digests in the overlays of applications.

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::overlay::{Overlay, Pinned, Place, Refusals, Setting, check_folder, listed, message};
use std::fmt;
use std::str::FromStr;

/// An overlay and what an image of it is to run.
///
/// ```
/// use windlass_gitsync::Pin;
/// let pin: Pin = "shop/dev=dev-latest".parse()?;
/// assert_eq!(pin, Pin::of("shop", "dev=dev-latest")?);
/// assert!("shop/dev/ghcr.io/team/sidecar=v2@sha256:12".parse::<Pin>().is_err());
/// # Ok::<(), windlass_gitsync::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    app: String,
    environment: String,
    /// The name of the image in the overlay. By default that of the application, or the only one.
    pub image: Option<String>,
    tag: String,
    /// The digest. Without one, none may stand there.
    pub digest: Option<Digest>,
}

/// A content digest: `sha256:` or `sha512:` and as many hexadecimal digits as that has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How pins are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinOptions {
    /// The folder with a folder per application.
    pub apps: String,
    /// The tag that must be in place before.
    pub expect: Option<String>,
    /// Add the image to an overlay that has it not.
    pub add: bool,
    /// Replace a version by an older one.
    pub allow_downgrade: bool,
}

impl Default for PinOptions {
    fn default() -> Self {
        Self {
            apps: "apps".to_owned(),
            expect: None,
            add: false,
            allow_downgrade: false,
        }
    }
}

impl Pin {
    /// Reads `ENV=TAG`, for an application.
    ///
    /// # Errors
    /// [`ErrorKind::Value`].
    pub fn of(app: &str, text: &str) -> Result<Self> {
        let (environment, tag) = text
            .split_once('=')
            .ok_or_else(|| unreadable(text, "dev=dev-latest"))?;
        check_folder("application", app)?;
        check_folder("environment", environment)?;
        check_tag(tag)?;
        Ok(Self {
            app: app.to_owned(),
            environment: environment.to_owned(),
            image: None,
            tag: tag.to_owned(),
            digest: None,
        })
    }
}

fn unreadable(text: &str, example: &str) -> Error {
    let message = format!("cannot read the pin `{text}`");
    Error::new(ErrorKind::Value, message).hint(format!("write it like `{example}`"))
}

impl FromStr for Pin {
    type Err = Error;

    /// Reads `APP/ENV=TAG`, with `/IMAGE` behind the environment and `@DIGEST` behind the tag
    /// where they are said.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || unreadable(text, "shop/dev=dev-latest@sha256:…");
        let (place, version) = text.split_once('=').ok_or_else(wrong)?;
        let (app, place) = place.split_once('/').ok_or_else(wrong)?;
        let (environment, image) = match place.split_once('/') {
            Some((_, "")) => return Err(wrong()),
            Some((environment, image)) => (environment, Some(image.to_owned())),
            None => (place, None),
        };
        let (tag, digest) = match version.split_once('@') {
            Some((tag, digest)) => (tag, Some(digest.parse()?)),
            None => (version, None),
        };
        let pin = Self::of(app, &format!("{environment}={tag}"))?;
        Ok(Self {
            image,
            digest,
            ..pin
        })
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let hex = |digits: &str, length| {
            let is_hex = |b| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            digits.len() == length && digits.bytes().all(is_hex)
        };
        let is_digest = match text.split_once(':') {
            Some(("sha256", digits)) => hex(digits, 64),
            Some(("sha512", digits)) => hex(digits, 128),
            _ => false,
        };
        match is_digest {
            true => Ok(Self(text.to_owned())),
            false => {
                let message = format!("`{text}` is no digest of an image");
                Err(Error::new(ErrorKind::Value, message)
                    .hint("a digest is `sha256:` and 64 hexadecimal digits"))
            }
        }
    }
}

/// The grammar of tags (OCI distribution specification: "Pulling manifests").
fn check_tag(tag: &str) -> Result<()> {
    let rest = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match tag.len() <= 128 && tag.starts_with(first) && tag.chars().all(rest) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Value,
            format!("`{tag}` is no tag of an image"),
        )),
    }
}

/// Writes tags and digests of images into overlays: nothing else in them changes, and an overlay
/// that has them already not at all. Hand it to [`sync`](crate::sync()) inside an edit.
///
/// # Errors
/// [`ErrorKind::Overlay`], [`ErrorKind::Image`], [`ErrorKind::Expected`],
/// [`ErrorKind::Downgrade`] or [`ErrorKind::Held`], all that there are of them;
/// [`ErrorKind::Edit`] where a file cannot be read or edited.
pub fn pin(draft: &mut Draft<'_, '_>, pins: &[Pin], options: &PinOptions) -> Result<Vec<Pinned>> {
    let candidates: Vec<String> = pins
        .iter()
        .flat_map(|pin| pin.place(options).candidates())
        .collect();
    draft.prefetch(&candidates)?;
    let mut refusals = Refusals::default();
    let mut pinned = Vec::new();
    for pin in pins {
        pinned.extend(refusals.take(pin_one(draft, pin, options))?);
    }
    refusals.check().map(|()| pinned)
}

impl Pin {
    fn place<'a>(&'a self, options: &'a PinOptions) -> Place<'a> {
        Place {
            apps: &options.apps,
            app: &self.app,
            environment: &self.environment,
        }
    }
}

fn pin_one(draft: &mut Draft<'_, '_>, pin: &Pin, options: &PinOptions) -> Result<Pinned> {
    let mut overlay = Overlay::open(draft, pin.place(options))?;
    let image = choose(&overlay, pin, options)?;
    let before = overlay.image(&image);
    let after = Setting {
        name: before.name.clone(),
        tag: Some(pin.tag.clone()),
        digest: pin.digest.as_ref().map(ToString::to_string),
    };
    if before != after {
        check_change(&overlay, &image, &before, &after, options)?;
        overlay.set(&image, &after)?;
    }
    let pinned = overlay.pinned(&image, &before, &after);
    if pinned.changed() {
        overlay.save(draft)?;
    }
    Ok(pinned)
}

/// Which image of the overlay is meant.
fn choose(overlay: &Overlay, pin: &Pin, options: &PinOptions) -> Result<String> {
    let (app, path) = (&pin.app, &overlay.path);
    let names = overlay.images();
    let wanted = pin.image.as_ref().unwrap_or(app);
    if options.add || names.contains(wanted) {
        return Ok(wanted.clone());
    }
    let (message, hint) = match (&names[..], &pin.image) {
        ([only], None) => return Ok(only.clone()),
        ([], _) => (
            format!("`{path}` has no `images` to pin `{wanted}` in"),
            "add it with `--add`".to_owned(),
        ),
        (_, None) => (
            format!("`{path}` has several images, and none is called `{app}`"),
            format!("name one of {} with `--image`", listed(&names)),
        ),
        (_, Some(_)) => (
            format!("`{path}` has no image `{wanted}`"),
            format!("it has {}; add another with `--add`", listed(&names)),
        ),
    };
    Err(Error::new(ErrorKind::Image, message).hint(hint))
}

fn check_change(
    overlay: &Overlay,
    image: &str,
    before: &Setting,
    after: &Setting,
    options: &PinOptions,
) -> Result<()> {
    let (path, tag) = (&overlay.path, before.tag.as_deref());
    if let Some(expected) = options.expect.as_deref().filter(|it| tag != Some(it)) {
        let found = tag.map_or("no tag".to_owned(), |tag| format!("the tag `{tag}`"));
        let message = format!("`{image}` in `{path}` has {found}, not `{expected}`");
        return Err(Error::new(ErrorKind::Expected, message)
            .hint("someone changed it: look at the branch's history before you pin"));
    }
    if let (Some(digest), None) = (&before.digest, &after.digest) {
        let message =
            format!("`{image}` in `{path}` has a digest, which decides what runs: `{digest}`");
        return Err(Error::new(ErrorKind::Image, message)
            .hint("name the digest of the new tag, as in `TAG@sha256:…`"));
    }
    overlay.check_hold(image)?;
    match options.allow_downgrade {
        true => Ok(()),
        false => overlay.check_order(image, before, after),
    }
}

/// The message of a commit that makes these pins: the changed ones are in it, each with a
/// `Windlass-Pin` trailer.
#[must_use]
pub fn pin_message(pinned: &[Pinned]) -> String {
    message("Pin", None, pinned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn tags_and_digests_follow_their_grammar() {
        let long = "a".repeat(129);
        for tag in [
            "", ".a", "-a", "a b", "a:b", "a/b", "a@b", "é", "a\n", &long,
        ] {
            assert!(check_tag(tag).is_err(), "{tag}");
            assert!(Pin::of("web", &format!("dev={tag}")).is_err(), "{tag}");
        }
        for tag in ["a", "_", "v1.2.3", "sha-0123", &long[..128]] {
            assert!(check_tag(tag).is_ok(), "{tag}");
        }
        let upper = DIGEST.to_uppercase();
        let sha512 = format!("sha512:{}", "0".repeat(128));
        for digest in [
            "",
            "sha256:",
            &DIGEST[1..],
            &DIGEST[..70],
            &upper,
            "md5:0",
            &sha512[..71],
        ] {
            assert!(digest.parse::<Digest>().is_err(), "{digest}");
        }
        assert!(DIGEST.parse::<Digest>().is_ok());
        assert!(sha512.parse::<Digest>().is_ok());
        for environment in ["", "..", ".git", "a/b", "a b", "-a"] {
            let text = format!("{environment}=x");
            assert!(Pin::of("web", &text).is_err(), "{environment}");
            assert!(Pin::of(environment, "dev=x").is_err(), "{environment}");
        }
    }

    #[test]
    fn a_pin_may_name_its_image_and_its_digest() {
        let pin: Pin = format!("web/dev/ghcr.io/a/b=v1@{DIGEST}").parse().unwrap();
        assert_eq!((&pin.app[..], &pin.environment[..]), ("web", "dev"));
        assert_eq!(pin.image.as_deref(), Some("ghcr.io/a/b"));
        assert_eq!((&pin.tag[..], pin.digest), ("v1", DIGEST.parse().ok()));
        for text in [
            "web=x",
            "web/dev",
            "web/dev/=x",
            "/dev=x",
            "web/=x",
            "web/dev=@",
            "web/dev=x@",
        ] {
            assert!(text.parse::<Pin>().is_err(), "{text}");
        }
    }

    fn pinned(environment: &str, before: &str, tag: &str) -> Pinned {
        Pinned {
            app: "web".to_owned(),
            environment: environment.to_owned(),
            path: String::new(),
            image: "web".to_owned(),
            before: before.to_owned(),
            after: format!("{tag}@{DIGEST}"),
            is_whole: false,
        }
    }

    #[test]
    fn a_message_names_what_changed() {
        let same = pinned("qa", &format!("qa-latest@{DIGEST}"), "qa-latest");
        let one = [pinned("dev", "", "dev-latest"), same.clone()];
        insta::assert_snapshot!(pin_message(&one), @"
        Pin web in dev to dev-latest@sha256:0123456789ab

        dev: web:dev-latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        Windlass-Pin: web dev
        ");
        let two = [
            same,
            pinned("dev", "", "dev-latest"),
            pinned("prod", "v1", "v1.1.0"),
        ];
        insta::assert_snapshot!(pin_message(&two), @"
        Pin web in dev and prod to sha256:0123456789ab

        dev: web:dev-latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        prod: web:v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        Windlass-Pin: web dev
        Windlass-Pin: web prod
        ");
    }
}
