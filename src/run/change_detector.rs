use super::ledger::Ledger;
use super::planned_record::RecordVerdict;
use crate::domain::{Order, OrderDigest, OrderKey, ShortHash, SourceOrder};
use crate::plan::{Action, Change, ChangeCause, Decision, PriorWrite};
use crate::state::{RunId, StateError, StoredDigest};

/// Detects changes of orders while an export is read.
pub(super) struct ChangeDetector {
    depth: Depth,
    mapping: ShortHash,
    /// Of the current record.
    source: ShortHash,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Only the digest of each order that is to be written, for the ledger.
    ForLedger,
    /// The changed fields of an order that is to be updated.
    Fields,
    /// Also the causes, and for every record the run that wrote its order last.
    Whole,
}

/// The result for one record.
#[derive(Debug, Default)]
pub(super) struct DetectedChange {
    pub digest: Option<Box<OrderDigest>>,
    pub change: Option<Change>,
    pub written_by: Option<RunId>,
}

impl ChangeDetector {
    /// For a run: `mapping` identifies how records become orders.
    pub(super) fn for_ledger(mapping: ShortHash) -> Self {
        Self { depth: Depth::ForLedger, mapping, source: ShortHash::default() }
    }

    /// For a plan: costs nothing for orders that did not change.
    pub(super) fn of_fields() -> Self {
        Self { depth: Depth::Fields, mapping: ShortHash::default(), source: ShortHash::default() }
    }

    /// For a comparison with an earlier run in the ledger.
    pub(super) fn whole(mapping: ShortHash) -> Self {
        Self { depth: Depth::Whole, mapping, source: ShortHash::default() }
    }

    /// Reads a record before it is consumed.
    pub(super) fn look_at(&mut self, ledger: &mut Ledger, source: &SourceOrder) {
        if self.depth != Depth::Fields {
            self.source = ledger.fingerprints.source(source);
        }
    }

    /// Detects the changes of a record after the decision.
    pub(super) fn find_out(
        &self,
        ledger: &mut Ledger,
        verdict: &RecordVerdict,
        key: Option<&OrderKey>,
    ) -> Result<DetectedChange, StateError> {
        let step = match verdict {
            RecordVerdict::Decided(Decision::Send(step)) => Some(step),
            _ => None,
        };
        let is_update = step.is_some_and(|step| {
            matches!(step.action, Action::Update(_) | Action::LookUp(PriorWrite::Update))
        });
        let order = step.map(|step| &*step.order);
        match self.depth {
            Depth::ForLedger => {
                let digest = order.map(|order| Box::new(self.digest(ledger, order)));
                Ok(DetectedChange { digest, ..DetectedChange::default() })
            }
            Depth::Fields if !is_update => Ok(DetectedChange::default()),
            Depth::Fields | Depth::Whole => self.compare(ledger, order, key),
        }
    }

    fn digest(&self, ledger: &mut Ledger, order: &Order) -> OrderDigest {
        ledger.fingerprints.digest(order, self.source, self.mapping)
    }

    fn compare(
        &self,
        ledger: &mut Ledger,
        order: Option<&Order>,
        key: Option<&OrderKey>,
    ) -> Result<DetectedChange, StateError> {
        let (Some(connection), Some(key)) = (ledger.connection, key) else {
            return Ok(DetectedChange::default());
        };
        let Some(trace) = ledger.view.trace(connection, key)?.filter(|trace| trace.is_known) else {
            return Ok(DetectedChange::default());
        };
        let change = order.map(|order| self.change(ledger, &trace, order));
        Ok(DetectedChange { digest: None, change, written_by: Some(trace.run) })
    }

    fn change(&self, ledger: &mut Ledger, trace: &StoredDigest, order: &Order) -> Change {
        let now = self.digest(ledger, order);
        let why = match &trace.digest {
            _ if trace.is_open => ChangeCause::Interrupted,
            _ if !trace.is_vouched => ChangeCause::Doubted,
            None => ChangeCause::NotKept,
            Some(before) => ChangeCause::of(before, &now),
        };
        let fields = trace.digest.map_or_else(Vec::new, |before| before.changes_to(&now));
        Change { why: (self.depth == Depth::Whole).then_some(why), fields }
    }
}
