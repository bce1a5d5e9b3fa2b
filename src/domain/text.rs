/// As [`str::trim`], but faster for the usual text, which begins and ends with visible ASCII.
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
