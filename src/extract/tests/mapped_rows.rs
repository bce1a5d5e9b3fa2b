//! Any CSV, by a mapping of the settings.

use super::*;
use crate::domain::Status;
use proptest::prelude::*;

const ERP: &str = r#"
[mappings.erp]
rows = "each"
key = "Beleg"
delimiter = "|"
decimal_mark = ","
thousands = "."
dates = ["%d.%m.%Y %H:%M"]
zone = "Europe/Berlin"
[mappings.erp.order]
id = "Beleg"
email = ["Mail", "Mail#2"]
created_at = "Datum"
total = "Summe"
currency = { value = "EUR" }
[mappings.erp.line]
name = { join = ["Artikel", "Farbe"], with = " / " }
quantity = "Menge"
total = "Betrag"
"#;

const HEADER: &str = "beleg|MAIL|mail|Datum|Summe|Artikel|Farbe|Menge|Betrag";

fn orders_by(mappings: &str, text: &str) -> Vec<SourceOrder> {
    let folder = Folder::with("erp.csv", text);
    let export =
        folder.open_by(mappings, "erp", &["erp.csv"]).unwrap_or_else(|error| panic!("{error}"));
    export.read().unboxed().collect::<Result<_, _>>().unwrap()
}

fn faults_of(mappings: &str) -> String {
    crate::extract::parse_mappings(mappings, "settings.toml").unwrap_err().to_string()
}

#[test]
fn a_table_of_any_kind_is_read_as_its_mapping_says() {
    let orders = orders_by(
        ERP,
        &format!(
            "{HEADER}\nR-1|ann@example.com||01.07.2024 10:00|1.234,56|Tasse|rot|2|1.200,00\n\
             R-1|||01.07.2024 10:00|1.234,56|Stift||3|10,00\n\
             R-2||bob@example.com|01.12.2024 10:00|5|Stift|blau|1|5\n"
        ),
    );
    assert_eq!(orders.len(), 2);
    let order = &orders[0];
    assert_eq!((order.total.as_str(), order.currency.as_str()), ("1234.56", "EUR"));
    assert_eq!(order.created_at, "2024-07-01T10:00:00+02:00");
    assert_eq!(
        (order.lines[0].name.as_str(), order.lines[0].total.as_str()),
        ("Tasse / rot", "1200.00")
    );
    let stated = &order.lines[1];
    assert_eq!(
        (stated.unit_price.as_str(), stated.total.as_str()),
        ("", "10.00"),
        "its share is for transform"
    );
    assert_eq!(orders[1].email, "bob@example.com", "the second column of that name");
    assert_eq!(orders[1].created_at, "2024-12-01T10:00:00+01:00");
    assert_eq!(orders[1].status, Some(Status::Paid), "nothing says otherwise");
    assert!(orders.iter().all(|order| order.faults.is_empty()));
}

#[test]
fn a_value_in_an_undeclared_form_invalidates_its_order() {
    let orders = orders_by(
        ERP,
        &format!(
            "{HEADER}\nR-1|a@example.com||01.07.2024 10:00|1.234|Tasse||1|1,00\n\
             R-2|a@example.com||01.07.2024 10:00|1,234.56|Tasse||1|1,00\n\
             R-3|a@example.com||07/01/2024|5,00|Tasse||1|12,34,5\n"
        ),
    );
    assert_eq!(orders[0].total, "1234", "a thousand, as the mapping says");
    assert_eq!(reasons(&orders[1]), [Reason::BadMoney]);
    assert_eq!(reasons(&orders[2]), [Reason::BadDate, Reason::BadMoney]);
}

#[test]
fn copies_that_were_modified_on_one_day_are_told_apart_by_the_column_of_the_time() {
    let modified = "updated_at = { join = [\"Tag\", \"Uhr\"], with = \" \" }";
    let mapping = ERP.replace("[mappings.erp.line]", &format!("{modified}\n[mappings.erp.line]"));
    let row = |id: &str, total: u32, time: &str| {
        format!("{id}|a@example.com||01.07.2024 10:00|{total}|Tasse||1|{total}|02.07.2024|{time}\n")
    };
    let (old, new) = (row("R-1", 9, "09:00"), row("R-1", 10, "17:30"));
    for (first, last) in [(&old, &new), (&new, &old)] {
        let table = format!("{HEADER}|Tag|Uhr\n{first}{}{last}", row("R-2", 5, "09:00"));
        let mut orders = orders_by(&mapping, &table);
        orders.retain(|order| !order.is_superseded);
        assert!(orders.iter().all(|order| order.faults.is_empty()), "{table}");
        let counting: Vec<_> =
            orders.iter().map(|order| (order.id.as_str(), order.total.as_str())).collect();
        assert_eq!(counting, [("R-2", "5"), ("R-1", "10")], "{table}");
    }
}

#[test]
fn a_word_for_no_kind_of_a_row_is_blank_unless_it_is_declared() {
    let kinds = "row_kind = { column = \"Art\", words = { \"\" = \"line\" }, others = \"skip\" }";
    let mapping = ERP.replace("[mappings.erp.order]", &format!("{kinds}\n[mappings.erp.order]"));
    let rows = |kind: &str| {
        let row = |item: &str| format!("R-1|a@example.com||01.07.2024 10:00|10|{item}||1|5");
        format!("{HEADER}|Art\n{}|\n{}|{kind}\n", row("Tasse"), row("Stift"))
    };
    for (kind, lines) in [("", 2), ("-", 2), ("n/a", 2), ("Notiz", 1)] {
        assert_eq!(orders_by(&mapping, &rows(kind))[0].lines.len(), lines, "{kind}");
    }
    let declared = mapping.replace("\"\" = \"line\"", "\"\" = \"line\", \"-\" = \"skip\"");
    assert_eq!(orders_by(&declared, &rows("-"))[0].lines.len(), 1);
}

#[test]
fn the_word_of_a_status_is_the_one_that_decided() {
    let rules = "status = [{ column = \"Storno\", filled = \"cancelled\" }, \
                 { column = \"Stand\", words = { bezahlt = \"paid\" } }]";
    let mapping = ERP.replace("[mappings.erp.order]", &format!("{rules}\n[mappings.erp.order]"));
    for (cancelled, status, word) in [
        ("", Status::Paid, "bezahlt"),
        ("n/a", Status::Paid, "bezahlt"),
        ("ja", Status::Cancelled, "ja"),
    ] {
        let row = format!("R-1|a@example.com||01.07.2024 10:00|5|Tasse||1|5|{cancelled}|bezahlt");
        let orders = orders_by(&mapping, &format!("{HEADER}|Storno|Stand\n{row}\n"));
        let stated = (orders[0].status, orders[0].status_word.as_str());
        assert_eq!(stated, (Some(status), word), "{cancelled}");
    }
}

#[test]
fn a_mapping_is_taken_by_itself_only_where_all_its_columns_are_there() {
    let comma = ERP.replace("delimiter = \"|\"\n", "");
    let header = HEADER.replace('|', ",");
    let row = "R-1,a@example.com,,01.07.2024 10:00,5,Tasse,,1,5\n";
    let folder = Folder::with("a.csv", format!("{header}\n{row}"));
    assert_eq!(folder.open_by(&comma, "auto", &["a.csv"]).unwrap().files()[0].format, "erp");
    folder.put("a.csv", format!("{}\n{row}", header.replace("Summe", "Total")));
    let message = folder.open_by(&comma, "auto", &["a.csv"]).unwrap_err().to_string();
    assert!(message.contains("not recognised"), "{message}");
    let message = folder.open_by(&comma, "erp", &["a.csv"]).unwrap_err().to_string();
    assert!(message.contains("lacks the columns: Summe"), "{message}");
    let message = folder.open_by(&comma, "epr", &["a.csv"]).unwrap_err().to_string();
    assert!(message.contains("matrixify-csv") && message.contains(", erp"), "{message}");
}

#[test]
fn faults_of_a_mapping_are_reported_together_each_with_its_place() {
    let message = faults_of(
        "[mappings.erp]\nrows = \"some\"\ndelimiter = \";;\"\nzone = \"Europe/Berln\"\ndates = [\"dd.mm.yyyy\"]\ncolour = 1\n\
         decimal_mark = 5\n[mappings.erp.order]\nid = 5\nemial = \"Mail\"\n[[mappings.erp.status]]\ncolumn = \"S\"\n\
         words = { ok = \"payed\" }\n",
    );
    for expected in [
        "settings.toml, line 2, column 8: mappings.erp.rows: found `some`\nhint: expected one of: order, first, each, either",
        "line 3, column 13: mappings.erp.delimiter",
        "mappings.erp.zone: not a time zone",
        "mappings.erp.dates: not a form of a date: dd.mm.yyyy",
        "line 6, column 10: mappings.erp.colour: unknown key",
        "mappings.erp.decimal_mark: found an integer\nhint: expected a string",
        "mappings.erp.order.id: found an integer\nhint: expected a string",
        "did you mean `email`?",
        "mappings.erp.status[0].words.ok: found `payed`",
        "lacks order.total, order.created_at, line.name, line.quantity, line.unit_price or line.total",
    ] {
        assert!(message.contains(expected), "{expected} is not in:\n{message}");
    }
}

#[test]
fn the_same_settings_are_the_same_mapping_and_others_another() {
    let identity = |mappings: &str| {
        let mappings = crate::extract::parse_mappings(mappings, "settings.toml").unwrap();
        Options { mappings, format: "erp".to_owned(), ..Options::default() }.identity()
    };
    assert_eq!(identity(ERP), identity(ERP));
    assert_ne!(identity(ERP), identity(&ERP.replace("Summe", "Netto")));
    assert_ne!(identity(ERP), identity(&ERP.replace("Europe/Berlin", "Europe/London")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_damage_to_a_mapping_panics(from in 0.0..1.0_f64, len in 0..40_usize, new in "[\\[\\]{}\"=,.#a-z%0-9\n]{0,20}") {
        let mut text = ERP.to_owned();
        let from = (from * text.len() as f64) as usize;
        let to = (from + len).min(text.len());
        text.replace_range(from..to, &new);
        if let Ok(mappings) = crate::extract::parse_mappings(&text, "settings.toml") {
            let folder = Folder::with("erp.csv", format!("{HEADER}\nR-1|a@example.com||01.07.2024 10:00|5|Tasse||1|5\n"));
            let patterns = vec![folder.path().join("erp.csv").display().to_string()];
            let options = Options { patterns, format: "erp".to_owned(), mappings, ..Options::default() };
            if let Ok(export) = Export::open(&options) {
                export.read().take_while(Result::is_ok).count();
            }
        }
    }
}
