//! What each format can state about the facts that decide whether an order is sent. If this export
//! lacks a field that the shop system's exports have, that counts as "no" only with a warning.

use crate::domain::Unstated;

/// How a format states one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    /// By columns or keys that it always has, such as the status.
    Always,
    /// By one of these columns or keys, if the export has it.
    By(&'static [&'static str]),
    /// The shop system has no field for it.
    Never,
}

/// What one format can state.
#[derive(Debug, Clone, Copy)]
pub struct Stating {
    pub format: &'static str,
    /// Whether the order was paid.
    pub status: Stated,
    pub cancelled: Stated,
    pub test: Stated,
}

/// The formats whose exports may lack such a field. The others always have it, are mappings, which
/// state what they declare, or state what the format of their records does.
pub static TABLE: &[Stating] = &[
    row("shopify-csv", By(&["Financial Status"]), By(&["Cancelled at"]), By(&["Payment Method"])),
    row(
        "fivetran-csv",
        By(&["financial_status", "display_financial_status"]),
        By(&["cancelled_at"]),
        By(&["test"]),
    ),
    row("shopify-json", By(&["financial_status"]), By(&["cancelled_at"]), By(&["test"])),
    row("shopify-graphql", By(&["displayFinancialStatus"]), By(&["cancelledAt"]), By(&["test"])),
    row("bigcommerce-json", Always, Always, By(&["payment_method"])),
    row("squarespace-json", Always, Always, By(&["testmode"])),
    row("fast-json", By(&["status"]), By(&["status"]), Never),
    row("expertsender-json", By(&["status"]), By(&["status"]), Never),
];

use Stated::{Always, By, Never};

pub const fn row(format: &'static str, status: Stated, cancelled: Stated, test: Stated) -> Stating {
    Stating { format, status, cancelled, test }
}

/// What an export of a format does not state, by the columns or keys that it has. If the status is
/// missing, so is what it would have stated.
pub fn unstated(format: &str, has: impl Fn(&str) -> bool) -> Unstated {
    let Some(row) = TABLE.iter().find(|row| row.format == format) else {
        return Unstated::default();
    };
    let lacks = |stated: Stated| match stated {
        By(names) => !names.iter().any(|name| has(name)),
        Always | Never => false,
    };
    let status = lacks(row.status);
    let cancelled = lacks(row.cancelled) && row.cancelled != row.status;
    Unstated { status, cancelled, test: lacks(row.test) }
}
