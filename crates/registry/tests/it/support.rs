//! What the tests have in common: folders, images, wheels, registries.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use windlass_fault::Secret;
use windlass_registry::{
    Access, Base, Build, Built, Credentials, LayoutImage, PackageIndex, Published, Publisher,
    Result, Retry, Tags, Target,
};
use windlass_testkit::{RegistryRules, RegistryServer};
use zip::write::SimpleFileOptions;

pub(crate) const PASSWORD: &str = "hunter2";
pub(crate) const CREATED: u64 = 1_700_000_000;

/// A folder of a test, gone with it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A text with the folder's path taken out of it.
    pub(crate) fn plain(&self, text: &str) -> String {
        text.replace(&self.0.path().display().to_string(), "[folder]")
    }

    /// An image with a layer of this text, in the layout `name`.
    pub(crate) fn image(&self, name: &str, text: &str) -> Built {
        self.write(&format!("{name}-src/server.py"), text);
        self.build(name).run(&self.path(name)).unwrap()
    }

    /// An image in the layout `name` whose layer has so many bytes at least: noise, so that it is
    /// not made small.
    pub(crate) fn noise(&self, name: &str, bytes: usize) {
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        });
        self.write(
            &format!("{name}-src/noise"),
            noise.take(bytes).collect::<Vec<u8>>(),
        );
        self.build(name).run(&self.path(name)).unwrap();
    }

    /// A build of the source `NAME-src` on nothing.
    pub(crate) fn build(&self, name: &str) -> Build {
        Build {
            source: self.path(&format!("{name}-src")),
            base: Base::Scratch,
            created: CREATED,
            access: access(),
            ..Build::default()
        }
    }

    pub(crate) fn layout(&self, name: &str) -> LayoutImage {
        LayoutImage {
            path: self.path(name),
            tag: None,
        }
    }

    pub(crate) fn index(&self, name: &str) -> PackageIndex {
        let url = format!("file://{}", self.path(name).display());
        url.parse().unwrap()
    }
}

/// Tries again at once, and not for long.
pub(crate) fn access() -> Access {
    Access {
        retry: Retry {
            attempts: 4,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(5),
            total: Duration::from_secs(20),
            silence: Duration::from_secs(10),
        },
        ..Access::default()
    }
}

pub(crate) fn with_password(password: &str) -> Access {
    Access {
        credentials: Credentials {
            login: Some(("ci".into(), Secret::new(password))),
            ..Credentials::default()
        },
        ..access()
    }
}

pub(crate) fn serve(rules: RegistryRules) -> RegistryServer {
    RegistryServer::start(rules).unwrap()
}

pub(crate) fn target(server: &RegistryServer, repository: &str) -> Target {
    format!("{}/{repository}", server.address())
        .parse()
        .unwrap()
}

pub(crate) fn tags(fixed: &[&str], moving: &[&str]) -> Tags {
    let read = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    Tags {
        fixed: read(fixed),
        moving: read(moving),
    }
}

pub(crate) fn publish(image: &LayoutImage, target: &Target, tags: &Tags) -> Result<Published> {
    Publisher::new(access()).publish(image, target, tags)
}

/// A wheel that follows the specification, unless a test changes it.
pub(crate) struct WheelFile {
    pub(crate) name: String,
    pub(crate) stem: String,
    pub(crate) files: Vec<(String, Vec<u8>, u32)>,
    pub(crate) record: Option<String>,
}

impl WheelFile {
    /// A pure wheel of `project` in version 1.0 with these files.
    pub(crate) fn new(project: &str, files: &[(&str, &str)]) -> Self {
        let stem = format!("{project}-1.0");
        let info = |name: &str| format!("{stem}.dist-info/{name}");
        let mut all = vec![
            (
                info("METADATA"),
                format!("Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n").into_bytes(),
                0o644,
            ),
            (
                info("WHEEL"),
                b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_vec(),
                0o644,
            ),
        ];
        for (path, text) in files {
            all.push(((*path).to_owned(), text.as_bytes().to_vec(), 0o664));
        }
        Self {
            name: format!("{stem}-py3-none-any.whl"),
            stem,
            files: all,
            record: None,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let record = format!("{}.dist-info/RECORD", self.stem);
        let text = self
            .record
            .clone()
            .unwrap_or_else(|| self.right_record(&record));
        let own = (record, text.into_bytes(), 0o644);
        for (path, bytes, mode) in self.files.iter().chain([&own]) {
            let options = SimpleFileOptions::default().unix_permissions(*mode);
            if mode & 0o170_000 == 0o120_000 {
                let to = std::str::from_utf8(bytes).unwrap();
                archive.add_symlink(path.as_str(), to, options).unwrap();
                continue;
            }
            archive.start_file(path.as_str(), options).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    pub(crate) fn right_record(&self, own: &str) -> String {
        let mut text = String::new();
        for (path, bytes, _) in &self.files {
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
            writeln!(text, "{path},sha256={hash},{}", bytes.len()).unwrap();
        }
        writeln!(text, "{own},,").unwrap();
        text
    }

    /// Puts the wheel into an index folder and pins it in a requirements file.
    pub(crate) fn offer(&self, folder: &Folder, index: &str, requirements: &Path) {
        let bytes = self.bytes();
        folder.write(&format!("{index}/{}", self.name), &bytes);
        let mut text = fs::read_to_string(requirements).unwrap_or_default();
        let project = self.stem.strip_suffix("-1.0").unwrap();
        writeln!(text, "{project}==1.0 \\\n    --hash=sha256:{}", hex(&bytes)).unwrap();
        fs::create_dir_all(requirements.parent().unwrap()).unwrap();
        fs::write(requirements, text).unwrap();
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// An image of a layout as it lies on disk, read without this crate's own reader.
pub(crate) struct Read {
    pub(crate) manifest: serde_json::Value,
    pub(crate) config: serde_json::Value,
    layout: PathBuf,
}

impl Read {
    pub(crate) fn of(layout: &Path) -> Self {
        let index = json(&fs::read(layout.join("index.json")).unwrap());
        let manifest = json(&blob(layout, &index["manifests"][0]));
        let config = json(&blob(layout, &manifest["config"]));
        Self {
            manifest,
            config,
            layout: layout.to_owned(),
        }
    }

    /// `MODE path` and the bytes of the files of a layer, and of its folders.
    pub(crate) fn layer(&self, at: usize) -> Vec<(String, Vec<u8>)> {
        let gzip = blob(&self.layout, &self.manifest["layers"][at]);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(gzip.as_slice()));
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let name = format!(
                "{:o} {}",
                entry.header().mode().unwrap(),
                entry.path().unwrap().display()
            );
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            assert_eq!(entry.header().mtime().unwrap(), CREATED);
            (name, bytes)
        });
        entries.collect()
    }

    pub(crate) fn names(&self, layer: usize) -> String {
        let names = self.layer(layer).into_iter().map(|(name, _)| name);
        names.collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn text(&self, layer: usize, path: &str) -> String {
        let files = self.layer(layer);
        let found = files
            .iter()
            .find(|(name, _)| name.ends_with(&format!(" {path}")));
        String::from_utf8(
            found
                .unwrap_or_else(|| panic!("`{path}` is there"))
                .1
                .clone(),
        )
        .unwrap()
    }
}

pub(crate) fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

fn blob(layout: &Path, descriptor: &serde_json::Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap();
    let bytes = fs::read(
        layout
            .join("blobs/sha256")
            .join(digest.strip_prefix("sha256:").unwrap()),
    )
    .unwrap();
    assert_eq!(format!("sha256:{}", hex(&bytes)), digest);
    assert_eq!(descriptor["size"], bytes.len());
    bytes
}
