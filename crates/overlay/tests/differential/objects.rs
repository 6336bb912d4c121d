//! Objects of many kinds, with references of all sorts between them.

use crate::draw::{Draw, below, first_of_each, indented};

/// What later layers need to know of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Known {
    /// The head of an object, or of a patch of it.
    pub(crate) fn head(&self) -> String {
        let mut out = format!(
            "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n",
            self.api_version, self.kind, self.name
        );
        if !self.namespace.is_empty() {
            out.push_str(&format!("  namespace: {}\n", self.namespace));
        }
        out
    }

    pub(crate) fn group(&self) -> &'static str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    pub(crate) fn version(&self) -> &'static str {
        self.api_version.rsplit('/').next().unwrap()
    }

    /// Whether the object makes pods.
    pub(crate) fn has_pods(&self) -> bool {
        pods(self.kind).is_some()
    }
}

/// The path to the pods' specification.
pub(crate) fn pods(kind: &str) -> Option<&'static str> {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicaSet" => Some("spec.template"),
        "CronJob" => Some("spec.jobTemplate.spec.template"),
        "Farm" => Some("spec.template"),
        "Pod" => Some(""),
        _ => None,
    }
}

const KINDS: &[(&str, &str)] = &[
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "PersistentVolume"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("argoproj.io/v1alpha1", "Application"),
    ("example.org/v1", "Widget"),
    ("example.org/v1", "Widget"),
    ("example.com/v1beta1", "Farm"),
];

/// An object and its text.
pub(crate) fn object(draw: &mut Draw) -> (Known, String) {
    let (api_version, kind) = *draw.pick(KINDS);
    let known = Known {
        api_version,
        kind,
        name: draw.one(&["<name>"]),
        namespace: if draw.chance(15) {
            draw.one(&["<namespace>"])
        } else {
            String::new()
        },
    };
    let mut text = known.head();
    let metadata = metadata(draw);
    if !metadata.is_empty() {
        text.push_str(&format!("  {}\n", indented(&metadata, 2)));
    }
    text.push_str(&body(draw, kind, &known.name));
    (known, text)
}

fn metadata(draw: &mut Draw) -> String {
    let mut out = String::new();
    if draw.chance(40) {
        out.push_str(&draw.fill("labels:\n  <labels>"));
        out.push('\n');
    }
    if draw.chance(30) {
        let notes = draw.some(40, &["<note>: <string>", "n1: <scalar>", "n2: <string>"]);
        out.push_str(&below("annotations", &notes));
        out.push('\n');
    }
    if draw.chance(5) {
        out.push_str(&draw.one(&[
            "creationTimestamp: null",
            "finalizers: [a/b, c]",
            "generateName: g-",
            "ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: <name>, uid: u}]",
            "annotations: {config.kubernetes.io/local-config: \"true\"}",
            "annotations: {internal.config.kubernetes.io/needs-hash: x}",
            "labels: {}",
            "annotations: {}",
            "labels: null",
        ]));
        out.push('\n');
    }
    first_of_each(&out)
}

/// A template of pods with metadata.
fn template(draw: &mut Draw, name: &str) -> String {
    let meta = draw.one(&[
        "labels: {app: web}",
        "labels:\n  app: NAME\n  tier: x",
        "annotations: {n: <string>}\nlabels: {app: api}",
    ]);
    let mut out = below("metadata", &meta.replace("NAME", name));
    out.push('\n');
    if draw.chance(6) {
        return below("template", &out);
    }
    out.push_str(&below("spec", &pod(draw)));
    below("template", &out)
}

fn pod(draw: &mut Draw) -> String {
    let mut out = draw.some(12, &[
        "serviceAccountName: <name>",
        "hostNetwork: <scalar>",
        "nodeSelector: {disk: <string>}",
        "tolerations: [{key: a, operator: Exists}]",
        "imagePullSecrets: [{name: <name>}]",
        "terminationGracePeriodSeconds: <number>",
        "securityContext: {runAsUser: <number>}",
        "affinity:\n  podAffinity:\n    requiredDuringSchedulingIgnoredDuringExecution:\n    - labelSelector: {matchLabels: {app: web}}\n      topologyKey: z",
        "topologySpreadConstraints:\n- topologyKey: z\n  maxSkew: 1\n  whenUnsatisfiable: DoNotSchedule\n  labelSelector: {matchLabels: {app: web}}",
        "hostAliases: [{ip: 1.2.3.4, hostnames: [a]}]",
    ]);
    out.push_str("containers:\n");
    let names: &[&str] = if draw.chance(60) {
        &["main"]
    } else {
        &["main", "side", "log"]
    };
    for name in names {
        out.push_str(&container(draw, name));
    }
    if draw.chance(15) {
        out.push_str("initContainers:\n");
        out.push_str(&container(draw, "init"));
    }
    if draw.chance(35) {
        out.push_str(&draw.fill("volumes:\n- name: v\n  <source>\n"));
        out.push('\n');
        if draw.chance(40) {
            out.push_str(&draw.fill("- name: w\n  <source>\n"));
            out.push('\n');
        }
    }
    out
}

/// A container as an entry of a list.
pub(crate) fn container(draw: &mut Draw, name: &str) -> String {
    let mut out = format!("- name: {name}\n");
    if draw.chance(85) {
        out.push_str(&format!(
            "  {}\n",
            indented(&draw.fill("image: <image>"), 2)
        ));
    }
    let fields = draw.some(22, &[
        "ports:\n- containerPort: <port>\n- containerPort: 9\n  protocol: <protocol>\n  name: nine",
        "env:\n<env>",
        "envFrom: [{configMapRef: {name: <name>}}, {secretRef: {name: <name>}, prefix: P_}]",
        "args: [<string>, '--x=$(V)', <string>]",
        "command:\n- sh\n- -c\n- <scalar>",
        "resources: {limits: {cpu: <quantity>, memory: <quantity>}}",
        "volumeMounts:\n- {mountPath: /v, name: v}\n- mountPath: /w\n  name: w\n  subPath: <string>",
        "livenessProbe: {httpGet: {path: /, port: <port>}}",
        "imagePullPolicy: Always",
    ]);
    if !fields.is_empty() {
        out.push_str(&format!("  {}\n", indented(&fields, 2)));
    }
    out
}

/// Everything behind the metadata.
fn body(draw: &mut Draw, kind: &str, name: &str) -> String {
    let spec = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Farm" => {
            let mut out = draw.some(
                50,
                &["replicas: <number>", "selector:\n  matchLabels: {app: web}"],
            );
            if kind == "StatefulSet" {
                out.push_str(&draw.some(50, &[
                    "serviceName: <name>",
                    "volumeClaimTemplates:\n- metadata: {name: data}\n  spec: {storageClassName: <name>}",
                ]));
            }
            if kind == "Deployment" {
                out.push_str(&draw.some(
                    15,
                    &[
                        "strategy: {type: Recreate}",
                        "strategy:\n  rollingUpdate: {maxSurge: 1}",
                        "paused: <bool>",
                    ],
                ));
            }
            if kind == "Farm" {
                out.push_str(&draw.some(
                    30,
                    &[
                        "odd: <scalar>",
                        "configRef: {name: <name>}",
                        "list: [a, <string>]",
                    ],
                ));
            }
            out + &template(draw, name)
        }
        "Job" => draw.some(20, &["backoffLimit: <number>"]) + &template(draw, name),
        "CronJob" => {
            let job = below("jobTemplate", &below("spec", &template(draw, name)));
            draw.some(60, &["schedule: \"* * * * *\"", "suspend: <bool>"]) + &job
        }
        "Pod" => pod(draw),
        _ => return other(draw, kind),
    };
    below("spec", &spec) + "\n"
}

fn other(draw: &mut Draw, kind: &str) -> String {
    let out = match kind {
        "Service" => draw.some(60, SERVICE),
        "ConfigMap" => draw.some(35, CONFIG_MAP),
        "Secret" => draw.some(40, SECRET),
        "ServiceAccount" => draw.some(30, &["imagePullSecrets: [{name: <name>}]", "secrets:\n- name: <name>"]),
        "PersistentVolumeClaim" => draw.some(60, &["spec:\n  storageClassName: <name>\n  volumeName: <name>\n  resources: {requests: {storage: <quantity>}}"]),
        "PersistentVolume" => draw.some(60, &["spec: {storageClassName: <name>, claimRef: {name: <name>, namespace: default}, capacity: {storage: <quantity>}}"]),
        "Role" | "ClusterRole" => draw.some(60, ROLE),
        "RoleBinding" | "ClusterRoleBinding" => draw.some(80, BINDING),
        "Ingress" => draw.some(80, INGRESS),
        "NetworkPolicy" => draw.some(80, &["spec:\n  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: api}}}]"]),
        "HorizontalPodAutoscaler" => draw.some(80, &["spec:\n  maxReplicas: <number>\n  scaleTargetRef: {apiVersion: apps/v1, kind: <workload>, name: <name>}"]),
        "PodDisruptionBudget" => draw.some(80, &["spec: {minAvailable: <number>, selector: {matchLabels: {app: web}}}"]),
        "StorageClass" => draw.some(80, &["provisioner: example.org/p", "parameters: {a: <string>}"]),
        "CustomResourceDefinition" => draw.some(85, CRD),
        "ValidatingWebhookConfiguration" => draw.some(80, &["webhooks:\n- name: a.example.org\n  clientConfig:\n    service: {name: <name>, namespace: default, path: /x}\n- name: b.example.org\n  clientConfig: {service: {name: <name>, namespace: <namespace>}}"]),
        "APIService" => draw.some(80, &["spec:\n  service: {name: <name>, namespace: <namespace>}\n  group: g"]),
        "Application" => draw.some(70, &["spec:\n  project: <name>\n  source: {repoURL: 'https://example.org/r.git', path: apps/web, targetRevision: <string>}\n  destination: {namespace: <namespace>, server: https://kubernetes.default.svc}", "operation: {sync: {revision: <scalar>}}"]),
        "Widget" => draw.some(70, WIDGET),
        _ => String::new(),
    };
    out + "\n"
}

const SERVICE: &[&str] = &[
    "spec:\n  selector: {app: web}\n  ports:\n  - port: <port>\n    targetPort: <value>\n  - {name: b, port: 53, protocol: <protocol>}",
    "status: {loadBalancer: {}}",
];

const CONFIG_MAP: &[&str] = &[
    "data:\n  k: <string>\n  odd: <scalar>\n  b.txt: <scalar>\n  Z: <string>",
    "binaryData: {x: aGk=}",
    "immutable: <bool>",
];

const SECRET: &[&str] = &[
    "data: {k: aGVsbG8=, odd: <string>}",
    "stringData:\n  s: <scalar>",
    "type: Opaque",
];

const ROLE: &[&str] = &[
    "rules:\n- apiGroups: [\"\"]\n  resources: [secrets]\n  resourceNames: [<name>, <name>]\n  verbs: [get]\n- apiGroups: [apps]\n  resources: ['*']\n  verbs: [\"*\"]",
    "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}",
];

const BINDING: &[&str] = &[
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: <name>}",
    "subjects:\n- kind: ServiceAccount\n  name: <name>\n- kind: ServiceAccount\n  name: default\n  namespace: <namespace>\n- {kind: User, name: <name>}",
];

const INGRESS: &[&str] = &[
    "spec:\n  rules:\n  - host: <host>\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: <name>, port: {number: <port>}}}}\n  tls: [{secretName: <name>, hosts: [<host>]}]\n  defaultBackend: {service: {name: <name>}}",
];

const CRD: &[&str] = &[
    "spec:\n  group: example.org\n  names: {kind: Widget, plural: widgets}\n  scope: Namespaced\n  conversion: {webhook: {clientConfig: {service: {name: <name>, namespace: <namespace>}}}}\n  versions:\n  - name: v1\n    served: true\n    schema: {openAPIV3Schema: {description: <scalar>, type: object}}",
];

const WIDGET: &[&str] = &[
    "spec:\n  ref: <name>\n  configRef: {name: <name>}\n  secretRef:\n    name: <name>\n  odd: <scalar>\n  list:\n  - name: p\n    v: <scalar>\n  - {name: q, v: <string>}\n  containers:\n  - image: nginx:5\n    name: main\n  selector: {matchLabels: {app: web}}",
    "data:\n- <scalar>\n- [<string>, {x: <scalar>}]\n- - nested\n  - <scalar>",
    "\"quoted key\": <scalar>",
    "yes: <scalar>",
    "<name>.x/y: <string>",
];
