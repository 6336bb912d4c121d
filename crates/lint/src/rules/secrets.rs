//! Secrets that are none, and sealed ones that nobody can open.

use super::{Check, PLAINTEXT_SECRET, SEALED_SECRET_SCOPE, Spot};
use crate::manifest::Manifest;
use windlass_yaml::{NodeId, Source, Tree};

pub(crate) fn check(check: &mut Check<'_, '_>) {
    for manifest in &check.set.manifests {
        match (manifest.group(), manifest.kind()) {
            ("", "Secret") => plain(check, *manifest),
            ("bitnami.com", "SealedSecret") => sealed(check, *manifest),
            _ => {}
        }
    }
}

/// What is said of it points at the object, so that no line with a value is shown.
fn plain(check: &mut Check<'_, '_>, manifest: Manifest<'_>) {
    let tree = manifest.tree;
    let has = |field: &&str| {
        manifest
            .get(&[field])
            .is_some_and(|map| !tree.is_empty(map))
    };
    if ["data", "stringData"].iter().any(has) {
        let message = "a Secret stands in the repository, where everybody can read it";
        let hint = "seal it, and change the value: it is known now".to_owned();
        let spot = Spot::Value(manifest.root);
        check.report(PLAINTEXT_SECRET, manifest, spot, message, Some(hint));
    }
}

/// How much of where it lies a sealed value is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Strict,
    Namespace,
    Cluster,
}

fn sealed(check: &mut Check<'_, '_>, manifest: Manifest<'_>) {
    let scope = scope(manifest);
    let Some(written) = Written::of(manifest) else {
        return;
    };
    let values = manifest.get(&["spec", "encryptedData"]);
    if scope == Scope::Cluster || values.is_none_or(|map| manifest.tree.is_empty(map)) {
        return;
    }
    let differs = |before: &str, now: &str| !before.is_empty() && before != now;
    let facts = [
        (
            "name",
            written.name,
            manifest.name(),
            scope == Scope::Strict,
        ),
        ("namespace", written.namespace, manifest.namespace(), true),
    ];
    for (field, before, now, counts) in facts {
        if counts && differs(&before, now) {
            let message = format!(
                "what was sealed for the {field} `{before}` cannot be opened under `{now}`"
            );
            let hint = "seal it for the final name and namespace, or with a wider scope".to_owned();
            let node = manifest.get(&["metadata", field]).unwrap_or(manifest.root);
            check.report(
                SEALED_SECRET_SCOPE,
                manifest,
                Spot::Value(node),
                message,
                Some(hint),
            );
        }
    }
}

/// (sealed-secrets: pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go, `SecretScope`.)
fn scope(manifest: Manifest<'_>) -> Scope {
    let is_set = |name: &str| {
        let annotation = format!("sealedsecrets.bitnami.com/{name}");
        manifest.text(&["metadata", "annotations", &annotation]) == "true"
    };
    if is_set("cluster-wide") {
        Scope::Cluster
    } else if is_set("namespace-wide") {
        Scope::Namespace
    } else {
        Scope::Strict
    }
}

/// What an object was sealed for.
struct Written {
    name: String,
    namespace: String,
}

impl Written {
    /// What kubeseal wrote into the template, which no transformer changes; else what stands in the
    /// file, before any.
    fn of(manifest: Manifest<'_>) -> Option<Self> {
        let origin = manifest.tree.origin(manifest.root);
        let source = manifest.tree.source(origin.source()?)?;
        let text = source.text().get(origin.range())?;
        let mut tree = Tree::new();
        let roots = tree.load(Source::new(source.path(), text)).ok()?;
        let root = roots.first().copied()?;
        let fact = |field| {
            let template = ["spec", "template", "metadata", field];
            let own = ["metadata", field];
            text_at(&tree, root, &template).or_else(|| text_at(&tree, root, &own))
        };
        Some(Self {
            name: fact("name").unwrap_or_default(),
            namespace: fact("namespace").unwrap_or_default(),
        })
    }
}

fn text_at(tree: &Tree, root: NodeId, path: &[&str]) -> Option<String> {
    let text = tree.text_at(root, path)?;
    (!text.is_empty()).then(|| text.to_owned())
}
