use super::pipeline::{ByteSize, channel};
use super::planned_record::RecordIdentity;
use crate::domain::{OrderId, Reason, SourceOrder};
use crate::extract::{ReadError, Reader};
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

type RecordResult = Result<ReadRecord, ReadError>;

pub(super) struct ReadRecord {
    pub source: Box<SourceOrder>,
    pub identity: RecordIdentity,
}

impl ReadRecord {
    fn of(mut source: Box<SourceOrder>, order_key: OrderId) -> Self {
        apply_order_key(&mut source, order_key);
        let identity = RecordIdentity::of(&source);
        Self { source, identity }
    }
}

/// Removes the id from orders that are identified by their number; errors of an unused id don't
/// matter.
fn apply_order_key(source: &mut SourceOrder, order_key: OrderId) {
    if order_key == OrderId::Number && !source.is_cart() && !source.number.is_empty() {
        source.id.clear();
        source.faults.retain(|fault| (fault.reason, fault.field) != (Reason::BadId, Some("id")));
    }
}

/// The records of an export, in reading order.
pub(super) enum Records {
    /// Read by the thread that requests the next one: for a run, which mostly waits.
    Inline(Box<Reader>, OrderId),
    /// Read ahead on another thread: for a plan, which never waits.
    Threaded(ReadAhead),
}

pub(super) struct ReadAhead {
    batch: std::vec::IntoIter<RecordResult>,
    batches: Receiver<Vec<RecordResult>>,
    thread: Option<JoinHandle<()>>,
}

impl Records {
    pub(super) fn inline(reader: Reader, order_key: OrderId) -> Self {
        Self::Inline(Box::new(reader), order_key)
    }

    pub(super) fn threaded(reader: Reader, order_key: OrderId) -> io::Result<Self> {
        let (mut sender, batches) = channel();
        let thread = thread::Builder::new().name("extract".to_owned()).spawn(move || {
            for record in reader {
                let record = record.map(|source| ReadRecord::of(source, order_key));
                // If the receiver is gone, the work was stopped.
                if !sender.send(record) {
                    return;
                }
            }
        })?;
        let ahead = ReadAhead { batch: Vec::new().into_iter(), batches, thread: Some(thread) };
        Ok(Self::Threaded(ahead))
    }
}

impl Iterator for Records {
    type Item = RecordResult;

    fn next(&mut self) -> Option<RecordResult> {
        match self {
            Self::Inline(reader, order_key) => {
                Some(reader.next()?.map(|source| ReadRecord::of(source, *order_key)))
            }
            Self::Threaded(ahead) => ahead.next(),
        }
    }
}

impl ReadAhead {
    fn next(&mut self) -> Option<RecordResult> {
        loop {
            if let Some(record) = self.batch.next() {
                return Some(record);
            }
            match self.batches.recv() {
                Ok(batch) => self.batch = batch.into_iter(),
                Err(_) => {
                    // A reader that panicked has not read the whole export: the panic is propagated
                    // to the thread that waits for the records.
                    if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                        resume_unwind(panic);
                    }
                    return None;
                }
            }
        }
    }
}

impl ByteSize for RecordResult {
    fn byte_size(&self) -> usize {
        self.as_ref().map_or(0, |record| record.source.byte_size())
    }
}

/// The texts that may be long. A long text that is not counted here only makes a batch larger.
impl ByteSize for SourceOrder {
    fn byte_size(&self) -> usize {
        let texts = [
            &self.id,
            &self.checkout_id,
            &self.number,
            &self.email,
            &self.customer_id,
            &self.created_at,
            &self.updated_at,
            &self.currency,
            &self.total,
            &self.shipping_method,
            &self.order_url,
            &self.status_word,
        ];
        let lines = self.lines.iter().map(|line| {
            let texts = [&line.id, &line.name, &line.sku, &line.category, &line.image_url];
            size_of_val(line) + texts.iter().map(|text| text.len()).sum::<usize>()
        });
        size_of_val(self)
            + texts.iter().map(|text| text.len()).sum::<usize>()
            + lines.sum::<usize>()
    }
}
