//! Sandbox, in-process registry and git remote for tests and the pipeline command.

mod error;
mod event;
mod expression;
mod git;
mod process;
mod registry;
mod run;
mod sandbox;
mod shell;
mod web;
mod workflow;

pub use error::{Error, ErrorKind};
pub use event::{Event, NO_COMMIT};
pub use git::{GitFault, GitMoment, GitRequest, GitRules, GitServer};
pub use registry::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRequest, RegistryRules, RegistryServer,
};
pub use run::{Host, Machine, Step};
pub use sandbox::{CommitLine, DEVELOPER, References, Remote, Sandbox};
pub use shell::Shell;
pub use web::{WebAnswer, WebRequest, WebServer};
pub use workflow::{Command, Workflow};
