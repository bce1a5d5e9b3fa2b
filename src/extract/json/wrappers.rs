//! The names that records are wrapped in.

/// The names of the wrappers around a value, with slashes between them: the beginning of one that a
/// dialect knows.
pub type Path = &'static str;

/// What records may be wrapped in: a name, or several within each other with slashes between them.
pub struct Wrappers(Vec<&'static str>);

impl Wrappers {
    pub fn named(names: Vec<&'static str>) -> Self {
        Self(names)
    }

    /// Whether objects at this path may wrap records; inside of wrappers a name like theirs is a
    /// record's own.
    pub fn lead_on(&self, path: Path) -> bool {
        self.0.iter().any(|names| below(names, path).is_some())
    }

    /// The path of what stands under this name, where that is one that records are wrapped in.
    pub fn step(&self, path: Path, name: &[u8]) -> Option<Path> {
        self.0.iter().copied().find_map(|names| {
            let rest = below(names, path)?;
            let first = rest.split('/').next()?;
            let len = names.len() - rest.len() + first.len();
            (first.as_bytes() == name).then(|| &names[..len])
        })
    }
}

/// What is left of the names below a path; `None` where they do not lead further.
fn below(names: &'static str, path: Path) -> Option<&'static str> {
    match path {
        "" => Some(names),
        path => names.strip_prefix(path)?.strip_prefix('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_on_one_by_one_and_no_further() {
        let wrappers = Wrappers::named(vec!["orders", "data/orders/nodes"]);
        assert_eq!(wrappers.step("", b"data"), Some("data"));
        assert_eq!(wrappers.step("data", b"orders"), Some("data/orders"));
        assert_eq!(wrappers.step("data/orders", b"nodes"), Some("data/orders/nodes"));
        assert_eq!(wrappers.step("data", b"nodes"), None);
        assert_eq!(wrappers.step("", b"dat"), None);
        assert!(wrappers.lead_on("data/orders") && !wrappers.lead_on("data/orders/nodes"));
        assert!(!wrappers.lead_on("orders") && !wrappers.lead_on("/"));
    }
}
