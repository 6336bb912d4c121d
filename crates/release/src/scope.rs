//! Which files of the repository make up an application, and which of them reach its image.

use crate::apps::Apps;
use crate::error::{Error, ErrorKind, Result};

/// How the repository is laid out.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The folder that holds a folder for each application.
    pub apps: String,
    /// What a git tag begins with; `{app}` stands for the application's name.
    pub tag_prefix: String,
    /// What goes into images from outside the applications.
    pub shared: Vec<Shared>,
}

/// A file or folder outside the applications that goes into images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its path from the root of the repository.
    pub path: String,
    /// The applications that are made with it; every one where there is no list.
    pub apps: Option<Vec<String>>,
}

impl Shared {
    fn path(&self) -> &str {
        self.path.trim_matches('/')
    }

    fn is_for(&self, app: &str) -> bool {
        let apps = self.apps.as_ref();
        apps.is_none_or(|apps| apps.iter().any(|one| one == app))
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            apps: "apps".to_owned(),
            tag_prefix: "{app}/v".to_owned(),
            shared: Vec::new(),
        }
    }
}

impl Layout {
    /// The folder of an application.
    pub(crate) fn folder(&self, app: &str) -> String {
        let apps = self.apps.trim_matches('/');
        if apps.is_empty() || apps == "." {
            return app.to_owned();
        }
        format!("{apps}/{app}")
    }

    /// The shared paths that an application is made from.
    pub(crate) fn shared_by<'a>(&'a self, app: &'a str) -> impl Iterator<Item = &'a str> {
        let shared = self.shared.iter();
        shared.filter(|one| one.is_for(app)).map(Shared::path)
    }

    /// Refuses shared paths that are for an application which is not there: by a misspelt name a
    /// change would reach nobody.
    pub(crate) fn check(&self, apps: &Apps<'_>) -> Result<()> {
        for shared in &self.shared {
            for app in shared.apps.iter().flatten() {
                if !apps.has(app)? {
                    let what = format!("shared path `{}` is for `{app}`: ", shared.path);
                    return Err(self.unknown(&what, app, apps)?);
                }
            }
        }
        Ok(())
    }

    /// The error for a name that no application has.
    pub(crate) fn unknown(&self, what: &str, app: &str, apps: &Apps<'_>) -> Result<Error> {
        let message = format!("{what}no application `{app}` is in `{}`", self.apps);
        let error = Error::new(ErrorKind::App, message);
        let all: Vec<String> = apps.all().collect::<Result<_>>()?;
        let near = windlass_fault::nearest(app, all.iter().map(String::as_str));
        Ok(error.hint(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "an application is a folder with a `Dockerfile` or a folder `k8s`".to_owned(),
        }))
    }
}

/// What a change means for an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touch {
    /// Nothing of it.
    Nothing,
    /// Its manifests, documents or tests, none of which is in the image.
    Beside,
    /// What its image is made from.
    Image,
}

/// The paths of one application.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Own folder first, then the shared paths.
    roots: Vec<String>,
    /// What others own, which matters where it lies inside of `roots`.
    others: Vec<String>,
}

impl Scope {
    /// `folders` are the names of all folders beside the application's.
    pub(crate) fn new(layout: &Layout, app: &str, folders: &[&str]) -> Self {
        let own = std::iter::once(layout.folder(app));
        let shared = layout.shared_by(app).map(str::to_owned);
        let foreign = layout.shared.iter().filter(|shared| !shared.is_for(app));
        Self {
            roots: own.chain(shared).collect(),
            others: folders
                .iter()
                .filter(|other| **other != app)
                .map(|other| layout.folder(other))
                .chain(foreign.map(|shared| shared.path().to_owned()))
                .collect(),
        }
    }

    /// The paths to look at.
    pub(crate) fn roots(&self) -> &[String] {
        &self.roots
    }

    /// What a change of the file at `path` means. The longest of the paths that hold it owns it.
    pub(crate) fn touch(&self, path: &[u8]) -> Touch {
        let longest = |paths: &[String]| {
            let held = paths.iter().enumerate();
            held.filter(|(_, root)| inside(path, root).is_some())
                .max_by_key(|(_, root)| root.len())
                .map(|(at, root)| (root.len(), at))
        };
        let Some((length, at)) = longest(&self.roots) else {
            return Touch::Nothing;
        };
        if longest(&self.others).is_some_and(|(other, _)| other > length) {
            return Touch::Nothing;
        }
        let rest = inside(path, &self.roots[at]).unwrap_or_default();
        let own = at == 0;
        match first_folder(rest) {
            b"k8s" | b"test" | b"tests" | b"docs" if own => Touch::Beside,
            b"src" if own => Touch::Image,
            _ if path.ends_with(b".md") => Touch::Beside,
            _ => Touch::Image,
        }
    }
}

/// The rest of `path` below `root`, if it is `root` or lies in it: `apps/api` holds nothing of
/// `apps/api-v2`.
fn inside<'a>(path: &'a [u8], root: &str) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(root.as_bytes())?;
    match rest {
        [] => Some(rest),
        [b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// The first folder of a path; empty for a file that lies in none.
fn first_folder(path: &[u8]) -> &[u8] {
    let slash = path.iter().position(|&byte| byte == b'/');
    slash.map_or(b"", |at| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_owns_a_file() {
        let layout = Layout {
            shared: [
                ("libs/auth/", Some("api")),
                ("libs/auth/web", Some("web")),
                ("libs/log", None),
                ("constraints.txt", Some("api")),
                ("apps/api/contract", Some("web")),
            ]
            .map(|(path, app)| Shared {
                path: path.to_owned(),
                apps: app.map(|app| vec![app.to_owned()]),
            })
            .into(),
            ..Layout::default()
        };
        let all = ["api", "api-v2", "web"];
        let scope = Scope::new(&layout, "api", &all);
        for (path, expected) in [
            ("apps/api/src/server.py", Touch::Image),
            ("apps/api/Dockerfile", Touch::Image),
            ("apps/api/src/k8s/client.py", Touch::Image),
            ("apps/api/k8s", Touch::Image),
            ("apps/api/k8s/base/deployment.yaml", Touch::Beside),
            ("apps/api/test/test_server.py", Touch::Beside),
            ("apps/api/README.md", Touch::Beside),
            ("apps/api/src/pages/help.md", Touch::Image),
            ("apps/api/src", Touch::Image),
            ("apps/api/contract/v1.json", Touch::Nothing),
            ("apps/api-v2/src/server.py", Touch::Nothing),
            ("apps/web/src/server.py", Touch::Nothing),
            ("libs/auth/token.py", Touch::Image),
            ("libs/auth/test/token.py", Touch::Image),
            ("libs/auth/README.md", Touch::Beside),
            ("libs/auth/web/form.py", Touch::Nothing),
            ("libs/log/log.py", Touch::Image),
            ("constraints.txt", Touch::Image),
            ("constraints.txt.bak", Touch::Nothing),
            ("README.md", Touch::Nothing),
        ] {
            assert_eq!(scope.touch(path.as_bytes()), expected, "{path}");
        }
    }
}
