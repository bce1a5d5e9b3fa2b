//! Cells that hold several values, such as `code:save10|amount:5.13;code:five-off|amount:5.00`.
//! Nothing is escaped, so a name may contain the separators: an ambiguous cell is not read.

use crate::domain::{SourceDiscount, SourceLine, Text};
use crate::extract::blank;
use crate::extract::decimal;
use crate::extract::woocommerce::words::id;

/// Reads `name:…|product_id:…|sku:…|quantity:…|total:…|sub_total:…`, optionally with further
/// fields, up to the metadata that contain the variation. A name may contain bars: the fields after
/// it are recognised by their form.
pub fn line(cell: &str) -> Option<SourceLine> {
    let rest = cell.strip_prefix("name:")?;
    let (name, rest) = split_once(rest, |from| {
        let product = until_bar(from.strip_prefix("|product_id:")?);
        is_count(product).then_some(())?;
        from.get("|product_id:".len() + product.len()..)?
            .starts_with("|sku:")
            .then_some("|product_id:".len())
    })?;
    let (product, rest) = rest.split_once("|sku:")?;
    let (sku, rest) = split_once(rest, |from| {
        let numbers = from.strip_prefix("|quantity:")?;
        amounts(numbers).is_some().then_some("|quantity:".len())
    })?;
    let (quantity, subtotal, meta) = amounts(rest)?;
    let variation = variation(meta);
    Some(SourceLine {
        id: id(variation.unwrap_or(product).into()),
        name: name.trim().into(),
        quantity: quantity.into(),
        total: subtotal.into(),
        sku: blank::value(sku.trim()).into(),
        ..SourceLine::default()
    })
}

/// Quantity, subtotal, and the rest.
fn amounts(text: &str) -> Option<(&str, &str, &str)> {
    let quantity = until_bar(text);
    let rest = text.get(quantity.len()..)?.strip_prefix("|total:")?;
    let total = until_bar(rest);
    let rest = rest.get(total.len()..)?.strip_prefix("|sub_total:")?;
    let subtotal = until_bar(rest);
    let are_numbers = [quantity, total, subtotal].iter().all(|text| is_number(text));
    are_numbers.then_some((quantity, subtotal, rest.get(subtotal.len()..)?))
}

/// The variation's id, if the metadata contain exactly one.
fn variation(meta: &str) -> Option<&str> {
    let mut all = meta.split("|_variation_id:").skip(1).map(until_bar);
    let first = all.next().filter(|id| is_count(id) && !id.is_empty() && *id != "0")?;
    all.next().is_none().then_some(first)
}

/// The coupons, each with the amount deducted.
pub fn coupons(cell: &str) -> Option<Vec<SourceDiscount>> {
    if cell.is_empty() {
        return Some(Vec::new());
    }
    let mut discounts = Vec::new();
    for coupon in cell.strip_prefix("code:")?.split(";code:") {
        let (name, amount) = coupon.rsplit_once("|amount:")?;
        is_number(amount).then_some(())?;
        let name = Some(blank::value(name)).filter(|name| !name.is_empty()).unwrap_or("Discount");
        discounts.push(SourceDiscount {
            name: name.into(),
            amount: amount.into(),
            of_shipping: false,
        });
    }
    Some(discounts)
}

/// The sum of the refunds; blank without any. A reason is free text, so a refund ends at its date.
pub fn refunded(cell: &str) -> Option<Text> {
    let mut amounts = Vec::new();
    let mut rest = cell;
    while !rest.is_empty() {
        let (amount, after) = rest.strip_prefix("amount:")?.split_once("|reason:")?;
        is_number(amount).then_some(())?;
        amounts.push(amount.into());
        let ends = |(at, _): &(usize, &str)| ends_in_date(&after[..*at]);
        rest = match after.match_indices(";amount:").find(ends) {
            Some((at, _)) => after.get(at + 1..)?,
            None if ends_in_date(after) => "",
            None => return None,
        };
    }
    Some(decimal::sum_reductions(amounts))
}

fn ends_in_date(text: &str) -> bool {
    let date = text.rsplit_once("|date:").map_or("", |(_, date)| date);
    !date.is_empty() && date.bytes().all(|b| b.is_ascii_digit() || b"-: T".contains(&b))
}

/// Splits at the one bar for which `len_at` returns the length of the separator; `None` if there is
/// none, or more than one.
fn split_once(text: &str, len_at: impl Fn(&str) -> Option<usize>) -> Option<(&str, &str)> {
    let mut found = text.match_indices('|').filter_map(|(at, _)| Some((at, len_at(&text[at..])?)));
    let (at, len) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    Some((&text[..at], &text[at + len..]))
}

fn until_bar(text: &str) -> &str {
    text.split('|').next().unwrap_or_default()
}

/// Digits, or nothing.
fn is_count(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !whole.is_empty() && is_count(whole) && is_count(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields_of(cell: &str) -> Option<[Text; 5]> {
        line(cell).map(|line| [line.name, line.id, line.sku, line.quantity, line.total])
    }

    #[test]
    fn a_line_is_read_whatever_signs_its_name_holds() {
        let cell = r#"name:Cup | "Nr; 1"|product_id:11|sku:CUP,11|quantity:2|total:22.50|sub_total:25.00|tax:2.22|tax_data:{"total":{"1":"2.2"}}|refunded:12.50"#;
        assert_eq!(fields_of(cell).unwrap(), ["Cup | \"Nr; 1\"", "11", "CUP,11", "2", "25.00"]);
        let bare = "name:Pin|product_id:14|sku:|quantity:1|total:0.00|sub_total:0.00";
        assert_eq!(fields_of(bare).unwrap(), ["Pin", "14", "", "1", "0.00"]);
        let unstated = bare.replace("sku:", "sku:nan");
        assert_eq!(fields_of(&unstated), fields_of(bare));
        let barred =
            "name:A|product_id:x|B|product_id:9|sku:S|T|quantity:3|total:21.999|sub_total:21.999";
        assert_eq!(fields_of(barred).unwrap(), ["A|product_id:x|B", "9", "S|T", "3", "21.999"]);
    }

    #[test]
    fn a_variation_is_the_product_that_was_bought() {
        let cell = "name:Hat - M|product_id:16|sku:H-M|quantity:1|total:39.95|sub_total:39.95|tax:7.59|meta:size:M";
        assert_eq!(fields_of(&format!("{cell}|_variation_id:17")).unwrap()[1], "17");
        assert_eq!(fields_of(&format!("{cell}|_variation_id:0")).unwrap()[1], "16");
        assert_eq!(
            fields_of(&format!("{cell}|_variation_id:17|_variation_id:18")).unwrap()[1],
            "16"
        );
        assert_eq!(
            fields_of("name:Gone|product_id:0|sku:|quantity:1|total:5|sub_total:5").unwrap()[1],
            ""
        );
    }

    #[test]
    fn a_line_that_could_be_read_in_two_ways_is_not_read() {
        let item = "product_id:1|sku:S|quantity:1|total:1.00|sub_total:1.00";
        for bad in [
            "",
            "name:A",
            "name:A|product_id:1|sku:S|quantity:1",
            "name:A|product_id:1|sku:S|quantity:one|total:1.00|sub_total:1.00",
            "name:A|product_id:1|sku:S|quantity:1|total:1.00|sub_total:1,00",
            &format!("name:A|{item}|meta:{item}"),
            &format!("name:A|{item}|{item}"),
        ] {
            assert_eq!(fields_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn coupons_and_refunds_are_distinguished_by_their_form() {
        let named = |cell| {
            coupons(cell).map(|all| all.into_iter().map(|d| (d.name, d.amount)).collect::<Vec<_>>())
        };
        let pair = |name: &str, amount: &str| (Text::from(name), Text::from(amount));
        assert_eq!(
            named("code:save10|amount:5.13;code:five;off|amount:5.00"),
            Some(vec![pair("save10", "5.13"), pair("five;off", "5.00")])
        );
        assert_eq!(named("code:NULL|amount:1.00"), Some(vec![pair("Discount", "1.00")]));
        assert_eq!(named(""), Some(vec![]));
        for bad in ["save10", "code:save10", "code:save10|amount:", "code:a|amount:1;b"] {
            assert_eq!(named(bad), None, "{bad}");
        }
        let date = "|date:2026-11-21 21:05:00";
        assert_eq!(refunded("").as_deref(), Some(""));
        assert_eq!(refunded(&format!("amount:21.76|reason:{date}")).as_deref(), Some("21.76"));
        let tricky = format!(
            "amount:21.76|reason:was \"bad\";amount:9.99|reason:x{date};amount:2.00|reason:kind{date}"
        );
        assert_eq!(refunded(&tricky).as_deref(), Some("23.76"));
        for bad in
            ["21.76", "amount:21.76", "amount:x|reason:|date:2026-11-21", "amount:1|reason:cut"]
        {
            assert_eq!(refunded(bad), None, "{bad}");
        }
    }
}
