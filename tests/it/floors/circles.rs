//! Circles of files: files that import each other, directly or through others.

use super::rules::{File, rust_files};
use super::source::{Source, read};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// An import of one file by another; the paths are below `src`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    /// The first line that names something of `to`, and what it names.
    line: usize,
    name: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{} needs {} of {}", self.from, self.line, self.name, self.to)
    }
}

/// A file of the crate; its path is below `src`.
struct Module {
    file: String,
    source: Source,
}

/// The modules of the crate by their path, without tests, which may import everything.
struct Crate(BTreeMap<Vec<String>, Module>);

/// The circles in the tree below `root/src`, each as the imports between its files.
pub fn circles(root: &Path) -> Vec<Vec<Arrow>> {
    let arrows = Crate::read(&root.join("src")).arrows();
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in &arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|file| (*file, reachable(file, &next))).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
    let mut found: BTreeMap<BTreeSet<&str>, Vec<Arrow>> = BTreeMap::new();
    for arrow in arrows.iter().filter(|arrow| reaches(&arrow.to, &arrow.from)) {
        let circle = reached[arrow.from.as_str()]
            .iter()
            .filter(|file| reaches(file, &arrow.from))
            .copied()
            .collect();
        found.entry(circle).or_default().push(arrow.clone());
    }
    found.into_values().collect()
}

/// The files that can be reached from one by at least one arrow.
fn reachable<'a>(from: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        open.extend(next.get(file).into_iter().flatten().filter(|to| seen.insert(**to)));
    }
    seen
}

impl Crate {
    fn read(src: &Path) -> Self {
        let root = Module { file: "lib.rs".to_owned(), source: Source::default() };
        let mut modules = BTreeMap::from([(Vec::new(), root)]);
        for path in rust_files(src) {
            let file = File::new(path.strip_prefix(src).unwrap());
            if file.path == "main.rs" || file.is_test() {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let source = read(&text, &file.module(), false);
            let name = file.module().into_iter().map(str::to_owned).collect();
            modules.insert(name, Module { file: file.path.to_owned(), source });
        }
        let tests: Vec<Vec<String>> = modules
            .iter()
            .flat_map(|(path, module): (&Vec<String>, &Module)| {
                module.source.test_modules.iter().map(|name| child(path, name))
            })
            .collect();
        modules.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
        Self(modules)
    }

    /// Every import of a file by another one, once.
    fn arrows(&self) -> Vec<Arrow> {
        let mut arrows: Vec<Arrow> = Vec::new();
        for (path, module) in &self.0 {
            for mention in module.source.mentions.iter().filter(|mention| !mention.in_test) {
                // A re-export only passes a name on: an import of it leads to its definition.
                if mention.import.as_ref().is_some_and(|import| import.is_reexport) {
                    continue;
                }
                let Some(to) = self.definition(path, &mention.path, 0) else { continue };
                let is_known = |arrow: &Arrow| arrow.from == module.file && arrow.to == to;
                if to != module.file && !arrows.iter().any(is_known) {
                    let (from, to) = (module.file.clone(), to.to_owned());
                    let name = mention.path.join("::");
                    arrows.push(Arrow { from, to, line: mention.line, name });
                }
            }
        }
        arrows
    }

    /// The file that defines what a path in a module names; `None` for names of other crates and
    /// for modules.
    fn definition(&self, module: &[String], path: &[String], depth: usize) -> Option<&str> {
        // Deeper than any chain of re-exports: the name imports itself.
        const DEPTH_MAX: usize = 16;
        let (first, rest) = path.split_first()?;
        if depth > DEPTH_MAX {
            return None;
        }
        if first == "crate" {
            return self.definition(&[], rest, depth + 1);
        }
        let Module { file, source } = self.0.get(module)?;
        if source.items.contains(first) {
            return Some(file);
        }
        for target in source.imported(first).filter(|target| *target != path) {
            if let Some(file) = self.definition(module, &[target, rest].concat(), depth + 1) {
                return Some(file);
            }
        }
        let child = child(module, first);
        if self.0.contains_key(&child) {
            return self.definition(&child, rest, depth + 1);
        }
        source.imported("*").find_map(|glob| {
            let (_, target) = glob.split_last()?;
            self.definition(module, &[target, path].concat(), depth + 1)
        })
    }
}

fn child(module: &[String], name: &str) -> Vec<String> {
    [module, &[name.to_owned()]].concat()
}

impl Source {
    /// The paths that are imported under a name.
    fn imported<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [String]> {
        let imports = self.mentions.iter().filter(move |mention| {
            mention.import.as_ref().is_some_and(|import| import.name == name)
        });
        imports.map(|mention| mention.path.as_slice())
    }
}
