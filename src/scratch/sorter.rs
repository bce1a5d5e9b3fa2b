//! An external sort of fixed-size entries.

use super::runs::{Entries, Merge, Run, sort, take_similar};
use std::io;
use std::sync::Arc;

/// Bytes of entries held in memory.
const IN_MEMORY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Sorts entries byte by byte; those beyond the memory bound go to temporary files.
pub struct Sorter<const N: usize> {
    in_memory: Vec<[u8; N]>,
    in_memory_max: usize,
    runs: Vec<Run<N>>,
}

/// Sorted entries, which can be read any number of times.
#[derive(Debug)]
pub enum Sorted<const N: usize> {
    InMemory(Arc<[[u8; N]]>),
    OnDisk(Run<N>),
}

impl<const N: usize> Sorter<N> {
    pub fn new() -> Self {
        Self::with_in_memory_max(IN_MEMORY_BYTES_MAX / N)
    }

    fn with_in_memory_max(in_memory_max: usize) -> Self {
        Self { in_memory: Vec::new(), in_memory_max, runs: Vec::new() }
    }

    pub fn push(&mut self, entry: [u8; N]) -> io::Result<()> {
        if self.in_memory.len() == self.in_memory_max {
            self.spill()?;
        }
        self.in_memory.push(entry);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        sort(&mut self.in_memory);
        let similar = take_similar(&mut self.runs, self.in_memory.len() as u64, Run::len);
        self.runs.push(Run::write(Merge::new(&similar, self.in_memory.drain(..))?)?);
        Ok(())
    }

    pub fn sort(mut self) -> io::Result<Sorted<N>> {
        sort(&mut self.in_memory);
        if self.runs.is_empty() {
            return Ok(Sorted::InMemory(self.in_memory.into()));
        }
        let entries = Merge::new(&self.runs, self.in_memory.into_iter())?;
        Ok(Sorted::OnDisk(Run::write(entries)?))
    }
}

impl<const N: usize> Sorted<N> {
    pub fn iter(&self) -> SortedEntries<N> {
        match self {
            Self::InMemory(entries) => SortedEntries::InMemory(Arc::clone(entries), 0),
            Self::OnDisk(run) => SortedEntries::OnDisk(run.entries()),
        }
    }
}

pub enum SortedEntries<const N: usize> {
    InMemory(Arc<[[u8; N]]>, usize),
    OnDisk(Entries<N>),
}

impl<const N: usize> Iterator for SortedEntries<N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::InMemory(entries, next) => {
                let entry = entries.get(*next).copied();
                *next += 1;
                entry.map(Ok)
            }
            Self::OnDisk(entries) => entries.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_come_in_order_wherever_they_are_kept(
            entries in prop::collection::vec(any::<[u8; 3]>(), 0..200),
            in_memory_max in 1..60_usize,
        ) {
            let mut sorter = Sorter::with_in_memory_max(in_memory_max);
            for entry in &entries {
                sorter.push(*entry).unwrap();
            }
            let sorted = sorter.sort().unwrap();
            let mut expected = entries.clone();
            expected.sort_unstable();
            for _ in 0..2 {
                let found: Vec<[u8; 3]> = sorted.iter().map(Result::unwrap).collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
