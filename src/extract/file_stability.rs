//! Whether a file is still being downloaded or written.

use super::error::ReadError;
use super::table::ExportFile;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Endings that browsers add to a name until the download is complete.
const ENDINGS: &[&str] = &["crdownload", "part", "partial", "download", "opdownload"];
/// A partial file that was not written for this long is an abandoned download.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(600);
/// A file that was last written longer ago than this counts as complete.
const FRESH_FOR: Duration = Duration::from_secs(2);
/// A download over a slow connection writes more often than this.
const WATCHED_FOR: Duration = Duration::from_millis(200);

/// Checks that no browser is still downloading this file, by its name and by a partial file next
/// to it.
///
/// # Errors
/// When the file is a partial one, or has one that was written recently.
pub fn check_downloaded(path: &Path) -> Result<(), ReadError> {
    let fault =
        |what: &str, hint: &str| Err(ReadError::new(path.display().to_string(), 0, what, hint));
    if path.extension().is_some_and(|end| ENDINGS.iter().any(|known| end == *known)) {
        return fault(
            "is a download that is not finished",
            "wait until the browser gives it its own name",
        );
    }
    for ending in ENDINGS {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".");
        partial.push(ending);
        let partial = Path::new(&partial);
        if is_fresh(partial, GIVEN_UP_AFTER) {
            return fault(
                &format!("is still being downloaded: {} lies beside it", partial.display()),
                "wait until that is gone, or remove it if the download was given up",
            );
        }
    }
    Ok(())
}

/// Checks that none of the files is being written right now. Files are only watched, for a fifth of
/// a second, if one of them was just written.
///
/// # Errors
/// With each file that changed meanwhile.
pub fn check_quiet(files: &[ExportFile]) -> Result<(), Vec<ReadError>> {
    // Standard input has been read completely, and its copy has no name.
    let watched = || files.iter().filter(|file| !file.is_piped);
    if watched().any(|file| is_fresh(&file.path, FRESH_FOR)) {
        std::thread::sleep(WATCHED_FOR);
    }
    let faults: Vec<ReadError> = watched().filter(|file| has_changed(file)).map(growing).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn growing(file: &ExportFile) -> ReadError {
    ReadError::new(
        file.to_string(),
        0,
        "is still being written",
        "run again when it is there in full; best write it elsewhere and move it here",
    )
}

fn has_changed(file: &ExportFile) -> bool {
    let same = |meta: std::fs::Metadata| {
        meta.len() == file.size_bytes
            && meta.modified().is_ok_and(|modified| modified == file.modified)
    };
    !file.path.metadata().is_ok_and(same)
}

/// Whether a file was written within this time or, by another clock, in the future.
fn is_fresh(path: &Path, within: Duration) -> bool {
    let modified = path.metadata().and_then(|meta| meta.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).unwrap_or_default() < within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_download_is_recognised_by_its_name_or_by_a_partial_file() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            path
        };
        let whole = put("orders.csv");
        assert!(check_downloaded(&whole).is_ok());
        let partial = put("orders.csv.crdownload");
        assert!(check_downloaded(&partial).unwrap_err().what.contains("not finished"));
        let beside = check_downloaded(&whole).unwrap_err();
        assert!(beside.what.contains("orders.csv.crdownload lies beside it"), "{beside}");
        let long_ago = SystemTime::now() - GIVEN_UP_AFTER * 2;
        std::fs::File::options()
            .write(true)
            .open(&partial)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        assert!(check_downloaded(&whole).is_ok(), "that download was given up");
    }
}
