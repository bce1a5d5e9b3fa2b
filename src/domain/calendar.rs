/// The names of the months. A name's first three letters are its short form.
pub const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The names of the days, from Sunday on, with short forms like those of the months.
pub const DAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// Whether a word is the short form of a name.
pub fn is_short_form(word: &str, name: &str) -> bool {
    name.get(..3).is_some_and(|short| word.eq_ignore_ascii_case(short))
}
