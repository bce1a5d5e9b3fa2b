//! Which tables of an export belong together, and whether all required ones exist.

use super::piece::{Holds, Part, SetKind};
use crate::extract::error::ReadError;
use crate::extract::order_versions::CopyTimes;
use crate::extract::table::Table;
use std::path::Path;
use std::sync::Arc;

/// Tables that are read together, the newest first.
#[derive(Debug, Clone)]
pub struct TableSet {
    pub kind: &'static SetKind,
    pub tables: Vec<Table>,
}

/// What is read together: one table, or several whose records are joined.
#[derive(Debug, Clone)]
pub enum Input {
    Table(Box<Table>),
    Set(Arc<TableSet>),
}

impl Input {
    /// Whether its records say when they were modified.
    pub fn copy_times(&self) -> CopyTimes {
        match self {
            Self::Table(table) => table.copy_times(),
            Self::Set(_) => CopyTimes::Compared,
        }
    }

    /// The tables that it consists of.
    pub fn tables(&self) -> &[Table] {
        match self {
            Self::Table(table) => std::slice::from_ref(table.as_ref()),
            Self::Set(set) => &set.tables,
        }
    }
}

impl TableSet {
    /// The error if nothing that was read can become an order.
    pub fn lacking(&self, has_orders: bool) -> ReadError {
        let (what, hint) = if has_orders { self.kind.no_lines } else { self.kind.no_orders };
        ReadError::new(shown(&self.tables), 0, what, hint)
    }

    fn has_inline_lines(&self) -> bool {
        /// Orders that are examined: more than one, as writers may omit blank fields.
        const SAMPLE_LEN_MAX: usize = 20;
        let of_orders = self
            .tables
            .iter()
            .filter(|table| table.part().is_some_and(|part| part.holds == Holds::Orders));
        let mut sample = of_orders.into_iter().flat_map(|table| {
            let mut pieces = table.pieces().ok().flatten();
            let next = move || pieces.as_mut()?.pull().ok().flatten();
            std::iter::from_fn(next).take(SAMPLE_LEN_MAX)
        });
        // Without an order there are no lines to check.
        sample.next().is_none_or(|first| first.is_whole() || sample.any(|piece| piece.is_whole()))
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

/// The table named in a fault of the whole set: the first one with orders, else the first.
fn shown(tables: &[Table]) -> String {
    let holds_orders =
        |table: &&Table| table.part().is_some_and(|part| part.holds == Holds::Orders);
    let table = tables.iter().find(holds_orders).or(tables.first());
    table.map(|table| table.source.shown()).unwrap_or_default()
}

/// Groups tables that belong together into sets; each set takes the place of its first table. If a
/// folder (or archive) has all required tables, each folder is a set and must have them: several
/// dumps. Otherwise all tables of the job are one set.
pub fn gather(tables: Vec<Table>, faults: &mut Vec<ReadError>) -> Vec<Input> {
    let mut gathered = Vec::new();
    let mut sets: Vec<(usize, TableSet)> = Vec::new();
    for table in tables {
        match table.part() {
            None => gathered.push(Input::Table(Box::new(table))),
            Some(Part { kind, .. }) if kind.stands_alone => {
                let set = TableSet { kind, tables: vec![table] };
                gathered.push(Input::Set(Arc::new(set)));
            }
            Some(Part { kind, .. }) => {
                match sets.iter_mut().find(|(_, set)| set.kind.name == kind.name) {
                    Some((_, set)) => set.tables.push(table),
                    None => sets.push((gathered.len(), TableSet { kind, tables: vec![table] })),
                }
            }
        }
    }
    // From the last, so that the positions of those before stay valid.
    for (place, set) in sets.into_iter().rev() {
        let dumps = dumps_of(&set).filter(|dumps| dumps.iter().any(|dump| dump.fault().is_none()));
        let sets = dumps.unwrap_or_else(|| vec![set]);
        faults.extend(sets.iter().filter_map(TableSet::fault));
        let sets = sets.into_iter().map(|set| Input::Set(Arc::new(set)));
        gathered.splice(place..place, sets);
    }
    gathered
}

/// The set by folders and archives, if there are several.
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
