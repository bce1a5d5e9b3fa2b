use crate::state::{Counts, DeadLetter};
use std::collections::VecDeque;

/// The number of a step of a run, in the order of their beginning.
pub(super) type Ticket = u64;

/// Records in reading order that needed no request, then at most one that does.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub counts: Counts,
    pub dead: Vec<DeadLetter>,
    /// Records with a dead letter that are valid now.
    pub cleared: Vec<String>,
    /// The record after the last of this batch, including its step.
    pub through: u64,
}

/// Tracks the checkpoint: steps end in any order, but it only moves to the lowest record not yet
/// settled.
#[derive(Debug, Default)]
pub(super) struct CheckpointTracker {
    /// In reading order; `true`: all of it is settled or needs no request.
    batches: VecDeque<(Batch, bool)>,
    /// The ticket of the first of them.
    first: Ticket,
}

impl CheckpointTracker {
    /// Adds what comes next in reading order; `is_open` if it ends with a step that is now in
    /// progress.
    pub(super) fn push(&mut self, batch: Batch, is_open: bool) -> Ticket {
        self.batches.push_back((batch, !is_open));
        self.first + self.batches.len() as u64 - 1
    }

    /// A step is settled.
    pub(super) fn complete(&mut self, ticket: Ticket) {
        let index = ticket.checked_sub(self.first).and_then(|n| usize::try_from(n).ok());
        if let Some((_, done)) = index.and_then(|index| self.batches.get_mut(index)) {
            *done = true;
        }
    }

    /// The batches that can be settled, up to the lowest unsettled record; `None` if nothing moved.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let mut taken: Option<Batch> = None;
        while let Some((batch, _)) = self.batches.pop_front_if(|(_, done)| *done) {
            self.first += 1;
            let sum = taken.get_or_insert_default();
            sum.counts += batch.counts;
            sum.dead.extend(batch.dead);
            sum.cleared.extend(batch.cleared);
            sum.through = batch.through;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(through: u64) -> Batch {
        let counts = Counts { unchanged: 1, ..Counts::default() };
        Batch { counts, through, ..Batch::default() }
    }

    #[test]
    fn the_checkpoint_is_the_lowest_unfinished_record_not_the_highest_finished() {
        let mut tracker = CheckpointTracker::default();
        let first = tracker.push(batch(1), true);
        let second = tracker.push(batch(2), true);
        tracker.complete(second);
        assert!(tracker.take().is_none(), "the first is under way");
        tracker.complete(first);
        assert_eq!(tracker.take().map(|sum| sum.through), Some(2));
    }

    proptest! {
        #[test]
        fn in_any_order_of_completion_nothing_is_settled_early_or_twice(
            open in prop::collection::vec(any::<bool>(), 1..60),
            order in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            let mut tracker = CheckpointTracker::default();
            let mut pending: Vec<(Ticket, u64)> = Vec::new();
            for (n, is_open) in open.iter().enumerate() {
                let ticket = tracker.push(batch(n as u64 + 1), *is_open);
                if *is_open {
                    pending.push((ticket, n as u64));
                }
            }
            let (mut settled, mut checkpoint) = (0, 0);
            for pick in order {
                if let Some(sum) = tracker.take() {
                    settled += sum.counts.unchanged;
                    checkpoint = sum.through;
                }
                let lowest = pending.iter().map(|(_, record)| *record).min().unwrap_or(open.len() as u64);
                prop_assert_eq!(checkpoint, lowest);
                prop_assert_eq!(settled, lowest);
                if pending.is_empty() {
                    break;
                }
                let (ticket, _) = pending.swap_remove(pick.index(pending.len()));
                tracker.complete(ticket);
            }
        }
    }
}
