use super::choices;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A literal of this program. A type of its own name, or serde would borrow it from its input.
type FieldName = &'static str;

/// One reason why a record can't be sent. Contains no value of the record: the position says where
/// to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordError {
    pub reason: Reason,
    /// The field at fault: the export's name for it, or ours.
    #[serde(deserialize_with = "field_name")]
    pub field: Option<FieldName>,
    /// Line of the file, if it is a later one than the record's first; 0 otherwise.
    pub line: u64,
}

/// Reads a field's name back from temporary storage. Each is kept for the life of the process; there
/// are a few hundred at most.
fn field_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FieldName>, D::Error> {
    static NAMES: Mutex<BTreeSet<FieldName>> = Mutex::new(BTreeSet::new());
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = names.get(name.as_str()).copied();
    Ok(Some(known.unwrap_or_else(|| {
        let name: FieldName = name.leak();
        names.insert(name);
        name
    })))
}

impl RecordError {
    pub fn new(reason: Reason) -> Self {
        Self { reason, field: None, line: 0 }
    }

    pub fn of(reason: Reason, field: &'static str) -> Self {
        Self { reason, field: Some(field), line: 0 }
    }

    pub fn at_line(self, line: u64) -> Self {
        Self { line, ..self }
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
        MissingEmail "missing_email" "the target needs an address for every order; add it in the shop; where the export has no addresses at all (Etsy, Amazon, Square), name a file that has them in the job's `customers`; or leave such orders out with policy.missing_email = \"filter\"";
        InvalidEmail "invalid_email" "expected one address such as name@example.com; correct it in the shop";
        HashedEmail "hashed_email" "expected an address, found a hash of one; export with addresses shown";
        MissingId "missing_id" "expected an order id or number";
        BadId "bad_id" "no id: rewritten as a number (like 5.37E+12 or 6885.0), too long, or the text of another column; export again and don't open the file there; where all exports of the shop went through it, policy.order_key = \"number\" knows orders by their numbers (never change that once orders are loaded: they would be loaded twice)";
        BadMoney "bad_money" "expected a decimal number such as 1234.50, not negative, without thousands separator, decimal comma or symbol; where a spreadsheet rewrote it, export again and don't save the file there";
        MoneyPrecision "money_precision" "expected no digits below the currency's minor unit; policy.rounding = \"half_even\" rounds them";
        MoneyRange "money_range" "larger than the 2147483647 minor units the target stores";
        UnknownCurrency "unknown_currency" "expected an ISO 4217 code such as USD; policy.currency is for orders that name none";
        BadDate "bad_date" "expected a date such as 2024-01-31 10:11:12 -0500, from 1970 on; what a spreadsheet makes of one (45384.34, 31/12/2023 10:11) is not guessed: export again and don't save the file there; policy.default_date is for orders that state none";
        NoProducts "no_products" "expected at least one line with a product name";
        MissingProductName "missing_product_name" "expected a product name on every line";
        BadQuantity "bad_quantity" "expected a whole number of 1 or more";
        UnknownStatus "unknown_status" "this word for the order's status is not known, so whether it counts is not either: the order is not sent; correct it in the shop, have the status words of a mapping read it, or take every order with policy.statuses = [\"all\"]";
        Duplicate "duplicate" "the same order stands earlier in this file; that one is taken";
        RepeatedRow "repeated_row" "the order's own cells, or one of its products, stand on several rows, so products and repeats can't be told apart; export again without filling cells down, and of several dumps keep one in a folder";
        ContradictoryRows "contradictory_rows" "the rows of the order, or the cells they stand in, say different things of the order as a whole; correct it in the shop, or export again";
        AmbiguousEmail "ambiguous_email" "the customers file has two addresses for this customer; leave one of them there";
        ConflictingVersions "conflicting_versions" "the order stands in this table in several versions, and no time of their extraction tells which is the newest; export the table with its times, or deduplicated";
        MalformedRow "malformed_row" "the record is not built as its format is: another number of fields than the header, or another kind of value; look for a stray quote or a cut line; a last line without an end may be cut: where the file is whole, end it";
        OrphanRow "orphan_row" "a product, or something else of an order, without the order's own row: that is not there, or not above it; export again unsorted and uncut";
        BadEncoding "bad_encoding" "expected text in UTF-8";
        FieldTooLong "field_too_long" "the record has more rows or text than any order has; look for a stray quote";
        Truncated "truncated" "lines of it are missing, as they come to less than it states: the file was cut or sorted, or more of them stand on another page; export again";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_was() {
        for error in [
            RecordError::of(Reason::BadMoney, "total").at_line(7),
            RecordError::new(Reason::MalformedRow),
        ] {
            let text = serde_json::to_string(&error).unwrap();
            assert_eq!(serde_json::from_str::<RecordError>(&text).unwrap(), error, "{text}");
        }
    }
}
