//! Sorted runs of fixed-size entries in temporary files, and their merge.

use super::temp_file::{self, PositionedReader};
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Files that are written in large pieces are cheaper to read.
const BUFFER_BYTES: usize = 64 * 1024;

/// Sorted entries in one file.
#[derive(Debug)]
pub struct Run<const N: usize> {
    file: Arc<File>,
    len: u64,
}

impl<const N: usize> Run<N> {
    /// Writes entries that are already sorted.
    pub fn write(entries: impl IntoIterator<Item = io::Result<[u8; N]>>) -> io::Result<Self> {
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, temp_file::create()?);
        let mut len = 0;
        for entry in entries {
            writer.write_all(&entry?)?;
            len += 1;
        }
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { file: Arc::new(file), len })
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn entries(&self) -> Entries<N> {
        Entries(BufReader::with_capacity(BUFFER_BYTES, PositionedReader::new(&self.file)))
    }

    /// Reads up to `out.len()` entries from the one with index `first` on; returns how many.
    pub fn read_at(&self, first: u64, out: &mut [[u8; N]]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(first)).unwrap_or(usize::MAX);
        let len = left.min(out.len());
        self.file.read_exact_at(out[..len].as_flattened_mut(), first * N as u64)?;
        Ok(len)
    }
}

/// The entries of a run. Each reader has its own position, so a run can be read several times at
/// once.
#[derive(Debug)]
pub struct Entries<const N: usize>(BufReader<PositionedReader>);

impl<const N: usize> Iterator for Entries<N> {
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

/// The first bytes of an entry as a number.
pub fn prefix(entry: &[u8]) -> u64 {
    let mut first = [0; size_of::<u64>()];
    let len = entry.len().min(first.len());
    first[..len].copy_from_slice(&entry[..len]);
    u64::from_be_bytes(first)
}

/// Compares entries byte by byte. Nearly all differ in their prefixes, which are compared without a
/// call of `memcmp`.
fn compare<const N: usize>(a: &[u8; N], b: &[u8; N]) -> Ordering {
    prefix(a).cmp(&prefix(b)).then_with(|| a.cmp(b))
}

pub fn sort<const N: usize>(entries: &mut [[u8; N]]) {
    entries.sort_unstable_by(compare);
}

/// Removes the last runs that a new one of `len` entries should be merged with, so that each run is
/// at least four times as long as the next. That bounds the number of runs and how often an entry
/// is rewritten.
pub fn take_similar<T>(runs: &mut Vec<T>, mut len: u64, len_of: impl Fn(&T) -> u64) -> Vec<T> {
    let mut keep = runs.len();
    while let Some(last) = keep.checked_sub(1).map(|at| len_of(&runs[at]))
        && last < len * 4
    {
        len += last;
        keep -= 1;
    }
    runs.split_off(keep)
}

/// Sorted sequences of entries as one.
pub struct Merge<'a, const N: usize>(Vec<([u8; N], Sequence<'a, N>)>);

type Sequence<'a, const N: usize> = Box<dyn Iterator<Item = io::Result<[u8; N]>> + 'a>;

impl<'a, const N: usize> Merge<'a, N> {
    /// Of runs and of entries in memory, which are sorted too.
    pub fn new(
        runs: impl IntoIterator<Item = &'a Run<N>>,
        in_memory: impl Iterator<Item = [u8; N]> + 'a,
    ) -> io::Result<Self> {
        let runs = runs.into_iter().map(|run| Box::new(run.entries()) as Sequence<'a, N>);
        let mut heads = Vec::new();
        for mut entries in runs.chain([Box::new(in_memory.map(Ok)) as Sequence<'a, N>]) {
            if let Some(first) = entries.next().transpose()? {
                heads.push((first, entries));
            }
        }
        Ok(Self(heads))
    }
}

impl<const N: usize> Iterator for Merge<'_, N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let heads = self.0.iter().map(|(head, _)| head).enumerate();
        let index = heads.min_by(|(_, a), (_, b)| compare(a, b))?.0;
        let (head, entries) = &mut self.0[index];
        let least = *head;
        match entries.next() {
            Some(Ok(next)) => *head = next,
            Some(Err(error)) => return Some(Err(error)),
            None => drop(self.0.swap_remove(index)),
        }
        Some(Ok(least))
    }
}
