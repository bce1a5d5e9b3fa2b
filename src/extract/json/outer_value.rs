//! A value of a record that is not parsed.

use super::scan::{Scan, ScanResult};

/// The value of the first of these keys that is not blank in a record, as written, without quotes.
/// `None` also if that can't be decided without parsing the record.
pub fn outer_value<'a>(record: &'a [u8], keys: &[&str]) -> Option<&'a [u8]> {
    let mut found: Option<(usize, &[u8])> = None;
    let mut rest = after(record, b'{')?;
    while let Some(b'"') = rest.trim_ascii_start().first() {
        let (key, value) = next_value(rest)?;
        let (value, behind) = next_value(after(value, b':')?)?;
        let rank = keys.iter().position(|own| own.as_bytes() == unquoted(key));
        let is_escaped = key.contains(&b'\\') || (rank.is_some() && value.contains(&b'\\'));
        if is_escaped || (rank.is_some() && matches!(value.first(), Some(b'{' | b'['))) {
            return None;
        }
        let is_better = |rank: &usize| found.is_none_or(|(best, _)| *rank < best);
        let is_blank = matches!(unquoted(value).trim_ascii(), b"" | b"null");
        if let Some(rank) = rank.filter(is_better).filter(|_| !is_blank) {
            found = Some((rank, unquoted(value).trim_ascii()));
            if rank == 0 {
                break;
            }
        }
        let behind = behind.trim_ascii_start();
        rest = behind.strip_prefix(b",").unwrap_or(behind);
    }
    found.map(|(_, value)| value)
}

/// What follows this byte, which only blanks may precede.
fn after(bytes: &[u8], byte: u8) -> Option<&[u8]> {
    bytes.trim_ascii_start().strip_prefix(&[byte])
}

/// The value at the front, and what follows it.
fn next_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = bytes.trim_ascii_start();
    let len = match bytes.first()? {
        b'"' | b'{' | b'[' => match Scan::default().run(bytes, |_, _| false) {
            ScanResult::End(len) => len,
            ScanResult::More | ScanResult::Inner { .. } => return None,
        },
        _ => bytes.iter().position(|b| b",}]".contains(b) || b.is_ascii_whitespace())?,
    };
    bytes.split_at_checked(len)
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::json::Tree;
    use proptest::prelude::*;

    #[test]
    fn the_first_key_that_is_there_and_filled_counts() {
        for (record, expected) in [
            (r#"{"id": 7, "number": "1"}"#, Some("7")),
            (r#" {"number":"1","id":" 7 ","x":{}}"#, Some("7")),
            (r#"{"lines": [{"id": 9}], "id": 7}"#, Some("7")),
            (r#"{"x": "\"id\": 8,", "id": null, "number": "N1"}"#, Some("N1")),
            (r#"{"id": "", "number": 1.5e3}"#, Some("1.5e3")),
            (r#"{"number": "a\u0041"}"#, None),
            (r#"{"i\u0064": 7}"#, None),
            (r#"{"id": [7]}"#, None),
            (r#"{"x": 1}"#, None),
            (r#"{"x": 1, "id": {"id": 7}"#, None),
            ("", None),
            ("[7]", None),
        ] {
            let found = outer_value(record.as_bytes(), &["id", "number"]);
            assert_eq!(found, expected.map(str::as_bytes), "{record}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_value_that_a_parser_finds(
            members in prop::collection::vec(("[a-c]{1,2}", "[a-z,:{}\\[\\]\\\\\"]{0,6}"), 0..6),
        ) {
            let members = members.iter().map(|(key, text)| format!("\"{key}\": {}", serde_json::json!(text)));
            let text = format!("{{{}}}", members.collect::<Vec<_>>().join(", "));
            let tree = Tree::parse(&text).unwrap();
            let found = outer_value(text.as_bytes(), &["a"]);
            if let (Some(found), Ok(Some(value))) = (found, tree.root().get("a")) {
                let text = value.text().unwrap();
                prop_assert_eq!(found, text.as_bytes());
            }
            if found.is_some() {
                prop_assert!(!matches!(tree.root().get("a"), Ok(None)));
            }
        }
    }
}
