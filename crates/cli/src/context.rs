//! What a command may know of its surroundings. The environment and the clock are read here alone.

use crate::render::{self, Style};
use crate::{Common, Config, Failure};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use windlass_fault::Warning;

/// The surroundings of a command.
#[derive(Debug, Clone)]
pub struct Context {
    directory: PathBuf,
    verbose: bool,
    quiet: bool,
    style: Style,
}

impl Context {
    pub(crate) fn new(common: &Common) -> Self {
        let mut context = Self {
            directory: common
                .directory
                .clone()
                .unwrap_or_else(|| PathBuf::from(".")),
            verbose: common.verbose,
            quiet: common.quiet,
            style: Style::Text,
        };
        if context.env("GITHUB_ACTIONS").as_deref() == Some("true") {
            context.style = Style::Annotation;
        }
        context
    }

    /// The folder to work in: `-C`, else the current one.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A path of the command line, seen from the folder to work in.
    #[must_use]
    pub fn path(&self, given: impl AsRef<Path>) -> PathBuf {
        match self.directory.as_os_str() {
            here if here == "." => given.as_ref().to_owned(),
            _ => self.directory.join(given),
        }
    }

    /// A variable of the environment that is set, not empty and UTF-8.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one door to the environment")]
    pub fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// Every variable of the environment that is UTF-8, for programs to be started with.
    #[expect(clippy::disallowed_methods, reason = "the one door to the environment")]
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let utf8 = |text: std::ffi::OsString| text.into_string().ok();
        std::env::vars_os().filter_map(move |(name, value)| Some((utf8(name)?, utf8(value)?)))
    }

    /// The folder for what can be got or made again: `windlass` in the user's cache folder.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        let caches = self.env("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || Some(Path::new(&self.env("HOME")?).join(".cache"));
        let caches = caches.or_else(home).unwrap_or_else(std::env::temp_dir);
        caches.join("windlass")
    }

    /// Seconds since 1970.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one door to the clock")]
    pub fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// The repository's `windlass.yaml`, or the defaults where there is none.
    ///
    /// # Errors
    /// If the file cannot be read, or something in it is not known or not possible.
    pub fn config(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.directory)?)
    }

    /// Whether `-v` was given.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says on stderr what is being done, unless `--quiet` was given.
    pub fn progress(&self, what: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{what}");
        }
    }

    /// Says on stderr what is being done, where `-v` was given.
    pub fn detail(&self, what: impl std::fmt::Display) {
        if self.verbose {
            anstream::eprintln!("{what}");
        }
    }

    pub(crate) fn warn(&self, warning: &Warning) {
        if !self.quiet {
            anstream::eprint!("{}", render::render_warning(warning, self.style));
        }
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }
}
