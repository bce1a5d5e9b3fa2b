use crate::domain::{CustomerMemory, Fault, Memory, Order, OrderKey, Position, Reason, SourceOrder};
use crate::extract::{ReadError, Reader};
use crate::plan::{Decision, Fingerprints, Tally, decide};
use crate::state::{ConnectionId, RunRow, Seen, StateError, View};
use crate::transform::{Filter, Mapped, Rules, give_back, transform};

/// What became of one record before anything is sent.
#[derive(Debug)]
pub struct Judged {
    pub position: Position,
    /// What people know the order by.
    pub label: String,
    /// The order's key, where it has one.
    pub key: Option<OrderKey>,
    pub verdict: Judgement,
    /// The record as its export states it, where that is asked for.
    pub source: Option<Box<SourceOrder>>,
}

#[derive(Debug)]
pub enum Judgement {
    Decided(Decision),
    Filtered(Filter),
    Invalid(Vec<Fault>),
    /// This run settled it already, before it was interrupted.
    Settled,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Reads an export record by record up to the decision. A dry run and a run share every line of this.
pub(super) struct Reading {
    reader: Reader,
    rules: Rules,
    ledger: Ledger,
    met: Seen,
    /// Customers a dry run has met, to count the new ones; a run finds out as it goes.
    customers_met: Option<Seen>,
    keeps_sources: bool,
    tally: Tally,
}

/// What the state knows of the target.
pub(super) struct Ledger {
    pub view: View,
    /// `None`: the connection has never been seen, so nothing has been sent to it.
    pub connection: Option<ConnectionId>,
    pub fingerprints: Fingerprints,
    /// The run that is gone on with, where one is.
    pub resumed: Option<RunRow>,
}

impl Reading {
    pub(super) fn new(reader: Reader, rules: Rules, ledger: Ledger) -> Self {
        let met = Seen::new(Seen::IN_MEMORY_MAX);
        Self {
            reader,
            rules,
            ledger,
            met,
            customers_met: None,
            keeps_sources: false,
            tally: Tally::default(),
        }
    }

    /// Counts new customers as well.
    pub(super) fn counting_customers(mut self) -> Self {
        self.customers_met = Some(Seen::new(Seen::IN_MEMORY_MAX));
        self
    }

    /// Hands each record's source on as well.
    pub(super) fn keeping_sources(mut self) -> Self {
        self.keeps_sources = true;
        self
    }

    /// What has been read so far.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn next(&mut self) -> Option<Result<Judged, ReadingError>> {
        let mut source = match self.advance()? {
            Ok(source) => source,
            Err(error) => return Some(Err(error)),
        };
        let judged = self.judge(&mut source);
        self.reader.give_back(source);
        Some(judged.map_err(ReadingError::from))
    }

    /// Judges the next record as [`Self::next`] does, for nothing but the tally; `false` at the end.
    pub(super) fn pass(&mut self) -> Result<bool, ReadingError> {
        let Some(source) = self.advance() else { return Ok(false) };
        let mut source = source?;
        if let Judgement::Decided(Decision::Send(step)) = self.judge(&mut source)?.verdict {
            give_back(*step.order, &mut source);
        }
        self.reader.give_back(source);
        Ok(true)
    }

    /// The next record; at the end the tally is made complete.
    fn advance(&mut self) -> Option<Result<Box<SourceOrder>, ReadingError>> {
        if let Some(source) = self.reader.advance() {
            return Some(source.map_err(ReadingError::from));
        }
        match self.customers_met.as_mut()?.settle() {
            Ok(new) => self.tally.customers_new += new,
            Err(error) => return Some(Err(error.into())),
        }
        None
    }

    fn judge(&mut self, source: &mut SourceOrder) -> Result<Judged, StateError> {
        let position = source.position;
        let sound = is_sound(source);
        // Cells of a damaged row may have moved: what stands in its name may be anybody's address.
        let label = if sound { shown(source.label()) } else { String::new() };
        let key = source.key().ok().filter(|_| sound);
        let kept = self.keeps_sources.then(|| Box::new(source.clone()));
        let verdict = self.verdict(source, key.as_ref())?;
        match &verdict {
            Judgement::Decided(decision) => self.tally.decide(decision),
            Judgement::Filtered(filter) => self.tally.filter(filter.code()),
            Judgement::Invalid(faults) => self.tally.invalidate(&label, position, faults),
            Judgement::Settled => {}
        }
        Ok(Judged { position, label, key, verdict, source: kept })
    }

    fn verdict(&mut self, source: &mut SourceOrder, key: Option<&OrderKey>) -> Result<Judgement, StateError> {
        let position = source.position;
        let earlier = match key {
            Some(key) if !is_part(source) && !source.is_superseded => {
                self.met.meet(&key.ledger_text(), position.file)?
            }
            _ => None,
        };
        let resumed = self.ledger.resumed.as_ref();
        if resumed.is_some_and(|run| position.record < run.checkpoint) {
            return Ok(Judgement::Settled);
        }
        if source.is_superseded {
            return Ok(Judgement::Filtered(Filter::Superseded));
        }
        match earlier {
            Some(file) if file == position.file => {
                return Ok(Judgement::Invalid(vec![Fault::new(Reason::Duplicate)]));
            }
            Some(_) => return Ok(Judgement::Filtered(Filter::Superseded)),
            None => {}
        }
        if !source.is_cart() {
            self.tally.meaning.count_status(source.status);
        }
        match transform(source, &self.rules) {
            Mapped::Filtered(filter) => Ok(Judgement::Filtered(filter)),
            Mapped::Invalid(faults) => Ok(Judgement::Invalid(faults)),
            Mapped::Order(order, notes) => {
                self.tally.meaning.note(&order, notes, position, || label_of(&order));
                self.decide(order)
            }
        }
    }

    fn decide(&mut self, order: Box<Order>) -> Result<Judgement, StateError> {
        let fingerprint = self.ledger.fingerprints.of(&order);
        if !self.ledger.fingerprints.last_was_historical() {
            self.tally.source_not_historical += 1;
        }
        self.tally.value(&order);
        let Some(connection) = self.ledger.connection else {
            self.count_customer(&order)?;
            return Ok(Judgement::Decided(decide(order, fingerprint, Memory::Unknown)));
        };
        if let Some(run) = &self.ledger.resumed
            && self.ledger.view.is_settled(run, connection, &order.key)?
        {
            return Ok(Judgement::Settled);
        }
        let memory = self.ledger.view.order(connection, &order.key)?;
        if matches!(memory, Memory::Unknown | Memory::Intended { .. }) {
            self.count_customer(&order)?;
        }
        Ok(Judgement::Decided(decide(order, fingerprint, memory)))
    }

    /// Whether an order that would be created brings a customer the target does not have yet.
    fn count_customer(&mut self, order: &Order) -> Result<(), StateError> {
        let Some(met) = &mut self.customers_met else { return Ok(()) };
        let key = &order.customer.key;
        let Some(connection) = self.ledger.connection else {
            // Nobody is known there, so it can wait which of them are met for the first time.
            self.tally.customers_new += met.meet_in_time(key.as_str())?;
            return Ok(());
        };
        if met.meet(key.as_str(), 0)?.is_some() {
            return Ok(());
        }
        let known = self.ledger.view.customer(connection, &self.ledger.fingerprints.customer(key))?;
        if !matches!(known, CustomerMemory::Known(_)) {
            self.tally.customers_new += 1;
        }
        Ok(())
    }
}

/// Whether the cells of a record stand in their columns.
fn is_sound(source: &SourceOrder) -> bool {
    let damage = [Reason::MalformedRow, Reason::BadEncoding];
    !source.faults.iter().any(|fault| damage.contains(&fault.reason))
}

/// Rows without their order's first row carry its name, but are not it.
fn is_part(source: &SourceOrder) -> bool {
    source.faults.iter().any(|fault| fault.reason == Reason::OrphanRow)
}

/// What people know a valid order by.
fn label_of(order: &Order) -> String {
    shown(if order.number.is_empty() { order.key.as_str() } else { &order.number })
}

/// An order's number as it may be kept and shown: one that has no look of it may be a person's data in the wrong
/// column.
fn shown(label: &str) -> String {
    const NUMBER_LEN_MAX: usize = 64;
    let odd = |c: char| c == '@' || c == ',' || c.is_control();
    let is_odd = match label.is_ascii() {
        true => label.bytes().any(|b| odd(char::from(b))),
        false => label.contains(odd),
    };
    if label.len() > NUMBER_LEN_MAX || is_odd { String::new() } else { label.to_owned() }
}
