//! What somebody may have meant.

/// Longer words are no typing errors, and comparing them takes quadratic time.
const LEN_MAX: usize = 64;

/// The candidate that `word` most likely was meant to be, if one is within a typing error or two.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = |candidate: &'a str| {
        let longest = candidate.len().max(word.len());
        let distance =
            (longest <= LEN_MAX).then(|| strsim::osa_distance(&word, &candidate.to_lowercase()))?;
        (distance <= ((longest + 1) / 3).max(1)).then_some((distance, candidate))
    };
    let nearest = candidates.into_iter().filter_map(near).min_by_key(|(distance, _)| *distance);
    nearest.map(|(_, candidate)| candidate)
}

/// "did you mean …?" for an unknown word.
pub(super) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_finds_its_word_and_a_stranger_finds_none() {
        let keys = ["url", "token", "token_file", "requests_per_second"];
        for (word, expected) in [
            ("tokne", Some("token")),
            ("Token", Some("token")),
            ("requests_per_seconds", Some("requests_per_second")),
            ("ulr", Some("url")),
            ("tokenfile", Some("token_file")),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), keys), None);
    }
}
