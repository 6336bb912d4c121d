//! The overlays of applications: their files, and what the images in them are set to.

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::hold::{self, Hold};
use semver::Version;
use std::fmt::Write;
use windlass_fault::nearest;
use windlass_yaml::{Content, Document, Step};

/// The trailer of a commit that pins: the application and the environment, a line for each.
pub const PIN_TRAILER: &str = "Windlass-Pin";

/// What kustomize looks for in a folder, in its order.
const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const IMAGES: Step<'static> = Step::Key("images");

/// What an overlay was changed from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: String,
    /// The overlay's file.
    pub path: String,
    /// The name of the image in it, or the field.
    pub image: String,
    /// The tag and digest before, as `TAG`, `TAG@DIGEST` or `@DIGEST`; empty where there were none.
    pub before: String,
    /// The same now.
    pub after: String,
    /// Whether the two are more than that: the value of a field, or names that differ with their
    /// tags and digests.
    pub is_whole: bool,
}

impl Pinned {
    /// Whether the overlay said something else before.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.before != self.after
    }

    /// What it says now, in a word.
    fn news(&self) -> String {
        let (image, before, after) = (&self.image, &self.before, &self.after);
        match (self.is_whole, after.starts_with('@')) {
            (true, _) => format!("{image} from {before} to {after}"),
            (false, true) => format!("{image}{after}"),
            (false, false) => format!("{image}:{after}"),
        }
    }
}

/// What an image of an overlay is set to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The name that it goes by in the cluster.
    pub(crate) name: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<String>,
}

impl Setting {
    /// As `TAG@DIGEST`.
    pub(crate) fn text(&self) -> String {
        let digest = self.digest.as_ref();
        let digest = digest.map_or(String::new(), |digest| format!("@{digest}"));
        format!("{}{digest}", self.tag.as_deref().unwrap_or_default())
    }

    /// What it is called in the cluster, tag and digest included.
    fn whole(&self, image: &str) -> String {
        let colon = if self.tag.is_some() { ":" } else { "" };
        let name = self.name.as_deref().unwrap_or(image);
        format!("{name}{colon}{}", self.text())
    }
}

/// Where an overlay belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The folder with a folder per application.
    pub(crate) apps: &'a str,
    pub(crate) app: &'a str,
    pub(crate) environment: &'a str,
}

impl Place<'_> {
    fn overlays(&self) -> String {
        format!("{}/{}/k8s/overlays", self.apps, self.app)
    }

    /// The files that the overlay may be in.
    pub(crate) fn candidates(&self) -> [String; 3] {
        let folder = format!("{}/{}", self.overlays(), self.environment);
        FILES.map(|file| format!("{folder}/{file}"))
    }
}

/// An overlay that is read or edited.
pub(crate) struct Overlay {
    pub(crate) app: String,
    pub(crate) environment: String,
    pub(crate) path: String,
    file: Document,
}

impl Overlay {
    /// The overlay of a place.
    pub(crate) fn open(draft: &mut Draft<'_, '_>, place: Place<'_>) -> Result<Self> {
        match Self::look_for(draft, place)? {
            Some(overlay) => Ok(overlay),
            None => Err(missing(draft, place)?),
        }
    }

    /// The overlay of a place, if it is there.
    pub(crate) fn look_for(draft: &mut Draft<'_, '_>, place: Place<'_>) -> Result<Option<Self>> {
        let mut found = Vec::new();
        for path in place.candidates() {
            found.extend(draft.read(&path)?.map(|bytes| (path, bytes)));
        }
        match &found[..] {
            [] => Ok(None),
            [(path, bytes)] => Ok(Some(Self {
                app: place.app.to_owned(),
                environment: place.environment.to_owned(),
                path: path.clone(),
                file: parse(path, bytes)?,
            })),
            [(first, _), (second, _), ..] => {
                let message = format!("cannot choose between `{first}` and `{second}`");
                Err(Error::new(ErrorKind::Overlay, message)
                    .hint("keep one: kustomize refuses a folder with both"))
            }
        }
    }

    /// The names of its images.
    pub(crate) fn images(&self) -> Vec<String> {
        images(&self.file)
    }

    pub(crate) fn image(&self, name: &str) -> Setting {
        setting(&self.file, name)
    }

    /// Lets an image be set to this and nothing else.
    pub(crate) fn set(&mut self, image: &str, to: &Setting) -> Result<()> {
        let values = [
            ("newName", &to.name),
            ("newTag", &to.tag),
            ("digest", &to.digest),
        ];
        for (key, value) in values {
            let at = [IMAGES, Step::Item("name", image), Step::Key(key)];
            match value {
                Some(value) => self.file.set(&at, value).map_err(Error::edit)?,
                None => self.file.remove(&at).map_err(Error::edit)?,
            };
        }
        Ok(())
    }

    /// The single value of a field; none if there is none.
    pub(crate) fn field(&self, steps: &[Step<'_>]) -> Option<Content> {
        self.file.content(steps)
    }

    pub(crate) fn set_field(&mut self, steps: &[Step<'_>], value: &Content) -> Result<()> {
        self.file.put(steps, value).map_err(Error::edit)?;
        Ok(())
    }

    /// The hold on an image.
    pub(crate) fn hold(&self, image: &str) -> Result<Option<Hold>> {
        Ok(hold::find(&self.path, self.file.text(), image)?.pop())
    }

    /// Lets an image be held for this reason alone, or for none.
    pub(crate) fn set_hold(&mut self, image: &str, why: Option<&str>) -> Result<()> {
        let text = hold::set(&self.path, self.file.text(), image, why)?;
        self.file = Document::parse(&self.path, &text).map_err(Error::edit)?;
        Ok(())
    }

    /// Refuses to go on with an image that is held.
    pub(crate) fn check_hold(&self, image: &str) -> Result<()> {
        let Some(Hold { location, why, .. }) = self.hold(image)? else {
            return Ok(());
        };
        let (app, environment) = (&self.app, &self.environment);
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {why}")
        };
        let message = format!("`{image}` in {environment} is held{why}");
        Err(Error::new(ErrorKind::Held, message)
            .at(location)
            .hint(format!(
                "let it go with `env-rollback {environment} --release --app {app}`"
            )))
    }

    /// Refuses to replace a version by an older one.
    pub(crate) fn check_order(&self, image: &str, old: &Setting, new: &Setting) -> Result<()> {
        let [old, new] = [old, new].map(|setting| setting.tag.as_deref().unwrap_or_default());
        match version(old).zip(version(new)) {
            Some((before, after)) if after.cmp_precedence(&before).is_lt() => {
                let environment = &self.environment;
                let message = format!(
                    "`{image}` in {environment} is at `{old}`, which is newer than `{new}`"
                );
                Err(Error::new(ErrorKind::Downgrade, message)
                    .hint("if it shall go back, say so with `--allow-downgrade`"))
            }
            _ => Ok(()),
        }
    }

    /// What an image of this overlay is changed from and to.
    pub(crate) fn pinned(&self, image: &str, before: &Setting, after: &Setting) -> Pinned {
        match before.name == after.name {
            true => self.told(image, before.text(), after.text(), false),
            false => self.told(image, before.whole(image), after.whole(image), true),
        }
    }

    pub(crate) fn told(
        &self,
        image: &str,
        before: String,
        after: String,
        is_whole: bool,
    ) -> Pinned {
        Pinned {
            app: self.app.clone(),
            environment: self.environment.clone(),
            path: self.path.clone(),
            image: image.to_owned(),
            before,
            after,
            is_whole,
        }
    }

    pub(crate) fn save(self, draft: &mut Draft<'_, '_>) -> Result<()> {
        draft.write(&self.path, self.file.finish().into_bytes())
    }
}

/// The file of an overlay.
pub(crate) fn parse(path: &str, bytes: &[u8]) -> Result<Document> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("cannot read `{path}`");
        Error::new(ErrorKind::Overlay, message).source(error)
    })?;
    Document::parse(path, text).map_err(Error::edit)
}

fn images(file: &Document) -> Vec<String> {
    let named = |at| file.get(&[IMAGES, Step::Index(at), Step::Key("name")]);
    let names = (0..).map_while(named);
    names.map(str::to_owned).collect()
}

/// What an image of a file is set to.
pub(crate) fn setting(file: &Document, image: &str) -> Setting {
    let value = |key| {
        let found = file.get(&[IMAGES, Step::Item("name", image), Step::Key(key)]);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Setting {
        name: value("newName"),
        tag: value("newTag"),
        digest: value("digest"),
    }
}

/// The error for an overlay that is not there, with what is there in its hint.
fn missing(draft: &mut Draft<'_, '_>, place: Place<'_>) -> Result<Error> {
    let Place {
        apps,
        app,
        environment,
    } = place;
    let overlays = place.overlays();
    let (message, wanted, there) = match draft.folders(&overlays)? {
        Some(there) => {
            let message = format!(
                "`{app}` has no overlay `{environment}`: no kustomization file in `{overlays}/{environment}`"
            );
            (message, environment, there)
        }
        None => {
            let message = format!("there is no application `{app}` with overlays in `{overlays}`");
            let apps = draft.folders(apps)?.unwrap_or_default();
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

/// The applications of a commit, or those that are named.
pub(crate) fn applications(
    draft: &mut Draft<'_, '_>,
    apps: &str,
    named: &[String],
) -> Result<Vec<String>> {
    for app in named {
        check_folder("application", app)?;
    }
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let mut all = draft.folders(apps)?.unwrap_or_default();
    // Templates and the like.
    all.retain(|app| check_folder("application", app).is_ok());
    Ok(all)
}

/// Names for a hint, not all of them where there are many.
pub(crate) fn listed(names: &[impl AsRef<str>]) -> String {
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

/// A name that is one folder, and nothing else to any program.
pub(crate) fn check_folder(what: &str, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    match name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        true => Ok(()),
        false => {
            let message = format!("`{name}` is no name of an {what}");
            Err(Error::new(ErrorKind::Value, message))
        }
    }
}

/// The version in a tag, with or without a `v`.
fn version(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

/// The errors of a piece of work that goes on, so that all are told at once.
#[derive(Debug, Default)]
pub(crate) struct Refusals(pub(crate) Vec<Error>);

impl Refusals {
    /// What came of a part. What the remote is at fault for ends the work.
    pub(crate) fn take<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        use ErrorKind as Kind;
        let error = match result {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        let refusal = matches!(
            error.kind(),
            Kind::Overlay
                | Kind::Image
                | Kind::Expected
                | Kind::Downgrade
                | Kind::Held
                | Kind::TooNew
                | Kind::Unpublished
                | Kind::NotAFile
        ) || error.is_of_file();
        match refusal {
            true => {
                self.0.push(error);
                Ok(None)
            }
            false => Err(error),
        }
    }

    /// All of them as one error, if there is any.
    pub(crate) fn check(self) -> Result<()> {
        let mut all = self.0.into_iter();
        match all.next() {
            None => Ok(()),
            Some(first) => Err(first.and(all)),
        }
    }
}

/// The message of a commit that changes overlays: what is done (`Pin`), to what, and where to
/// (` in dev`, where it is not said otherwise). The changed ones are in it, each overlay with a
/// `Windlass-Pin` trailer.
pub(crate) fn message(done: &str, whereto: Option<&str>, pinned: &[Pinned]) -> String {
    let changed: Vec<&Pinned> = pinned.iter().filter(|pinned| pinned.changed()).collect();
    let apps = distinct(changed.iter().map(|pinned| &pinned.app[..]));
    let environments = distinct(changed.iter().map(|pinned| &pinned.environment[..]));
    let several = apps.len() > 1;
    let what = match apps.len() {
        ..=3 => and(&apps),
        many => format!("{many} applications"),
    };
    let inside = format!(" in {}", and(&environments));
    let mut message = format!("{done} {what}{}", whereto.unwrap_or(&inside));
    if whereto.is_none() {
        message.push_str(&common(&changed));
    }
    message.push_str("\n\n");
    for pinned in &changed {
        let app = if several {
            format!("{} ", pinned.app)
        } else {
            String::new()
        };
        let _ = writeln!(message, "{app}{}: {}", pinned.environment, pinned.news());
    }
    message.push('\n');
    let overlays = changed.iter().map(|it| (&it.app, &it.environment));
    for (app, environment) in distinct(overlays) {
        let _ = writeln!(message, "{PIN_TRAILER}: {app} {environment}");
    }
    message
}

/// ` to TAG@DIGEST`, as far as all have it in common.
fn common(changed: &[&Pinned]) -> String {
    let Some((tag, digest)) = changed.first().and_then(|it| it.after.split_once('@')) else {
        return match changed {
            [one] if !one.after.is_empty() => format!(" to {}", one.after),
            _ => String::new(),
        };
    };
    let alike = |it: &&Pinned| it.after.split_once('@').is_some_and(|it| it.1 == digest);
    if !changed.iter().all(alike) {
        return String::new();
    }
    let tag = if changed.len() == 1 { tag } else { "" };
    let at = if tag.is_empty() { "" } else { "@" };
    let short: String = digest.chars().take("sha256:".len() + 12).collect();
    format!(" to {tag}{at}{short}")
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
