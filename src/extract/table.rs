//! Recognises a table: its encoding, whether it is CSV or JSON, and which.

use super::codec::Source;
use super::encoding::{self, Encoding, Finding};
use super::error::ReadError;
use super::export::Options;
use super::join::{self, Part, TableSet};
use super::json::{self, DIALECTS, Dialect};
use super::mapping::{Mapped, MappedRecords, Mappings, Profile};
use super::messages::{self, Envelope, Streams};
use super::sheet::Sheet;
use super::sheet_dialect::{SHEET_DIALECTS, SheetDialect};
use std::io::{self, Read};
use std::sync::Arc;

/// How much of the (uncompressed) text is looked at.
const PREFIX_BYTES: u64 = 64 * 1024;

pub(super) const UTF8_HINT: &str =
    "save it as \"CSV UTF-8\", or export again and don't open the file in a spreadsheet";

/// A table ready to be read: a file or a member of an archive, and how its text is built.
#[derive(Debug, Clone)]
pub struct Table {
    pub source: Source,
    pub layout: Layout,
    pub seen: Seen,
}

/// What was seen of a table.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Why it was taken for what it is.
    pub why: String,
    /// What a person should know before it is sent.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone)]
pub enum Layout {
    Csv(Sheet),
    Json(&'static Dialect),
    Messages(Arc<Streams>),
    /// JSON, by a mapping of the settings.
    Mapped(Arc<Profile>),
    /// Several tables, or one, whose records are put together.
    Set(Arc<TableSet>),
}

/// What the settings say of the format.
#[derive(Debug, Clone)]
pub enum Asked {
    Anything,
    Csv(&'static dyn SheetDialect),
    /// A mapping of the settings.
    Mapped(Mapped),
    Json(&'static Dialect),
    Messages(Envelope),
}

/// Line, what is wrong, hint.
pub(super) type Fault = (u64, String, String);

impl Asked {
    /// `None` for a name that is not known.
    pub fn named(name: &str, mappings: &Mappings) -> Option<Self> {
        match name {
            "auto" => Some(Self::Anything),
            // A mapping of the settings takes the place of a built-in format of its name.
            name if mappings.named(name).is_some() => {
                mappings.named(name).map(|profile| Self::Mapped(Mapped(Arc::clone(profile))))
            }
            name => {
                let json = DIALECTS.iter().find(|dialect| dialect.name == name);
                let csv = SHEET_DIALECTS.iter().find(|dialect| dialect.name() == name);
                let envelope = Envelope::ALL.into_iter().find(|envelope| envelope.name() == name);
                let json = json.map(|dialect| Self::Json(dialect));
                json.or(csv.map(|dialect| Self::Csv(*dialect))).or(envelope.map(Self::Messages))
            }
        }
    }
}

impl Table {
    /// Judges a table by its beginning, and its encoding by as much of it as that takes.
    ///
    /// # Errors
    /// When it is no text, not what was asked for, or lacks columns or keys.
    pub fn recognise(source: Source, asked: &Asked, options: &Options) -> Result<Self, ReadError> {
        let (mut source, mut seen) = find_encoding(source)?;
        let mut prefix = read_prefix(&source)?;
        if !is_json(&prefix) && returns_end_lines(&prefix) {
            source.form.returns_end_lines = true;
            prefix = read_prefix(&source)?;
        }
        let refused = |(line, what, hint): Fault| ReadError::new(source.shown(), line, what, hint);
        let text = text_of(&prefix).map_err(refused)?;
        let layout = match (asked, is_json(text)) {
            (Asked::Anything, true) => of_json(&source, options)?,
            (Asked::Messages(envelope), true) => {
                match messages::recognise(&source, Some(*envelope))? {
                    Some(streams) => Layout::Messages(Arc::new(streams)),
                    None => Layout::Json(json::recognise(&source, None)?),
                }
            }
            (Asked::Mapped(Mapped(profile)), true) if !profile.is_csv() => {
                let missing = MappedRecords::missing(&source, profile)?.unwrap_or_default();
                if !missing.is_empty() {
                    let what = format!("its records lack: {}", missing.join(", "));
                    return Err(refused((0, what, profile.hint.clone())));
                }
                Layout::Mapped(Arc::clone(profile))
            }
            (Asked::Json(dialect), true) if messages::table_in(&source).is_some() => {
                let what = format!("holds rows of a loader's table, not {} alone", dialect.title);
                let hint = "name the format auto: of several versions of an order only the newest counts there";
                return Err(refused((1, what, hint.to_owned())));
            }
            (Asked::Json(dialect), true) => Layout::Json(json::recognise(&source, Some(dialect))?),
            (Asked::Csv(_) | Asked::Mapped(_), true) => {
                let hint =
                    "name another format in the settings, or auto; or export the orders as CSV";
                return Err(refused((
                    1,
                    "looks like JSON, expected CSV".to_owned(),
                    hint.to_owned(),
                )));
            }
            (Asked::Json(_) | Asked::Messages(_) | Asked::Mapped(_), false)
                if !expects_csv(asked, text) =>
            {
                let hint =
                    "name another format in the settings, or auto; or export the orders as JSON";
                return Err(refused((
                    1,
                    "does not look like JSON, which begins with { or [".to_owned(),
                    hint.to_owned(),
                )));
            }
            (asked, false) => {
                let named: Option<&dyn SheetDialect> = match asked {
                    Asked::Csv(dialect) => Some(*dialect),
                    Asked::Mapped(mapped) => Some(mapped),
                    Asked::Messages(_) => Some(&messages::WAREHOUSE),
                    _ => None,
                };
                Layout::Csv(Sheet::recognise(text, named, options, &mut seen).map_err(refused)?)
            }
        };
        if matches!(layout, Layout::Csv(_)) && source.open_end().is_some() {
            let note = "its last line has no end, as where a file was cut: if the rows above don't prove that its last \
                        cell is whole, its last order is not sent; where the file is whole, end that line";
            seen.notes.push(note.to_owned());
        }
        if let Layout::Json(dialect) = &layout {
            let needs = dialect.needs.iter().map(|group| group.join(" or ")).collect::<Vec<_>>();
            seen.why = format!("JSON whose records have {}", needs.join(", "));
        }
        Ok(Self { source, layout, seen })
    }

    /// The name of its format.
    pub fn format(&self) -> &str {
        match (&self.layout, self.part()) {
            (Layout::Csv(_), Some(part)) => part.label,
            (Layout::Csv(sheet), None) => &sheet.format,
            (Layout::Json(dialect), _) => dialect.name,
            (Layout::Messages(streams), _) => streams.envelope.name(),
            (Layout::Mapped(profile), _) => &profile.name,
            (Layout::Set(set), _) => set.kind.name,
        }
    }

    /// What it is among several tables that are read together.
    pub fn part(&self) -> Option<Part> {
        match &self.layout {
            Layout::Csv(sheet) => sheet.layout.part(),
            Layout::Json(dialect) => join::part_of(dialect),
            Layout::Messages(_) | Layout::Mapped(_) | Layout::Set(_) => None,
        }
    }

    /// The tables that it consists of.
    pub fn members(&self) -> &[Self] {
        match &self.layout {
            Layout::Set(set) => &set.tables,
            _ => std::slice::from_ref(self),
        }
    }
}

/// The source as it is to be read, and what is to be said of that.
fn find_encoding(mut source: Source) -> Result<(Source, Seen), ReadError> {
    let prefix = read_prefix(&source)?;
    let finding = match (Encoding::proven_by(&prefix), prefix.as_slice()) {
        (_, [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..]) => {
            let what = "is text in UTF-32, expected UTF-8, UTF-16 or Windows-1252";
            return Err(ReadError::new(source.shown(), 1, what, UTF8_HINT));
        }
        (Some(encoding), _) => Finding { encoding, note: None },
        (None, _) => encoding::count(source.open()?.bytes),
    };
    source.form.encoding = finding.encoding;
    Ok((source, Seen { why: String::new(), notes: finding.note.into_iter().collect() }))
}

/// A stream, a dialect that is known, or the one mapping of the settings that fits.
fn of_json(source: &Source, options: &Options) -> Result<Layout, ReadError> {
    if let Some(streams) = messages::recognise(source, None)? {
        return Ok(Layout::Messages(Arc::new(streams)));
    }
    match json::recognise(source, None) {
        Ok(dialect) => match fitting(source, &options.mappings) {
            None => Ok(Layout::Json(dialect)),
            Some(profile) => Err(ReadError::new(
                source.shown(),
                0,
                format!("could be {} or {}: its keys fit both", dialect.name, profile.name),
                format!(
                    "name the job's format in the settings: \"{}\" or \"{}\"",
                    dialect.name, profile.name
                ),
            )),
        },
        Err(fault) => Ok(Layout::Mapped(fitting(source, &options.mappings).ok_or(fault)?)),
    }
}

fn expects_csv(asked: &Asked, text: &[u8]) -> bool {
    match asked {
        Asked::Mapped(Mapped(profile)) => profile.is_csv(),
        Asked::Messages(_) => messages::is_header(text),
        Asked::Json(_) => false,
        Asked::Csv(_) | Asked::Anything => true,
    }
}

/// The one mapping for JSON whose needed places are all in the file.
fn fitting(source: &Source, mappings: &Mappings) -> Option<Arc<Profile>> {
    let of_json = mappings.0.iter().filter(|profile| !profile.is_csv());
    let mut fitting = of_json.filter(|profile| {
        MappedRecords::missing(source, profile)
            .is_ok_and(|missing| missing.is_some_and(|missing| missing.is_empty()))
    });
    let first = fitting.next()?;
    fitting.next().is_none().then(|| Arc::clone(first))
}

fn read_prefix(source: &Source) -> Result<Vec<u8>, ReadError> {
    let mut prefix = Vec::new();
    let bytes = source.open()?.bytes;
    let read: io::Result<usize> = bytes.take(PREFIX_BYTES).read_to_end(&mut prefix);
    read.map_err(|error| ReadError::from_io(&source.shown(), 0, &error))?;
    Ok(prefix)
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn is_json(prefix: &[u8]) -> bool {
    matches!(without_mark(prefix).trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Whether the first row ends in a carriage return with no line feed behind it, as old spreadsheets
/// write them.
fn returns_end_lines(prefix: &[u8]) -> bool {
    let mut in_quotes = false;
    let is_end = |byte: &u8| {
        in_quotes ^= *byte == b'"';
        !in_quotes && matches!(byte, b'\r' | b'\n')
    };
    let end = prefix.iter().position(is_end).unwrap_or(prefix.len());
    let mut rest = prefix[end..].iter().skip_while(|b| **b == b'\r');
    prefix.get(end) == Some(&b'\r') && rest.next() != Some(&b'\n')
}

/// The text without its byte order mark.
fn text_of(prefix: &[u8]) -> Result<&[u8], Fault> {
    let text = without_mark(prefix);
    match text.trim_ascii_start().first() {
        None => {
            return Err((
                0,
                "is empty, expected a header row, or orders in JSON".to_owned(),
                "export again".to_owned(),
            ));
        }
        Some(b'<') => {
            let hint = "was a web page saved in place of the export? download it again";
            return Err((
                1,
                "looks like HTML or XML, expected CSV or JSON".to_owned(),
                hint.to_owned(),
            ));
        }
        Some(_) => {}
    }
    let start = &text[..text.len().min(64)];
    if start.iter().filter(|b| **b == 0).count() > start.len() / 4 {
        let what = "holds zero bytes, expected text";
        return Err((1, what.to_owned(), UTF8_HINT.to_owned()));
    }
    Ok(text)
}
