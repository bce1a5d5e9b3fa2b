//! Collects entries by key on disk, and returns them key by key; the entries of a key may be added
//! at any time.
//!
//! Entries are partitioned into *buckets* by a hash of their key, each small enough to be held in
//! memory; a bucket that grew too large is partitioned again. Memory does not grow with the number
//! of entries. Up to [`SLOT_BYTES`] per bucket stay in memory; beyond that, everything is in one
//! temporary file.

mod groups;

use super::temp_file;
pub use groups::Groups;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Buckets of the first pass, and of each further one: powers of two.
const BUCKETS: usize = 512;
const BUCKETS_AGAIN: usize = 64;
/// Bytes that a bucket collects before they are written.
const SLOT_BYTES: usize = 4 * 1024;
/// A bucket larger than this is partitioned again.
const BUCKET_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Passes after the first; a bucket still too large then has only a few keys.
const DEALS_MAX: u32 = 3;
/// Entries of one key beyond this are dropped, and the key is marked.
pub const KEY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Lengths of the key and of the entry, before each of them.
const HEAD_BYTES: usize = 8;

/// Place and length of the bucket's previous block, at the beginning of each block.
const LINK_BYTES: usize = 16;

/// Entries being collected.
pub struct Spill {
    deal: u32,
    /// A slot for each bucket. Unused pages cost no memory.
    slots: Vec<u8>,
    used: Vec<usize>,
    /// The last block written for each bucket; each begins with a link to the one before it.
    last: Vec<Block>,
    /// Bytes of entries in each bucket.
    sizes: Vec<u64>,
    file: Option<File>,
    written: u64,
}

/// A run of whole entries of one bucket in the file; none if `len` is 0.
#[derive(Clone, Copy, Default)]
struct Block {
    at: u64,
    len: usize,
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
            last: vec![Block::default(); buckets],
            sizes: vec![0; buckets],
            file: None,
            written: 0,
        }
    }

    pub fn add(&mut self, key: &[u8], body: &[u8]) -> io::Result<()> {
        let bucket = self.bucket_of(key);
        let len = HEAD_BYTES + key.len() + body.len();
        self.sizes[bucket] += len as u64;
        if self.used[bucket] + len > SLOT_BYTES {
            self.write_slot(bucket)?;
        }
        let too_long =
            |_| io::Error::new(io::ErrorKind::InvalidInput, "an entry of more than 4 GiB");
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

    /// If anything was written, writes the rest too, and returns the memory, to load buckets into.
    /// Freeing it instead would cost more: an allocator that gets back a large block keeps later
    /// ones, and tables that grow meanwhile fragment them.
    fn let_go_of_slots(&mut self) -> io::Result<Vec<u8>> {
        if self.file.is_none() {
            return Ok(Vec::new());
        }
        for bucket in 0..self.used.len() {
            self.write_slot(bucket)?;
        }
        Ok(std::mem::take(&mut self.slots))
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
            self.file = Some(temp_file::create()?);
        }
        let before = self.last[bucket];
        if let Some(file) = &mut self.file {
            file.write_all(&before.at.to_le_bytes())?;
            file.write_all(&(before.len as u64).to_le_bytes())?;
            file.write_all(bytes)?;
        }
        self.last[bucket] = Block { at: self.written, len: bytes.len() };
        self.written += (LINK_BYTES + bytes.len()) as u64;
        Ok(())
    }

    /// The blocks of a bucket, the first one first.
    fn blocks_of(&mut self, bucket: usize) -> io::Result<Vec<Block>> {
        let mut blocks = Vec::new();
        let mut block = self.last[bucket];
        while let (1.., Some(file)) = (block.len, &mut self.file) {
            blocks.push(block);
            let (mut at, mut len) = ([0; 8], [0; 8]);
            file.seek(SeekFrom::Start(block.at))?;
            file.read_exact(&mut at)?;
            file.read_exact(&mut len)?;
            let len = usize::try_from(u64::from_le_bytes(len));
            block = Block { at: u64::from_le_bytes(at), len: len.unwrap_or_default() };
        }
        blocks.reverse();
        Ok(blocks)
    }

    /// Passes the entries of a bucket to `take`, in chunks of whole entries.
    fn each_piece(
        &mut self,
        bucket: usize,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut room = Vec::new();
        for block in self.blocks_of(bucket)? {
            if let Some(file) = &mut self.file {
                room.resize(block.len, 0);
                file.seek(SeekFrom::Start(block.at + LINK_BYTES as u64))?;
                file.read_exact(&mut room)?;
                take(&room)?;
            }
        }
        let at = bucket * SLOT_BYTES;
        take(self.slots.get(at..at + self.used[bucket]).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
