//! From the paths and patterns of the settings to files, each once.

use super::error::ReadError;
use super::names;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The most names compared for a hint, so that it costs nothing in a huge folder.
const HINT_NAMES_MAX: usize = 1_000;

/// The files the patterns name: patterns in the order given, the files of a pattern by name with
/// numbers as numbers.
///
/// A file that is named twice takes its last position, because a later file supersedes an earlier
/// one. Every pattern that is invalid or matches no file adds an error.
pub fn files(patterns: &[String], faults: &mut Vec<ReadError>) -> Vec<PathBuf> {
    if patterns.is_empty() {
        faults.push(ReadError::new(
            "export",
            0,
            "no path or pattern is given, expected at least one",
            "name the shop's export, for instance \"exports/orders*.csv\"",
        ));
    }
    let mut found = Vec::new();
    for pattern in patterns {
        match matches(pattern) {
            Ok(paths) => found.extend(paths),
            Err(fault) => faults.push(fault),
        }
    }
    keep_last_mentions(found)
}

fn keep_last_mentions(found: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let mut kept: Vec<PathBuf> = found
        .into_iter()
        .rev()
        .filter(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())))
        .collect();
    kept.reverse();
    kept
}

fn matches(pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    let literal = Path::new(pattern);
    // A name with brackets in it is a name first, a pattern second.
    if let Ok(meta) = literal.metadata() {
        if meta.is_file() {
            return Ok(vec![literal.to_owned()]);
        }
        if meta.is_dir() {
            return Err(ReadError::new(
                pattern,
                0,
                "is a folder, expected a file or a pattern",
                format!("name the files in it: \"{}\"", literal.join("*.csv").display()),
            ));
        }
        return Err(ReadError::new(
            pattern,
            0,
            "is not a regular file; it is read more than once, so a pipe won't do",
            "write the export to a file first, or name `-` for standard input",
        ));
    }
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let paths = glob::glob_with(pattern, options).map_err(|error| {
        ReadError::new(
            pattern,
            0,
            format!("is not a pattern: {} at character {}", error.msg, error.pos),
            "use * for any letters and ? for one; put a literal bracket in brackets: [[]",
        )
    })?;
    let mut files = Vec::new();
    for path in paths {
        match path {
            Ok(path) if path.is_file() => files.push(path),
            Ok(_) => {}
            Err(error) => {
                let shown = error.path().display().to_string();
                return Err(ReadError::from_io(&shown, 0, error.error()));
            }
        }
    }
    if files.is_empty() {
        return Err(ReadError::new(pattern, 0, "no such file", hint_for(literal)));
    }
    files.sort_by(|a, b| names::natural(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(files)
}

/// Names what exists in place of the file, or of files that match the pattern.
fn hint_for(pattern: &Path) -> String {
    let is_wild = |part: &Path| part.to_string_lossy().contains(['*', '?', '[']);
    let mut folder = pattern.parent().unwrap_or(Path::new(""));
    while is_wild(folder) {
        folder = folder.parent().unwrap_or(Path::new(""));
    }
    if folder.as_os_str().is_empty() {
        folder = Path::new(".");
    }
    let shown = folder.display();
    let Ok(entries) = folder.read_dir() else {
        return format!("the folder {shown} does not exist or can't be read; check the path");
    };
    let name = pattern.file_name().unwrap_or_default();
    let wanted = name.to_string_lossy().replace(['*', '?'], "");
    let mut near: Vec<(usize, String)> = entries
        .take(HINT_NAMES_MAX)
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .map(|name| (names::distance(&wanted, &name), name))
        .collect();
    if near.is_empty() {
        return format!("the folder {shown} holds no files");
    }
    near.sort();
    near.retain(|(distance, _)| *distance <= wanted.chars().count().max(4) / 2);
    if near.is_empty() {
        return format!("the folder {shown} is there, but holds no file with a name like it");
    }
    let near: Vec<String> = near.into_iter().take(3).map(|(_, name)| name).collect();
    format!("the folder {shown} holds {}", near.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        dir
    }

    fn found(dir: &tempfile::TempDir, patterns: &[&str]) -> (Vec<String>, Vec<ReadError>) {
        let patterns: Vec<String> =
            patterns.iter().map(|pattern| dir.path().join(pattern).display().to_string()).collect();
        let mut faults = Vec::new();
        let names = files(&patterns, &mut faults)
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        (names, faults)
    }

    #[test]
    fn files_come_by_pattern_then_by_number() {
        let dir = folder(&["o_10.csv", "o_2.csv", "a.csv", "b[1].csv"]);
        let (names, faults) = found(&dir, &["o_*.csv", "b[1].csv", "a.csv"]);
        assert_eq!(names, ["o_2.csv", "o_10.csv", "b[1].csv", "a.csv"]);
        assert!(faults.is_empty());
    }

    #[test]
    fn a_file_named_twice_takes_its_last_position() {
        let dir = folder(&["a.csv", "b.csv"]);
        assert_eq!(found(&dir, &["a.csv", "*.csv"]).0, ["a.csv", "b.csv"]);
        assert_eq!(found(&dir, &["*.csv", "a.csv"]).0, ["b.csv", "a.csv"]);
        assert_eq!(found(&dir, &["a.csv", "./a.csv"]).0, ["a.csv"]);
    }

    #[test]
    fn a_pattern_without_a_match_names_what_exists() {
        let dir = folder(&["orders.csv", "notes.txt"]);
        let (_, faults) = found(&dir, &["order.csv", "nowhere/*.csv", "."]);
        assert_eq!(faults.len(), 3);
        assert!(faults[0].file.ends_with("order.csv"));
        assert!(faults[0].hint.contains("holds orders.csv"), "{}", faults[0].hint);
        assert!(faults[1].hint.contains("nowhere does not exist"), "{}", faults[1].hint);
        assert!(faults[2].what.contains("is a folder"), "{}", faults[2]);
        let mut faults = Vec::new();
        assert!(files(&[], &mut faults).is_empty());
        assert!(files(&["a**b".to_owned()], &mut faults).is_empty());
        assert_eq!(faults.len(), 2);
    }
}
