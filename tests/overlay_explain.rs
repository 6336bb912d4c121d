//! `overlay-explain`: objects and fields that are meant, and what is printed of them.

use insta::assert_snapshot;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

const FILES: [(&str, &str); 6] = [
    (
        "base/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  \
         template:\n    spec:\n      containers:\n      - name: app\n        image: shop/web:1\n        \
         args: [--quiet]\n        envFrom:\n        - configMapRef: {name: settings}\n",
    ),
    (
        "base/kustomization.yaml",
        "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [level=info]\n\
         labels:\n- pairs: {team.example.org/name: shop}\n",
    ),
    (
        "team/kustomization.yaml",
        "resources: [../base]\nnamePrefix: team-\nimages:\n- name: shop/web\n  newTag: '2'\n",
    ),
    (
        "prod/kustomization.yaml",
        "resources: [../team]\nnamespace: shop\nnamePrefix: prod-\npatches:\n- path: size.yaml\n\
         images:\n- name: shop/web\n  newName: mirror/web\n  digest: sha256:00ff\n\
         configMapGenerator:\n- name: settings\n  behavior: merge\n  literals: [level=warn]\n",
    ),
    (
        "prod/size.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 5\n  \
         template:\n    spec:\n      containers:\n      - {name: app, args: [--loud, --fast]}\n",
    ),
    ("broken/kustomization.yaml", "resources: [none.yaml]\n"),
];

fn run(words: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Command::new(env!("CARGO_BIN_EXE_overlay-explain"))
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap()
}

fn told(words: &[&str]) -> String {
    let output = run(words);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(words: &[&str], code: i32) -> String {
    let output = run(words);
    assert_eq!(output.status.code(), Some(code));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_field_is_told_from_base_to_overlay() {
    let image = "spec.template.spec.containers[name=app].image";
    assert_snapshot!(told(&["prod", "Deployment/prod-team-web", image]), @r"
    Deployment/prod-team-web in shop  base/web.yaml:1:1
      spec.template.spec.containers[name=app].image: mirror/web@sha256:00ff
        resources  base/web.yaml:11:16: shop/web:1
          asked for  base/kustomization.yaml:1:13
        images  team/kustomization.yaml:5:11: shop/web:1 → shop/web:2
          asked for  team/kustomization.yaml:4:3
        images  prod/kustomization.yaml:9:11: shop/web:2 → mirror/web@sha256:00ff
          asked for  prod/kustomization.yaml:7:3
    ");
    assert_snapshot!(told(&["prod", "prod-team-web", "metadata.name"]), @r"
    Deployment/prod-team-web in shop  base/web.yaml:1:1
      metadata.name: prod-team-web
        resources  base/web.yaml:4:9: web
          asked for  base/kustomization.yaml:1:13
        namePrefix  team/kustomization.yaml:2:13: web → team-web
        namePrefix  prod/kustomization.yaml:3:13: team-web → prod-team-web
    ");
    assert_snapshot!(told(&["prod", "deployment/prod-team-web", "spec.template.spec.containers[0].envFrom"]), @r"
    Deployment/prod-team-web in shop  base/web.yaml:1:1
      spec.template.spec.containers[0].envFrom[0].configMapRef.name: prod-team-settings-ff798ch857  prod/kustomization.yaml:3:13  name reference
    ");
    let map = told(&["prod"]);
    let map = map
        .lines()
        .find(|line| line.starts_with("ConfigMap/"))
        .unwrap();
    let map = map.split(' ').next().unwrap().to_owned();
    assert_snapshot!(told(&["prod", &map, "data.level"]), @r"
    ConfigMap/prod-team-settings-ff798ch857 in shop  prod/kustomization.yaml:11:3
      data.level: warn
        generator  base/kustomization.yaml:4:14: info
          asked for  base/kustomization.yaml:3:3
        generator  prod/kustomization.yaml:13:14: info → warn
          asked for  prod/kustomization.yaml:11:3
    ");
}

#[test]
fn without_a_field_all_are_listed() {
    assert_snapshot!(told(&["prod", "prod-team-web"]), @r#"
    Deployment/prod-team-web in shop  base/web.yaml:1:1
      apiVersion: apps/v1                                                     prod/size.yaml:1:13  patch
      kind: Deployment                                                        base/web.yaml:2:7  resources
      metadata.labels["team.example.org/name"]: shop                          base/kustomization.yaml:6:34  labels
      metadata.name: prod-team-web                                            prod/kustomization.yaml:3:13  namePrefix
      metadata.namespace: shop                                                prod/kustomization.yaml:2:12  namespace
      spec.replicas: 5                                                        prod/size.yaml:5:13  patch
      spec.template.spec.containers[name=app].args[0]: --loud                 prod/size.yaml:9:28  patch
      spec.template.spec.containers[name=app].args[1]: --fast                 prod/size.yaml:9:36  patch
      spec.template.spec.containers[name=app].envFrom[0].configMapRef.name: prod-team-settings-ff798ch857  prod/kustomization.yaml:3:13  name reference
      spec.template.spec.containers[name=app].image: mirror/web@sha256:00ff   prod/kustomization.yaml:9:11  images
      spec.template.spec.containers[name=app].name: app                       prod/size.yaml:9:16  patch
    "#);
    assert_snapshot!(told(&["prod"]), @r"
    ConfigMap/prod-team-settings-ff798ch857 in shop  prod/kustomization.yaml:11:3
    Deployment/prod-team-web in shop  base/web.yaml:1:1
    ");
}

#[test]
fn what_is_not_there_is_told_with_the_nearest() {
    assert_snapshot!(refused(&["prod", "Deployment/prod-team-wbe"], 1), @r"
    error: no object is `Deployment/prod-team-wbe`
    hint: did you mean `Deployment/prod-team-web`?
    ");
    assert_snapshot!(refused(&["prod", "Deployment/web"], 1), @r"
    error: no object is `Deployment/web`
    hint: did you mean `Deployment/prod-team-web`?
    ");
    assert_snapshot!(refused(&["prod", "prod-team-web", "spec.replica"], 1), @r"
    error: `Deployment/prod-team-web` has no field `spec.replica`
    hint: did you mean `spec.replicas`?
    ");
    assert_snapshot!(refused(&["prod", "prod-team-web", "image"], 1), @r"
    error: `Deployment/prod-team-web` has no field `image`
    hint: there is `spec.template.spec.containers[name=app].image`
    ");
    assert_snapshot!(refused(&["prod", "prod-team-web", "containers[0].imge"], 1), @r"
    error: `Deployment/prod-team-web` has no field `containers[0].imge`
    hint: there is `spec.template.spec.containers[name=app].image`
    ");
    assert_snapshot!(refused(&["prod", "prod-team-web", "spec["], 2), @r"
    error: invalid value 'spec[' for '[FIELD]': a `[` has no `]` behind it

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["broken"], 1), @r"
    error: there is no file or folder `broken/none.yaml`
     --> broken/kustomization.yaml:1:13
      |
    1 | resources: [none.yaml]
      |             ^^^^^^^^^
    ");
}

#[test]
fn programs_read_it_as_json() {
    assert_snapshot!(told(&["prod", "prod-team-web", "spec.replicas", "--format", "json"]), @r#"
    {
      "objects": [
        {
          "kind": "Deployment",
          "name": "prod-team-web",
          "namespace": "shop",
          "location": {
            "path": "base/web.yaml",
            "line": 1,
            "column": 1,
            "excerpt": "apiVersion: apps/v1"
          },
          "fields": [
            {
              "path": "spec.replicas",
              "value": "5",
              "location": {
                "path": "prod/size.yaml",
                "line": 5,
                "column": 13,
                "excerpt": "  replicas: 5"
              },
              "changes": [
                {
                  "what": "resources",
                  "location": {
                    "path": "base/web.yaml",
                    "line": 6,
                    "column": 13,
                    "excerpt": "  replicas: 1"
                  },
                  "entry": {
                    "path": "base/kustomization.yaml",
                    "line": 1,
                    "column": 13,
                    "excerpt": "resources: [web.yaml]"
                  },
                  "after": "1"
                },
                {
                  "what": "patch",
                  "location": {
                    "path": "prod/size.yaml",
                    "line": 5,
                    "column": 13,
                    "excerpt": "  replicas: 5"
                  },
                  "entry": {
                    "path": "prod/kustomization.yaml",
                    "line": 5,
                    "column": 3,
                    "excerpt": "- path: size.yaml"
                  },
                  "before": "1",
                  "after": "5"
                }
              ]
            }
          ]
        }
      ]
    }
    "#);
}
