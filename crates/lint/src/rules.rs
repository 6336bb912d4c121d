//! The rules: their names, how bad what they find is, and what they are for.

mod applications;
mod containers;
mod immutable;
mod kinds;
mod python;
mod references;
mod secrets;
mod selectors;

pub use applications::{Site, applications};
pub use immutable::compare;
pub use python::requirements;

use crate::finding::{Finding, Fix, Outcome, Rendered, Severity};
use crate::manifest::{Manifest, Set};
use crate::walk::Problem;
use crate::{Options, waiver};
use windlass_fault::Location;
use windlass_yaml::NodeId;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name, by which it is configured and waived.
    pub name: &'static str,
    /// How bad what it finds is, unless the user says otherwise.
    pub severity: Severity,
    /// What it asks for, in one line.
    pub summary: &'static str,
    /// Why, and what to do.
    pub explanation: &'static str,
}

macro_rules! rules {
    ($($name:ident = $text:literal, $severity:ident, $summary:literal, $explanation:literal;)*) => {
        $(pub(crate) const $name: &str = $text;)*

        /// All rules, by name.
        pub const RULES: &[Rule] = &[$(Rule {
            name: $text,
            severity: Severity::$severity,
            summary: $summary,
            explanation: $explanation,
        }),*];
    };
}

rules! {
    ARGO_APPLICATION = "argo-application", Error,
    "an Application of Argo CD fits the repository",
    "Its path is a folder of the repository, it deploys to the namespace that the overlay puts its \
     objects into, its project is one that the repository defines (or `default`), and no other \
     Application has its name. Argo CD says the same only after the merge. Correct the field that \
     is named.";
    CHANGED_IMMUTABLE = "changed-immutable", Error,
    "no field changes that a cluster does not let change",
    "With `--base`, each object is compared with the one of that commit. The selector of a \
     Deployment, most of a StatefulSet and of a Job, the role of a RoleBinding and the like cannot \
     be changed: the API server refuses the new object, and Argo CD stays OutOfSync. Take the \
     change back, or rename the object, which makes a new one.";
    DANGLING_REFERENCE = "dangling-reference", Error,
    "what an object names is there",
    "ConfigMaps, Secrets (also those that a SealedSecret, ExternalSecret or Certificate makes), \
     ServiceAccounts, PersistentVolumeClaims, Roles, the Services of an Ingress and the targets of \
     a HorizontalPodAutoscaler are looked for among the objects that are deployed together. A Pod \
     whose ConfigMap is missing does not start. Add the object to the kustomization, correct the \
     name, mark the reference as `optional`, or waive the finding where something else makes it.";
    DEPRECATED_API = "deprecated-api", Warning,
    "no API is used that a later version takes away",
    "The API version is there in the version of Kubernetes that is checked for, but not in a later \
     one that is known. `--fix` puts in the later version where both are the same but for the name.";
    INVALID_VALUE = "invalid-value", Error,
    "values are ones that the API server takes",
    "A quantity with a unit that is none, a number too large for its field, text that is not \
     base64, a word that the field does not know (`imagePullPolicy: always`), or what the \
     validations of a CRD refuse: `enum`, `pattern`, bounds, `oneOf`. Rules of a CRD that are \
     written in CEL are not evaluated.";
    LATEST_TAG = "latest-tag", Error,
    "images have a tag, and not `latest`",
    "Without a tag an image is `latest`: what runs depends on when a node last pulled it, and there \
     is nothing to go back to. Name a version in the overlay's `images:`, or a digest.";
    MISSING_FIELD = "missing-field", Error,
    "fields that must be there are",
    "The schema of the kind asks for the field, so the API server refuses the object.";
    MISSING_KEY = "missing-key", Error,
    "a key that is read from a ConfigMap or Secret is in it",
    "A container whose environment or volume names a key that is not there does not start. Keys of \
     Secrets that an operator makes are not known and not checked.";
    MOVING_TAG = "moving-tag", Error,
    "production runs images that do not change by themselves",
    "A tag such as `stable`, `main` or `v1` names another image tomorrow, and a new node then runs \
     something else than the others. Production is each environment of windlass.yaml without a \
     moving `tag` of its own. Name a full version, a commit or a digest; `image-pin` writes both.";
    PLAINTEXT_SECRET = "plaintext-secret", Error,
    "no Secret stands in the repository as it is",
    "base64 hides nothing: whoever reads the repository, now or in its history, has the value. Seal \
     it (kind SealedSecret), or let an operator fetch it; and change the value, for it is known.";
    PRIVILEGE_ESCALATION = "privilege-escalation", Warning,
    "containers cannot gain privileges",
    "Set `securityContext.allowPrivilegeEscalation: false`; without it a program with the setuid \
     bit may become root.";
    PRIVILEGED = "privileged", Error,
    "containers do not reach into their node",
    "`privileged: true`, `hostNetwork`, `hostPID`, `hostIPC`, a capability such as `SYS_ADMIN` or \
     `ALL`, and volumes of `hostPath` let a container take over its node. What needs them, a driver \
     or an agent, says so in a waiver.";
    PROBES = "probes", Warning,
    "containers that serve are probed",
    "A container with ports in a Deployment, StatefulSet or DaemonSet has a `readinessProbe`, so \
     that it gets requests only when it can answer, and a `livenessProbe`, so that it is started \
     again when it hangs.";
    REMOVED_API = "removed-api", Error,
    "no API is used that the cluster does not have",
    "The API version is gone, or is not there yet, in the version of Kubernetes that is checked \
     for: the API server does not know the object. Use the version that is named. `--fix` puts it \
     in where both are the same but for the name.";
    RESOURCES = "resources", Warning,
    "containers say what they need",
    "Without `resources.requests` for cpu and memory the scheduler packs nodes blindly; without \
     `resources.limits.memory` one container can take the memory of all others on its node. A limit \
     of cpu is not asked for.";
    RUN_AS_ROOT = "run-as-root", Warning,
    "containers do not run as root",
    "Set `runAsNonRoot: true` in the `securityContext` of the Pod or of each container, and a \
     `runAsUser` other than 0 where the image names no user.";
    SEALED_SECRET_SCOPE = "sealed-secret-scope", Error,
    "a SealedSecret keeps the name and namespace that it was sealed for",
    "A value with strict scope, the default, can be opened only under the name and in the namespace \
     that it was sealed for; `namespace-wide` binds it to the namespace alone, `cluster-wide` to \
     neither. What it was sealed for is read from `spec.template.metadata`, where kubeseal writes \
     it, else from `metadata` in the file. Here `namePrefix`, `nameSuffix` or `namespace` makes \
     something else of it, so the controller cannot open it. Seal it for the final name and \
     namespace, and leave them in `spec.template.metadata`.";
    SELECTOR_MISMATCH = "selector-mismatch", Error,
    "a workload selects the Pods that it makes",
    "The `selector` of a Deployment, StatefulSet, DaemonSet or ReplicaSet must match the labels of \
     its own template; the API server refuses anything else.";
    SERVICE_PORT = "service-port", Error,
    "ports that are named are there",
    "The `targetPort` of a Service must be the name of a port of the containers that it selects, or \
     the number of one where they declare any; and the port that an Ingress names must be one of \
     the Service's. Otherwise requests go nowhere.";
    UNCHECKED_KIND = "unchecked-kind", Info,
    "the kinds of all objects are known",
    "There is no schema for the kind, so nothing in the object was checked. Give its \
     CustomResourceDefinition with `--crds` or under `lint.crds` in windlass.yaml; one that is \
     among the manifests is used by itself.";
    UNDECLARED_FIELD = "undeclared-field", Error,
    "fields are ones that the schema knows",
    "The API server drops a field that it does not know, or refuses the object: either way the \
     field does nothing. Mostly it is a typo or stands at the wrong depth. For kinds of CRDs this \
     is as strict as for those of Kubernetes itself, unless the CRD lets unknown fields be.";
    UNMATCHED_SELECTOR = "unmatched-selector", Warning,
    "a selector matches something",
    "The selector of a Service or PodDisruptionBudget matches no Pod template among the objects \
     that are deployed together, so it does nothing. Mostly the labels have changed on one side.";
    UNPINNED_REQUIREMENT = "unpinned-requirement", Warning,
    "Python's requirements are pinned",
    "A line of requirements.txt names one version (`==`) and the hashes of its files. Otherwise two \
     builds of one commit make two images, and whoever takes over a package is in the next one. \
     `make lock` in the application writes such a file from requirements.in.";
    UNUSED_WAIVER = "unused-waiver", Warning,
    "waivers waive something",
    "A comment `# windlass: waive RULE -- why` that nothing needs any more would hide the next \
     mistake at its place.";
    REASONLESS_WAIVER = "waiver-without-reason", Warning,
    "waivers say why",
    "Whoever reads `# windlass: waive RULE -- why` must be able to tell whether the reason still \
     holds.";
    WRONG_TYPE = "wrong-type", Error,
    "values have the type that the schema asks for",
    "The API server refuses the object. Most often a string is missing its quotes (`value: 8080` \
     of an environment variable), which `--fix` adds, or a list its dash.";
}

/// How many findings of one set are reported.
const MOST: usize = 10_000;

/// Looks at the objects of a set. Of one object up to 200 mistakes in fields and types are reported,
/// of a set up to 10,000 findings.
#[must_use]
pub fn lint(set: &Set<'_>, options: &Options<'_>) -> Outcome {
    let mut check = Check::new(set, options);
    kinds::check(&mut check);
    containers::check(&mut check);
    secrets::check(&mut check);
    references::check(&mut check);
    selectors::check(&mut check);
    check.finish()
}

/// What is being looked at, and what was found.
pub(crate) struct Check<'s, 'a> {
    pub(crate) set: &'s Set<'a>,
    pub(crate) options: &'s Options<'s>,
    /// Each with the place of its object.
    found: Vec<(Finding, Option<Location>)>,
    unknown: Vec<(String, String)>,
}

/// What of an object a finding is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot {
    /// The value of a field.
    Value(NodeId),
    /// The name of a field.
    Key(NodeId),
}

impl<'s, 'a> Check<'s, 'a> {
    pub(crate) fn new(set: &'s Set<'a>, options: &'s Options<'s>) -> Self {
        Self {
            set,
            options,
            found: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Notes that there is no schema for an object.
    pub(crate) fn unknown(&mut self, manifest: Manifest<'_>) {
        let key = (
            manifest.api_version().to_owned(),
            manifest.kind().to_owned(),
        );
        self.unknown.push(key);
    }

    /// Reports what a rule found, unless it is off.
    pub(crate) fn report(
        &mut self,
        rule: &'static str,
        manifest: Manifest<'_>,
        spot: Spot,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let severity = self.options.severity_of(rule);
        if severity == Severity::Off || self.found.len() >= MOST {
            return;
        }
        let (node, at_key) = match spot {
            Spot::Value(node) => (node, false),
            Spot::Key(node) => (node, true),
        };
        let way = manifest.way(node);
        let finding = Finding {
            rule,
            severity,
            message: message.into(),
            location: manifest.locate(&way, at_key),
            hint,
            rendered: vec![Rendered {
                set: self.set.name.clone(),
                object: manifest.shown(),
                field: manifest.path(&way).to_string(),
            }],
            fix: None,
        };
        self.found.push((finding, manifest.place()));
    }

    pub(crate) fn problem(&mut self, manifest: Manifest<'_>, problem: Problem) {
        let spot = match problem.at_key {
            true => Spot::Key(problem.node),
            false => Spot::Value(problem.node),
        };
        // The text that is to be quoted is part of a report.
        let quotes = (problem.quotes && !manifest.is_secret()).then_some(problem.node);
        let known = self.found.len();
        self.report(problem.rule, manifest, spot, problem.message, problem.hint);
        if let (Some(node), true) = (quotes, self.found.len() > known) {
            let text = manifest.tree.text(node);
            self.fix(manifest, node, text, format!("\"{text}\""));
        }
    }

    /// Gives the last finding a cure: a node whose text is written in its file as it is read.
    pub(crate) fn fix(&mut self, manifest: Manifest<'_>, node: NodeId, old: &str, new: String) {
        let origin = manifest.tree.origin(node);
        let source = origin.source().and_then(|id| manifest.tree.source(id));
        let is_written = |text: &str| text.get(origin.range()) == Some(old);
        let (Some(source), Some((finding, _))) = (source, self.found.last_mut()) else {
            return;
        };
        if is_written(source.text()) {
            finding.fix = Some(Fix {
                path: source.path().to_owned(),
                start: origin.range().start,
                old: old.to_owned(),
                new,
            });
        }
    }

    pub(crate) fn finish(mut self) -> Outcome {
        let mut waivers = waiver::of_set(self.set);
        waiver::take(&mut waivers, &mut self.found);
        Outcome {
            findings: self.found.into_iter().map(|(finding, _)| finding).collect(),
            waivers,
            unknown: self.unknown,
        }
    }
}
