//! The name and namespace that an overlay makes.

use std::io;
use std::path::{Path, PathBuf};
use windlass_cli::Failure;
use windlass_overlay::{Build, Disk, Entry, Files, Found, Object, Options, build};
use windlass_seal::{Identity, SealedSecret};
use windlass_yaml::{Document, Step};

/// The name of a file that is not there, for an object that is not there yet.
const PROBE: &str = "secret-seal-looks-for-the-name.yaml";

/// What a kustomization file may be called.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// An overlay that was built.
pub(crate) struct Overlay {
    root: PathBuf,
    built: Build,
}

impl Overlay {
    pub(crate) fn build(root: &Path) -> Result<Self, Failure> {
        Ok(Self {
            root: root.to_owned(),
            built: build(&Disk::default(), root, &Options::default())?,
        })
    }

    /// What it makes of a SealedSecret: of one that it reads, or of one that it would read.
    pub(crate) fn of_sealed(
        &self,
        path: Option<&Path>,
        sealed: &SealedSecret,
    ) -> Result<Identity, Failure> {
        let path = path.and_then(|path| path.canonicalize().ok());
        let line = sealed.location().map(|place| place.line);
        let stands_there = |object: &Object<'_>| {
            let place = object.location();
            place.is_some_and(|place| {
                let there = Path::new(&place.path).canonicalize().ok();
                there.is_some() && there == path && Some(place.line) == line
            })
        };
        match self.built.objects().find(stands_there) {
            Some(object) => Ok(identity(&object)),
            None => self.of_new(sealed.own()),
        }
    }

    /// What it would make of a SealedSecret that is added to its resources.
    pub(crate) fn of_new(&self, own: &Identity) -> Result<Identity, Failure> {
        let files = Probe::new(&self.root, own)?;
        let built = build(&files, &self.root, &Options::default())?;
        let is_probe = |object: &Object<'_>| {
            let place = object.location();
            place.is_some_and(|place| place.path.ends_with(PROBE))
        };
        let found = built.objects().find(is_probe);
        found.map(|object| identity(&object)).ok_or_else(|| {
            let message = format!(
                "the overlay `{}` drops the SealedSecret",
                self.root.display()
            );
            Failure::input(message, None)
        })
    }
}

fn identity(object: &Object<'_>) -> Identity {
    let namespace = object.namespace();
    Identity {
        name: object.name().to_owned(),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
    }
}

/// The files of the disk, with one more object among the resources of a kustomization.
struct Probe {
    disk: Disk,
    kustomization: PathBuf,
    text: String,
    object: String,
}

impl Probe {
    fn new(root: &Path, own: &Identity) -> Result<Self, Failure> {
        let unreadable = |why: io::Error| {
            let message = format!("cannot read the overlay `{}`: {why}", root.display());
            Failure::input(message, None)
        };
        let folder = root.canonicalize().map_err(unreadable)?;
        let names = NAMES.iter().map(|name| folder.join(name));
        let kustomization = names.into_iter().find(|path| path.is_file());
        let kustomization = kustomization.unwrap_or_else(|| folder.join(NAMES[0]));
        let text = std::fs::read_to_string(&kustomization).map_err(unreadable)?;
        let mut document = Document::parse(&kustomization.to_string_lossy(), &text)?;
        document.push(&[Step::Key("resources")], &PROBE.into())?;
        let mut object = String::from("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n");
        let metadata = serde_json::json!({ "name": own.name, "namespace": own.namespace });
        object.push_str(&format!("metadata: {metadata}\n"));
        Ok(Self {
            disk: Disk::default(),
            text: document.finish(),
            kustomization,
            object,
        })
    }

    fn is_probe(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == PROBE)
            && path.parent() == self.kustomization.parent()
    }
}

impl Files for Probe {
    fn find(&self, path: &Path) -> io::Result<Found> {
        match self.is_probe(path) {
            true => Ok(Found {
                path: path.to_owned(),
                is_dir: false,
            }),
            false => self.disk.find(path),
        }
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match path {
            path if self.is_probe(path) => Ok(self.object.clone().into_bytes()),
            path if path == self.kustomization => Ok(self.text.clone().into_bytes()),
            path => self.disk.read(path, limit),
        }
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        self.disk.list(folder, limit)
    }
}
