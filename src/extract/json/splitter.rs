//! Splits a JSON file into its records: finds them in the brackets they are wrapped in, and where
//! each ends, without parsing them.
//!
//! A record is an object on its own, in a list, in an object under a wrapping name
//! (`{"orders": […]}`, `{"order": {…}}`) or nested ones (`{"data": {"orders": {"nodes": […]}}}`),
//! or under its number (`{"order": {"1001": {…}}}`). Further lists of records in a wrapping object
//! are read too, see [`super::further_lists`]. Documents may follow each other, with or without
//! line ends or a comma after each. Other members of a wrapping object are skipped.

use super::input::{BytePlace, Input};
use super::nesting::{Expected, Further, Level, Member, NOWHERE, Nesting, Path, Wrappers};
use super::scan::{Scan, ScanResult};
use super::syntax_errors::SyntaxErrors;
use super::tree::Tree;
use crate::extract::RECORD_BYTES_MAX;
use crate::extract::encoding::BOM;
use crate::extract::error::ReadError;
use crate::extract::passed_over::Tally;
use memchr::memchr;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

/// The keys a page of a list may have before its records.
const OF_PAGES: &[&str] = &["search_criteria", "total_count"];
/// Before each document of a text sequence (RFC 7464).
const RECORD_SEPARATOR: u8 = 0x1e;

/// The records of one file. Memory is that of the longest record.
pub struct Splitter {
    input: Input,
    errors: SyntaxErrors,
    wrappers: Wrappers,
    nesting: Nesting,
    /// Bytes at the front of the input that were returned.
    held: usize,
    /// The beginning of the last record on a separate line; see [`Self::guess`].
    line_begins: Vec<u8>,
    is_guess: bool,
    last_wrapper: Option<Path>,
    bytes_max: u64,
    /// A document ended here, and no comma came since.
    follows_document: bool,
    passed_over: Tally,
}

/// A value where a record is expected; not always an object.
pub struct RawRecord<'a> {
    pub bytes: &'a [u8],
    pub place: BytePlace,
}

impl Splitter {
    pub fn new(bytes: Box<dyn Read + Send>, shown: String, wrappers: Wrappers) -> Self {
        Self {
            input: Input::new(bytes),
            errors: SyntaxErrors::new(shown),
            wrappers,
            nesting: Nesting::none(),
            held: 0,
            line_begins: Vec::new(),
            is_guess: false,
            last_wrapper: None,
            bytes_max: RECORD_BYTES_MAX,
            follows_document: false,
            passed_over: Tally::default(),
        }
    }

    /// Refuses records longer than this, instead of [`RECORD_BYTES_MAX`].
    pub fn limit(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
    }

    /// The next value where a record is expected; `None` at the end of a complete file.
    pub fn advance(&mut self) -> Result<Option<RawRecord<'_>>, ReadError> {
        self.consume_held();
        while let Some(byte) = self.next_byte()? {
            match (self.nesting.expected, byte) {
                (Expected::Value, b',') if self.follows_document && self.nesting.is_outermost() => {
                    self.follows_document = false;
                    self.input.consume(1);
                }
                (Expected::Value | Expected::FirstValue, b'[') => {
                    self.enter(1, Level::List(self.nesting.path()))?;
                }
                (Expected::FirstValue, b']') => {
                    self.input.consume(1);
                    self.nesting.leave();
                }
                (Expected::Value | Expected::FirstValue, _) => {
                    let guess = self.guess();
                    self.is_guess = guess.is_some();
                    if let Some(len) =
                        guess.map_or_else(|| self.measure(byte), |len| Ok(Some(len)))?
                    {
                        if self.was_passed_over() {
                            self.input.consume(len);
                            continue;
                        }
                        self.nesting.value_ended();
                        self.held = len;
                        let place = self.place();
                        return Ok(Some(RawRecord { bytes: &self.input.bytes()[..len], place }));
                    }
                }
                (Expected::Next, _) => {
                    self.nesting.after_value(byte).map_err(|what| self.broken(what))?;
                    self.follows_document = self.nesting.is_outermost();
                    self.input.consume(1);
                }
                (Expected::Name, b'"') => self.read_name()?,
                (Expected::Name, _) => return Err(self.broken("expected a name in quotes")),
            }
        }
        if !self.nesting.is_outermost() {
            return Err(self.unclosed("ends before its last bracket is closed"));
        }
        Ok(None)
    }

    /// Whether the record at the front is skipped; then it is counted, and the value ended.
    fn was_passed_over(&mut self) -> bool {
        let Some(passing) = self.nesting.passing() else { return false };
        let line = self.input.place().line;
        self.passed_over.add_of_list(passing.kind, line, passing.list.as_ref());
        self.nesting.value_ended();
        true
    }

    /// The records that were skipped so far.
    pub fn passed_over(&self) -> &Tally {
        &self.passed_over
    }

    /// Takes back a record whose end was only guessed, so that it is measured; `false` if its end
    /// is known.
    pub fn take_back(&mut self) -> bool {
        if self.is_guess {
            self.held = 0;
            self.nesting.expected = Expected::Value;
            self.line_begins.clear();
        }
        std::mem::take(&mut self.is_guess)
    }

    /// The parser's error in a record that begins at `place`.
    pub fn syntax_error(&self, place: BytePlace, error: &serde_json::Error) -> ReadError {
        self.errors.syntax(place, error)
    }

    /// The names that records were last found under.
    pub fn wrapper(&self) -> Option<Path> {
        self.last_wrapper
    }

    #[cfg(test)]
    pub fn buffer_bytes(&self) -> usize {
        self.input.buffer_bytes()
    }

    /// The byte after any blanks, and a byte order mark at the very beginning.
    fn next_byte(&mut self) -> Result<Option<u8>, ReadError> {
        if self.place() == BytePlace::START {
            while self.input.bytes().len() < BOM.len() && self.fill()? {}
            self.input.drop_uncounted(if self.input.bytes().starts_with(BOM) {
                BOM.len()
            } else {
                0
            });
        }
        loop {
            let bytes = self.input.bytes();
            let is_between = self.nesting.is_outermost();
            let is_blank =
                |b: &u8| b.is_ascii_whitespace() || (is_between && *b == RECORD_SEPARATOR);
            let blanks = bytes.iter().take_while(|b| is_blank(b)).count();
            if let Some(byte) = bytes.get(blanks).copied() {
                self.input.consume(blanks);
                return Ok(Some(byte));
            }
            self.input.consume(blanks);
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn consume_held(&mut self) {
        let (begun, len) = (self.place(), std::mem::take(&mut self.held));
        self.follows_document |= len > 0 && self.nesting.is_outermost();
        if self.nesting.is_outermost() && !self.is_guess {
            let name_end =
                self.input.bytes()[..len].iter().enumerate().filter(|(_, b)| **b == b'"').nth(1);
            self.line_begins =
                name_end.map(|(end, _)| self.input.bytes()[..=end].to_vec()).unwrap_or_default();
        }
        self.input.consume(len);
        if self.place().line != begun.line {
            self.line_begins.clear();
        }
    }

    /// In JSON lines the next record ends with its line, like the last record that began the same
    /// way. That saves a scan of every byte; if the parser fails, [`Self::take_back`] corrects it.
    fn guess(&self) -> Option<usize> {
        let bytes = self.input.bytes();
        let is_alike = !self.line_begins.is_empty()
            && self.nesting.is_outermost()
            && bytes.starts_with(&self.line_begins);
        let line = is_alike.then(|| memchr(b'\n', bytes)).flatten()?;
        let record = bytes[..line].trim_ascii_end();
        Some(record.strip_suffix(b",").unwrap_or(record).trim_ascii_end().len())
    }

    /// Enters what opens after `len` bytes.
    fn enter(&mut self, len: usize, level: Level) -> Result<(), ReadError> {
        self.nesting.enter(level).map_err(|what| self.broken(what))?;
        self.input.consume(len);
        Ok(())
    }

    /// Enters the object at the front, from its first name on.
    fn enter_names(&mut self, level: Level) -> Result<(), ReadError> {
        self.enter(1, level)?;
        self.nesting.expected = Expected::Name;
        Ok(())
    }

    /// The length of the value at the front; `None` if it turned out to be a wrapper and was
    /// entered.
    fn measure(&mut self, first: u8) -> Result<Option<usize>, ReadError> {
        let path = self.nesting.path();
        let (wraps, maps) = (self.wrappers.may_wrap_at(path), self.nesting.may_map());
        let mut scan = Scan::default();
        loop {
            let bytes = self.input.bytes();
            let found = match first {
                b'{' => scan.run(bytes, |name, open| {
                    (wraps && self.is_wrapper(path, bytes, name.clone()))
                        || (maps && open == b'{' && is_number(&bytes[name]))
                }),
                b'"' => scan.run(bytes, |_, _| false),
                // At least one byte, so that the parser reports a sign in place of a value.
                _ => match end_of_literal(&bytes[scan.at..]) {
                    Some(ahead) => ScanResult::End((scan.at + ahead).max(1)),
                    None => {
                        scan.at = bytes.len();
                        ScanResult::More
                    }
                },
            };
            match found {
                ScanResult::End(len) => return Ok(Some(len)),
                ScanResult::Inner { name, at } => {
                    let wrapper = self.wrappers.step(path, &bytes[name]).filter(|_| wraps);
                    self.last_wrapper = wrapper.or(self.last_wrapper);
                    match wrapper.map(|values| Level::Wrapper { names: path, values }) {
                        // Values before the name may be records too.
                        Some(level) if self.wrappers.further().is_some() => {
                            self.enter_names(level)?;
                        }
                        level => self.enter(at, level.unwrap_or(Level::Map))?,
                    }
                    return Ok(None);
                }
                ScanResult::More if bytes.len() as u64 > self.bytes_max => {
                    return Err(self.overlong());
                }
                ScanResult::More => {
                    if !self.fill()? {
                        return match first {
                            b'{' | b'"' => {
                                Err(self.unclosed("ends within the record that begins here"))
                            }
                            _ => Ok(Some(self.input.bytes().len())),
                        };
                    }
                }
            }
        }
    }

    /// Reads a name in a wrapping object up to its value, which is skipped if it holds no records.
    fn read_name(&mut self) -> Result<(), ReadError> {
        let mut scan = Scan::default();
        let len = loop {
            match scan.run(self.input.bytes(), |_, _| false) {
                ScanResult::End(len) => break len,
                _ if self.input.bytes().len() as u64 > self.bytes_max => {
                    return Err(self.overlong());
                }
                _ if self.fill()? => {}
                _ => return Err(self.unclosed("ends within a name")),
            }
        };
        let path = self.nesting.path_of_names();
        let name = self.input.bytes()[1..len - 1].to_vec();
        let wrapper = self.wrappers.step(path, &name);
        let further = self.wrappers.further().filter(|further| further.is_sought(&name)).cloned();
        self.input.consume(len);
        match self.next_byte()? {
            Some(b':') => self.input.consume(1),
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
        let member = self.member(&name, further)?;
        if let Member::PassedOver(kind) | Member::Object(Some(kind)) = member {
            self.nesting.pass_over(kind, &name);
        }
        match member {
            Member::Records | Member::PassedOver(_) => {
                self.nesting.rename(NOWHERE);
                self.nesting.expected = Expected::Value;
                Ok(())
            }
            Member::Object(_) if self.nesting.may_look_inside() => {
                self.enter_names(Level::Wrapper { names: NOWHERE, values: NOWHERE })
            }
            Member::Object(_) | Member::Other => {
                self.nesting.value_ended();
                self.skip(first)
            }
        }
    }

    /// What the value at the front is, if no wrapping name leads to it.
    fn member(
        &mut self,
        name: &[u8],
        further: Option<Arc<dyn Further>>,
    ) -> Result<Member, ReadError> {
        let Some(further) = further else { return Ok(Member::Other) };
        loop {
            match further.member(name, self.input.bytes()) {
                Some(member) => return Ok(member),
                None if self.fill()? => {}
                None => return Ok(Member::Other),
            }
        }
    }

    /// Skips a value of any length, without keeping it.
    fn skip(&mut self, first: Option<u8>) -> Result<(), ReadError> {
        let begun = self.place();
        let is_bracketed = matches!(first, Some(b'{' | b'[' | b'"'));
        if matches!(first, Some(b',' | b':' | b'}' | b']')) {
            return Err(self.broken("expected a value"));
        }
        let mut scan = Scan::default();
        loop {
            let bytes = self.input.bytes();
            let (end, len) = if is_bracketed {
                match scan.run(bytes, |_, _| false) {
                    ScanResult::End(len) => (true, len),
                    _ => (false, std::mem::take(&mut scan.at)),
                }
            } else {
                end_of_literal(bytes).map_or((false, bytes.len()), |len| (true, len))
            };
            self.input.consume(len);
            if end {
                return Ok(());
            }
            if !self.fill()? {
                let what = "ends within the value that begins here";
                return Err(self.errors.cut(begun, what));
            }
        }
    }

    /// Whether an object wraps records under a name in it. Records may have such a name themselves;
    /// then the keys before the name decide.
    fn is_wrapper(&self, path: Path, object: &[u8], name: Range<usize>) -> bool {
        let is_known = self.wrappers.step(path, &object[name.clone()]).is_some();
        let is_ambiguous = self.wrappers.is_ambiguous(&object[name.clone()]);
        is_known && (!is_ambiguous || is_page(&object[..name.start - 1]))
    }

    fn fill(&mut self) -> Result<bool, ReadError> {
        let place = self.place();
        self.input.fill().map_err(|error| self.errors.io(place, &error))
    }

    fn place(&self) -> BytePlace {
        self.input.place()
    }

    fn broken(&self, what: &str) -> ReadError {
        self.errors.broken(self.place(), what)
    }

    fn unclosed(&self, what: &str) -> ReadError {
        self.errors.unclosed(self.place(), self.input.bytes(), what)
    }

    fn overlong(&self) -> ReadError {
        self.errors.overlong(self.place(), self.input.bytes(), self.bytes_max)
    }
}

/// Where a number, a word, or something else without quotes and brackets ends.
fn end_of_literal(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| b",]}[{\":".contains(b) || b.is_ascii_whitespace())
}

/// Whether the beginning of an object only describes a page of a list.
fn is_page(begun: &[u8]) -> bool {
    let members = begun.trim_ascii_end();
    let object = [members.strip_suffix(b",").unwrap_or(members), b"}"].concat();
    let Ok(text) = std::str::from_utf8(&object) else { return false };
    Tree::parse(text)
        .is_ok_and(|tree| tree.root().members().all(|(key, _)| OF_PAGES.contains(&key.as_ref())))
}

fn is_number(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_digit)
}
