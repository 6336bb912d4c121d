//! Helm charts, inflated by the `helm` program
//! (`kustomize: api/internal/builtins/HelmChartInflationGenerator.go`).

use crate::build::{Target, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::kustomization::{HelmChart, HelmGlobals, Kustomization, OldHelmChart};
use crate::program::{self, Call, Programs};
use crate::read;
use crate::resource::Resource;
use serde_json::{Map, Value};
use std::path::Path;
use windlass_yaml::{DeOptions, NodeId, Origin, Source, Spanned, Tree};

/// How to call `helm`.
#[derive(Debug, Clone, Copy)]
pub struct Helm<'a> {
    /// Its name or path.
    pub command: &'a str,
    /// The API versions for charts that name none.
    pub api_versions: &'a [String],
    /// The version of Kubernetes for charts that name none; empty for helm's own.
    pub kube_version: &'a str,
    /// Whether every chart is inflated with `--debug`.
    pub debug: bool,
}

/// The charts of a kustomization, in both spellings.
pub(crate) fn charts(kustomization: &Kustomization) -> (Vec<Spanned<HelmChart>>, HelmGlobals) {
    let mut charts = kustomization.helm_charts.clone();
    let old = &kustomization.helm_chart_inflation_generator;
    charts.extend(
        old.iter()
            .map(|entry| Spanned::new(renamed(&entry.value), entry.origin)),
    );
    let globals = kustomization.helm_globals.clone();
    let globals = globals.unwrap_or_else(|| {
        let last = |field: fn(&OldHelmChart) -> &String| {
            let mut given = old
                .iter()
                .map(|entry| field(&entry.value))
                .filter(|text| !text.is_empty());
            given.next_back().cloned().unwrap_or_default()
        };
        HelmGlobals {
            chart_home: last(|old| &old.chart_home),
            config_home: last(|old| &old.helm_home),
        }
    });
    (charts, globals)
}

/// Refuses a name that would lead to another folder, or that helm would take for a flag.
fn refuse_names(chart: &HelmChart) -> Result<()> {
    let (name, release) = (&chart.name, &chart.release_name);
    let message = if name.is_empty() {
        "a chart needs a name".to_owned()
    } else if name.contains(['/', '\\', '\0']) || name.starts_with(['-', '.']) {
        format!("`{}` is no name of a chart", name.escape_debug())
    } else if release.starts_with('-') {
        format!("`{release}` is no name of a release")
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Config, message))
}

fn renamed(old: &OldHelmChart) -> HelmChart {
    HelmChart {
        name: old.chart_name.clone(),
        version: old.chart_version.clone(),
        repo: old.chart_repo_url.clone(),
        values_file: old.values.clone(),
        values_inline: old.values_local.clone(),
        values_merge: old.values_merge.clone(),
        release_name: old.release_name.clone(),
        ..HelmChart::default()
    }
}

/// The objects that a chart makes.
pub(crate) fn inflate<'a>(
    mut chart: HelmChart,
    globals: &HelmGlobals,
    origin: Origin,
    target: &Target<'a>,
    work: &mut Work<'a>,
) -> Result<Vec<Resource>> {
    let (Some(helm), Some(programs)) = (work.options.helm, work.options.programs) else {
        let message = format!("the chart `{}` needs helm, which may not run", chart.name);
        return Err(Error::new(ErrorKind::Program, message)
            .hint("allow it with `--enable-helm`".to_owned()));
    };
    refuse_names(&chart)?;
    if !matches!(&*chart.values_merge, "" | "merge" | "override" | "replace") {
        let message = format!("`{}` is no value of `valuesMerge`", chart.values_merge);
        let hint = "it is `merge`, `override` or `replace`".to_owned();
        return Err(Error::new(ErrorKind::Config, message).hint(hint));
    }
    if chart.api_versions.is_empty() {
        chart.api_versions = helm.api_versions.to_vec();
    }
    if chart.kube_version.is_empty() {
        helm.kube_version.clone_into(&mut chart.kube_version);
    }
    chart.debug |= helm.debug;
    let mut inflation = Inflation {
        chart,
        globals,
        helm,
        programs,
        target,
        work,
    };
    let printed = inflation.run()?;
    let text = String::from_utf8(printed);
    let text = text.map_err(|_| Error::new(ErrorKind::Program, "helm printed no UTF-8"))?;
    let place = work.place(origin);
    let shown = place.map_or_else(String::new, |place| {
        format!("{} ({place})", "helm template")
    });
    let mut made = read::objects(&mut work.tree, Source::new(shown, text))?;
    made.iter_mut().for_each(|object| object.is_of_chart = true);
    Ok(made)
}

struct Inflation<'i, 'a> {
    chart: HelmChart,
    globals: &'i HelmGlobals,
    helm: Helm<'a>,
    programs: &'a dyn Programs,
    target: &'i Target<'a>,
    work: &'i mut Work<'a>,
}

impl Inflation<'_, '_> {
    fn run(&mut self) -> Result<Vec<u8>> {
        program::refuse_fetched(&self.target.folder, "a chart")?;
        let scratch = self.programs.scratch().map_err(no_scratch)?;
        let config = match &*self.globals.config_home {
            "" => scratch.join("helm").display().to_string(),
            home => home.to_owned(),
        };
        self.check_version(&config)?;
        let home = self.home();
        let chart = format!("{home}/{}", self.chart.name);
        if !self.target.folder.is_dir(&chart) {
            if self.chart.repo.is_empty() {
                let shown = self.target.folder.shown(&chart);
                let message = format!("there is no chart `{shown}`, and no `repo` to pull it from");
                return Err(Error::new(ErrorKind::Read, message));
            }
            self.call(self.pull(&home), &config)?;
        }
        let values = scratch.join(format!("{}-kustomize-values.yaml", self.chart.name));
        let content = self.values(&chart)?;
        self.programs.write(&values, &content).map_err(no_scratch)?;
        let arguments = self.template(&chart, &values)?;
        self.call(arguments, &config)
    }

    fn call(&self, arguments: Vec<String>, config: &str) -> Result<Vec<u8>> {
        let variable = |name: &str, below: &str| (name.to_owned(), format!("{config}{below}"));
        let call = Call {
            program: self.helm.command.to_owned(),
            arguments,
            environment: vec![
                variable("HELM_CONFIG_HOME", ""),
                variable("HELM_CACHE_HOME", "/.cache"),
                variable("HELM_DATA_HOME", "/.data"),
            ],
            ..Call::default()
        };
        program::output_of(self.programs, &call)
    }

    fn check_version(&self, config: &str) -> Result<()> {
        let printed = self.call(words(["version", "--short"]), config)?;
        let printed = String::from_utf8_lossy(&printed);
        let digits = printed.trim_start_matches(|c: char| !c.is_ascii_digit());
        match digits.split('.').next() {
            Some("3" | "4") => Ok(()),
            _ => {
                let message = format!("helm 3 or 4 is needed; this one is `{}`", printed.trim());
                Err(Error::new(ErrorKind::Program, message))
            }
        }
    }

    /// The folder that charts of this version are in, relative to the kustomization.
    fn home(&self) -> String {
        let home = match &*self.globals.chart_home {
            "" => "charts",
            home => home,
        };
        let HelmChart {
            name,
            version,
            repo,
            ..
        } = &self.chart;
        match version.is_empty() || repo.is_empty() {
            true => home.to_owned(),
            false => format!("{home}/{name}-{version}"),
        }
    }

    fn absolute(&self, path: &str) -> String {
        self.target.folder.inside(path).display().to_string()
    }

    fn pull(&self, home: &str) -> Vec<String> {
        let HelmChart {
            name,
            version,
            repo,
            ..
        } = &self.chart;
        let mut arguments = words(["pull", "--untar", "--untardir"]);
        arguments.push(self.absolute(home));
        if repo.starts_with("oci://") {
            arguments.push(format!("{}/{name}", repo.trim_end_matches('/')));
        } else {
            arguments.extend(words(["--repo", repo, name]));
        }
        if !version.is_empty() {
            arguments.extend(words(["--version", version]));
        }
        if self.chart.devel {
            arguments.extend(words(["--devel"]));
        }
        arguments
    }

    fn template(&mut self, chart: &str, values: &Path) -> Result<Vec<String>> {
        let mut arguments = words(["template"]);
        let release = match &*self.chart.release_name {
            "" => "--generate-name",
            name => name,
        };
        arguments.extend([release.to_owned(), self.absolute(chart)]);
        let mut add = |flag: &str, value: &str| {
            if !value.is_empty() {
                arguments.extend(words([flag, value]));
            }
        };
        add("--namespace", &self.chart.namespace);
        add("--name-template", &self.chart.name_template);
        add("-f", &values.display().to_string());
        for file in &self.chart.additional_values_files {
            // Read so that what the build depends on is known, and may be read at all.
            self.target.folder.read(file, &mut self.work.record)?;
            add("-f", &self.target.folder.inside(file).display().to_string());
        }
        for version in &self.chart.api_versions {
            add("--api-versions", version);
        }
        add("--kube-version", &self.chart.kube_version);
        let chart = &self.chart;
        for (is_set, flag) in [
            (chart.include_crds, "--include-crds"),
            (chart.skip_tests, "--skip-tests"),
            (chart.skip_hooks, "--no-hooks"),
            (chart.debug, "--debug"),
            (chart.devel, "--devel"),
        ] {
            if is_set {
                arguments.push(flag.to_owned());
            }
        }
        Ok(arguments)
    }

    /// The values file of the chart, with the inline values merged in as `valuesMerge` says.
    fn values(&mut self, chart: &str) -> Result<Vec<u8>> {
        let path = match &*self.chart.values_file {
            "" => format!("{chart}/values.yaml"),
            path => path.to_owned(),
        };
        let inline = Value::Object(std::mem::take(&mut self.chart.values_inline));
        let has_inline = inline.as_object().is_some_and(|map| !map.is_empty());
        if has_inline && self.chart.values_merge == "replace" {
            return self.printed(&inline);
        }
        let content = self.target.folder.read(&path, &mut self.work.record)?;
        if !has_inline {
            return Ok(content);
        }
        let source = Source::from_bytes(self.target.folder.shown(&path), content);
        let source = source.map_err(read::malformed)?;
        let of_chart = match read::settings(&mut self.work.tree, source)? {
            Some(root) => {
                let options = DeOptions::default();
                let value = windlass_yaml::from_node(&self.work.tree, root, &options);
                value.map_err(read::malformed)?
            }
            None => Value::Object(Map::new()),
        };
        let merged = match &*self.chart.values_merge {
            "merge" => merge(of_chart, inline),
            _ => merge(inline, of_chart),
        };
        self.printed(&merged)
    }

    /// Values as the YAML that kustomize makes of them.
    fn printed(&mut self, values: &Value) -> Result<Vec<u8>> {
        let tree = &mut self.work.tree;
        let root = node(tree, values);
        let mut out = Vec::new();
        tree.emit(root, &mut out).map_err(read::malformed)?;
        Ok(out)
    }
}

/// A value as a node; nested as deep as the file that it came from.
fn node(tree: &mut Tree, value: &Value) -> NodeId {
    match value {
        Value::Null => tree.plain("null", Origin::NONE),
        Value::Bool(value) => tree.plain(&value.to_string(), Origin::NONE),
        Value::Number(number) => tree.plain(&number.to_string(), Origin::NONE),
        Value::String(text) => tree.string(text, Origin::NONE),
        Value::Array(items) => {
            let list = tree.seq(Origin::NONE);
            for item in items {
                let item = node(tree, item);
                tree.push(list, item);
            }
            list
        }
        Value::Object(entries) => {
            let map = tree.map(Origin::NONE);
            for (key, value) in entries {
                let value = node(tree, value);
                tree.add(map, key, value);
            }
            map
        }
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn no_scratch(why: std::io::Error) -> Error {
    Error::new(ErrorKind::Program, "cannot write files for helm to read").because(why)
}

/// `base` with what `over` says: maps are merged, all else is replaced, null takes away.
fn merge(over: Value, base: Value) -> Value {
    match (over, base) {
        (Value::Object(over), Value::Object(mut base)) => {
            for (key, value) in over {
                let old = base.remove(&key).unwrap_or_default();
                if !value.is_null() {
                    base.insert(key, merge(value, old));
                }
            }
            Value::Object(base)
        }
        (over, _) => over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_merged_map_by_map() {
        let base = json!({"a": 1, "b": {"c": 2, "d": [1]}, "gone": 1});
        let over = json!({"b": {"c": 3, "d": [2], "e": null}, "gone": null, "z": {}});
        let merged = json!({"a": 1, "b": {"c": 3, "d": [2]}, "z": {}});
        assert_eq!(merge(over, base), merged);
    }
}
