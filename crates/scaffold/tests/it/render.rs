//! What becomes of a template's files.

use crate::{answers, plain, shop, site, template_with, text};
use windlass_scaffold::{ErrorKind, File, Files, Template};

#[test]
fn an_app_is_its_folder_and_an_application_for_each_environment() {
    let app = shop(&[]).unwrap();
    let paths: Vec<&String> = app.files().keys().collect();
    assert_eq!(
        paths,
        [
            "apps/shop/.scaffold.yaml",
            "apps/shop/README.md",
            "apps/shop/k8s/overlays/dev/kustomization.yaml",
            "apps/shop/k8s/overlays/prod/kustomization.yaml",
            "apps/shop/src/server.py",
            "argo/apps/shop-dev.yaml",
            "argo/apps/shop-prod.yaml",
        ]
    );
}

#[test]
fn placeholders_are_filled_where_the_name_ends_in_jinja_and_nowhere_else() {
    let app = shop(&[]).unwrap();
    assert_eq!(text(&app, "apps/shop/README.md"), "# shop\n\nAsk us.\n");
    assert_eq!(
        text(&app, "apps/shop/src/server.py"),
        "print(f\"{{not a placeholder}}\")\n"
    );
}

#[test]
fn tags_and_branches_are_those_of_the_environment() {
    let app = shop(&[]).unwrap();
    assert_eq!(
        text(&app, "apps/shop/k8s/overlays/dev/kustomization.yaml"),
        "namespace: shop-dev\nimages:\n- name: registry.example/shop\n  newTag: dev-latest\n"
    );
    assert_eq!(
        text(&app, "apps/shop/k8s/overlays/prod/kustomization.yaml"),
        "namespace: shop-prod\nimages:\n- newTag: v1.0.0\n"
    );
    assert_eq!(
        text(&app, "argo/apps/shop-dev.yaml"),
        "name: shop-dev\nbranch: develop\n"
    );
    assert_eq!(
        text(&app, "argo/apps/shop-prod.yaml"),
        "name: shop-prod\nbranch: main\n"
    );
}

#[test]
fn the_record_holds_the_revision_and_all_answers() {
    let app = template_with(&[])
        .unwrap()
        .render("shop", &answers(&[("owner", "\"us\": #1")]), &site())
        .unwrap();
    insta::assert_snapshot!(text(&app, "apps/shop/.scaffold.yaml"), @r#"
    # Kept by `app-new` and `app-update`: the template, its git tree, the answers, and the
    # repository as it was then.
    template: "apps/.template"
    revision: "bcb1d524336d1daa8b836eee9e3eef67c6b7ad2e"
    answers:
      owner: "\"us\": #1"
      port: "5000"
    site:
      apps: "apps"
      registry: "registry.example"
      repository: "https://git.example/gitops.git"
      environments:
        - name: "dev"
          branch: "develop"
          tag: "dev-latest"
        - name: "prod"
          branch: "main"
    "#);
    let other = shop(&[("src/server.py", Some("changed"))]).unwrap();
    assert_ne!(
        text(&app, "apps/shop/.scaffold.yaml").lines().nth(3),
        text(&other, "apps/shop/.scaffold.yaml").lines().nth(3)
    );
}

#[test]
fn an_executable_stays_one_and_bytes_stay_bytes() {
    let mut files = Files::from([
        plain("template.yaml", "application: a.jinja"),
        plain("a.jinja", ""),
        plain("k8s/overlays/dev/kustomization.yaml", ""),
        plain("k8s/overlays/prod/kustomization.yaml", ""),
    ]);
    let run = File {
        bytes: b"#!/bin/sh\n\xff\xfe\n".to_vec(),
        executable: true,
    };
    files.insert("{{ name }}/run".to_owned(), run.clone());
    let template = Template::new("t", files).unwrap();
    let app = template.render("shop", &answers(&[]), &site()).unwrap();
    assert_eq!(app.files()["apps/shop/shop/run"], run);
}

#[test]
fn no_path_leads_out_of_the_apps_folder() {
    for path in [
        "../up",
        "a/../../up",
        "/absolute",
        "a//b",
        "a/./b",
        ".git/hooks/pre-commit",
        "a/.GIT/config",
        "a\\b",
        "a\nb",
        "{{ owner|replace('us', '..') }}/up",
        "{{ owner|replace('us', '/etc') }}",
        "{{ owner|replace('us', '') }}",
        "{{ owner|replace('u', '.git/') }}",
    ] {
        let error = shop(&[(path, Some("x"))]).expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{path}: {error}");
    }
    let long = "x".repeat(256);
    assert!(shop(&[(&long, Some("x"))]).is_err());
    assert!(shop(&[(&"x/".repeat(600), Some("x"))]).is_err());
}

#[test]
fn no_two_files_share_a_path() {
    for (one, other) in [
        ("a", "a.jinja"),
        ("a", "a/b"),
        ("a.jinja", "a/b/c"),
        ("src", "b"),
        (".scaffold.yaml", "b"),
        (".scaffold.yaml/x", "b"),
    ] {
        let error = shop(&[(one, Some("x")), (other, Some("x"))]).expect_err(one);
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{one} {other}: {error}");
    }
}

#[test]
fn an_app_has_bounds() {
    let much = format!(
        "{{% for a in [1,2,3,4,5,6,7,8] %}}{}{{% endfor %}}",
        "x".repeat(100_000)
    );
    let names: Vec<String> = (0..50).map(|number| format!("{number}.jinja")).collect();
    let changes: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Some(much.as_str())))
        .collect();
    assert!(shop(&changes[..1]).is_ok());
    assert_eq!(shop(&changes).unwrap_err().kind(), ErrorKind::Forbidden);
}
