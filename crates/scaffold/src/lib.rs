//! New applications from a template.
