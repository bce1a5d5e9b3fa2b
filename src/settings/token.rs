use super::draft::variable_of;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A token is about 72 characters; a file that is much longer holds something else.
const TOKEN_BYTES_MAX: usize = 4096;

/// Where the token of an account is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// A file in the folder that systemd's `LoadCredential=` fills.
    Credentials(PathBuf),
    /// The file that `token_file` names.
    File(PathBuf),
    Variable(String),
    /// The settings file itself.
    Settings(PathBuf),
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(path) => write!(f, "systemd credential {}", path.display()),
            Self::File(path) => write!(f, "token_file {}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Settings(path) => write!(f, "settings file {}", path.display()),
        }
    }
}

/// Why an account has no token that can be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(
        "accounts.{account}: no token\n  expected one of: $CREDENTIALS_DIRECTORY/{account}.token, accounts.{account}.token_file, \
         environment variable {variable}\n  hint: ActiveCampaign shows it under Settings, Developer"
    )]
    Missing { account: String, variable: String },
    #[error(
        "accounts.{account}: can't read the token from the {from}: {fault}\n  expected a file with nothing but the token"
    )]
    Unreadable { account: String, from: TokenSource, fault: io::Error },
    #[error(
        "accounts.{account}: what the {from} holds is no token\n  expected one word of visible ASCII characters, as ActiveCampaign shows it \
         under Settings, Developer"
    )]
    Malformed { account: String, from: TokenSource },
    #[error(
        "{}: holds the token of accounts.{account}, and others can read it (mode {mode:04o})\n  expected mode 0600\n  hint: chmod 600 {}",
        .file.display(), .file.display()
    )]
    Exposed { account: String, file: PathBuf, mode: u32 },
}

/// What was set about an account's token. Its debug form shows no token.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens {
    /// `$CREDENTIALS_DIRECTORY/<account>.token`, whether it exists or not.
    pub credentials: Option<PathBuf>,
    pub file: Option<PathBuf>,
    /// From the environment or the settings file, whichever won.
    pub text: Option<(TokenSource, SecretString)>,
}

impl Tokens {
    /// The first source in the documented order that is there.
    pub fn source(&self) -> Option<TokenSource> {
        let credentials = self.credentials.clone().filter(|path| path.try_exists().unwrap_or(true));
        credentials
            .map(TokenSource::Credentials)
            .or_else(|| self.file.clone().map(TokenSource::File))
            .or_else(|| self.text.as_ref().map(|(source, _)| source.clone()))
    }

    /// The first source that exists has to be usable: a later one never replaces it.
    pub fn read(&self, account: &str) -> Result<SecretString, TokenError> {
        let account = account.to_owned();
        let Some(from) = self.source() else {
            let variable = variable_of(&format!("accounts.{account}.token"));
            return Err(TokenError::Missing { account, variable });
        };
        let token = match &from {
            TokenSource::Credentials(path) | TokenSource::File(path) => match read_file(path) {
                Ok(text) => text,
                Err(fault) => return Err(TokenError::Unreadable { account, from, fault }),
            },
            TokenSource::Settings(file) => {
                if let Some(mode) = readable_by_others(file) {
                    let file = file.clone();
                    return Err(TokenError::Exposed { account, file, mode });
                }
                self.text()
            }
            TokenSource::Variable(_) => self.text(),
        };
        let word = token.expose_secret().trim();
        if word.is_empty()
            || word.len() > TOKEN_BYTES_MAX
            || !word.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(TokenError::Malformed { account, from });
        }
        Ok(SecretString::from(word.to_owned()))
    }

    fn text(&self) -> SecretString {
        self.text.as_ref().map(|(_, token)| token.clone()).unwrap_or_default()
    }
}

fn read_file(path: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    let read = File::open(path)?.take(TOKEN_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    let text = SecretString::from(text);
    read.map(|_| text)
}

/// The permissions of a file that more than its owner can read; of one that can't be looked at,
/// none are known and it counts as readable.
fn readable_by_others(file: &Path) -> Option<u32> {
    let mode = file.metadata().map_or(0o777, |metadata| metadata.permissions().mode() & 0o777);
    (mode & 0o077 != 0).then_some(mode)
}
