use super::draft::variable_of;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A token is about 72 characters; a file that is much longer holds something else.
const SECRET_BYTES_MAX: usize = 4096;

/// How the examples in the annotated settings begin.
const PLACEHOLDER: &str = "paste-the-";

/// Where a secret is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretSource {
    /// A file in the folder that systemd's `LoadCredential=` fills.
    Credentials(PathBuf),
    /// The file that the settings name.
    File {
        /// The setting: `token_file`.
        key: String,
        path: PathBuf,
    },
    Variable(String),
    /// The settings file itself.
    Settings(PathBuf),
    /// A file beside the settings file, where packages put it.
    Beside(PathBuf),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(path) => write!(f, "systemd credential {}", path.display()),
            Self::File { key, path } => write!(f, "{key} {}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Settings(path) => write!(f, "settings file {}", path.display()),
            Self::Beside(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// Why a secret can't be used. None of the texts quotes it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{of}: no {}\n  expected one of: {}\n  hint: {}", of.name, of.places(), of.hint)]
    Missing { of: Arc<SecretName> },
    #[error(
        "{of}: can't read the {} from the {from}: {fault}\n  expected a file with nothing but the {}", of.name, of.name
    )]
    Unreadable { of: Arc<SecretName>, from: SecretSource, fault: io::Error },
    #[error(
        "{of}: what the {from} holds is no {}\n  expected one word of visible ASCII characters\n  hint: {}", of.name, of.hint
    )]
    Malformed { of: Arc<SecretName>, from: SecretSource },
    #[error(
        "{}: holds the {} of {of}, and others can read it (mode {mode:04o})\n  expected mode 0600\n  hint: chmod 600 {}",
        .file.display(), of.name, .file.display()
    )]
    Exposed { of: Arc<SecretName>, file: PathBuf, mode: u32 },
}

impl SecretError {
    /// The setting, as `accounts.main.token`.
    pub fn key(&self) -> String {
        let (Self::Missing { of }
        | Self::Unreadable { of, .. }
        | Self::Malformed { of, .. }
        | Self::Exposed { of, .. }) = self;
        format!("{}.{}", of.table, of.name)
    }
}

/// Which secret it is.
#[derive(Debug, Clone, Default)]
pub struct SecretName {
    /// The table that it is set in: `accounts.main`.
    pub table: String,
    /// Its key there: `token`.
    pub name: &'static str,
    /// Its file in the folder that systemd's `LoadCredential=` fills: `main.token`.
    pub credential: String,
    /// Where people find it.
    pub hint: &'static str,
}

/// The token of an account.
pub(super) fn token_name(account: &str) -> SecretName {
    SecretName {
        table: format!("accounts.{account}"),
        name: "token",
        credential: format!("{account}.token"),
        hint: "ActiveCampaign shows it under Settings, Developer",
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table)
    }
}

impl SecretName {
    fn places(&self) -> String {
        let Self { table, name, credential, .. } = self;
        let variable = variable_of(&format!("{table}.{name}"));
        format!(
            "$CREDENTIALS_DIRECTORY/{credential}, {table}.{name}_file, environment variable {variable}, the file {credential} beside the settings file"
        )
    }
}

/// The folders that may hold secrets in files of their own. The same for all secrets.
#[derive(Debug, Default)]
pub(super) struct SecretFolders {
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// Holds the settings file.
    pub beside: PathBuf,
}

/// What the settings and the environment say about a secret. Its debug form does not show it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct SecretSetting {
    pub file: Option<PathBuf>,
    /// From the environment or the settings file, whichever won.
    pub text: Option<(SecretSource, SecretText)>,
}

/// Can be packed, unlike what it wraps.
#[derive(Debug, Clone)]
pub(super) struct SecretText(pub SecretString);

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

/// Where a secret may be. Its debug form does not show it.
#[derive(Debug, Clone, Default)]
pub(super) struct Secret {
    pub name: Arc<SecretName>,
    pub folders: Arc<SecretFolders>,
    pub set: SecretSetting,
}

impl Secret {
    /// The first source in the documented order that is there.
    pub fn source(&self) -> Option<SecretSource> {
        let (folders, file) = (&self.folders, &self.name.credential);
        let exists = |path: &PathBuf| path.try_exists().unwrap_or(true);
        let credentials = folders.credentials.as_ref().map(|folder| folder.join(file));
        credentials
            .filter(exists)
            .map(SecretSource::Credentials)
            .or_else(|| {
                let key = format!("{}_file", self.name.name);
                self.set.file.clone().map(|path| SecretSource::File { key, path })
            })
            .or_else(|| self.set.text.as_ref().map(|text| text.0.clone()))
            .or_else(|| {
                let beside = folders.beside.join(file);
                (beside.is_absolute() && exists(&beside)).then_some(SecretSource::Beside(beside))
            })
    }

    /// The file that it is taken from, if users besides its owner can read it, and its mode.
    pub fn exposed_file(&self) -> Option<(PathBuf, u32)> {
        match self.source()? {
            SecretSource::File { path, .. } | SecretSource::Beside(path) => {
                // A file that can't be looked at is reported when it is read.
                path.exists().then(|| readable_by_others(&path)).flatten().map(|mode| (path, mode))
            }
            _ => None,
        }
    }

    /// The first source that exists has to be usable: a later one never replaces it.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let of = Arc::clone(&self.name);
        let Some(from) = self.source() else { return Err(SecretError::Missing { of }) };
        let secret = match &from {
            SecretSource::Credentials(path)
            | SecretSource::File { path, .. }
            | SecretSource::Beside(path) => match read_file(path) {
                Ok(text) => text,
                Err(fault) => return Err(SecretError::Unreadable { of, from, fault }),
            },
            SecretSource::Settings(file) => {
                if let Some(mode) = readable_by_others(file) {
                    return Err(SecretError::Exposed { of, file: file.clone(), mode });
                }
                self.text()
            }
            SecretSource::Variable(_) => self.text(),
        };
        let word = secret.expose_secret().trim();
        if !is_secret(word) {
            return Err(SecretError::Malformed { of, from });
        }
        Ok(SecretString::from(word.to_owned()))
    }

    fn text(&self) -> SecretString {
        self.set.text.as_ref().map(|text| text.1.0.clone()).unwrap_or_default()
    }
}

/// Whether a text has the form of a secret: one word of visible ASCII characters, and not that
/// of an example.
pub fn is_secret(word: &str) -> bool {
    (1..=SECRET_BYTES_MAX).contains(&word.len())
        && !word.starts_with(PLACEHOLDER)
        && word.bytes().all(|b| b.is_ascii_graphic())
}

fn read_file(path: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    let read = File::open(path)?.take(SECRET_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    let text = SecretString::from(text);
    read.map(|_| text)
}

/// The permissions of a file that more than its owner can read; of one that can't be looked at,
/// none are known and it counts as readable.
fn readable_by_others(file: &Path) -> Option<u32> {
    let mode = file.metadata().map_or(0o777, |metadata| metadata.permissions().mode() & 0o777);
    (mode & 0o077 != 0).then_some(mode)
}
