//! The built-in field specs, as data.

mod fields;
mod references;
mod variables;

pub(crate) use fields::{
    ANNOTATIONS, CLAIM_LABELS, IMAGES, LABELS, NAMES, NAMESPACE, REPLICAS, TEMPLATE_LABELS,
};
pub(crate) use references::NAME_REFERENCES;
pub(crate) use variables::VARIABLES;
