//! From a file to the text in it, as UTF-8: compression is recognised by the first bytes, never by
//! the name.

use super::decode::{Decoder, Form};
use super::error::ReadError;
use super::json_strings::JsonStrings;
use super::names;
use super::zip_member::{self, ZipMember};
use super::zstd_frames::ZstdFrames;
use crate::scratch::temp_file::PositionedReader;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const BUFFER_BYTES: usize = 64 * 1024;
/// How much of its end is read: longer than most rows.
const END_BYTES_MAX: u64 = 64 * 1024;

/// The text of one table: a file, or a member of an archive. Opening it again gives the same bytes,
/// or an error.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    pub size_bytes: u64,
    pub modified: SystemTime,
    /// How its text is encoded; UTF-8 until that is detected.
    pub form: Form,
    /// It is JSON within strings, which is read as that JSON.
    pub is_json_in_strings: bool,
    packing: Packing,
    /// The file itself, if it has no name.
    unnamed: Option<Arc<File>>,
}

#[derive(Debug, Clone)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
    Zip(ZipMember),
}

/// An open source: its text, and the file that comes from.
pub struct Stream {
    pub bytes: Box<dyn Read + Send>,
    pub file: Arc<File>,
}

impl Source {
    /// The tables in a file: one, or as many as an archive holds, in the order of their names.
    ///
    /// # Errors
    /// When the file can't be read or has an unknown compression.
    pub fn all_in(path: &Path) -> Result<Vec<Self>, ReadError> {
        let shown = path.display().to_string();
        let file = File::open(path).map_err(|error| ReadError::from_io(&shown, 0, &error))?;
        Self::all_of(path, &Arc::new(file), None)
    }

    /// The same for a file without a name; `shown` is its name in messages.
    pub fn all_in_spooled(file: File, shown: &str) -> Result<Vec<Self>, ReadError> {
        let file = Arc::new(file);
        Self::all_of(Path::new(shown), &file, Some(&file))
    }

    fn all_of(
        path: &Path,
        file: &Arc<File>,
        unnamed: Option<&Arc<File>>,
    ) -> Result<Vec<Self>, ReadError> {
        let shown = path.display().to_string();
        let failed = |error: io::Error| ReadError::from_io(&shown, 0, &error);
        let meta = file.metadata().map_err(failed)?;
        let modified = meta.modified().map_err(failed)?;
        let mut start = Vec::new();
        PositionedReader::new(file).take(8).read_to_end(&mut start).map_err(failed)?;
        let source = |packing| Self {
            path: path.to_owned(),
            size_bytes: meta.len(),
            modified,
            form: Form::default(),
            is_json_in_strings: false,
            packing,
            unnamed: unnamed.cloned(),
        };
        let refused = |(what, hint): (String, &str)| ReadError::new(&shown, 0, what, hint);
        Ok(match start.as_slice() {
            [0x1f, 0x8b, ..] => vec![source(Packing::Gzip)],
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                vec![source(Packing::Zstd)]
            }
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
                let mut members =
                    zip_member::tables(PositionedReader::new(file)).map_err(refused)?;
                members.sort_by(|a, b| names::natural(&a.name, &b.name));
                members.into_iter().map(Packing::Zip).map(source).collect()
            }
            other => match foreign(other) {
                Some(kind) => {
                    let hint = "unpack it or export again, so that it is CSV or JSON, plain or in gzip, zstd or zip";
                    return Err(ReadError::new(&shown, 0, kind, hint));
                }
                None => vec![source(Packing::Plain)],
            },
        })
    }

    /// Whether it came by standard input, and disappears with the process.
    pub fn is_spooled(&self) -> bool {
        self.unnamed.is_some()
    }

    /// The member of an archive this is, if it is one.
    pub fn member(&self) -> Option<&str> {
        match &self.packing {
            Packing::Zip(member) => Some(&member.name),
            _ => None,
        }
    }

    /// The path, with the member in brackets if the file is an archive.
    pub fn shown(&self) -> String {
        match self.member() {
            Some(member) => format!("{} ({member})", self.path.display()),
            None => self.path.display().to_string(),
        }
    }

    /// # Errors
    /// When the file is missing, unreadable, or not the one that was found.
    pub fn open(&self) -> Result<Stream, ReadError> {
        let failed = |error: io::Error| ReadError::from_io(&self.shown(), 0, &error);
        let file = match &self.unnamed {
            Some(file) => Arc::clone(file),
            None => Arc::new(File::open(&self.path).map_err(failed)?),
        };
        self.check_unchanged(&file, 0)?;
        let buffered = || BufReader::with_capacity(BUFFER_BYTES, PositionedReader::new(&file));
        let bytes: Box<dyn Read + Send> = match &self.packing {
            Packing::Plain => Box::new(PositionedReader::new(&file)),
            Packing::Gzip => Box::new(MultiGzDecoder::new(buffered())),
            Packing::Zstd => Box::new(ZstdFrames::new(buffered()).map_err(failed)?),
            Packing::Zip(member) => member.open(PositionedReader::new(&file)).map_err(failed)?,
        };
        let bytes =
            if self.form.is_plain() { bytes } else { Box::new(Decoder::new(bytes, self.form)) };
        let bytes = if self.is_json_in_strings { Box::new(JsonStrings::new(bytes)) } else { bytes };
        Ok(Stream { bytes, file })
    }

    /// The end of the text, if it may have been truncated there: it has no line end and no closing
    /// quote. Only for plain files; a compressed one has its own length or checksum.
    pub fn open_end(&self) -> Option<Vec<u8>> {
        let end = || -> io::Result<Vec<u8>> {
            let file = match &self.unnamed {
                Some(file) => Arc::clone(file),
                None => Arc::new(File::open(&self.path)?),
            };
            let mut at = PositionedReader::new(&file);
            // In UTF-16, characters begin at even offsets.
            at.seek(SeekFrom::Start(self.size_bytes.saturating_sub(END_BYTES_MAX) & !1))?;
            let mut bytes: Box<dyn Read + Send> = Box::new(at);
            if !self.form.is_plain() {
                bytes = Box::new(Decoder::new(bytes, self.form));
            }
            let mut end = Vec::new();
            bytes.read_to_end(&mut end)?;
            Ok(end)
        };
        if !matches!(self.packing, Packing::Plain) {
            return None;
        }
        // Read errors are reported when the file is read.
        end().ok().filter(|end| end.last().is_some_and(|last| !b"\n\r\"".contains(last)))
    }

    /// Checks that the open file still has the length and modification time it had when it was
    /// found.
    ///
    /// # Errors
    /// When it does not: it is being written, and may have been read only partially.
    pub fn check_unchanged(&self, file: &File, line: u64) -> Result<(), ReadError> {
        let failed = |error: io::Error| ReadError::from_io(&self.shown(), line, &error);
        let meta = file.metadata().map_err(failed)?;
        if meta.len() == self.size_bytes && meta.modified().map_err(failed)? == self.modified {
            return Ok(());
        }
        Err(ReadError::new(
            self.shown(),
            line,
            "the file changed while it was being read",
            "run again when the export is written in full; best write it elsewhere and move it here",
        ))
    }
}

/// Kinds of files that are mistaken for an export, by their first bytes.
fn foreign(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("is an Excel workbook, expected CSV or JSON"),
        [b'B', b'Z', b'h', ..] => Some("is compressed with bzip2, which is not read"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("is compressed with xz, which is not read"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Some("is a 7z archive, which is not read"),
        [b'%', b'P', b'D', b'F', ..] => Some("is a PDF document, expected CSV or JSON"),
        _ => None,
    }
}
