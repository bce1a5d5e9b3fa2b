//! What a user notices when an export is read.

mod advanced_order_export;
mod bigcommerce_json;
mod blank_words;
mod code_pages;
mod codecs;
mod copies;
mod customers_file;
mod damage;
mod envelopes;
mod expertsender_json;
mod fast_json;
mod fivetran_csv;
pub(super) mod fixtures;
mod json_cells;
mod json_files;
mod json_forms;
mod magento_json;
mod mapped_exports;
mod mapped_json;
mod mapped_rows;
mod messages;
mod mutations;
mod opening;
mod other_rows;
mod reading;
mod reworked_tables;
mod scattered_rows;
mod shopify_graphql;
mod shopify_json;
mod squarespace_json;
mod stating;
mod warehouse_tables;
mod webtoffee;
mod woocommerce_json;

use super::{Export, OpenError, Options, ReadError};
use crate::domain::{DateShift, OtherRow, PassedOver, Reason, SourceOrder};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

const HEADER: &str = "Name,Email,Financial Status,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,\
Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,\
Lineitem discount,Notes,Cancelled at,Payment Method,Refunded Amount,Id,Source";

/// A folder with export files in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = Self::new();
        folder.put(name, bytes);
        folder
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn open(&self, patterns: &[&str]) -> Result<Export, OpenError> {
        self.open_as("auto", patterns)
    }

    fn open_as(&self, format: &str, patterns: &[&str]) -> Result<Export, OpenError> {
        let full = |pattern: &&str| self.path().join(pattern).display().to_string();
        self.open_in("UTC", DateShift::Auto, (format, patterns.iter().map(full).collect()))
    }

    fn open_in(
        &self,
        zone: &str,
        webtoffee_date_shift: DateShift,
        (format, patterns): (&str, Vec<String>),
    ) -> Result<Export, OpenError> {
        let zone = TimeZone::get(zone).unwrap();
        let format = format.to_owned();
        Export::open(&Options {
            patterns,
            format,
            zone,
            webtoffee_date_shift,
            ..Options::default()
        })
    }

    /// Opens with these mappings, as the settings hold them.
    fn open_by(
        &self,
        mappings: &str,
        format: &str,
        patterns: &[&str],
    ) -> Result<Export, OpenError> {
        let full = |pattern: &&str| self.path().join(pattern).display().to_string();
        Export::open(&Options {
            patterns: patterns.iter().map(full).collect(),
            format: format.to_owned(),
            mappings: super::parse_mappings(mappings, "settings.toml")?,
            ..Options::default()
        })
    }

    fn read(&self, patterns: &[&str]) -> Result<Vec<SourceOrder>, ReadError> {
        self.open(patterns).unwrap_or_else(|error| panic!("{error}")).read().unboxed().collect()
    }
}

/// The orders of one file with the usual header and these rows.
fn orders(rows: &str) -> Vec<SourceOrder> {
    read(format!("{HEADER}\n{rows}")).unwrap()
}

fn read(bytes: impl AsRef<[u8]>) -> Result<Vec<SourceOrder>, ReadError> {
    Folder::with("orders.csv", bytes).read(&["orders.csv"])
}

fn refusal(bytes: impl AsRef<[u8]>) -> String {
    let folder = Folder::with("orders.csv", bytes);
    folder.open(&["orders.csv"]).unwrap_err().to_string()
}

fn reasons(order: &SourceOrder) -> Vec<Reason> {
    order.faults.iter().map(|fault| fault.reason).collect()
}

/// An order's first row: one mug for 10.00, 5.00 shipping.
fn first(name: &str) -> String {
    format!(
        "{name},ann@example.com,paid,yes,USD,10.00,5.00,0.00,15.00,,0.00,Standard,2024-01-31 10:11:12 -0500,\
         1,Mug,10.00,MUG-1,0.00,,,Card,0.00,,web\n"
    )
}

/// Another row of an order.
fn next(name: &str, product: &str) -> String {
    format!(
        "{name},ann@example.com,,,,,,,,,,,2024-01-31 10:11:12 -0500,2,{product},3.50,,0.00,,,,,,\n"
    )
}

impl super::Reader {
    /// The orders without their boxes.
    fn unboxed(self) -> impl Iterator<Item = Result<SourceOrder, ReadError>> {
        self.map(|order| order.map(|order| *order))
    }
}
