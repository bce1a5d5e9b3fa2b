//! Cells of Fivetran that are not plain text.

use crate::domain::{Moment, Reason, Text};
use crate::extract::cells::{Cells, Column};
use crate::extract::json::Tree;
use compact_str::format_compact;

/// An amount, which some warehouses store as the JSON of the API's response.
pub fn amount(cells: &mut Cells<'_>, column: &Column) -> Text {
    let text = cells.text(column);
    if !text.starts_with('{') {
        return text;
    }
    let amount = shop_money(&text);
    if amount.is_none() {
        cells.fault(Reason::MalformedRow, column);
    }
    amount.unwrap_or_default()
}

/// A date in UTC, as all are here; one that states its offset keeps it.
pub fn moment(cells: &mut Cells<'_>, column: &Column) -> Text {
    let text = cells.text(column);
    let has_time = text.contains(':');
    let is_bare = has_time && !Moment::states_offset(&text);
    if is_bare { format_compact!("{text} +0000") } else { text }
}

/// The shop's money of `{"shop_money": {"amount": "3.00", …}, …}`, unchanged.
fn shop_money(json: &str) -> Option<Text> {
    let set = Tree::parse(json).ok()?;
    let amount = set.root().get("shop_money").ok()??.get("amount").ok()??;
    let text = amount.text().ok()?.into_owned();
    (!amount.is_null()).then_some(text.into())
}
