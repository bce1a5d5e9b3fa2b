//! Which column holds what, decided once per file by the header.

use csv::ByteRecord;

/// Declares the columns that are read, each with the name Shopify gives it.
macro_rules! columns {
    ($($field:ident $name:literal,)*) => {
        /// A column that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Field { $($field,)* }

        impl Field {
            const ALL: &[Self] = &[$(Self::$field),*];

            /// Its name in the header.
            pub fn name(self) -> &'static str {
                match self { $(Self::$field => $name,)* }
            }
        }
    };
}

columns! {
    Name "Name",
    Id "Id",
    Email "Email",
    FinancialStatus "Financial Status",
    AcceptsMarketing "Accepts Marketing",
    Currency "Currency",
    Subtotal "Subtotal",
    Shipping "Shipping",
    Taxes "Taxes",
    Total "Total",
    DiscountCode "Discount Code",
    DiscountAmount "Discount Amount",
    ShippingMethod "Shipping Method",
    CreatedAt "Created at",
    LineQuantity "Lineitem quantity",
    LineName "Lineitem name",
    LinePrice "Lineitem price",
    LineSku "Lineitem sku",
    LineDiscount "Lineitem discount",
    CancelledAt "Cancelled at",
    PaymentMethod "Payment Method",
    RefundedAmount "Refunded Amount",
    Source "Source",
    Duties "Duties",
}

/// Columns of the export that are not read, but tell that it is this export.
const UNREAD: &[&str] = &[
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Lineitem compare at price",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Payment Reference",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Tags",
    "Risk Level",
    "Phone",
    "Receipt Number",
];

/// Without these nothing can be sent. One of `Name` and `Id` is needed as well.
const REQUIRED: &[Field] = &[
    Field::Email,
    Field::CreatedAt,
    Field::Currency,
    Field::Total,
    Field::LineName,
    Field::LinePrice,
    Field::LineQuantity,
];

/// Other exports of the same shop system, told by columns that stand together only there.
const SIBLINGS: &[(&str, &[&str])] = &[
    ("transactions", &["Kind", "Gateway", "Amount"]),
    ("customers", &["First Name", "Last Name", "Total Spent"]),
    ("customers", &["Customer ID", "First Name", "Last Name"]),
    ("products", &["Handle", "Title", "Vendor"]),
];

/// Where each field stands in a row of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    at: [usize; Field::ALL.len()],
    width: usize,
}

/// What a header says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// An orders export with all that is needed.
    Complete(Columns),
    /// An orders export, but without these columns.
    Missing(Vec<&'static str>),
    /// Another export of this shop system: its name.
    Sibling(&'static str),
    /// Not of this shop system, as far as can be told.
    Foreign,
}

impl Columns {
    /// Names are compared without case and surrounding blanks, in any order; of two columns with
    /// one name the first is read.
    pub fn judge(header: &ByteRecord) -> Judgement {
        let columns = Self::resolve(header);
        let names: Vec<String> = header.iter().map(normalised).collect();
        let has = |name: &str| names.iter().any(|seen| seen.eq_ignore_ascii_case(name));
        let has_lines = columns.has(Field::LineName) || columns.has(Field::LinePrice);
        let sibling = SIBLINGS.iter().find(|(_, marks)| marks.iter().all(|mark| has(mark)));
        if let Some((kind, _)) = sibling.filter(|_| !has_lines) {
            return Judgement::Sibling(kind);
        }
        let known = known_names(header);
        let missing = columns.missing();
        // Many shops name some columns alike, so enough of the needed ones must be there as well.
        let is_ours = missing.len() <= 5 && (known >= 8 || known * 2 >= header.len());
        match missing {
            missing if missing.is_empty() => Judgement::Complete(columns),
            missing if is_ours => Judgement::Missing(missing),
            _ => Judgement::Foreign,
        }
    }

    /// Only the columns are in question: the settings name the format.
    pub fn judge_named(header: &ByteRecord) -> Judgement {
        let columns = Self::resolve(header);
        match columns.missing() {
            missing if missing.is_empty() => Judgement::Complete(columns),
            missing => Judgement::Missing(missing),
        }
    }

    fn resolve(header: &ByteRecord) -> Self {
        let mut at = [usize::MAX; Field::ALL.len()];
        for (index, cell) in header.iter().enumerate() {
            let name = normalised(cell);
            let field = Field::ALL.iter().find(|f| f.name().eq_ignore_ascii_case(&name));
            if let Some(slot) =
                field.map(|f| &mut at[*f as usize]).filter(|slot| **slot == usize::MAX)
            {
                *slot = index;
            }
        }
        Self { at, width: header.len() }
    }

    /// The names of all needed columns.
    pub fn needed() -> impl Iterator<Item = &'static str> {
        std::iter::once("Name or Id").chain(REQUIRED.iter().map(|field| field.name()))
    }

    /// The names of all needed columns that are not there.
    fn missing(&self) -> Vec<&'static str> {
        let has_key = self.has(Field::Name) || self.has(Field::Id);
        let key = (!has_key).then_some("Name or Id");
        let others = REQUIRED.iter().filter(|f| !self.has(**f)).map(|f| f.name());
        key.into_iter().chain(others).collect()
    }

    /// Index of the column; larger than any row's length where there is none.
    pub fn at(&self, field: Field) -> usize {
        self.at[field as usize]
    }

    pub fn has(&self, field: Field) -> bool {
        self.at(field) < self.width
    }

    /// Whether the order's name is the first column, as Shopify writes it.
    pub fn begins_with_name(&self) -> bool {
        self.at(Field::Name) == 0
    }

    /// Fields of a whole row.
    pub fn width(&self) -> usize {
        self.width
    }
}

/// How many columns of a header have a name of this export.
pub fn known_names(header: &ByteRecord) -> usize {
    let known = |name: &str| {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        Field::ALL.iter().any(|f| is(f.name())) || UNREAD.iter().any(|other| is(other))
    };
    header.iter().filter(|cell| known(&normalised(cell))).count()
}

fn normalised(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> ByteRecord {
        names.split(',').collect::<Vec<_>>().into()
    }

    const NEEDED: &str =
        "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity";

    #[test]
    fn names_match_in_any_case_and_order_and_the_first_of_two_counts() {
        let Judgement::Complete(columns) = Columns::judge(&header(
            "total, LINEITEM NAME ,lineitem price,Extra,Name,email,created AT,Currency,Total,Lineitem quantity",
        )) else {
            panic!("expected a complete header");
        };
        assert_eq!(columns.at(Field::Total), 0);
        assert_eq!(columns.at(Field::LineName), 1);
        assert_eq!(columns.at(Field::Name), 4);
        assert_eq!(columns.width(), 10);
        assert!(!columns.has(Field::Id));
    }

    #[test]
    fn all_missing_columns_are_named() {
        let judge = |names: &str| Columns::judge(&header(names));
        assert!(matches!(judge(NEEDED), Judgement::Complete(_)));
        assert!(matches!(judge(&NEEDED.replace("Name,", "Id,")), Judgement::Complete(_)));
        assert_eq!(
            judge(&NEEDED.replace("Email,", "").replace("Total,", "")),
            Judgement::Missing(vec!["Email", "Total"])
        );
        assert_eq!(
            judge("Paid at,Subtotal,Total,Created at,Currency,Billing City"),
            Judgement::Missing(vec![
                "Name or Id",
                "Email",
                "Lineitem name",
                "Lineitem price",
                "Lineitem quantity"
            ])
        );
    }

    #[test]
    fn other_exports_are_told_apart() {
        let judge = |names: &str| Columns::judge(&header(names));
        assert_eq!(
            judge("Order,Name,Kind,Gateway,Created At,Status,Amount,Currency,Card Type"),
            Judgement::Sibling("transactions")
        );
        assert_eq!(
            judge("Customer ID,First Name,Last Name,Email,Tags,Total Spent,Total Orders"),
            Judgement::Sibling("customers")
        );
        assert_eq!(judge("order_id,mail,amount"), Judgement::Foreign);
        assert_eq!(judge(""), Judgement::Foreign);
    }
}
