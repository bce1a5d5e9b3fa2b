//! From a row, a part of a cell or an object to a line of an order.

use super::cells::Values;
use super::profile::{Field, LineField, Profile};
use crate::domain::{Reason, RecordError, SourceLine, Text};
use crate::extract::order_errors::OrderErrors;

/// Whether it names a product by any of its cells.
pub fn is_line(profile: &Profile, values: &dyn Values) -> bool {
    use LineField as F;
    [F::Name, F::UnitPrice, F::Total, F::Quantity, F::Sku].iter().any(|field| {
        matches!(profile.line_field(*field), Some(Field::Cells(cells)) if cells.text(values) != Ok(Text::default()))
    })
}

/// The line; its errors are added to `faults`.
pub fn line(
    profile: &Profile,
    values: &dyn Values,
    at_line: u64,
    faults: &mut OrderErrors,
) -> SourceLine {
    let mut reading = LineReading { profile, values, at_line, faults };
    let mut line = SourceLine {
        id: reading.text(LineField::Id),
        name: reading.text(LineField::Name),
        variant: reading.text(LineField::Variant),
        quantity: reading.number(LineField::Quantity, Reason::BadQuantity),
        unit_price: reading.number(LineField::UnitPrice, Reason::BadMoney),
        discount: reading.number(LineField::Discount, Reason::BadMoney),
        sku: reading.text(LineField::Sku),
        category: reading.text(LineField::Category),
        image_url: reading.text(LineField::ImageUrl),
        product_url: reading.text(LineField::ProductUrl),
        at_line,
        ..SourceLine::default()
    };
    if line.unit_price.is_empty() {
        line.total = reading.number(LineField::Total, Reason::BadMoney);
    }
    line
}

struct LineReading<'a> {
    profile: &'a Profile,
    values: &'a dyn Values,
    at_line: u64,
    faults: &'a mut OrderErrors,
}

impl LineReading<'_> {
    fn text(&mut self, field: LineField) -> Text {
        let read = match self.profile.line_field(field) {
            None | Some(Field::Sum(_)) => return Text::default(),
            Some(Field::Constant(text)) => return text.clone(),
            Some(Field::Cells(cells)) => cells.text(self.values),
        };
        read.unwrap_or_else(|reason| {
            self.faults.add(reason, field.shown(), self.at_line);
            Text::default()
        })
    }

    /// A number as the export writes amounts.
    fn number(&mut self, field: LineField, reason: Reason) -> Text {
        let text = self.text(field);
        self.profile.form.plain(&text).unwrap_or_else(|| {
            let fault = RecordError::of(reason, field.shown()).showing(&text);
            self.faults.push(fault, self.at_line);
            Text::default()
        })
    }
}
