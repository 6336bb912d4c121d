//! The way from what was given to an answer for every question.

use crate::given::{Answers, Given};
use crate::language::Values;
use crate::question::{self, Answer, Question};
use crate::site::Site;
use crate::template::Template;
use crate::{Error, ErrorKind, name};
use minijinja::Value;
use std::collections::BTreeMap;
use std::io;
use windlass_fault::nearest;

/// A question as a person is asked it.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// The question.
    pub question: &'a Question,
    /// The environment it is asked for, where each has an answer of its own.
    pub environment: Option<&'a str>,
    /// What counts if the answer is empty.
    pub default: Option<&'a str>,
    /// What was wrong with the answer before.
    pub problem: Option<&'a str>,
}

/// Asks a person and returns one line; none where nobody answers any more.
pub type Ask<'a> = dyn FnMut(&Prompt<'_>) -> io::Result<Option<String>> + 'a;

/// The answer to each question that is asked, and what a template sees of them.
pub(crate) struct Answered {
    pub(crate) answers: Answers,
    pub(crate) values: Values,
}

impl Template {
    /// Asks a person, by `ask`, for what `given` does not answer, and returns all answers.
    ///
    /// # Errors
    /// [`ErrorKind::Name`], [`ErrorKind::Answer`] and [`ErrorKind::Render`], all at once.
    pub fn ask(
        &self,
        name: &str,
        given: &Answers,
        site: &Site,
        ask: &mut Ask<'_>,
    ) -> Result<Answers, Error> {
        Ok(self.answered(name, given, site, Some(ask))?.answers)
    }

    /// Of older answers those that the template still asks for, and takes.
    #[must_use]
    pub fn still_asked(&self, name: &str, older: &Answers, site: &Site) -> Answers {
        let mut interview = Interview::new(name, older, site);
        for question in &self.settings.questions {
            let kept = older.get(&question.name).cloned();
            let asked = question
                .is_asked(&interview.answered.values)
                .unwrap_or(false);
            if let Some(given) = kept.filter(|_| asked)
                && let Ok(answer) = interview.take(question, &given)
            {
                interview.keep(question, answer);
                continue;
            }
            // The conditions and defaults of later ones may need it.
            interview.leave_unasked(question);
        }
        let mut kept = interview.answered.answers;
        kept.retain(|name, _| older.contains_key(name));
        kept
    }

    pub(crate) fn answered<'a>(
        &'a self,
        name: &str,
        given: &'a Answers,
        site: &'a Site,
        mut ask: Option<&mut Ask<'_>>,
    ) -> Result<Answered, Error> {
        name::check(name, &site.environments)?;
        let mut interview = Interview::new(name, given, site);
        let mut errors: Vec<Error> = given
            .keys()
            .filter(|key| !self.settings.questions.iter().any(|q| q.name == **key))
            .map(|key| self.unasked(key))
            .collect();
        for question in &self.settings.questions {
            if let Err(error) = interview.question(question, &mut ask) {
                // What comes of a bad answer says nothing new.
                let follows = error.kind() == ErrorKind::Render && !errors.is_empty();
                errors.extend((!follows).then_some(error));
                interview.leave_unasked(question);
            }
        }
        Error::all(errors)?;
        Ok(interview.answered)
    }

    fn unasked(&self, name: &str) -> Error {
        let questions = self.settings.questions.iter().map(|q| q.name.as_str());
        let message = format!("`{}` does not ask for `{name}`", self.place);
        let error = Error::new(ErrorKind::Answer, message);
        match nearest(name, questions) {
            Some(near) => error.with_hint(format!("it asks for `{near}`")),
            None => error,
        }
    }
}

struct Interview<'a> {
    given: &'a Answers,
    site: &'a Site,
    answered: Answered,
}

impl<'a> Interview<'a> {
    fn new(name: &str, given: &'a Answers, site: &'a Site) -> Self {
        Self {
            given,
            site,
            answered: Answered {
                answers: Answers::new(),
                values: question::values(name, site),
            },
        }
    }

    fn question(
        &mut self,
        question: &Question,
        ask: &mut Option<&mut Ask<'_>>,
    ) -> Result<(), Error> {
        let given = self.given.get(&question.name);
        if !question.is_asked(&self.answered.values)? {
            if given.is_some() {
                let name = &question.name;
                let message = format!("`{name}` is answered, but not asked here");
                let when = question.when.as_deref().unwrap_or_default();
                return Err(Error::new(ErrorKind::Answer, message)
                    .with_hint(format!("it is asked where `{when}` holds")));
            }
            self.leave_unasked(question);
            return Ok(());
        }
        let answer = match given {
            Some(given) => self.take(question, given)?,
            None if question.per_environment => self.for_each(question, &BTreeMap::new(), ask)?,
            None => self.obtain(question, None, ask)?,
        };
        self.keep(question, answer);
        Ok(())
    }

    fn keep(&mut self, question: &Question, answer: Answer) {
        let name = question.name.clone();
        self.answered.values.insert(name.clone(), answer.value);
        self.answered.answers.insert(name, answer.given);
    }

    /// A template may still name what was not asked, if it has a default.
    fn leave_unasked(&mut self, question: &Question) {
        let default = match question.per_environment {
            true => self.for_each(question, &BTreeMap::new(), &mut None),
            false => self.obtain(question, None, &mut None),
        };
        if let Ok(answer) = default {
            let name = question.name.clone();
            self.answered.values.insert(name, answer.value);
        }
    }

    /// What was given for a question, checked.
    fn take(&self, question: &Question, given: &Given) -> Result<Answer, Error> {
        match given {
            Given::Each(each) if question.per_environment => {
                self.for_each(question, each, &mut None)
            }
            given if question.per_environment => {
                let all = self.site.environments.iter();
                let each = all.map(|one| (one.name.clone(), given.clone())).collect();
                self.for_each(question, &each, &mut None)
            }
            given => question
                .check(given)
                .map_err(|why| refused(&question.name, &why)),
        }
    }

    fn for_each(
        &self,
        question: &Question,
        given: &BTreeMap<String, Given>,
        ask: &mut Option<&mut Ask<'_>>,
    ) -> Result<Answer, Error> {
        let names = || self.site.environments.iter().map(|e| e.name.as_str());
        let unknown = given
            .keys()
            .filter(|name| !names().any(|known| known == *name));
        let mut errors: Vec<Error> = unknown
            .map(|name| {
                let message = format!("`{}` is for environments, not for `{name}`", question.name);
                let known = names().collect::<Vec<_>>().join("`, `");
                Error::new(ErrorKind::Answer, message).with_hint(format!("there are `{known}`"))
            })
            .collect();
        let (mut values, mut kept) = (BTreeMap::new(), BTreeMap::new());
        for environment in names() {
            let answer = match given.get(environment) {
                Some(given) => question
                    .check(given)
                    .map_err(|why| refused(&format!("{}.{environment}", question.name), &why)),
                None => self.obtain(question, Some(environment), ask),
            };
            match answer {
                Ok(answer) => {
                    values.insert(environment.to_owned(), answer.value);
                    kept.insert(environment.to_owned(), answer.given);
                }
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        Ok(Answer {
            value: Value::from_pairs(values),
            given: Given::Each(kept),
        })
    }

    /// An answer that was not given: a person's, else the default.
    fn obtain(
        &self,
        question: &Question,
        environment: Option<&str>,
        ask: &mut Option<&mut Ask<'_>>,
    ) -> Result<Answer, Error> {
        let default = question.default(environment, &self.answered.values)?;
        match (ask, default) {
            (Some(ask), default) => person(question, environment, default.as_ref(), ask),
            (None, Some(default)) => question.check(&default).map_err(|why| {
                let message = format!("the default of `{}` does not serve: {why}", question.name);
                Error::new(ErrorKind::Settings, message).at(question.place.clone())
            }),
            (None, None) => Err(unanswered(question, environment)),
        }
    }
}

/// Asks until the answer serves, or nobody answers.
fn person(
    question: &Question,
    environment: Option<&str>,
    default: Option<&Given>,
    ask: &mut Ask<'_>,
) -> Result<Answer, Error> {
    let shown = default.map(|default| match default {
        Given::One(text) => text.clone(),
        Given::Many(items) => items.join(","),
        Given::Each(_) => String::new(),
    });
    let mut problem = None;
    loop {
        let prompt = Prompt {
            question,
            environment,
            default: shown.as_deref(),
            problem: problem.as_deref(),
        };
        let line = ask(&prompt).map_err(|source| Error::terminal(&question.name, source))?;
        let Some(line) = line else {
            return Err(unanswered(question, environment));
        };
        let given = match (line.trim(), &shown) {
            ("", Some(default)) => Given::One(default.clone()),
            (line, _) => Given::One(line.to_owned()),
        };
        match question.check(&given) {
            Ok(answer) => return Ok(answer),
            Err(why) => problem = Some(why),
        }
    }
}

fn refused(name: &str, why: &str) -> Error {
    let message = format!("cannot take the answer to `{name}`: {why}");
    Error::new(ErrorKind::Answer, message)
}

fn unanswered(question: &Question, environment: Option<&str>) -> Error {
    let name = match environment {
        Some(environment) => format!("{}.{environment}", question.name),
        None => question.name.clone(),
    };
    let what = question.help.as_deref().unwrap_or("it has no default");
    Error::new(ErrorKind::Answer, format!("`{name}` has no answer"))
        .with_hint(format!("answer it with `--set {name}=…`: {what}"))
}
