//! The common part of the targets: reads an export of arbitrary bytes to its end, and checks the
//! result.

use ordersync::domain::SourceOrder;
use ordersync::extract::{Export, ExportFile, Mappings, Options, formats, parse_mappings};
use std::path::PathBuf;
use std::sync::LazyLock;

/// One file per process, rewritten each time.
static EXPORT: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let dir = if memory.is_dir() { memory } else { std::env::temp_dir() };
    dir.join(format!("ordersync-fuzz-{}", std::process::id()))
});

/// JSON by other names.
const OF_JSON: &[&str] = &["shopify-graphql", "singer", "airbyte"];

/// One mapping of each kind.
const MAPPINGS: &str = include_str!("mappings.toml");

static OWN: LazyLock<Mappings> =
    LazyLock::new(|| parse_mappings(MAPPINGS, "mappings.toml").expect("the fuzzer's own mappings"));

/// Reads an export. The first byte says which format the settings name, of those whose name ends
/// like `family`, or leaves it to be recognised.
pub fn read(data: &[u8], family: &str) {
    let Some((selector, bytes)) = data.split_first() else { return };
    let is_of = |name: &&str| name.ends_with(family) || (family == "json" && OF_JSON.contains(name));
    let names: Vec<&str> = formats().iter().map(|format| format.name()).filter(is_of).collect();
    let format = names.get(usize::from(*selector)).copied().unwrap_or("auto");
    read_as(bytes, format, Mappings::default());
}

/// Reads an export by a mapping; the first byte says which, or leaves it to be recognised.
pub fn read_mapped(data: &[u8]) {
    let Some((selector, bytes)) = data.split_first() else { return };
    let names = ["orders", "flat", "rows", "cells", "auto"];
    let format = names.get(usize::from(*selector)).copied().unwrap_or("auto");
    read_as(bytes, format, OWN.clone());
}

fn read_as(bytes: &[u8], format: &str, mappings: Mappings) {
    let is_own = |name: &str| mappings.0.iter().any(|own| own.name == name);
    let known: Vec<&str> = formats().iter().map(|format| format.name()).collect();
    std::fs::write(&*EXPORT, bytes).expect("the fuzzer's own file");
    let patterns = vec![EXPORT.display().to_string()];
    let options =
        Options { patterns, format: format.to_owned(), mappings: mappings.clone(), ..Options::default() };
    let Ok(export) = Export::open(&options) else { return };
    for ExportFile { format, why, .. } in export.files() {
        let name = format.split('/').next().unwrap_or_default();
        assert!(known.contains(&name) || is_own(name), "the format {name} is not known");
        assert!(!why.is_empty(), "the reason for the recognition is missing");
    }
    let first = orders_of(&export, bytes.len());
    // A second reading gives the same records, which a resumed run depends on.
    assert!(orders_of(&export, bytes.len()) == first, "a second reading differs from the first");
}

fn orders_of(export: &Export, len: usize) -> Vec<SourceOrder> {
    let mut orders: Vec<SourceOrder> = Vec::new();
    let mut reader = export.read();
    for order in reader.by_ref() {
        let Ok(order) = order else { break };
        assert_eq!(order.position.record, orders.len() as u64, "records are numbered one by one");
        assert!(order.position.line >= 1 && order.position.line <= len as u64 + 1, "a line of the file");
        orders.push(*order);
    }
    assert!(reader.next().is_none(), "after its end or an error a reader gives nothing more");
    orders
}
