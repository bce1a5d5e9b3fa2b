use crate::plan::BatchLengths;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Orders in the first batch.
const LEN_FIRST: usize = BatchLengths::FIRST as usize;

/// The number of orders in a batch: it grows while batches are accepted, and is halved when one was
/// too large.
#[derive(Debug)]
pub(super) struct BatchLength {
    now: AtomicUsize,
    max: usize,
}

impl BatchLength {
    pub(super) fn new(max: usize) -> Self {
        let max = max.max(1);
        Self { now: AtomicUsize::new(LEN_FIRST.min(max)), max }
    }

    pub(super) fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// A batch of this length was accepted.
    pub(super) fn taken(&self, len: usize) {
        if len >= self.now() {
            let longer = BatchLengths::after(len as u64, self.max as u64);
            self.now.store(usize::try_from(longer).unwrap_or(len), Ordering::Relaxed);
        }
    }

    /// A batch of this length was too large, or timed out.
    pub(super) fn too_much(&self, len: usize) {
        self.now.store((len / 2).clamp(1, self.now()), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_half_up_to_the_limit_and_shrinks_by_half() {
        let length = BatchLength::new(30);
        let grown: Vec<usize> = (0..4)
            .map(|_| {
                length.taken(length.now());
                length.now()
            })
            .collect();
        assert_eq!(grown, [15, 23, 30, 30]);
        length.taken(3);
        assert_eq!(length.now(), 30, "the last batch of an export says nothing");
        length.too_much(30);
        assert_eq!(length.now(), 15);
        (0..9).for_each(|_| length.too_much(length.now()));
        assert_eq!(length.now(), 1);
        assert_eq!(BatchLength::new(4).now(), 4);
    }
}
