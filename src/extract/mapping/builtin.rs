//! The mappings that are compiled into the binary.

use super::parse::parse;
use super::profile::Profile;
use std::sync::{Arc, LazyLock};

/// A built-in mapping, and its text for copying into the settings.
#[derive(Debug)]
pub struct BuiltIn {
    pub profile: Arc<Profile>,
    pub text: &'static str,
}

macro_rules! texts {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../profiles/", $name, ".toml")))),*]
    };
}

/// To add one, add a file to `profiles/` and its name here.
static TEXTS: &[(&str, &str)] = texts![
    "squarespace-csv"
    "wix-csv"
    "tiendanube-csv"
    "bigcommerce-csv"
    "etsy-csv"
    "amazon-csv"
    "square-csv"
    "matrixify-csv"
];

/// Every built-in mapping. A faulty one would be missing; a test ensures that none is.
pub static BUILT_IN: LazyLock<Vec<BuiltIn>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &'static str)| {
        let profile = Arc::clone(parse(text, name).ok()?.named(name)?);
        Some(BuiltIn { profile, text })
    };
    TEXTS.iter().filter_map(read).collect()
});

/// The text of a built-in mapping.
pub fn profile_text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|built_in| built_in.profile.name == name).map(|built_in| built_in.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_a_mapping() {
        assert_eq!(BUILT_IN.len(), TEXTS.len());
    }
}
