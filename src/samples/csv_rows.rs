//! Writes rows as Shopify's orders export has them.

use std::fmt::{self, Write};

/// The columns of the export, in order.
const HEADER: [&str; 79] = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
    "Tax 2 Name",
    "Tax 2 Value",
    "Tax 3 Name",
    "Tax 3 Value",
    "Tax 4 Name",
    "Tax 4 Value",
    "Tax 5 Name",
    "Tax 5 Value",
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
];

/// The index of a column, looked up when the program is compiled.
pub const fn column(name: &str) -> usize {
    let mut index = 0;
    while index < HEADER.len() {
        if is_same(HEADER[index].as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("no such column");
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

/// Rows as text. Its buffers are reused from row to row.
pub struct CsvRows {
    pub text: String,
    pub count: u64,
    cells: Vec<String>,
}

impl CsvRows {
    pub fn with_header() -> Self {
        Self { text: HEADER.join(",") + "\n", count: 0, cells: vec![String::new(); HEADER.len()] }
    }

    /// Fills a cell of the current row.
    pub fn set(&mut self, column: usize, value: impl fmt::Display) {
        let cell = &mut self.cells[column];
        cell.clear();
        // Writing to a string can't fail.
        let _ = write!(cell, "{value}");
    }

    /// Ends the row, and begins a blank one.
    pub fn end_row(&mut self) {
        for (index, cell) in self.cells.iter_mut().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                self.text.push('"');
                self.text.push_str(&cell.replace('"', "\"\""));
                self.text.push('"');
            } else {
                self.text.push_str(cell);
            }
            cell.clear();
        }
        self.text.push('\n');
        self.count += 1;
    }
}

/// An amount of minor units as a decimal number.
pub struct Decimal {
    pub minor: u64,
    pub digits: usize,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(u32::try_from(self.digits).unwrap_or(0));
        match self.digits {
            0 => write!(f, "{}", self.minor),
            digits => write!(f, "{}.{:0digits$}", self.minor / scale, self.minor % scale),
        }
    }
}
