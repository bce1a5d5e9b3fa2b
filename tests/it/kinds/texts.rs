//! Letters and entities, in every format.

use super::example::{Outcome, examples, read, usual};

const OF_PHP: [&str; 5] =
    ["woocommerce", "webtoffee", "advanced-order-export", "magento", "bigcommerce-csv"];

#[test]
fn html_entities_of_shops_in_php_are_decoded_once_and_those_of_others_kept() {
    let mut tried = 0;
    for example in examples() {
        let is_named = |name: &&str| example.name.starts_with(name);
        let is_of_php = OF_PHP.iter().any(is_named);
        let texts = example.texts().into_iter().map(|(name, bytes)| {
            let text = String::from_utf8(bytes).unwrap();
            (name, text.replace("Größe", "Gr&ouml;&#223;e &amp;amp; Co").into_bytes())
        });
        let texts: Vec<_> = texts.collect();
        if texts == example.texts() {
            continue;
        }
        tried += 1;
        let expected = if is_of_php { "Größe &amp; Co" } else { "Gr&ouml;&#223;e &amp;amp; Co" };
        let read = read(&texts, None, &usual()).unwrap();
        let names = read.outcomes.iter().flat_map(|outcome| match outcome {
            Outcome::Sent(order, _) => order.lines.iter(),
            other => panic!("{}: {other:?}", example.name),
        });
        let names: Vec<String> = names.map(|line| line.name.to_string()).collect();
        assert!(names.iter().any(|name| name.contains(expected)), "{}: {names:?}", example.name);
        let is_other = |name: &String| name.contains("&amp;") && !name.contains(expected);
        assert!(!names.iter().any(is_other), "{}: {names:?}", example.name);
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn a_named_code_page_makes_no_difference_in_any_format() {
    for name in ["windows-1250", "windows-1252", "iso-8859-15", "gb18030"] {
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
        let mut tried = 0;
        for example in examples() {
            let encoded = example.texts().into_iter().map(|(name, bytes)| {
                let text = String::from_utf8(bytes).unwrap();
                let (bytes, _, is_replaced) = encoding.encode(&text);
                (!is_replaced).then(|| (name, bytes.into_owned()))
            });
            let Some(encoded) = encoded.collect::<Option<Vec<_>>>() else { continue };
            tried += 1;
            let read = read(&encoded, Some(name), &usual());
            let plain = example.read(&usual());
            assert_eq!(
                read.map(|read| read.outcomes),
                plain.map(|plain| plain.outcomes),
                "{} in {name}",
                example.name
            );
        }
        assert!(tried > 15, "{name}: {tried}");
    }
}
