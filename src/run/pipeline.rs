//! Pipelines: values pass from one thread to the next in batches over a bounded channel, so that a
//! slow stage blocks the others instead of filling memory.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Values in a batch: enough that waking the other thread costs little compared with the work.
const BATCH_LEN_MAX: usize = 128;
/// A batch with more bytes than this is handed over early: a single order may have 16 MiB.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Batches waiting between two stages.
const BATCHES_WAITING_MAX: usize = 4;

/// The approximate memory of a value.
pub(super) trait ByteSize {
    fn byte_size(&self) -> usize;
}

/// Collects values and sends them in batches; the rest is sent when it is dropped.
pub(super) struct BatchSender<T> {
    batch: Vec<T>,
    bytes: usize,
    sender: SyncSender<Vec<T>>,
}

pub(super) fn channel<T: ByteSize>() -> (BatchSender<T>, Receiver<Vec<T>>) {
    let (sender, receiver) = sync_channel(BATCHES_WAITING_MAX);
    (BatchSender { batch: Vec::with_capacity(BATCH_LEN_MAX), bytes: 0, sender }, receiver)
}

impl<T: ByteSize> BatchSender<T> {
    /// `false` once the receiver is gone.
    pub(super) fn send(&mut self, value: T) -> bool {
        self.bytes += value.byte_size();
        self.batch.push(value);
        let is_full = self.batch.len() == BATCH_LEN_MAX || self.bytes > BATCH_BYTES_MAX;
        !is_full || self.flush()
    }
}

impl<T> BatchSender<T> {
    fn flush(&mut self) -> bool {
        self.bytes = 0;
        let next = Vec::with_capacity(BATCH_LEN_MAX);
        self.sender.send(std::mem::replace(&mut self.batch, next)).is_ok()
    }
}

impl<T> Drop for BatchSender<T> {
    fn drop(&mut self) {
        // If the receiver is gone, the values are not needed.
        let _ = self.flush();
    }
}

/// Runs `work` here, and passes each value it sends to `each` on another thread. Returns when both
/// are done.
pub(super) fn with_consumer<T, R>(
    each: impl FnMut(T) + Send,
    work: impl FnOnce(&mut BatchSender<T>) -> R,
) -> io::Result<R>
where
    T: ByteSize + Send,
{
    thread::scope(|scope| {
        let (mut sender, receiver) = channel();
        let consume = move || receiver.into_iter().flatten().for_each(each);
        thread::Builder::new().name("write".to_owned()).spawn_scoped(scope, consume)?;
        Ok(work(&mut sender))
    })
}
