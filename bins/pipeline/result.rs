//! What a tour has led to.

use super::{Tour, branches};
use crate::report::{Output, Running, StepLine};
use std::path::PathBuf;
use windlass_cli::{Environment, Failure};
use windlass_fault::Warning;
use windlass_yaml::{NodeId, Source, Tree};

impl Tour<'_> {
    /// What the tour has led to.
    pub(crate) fn finish(self, kept: Option<PathBuf>) -> Result<Output, Failure> {
        self.sandbox.fetch()?;
        let mut environments = Vec::new();
        for environment in &self.config.environments {
            for app in self.apps(&environment.branch) {
                environments.extend(self.running(environment, &app));
            }
        }
        let last = self.last();
        let overlay = self.overlay(last, &self.app);
        Ok(Output {
            environments,
            commits: self.sandbox.commits(&branches(&self.config))?,
            manifests: self.manifests(last, &overlay)?,
            title: format!("{overlay} on {}", last.branch),
            warnings: self.warnings(),
            steps: self.steps,
            base: self.base,
            folder: kept,
        })
    }

    fn overlay(&self, environment: &Environment, app: &str) -> String {
        format!(
            "{}/{app}/k8s/overlays/{}",
            self.config.apps, environment.name
        )
    }

    /// The image that an overlay names, as last fetched.
    pub(super) fn running(&self, environment: &Environment, app: &str) -> Option<Running> {
        let path = format!("{}/kustomization.yaml", self.overlay(environment, app));
        let text = self.sandbox.read(&environment.branch, &path)?;
        let mut tree = Tree::new();
        let root = *tree.load(Source::new(path, text)).ok()?.first()?;
        let images = tree.get(root, "images")?;
        let own = |&image: &NodeId| tree.text_at(image, &["name"]) == Some(app);
        let image = tree
            .items(images)
            .find(own)
            .or_else(|| tree.item(images, 0))?;
        Some(Running {
            environment: environment.name.clone(),
            app: app.to_owned(),
            branch: environment.branch.clone(),
            tag: tree
                .text_at(image, &["newTag"])
                .unwrap_or_default()
                .to_owned(),
            digest: tree.text_at(image, &["digest"]).map(str::to_owned),
        })
    }

    /// The last environment's overlay, built from what its branch holds now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the command that the workflow uses builds it"
    )]
    fn manifests(&self, environment: &Environment, overlay: &str) -> Result<String, Failure> {
        let clone = self.sandbox.folder().join("result");
        self.sandbox
            .check_out(&self.sandbox.latest(&environment.branch)?, &clone)?;
        let built = std::process::Command::new(self.bins.join("overlay-build"))
            .arg(overlay)
            .current_dir(&clone)
            .env_remove("GITHUB_OUTPUT")
            .output();
        match built {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(Failure::input(
                    format!("cannot build `{overlay}`: {said}"),
                    None,
                ))
            }
            Err(error) => Err(Failure::world(
                format!("cannot start overlay-build: {error}"),
                None,
            )),
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.base == "scratch" {
            let warning = Warning::new("the images have no base, and are not meant to run");
            warnings.push(warning.hint("name a real one with --base"));
        }
        let left_out = |step: &StepLine| {
            step.outputs
                .get("dependencies")
                .is_some_and(|it| it == "false")
        };
        if self.steps.iter().any(left_out) {
            let message =
                "the Python package index cannot be reached: the images have no dependencies";
            warnings.push(Warning::new(message));
        }
        warnings
    }
}
