//! Old fields, rewritten as their successors (`kustomize: api/types/kustomization.go`,
//! `FixKustomization` and `FixKustomizationPreMarshalling`).

use super::session::Session;
use super::{proof, variables};
use crate::error::Result;
use crate::kustomization::{COMPONENT, KUSTOMIZATION, Kustomization, OldHelmChart};
use windlass_yaml::{Content, Spanned, Step, Wrap};

pub(super) fn fix(vars: bool, session: &mut Session<'_>) -> Result<()> {
    let text = session.document.text().to_owned();
    let before = proof::build(&text, session);
    session.rename("bases", "resources")?;
    session.rename("imageTags", "images")?;
    fix_env_files(session)?;
    fix_charts(session)?;
    fix_patches(session)?;
    fix_labels(session)?;
    fix_type(session)?;
    if vars {
        variables::replace(&before, session)?;
    }
    if session.document.text() == text {
        return Ok(());
    }
    match before {
        Ok(before) => {
            let after = proof::build(session.document.text(), session)?;
            proof::refuse_change(before, after, session)
        }
        Err(error) => {
            let message = format!("this cannot be built, so the outcome is not compared: {error}");
            session.warn(message);
            Ok(())
        }
    }
}

fn fix_type(session: &mut Session<'_>) -> Result<()> {
    let kustomization = session.kustomization()?;
    let (version, kind) = match kustomization.is_component() {
        true => COMPONENT,
        false => KUSTOMIZATION,
    };
    if kustomization.api_version.is_empty() {
        session.set(&[Step::Key("apiVersion")], version)?;
    }
    if kustomization.kind.is_empty() {
        session.set(&[Step::Key("kind")], kind)?;
    }
    Ok(())
}

/// `env` of a generator, which is one of its `envs`.
fn fix_env_files(session: &mut Session<'_>) -> Result<()> {
    let kustomization = session.kustomization()?;
    for (field, entries) in [
        ("configMapGenerator", &kustomization.config_map_generator),
        ("secretGenerator", &kustomization.secret_generator),
    ] {
        for (at, entry) in entries.iter().enumerate() {
            let item = [Step::Key(field), Step::Index(at)];
            if !entry.env.is_empty() {
                session.push(
                    &[item[0], item[1], Step::Key("envs")],
                    &(&**entry.env).into(),
                )?;
                session.prune(&[item[0], item[1], Step::Key("env")])?;
            }
        }
    }
    Ok(())
}

/// The fields of an old chart, and what they are called now; those without a name go.
const CHART: [(&str, Option<&str>); 11] = [
    ("chartName", Some("name")),
    ("chartVersion", Some("version")),
    ("chartRepoUrl", Some("repo")),
    ("values", Some("valuesFile")),
    ("valuesLocal", Some("valuesInline")),
    ("chartHome", None),
    ("helmHome", None),
    ("chartRepoName", None),
    ("helmBin", None),
    ("releaseNamespace", None),
    ("extraArgs", None),
];

const OLD_CHARTS: &str = "helmChartInflationGenerator";

fn fix_charts(session: &mut Session<'_>) -> Result<()> {
    let kustomization = session.kustomization()?;
    let charts = &kustomization.helm_chart_inflation_generator;
    session.reshape(OLD_CHARTS, "helmCharts", |document| {
        for at in 0..charts.len() {
            for (old, new) in CHART {
                let steps = [Step::Key(OLD_CHARTS), Step::Index(at), Step::Key(old)];
                match new {
                    Some(new) => document.rename(&steps, new)?,
                    None => document.remove(&steps)?,
                };
            }
        }
        Ok(())
    })?;
    match kustomization.helm_globals {
        None => set_homes(charts, session),
        Some(_) => Ok(()),
    }
}

/// Folders that each chart could name, and now all share: those that were named last.
fn set_homes(charts: &[Spanned<OldHelmChart>], session: &mut Session<'_>) -> Result<()> {
    let last = |home: fn(&OldHelmChart) -> &String| {
        let homes = charts.iter().map(|chart| home(&chart.value));
        homes.rev().find(|home| !home.is_empty())
    };
    for (field, home) in [
        ("chartHome", last(|chart| &chart.chart_home)),
        ("configHome", last(|chart| &chart.helm_home)),
    ] {
        if let Some(home) = home {
            session.set(&[Step::Key("helmGlobals"), Step::Key(field)], home)?;
        }
    }
    Ok(())
}

fn fix_patches(session: &mut Session<'_>) -> Result<()> {
    const STRATEGIC: &str = "patchesStrategicMerge";
    session.rename("patchesJson6902", "patches")?;
    let kustomization = session.kustomization()?;
    let paths = kustomization.patches_strategic_merge.iter();
    let is_file: Vec<bool> = paths.map(|path| session.folder.is_file(path)).collect();
    session.reshape(STRATEGIC, "patches", |document| {
        for (at, is_file) in is_file.into_iter().enumerate() {
            let key = if is_file { "path" } else { "patch" };
            document.wrap(&[Step::Key(STRATEGIC), Step::Index(at)], Wrap::Map(key))?;
        }
        Ok(())
    })
}

fn fix_labels(session: &mut Session<'_>) -> Result<()> {
    let kustomization = session.kustomization()?;
    refuse_repeated_labels(&kustomization, session)?;
    let steps = [Step::Key("commonLabels")];
    if kustomization.common_labels.is_empty() {
        return match session.document.content(&steps) {
            Some(_) => session.prune(&steps),
            None => Ok(()),
        };
    }
    let selectors = [("includeSelectors", Content::Plain("true".to_owned()))];
    session.reshape("commonLabels", "labels", |document| {
        let wrap = Wrap::Item(&selectors, "pairs");
        document.wrap(&steps, wrap).map(|_| ())
    })
}

fn refuse_repeated_labels(kustomization: &Kustomization, session: &Session<'_>) -> Result<()> {
    let entries = kustomization
        .labels
        .iter()
        .flat_map(|entry| entry.pairs.keys());
    let mut both = entries.filter(|key| kustomization.common_labels.contains_key(*key));
    match both.next() {
        Some(key) => {
            let message = format!("the label `{key}` is in both `commonLabels` and `labels`");
            Err(session
                .refuse(message)
                .hint("take one of the two out".to_owned()))
        }
        None => Ok(()),
    }
}
