//! From the text of `[mappings.NAME]` tables to profiles, or every fault with its line.

mod fields;
mod shape;

use super::amounts::AmountForm;
use super::dates::{Dates, FORMATS_MAX};
use super::profile::{
    Field, LineField, MappingSource, Names, OrderField, Profile, RowLayout, Zone,
};
use super::toml_table::{TomlDocument, TomlTable, TomlValue};
use crate::extract::error::{OpenError, ReadError};
use jiff::civil;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// The mappings that an export is read by.
#[derive(Debug, Clone, Default)]
pub struct Mappings(pub Arc<[Arc<Profile>]>);

impl Mappings {
    pub fn named(&self, name: &str) -> Option<&Arc<Profile>> {
        self.0.iter().find(|profile| profile.name == name)
    }
}

impl FromIterator<Self> for Mappings {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        Self(all.into_iter().flat_map(|mappings| mappings.0.to_vec()).collect())
    }
}

const KEYS: &[&str] = &[
    "title",
    "description",
    "hint",
    "source",
    "rows",
    "key",
    "line_key",
    "delimiter",
    "decimal_mark",
    "thousands",
    "signs",
    "dates",
    "time",
    "zone",
    "amounts",
    "tax_included",
    "html_entities",
    "also",
    "order",
    "line",
    "status",
    "refunds_tell",
    "row_kind",
    "parts",
    "records",
    "lines",
];

/// Reads every `[mappings.NAME]` of a TOML document; the rest of it is ignored. `file`
/// is its name in messages.
///
/// # Errors
/// With every fault, each with its line.
pub fn parse(text: &str, file: &str) -> Result<Mappings, OpenError> {
    let document = TomlDocument { file, text, faults: RefCell::default() };
    let (root, broken) = DeTable::parse_recoverable(text);
    for fault in &broken {
        let span = fault.span().unwrap_or(0..0);
        document.fault(
            span,
            "TOML",
            fault.message(),
            "lines such as [mappings.erp] or key = \"value\"",
        );
    }
    let mut profiles: Vec<Arc<Profile>> = Vec::new();
    if let Some(mappings) = root.get_ref().get("mappings").filter(|_| broken.is_empty())
        && let DeValue::Table(table) = mappings.get_ref()
    {
        for (name, value) in document.table(table, "mappings", mappings.span()).entries() {
            profiles.extend(value.table().map(|table| Arc::new(profile(name, &table))));
        }
    }
    let faults: Vec<ReadError> = document.faults.take();
    if faults.is_empty() { Ok(Mappings(profiles.into())) } else { Err(OpenError { faults }) }
}

fn profile(name: &str, table: &TomlTable<'_>) -> Profile {
    table.only(KEYS);
    if name == "auto" {
        table.fault("the name has a meaning of its own", "another name");
    }
    let names = Names::default();
    let (source, line_names) = shape::source(table, &names);
    let order = fields::order(table, &names);
    let line = fields::line(table, line_names.as_ref().unwrap_or(&names));
    let is_json = !matches!(source, MappingSource::Csv { .. });
    let mut profile = Profile {
        name: name.to_owned(),
        title: table.text("title").unwrap_or_else(|| format!("export as mappings.{name} has it")),
        description: table
            .text("description")
            .unwrap_or_else(|| "a mapping of the settings".to_owned()),
        hint: table
            .text("hint")
            .unwrap_or_else(|| format!("export again, or correct mappings.{name}")),
        source,
        has_found_place: false,
        also: table.texts("also"),
        order,
        line,
        status: fields::status(table, &names),
        refunds_tell: table.flag("refunds_tell"),
        row_kind: fields::row_kind(table, &names),
        line_key: table.text("line_key").map(|name| names.number(&name)),
        form: AmountForm { has_exponents: is_json, ..form(table) },
        dates: dates(table),
        zone: zone(table, &names),
        has_html_entities: table.flag("html_entities"),
        in_minor_units: in_minor_units(table),
        tax_included: fields::tax_included(table, &names),
        names: names.into_list(),
        line_names: line_names.map(Names::into_list),
        digest: [0; 16],
    };
    check_needed(&profile, table);
    let digest = blake3::hash(format!("{profile:?}").as_bytes());
    profile.digest.copy_from_slice(&digest.as_bytes()[..16]);
    profile
}

/// Without these an order can't be identified or sent.
fn check_needed(profile: &Profile, table: &TomlTable<'_>) {
    let has = |field| profile.order_field(field).is_some();
    let mut missing = Vec::new();
    if !has(OrderField::Id) && !has(OrderField::Number) {
        missing.push("order.id or order.number");
    }
    if !has(OrderField::Total) {
        missing.push("order.total");
    }
    if !has(OrderField::CreatedAt) {
        missing.push("order.created_at");
    }
    if profile.line_field(LineField::Name).is_none() {
        missing.push("line.name");
    }
    if profile.line_field(LineField::Quantity).is_none() {
        missing.push("line.quantity");
    }
    if profile.line_field(LineField::UnitPrice).is_none()
        && profile.line_field(LineField::Total).is_none()
    {
        missing.push("line.unit_price or line.total");
    }
    if !missing.is_empty() {
        table.fault(&format!("lacks {}", missing.join(", ")), "each of them");
    }
    let over_lines =
        |field: &Field| matches!(field, Field::Sum(sum) if sum.terms().count() > sum.once.len());
    if profile.line_names.is_some() && profile.order.iter().flatten().any(over_lines) {
        table.fault(
            "adds up over lines that are no rows",
            "`once` in place of `each`, `each_tax` and `refunds`",
        );
    }
    if let (Some(RowLayout::Parts(parts)), Some(names)) = (profile.layout(), &profile.line_names)
        && names.len() > parts.keys
    {
        table.fault("names a field of a line that is not among parts.keys", "keys of the cell");
    }
}

fn form(table: &TomlTable<'_>) -> AmountForm {
    let one = |key: &str, usual: Option<char>| match table.text(key) {
        None => usual,
        Some(text) => {
            let mut signs = text.chars();
            let (first, rest) = (signs.next(), signs.next());
            let odd = first.is_none_or(|c| c.is_ascii_alphanumeric() || c == '-') || rest.is_some();
            if odd && let Some(value) = table.get(key) {
                value.fault("not a mark", "one sign, such as \".\" or \",\"");
            }
            first
        }
    };
    let form = AmountForm {
        decimal_mark: one("decimal_mark", Some('.')).unwrap_or('.'),
        thousands: one("thousands", None),
        signs: table.texts("signs"),
        ..AmountForm::default()
    };
    if form.thousands == Some(form.decimal_mark) {
        table.fault("decimal_mark and thousands are the same", "two signs");
    }
    form
}

fn in_minor_units(table: &TomlTable<'_>) -> bool {
    let forms = [("decimal", false), ("minor_units", true)];
    table.get("amounts").and_then(|value| value.choice(&forms)).unwrap_or_default()
}

fn dates(table: &TomlTable<'_>) -> Dates {
    let time = table.get("time").map_or(Some(civil::Time::midnight()), |value| {
        let time = value.text()?.parse().ok();
        if time.is_none() {
            value.fault("not a time", "a time such as \"12:00\"");
        }
        time
    });
    let formats = table.texts("dates");
    let read = Dates::new(&formats, time.unwrap_or_default());
    match (read, table.get("dates")) {
        (Ok(_), Some(value)) if formats.len() > FORMATS_MAX => {
            value.fault("too many formats", &format!("at most {FORMATS_MAX}"));
        }
        (Ok(dates), _) => return dates,
        (Err(format), Some(value)) => {
            let what = format!("not a form of a date: {format}");
            value.fault(
                &what,
                "strptime's terms with day, month and year, such as \"%d/%m/%Y %H:%M:%S\"",
            );
        }
        (Err(_), None) => {}
    }
    Dates::default()
}

fn zone(table: &TomlTable<'_>, names: &Names) -> Zone {
    let Some(value) = table.get("zone") else { return Zone::Job };
    if !value.is_table() {
        return zone_named(&value).map_or(Zone::Job, Zone::Fixed);
    }
    let Some(cell) = value.table() else { return Zone::Job };
    cell.only(&["column", "words"]);
    let words = cell.words(zone_named);
    match cell.column() {
        Some(column) => Zone::Cell { column: names.number(&column), words },
        None => Zone::Job,
    }
}

/// An IANA name, or an offset such as `+01:00`.
fn zone_named(value: &TomlValue<'_>) -> Option<TimeZone> {
    let text = value.text()?;
    let offset = || Some(TimeZone::fixed(strtime::parse("%:z", &text).ok()?.offset()?));
    let zone = TimeZone::get(&text).ok().or_else(offset);
    if zone.is_none() {
        value.fault(
            "not a time zone",
            "an IANA name such as \"Europe/Berlin\", or an offset such as \"+01:00\"",
        );
    }
    zone
}
