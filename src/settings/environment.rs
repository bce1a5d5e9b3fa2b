use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// Environment variables and working directory as a value, so that tests can pass their own.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    working_dir: PathBuf,
}

impl Environment {
    /// An environment of exactly these variables, in this working directory.
    pub fn new<'a>(
        working_dir: impl Into<PathBuf>,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect(),
            working_dir: working_dir.into(),
        }
    }

    /// The environment of this process. Skips variables with non-UTF-8 names.
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            working_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        }
    }

    pub fn working_dir(&self) -> &Path {
        &self.working_dir
    }

    /// A variable's value; one that is set but empty counts as not set, as container tools pass
    /// blanks.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The variables that begin with `prefix` and are not empty, in order of their names.
    pub(super) fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (&str, &OsStr)> {
        self.variables
            .iter()
            .filter(move |(name, value)| name.starts_with(prefix) && !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_os_str()))
    }
}

/// Values may be secrets: the debug form shows none.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("working_dir", &self.working_dir)
            .field("variables", &self.variables.len())
            .finish()
    }
}
