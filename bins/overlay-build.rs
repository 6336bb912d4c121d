//! Build a kustomization.
fn main() {}
