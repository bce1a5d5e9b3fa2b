//! Amounts and quantities are read exactly, whatever their sign, exponent or fraction.

use super::example::{BARE, Content, Example, Outcome, assert_none, example, examples, usual};
use ordersync::domain::{FractionalQuantity, Policy, Refunds};

fn is_amount(text: &str) -> bool {
    let digits = text.trim_start_matches('-');
    let is_digit = |letter: char| letter.is_ascii_digit() || letter == '.';
    digits.contains(|letter: char| letter.is_ascii_digit())
        && digits.chars().all(is_digit)
        && digits.matches('.').count() <= 1
}

fn is_zero(text: &str) -> bool {
    !text.contains(|letter: char| ('1'..='9').contains(&letter))
}

fn negated(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = text.split_once('-').map_or(("-", text), |(_, digits)| ("", digits));
    let plain = digits.trim_start_matches('$').replace([',', '.'], "");
    (!is_zero(&plain) && is_amount(&plain)).then(|| format!("{sign}{digits}"))
}

fn is_of(column: &str, words: &[&str]) -> bool {
    let column = column.to_lowercase();
    words.iter().any(|word| column.contains(word))
}

#[test]
fn the_sign_of_a_discount_does_not_matter_in_any_format() {
    const WORDS: [&str; 5] = ["discount", "descuento", "desconto", "promotion", "coupon"];
    let (mut flipped, mut wrong) = (0, Vec::new());
    for example in examples() {
        let plain = example.outcomes(&usual());
        for column in example.columns().into_iter().filter(|column| is_of(column, &WORDS)) {
            let read = example.with(&column, negated).outcomes(&usual());
            flipped += 1;
            if read != plain {
                wrong.push(format!("{}: {column}\n{read:?}\n{plain:?}", example.name));
            }
        }
    }
    assert_none(&wrong);
    assert!(flipped > 20, "{flipped}");
}

/// Columns with refunded amounts.
const REFUNDED: [(&str, &str); 9] = [
    ("shopify-csv.csv", "Refunded Amount"),
    ("squarespace-csv.csv", "Amount Refunded"),
    ("wix-csv.csv", "Refunded amount"),
    ("advanced-order-export-csv.csv", "Order Refund Amount"),
    ("advanced-order-export-json.json", "Order Refund Amount"),
    ("expertsender-json.json", "returnsValue"),
    ("magento-json.json", "total_refunded"),
    ("matrixify-csv.csv", "Price: Total Refund"),
    ("bigcommerce-json.json", "refunded_amount"),
];

/// With a column or key for each order that the example lacks.
fn with_column(example: &Example, column: &str) -> Example {
    let mut changed = example.clone();
    if example.columns().contains(column) {
        return changed;
    }
    for (_, content) in &mut changed.files {
        match content {
            Content::Table { rows, .. } => {
                rows[0].push(column.to_owned());
                rows[1..].iter_mut().for_each(|row| row.push(String::new()));
            }
            Content::Documents(documents) => {
                let orders = match &mut documents[0] {
                    serde_json::Value::Array(orders) => orders,
                    of_pages => of_pages["items"].as_array_mut().unwrap(),
                };
                orders.iter_mut().for_each(|order| order[column] = "".into());
            }
        }
    }
    changed
}

#[test]
fn the_sign_of_a_refund_does_not_matter_in_any_format() {
    let net = Policy { refunds: Refunds::Net, ..usual() };
    let mut wrong = Vec::new();
    for (name, column) in REFUNDED {
        let example = with_column(&example(name), column);
        let of = |text: &str| example.with(column, |_| Some(text.to_owned())).outcomes(&net);
        let (none, above, below) = (of("0"), of("2.00"), of("-2.00"));
        let is_sent = above.iter().all(|outcome| matches!(outcome, Outcome::Sent(..)));
        if above != below || above == none || !is_sent {
            wrong.push(format!("{name}\n{above:?}\n{below:?}\n{none:?}"));
        }
    }
    assert_none(&wrong);
}

/// The same number, as written by programs that store numbers as floats.
fn with_exponent(text: &str) -> Option<String> {
    let (sign, digits) = text.split_once('-').map_or(("", text), |(_, digits)| ("-", digits));
    let (whole, fraction) = digits.split_once('.')?;
    let digits = format!("{whole}{fraction}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    is_amount(text).then(|| format!("{sign}{digits}E-{}", fraction.len()))
}

#[test]
fn a_number_with_an_exponent_is_exact_in_every_format_of_json_and_refused_in_csv() {
    let mut wrong = Vec::new();
    for example in examples() {
        let plain = example.outcomes(&usual());
        for column in example.columns() {
            let bare = |text: &str| {
                let number = with_exponent(text)?;
                Some(if example.is_table() { number } else { format!("{BARE}{number}") })
            };
            let read = example.with(&column, bare).read(&usual()).map(|read| read.outcomes);
            let is_right = |(read, plain): (&Outcome, &Outcome)| {
                let is_refused = read.has_reason("bad_money") || read.has_reason("bad_quantity");
                read == plain || (example.is_table() && is_refused)
            };
            let is_right = read.as_ref().is_ok_and(|read| {
                read.len() == plain.len() && read.iter().zip(&plain).all(is_right)
            });
            if !is_right {
                wrong.push(format!("{}: {column}\n{read:?}\n{plain:?}", example.name));
            }
        }
    }
    assert_none(&wrong);
}

/// The columns of the quantity, of other values per unit, and of the number of units of an order.
const QUANTITIES: [(&str, &str, &[&str], &[&str]); 21] = [
    ("advanced-order-export-csv.csv", "Quantity (- Refund)", &["Item Cost"], &[]),
    ("advanced-order-export-json.json", "Quantity (- Refund)", &["Item Cost"], &[]),
    ("airbyte.jsonl", "quantity", &["price"], &[]),
    ("amazon-csv.tsv", "quantity", &[], &[]),
    (
        "bigcommerce-json.json",
        "quantity",
        &["price_inc_tax", "price_ex_tax", "base_price"],
        &["items_total"],
    ),
    ("etsy-csv.csv", "Quantity", &["Price"], &[]),
    ("expertsender-json.json", "quantity", &["price"], &[]),
    ("fast-json.json", "quantity", &["unit_price"], &[]),
    ("magento-json.json", "qty_ordered", &["price"], &[]),
    ("matrixify-csv.csv", "Line: Quantity", &["Line: Price"], &[]),
    ("shopify-checkouts-json.json", "quantity", &["price"], &[]),
    ("shopify-csv.csv", "Lineitem quantity", &["Lineitem price"], &[]),
    ("shopify-csv.without-names.csv", "Lineitem quantity", &["Lineitem price"], &[]),
    ("shopify-json.pages.json", "quantity", &["price"], &[]),
    ("square-csv.csv", "Qty", &[], &[]),
    ("squarespace-csv.csv", "Lineitem quantity", &["Lineitem price"], &[]),
    ("tiendanube-csv.csv", "Cantidad del producto", &["Precio del producto"], &[]),
    ("webtoffee-csv.in-columns.csv", "Product Item 1 Quantity", &[], &[]),
    ("webtoffee-csv.in-rows.csv", "item_quantity", &[], &[]),
    ("wix-csv.csv", "Qty", &["Price"], &["Total order quantity"]),
    ("woocommerce-json.json", "quantity", &[], &[]),
];

/// Amounts of the same order if each unit is a fifth of what it was: `text` times a factor.
fn times(text: &str, factor: f64) -> Option<String> {
    let number: f64 = text.parse().ok()?;
    Some(format!("{}", (number * factor * 100.0).round() / 100.0))
}

#[test]
fn a_fraction_is_one_unit_of_the_lines_total_and_counted_in_every_format() {
    for (name, quantity, per_unit, counts) in QUANTITIES {
        let plain = example(name);
        let mut changed = plain.with(quantity, |text| times(text, 0.25));
        for column in per_unit {
            changed = changed.with(column, |text| times(text, 4.0));
        }
        for column in counts {
            changed = changed.with(column, |text| times(text, 0.25));
        }
        let read = changed.outcomes(&usual());
        let fractions = |outcome: &Outcome| match outcome {
            Outcome::Sent(order, notes) => {
                let is_one = order.lines.iter().any(|line| line.quantity == 1);
                assert!(notes.fractional == 0 || is_one, "{name}: {order:?}");
                let one: i64 = order
                    .lines
                    .iter()
                    .map(|line| line.price.minor() * i64::from(line.quantity))
                    .sum();
                (notes.fractional, one)
            }
            other => panic!("{name}: {other:?}"),
        };
        let goods = |outcome: &Outcome| match outcome {
            Outcome::Sent(order, _) => order
                .lines
                .iter()
                .map(|line| line.price.minor() * i64::from(line.quantity))
                .sum::<i64>(),
            other => panic!("{name}: {other:?}"),
        };
        let (mut all, mut sent) = (0, 0);
        for (read, plain) in read.iter().zip(&plain.outcomes(&usual())) {
            let (fractional, sum) = fractions(read);
            let rounding = 3;
            assert!((sum - goods(plain)).abs() <= rounding, "{name}: {read:?}\n{plain:?}");
            all += fractional;
            sent += 1;
        }
        assert!(all > 0 && sent > 0, "{name}: {all} of {sent}");
        let refuse = Policy { fractional_quantity: FractionalQuantity::Refuse, ..usual() };
        let refused = changed.outcomes(&refuse);
        assert!(refused.iter().any(|outcome| outcome.has_reason("bad_quantity")), "{name}");
    }
}
