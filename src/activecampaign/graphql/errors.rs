//! What the errors of a GraphQL answer say: of the request's form, of values of orders, or nothing.

/// One entry of `errors` of a GraphQL answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GraphqlError {
    /// May quote a record: never kept, logged or shown as it is.
    pub(super) message: String,
    pub(super) classification: String,
    /// It has a place in the data: it came of carrying the request out.
    pub(super) has_path: bool,
    /// The element of the list that it is about.
    pub(super) index: Option<usize>,
    /// Keys and texts of `extensions`: some name an order at their end.
    pub(super) extensions: Vec<(String, String)>,
}

/// What the `errors` of a mutation say of its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphqlVerdict {
    NoErrors,
    /// The orders were checked and none of them stored, but those with a receipt.
    NotStored,
    /// The request was checked and nothing of it stored; whether for its length, an order or its
    /// form is not known.
    Refused,
    /// Whether any of them was stored is not known.
    Unclear,
    /// The form of the request is not the schema's, whichever orders it has.
    Stop,
}

/// Fields that have one value in all orders of a connection: an error about them is about no order.
const SAME_IN_ALL: [&str; 4] =
    ["legacyConnectionId", "creationSource", "suppressAutomations", "normalizedStatus"];

/// What graphql-java says of variables, beside "Variable 'orders' has an invalid value".
const OF_VARIABLES: [&str; 2] = ["coerced Null value", "not defined for input object type"];

impl GraphqlError {
    /// It refuses values of orders: ActiveCampaign's own check, not that of the document.
    pub(super) fn is_of_values(&self) -> bool {
        let is_said = self.message.starts_with("Validation error")
            || (self.has_path && self.is_of_validation());
        !self.is_of_form() && (self.names_orders() || is_said)
    }

    /// It refuses the document, or the types of the variables, which are the same for all orders.
    fn is_of_form(&self) -> bool {
        let message = self.message.as_str();
        let is_said = || {
            message.starts_with("Variable ")
                || message.starts_with("Validation error (")
                || message.starts_with("Validation error of type")
                || OF_VARIABLES.iter().any(|words| message.contains(words))
        };
        match self.classification.as_str() {
            _ if self.has_path => false,
            "InvalidSyntax" | "OperationNotSupported" => true,
            _ => !self.names_orders() && is_said(),
        }
    }

    fn is_of_validation(&self) -> bool {
        self.classification == "ValidationError"
    }

    fn names_orders(&self) -> bool {
        self.extensions.iter().any(|(key, _)| key.contains("storeOrderId"))
    }

    /// It is about fields that are the same in all orders, and about no other.
    fn is_of_constants(&self, is_field: &dyn Fn(&str) -> bool) -> bool {
        let texts = self.extensions.iter().filter(|(key, _)| key.contains("storeOrderId"));
        let mut texts = texts.map(|(_, text)| text).chain([&self.message]);
        texts.any(|text| {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            let mut fields = words.filter(|word| is_field(word)).peekable();
            fields.peek().is_some() && fields.all(|field| SAME_IN_ALL.contains(&field))
        })
    }

    /// The answer to a question for a record that is not there.
    pub(super) fn is_absence(&self) -> bool {
        self.classification.eq_ignore_ascii_case("NOT_FOUND")
    }

    pub(super) fn refuses_introspection(&self) -> bool {
        self.classification.contains("Introspection")
            || self.message.to_ascii_lowercase().contains("introspection")
    }
}

/// Judges the errors of a mutation. `is_field`: whether a word is a name of the schema.
pub(super) fn judge_errors(
    errors: &[GraphqlError],
    is_field: &dyn Fn(&str) -> bool,
) -> GraphqlVerdict {
    if errors.is_empty() {
        GraphqlVerdict::NoErrors
    } else if errors.iter().any(|error| error.is_of_form() || error.is_of_constants(is_field)) {
        GraphqlVerdict::Stop
    } else if errors.iter().all(GraphqlError::is_of_values) {
        GraphqlVerdict::NotStored
    } else if errors.iter().all(|error| error.is_of_values() || error.is_of_validation()) {
        GraphqlVerdict::Refused
    } else {
        GraphqlVerdict::Unclear
    }
}

/// Judges the errors of a question: it may be asked again unless its form is refused.
pub(super) fn judge_query_errors(errors: &[GraphqlError]) -> GraphqlVerdict {
    if errors.is_empty() {
        GraphqlVerdict::NoErrors
    } else if errors.iter().any(|error| error.is_of_form() || error.is_of_validation()) {
        GraphqlVerdict::Stop
    } else {
        GraphqlVerdict::Unclear
    }
}
