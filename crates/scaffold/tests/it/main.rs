//! From a template to an app on disk.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod argo;
mod errors;
mod properties;
mod questions;
mod render;
mod update;
mod update_properties;
mod write;

use std::error::Error as _;
use windlass_fault::Fault;
use windlass_scaffold::{Answers, App, Environment, Error, File, Files, Given, Site, Template};

pub(crate) const SETTINGS: &str = "\
application: application.yaml.jinja
questions:
  owner:
    help: Who answers for it
  port:
    default: \"5000\"
";

/// The files of a small template, with changes: a text of `None` takes a file away.
pub(crate) fn template_with(changes: &[(&str, Option<&str>)]) -> Result<Template, Error> {
    let mut files = Files::from([
        plain("template.yaml", SETTINGS),
        plain(
            "application.yaml.jinja",
            "name: {{ name }}-{{ environment.name }}\nbranch: {{ environment.branch }}\n",
        ),
        plain("README.md.jinja", "# {{ name }}\n\nAsk {{ owner }}.\n"),
        plain("src/server.py", "print(f\"{{not a placeholder}}\")\n"),
        plain(
            "k8s/overlays/dev/kustomization.yaml.jinja",
            "namespace: {{ name }}-dev\nimages:\n- name: {{ registry }}/{{ name }}\n  newTag: {{ environments.dev.tag }}\n",
        ),
        plain(
            "k8s/overlays/prod/kustomization.yaml.jinja",
            "namespace: {{ name }}-prod\nimages:\n- newTag: {{ environments.prod.tag or \"v1.0.0\" }}\n",
        ),
    ]);
    for (path, text) in changes {
        match text {
            Some(text) => files.extend([plain(path, text)]),
            None => drop(files.remove(*path)),
        }
    }
    Template::new("apps/.template", files)
}

pub(crate) fn plain(path: &str, text: &str) -> (String, File) {
    let file = File {
        bytes: text.as_bytes().to_vec(),
        executable: false,
    };
    (path.to_owned(), file)
}

pub(crate) fn site() -> Site {
    let environment = |name: &str, branch: &str, tag: Option<&str>| Environment {
        name: name.to_owned(),
        branch: branch.to_owned(),
        tag: tag.map(str::to_owned),
    };
    Site {
        apps: "apps".to_owned(),
        registry: "registry.example".to_owned(),
        repository: "https://git.example/gitops.git".to_owned(),
        environments: vec![
            environment("dev", "develop", Some("dev-latest")),
            environment("prod", "main", None),
        ],
    }
}

pub(crate) fn answers(given: &[(&str, &str)]) -> Answers {
    given
        .iter()
        .map(|(name, answer)| ((*name).to_owned(), Given::One((*answer).to_owned())))
        .collect()
}

/// The app `shop` of the small template.
pub(crate) fn shop(changes: &[(&str, Option<&str>)]) -> Result<App, Error> {
    template_with(changes)?.render("shop", &answers(&[("owner", "us")]), &site())
}

pub(crate) fn text<'a>(app: &'a App, path: &str) -> &'a str {
    std::str::from_utf8(&app.files()[path].bytes).expect("the template is text")
}

/// An error as a person sees it.
pub(crate) fn shown(error: &Error) -> String {
    let mut lines = vec![error.to_string()];
    if let Some(place) = error.location() {
        lines.push(format!(" --> {place}"));
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        lines.push(format!("caused by: {error}"));
        cause = error.source();
    }
    lines.extend(error.hint().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}
