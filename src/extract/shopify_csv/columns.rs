//! Which column holds what, decided once per file by the header.

use crate::extract::header::{ABSENT, Header, is_same};

/// Declares the columns that are read, each with the name Shopify gives it.
macro_rules! columns {
    ($($field:ident $name:literal,)*) => {
        /// A column that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Field { $($field,)* }

        impl Field {
            pub const ALL: &[Self] = &[$(Self::$field),*];

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

/// Columns of the export that are not read, but identify it.
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

/// Other exports of the same shop system, identified by columns that only they have together.
const OTHER_EXPORTS: &[(&str, &[&str])] = &[
    ("transactions", &["Kind", "Gateway", "Amount"]),
    ("customers", &["First Name", "Last Name", "Total Spent"]),
    ("customers", &["Customer ID", "First Name", "Last Name"]),
    ("products", &["Handle", "Title", "Vendor"]),
];

/// Which column each field is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    at: [usize; Field::ALL.len()],
}

impl Columns {
    /// Of two columns with one name the first is read.
    pub fn of(header: &Header) -> Self {
        let mut at = [ABSENT; Field::ALL.len()];
        for field in Field::ALL {
            at[*field as usize] = header.at(field.name());
        }
        Self { at }
    }

    /// The name of another export of Shopify's, if it is one.
    pub fn other_export(&self, header: &Header) -> Option<&'static str> {
        let has_lines = self.has(Field::LineName) || self.has(Field::LinePrice);
        let other = OTHER_EXPORTS.iter().find(|(_, marks)| header.has_all(marks));
        other.filter(|_| !has_lines).map(|(kind, _)| *kind)
    }

    /// The names of all needed columns.
    pub fn needed() -> impl Iterator<Item = &'static str> {
        std::iter::once("Name or Id").chain(REQUIRED.iter().map(|field| field.name()))
    }

    /// The names of all needed columns that are not there.
    pub fn missing(&self) -> Vec<&'static str> {
        let has_key = self.has(Field::Name) || self.has(Field::Id);
        let key = (!has_key).then_some("Name or Id");
        let others = REQUIRED.iter().filter(|f| !self.has(**f)).map(|f| f.name());
        key.into_iter().chain(others).collect()
    }

    /// Index of the column; [`ABSENT`] if there is none.
    pub fn at(&self, field: Field) -> usize {
        self.at[field as usize]
    }

    pub fn has(&self, field: Field) -> bool {
        self.at(field) != ABSENT
    }

    /// Whether the order's name is the first column, as Shopify writes it.
    pub fn begins_with_name(&self) -> bool {
        self.at(Field::Name) == 0
    }
}

/// How many columns of a header have a name of this export.
pub fn known_names(header: &Header) -> usize {
    let known = || Field::ALL.iter().map(|field| field.name()).chain(UNREAD.iter().copied());
    header.count(|name| known().any(|known| is_same(name, known)))
}
