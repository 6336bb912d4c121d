//! Patches of both kinds, and what names objects: selectors.

use crate::draw::{Draw, below, first_of_each, indented, item};
use crate::layer::Entry;
use crate::objects::{Known, container, pods};

/// An entry of `patches`, `patchesStrategicMerge` or `patchesJson6902`.
pub(crate) fn entry(draw: &mut Draw, known: &[Known]) -> Entry {
    let of = draw.pick(known).clone();
    match draw.below(20) {
        0..=8 => strategic(draw, &of, known),
        9..=15 => json6902(draw, &of, known),
        16..=17 => {
            let text = merge(draw, &of);
            match draw.chance(50) {
                true => Entry::listed("patchesStrategicMerge", "- <FILE>").with_file(text),
                false => Entry::listed("patchesStrategicMerge", &item(&block(&text))),
            }
        }
        _ => {
            let target = format!("target:\n  {}", indented(&exact(&of), 2));
            let ops = operations(draw, &of);
            let entry = format!("- {}\n  path: <FILE>", indented(&target, 2));
            match draw.chance(50) {
                true => Entry::listed("patchesJson6902", &entry).with_file(ops),
                false => Entry::listed(
                    "patchesJson6902",
                    &item(&format!("{target}\npatch: {}", block(&ops))),
                ),
            }
        }
    }
}

/// A text as a literal block.
pub(crate) fn block(text: &str) -> String {
    format!("|-\n  {}", indented(text, 2))
}

fn strategic(draw: &mut Draw, of: &Known, known: &[Known]) -> Entry {
    let mut text = merge(draw, of);
    if draw.chance(8) {
        let other = draw.pick(known).clone();
        text = format!("{text}---\n{}", merge(draw, &other));
    }
    let mut more = String::new();
    if draw.chance(30) {
        more.push_str(&format!(
            "target:\n  {}\n",
            indented(&selector(draw, known), 2)
        ));
        if draw.chance(50) {
            more.push_str(&draw.some(
                40,
                &[
                    "options: {allowNameChange: <bool>}",
                    "options:\n  allowKindChange: false",
                ],
            ));
        }
    }
    placed(draw, text, &more)
}

fn json6902(draw: &mut Draw, of: &Known, known: &[Known]) -> Entry {
    let text = operations(draw, of);
    let target = match draw.chance(70) {
        true => exact(of),
        false => selector(draw, known),
    };
    placed(draw, text, &format!("target:\n  {}", indented(&target, 2)))
}

/// A patch by path or inline.
fn placed(draw: &mut Draw, text: String, more: &str) -> Entry {
    match draw.chance(40) {
        true => Entry::listed("patches", &item(&format!("path: <FILE>\n{more}"))).with_file(text),
        false => Entry::listed(
            "patches",
            &item(&format!("patch: {}\n{more}", block(&text))),
        ),
    }
}

/// A selector that means `of` and nothing else.
pub(crate) fn exact(of: &Known) -> String {
    let mut out = format!(
        "version: {}\nkind: {}\nname: {}\n",
        of.version(),
        of.kind,
        of.name
    );
    if !of.group().is_empty() {
        out.insert_str(0, &format!("group: {}\n", of.group()));
    }
    out
}

pub(crate) fn selector(draw: &mut Draw, known: &[Known]) -> String {
    let of = draw.pick(known).clone();
    let text = draw.one(&[
        "kind: KIND",
        "kind: KIND\nname: NAME",
        "name: NAME",
        "kind: KIND|Service\nname: .*",
        "labelSelector: app=web",
        "labelSelector: app in (web, api),tier!=x\nkind: KIND",
        "annotationSelector: note",
        "group: GROUP\nkind: KIND",
        "version: v1\nname: \"[a-z].*\"",
        "namespace: <namespace>",
        "namespace: \"t.*\"\nkind: KIND",
        "kind: K.*",
    ]);
    let group = if of.group().is_empty() {
        "\"\""
    } else {
        of.group()
    };
    text.replace("KIND", of.kind)
        .replace("NAME", &of.name)
        .replace("GROUP", group)
}

/// A strategic merge patch of an object.
pub(crate) fn merge(draw: &mut Draw, of: &Known) -> String {
    let mut out = of.head();
    let meta = draw.some(
        10,
        &[
            "labels: {patched: <string>, app: null}",
            "annotations: {note: <scalar>, a: b}",
            "labels: null",
            "annotations:\n  $patch: delete",
            "finalizers: [c, d]",
            "uid: x",
        ],
    );
    let meta = first_of_each(&meta);
    if !meta.is_empty() {
        out.push_str(&format!("  {}\n", indented(&meta, 2)));
    }
    match draw.below(24) {
        0 => out + "$patch: delete\n",
        1 => out + "$patch: replace\n" + &changes(draw, of),
        2 => out + "$patch: merge\n" + &changes(draw, of),
        _ => out + &changes(draw, of),
    }
}

fn changes(draw: &mut Draw, of: &Known) -> String {
    let text = match of.kind {
        kind if of.has_pods() => {
            let spec = pod_changes(draw);
            let mut parts = pods(kind).unwrap().split('.').skip(1).collect::<Vec<_>>();
            parts.reverse();
            let mut inner = spec;
            if !parts.is_empty() {
                inner = below("spec", &inner);
                if draw.chance(15) {
                    inner.push_str(&draw.fill("\nmetadata: {labels: {p: <string>}}"));
                }
                for part in parts {
                    inner = below(part, &inner);
                }
                inner.push('\n');
                inner.push_str(&draw.some(20, &["replicas: <value>"]));
            }
            below("spec", &inner)
        }
        "Service" => draw.some(70, &["spec:\n  ports:\n  - port: <port>\n    targetPort: <number>\n  - {port: 53, protocol: <protocol>, name: <string>}"])
            + &draw.some(20, &["status: null"]),
        "ConfigMap" => draw.some(60, &["data: {k: <value>, added: <scalar>, Z: null}", "binaryData: null"]),
        "Secret" => draw.some(60, &["data:\n  k: <value>\n  more: <scalar>", "stringData:\n  $patch: replace\n  x: <string>"]),
        "Role" | "ClusterRole" => draw.some(70, &["rules:\n- {apiGroups: [x], resources: [y], verbs: [z]}"]),
        "RoleBinding" | "ClusterRoleBinding" => draw.some(70, &["subjects:\n- {kind: ServiceAccount, name: <name>, namespace: x}"]),
        "Ingress" => draw.some(70, &["spec:\n  rules:\n  - host: <host>\n  tls: null"]),
        "Widget" | "Application" => draw.some(35, &[
            "spec:\n  odd: <scalar>\n  list:\n  - {name: p, w: <scalar>}\n  ref: null\n  added: {deep: [<scalar>]}\n  project: <scalar>",
            "data: [<scalar>, null]",
            "yes: <scalar>",
            "operation:\n  sync: {revision: <value>}",
        ]),
        _ => draw.some(50, &["spec:\n  extra: <scalar>", "spec: null"]),
    };
    first_of_each(&text) + "\n"
}

fn pod_changes(draw: &mut Draw) -> String {
    let mut out = draw.some(5, &[
        "$patch: replace",
        "volumes: [{name: v, emptyDir: {}}]",
        "volumes:\n- name: v\n  $patch: delete",
        "tolerations: [{key: b}]",
        "nodeSelector: {disk: null, n: <scalar>}",
        "imagePullSecrets: [{name: <name>}, {name: zz}]",
        "serviceAccountName: null",
        "initContainers: null",
        "hostAliases: [{ip: 1.2.3.4, hostnames: [b]}]",
        "terminationGracePeriodSeconds: <scalar>",
        "topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}]",
    ]);
    out = first_of_each(&out);
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str("containers:\n");
    if draw.chance(4) {
        out.push_str("- $patch: replace\n");
    }
    let count = 1 + draw.below(3);
    let mut names = ["main", "side", "log", "new"];
    draw.shuffle(&mut names);
    for name in &names[..count] {
        match draw.below(10) {
            0 => out.push_str(&format!("- name: {name}\n  $patch: delete\n")),
            1..=4 => out.push_str(&container(draw, name)),
            _ => {
                out.push_str(&format!("- name: {name}\n"));
                let fields = draw.some(25, &[
                    "image: <image>",
                    "env:\n- name: A\n  value: <string>\n- {name: D, value: <scalar>}",
                    "env:\n- name: A\n  $patch: delete\n- name: B\n  value: null",
                    "ports: [{containerPort: <port>, protocol: <protocol>}, {containerPort: 7}]",
                    "args: null",
                    "command: []",
                    "resources:\n  limits: {cpu: <scalar>}",
                    "resources: {$patch: replace, requests: {cpu: <quantity>}}",
                    "volumeMounts: [{mountPath: /w, name: z}]",
                    "livenessProbe: {$patch: delete}",
                ]);
                let fields = first_of_each(&fields);
                if !fields.is_empty() {
                    out.push_str(&format!("  {}\n", indented(&fields, 2)));
                }
            }
        }
    }
    out
}

/// A JSON 6902 patch of an object.
pub(crate) fn operations(draw: &mut Draw, of: &Known) -> String {
    let count = 1 + draw.below(2);
    let mut out = String::new();
    for _ in 0..count {
        let text = match draw.chance(60) {
            true => operation(draw, of),
            false => draw.one(ANYWHERE),
        };
        out.push_str(&text);
        out.push('\n');
    }
    out
}

fn operation(draw: &mut Draw, of: &Known) -> String {
    match (of.kind, pods(of.kind)) {
        (_, Some(path)) => {
            let path = match path {
                "" => "/spec".to_owned(),
                path => format!("/{}/spec", path.replace('.', "/")),
            };
            draw.one(ON_PODS).replace("POD", &path)
        }
        ("Service", _) => draw.one(ON_SERVICES),
        ("ConfigMap" | "Secret", _) => draw.one(&[
            "- op: replace\n  path: /data/k\n  value: <scalar>",
            "- {op: add, path: /data/b.txt, value: <string>}",
            "- {op: remove, path: /data/k}",
            "- op: copy\n  from: /data/k\n  path: /data/copied",
            "- op: move\n  from: /data/odd\n  path: /data/x~1y",
        ]),
        ("Widget", _) => draw.one(&[
            "- op: replace\n  path: /spec/odd\n  value: <scalar>",
            "- op: add\n  path: /spec/list/1\n  value: {name: n, v: <string>}",
            "- op: add\n  path: /spec/list/0/v\n  value: {b: 1, a: 2}",
            "- op: copy\n  from: /spec/odd\n  path: /spec/list/-",
            "- op: add\n  path: /top\n  value: [<string>, {x: <string>}]",
        ]),
        _ => draw.one(ANYWHERE),
    }
}

const ANYWHERE: &[&str] = &[
    "- op: add\n  path: /metadata/labels\n  value: {j: <string>}",
    "- op: add\n  path: /metadata/annotations\n  value:\n    j: <string>",
    "- op: add\n  path: /top\n  value: <scalar>",
    "- op: add\n  path: /spec\n  value: {x: [<string>, 010, yes, null, 1.50]}",
    "- op: replace\n  path: /metadata/name\n  value: renamed",
    "- op: copy\n  from: /metadata/name\n  path: /top",
    "- op: test\n  path: /metadata/nothing\n  value: null",
    "- {\"op\": \"add\", \"path\": \"/x~1y\", \"value\": {\"a\": [1, 1.0, 1e3, \"2\"]}}",
];

const ON_PODS: &[&str] = &[
    "- op: add\n  path: POD/containers/-\n  value: {name: j, image: \"j:1\"}",
    "- op: replace\n  path: POD/containers/0/image\n  value: json:1",
    "- op: add\n  path: POD/containers/0\n  value:\n    name: first\n    args: [<string>]",
    "- op: remove\n  path: POD/containers/0/image",
    "- op: add\n  path: POD/containers/0/env\n  value: [{name: E, value: <string>}]",
    "- op: add\n  path: POD/containers/0/args/-\n  value: <string>",
    "- op: replace\n  path: /spec/replicas\n  value: <scalar>",
    "- op: move\n  from: POD/containers/0\n  path: POD/moved",
    "- op: add\n  path: POD/nodeSelector\n  value: {a: <string>}",
    "- op: copy\n  from: POD/containers\n  path: POD/initContainers",
];

const ON_SERVICES: &[&str] = &[
    "- op: replace\n  path: /spec/ports/0/port\n  value: 8",
    "- op: add\n  path: /spec/ports/-\n  value: {port: 7, name: <string>}",
    "- op: remove\n  path: /spec/selector",
    "- op: add\n  path: /spec/type\n  value: <scalar>",
    "- op: replace\n  path: /spec/ports/1\n  value: {port: 1}",
];
