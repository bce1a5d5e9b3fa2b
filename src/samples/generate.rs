//! Generated exports of any size, with the truth about them.

use super::deal::{Deal, Defect};
use super::sheet::{Decimal, Sheet, column};
use super::truth::{Seen, Truth};
use jiff::tz::TimeZone;
use std::io::{self, Write};

/// What to generate. The same options give the same bytes; the order of an index is the same for
/// the same `orders` and `seed`, whatever the other options say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generated {
    pub orders: u64,
    pub seed: u64,
    /// Orders with a defect, of a thousand.
    pub defects_permille: u16,
    /// Orders whose total differs from an export with 0 here, of a thousand: the export of the next
    /// day.
    pub changed_permille: u16,
    /// New orders after the others.
    pub extra_orders: u64,
}

/// Text is handed on in pieces of about this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Writes a Shopify orders export: 79 columns, one to eight lines an order, prices in five
/// currencies, dates with the offset of New York. All orders are paid and, unless defects are asked
/// for, valid.
///
/// # Errors
/// Those of `out`.
pub fn generate(options: &Generated, out: &mut impl Write) -> io::Result<Truth> {
    let zone = TimeZone::get("America/New_York").map_err(io::Error::other)?;
    let mut sheet = Sheet::with_header();
    let mut truth = Truth::default();
    let mut seen = Seen::none();
    for index in 0..options.orders.saturating_add(options.extra_orders) {
        let deal = Deal::new(options, index, &zone);
        write_order(&deal, &mut sheet);
        count(&deal, &mut truth, &mut seen);
        if sheet.text.len() >= PIECE_BYTES {
            out.write_all(sheet.text.as_bytes())?;
            sheet.text.clear();
        }
    }
    out.write_all(sheet.text.as_bytes())?;
    truth.customers = seen.count;
    truth.rows = sheet.rows;
    Ok(truth)
}

pub(super) fn count(deal: &Deal, truth: &mut Truth, seen: &mut Seen) {
    truth.orders += 1;
    if let Some(defect) = deal.defect {
        *truth.invalid.entry(defect.reason()).or_default() += 1;
        return;
    }
    truth.valid += 1;
    truth.changed += u64::from(deal.is_changed);
    truth.lines += deal.lines.len() as u64;
    seen.add(deal.customer);
    let sum = truth.totals.entry(deal.money.code).or_default();
    sum.orders += 1;
    sum.minor_units += deal.total;
    // Orders are dealt from the oldest to the newest.
    let placed = || deal.placed.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    truth.first_order.get_or_insert_with(placed);
    truth.last_order = Some(placed());
}

fn write_order(deal: &Deal, sheet: &mut Sheet) {
    for (index, line) in deal.lines.iter().enumerate() {
        if index == 0 {
            set_order(deal, sheet);
        }
        sheet.set(const { column("Name") }, format_args!("#{}", 1_001 + deal.index));
        set_email(deal, sheet);
        set_date(deal, const { column("Created at") }, sheet);
        match deal.defect == Some(Defect::BadQuantity) && index == 0 {
            true => sheet.set(const { column("Lineitem quantity") }, "1.5"),
            false => sheet.set(const { column("Lineitem quantity") }, line.quantity),
        }
        sheet.set(const { column("Lineitem name") }, line.product.0);
        sheet.set(const { column("Lineitem sku") }, line.product.1);
        sheet.set(const { column("Lineitem price") }, amount(deal, line.price));
        sheet.set(const { column("Lineitem requires shipping") }, "true");
        sheet.set(const { column("Lineitem taxable") }, "true");
        sheet.set(const { column("Lineitem fulfillment status") }, "fulfilled");
        sheet.set(const { column("Lineitem discount") }, amount(deal, 0));
        sheet.set(const { column("Vendor") }, "Sample Tea House");
        sheet.end_row();
    }
}

fn set_order(deal: &Deal, sheet: &mut Sheet) {
    sheet.set(const { column("Financial Status") }, "paid");
    sheet.set(const { column("Fulfillment Status") }, "fulfilled");
    set_date(deal, const { column("Paid at") }, sheet);
    let accepts = if deal.customer.is_multiple_of(3) { "yes" } else { "no" };
    sheet.set(const { column("Accepts Marketing") }, accepts);
    match deal.defect {
        Some(Defect::BadCurrency) => sheet.set(const { column("Currency") }, "XQZ"),
        _ => sheet.set(const { column("Currency") }, deal.money.code),
    }
    sheet.set(const { column("Subtotal") }, amount(deal, deal.subtotal));
    sheet.set(const { column("Shipping") }, amount(deal, deal.shipping));
    sheet.set(const { column("Taxes") }, amount(deal, deal.tax));
    match deal.defect {
        Some(Defect::BadTotal) => sheet.set(const { column("Total") }, "1.234,50"),
        _ => sheet.set(const { column("Total") }, amount(deal, deal.total)),
    }
    if deal.discount > 0 {
        sheet.set(const { column("Discount Code") }, "WELCOME10");
    }
    sheet.set(const { column("Discount Amount") }, amount(deal, deal.discount));
    sheet.set(const { column("Shipping Method") }, "Standard");
    set_addresses(deal, sheet);
    sheet.set(const { column("Payment Method") }, "Card");
    set_trimmings(deal, sheet);
    sheet.set(const { column("Refunded Amount") }, amount(deal, 0));
    sheet.set(const { column("Outstanding Balance") }, amount(deal, 0));
    let id = 5_400_000_000_000 + deal.index * 1_024;
    sheet.set(const { column("Id") }, id);
    sheet.set(const { column("Risk Level") }, "Low");
    sheet.set(const { column("Source") }, "web");
    if deal.index % 16 == 7 {
        sheet.set(const { column("Notes") }, "Please ring twice,\nthe \"upper\" bell");
    }
}

/// What an export holds besides and a loader has no use for; without it a row would be thinner than
/// a shop's are.
fn set_trimmings(deal: &Deal, sheet: &mut Sheet) {
    set_date(deal, const { column("Fulfilled at") }, sheet);
    let payment = [const { column("Payment Reference") }, const { column("Payment References") }];
    for at in [payment[0], payment[1], const { column("Payment ID") }] {
        sheet.set(at, format_args!("sample-{:020}", deal.index));
    }
    for at in [
        const { column("Billing Phone") },
        const { column("Shipping Phone") },
        const { column("Phone") },
    ] {
        sheet.set(at, format_args!("+1 555 01{:02}", deal.customer % 100));
    }
    sheet.set(const { column("Tags") }, "newsletter, returning");
    sheet.set(const { column("Note Attributes") }, "delivery: doorstep; wrapped: no");
    sheet.set(const { column("Tax 1 Name") }, "Sample Tax 8.25%");
    sheet.set(const { column("Tax 1 Value") }, amount(deal, deal.tax));
}

fn set_addresses(deal: &Deal, sheet: &mut Sheet) {
    let number = deal.customer % 200 + 1;
    for at in [const { column("Billing Name") }, const { column("Shipping Name") }] {
        sheet.set(at, format_args!("Buyer {}", deal.customer));
    }
    for at in [const { column("Billing Street") }, const { column("Shipping Street") }] {
        sheet.set(at, format_args!("{number} Sample Street, Back door"));
    }
    for at in [const { column("Billing Address1") }, const { column("Shipping Address1") }] {
        sheet.set(at, format_args!("{number} Sample Street"));
    }
    for at in [const { column("Billing City") }, const { column("Shipping City") }] {
        sheet.set(at, "Sampletown");
    }
    for at in [const { column("Billing Zip") }, const { column("Shipping Zip") }] {
        sheet.set(at, "'00000");
    }
    for at in [const { column("Billing Province") }, const { column("Shipping Province") }] {
        sheet.set(at, "NY");
    }
    for at in
        [const { column("Billing Province Name") }, const { column("Shipping Province Name") }]
    {
        sheet.set(at, "New York");
    }
    for at in [const { column("Billing Country") }, const { column("Shipping Country") }] {
        sheet.set(at, "US");
    }
}

fn set_email(deal: &Deal, sheet: &mut Sheet) {
    let customer = deal.customer;
    let domain = ["example.com", "example.org", "example.net"][(customer % 3) as usize];
    let at = const { column("Email") };
    match deal.defect {
        Some(Defect::NoEmail) => {}
        Some(Defect::BadEmail) => sheet.set(at, format_args!("buyer{customer} at {domain}")),
        _ => sheet.set(at, format_args!("buyer{customer}@{domain}")),
    }
}

fn set_date(deal: &Deal, at: usize, sheet: &mut Sheet) {
    match deal.defect {
        Some(Defect::BadDate) => sheet.set(at, deal.placed.strftime("%d/%m/%Y %H:%M")),
        _ => sheet.set(at, deal.placed.strftime("%Y-%m-%d %H:%M:%S %z")),
    }
}

fn amount(deal: &Deal, minor: u64) -> Decimal {
    Decimal { minor, digits: deal.money.digits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn made(options: &Generated) -> (String, Truth) {
        let mut bytes = Vec::new();
        let truth = generate(options, &mut bytes).unwrap();
        (String::from_utf8(bytes).unwrap(), truth)
    }

    fn options(orders: u64) -> Generated {
        Generated { orders, seed: 7, ..Generated::default() }
    }

    /// The first rows of orders, each cell by its column.
    fn firsts(text: &str) -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(Result::unwrap);
        rows.filter(|row| !row[const { column("Total") }].is_empty()).collect()
    }

    #[test]
    fn the_same_options_give_the_same_bytes() {
        let many = Generated {
            defects_permille: 100,
            changed_permille: 50,
            extra_orders: 10,
            ..options(300)
        };
        assert_eq!(made(&many), made(&many));
        assert_ne!(made(&many).0, made(&Generated { seed: 8, ..many }).0);
    }

    #[test]
    fn amounts_add_up_and_the_truth_is_what_the_file_says() {
        let (text, truth) = made(&options(2_000));
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
        assert_eq!(truth.totals["USD"].minor_units, usd);
        assert_eq!(truth.customers, emails.len() as u64);
        assert_eq!((truth.orders, truth.valid), (2_000, 2_000));
        assert_eq!(truth.lines, truth.rows);
        assert!((3_800..4_200).contains(&truth.lines), "two lines an order, {}", truth.lines);
        assert!(
            (1_120..1_280).contains(&truth.customers),
            "six customers in ten orders, {}",
            truth.customers
        );
        assert_eq!(truth.totals.len(), 5);
        assert!(truth.first_order.unwrap().starts_with("2019-01-"));
        assert_eq!(truth.last_order.unwrap(), "2026-10-29T21:44:10-04:00");
    }

    #[test]
    fn the_next_day_changes_as_many_totals_as_it_says_and_nothing_else() {
        let before = made(&options(1_000)).0;
        let (after, truth) =
            made(&Generated { changed_permille: 20, extra_orders: 15, ..options(1_000) });
        let (before, after) = (firsts(&before), firsts(&after));
        assert_eq!(after.len(), 1_015);
        let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        assert_eq!(changed as u64, truth.changed);
        assert!((8..40).contains(&changed), "{changed}");
        let at = const { column("Total") };
        assert_eq!(before.iter().zip(&after).filter(|(a, b)| a[at] != b[at]).count(), changed);
    }

    #[test]
    fn defects_are_counted_by_reason() {
        let (_, truth) = made(&Generated { defects_permille: 100, ..options(2_000) });
        let invalid: u64 = truth.invalid.values().sum();
        assert_eq!(truth.valid + invalid, truth.orders);
        assert_eq!(truth.invalid.len(), 6);
        assert!((140..260).contains(&invalid), "{invalid}");
    }
}
