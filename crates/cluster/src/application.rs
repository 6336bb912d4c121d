//! What is read of an Argo CD Application. Fields that others own may hold anything, so each is read
//! for itself, and what is not of the expected type counts as absent.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The annotation that asks the controller to compare at once.
pub(crate) const REFRESH: &str = "argocd.argoproj.io/refresh";

/// An Application as the API server sends it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Application {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    operation: Value,
}

impl Resource for Application {
    type DynamicType = ();
    type Scope = kube::core::NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Application".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "argoproj.io".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1alpha1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "applications".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Application {
    /// Lets go of what is large and not read: who set which field, and what was live before.
    pub(crate) fn slim(mut self) -> Self {
        self.metadata.managed_fields = None;
        if let Some(status) = self.status.as_object_mut() {
            status.retain(|field, _| !matches!(field.as_str(), "history" | "summary"));
        }
        self
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    pub(crate) fn version(&self) -> Option<String> {
        self.metadata.resource_version.clone()
    }

    /// Whether somebody asked the controller to compare, and it has not yet begun.
    pub(crate) fn awaits_refresh(&self) -> bool {
        let annotations = self.metadata.annotations.as_ref();
        annotations.is_some_and(|all| all.contains_key(REFRESH))
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    pub(crate) fn spec(&self, path: &str) -> &Value {
        self.spec.pointer(path).unwrap_or(&Value::Null)
    }

    pub(crate) fn status(&self, path: &str) -> &Value {
        self.status.pointer(path).unwrap_or(&Value::Null)
    }

    pub(crate) fn operation(&self) -> &Value {
        &self.operation
    }

    /// The sources of the specification, or of what the status was compared to.
    pub(crate) fn sources(value: &Value) -> &[Value] {
        match value.get("sources").and_then(Value::as_array) {
            Some(all) if !all.is_empty() => all,
            _ => value.get("source").map_or(&[], std::slice::from_ref),
        }
    }

    /// Whether it gets its manifests from one source rather than from a list of them.
    pub(crate) fn has_one_source(&self) -> bool {
        let all = self.spec.get("sources").and_then(Value::as_array);
        all.is_none_or(Vec::is_empty)
    }
}

/// The text at a path, or nothing.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The items of a list at a path.
pub(crate) fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    let list = value.pointer(path).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Whether two values say the same, where what is empty or `false` says nothing: the controller
/// leaves it out when it copies a specification, the user may have written it.
pub(crate) fn agree(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys = one.keys().chain(other.keys());
            keys.all(|key| match (one.get(key), other.get(key)) {
                (Some(one), Some(other)) => agree(one, other),
                (Some(only), None) | (None, Some(only)) => says_nothing(only),
                (None, None) => true,
            })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| agree(one, other))
        }
        _ => one == other || says_nothing(one) && says_nothing(other),
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_left_out_agrees_with_what_is_empty() {
        let written = json!({"repoURL": "a", "path": "", "directory": {"recurse": false}});
        assert!(agree(&written, &json!({"repoURL": "a"})));
        assert!(agree(&json!([{"a": 0}]), &json!([{}])));
        assert!(!agree(&written, &json!({"repoURL": "b"})));
        assert!(!agree(&json!([{"a": 1}]), &json!([{}])));
        assert!(!agree(&json!([1, 2]), &json!([1])));
    }
}
