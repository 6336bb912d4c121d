//! What commands are given for the registry that they are about: who to be, and tags in words.

use windlass_cli::Context;
use windlass_fault::Secret;
use windlass_registry::TagPattern;

/// The user name and the password of the environment.
pub(crate) fn login(context: &Context) -> Option<(String, Secret)> {
    let name = context.env("REGISTRY_USERNAME")?;
    Some((name, Secret::new(context.env("REGISTRY_PASSWORD")?)))
}

/// The words of texts that may have several each.
pub(crate) fn words(texts: &[String]) -> Vec<String> {
    let words = texts.iter().flat_map(|text| text.split_whitespace());
    words.map(str::to_owned).collect()
}

/// The words of texts as patterns of tags.
pub(crate) fn patterns(texts: &[String]) -> Vec<TagPattern> {
    let words = words(texts);
    words.iter().map(|word| TagPattern::new(word)).collect()
}
