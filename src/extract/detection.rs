//! Recognises a table: its encoding, whether it is CSV or JSON, and its format.

use super::codec::Source;
use super::csv_table::{CsvTable, near_miss};
use super::encoding::{self, BOM, Encoding, Finding};
use super::error::ReadError;
use super::format::{CsvFormat, Format, Syntax};
use super::json::{self, JsonFormat, JsonLayout};
use super::json_strings;
use super::mapping::{self, Mappings, Profile};
use super::messages::{self, Envelope};
use super::options::Options;
use super::passed_over::SharedTally;
use super::registry::{format_named, json_formats};
use super::table::{DetectedFormat, Table};
use std::io::Read;
use std::sync::Arc;

/// How much of the (uncompressed) text is examined.
const PREFIX_BYTES: u64 = 64 * 1024;

const UTF8_HINT: &str =
    "save it as \"CSV UTF-8\", or export again and don't open the file in a spreadsheet";

/// What the settings say about the format.
#[derive(Debug, Clone, Copy)]
pub enum Requested<'a> {
    Auto,
    Csv(&'a dyn CsvFormat),
    Json(&'static JsonFormat),
    Messages(Envelope),
    /// JSON, by a mapping of the settings.
    MappedJson(&'a Arc<Profile>),
}

impl<'a> Requested<'a> {
    /// `None` for an unknown name. A mapping of the settings replaces a built-in format of its
    /// name.
    pub fn named(name: &str, mappings: &'a Mappings) -> Option<Self> {
        if name == "auto" {
            return Some(Self::Auto);
        }
        match mappings.named(name) {
            Some(profile) if profile.is_csv() => return Some(Self::Csv(profile)),
            Some(profile) => return Some(Self::MappedJson(profile)),
            None => {}
        }
        Some(match format_named(name)?.syntax() {
            Syntax::Csv(format) => Self::Csv(format),
            Syntax::Json(format) => Self::Json(format),
            Syntax::Messages(envelope) => Self::Messages(envelope),
        })
    }
}

/// Recognises a table by its beginning, and its encoding by as much of it as needed.
///
/// # Errors
/// When it is not text, not of the requested format, or lacks columns or keys.
pub fn detect(
    source: Source,
    requested: &Requested<'_>,
    options: &Options,
) -> Result<Table, ReadError> {
    let (mut source, mut notes) = with_encoding(source, options)?;
    let mut prefix = read_prefix(&source)?;
    if json_strings::begins_with_one(without_mark(&prefix)) {
        source.is_json_in_strings = true;
        prefix = read_prefix(&source)?;
        notes.push("its JSON is in strings; it is read".to_owned());
    }
    if !is_json(&prefix) && returns_end_lines(&prefix) {
        source.form.returns_end_lines = true;
        prefix = read_prefix(&source)?;
    }
    let text = text_of(&prefix, &source)?;
    if is_json(text) {
        let format = detect_json(&source, requested, options)?;
        let why = reason_of(&format);
        return Ok(Table { source, format, why, notes, passed_over: SharedTally::default() });
    }
    let named = match requested {
        Requested::Auto => None,
        Requested::Csv(format) => Some(*format),
        Requested::Messages(_) if messages::is_header(text) => {
            Some(&messages::WAREHOUSE as &dyn CsvFormat)
        }
        Requested::MappedJson(profile) => Some(*profile as &dyn CsvFormat),
        Requested::Json(_) | Requested::Messages(_) => {
            let what = "does not look like JSON, which begins with { or [";
            let hint = "name another format in the settings, or auto; or export the orders as JSON";
            return Err(ReadError::new(source.shown(), 1, what, hint));
        }
    };
    let mut table = CsvTable::detect(text, named, options)
        .map_err(|no_match| no_match.at(source.shown(), 1))?;
    if table.is_double_quoted {
        let note = "rows are in quotes as a whole, as spreadsheets quote them again; they are read";
        notes.push(note.to_owned());
    }
    notes.extend(table.near_misses.iter().map(|(seen, known)| near_miss(seen, known)));
    if source.open_end().is_some() {
        let note = "the file may be incomplete (no final newline): its last order is sent only if the rows above \
                    prove that its last cell is complete; if the file is complete, end that line";
        notes.push(note.to_owned());
    }
    let why = std::mem::take(&mut table.why);
    let (format, passed_over) = (DetectedFormat::Csv(table), SharedTally::default());
    Ok(Table { source, format, why, notes, passed_over })
}

/// Why it was recognised as this format. A CSV table states that itself.
fn reason_of(format: &DetectedFormat) -> String {
    match format {
        DetectedFormat::Json(JsonLayout { format, envelope, .. }) => {
            let needs = format.needs.iter().map(|group| group.join(" or "));
            let within = envelope.map(|place| format!(" within {place}")).unwrap_or_default();
            let needs = needs.collect::<Vec<_>>().join(", ");
            format!("JSON whose records{within} have {needs}")
        }
        DetectedFormat::MappedJson(_) => {
            "JSON whose records have all that the mapping needs".to_owned()
        }
        DetectedFormat::Messages(streams) => {
            format!("JSON with a stream of orders: {}", streams.envelope.about().title)
        }
        DetectedFormat::Csv(_) => String::new(),
    }
}

fn detect_json(
    source: &Source,
    requested: &Requested<'_>,
    options: &Options,
) -> Result<DetectedFormat, ReadError> {
    let mismatch = |what: &str, hint: &str| Err(ReadError::new(source.shown(), 1, what, hint));
    match requested {
        Requested::Auto => detect_any_json(source, options),
        Requested::Messages(envelope) => {
            match messages::recognise(source, Some(*envelope), json_formats())? {
                Some(streams) => Ok(DetectedFormat::Messages(Arc::new(streams))),
                None => json::recognise(source, None, json_formats()).map(DetectedFormat::Json),
            }
        }
        Requested::MappedJson(profile) => {
            let fitting = mapping::fitting(source, profile)?;
            Ok(DetectedFormat::MappedJson(fitting.unwrap_or_else(|| Arc::clone(profile))))
        }
        Requested::Json(format) if messages::table_in(source).is_some() => mismatch(
            &format!("holds rows of a loader's table, not {} alone", format.title),
            "name the format auto: of several versions of an order only the newest counts there",
        ),
        Requested::Json(format) => {
            json::recognise(source, Some(format), json_formats()).map(DetectedFormat::Json)
        }
        Requested::Csv(_) => mismatch(
            "looks like JSON, expected CSV",
            "name another format in the settings, or auto; or export the orders as CSV",
        ),
    }
}

/// The source with its encoding, and a note about it for the operator.
fn with_encoding(
    mut source: Source,
    options: &Options,
) -> Result<(Source, Vec<String>), ReadError> {
    let prefix = read_prefix(&source)?;
    if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = prefix.as_slice() {
        let what = "is text in UTF-32, expected UTF-8, UTF-16 or Windows-1252";
        return Err(ReadError::new(source.shown(), 1, what, UTF8_HINT));
    }
    let proven = Encoding::proven_by(&prefix);
    let finding = match proven {
        Some(encoding) => Finding { encoding, ..Finding::default() },
        None => encoding::count(source.open()?.bytes),
    };
    let (found, looks_like_utf8) = (finding.encoding, finding.has_utf8_letters);
    let finding = match options.encoding.as_deref().and_then(Encoding::named) {
        None => finding,
        Some(named) if named == found => Finding { encoding: named, ..Finding::default() },
        Some(named) if proven.is_some() => {
            let (found, named) = (found.name(), named.name());
            let note =
                format!("is marked as {found}, and is read as that; the settings name {named}");
            Finding { note: Some(note), ..finding }
        }
        Some(encoding) => {
            let (found, named) = (found.name(), encoding.name());
            let note = format!(
                "is read as {named}, which the settings name, though its letters are valid {found}; if they come out \
                 wrong, remove `encoding` from the job"
            );
            Finding { encoding, note: looks_like_utf8.then_some(note), ..Finding::default() }
        }
    };
    source.form.encoding = finding.encoding;
    Ok((source, finding.note.into_iter().collect()))
}

/// A stream, a known dialect, or the one mapping of the settings that fits.
fn detect_any_json(source: &Source, options: &Options) -> Result<DetectedFormat, ReadError> {
    if let Some(streams) = messages::recognise(source, None, json_formats())? {
        return Ok(DetectedFormat::Messages(Arc::new(streams)));
    }
    match json::recognise(source, None, json_formats()) {
        Ok(layout @ JsonLayout { format, envelope, .. }) => {
            match fitting(source, &options.mappings) {
                None => Ok(DetectedFormat::Json(layout)),
                // The settings name the envelope, which the format does not know.
                Some(profile) if envelope.is_some() => Ok(DetectedFormat::MappedJson(profile)),
                Some(profile) => Err(ReadError::new(
                    source.shown(),
                    0,
                    format!("could be {} or {}: its keys fit both", format.name, profile.name),
                    format!(
                        "name the job's format in the settings: \"{}\" or \"{}\"",
                        format.name, profile.name
                    ),
                )),
            }
        }
        Err(fault) => {
            Ok(DetectedFormat::MappedJson(fitting(source, &options.mappings).ok_or(fault)?))
        }
    }
}

/// The only JSON mapping whose required paths are all in the file.
fn fitting(source: &Source, mappings: &Mappings) -> Option<Arc<Profile>> {
    let of_json = mappings.0.iter().filter(|profile| !profile.is_csv());
    let mut fitting =
        of_json.filter_map(|profile| mapping::fitting(source, profile).ok().flatten());
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

fn read_prefix(source: &Source) -> Result<Vec<u8>, ReadError> {
    let mut prefix = Vec::new();
    let read = source.open()?.bytes.take(PREFIX_BYTES).read_to_end(&mut prefix);
    read.map_err(|error| ReadError::from_io(&source.shown(), 0, &error))?;
    Ok(prefix)
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BOM).unwrap_or(text)
}

fn is_json(prefix: &[u8]) -> bool {
    // Text sequences begin with a record separator (RFC 7464).
    let is_before = |byte: u8| byte.is_ascii_whitespace() || byte == b'\x1e';
    let text = without_mark(prefix);
    let begin = text.iter().position(|byte| !is_before(*byte)).unwrap_or(text.len());
    match &text[begin..] {
        [b'{', ..] => true,
        [b'[', rest @ ..] => !begins_with_name_in_brackets(rest),
        _ => false,
    }
}

/// Whether the rest of a table's first cell follows, whose columns are named as SQL quotes them:
/// `[Id],[Name]`.
fn begins_with_name_in_brackets(rest: &[u8]) -> bool {
    const JSON_WORDS: [&[u8]; 4] = [b"null", b"true", b"false", b"NaN"];
    let Some(end) = rest.iter().position(|byte| b"[]{}\",\n".contains(byte)) else { return false };
    let (name, behind) = rest.split_at(end);
    name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | 0x80..))
        && !JSON_WORDS.contains(&name)
        && matches!(behind, [b']', b',' | b';' | b'\t' | b'|', ..])
}

/// Whether the first row ends in a carriage return without a line feed, as old spreadsheets write
/// them.
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

/// Whether PHP wrote one of its messages before the output.
fn is_message_of_php(text: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&text[..text.len().min(1024)]);
    ["<b>Warning</b>", "<b>Notice</b>", "<b>Deprecated</b>", "<b>Fatal error</b>"]
        .into_iter()
        .any(|message| start.contains(message))
}

/// Whether this is JSON for a browser: `callback([…])`, `var orders = […]`, `)]}',` and JSON.
fn is_script(text: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&text[..text.len().min(128)]);
    let start = start.trim_start();
    let Some((before, _)) = start.split_once(['{', '[']) else { return false };
    let before = before.trim_end();
    let name = before.strip_suffix(['(', '=']).unwrap_or_default().trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_$. ".contains(c);
    start.starts_with(")]}'") || (!name.is_empty() && name.chars().all(is_name))
}

/// The text without its byte order mark.
fn text_of<'a>(prefix: &'a [u8], source: &Source) -> Result<&'a [u8], ReadError> {
    let fault =
        |line, what: &str, hint: &str| Err(ReadError::new(source.shown(), line, what, hint));
    let text = without_mark(prefix);
    match text.trim_ascii_start().first() {
        None => fault(0, "is empty, expected a header row, or orders in JSON", "export again"),
        Some(b'<') if is_message_of_php(text) => fault(
            1,
            "begins with a message of PHP, expected CSV or JSON",
            "remove what is above the orders, and let PHP log its messages (display_errors = Off)",
        ),
        Some(_) if is_script(text) => fault(
            1,
            "is a script around JSON, which begins with { or [",
            "remove what is before its first bracket and behind the last",
        ),
        Some(b'<') => fault(
            1,
            "looks like HTML or XML, expected CSV or JSON",
            "was a web page saved in place of the export? download it again",
        ),
        Some(_) => {
            let start = &text[..text.len().min(64)];
            if start.iter().filter(|b| **b == 0).count() > start.len() / 4 {
                return fault(1, "holds zero bytes, expected text", UTF8_HINT);
            }
            Ok(text)
        }
    }
}
