//! Helm and functions, with a stand-in that records what it is asked to do. What helm is called
//! with was recorded from kustomize, with a script in place of helm.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use windlass_overlay::{
    Build, Call, Error, ErrorKind, Functions, Helm, Memory, Options, Outcome, Programs, build,
};

/// Answers every call alike, and remembers it.
#[derive(Default)]
struct StandIn {
    version: &'static str,
    prints: &'static str,
    calls: Mutex<Vec<Call>>,
    written: Mutex<Vec<String>>,
}

impl Programs for StandIn {
    fn run(&self, call: &Call) -> io::Result<Outcome> {
        self.calls.lock().unwrap().push(call.clone());
        let is_version = call
            .arguments
            .first()
            .is_some_and(|first| first == "version");
        let output = if is_version {
            self.version
        } else {
            self.prints
        };
        Ok(Outcome {
            success: output != "fails",
            output: output.as_bytes().to_vec(),
            errors: b"it says why\n".to_vec(),
        })
    }

    fn scratch(&self) -> io::Result<PathBuf> {
        Ok(PathBuf::from("/scratch"))
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let content = String::from_utf8_lossy(content);
        self.written
            .lock()
            .unwrap()
            .push(format!("{}: {content}", path.display()));
        Ok(())
    }
}

impl StandIn {
    fn helm() -> Self {
        Self {
            version: "v3.14.0+g3fc9f4b",
            prints: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-helm\n---\n# Source: x\n",
            ..Self::default()
        }
    }

    fn arguments(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls.iter().map(|call| call.arguments.join(" ")).collect()
    }

    fn build(&self, kustomization: &str, values: Option<&str>) -> Result<Build, Error> {
        let mut files = vec![("kustomization.yaml", kustomization)];
        files.extend(values.map(|values| ("charts/foo/values.yaml", values)));
        let files: Memory = files.into_iter().collect();
        let options = Options {
            programs: Some(self),
            helm: Some(Helm {
                command: "helm",
                api_versions: &[],
                kube_version: "",
                debug: false,
            }),
            functions: Some(Functions {
                environment: &[("KEY".to_owned(), "value".to_owned())],
            }),
            ..Options::default()
        };
        build(&files, "".as_ref(), &options)
    }
}

#[test]
fn a_chart_that_is_there_is_inflated() {
    let helm = StandIn::helm();
    let built = helm
        .build("namePrefix: x-\nhelmCharts:\n- name: foo\n", Some("a: 1\n"))
        .unwrap();
    assert_eq!(built.objects().next().unwrap().name(), "x-from-helm");
    let expected = [
        "version --short",
        "template --generate-name /charts/foo -f /scratch/foo-kustomize-values.yaml",
    ];
    assert_eq!(helm.arguments(), expected);
    let environment = helm.calls.lock().unwrap()[1].environment.clone();
    let environment: Vec<String> = environment
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let expected = [
        "HELM_CONFIG_HOME=/scratch/helm",
        "HELM_CACHE_HOME=/scratch/helm/.cache",
        "HELM_DATA_HOME=/scratch/helm/.data",
    ];
    assert_eq!(environment, expected);
    assert_eq!(
        *helm.written.lock().unwrap(),
        ["/scratch/foo-kustomize-values.yaml: a: 1\n"]
    );
}

#[test]
fn names_of_charts_neither_lead_elsewhere_nor_are_flags() {
    let names = [
        "name: ../../evil",
        "name: /evil",
        "name: --post-renderer=evil",
        "name: ..",
        "{name: foo, releaseName: --post-renderer=evil}",
    ];
    for name in names {
        let helm = StandIn::helm();
        let result = helm.build(&format!("helmCharts:\n- {name}\n"), Some("a: 1\n"));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Config, "{name}");
        assert!(helm.calls.lock().unwrap().is_empty(), "{name}");
        assert!(helm.written.lock().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_option_of_a_chart_becomes_an_argument() {
    let chart = "
namespace: outer
helmCharts:
- name: foo
  repo: https://example.org/charts
  version: 1.2.3
  releaseName: rel
  includeCRDs: true
  skipHooks: true
  skipTests: true
  debug: true
  devel: true
  apiVersions: [a/v1, b/v1]
  kubeVersion: 1.2.3
  nameTemplate: tt
  valuesFile: kustomization.yaml
  additionalValuesFiles: [kustomization.yaml]
";
    let helm = StandIn::helm();
    helm.build(chart, None).unwrap();
    let expected = [
        "version --short",
        "pull --untar --untardir /charts/foo-1.2.3 --repo https://example.org/charts foo --version 1.2.3 --devel",
        "template rel /charts/foo-1.2.3/foo --namespace outer --name-template tt \
         -f /scratch/foo-kustomize-values.yaml -f /kustomization.yaml --api-versions a/v1 \
         --api-versions b/v1 --kube-version 1.2.3 --include-crds --skip-tests --no-hooks --debug --devel",
    ];
    assert_eq!(helm.arguments(), expected);
}

#[test]
fn a_chart_is_pulled_from_a_registry_too() {
    let chart = "helmGlobals: {chartHome: my}\nhelmCharts:\n- name: foo\n  repo: oci://example.org/charts/\n  valuesFile: kustomization.yaml\n";
    let helm = StandIn::helm();
    helm.build(chart, None).unwrap();
    assert_eq!(
        helm.arguments()[1],
        "pull --untar --untardir /my oci://example.org/charts/foo"
    );
}

#[test]
fn inline_values_are_merged_as_asked() {
    let inline = "valuesInline: {b: {c: 3, d: [2], e: null}, z: [1]}";
    for (how, expected) in [
        ("override", "a: 1\nb:\n  c: 3\n  d:\n  - 2\nz:\n- 1\n"),
        (
            "merge",
            "a: 1\nb:\n  c: 2\n  d:\n  - 1\n  e: null\nz:\n- 1\n",
        ),
        ("replace", "b:\n  c: 3\n  d:\n  - 2\n  e: null\nz:\n- 1\n"),
    ] {
        let chart = format!("helmCharts:\n- name: foo\n  valuesMerge: {how}\n  {inline}\n");
        let helm = StandIn::helm();
        helm.build(&chart, Some("a: 1\nb: {c: 2, d: [1]}\n"))
            .unwrap();
        let expected = format!("/scratch/foo-kustomize-values.yaml: {expected}");
        assert_eq!(*helm.written.lock().unwrap(), [expected], "{how}");
    }
}

#[test]
fn a_helm_that_is_too_old_or_fails_is_an_error() {
    let old = StandIn {
        version: "v2.17.0",
        ..StandIn::helm()
    };
    let failing = StandIn {
        prints: "fails",
        ..StandIn::helm()
    };
    for helm in [old, failing] {
        let error = helm
            .build("helmCharts:\n- name: foo\n", Some(""))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Program);
    }
}

const FUNCTION: &str = "|-
  apiVersion: example.org/v1
  kind: Mine
  metadata:
    name: mine
    annotations:
      config.kubernetes.io/function: 'exec: {path: ./mine, args: [one]}'
";

#[test]
fn a_generator_that_is_a_program_makes_objects() {
    let program = StandIn {
        prints: "kind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: made\n    annotations: {kustomize.config.k8s.io/needs-hash: 'true'}\n",
        ..StandIn::default()
    };
    let built = program
        .build(&format!("generators:\n- {FUNCTION}"), None)
        .unwrap();
    assert_eq!(
        built.to_yaml().unwrap(),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made-6ct58987ht\n"
    );
    let call = program.calls.lock().unwrap()[0].clone();
    assert_eq!(
        (&*call.program, call.arguments),
        ("./mine", vec!["one".to_owned()])
    );
    assert_eq!(call.environment, [("KEY".to_owned(), "value".to_owned())]);
    assert_eq!(call.folder.as_deref(), Some(Path::new("/")));
    insta::assert_snapshot!(String::from_utf8_lossy(&call.input), @r"
    apiVersion: config.kubernetes.io/v1
    functionConfig:
      apiVersion: example.org/v1
      kind: Mine
      metadata:
        annotations:
          config.kubernetes.io/function: 'exec: {path: ./mine, args: [one]}'
        name: mine
    items: []
    kind: ResourceList
    ");
}

#[test]
fn a_transformer_that_is_a_program_keeps_adds_and_deletes() {
    let program = StandIn {
        prints: "kind: A\nmetadata: {name: kept, labels: {changed: 'yes'}}\n---\nkind: A\nmetadata: {name: added}\n",
        ..StandIn::default()
    };
    let files = Memory::from_iter([
        (
            "kustomization.yaml",
            format!("resources: [a.yaml]\ntransformers:\n- {FUNCTION}"),
        ),
        (
            "a.yaml",
            "kind: A\nmetadata: {name: deleted}\n---\nkind: A\nmetadata: {name: kept}\n".to_owned(),
        ),
    ]);
    let options = Options {
        programs: Some(&program),
        functions: Some(Functions { environment: &[] }),
        ..Options::default()
    };
    let built = build(&files, "".as_ref(), &options).unwrap();
    let names: Vec<&str> = built.objects().map(|object| object.name()).collect();
    assert_eq!(names, ["added", "kept"]);
}

#[test]
fn containers_are_not_run() {
    let container = FUNCTION.replace("exec: {path: ./mine, args: [one]}", "container: {image: x}");
    let program = StandIn::default();
    let error = program
        .build(&format!("generators:\n- {container}"), None)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Program);
    assert!(program.calls.lock().unwrap().is_empty());
    insta::assert_snapshot!(error, @"the function `Mine` is a container, and containers are not run");
}
