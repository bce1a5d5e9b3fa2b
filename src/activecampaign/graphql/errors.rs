//! What the errors of a GraphQL answer are about: the request's form, values of orders, or neither.

/// One entry of `errors` of a GraphQL answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GraphqlError {
    /// May quote a record: never stored, logged or shown unchanged.
    pub(super) message: String,
    pub(super) classification: String,
    /// It has a path in the data, so it occurred while the request was carried out.
    pub(super) has_path: bool,
    /// The element of the list that it is about.
    pub(super) index: Option<usize>,
    /// Keys and texts of `extensions`; some keys end with the key of an order.
    pub(super) extensions: Vec<(String, String)>,
}

/// What the `errors` of a mutation say about its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphqlVerdict {
    NoErrors,
    /// The orders were checked, and only those with a receipt were stored.
    NotStored,
    /// The request was checked and nothing was stored; whether its length, an order or its form is
    /// the cause is not known.
    Refused,
    /// It is not known whether any of them was stored.
    Unclear,
    /// The form of the request does not match the schema, whichever orders it has.
    Stop,
}

/// Fields with the same value in all orders of a connection: an error about them is not about one
/// order.
const SAME_IN_ALL: [&str; 4] =
    ["legacyConnectionId", "creationSource", "suppressAutomations", "normalizedStatus"];

/// What graphql-java says about variables, in addition to "Variable 'orders' has an invalid value".
const OF_VARIABLES: [&str; 2] = ["coerced Null value", "not defined for input object type"];

impl GraphqlError {
    /// It rejects values of orders: ActiveCampaign's own validation, not that of the document.
    pub(super) fn is_of_values(&self) -> bool {
        let is_said = self.message.starts_with("Validation error")
            || (self.has_path && self.is_of_validation());
        !self.is_of_form() && (self.names_orders() || is_said)
    }

    /// It rejects the document, or the types of the variables, which are the same for all orders.
    fn is_of_form(&self) -> bool {
        let message = self.message.as_str();
        let is_said = || {
            message.starts_with("Variable ")
                || message.starts_with("Validation error (")
                || message.starts_with("Validation error of type")
                || OF_VARIABLES.iter().any(|words| message.contains(words))
        };
        if self.has_path {
            return false;
        }
        match self.classification.as_str() {
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

    /// One of its texts is only about fields that are the same in all orders.
    fn is_of_constants(&self, is_field: &dyn Fn(&str) -> bool) -> bool {
        let texts = self.extensions.iter().filter(|(key, _)| key.contains("storeOrderId"));
        let mut texts = texts.map(|(_, text)| text).chain([&self.message]);
        texts.any(|text| {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            let mut fields = words.filter(|word| is_field(word)).peekable();
            fields.peek().is_some() && fields.all(|field| SAME_IN_ALL.contains(&field))
        })
    }

    /// The answer to a query for a record that does not exist.
    pub(super) fn is_absence(&self) -> bool {
        self.classification.eq_ignore_ascii_case("NOT_FOUND")
    }

    pub(super) fn refuses_introspection(&self) -> bool {
        self.classification.contains("Introspection")
            || self.message.to_ascii_lowercase().contains("introspection")
    }
}

/// Classifies the errors of a mutation. `is_field`: whether a word is a name of the schema.
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

/// Classifies the errors of a query, which is retried unless its form is refused.
pub(super) fn judge_query_errors(errors: &[GraphqlError]) -> GraphqlVerdict {
    if errors.is_empty() {
        GraphqlVerdict::NoErrors
    } else if errors.iter().any(|error| error.is_of_form() || error.is_of_validation()) {
        GraphqlVerdict::Stop
    } else {
        GraphqlVerdict::Unclear
    }
}
