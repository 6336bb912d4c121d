//! Fields of a kustomization other than patches.

use crate::draw::{Draw, indented, item};
use crate::layer::Entry;
use crate::objects::{Known, pods};
use crate::patches::{self, block, exact, selector};

/// What a kustomization does, in one or two of its fields.
pub(crate) fn entry(draw: &mut Draw, known: &[Known]) -> Vec<Entry> {
    let single = |field, value: String| vec![Entry::single(field, &value)];
    match draw.below(32) {
        0..=1 => single("namePrefix", draw.one(&["a-", "dev-", "x", "\"1-\"", "A."])),
        2 => single("nameSuffix", draw.one(&["-z", "\"-1\"", "-v1.0"])),
        3..=4 => single("namespace", draw.one(&["<namespace>", "<namespace>", "\"5\""])),
        5..=7 => labels(draw),
        8 => single("commonLabels", draw.one(&["{cl: <string>}", "{app: <string>, z: x}"])),
        9 => single("commonAnnotations", draw.one(&["{ca: <string>, note: z}", "{n1: <string>}"])),
        10..=11 => vec![image(draw)],
        12 => replicas(draw, known),
        13..=16 => generator(draw, known),
        17..=21 => vec![replacement(draw, known)],
        22 => vars(draw, known),
        23..=24 => vec![configuration(draw)],
        25..=28 => vec![transformer(draw, known)],
        29 => vec![crds(draw)],
        30 => single("sortOptions", draw.one(&[
            "{order: fifo}",
            "{order: legacy}",
            "{order: legacy, legacySortOptions: {orderFirst: [Namespace, Widget], orderLast: [ConfigMap]}}",
        ])),
        _ => single("buildMetadata", draw.one(&[
            "[originAnnotations]",
            "[managedByLabel]",
            "[transformerAnnotations]",
            "[managedByLabel, originAnnotations, transformerAnnotations]",
        ])),
    }
}

fn labels(draw: &mut Draw) -> Vec<Entry> {
    let entry = draw.fill("pairs: {<label>: <string>}\n")
        + "\n"
        + &draw.some(30, &[
            "includeSelectors: <bool>",
            "includeTemplates: <bool>",
            "fields:\n- path: spec/own\n  create: <bool>\n- {path: 'spec/list[]/labels', kind: Widget, create: true}",
        ]);
    vec![Entry::listed("labels", &item(&entry))]
}

fn image(draw: &mut Draw) -> Entry {
    let entry = draw.fill("name: <image-name>\n")
        + "\n"
        + &draw.some(
            35,
            &[
                "newName: new/img",
                "newTag: <string>",
                "digest: sha256:0a",
                "tagSuffix: -s",
            ],
        );
    Entry::listed("images", &item(&entry))
}

fn replicas(draw: &mut Draw, known: &[Known]) -> Vec<Entry> {
    let counts = |one: &&Known| matches!(one.kind, "Deployment" | "StatefulSet" | "ReplicaSet");
    let counted: Vec<&Known> = known.iter().filter(counts).collect();
    if counted.is_empty() {
        return Vec::new();
    }
    let name = &draw.pick(&counted).name;
    let entry = draw.fill("count: <number>");
    vec![Entry::listed(
        "replicas",
        &item(&format!("name: {name}\n{entry}")),
    )]
}

fn generator(draw: &mut Draw, known: &[Known]) -> Vec<Entry> {
    let (field, kind) = *draw.pick(&[
        ("configMapGenerator", "ConfigMap"),
        ("secretGenerator", "Secret"),
    ]);
    let name = draw.one(&["<name>"]);
    let is_there = known.iter().any(|one| one.kind == kind && one.name == name);
    let mut entry = format!("name: {name}\n");
    if is_there || draw.chance(2) {
        entry.push_str(draw.text(&[
            "behavior: merge\n",
            "behavior: merge\n",
            "behavior: replace\n",
        ]));
    } else {
        entry.push_str(&draw.some(10, &["behavior: create"]));
    }
    entry.push_str(&draw.some(60, &[
        "literals:\n- k=<string>\n- m=a b\n- 'n=\"q\"'\n- o='s'\n- p=x=y\n- q=1e3\n- \"r=a\\nb\"",
    ]));
    if kind == "Secret" {
        entry.push_str(&draw.some(15, &["type: kubernetes.io/tls"]));
    }
    entry.push_str(&draw.some(15, &[
        "namespace: <namespace>",
        "options:\n  labels: {o: <string>}\n  annotations: {p: <string>}\n  disableNameSuffixHash: <bool>",
    ]));
    let mut out = Vec::new();
    match draw.below(6) {
        0 => entry.push_str("files: [<FILE>]\n"),
        1 => entry.push_str("files: [called.txt=<FILE>]\n"),
        2 => entry.push_str("envs: [<FILE>]\n"),
        3 if draw.chance(20) => entry.push_str("env: <FILE>\n"),
        _ => {}
    }
    let file = draw.one(&[
        "A=1\n# comment\n\nB=a b\nC=\"q\"\n",
        "A=yes\nD=x=y\n",
        "plain text\n  indented\n",
        "E=trailing \nF=\n",
        "A=\u{e9}\n",
        "G='single'\n",
    ]);
    out.push(Entry::listed(field, &item(&entry)).with_file(file + "\n"));
    if draw.chance(15) {
        out.push(Entry::single(
            "generatorOptions",
            &draw.one(&[
                "{disableNameSuffixHash: <bool>}",
                "{labels: {g: <string>}, annotations: {h: <string>}}",
                "{immutable: true, labels: {o: x}}",
            ]),
        ));
    }
    out
}

/// A path to a field that an object of the kind may have.
fn field_of(draw: &mut Draw, of: &Known) -> String {
    if draw.chance(25) {
        return draw.one(&[
            "metadata.name",
            "metadata.namespace",
            "metadata.labels.app",
            "metadata.annotations.note",
            "metadata.annotations.[example.org/seen]",
            "metadata.labels",
            "spec.made.[name=x].y",
        ]);
    }
    match (of.kind, pods(of.kind)) {
        (_, Some(path)) => {
            let path = if path.is_empty() {
                "spec".to_owned()
            } else {
                format!("{path}.spec")
            };
            draw.one(&[
                "POD.containers.[name=main].image",
                "POD.containers.0.image",
                "POD.containers.*.image",
                "POD.containers.[name=main].env.[name=A].value",
                "POD.containers.[name=main].args.0",
                "POD.containers.[name=main].args",
                "POD.nodeSelector.disk",
                "POD.serviceAccountName",
                "POD.containers.[name=main].ports.[containerPort=80].name",
                "POD.containers.[name=main].resources.limits.cpu",
                "spec.replicas",
                "POD.volumes.[name=v].configMap.name",
                "spec.selector.matchLabels.app",
                "POD.containers",
            ])
            .replace("POD", &path)
        }
        ("Service", _) => draw.one(&[
            "spec.ports.0.port",
            "spec.ports.[name=b].port",
            "spec.ports.*.targetPort",
            "spec.ports.0.name",
            "spec.selector.app",
            "spec.selector",
        ]),
        ("ConfigMap" | "Secret", _) => draw.one(&[
            "data.k",
            "data.odd",
            "data.[b.txt]",
            "data.Z",
            "data",
            "data.new",
        ]),
        ("Widget" | "Farm", _) => draw.one(&[
            "spec.odd",
            "spec.list.[name=p].v",
            "spec.list.0.v",
            "spec.list.*.name",
            "spec.ref",
            "spec.configRef.name",
            "spec.made.[name=x].y",
            "spec.made.deep",
            "spec.list",
        ]),
        ("Ingress", _) => draw.one(&[
            "spec.rules.0.host",
            "spec.rules.*.host",
            "spec.tls.0.hosts.0",
            "spec.tls.0.secretName",
        ]),
        ("RoleBinding" | "ClusterRoleBinding", _) => draw.one(&[
            "roleRef.name",
            "subjects.0.name",
            "subjects.*.namespace",
            "subjects.[kind=User].name",
        ]),
        _ => draw.one(&[
            "metadata.name",
            "spec.made",
            "spec.project",
            "metadata.labels.made",
        ]),
    }
}

fn replacement(draw: &mut Draw, known: &[Known]) -> Entry {
    let mut text = String::new();
    if draw.chance(15) {
        text.push_str(&draw.fill("sourceValue: <string>\n"));
        text.push('\n');
    } else {
        let of = draw.pick(known).clone();
        let mut source = match draw.chance(60) {
            true => format!("kind: {}\nname: {}\n", of.kind, of.name),
            false => exact(&of),
        };
        if draw.chance(85) {
            let path = match draw.chance(65) {
                true => "metadata.name".to_owned(),
                false => field_of(draw, &of),
            };
            source.push_str(&format!("fieldPath: '{path}'\n"));
        }
        source.push_str(
            &draw
                .some(15, &["options: {delimiter: DELIM, index: INDEX}"])
                .replace("DELIM", draw.text(DELIMITERS))
                .replace("INDEX", draw.text(&["0", "0", "1", "2"])),
        );
        text.push_str(&format!("source:\n  {}\n", indented(&source, 2)));
    }
    text.push_str("targets:\n");
    let count = if draw.chance(70) { 1 } else { 2 };
    for _ in 0..count {
        text.push_str(&format!("{}\n", item(&replacement_target(draw, known))));
    }
    match draw.chance(10) {
        true => Entry::listed("replacements", "- path: <FILE>").with_file(match draw.chance(50) {
            true => format!("{}\n", item(&text)),
            false => text,
        }),
        false => Entry::listed("replacements", &item(&text)),
    }
}

const DELIMITERS: &[&str] = &["':'", "'-'", "'.'", "/", "'='"];

fn replacement_target(draw: &mut Draw, known: &[Known]) -> String {
    let of = draw.pick(known).clone();
    let select = match draw.below(4) {
        0 => format!("kind: {}\n", of.kind),
        1 => selector(draw, known),
        _ => exact(&of),
    };
    let mut text = format!("select:\n  {}\n", indented(&select, 2));
    if draw.chance(15) {
        text.push_str(&format!(
            "reject:\n- {}\n",
            indented(&selector(draw, known), 2)
        ));
    }
    if draw.chance(92) {
        text.push_str(&format!("fieldPaths:\n- '{}'\n", field_of(draw, &of)));
        if draw.chance(20) {
            text.push_str(&format!("- '{}'\n", field_of(draw, &of)));
        }
    }
    let create = draw.some(85, &["create: true"]);
    let part = draw
        .some(20, &["delimiter: DELIM\nindex: INDEX"])
        .replace("DELIM", draw.text(DELIMITERS))
        .replace("INDEX", draw.text(&["0", "1", "5", "-1"]));
    if !(create.is_empty() && part.is_empty()) {
        text.push_str(&format!("options:\n  {}\n", indented(&(create + &part), 2)));
    }
    text
}

fn vars(draw: &mut Draw, known: &[Known]) -> Vec<Entry> {
    let of = draw.pick(known).clone();
    let name = draw.text(&["V", "W"]);
    let mut text = format!(
        "name: {name}\nobjref: {{apiVersion: {}, kind: {}, name: {}}}\n",
        of.api_version, of.kind, of.name
    );
    if draw.chance(30) {
        text.push_str(&format!(
            "fieldref: {{fieldpath: '{}'}}\n",
            field_of(draw, &of)
        ));
    }
    vec![Entry::listed("vars", &item(&text))]
}

fn configuration(draw: &mut Draw) -> Entry {
    let text = draw.some(35, &[
        "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - {path: spec/configRef/name, kind: Widget}\n  - {path: spec/configRef/name, kind: Farm}",
        "nameReference:\n- kind: Secret\n  fieldSpecs:\n  - path: spec/secretRef/name\n    kind: Widget",
        "images:\n- path: spec/containers[]/image\n  kind: Widget\n  create: true",
        "replicas:\n- {path: spec/replicas, kind: Farm, create: true}",
        "commonLabels:\n- {path: spec/selector/matchLabels, create: true, kind: Widget}",
        "labels:\n- {path: spec/labels, create: true, kind: Widget}",
        "commonAnnotations:\n- {path: spec/notes, create: true, kind: Widget}",
        "namePrefix:\n- {path: spec/ref, kind: Widget}",
        "nameSuffix:\n- {path: metadata/labels/app}",
        "namespace:\n- {path: spec/destination/namespace, kind: Application, create: true}",
        "varReference:\n- {path: spec/odd, kind: Widget}\n- {path: metadata/annotations}",
    ]);
    // The lists of a kind of field join.
    let joined = text.replacen(
        "nameReference:\n- kind: Secret",
        "- kind: Secret",
        usize::from(text.contains("kind: ConfigMap")),
    );
    Entry::listed("configurations", "- <FILE>").with_file(joined)
}

fn crds(draw: &mut Draw) -> Entry {
    let text = draw.one(&[
        r##"{"example.org/v1.Widget": {"Schema": {"properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"$ref": "m"}, "spec": {"$ref": "example.org/v1.WidgetSpec"}}}}, "example.org/v1.WidgetSpec": {"Schema": {"properties": {"secretRef": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Secret"}, "configRef": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap", "x-kubernetes-object-ref-name-key": "name"}, "selector": {"x-kubernetes-label-selector": ""}}}}}"##,
    ]);
    Entry::listed("crds", "- <FILE>").with_file(text)
}

/// A transformer or generator that is configured by an object.
fn transformer(draw: &mut Draw, known: &[Known]) -> Entry {
    let kind = *draw.pick(&[
        "PrefixTransformer",
        "SuffixTransformer",
        "LabelTransformer",
        "AnnotationsTransformer",
        "NamespaceTransformer",
        "ImageTagTransformer",
        "ReplicaCountTransformer",
        "PatchTransformer",
        "PatchStrategicMergeTransformer",
        "PatchJson6902Transformer",
        "ReplacementTransformer",
        "HashTransformer",
        "ValueAddTransformer",
        "ConfigMapGenerator",
        "SecretGenerator",
    ]);
    let of = draw.pick(known).clone();
    let body = match kind {
        "PatchTransformer" => {
            let text = block(&patches::operations(draw, &of));
            format!("patch: {text}\ntarget:\n  {}", indented(&exact(&of), 2))
        }
        "PatchStrategicMergeTransformer" => {
            format!("patches: {}", block(&patches::merge(draw, &of)))
        }
        "PatchJson6902Transformer" => {
            let text = block(&patches::operations(draw, &of));
            format!("jsonOp: {text}\ntarget:\n  {}", indented(&exact(&of), 2))
        }
        "ReplacementTransformer" => {
            let source = format!("source: {{kind: {}, name: {}}}\n", of.kind, of.name);
            let target = item(&replacement_target(draw, known));
            format!(
                "replacements:\n- {}",
                indented(&format!("{source}targets:\n{target}"), 2)
            )
        }
        "ReplicaCountTransformer" => format!(
            "replica: {{name: {}, count: 4}}\nfieldSpecs: [{{path: spec/replicas, kind: Deployment}}]",
            of.name
        ),
        kind => draw.one(configured(kind)),
    };
    let name = draw.below(100_000);
    let text = format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: t{name}}}\n{body}\n");
    let field = if kind.ends_with("Generator") {
        "generators"
    } else {
        "transformers"
    };
    match draw.chance(60) {
        true => Entry::listed(field, "- <FILE>").with_file(text),
        false => Entry::listed(field, &item(&block(&text))),
    }
}

fn configured(kind: &str) -> &'static [&'static str] {
    match kind {
        "PrefixTransformer" => &["prefix: p-\nfieldSpecs: [{path: metadata/name}]"],
        "SuffixTransformer" => {
            &["suffix: -q\nfieldSpecs:\n- path: metadata/name\n- {path: spec/ref, kind: Widget}"]
        }
        "LabelTransformer" => &[
            "labels: {t: <string>}\nfieldSpecs: [{path: metadata/labels, create: true}]",
            "labels: {t: <string>}\nfieldSpecs: [{path: spec/template/metadata/labels, create: <bool>, kind: Deployment}]",
        ],
        "AnnotationsTransformer" => &[
            "annotations: {t: <string>}\nfieldSpecs: [{path: metadata/annotations, create: <bool>}]",
        ],
        "NamespaceTransformer" => &[
            "namespace: x\nunsetOnly: <bool>",
            "namespace: far\nsetRoleBindingSubjects: allServiceAccounts",
            "namespace: x\nsetRoleBindingSubjects: none\nfieldSpecs: [{path: metadata/namespace, create: true}]",
            "namespace: x\nsetRoleBindingSubjects: defaultOnly",
        ],
        "ImageTagTransformer" => &[
            "imageTag: {name: <image-name>, newTag: <string>}\nfieldSpecs: [{path: 'spec/containers[]/image'}]",
            "imageTag: {name: nginx, newName: <string>, digest: sha256:1}\nfieldSpecs: [{path: 'spec/template/spec/containers[]/image'}]",
        ],
        "HashTransformer" => &[""],
        "ValueAddTransformer" => &[
            "value: <string>\ntargets: [{fieldPath: metadata/namespace}]",
            "value: <string>\ntargets:\n- selector: {kind: Widget}\n  fieldPath: spec/ref\n- selector: {kind: Deployment}\n  fieldPath: spec/template/metadata/labels/new",
        ],
        _ => &[
            "literals: [a=<string>, b=2]",
            "literals: [a=1]\noptions: {disableNameSuffixHash: <bool>}",
        ],
    }
}
