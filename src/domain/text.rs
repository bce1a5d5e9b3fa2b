//! What is done with every text there is, and so has to cost little.

/// As [`str::trim`]; nearly every text begins and ends with a letter or sign of ASCII, and needs no
/// more than a look.
pub(super) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_trims_what_is_trimmed_otherwise(text in "[ \u{a0}\u{2003}\u{85}\ta1é]{0,6}") {
            prop_assert_eq!(trim(&text), text.trim());
        }
    }
}
