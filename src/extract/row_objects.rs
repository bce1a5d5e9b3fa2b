//! The rows of a table as JSON objects, one key a column.

use super::blank;
use super::error::NoMatch;
use super::format::{CsvLayout, NotesUses, Records};
use super::header::Header;
use super::json::{Document, JsonFormat, KeyUses, SAMPLE_LEN_MAX, Tree, malformed};
use super::messages::object_of;
use super::order_versions::CopyTimes;
use super::other_rows::Landmarks;
use super::rows::{Row, Rows};
use crate::domain::SourceOrder;
use csv::ByteRecord;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The names of the columns as an API writes them; some warehouses write them in capitals.
pub fn api_names(header: &Header) -> Vec<String> {
    let names: Vec<String> = header.names().map(str::to_owned).collect();
    if names.iter().any(|name| name.contains(|c: char| c.is_ascii_lowercase())) {
        return names;
    }
    names.into_iter().map(|name| name.to_ascii_lowercase()).collect()
}

/// Turns rows into objects.
#[derive(Debug, Clone)]
pub struct RowObjects {
    pub names: Vec<String>,
    /// The column that holds the whole object, if one does.
    within: Option<usize>,
}

impl RowObjects {
    pub fn of(header: &Header) -> Self {
        Self::named(header.names().map(str::to_owned).collect(), header)
    }

    /// As [`Self::of`], of a table whose columns are keys of an API.
    pub fn of_api(header: &Header) -> Self {
        Self::named(api_names(header), header)
    }

    /// It is not known which keys of the objects are read, so each column counts as read.
    fn named(names: Vec<String>, header: &Header) -> Self {
        header.note_all_read();
        Self { names, within: None }
    }

    /// The keys that a format reads of the first rows, whether they state them or not.
    pub fn keys_read(&self, rows: &[ByteRecord], format: &JsonFormat) -> Vec<String> {
        let mut uses = KeyUses::default();
        for object in self.first(rows) {
            if let Ok(tree) = Tree::parse(&object) {
                let (value, bytes, columns) = (tree.root(), object.as_bytes(), &self.names);
                let document = Document { value, bytes, line: 0, has_bad_bytes: false, columns };
                format.note_uses(&document, &mut uses);
            }
        }
        uses.outer_read().map(str::to_owned).collect()
    }

    /// The error for a table with two columns of one of these names, if a row fills both.
    pub fn twice(&self, rows: &[ByteRecord], keys_read: &[String]) -> Option<NoMatch> {
        let name = self.first(rows).find_map(|object| {
            let tree = Tree::parse(&object).ok()?;
            keys_read.iter().find(|key| tree.root().get(key).is_err())
        })?;
        Some(NoMatch::new(
            format!(
                "its column {name} is there twice, and which of the two belongs to the order is not known"
            ),
            "write the table again by a query that gives each column a name of its own: SELECT o.*, c.id AS customer_id \
             in place of SELECT o.*, c.*",
        ))
    }

    /// The objects that are in the cells of one column.
    pub fn within(self, column: usize) -> Self {
        Self { within: Some(column), ..self }
    }

    /// The first rows of a table as objects.
    pub fn first<'a>(&'a self, rows: &'a [ByteRecord]) -> impl Iterator<Item = String> + 'a {
        let whole = rows.iter().filter(|row| row.len() == self.names.len());
        whole.take(SAMPLE_LEN_MAX).map(|row| {
            let cells: Vec<Cow<'_, str>> = row.iter().map(String::from_utf8_lossy).collect();
            self.object_of(cells.iter().map(|cell| blank::value(cell)))
        })
    }

    /// The columns that show whether a row belongs to an order, by the names that APIs give them.
    pub fn landmarks(&self) -> Landmarks {
        let at = |known: &[&str]| {
            let named =
                self.names.iter().enumerate().filter(|(_, name)| known.contains(&name.as_str()));
            named.map(|(at, _)| at).collect()
        };
        Landmarks {
            keys: at(&[
                "id",
                "name",
                "number",
                "order_number",
                "entity_id",
                "increment_id",
                "_airbyte_raw_id",
            ]),
            dates: at(&["created_at", "createdAt", "date_created", "date_created_gmt", "date"]),
            amounts: at(&[
                "total",
                "total_price",
                "totalPrice",
                "grand_total",
                "total_inc_tax",
                "totalValue",
            ]),
            customers: at(&["customer_id", "customer", "email", "contact_email", "customer_email"]),
            products: at(&["line_items", "lineItems", "items", "products"]),
        }
    }

    fn object_of<'a>(&'a self, cells: impl Iterator<Item = &'a str>) -> String {
        object_of(self.names.iter().map(String::as_str).zip(cells))
    }

    /// A row as an object, and whether a cell of it is not UTF-8.
    pub fn object(&self, row: &Row<'_>) -> (String, bool) {
        let mut has_bad_bytes = false;
        let mut cell = |at: usize| {
            row.text(at).map(Cow::Borrowed).unwrap_or_else(|bytes| {
                has_bad_bytes = true;
                String::from_utf8_lossy(bytes)
            })
        };
        if let Some(at) = self.within {
            let object = cell(at).into_owned();
            return (object, has_bad_bytes);
        }
        let cells: Vec<Cow<'_, str>> = (0..self.names.len()).map(cell).collect();
        (self.object_of(cells.iter().map(AsRef::as_ref)), has_bad_bytes)
    }

    /// Applies `read` to a row; `None` if it is damaged.
    pub fn read<T>(&self, row: &Row<'_>, read: impl FnOnce(&Document<'_>) -> T) -> Option<T> {
        let (object, has_bad_bytes) = self.object(row);
        let tree = Tree::parse(&object).ok().filter(|_| row.is_whole)?;
        let (value, bytes) = (tree.root(), object.as_bytes());
        let columns = if self.within.is_some() { &[] } else { self.names.as_slice() };
        Some(read(&Document { value, bytes, line: row.line, has_bad_bytes, columns }))
    }

    /// Notes the filled columns of a row other than the one with the object.
    fn note_columns_beside(&self, row: &Row<'_>, uses: &mut KeyUses) {
        let Some(within) = self.within else { return };
        for (at, name) in self.names.iter().enumerate().filter(|(at, _)| *at != within) {
            if row.text(at).is_ok_and(|cell| !blank::value(cell).is_empty()) {
                uses.add_stated_name(name);
            }
        }
    }

    /// The layout of a table in which each row is an order.
    pub fn layout(
        self,
        copy_times: CopyTimes,
        keys_read: Vec<String>,
        reader: impl ReadsObjects,
    ) -> Arc<dyn CsvLayout> {
        Arc::new(ObjectTable { objects: self, copy_times, keys_read, reader })
    }
}

/// Builds orders from objects.
pub trait ReadsObjects: fmt::Debug + Send + Sync + 'static {
    fn order(&self, document: &Document<'_>) -> SourceOrder;

    /// Notes which keys of an object are read.
    fn note_uses(&self, document: &Document<'_>, uses: &mut KeyUses);
}

impl ReadsObjects for &'static JsonFormat {
    fn order(&self, document: &Document<'_>) -> SourceOrder {
        JsonFormat::order(self, document)
    }

    fn note_uses(&self, document: &Document<'_>, uses: &mut KeyUses) {
        JsonFormat::note_uses(self, document, uses);
    }
}

#[derive(Debug)]
struct ObjectTable<R> {
    objects: RowObjects,
    copy_times: CopyTimes,
    keys_read: Vec<String>,
    reader: R,
}

impl<R: ReadsObjects> NotesUses for ObjectTable<R> {
    fn note_uses(&self, row: &Row<'_>, uses: &mut KeyUses) {
        self.objects.note_columns_beside(row, uses);
        self.objects.read(row, |document| self.reader.note_uses(document, uses));
    }
}

impl<R: ReadsObjects> CsvLayout for ObjectTable<R> {
    fn copy_times(&self) -> CopyTimes {
        self.copy_times
    }

    fn landmarks(&self) -> Landmarks {
        self.objects.landmarks()
    }

    fn keys_read(&self) -> &[String] {
        &self.keys_read
    }

    fn json_rows(&self) -> Option<&dyn NotesUses> {
        Some(self)
    }

    fn read(self: Arc<Self>, mut rows: Rows) -> Box<dyn Records> {
        Box::new(move || {
            let Some(row) = rows.advance()? else { return Ok(None) };
            let order = self.objects.read(&row, |document| self.reader.order(document));
            let mut order = Box::new(order.unwrap_or_else(malformed));
            order.position.line = row.line;
            Ok(Some(order))
        })
    }
}
