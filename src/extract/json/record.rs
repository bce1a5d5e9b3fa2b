//! A record of an export with its field names. Reading a field never fails: an error in it becomes
//! an error of its record.

use super::key_uses::{KeyPath, KeyUses};
use super::tree::{RepeatedKey, Value};
use crate::domain::{Reason, RecordError, Text, add_once, interned};
use crate::extract::ORDER_LINES_MAX;
use crate::extract::blank;
use crate::extract::decimal;
use crate::extract::decisive;
use std::cell::{Cell, RefCell};

/// The most entries taken of a list other than an order's lines; a longer one marks its order.
const ENTRIES_MAX: usize = 250;

/// One record of a file.
#[derive(Clone, Copy)]
pub struct Document<'a> {
    pub value: Value<'a>,
    /// As written in the file.
    pub bytes: &'a [u8],
    /// Line of the file it begins at.
    pub line: u64,
    /// It is not UTF-8: U+FFFD is in place of what could not be decoded.
    pub has_bad_bytes: bool,
    /// The columns of the table that it is a row of; none for any other record. A blank cell of a
    /// row is not in its object.
    pub columns: &'a [String],
}

impl Document<'_> {
    /// The result of `read`, with the errors of the fields it read; `None` if the record is not an
    /// object, or has one of those keys twice.
    pub fn read<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> Option<(T, Vec<RecordError>)> {
        let reading = self.reading();
        let object = Some(self.value).filter(|value| value.is_object())?;
        let made = read(&Record { object: Some(object), path: 0, reading: &reading });
        let faults = reading.faults.into_inner();
        (!reading.has_repeated_key.get()).then_some((made, faults))
    }

    fn reading(&self) -> RecordReading<'_> {
        RecordReading {
            line: self.line,
            has_bad_bytes: self.has_bad_bytes,
            columns: self.columns,
            faults: RefCell::default(),
            paths: RefCell::default(),
            has_repeated_key: Cell::new(false),
            looked_at: None,
        }
    }

    /// Notes which keys the record states, and which of them `read` looks at.
    pub fn note_uses<T>(&self, read: impl FnOnce(&Record<'_>) -> T, uses: &mut KeyUses) {
        let reading = RecordReading { looked_at: Some(RefCell::default()), ..self.reading() };
        let Some(object) = Some(self.value).filter(|value| value.is_object()) else { return };
        read(&Record { object: Some(object), path: 0, reading: &reading });
        uses.add_stated(object);
        for (path, name) in reading.looked_at.iter().flat_map(|looked| looked.borrow().clone()) {
            let mut key = reading.names_to(path);
            key.push(name.to_string());
            uses.add_read(key);
        }
        for path in 1..=reading.paths.borrow().len() {
            uses.add_entered(reading.names_to(path));
        }
    }
}

/// State that is collected while the fields of a record are read.
struct RecordReading<'a> {
    line: u64,
    has_bad_bytes: bool,
    columns: &'a [String],
    faults: RefCell<Vec<RecordError>>,
    /// The objects and lists that were entered: the number of the one around it, and the name. The
    /// first one has the number 1.
    paths: RefCell<Vec<(usize, &'static str)>>,
    has_repeated_key: Cell<bool>,
    /// If it is watched: the fields that were read, each with the number of its object.
    looked_at: Option<RefCell<Vec<(usize, Text)>>>,
}

impl RecordReading<'_> {
    /// The names from the record to an object.
    fn names_to(&self, path: usize) -> KeyPath {
        let (paths, mut at) = (self.paths.borrow(), path);
        let mut names = KeyPath::new();
        while let Some((outer, name)) = at.checked_sub(1).and_then(|index| paths.get(index)) {
            names.push((*name).to_owned());
            at = *outer;
        }
        names.reverse();
        names
    }
}

/// An object of a record, or the record itself. An absent one has no fields.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    object: Option<Value<'a>>,
    /// Its number among the paths; 0 for the record itself.
    path: usize,
    reading: &'a RecordReading<'a>,
}

impl<'a> Record<'a> {
    /// Line of the file that the record begins at.
    pub fn line(&self) -> u64 {
        self.reading.line
    }

    /// Whether the object is there.
    pub fn exists(&self) -> bool {
        self.object.is_some()
    }

    /// Whether a field exists, even if it is `null`.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether the export has a field, even if the cell of the row is blank.
    pub fn states(&self, name: &str) -> bool {
        self.has(name) || self.reading.columns.iter().any(|column| column == name)
    }

    fn is_row(&self) -> bool {
        !self.reading.columns.is_empty()
    }

    /// The value of a field; `None` for `null`.
    pub fn value(&self, name: &str) -> Option<Value<'a>> {
        self.find(name).filter(|value| !value.is_null())
    }

    fn find(&self, name: &str) -> Option<Value<'a>> {
        if let Some(looked_at) = &self.reading.looked_at {
            looked_at.borrow_mut().push((self.path, name.into()));
        }
        self.object?.get(name).unwrap_or_else(|RepeatedKey| {
            self.reading.has_repeated_key.set(true);
            None
        })
    }

    /// The text of a field that is a [value](blank::value): a string, a number, `true` or `false`;
    /// blank if there is none.
    pub fn text(&self, name: &'static str) -> Text {
        self.read(name, blank::value)
    }

    /// The text of a field that is [free text](blank::free_text).
    pub fn free_text(&self, name: &'static str) -> Text {
        self.read(name, blank::free_text)
    }

    fn read(&self, name: &'static str, unless_blank: fn(&str) -> &str) -> Text {
        let Some(value) = self.value(name) else { return Text::default() };
        let text = value.text();
        if self.reading.has_bad_bytes && text.as_ref().is_ok_and(|text| text.contains('\u{fffd}')) {
            self.fault(Reason::BadEncoding, name);
        }
        match text {
            Ok(text) => unless_blank(&text).into(),
            Err(reason) => {
                self.fault(reason, name);
                let is_text = reason == Reason::BadEncoding;
                if is_text { value.raw().into() } else { Text::default() }
            }
        }
    }

    /// The text of a number, in quotes or not. One that a program wrote with an exponent is exact,
    /// and its digits are returned; in a table cell a spreadsheet may have rounded it, so it is
    /// left unchanged.
    pub fn amount(&self, name: &'static str) -> Text {
        let text = self.text(name);
        let is_cell = self.is_row() && self.path == 0;
        if is_cell { text } else { decimal::without_exponent(&text).into() }
    }

    /// The first of several amounts that is not blank.
    pub fn first_amount<const N: usize>(&self, names: [&'static str; N]) -> Text {
        let mut amounts = names.into_iter().map(|name| self.amount(name));
        amounts.find(|amount| !amount.is_empty()).unwrap_or_default()
    }

    /// The text of an id. A number with a fraction or an exponent went through a spreadsheet or a
    /// float, and may have become another id.
    pub fn id(&self, name: &'static str) -> Text {
        let text = self.text(name);
        let is_number = self.value(name).is_some_and(|value| !value.raw().starts_with('"'));
        if is_number && text.contains(['.', 'e', 'E']) {
            self.fault(Reason::BadId, name);
        }
        text
    }

    /// The first of several fields that is not blank.
    pub fn first<const N: usize>(&self, names: [&'static str; N]) -> Text {
        first_of(names.into_iter().map(|name| self.text(name)))
    }

    /// As [`Self::first`], of fields that are free text.
    pub fn first_free_text<const N: usize>(&self, names: [&'static str; N]) -> Text {
        first_of(names.into_iter().map(|name| self.free_text(name)))
    }

    /// Reads a field as yes or no; `None` if it is neither.
    pub fn flag(&self, name: &str) -> Option<bool> {
        decisive::flag_of(&self.value(name)?.text().ok()?)
    }

    /// Whether a field says yes. Anything but blank, yes or no is an error.
    pub fn is_true(&self, name: &'static str) -> bool {
        let Some(value) = self.value(name) else { return false };
        let text = value.text().map_err(|_| Reason::BadFlag);
        let said = text.and_then(|text| decisive::flag(blank::value(&text)));
        said.unwrap_or_else(|reason| {
            self.fault(reason, name);
            None
        }) == Some(true)
    }

    /// Whether a field contains a date. Anything but blank or a date is an error.
    pub fn is_dated(&self, name: &'static str) -> bool {
        decisive::is_dated(&self.text(name)).unwrap_or_else(|reason| {
            self.fault(reason, name);
            false
        })
    }

    /// The value of a field; `None` also for a word for a missing value.
    fn structure(&self, name: &str) -> Option<Value<'a>> {
        let is_word =
            |value: Value<'_>| value.text().is_ok_and(|text| blank::value(&text).is_empty());
        self.value(name).filter(|value| !is_word(*value))
    }

    /// A nested object. An empty list counts as an absent one, as some writers have no empty
    /// objects.
    pub fn object(&self, name: &'static str) -> Record<'a> {
        let value = self.structure(name);
        let object = value.filter(|value| value.is_object());
        if object.is_none()
            && value.is_some_and(|value| !value.is_list() || value.items().len() > 0)
        {
            self.fault(Reason::MalformedRow, name);
        }
        Record { object, path: self.enter(name), reading: self.reading }
    }

    /// The objects of a list; see [`Self::lines`].
    pub fn list(&self, name: &'static str) -> Vec<Record<'a>> {
        self.entries(name, ENTRIES_MAX)
    }

    /// The objects of the list of an order's lines. The values of an object count as a list: some
    /// writers turn a list with gaps into one.
    pub fn lines(&self, name: &'static str) -> Vec<Record<'a>> {
        self.entries(name, ORDER_LINES_MAX)
    }

    fn entries(&self, name: &'static str, entries_max: usize) -> Vec<Record<'a>> {
        let Some(value) = self.structure(name) else { return Vec::new() };
        let (reading, path) = (self.reading, self.enter(name));
        let objects = || value.items().filter(|item| item.is_object());
        let entries: Vec<Record<'a>> = objects()
            .take(entries_max)
            .map(|object| Record { object: Some(object), path, reading })
            .collect();
        let is_list = value.is_list() || value.is_object();
        if !is_list || value.items().any(|item| !item.is_object()) {
            self.fault(Reason::MalformedRow, name);
        }
        if objects().nth(entries_max).is_some() {
            self.fault(Reason::FieldTooLong, name);
        }
        entries
    }

    pub fn has_faults(&self) -> bool {
        !self.reading.faults.borrow().is_empty()
    }

    /// Adds a fault, once for each reason and field.
    pub fn fault(&self, reason: Reason, name: &'static str) {
        let text = self.value(name).and_then(|value| value.text().ok()).unwrap_or_default();
        let fault = RecordError::of(reason, self.path_of(name)).showing(&text);
        add_once(&mut self.reading.faults.borrow_mut(), fault);
    }

    fn enter(&self, name: &'static str) -> usize {
        let mut paths = self.reading.paths.borrow_mut();
        paths.push((self.path, name));
        paths.len()
    }

    /// The names from the record to a field, with points between them.
    fn path_of(&self, name: &'static str) -> &'static str {
        if self.path == 0 {
            return name;
        }
        interned(&format!("{}.{name}", self.reading.names_to(self.path).join(".")))
    }
}

fn first_of(mut texts: impl Iterator<Item = Text>) -> Text {
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

/// A text, or another one if it is blank.
pub fn text_or(text: Text, other: impl FnOnce() -> Text) -> Text {
    if text.is_empty() { other() } else { text }
}
