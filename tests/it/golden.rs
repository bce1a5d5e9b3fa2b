//! Everything a user or a script sees, compared with the files in `golden/`; see "Golden files" in
//! docs/TESTING.md.

mod account;
mod faults;
mod rules;
mod stories;
mod transcript;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A golden file's name below `golden/`, and how its text is made.
struct Story {
    name: String,
    make: Box<dyn Fn() -> String + Sync + Send>,
}

const THREADS: usize = 4;

#[test]
fn output_matches_the_golden_files() {
    let stories = stories::all();
    let rewrites = std::env::var_os("ORDERSYNC_GOLDEN").is_some_and(|value| value == "write");
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = (story.make)();
                    if rewrites {
                        write(&story.name, &text);
                    } else if let Err(failure) = compare(&story.name, &text) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let names: BTreeSet<String> = stories.into_iter().map(|story| story.name).collect();
    let mut failures = failures.into_inner().unwrap();
    for name in committed().difference(&names) {
        if rewrites {
            std::fs::remove_file(golden_dir().join(name)).unwrap();
        } else {
            failures.push(format!("{name}: no story writes this file"));
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n\nORDERSYNC_GOLDEN=write cargo test --test it golden rewrites the files; git diff shows \
         what changed",
        failures.join("\n")
    );
}

fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden")
}

fn write(name: &str, text: &str) {
    let path = golden_dir().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn compare(name: &str, text: &str) -> Result<(), String> {
    let Ok(golden) = std::fs::read_to_string(golden_dir().join(name)) else {
        return Err(format!("{name}: there is no such golden file"));
    };
    if golden == text {
        return Ok(());
    }
    let (golden, text): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), text.lines().collect());
    let line = golden.iter().zip(&text).take_while(|(golden, text)| golden == text).count();
    let shown = |lines: &[&str]| {
        lines.get(line).copied().unwrap_or("(end of file)").chars().take(300).collect::<String>()
    };
    Err(format!("{name}:{}\n  - {}\n  + {}", line + 1, shown(&golden), shown(&text)))
}

/// The golden files in the repository.
fn committed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut dirs = vec![golden_dir()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_none_or(|extension| extension != "rs") {
                let name = path.strip_prefix(golden_dir()).unwrap();
                names.insert(name.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    names
}
