//! From a line's fields to what is sent of it.

use super::fields::{Line, Reference};
use super::{gid, money};
use crate::domain::SourceLine;
use crate::extract::decimal;
use crate::extract::json::{Fields, Object};

/// `at_line` is where the line stands in the file.
pub fn read(line: &Line<'_>, at_line: u64, fields: &mut Fields) -> SourceLine {
    let quantity = fields.text(line.quantity, "quantity");
    let id = match reference(&line.variant, "variant", fields) {
        blank if blank.is_empty() => reference(&line.product, "product", fields),
        variant => variant,
    };
    SourceLine {
        id,
        name: fields.first([(line.name, "lineItems.name"), (line.title, "lineItems.title")]),
        unit_price: unit_price(line, &quantity, fields),
        quantity,
        discount: money::of(
            &line.total_discount_set,
            line.total_discount,
            "totalDiscountSet",
            fields,
        ),
        sku: fields.text(line.sku, "sku"),
        at_line,
        ..SourceLine::default()
    }
}

/// What one costs before discounts; where only all of them together are stated, that divided by how
/// many they are.
fn unit_price(line: &Line<'_>, quantity: &str, fields: &mut Fields) -> String {
    let price = money::of(
        &line.original_unit_price_set,
        line.original_unit_price,
        "originalUnitPriceSet",
        fields,
    );
    if !price.is_empty() {
        return price;
    }
    let total =
        money::of(&line.original_total_set, line.original_total, "originalTotalSet", fields);
    decimal::share(&total, quantity)
}

fn reference(to: &Object<Reference<'_>>, field: &'static str, fields: &mut Fields) -> String {
    let id = fields.object(to, field).and_then(|reference| reference.id);
    gid::number(fields.id(id, field))
}
