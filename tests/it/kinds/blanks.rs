//! A word for a missing value is equivalent to a blank, in every column of every format.

use super::example::{Example, Outcome, assert_none, examples, usual};

const PROGRAM_WORDS: [&str; 7] = ["NaN", "NULL", "\\N", "<NA>", "NaT", "(null)", "#N/A"];
const HUMAN_WORDS: [&str; 5] = ["None", "N/A", "null", "undefined", "-"];

fn filled(example: &Example, column: &str, word: &str) -> Result<Vec<Outcome>, String> {
    example.with(column, |_| Some(word.to_owned())).read(&usual()).map(|read| read.outcomes)
}

/// Further examples of a format have the same columns.
fn is_first(example: &Example) -> bool {
    !["shopify-json.pages", "webtoffee-csv.csv", "airbyte"]
        .iter()
        .any(|name| example.name.starts_with(name))
}

/// Whether a text of the column is sent as it is, as names are.
fn is_free_text(example: &Example, column: &str) -> bool {
    const VARIANTS: [&str; 4] = ["variant", "Variant", "Variations", "Price Point"];
    const ODD: &str = "Gizmo 5af";
    let is_sent = |outcome: Outcome| match outcome {
        Outcome::Sent(order, _) => {
            let in_lines = order.lines.iter().flat_map(|line| [&line.name, &line.category]);
            in_lines.chain([&order.shipping_method]).any(|text| text.contains(ODD))
        }
        _ => false,
    };
    VARIANTS.iter().any(|word| column.contains(word))
        || filled(example, column, ODD).is_ok_and(|outcomes| outcomes.into_iter().any(is_sent))
}

#[test]
fn a_word_for_no_value_is_a_blank_in_every_column_of_every_format() {
    let mut wrong = Vec::new();
    for example in examples().into_iter().filter(is_first) {
        for (at, column) in example.columns().into_iter().enumerate() {
            // Each word in turn; the list of words is tested next to the rule.
            let [program, human] =
                [PROGRAM_WORDS[at % PROGRAM_WORDS.len()], HUMAN_WORDS[at % HUMAN_WORDS.len()]];
            let blank = filled(&example, &column, "");
            let words = [Some(program), (!is_free_text(&example, &column)).then_some(human)];
            for word in words.into_iter().flatten() {
                let read = filled(&example, &column, word);
                // A message may contain the word.
                if read != blank && !(read.is_err() && blank.is_err()) {
                    let name = &example.name;
                    wrong.push(format!("{name}: {word} in {column}\n{read:?}\n{blank:?}"));
                }
            }
        }
    }
    assert_none(&wrong);
}
