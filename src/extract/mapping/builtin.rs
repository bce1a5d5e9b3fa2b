//! The mappings that travel in the binary.

use super::dialect;
use super::parse::parse;
use super::profile::Profile;
use crate::extract::sheet_dialect::{Head, SheetDialect, Verdict};
use csv::ByteRecord;
use std::sync::{Arc, LazyLock};

/// A mapping of the binary, as a dialect.
#[derive(Debug)]
pub struct BuiltIn {
    name: &'static str,
    text: &'static str,
}

macro_rules! built_in {
    ($($constant:ident $name:literal,)*) => {
        $(pub static $constant: BuiltIn = BuiltIn {
            name: $name,
            text: include_str!(concat!("../profiles/", $name, ".toml")),
        };)*

        /// Every mapping that travels in the binary.
        pub static BUILT_IN: &[&BuiltIn] = &[$(&$constant),*];
    };
}

built_in! {
    SQUARESPACE "squarespace-csv",
    WIX "wix-csv",
    TIENDANUBE "tiendanube-csv",
    BIGCOMMERCE "bigcommerce-csv",
    ETSY "etsy-csv",
    AMAZON "amazon-csv",
    SQUARE "square-csv",
    MATRIXIFY "matrixify-csv",
}

/// The text of a mapping that travels in the binary: what can be copied into the settings, under
/// another name.
pub fn profile_text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|built_in| built_in.name == name).map(|built_in| built_in.text)
}

/// How the export is got that a mapping of the binary reads, in its own words.
pub fn how(name: &str) -> Option<String> {
    let profile = BUILT_IN.iter().find(|built_in| built_in.name == name)?.profile()?;
    let hint = profile.hint.replacen(" again", "", 1);
    let mut letters = hint.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

impl BuiltIn {
    /// `None` where its text were faulty, which a test rules out.
    pub fn profile(&self) -> Option<&'static Arc<Profile>> {
        static PROFILES: LazyLock<Vec<Option<Arc<Profile>>>> = LazyLock::new(|| {
            let read = |built_in: &&BuiltIn| {
                parse(built_in.text, built_in.name).ok()?.named(built_in.name).cloned()
            };
            BUILT_IN.iter().map(read).collect()
        });
        let at = BUILT_IN.iter().position(|built_in| built_in.name == self.name)?;
        PROFILES.get(at).and_then(Option::as_ref)
    }
}

impl SheetDialect for BuiltIn {
    fn name(&self) -> &str {
        self.name
    }

    fn title(&self) -> &str {
        self.profile().map_or(self.name, |profile| &profile.title)
    }

    fn description(&self) -> &str {
        self.profile().map_or("", |profile| &profile.description)
    }

    fn needs(&self) -> Vec<String> {
        self.profile().map_or_else(Vec::new, dialect::needs)
    }

    fn known(&self, header: &ByteRecord) -> usize {
        self.profile().map_or(0, |profile| dialect::known(profile, header))
    }

    fn delimiter(&self) -> Option<u8> {
        self.profile().and_then(|profile| dialect::delimiter(profile))
    }

    fn judge(&self, head: &Head<'_>) -> Verdict {
        self.profile().map_or(Verdict::Foreign, |profile| dialect::judge(profile, head))
    }
}
