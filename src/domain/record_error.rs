use super::{ShownValue, choices, interned};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A literal of this program. A separate type name, or serde would borrow it from its input.
type FieldName = &'static str;

/// One reason why a record can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordError {
    pub reason: Reason,
    /// The field with the error: the export's name for it, or ours.
    #[serde(deserialize_with = "field_name")]
    pub field: Option<FieldName>,
    /// Line of the file, if it is after the record's first line; 0 otherwise.
    pub line: u64,
    /// The value found there. For reports only: neither the state nor a log contains it.
    pub value: ShownValue,
}

/// Reads a field's name back from temporary storage. Each is kept for the life of the process;
/// there are a few hundred at most.
fn field_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FieldName>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|name| interned(&name)))
}

impl RecordError {
    pub fn new(reason: Reason) -> Self {
        Self { reason, field: None, line: 0, value: ShownValue::default() }
    }

    pub fn of(reason: Reason, field: &'static str) -> Self {
        Self { field: Some(field), ..Self::new(reason) }
    }

    pub fn at_line(self, line: u64) -> Self {
        Self { line, ..self }
    }

    /// Adds the text that was found.
    pub fn showing(self, text: &str) -> Self {
        Self { value: ShownValue::of(self.reason, text), ..self }
    }

    /// The same reason and field.
    fn is_alike(&self, other: &Self) -> bool {
        (self.reason, self.field) == (other.reason, other.field)
    }
}

/// Adds an error unless one with the same reason and field exists.
pub fn add_once(errors: &mut Vec<RecordError>, error: RecordError) {
    if !errors.iter().any(|other| other.is_alike(&error)) {
        errors.push(error);
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "{} ({field}): {}", self.reason.word(), self.reason.meaning()),
            None => write!(f, "{}: {}", self.reason.word(), self.reason.meaning()),
        }
    }
}

choices! {
    /// Why a record is invalid; the meaning says what was expected, and what to do about it. The
    /// words are part of the interface: reports and dead letters contain them.
    pub enum Reason {
        MissingEmail "missing_email" "ActiveCampaign needs an e-mail address for every order; add it in the shop; if the export contains none at all (Etsy, Amazon, Square), name a file that does in the job's `customers`; or filter such orders with policy.missing_email = \"filter\"";
        InvalidEmail "invalid_email" "expected one e-mail address such as name@example.com; correct it in the shop";
        HashedEmail "hashed_email" "expected an e-mail address, found a hash of one; export with e-mail addresses shown";
        MissingId "missing_id" "expected an order id or number";
        BadId "bad_id" "invalid id: rewritten as a number by a spreadsheet (such as 5.37E+12 or 6885.0), too long, the text of another column, or a spreadsheet's formula; export again and don't open the file in a spreadsheet; if that is impossible, policy.order_key = \"number\" identifies orders by their number (never change it once orders are loaded: they would be loaded twice)";
        BadMoney "bad_money" "expected a decimal number such as 1234.50, not negative, without thousands separator, decimal comma or symbol; if a spreadsheet rewrote it, export again and don't save the file in a spreadsheet";
        MoneyPrecision "money_precision" "expected no digits below the currency's minor unit; policy.rounding = \"half_even\" rounds them";
        MoneyRange "money_range" "larger than the 2147483647 minor units that ActiveCampaign stores";
        UnknownCurrency "unknown_currency" "expected an ISO 4217 code such as USD; policy.currency sets the currency of orders that name none";
        BadDate "bad_date" "expected a date such as 2024-01-31 10:11:12 -0500, from 1970 on; dates changed by a spreadsheet (45384.34, 31/12/2023 10:11) are ambiguous and are rejected: export again and don't save the file in a spreadsheet; policy.default_date sets the date of orders that state none";
        BadFlag "bad_flag" "expected yes or no (true or false, 1 or 0) in a field that decides whether the order counts; correct it in the export";
        MissingRefund "missing_refund" "policy.refunds = \"net\" needs the refunded amount of a refunded order, and the export states none; export it (in Shopify's CSV the column is `Refunded Amount`), or set policy.refunds to original or skip";
        NoProducts "no_products" "expected at least one line with a product name";
        MissingProductName "missing_product_name" "expected a product name on every line";
        BadQuantity "bad_quantity" "expected a number above 0; fractions are refused with policy.fractional_quantity = \"refuse\"";
        UnknownStatus "unknown_status" "the order's status is unknown, so the order is not sent; correct it in the shop, add it to the status words of the mapping, or load every order with policy.statuses = [\"all\"]";
        Duplicate "duplicate" "the same order occurs earlier in this file and differs, and modification times do not show which is newer; the first one is used";
        RepeatedRow "repeated_row" "the order's own cells, or one of its products, are repeated on several rows, so products and repetitions can't be distinguished; export again without filling cells down, and keep only one of several dumps in a folder";
        ContradictoryRows "contradictory_rows" "the rows of the order contradict each other about the order as a whole; correct it in the shop, or export again";
        AmbiguousEmail "ambiguous_email" "the customers file has two e-mail addresses for this customer; remove one of them";
        ConflictingVersions "conflicting_versions" "this table contains several versions of the order and no extraction times that show which is the newest; export the table with its times, or deduplicated";
        MalformedRow "malformed_row" "the record does not match its format: it has another number of columns than the header, or another kind of value; look for a stray quote or a truncated line; a last line without a newline may be truncated: if the file is complete, add the newline";
        OrphanRow "orphan_row" "a product, or another part of an order, whose order row is missing or not above it; export again, unsorted and complete";
        BadEncoding "bad_encoding" "expected text in UTF-8";
        FieldTooLong "field_too_long" "the record has more rows or text than a real order; look for a stray quote";
        Truncated "truncated" "lines are missing, as they add up to less than the order states: the file was truncated or sorted, or more lines are on another page; export again";
    }
}

impl Reason {
    /// Whether the record may be incomplete, or have values in the wrong place.
    pub fn is_of_a_part(self) -> bool {
        matches!(self, Self::MalformedRow | Self::BadEncoding | Self::Truncated)
    }

    /// What is wrong with the value; `None` for reasons about several values.
    pub fn complaint(self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidEmail => "is not an e-mail address",
            Self::BadId => "is not an id",
            Self::BadMoney => "is not an amount in this format",
            Self::MoneyPrecision => "has digits below the currency's minor unit",
            Self::MoneyRange => "is too large an amount",
            Self::UnknownCurrency => "is not a currency",
            Self::BadDate => "is not a date in this format",
            Self::BadFlag => "is neither yes nor no",
            Self::BadQuantity => "is not a quantity",
            Self::UnknownStatus => "is not a known status",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_was() {
        for error in [
            RecordError::of(Reason::BadMoney, "total").at_line(7).showing("1,50"),
            RecordError::new(Reason::MalformedRow),
        ] {
            let text = serde_json::to_string(&error).unwrap();
            assert_eq!(serde_json::from_str::<RecordError>(&text).unwrap(), error, "{text}");
        }
    }
}
