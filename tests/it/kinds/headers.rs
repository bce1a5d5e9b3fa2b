//! A column with a slightly different name is recognised, or named.

use super::example::{Outcome, assert_none, examples, usual};

/// Forms that spreadsheets, scripts and people give to the name of a column.
const DECORATIONS: [fn(&str) -> String; 14] = [
    |name| format!("\u{a0}{name}\u{2003}"),
    |name| format!("\u{200b}{name}\u{2060}"),
    |name| format!("\"{name}\""),
    |name| format!("[{name}]"),
    |name| format!("`{name}`"),
    |name| format!("'{name}"),
    |name| format!("=\"{name}\""),
    |name| format!("{name}:"),
    |name| format!("{name} *"),
    |name| format!("{name};"),
    |name| name.replace(' ', "_"),
    |name| name.replace(' ', "  "),
    str::to_uppercase,
    |name| name.chars().map(full_width).collect(),
];

fn full_width(letter: char) -> char {
    let wide = || char::from_u32(u32::from(letter) + 0xfee0);
    if letter.is_ascii_alphanumeric() { wide().unwrap_or(letter) } else { letter }
}

#[test]
fn a_decorated_header_is_the_header_in_every_format() {
    let mut wrong = Vec::new();
    for example in examples().into_iter().filter(|example| example.is_table()) {
        let plain = example.outcomes(&usual());
        for (at, decorated) in DECORATIONS.iter().enumerate() {
            let read = example.with_header(decorated).read(&usual()).map(|read| read.outcomes);
            if read.as_ref() != Ok(&plain) {
                wrong.push(format!("{}: decoration {at}: {read:?}", example.name));
            }
        }
    }
    assert_none(&wrong);
}

/// Without the letter in its middle.
fn misspelt(name: &str) -> String {
    let middle = name.chars().count() / 2;
    name.chars().enumerate().filter(|(at, _)| *at != middle).map(|(_, letter)| letter).collect()
}

#[test]
fn a_misspelt_column_is_named_in_every_format() {
    const LETTERS_MIN: usize = 6;
    let mut wrong = Vec::new();
    for example in examples().into_iter().filter(|example| example.is_table()) {
        let plain = example.read(&usual()).unwrap();
        for column in example.columns() {
            if column.chars().count() < LETTERS_MIN {
                continue;
            }
            let odd = misspelt(&column);
            let renamed = |name: &str| if name == column { odd.clone() } else { name.to_owned() };
            let is_right = match example.with_header(renamed).read(&usual()) {
                Err(refusal) => refusal.contains(&column) || refusal.contains(&odd),
                Ok(read) => {
                    let is_named = read.notes.iter().any(|note| note.contains(&odd));
                    let mut pairs = read.outcomes.iter().zip(&plain.outcomes);
                    let is_same_or_fault = |(read, plain): (&Outcome, &Outcome)| {
                        read == plain || matches!(read, Outcome::Invalid(_))
                    };
                    is_named
                        || (read.outcomes.len() == plain.outcomes.len()
                            && pairs.all(is_same_or_fault))
                }
            };
            if !is_right {
                let read = example.with_header(renamed).read(&usual());
                wrong.push(format!("{}: {odd}: {read:?}", example.name));
            }
        }
    }
    assert_none(&wrong);
}
