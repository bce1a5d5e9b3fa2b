use std::sync::atomic::{AtomicUsize, Ordering};

/// Orders in the first batch.
const LEN_FIRST: usize = 10;

/// How many orders a batch has: it grows while batches are taken, and is halved when one was too
/// much at once. It does not grow to that length again, so that a limit of ActiveCampaign is met only
/// a few times.
#[derive(Debug)]
pub(super) struct BatchLength {
    now: AtomicUsize,
    max: AtomicUsize,
}

impl BatchLength {
    pub(super) fn new(max: usize) -> Self {
        let max = max.max(1);
        Self { now: AtomicUsize::new(LEN_FIRST.min(max)), max: AtomicUsize::new(max) }
    }

    pub(super) fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// A batch of so many was taken.
    pub(super) fn taken(&self, len: usize) {
        if len >= self.now() {
            let room = self.max.load(Ordering::Relaxed).saturating_sub(len);
            self.now.store(len + len.min(room).div_ceil(2), Ordering::Relaxed);
        }
    }

    /// A batch of so many was too large, or had no answer in time.
    pub(super) fn too_much(&self, len: usize) {
        self.max.fetch_min(len.saturating_sub(1).max(1), Ordering::Relaxed);
        self.now.store((len / 2).clamp(1, self.now()), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_half_towards_the_limit_and_shrinks_by_half() {
        let length = BatchLength::new(30);
        let grown: Vec<usize> = (0..4)
            .map(|_| {
                length.taken(length.now());
                length.now()
            })
            .collect();
        assert_eq!(grown, [15, 23, 27, 29]);
        length.taken(29);
        length.taken(3);
        assert_eq!(length.now(), 30, "the last batch of an export says nothing");
        length.too_much(30);
        assert_eq!(length.now(), 15);
        (0..9).for_each(|_| length.too_much(length.now()));
        assert_eq!(length.now(), 1);
        assert_eq!(BatchLength::new(4).now(), 4);
    }

    #[test]
    fn it_finds_a_limit_in_a_few_batches_and_keeps_to_it() {
        for limit in 1..100 {
            let length = BatchLength::new(100);
            let send = |_| {
                let is_taken = length.now() <= limit;
                if is_taken {
                    length.taken(length.now());
                } else {
                    length.too_much(length.now());
                }
                is_taken
            };
            let refused = (0..60).map(send).filter(|is_taken| !is_taken).count();
            assert!(refused < 10, "{limit}: {refused} refused");
            assert_eq!(length.now(), limit);
        }
    }
}
