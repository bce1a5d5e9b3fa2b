//! Suggestions for misspelt words.

/// Longer words are not typos, and comparing them takes quadratic time.
const LEN_MAX: usize = 64;

/// The most likely intended candidate for `word`, if one differs in about a third of its letters at
/// most.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// More names than this make a message useless.
const NAMES_MAX: usize = 20;

/// The possible names, for a message.
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_at_checked(NAMES_MAX) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("one of: {} and {} more", first.join(", "), rest.len())
        }
        _ => format!("one of: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_the_first_are_shown() {
        let names: Vec<String> = (0..23).map(|n| format!("n{n}")).collect();
        let names = || names.iter().map(String::as_str);
        assert_eq!(one_of(names().take(2)), "one of: n0, n1");
        assert!(one_of(names().take(20)).ends_with("n18, n19"));
        assert!(one_of(names()).ends_with("n18, n19 and 3 more"));
    }

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
