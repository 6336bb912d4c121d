//! Selectors, and the ports behind them.

use super::references::backends;
use super::{Check, SELECTOR_MISMATCH, SERVICE_PORT, Spot, UNMATCHED_SELECTOR};
use crate::manifest::Manifest;
use crate::workload::{Workload, text};
use windlass_fault::nearest;
use windlass_yaml::{NodeId, Tree};

pub(crate) fn check(check: &mut Check<'_, '_>) {
    let workloads: Vec<Workload<'_>> = check
        .set
        .manifests
        .iter()
        .filter_map(|manifest| Workload::of(*manifest))
        .collect();
    for workload in &workloads {
        own_selector(check, *workload);
    }
    for manifest in &check.set.manifests {
        match (manifest.group(), manifest.kind()) {
            ("", "Service") => service(check, *manifest, &workloads),
            ("policy", "PodDisruptionBudget") => budget(check, *manifest, &workloads),
            ("networking.k8s.io", "Ingress") => ingress(check, *manifest),
            _ => {}
        }
    }
}

fn own_selector(check: &mut Check<'_, '_>, workload: Workload<'_>) {
    let manifest = workload.manifest;
    let is_one = manifest.group() == "apps";
    let Some(selector) = manifest.get(&["spec", "selector"]).filter(|_| is_one) else {
        return;
    };
    if !matches(workload, manifest.tree, selector) {
        let message = "the selector does not match the labels of the own template";
        check.report(
            SELECTOR_MISMATCH,
            manifest,
            Spot::Key(selector),
            message,
            None,
        );
    }
}

fn budget(check: &mut Check<'_, '_>, manifest: Manifest<'_>, workloads: &[Workload<'_>]) {
    let Some(selector) = manifest.get(&["spec", "selector"]) else {
        return;
    };
    let mut here = in_namespace(manifest, workloads);
    if !here.any(|workload| matches(*workload, manifest.tree, selector)) {
        unmatched(check, manifest, selector);
    }
}

fn unmatched(check: &mut Check<'_, '_>, manifest: Manifest<'_>, selector: NodeId) {
    let message = "the selector matches no Pods that are deployed with it";
    check.report(
        UNMATCHED_SELECTOR,
        manifest,
        Spot::Key(selector),
        message,
        None,
    );
}

fn in_namespace<'w, 'a>(
    manifest: Manifest<'a>,
    workloads: &'w [Workload<'a>],
) -> impl Iterator<Item = &'w Workload<'a>> {
    let namespace = manifest.namespace();
    workloads
        .iter()
        .filter(move |one| one.manifest.namespace() == namespace)
}

fn service(check: &mut Check<'_, '_>, manifest: Manifest<'_>, workloads: &[Workload<'_>]) {
    let tree = manifest.tree;
    let selector = manifest
        .get(&["spec", "selector"])
        .filter(|&map| !tree.is_empty(map));
    let Some(selector) = selector.filter(|_| manifest.text(&["spec", "type"]) != "ExternalName")
    else {
        return;
    };
    let here = in_namespace(manifest, workloads);
    let found: Vec<&Workload<'_>> = here
        .filter(|one| has_labels(**one, tree, selector))
        .collect();
    if found.is_empty() {
        unmatched(check, manifest, selector);
        return;
    }
    let ports = manifest.get(&["spec", "ports"]).into_iter();
    for port in ports.flat_map(|list| tree.items(list)) {
        target(check, manifest, port, &found);
    }
}

/// Looks for the port that a Service sends to among those of the containers.
fn target(
    check: &mut Check<'_, '_>,
    manifest: Manifest<'_>,
    port: NodeId,
    found: &[&Workload<'_>],
) {
    let tree = manifest.tree;
    let node = tree
        .get(port, "targetPort")
        .or_else(|| tree.get(port, "port"));
    let Some(node) = node else {
        return;
    };
    let wanted = tree.text(node);
    let is_number = wanted.bytes().all(|b| b.is_ascii_digit());
    let field = if is_number { "containerPort" } else { "name" };
    let known = found.iter().flat_map(|workload| {
        let ports = workload.ports();
        ports.map(|port| text(workload.tree(), port, &[field]))
    });
    let known: Vec<&str> = known.filter(|port| !port.is_empty()).collect();
    // Containers need not say by number where they listen.
    if known.contains(&wanted) || (is_number && known.is_empty()) {
        return;
    }
    let what = if is_number { "" } else { "called " };
    let message = format!("no port of the containers is {what}`{wanted}`");
    let hint = match nearest(wanted, known.iter().copied()) {
        Some(near) if !is_number => Some(format!("did you mean `{near}`?")),
        _ if known.is_empty() => None,
        _ => Some(format!("there are `{}`", known.join("`, `"))),
    };
    check.report(SERVICE_PORT, manifest, Spot::Value(node), message, hint);
}

/// Looks for the ports that an Ingress sends to among those of the Services.
fn ingress(check: &mut Check<'_, '_>, manifest: Manifest<'_>) {
    let tree = manifest.tree;
    for backend in backends(manifest) {
        let name = text(tree, backend, &["service", "name"]);
        let is_it = |one: &&Manifest<'_>| {
            one.kind() == "Service"
                && one.group().is_empty()
                && (one.namespace(), one.name()) == (manifest.namespace(), name)
        };
        let Some(service) = check.set.manifests.iter().find(is_it).copied() else {
            continue;
        };
        for (wanted, field) in [("name", "name"), ("number", "port")] {
            let Some(node) = tree.lookup(backend, &["service", "port", wanted]) else {
                continue;
            };
            let ports = service.get(&["spec", "ports"]).into_iter();
            let mut ports = ports.flat_map(|list| service.tree.items(list));
            let wanted = tree.text(node);
            if !ports.any(|port| text(service.tree, port, &[field]) == wanted) {
                let message = format!("the Service `{name}` has no port `{wanted}`");
                check.report(SERVICE_PORT, manifest, Spot::Value(node), message, None);
            }
        }
    }
}

/// The value of a label of a workload's Pods.
fn label<'a>(workload: Workload<'a>, key: &str) -> Option<&'a str> {
    let tree = workload.tree();
    let node = tree.get(workload.labels()?, key)?;
    Some(tree.text(node))
}

/// Whether the Pods have all labels of a map.
fn has_labels(workload: Workload<'_>, tree: &Tree, map: NodeId) -> bool {
    tree.entries(map)
        .all(|(key, value)| label(workload, key) == Some(tree.text(value)))
}

/// Whether a selector with expressions matches the Pods
/// (Kubernetes: "Labels and Selectors", "Resources that support set-based requirements").
fn matches(workload: Workload<'_>, tree: &Tree, selector: NodeId) -> bool {
    let labels = tree.get(selector, "matchLabels");
    let expressions = tree.get(selector, "matchExpressions").into_iter();
    let mut expressions = expressions.flat_map(|list| tree.items(list));
    labels.is_none_or(|map| has_labels(workload, tree, map))
        && expressions.all(|one| {
            let value = label(workload, text(tree, one, &["key"]));
            let values = tree.get(one, "values").into_iter();
            let mut values = values.flat_map(|list| tree.items(list));
            let mut is_listed = || values.any(|one| Some(tree.text(one)) == value);
            match text(tree, one, &["operator"]) {
                "In" => is_listed(),
                "NotIn" => !is_listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => true,
            }
        })
}
