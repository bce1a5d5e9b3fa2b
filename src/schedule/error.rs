/// Why a text is no schedule: what was found and in which field, what was expected, and what to
/// try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found}; expected {expected}{}", hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct ScheduleError {
    pub found: String,
    pub expected: String,
    pub hint: Option<String>,
}

impl ScheduleError {
    pub(super) fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { found: found.into(), expected: expected.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
