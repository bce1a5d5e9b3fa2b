//! Writes the seed corpora of the targets, from exports in the repository:
//! `cargo run --example fuzz-seeds`.

use ordersync::samples::{GeneratorOptions, demo_orders, generate_csv};
use ordersync::settings::ANNOTATED;
use std::fs;
use std::io;
use std::path::Path;

/// No format has this number, so the format is recognised.
const AUTO: u8 = 0xff;

const JSON: &[&str] = &[
    r#"{"orders":[{"id":1,"name":"1","email":"a@example.com","created_at":"2024-01-31T10:11:12-05:00","currency":"USD","total_price":"1.00","line_items":[{"id":2,"name":"Mug","price":"1.00","quantity":1}],"refunds":[],"discount_codes":[{"code":"X","amount":"0.10"}]}]}"#,
    r#"{"id":1,"name":"1","email":"a@example.com","created_at":"2024-01-31T10:11:12Z","currency":"JPY","total_price":100,"financial_status":"paid","line_items":[]}
{"id":2,"email":null,"customer":{"id":3,"email":"b@example.com"},"created_at":"","currency":"EUR","total_price":1.5e1,"line_items":{}}"#,
    r#"[{"token":"t","abandoned_checkout_url":"u","email":"a@example.com","created_at":"2024-01-31T10:11:12Z","currency":"USD","total_price":"1.00","line_items":[{"title":"Mug","price":"1.00","quantity":2}]}]"#,
    r#"{"order":{"1":{"id":1},"2":{"id":2}}}"#,
];
/// One for each mapping of `src/mappings.toml`, which the first byte selects.
const MAPPED: &[&str] = &[
    r#"{"orders":[{"id":1,"mail":"a@example.com","at":"2024-01-31T10:11:12Z","currency":"EUR","sum":1.5E+1,"off":-1,"void":null,"state":"done","lines":[{"name":"A &amp; B","n":1,"each":"16.00"}]}],"archived":[{"id":2}],"drafts":[{"id":3}]}"#,
    r#"[{"order":"1","mail":"a@example.com","at":"2024-01-31","currency":"JPY","sum":500,"post":100,"off":0,"item":"Mug","n":1},{"order":"1","item":"Pen","n":2,"sum":5e2}]"#,
    "Order;Kind;Mail;Placed;Sum;Item;N;Each\n1;Item;a@example.com;31.01.2024 10:11;1.234,50;Mug;1;1.234,50\n1;Back;;;;Mug;1;-1,00\n",
    "Id,Mail,Placed,Currency,Sum,Details\n1,a@example.com,2024-01-31,USD,15.00,\"Name: Mug, Qty: 1, Price: 10.00|Name: Pen, Qty: 2, Price: 2.50\"\n",
];
const MONEY: &[&str] =
    &["0", "1.00", "12.345", "-0.00", "21474836.47", "1,234.50", "1e3", "$1", "007"];
const DATES: &[&str] = &[
    "2024-01-31 10:11:12 -0500",
    "2024-01-31T10:11:12.999+05:30",
    "2024-01-31T10:11Z",
    "31/12/2023 10:00",
    "45384.34",
    "2024-02-29 00:00:00 UTC",
];

fn main() -> io::Result<()> {
    let mut csv: Vec<Vec<u8>> = vec![demo_orders().into()];
    for (seed, defects_permille) in [(1, 0), (2, 500)] {
        let mut text = Vec::new();
        generate_csv(
            &GeneratorOptions { orders: 4, seed, defects_permille, ..GeneratorOptions::default() },
            &mut text,
        )?;
        csv.push(text);
    }
    let text: String = demo_orders().lines().take(6).map(|line| format!("{line}\n")).collect();
    csv.push(text.replace(',', ";").into());
    csv.push(format!("sep=,\r\n{}", text.replace('\n', "\r\n")).into());
    csv.push(text.replace('\n', "\r").into());
    csv.push(format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect());
    csv.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    csv.push(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0x96)).collect());
    let (header, rows) = text.split_once('\n').unwrap_or_default();
    let quoted = rows.lines().map(|row| format!("\"{}\"\n", row.replace('"', "\"\"")));
    csv.push(format!("{header}\n{}", quoted.collect::<String>()).into());
    let with = |selector: u8, bytes: &[u8]| [&[selector], bytes].concat();
    write("csv", csv.iter().flat_map(|bytes| [with(AUTO, bytes), with(0, bytes)]))?;
    let json = JSON.iter().map(|text| text.as_bytes());
    write("json", json.flat_map(|bytes| [with(AUTO, bytes), with(0, bytes)]))?;
    let mapped = (0u8..).zip(MAPPED).map(|(at, text)| (at, text.as_bytes()));
    write("mapped", mapped.flat_map(|(at, bytes)| [with(AUTO, bytes), with(at, bytes)]))?;
    write(
        "money",
        MONEY.iter().flat_map(|text| (0..4).map(move |code| with(code, text.as_bytes()))),
    )?;
    write("dates", DATES.iter().map(|text| text.as_bytes().to_vec()))?;
    write("settings", [ANNOTATED.as_bytes().to_vec()].into_iter())
}

fn write(target: &str, seeds: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    fs::create_dir_all(&dir)?;
    for (index, seed) in seeds.enumerate() {
        fs::write(dir.join(format!("seed-{index}")), seed)?;
    }
    Ok(())
}
