//! What every node of a fleet has to see: exports and pulled windows.

use super::findings::Findings;
use crate::settings::{Job, Settings};
use crate::state::{Storage, storage_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Reports for each folder of these jobs whether the other nodes see it, judged by its file system.
pub(super) fn check_shared_storage(settings: &Settings, jobs: &[&Job], findings: &mut Findings) {
    if settings.fleet.is_none() {
        return;
    }
    for (folder, names) in folders(jobs, export_files) {
        let what = format!("jobs.{}: files in {}", names.join(", jobs."), folder.display());
        match storage_of(&folder) {
            Storage::Shared(kind) => findings.good(format!("{what} are on shared storage ({kind})")),
            Storage::Own(kind) => findings.doubtful(format!(
                "{what} are on this machine's own disk ({kind}), and every node of the fleet has to see the same\n  hint: keep them on shared storage, such as NFS"
            )),
            Storage::Unknown => findings.doubtful(format!(
                "{what} have to be the same for every node of the fleet; whether the others see them is not known here"
            )),
        }
    }
    for (folder, names) in folders(jobs, pulled_windows) {
        let what =
            format!("jobs.{}: what is pulled into {}", names.join(", jobs."), folder.display());
        match storage_of(&folder) {
            Storage::Shared(kind) => findings.good(format!("{what} is on shared storage ({kind})")),
            Storage::Own(_) | Storage::Unknown => findings.doubtful(format!(
                "{what} is not known to be on shared storage: a node that takes the account over pulls in full\n  hint: set jobs.NAME.pull.dir to a folder that every node sees, where full pulls take long"
            )),
        }
    }
}

/// The folders of jobs, each with the names of those that read it.
fn folders<'a>(
    jobs: &[&'a Job],
    of: impl Fn(&Job) -> Vec<PathBuf>,
) -> BTreeMap<PathBuf, Vec<&'a str>> {
    let mut folders: BTreeMap<PathBuf, Vec<&str>> = BTreeMap::new();
    for job in jobs {
        for folder in of(job) {
            let names = folders.entry(folder).or_default();
            if names.last() != Some(&job.name.as_str()) {
                names.push(&job.name);
            }
        }
    }
    folders
}

fn export_files(job: &Job) -> Vec<PathBuf> {
    let ids = job.pull.iter().filter_map(|pull| pull.ids.as_deref()).map(folder_of);
    let files = job.export.iter().chain(&job.customers).filter(|pattern| *pattern != "-");
    files.map(|pattern| folder_of(Path::new(pattern))).chain(ids).collect()
}

fn pulled_windows(job: &Job) -> Vec<PathBuf> {
    job.pull.iter().map(|pull| folder_of(&pull.dir)).collect()
}

/// The folder that a file or a pattern is in, above the first part with a wildcard.
fn folder_of(pattern: &Path) -> PathBuf {
    let folder = pattern.parent().unwrap_or(pattern);
    let is_plain = |part: &std::path::Component<'_>| {
        !part.as_os_str().to_string_lossy().contains(['*', '?', '['])
    };
    folder.components().take_while(is_plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_pattern_ends_before_its_first_wildcard() {
        for (pattern, folder) in [
            ("/srv/exports/orders.csv", "/srv/exports"),
            ("/srv/exports/*.csv", "/srv/exports"),
            ("/srv/*/2026/orders?.csv", "/srv"),
            ("/srv/shop[12]/orders.csv", "/srv"),
        ] {
            assert_eq!(folder_of(Path::new(pattern)), Path::new(folder), "{pattern}");
        }
    }
}
