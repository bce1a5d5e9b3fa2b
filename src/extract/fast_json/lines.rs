//! The lines of an order.

use super::fields::{Line, Node};
use crate::domain::SourceLine;
use crate::extract::decimal;
use crate::extract::json::Fields;

/// The lines that stand on their own. A shop on Magento states a product with a choice as two: the
/// product with its price, and after it the article chosen for nothing, under the product's name
/// and the choice (`Tee`, `Tee-XS-Orange`). The second is not a line of its own; a gift under
/// another name is.
pub fn lines(stated: &Node<'_>, at_line: u64, fields: &mut Fields) -> Vec<SourceLine> {
    let mut lines: Vec<SourceLine> = Vec::new();
    for line in fields.list(&stated.lines, "lines") {
        let line = line_of(line, at_line, fields);
        if !lines.last().is_some_and(|parent| is_choice(parent, &line)) {
            lines.push(line);
        }
    }
    lines
}

fn is_choice(parent: &SourceLine, line: &SourceLine) -> bool {
    let choice = line.name.strip_prefix(parent.name.as_str());
    let is_named_after =
        !parent.name.is_empty() && choice.is_some_and(|choice| choice.starts_with('-'));
    is_named_after
        && is_zero(&line.unit_price)
        && !is_zero(&parent.unit_price)
        && line.quantity == parent.quantity
}

fn is_zero(amount: &str) -> bool {
    decimal::parse(amount) == Some(0)
}

fn line_of(line: &Line<'_>, at_line: u64, fields: &mut Fields) -> SourceLine {
    let product = fields.id(line.external_product_id, "external_product_id");
    let quantity = fields.text(line.quantity, "quantity");
    let stated = fields.text(line.unit_price, "unit_price");
    SourceLine {
        id: match product.is_empty() {
            true => fields.id(line.external_variant_id, "external_variant_id"),
            false => product,
        },
        name: fields.first([(line.name, "lines.name"), (line.description, "lines.description")]),
        // Where only what all of them cost is stated, the share of one is taken later.
        total: match stated.is_empty() {
            true => fields.text(line.subtotal_amount, "subtotal_amount"),
            false => String::new(),
        },
        unit_price: stated,
        quantity,
        discount: fields.text(line.line_discount_amount, "line_discount_amount"),
        image_url: fields.text(line.image_url, "image_url"),
        at_line,
        ..SourceLine::default()
    }
}
