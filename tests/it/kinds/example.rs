//! The example export of each format, which can be changed in one column and mapped.

use jiff::tz::TimeZone;
use ordersync::domain::{Moment, Notes, Order, Policy};
use ordersync::extract::{Export, Options};
use ordersync::transform::{Mapped, Rules, transform};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/extract/tests/fixtures");

/// Formats with buyers' addresses in a separate file.
pub const CUSTOMERS: [&str; 2] = [
    "Customer ID,Email\nannex,a@example.com\nbobby,b@example.com\ncid,c@example.com\n\
     C1,d@example.com\nC2,e@example.com\nC3,f@example.com\n",
    "Order ID,Email\n404-1,a@example.com\n404-2,b@example.com\n404-3,c@example.com\n",
];

#[derive(Clone)]
pub enum Content {
    Table { delimiter: u8, rows: Vec<Vec<String>> },
    Documents(Vec<Value>),
}

impl Content {
    fn parse(name: &str, text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        if !name.contains("csv") {
            let documents = serde_json::Deserializer::from_str(text).into_iter();
            return Self::Documents(documents.map(Result::unwrap).collect());
        }
        let first = text.lines().next().unwrap();
        let of = |sign: &u8| first.bytes().filter(|b| b == sign).count();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(of).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Self::Table { delimiter, rows: rows.collect() }
    }

    fn text(&self) -> String {
        match self {
            Self::Table { delimiter, rows } => {
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(*delimiter)
                    .flexible(true)
                    .from_writer(Vec::new());
                rows.iter().for_each(|row| writer.write_record(row).unwrap());
                String::from_utf8(writer.into_inner().unwrap()).unwrap()
            }
            Self::Documents(documents) => {
                let lines = documents.iter().map(|document| unquoted(&document.to_string()));
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Marks a text that is written to JSON without quotes: a number in a special form.
pub const BARE: char = '\u{1}';

fn unquoted(json: &str) -> String {
    let mut parts = json.split("\"\\u0001");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(&part.replacen('"', "", 1));
    }
    text
}

/// The outcome of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Sent(Box<Order>, Notes),
    Filtered(&'static str),
    /// Reasons, each with its field.
    Invalid(BTreeSet<(&'static str, Option<&'static str>)>),
}

impl Outcome {
    pub fn has_reason(&self, reason: &str) -> bool {
        matches!(self, Self::Invalid(faults) if faults.iter().any(|(word, _)| *word == reason))
    }
}

/// Records in their order, and the notes on the files.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub outcomes: Vec<Outcome>,
    pub notes: Vec<String>,
}

#[derive(Clone)]
pub struct Example {
    /// The name of its file, or of the folder of its files.
    pub name: String,
    pub files: Vec<(String, Content)>,
}

impl Example {
    pub fn is_table(&self) -> bool {
        self.files.iter().all(|(_, content)| matches!(content, Content::Table { .. }))
    }

    /// The names of its columns, or the keys of its values.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for (_, content) in &self.files {
            match content {
                Content::Table { rows, .. } => columns.extend(rows[0].iter().cloned()),
                Content::Documents(documents) => {
                    documents.iter().for_each(|document| add_keys(document, &mut columns));
                }
            }
        }
        columns
    }

    /// With another text in each place of a column for which `new` returns one.
    pub fn with(&self, column: &str, new: impl Fn(&str) -> Option<String>) -> Self {
        let mut changed = self.clone();
        for (_, content) in &mut changed.files {
            match content {
                Content::Table { rows, .. } => {
                    let (header, rows) = rows.split_first_mut().unwrap();
                    let columns = header.iter().enumerate().filter(|(_, name)| *name == column);
                    for (at, _) in columns {
                        for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
                            if let Some(new) = new(cell) {
                                *cell = new;
                            }
                        }
                    }
                }
                Content::Documents(documents) => {
                    documents.iter_mut().for_each(|document| change(document, column, &new));
                }
            }
        }
        changed
    }

    /// With a further, blank column or key next to an existing one.
    pub fn beside(&self, other: &str, column: &str) -> Self {
        let mut changed = self.clone();
        for (_, content) in &mut changed.files {
            match content {
                Content::Table { rows, .. } if rows[0].iter().any(|name| name == other) => {
                    rows[0].push(column.to_owned());
                    rows.iter_mut().skip(1).for_each(|row| row.push(String::new()));
                }
                Content::Table { .. } => {}
                Content::Documents(documents) => {
                    documents.iter_mut().for_each(|document| add_beside(document, other, column));
                }
            }
        }
        changed
    }

    /// With each name of a column changed.
    pub fn with_header(&self, new: impl Fn(&str) -> String) -> Self {
        let mut changed = self.clone();
        for (_, content) in &mut changed.files {
            if let Content::Table { rows, .. } = content {
                rows[0].iter_mut().for_each(|name| *name = new(name));
            }
        }
        changed
    }

    pub fn texts(&self) -> Vec<(String, Vec<u8>)> {
        let text =
            |(name, content): &(String, Content)| (name.clone(), content.text().into_bytes());
        self.files.iter().map(text).collect()
    }

    pub fn read(&self, policy: &Policy) -> Result<Read, String> {
        read(&self.texts(), None, policy)
    }

    /// As [`Self::read`], of an export that can be read.
    pub fn outcomes(&self, policy: &Policy) -> Vec<Outcome> {
        let read = self.read(policy);
        read.unwrap_or_else(|error| panic!("{}: {error}", self.name)).outcomes
    }
}

fn add_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if !value.is_object() && !value.is_array() {
                    keys.insert(key.clone());
                }
                add_keys(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_keys(item, keys)),
        _ => {}
    }
}

fn add_beside(value: &mut Value, other: &str, column: &str) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|value| add_beside(value, other, column));
            if members.contains_key(other) {
                members.insert(column.to_owned(), Value::Null);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_beside(item, other, column)),
        _ => {}
    }
}

fn change(value: &mut Value, column: &str, new: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if key == column && !value.is_object() && !value.is_array() {
                    let text = match &*value {
                        Value::String(text) => text.clone(),
                        Value::Null => String::new(),
                        other => other.to_string(),
                    };
                    if let Some(new) = new(&text) {
                        *value = new.into();
                    }
                } else {
                    change(value, column, new);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, column, new)),
        _ => {}
    }
}

/// A folder with these files as one export.
pub fn export_of(files: &[(String, Vec<u8>)], encoding: Option<&str>) -> (TempDir, Options) {
    let dir = tempfile::tempdir().unwrap();
    let put = |folder: &str, name: &str, bytes: &[u8]| {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        std::fs::write(dir.path().join(folder).join(name), bytes).unwrap();
    };
    files.iter().for_each(|(name, bytes)| put("exports", name, bytes));
    let lists = CUSTOMERS.iter().enumerate();
    lists.for_each(|(at, text)| put("customers", &format!("{at}.csv"), text.as_bytes()));
    let all = |folder: &str| vec![dir.path().join(folder).join("*").display().to_string()];
    let options = Options {
        patterns: all("exports"),
        customers: all("customers"),
        encoding: encoding.map(str::to_owned),
        ..Options::default()
    };
    (dir, options)
}

/// Reads files as one export and maps its orders.
pub fn read(
    files: &[(String, Vec<u8>)],
    encoding: Option<&str>,
    policy: &Policy,
) -> Result<Read, String> {
    let (dir, options) = export_of(files, encoding);
    let place = dir.path().display().to_string();
    let shown = |error: &dyn std::fmt::Display| error.to_string().replace(&place, "");
    let export = Export::open(&options).map_err(|error| shown(&error))?;
    let notes = export.files().iter().flat_map(|file| file.notes.clone()).collect();
    let rules = Rules { policy: policy.clone(), ..Rules::default() };
    let outcome = |order: Result<Box<_>, _>| match transform(&mut *order?, &rules) {
        Mapped::Order(order, notes) => Ok(Outcome::Sent(order, notes)),
        Mapped::Filtered(filter) => Ok(Outcome::Filtered(filter.code())),
        Mapped::Invalid(faults) => {
            let reasons = faults.iter().map(|fault| (fault.reason.word(), fault.field));
            Ok(Outcome::Invalid(reasons.collect()))
        }
    };
    let outcomes: Result<_, ordersync::extract::ReadError> = export.read().map(outcome).collect();
    Ok(Read { outcomes: outcomes.map_err(|error| shown(&error))?, notes })
}

/// Fails with every unexpected row of a table.
pub fn assert_none(wrong: &[String]) {
    const SHOWN_MAX: usize = 1500;
    let shown = wrong.iter().map(|text| text.chars().take(SHOWN_MAX).collect::<String>());
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), shown.collect::<Vec<_>>().join("\n"));
}

/// The settings for exports that state neither.
pub fn usual() -> Policy {
    Policy {
        currency: "USD".parse().ok(),
        default_date: Moment::parse("2024-01-31T00:00:00Z", &TimeZone::UTC).ok(),
        ..Policy::default()
    }
}

/// One of each format; without rows that are quoted as a whole, as they have no cells.
pub fn examples() -> Vec<Example> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let file = |path: &Path| {
        let name = name(path);
        let content = Content::parse(&name, &std::fs::read_to_string(path).unwrap());
        (name, content)
    };
    let example = |path: &PathBuf| {
        let files = if path.is_dir() {
            std::fs::read_dir(path).unwrap().map(|entry| file(&entry.unwrap().path())).collect()
        } else {
            vec![file(path)]
        };
        Example { name: name(path), files }
    };
    let examples = paths.iter().filter(|path| !name(path).contains("quoted-again"));
    examples.map(example).collect()
}

/// The example of this name.
pub fn example(name: &str) -> Example {
    let found = examples().into_iter().find(|example| example.name == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}
