//! Values of a whole order that are on several of its rows: once, or the same on each.

use super::amounts::AmountForm;
use super::cells::Values;
use super::profile::CellNames;
use crate::domain::{Reason, Text};
use crate::extract::decimal::parse_signed;

/// The text that these agree on; blank ones are ignored.
///
/// # Errors
/// If two differ, or a cell can't be read.
pub fn agreed(cells: &CellNames, carriers: &[&dyn Values]) -> Result<Text, Reason> {
    agreed_of(carriers.iter().map(|carrier| cells.text(*carrier)))
}

/// As [`agreed`], of texts.
pub fn agreed_of(texts: impl Iterator<Item = Result<Text, Reason>>) -> Result<Text, Reason> {
    let mut agreed = Text::default();
    for text in texts {
        let text = text?;
        if agreed.is_empty() {
            agreed = text;
        } else if !text.is_empty() && text != agreed {
            return Err(Reason::ContradictoryRows);
        }
    }
    Ok(agreed)
}

/// The amount that these agree on. With `may_be_zero` some may be zero, as where an amount of the
/// order is only on one of its rows.
///
/// # Errors
/// If two differ, or one is not in the declared form.
pub fn agreed_amount(
    cells: &CellNames,
    carriers: &[&dyn Values],
    form: &AmountForm,
    may_be_zero: bool,
) -> Result<Text, Reason> {
    let mut agreed = Text::default();
    for carrier in carriers {
        let plain = form.plain(&cells.text(*carrier)?).ok_or(Reason::BadMoney)?;
        if plain.is_empty() || plain == agreed {
            continue;
        }
        let is_zero = |plain: &str| parse_signed(plain) == Some(0);
        if agreed.is_empty() || (may_be_zero && is_zero(&agreed)) {
            agreed = plain;
        } else if parse_signed(&plain) != parse_signed(&agreed) && !(may_be_zero && is_zero(&plain))
        {
            return Err(Reason::ContradictoryRows);
        }
    }
    Ok(agreed)
}
