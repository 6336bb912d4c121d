//! Commit an edit to a branch of a git remote without a checkout.
