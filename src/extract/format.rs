//! What every kind of export has: descriptions, and a way to recognise and read its files.

use super::error::{NoMatch, ReadError};
use super::header::Header;
use super::join::{Part, Pieces};
use super::json::{JsonFormat, JsonFormats, KeyUses};
use super::messages::Envelope;
use super::order_versions::CopyTimes;
use super::other_rows::Landmarks;
use super::rows::{Row, Rows};
use crate::domain::{DateShift, SourceOrder};
use csv::ByteRecord;
use jiff::tz::TimeZone;
use std::fmt;
use std::sync::Arc;

/// Descriptions of a kind of export.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its name in the settings.
    pub name: &'a str,
    /// What the export is, for messages: "Shopify orders export".
    pub title: &'a str,
    pub description: &'a str,
    /// How to get the export out of the shop system.
    pub how: &'a str,
}

/// One kind of export, as one system writes it.
pub trait Format: fmt::Debug + Send + Sync {
    fn about(&self) -> About<'_>;

    fn name(&self) -> &str {
        self.about().name
    }

    fn how(&self) -> String {
        self.about().how.to_owned()
    }

    /// Columns or keys without which nothing can be sent; alternatives are joined by "or".
    fn needs(&self) -> Vec<String>;

    fn syntax(&self) -> Syntax<'_>;
}

/// The syntax of a format, with what recognises it.
pub enum Syntax<'a> {
    Csv(&'a dyn CsvFormat),
    Json(&'a JsonFormat),
    Messages(Envelope),
}

/// A format that is recognised by the columns of a table.
pub trait CsvFormat: Format {
    /// How many columns of a header have a name of this export. Determines the delimiter, and
    /// decides between two formats that match.
    fn known_columns(&self, header: &Header) -> usize;

    /// The names of its columns that are read, for suggestions.
    fn column_names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The delimiter, if it is not one of those that are tried.
    fn delimiter(&self) -> Option<u8> {
        None
    }

    /// Whether it may match tables of other formats too: it is only used if no other one matches.
    fn is_generic(&self) -> bool {
        false
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch;
}

/// The beginning of a table.
pub struct CsvHead<'a> {
    pub header: &'a Header,
    /// The complete rows at the beginning, to detect what the header alone does not show.
    pub rows: &'a [ByteRecord],
    /// The settings name the format, so only its columns are considered.
    pub is_named: bool,
    pub zone: &'a TimeZone,
    pub webtoffee_date_shift: DateShift,
    pub json_formats: &'static JsonFormats,
}

/// Whether a table is of a format.
#[derive(Debug)]
pub enum CsvMatch {
    /// It can be read.
    Complete(Arc<dyn CsvLayout>),
    /// It is this export, but without these columns.
    MissingColumns {
        columns: Vec<String>,
        hint: String,
    },
    /// It is known, and does not contain orders that can be sent.
    Unusable(NoMatch),
    /// It has all columns that it needs, but their content has the wrong form.
    Unreadable(NoMatch),
    NotThisFormat,
}

/// Which column holds what in one table.
pub trait CsvLayout: Send + Sync + fmt::Debug {
    /// Whether the first column holds the order's name or id on each row that begins an order. Then
    /// a line within a cell that begins the same way is a row swallowed by an open quote.
    fn begins_with_key(&self) -> bool {
        false
    }

    /// The columns that distinguish rows of orders from others; none if all rows are.
    fn landmarks(&self) -> Landmarks {
        Landmarks::default()
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records>;

    /// Whether its records say when they were modified.
    fn copy_times(&self) -> CopyTimes {
        CopyTimes::Unstated
    }

    /// The keys of its records that are read, if its rows are records of JSON.
    fn keys_read(&self) -> &[String] {
        &[]
    }

    /// Records the keys that its rows state, if they are records of JSON.
    fn json_rows(&self) -> Option<&dyn NotesUses> {
        None
    }

    /// What the table is among several that are read together; `None` if it is read alone.
    fn part(&self) -> Option<Part> {
        None
    }

    /// The rows as parts of orders, if the table is one of several and its rows are used.
    fn pieces(self: Arc<Self>, _rows: Rows) -> Option<Box<dyn Pieces>> {
        None
    }
}

/// Rows that are records of JSON.
pub trait NotesUses {
    /// Notes which keys a row states, and which of them are read.
    fn note_uses(&self, row: &Row<'_>, uses: &mut KeyUses);
}

/// The orders of one table, one after the other.
pub trait Records: Send {
    /// The next order; its position has the line, but not the file and the record. It is boxed,
    /// because moving its 600 bytes from stage to stage costs more than the allocation.
    ///
    /// # Errors
    /// When the table can't be read, changed, or is truncated. An order that is cut by the
    /// end of the table is not returned.
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError>;
}

impl<F> Records for F
where
    F: FnMut() -> Result<Option<Box<SourceOrder>>, ReadError> + Send,
{
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        self()
    }
}

impl Format for JsonFormat {
    fn about(&self) -> About<'_> {
        let Self { name, title, description, how, .. } = *self;
        About { name, title, description, how }
    }

    fn needs(&self) -> Vec<String> {
        self.needs.iter().map(|group| group.join(" or ")).collect()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Json(self)
    }
}

impl Format for Envelope {
    fn about(&self) -> About<'_> {
        match self {
            Self::Singer => About {
                name: (*self).name(),
                title: "messages of a Singer tap",
                description: "Singer: the messages of a tap, also from standard input",
                how: "What a tap writes, saved to a file or piped into standard input; its orders must be of a format above.",
            },
            Self::Airbyte => About {
                name: (*self).name(),
                title: "messages of an Airbyte source",
                description: "Airbyte: messages of a source, or records as a destination writes them",
                how: "What a source or a destination of JSON lines writes, saved as it comes; its orders must be of a format above.",
            },
        }
    }

    fn needs(&self) -> Vec<String> {
        let records = match self {
            Self::Singer => "RECORD messages of one stream of orders",
            Self::Airbyte => "records of one stream of orders",
        };
        vec![format!("{records}, with what their format needs")]
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Messages(*self)
    }
}
