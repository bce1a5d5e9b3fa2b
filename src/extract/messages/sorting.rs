//! Entries of a few bytes in order, however many they are.

use crate::extract::at::At;
use crate::extract::nameless;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;

/// Bytes of entries held in memory.
const IN_MEMORY_BYTES_MAX: usize = 2 * 1024 * 1024;
const BUFFER_BYTES: usize = 16 * 1024;

/// Puts entries in order, byte by byte; those that memory does not hold go to temporary files in
/// sorted runs.
pub struct Sorter<const N: usize> {
    held: Vec<[u8; N]>,
    held_max: usize,
    runs: Vec<Arc<File>>,
}

/// Entries in order, to be gone through as often as one likes.
#[derive(Debug)]
pub enum Sorted<const N: usize> {
    InMemory(Arc<[[u8; N]]>),
    OnDisk(Arc<File>),
}

impl<const N: usize> Sorter<N> {
    pub fn new() -> Self {
        Self::holding(IN_MEMORY_BYTES_MAX / N)
    }

    fn holding(held_max: usize) -> Self {
        Self { held: Vec::new(), held_max, runs: Vec::new() }
    }

    /// # Errors
    /// When a temporary file can't be written.
    pub fn push(&mut self, entry: [u8; N]) -> io::Result<()> {
        if self.held.len() == self.held_max {
            self.held.sort_unstable();
            self.runs.push(write(self.held.drain(..).map(Ok))?);
        }
        self.held.push(entry);
        Ok(())
    }

    /// # Errors
    /// When a temporary file can't be written or read.
    pub fn sort(mut self) -> io::Result<Sorted<N>> {
        self.held.sort_unstable();
        if self.runs.is_empty() {
            return Ok(Sorted::InMemory(self.held.into()));
        }
        self.runs.push(write(self.held.drain(..).map(Ok))?);
        self.held = Vec::new();
        Ok(Sorted::OnDisk(write(Merge::<N>::of(&self.runs)?)?))
    }
}

impl<const N: usize> Sorted<N> {
    pub fn iter(&self) -> Iter<N> {
        match self {
            Self::InMemory(entries) => Iter::InMemory(Arc::clone(entries), 0),
            Self::OnDisk(file) => Iter::OnDisk(Run::of(file)),
        }
    }
}

/// A way through entries in order.
pub enum Iter<const N: usize> {
    InMemory(Arc<[[u8; N]]>, usize),
    OnDisk(Run<N>),
}

impl<const N: usize> Iterator for Iter<N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::InMemory(entries, next) => {
                let entry = entries.get(*next).copied();
                *next += 1;
                entry.map(Ok)
            }
            Self::OnDisk(run) => run.next(),
        }
    }
}

/// Sorted entries in a file.
pub struct Run<const N: usize>(BufReader<At>);

impl<const N: usize> Run<N> {
    fn of(file: &Arc<File>) -> Self {
        Self(BufReader::with_capacity(BUFFER_BYTES, At::start_of(file)))
    }
}

impl<const N: usize> Iterator for Run<N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut entry = [0; N];
        match self.0.read_exact(&mut entry) {
            Ok(()) => Some(Ok(entry)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Several sorted runs as one.
struct Merge<const N: usize>(Vec<([u8; N], Run<N>)>);

impl<const N: usize> Merge<N> {
    fn of(files: &[Arc<File>]) -> io::Result<Self> {
        let mut heads = Vec::with_capacity(files.len());
        for file in files {
            let mut run = Run::of(file);
            if let Some(entry) = run.next().transpose()? {
                heads.push((entry, run));
            }
        }
        Ok(Self(heads))
    }
}

impl<const N: usize> Iterator for Merge<N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.0.iter().enumerate().min_by_key(|(_, (entry, _))| *entry)?.0;
        let (head, run) = &mut self.0[index];
        let entry = *head;
        match run.next() {
            Some(Ok(next)) => *head = next,
            Some(Err(error)) => return Some(Err(error)),
            None => drop(self.0.swap_remove(index)),
        }
        Some(Ok(entry))
    }
}

fn write<const N: usize>(
    entries: impl Iterator<Item = io::Result<[u8; N]>>,
) -> io::Result<Arc<File>> {
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, nameless::file()?);
    for entry in entries {
        writer.write_all(&entry?)?;
    }
    Ok(Arc::new(writer.into_inner().map_err(io::IntoInnerError::into_error)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_come_in_order_wherever_they_are_kept(
            entries in prop::collection::vec(any::<[u8; 3]>(), 0..200),
            held_max in 1..60_usize,
        ) {
            let mut sorter = Sorter::holding(held_max);
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
