//! What the command line or a list names: images, where they go, and their tags.

use crate::given::words;
use std::fs;
use std::path::Path;
use windlass_cli::{Context, Failure};
use windlass_registry::{ImageSource, Publication, TagPattern, Tags, Target};

/// What to publish, beside the target as it was written.
pub(crate) fn job(
    words: &[String],
    tags: &[String],
    patterns: &[TagPattern],
    context: &Context,
) -> Result<(Target, Publication), Failure> {
    let Some((image, sources)) = words
        .split_last()
        .filter(|(_, sources)| !sources.is_empty())
    else {
        return Err(Failure::usage("name a source, then an image"));
    };
    let image: Target = image.parse()?;
    let mut publication = Publication {
        sources: sources
            .iter()
            .map(|text| text.parse())
            .collect::<Result<Vec<ImageSource>, _>>()?,
        target: match &image {
            Target::Layout(path) => Target::Layout(context.path(path)),
            Target::Registry(_) => image.clone(),
        },
        tags: Tags::sort(tags.iter().map(String::as_str), patterns)?,
    };
    for path in publication
        .sources
        .iter_mut()
        .filter_map(ImageSource::path_mut)
    {
        *path = context.path(&*path);
    }
    match tags.is_empty() {
        true => Err(Failure::usage("--tag names no tag")),
        false => Ok((image, publication)),
    }
}

/// The images that a file lists.
pub(crate) fn list(
    path: &Path,
    patterns: &[TagPattern],
    context: &Context,
) -> Result<Vec<(Target, Publication)>, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(context.path(path))
        .map_err(|error| Failure::input(format!("cannot read `{shown}`: {error}"), None))?;
    let mut jobs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = words(&[line.to_owned()]);
        if line.first().is_none_or(|word| word.starts_with('#')) {
            continue;
        }
        let (sources, tags) = match line.iter().position(|word| word == "--tag") {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (&line[..], &[][..]),
        };
        if sources.len() < 2 || tags.is_empty() {
            let message = format!(
                "line {} of `{shown}` names no image with its tags",
                number + 1
            );
            let hint = "write each line as `SOURCE… IMAGE --tag TAG…`".to_owned();
            return Err(Failure::input(message, Some(hint)));
        }
        jobs.push(job(sources, tags, patterns, context)?);
    }
    Ok(jobs)
}
