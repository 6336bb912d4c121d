//! Findings in the form of SARIF 2.1.0, which forges and editors read.

use serde_json::{Value, json};
use std::path::Path;
use windlass_cli::Failure;
use windlass_lint::{Finding, RULES, Rule, Severity};

pub(crate) fn write(path: &Path, findings: &[Finding]) -> Result<(), Failure> {
    let mut text = format!("{:#}", log(findings));
    text.push('\n');
    std::fs::write(path, text)
        .map_err(|why| Failure::world(format!("cannot write `{}`: {why}", path.display()), None))
}

fn log(findings: &[Finding]) -> Value {
    let driver = json!({
        "name": "manifest-lint",
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "version": env!("CARGO_PKG_VERSION"),
        "rules": RULES.iter().map(rule).collect::<Vec<_>>(),
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.explanation },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(finding: &Finding) -> Value {
    let mut message = finding.message.clone();
    if let Some(hint) = &finding.hint {
        message = format!("{message}; {hint}");
    }
    let logical = finding
        .rendered
        .iter()
        .map(|one| json!({ "fullyQualifiedName": one.to_string(), "kind": "object" }));
    let mut location = json!({ "logicalLocations": logical.collect::<Vec<_>>() });
    if let Some(place) = &finding.location {
        let mut physical = json!({ "artifactLocation": { "uri": uri(&place.path) } });
        if place.line > 0 {
            physical["region"] = json!({
                "startLine": place.line,
                "startColumn": place.column.max(1),
            });
        }
        location["physicalLocation"] = physical;
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.name == finding.rule),
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [location],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Off => "none",
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as the reference of a URI (RFC 3986, section 3.3).
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            // Writing to a string does not fail.
            _ => _ = write!(out, "%{byte:02X}"),
        }
        out
    })
}
