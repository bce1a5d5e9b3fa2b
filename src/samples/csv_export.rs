//! Generated exports of any size in Shopify's CSV.

use super::csv_rows::{CsvRows, column};
use super::expected::{Expected, ExpectedCounter};
use super::order::{GeneratorOptions, Order, orders};
use std::io::{self, Write};

/// Text is written in chunks of about this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Writes a Shopify orders export: 79 columns, one to eight lines an order, prices in five
/// currencies, dates with the offset of New York. All orders are paid and, unless defects are asked
/// for, valid.
pub fn generate_csv(options: &GeneratorOptions, out: &mut impl Write) -> io::Result<Expected> {
    let mut rows = CsvRows::with_header();
    let mut counter = ExpectedCounter::default();
    for order in orders(options)? {
        write_order(&order, &mut rows);
        counter.add(&order);
        if rows.text.len() >= PIECE_BYTES {
            out.write_all(rows.text.as_bytes())?;
            rows.text.clear();
        }
    }
    out.write_all(rows.text.as_bytes())?;
    Ok(counter.finish(rows.count))
}

/// Sets one value in each of the named columns.
macro_rules! set {
    ($rows:ident, $($name:literal),+ => $value:expr) => {
        $($rows.set(const { column($name) }, $value);)+
    };
}

const DATE: &str = "%Y-%m-%d %H:%M:%S %z";

fn write_order(order: &Order, rows: &mut CsvRows) {
    for (index, line) in order.lines.iter().enumerate() {
        if index == 0 {
            set_order(order, rows);
        }
        set!(rows, "Name" => format_args!("#{}", 1_001 + order.index));
        set!(rows, "Email" => order.stated_email().unwrap_or_default());
        set!(rows, "Created at" => order.stated_date(DATE));
        set!(rows, "Lineitem quantity" => order.stated_quantity(index));
        set!(rows, "Lineitem name" => line.product.0);
        set!(rows, "Lineitem sku" => line.product.1);
        set!(rows, "Lineitem price" => order.amount(line.price));
        set!(rows, "Lineitem requires shipping", "Lineitem taxable" => "true");
        set!(rows, "Lineitem fulfillment status" => "fulfilled");
        set!(rows, "Lineitem discount" => order.amount(0));
        set!(rows, "Vendor" => "Sample Tea House");
        rows.end_row();
    }
}

fn set_order(order: &Order, rows: &mut CsvRows) {
    set!(rows, "Financial Status" => "paid");
    set!(rows, "Fulfillment Status" => "fulfilled");
    set!(rows, "Paid at" => order.stated_date(DATE));
    let accepts = if order.customer.is_multiple_of(3) { "yes" } else { "no" };
    set!(rows, "Accepts Marketing" => accepts);
    set!(rows, "Currency" => order.stated_currency());
    set!(rows, "Subtotal" => order.amount(order.subtotal));
    set!(rows, "Shipping" => order.amount(order.shipping));
    set!(rows, "Taxes" => order.amount(order.tax));
    set!(rows, "Total" => order.stated_total());
    if order.discount > 0 {
        set!(rows, "Discount Code" => "WELCOME10");
    }
    set!(rows, "Discount Amount" => order.amount(order.discount));
    set!(rows, "Shipping Method" => "Standard");
    set_addresses(order, rows);
    set!(rows, "Payment Method" => "Card");
    set_unused(order, rows);
    set!(rows, "Refunded Amount", "Outstanding Balance" => order.amount(0));
    set!(rows, "Id" => order.id());
    set!(rows, "Risk Level" => "Low");
    set!(rows, "Source" => "web");
    if order.index % 16 == 7 {
        set!(rows, "Notes" => "Please ring twice,\nthe \"upper\" bell");
    }
}

/// Fields that the loader does not read; without them a row would be shorter than those of a real
/// shop.
fn set_unused(order: &Order, rows: &mut CsvRows) {
    set!(rows, "Fulfilled at" => order.stated_date(DATE));
    let payment = format!("sample-{:020}", order.index);
    set!(rows, "Payment Reference", "Payment References", "Payment ID" => &payment);
    let phone = format!("+1 555 01{:02}", order.customer % 100);
    set!(rows, "Billing Phone", "Shipping Phone", "Phone" => &phone);
    set!(rows, "Tags" => "newsletter, returning");
    set!(rows, "Note Attributes" => "delivery: doorstep; wrapped: no");
    set!(rows, "Tax 1 Name" => "Sample Tax 8.25%");
    set!(rows, "Tax 1 Value" => order.amount(order.tax));
}

fn set_addresses(order: &Order, rows: &mut CsvRows) {
    let number = order.customer % 200 + 1;
    let street = format!("{number} Sample Street");
    set!(rows, "Billing Name", "Shipping Name" => format_args!("Buyer {}", order.customer));
    set!(rows, "Billing Street", "Shipping Street" => format_args!("{street}, Back door"));
    set!(rows, "Billing Address1", "Shipping Address1" => &street);
    set!(rows, "Billing City", "Shipping City" => "Sampletown");
    set!(rows, "Billing Zip", "Shipping Zip" => "'00000");
    set!(rows, "Billing Province", "Shipping Province" => "NY");
    set!(rows, "Billing Province Name", "Shipping Province Name" => "New York");
    set!(rows, "Billing Country", "Shipping Country" => "US");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn made(options: &GeneratorOptions) -> (String, Expected) {
        let mut bytes = Vec::new();
        let expected = generate_csv(options, &mut bytes).unwrap();
        (String::from_utf8(bytes).unwrap(), expected)
    }

    fn options(orders: u64) -> GeneratorOptions {
        GeneratorOptions { orders, seed: 7, ..GeneratorOptions::default() }
    }

    /// The first rows of orders, each cell by its column.
    fn firsts(text: &str) -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(Result::unwrap);
        rows.filter(|row| !row[const { column("Total") }].is_empty()).collect()
    }

    #[test]
    fn the_same_options_give_the_same_bytes() {
        let many = GeneratorOptions {
            defects_permille: 100,
            changed_permille: 50,
            extra_orders: 10,
            ..options(300)
        };
        assert_eq!(made(&many), made(&many));
        assert_ne!(made(&many).0, made(&GeneratorOptions { seed: 8, ..many }).0);
    }

    #[test]
    fn amounts_add_up_and_the_truth_is_what_the_file_says() {
        let (text, expected) = made(&options(2_000));
        let mut emails = HashSet::new();
        let mut usd = 0;
        for row in firsts(&text) {
            let minor = |at: usize| row[at].replace('.', "").parse::<u64>().unwrap();
            let on_top = if &row[const { column("Currency") }] == "USD" {
                minor(const { column("Taxes") })
            } else {
                0
            };
            let parts =
                minor(const { column("Subtotal") }) + minor(const { column("Shipping") }) + on_top;
            assert_eq!(parts, minor(const { column("Total") }), "{}", &row[0]);
            if &row[const { column("Currency") }] == "USD" {
                usd += minor(const { column("Total") });
            }
            emails.insert(row[1].to_owned());
        }
        assert_eq!(expected.totals["USD"].minor_units, usd);
        assert_eq!(expected.customers, emails.len() as u64);
        assert_eq!((expected.orders, expected.valid), (2_000, 2_000));
        assert_eq!(expected.lines, expected.rows);
        assert!((3_800..4_200).contains(&expected.lines), "two lines an order, {}", expected.lines);
        assert!(
            (1_120..1_280).contains(&expected.customers),
            "six customers in ten orders, {}",
            expected.customers
        );
        assert_eq!(expected.totals.len(), 5);
        assert!(expected.first_order.unwrap().starts_with("2019-01-"));
        assert_eq!(expected.last_order.unwrap(), "2026-10-29T21:44:10-04:00");
    }

    #[test]
    fn the_next_day_changes_the_stated_number_of_totals_and_nothing_else() {
        let before = made(&options(1_000)).0;
        let (after, expected) =
            made(&GeneratorOptions { changed_permille: 20, extra_orders: 15, ..options(1_000) });
        let (before, after) = (firsts(&before), firsts(&after));
        assert_eq!(after.len(), 1_015);
        let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        assert_eq!(changed as u64, expected.changed);
        assert!((8..40).contains(&changed), "{changed}");
        let at = const { column("Total") };
        assert_eq!(before.iter().zip(&after).filter(|(a, b)| a[at] != b[at]).count(), changed);
    }

    #[test]
    fn defects_are_counted_by_reason() {
        let (_, expected) = made(&GeneratorOptions { defects_permille: 100, ..options(2_000) });
        let invalid: u64 = expected.invalid.values().sum();
        assert_eq!(expected.valid + invalid, expected.orders);
        assert_eq!(expected.invalid.len(), 6);
        assert!((140..260).contains(&invalid), "{invalid}");
    }
}
