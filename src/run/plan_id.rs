//! The identity of a plan, so that a backfill loads exactly what was approved.

use crate::domain::Order;
use crate::plan::{Action, Decision};
use crate::state::{StateError, View};
use std::fmt;
use std::str::FromStr;

/// Bytes hashed together: BLAKE3 is several times faster on long inputs.
const PIECE_LEN: usize = 64 * 1024;

/// `980-3fa9c1d2-77b0a1c4-5c2e9f10`: the number of orders to send, and short digests of the orders,
/// of the settings, and of the decision on each order.
///
/// It does not depend on the machine or the state's hash key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanId {
    sends: u64,
    /// Every valid order in reading order, as it would be sent.
    orders: u32,
    /// The destination, and the rules by which orders are built and selected.
    settings: u32,
    /// The decision on each order, which depends on the ledger.
    steps: u32,
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sends, orders, settings, steps } = self;
        write!(f, "{sends}-{orders:08x}-{settings:08x}-{steps:08x}")
    }
}

impl FromStr for PlanId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected the plan id that `ordersync plan` prints, such as 980-3fa9c1d2-77b0a1c4-5c2e9f10";
        let parts: Vec<&str> = text.split('-').collect();
        let [sends, orders, settings, steps] = parts[..] else { return Err(expected) };
        let digest = |part: &str| match part.len() {
            8 => u32::from_str_radix(part, 16).map_err(|_| expected),
            _ => Err(expected),
        };
        let id = Self {
            sends: sends.parse().map_err(|_| expected)?,
            orders: digest(orders)?,
            settings: digest(settings)?,
            steps: digest(steps)?,
        };
        // A sign parses as a number, and is in no id.
        if id.to_string() == text { Ok(id) } else { Err(expected) }
    }
}

/// A plan is no longer the one that was approved.
#[derive(Debug, thiserror::Error)]
pub struct NotApproved {
    job: String,
    approved: PlanId,
    now: PlanId,
}

impl fmt::Display for NotApproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, approved, now } = self;
        write!(f, "{job}: this is no longer the plan {approved}; it is {now} by now")?;
        let is_of_settings = approved.settings != now.settings;
        if is_of_settings {
            write!(
                f,
                "\n  the settings differ: account, connection, policy, time zone, mapping, the format of the files, or the program's version"
            )?;
        }
        if approved.orders != now.orders && is_of_settings {
            write!(f, "\n  the orders differ, by the settings or because the export changed")?;
        } else if approved.orders != now.orders {
            write!(f, "\n  the orders differ: the export changed")?;
        } else if approved.steps != now.steps {
            write!(f, "\n  the ledger differs: orders were loaded, deleted or repaired since")?;
        }
        write!(
            f,
            "\n  orders to send: {} then, {} now\n  hint: read `ordersync plan {job}`, and have that plan approved",
            approved.sends, now.sends
        )
    }
}

/// Checks that `now` is what was approved. If the job's last run was of the approved plan, the rest
/// is still to be loaded: at most what was approved, minus what its runs have written. An undo,
/// repair or retry since then closes that run, and with it the plan. An order that was deleted
/// since would be sent a second time, which exceeds the number.
pub fn check_approved(
    view: &View,
    job: &str,
    approved: PlanId,
    now: PlanId,
) -> Result<Result<(), NotApproved>, StateError> {
    let last = view.runs(job, 1)?.into_iter().next().filter(|run| !run.is_closed);
    let plan = last.and_then(|run| run.plan);
    let has_begun = plan.is_some_and(|plan| plan == approved.to_string());
    let is_rest = has_begun
        && (approved.orders, approved.settings) == (now.orders, now.settings)
        && view.orders_written(job, Some(&approved.to_string()))? + now.sends <= approved.sends;
    let is_same = is_rest || approved == now;
    let job = job.to_owned();
    Ok(if is_same { Ok(()) } else { Err(NotApproved { job, approved, now }) })
}

/// Computes the id of a plan while it is read.
#[derive(Default)]
pub(super) struct PlanDigest {
    orders: TextHash,
    steps: TextHash,
    sends: u64,
}

impl PlanDigest {
    /// Adds a valid order, by its body and the customer's data that are sent.
    pub fn order(&mut self, json: &[u8], order: &Order) {
        self.orders.add(json);
        self.orders.add(order.customer.key.as_str().as_bytes());
        let consent = match order.customer.accepts_marketing {
            None => b'-',
            Some(false) => b'0',
            Some(true) => b'1',
        };
        self.orders.add(&[0, consent]);
    }

    /// Adds the decision on it.
    pub fn step(&mut self, decision: &Decision) {
        self.sends += u64::from(matches!(decision, Decision::Send(_)));
        let word = match decision {
            Decision::Unchanged => b'=',
            Decision::Different => b'!',
            Decision::StillRefused => b'x',
            Decision::Send(step) => match step.action {
                Action::Create => b'c',
                Action::LookUp(_) => b'l',
                Action::Update(_) => b'u',
            },
        };
        self.steps.add(&[word]);
    }

    /// `settings`: the destination and the rules, as a text. `written`: orders that the job's runs
    /// have written so far; loading again after an undo is another plan.
    pub fn finish(mut self, settings: &str, written: u64) -> PlanId {
        self.steps.add(&written.to_be_bytes());
        let mut pieces = TextHash::default();
        pieces.add(settings.as_bytes());
        PlanId {
            sends: self.sends,
            orders: self.orders.finish(),
            settings: pieces.finish(),
            steps: self.steps.finish(),
        }
    }
}

/// A hash of many short texts.
#[derive(Default)]
struct TextHash {
    hasher: blake3::Hasher,
    waiting: Vec<u8>,
}

impl TextHash {
    fn add(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE_LEN {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    fn finish(mut self) -> u32 {
        let [a, b, c, d, ..] = *self.hasher.update(&self.waiting).finalize().as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = PlanId { sends: 980, orders: 1, settings: 0xffff_ffff, steps: 0 };
        assert_eq!(id.to_string(), "980-00000001-ffffffff-00000000");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in [
            "",
            "980",
            "1-2-3",
            "1-2-3-4-5",
            "x-1-2-3",
            "980-3fa9c1d2-77b0a1c4-5c2e9f1",
            "+980-3fa9c1d2-77b0a1c4-5c2e9f10",
            "980-+fa9c1d2-77b0a1c4-5c2e9f10",
        ] {
            assert!(bad.parse::<PlanId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn differences_are_named() {
        let id = PlanId { sends: 3, orders: 1, settings: 2, steps: 3 };
        let text = |now| NotApproved { job: "shop".to_owned(), approved: id, now }.to_string();
        let ledger = text(PlanId { steps: 4, sends: 2, ..id });
        assert!(ledger.contains("the ledger differs") && !ledger.contains("settings"), "{ledger}");
        assert!(ledger.contains("3 then, 2 now"), "{ledger}");
        assert!(text(PlanId { orders: 9, steps: 9, ..id }).contains("the export changed"));
        let both = text(PlanId { orders: 9, settings: 9, ..id });
        assert!(
            both.contains("the settings differ") && both.contains("by the settings or"),
            "{both}"
        );
    }
}
