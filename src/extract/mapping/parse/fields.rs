//! Where each field comes from.

use crate::domain::Status;
use crate::extract::mapping::profile::{
    CellNames, Field, FieldAnswer, LineField, Names, OrderField, RowKind, RowKinds, StatusRule,
    Sum, TaxIncluded, Term,
};
use crate::extract::mapping::toml_table::{TomlTable, TomlValue};
use crate::extract::statuses::Statuses;

pub fn order(profile: &TomlTable<'_>, names: &Names) -> Vec<Option<Field>> {
    let keys: Vec<&str> = OrderField::ALL.iter().map(|field| field.key()).collect();
    let table = part(profile, "order", &keys);
    let read = |field: &OrderField| {
        let value = table.as_ref()?.get(field.key())?;
        let is_sum = value.is_table() && value.table().is_some_and(|table| is_sum(&table));
        if is_sum && !field.is_amount() {
            value.fault("can't be added up", "a column");
        }
        field_of(&value, names).map(|of| of.with_free_text(*field == OrderField::ShippingMethod))
    };
    OrderField::ALL.iter().map(read).collect()
}

pub fn line(profile: &TomlTable<'_>, names: &Names) -> Vec<Option<Field>> {
    let keys: Vec<&str> = LineField::ALL.iter().map(|field| field.key()).collect();
    let table = part(profile, "line", &keys);
    let read = |field: &LineField| {
        let value = table.as_ref()?.get(field.key())?;
        if value.is_table() && value.table().is_some_and(|table| is_sum(&table)) {
            value.fault("can't be added up", "a column");
        }
        let is_free = matches!(field, LineField::Name | LineField::Variant | LineField::Category);
        field_of(&value, names).map(|of| of.with_free_text(is_free))
    };
    LineField::ALL.iter().map(read).collect()
}

fn part<'t>(profile: &TomlTable<'t>, key: &str, keys: &[&str]) -> Option<TomlTable<'t>> {
    let table = profile.table(key);
    if let Some(table) = &table {
        table.only(keys);
    }
    table
}

const SUM_KEYS: [&str; 4] = ["each", "once", "refunds", "each_tax"];

fn is_sum(table: &TomlTable<'_>) -> bool {
    SUM_KEYS.iter().any(|key| table.get(key).is_some())
}

fn field_of(value: &TomlValue<'_>, names: &Names) -> Option<Field> {
    if !value.is_table() {
        return Some(Field::Cells(cells_of(value, names)));
    }
    let table = value.table()?;
    if table.get("value").is_some() {
        table.only(&["value"]);
        return table.text("value").map(|text| Field::Constant(text.into()));
    }
    if is_sum(&table) {
        table.only(&SUM_KEYS);
        let terms = |key: &str| table.texts(key).iter().map(|text| term_of(text, names)).collect();
        return Some(Field::Sum(Sum {
            each: terms("each"),
            once: terms("once"),
            refunds: terms("refunds"),
            each_tax: terms("each_tax"),
        }));
    }
    Some(Field::Cells(cells_of(value, names)))
}

/// `-Name` is subtracted.
fn term_of(text: &str, names: &Names) -> Term {
    match text.strip_prefix('-') {
        Some(name) => Term { name: names.number(name.trim()), is_negative: true },
        None => Term { name: names.number(text), is_negative: false },
    }
}

/// A name, a list of alternatives, or a table that says more.
fn cells_of(value: &TomlValue<'_>, names: &Names) -> CellNames {
    let usual = CellNames { with: " ".to_owned(), ..CellNames::default() };
    if !value.is_table() {
        let alternatives =
            value.items().iter().filter_map(|item| alternative(item, names)).collect();
        return CellNames { alternatives, ..usual };
    }
    let Some(table) = value.table() else { return usual };
    table.only(&["column", "join", "with", "blank", "in_brackets"]);
    let alternatives = match (table.get("column"), table.get("join")) {
        (Some(column), None) => {
            column.items().iter().filter_map(|item| alternative(item, names)).collect()
        }
        (None, Some(join)) => vec![joined(&join, names)],
        _ => {
            table.fault("names no column", "`column`, or `join` with several that belong together");
            Vec::new()
        }
    };
    CellNames {
        alternatives,
        with: table.text("with").unwrap_or(usual.with),
        blank: table.texts("blank"),
        in_brackets: table.flag("in_brackets"),
        is_free_text: false,
    }
}

/// A name, or a table with several to join.
fn alternative(item: &TomlValue<'_>, names: &Names) -> Option<Vec<usize>> {
    if !item.is_table() {
        return item.text().map(|name| vec![names.number(&name)]);
    }
    let table = item.table()?;
    table.only(&["join"]);
    table.get("join").map(|join| joined(&join, names))
}

fn joined(join: &TomlValue<'_>, names: &Names) -> Vec<usize> {
    join.texts().unwrap_or_default().iter().map(|name| names.number(name)).collect()
}

pub fn status(profile: &TomlTable<'_>, names: &Names) -> Vec<StatusRule> {
    let rules = profile.get("status").map(|value| value.tables()).unwrap_or_default();
    rules.iter().map(|rule| status_rule(rule, names)).collect()
}

fn status_rule(rule: &TomlTable<'_>, names: &Names) -> StatusRule {
    rule.only(&["column", "optional", "filled", "blank", "dated", "words", "table"]);
    if rule.get("column").is_none() {
        rule.fault("names no column", "column = \"…\"");
    }
    let answer = |key: &str| rule.get(key).and_then(|value| answer_of(&value));
    let cells = rule.get("column").map(|value| cells_of(&value, names)).unwrap_or_default();
    StatusRule {
        // A mapping may declare any word, so words are looked up before the test for blanks.
        cells: CellNames { is_free_text: true, ..cells },
        is_optional: rule.flag("optional"),
        filled: answer("filled"),
        blank: answer("blank"),
        dated: answer("dated"),
        words: rule.words(answer_of),
        table: rule.get("table").and_then(|value| table_of(&value)),
    }
}

fn table_of(value: &TomlValue<'_>) -> Option<&'static Statuses> {
    let table = Statuses::named(&value.text()?);
    if table.is_none() {
        let known: Vec<&str> = Statuses::shops().collect();
        value.fault("not a table of status words", &format!("one of: {}", known.join(", ")));
    }
    table
}

pub fn tax_included(profile: &TomlTable<'_>, names: &Names) -> Option<TaxIncluded> {
    let table = profile.table("tax_included")?;
    table.only(&["column", "words"]);
    let cells = CellNames::of(names.number(&table.column()?));
    Some(TaxIncluded { cells, words: table.words(TomlValue::flag) })
}

fn answer_of(value: &TomlValue<'_>) -> Option<FieldAnswer> {
    let statuses = Status::ALL.iter().map(|status| (status.word(), FieldAnswer::Status(*status)));
    let answers: Vec<_> = statuses.chain([("next", FieldAnswer::Next)]).collect();
    value.choice(&answers)
}

pub fn row_kind(profile: &TomlTable<'_>, names: &Names) -> Option<RowKinds> {
    let table = profile.table("row_kind")?;
    table.only(&["column", "words", "table", "others"]);
    Some(RowKinds {
        column: names.number(&table.column()?),
        words: table.words(kind_of),
        table: table.get("table").and_then(|value| table_of(&value)),
        others: table.get("others").and_then(|value| kind_of(&value)),
    })
}

fn kind_of(value: &TomlValue<'_>) -> Option<RowKind> {
    value.choice(&[
        ("line", RowKind::Line),
        ("refund", RowKind::Refund),
        ("cancelled", RowKind::Cancelled),
        ("skip", RowKind::Skip),
    ])
}
