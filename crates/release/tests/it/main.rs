//! The rules of versions and tags, on repositories made for each.

mod affected;
mod errors;
mod plan;
mod properties;
mod repo;
mod rules;
