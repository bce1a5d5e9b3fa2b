use std::io::ErrorKind;
use std::path::Path;

/// Why a pull is not complete. No message contains a secret or personal data.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The settings, or the folder that they name.
    #[error("{what}\n  expected {expected}\n  hint: {hint}")]
    Settings { what: String, expected: String, hint: String },
    /// The shop rejects the credentials.
    #[error("{shop}: {what}\n  hint: {hint}")]
    Refused { shop: String, what: String, hint: String },
    /// The shop does not answer, or not completely; the next pull may succeed.
    #[error("{shop}: {what}\n  hint: {hint}")]
    Unavailable { shop: String, what: String, hint: String },
    /// The shop's answers contradict each other or the documentation.
    #[error("{shop}: {what}\n  hint: {hint}")]
    Unexpected { shop: String, what: String, hint: String },
    #[error("the pull was interrupted; the next one starts it again")]
    Interrupted,
    #[error("{path}: {fault}{}", hint_line(fault))]
    Io { path: String, fault: std::io::Error },
}

impl PullError {
    /// The message and the hint.
    pub fn parts(&self) -> (String, String) {
        match self {
            Self::Settings { what, expected, hint } => {
                (format!("{what}, expected {expected}"), hint.clone())
            }
            Self::Refused { shop, what, hint }
            | Self::Unavailable { shop, what, hint }
            | Self::Unexpected { shop, what, hint } => (format!("{shop}: {what}"), hint.clone()),
            Self::Io { path, fault } => (format!("{path}: {fault}"), hint_of(fault).to_owned()),
            Self::Interrupted => (self.to_string(), String::new()),
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |fault| Self::Io { path, fault }
    }
}

fn hint_line(fault: &std::io::Error) -> String {
    match hint_of(fault) {
        "" => String::new(),
        hint => format!("\n  hint: {hint}"),
    }
}

/// The hint for a disk error; empty if there is none.
fn hint_of(fault: &std::io::Error) -> &'static str {
    match fault.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space and pull again; an incomplete pull is not kept"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "the user who pulls needs write access there; `dir` names another folder"
        }
        _ => "",
    }
}
