use crate::domain::{Fingerprint, LedgerEntry, Order, RemoteId};

/// One planned action on one order.
#[derive(Debug, Clone)]
pub struct Step {
    pub order: Box<Order>,
    pub action: Action,
}

/// The action in ActiveCampaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Never sent.
    Create,
    /// An earlier write may or may not have arrived: look it up, then create or update.
    LookUp(PriorWrite),
    /// Known there with other content, or with unknown content.
    Update(RemoteId),
}

/// An earlier write whose answer was never recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorWrite {
    /// A create of exactly the current payload: if a lookup finds it, it is ours.
    SameCreate,
    /// A create of other content: if a lookup finds it, it must be updated.
    OtherCreate,
    /// An update: a list does not show whether it arrived, so it is repeated.
    Update,
}

/// What is to be done about one order.
#[derive(Debug, Clone)]
pub enum Decision {
    Send(Step),
    /// ActiveCampaign already holds exactly this.
    Unchanged,
    /// The payload is unchanged, but the last verification found the order different or missing at
    /// ActiveCampaign. Only a plan distinguishes this from [`Self::Unchanged`].
    Different,
    /// ActiveCampaign refused exactly this before.
    StillRefused,
}

/// Decides by the ledger entry. `fingerprint`: of the order's payload; only computed if the entry
/// has one to compare it with.
pub fn decide(
    order: Box<Order>,
    fingerprint: impl Fn() -> Fingerprint,
    memory: LedgerEntry,
) -> Decision {
    let action = match memory {
        LedgerEntry::Unknown => Action::Create,
        LedgerEntry::Intended { update: Some(_), .. } => Action::LookUp(PriorWrite::Update),
        LedgerEntry::Intended { fingerprint: Some(sent), .. } if sent == fingerprint() => {
            Action::LookUp(PriorWrite::SameCreate)
        }
        LedgerEntry::Intended { .. } => Action::LookUp(PriorWrite::OtherCreate),
        LedgerEntry::Known { fingerprint: Some(held), .. }
        | LedgerEntry::Accepted { fingerprint: Some(held) }
            if held == fingerprint() =>
        {
            return Decision::Unchanged;
        }
        LedgerEntry::Accepted { .. } => Action::LookUp(PriorWrite::Update),
        LedgerEntry::Known { id, .. } => Action::Update(id),
        LedgerEntry::BecameOrder => return Decision::Unchanged,
        LedgerEntry::Refused { fingerprint: refused, .. } if refused == fingerprint() => {
            return Decision::StillRefused;
        }
        LedgerEntry::Refused { id: Some(id), .. } => Action::Update(id),
        LedgerEntry::Refused { id: None, .. } => Action::Create,
    };
    Decision::Send(Step { order, action })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests_order;

    fn decided(memory: LedgerEntry) -> Decision {
        decide(Box::new(tests_order("1")), || Fingerprint::from_i64(7), memory)
    }

    fn action(memory: LedgerEntry) -> Action {
        match decided(memory) {
            Decision::Send(step) => step.action,
            other => panic!("expected a step, got {other:?}"),
        }
    }

    #[test]
    fn the_ledger_decides() {
        let id = RemoteId::new("89");
        let print = Fingerprint::from_i64;
        let known =
            |held: Option<i64>| LedgerEntry::Known { id: id.clone(), fingerprint: held.map(print) };
        assert_eq!(action(LedgerEntry::Unknown), Action::Create);
        let intended = |update, sent: Option<i64>| LedgerEntry::Intended {
            update,
            fingerprint: sent.map(print),
        };
        assert_eq!(action(intended(None, Some(7))), Action::LookUp(PriorWrite::SameCreate));
        assert_eq!(action(intended(None, Some(8))), Action::LookUp(PriorWrite::OtherCreate));
        assert_eq!(action(intended(Some(id.clone()), Some(7))), Action::LookUp(PriorWrite::Update));
        assert!(matches!(decided(known(Some(7))), Decision::Unchanged));
        assert_eq!(action(known(Some(8))), Action::Update(id.clone()));
        assert_eq!(action(known(None)), Action::Update(id.clone()));
        let accepted = |held| LedgerEntry::Accepted { fingerprint: Some(print(held)) };
        assert!(matches!(decided(accepted(7)), Decision::Unchanged), "never sent twice");
        assert_eq!(action(accepted(8)), Action::LookUp(PriorWrite::Update), "an update of ours");
    }

    #[test]
    fn a_refused_order_is_only_sent_again_if_it_changed() {
        let id = RemoteId::new("89");
        let refused =
            |id, held| LedgerEntry::Refused { id, fingerprint: Fingerprint::from_i64(held) };
        assert!(matches!(decided(refused(None, 7)), Decision::StillRefused));
        assert_eq!(action(refused(None, 8)), Action::Create);
        assert_eq!(action(refused(Some(id.clone()), 8)), Action::Update(id));
    }
}
