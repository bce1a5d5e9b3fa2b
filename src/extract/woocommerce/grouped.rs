//! Orders from rows: each row is an order, or all rows with the same key are one, wherever they are
//! in the file.

use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::cells::Column;
use crate::extract::format::Records;
use crate::extract::grouping::{Group, Groups, order_of};
use crate::extract::header::ABSENT;
use crate::extract::html_entities;
use crate::extract::order_errors::add_error;
use crate::extract::rows::{Row, Rows};
use std::sync::Arc;

/// How the rows of a table are read.
pub trait RowForm: Send + Sync {
    /// The column that names an order on each of its rows; `None` if each row is an order.
    fn key_at(&self) -> Option<usize>;

    /// The column of its last modification, if there is one.
    fn modified_at(&self) -> usize {
        ABSENT
    }

    /// The order with the cells of its first row, including its line.
    fn begin(&self, row: &Row<'_>) -> SourceOrder;

    /// Adds the cells of a further row.
    fn add(&self, order: &mut SourceOrder, row: &Row<'_>);

    /// Checks the order after its last row was read.
    fn close(&self, order: &mut SourceOrder);

    /// Columns that are equal on each row of an order.
    fn own(&self) -> Vec<&Column>;
}

/// The orders of one table.
pub fn orders(mut rows: Rows, form: Arc<impl RowForm + 'static>) -> Box<dyn Records> {
    let Some(key_at) = form.key_at() else {
        return Box::new(move || {
            let row = rows.advance()?;
            Ok(row.map(|row| decoded(closed(&*form, begun_by(&*form, &row)))))
        });
    };
    let mut groups = Groups::new(rows, key_at, vec![form.modified_at()]);
    Box::new(move || {
        let read = |group: &Group| closed(&*form, of_group(&*form, group));
        Ok(groups.pull()?.map(|group| decoded(order_of(&group, read))))
    })
}

fn closed(form: &impl RowForm, mut order: SourceOrder) -> SourceOrder {
    form.close(&mut order);
    order
}

fn decoded(mut order: SourceOrder) -> Box<SourceOrder> {
    html_entities::decode(&mut order);
    Box::new(order)
}

fn begun_by(form: &impl RowForm, row: &Row<'_>) -> SourceOrder {
    let mut order = form.begin(row);
    if !row.is_whole {
        add_error(&mut order, RecordError::new(Reason::MalformedRow), row.line);
        // The cells of such a row may belong to other columns, so it must not be filtered by
        // status.
        order.status = None;
    }
    order
}

fn of_group(form: &impl RowForm, group: &Group) -> SourceOrder {
    let mut rows = group.rows.iter().map(|kept| kept.row());
    let Some(first) = rows.next() else { return SourceOrder::default() };
    let mut order = begun_by(form, &first);
    let own = form.own();
    for row in rows {
        form.add(&mut order, &row);
        if !row.is_whole {
            add_error(&mut order, RecordError::new(Reason::MalformedRow), row.line);
            continue;
        }
        // Rows of one order agree on it; if they don't, two orders have the same name.
        let differs =
            |column: &&&Column| first.is_whole && column.cell(&row) != column.cell(&first);
        for column in own.iter().filter(differs) {
            let fault = RecordError::of(Reason::ContradictoryRows, column.name);
            add_error(&mut order, fault, row.line);
        }
    }
    if let Some(line) = group.beside_damage {
        add_error(&mut order, RecordError::new(Reason::MalformedRow), line);
    }
    if group.is_overlong {
        add_error(&mut order, RecordError::new(Reason::FieldTooLong), group.line());
    }
    order
}
