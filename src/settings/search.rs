use super::{Environment, FaultKind, Place, SettingsError};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The variable that names the settings file.
pub(super) const FILE_VARIABLE: &str = "ORDERSYNC_CONFIG";

/// Where settings are searched if no file is named, in this order.
const USUAL: [&str; 2] = ["config/ordersync.toml", "/etc/ordersync/ordersync.toml"];

/// Settings are written by people; a longer file is something else.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The settings file that was found, read.
pub(super) struct Found {
    /// Absolute.
    pub path: PathBuf,
    /// As shown to people: relative to the working directory if it is below it.
    pub shown: PathBuf,
    /// Where relative paths of the settings start.
    pub base: PathBuf,
    pub text: String,
}

/// Looks for the settings file: the one named on the command line, else by `$ORDERSYNC_CONFIG`,
/// else `config/ordersync.toml`, else `/etc/ordersync/ordersync.toml`. A named file is never passed
/// over.
pub(super) fn find(
    explicit: Option<&Path>,
    environment: &Environment,
) -> Result<Found, SettingsError> {
    let named = match (explicit, environment.get(FILE_VARIABLE)) {
        (Some(path), _) => Some((path, Place::Argument)),
        (None, Some(value)) => Some((Path::new(value), Place::Variable(FILE_VARIABLE.to_owned()))),
        (None, None) => None,
    };
    let dir = environment.working_dir();
    let (path, named_by) = match named {
        Some((path, place)) => (dir.join(path), Some(place)),
        None => (usual(dir).ok_or_else(none_found)?, None),
    };
    let shown = path.strip_prefix(dir).unwrap_or(&path).to_owned();
    let text = read(&path).map_err(|fault| unreadable(&shown, named_by, &fault))?;
    Ok(Found { base: base_of(&path), path, shown, text })
}

fn usual(dir: &Path) -> Option<PathBuf> {
    USUAL
        .iter()
        .map(|path| dir.join(path))
        // A file that may not be looked at exists: reading it then says why not.
        .find(|path| path.try_exists().unwrap_or(true))
}

fn none_found() -> SettingsError {
    SettingsError::new(
        Place::File(USUAL[0].into()),
        "",
        "no settings file",
        format!("one at {} or {}", USUAL[0], USUAL[1]),
    )
    .of_kind(FaultKind::NoFile)
    .hint("`ordersync init` writes one; --config FILE names another".to_owned())
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|fault| {
        let valid = fault.utf8_error().valid_up_to();
        let line = 1 + fault.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count();
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}

fn unreadable(shown: &Path, named_by: Option<Place>, fault: &io::Error) -> SettingsError {
    let hint = match fault.kind() {
        io::ErrorKind::NotFound => {
            Some("`ordersync init DIR` writes DIR/config/ordersync.toml".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            Some("it must be readable by the user who runs ordersync".to_owned())
        }
        io::ErrorKind::IsADirectory => {
            Some(format!("name the file in it, as in {}", shown.join(USUAL[0]).display()))
        }
        _ => None,
    };
    SettingsError::new(
        named_by.unwrap_or_else(|| Place::File(shown.to_owned())),
        "",
        format!("can't read {}: {fault}", shown.display()),
        "a settings file in TOML",
    )
    .of_kind(FaultKind::NoFile)
    .hint(hint)
}

/// The project folder: the one that holds the settings file, or the one above when that is called
/// `config`.
///
/// It never depends on where the program is started from. The ledger lies below it, and a second
/// ledger for one file, by a start from another folder, would not know what the first has loaded.
fn base_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match (folder.file_name(), folder.parent()) {
        (Some(name), Some(above)) if name == "config" => above.to_owned(),
        _ => folder,
    }
}
