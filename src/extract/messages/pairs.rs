//! Pairs of numbers in order, however many they are.

use crate::extract::at::At;
use crate::extract::nameless;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;

pub type Pair = (u128, u64);

/// Pairs held in memory, at 32 bytes each: 2 MiB.
const IN_MEMORY_MAX: usize = 64 * 1024;
/// Bytes of a pair on disk.
const PAIR_BYTES: usize = 24;
const BUFFER_BYTES: usize = 16 * 1024;

/// Puts pairs in order; those that memory does not hold go to temporary files in sorted runs.
pub struct Sorter {
    held: Vec<Pair>,
    held_max: usize,
    runs: Vec<Arc<File>>,
}

/// Pairs in order, to be gone through as often as one likes.
#[derive(Debug)]
pub enum Pairs {
    InMemory(Arc<[Pair]>),
    OnDisk(Arc<File>),
}

impl Sorter {
    pub fn new() -> Self {
        Self::holding(IN_MEMORY_MAX)
    }

    fn holding(held_max: usize) -> Self {
        Self { held: Vec::new(), held_max, runs: Vec::new() }
    }

    /// # Errors
    /// When a temporary file can't be written.
    pub fn push(&mut self, pair: Pair) -> io::Result<()> {
        if self.held.len() == self.held_max {
            self.held.sort_unstable();
            self.runs.push(write(self.held.drain(..).map(Ok))?);
        }
        self.held.push(pair);
        Ok(())
    }

    /// # Errors
    /// When a temporary file can't be written or read.
    pub fn sort(mut self) -> io::Result<Pairs> {
        self.held.sort_unstable();
        if self.runs.is_empty() {
            return Ok(Pairs::InMemory(self.held.into()));
        }
        self.runs.push(write(self.held.drain(..).map(Ok))?);
        self.held = Vec::new();
        Ok(Pairs::OnDisk(write(Merge::of(&self.runs)?)?))
    }
}

impl Pairs {
    pub fn iter(&self) -> Iter {
        match self {
            Self::InMemory(pairs) => Iter::InMemory(Arc::clone(pairs), 0),
            Self::OnDisk(file) => Iter::OnDisk(Run::of(file)),
        }
    }
}

/// A way through pairs in order.
pub enum Iter {
    InMemory(Arc<[Pair]>, usize),
    OnDisk(Run),
}

impl Iterator for Iter {
    type Item = io::Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::InMemory(pairs, next) => {
                let pair = pairs.get(*next).copied();
                *next += 1;
                pair.map(Ok)
            }
            Self::OnDisk(run) => run.next(),
        }
    }
}

/// Sorted pairs in a file.
pub struct Run(BufReader<At>);

impl Run {
    fn of(file: &Arc<File>) -> Self {
        Self(BufReader::with_capacity(BUFFER_BYTES, At::start_of(file)))
    }
}

impl Iterator for Run {
    type Item = io::Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = [0; PAIR_BYTES];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            Err(error) => return Some(Err(error)),
        }
        let (mut first, mut second) = ([0; 16], [0; 8]);
        first.copy_from_slice(&bytes[..16]);
        second.copy_from_slice(&bytes[16..]);
        Some(Ok((u128::from_le_bytes(first), u64::from_le_bytes(second))))
    }
}

/// Several sorted runs as one.
struct Merge(Vec<(Pair, Run)>);

impl Merge {
    fn of(files: &[Arc<File>]) -> io::Result<Self> {
        let mut heads = Vec::with_capacity(files.len());
        for file in files {
            let mut run = Run::of(file);
            if let Some(pair) = run.next().transpose()? {
                heads.push((pair, run));
            }
        }
        Ok(Self(heads))
    }
}

impl Iterator for Merge {
    type Item = io::Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.0.iter().enumerate().min_by_key(|(_, (pair, _))| *pair)?.0;
        let (head, run) = &mut self.0[index];
        let pair = *head;
        match run.next() {
            Some(Ok(next)) => *head = next,
            Some(Err(error)) => return Some(Err(error)),
            None => drop(self.0.swap_remove(index)),
        }
        Some(Ok(pair))
    }
}

fn write(pairs: impl Iterator<Item = io::Result<Pair>>) -> io::Result<Arc<File>> {
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, nameless::file()?);
    for pair in pairs {
        let (first, second) = pair?;
        writer.write_all(&first.to_le_bytes())?;
        writer.write_all(&second.to_le_bytes())?;
    }
    Ok(Arc::new(writer.into_inner().map_err(io::IntoInnerError::into_error)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pairs_come_in_order_wherever_they_are_kept(
            pairs in prop::collection::vec((0..50_u128, 0..1000_u64), 0..200),
            held_max in 1..60_usize,
        ) {
            let mut sorter = Sorter::holding(held_max);
            for pair in &pairs {
                sorter.push(*pair).unwrap();
            }
            let sorted = sorter.sort().unwrap();
            let mut expected = pairs.clone();
            expected.sort_unstable();
            for _ in 0..2 {
                let found: Vec<Pair> = sorted.iter().map(Result::unwrap).collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
