//! Returns what was collected, bucket by bucket.

use super::{BUCKET_BYTES_MAX, DEALS_MAX, HEAD_BYTES, KEY_BYTES_MAX, Spill};
use std::collections::HashMap;
use std::io;
use std::ops::Range;

/// The entries key by key, in an order that depends only on what was added.
pub struct Groups {
    /// Passes being read, with the next bucket of each.
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
    /// Ends the collecting.
    pub fn groups(mut self) -> io::Result<Groups> {
        let room = self.let_go_of_slots()?;
        Ok(Groups::of(self, room))
    }
}

impl Groups {
    /// `room` is memory to load buckets into.
    fn of(spill: Spill, room: Vec<u8>) -> Self {
        Self {
            deals: vec![(spill, 0)],
            loaded: room,
            entries: Vec::new(),
            groups: Vec::new().into_iter(),
            overlong: Vec::new(),
        }
    }

    /// Bytes of the bucket in memory.
    #[cfg(test)]
    pub(super) fn loaded_bytes(&self) -> usize {
        self.loaded.len()
    }

    /// The entries of the next key; `None` at the end.
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
            } else if spill.sizes[bucket] > BUCKET_BYTES_MAX && spill.deal < DEALS_MAX {
                let mut finer = Spill::of_deal(spill.deal + 1);
                spill.each_piece(bucket, |piece| {
                    entries_of(piece)
                        .try_for_each(|(key, body)| finer.add(&piece[key], &piece[body]))
                })?;
                finer.let_go_of_slots()?;
                self.deals.push((finer, 0));
            } else {
                self.load(bucket)?;
            }
        }
    }

    /// Loads a bucket and sorts it by key.
    fn load(&mut self, bucket: usize) -> io::Result<()> {
        let Some((spill, _)) = self.deals.last_mut() else { return Ok(()) };
        let (loaded, entries, overlong) = (&mut self.loaded, &mut self.entries, &mut self.overlong);
        loaded.clear();
        entries.clear();
        overlong.clear();
        let bounds_matter = spill.sizes[bucket] > BUCKET_BYTES_MAX;
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
        // Stable, so that the entries of a key keep their order.
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
        // Keys are in the order in which they were first added.
        groups.sort_by_key(|group| entries[group.start].key.start);
        self.groups = groups.into_iter();
        Ok(())
    }
}

/// The places of keys and bodies in a chunk; a body follows its key.
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
