//! Kustomize-compatible overlay builder.
