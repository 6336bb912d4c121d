//! OCI references, images, layouts, push and pull.
