//! The next version and the image tags of an application, from tags and commits.
