//! What an edit writes, before it has a form.

use super::Step;
use crate::node::{Kind, NodeId, Style, Tree};
use crate::resolve::is_certain_string;

/// What is to stand somewhere in a file, without its form: that is taken from what is around it.
///
/// ```
/// use windlass_yaml::{Content, Document, Step};
/// let mut file = Document::parse("kustomization.yaml", "resources:\n- a.yaml # ours\n")?;
/// let replica = Content::map([("name", "web".into()), ("count", Content::Plain("3".into()))]);
/// file.push(&[Step::Key("replicas")], &replica)?;
/// assert_eq!(
///     file.finish(),
///     "resources:\n- a.yaml # ours\nreplicas:\n- name: web\n  count: 3\n"
/// );
/// # Ok::<(), windlass_yaml::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A string, whatever its text looks like.
    Text(String),
    /// A number, a boolean or `null`, as it is written without quotes.
    Plain(String),
    /// Keys and values, in their order.
    Map(Vec<(String, Content)>),
    /// Items, in their order.
    List(Vec<Content>),
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Content {
    /// A map with these entries.
    pub fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// What a node holds.
    pub(super) fn of(tree: &Tree, id: NodeId) -> Self {
        match tree.kind(id) {
            Kind::Map => {
                let entries = tree.entries(id);
                Self::map(entries.map(|(key, value)| (key, Self::of(tree, value))))
            }
            Kind::Seq => Self::List(tree.items(id).map(|item| Self::of(tree, item)).collect()),
            Kind::Scalar => {
                let text = tree.text(id).to_owned();
                let quoted = tree.style(id) != Style::Plain;
                match is_certain_string(&text, quoted, tree.tag(id)) {
                    true => Self::Text(text),
                    false => Self::Plain(text),
                }
            }
        }
    }

    /// What has to be made for steps that lead nowhere, so that this is at their end.
    pub(super) fn behind(&self, steps: &[Step<'_>]) -> Self {
        let Some((step, rest)) = steps.split_first() else {
            return self.clone();
        };
        let inner = self.behind(rest);
        match *step {
            Step::Key(key) => Self::map([(key, inner)]),
            Step::Index(_) => Self::List(vec![inner]),
            Step::Item(key, name) => {
                let mut entries = vec![(key.to_owned(), name.into())];
                if let Self::Map(more) = inner {
                    entries.extend(more);
                }
                Self::List(vec![Self::Map(entries)])
            }
        }
    }
}
