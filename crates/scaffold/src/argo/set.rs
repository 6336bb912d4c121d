//! One ApplicationSet in the place of an Application for each overlay: a list of apps and
//! environments, and the template's Application with placeholders for them.

use super::make::plain;
use super::overlays::Overlay;
use super::{Argo, Finding, Object};
use crate::app::APPLICATIONS;
use crate::change::Changes;
use crate::given::Answers;
use crate::site::{Environment, Site};
use crate::template::Template;
use crate::way::Way;
use crate::{Error, ErrorKind};
use windlass_fault::Location;
use windlass_yaml::{Content, Document, NodeId, Step};

/// The file of the set that is made here.
const FILE: &str = "overlays.yaml";
/// Names that stand for those of an app, an environment and its branch while the template is
/// rendered, and what Argo CD puts them back by.
const PLACEHOLDERS: [(&str, &str); 3] = [
    ("placeholder-of-app", "{{.app}}"),
    ("placeholder-of-environment", "{{.environment}}"),
    ("placeholder-of-branch", "{{.branch}}"),
];
const HEAD: &str = "\
# Makes an Application of each overlay that has no file of its own here. Kept by
# `argo-apps --application-set`.
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: overlays
  namespace: argocd
spec:
  goTemplate: true
  goTemplateOptions:
    - missingkey=error
  syncPolicy:
    # What goes from the list is deployed no more, but not deleted with all it has.
    preserveResourcesOnDeletion: true
  generators:
    - list:
        elements:
  template:
";

/// An entry of a list in a set, which makes an Application.
pub(super) struct Element<'a> {
    set: &'a Object,
    node: NodeId,
    app: &'a str,
    environment: &'a str,
    pub(super) place: Location,
}

impl Element<'_> {
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.app, self.environment)
    }

    pub(super) fn pair(&self) -> (String, String) {
        (self.app.to_owned(), self.environment.to_owned())
    }
}

impl Argo {
    /// An ApplicationSet of all overlays that have no Application of their own; one that is there
    /// gets the entries that it lacks, loses those that lead nowhere, and goes with the last one.
    ///
    /// # Errors
    /// As [`Argo::make`].
    pub fn make_set(&self, template: &Template) -> Result<Changes, Error> {
        let path = format!("{APPLICATIONS}/{FILE}");
        let is_own = |overlay: &Overlay| self.application_of(&overlay.path).is_none();
        let wanted = self.known().filter(|(overlay, _)| is_own(overlay));
        let wanted: Vec<Content> = wanted.map(|(overlay, of)| element(overlay, of)).collect();
        let mut changes = Changes::default();
        let before = self.files.get(&path);
        if wanted.is_empty() {
            changes.add(&path, before.cloned(), None);
            return Ok(changes);
        }
        let text = match before {
            Some(file) => file.text(&path)?.to_owned(),
            None => self.new_set(template)?,
        };
        let after = with_elements(&path, &text, &wanted).map_err(|source| {
            let message = format!("cannot put `{path}` right");
            Error::yaml(ErrorKind::Register, message, source)
        })?;
        changes.add(&path, before.cloned(), Some(plain(after)));
        self.list(&mut changes)?;
        Ok(changes)
    }

    /// The set without entries.
    fn new_set(&self, template: &Template) -> Result<String, Error> {
        let [(app, _), (environment, _), (branch, _)] = PLACEHOLDERS;
        let environment = Environment {
            name: environment.to_owned(),
            branch: branch.to_owned(),
            tag: None,
        };
        let site = Site {
            environments: vec![environment.clone()],
            ..self.site.clone()
        };
        let rendered = template.application(app, &Answers::new(), &environment, &site)?;
        let application = with_parameters(&rendered).map_err(|source| {
            let message = "cannot make an ApplicationSet of the template's Application";
            Error::yaml(ErrorKind::Register, message.to_owned(), source)
        })?;
        let mut set = HEAD.to_owned();
        for line in application.lines() {
            let indent = if line.is_empty() { "" } else { "    " };
            set.push_str(&format!("{indent}{line}\n"));
        }
        Ok(set)
    }

    /// The entries of all sets that are made of lists as here.
    pub(super) fn elements(&self) -> Vec<Element<'_>> {
        let mut found = Vec::new();
        for set in self.of_kind("ApplicationSet") {
            let generators = self.tree.lookup(set.node, &["spec", "generators"]);
            let generators = generators.filter(|&node| self.tree.is_seq(node));
            for generator in generators
                .into_iter()
                .flat_map(|node| self.tree.items(node))
            {
                let list = self.tree.lookup(generator, &["list", "elements"]);
                let list = list.filter(|&node| self.tree.is_seq(node));
                for node in list.into_iter().flat_map(|node| self.tree.items(node)) {
                    let text = |key| self.tree.text_at(node, &[key]);
                    if let (Some(app), Some(environment)) = (text("app"), text("environment")) {
                        let place = self.place_of(set, node);
                        found.push(Element {
                            set,
                            node,
                            app,
                            environment,
                            place,
                        });
                    }
                }
            }
        }
        found
    }

    pub(super) fn is_in_set(&self, overlay: &Overlay) -> bool {
        let pair = (overlay.app.clone(), overlay.environment.clone());
        self.index.in_sets.contains(&pair)
    }

    /// What is wrong with the entries of sets.
    pub(super) fn sets(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for element in self.elements() {
            let is_this = |overlay: &&Overlay| {
                overlay.app == element.app && overlay.environment == element.environment
            };
            let mut add = |name, key: &str, message: String| {
                let node = self.tree.lookup(element.node, &[key]);
                let place = self.place_of(element.set, node.unwrap_or(element.node));
                found.push(Finding::new(name, place, message));
            };
            let name = element.name();
            if !self.overlays.iter().any(|overlay| is_this(&overlay)) {
                add(
                    "missing-path",
                    "app",
                    format!("there is no overlay of `{name}`"),
                );
            }
            let branch = self.tree.text_at(element.node, &["branch"]);
            if let Some(wanted) = self.branch(element.environment)
                && branch != Some(wanted)
            {
                let environment = element.environment;
                let message = format!("`{environment}` is deployed from the branch `{wanted}`");
                add("wrong-revision", "branch", message);
            }
        }
        found
    }
}

/// A set with these entries and no others.
fn with_elements(
    path: &str,
    text: &str,
    wanted: &[Content],
) -> Result<String, windlass_yaml::Error> {
    let mut document = Document::parse(path, text)?;
    let mut way = vec![Step::Key("spec"), Step::Key("generators"), Step::Index(0)];
    way.extend([Step::Key("list"), Step::Key("elements")]);
    let there = match document.content(&way) {
        Some(Content::List(items)) => items,
        _ => Vec::new(),
    };
    for item in wanted.iter().filter(|item| !there.contains(item)) {
        document.push(&way, item)?;
    }
    let stale = there.iter().enumerate().rev();
    for (at, _) in stale.filter(|(_, item)| !wanted.contains(item)) {
        document.remove(&[&way[..], &[Step::Index(at)]].concat())?;
    }
    Ok(document.finish())
}

fn element(overlay: &Overlay, environment: &Environment) -> Content {
    Content::map([
        ("app", Content::from(overlay.app.as_str())),
        ("environment", Content::from(environment.name.as_str())),
        ("branch", Content::from(environment.branch.as_str())),
    ])
}

/// The Application with Argo CD's parameters where the placeholders stand, without what only an
/// object has.
fn with_parameters(rendered: &str) -> Result<String, windlass_yaml::Error> {
    let mut document = Document::parse("the template's Application", rendered)?;
    let mut texts = Vec::new();
    if let Some(content) = document.content(&[]) {
        collect(&content, &Way::default(), &mut texts);
    }
    for (way, text) in texts {
        let replaced = PLACEHOLDERS
            .iter()
            .fold(text.clone(), |text, (from, to)| text.replace(from, to));
        if replaced != text {
            document.set(&way.steps(), &replaced)?;
        }
    }
    for key in ["apiVersion", "kind"] {
        document.remove(&[Step::Key(key)])?;
    }
    Ok(document.finish())
}

/// All texts, with the ways to them.
fn collect(content: &Content, way: &Way, texts: &mut Vec<(Way, String)>) {
    match content {
        Content::Map(entries) => entries
            .iter()
            .for_each(|(key, value)| collect(value, &way.key(key), texts)),
        Content::List(items) => items
            .iter()
            .enumerate()
            .for_each(|(at, item)| collect(item, &way.index(at), texts)),
        Content::Text(text) | Content::Plain(text) => texts.push((way.clone(), text.clone())),
    }
}
