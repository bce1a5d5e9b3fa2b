use super::search::Found;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The text of the settings file, for the readers of exports: what stands in its `[mappings.NAME]`
/// tables, they judge.
///
/// It may hold a token, so its debug form shows none of it.
#[derive(Clone)]
pub struct MappingsText {
    /// As people know the file.
    pub file: PathBuf,
    pub text: Arc<str>,
}

impl MappingsText {
    pub(super) fn of(found: &Found) -> Self {
        Self { file: found.shown.clone(), text: Arc::from(found.text.as_str()) }
    }
}

impl fmt::Debug for MappingsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappingsText").field("file", &self.file).finish_non_exhaustive()
    }
}
