//! What an edit changes, as people read it.

use similar::TextDiff;
use windlass_cli::{Common, Context, Format};
use windlass_gitsync::{Draft, Result};

/// Shows what is about to be written, each time that it is another.
pub(crate) struct Shown<'a> {
    context: &'a Context,
    on_stderr: bool,
    pub(crate) text: String,
}

impl<'a> Shown<'a> {
    /// In a report of JSON it has its place, and need not be said besides.
    pub(crate) fn new(context: &'a Context, common: &Common) -> Self {
        Self {
            context,
            on_stderr: common.format == Format::Text,
            text: String::new(),
        }
    }

    pub(crate) fn show(&mut self, draft: &mut Draft<'_, '_>) -> Result<()> {
        let text = of(draft)?;
        if self.on_stderr && text != self.text {
            self.context.progress(text.trim_end());
        }
        self.text = text;
        Ok(())
    }
}

/// A unified diff of the files, with what git puts before their paths.
fn of(draft: &mut Draft<'_, '_>) -> Result<String> {
    let mut diff = String::new();
    for change in draft.changes()? {
        let before = String::from_utf8_lossy(change.before.as_deref().unwrap_or_default());
        let after = String::from_utf8_lossy(&change.after);
        let [old, new] = ["a", "b"].map(|side| format!("{side}/{}", change.path));
        let lines = TextDiff::from_lines(&*before, &*after);
        diff.push_str(&lines.unified_diff().header(&old, &new).to_string());
    }
    Ok(diff)
}
