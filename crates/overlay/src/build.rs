//! A build: each layer adds to the objects of its bases, the root finishes them.

use crate::builder::{Bases, Known};
use crate::config::{self, Config};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::FieldSpec;
use crate::files::{Files, Folder, Record};
use crate::history::{History, StepKind};
use crate::id::Gvk;
use crate::kustomization::{self, Kustomization};
use crate::options::{Options, Reorder};
use crate::order::{self, Kinds};
use crate::provenance::{self, ConfiguredBy, Provenance};
use crate::remote::{self, Address};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use crate::transform::labels;
use crate::waiver::{self, Waivers};
use crate::{crds, generate, hash, helm, plugin, read, refs, replace, transform};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use windlass_fault::{Location, Warning};
use windlass_yaml::{Moved, Origin, Source, Spanned, Tree};

/// The version of kustomize whose bytes are printed.
const COMPATIBLE: &str = "v5.8.1";

/// How many kustomizations a build may read, one that is used twice counted twice: bases of which
/// each names the next one twice double their number at each level.
const MAX_KUSTOMIZATIONS: usize = 10_000;

/// What a build has in hand, whatever layer it is in.
pub(crate) struct Work<'a> {
    pub(crate) tree: Tree,
    pub(crate) schema: Schema,
    pub(crate) options: &'a Options<'a>,
    pub(crate) record: Record,
    /// What a strict build refuses.
    pub(crate) warnings: Vec<Warning>,
    /// What kustomize warns of too.
    pub(crate) deprecations: Vec<Warning>,
    /// Whether `openapi` was set by a layer, after which others cannot.
    schema_is_set: bool,
    /// Whether the built-in facts were asked for, after which `openapi` comes on top of them and
    /// does not replace them.
    pub(crate) schema_was_used: bool,
    /// Whether the root asks for `buildMetadata`.
    pub(crate) tracks_provenance: bool,
    /// The namespace that charts get which name none: that of their kustomization, or of one above.
    pub(crate) chart_namespace: String,
    /// The steps so far, if the options ask for them.
    pub(crate) history: History,
    /// Where bases are found and left that other builds share.
    bases: Option<&'a Bases>,
    /// The folders whose kustomizations were read.
    entered: Vec<PathBuf>,
    /// How many kustomizations led to the last of them.
    deepest: usize,
    /// How many kustomizations were read, of which [`MAX_KUSTOMIZATIONS`] are too many.
    count: usize,
}

/// A kustomization file that was read, and where it stands.
pub(crate) struct Target<'a> {
    pub(crate) kustomization: Kustomization,
    pub(crate) folder: Rc<Folder<'a>>,
    /// The name of the file in its folder.
    pub(crate) file: &'static str,
    /// The folder, as `buildMetadata` names it.
    pub(crate) provenance: Provenance,
}

impl Target<'_> {
    /// The kustomization file, for errors that are about no line of it.
    fn place(&self) -> Location {
        Location::file(self.folder.shown(self.file))
    }
}

/// The objects of a kustomization, with what later layers need to know of them.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) resources: Resources,
    pub(crate) config: Config,
    pub(crate) variables: Vec<Spanned<replace::Variable>>,
}

impl Layer {
    /// A copy for a tree that has taken over this one's.
    fn moved(&self, moved: Moved) -> Self {
        let resource = |resource: &Resource| resource.moved(moved);
        let variable = |variable: &Spanned<replace::Variable>| Spanned {
            origin: moved.origin(variable.origin),
            value: variable.value.clone(),
        };
        Self {
            resources: self.resources.iter().map(resource).collect(),
            config: self.config.clone(),
            variables: self.variables.iter().map(variable).collect(),
        }
    }
}

/// A base that was built apart, for any number of builds.
pub(crate) struct Base {
    tree: Tree,
    layer: Layer,
    record: Record,
    warnings: Vec<Warning>,
    deprecations: Vec<Warning>,
    schema_was_used: bool,
    /// The folders of the kustomizations in it.
    folders: Vec<PathBuf>,
    /// How many of them lead to the last one.
    below: usize,
}

/// A build that is done: the objects, in the tree that they live in.
pub(crate) struct Finished {
    pub(crate) tree: Tree,
    pub(crate) schema: Schema,
    pub(crate) resources: Vec<Resource>,
    pub(crate) history: History,
    pub(crate) record: Record,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) deprecations: Vec<Warning>,
}

/// Builds the kustomization in the folder `root`.
pub(crate) fn run<'a>(
    files: &'a dyn Files,
    root: &Path,
    options: &'a Options<'a>,
    bases: Option<&'a Bases>,
) -> Result<Finished> {
    let mut work = Work::new(options, bases);
    let folder = Folder::start(files, root, options.restriction, options.fetch)?;
    let target = work.load(folder, Provenance::default())?;
    work.tracks_provenance = !target.kustomization.build_metadata.is_empty();
    work.set_schema(&target)?;
    let mut layer = Layer::default();
    work.accumulate(&target, &mut layer)?;
    let resources = work.finish(&target, layer)?;
    work.waive();
    if options.strict
        && let Some(error) = Error::all(work.warnings.drain(..).map(Error::strict))
    {
        return Err(error);
    }
    Ok(Finished {
        tree: work.tree,
        schema: work.schema,
        resources,
        history: work.history,
        record: work.record,
        warnings: work.warnings,
        deprecations: work.deprecations,
    })
}

/// Reading.
impl<'a> Work<'a> {
    fn new(options: &'a Options<'a>, bases: Option<&'a Bases>) -> Self {
        Self {
            tree: Tree::new(),
            schema: Schema::default(),
            options,
            record: Record::default(),
            warnings: Vec::new(),
            deprecations: Vec::new(),
            schema_is_set: false,
            schema_was_used: false,
            tracks_provenance: false,
            chart_namespace: String::new(),
            history: History::default(),
            bases,
            entered: Vec::new(),
            deepest: 0,
            count: 0,
        }
    }

    /// Reads the kustomization of a folder.
    fn load(&mut self, folder: Rc<Folder<'a>>, provenance: Provenance) -> Result<Target<'a>> {
        self.count(1)?;
        let file = kustomization::find(&folder)?;
        let text = folder.read_text(file, &mut self.record)?;
        let source = Source::new(folder.shown(file), text);
        let kustomization = kustomization::read(source, self)?;
        if self.bases.is_some() {
            // The paths of a repository are its own, and never those of a folder here.
            let here = (!folder.is_fetched()).then(|| folder.root().to_owned());
            self.entered.extend(here);
            self.deepest = self.deepest.max(folder.depth());
        }
        Ok(Target {
            kustomization,
            folder,
            file,
            provenance,
        })
    }

    /// Counts kustomizations, of which there is an end.
    fn count(&mut self, more: usize) -> Result<()> {
        self.count += more;
        if self.count <= MAX_KUSTOMIZATIONS {
            return Ok(());
        }
        let message = format!("this build has more than {MAX_KUSTOMIZATIONS} kustomizations");
        Err(Error::new(ErrorKind::Limit, message)
            .hint("look for bases that name the same base again and again".to_owned()))
    }

    /// Where a node stands, for errors and warnings.
    pub(crate) fn place(&self, origin: Origin) -> Option<Location> {
        self.tree.locate(origin)
    }

    pub(crate) fn warn(&mut self, name: &'static str, message: String, origin: Origin) {
        let place = self.tree.locate(origin);
        self.warnings
            .push(Warning::new(message).named(name).at(place));
    }

    /// Takes out the warnings that the files waive.
    fn waive(&mut self) {
        let mut waivers = Waivers::of(&self.tree);
        waivers.take(&mut self.warnings);
        waivers.take(&mut self.deprecations);
        self.warnings.extend(waivers.unused());
    }

    /// `openapi` of the root, or of the first layer that has one
    /// (`kustomize: kyaml/openapi/openapi.go`, `SetSchema`).
    fn set_schema(&mut self, target: &Target<'a>) -> Result<()> {
        let openapi = &target.kustomization.openapi;
        if self.schema_is_set || openapi.is_empty() {
            return Ok(());
        }
        for (key, value) in openapi {
            if !matches!(&**key, "path" | "version") {
                let message = format!("`openapi` has no `{key}`: it is passed over");
                self.warn(waiver::UNKNOWN_FIELD, message, value.origin);
            }
        }
        let version = openapi.get("version");
        match openapi.get("path") {
            Some(path) if version.is_some() => {
                let message = "`openapi` has both a `path` and a `version`";
                Err(Error::new(ErrorKind::Schema, message).at(self.place(path.origin)))
            }
            Some(path) => {
                let text = target.folder.read_text(&path.value, &mut self.record);
                let text = text.map_err(|error| error.at(self.place(path.origin)))?;
                let shown = target.folder.shown(&path.value);
                let schema = Schema::parse(&shown, &text, self.schema_was_used);
                self.schema = schema.map_err(|error| error.through(self.place(path.origin)))?;
                self.schema_is_set = true;
                Ok(())
            }
            None => version.map_or(Ok(()), |version| self.use_version(version)),
        }
    }

    fn use_version(&mut self, version: &Spanned<String>) -> Result<()> {
        if version.value.trim_start_matches('v') != "1.21.2" {
            let message = format!(
                "the facts of Kubernetes `{}` are not built in",
                version.value
            );
            return Err(Error::new(ErrorKind::Schema, message)
                .at(self.place(version.origin))
                .hint("leave `version` out, or give the schema with `path`".to_owned()));
        }
        self.schema_is_set = true;
        Ok(())
    }
}

/// One layer.
impl<'a> Work<'a> {
    /// Adds to `layer` what the kustomization says, in kustomize's order
    /// (`kustomize: api/internal/target/kusttarget.go`, `accumulateTarget`).
    fn accumulate(&mut self, target: &Target<'a>, layer: &mut Layer) -> Result<()> {
        self.prepare(&target.kustomization);
        let above = self.enter_namespace(&target.kustomization);
        for path in target.kustomization.bases() {
            let added = self.add(target, path, layer);
            added.map_err(|error| error.through(self.place(path.origin)))?;
        }
        self.add_own(target, layer)?;
        for path in &target.kustomization.components {
            let added = self.add_component(target, path, layer);
            added.map_err(|error| error.through(self.place(path.origin)))?;
        }
        self.chart_namespace = above;
        self.change(target, layer)
    }

    /// Gives charts the namespace of a kustomization, if it has one, and returns the former one.
    fn enter_namespace(&mut self, kustomization: &Kustomization) -> String {
        let above = self.chart_namespace.clone();
        if !kustomization.namespace.is_empty() {
            self.chart_namespace.clone_from(&kustomization.namespace);
        }
        above
    }

    /// Adds the field specs and what is generated. This and [`Self::change`] stand apart from
    /// [`Self::accumulate`], which calls itself, because of what they need of the stack.
    fn add_own(&mut self, target: &Target<'a>, layer: &mut Layer) -> Result<()> {
        let conflicts = layer.resources.refuse_conflicts(&self.tree, &self.schema);
        conflicts.map_err(|error| error.through(target.place()))?;
        self.configure(target, layer)?;
        self.generate(target, layer)
    }

    fn change(&mut self, target: &Target<'a>, layer: &mut Layer) -> Result<()> {
        transform::run(target, layer, self)?;
        plugin::transform(target, layer, self)?;
        plugin::validate(target, layer, self)?;
        replace::add_variables(layer, &target.kustomization.vars, self)
    }

    /// Announces what will be fetched.
    fn prepare(&self, kustomization: &Kustomization) {
        if let Some(fetch) = self.options.fetch {
            let wanted = remote::wanted(kustomization);
            if !wanted.is_empty() {
                fetch.prepare(&wanted);
            }
        }
    }

    /// Adds a file of objects, or else a folder with a kustomization of its own.
    pub(crate) fn add(
        &mut self,
        target: &Target<'a>,
        path: &Spanned<String>,
        layer: &mut Layer,
    ) -> Result<()> {
        if let Some(folder) = self.add_file(target, path, layer)? {
            self.add_base(folder, target.provenance.join(&path.value), layer)?;
        }
        self.tree.check_size().map_err(read::malformed)
    }

    /// Adds a file of objects; gives the folder if it is none. Apart from [`Self::add`], which
    /// calls itself through each base, because of what it needs of the stack.
    fn add_file(
        &mut self,
        target: &Target<'a>,
        path: &Spanned<String>,
        layer: &mut Layer,
    ) -> Result<Option<Rc<Folder<'a>>>> {
        let no_file = match self.objects_of(target, path) {
            Ok(Some(objects)) => {
                self.add_objects(objects, &target.provenance.join(&path.value), layer);
                return Ok(None);
            }
            Ok(None) => None,
            Err(error) if Address::parse(&path.value).is_none() => return Err(error),
            Err(error) => Some(error),
        };
        let folder = target.folder.enter(&path.value).map_err(|error| {
            let file = no_file.filter(|no_file| is_of_file(no_file, &path.value));
            file.unwrap_or(error).at(self.place(path.origin))
        });
        folder.map(Some)
    }

    /// The objects of a file; nothing where there can be none.
    fn objects_of(
        &mut self,
        target: &Target<'a>,
        path: &Spanned<String>,
    ) -> Result<Option<Vec<Resource>>> {
        let is_file = match Address::parse(&path.value) {
            Some(address) if remote::is_web(&path.value) => {
                let fetch = self.options.fetch;
                !fetch.is_some_and(|fetch| fetch.is_known(&address.repository))
            }
            Some(_) => target.folder.is_file(&path.value),
            None => !target.folder.is_dir(&path.value),
        };
        if !is_file {
            return Ok(None);
        }
        let source = self.read_named(target, path)?;
        self.begin(StepKind::Read, path.origin);
        read::objects(&mut self.tree, source).map(Some)
    }

    fn add_objects(&mut self, objects: Vec<Resource>, provenance: &Provenance, layer: &mut Layer) {
        for mut resource in objects {
            let (api_version, kind) = (resource.api_version(&self.tree), resource.kind(&self.tree));
            self.schema_was_used |= !Schema::is_builtin(api_version, kind);
            resource.provenance = self.tracks_provenance.then(|| provenance.clone());
            layer.resources.push(resource);
        }
    }

    fn add_base(
        &mut self,
        folder: Rc<Folder<'a>>,
        provenance: Provenance,
        layer: &mut Layer,
    ) -> Result<()> {
        let mut base = match self.bases {
            Some(bases) if self.may_share(&folder) => self.shared_base(&folder, bases)?,
            _ => self.base(folder, provenance)?,
        };
        base.resources
            .take()
            .into_iter()
            .for_each(|resource| layer.resources.push(resource));
        layer.config.merge(&base.config)?;
        replace::merge_variables(&mut layer.variables, base.variables, &self.tree)
    }

    /// What the kustomization of a folder makes, for another one to build on.
    fn base(&mut self, folder: Rc<Folder<'a>>, provenance: Provenance) -> Result<Layer> {
        let target = self.load(folder, provenance)?;
        self.set_schema(&target)?;
        if target.kustomization.is_component() {
            let place = self.place(target.kustomization.kind.origin);
            return Err(
                Error::new(ErrorKind::Config, "a component cannot be a resource")
                    .at(place)
                    .hint("name it under `components`".to_owned()),
            );
        }
        let mut base = Layer::default();
        self.accumulate(&target, &mut base)?;
        Ok(base)
    }

    /// Whether what the folder makes does not depend on this build: not on its schema, and not on
    /// where the root lies, by which `buildMetadata` names places.
    fn may_share(&self, folder: &Folder<'_>) -> bool {
        self.options.helm.is_none()
            && !self.options.history
            && !self.schema_is_set
            && !self.tracks_provenance
            && !folder.is_fetched()
    }

    /// [`Self::base`], built for the first build that needs it and copied for the others.
    fn shared_base(&mut self, folder: &Rc<Folder<'a>>, bases: &'a Bases) -> Result<Layer> {
        let base = match bases.get(folder) {
            Some(Known::Apart(base)) if folder.may_lead_to(&base.folders, base.below) => {
                self.count(base.folders.len())?;
                base
            }
            Some(Known::InPlace) => return self.base(Rc::clone(folder), Provenance::default()),
            _ => {
                let mut apart = Self::new(self.options, self.bases);
                apart.count = self.count;
                let layer = apart.base(Rc::clone(folder), Provenance::default());
                self.count = apart.count;
                if apart.schema_is_set {
                    // It changes how the rest of this build is done, and goes by what was before.
                    bases.put(folder, Known::InPlace);
                    return self.base(Rc::clone(folder), Provenance::default());
                }
                let base = Arc::new(apart.into_base(layer?, folder.depth()));
                bases.put(folder, Known::Apart(Arc::clone(&base)));
                base
            }
        };
        let moved = self.tree.absorb(&base.tree);
        self.record.add(&base.record);
        self.warnings.extend_from_slice(&base.warnings);
        self.deprecations.extend_from_slice(&base.deprecations);
        self.schema_was_used |= base.schema_was_used;
        self.entered.extend_from_slice(&base.folders);
        self.deepest = self.deepest.max(folder.depth() + base.below);
        Ok(base.layer.moved(moved))
    }

    fn into_base(self, layer: Layer, depth: usize) -> Base {
        Base {
            tree: self.tree,
            layer,
            record: self.record,
            warnings: self.warnings,
            deprecations: self.deprecations,
            schema_was_used: self.schema_was_used,
            folders: self.entered,
            below: self.deepest - depth,
        }
    }

    fn add_component(
        &mut self,
        target: &Target<'a>,
        path: &Spanned<String>,
        layer: &mut Layer,
    ) -> Result<()> {
        let folder = target.folder.enter(&path.value);
        let folder = folder.map_err(|error| error.at(self.place(path.origin)))?;
        let component = self.load(folder, target.provenance.join(&path.value))?;
        self.set_schema(&component)?;
        if !component.kustomization.is_component() {
            let (_, kind) = kustomization::COMPONENT;
            let place = self.place(component.kustomization.kind.origin);
            let shown = component.folder.shown(component.file);
            let message = format!("`{shown}` is not of kind `{kind}`");
            return Err(Error::new(ErrorKind::Config, message)
                .at(place.or_else(|| self.place(path.origin)))
                .hint("name it under `resources`".to_owned()));
        }
        self.accumulate(&component, layer)?;
        // kustomize merges all of it into an empty layer, where field specs may contradict.
        let config = std::mem::take(&mut layer.config);
        layer.config.merge(&config)?;
        let conflicts = layer.resources.refuse_conflicts(&self.tree, &self.schema);
        conflicts.map_err(|error| error.through(component.place()))
    }
}

/// What a layer brings besides its bases.
impl<'a> Work<'a> {
    /// Adds the field specs of `configurations` and `crds`.
    fn configure(&mut self, target: &Target<'a>, layer: &mut Layer) -> Result<()> {
        let mut own = Config::built_in();
        let mut more = Config::default();
        for path in &target.kustomization.configurations {
            let added = self.read_named(target, path);
            let added = added.and_then(|source| more.merge(&config::read(source, self)?));
            added.map_err(|error| error.through(self.place(path.origin)))?;
        }
        let last = target.kustomization.configurations.last();
        let merged = own.merge(&more).and_then(|()| layer.config.merge(&own));
        merged.map_err(|error| error.through(last.and_then(|path| self.place(path.origin))))?;
        for path in &target.kustomization.crds {
            let source = self.read_named(target, path)?;
            let added = crds::read(source, &mut self.tree);
            let added = added.and_then(|more| layer.config.merge(&more));
            added.map_err(|error| error.through(self.place(path.origin)))?;
        }
        Ok(())
    }

    /// A file that the kustomization names in the field that `path` stands in.
    pub(crate) fn read_named(
        &mut self,
        target: &Target<'_>,
        path: &Spanned<String>,
    ) -> Result<Arc<Source>> {
        let text = target.folder.read_text(&path.value, &mut self.record);
        let text = text.map_err(|error| error.at(self.place(path.origin)))?;
        Ok(Source::new(target.folder.shown(&path.value), text))
    }

    /// Runs the generators of the kustomization's own fields, then those that it names.
    fn generate(&mut self, target: &Target<'a>, layer: &mut Layer) -> Result<()> {
        for request in target.kustomization.requests(&self.tree)? {
            self.begin(StepKind::Generator, request.origin);
            let mut made = self.generated(&request, target)?;
            made.provenance = self.configured_by(target, request.what.generator());
            let (tree, schema) = (&mut self.tree, &self.schema);
            layer.resources.absorb_all([made], tree, schema)?;
        }
        let (charts, globals) = helm::charts(&target.kustomization);
        for mut chart in charts {
            if chart.value.namespace.is_empty() {
                chart.value.namespace.clone_from(&self.chart_namespace);
            }
            self.begin(StepKind::Chart, chart.origin);
            let made = helm::inflate(chart.value, &globals, chart.origin, target, self);
            let mut made = made.map_err(|error| error.through(self.place(chart.origin)))?;
            let by = self.configured_by(target, "HelmChartInflationGenerator");
            for resource in &mut made {
                resource.provenance.clone_from(&by);
            }
            let (tree, schema) = (&mut self.tree, &self.schema);
            layer.resources.absorb_all(made, tree, schema)?;
        }
        plugin::generate(target, layer, self)
    }

    /// The object that a generator makes.
    pub(crate) fn generated(
        &mut self,
        request: &generate::Request,
        target: &Target<'_>,
    ) -> Result<Resource> {
        generate::generate(
            request,
            &target.folder,
            &mut self.tree,
            &mut self.record,
            &mut self.warnings,
        )
    }

    /// Where a generator or transformer of a kustomization's field is configured.
    pub(crate) fn configured_by(&self, target: &Target<'_>, kind: &str) -> Option<Provenance> {
        let by = ConfiguredBy {
            api_version: plugin::BUILTIN.to_owned(),
            kind: kind.to_owned(),
            ..ConfiguredBy::default()
        };
        let field = || target.provenance.join(target.file).configuring(by);
        self.tracks_provenance.then(field)
    }
}

/// Whether an entry that is neither file nor repository was meant to be a file.
fn is_of_file(error: &Error, path: &str) -> bool {
    let endings = [".yaml", ".yml", ".json"];
    error.kind() != ErrorKind::Remote || endings.iter().any(|ending| path.ends_with(ending))
}

/// Once, at the root.
impl<'a> Work<'a> {
    fn finish(&mut self, target: &Target<'a>, mut layer: Layer) -> Result<Vec<Resource>> {
        self.begin(StepKind::Hash, Origin::NONE);
        self.add_hashes(&mut layer.resources)?;
        self.begin(StepKind::Reference, Origin::NONE);
        refs::fix(&mut layer, self)?;
        self.begin(StepKind::Variable, Origin::NONE);
        replace::resolve_variables(&mut layer, self)?;
        let tree = &self.tree;
        for resource in layer.resources.iter() {
            read::refuse_nameless(tree, resource)?;
        }
        layer.resources.refuse_conflicts(tree, &self.schema)?;
        layer.resources.retain(|resource| !resource.is_local(tree));
        let mut resources = layer.resources.take();
        self.sort(target, &mut resources)?;
        let metadata = &target.kustomization.build_metadata;
        let entry = metadata.first().map_or(Origin::NONE, |first| first.origin);
        self.begin(StepKind::Finish, entry);
        let asked = metadata
            .iter()
            .find(|entry| entry.value == "managedByLabel");
        if self.options.managed_by_label || asked.is_some() {
            let origin = asked.map_or(Origin::NONE, |entry| entry.origin);
            self.label_as_managed(&mut resources, origin)?;
        }
        provenance::finish(&mut resources, metadata, &mut self.tree)?;
        Ok(resources)
    }

    fn label_as_managed(&mut self, resources: &mut [Resource], origin: Origin) -> Result<()> {
        let label = labels::Pair {
            key: "app.kubernetes.io/managed-by".to_owned(),
            value: format!("kustomize-{COMPATIBLE}"),
            origin,
        };
        let spec = FieldSpec::known(Gvk::default(), "metadata/labels", true);
        labels::add(resources.iter_mut(), &mut self.tree, &[label], &[spec])
    }

    pub(crate) fn add_hashes(&mut self, resources: &mut Resources) -> Result<()> {
        for resource in resources.iter_mut().filter(|resource| resource.needs_hash) {
            let mut name = resource.text(&self.tree, &["metadata", "name"]);
            let hash = hash::of_object(resource, &self.tree)?;
            name.value = format!("{}-{hash}", name.value);
            resource.remember_id(&self.tree, &self.schema);
            resource.set_name(&mut self.tree, &name)?;
        }
        Ok(())
    }

    /// `sortOptions` of the root, else the order that the command asks for.
    fn sort(&mut self, target: &Target<'a>, resources: &mut [Resource]) -> Result<()> {
        let kinds = match &target.kustomization.sort_options {
            Some(options) => options
                .value
                .kinds()
                .map_err(|error| error.at(self.place(options.origin)))?,
            None => (self.options.reorder == Reorder::Legacy).then(Kinds::default),
        };
        if let Some(kinds) = kinds {
            order::sort(resources, &kinds, &self.tree);
        }
        Ok(())
    }
}
