//! The tables of a zip archive. Members are read in place; nothing is ever unpacked to a path.

use flate2::read::DeflateDecoder;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use zip::CompressionMethod;

/// A member of a zip archive: the position of its bytes, and their length and checksum.
#[derive(Debug, Clone)]
pub struct ZipMember {
    pub name: String,
    start: u64,
    packed_len: u64,
    len: u64,
    crc: u32,
    is_deflated: bool,
}

/// Lists the members that are tables: those named like CSV, JSON or plain text, hidden ones and
/// folders left out.
///
/// # Errors
/// A description of the error, and a hint.
pub fn tables(file: impl Read + Seek) -> Result<Vec<ZipMember>, (String, &'static str)> {
    let broken =
        |error| (format!("is no readable zip archive: {error}"), "copy or download it again");
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(broken)?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        if name == "xl/workbook.xml" {
            return Err((
                "is an Excel workbook, expected CSV".to_owned(),
                "take the shop's own CSV export; a spreadsheet shortens long order ids",
            ));
        }
        if member.is_dir() || !is_table(&name) {
            continue;
        }
        if member.encrypted() {
            return Err((
                format!("holds {name} under a password"),
                "unpack it, and name the unpacked file",
            ));
        }
        let is_deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                return Err((
                    format!("holds {name} compressed as {other}, expected deflate"),
                    "unpack it, and name the unpacked file",
                ));
            }
        };
        let start = member.data_start().ok_or_else(|| {
            let what = format!("does not say where {name} begins");
            (what, "copy or download it again")
        })?;
        members.push(ZipMember {
            name,
            start,
            packed_len: member.compressed_size(),
            len: member.size(),
            crc: member.crc32(),
            is_deflated,
        });
    }
    if members.is_empty() {
        let what = "is an archive without a .csv or .json file in it".to_owned();
        return Err((what, "name the export itself"));
    }
    Ok(members)
}

fn is_table(name: &str) -> bool {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let lower = base.to_ascii_lowercase();
    let hidden = base.starts_with('.') || name.starts_with("__MACOSX/");
    !hidden
        && [".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"]
            .iter()
            .any(|end| lower.ends_with(end))
}

impl ZipMember {
    /// The member's bytes, checked at their end against the archive's length and checksum.
    pub fn open<F: Read + Seek + Send + 'static>(
        &self,
        mut file: F,
    ) -> io::Result<Box<dyn Read + Send>> {
        file.seek(SeekFrom::Start(self.start))?;
        let packed = BufReader::new(file.take(self.packed_len));
        let inner: Box<dyn Read + Send> =
            if self.is_deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        Ok(Box::new(Checked { inner, crc: flate2::Crc::new(), left: self.len, expected: self.crc }))
    }
}

struct Checked {
    inner: Box<dyn Read + Send>,
    crc: flate2::Crc,
    /// Bytes still to come, as stated by the archive.
    left: u64,
    expected: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.crc.update(&buffer[..len]);
        let damaged = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        match self.left.checked_sub(len as u64) {
            None => return damaged("the zip member is longer than its archive says"),
            Some(left) => self.left = left,
        }
        let ended = len == 0 && !buffer.is_empty();
        match ended {
            true if self.left > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            true if self.crc.sum() != self.expected => {
                damaged("the checksum of the zip member is wrong")
            }
            _ => Ok(len),
        }
    }
}
