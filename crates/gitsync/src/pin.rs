//! Pinning an image: its tag and digest in the overlays of an application.

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use semver::Version;
use std::fmt::Write;
use std::str::FromStr;
use windlass_fault::nearest;
use windlass_yaml::{Document, Step};

/// The trailer of a commit that pins: the application and the environment, a line for each.
pub const PIN_TRAILER: &str = "Windlass-Pin";

/// What kustomize looks for in a folder, in its order.
const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// An environment and the tag that it is to run, `ENV=TAG` as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    environment: String,
    tag: String,
}

/// A content digest: `sha256:` or `sha512:` and as many hexadecimal digits as that has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

/// How pins are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinOptions {
    /// The folder with a folder per application.
    pub apps: String,
    /// The name of the image in the overlays. By default that of the application, or the only one.
    pub image: Option<String>,
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
            image: None,
            expect: None,
            add: false,
            allow_downgrade: false,
        }
    }
}

/// What an overlay was pinned from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The environment.
    pub environment: String,
    /// The overlay's file.
    pub path: String,
    /// The name of the image in it.
    pub image: String,
    /// The tag and digest before, as `TAG`, `TAG@DIGEST` or `@DIGEST`; empty where there were none.
    pub before: String,
    /// The tag and digest now.
    pub after: String,
}

impl Pinned {
    /// Whether the overlay said something else before.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.before != self.after
    }
}

impl FromStr for Pin {
    type Err = Error;

    /// Reads `ENV=TAG`.
    fn from_str(text: &str) -> Result<Self> {
        let (environment, tag) = text.split_once('=').ok_or_else(|| {
            let message = format!("cannot read the pin `{text}`");
            Error::new(ErrorKind::Value, message).hint("write it like `dev=dev-latest`")
        })?;
        check_folder("environment", environment)?;
        check_tag(tag)?;
        Ok(Self {
            environment: environment.to_owned(),
            tag: tag.to_owned(),
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

/// A name that is one folder, and nothing else to any program.
fn check_folder(what: &str, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    match name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        true => Ok(()),
        false => {
            let message = format!("`{name}` is no name of an {what}");
            Err(Error::new(ErrorKind::Value, message))
        }
    }
}

/// Writes tags and digest of an image into the overlays of an application: nothing else in them
/// changes, and an overlay that has them already not at all. Hand it to
/// [`sync`](crate::sync()) inside an edit.
///
/// # Errors
/// [`ErrorKind::Overlay`], [`ErrorKind::Image`], [`ErrorKind::Expected`] or
/// [`ErrorKind::Downgrade`]; [`ErrorKind::Edit`] where the file cannot be read or edited.
pub fn pin(
    draft: &mut Draft<'_, '_>,
    app: &str,
    pins: &[Pin],
    digest: &Digest,
    options: &PinOptions,
) -> Result<Vec<Pinned>> {
    check_folder("application", app)?;
    let overlays = format!("{}/{app}/k8s/overlays", options.apps);
    let folder = |pin: &Pin| format!("{overlays}/{}", pin.environment);
    let candidates: Vec<String> = pins
        .iter()
        .flat_map(|pin| FILES.map(|file| format!("{}/{file}", folder(pin))))
        .collect();
    draft.prefetch(&candidates)?;
    pins.iter()
        .map(|pin| {
            let path = find_file(draft, app, pin, &folder(pin), options)?;
            pin_one(draft, app, pin, &path, digest, options)
        })
        .collect()
}

fn find_file(
    draft: &mut Draft<'_, '_>,
    app: &str,
    pin: &Pin,
    folder: &str,
    options: &PinOptions,
) -> Result<String> {
    let mut found = Vec::new();
    for file in FILES {
        let path = format!("{folder}/{file}");
        if draft.read(&path)?.is_some() {
            found.push(path);
        }
    }
    match &found[..] {
        [path] => Ok(path.clone()),
        [] => Err(no_overlay(draft, app, &pin.environment, options)?),
        [first, second, ..] => {
            let message = format!("cannot choose between `{first}` and `{second}`");
            Err(Error::new(ErrorKind::Overlay, message)
                .hint("keep one: kustomize refuses a folder with both"))
        }
    }
}

/// The error for an overlay that is not there, with what is there in its hint.
fn no_overlay(
    draft: &mut Draft<'_, '_>,
    app: &str,
    environment: &str,
    options: &PinOptions,
) -> Result<Error> {
    let overlays = format!("{}/{app}/k8s/overlays", options.apps);
    let (message, wanted, there) = match draft.folders(&overlays)? {
        Some(there) => {
            let message = format!(
                "`{app}` has no overlay `{environment}`: no kustomization file in `{overlays}/{environment}`"
            );
            (message, environment, there)
        }
        None => {
            let message = format!("there is no application `{app}` with overlays in `{overlays}`");
            let apps = draft.folders(&options.apps)?.unwrap_or_default();
            (message, app, apps)
        }
    };
    let error = Error::new(ErrorKind::Overlay, message);
    Ok(match nearest(wanted, there.iter().map(String::as_str)) {
        Some(near) if near != wanted => error.hint(format!("did you mean `{near}`?")),
        None if !there.is_empty() => error.hint(format!("there is {}", listed(&there))),
        _ => error,
    })
}

/// Names for a hint, not all of them where there are many.
fn listed(names: &[impl AsRef<str>]) -> String {
    const MANY: usize = 12;
    let mut quoted: Vec<String> = names
        .iter()
        .take(MANY)
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if names.len() > MANY {
        quoted.push("…".to_owned());
    }
    quoted.join(", ")
}

fn pin_one(
    draft: &mut Draft<'_, '_>,
    app: &str,
    pin: &Pin,
    path: &str,
    digest: &Digest,
    options: &PinOptions,
) -> Result<Pinned> {
    let bytes = draft.read(path)?.unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(|error| {
        let message = format!("cannot read `{path}`");
        Error::new(ErrorKind::Overlay, message).source(error)
    })?;
    let mut file = Document::parse(path, &text).map_err(Error::edit)?;
    let image = choose(&file, app, path, options)?;
    let [tag_at, digest_at] =
        ["newTag", "digest"].map(|key| [IMAGES, Step::Item("name", &image), Step::Key(key)]);
    let old_tag = file.get(&tag_at).map(str::to_owned);
    let before = join(old_tag.as_deref(), file.get(&digest_at));
    let after = join(Some(&pin.tag), Some(&digest.0));
    if before != after {
        check_change(old_tag.as_deref(), pin, &image, path, options)?;
        file.set(&tag_at, &pin.tag).map_err(Error::edit)?;
        file.set(&digest_at, &digest.0).map_err(Error::edit)?;
        draft.write(path, file.finish().into_bytes())?;
    }
    Ok(Pinned {
        environment: pin.environment.clone(),
        path: path.to_owned(),
        image,
        before,
        after,
    })
}

const IMAGES: Step<'static> = Step::Key("images");

fn join(tag: Option<&str>, digest: Option<&str>) -> String {
    let digest = digest.map_or(String::new(), |digest| format!("@{digest}"));
    format!("{}{digest}", tag.unwrap_or_default())
}

/// Which image of the overlay is meant.
fn choose(file: &Document, app: &str, path: &str, options: &PinOptions) -> Result<String> {
    let named = |at| file.get(&[IMAGES, Step::Index(at), Step::Key("name")]);
    let names: Vec<&str> = (0..).map_while(named).collect();
    let wanted = options.image.as_deref().unwrap_or(app);
    if options.add || names.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    let (message, hint) = match (&names[..], &options.image) {
        ([only], None) => return Ok((*only).to_owned()),
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
    old: Option<&str>,
    pin: &Pin,
    image: &str,
    path: &str,
    options: &PinOptions,
) -> Result<()> {
    if let Some(expected) = options.expect.as_deref().filter(|tag| old != Some(tag)) {
        let found = old.map_or("no tag".to_owned(), |tag| format!("the tag `{tag}`"));
        let message = format!("`{image}` in `{path}` has {found}, not `{expected}`");
        return Err(Error::new(ErrorKind::Expected, message)
            .hint("someone changed it: look at the branch's history before you pin"));
    }
    match old.and_then(version).zip(version(&pin.tag)) {
        Some((old_version, new))
            if new.cmp_precedence(&old_version).is_lt() && !options.allow_downgrade =>
        {
            let (environment, old) = (&pin.environment, old.unwrap_or_default());
            let message = format!(
                "`{image}` in {environment} is at `{old}`, which is newer than `{}`",
                pin.tag
            );
            Err(Error::new(ErrorKind::Downgrade, message)
                .hint("if it shall go back, say so with `--allow-downgrade`"))
        }
        _ => Ok(()),
    }
}

/// The version in a tag, with or without a `v`.
fn version(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

/// The message of a commit that makes these pins: the changed ones are in it, each with a
/// `Windlass-Pin` trailer.
#[must_use]
pub fn pin_message(app: &str, pinned: &[Pinned]) -> String {
    let changed: Vec<&Pinned> = pinned.iter().filter(|pinned| pinned.changed()).collect();
    let environments: Vec<&str> = changed
        .iter()
        .map(|pinned| &pinned.environment[..])
        .collect();
    let mut message = format!("Pin {app} in {}", and(&environments));
    if let Some(first) = changed.first() {
        let (tag, digest) = first.after.split_once('@').unwrap_or_default();
        let tag = if changed.len() == 1 { tag } else { "" };
        let at = if tag.is_empty() { "" } else { "@" };
        let short: String = digest.chars().take("sha256:".len() + 12).collect();
        let _ = write!(message, " to {tag}{at}{short}");
    }
    message.push_str("\n\n");
    for pinned in &changed {
        let (environment, image) = (&pinned.environment, &pinned.image);
        let _ = writeln!(message, "{environment}: {image}:{}", pinned.after);
    }
    message.push('\n');
    for environment in environments {
        let _ = writeln!(message, "{PIN_TRAILER}: {app} {environment}");
    }
    message
}

fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
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
            assert!(format!("dev={tag}").parse::<Pin>().is_err(), "{tag}");
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
            assert!(
                format!("{environment}=x").parse::<Pin>().is_err(),
                "{environment}"
            );
        }
    }

    fn pinned(environment: &str, before: &str, tag: &str) -> Pinned {
        Pinned {
            environment: environment.to_owned(),
            path: String::new(),
            image: "web".to_owned(),
            before: before.to_owned(),
            after: format!("{tag}@{DIGEST}"),
        }
    }

    #[test]
    fn a_message_names_what_changed() {
        let same = pinned("qa", &format!("qa-latest@{DIGEST}"), "qa-latest");
        let one = [pinned("dev", "", "dev-latest"), same.clone()];
        insta::assert_snapshot!(pin_message("web", &one), @"
        Pin web in dev to dev-latest@sha256:0123456789ab

        dev: web:dev-latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        Windlass-Pin: web dev
        ");
        let two = [
            same,
            pinned("dev", "", "dev-latest"),
            pinned("prod", "v1", "v1.1.0"),
        ];
        insta::assert_snapshot!(pin_message("web", &two), @"
        Pin web in dev and prod to sha256:0123456789ab

        dev: web:dev-latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        prod: web:v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        Windlass-Pin: web dev
        Windlass-Pin: web prod
        ");
    }
}
