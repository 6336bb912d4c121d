//! The built-in field specs, as data.

// One row a line.
#[rustfmt::skip]
mod fields;
#[rustfmt::skip]
mod references;
#[rustfmt::skip]
mod variables;

pub(crate) use fields::{
    ANNOTATIONS, CLAIM_LABELS, IMAGES, LABELS, NAMES, NAMESPACE, REPLICAS, TEMPLATE_LABELS,
};
pub(crate) use references::NAME_REFERENCES;
pub(crate) use variables::VARIABLES;
