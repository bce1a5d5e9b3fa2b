//! Merges the pieces of one order.

use super::piece::{Piece, Role};
use crate::domain::{Reason, RecordError, SourceDiscount, SourceOrder, Text};
use crate::extract::order_versions::{content_of, mark_superseded};
use crate::extract::{ORDER_LINES_MAX, decimal};
use std::collections::{BTreeMap, BTreeSet};

/// The orders of one key, with all their parts; a part without an order is a separate record.
///
/// The pieces come table by table, the newest table first, each in its order. Every copy of an
/// order is returned, and marked if another one counts. `is_overlong`: there were more pieces than
/// any real order has.
pub fn merge(pieces: Vec<Piece>, is_overlong: bool) -> Vec<SourceOrder> {
    let (whole, parts): (Vec<Piece>, Vec<Piece>) =
        pieces.into_iter().partition(|piece| piece.role != Role::Part);
    let whole = without_former(whole);
    let Some(first) = whole.first() else {
        return orphan(parts).into_iter().collect();
    };
    match first.role {
        Role::Deleted => return Vec::new(),
        Role::Former => return vec![SourceOrder { is_deleted: true, ..first.stated.clone() }],
        Role::Order | Role::Part | Role::Other => {}
    }
    let is_ambiguous = is_of_two_dumps(&whole, &parts);
    let (mut parts, is_doubled) = each_once(parts);
    let last = whole.len() - 1;
    let mut orders = Vec::with_capacity(whole.len());
    for (at, piece) in whole.into_iter().enumerate().filter(|(_, piece)| piece.role == Role::Order)
    {
        let own = if at == last { std::mem::take(&mut parts) } else { parts.clone() };
        let mut order = put_together(piece.stated, own);
        if is_ambiguous || is_doubled {
            order.faults.push(RecordError::new(Reason::RepeatedRow));
        }
        if is_overlong || order.lines.len() > ORDER_LINES_MAX {
            order.lines.truncate(ORDER_LINES_MAX);
            order.faults.push(RecordError::of(Reason::FieldTooLong, "lines"));
        } else if piece.quantity.is_some_and(|expected| is_short(&order, expected)) {
            order.faults.push(RecordError::of(Reason::Truncated, "lines"));
        }
        orders.push(order);
    }
    mark_superseded(&mut orders);
    orders
}

/// The versions of an order without those that a version in the same table replaced. One of them
/// remains if its table has no other.
fn without_former(mut whole: Vec<Piece>) -> Vec<Piece> {
    let file_of = |piece: &Piece| piece.stated.position.file;
    let current = whole.iter().filter(|piece| piece.role != Role::Former);
    let mut settled: BTreeSet<u32> = current.map(file_of).collect();
    whole.retain(|piece| piece.role != Role::Former || settled.insert(file_of(piece)));
    whole
}

/// Replaces parts whose order is missing: the position of the first of them, and the order that it
/// names.
fn orphan(parts: Vec<Piece>) -> Option<SourceOrder> {
    let first = parts.into_iter().next()?;
    Some(SourceOrder {
        position: first.stated.position,
        id: first.key,
        faults: vec![RecordError::new(Reason::OrphanRow)],
        ..SourceOrder::default()
    })
}

/// The parts, each once, and whether one table states a part twice with different content.
fn each_once(parts: Vec<Piece>) -> (Vec<Piece>, bool) {
    let mut met: BTreeMap<Text, usize> = BTreeMap::new();
    let mut kept: Vec<Piece> = Vec::with_capacity(parts.len());
    let mut is_doubled = false;
    for part in parts {
        match met.get(&part.id).and_then(|at| kept.get(*at)) {
            Some(known) => {
                let same_table = known.stated.position.file == part.stated.position.file;
                is_doubled |= same_table && content_of(&known.stated) != content_of(&part.stated);
            }
            None => {
                if !part.id.is_empty() {
                    met.insert(part.id.clone(), kept.len());
                }
                kept.push(part);
            }
        }
    }
    (kept, is_doubled)
}

/// Whether tables disagree about which parts the order has: a part that was removed between two
/// dumps would reappear. If one table was written to several files, each contains other parts.
fn is_of_two_dumps(orders: &[Piece], parts: &[Piece]) -> bool {
    let tables: BTreeSet<u32> = orders.iter().map(|piece| piece.stated.position.file).collect();
    let mut ids: BTreeMap<(&str, u32), BTreeSet<&str>> = BTreeMap::new();
    for part in parts {
        let kind = part.id.split(':').next().unwrap_or_default();
        ids.entry((kind, part.stated.position.file)).or_default().insert(&part.id);
    }
    let all: Vec<_> = ids.into_iter().collect();
    let differ =
        |x: &BTreeSet<&str>, y: &BTreeSet<&str>| x != y && (tables.len() > 1 || !x.is_disjoint(y));
    all.iter().enumerate().any(|(at, ((kind, _), ids))| {
        all[..at].iter().any(|((other_kind, _), other)| other_kind == kind && differ(ids, other))
    })
}

/// Amounts that the order states itself are kept; those that only its parts state are added up.
fn put_together(mut order: SourceOrder, parts: Vec<Piece>) -> SourceOrder {
    let file = order.position.file;
    let (mut shipping, mut refunded) = (Vec::new(), Vec::new());
    for Piece { stated: mut part, .. } in parts {
        // Line numbers of another file would be wrong in this one.
        let same_file = part.position.file == file;
        for line in &mut part.lines {
            line.at_line = if same_file { line.at_line } else { 0 };
        }
        let at_line = if same_file { part.position.line } else { 0 };
        order.faults.extend(part.faults.into_iter().map(|fault| fault.at_line(at_line)));
        order.lines.append(&mut part.lines);
        order.discounts.append(&mut part.discounts);
        if order.checkout_id.is_empty() {
            order.checkout_id = part.checkout_id;
        }
        if order.shipping_method.is_empty() {
            order.shipping_method = part.shipping_method;
        }
        if !part.shipping.is_empty() {
            shipping.push(part.shipping);
        }
        if !part.refunded.is_empty() {
            let is_foreign =
                !part.currency.is_empty() && !part.currency.eq_ignore_ascii_case(&order.currency);
            // Never added to an amount in the order's own currency; invalid where the policy needs
            // it.
            refunded.push(if is_foreign { "unknown".into() } else { part.refunded });
        }
    }
    order.discounts = summed(order.discounts);
    if order.shipping.is_empty() {
        order.shipping = decimal::sum(shipping);
    }
    if order.refunded.is_empty() {
        order.refunded = decimal::sum_reductions(refunded);
    }
    order
}

/// Discounts of one name as one: each line of an order may state its share.
pub fn summed(discounts: Vec<SourceDiscount>) -> Vec<SourceDiscount> {
    let mut summed: Vec<SourceDiscount> = Vec::new();
    for discount in discounts {
        let of_same = |one: &&mut SourceDiscount| {
            one.name == discount.name && one.of_shipping == discount.of_shipping
        };
        match summed.iter_mut().find(of_same) {
            Some(one) => {
                one.amount =
                    decimal::sum_reductions([std::mem::take(&mut one.amount), discount.amount])
            }
            None => summed.push(discount),
        }
    }
    summed
}

/// Whether the lines have fewer items than the order states; `false` if a quantity is not a whole
/// number.
pub fn is_short(order: &SourceOrder, expected: u64) -> bool {
    let mut lines = order.lines.iter();
    let sum = lines.try_fold(0_u64, |sum, line| sum.checked_add(line.quantity.parse().ok()?));
    sum.is_some_and(|sum| sum < expected)
}
