//! The layer of dependencies: all wheels in one tree, each file of exactly one wheel.

use super::bill::Material;
use super::index::{Fetched, hash};
use super::wheel::{Bytes, Wheel};
use super::{Target, normal};
use crate::error::{Error, ErrorKind, Result};
use crate::layer::{Contents, Layer, LayerFile, LayerFiles, write};
use crate::layout::Layout;
use std::fs::File;
use std::io::Read;

/// A file of a wheel.
struct Source {
    wheel: usize,
    bytes: Bytes,
    sha256: [u8; 32],
}

struct Wheels(Vec<Wheel>);

impl Contents<Source> for Wheels {
    fn open<'a>(
        &'a mut self,
        path: &str,
        file: &'a LayerFile<Source>,
    ) -> Result<Box<dyn Read + 'a>> {
        let source = &file.source;
        Ok(match &source.bytes {
            Bytes::Made(bytes) => Box::new(bytes.as_slice()),
            Bytes::Entry(index) => {
                Box::new(self.0[source.wheel].reader(*index, source.sha256, path)?)
            }
        })
    }
}

/// Unpacks wheels into a layer, and says what they are.
pub(crate) fn install(
    fetched: &[Fetched],
    target: &Target,
    layout: &Layout,
    based: bool,
    time: u64,
) -> Result<(Layer, Vec<Material>)> {
    let mut wheels = Vec::new();
    let mut materials = Vec::new();
    let mut files: LayerFiles<Source> = LayerFiles::new();
    for (at, one) in fetched.iter().enumerate() {
        let (name, version) = (&one.requirement.name, &one.requirement.version);
        let mut wheel = Wheel::open(&one.path, &one.file, name, version)?;
        for installed in wheel.install(target)? {
            let file = LayerFile {
                executable: installed.executable,
                size: installed.size,
                source: Source {
                    wheel: at,
                    bytes: installed.bytes,
                    sha256: installed.sha256,
                },
            };
            if let Some(before) = files.insert(installed.path.clone(), file) {
                return Err(clash(&fetched[before.source.wheel], one, &installed.path));
            }
        }
        materials.push(material(one, &mut wheel)?);
        wheels.push(wheel);
    }
    check_folders(&files, fetched)?;
    let layer = write(layout, &files, &mut Wheels(wheels), based, time)?;
    Ok((layer, materials))
}

fn material(fetched: &Fetched, wheel: &mut Wheel) -> Result<Material> {
    let failed = |error| Error::read(&fetched.path, error);
    Ok(Material {
        name: normal(&fetched.requirement.name),
        version: fetched.requirement.version.clone(),
        sha256: File::open(&fetched.path).and_then(hash).map_err(failed)?,
        licence: wheel.licence()?,
    })
}

/// A path cannot be a file of one wheel and a folder of another.
fn check_folders(files: &LayerFiles<Source>, fetched: &[Fetched]) -> Result<()> {
    for (path, file) in files {
        for (at, _) in path.match_indices('/') {
            if let Some(other) = files.get(&path[..at]) {
                return Err(clash(
                    &fetched[other.source.wheel],
                    &fetched[file.source.wheel],
                    &path[..at],
                ));
            }
        }
    }
    Ok(())
}

fn clash(one: &Fetched, other: &Fetched, path: &str) -> Error {
    let message = match one.file == other.file {
        true => format!("the wheel `{}` installs `{path}` twice", one.file),
        false => format!(
            "the wheels `{}` and `{}` both install `{path}`",
            one.file, other.file
        ),
    };
    Error::new(ErrorKind::Archive, message).at(other.requirement.place.clone())
}
