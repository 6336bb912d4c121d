//! How a command fails.

use crate::Context;
use crate::render;
use std::fmt;
use windlass_fault::{Blame, Fault};

/// Why a command ends without a report.
pub struct Failure(Kind);

enum Kind {
    Fault(Box<dyn Fault>),
    Usage(String),
}

impl Failure {
    /// The command line asks for something that cannot be: status 2.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self(Kind::Usage(message.into()))
    }

    /// The input is at fault, in a way that no library has a name for: status 1.
    #[must_use]
    pub fn input(message: impl Into<String>, hint: Option<String>) -> Self {
        Self(Kind::Fault(Box::new(Plain {
            message: message.into(),
            hint,
            blame: Blame::Input,
        })))
    }

    /// The world is at fault, in a way that no library has a name for: status 3.
    #[must_use]
    pub fn world(message: impl Into<String>, hint: Option<String>) -> Self {
        Self(Kind::Fault(Box::new(Plain {
            message: message.into(),
            hint,
            blame: Blame::World,
        })))
    }

    /// The exit status.
    #[must_use]
    pub fn code(&self) -> u8 {
        match &self.0 {
            Kind::Usage(_) => 2,
            Kind::Fault(fault) => match fault.blame() {
                Blame::Input => 1,
                Blame::World => 3,
            },
        }
    }

    pub(crate) fn print(&self, context: &Context) {
        match &self.0 {
            Kind::Usage(message) => {
                let message = render::harmless(message);
                anstream::eprintln!("error: {message}\n\nFor more information, try '--help'.");
            }
            Kind::Fault(fault) => {
                anstream::eprint!("{}", render::render_fault(&**fault, context.style()));
            }
        }
    }
}

impl<E: Fault + 'static> From<E> for Failure {
    fn from(fault: E) -> Self {
        Self(Kind::Fault(Box::new(fault)))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Fault(fault) => write!(f, "Failure({fault:?})"),
            Kind::Usage(message) => write!(f, "Failure(usage: {message})"),
        }
    }
}

#[derive(Debug)]
struct Plain {
    message: String,
    hint: Option<String>,
    blame: Blame,
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Plain {}

impl Fault for Plain {
    fn blame(&self) -> Blame {
        self.blame
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
