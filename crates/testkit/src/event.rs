//! What starts a workflow.

use serde_json::{Value, json};

/// A push or a pull request, as the `github` context tells it.
#[derive(Debug, Clone)]
pub struct Event {
    name: &'static str,
    reference: String,
    commit: String,
    base: Option<String>,
    head: Option<String>,
    payload: Value,
}

/// The id of no commit: what a reference was before it was made.
pub const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

impl Event {
    /// A push that moved a branch or tag (`refs/heads/…`, `refs/tags/…`) to a commit with this
    /// message. `before` is where it was, [`NO_COMMIT`] where it is new.
    #[must_use]
    pub fn push(reference: &str, before: &str, after: &str, message: &str) -> Self {
        let payload = json!({
            "ref": reference,
            "before": before,
            "after": after,
            "created": before == NO_COMMIT,
            "deleted": false,
            "forced": false,
            "head_commit": {"id": after, "message": message},
        });
        Self {
            name: "push",
            reference: reference.to_owned(),
            commit: after.to_owned(),
            base: None,
            head: None,
            payload,
        }
    }

    /// Pull request 1 of branch `head` into branch `base`, both with their commits. `merge` is
    /// the commit that joins them, which `refs/pull/1/merge` names.
    #[must_use]
    pub fn pull_request(base: (&str, &str), head: (&str, &str), merge: &str) -> Self {
        let side = |(name, commit): (&str, &str)| json!({"ref": name, "sha": commit});
        let payload = json!({
            "action": "opened",
            "number": 1,
            "pull_request": {"number": 1, "base": side(base), "head": side(head)},
        });
        Self {
            name: "pull_request",
            reference: "refs/pull/1/merge".to_owned(),
            commit: merge.to_owned(),
            base: Some(base.0.to_owned()),
            head: Some(head.0.to_owned()),
            payload,
        }
    }

    /// What was pushed: `refs/heads/main`.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The commit that is worked on.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The branch that a pull request goes into.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// `main`, `example-app/v1.0.0` or `1/merge`.
    #[must_use]
    pub fn short_name(&self) -> &str {
        let mut parts = self.reference.splitn(3, '/');
        parts.nth(2).unwrap_or(&self.reference)
    }

    /// The context's members that the event decides, and the variables of the same meaning.
    pub(crate) fn context(&self) -> Vec<(&'static str, Value)> {
        let kind = if self.reference.starts_with("refs/tags/") {
            "tag"
        } else {
            "branch"
        };
        vec![
            ("event_name", self.name.into()),
            ("ref", self.reference.as_str().into()),
            ("ref_name", self.short_name().into()),
            ("ref_type", kind.into()),
            ("sha", self.commit.as_str().into()),
            ("base_ref", self.base.as_deref().unwrap_or("").into()),
            ("head_ref", self.head.as_deref().unwrap_or("").into()),
        ]
    }

    pub(crate) fn payload(&self) -> &Value {
        &self.payload
    }
}
