//! Tables that Airbyte and Singer targets load: several versions of an order, in no order.

use super::shopify_json::{ORDER, minified};
use super::*;

fn order(id: u32, total: &str) -> String {
    minified(ORDER)
        .replacen("6885604524341", &id.to_string(), 1)
        .replace("\"47.50\"", &format!("\"{total}\""))
}

/// A row of a raw table, as JSON.
fn raw(at: &str, data: &str) -> String {
    format!(
        "{{\"_airbyte_raw_id\":\"r{at}\",\"_airbyte_extracted_at\":\"{at}\",\"_airbyte_data\":{data}}}\n"
    )
}

/// A row of a table with a column for each field, as JSON.
fn last(mark: &str, data: &str) -> String {
    format!("{}\n", data.replacen('{', &format!("{{{mark},"), 1))
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// The same rows as CSV, with a column for each field of the first.
fn as_csv(rows: &str) -> String {
    let row = |line: &str| -> Vec<(String, String)> {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).unwrap();
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        object.into_iter().map(|(key, value)| (key, text(value))).collect()
    };
    let header: Vec<String> =
        row(rows.lines().next().unwrap()).into_iter().map(|(key, _)| key).collect();
    let cells =
        |line| row(line).into_iter().map(|(_, cell)| quoted(&cell)).collect::<Vec<_>>().join(",");
    format!("{}\n{}\n", header.join(","), rows.lines().map(cells).collect::<Vec<_>>().join("\n"))
}

/// Total, whether another version takes its place, and what is wrong with it.
fn versions(text: &str) -> Vec<(String, bool, Vec<Reason>)> {
    let orders = read(text).unwrap_or_else(|error| panic!("{error}"));
    orders
        .into_iter()
        .map(|order| (order.total.to_string(), order.is_superseded, reasons(&order)))
        .collect()
}

fn versions_both(rows: &str) -> Vec<(String, bool, Vec<Reason>)> {
    let found = versions(rows);
    let of_csv = versions(&as_csv(rows));
    assert_eq!(
        of_csv.iter().map(|one| (one.1, &one.2)).collect::<Vec<_>>(),
        found.iter().map(|one| (one.1, &one.2)).collect::<Vec<_>>()
    );
    assert_eq!(
        of_csv.iter().map(|one| &one.0).collect::<Vec<_>>(),
        found.iter().map(|one| &one.0).collect::<Vec<_>>()
    );
    found
}

const OLD: &str = "2024-02-01T00:00:00.000001Z";
const NEW: &str = "2024-02-01T00:00:00.000002Z";

#[test]
fn the_last_extracted_version_of_an_order_counts_wherever_it_is() {
    let (old, new) = (order(1, "10.00"), order(1, "12.00"));
    let other = raw(OLD, &order(2, "5.00"));
    for rows in
        [raw(NEW, &new) + &other + &raw(OLD, &old), raw(OLD, &old) + &other + &raw(NEW, &new)]
    {
        let mut found = versions_both(&rows);
        found.sort();
        let expected = [("10.00", true), ("12.00", false), ("5.00", false)];
        assert_eq!(found, expected.map(|(total, gone)| (total.to_owned(), gone, vec![])));
    }
}

#[test]
fn each_loaders_times_are_read() {
    let pairs = [
        (
            "\"_airbyte_ab_id\":\"a\",\"_airbyte_emitted_at\":1706745600000",
            "\"_airbyte_ab_id\":\"b\",\"_airbyte_emitted_at\":1706745600001",
        ),
        (
            "\"_airbyte_extracted_at\":\"2024-02-01 00:00:00.1\"",
            "\"_airbyte_extracted_at\":\"2024-02-01 00:00:00.11\"",
        ),
        (
            "\"_sdc_extracted_at\":\"2024-02-01T00:00:00Z\"",
            "\"_sdc_extracted_at\":\"2024-02-01T00:00:01Z\"",
        ),
        ("\"_sdc_sequence\":1706745600000", "\"_sdc_sequence\":1706745600001"),
        (
            "\"_airbyte_extracted_at\":\"2024-02-01 00:00:00\",\"_ab_cdc_updated_at\":\"2024-01-01T00:00:00Z\"",
            "\"_airbyte_extracted_at\":\"2024-02-01 00:00:00\",\"_ab_cdc_updated_at\":\"2024-01-01T00:00:01Z\"",
        ),
    ];
    for (old, new) in pairs {
        let rows = last(new, &order(1, "12.00")) + &last(old, &order(1, "10.00"));
        let expected = [("12.00".to_owned(), false, vec![]), ("10.00".to_owned(), true, vec![])];
        assert_eq!(versions_both(&rows), expected, "{old}");
    }
    // Read at the same moment: the shop's time of the last change decides.
    let dated = |total: &str, day: &str| {
        order(1, total).replacen("2024-02-01T08:00", &format!("2024-02-{day}T08:00"), 1)
    };
    let rows = raw(OLD, &dated("12.00", "02")) + &raw(OLD, &dated("10.00", "01"));
    assert_eq!(versions_both(&rows).iter().map(|one| one.1).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn versions_that_nothing_ranks_are_refused_both_and_equal_ones_are_one() {
    let refused = vec![Reason::ConflictingVersions];
    let rows = raw(OLD, &order(1, "10.00")) + &raw(OLD, &order(1, "12.00"));
    assert_eq!(
        versions_both(&rows),
        [
            ("10.00".to_owned(), false, refused.clone()),
            ("12.00".to_owned(), false, refused.clone())
        ]
    );
    let one_is_undated = raw("", &order(1, "10.00")) + &raw(OLD, &order(1, "12.00"));
    assert!(versions_both(&one_is_undated).iter().all(|one| one.2 == refused));
    let rows = raw(OLD, &order(1, "10.00")) + &raw(OLD, &order(1, "10.00"));
    assert_eq!(
        versions_both(&rows).iter().map(|one| (one.1, one.2.len())).collect::<Vec<_>>(),
        [(true, 0), (false, 0)]
    );
    // An older one never counts, whatever the two newest say.
    let rows =
        raw(NEW, &order(1, "1.00")) + &raw(OLD, &order(1, "2.00")) + &raw(NEW, &order(1, "3.00"));
    assert_eq!(
        versions_both(&rows).iter().map(|one| (one.1, one.2.len())).collect::<Vec<_>>(),
        [(false, 1), (true, 0), (false, 1)]
    );
}

#[test]
fn a_record_that_was_deleted_at_its_source_takes_the_place_of_what_it_was() {
    let gone =
        order(1, "10.00").replacen('{', "{\"_ab_cdc_deleted_at\":\"2024-02-01T00:00:00Z\",", 1);
    let rows = raw(NEW, &gone) + &raw(OLD, &order(1, "10.00"));
    let orders = read(&rows).unwrap();
    assert_eq!(
        orders.iter().map(|order| (order.is_deleted, order.is_superseded)).collect::<Vec<_>>(),
        [(true, false), (false, true)]
    );
}

#[test]
fn lists_that_a_loader_wrote_as_text_are_lists() {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&order(1, "10.00")).unwrap();
    let flat = object.into_iter().map(|(key, value)| match value {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            (key, serde_json::Value::from(value.to_string()))
        }
        other => (key, other),
    });
    let flat = serde_json::Value::Object(flat.collect()).to_string();
    let mark = format!("\"_airbyte_extracted_at\":\"{OLD}\"");
    let [mut folded, mut plain] =
        [flat, order(1, "10.00")].map(|data| read(last(&mark, &data)).unwrap());
    let (mut folded, mut plain) = (folded.remove(0), plain.remove(0));
    folded.lines.iter_mut().chain(&mut plain.lines).for_each(|line| line.at_line = 0);
    assert!(!plain.lines.is_empty());
    assert_eq!(folded, plain);
}

#[test]
fn a_table_is_recognised_and_so_is_one_without_orders() {
    let rows = raw(OLD, &order(1, "10.00"));
    for (text, format) in [
        (rows.clone(), "airbyte"),
        (as_csv(&rows), "warehouse-csv"),
        (last("\"_sdc_sequence\":1", &order(1, "1")), "singer"),
    ] {
        let folder = Folder::with("a", &text);
        assert_eq!(folder.open(&["a"]).unwrap().files()[0].format, format);
        assert!(
            folder.open_as(if format == "singer" { "singer" } else { "airbyte" }, &["a"]).is_ok()
        );
    }
    let as_json = Folder::with("a", &rows).open_as("shopify-json", &["a"]).unwrap_err().to_string();
    assert!(as_json.contains("rows of a loader's table") && as_json.contains("auto"), "{as_json}");
    let said = refusal(format!(
        "_airbyte_raw_id,_airbyte_extracted_at,id,email\nr,{OLD},1,ann@example.com\n"
    ));
    assert!(
        said.contains("table of Airbyte's") && said.contains("id, email") && !said.contains("ann@"),
        "{said}"
    );
    assert_eq!(
        versions("_airbyte_raw_id,_airbyte_extracted_at,_airbyte_data\n"),
        [],
        "a day without orders"
    );
}

#[test]
fn a_long_first_row_of_a_table_hides_nothing() {
    let long = order(1, "10.00").replacen(
        '{',
        &format!("{{\"note_of_old\":\"{}\",", "x".repeat(80_000)),
        1,
    );
    assert_eq!(versions(&as_csv(&raw(OLD, &long))).len(), 1);
    let said =
        read(as_csv(&raw(OLD, &format!("{{\"a\":\"{}\"}}", "x".repeat(80_000))))).unwrap_err();
    assert!(said.what.contains("not recognised"), "{said}");
}

#[test]
fn of_a_table_that_was_cut_nothing_is_given_out() {
    let rows = raw(OLD, &order(1, "10.00")) + &raw(NEW, &order(1, "12.00"));
    let said = refusal(&rows[..rows.len() - 30]);
    assert!(said.contains("cut short"), "{said}");
}

#[test]
fn of_a_table_with_a_row_that_is_not_whole_nothing_is_given_out() {
    let rows =
        [raw(OLD, &order(1, "10.00")), raw(NEW, &order(1, "12.00")), raw(OLD, &order(2, "5.00"))];
    let text = as_csv(&rows.concat());
    assert_eq!(versions(&text).len(), 3);
    let lines: Vec<&str> = text.lines().collect();
    let short = lines[2].split_once(',').unwrap().1;
    let inside = [lines[0], lines[1], short, lines[3], ""].join("\n");
    let at_end = [lines[0], lines[1], lines[3], short, ""].join("\n");
    let alone = [lines[0], short, short, ""].join("\n");
    for (damaged, line) in
        [(inside, 3), (at_end, 4), (alone, 2), (text[..text.len() - 30].to_owned(), 4)]
    {
        let folder = Folder::with("a.csv", &damaged);
        let mut orders = folder.open(&["a.csv"]).unwrap().read();
        let error = orders.next().unwrap().unwrap_err();
        assert_eq!(error.line, line, "{error}");
        let said = error.to_string();
        assert!(
            said.contains("newest version of any order") && said.contains("export the table again"),
            "{said}"
        );
        assert!(said.contains("a.csv"), "{said}");
        assert!(orders.next().is_none(), "nothing follows");
    }
}

#[test]
fn of_a_table_with_a_record_that_cannot_be_read_nothing_is_given_out() {
    let rows =
        [raw(OLD, &order(1, "10.00")), raw(NEW, &order(1, "12.00")), raw(OLD, &order(2, "5.00"))]
            .concat();
    let lines: Vec<&str> = rows.lines().collect();
    let twice = lines[1].replacen("\"currency\":", "\"currency\":\"EUR\",\"currency\":", 1);
    let json = [lines[0], &twice, lines[2], ""].join("\n");
    let csv = as_csv(&rows);
    let lines: Vec<&str> = csv.lines().collect();
    let broken = lines[2].replacen('}', "", 1);
    let csv = [lines[0], lines[1], &broken, lines[3], ""].join("\n");
    let folder = Folder::with("a.jsonl", &json);
    let error = folder.open(&["a.jsonl"]).unwrap_err();
    let ReadError { line, what, .. } = &error.faults[0];
    assert!(*line == 2 && what.contains("newest version of any order"), "{error}");
    let folder = Folder::with("a.csv", &csv);
    let mut orders = folder.open(&["a.csv"]).unwrap().read();
    let error = orders.next().unwrap().unwrap_err();
    assert!(error.line == 3 && error.what.contains("newest version of any order"), "{error}");
    assert!(orders.next().is_none(), "nothing follows");
}
