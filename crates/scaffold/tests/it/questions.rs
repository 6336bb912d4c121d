//! What a template asks, and what it takes for an answer.

use crate::{answers, plain, shown, site, text};
use insta::assert_snapshot;
use std::collections::BTreeMap;
use windlass_fault::Fault;
use windlass_scaffold::{
    Answers, App, Error, ErrorKind, Files, Given, Kind, Prompt, Template, answers as from_file, set,
};

const SETTINGS: &str = "\
application: app.jinja
questions:
  owner:
    help: Who answers for it
    pattern: '[a-z]+(-[a-z]+)*'
    default: team-{{ name }}
  metrics: {type: bool, default: true}
  port:
    type: integer
    default: 9090
    when: metrics
  size: {type: choice, choices: [small, large], default: small}
  hosts: {type: list, default: [\"{{ name }}.example\"]}
  replicas:
    type: integer
    perEnvironment: true
    default: {dev: 1, prod: 3}
files:
  - {path: k8s/base/monitor.yaml.jinja, when: metrics}
  - {path: docs, when: size == \"large\" and not metrics}
";

fn template(settings: &str) -> Result<Template, Error> {
    Template::new(
        "t",
        Files::from([
            plain("template.yaml", settings),
            plain("app.jinja", "name: {{ name }}\n"),
            plain(
                "k8s/overlays/dev/kustomization.yaml.jinja",
                "replicas: {{ replicas.dev }}\n",
            ),
            plain(
                "k8s/overlays/prod/kustomization.yaml.jinja",
                "replicas: {{ replicas.prod }}\n",
            ),
            plain("k8s/base/monitor.yaml.jinja", "port: {{ port }}\n"),
            plain("docs/a/b.md", "Large.\n"),
            plain(
                "README.md.jinja",
                "{{ owner }} {{ size }}{% for host in hosts %} {{ host }}{% endfor %}\n",
            ),
        ]),
    )
}

fn made(given: &[(&str, &str)]) -> Result<App, Error> {
    template(SETTINGS)?.render("shop", &answers(given), &site())
}

#[test]
fn what_is_not_answered_has_its_default() {
    let app = made(&[]).unwrap();
    assert_eq!(
        text(&app, "apps/shop/README.md"),
        "team-shop small shop.example\n"
    );
    assert_eq!(
        text(&app, "apps/shop/k8s/base/monitor.yaml"),
        "port: 9090\n"
    );
    let overlay = |name: &str| format!("apps/shop/k8s/overlays/{name}/kustomization.yaml");
    assert_eq!(text(&app, &overlay("dev")), "replicas: 1\n");
    assert_eq!(text(&app, &overlay("prod")), "replicas: 3\n");
    assert!(!app.files().contains_key("apps/shop/docs/a/b.md"));
}

#[test]
fn conditions_leave_files_and_questions_out() {
    let app = made(&[("metrics", "no"), ("size", "large")]).unwrap();
    assert!(!app.files().contains_key("apps/shop/k8s/base/monitor.yaml"));
    assert!(app.files().contains_key("apps/shop/docs/a/b.md"));
    let record = text(&app, "apps/shop/.scaffold.yaml");
    assert!(
        record.contains("  metrics: \"false\"\n") && !record.contains("port"),
        "{record}"
    );
}

#[test]
fn answers_of_every_type_are_kept_and_taken_again() {
    let file =
        "hosts: [a.example, b.example]\nreplicas: {dev: 2, prod: 5}\nmetrics: true\nport: 8080\n";
    let given = from_file("answers.yaml", file).unwrap();
    let app = template(SETTINGS)
        .unwrap()
        .render("shop", &given, &site())
        .unwrap();
    assert_eq!(
        text(&app, "apps/shop/README.md"),
        "team-shop small a.example b.example\n"
    );
    let record = text(&app, "apps/shop/.scaffold.yaml");
    let read = windlass_scaffold::Record::read("r", record).unwrap();
    assert_eq!(read.to_yaml(), record);
    assert_eq!(read.site, Some(site()));
    let again = template(SETTINGS)
        .unwrap()
        .render("shop", &read.answers, &site())
        .unwrap();
    assert_eq!(again, app);
}

#[test]
fn a_flag_answers_for_all_environments_or_for_one() {
    let mut given = Answers::new();
    for text in ["replicas.dev=7", "hosts=a.example, b.example", "owner=a=b"] {
        set(&mut given, text).unwrap();
    }
    let each = BTreeMap::from([("dev".to_owned(), Given::One("7".to_owned()))]);
    assert_eq!(given["replicas"], Given::Each(each));
    given.remove("owner");
    let app = template(SETTINGS)
        .unwrap()
        .render("shop", &given, &site())
        .unwrap();
    let overlay = |name: &str| format!("apps/shop/k8s/overlays/{name}/kustomization.yaml");
    assert_eq!(text(&app, &overlay("dev")), "replicas: 7\n");
    assert_eq!(text(&app, &overlay("prod")), "replicas: 3\n");
    let app = made(&[("replicas", "4")]).unwrap();
    assert_eq!(text(&app, &overlay("dev")), "replicas: 4\n");
    for twice in ["replicas.dev=1", "replicas=1", "hosts.dev=a", "no equals"] {
        assert!(set(&mut given, twice).is_err(), "{twice}");
    }
}

fn all(error: &Error) -> String {
    let others = error.others();
    let others = others.iter().map(|fault| {
        let place = fault.location().map(|place| format!(" --> {place}"));
        format!("{fault}{}", place.unwrap_or_default())
    });
    std::iter::once(shown(error))
        .chain(others)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_bad_answer_is_told_at_once() {
    let mut given = answers(&[
        ("owner", "A"),
        ("metrics", "maybe"),
        ("size", "smal"),
        ("hosst", "a"),
    ]);
    set(&mut given, "replicas.dev=many").unwrap();
    set(&mut given, "replicas.live=2").unwrap();
    let error = template(SETTINGS)
        .unwrap()
        .render("shop", &given, &site())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Answer);
    assert_snapshot!(all(&error), @r"
    `t` does not ask for `hosst`
    hint: it asks for `hosts`
    cannot take the answer to `owner`: it must match `[a-z]+(-[a-z]+)*`
    cannot take the answer to `metrics`: it must be `true` or `false`
    cannot take the answer to `size`: `smal` is none of `small`, `large`; did you mean `small`?
    `replicas` is for environments, not for `live`
    cannot take the answer to `replicas.dev`: it must be a whole number
    ");
}

#[test]
fn what_is_not_asked_cannot_be_answered() {
    let error = made(&[("metrics", "false"), ("port", "80")]).unwrap_err();
    assert_snapshot!(shown(&error), @r"
    `port` is answered, but not asked here
    hint: it is asked where `metrics` holds
    ");
}

#[test]
fn every_bad_setting_is_told_at_its_place() {
    let bad = "\
application: gone.jinja
questions:
  name: {default: x}
  a: {type: choice}
  b: {pattern: '[', when: 'a ~ b'}
  c: {type: bool, choices: [x]}
  d: {when: '(a'}
files:
- {path: doc, when: a}
";
    assert_snapshot!(all(&template(bad).unwrap_err()), @r"
    cannot find `gone.jinja`, the `application` of the template
     --> t/template.yaml:1:14
    cannot ask for `name`: no question can have that name --> t/template.yaml:3:9
    `a` has no `choices` --> t/template.yaml:4:6
    cannot take `a ~ b` as a condition: a condition joins and computes nothing --> t/template.yaml:5:27
    `[` is no regular expression --> t/template.yaml:5:16
    `c` has `choices`, which are for texts --> t/template.yaml:6:6
    cannot take `(a` as a condition: unexpected end of input, expected `)` --> t/template.yaml:7:13
    the template has no `doc` --> t/template.yaml:9:10
    ");
    let unknown = SETTINGS.replace("type: bool", "type: boolean");
    assert_snapshot!(all(&template(&unknown).unwrap_err()), @r"
    cannot take `t/template.yaml` as the settings of a template
     --> t/template.yaml:7:19
    caused by: `type` cannot be `boolean`
    hint: it can be `text`, `bool`, `integer`, `choice`, `list`
    ");
    let late = SETTINGS.replace("default: team-{{ name }}", "default: '{{ size }}'");
    let error = template(&late)
        .unwrap()
        .render("shop", &Answers::new(), &site());
    assert_snapshot!(all(&error.unwrap_err()), @r"
    cannot render `t/template.yaml`: `size` is undefined
     --> t/template.yaml:4:5
    ");
}

#[test]
fn a_default_must_serve_too() {
    let settings = SETTINGS.replace("default: 9090", "default: http");
    let error = template(&settings)
        .unwrap()
        .render("shop", &Answers::new(), &site());
    assert_snapshot!(all(&error.unwrap_err()), @r"
    the default of `port` does not serve: it must be a whole number
     --> t/template.yaml:9:5
    ");
}

#[test]
fn a_person_is_asked_what_is_not_answered_until_the_answer_serves() {
    let template = template(SETTINGS).unwrap();
    let mut lines = ["us-1", "us", "", "many", "8080", "", "2", ""].into_iter();
    let mut asked = Vec::new();
    let mut ask = |prompt: &Prompt<'_>| {
        let environment = prompt.environment.unwrap_or("-");
        let default = prompt.default.unwrap_or("-");
        let problem = prompt.problem.unwrap_or("-");
        asked.push(format!(
            "{} {environment} {default} {problem}",
            prompt.question.name()
        ));
        Ok(lines.next().map(str::to_owned))
    };
    let given = answers(&[("size", "large")]);
    let complete = template.ask("shop", &given, &site(), &mut ask).unwrap();
    assert_snapshot!(asked.join("\n"), @r"
    owner - team-shop -
    owner - team-shop it must match `[a-z]+(-[a-z]+)*`
    metrics - true -
    port - 9090 -
    port - 9090 it must be a whole number
    hosts - shop.example -
    replicas dev 1 -
    replicas prod 3 -
    ");
    assert_eq!(complete["owner"], Given::One("us".to_owned()));
    let app = template.render("shop", &complete, &site()).unwrap();
    assert_eq!(text(&app, "apps/shop/README.md"), "us large shop.example\n");
    let ended = template.ask("shop", &Answers::new(), &site(), &mut |_| Ok(None));
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Answer);
    assert_eq!(template.questions()[1].kind(), Kind::Bool);
}
