//! The orders in a loader's table of CSV.

use super::dump::{Dump, told_by};
use super::envelope::{Envelope, Message};
use super::objects::object_of;
use super::reader::order_of;
use super::superseded::{Places, Superseded, Versions};
use super::version::{Stamps, Version, is_damaged};
use crate::domain::SourceOrder;
use crate::extract::error::{NoMatch, ReadError};
use crate::extract::format::Records;
use crate::extract::json::{Document, JsonFormat, SAMPLE_LEN_MAX, Tree, malformed};
use crate::extract::rows::{self, Rows};
use std::borrow::Cow;
use std::sync::Arc;

/// The orders of one table, in the order of its rows. It is read twice: which version of an order
/// is the newest is known only at its end.
pub struct DumpRows {
    dump: Arc<Dump>,
    rows: Rows,
    /// What was found out before the first order is given out.
    survey: Option<Survey>,
    /// The number of the next row, from 0.
    next: u64,
}

struct Survey {
    dialect: &'static JsonFormat,
    places: Places,
}

impl DumpRows {
    pub fn new(dump: Arc<Dump>, rows: Rows) -> Self {
        Self { dump, rows, survey: None, next: 0 }
    }

    /// `None` of a table without a row.
    ///
    /// # Errors
    /// When the table can't be read, or a row of it is not whole.
    fn survey(&self) -> Result<Option<Survey>, ReadError> {
        let Some(dialect) = (match self.dump.dialect {
            Some(dialect) => Some(dialect),
            None => self.dialect()?,
        }) else {
            return Ok(None);
        };
        let mut rows = self.rows.again()?;
        let (mut versions, mut record) = (Versions::new(), 0);
        while let (false, Some(row)) = (versions.has_failed(), rows.advance()?) {
            if !row.is_whole {
                return Err(lost(self.rows.shown(), row.line));
            }
            let (order, stamps) = self.dump.order(&row, dialect);
            if is_damaged(&order) {
                return Err(lost(self.rows.shown(), row.line));
            }
            // A row that is no row of this table says nothing of when it was read.
            versions.note(stamps.and_then(|stamps| Version::of(order, Some(stamps), record)));
            record += 1;
        }
        let places = Superseded::among(versions, self.rows.shown())?.places();
        Ok(Some(Survey { dialect, places }))
    }

    /// The dialect of the records, by the first of them.
    fn dialect(&self) -> Result<Option<&'static JsonFormat>, ReadError> {
        let mut rows = self.rows.again()?;
        let mut objects = Vec::new();
        while let (true, Some(row)) = (objects.len() < SAMPLE_LEN_MAX, rows.advance()?) {
            objects.extend(row.is_whole.then(|| self.dump.object(&row).0));
        }
        let refused = |no_match: NoMatch| no_match.at(self.rows.shown(), 0);
        told_by(objects.into_iter(), &self.dump.names, self.dump.formats)
            .transpose()
            .map_err(refused)
    }
}

/// A row that can't be read may be the newest version of any order, whose older ones would be sent
/// in its place.
pub(super) fn lost(shown: String, line: u64) -> ReadError {
    ReadError::new(
        shown,
        line,
        "the row that begins here can't be read: it has not the columns of its header, is cut, or holds what is no UTF-8 or no \
         JSON; it may be the newest version of any order",
        "export the table again; where the file was edited by hand, look for a quote that is not closed; where it is the \
         last line of a whole file and has no end, end it",
    )
}

impl Dump {
    /// A row as an object, and whether a cell of it is no UTF-8.
    fn object(&self, row: &rows::Row<'_>) -> (String, bool) {
        let mut has_bad_bytes = false;
        let mut cells: Vec<Cow<'_, str>> = Vec::with_capacity(self.names.len());
        for at in 0..self.names.len() {
            cells.push(match row.text(at) {
                Ok(text) => Cow::Borrowed(text),
                Err(bytes) => {
                    has_bad_bytes = true;
                    String::from_utf8_lossy(bytes)
                }
            });
        }
        let names = self.names.iter().map(String::as_str);
        (object_of(names.zip(cells.iter().map(AsRef::as_ref))), has_bad_bytes)
    }

    /// What a row says, and when it was read at its source.
    fn order(
        &self,
        row: &rows::Row<'_>,
        dialect: &'static JsonFormat,
    ) -> (SourceOrder, Option<Stamps>) {
        if !row.is_whole {
            return (malformed(), None);
        }
        let (object, has_bad_bytes) = self.object(row);
        let Ok(tree) = Tree::parse(&object) else { return (malformed(), None) };
        let (value, bytes) = (tree.root(), object.as_bytes());
        let document = Document { value, bytes, line: row.line, has_bad_bytes };
        match Envelope::Airbyte.read(value) {
            Message::Record { row, .. } => (order_of(dialect, &row, &document), row.stamps),
            _ => (malformed(), None),
        }
    }
}

impl Records for DumpRows {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        if self.survey.is_none() {
            self.survey = self.survey()?;
        }
        let Some(survey) = &mut self.survey else { return Ok(None) };
        let Some(row) = self.rows.advance()? else { return Ok(None) };
        let (mut order, _) = self.dump.order(&row, survey.dialect);
        order.position.line = row.line;
        survey.places.mark(&mut order, self.next)?;
        self.next += 1;
        Ok(Some(order))
    }
}
