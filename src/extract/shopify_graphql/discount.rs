//! What each code took off, added up from the lines it took it off.

use super::fields::{Allocation, Line, ShippingLine};
use super::money;
use crate::domain::SourceDiscount;
use crate::extract::json::Fields;

/// What the codes took off a line. An order states its codes without amounts, so where its lines do
/// not tell what each took, nothing can be told.
pub fn of_line(line: &Line<'_>, fields: &mut Fields) -> Vec<SourceDiscount> {
    let allocations = line.discount_allocations.items("discountAllocations", fields);
    allocations.into_iter().filter_map(|one| share(one, false, fields)).collect()
}

/// What the codes took off the shipping.
pub fn of_shipping(line: &ShippingLine<'_>, fields: &mut Fields) -> Vec<SourceDiscount> {
    let allocations = line.discount_allocations.items("discountAllocations", fields);
    allocations.into_iter().filter_map(|one| share(one, true, fields)).collect()
}

fn share(
    allocation: &Allocation<'_>,
    of_shipping: bool,
    fields: &mut Fields,
) -> Option<SourceDiscount> {
    let application = fields.object(&allocation.discount_application, "discountAllocations");
    let name =
        fields.text(application.and_then(|application| application.code), "discountAllocations");
    let amount = money::of_set(&allocation.allocated_amount_set, "discountAllocations", fields);
    (!name.is_empty() && !amount.is_empty()).then_some(SourceDiscount { name, amount, of_shipping })
}
