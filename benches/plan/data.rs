//! The exports that are measured.

use super::Outcome;
use ordersync::samples::{GeneratorOptions, generate_csv, generate_json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub fn number(variable: &str, default: u64) -> Outcome<u64> {
    match std::env::var(variable) {
        Ok(text) => Ok(text.parse().map_err(|_| format!("{variable} is no number: {text}"))?),
        Err(_) => Ok(default),
    }
}

/// Orders of an invented shop, one in a hundred with a defect; as CSV, or as JSON lines if the name
/// says so.
pub fn generated(dir: &Path, name: &str, orders: u64) -> Outcome<PathBuf> {
    let options =
        GeneratorOptions { orders, seed: 1, defects_permille: 10, ..GeneratorOptions::default() };
    let path = dir.join(name);
    let mut out = BufWriter::new(File::create(&path)?);
    match name.ends_with(".csv") {
        true => generate_csv(&options, &mut out)?,
        false => generate_json(&options, &mut out)?,
    };
    out.flush()?;
    Ok(path)
}

/// Orders of one line and few columns, each of a different customer: many keys with little to
/// write.
pub fn narrow(dir: &Path, orders: u64) -> Outcome<PathBuf> {
    let path = dir.join("narrow.csv");
    let mut out = BufWriter::new(File::create(&path)?);
    writeln!(
        out,
        "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity"
    )?;
    for n in 0..orders {
        writeln!(out, "#{n},buyer{n}@example.com,2024-01-31 10:11:12 -0500,USD,12.50,Mug,12.50,1")?;
    }
    out.flush()?;
    Ok(path)
}

pub fn settings(dir: &Path, export: &Path) -> Outcome<PathBuf> {
    let path = dir.join("ordersync.toml");
    let text = format!(
        "[state]\ndir = \"state\"\n[accounts.main]\nurl = \"http://127.0.0.1:1\"\n[jobs.shop]\naccount = \"main\"\n\
         export = [{:?}]\n[jobs.shop.connection]\nservice = \"shopify\"\nexternalid = \"bench\"\n",
        export.display().to_string()
    );
    std::fs::write(&path, text)?;
    Ok(path)
}
