//! Answers as they are given: on a command line, in a file, in the record of an app.

use crate::{Error, ErrorKind};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One answer, whose type only the question knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Given {
    /// A text; also a number, and `true` or `false`.
    One(String),
    /// The items of a list.
    Many(Vec<String>),
    /// An answer for each environment, by its name.
    Each(BTreeMap<String, Given>),
}

/// Answers by the names of their questions.
pub type Answers = BTreeMap<String, Given>;

/// Takes `QUESTION=ANSWER`, or `QUESTION.ENVIRONMENT=ANSWER` for one environment, into `answers`.
///
/// ```
/// use windlass_scaffold::{Answers, Given, set};
/// let mut answers = Answers::new();
/// set(&mut answers, "port=8080")?;
/// assert_eq!(answers["port"], Given::One("8080".into()));
/// assert!(set(&mut answers, "port=80").is_err());
/// # Ok::<(), windlass_scaffold::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Answer`] if it is in no such form, or answered already.
pub fn set(answers: &mut Answers, text: &str) -> Result<(), Error> {
    let failed = |why: String| Err(Error::new(ErrorKind::Answer, why));
    let Some((question, answer)) = text.split_once('=') else {
        return failed(format!("cannot take `{text}`: it must be QUESTION=ANSWER"));
    };
    let answer = Given::One(answer.to_owned());
    let before = match question.split_once('.') {
        None => answers.insert(question.to_owned(), answer),
        Some((name, environment)) => {
            let each = answers.entry(name.to_owned());
            match each.or_insert_with(|| Given::Each(BTreeMap::new())) {
                Given::Each(each) => each.insert(environment.to_owned(), answer),
                other => Some(other.clone()),
            }
        }
    };
    match before {
        None => Ok(()),
        Some(_) => failed(format!("`{question}` is answered twice")),
    }
}

/// The answers in a file: a map from questions to answers; errors call it `place`.
///
/// # Errors
/// [`ErrorKind::Answer`] if the text is something else.
pub fn answers(place: &str, text: &str) -> Result<Answers, Error> {
    windlass_yaml::from_str(place, text).map_err(|source| {
        let message = format!("cannot take `{place}` as answers");
        Error::yaml(ErrorKind::Answer, message, source)
    })
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        de.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false, a list, or a map by environment")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Given, E> {
        Ok(Given::One(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Given, E> {
        Ok(Given::One(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Given, E> {
        Ok(Given::One(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Given, E> {
        Err(E::custom("a number that is not whole must stand in quotes"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Given, E> {
        Ok(Given::One(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let mut many = Vec::new();
        while let Some(item) = items.next_element()? {
            match item {
                Given::One(text) => many.push(text),
                _ => return Err(serde::de::Error::custom("a list holds texts alone")),
            }
        }
        Ok(Given::Many(many))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Given, A::Error> {
        let mut each = BTreeMap::new();
        while let Some((name, given)) = entries.next_entry::<String, Given>()? {
            if matches!(given, Given::Each(_)) {
                let message = "an answer for an environment is no map";
                return Err(serde::de::Error::custom(message));
            }
            each.insert(name, given);
        }
        Ok(Given::Each(each))
    }
}
