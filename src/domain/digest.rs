use super::{Amount, Currency, Field, Moment};

mod bytes;

/// The first bits of a keyed hash of what is only compared. Two values of one field have the same by
/// chance once in 16 million pairs; that *something* changed is shown by the fingerprint, which has
/// 64 bits.
pub type ShortHash = [u8; 3];

/// What is stored of a written order, to report later which of its fields changed: its amounts,
/// dates and counts as they are, and a short keyed hash of every other field. It contains no
/// personal data: neither an address nor a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderDigest {
    /// Digest of the settings and the program version that built the order from its record.
    pub mapping: ShortHash,
    /// Digest of the record as its export states it.
    pub source: ShortHash,
    pub total: Amount,
    pub shipping: Option<Amount>,
    pub tax: Option<Amount>,
    pub discount: Option<Amount>,
    pub currency: Currency,
    pub created_at: Moment,
    pub updated_at: Option<Moment>,
    pub abandoned_at: Option<Moment>,
    /// Product lines.
    pub products: u32,
    /// Units of all of them.
    pub units: u64,
    /// At the place of each field in [`Field::ALL`], if a hash is kept of it; `None` if the order
    /// does not have it.
    pub hashes: [Option<ShortHash>; Field::ALL.len()],
}

/// A field that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldChange {
    pub field: Field,
    pub from: FieldValue,
    pub to: FieldValue,
}

/// What is known of the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue {
    Money(Amount, Currency),
    Currency(Currency),
    Date(Moment),
    Count(u64),
    /// The payload lacked the field.
    Absent,
    /// Only a hash of it is kept.
    NotKept,
}

impl OrderDigest {
    /// The fields of `self` that differ in `now`.
    ///
    /// If products were added or removed, only their number is listed, not each of their fields,
    /// which all moved with them.
    pub fn changes_to(&self, now: &Self) -> Vec<FieldChange> {
        let mut changes = self.amount_changes(now);
        let mut add = |field, from: FieldValue, to: FieldValue| {
            if from != to || is_moved(from, to) {
                changes.push(FieldChange { field, from, to });
            }
        };
        add(
            Field::Currency,
            FieldValue::Currency(self.currency),
            FieldValue::Currency(now.currency),
        );
        add(
            Field::Products,
            FieldValue::Count(self.products.into()),
            FieldValue::Count(now.products.into()),
        );
        add(Field::CreatedAt, date(Some(self.created_at)), date(Some(now.created_at)));
        add(Field::UpdatedAt, date(self.updated_at), date(now.updated_at));
        add(Field::AbandonedAt, date(self.abandoned_at), date(now.abandoned_at));
        for ((field, from), to) in Field::ALL.into_iter().zip(self.hashes).zip(now.hashes) {
            let of_products = field.word().starts_with("orderProducts");
            if from == to || (of_products && self.products != now.products) {
                continue;
            }
            let (from, to) = match field {
                Field::Quantities if self.units != now.units => {
                    (FieldValue::Count(self.units), FieldValue::Count(now.units))
                }
                _ => (kept(from), kept(to)),
            };
            changes.push(FieldChange { field, from, to });
        }
        changes.sort_by_key(|change| change.field);
        changes
    }

    /// If the currency changes and the number does not, that is listed once, for the currency.
    fn amount_changes(&self, now: &Self) -> Vec<FieldChange> {
        let fields = [Field::Total, Field::Shipping, Field::Tax, Field::Discount];
        let pairs = fields.into_iter().zip(self.amounts()).zip(now.amounts());
        let changed = pairs.filter(|((_, from), to)| from != to);
        let held = |amount: Option<Amount>, currency| {
            amount.map_or(FieldValue::Absent, |amount| FieldValue::Money(amount, currency))
        };
        changed
            .map(|((field, from), to)| FieldChange {
                field,
                from: held(from, self.currency),
                to: held(to, now.currency),
            })
            .collect()
    }

    fn amounts(&self) -> [Option<Amount>; 4] {
        [Some(self.total), self.shipping, self.tax, self.discount]
    }
}

fn date(at: Option<Moment>) -> FieldValue {
    at.map_or(FieldValue::Absent, FieldValue::Date)
}

fn kept(hash: Option<ShortHash>) -> FieldValue {
    hash.map_or(FieldValue::Absent, |_| FieldValue::NotKept)
}

/// The same instant written with another offset is another payload.
fn is_moved(from: FieldValue, to: FieldValue) -> bool {
    matches!((from, to), (FieldValue::Date(from), FieldValue::Date(to)) if from.offset() != to.offset())
}
