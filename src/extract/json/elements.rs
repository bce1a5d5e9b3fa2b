//! The records of a JSON file, one at a time: finds them among the brackets they are wrapped in,
//! and where each ends, without parsing them.
//!
//! A record is an object that stands on its own, in an array, or in an object under a name that
//! records are wrapped in (`{"orders": […]}`, `{"order": {…}}`), or several names (`{"data":
//! {"orders": {"nodes": […]}}}`), or under its number (`{"order": {"1001": {…}}}`). Documents may
//! follow each other, with or without line ends. What else stands beside the records in a wrapping
//! object is passed over.

use super::keys::{KeyPaths, Keys};
use super::nesting::{Expected, Level, Nesting};
use super::scan::{Found, Scan};
use super::trouble::Trouble;
use super::window::{self, Place, Window};
use super::wrappers::{Path, Wrappers};
use crate::extract::RECORD_BYTES_MAX;
use crate::extract::error::ReadError;
use std::io::Read;
use std::ops::Range;

/// Names that records are wrapped in, and have themselves too.
const RECORDS_OWN: &[&str] = &["items"];
/// What a page of a list says of itself.
const OF_PAGES: &[&str] = &["search_criteria", "total_count"];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The records of one file. Memory is that of the longest record.
pub struct Elements {
    window: Window,
    trouble: Trouble,
    wrappers: Wrappers,
    nesting: Nesting,
    /// Bytes at the window's front that were given out.
    held: usize,
    /// How the last record began that stood on a line of its own; see [`Self::guess`].
    line_begins: Vec<u8>,
    is_guess: bool,
    last_wrapper: Option<Path>,
    bytes_max: u64,
}

/// A value where a record is expected; not always an object.
pub struct Element<'a> {
    pub bytes: &'a [u8],
    pub place: Place,
}

impl Elements {
    /// `wrappers` are the names that records may be wrapped in; where they are several within each
    /// other, with a slash between them.
    pub fn new(bytes: Box<dyn Read + Send>, shown: String, wrappers: Vec<&'static str>) -> Self {
        Self {
            window: Window::new(bytes),
            trouble: Trouble::with(shown),
            wrappers: Wrappers::named(wrappers),
            nesting: Nesting::none(),
            held: 0,
            line_begins: Vec::new(),
            is_guess: false,
            last_wrapper: None,
            bytes_max: RECORD_BYTES_MAX,
        }
    }

    /// Takes no record that is longer than this, instead of [`RECORD_BYTES_MAX`].
    pub fn limit(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
    }

    /// The next value where a record is expected; `None` at the end of a file that is whole.
    ///
    /// # Errors
    /// When the file can't be read on, is no JSON, or ends before its last bracket is closed.
    pub fn advance(&mut self) -> Result<Option<Element<'_>>, ReadError> {
        self.pass_held();
        while let Some(byte) = self.next_byte()? {
            match (self.nesting.expected, byte) {
                (Expected::Value | Expected::FirstValue, b'[') => {
                    self.enter(1, Level::List(self.nesting.path()))?;
                }
                (Expected::FirstValue, b']') => {
                    self.window.pass(1);
                    self.nesting.leave();
                }
                (Expected::Value | Expected::FirstValue, _) => {
                    let guess = self.guess();
                    self.is_guess = guess.is_some();
                    if let Some(len) =
                        guess.map_or_else(|| self.measure(byte), |len| Ok(Some(len)))?
                    {
                        self.nesting.value_ended();
                        self.held = len;
                        let place = self.place();
                        return Ok(Some(Element { bytes: &self.window.bytes()[..len], place }));
                    }
                }
                (Expected::Next, _) => {
                    self.nesting.go_on(byte).map_err(|what| self.broken(what))?;
                    self.window.pass(1);
                }
                (Expected::Name, b'"') => self.read_name()?,
                (Expected::Name, _) => return Err(self.broken("expected a name in quotes")),
            }
        }
        match self.nesting.is_outermost() {
            true => Ok(None),
            false => Err(self.unclosed("ends before its last bracket is closed")),
        }
    }

    /// Takes back an element whose end was only guessed, so that it is measured; `false` if it was
    /// measured.
    pub fn take_back(&mut self) -> bool {
        if self.is_guess {
            self.held = 0;
            self.nesting.expected = Expected::Value;
            self.line_begins.clear();
        }
        std::mem::take(&mut self.is_guess)
    }

    /// What a parser said of an element that begins at `place`.
    pub fn no_json(&self, place: Place, error: &serde_json::Error) -> ReadError {
        self.trouble.syntax(place, error)
    }

    /// The names that records were last found under.
    pub fn wrapper(&self) -> Option<Path> {
        self.last_wrapper
    }

    #[cfg(test)]
    pub fn room_bytes(&self) -> usize {
        self.window.room_bytes()
    }

    /// Passes blanks, and a byte order mark at the very beginning; the byte after them is left
    /// where it is.
    fn next_byte(&mut self) -> Result<Option<u8>, ReadError> {
        if self.place() == Place::START {
            while self.window.bytes().len() < BOM.len() && self.widen()? {}
            self.window.forget(if self.window.bytes().starts_with(BOM) { BOM.len() } else { 0 });
        }
        loop {
            let bytes = self.window.bytes();
            let blanks = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
            if let Some(byte) = bytes.get(blanks).copied() {
                self.window.pass(blanks);
                return Ok(Some(byte));
            }
            self.window.pass(blanks);
            if !self.widen()? {
                return Ok(None);
            }
        }
    }

    fn pass_held(&mut self) {
        let (begun, len) = (self.place(), std::mem::take(&mut self.held));
        if self.nesting.is_outermost() && !self.is_guess {
            let name_end =
                self.window.bytes()[..len].iter().enumerate().filter(|(_, b)| **b == b'"').nth(1);
            self.line_begins =
                name_end.map(|(end, _)| self.window.bytes()[..=end].to_vec()).unwrap_or_default();
        }
        self.window.pass(len);
        if self.place().line != begun.line {
            self.line_begins.clear();
        }
    }

    /// In JSON lines the next record ends where its line does, as the last one did if it began
    /// alike. That saves looking at every byte of it; whoever parses it tells by
    /// [`Self::take_back`] if it was wrong.
    fn guess(&self) -> Option<usize> {
        let bytes = self.window.bytes();
        let is_alike = !self.line_begins.is_empty()
            && self.nesting.is_outermost()
            && bytes.starts_with(&self.line_begins);
        let line = is_alike.then(|| window::line_end(bytes)).flatten()?;
        Some(bytes[..line].trim_ascii_end().len())
    }

    /// Goes in by `len` bytes.
    fn enter(&mut self, len: usize, level: Level) -> Result<(), ReadError> {
        self.nesting.enter(level).map_err(|what| self.broken(what))?;
        self.window.pass(len);
        Ok(())
    }

    /// The length of the value at the front; `None` if it turned out to be a wrapper and was
    /// entered.
    fn measure(&mut self, first: u8) -> Result<Option<usize>, ReadError> {
        let path = self.nesting.path();
        let (wraps, maps) = (self.wrappers.lead_on(path), self.nesting.may_map());
        let mut scan = Scan::default();
        loop {
            let bytes = self.window.bytes();
            let found = match first {
                b'{' => scan.run(bytes, |name, open| {
                    (wraps && self.is_wrapper(path, bytes, name.clone()))
                        || (maps && open == b'{' && is_number(&bytes[name]))
                }),
                b'"' => scan.run(bytes, |_, _| false),
                // At least one byte, so that a sign where a value is expected is what the parser
                // complains of.
                _ => match end_of_literal(&bytes[scan.at..]) {
                    Some(ahead) => Found::End((scan.at + ahead).max(1)),
                    None => {
                        scan.at = bytes.len();
                        Found::More
                    }
                },
            };
            match found {
                Found::End(len) => return Ok(Some(len)),
                Found::Inner { name, at } => {
                    let wrapper = self.wrappers.step(path, &bytes[name]).filter(|_| wraps);
                    self.last_wrapper = wrapper.or(self.last_wrapper);
                    let level = wrapper.map(|values| Level::Wrapper { names: path, values });
                    self.enter(at, level.unwrap_or(Level::Map))?;
                    return Ok(None);
                }
                Found::More if bytes.len() as u64 > self.bytes_max => return Err(self.overlong()),
                Found::More => {
                    if !self.widen()? {
                        return match first {
                            b'{' | b'"' => {
                                Err(self.unclosed("ends within the record that begins here"))
                            }
                            _ => Ok(Some(self.window.bytes().len())),
                        };
                    }
                }
            }
        }
    }

    /// Reads a name in a wrapping object up to its value, which is passed over if it holds no
    /// records.
    fn read_name(&mut self) -> Result<(), ReadError> {
        let mut scan = Scan::default();
        let len = loop {
            match scan.run(self.window.bytes(), |_, _| false) {
                Found::End(len) => break len,
                _ if self.window.bytes().len() as u64 > self.bytes_max => {
                    return Err(self.overlong());
                }
                _ if self.widen()? => {}
                _ => return Err(self.unclosed("ends within a name")),
            }
        };
        let path = self.nesting.path_of_names();
        let wrapper = self.wrappers.step(path, &self.window.bytes()[1..len - 1]);
        self.window.pass(len);
        match self.next_byte()? {
            Some(b':') => self.window.pass(1),
            Some(_) => return Err(self.broken("expected `:`")),
            None => return Err(self.unclosed("ends after a name")),
        }
        let first = self.next_byte()?;
        if self.nesting.holds_records_only()
            || (wrapper.is_some() && matches!(first, Some(b'{' | b'[')))
        {
            if let Some(values) = wrapper {
                self.nesting.rename(values);
            }
            self.nesting.expected = Expected::Value;
            return Ok(());
        }
        self.nesting.value_ended();
        self.skip(first)
    }

    /// Passes over a value of any length, without keeping it.
    fn skip(&mut self, first: Option<u8>) -> Result<(), ReadError> {
        let begun = self.place();
        let is_bracketed = matches!(first, Some(b'{' | b'[' | b'"'));
        if matches!(first, Some(b',' | b':' | b'}' | b']')) {
            return Err(self.broken("expected a value"));
        }
        let mut scan = Scan::default();
        loop {
            let bytes = self.window.bytes();
            let (end, passed) = match is_bracketed {
                true => match scan.run(bytes, |_, _| false) {
                    Found::End(len) => (true, len),
                    _ => (false, std::mem::take(&mut scan.at)),
                },
                false => end_of_literal(bytes).map_or((false, bytes.len()), |len| (true, len)),
            };
            self.window.pass(passed);
            if end {
                return Ok(());
            }
            if !self.widen()? {
                let what = "ends within the value that begins here";
                return Err(self.trouble.cut(begun, what));
            }
        }
    }

    /// Whether an object wraps records under a name of it, or is a record that has such a name of
    /// its own: that it is told by what stands before the name.
    fn is_wrapper(&self, path: Path, object: &[u8], name: Range<usize>) -> bool {
        let is_known = self.wrappers.step(path, &object[name.clone()]).is_some();
        let is_of_records = RECORDS_OWN.iter().any(|own| own.as_bytes() == &object[name.clone()]);
        is_known && (!is_of_records || is_page(&object[..name.start - 1]))
    }

    fn widen(&mut self) -> Result<bool, ReadError> {
        let place = self.place();
        self.window.widen().map_err(|error| self.trouble.io(place, &error))
    }

    fn place(&self) -> Place {
        self.window.place()
    }

    fn broken(&self, what: &str) -> ReadError {
        self.trouble.broken(self.place(), what)
    }

    fn unclosed(&self, what: &str) -> ReadError {
        self.trouble.unclosed(self.place(), self.window.bytes(), what)
    }

    fn overlong(&self) -> ReadError {
        self.trouble.overlong(self.place(), self.window.bytes())
    }
}

/// Where a number, `true`, `false` or `null`, or something that is none of them, ends.
fn end_of_literal(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| b",]}[{\":".contains(b) || b.is_ascii_whitespace())
}

/// Whether the beginning of an object says nothing but what page of a list it is.
fn is_page(begun: &[u8]) -> bool {
    let members = begun.trim_ascii_end();
    let object = [members.strip_suffix(b",").unwrap_or(members), b"}"].concat();
    Keys::of(&object, &KeyPaths::new())
        .is_ok_and(|keys| keys.outer().all(|key| OF_PAGES.contains(&key)))
}

fn is_number(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_digit)
}
