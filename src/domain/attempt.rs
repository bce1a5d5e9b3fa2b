use super::{RemoteId, choices};

choices! {
    /// What was done about an order. The state stores its position in this list, so new ones go
    /// last.
    pub enum Operation {
        Create "create" "create";
        Update "update" "update";
        LookUp "look_up" "lookup";
        Delete "delete" "delete";
        CreateCustomer "create_customer" "create of its customer";
        LookUpCustomer "look_up_customer" "lookup of its customer";
        Adopt "adopt" "found, and adopted";
        Leave "leave_deleted" "found deleted, left alone";
        Retry "retry" "dead-letters retry";
        Repair "repair" "verify --repair";
        Restore "restore" "still listed after its delete";
        Switch "switch" "connection switch";
    }
}

impl Operation {
    /// Its number in the state.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The operation of a number in the state, if there is one.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Whether it changes the order in ActiveCampaign.
    pub fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// One attempt at an order. It contains nothing of the order, and of a response only what can't
/// quote personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub operation: Operation,
    pub answer: Answer,
    /// The id of the record that was created, found or deleted.
    pub id: Option<RemoteId>,
    /// Orders in the batch that it was sent in; `None`: it was sent alone, or that is not known.
    pub batch: Option<u32>,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// As requested.
    Done,
    /// A complete lookup that found nothing.
    Absent,
    Failed {
        /// How it was judged, in the words of the counts: `again`, `look_up`, `refused`, ….
        disposition: String,
        /// HTTP status, if there was an answer.
        status: Option<u16>,
        /// ActiveCampaign's code, or our word for what broke.
        code: Option<String>,
    },
}

impl Attempt {
    pub fn done(operation: Operation, id: Option<RemoteId>) -> Self {
        Self::new(operation, Answer::Done, id)
    }

    pub fn new(operation: Operation, answer: Answer, id: Option<RemoteId>) -> Self {
        Self { operation, answer, id, batch: None }
    }

    /// The same in a batch of so many orders; 0: not known.
    #[must_use]
    pub fn in_batch(self, orders: u32) -> Self {
        Self { batch: Some(orders).filter(|orders| *orders > 0), ..self }
    }

    /// What a lookup found.
    pub fn found(operation: Operation, id: Option<RemoteId>) -> Self {
        let answer = if id.is_some() { Answer::Done } else { Answer::Absent };
        Self::new(operation, answer, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_the_number_that_the_state_knows_it_by() {
        for (place, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(operation.number()), place + 1);
            assert_eq!(Operation::of_number(operation.number()), Some(operation));
        }
        assert_eq!((Operation::Create.number(), Operation::Switch.number()), (1, 12));
        assert_eq!((Operation::of_number(0), Operation::of_number(13)), (None, None));
    }
}
