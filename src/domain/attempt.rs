use super::RemoteId;

/// What was done about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    LookUp,
    Delete,
    /// Of the order's customer.
    CreateCustomer,
    /// Of the order's customer.
    LookUpCustomer,
    /// Found at the target, and known from then on.
    Adopt,
    /// Deleted at the target by another hand, and left so.
    Leave,
    /// People asked for it to be sent again.
    Retry,
    /// A verification found that it differs, and queued it for the next sync.
    Repair,
    /// An undo had deleted it, and the target's list still shows it.
    Restore,
}

impl Operation {
    const ALL: [(Self, u8, &'static str); 11] = [
        (Self::Create, 1, "create"),
        (Self::Update, 2, "update"),
        (Self::LookUp, 3, "look_up"),
        (Self::Delete, 4, "delete"),
        (Self::CreateCustomer, 5, "create_customer"),
        (Self::LookUpCustomer, 6, "look_up_customer"),
        (Self::Adopt, 7, "adopt"),
        (Self::Leave, 8, "leave_deleted"),
        (Self::Retry, 9, "retry"),
        (Self::Repair, 10, "repair"),
        (Self::Restore, 11, "restore"),
    ];

    /// The number that stands for it in the state.
    pub fn number(self) -> u8 {
        Self::ALL
            .iter()
            .find(|(operation, ..)| *operation == self)
            .map_or(0, |(_, number, _)| *number)
    }

    /// The other way; `None` for a number that stands for nothing.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.iter().find(|(_, of, _)| *of == number).map(|(operation, ..)| *operation)
    }

    /// The stable name in reports.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(operation, ..)| *operation == self).map_or("", |(.., word)| word)
    }

    /// Whether it changes the order at the target where it is done.
    pub fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// One attempt at an order. It holds nothing of the order, and of an answer only what can quote
/// nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub operation: Operation,
    pub answer: Answer,
    /// Of what was made, found or deleted.
    pub id: Option<RemoteId>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// As it was asked for.
    Done,
    /// A look-up that was read to its end and found nothing.
    Absent,
    Failed {
        /// How it was judged, in the words of the counts: `again`, `look_up`, `refused`, ….
        disposition: String,
        /// HTTP status, where there was an answer.
        status: Option<u16>,
        /// The target's code, or our word for what broke.
        code: Option<String>,
    },
}

impl Attempt {
    pub fn done(operation: Operation, id: Option<RemoteId>) -> Self {
        Self { operation, answer: Answer::Done, id }
    }

    /// What a look-up found.
    pub fn found(operation: Operation, id: Option<RemoteId>) -> Self {
        let answer = if id.is_some() { Answer::Done } else { Answer::Absent };
        Self { operation, answer, id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_a_number_and_a_word_of_its_own() {
        for (operation, number, word) in Operation::ALL {
            assert_eq!(
                (Operation::of_number(number), operation.number(), operation.word()),
                (Some(operation), number, word)
            );
        }
        assert_eq!((Operation::of_number(0), Operation::of_number(12)), (None, None));
    }
}
