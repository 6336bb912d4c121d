//! All overlays and manifests, looked at once; what needs a CRD that only turns up later, twice.

use crate::Args;
use crate::commit::Commit;
use crate::remote::Remotes;
use crate::settings;
use crate::subjects::{Loose, Subjects, definitions};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use windlass_cli::{Config, Context, Failure};
use windlass_fault::Warning;
use windlass_lint::{
    Crds, Finding, Manifest, Options, Outcome, Set, Site, applications, compare, lint, requirements,
};
use windlass_overlay::{self as overlay, Build, Builder, Files};

/// What was found in all.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) findings: Vec<Finding>,
    /// What the builds warn of.
    pub(crate) warnings: Vec<Warning>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) overlays: usize,
    pub(crate) objects: usize,
}

pub(crate) fn all(args: &Args, files: &dyn Files, context: &Context) -> Result<Found, Failure> {
    let config = context.config()?;
    let mut options = settings::options(args, &config)?;
    for path in settings::crds(args, &config) {
        let loose = definitions(&context.path(path), files)?;
        loose.manifests().for_each(|one| options.crds.add(one));
    }
    let subjects = Subjects::find(&args.paths, files, context)?;
    for loose in subjects.loose.values() {
        loose.manifests().for_each(|one| options.crds.add(one));
    }
    let before = match &args.base {
        Some(revision) => Some(Commit::of_revision(revision, context)?),
        None => None,
    };
    let remotes = Remotes::new(&args.remote, files, context);
    let build = overlay::Options {
        fetch: Some(&remotes),
        ..overlay::Options::default()
    };
    let roots = Roots {
        config: &config,
        builder: Builder::new(files, &build),
        before: before.as_ref().map(|commit| Builder::new(commit, &build)),
        context,
    };
    let (mut found, mut outcomes, namespaces) = roots.look(&subjects.roots, &mut options)?;
    remotes.finish()?;
    for (folder, loose) in &subjects.loose {
        let set = Set::new(folder.display().to_string(), loose.manifests());
        found.objects += set.manifests.len();
        outcomes.push(lint(&set, &options));
    }
    outcomes.push(argo(&subjects.loose, &namespaces, files, context, &options));
    let texts = subjects.requirements.iter();
    outcomes.extend(texts.map(|(path, text)| requirements(path, text, &options)));
    found.findings = Outcome::join(outcomes, &options);
    Ok(found)
}

/// The Applications of all folders, which must not share a name.
fn argo(
    loose: &BTreeMap<PathBuf, Loose>,
    namespaces: &BTreeMap<String, BTreeSet<String>>,
    files: &dyn Files,
    context: &Context,
    options: &Options<'_>,
) -> Outcome {
    let manifests = loose.values().flat_map(Loose::manifests);
    let of_argo = manifests.filter(|one| one.group() == "argoproj.io");
    let set = Set::new("Argo CD", of_argo);
    let has_folder = |path: &str| {
        let is_inside = !path.split('/').any(|part| part == "..");
        let found = files.find(&context.path(path));
        is_inside && found.is_ok_and(|found| found.is_dir)
    };
    let site = Site {
        has_folder: &has_folder,
        namespaces,
    };
    applications(&set, &site, options)
}

/// The overlays.
struct Roots<'a> {
    config: &'a Config,
    builder: Builder<'a>,
    /// Builds them as they were.
    before: Option<Builder<'a>>,
    context: &'a Context,
}

/// What there is to say of one overlay.
struct Looked {
    outcomes: Vec<Outcome>,
    crds: Crds,
    warnings: Vec<Warning>,
    objects: usize,
    namespaces: BTreeSet<String>,
}

type All = (Found, Vec<Outcome>, BTreeMap<String, BTreeSet<String>>);

impl Roots<'_> {
    fn look(&self, roots: &[PathBuf], options: &mut Options<'_>) -> Result<All, Failure> {
        let meter = self.context.meter("looked at", roots.len());
        let look = |root: &PathBuf| {
            let looked = self.one(root, options);
            meter.step();
            looked
        };
        let mut looked: Vec<Result<Looked, Failure>> = roots.par_iter().map(look).collect();
        drop(meter);
        let defined = looked.iter().flatten().map(|one| one.crds.clone());
        let mut crds = Crds::default();
        defined.for_each(|one| crds.extend(one));
        if !crds.is_empty() {
            options.crds.extend(crds);
            let options = &*options;
            let again = looked.par_iter_mut().zip(roots).filter(|(looked, _)| {
                let outcomes = looked.iter().flat_map(|one| &one.outcomes);
                outcomes.into_iter().any(|one| one.misses(&options.crds))
            });
            again.for_each(|(looked, root)| *looked = self.one(root, options));
        }
        Ok(self.gather(roots, looked))
    }

    fn gather(&self, roots: &[PathBuf], looked: Vec<Result<Looked, Failure>>) -> All {
        let mut found = Found::default();
        let mut outcomes = Vec::new();
        let mut namespaces = BTreeMap::new();
        for (root, looked) in roots.iter().zip(looked) {
            match looked {
                Err(failure) => found.failures.push(failure),
                Ok(one) => {
                    found.overlays += 1;
                    found.objects += one.objects;
                    outcomes.extend(one.outcomes);
                    let top = self.context.path("");
                    let inside = root.strip_prefix(top).unwrap_or(root);
                    namespaces.insert(inside.display().to_string(), one.namespaces);
                    for warning in one.warnings {
                        // Roots that share a base share what is odd in it.
                        if !found.warnings.contains(&warning) {
                            found.warnings.push(warning);
                        }
                    }
                }
            }
        }
        (found, outcomes, namespaces)
    }

    fn one(&self, root: &Path, options: &Options<'_>) -> Result<Looked, Failure> {
        let built = self.builder.build(root)?;
        let set = self.set(root, &built);
        let mut outcomes = vec![lint(&set, options)];
        let before = self
            .before
            .as_ref()
            .and_then(|before| before.build(root).ok());
        if let Some(before) = &before {
            outcomes.push(compare(&self.set(root, before), &set, options));
        }
        let mut crds = Crds::default();
        set.manifests.iter().for_each(|one| crds.add(*one));
        let namespaces = set.manifests.iter().map(|one| one.namespace());
        let namespaces = namespaces.filter(|namespace| !namespace.is_empty());
        Ok(Looked {
            outcomes,
            crds,
            objects: set.manifests.len(),
            namespaces: namespaces.map(str::to_owned).collect(),
            warnings: built.warnings().to_vec(),
        })
    }

    fn set<'b>(&self, root: &Path, built: &'b Build) -> Set<'b> {
        let objects = built.objects();
        let manifests = objects.map(|object| Manifest::new(built.tree(), object.node()));
        let mut set = Set::new(root.display().to_string(), manifests);
        let name = root.file_name().and_then(|name| name.to_str());
        let mut environments = self.config.environments.iter();
        set.production =
            environments.any(|one| one.tag.is_none() && Some(one.name.as_str()) == name);
        set
    }
}
