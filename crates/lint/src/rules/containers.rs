//! What containers run, as whom, and with what.

use super::{
    Check, LATEST_TAG, MOVING_TAG, PRIVILEGE_ESCALATION, PRIVILEGED, PROBES, RESOURCES,
    RUN_AS_ROOT, Spot,
};
use crate::workload::{Container, Workload, text};
use windlass_yaml::{NodeId, Tree};

/// Capabilities by which a container gets hold of its node.
const MIGHTY: &[&str] = &[
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
];

pub(crate) fn check(check: &mut Check<'_, '_>) {
    for manifest in &check.set.manifests {
        let Some(workload) = Workload::of(*manifest) else {
            continue;
        };
        node_access(check, workload);
        for container in workload.containers() {
            let one = One {
                workload,
                container,
                name: text(workload.tree(), container.node, &["name"]),
            };
            one.image(check);
            one.resources(check);
            one.probes(check);
            one.user(check);
            one.privileges(check);
        }
    }
}

/// What the Pod shares with its node.
fn node_access(check: &mut Check<'_, '_>, workload: Workload<'_>) {
    let (tree, manifest) = (workload.tree(), workload.manifest);
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(node) = tree
            .get(workload.spec, field)
            .filter(|&node| is_true(tree, node))
        {
            let message = format!("the Pods share the node's own world by `{field}`");
            check.report(PRIVILEGED, manifest, Spot::Value(node), message, None);
        }
    }
    let volumes = tree.get(workload.spec, "volumes").into_iter();
    for volume in volumes.flat_map(|list| tree.items(list)) {
        if let Some(path) = tree.get(volume, "hostPath") {
            let name = text(tree, volume, &["name"]);
            let message = format!("the volume `{name}` is a folder of the node");
            check.report(PRIVILEGED, manifest, Spot::Key(path), message, None);
        }
    }
}

fn is_true(tree: &Tree, node: NodeId) -> bool {
    tree.is_scalar(node) && tree.text(node) == "true"
}

/// A container of a workload.
struct One<'a> {
    workload: Workload<'a>,
    container: Container,
    name: &'a str,
}

impl One<'_> {
    fn get(&self, path: &[&str]) -> Option<NodeId> {
        self.workload.tree().lookup(self.container.node, path)
    }

    /// Where something is missing: at the last field of the path that is there, else where the
    /// container begins.
    fn nearest(&self, path: &[&str]) -> Spot {
        let mut fields = (1..=path.len())
            .rev()
            .filter_map(|to| self.get(&path[..to]));
        match fields.next() {
            Some(field) => Spot::Key(field),
            None => Spot::Value(self.container.node),
        }
    }

    fn report(
        &self,
        check: &mut Check<'_, '_>,
        rule: &'static str,
        spot: Spot,
        message: String,
        hint: &str,
    ) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        check.report(rule, self.workload.manifest, spot, message, hint);
    }

    fn image(&self, check: &mut Check<'_, '_>) {
        let Some(node) = self.get(&["image"]) else {
            return;
        };
        let tree = self.workload.tree();
        let image = tree.text(node);
        if image.is_empty() || image.contains('@') {
            return;
        }
        let last = image.rsplit('/').next().unwrap_or(image);
        let tag = last.split_once(':').map_or("", |(_, tag)| tag);
        let spot = Spot::Value(node);
        if matches!(tag, "" | "latest") {
            let message = match tag {
                "" => format!("the image `{image}` has no tag, which means `latest`"),
                _ => format!("the image `{image}` is whatever is latest"),
            };
            let hint = "name a version in the overlay's `images:`";
            self.report(check, LATEST_TAG, spot, message, hint);
        } else if check.set.production && is_moving(tag) {
            let message = format!("the tag `{tag}` of an image in production can move");
            let hint = "name a full version, or the digest besides";
            self.report(check, MOVING_TAG, spot, message, hint);
        }
    }

    fn resources(&self, check: &mut Check<'_, '_>) {
        let wanted = [
            ["requests", "cpu"],
            ["requests", "memory"],
            ["limits", "memory"],
        ];
        let is_missing =
            |[which, what]: &[&str; 2]| self.get(&["resources", which, what]).is_none();
        let missing: Vec<[&str; 2]> = wanted.into_iter().filter(is_missing).collect();
        let Some(first) = missing.first() else {
            return;
        };
        let names: Vec<String> = missing
            .iter()
            .map(|pair| format!("`{}`", pair.join(".")))
            .collect();
        let message = format!("the container `{}` has no {}", self.name, names.join(", "));
        let spot = self.nearest(&["resources", first[0], first[1]]);
        self.report(check, RESOURCES, spot, message, "");
    }

    fn probes(&self, check: &mut Check<'_, '_>) {
        let serves = self
            .get(&["ports"])
            .is_some_and(|ports| !self.workload.tree().is_empty(ports));
        if !(serves && self.container.is_main && self.workload.is_lasting()) {
            return;
        }
        let probes = ["readinessProbe", "livenessProbe"];
        let missing = probes
            .into_iter()
            .filter(|probe| self.get(&[probe]).is_none());
        let missing: Vec<String> = missing.map(|probe| format!("`{probe}`")).collect();
        if !missing.is_empty() {
            let message = format!(
                "the container `{}` has no {}",
                self.name,
                missing.join(" and no ")
            );
            self.report(check, PROBES, self.nearest(&[]), message, "");
        }
    }

    /// A field of the container's security context, else of the Pod's.
    fn security(&self, field: &str) -> Option<NodeId> {
        let pod = || {
            self.workload
                .tree()
                .lookup(self.workload.spec, &["securityContext", field])
        };
        self.get(&["securityContext", field]).or_else(pod)
    }

    fn user(&self, check: &mut Check<'_, '_>) {
        let tree = self.workload.tree();
        let user = self.security("runAsUser");
        if let Some(user) = user.filter(|&user| tree.text(user) == "0") {
            let message = format!("the container `{}` runs as root", self.name);
            self.report(check, RUN_AS_ROOT, Spot::Value(user), message, "");
            return;
        }
        let message = format!(
            "nothing keeps the container `{}` from running as root",
            self.name
        );
        let hint = "set `runAsNonRoot: true` in the securityContext";
        match self.security("runAsNonRoot") {
            Some(node) if is_true(tree, node) => {}
            Some(node) => self.report(check, RUN_AS_ROOT, Spot::Value(node), message, hint),
            None => self.report(
                check,
                RUN_AS_ROOT,
                self.nearest(&["securityContext"]),
                message,
                hint,
            ),
        }
    }

    fn privileges(&self, check: &mut Check<'_, '_>) {
        let tree = self.workload.tree();
        let name = self.name;
        let privileged = self.get(&["securityContext", "privileged"]);
        if let Some(node) = privileged.filter(|&node| is_true(tree, node)) {
            let message =
                format!("the container `{name}` is privileged: it can do what its node can");
            self.report(check, PRIVILEGED, Spot::Value(node), message, "");
        }
        let added = self
            .get(&["securityContext", "capabilities", "add"])
            .into_iter();
        for node in added.flat_map(|list| tree.items(list)) {
            let capability = tree.text(node);
            if MIGHTY.contains(&capability.trim_start_matches("CAP_")) {
                let message = format!("the container `{name}` has the capability `{capability}`");
                self.report(check, PRIVILEGED, Spot::Value(node), message, "");
            }
        }
        let message = format!("the container `{name}` may gain privileges");
        let hint = "set `allowPrivilegeEscalation: false` in its securityContext";
        let path = ["securityContext", "allowPrivilegeEscalation"];
        match self.get(&path) {
            Some(node) if !is_true(tree, node) => {}
            Some(node) => self.report(
                check,
                PRIVILEGE_ESCALATION,
                Spot::Value(node),
                message,
                hint,
            ),
            None => self.report(
                check,
                PRIVILEGE_ESCALATION,
                self.nearest(&path),
                message,
                hint,
            ),
        }
    }
}

/// Whether a tag is none that stays: no version of three parts, no date, no commit in it.
fn is_moving(tag: &str) -> bool {
    let mut words = tag.split(['-', '_', '+']);
    !words.any(|word| {
        let numbers = word.trim_start_matches('v').split('.');
        let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
        let is_version = numbers.clone().count() >= 3 && numbers.clone().take(3).all(is_number);
        let is_hex = word.bytes().all(|b| b.is_ascii_hexdigit());
        is_version || (is_hex && word.len() >= 7 && word.bytes().any(|b| b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_move() {
        for moving in [
            "stable",
            "main",
            "v1",
            "1.2",
            "prod-latest",
            "3-alpine",
            "defaced",
        ] {
            assert!(is_moving(moving), "{moving}");
        }
        for fixed in [
            "v1.2.3",
            "1.2.3-alpine",
            "sha-0a1b2c3d",
            "20260101",
            "1.2.3.4",
            "main-9f8e7d6",
        ] {
            assert!(!is_moving(fixed), "{fixed}");
        }
    }
}
