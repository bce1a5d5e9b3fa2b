//! The columns of a file, determined once by its header.

use crate::domain::Unstated;
use crate::extract::header::{ABSENT, Header};
use crate::extract::stating::unstated;

/// Declares the columns that are read, each with the name Shopify gives it.
macro_rules! columns {
    ($($field:ident $name:literal,)*) => {
        /// A column that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Field { $($field,)* }

        impl Field {
            pub const ALL: &[Self] = &[$(Self::$field),*];
            pub const NAMES: &[&str] = &[$($name),*];

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

/// The column of each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    at: [usize; Field::ALL.len()],
    /// What the file has no column for.
    pub unstated: Unstated,
}

impl Columns {
    /// If two columns have the same name, the first is read.
    pub fn of(header: &Header) -> Self {
        let mut at = [ABSENT; Field::ALL.len()];
        for field in Field::ALL {
            at[*field as usize] = header.at(field.name());
        }
        Self { at, unstated: unstated("shopify-csv", |name| header.has(name)) }
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
