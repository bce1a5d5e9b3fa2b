//! Mutations of a valid export: every order read from it is unchanged, reported as damaged, or at
//! the damaged place.

use super::fixtures::{ALL, Fixture};
use super::*;
use crate::domain::{SourceLine, Text};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::ops::RangeInclusive;

/// Opens and reads anything; errors are fine, panics are not. The flag: it was read completely.
fn read_anything(bytes: &[u8]) -> (Vec<SourceOrder>, bool) {
    let folder = Folder::with("export", bytes);
    let Ok(export) = folder.open(&["export"]) else {
        return (Vec::new(), false);
    };
    let mut is_whole = true;
    let orders: Vec<_> = export
        .read()
        .unboxed()
        .map_while(|order| order.map_err(|_| is_whole = false).ok())
        .collect();
    let records: Vec<u64> = orders.iter().map(|order| order.position.record).collect();
    assert_eq!(records, (0..orders.len() as u64).collect::<Vec<_>>());
    (orders, is_whole)
}

/// One thing that happens to a file; places are fractions of its length.
#[derive(Debug, Clone)]
enum Damage {
    Splice { at: f64, len: usize, new: Vec<u8> },
    Flip { at: f64, bit: u8 },
    Cut { at: f64 },
    DropLine { at: f64 },
    DoubleLine { at: f64 },
    SwapLines { at: f64 },
    DropQuotes { at: f64 },
    SwapCells { at: f64, cell: usize },
}

/// `ORDERSYNC_PROOF_DAMAGE` sets another number.
fn cases() -> u32 {
    std::env::var("ORDERSYNC_PROOF_DAMAGE").ok().and_then(|n| n.parse().ok()).unwrap_or(512)
}

/// The distance of the places at which a file is truncated: every place if more cases are
/// requested.
fn cut_step() -> usize {
    if cases() > 512 { 1 } else { 5 }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || 0.0..1.0_f64;
    let byte =
        prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'}')];
    prop_oneof![
        (at(), 0..60_usize, prop::collection::vec(byte, 0..8))
            .prop_map(|(at, len, new)| Damage::Splice { at, len, new }),
        (at(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        at().prop_map(|at| Damage::Cut { at }),
        at().prop_map(|at| Damage::DropLine { at }),
        at().prop_map(|at| Damage::DoubleLine { at }),
        at().prop_map(|at| Damage::SwapLines { at }),
        at().prop_map(|at| Damage::DropQuotes { at }),
        (at(), 0..20_usize).prop_map(|(at, cell)| Damage::SwapCells { at, cell }),
    ]
}

impl Damage {
    fn done_to(&self, bytes: &[u8]) -> Vec<u8> {
        let place = |at: f64| ((at * bytes.len() as f64) as usize).min(bytes.len() - 1);
        let mut lines: Vec<Vec<u8>> =
            bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let line = |at: f64| bytes[..place(at)].iter().filter(|b| **b == b'\n').count();
        match self {
            Self::Splice { at, len, new } => {
                let (from, mut bytes) = (place(*at), bytes.to_vec());
                let to = (from + len).min(bytes.len());
                bytes.splice(from..to, new.iter().copied());
                return bytes;
            }
            Self::Flip { at, bit } => {
                let (place, mut bytes) = (place(*at), bytes.to_vec());
                bytes[place] ^= 1 << bit;
                return bytes;
            }
            Self::Cut { at } => return bytes[..place(*at)].to_vec(),
            Self::DropLine { at } => drop(lines.remove(line(*at))),
            Self::DoubleLine { at } => lines.insert(line(*at), lines[line(*at)].clone()),
            Self::SwapLines { at } => {
                let line = line(*at);
                lines.swap(line, line.saturating_sub(1));
            }
            Self::DropQuotes { at } => lines[line(*at)].retain(|b| *b != b'"'),
            Self::SwapCells { at, cell } => {
                let line = line(*at);
                let mut cells: Vec<&[u8]> = lines[line].split(|b| *b == b',').collect();
                let cell = cell % cells.len();
                cells.swap(cell, cell.saturating_sub(1));
                lines[line] = cells.join(&b","[..]);
            }
        }
        lines.concat()
    }
}

/// The lines of `text` in which it differs from `other`, with the line on either side.
fn touched(text: &[u8], other: &[u8]) -> RangeInclusive<u64> {
    let front = text.iter().zip(other).take_while(|(a, b)| a == b).count();
    let room = text.len().min(other.len()) - front;
    let back =
        text.iter().rev().zip(other.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let line = |at: usize| text[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1;
    line(front).saturating_sub(1)..=line(text.len() - back) + 1
}

/// The lines of an order, up to the beginning of the next one.
fn lines_of(orders: &[SourceOrder], index: usize) -> RangeInclusive<u64> {
    let end = orders.get(index + 1).map_or(u64::MAX, |next| next.position.line);
    orders[index].position.line..=end
}

fn meet(a: &RangeInclusive<u64>, b: &RangeInclusive<u64>) -> bool {
    a.start() <= b.end() && b.start() <= a.end()
}

/// An order without its position.
fn said(order: &SourceOrder) -> SourceOrder {
    let mut order = order.clone();
    order.position = Default::default();
    order.lines.iter_mut().for_each(|line| line.at_line = 0);
    order
}

/// What every order needs and the export states; some state no address or no currency.
type Needs = Vec<fn(&SourceOrder) -> &Text>;

fn needs_of(whole: &[SourceOrder]) -> Needs {
    let all: [fn(&SourceOrder) -> &Text; 4] = [
        |order| &order.total,
        |order| &order.created_at,
        |order| &order.email,
        |order| &order.currency,
    ];
    all.into_iter().filter(|need| whole.iter().all(|order| !need(order).is_empty())).collect()
}

/// Whether it has an error, so that it is not sent: one from the reader, or a missing required
/// field.
fn has_fault(order: &SourceOrder, needs: &Needs) -> bool {
    let is_bare = |line: &SourceLine| {
        line.name.is_empty() || (line.unit_price.is_empty() && line.total.is_empty())
    };
    !order.faults.is_empty()
        || order.key().is_err()
        || order.lines.is_empty()
        || order.lines.iter().any(is_bare)
        || needs.iter().any(|need| need(order).is_empty())
}

fn holds(fixture: &Fixture, damage: &Damage) -> TestCaseResult {
    let whole = fixture.text.as_bytes();
    let damaged = damage.done_to(whole);
    let (mut expected, _) = read_anything(whole);
    let (mut found, is_whole) = read_anything(&damaged);
    // Joined exports return orders in another sequence.
    expected.sort_by_key(|order| order.position.line);
    found.sort_by_key(|order| order.position.line);
    let is_csv = !whole.starts_with(b"{") && !whole.starts_with(b"[");
    let (before, after) = (touched(whole, &damaged), touched(&damaged, whole));
    // A header belongs to every record.
    if is_csv
        && *after.start() <= 1
        && damaged.split(|b| *b == b'\n').next() != whole.split(|b| *b == b'\n').next()
    {
        return Ok(());
    }
    let content: Vec<SourceOrder> = expected.iter().map(said).collect();
    let needs = needs_of(&expected);
    for (index, order) in found.iter().enumerate() {
        let same = content.contains(&said(order));
        prop_assert!(
            same || has_fault(order, &needs) || meet(&lines_of(&found, index), &after),
            "{}: the order on line {} is another, and the damage is on {after:?}\n{damage:?}\n{order:?}",
            fixture.name,
            order.position.line
        );
    }
    let is_faultless = is_whole && !found.iter().any(|order| has_fault(order, &needs));
    for (index, order) in content.iter().enumerate() {
        let is_there = found.iter().any(|found| said(found) == *order);
        prop_assert!(
            is_there || !is_faultless || meet(&lines_of(&expected, index), &before),
            "{}: the order of line {} is gone without a word, and the damage is on {before:?}\n{damage:?}",
            fixture.name,
            expected[index].position.line
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn damage_is_local_or_reported(fixture in 0..ALL.len(), damage in damage()) {
        holds(&ALL[fixture], &damage)?;
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), magic in 0..7_usize) {
        let start: &[u8] =
            [&b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"][magic];
        read_anything(&[start, &bytes].concat());
    }
}

#[test]
fn a_file_cut_anywhere_gives_no_order_that_was_not_there() {
    for fixture in ALL {
        let whole = fixture.text.as_bytes();
        let content: Vec<SourceOrder> = read_anything(whole).0.iter().map(said).collect();
        let needs = needs_of(&content);
        for len in (0..whole.len()).step_by(cut_step()) {
            let (found, _) = read_anything(&whole[..len]);
            for (index, order) in found.iter().enumerate() {
                // The last order may lack rows, or part of its last cell, and the rest of a
                // truncated row may follow it: `transform` detects that its lines add up to less
                // than its subtotal.
                let is_last = index + 2 >= found.len()
                    && content.get(index).is_some_and(|o| o.key() == order.key());
                assert!(
                    is_last || has_fault(order, &needs) || content.contains(&said(order)),
                    "{}, {len}: {order:?}",
                    fixture.name
                );
            }
        }
    }
}
