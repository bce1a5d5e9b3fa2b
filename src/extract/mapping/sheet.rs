//! A table that matches a mapping: the column of each name, and its rows as orders.

use super::cells::{RecordValues, RowValues, Values};
use super::dates::{Kept, Unsettled};
use super::lines;
use super::order::{Material, order};
use super::parts;
use super::profile::{
    Field, FilledRows, LineField, LinesInCell, Name, OrderField, Profile, RowKind, RowLayout,
};
use super::status::unstated;
use crate::domain::{Reason, RecordError, SourceOrder, Text, Unstated, interned};
use crate::extract::format::{CsvLayout, Records};
use crate::extract::grouping::{Group, Groups, order_of};
use crate::extract::header::{ABSENT, Header, is_same_if_lossy};
use crate::extract::order_errors::OrderErrors;
use crate::extract::order_versions::CopyTimes;
use crate::extract::other_rows::Landmarks;
use crate::extract::rows::{Row, Rows};
use csv::ByteRecord;
use std::collections::HashSet;
use std::sync::Arc;

/// One table, as a mapping reads it.
#[derive(Debug, Clone)]
pub struct MappedSheet {
    pub profile: Arc<Profile>,
    /// The column of each name; [`ABSENT`] if there is none.
    pub at: Vec<usize>,
    pub kept: Kept,
}

impl MappedSheet {
    pub fn resolve(profile: &Arc<Profile>, header: &Header) -> Self {
        let at: Vec<usize> = profile.names.iter().map(|name| column(header, name)).collect();
        at.iter().for_each(|at| header.note_read(*at));
        Self { profile: Arc::clone(profile), at, kept: profile.dates.all() }
    }

    pub fn has(&self, name: Name) -> bool {
        self.at.get(name).is_some_and(|at| *at != ABSENT)
    }

    /// Decides by the first rows how the file writes dates.
    pub fn settle_dates(&mut self, rows: &[ByteRecord]) -> Result<(), Unsettled> {
        let Some(Field::Cells(cells)) = self.profile.order_field(OrderField::CreatedAt) else {
            return Ok(());
        };
        let texts: Vec<Text> = rows
            .iter()
            .filter_map(|record| cells.text(&RecordValues { record, at: &self.at }).ok())
            .filter(|text| !text.is_empty())
            .collect();
        self.kept = self.profile.dates.settle(texts.iter().map(Text::as_str))?;
        Ok(())
    }

    /// The key column: the first of its names that the table has.
    fn key_at(&self, key: &[Name]) -> usize {
        key.iter()
            .find(|name| self.has(**name))
            .and_then(|name| self.at.get(*name))
            .copied()
            .unwrap_or(ABSENT)
    }

    /// The columns that the last modification is in.
    fn modified_at(&self) -> Vec<usize> {
        let Some(Field::Cells(cells)) = self.profile.order_field(OrderField::UpdatedAt) else {
            return Vec::new();
        };
        let mut alternatives = cells.alternatives.iter();
        let names = alternatives.find(|names| names.iter().all(|name| self.has(*name)));
        names.into_iter().flatten().filter_map(|name| self.at.get(*name).copied()).collect()
    }

    fn unstated(&self) -> Unstated {
        unstated(&self.profile, |name| self.has(name))
    }

    fn of_row(&self, row: &Row<'_>) -> SourceOrder {
        let values = RowValues { row, at: &self.at };
        let material = Material {
            carriers: vec![&values],
            lines: vec![(&values, row.line)],
            refunds: Vec::new(),
            is_cancelled: false,
            unstated: self.unstated(),
            line: row.line,
        };
        order(&self.profile, self.kept, &material, faults_of(row))
    }

    fn of_parts(&self, row: &Row<'_>, parts: &LinesInCell) -> SourceOrder {
        let values = RowValues { row, at: &self.at };
        let mut faults = faults_of(row);
        let keys = self.profile.line_names.as_deref().unwrap_or_default();
        let split = match values.value(parts.cell) {
            Ok(text) => parts::split(&text, keys).ok_or(Reason::MalformedRow),
            Err(reason) => Err(reason),
        };
        let split = split.unwrap_or_else(|reason| {
            faults.add(reason, "lines", row.line);
            Vec::new()
        });
        let material = Material {
            carriers: vec![&values],
            lines: split.iter().map(|part| (part as &dyn Values, row.line)).collect(),
            refunds: Vec::new(),
            is_cancelled: false,
            unstated: self.unstated(),
            line: row.line,
        };
        order(&self.profile, self.kept, &material, faults)
    }

    fn of_group(&self, group: &Group, repeats: FilledRows) -> SourceOrder {
        let rows: Vec<Row<'_>> = group.rows.iter().map(|kept| kept.row()).collect();
        let values: Vec<RowValues<'_>> =
            rows.iter().map(|row| RowValues { row, at: &self.at }).collect();
        let mut faults = OrderErrors::begun_at(group.line());
        for row in rows.iter().filter(|row| !row.is_whole) {
            faults.push(RecordError::new(Reason::MalformedRow), row.line);
        }
        self.check_line_keys(&rows, &mut faults);
        if let Some(line) = group.beside_damage {
            faults.push(RecordError::new(Reason::MalformedRow), line);
        }
        if group.is_overlong {
            faults.add(Reason::FieldTooLong, "lines", group.line());
        }
        let kinds: Vec<RowKind> = values.iter().map(|row| self.kind_of(row, &mut faults)).collect();
        let carriers = self.carriers(stating(&values, &kinds), repeats, &mut faults);
        let (mut lines, mut refunds, mut cancelled, mut skipped) = (Vec::new(), Vec::new(), 0, 0);
        for (row, kind) in values.iter().zip(&kinds) {
            match kind {
                RowKind::Line if lines::is_line(&self.profile, row) => {
                    lines.push((row as &dyn Values, row.row.line))
                }
                RowKind::Line | RowKind::Skip => skipped += 1,
                RowKind::Refund => refunds.push(row as &dyn Values),
                RowKind::Cancelled => cancelled += 1,
            }
        }
        if lines.is_empty() && !refunds.is_empty() {
            // The rows of the refunds are in another file.
            faults.push(RecordError::new(Reason::OrphanRow), group.line());
        }
        let is_cancelled = lines.is_empty() && refunds.is_empty() && cancelled > 0 && skipped == 0;
        let (unstated, line) = (self.unstated(), group.line());
        let material = Material { carriers, lines, refunds, is_cancelled, unstated, line };
        order(&self.profile, self.kept, &material, faults)
    }

    /// The rows of a group, each line once.
    fn without_repeats(&self, group: Group) -> Group {
        match self.line_key_at() {
            Some(at) => group.without_repeats(at, &self.at),
            None => group,
        }
    }

    fn line_key_at(&self) -> Option<usize> {
        let at = self.profile.line_key.and_then(|name| self.at.get(name).copied());
        at.filter(|at| *at != ABSENT)
    }

    /// Two different rows for one line are a contradiction.
    fn check_line_keys(&self, rows: &[Row<'_>], faults: &mut OrderErrors) {
        let Some(at) = self.line_key_at() else { return };
        let mut keys = HashSet::new();
        for row in rows.iter().filter(|row| !row.cell(at).is_empty()) {
            if !keys.insert(row.cell(at)) {
                faults.push(RecordError::new(Reason::RepeatedRow), row.line);
            }
        }
    }

    /// The rows with values of the whole order.
    fn carriers<'v>(
        &self,
        values: Vec<&'v RowValues<'v>>,
        repeats: FilledRows,
        faults: &mut OrderErrors,
    ) -> Vec<&'v dyn Values> {
        let all = || values.iter().map(|row| *row as &dyn Values).collect();
        if repeats == FilledRows::Each {
            return all();
        }
        let carrying: Vec<&RowValues<'_>> =
            values.iter().copied().filter(|row| self.carries(row)).collect();
        let is_each = repeats == FilledRows::Either && carrying.len() == values.len();
        match carrying.as_slice() {
            [] => {
                let line = values.first().map_or(0, |row| row.row.line);
                faults.push(RecordError::new(Reason::OrphanRow), line);
                return all();
            }
            [_, second, ..] if !is_each => {
                faults.push(RecordError::new(Reason::RepeatedRow), second.row.line)
            }
            _ => {}
        }
        carrying.into_iter().map(|row| row as &dyn Values).collect()
    }

    /// Rows of further products leave the order's own cells blank.
    fn carries(&self, row: &RowValues<'_>) -> bool {
        [OrderField::Total, OrderField::Currency].iter().any(|field| {
            match self.profile.order_field(*field) {
                Some(Field::Cells(cells)) => cells.text(row) != Ok(Text::default()),
                _ => false,
            }
        })
    }

    /// An undeclared word makes the order invalid, as does a cell that can't be read: the row may
    /// be a line.
    fn kind_of(&self, row: &RowValues<'_>, faults: &mut OrderErrors) -> RowKind {
        let Some(kinds) = &self.profile.row_kind else { return RowKind::Line };
        let text = row.value(kinds.column);
        let kind = match &text {
            Ok(text) => kinds.of(text).ok_or(Reason::UnknownStatus),
            Err(reason) => Err(*reason),
        };
        kind.unwrap_or_else(|reason| {
            let column = self.profile.names.get(kinds.column).map_or("", |name| interned(name));
            let text = text.unwrap_or_default();
            faults.push(RecordError::of(reason, column).showing(&text), row.row.line);
            RowKind::Line
        })
    }
}

/// The rows that may have values of the whole order; a refund has a separate date.
fn stating<'v>(values: &'v [RowValues<'v>], kinds: &[RowKind]) -> Vec<&'v RowValues<'v>> {
    let rows = values.iter().zip(kinds).filter(|(_, kind)| **kind != RowKind::Refund);
    let stating: Vec<&RowValues<'_>> = rows.map(|(row, _)| row).collect();
    if stating.is_empty() { values.iter().collect() } else { stating }
}

/// `name#2` is the second column of that name, unless a column has this name itself.
fn column(header: &Header, name: &str) -> usize {
    let nth = |name: &str, n: usize| {
        let alike = header.names().enumerate().filter(|(_, cell)| is_same_if_lossy(cell, name));
        alike.map(|(at, _)| at).nth(n)
    };
    let numbered = || {
        let (name, number) = name.rsplit_once('#')?;
        nth(name, number.parse::<usize>().ok()?.checked_sub(1)?)
    };
    nth(name, 0).or_else(numbered).unwrap_or(ABSENT)
}

fn faults_of(row: &Row<'_>) -> OrderErrors {
    let mut faults = OrderErrors::begun_at(row.line);
    if !row.is_whole {
        faults.push(RecordError::new(Reason::MalformedRow), row.line);
    }
    faults
}

impl CsvLayout for MappedSheet {
    /// Whatever the first column is: a line within a cell that begins like a row and has as many
    /// delimiters is a row.
    fn begins_with_key(&self) -> bool {
        true
    }

    fn copy_times(&self) -> CopyTimes {
        self.profile.copy_times()
    }

    fn landmarks(&self) -> Landmarks {
        let profile = &self.profile;
        let columns = |names: &mut dyn Iterator<Item = Name>| {
            let at = names.filter_map(|name| self.at.get(name).copied());
            at.filter(|at| *at != ABSENT).collect::<Vec<_>>()
        };
        let in_field = |field: Option<&Field>| match field {
            Some(Field::Cells(cells)) => columns(&mut cells.names()),
            Some(Field::Sum(sum)) => columns(&mut sum.terms().map(|term| term.name)),
            Some(Field::Constant(_)) | None => Vec::new(),
        };
        let of = |field: OrderField| in_field(profile.order_field(field));
        let of_lines = [LineField::Id, LineField::Name, LineField::Variant, LineField::Sku];
        let products = match profile.layout() {
            Some(RowLayout::Parts(parts)) => columns(&mut std::iter::once(parts.cell)),
            _ => of_lines.iter().flat_map(|field| in_field(profile.line_field(*field))).collect(),
        };
        let key = match profile.layout() {
            Some(RowLayout::Lines { key, .. }) => columns(&mut key.iter().copied()),
            _ => Vec::new(),
        };
        let keys = [key, of(OrderField::Id), of(OrderField::Number)].concat();
        Landmarks {
            keys,
            dates: of(OrderField::CreatedAt),
            amounts: of(OrderField::Total),
            customers: [of(OrderField::Email), of(OrderField::CustomerId)].concat(),
            products,
        }
    }

    fn read(self: Arc<Self>, mut rows: Rows) -> Box<dyn Records> {
        if let Some(RowLayout::Lines { key, repeats }) = self.profile.layout() {
            let mut groups = Groups::new(rows, self.key_at(key), self.modified_at());
            let repeats = *repeats;
            return Box::new(move || {
                let read = |group: &Group| self.of_group(group, repeats);
                let group = groups.pull()?.map(|group| self.without_repeats(group));
                Ok(group.map(|group| Box::new(order_of(&group, read))))
            });
        }
        Box::new(move || {
            Ok(rows.advance()?.map(|row| {
                Box::new(match self.profile.layout() {
                    Some(RowLayout::Parts(parts)) => self.of_parts(&row, parts),
                    _ => self.of_row(&row),
                })
            }))
        })
    }
}

/// The needed columns that the table lacks, each as the names it may have.
pub fn missing(sheet: &MappedSheet) -> Vec<String> {
    let profile = &sheet.profile;
    let mut needs: Vec<Vec<Vec<Name>>> = Vec::new();
    if let Some(layout) = profile.layout() {
        match layout {
            RowLayout::Lines { key, .. } => {
                needs.push(key.iter().map(|name| vec![*name]).collect())
            }
            RowLayout::Parts(parts) => needs.push(vec![vec![parts.cell]]),
            RowLayout::Order => {}
        }
    }
    use OrderField as F;
    let order = [F::Id, F::Number, F::Email, F::CreatedAt, F::Currency, F::Total];
    needs.extend(order.iter().filter_map(|field| profile.order_field(*field)).map(Field::needs));
    if profile.line_names.is_none() {
        use LineField as L;
        let line = [L::Name, L::Quantity, L::UnitPrice, L::Total];
        needs.extend(line.iter().filter_map(|field| profile.line_field(*field)).map(Field::needs));
    }
    let rules = profile.status.iter().filter(|rule| !rule.is_optional);
    needs.extend(rules.map(|rule| rule.cells.alternatives.clone()));
    needs.extend(profile.row_kind.iter().map(|kinds| vec![vec![kinds.column]]));
    if let super::profile::Zone::Cell { column, .. } = &profile.zone {
        needs.push(vec![vec![*column]]);
    }
    let is_met = |need: &Vec<Vec<Name>>| {
        need.is_empty() || need.iter().any(|names| names.iter().all(|name| sheet.has(*name)))
    };
    let mut missing: Vec<String> = Vec::new();
    for need in needs.iter().filter(|need| !is_met(need)) {
        let names = |names: &Vec<Name>| {
            let lacking = names.iter().filter(|name| !sheet.has(**name));
            let texts: Vec<&str> =
                lacking.filter_map(|name| profile.names.get(*name)).map(String::as_str).collect();
            texts.join(" and ")
        };
        let names = need.iter().map(names).collect::<Vec<_>>().join(" or ");
        if !missing.contains(&names) {
            missing.push(names);
        }
    }
    missing
}
