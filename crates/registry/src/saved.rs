//! Archives as `docker save` writes them: a list of images, their configs, and layers that are
//! mostly not compressed. They become OCI images with layers compressed the way ours are.

use crate::archive::{Archive, Extent, GZIP};
use crate::digest::{Digest, Hashing};
use crate::error::{Error, ErrorKind, Result};
use crate::layer::gzip;
use crate::layout::Layout;
use crate::spec::{self, Blob, Manifest};
use flate2::bufread::MultiGzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

const LIST: &str = "manifest.json";

/// An image of an archive.
struct Image {
    config: Vec<u8>,
    layers: Vec<(Digest, Extent)>,
}

/// Whether an archive is one of these.
pub(crate) fn is_saved(archive: &Archive) -> bool {
    archive.find(LIST).is_some()
}

/// Writes an image of an archive into a layout: the one with this tag, or else the only one.
pub(crate) fn convert(archive: &Archive, tag: Option<&str>, into: &Layout) -> Result<Blob> {
    let image = choose(archive, tag)?;
    let (digest, size) = into.put(&image.config)?;
    let config = Blob::new(spec::CONFIG, digest, size);
    let mut known: BTreeMap<&Digest, Blob> = BTreeMap::new();
    let mut layers = Vec::new();
    for (difference, extent) in &image.layers {
        let blob = match known.get(difference) {
            Some(blob) => blob.clone(),
            None => layer(archive, *extent, difference, into)?,
        };
        known.insert(difference, blob.clone());
        layers.push(blob);
    }
    let (digest, size) = into.put(&Manifest::image(&config, &layers, &BTreeMap::new()))?;
    Ok(Blob::new(spec::MANIFEST, digest, size))
}

/// Compresses a layer, or takes one that is; its content must have the digest of the config.
fn layer(archive: &Archive, extent: Extent, wanted: &Digest, into: &Layout) -> Result<Blob> {
    let failed = |error: io::Error| {
        error
            .downcast::<Error>()
            .unwrap_or_else(|error| Error::read(&archive.name, error))
    };
    let mut reader = archive.reader(extent)?;
    let (difference, writer) = if reader.fill_buf().map_err(failed)?.starts_with(&GZIP) {
        let mut copying = Copying(reader, into.writer()?);
        let mut hashing = Hashing::new(io::sink());
        let mut plain = MultiGzDecoder::new(BufReader::new(&mut copying));
        io::copy(&mut plain, &mut hashing).map_err(failed)?;
        io::copy(&mut copying, &mut io::sink()).map_err(failed)?;
        (hashing.hasher.finish().0, copying.1)
    } else {
        let mut hashing = Hashing::new(gzip(into.writer()?));
        io::copy(&mut reader, &mut hashing).map_err(failed)?;
        let (difference, _) = hashing.hasher.finish();
        (difference, hashing.inner.finish().map_err(failed)?)
    };
    if difference != *wanted {
        return Err(archive.broken(&format!(
            "a layer has the digest `{difference}` where its config says `{wanted}`"
        )));
    }
    let (digest, size) = writer.finish()?;
    Ok(Blob::new(spec::LAYER_GZIP, digest, size))
}

/// Writes what is read through it.
struct Copying<R, W>(R, W);

impl<R: Read, W: Write> Read for Copying<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.write_all(&buffer[..read])?;
        Ok(read)
    }
}

fn choose(archive: &Archive, tag: Option<&str>) -> Result<Image> {
    let list = archive.read(LIST)?.unwrap_or_default();
    let list: Value = serde_json::from_slice(&list)
        .map_err(|error| archive.broken("its list is not JSON").because(error))?;
    let images = list.as_array().map_or(&[][..], Vec::as_slice);
    let fits = |image: &&Value| {
        tag.is_none_or(|tag| {
            names(image).any(|name| name.rsplit_once(':').is_some_and(|(_, t)| t == tag))
        })
    };
    let found: Vec<&Value> = images.iter().filter(fits).collect();
    let place = archive.name.display();
    match (&found[..], tag) {
        ([image], _) => read(archive, image),
        ([], Some(tag)) => {
            let message = format!("`{place}` has no image with the tag `{tag}`");
            Err(Error::new(ErrorKind::NotFound, message))
        }
        ([], None) => Err(archive.broken("its list names none")),
        (several, _) => {
            let message = format!("`{place}` has {} images", several.len());
            let known = several.iter().flat_map(|image| names(image)).next();
            let tag = known.and_then(|name| Some(name.rsplit_once(':')?.1));
            let error = Error::new(ErrorKind::NotFound, message);
            Err(match tag {
                Some(tag) => error.suggest(format!("name one as `{place}:{tag}`")),
                None => error,
            })
        }
    }
}

fn names(image: &Value) -> impl Iterator<Item = &str> {
    let names = image["RepoTags"].as_array().map_or(&[][..], Vec::as_slice);
    names.iter().filter_map(Value::as_str)
}

fn read(archive: &Archive, image: &Value) -> Result<Image> {
    let absent = |name: &str| archive.broken(&format!("it lacks `{}`", name.escape_debug()));
    let name = image["Config"].as_str().unwrap_or_default();
    let config = archive.read(name)?.ok_or_else(|| absent(name))?;
    let value: Value = serde_json::from_slice(&config)
        .map_err(|error| archive.broken("its config is not JSON").because(error))?;
    let texts = |list: &Value| -> Vec<String> {
        let items = list.as_array().map_or(&[][..], Vec::as_slice);
        items
            .iter()
            .map(|item| item.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let differences = texts(&value["rootfs"]["diff_ids"]);
    let files = texts(&image["Layers"]);
    if differences.len() != files.len() {
        let (layers, ids) = (files.len(), differences.len());
        return Err(archive.broken(&format!("it has {layers} layers and {ids} diff ids")));
    }
    let layers = differences.iter().zip(&files).map(|(difference, file)| {
        let extent = archive.find(file).ok_or_else(|| absent(file))?;
        Ok((Digest::parse(difference)?, extent))
    });
    Ok(Image {
        layers: layers.collect::<Result<_>>()?,
        config,
    })
}
