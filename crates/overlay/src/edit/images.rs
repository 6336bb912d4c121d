//! Names, tags and digests of images, and counts of replicas.

use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use std::str::FromStr;
use windlass_yaml::{Content, Step};

/// What happens to one field of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Part {
    /// Nothing is said of it: it stays.
    #[default]
    Unsaid,
    /// It stays, and that is meant (`*`).
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(String),
}

impl Part {
    fn read(text: &str) -> Self {
        match text {
            "" => Self::Clear,
            "*" => Self::Keep,
            text => Self::Set(text.to_owned()),
        }
    }
}

/// A change of one image, read from a word: its name in the manifests, and what becomes of its
/// `newName`, `newTag` and `digest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChange {
    name: String,
    new_name: Part,
    tag: Part,
    digest: Part,
}

impl FromStr for ImageChange {
    type Err = Error;

    /// Reads `NAME[=NEWNAME][:TAG][@DIGEST]`. `*` keeps what is there, and a part with nothing in
    /// it goes (`kustomize: api/internal/image/image.go`).
    fn from_str(text: &str) -> Result<Self> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (Some(key), value),
            None => (None, text),
        };
        // A colon before the first slash is that of a port.
        let host = value.find('/').unwrap_or(0);
        let rest = &value[host..];
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Part::read(digest)),
            None => (rest, Part::Unsaid),
        };
        let (rest, tag) = match rest.split_once(':') {
            Some((rest, tag)) => (rest, Part::read(tag)),
            None => (rest, Part::Unsaid),
        };
        let name = &value[..host + rest.len()];
        let nothing = key.is_none() && tag == Part::Unsaid && digest == Part::Unsaid;
        let (name, new_name) = match key {
            Some(key) => (key, Part::read(name)),
            None => (name, Part::Unsaid),
        };
        if nothing || name.is_empty() {
            let message = format!("`{text}` says nothing about an image");
            let hint = "write it like `name:tag`, `name@digest` or `name=new-name:tag@digest`";
            return Err(Error::new(ErrorKind::Edit, message).hint(hint.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            new_name,
            tag,
            digest,
        })
    }
}

/// How many replicas something has, read from a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaCount {
    name: String,
    count: i64,
}

impl FromStr for ReplicaCount {
    type Err = Error;

    /// Reads `NAME=COUNT`.
    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let count = parts.and_then(|(name, count)| Some((name, count.parse().ok()?)));
        let Some((name, count)) = count else {
            let message = format!("`{text}` says no count of replicas");
            let hint = "write it like `name=3`".to_owned();
            return Err(Error::new(ErrorKind::Edit, message).hint(hint));
        };
        Ok(Self {
            name: name.to_owned(),
            count,
        })
    }
}

pub(super) fn set(changes: &[ImageChange], session: &mut Session<'_>) -> Result<()> {
    for change in changes {
        set_one(change, session)?;
    }
    Ok(())
}

fn set_one(change: &ImageChange, session: &mut Session<'_>) -> Result<()> {
    let kustomization = session.kustomization()?;
    let in_images = kustomization
        .images
        .iter()
        .any(|image| image.name == change.name);
    let mut old = kustomization.image_tags.iter();
    let list = match !in_images && old.any(|image| image.name == change.name) {
        true => "imageTags",
        false => "images",
    };
    let item = [Step::Key(list), Step::Item("name", &change.name)];
    refuse_hidden_tag(change, &item, session)?;
    let parts = [
        ("newName", &change.new_name),
        ("newTag", &change.tag),
        ("digest", &change.digest),
    ];
    for (field, part) in parts {
        let steps = [item[0], item[1], Step::Key(field)];
        match part {
            Part::Unsaid | Part::Keep => {}
            Part::Set(value) => session.set(&steps, value)?,
            Part::Clear => session.prune(&steps)?,
        }
    }
    Ok(())
}

/// A digest says which image runs, whatever the tag: a new tag beside an old digest would change
/// nothing in the cluster, so what is to become of the digest has to be said.
fn refuse_hidden_tag(
    change: &ImageChange,
    item: &[Step<'_>; 2],
    session: &Session<'_>,
) -> Result<()> {
    let (Part::Set(tag), Part::Unsaid) = (&change.tag, &change.digest) else {
        return Ok(());
    };
    let steps = [item[0], item[1], Step::Key("digest")];
    let digest = session
        .document
        .get(&steps)
        .filter(|digest| !digest.is_empty());
    let tag_steps = [item[0], item[1], Step::Key("newTag")];
    if digest.is_none() || session.document.get(&tag_steps) == Some(tag) {
        return Ok(());
    }
    let name = &change.name;
    let message = format!("`{name}` has a digest, which would hide the tag `{tag}`");
    let hint = format!(
        "give the digest too (`{name}:{tag}@sha256:…`), drop it (`{name}:{tag}@`), or keep it (`{name}:{tag}@*`)"
    );
    Err(session.refuse(message).hint(hint))
}

pub(super) fn set_replicas(counts: &[ReplicaCount], session: &mut Session<'_>) -> Result<()> {
    session.read()?;
    for replica in counts {
        let steps = [
            Step::Key("replicas"),
            Step::Item("name", &replica.name),
            Step::Key("count"),
        ];
        session.put(&steps, &Content::Plain(replica.count.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Part, Part, Part) {
        let change: ImageChange = text.parse().unwrap();
        (change.name, change.new_name, change.tag, change.digest)
    }

    #[test]
    fn images_are_read_as_kustomize_reads_them() {
        use Part::{Clear, Keep, Unsaid};
        let set = |text: &str| Part::Set(text.to_owned());
        let name = |text: &str| text.to_owned();
        let cases = [
            ("a:1", (name("a"), Unsaid, set("1"), Unsaid)),
            ("a@d", (name("a"), Unsaid, Unsaid, set("d"))),
            ("a:1@d:2", (name("a"), Unsaid, set("1"), set("d:2"))),
            ("a=b", (name("a"), set("b"), Unsaid, Unsaid)),
            ("a=h:5/b", (name("a"), set("h:5/b"), Unsaid, Unsaid)),
            ("h:5/a:1", (name("h:5/a"), Unsaid, set("1"), Unsaid)),
            ("a=*:1@*", (name("a"), Keep, set("1"), Keep)),
            ("a:1@", (name("a"), Unsaid, set("1"), Clear)),
            ("a=b:c=d", (name("a"), set("b"), set("c=d"), Unsaid)),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), wanted, "{text}");
        }
        for text in ["", "a", "h:5/a", ":1", "=b", "@d"] {
            assert!(text.parse::<ImageChange>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_are_whole_numbers() {
        assert_eq!("a=-3".parse::<ReplicaCount>().unwrap().count, -3);
        for text in ["", "a", "a=", "=1", "a=1.5", "a=1=2", "a= 1"] {
            assert!(text.parse::<ReplicaCount>().is_err(), "{text}");
        }
    }
}
