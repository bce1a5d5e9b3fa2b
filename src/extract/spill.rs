//! Collects entries by key on disk, and gives them back key by key: what belongs to one key may come anywhere.
//!
//! Entries are dealt to *buckets* by a hash of their key, each bucket small enough to be held in memory when its turn
//! comes; one that grew too large is dealt again. Memory does not grow with what is added. Up to
//! [`SLOT_BYTES`] a bucket nothing is written at all; beyond it, everything lies in one temporary file that has no name
//! from the start (nobody can open it, and it is gone with the process) and that only its owner could read. It lies in
//! the folder that `TMPDIR` names, else in `/tmp`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// Buckets of the first deal, and of each further one: powers of two.
const BUCKETS: usize = 512;
const BUCKETS_AGAIN: usize = 64;
/// What a bucket collects before it is written.
const SLOT_BYTES: usize = 32 * 1024;
/// A bucket larger than this is dealt again.
const BUCKET_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Deals after the first; what is still too large then is of a few keys.
const DEALS_MAX: u32 = 3;
/// Entries of one key beyond this are dropped and the key is marked.
pub const KEY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Lengths of the key and of the entry, before each of them.
const HEAD_BYTES: usize = 8;

/// Entries being collected.
pub struct Spill {
    deal: u32,
    /// A slot for each bucket. Pages of it that nothing is put into cost no memory.
    slots: Vec<u8>,
    used: Vec<usize>,
    /// What was written of each bucket: whole entries.
    blocks: Vec<Vec<Block>>,
    file: Option<File>,
    written: u64,
}

#[derive(Clone, Copy)]
struct Block {
    at: u64,
    len: usize,
}

/// What was collected, key by key: in an order that depends on nothing but what was added.
pub struct Groups {
    /// Deals being given out, with the next bucket of each.
    deals: Vec<(Spill, usize)>,
    loaded: Vec<u8>,
    entries: Vec<Entry>,
    /// Of `entries`: those of one key each.
    groups: std::vec::IntoIter<Range<usize>>,
    overlong: Vec<Vec<u8>>,
}

struct Entry {
    key: Range<usize>,
    body: Range<usize>,
}

/// The entries of one key, in the order they were added.
pub struct Group<'a> {
    pub key: &'a [u8],
    pub entries: Vec<&'a [u8]>,
    /// There were more, which are dropped.
    pub is_overlong: bool,
}

impl Spill {
    pub fn new() -> Self {
        Self::of_deal(0)
    }

    fn of_deal(deal: u32) -> Self {
        let buckets = if deal == 0 { BUCKETS } else { BUCKETS_AGAIN };
        Self {
            deal,
            slots: vec![0; buckets * SLOT_BYTES],
            used: vec![0; buckets],
            blocks: vec![Vec::new(); buckets],
            file: None,
            written: 0,
        }
    }

    /// # Errors
    /// When the temporary file can't be made or written.
    pub fn add(&mut self, key: &[u8], body: &[u8]) -> io::Result<()> {
        let bucket = self.bucket_of(key);
        let len = HEAD_BYTES + key.len() + body.len();
        if self.used[bucket] + len > SLOT_BYTES {
            self.write_slot(bucket)?;
        }
        let too_long = |_| io::Error::new(io::ErrorKind::InvalidInput, "an entry of more than 4 GiB");
        let key_len = u32::try_from(key.len()).map_err(too_long)?.to_le_bytes();
        let body_len = u32::try_from(body.len()).map_err(too_long)?.to_le_bytes();
        let parts: [&[u8]; 4] = [&key_len, &body_len, key, body];
        if len > SLOT_BYTES {
            return self.write_block(bucket, &parts.concat());
        }
        for part in parts {
            let at = bucket * SLOT_BYTES + self.used[bucket];
            self.slots[at..at + part.len()].copy_from_slice(part);
            self.used[bucket] += part.len();
        }
        Ok(())
    }

    /// Ends the collecting.
    ///
    /// # Errors
    /// When the temporary file can't be written.
    pub fn groups(mut self) -> io::Result<Groups> {
        self.let_go_of_slots()?;
        Ok(Groups {
            deals: vec![(self, 0)],
            loaded: Vec::new(),
            entries: Vec::new(),
            groups: Vec::new().into_iter(),
            overlong: Vec::new(),
        })
    }

    /// Where anything was written, the rest is too, so that the memory is free for others.
    fn let_go_of_slots(&mut self) -> io::Result<()> {
        if self.file.is_some() {
            for bucket in 0..self.used.len() {
                self.write_slot(bucket)?;
            }
            self.slots = Vec::new();
        }
        Ok(())
    }

    fn bucket_of(&self, key: &[u8]) -> usize {
        let hash = blake3::hash(key);
        let [a, b, c, d, ..] = *hash.as_bytes();
        let bits = u32::from_le_bytes([a, b, c, d]) as usize;
        let passed = match self.deal {
            0 => 0,
            deal => BUCKETS.ilog2() + (deal - 1) * BUCKETS_AGAIN.ilog2(),
        };
        (bits >> passed) % self.used.len()
    }

    fn write_slot(&mut self, bucket: usize) -> io::Result<()> {
        let used = std::mem::take(&mut self.used[bucket]);
        if used == 0 {
            return Ok(());
        }
        let at = bucket * SLOT_BYTES;
        let slots = std::mem::take(&mut self.slots);
        let written = self.write_block(bucket, &slots[at..at + used]);
        self.slots = slots;
        written
    }

    fn write_block(&mut self, bucket: usize, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(nameless()?);
        }
        if let Some(file) = &mut self.file {
            file.write_all(bytes)?;
        }
        self.blocks[bucket].push(Block { at: self.written, len: bytes.len() });
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn bytes_in(&self, bucket: usize) -> u64 {
        self.blocks[bucket].iter().map(|block| block.len as u64).sum::<u64>() + self.used[bucket] as u64
    }

    /// Hands on the entries of a bucket in pieces that hold whole entries.
    fn each_piece(&mut self, bucket: usize, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut room = Vec::new();
        for block in std::mem::take(&mut self.blocks[bucket]) {
            if let Some(file) = &mut self.file {
                room.resize(block.len, 0);
                file.seek(SeekFrom::Start(block.at))?;
                file.read_exact(&mut room)?;
                take(&room)?;
            }
        }
        let at = bucket * SLOT_BYTES;
        take(self.slots.get(at..at + self.used[bucket]).unwrap_or_default())
    }
}

impl Groups {
    /// The entries of the next key; `None` when all were given out.
    ///
    /// # Errors
    /// When the temporary file can't be read, or dealt again.
    pub fn advance(&mut self) -> io::Result<Option<Group<'_>>> {
        loop {
            if let Some(range) = self.groups.next() {
                let entries = &self.entries[range];
                let key = entries.first().map_or(&[][..], |entry| &self.loaded[entry.key.clone()]);
                return Ok(Some(Group {
                    key,
                    entries: entries.iter().map(|entry| &self.loaded[entry.body.clone()]).collect(),
                    is_overlong: self.overlong.iter().any(|overlong| overlong == key),
                }));
            }
            let Some((spill, next)) = self.deals.last_mut() else { return Ok(None) };
            let bucket = *next;
            *next += 1;
            if bucket == spill.used.len() {
                self.deals.pop();
            } else if spill.bytes_in(bucket) > BUCKET_BYTES_MAX && spill.deal < DEALS_MAX {
                let mut finer = Spill::of_deal(spill.deal + 1);
                spill.each_piece(bucket, |piece| {
                    entries_of(piece).try_for_each(|(key, body)| finer.add(&piece[key], &piece[body]))
                })?;
                finer.let_go_of_slots()?;
                self.deals.push((finer, 0));
            } else {
                self.load(bucket)?;
            }
        }
    }

    /// Takes a bucket into memory and sorts it by key.
    fn load(&mut self, bucket: usize) -> io::Result<()> {
        let Some((spill, _)) = self.deals.last_mut() else { return Ok(()) };
        let (loaded, entries, overlong) = (&mut self.loaded, &mut self.entries, &mut self.overlong);
        loaded.clear();
        entries.clear();
        overlong.clear();
        let bounds_matter = spill.bytes_in(bucket) > BUCKET_BYTES_MAX;
        let mut lens: HashMap<Vec<u8>, usize> = HashMap::new();
        spill.each_piece(bucket, |piece| {
            for (key, body) in entries_of(piece) {
                if bounds_matter {
                    let len = lens.entry(piece[key.clone()].to_vec()).or_default();
                    *len += HEAD_BYTES + key.len() + body.len();
                    if *len > KEY_BYTES_MAX {
                        if !overlong.iter().any(|known| *known == piece[key.clone()]) {
                            overlong.push(piece[key].to_vec());
                        }
                        continue;
                    }
                }
                let at = loaded.len();
                loaded.extend_from_slice(&piece[key.start..body.end]);
                let key_end = at + key.len();
                entries.push(Entry { key: at..key_end, body: key_end..loaded.len() });
            }
            Ok(())
        })?;
        // Stable, so that the entries of a key stay in the order they came in.
        entries.sort_by(|a, b| loaded[a.key.clone()].cmp(&loaded[b.key.clone()]));
        let same = |a: &Entry, b: &Entry| loaded[a.key.clone()] == loaded[b.key.clone()];
        let mut end = 0;
        let mut groups: Vec<Range<usize>> = entries
            .chunk_by(same)
            .map(|group| {
                end += group.len();
                end - group.len()..end
            })
            .collect();
        // Keys come in the order they were met first.
        groups.sort_by_key(|group| entries[group.start].key.start);
        self.groups = groups.into_iter();
        Ok(())
    }
}

/// A file that nobody can open. Its rights are taken from others before anything is in it: some systems show the open
/// files of a process, and let others open them from there.
fn nameless() -> io::Result<File> {
    let file = tempfile::tempfile()?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Where keys and bodies stand in a piece; a body follows its key.
fn entries_of(piece: &[u8]) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let len = |from: usize| {
            let bytes = piece.get(from..from + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (key_len, body_len) = (len(at)?, len(at + 4)?);
        let key = at + HEAD_BYTES..at + HEAD_BYTES + key_len;
        let body = key.end..key.end + body_len;
        at = body.end;
        Some((key, body))
    })
}

#[cfg(test)]
mod tests;
