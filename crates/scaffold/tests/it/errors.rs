//! What a user reads when something is wrong: one text for each kind.

use crate::{SETTINGS, answers, shop, shown, site, template_with};
use std::fs;
use windlass_fault::{Blame, Fault};
use windlass_scaffold::{ErrorKind, Template, repository};

#[test]
fn name() {
    let error = template_with(&[])
        .unwrap()
        .render("Shop", &answers(&[]), &site())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
    insta::assert_snapshot!(shown(&error), @"cannot name an app `Shop`: only a-z, 0-9 and `-` can stand in it");
}

#[test]
fn answer() {
    let template = template_with(&[]).unwrap();
    let render = |given| {
        template
            .render("shop", &answers(given), &site())
            .unwrap_err()
    };
    let missing = render(&[]);
    assert_eq!(missing.kind(), ErrorKind::Answer);
    insta::assert_snapshot!(shown(&missing), @r"
    `owner` has no answer
    hint: answer it with `--set owner=…`: Who answers for it
    ");
    insta::assert_snapshot!(shown(&render(&[("owner", "us"), ("prot", "80")])), @r"
    `apps/.template` does not ask for `prot`
    hint: it asks for `port`
    ");
    insta::assert_snapshot!(shown(&render(&[("owner", "us\nkind: Secret")])), @"cannot take the answer to `owner`: it must be one line");
}

#[test]
fn settings() {
    let error = template_with(&[("template.yaml", None)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings);
    insta::assert_snapshot!(shown(&error), @"cannot find `apps/.template/template.yaml`, so `apps/.template` is no template");
    let with = |text: &str| shown(&template_with(&[("template.yaml", Some(text))]).unwrap_err());
    insta::assert_snapshot!(with("application: gone.jinja\n"), @r"
    cannot find `gone.jinja`, the `application` of the template
     --> apps/.template/template.yaml:1:14
    ");
    insta::assert_snapshot!(with("application: a\nquestion:\n  a: b\n"), @r"
    cannot take `apps/.template/template.yaml` as the settings of a template
     --> apps/.template/template.yaml:2:1
    caused by: unknown field `question`
    hint: did you mean `questions`?
    ");
    insta::assert_snapshot!(with(&SETTINGS.replace("owner", "name")), @r"
    cannot ask for `name`: no question can have that name
     --> apps/.template/template.yaml:4:5
    hint: use a-z, 0-9 and `_`, and none of the names that a template has anyway
    ");
}

#[test]
fn render() {
    let with = |text: &str| {
        let error = shop(&[("README.md.jinja", Some(text))]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Render);
        shown(&error)
    };
    insta::assert_snapshot!(with("# {{ name }}\n\nAsk {{ ower }}.\n"), @r"
    cannot render `apps/.template/README.md.jinja`: `ower` is undefined
     --> apps/.template/README.md.jinja:3:8
    hint: there is `owner`
    ");
    insta::assert_snapshot!(with("{% if name %}\n"), @r"
    cannot render `apps/.template/README.md.jinja`: unexpected end of input, expected end of block
     --> apps/.template/README.md.jinja:1:14
    ");
    insta::assert_snapshot!(with("{{ name ~ name }}\n"), @r"
    cannot render `apps/.template/README.md.jinja`: a template has no `~`
     --> apps/.template/README.md.jinja:1:9
    hint: a template may use `if`, `for`, `raw` and the filters `lower`, `upper`, `replace` and `tojson`
    ");
    let yaml = template_with(&[("a.yaml.jinja", Some("owner: {{ owner }}\n"))]).unwrap();
    let error = yaml
        .render("shop", &answers(&[("owner", "us: them")]), &site())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Render);
    insta::assert_snapshot!(shown(&error), @r"
    cannot render `apps/.template/a.yaml.jinja`: what comes out is not YAML
     --> apps/.template/a.yaml.jinja (rendered):1:8
    caused by: a second `: ` on one line: a key cannot stand here
    hint: quote the value if the `: ` belongs to it, or put the key on a line of its own
    ");
}

#[test]
fn forbidden() {
    let error = shop(&[("../{{ name }}.jinja", Some("x"))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    insta::assert_snapshot!(shown(&error), @"cannot make `../shop` of `apps/.template`: it is no path in the app's folder");
}

#[test]
fn overlay() {
    let gone = "k8s/overlays/prod/kustomization.yaml.jinja";
    let error = shop(&[(gone, None)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overlay);
    insta::assert_snapshot!(shown(&error), @r"
    `apps/.template` has no overlay for the environment `prod`
    hint: add `k8s/overlays/prod/kustomization.yaml` to the template
    ");
}

#[test]
fn repository_address() {
    let text = "kind: Application\nspec:\n  source:\n    path: argo/apps\n";
    let error = repository("argo/root-app.yaml", text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Repository);
    insta::assert_snapshot!(shown(&error), @r"
    cannot tell the repository's address from `argo/root-app.yaml`
     --> argo/root-app.yaml:4:5
    caused by: the field `repoURL` is missing
    ");
}

#[test]
fn files() {
    let root = tempfile::tempdir().unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&root.path().display().to_string(), "[root]");
    let _bound = settings.bind_to_scope();

    let error = Template::read(&root.path().join("gone"), "gone").unwrap_err();
    assert_eq!(
        (error.kind(), error.blame()),
        (ErrorKind::Read, Blame::Input)
    );
    insta::assert_snapshot!(shown(&error), @r"
    cannot read `[root]/gone`
    caused by: No such file or directory (os error 2)
    ");

    let app = shop(&[]).unwrap();
    let error = app.write(root.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Write);
    insta::assert_snapshot!(shown(&error), @r"
    cannot write `[root]/apps`
    caused by: No such file or directory (os error 2)
    ");

    fs::create_dir_all(root.path().join("apps/shop")).unwrap();
    fs::create_dir_all(root.path().join("argo/apps")).unwrap();
    let error = app.write(root.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    insta::assert_snapshot!(shown(&error), @r"
    cannot make `[root]/apps/shop`: it is there already
    hint: choose another name, or move away what has it
    ");
}
