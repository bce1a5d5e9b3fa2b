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

/// The folder next to the settings file with files that add accounts and jobs.
pub(super) const DROP_INS: &str = "accounts.d";

/// The settings file that was found, with the files of [`DROP_INS`], read.
pub(super) struct FoundFiles {
    /// Where relative paths of the settings start.
    pub base: PathBuf,
    pub main: SettingsText,
    /// In the order of their names.
    pub drop_ins: Vec<SettingsText>,
    /// Why some of them can't be read.
    pub faults: Vec<SettingsError>,
}

/// A file of settings, read.
pub(super) struct SettingsText {
    /// Absolute.
    pub path: PathBuf,
    /// As shown to people: relative to the working directory if it is below it.
    pub shown: PathBuf,
    pub text: String,
}

impl FoundFiles {
    pub fn files(&self) -> impl Iterator<Item = &SettingsText> {
        std::iter::once(&self.main).chain(&self.drop_ins)
    }

    /// The file that a place is in; the settings file if it is in none.
    pub fn file_of(&self, place: Option<&Place>) -> &SettingsText {
        let drop_in = place.and_then(|place| match place {
            Place::Line { file, .. } => {
                let at = self.drop_ins.binary_search_by(|text| text.shown.cmp(file)).ok()?;
                self.drop_ins.get(at)
            }
            _ => None,
        });
        drop_in.unwrap_or(&self.main)
    }
}

/// Looks for the settings file: the one named on the command line, else by `$ORDERSYNC_CONFIG`,
/// else `config/ordersync.toml`, else `/etc/ordersync/ordersync.toml`. A named file is never
/// skipped.
pub(super) fn find(
    explicit: Option<&Path>,
    environment: &Environment,
) -> Result<FoundFiles, SettingsError> {
    let named = match (explicit, environment.get(FILE_VARIABLE)) {
        (Some(path), _) => Some((path, Place::Argument)),
        (None, Some(value)) => Some((Path::new(value), Place::Variable(FILE_VARIABLE.to_owned()))),
        (None, None) => None,
    };
    let dir = environment.working_dir();
    let (path, named_by) = match named {
        Some((path, place)) => (dir.join(path), Some(place)),
        None => (usual(dir).ok_or_else(|| none_found(dir))?, None),
    };
    let shown = shown(&path, dir);
    let text = read(&path).map_err(|fault| unreadable(&shown, named_by, &fault))?;
    let (drop_ins, faults) = drop_ins(&path.with_file_name(DROP_INS), dir);
    let main = SettingsText { path, shown, text };
    Ok(FoundFiles { base: base_of(&main.path), main, drop_ins, faults })
}

fn shown(path: &Path, working_dir: &Path) -> PathBuf {
    path.strip_prefix(working_dir).unwrap_or(path).to_owned()
}

/// Reads the `*.toml` files of a folder, if there is one. Hidden ones are ignored: editors and
/// mounted secrets create them.
fn drop_ins(folder: &Path, working_dir: &Path) -> (Vec<SettingsText>, Vec<SettingsError>) {
    let paths = match list(folder) {
        Ok(paths) => paths,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(fault) => {
            return (Vec::new(), vec![unreadable(&shown(folder, working_dir), None, &fault)]);
        }
    };
    let (mut texts, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        let shown = shown(&path, working_dir);
        match read(&path) {
            Ok(text) => texts.push(SettingsText { path, shown, text }),
            Err(fault) => faults.push(unreadable(&shown, None, &fault)),
        }
    }
    (texts, faults)
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn usual(dir: &Path) -> Option<PathBuf> {
    USUAL
        .iter()
        .map(|path| dir.join(path))
        // A file that may not be examined exists: reading it reports why not.
        .find(|path| path.try_exists().unwrap_or(true))
}

fn none_found(dir: &Path) -> SettingsError {
    let hint = if dir.join("ordersync.toml").is_file() {
        "`--config ordersync.toml` names the one in this folder"
    } else {
        "`ordersync init` writes one; --config FILE names another"
    };
    SettingsError::new(
        Place::File(USUAL[0].into()),
        "",
        "no settings file",
        format!("one at {} or {}", USUAL[0], USUAL[1]),
    )
    .of_kind(FaultKind::NoFile)
    .hint(hint.to_owned())
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
/// It never depends on the working directory, because the ledger is below it: a start from another
/// folder must not create a second ledger, which would not know what the first has loaded.
fn base_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match (folder.file_name(), folder.parent()) {
        (Some(name), Some(above)) if name == "config" => above.to_owned(),
        _ => folder,
    }
}
