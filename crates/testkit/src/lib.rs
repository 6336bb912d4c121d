//! Sandbox, in-process registry and git remote for tests and the pipeline command.
