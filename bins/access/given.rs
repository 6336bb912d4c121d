//! Tags that commands are given in words.

use windlass_registry::TagPattern;

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
