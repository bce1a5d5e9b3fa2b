//! What the settings say about an export.

use super::find;
use super::mapping::Mappings;
use super::spool::STANDARD_INPUT;
use crate::domain::DateShift;
use jiff::tz::TimeZone;
use std::time::SystemTime;

/// What is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Paths and glob patterns, or `-` alone for standard input. Of two files that hold the same
    /// order the later one counts.
    pub patterns: Vec<String>,
    /// `auto`, or the name of a built-in format or of a mapping.
    pub format: String,
    /// The name of the encoding, if it is not detected: `windows-1250`, `shift_jis`.
    pub encoding: Option<String>,
    /// Time zone of dates without an offset.
    pub zone: TimeZone,
    pub webtoffee_date_shift: DateShift,
    /// The mappings of the settings.
    pub mappings: Mappings,
    /// Paths and glob patterns of files with the e-mail addresses of the orders' customers.
    pub customers: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            patterns: Vec::new(),
            format: "auto".to_owned(),
            encoding: None,
            zone: TimeZone::UTC,
            webtoffee_date_shift: DateShift::Auto,
            mappings: Mappings::default(),
            customers: Vec::new(),
        }
    }
}

impl Options {
    /// Identifies what determines, in addition to the export's files, what is read: the mapping,
    /// and the current state of the customers files.
    pub fn identity(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        if let Some(profile) = self.mappings.named(&self.format) {
            hasher.update(&profile.digest);
        } else if self.format == "auto" {
            self.mappings.0.iter().for_each(|profile| {
                hasher.update(&profile.digest);
            });
        }
        hasher.update(self.encoding.as_deref().unwrap_or_default().as_bytes());
        for path in find::files(&self.customers, &mut Vec::new()) {
            hasher.update(path.as_os_str().as_encoded_bytes());
            let meta = std::fs::metadata(&path).ok();
            let modified = meta.as_ref().and_then(|meta| meta.modified().ok());
            let age = modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            hasher.update(&meta.map_or(0, |meta| meta.len()).to_le_bytes());
            hasher.update(&age.map_or(0, |age| age.as_nanos()).to_le_bytes());
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    }

    /// Identifies what a mapping of the settings says; `None` for a built-in format.
    pub fn mapping_digest(&self, format: &str) -> Option<String> {
        let profile = self.mappings.named(format)?;
        Some(profile.digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether it is read from standard input, which can be read only once.
    pub fn is_piped(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern == STANDARD_INPUT)
    }
}
