//! Which tables of an export belong together, and whether all that are needed are there.

use super::json_pieces::{JsonPieces, ReadPiece};
use super::piece::Pieces;
use crate::extract::error::ReadError;
use crate::extract::json::Dialect;
use crate::extract::rows::Rows;
use crate::extract::table::{Layout, Table};
use crate::extract::{bigcommerce_json, shopify_graphql};
use std::path::Path;
use std::sync::Arc;

/// A kind of set: what one shop system spreads over several records or tables.
#[derive(Debug)]
pub struct Kind {
    /// The name of its format in the settings.
    pub name: &'static str,
    /// Each of its files is a set by itself.
    pub stands_alone: bool,
    /// The tables it can't do without, by their labels, and what to do where one is missing.
    pub needs: &'static [(&'static str, &'static str)],
    /// Its orders may hold the lines themselves, and then need no other table.
    pub may_hold_lines: bool,
    /// What is said of a set that has records but no order, and of one whose orders have not one
    /// line.
    pub no_orders: (&'static str, &'static str),
    pub no_lines: (&'static str, &'static str),
}

/// What a table is to its set.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub kind: &'static Kind,
    /// The format's name, and behind a slash the table's own.
    pub label: &'static str,
    pub holds: Holds,
    /// Tables of different families were not written by one export.
    pub family: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Orders,
    Parts,
    /// Nothing that is sent; it is not read.
    Nothing,
}

/// A JSON dialect whose records are pieces of orders.
#[derive(Debug)]
pub struct JsonPart {
    pub dialect: &'static Dialect,
    pub part: Part,
    pub read: ReadPiece,
}

/// The JSON dialects whose records are pieces of orders.
fn json_parts() -> impl Iterator<Item = &'static JsonPart> {
    std::iter::once(&shopify_graphql::PART).chain(&bigcommerce_json::PARTS)
}

/// Tables that are read together, the newest first.
#[derive(Debug, Clone)]
pub struct TableSet {
    pub kind: &'static Kind,
    pub tables: Vec<Table>,
}

/// What a table in this dialect is to its set.
pub fn part_of(dialect: &Dialect) -> Option<Part> {
    json_part(dialect).map(|part| part.part)
}

fn json_part(dialect: &Dialect) -> Option<&'static JsonPart> {
    json_parts().find(|part| part.dialect.name == dialect.name)
}

impl TableSet {
    /// The records of one of its tables; `None` where they are of no use.
    pub fn pieces_of(&self, table: &Table) -> Result<Option<Box<dyn Pieces>>, ReadError> {
        let source = table.source.clone();
        Ok(match &table.layout {
            Layout::Csv(sheet) => {
                let rows = Rows::open(source, sheet.clone())?;
                Arc::clone(&sheet.layout).pieces(rows)
            }
            Layout::Json(dialect) => match json_part(dialect) {
                Some(part) => Some(Box::new(JsonPieces::open(source, dialect, part.read)?)),
                None => None,
            },
            Layout::Messages(_) | Layout::Mapped(_) | Layout::Set(_) => None,
        })
    }

    /// What is said where nothing that was read can become an order.
    pub fn lacking(&self, has_orders: bool) -> ReadError {
        let (what, hint) = if has_orders { self.kind.no_lines } else { self.kind.no_orders };
        ReadError::new(shown(&self.tables), 0, what, hint)
    }

    fn has_inline_lines(&self) -> bool {
        /// Orders looked at: writers that leave out what is blank need more than one.
        const SAMPLE_LEN_MAX: usize = 20;
        let of_orders = self
            .tables
            .iter()
            .filter(|table| table.part().is_some_and(|part| part.holds == Holds::Orders));
        of_orders.into_iter().any(|table| {
            let Ok(Some(mut pieces)) = self.pieces_of(table) else { return false };
            (0..SAMPLE_LEN_MAX)
                .map_while(|_| pieces.pull().ok().flatten())
                .any(|piece| !piece.stated.lines.is_empty())
        })
    }

    /// What is wrong with the set as a whole.
    fn fault(&self) -> Option<ReadError> {
        let parts: Vec<Part> = self.tables.iter().filter_map(Table::part).collect();
        let refused =
            |what: String, hint: &str| Some(ReadError::new(shown(&self.tables), 0, what, hint));
        if !parts.iter().any(|part| part.holds == Holds::Orders) {
            let (what, hint) = self.kind.no_orders;
            return refused(what.to_owned(), hint);
        }
        let mut families =
            self.tables.iter().filter_map(|table| Some((table.part()?.family?, table)));
        if let Some((first, _)) = families.next()
            && let Some((_, other)) = families.find(|(family, _)| *family != first)
        {
            let other = other.source.shown();
            return refused(
                format!(
                    "this table and {other} were not written by one export: their columns are of two versions"
                ),
                "keep the tables of one version in the job, and leave the others out",
            );
        }
        let missing =
            self.kind.needs.iter().find(|(label, _)| !parts.iter().any(|p| p.label == *label));
        let (label, hint) = missing?;
        if self.kind.may_hold_lines && self.has_inline_lines() {
            return None;
        }
        refused(format!("the table {label} is missing, which the orders' products stand in"), hint)
    }
}

/// The first table with orders, else the first one: what a fault of the whole set is told of.
fn shown(tables: &[Table]) -> String {
    let holds_orders =
        |table: &&Table| table.part().is_some_and(|part| part.holds == Holds::Orders);
    let table = tables.iter().find(holds_orders).or(tables.first());
    table.map(|table| table.source.shown()).unwrap_or_default()
}

/// Puts tables that belong together into sets; each set stands where its first table did. Where a
/// folder (or archive) has all the tables that are needed, each is a set, and has to have them:
/// several dumps side by side. Else all tables of the job are one.
pub fn gather(tables: Vec<Table>, faults: &mut Vec<ReadError>) -> Vec<Table> {
    let mut gathered = Vec::new();
    let mut sets: Vec<(usize, TableSet)> = Vec::new();
    for table in tables {
        match table.part() {
            None => gathered.push(table),
            Some(Part { kind, .. }) if kind.stands_alone => {
                gathered.extend(table_of(TableSet { kind, tables: vec![table] }));
            }
            Some(Part { kind, .. }) => {
                match sets.iter_mut().find(|(_, set)| set.kind.name == kind.name) {
                    Some((_, set)) => set.tables.push(table),
                    None => sets.push((gathered.len(), TableSet { kind, tables: vec![table] })),
                }
            }
        }
    }
    // From the last, so that the places of those before stay right.
    for (place, set) in sets.into_iter().rev() {
        let dumps = dumps_of(&set).filter(|dumps| dumps.iter().any(|dump| dump.fault().is_none()));
        let sets = dumps.unwrap_or_else(|| vec![set]);
        faults.extend(sets.iter().filter_map(TableSet::fault));
        gathered.splice(place..place, sets.into_iter().filter_map(table_of));
    }
    gathered
}

/// The set by folders and archives, where there are several.
fn dumps_of(set: &TableSet) -> Option<Vec<TableSet>> {
    fn place(table: &Table) -> Option<&Path> {
        match table.source.member() {
            Some(_) => Some(&table.source.path),
            None => table.source.path.parent(),
        }
    }
    let mut dumps: Vec<TableSet> = Vec::new();
    for table in &set.tables {
        let same = |dump: &&mut TableSet| dump.tables.first().map(place) == Some(place(table));
        match dumps.iter_mut().find(same) {
            Some(dump) => dump.tables.push(table.clone()),
            None => dumps.push(TableSet { kind: set.kind, tables: vec![table.clone()] }),
        }
    }
    (dumps.len() > 1).then_some(dumps)
}

fn table_of(set: TableSet) -> Option<Table> {
    let first = set.tables.first()?;
    let (source, seen) = (first.source.clone(), first.seen.clone());
    Some(Table { source, layout: Layout::Set(Arc::new(set)), seen })
}
