//! The yardstick of a plan, in a separate process: the least work for reading the same file.

use super::Outcome;
use serde::Deserialize;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The first argument of this program when it acts as the yardstick.
pub const FLAG: &str = "--yardstick";
pub const CSV: &str = "csv";
pub const JSON: &str = "json";

pub fn run(kind: &str, file: &Path, passes: u32) -> Outcome<()> {
    let pass = if kind == CSV { count_records } else { parse_lines };
    let mut seen = 0;
    for _ in 0..passes {
        seen += pass(file)?;
    }
    if seen == 0 {
        return Err("the file holds nothing".into());
    }
    Ok(())
}

/// The csv crate at its fastest: bytes, one reused record.
fn count_records(file: &Path) -> Outcome<usize> {
    let file = File::open(file)?;
    let mut reader =
        csv::ReaderBuilder::new().buffer_capacity(1 << 18).flexible(true).from_reader(file);
    let mut record = csv::ByteRecord::new();
    let mut records = 0;
    while reader.read_byte_record(&mut record)? {
        records += 1;
    }
    Ok(records)
}

/// serde_json into borrowing types with the essential fields of an order.
fn parse_lines(file: &Path) -> Outcome<usize> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(file)?);
    let (mut line, mut lines) = (Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(lines);
        }
        let order: Order<'_> = serde_json::from_slice(&line)?;
        lines += std::hint::black_box(&order).line_items.len();
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, and not looked at")]
struct Order<'a> {
    id: i64,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    email: Option<Cow<'a, str>>,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    #[serde(borrow)]
    total_price: Cow<'a, str>,
    #[serde(borrow)]
    total_tax: Cow<'a, str>,
    #[serde(borrow)]
    total_discounts: Cow<'a, str>,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
    #[serde(borrow)]
    updated_at: Cow<'a, str>,
    line_items: Vec<Line<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, and not looked at")]
struct Line<'a> {
    id: i64,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    sku: Option<Cow<'a, str>>,
    #[serde(borrow)]
    price: Cow<'a, str>,
}
