//! What expressions mean, row by row as GitHub's reference says it.

use super::*;
use serde_json::json;

fn scope() -> Scope {
    Scope::default()
        .with(
            "github",
            json!({
                "ref": "refs/tags/app/v1.0.0", "event_name": "push",
                "event": {"before": "0000", "head_commit": {"author": {"name": "Ada"}}},
            }),
        )
        .with("env", json!({"EMPTY": "", "APP": "web"}))
        .with(
            "matrix",
            json!({"app": "web", "port": 8080, "debug": false}),
        )
        .with(
            "needs",
            json!({"changes": {"outputs": {"any": "true", "matrix": "{\"app\":[\"web\"]}"}}}),
        )
        .with(
            "steps",
            json!({"next": {"outputs": {"released": "true"}}, "later": {"outputs": {}}}),
        )
}

fn value(expression: &str) -> Value {
    let template = Template::parse(&format!("${{{{ {expression} }}}}")).unwrap();
    template.evaluate(&scope()).unwrap()
}

/// The problem with a text, with what it marks.
fn problem(text: &str) -> String {
    let found = Template::parse(text).and_then(|template| template.evaluate(&scope()));
    shown(text, found.unwrap_err())
}

fn shown(text: &str, problem: Problem) -> String {
    let hint = problem
        .hint
        .map_or(String::new(), |hint| format!(" ({hint})"));
    format!("[{}] {}{hint}", &text[problem.at], problem.message)
}

#[test]
fn contexts_are_looked_up_without_regard_to_case() {
    assert_eq!(value("github.event_name"), json!("push"));
    assert_eq!(value("github.Event.head_commit.AUTHOR.name"), json!("Ada"));
    assert_eq!(value("matrix.port"), json!(8080));
    assert_eq!(value("needs.changes.outputs.any"), json!("true"));
}

#[test]
fn what_is_not_there_is_nothing() {
    assert_eq!(value("github.event.pull_request.base.sha"), Value::Null);
    assert_eq!(value("env.NOWHERE"), Value::Null);
    assert_eq!(value("steps.later.outputs.digest"), Value::Null);
}

#[test]
fn equality_follows_github_rules() {
    for (expression, expected) in [
        ("'Main' == 'main'", true),
        ("'a' == 'b'", false),
        ("'a' != 'b'", true),
        ("matrix.port == '8080'", true),
        ("matrix.port == ' 0x1F90 '", true),
        ("matrix.debug == ''", true),
        ("env.NOWHERE == ''", true),
        ("env.NOWHERE == matrix.debug", true),
        ("matrix.debug == 'false'", false),
        ("matrix.port == 'inf'", false),
        ("github.event == github.event", false),
        ("!'x' == ''", true),
    ] {
        assert_eq!(value(expression), json!(expected), "{expression}");
    }
}

#[test]
fn and_and_or_give_one_of_their_sides() {
    for (expression, expected) in [
        (
            "github.event.pull_request.base.sha || github.event.before",
            json!("0000"),
        ),
        ("'' && 'x'", json!("")),
        ("'a' && 'b' || 'c'", json!("b")),
        ("'' && 'b' || 'c'", json!("c")),
        ("'a' || 'b' && ''", json!("a")),
        ("('a' || 'b') && ''", json!("")),
        ("!env.EMPTY", json!(true)),
        ("!!matrix.debug", json!(false)),
        (
            "'0' && 'a text that is not empty holds'",
            json!("a text that is not empty holds"),
        ),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn functions() {
    assert_eq!(value("startsWith(github.ref, 'REFS/tags/')"), json!(true));
    assert_eq!(value("startsWith(github.ref, 'refs/heads/')"), json!(false));
    assert_eq!(value("startsWith(matrix.port, '80')"), json!(true));
    assert_eq!(
        value("fromJson(needs.changes.outputs.matrix)"),
        json!({"app": ["web"]})
    );
}

#[test]
fn a_text_holds_values() {
    let of = |text: &str| Template::parse(text).unwrap().evaluate(&scope()).unwrap();
    assert_eq!(
        of("release-${{ matrix.app }}-${{ matrix.port }}!"),
        json!("release-web-8080!")
    );
    assert_eq!(
        of("${{ env.NOWHERE }}/${{ matrix.debug }}/${{ github.event }}"),
        json!("/false/Object")
    );
    assert_eq!(of("it''s }} plain"), json!("it''s }} plain"));
    assert_eq!(of("${{ 'it''s }} here' }}"), json!("it's }} here"));
}

#[test]
fn a_condition_needs_no_brackets() {
    let holds = |text: &str| {
        let template = Template::parse_condition(text).unwrap();
        truthy(&template.evaluate(&scope()).unwrap())
    };
    assert!(holds("github.event_name == 'push'"));
    assert!(!holds("${{ github.event_name == 'pull_request' }}\n"));
    let mixed = "${{ env.EMPTY }} == 'x'";
    insta::assert_snapshot!(
        shown(mixed, Template::parse_condition(mixed).unwrap_err()),
        @"[${{ env.EMPTY }} == 'x'] a condition with text around it always holds (put the whole condition between `${{` and `}}`, or leave both out)"
    );
}

#[test]
fn anything_else_stops_with_its_place() {
    let rows = [
        "x ${{ github.actr }}",
        "${{ github.token_ }}",
        "${{ gihub.ref }}",
        "${{ runner.temp }}",
        "${{ steps.nxt.outputs.x }}",
        "${{ needs.next.outputs.x }}",
        "${{ steps.next.outcome }}",
        "${{ inputs.app }}",
        "${{ github }}",
        "${{ hashFiles('Cargo.lock') }}",
        "${{ success() }}",
        "${{ github.event.commits[0] }}",
        "${{ matrix.port > 'x' }}",
        "${{ 8080 }}",
        "${{ 'open }}",
        "${{ env.APP",
        "${{ }}",
        "${{ (env.APP }}",
        "${{ env.APP env.APP }}",
        "${{ env. }}",
        "${{ startsWith(env.APP) }}",
        "${{ fromJSON(env.APP) }}",
    ];
    let problems: Vec<String> = rows.iter().map(|row| problem(row)).collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    [github.actr] the sandbox does not know `github.actr`
    [github.token_] the sandbox does not know `github.token_`
    [gihub.ref] the sandbox does not know `gihub` (did you mean `github`?)
    [runner.temp] the sandbox does not know `runner` (it knows env, github, inputs, matrix, needs, secrets, steps)
    [steps.nxt.outputs.x] no step of this job has the id `nxt` (did you mean `steps.next`?)
    [needs.next.outputs.x] this job does not need a job `next`
    [steps.next.outcome] of `steps` the sandbox knows `steps.NAME.outputs.NAME` alone
    [inputs.app] `inputs` cannot be used at this place
    [github] say which member of `github`
    [hashFiles] the sandbox does not know the function `hashFiles` (it knows `startsWith` and `fromJSON`)
    [success] the sandbox does not know the function `success` (it knows `startsWith` and `fromJSON`)
    [[] the sandbox does not know `[` in an expression
    [>] the sandbox does not know `>` in an expression
    [8] the sandbox does not know `8` in an expression
    ['] this text has no closing quote
    [${{] this expression has no `}}` at its end
    [}}] found `}}` where a context, a text in single quotes or `(` was expected
    [}}] found `}}` where `)` was expected
    [env] found `env` where an operator or the end of the expression was expected
    [}}] found `}}` where a name after the dot was expected
    [)] found `)` where `,` was expected
    [fromJSON] `fromJSON` got no JSON: expected value at line 1 column 1
    ");
}

#[test]
fn an_expression_is_bounded() {
    let deep = format!("${{{{ {}env.APP }}}}", "!".repeat(5000));
    assert!(problem(&deep).ends_with("an expression has at most 200 operands"));
    let wide = format!("${{{{ env.APP{} }}}}", " && env.APP".repeat(5000));
    assert!(problem(&wide).ends_with("an expression has at most 200 operands"));
}
