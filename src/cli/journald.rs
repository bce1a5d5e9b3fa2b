//! Writes the log to systemd's journal in its native form: each event with its fields, so that
//! `journalctl ORDERSYNC_JOB=shop` finds what concerns one job.

use super::output::ProgressSafeStderr;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

const SOCKET: &str = "/run/systemd/journal/socket";
/// In bytes; the socket takes about 200 KiB at a time.
const VALUE_LEN_MAX: usize = 16 << 10;
/// The context of the event, put in front of the message.
const PLACE: [&str; 3] = ["account", "job", "run"];

/// Whether standard error is the journal: systemd states its device and inode.
pub(super) fn is_standard_error() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let file = std::io::stderr().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let metadata = file.and_then(|file| file.metadata());
    metadata.is_ok_and(|metadata| stream == format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// Where events go.
pub(super) struct JournaldLayer {
    /// `None` if it can't be reached: events are then lines on standard error, each with its level
    /// as journald expects it.
    socket: Option<UnixDatagram>,
}

impl JournaldLayer {
    pub(super) fn open() -> Self {
        Self::at(SOCKET)
    }

    fn at(path: &str) -> Self {
        let socket =
            UnixDatagram::unbound().and_then(|socket| socket.connect(path).map(|()| socket));
        Self { socket: socket.ok() }
    }

    fn send(&self, level: Level, fields: &[(String, String)], message: &str) {
        let priority = priority_of(level);
        let sent =
            self.socket.as_ref().map(|socket| socket.send(&entry(priority, fields, message)));
        if !matches!(sent, Some(Ok(_))) {
            // If that fails too, nothing can be logged.
            let _ = ProgressSafeStderr.write_all(lines(priority, message).as_bytes());
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JournaldLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = EventFields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<EventFields>()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut all = EventFields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<EventFields>() {
                fields.0.iter().for_each(|(name, value)| all.set(name, value.clone()));
            }
        }
        let place: Vec<String> = all.place();
        let mut own = EventFields::default();
        event.record(&mut own);
        let message = own.message(&place);
        own.0.retain(|(name, _)| *name != "message");
        own.0.into_iter().for_each(|(name, value)| all.set(name, value));
        let mut fields: Vec<(String, String)> =
            all.0.into_iter().map(|(name, value)| (name_of(name), value)).collect();
        fields.push(("TARGET".to_owned(), event.metadata().target().to_owned()));
        self.send(*event.metadata().level(), &fields, &message);
    }
}

/// The fields of an event or a span, each name once.
#[derive(Default)]
struct EventFields(Vec<(&'static str, String)>);

impl EventFields {
    fn set(&mut self, name: &'static str, value: String) {
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    fn place(&self) -> Vec<String> {
        let of = |name| self.0.iter().find(|(other, _)| *other == name);
        PLACE.into_iter().filter_map(of).map(|(name, value)| format!("{name} {value}")).collect()
    }

    /// The message with its context and fields, so that it can be read on its own.
    fn message(&self, place: &[String]) -> String {
        let mut text = place.join(", ");
        if !text.is_empty() {
            text.push_str(": ");
        }
        let message = self.0.iter().find(|(name, _)| *name == "message");
        text.push_str(message.map_or("", |(_, message)| message));
        for (name, value) in
            self.0.iter().filter(|(name, _)| *name != "message" && !PLACE.contains(name))
        {
            // Writing to a String can't fail.
            let _ = write!(text, " {name}={value}");
        }
        text
    }
}

impl Visit for EventFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field.name(), format!("{value:?}"));
    }
}

/// As numbered by syslog.
fn priority_of(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// The journal accepts only names of capital letters, digits and underscores.
fn name_of(field: &str) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("ORDERSYNC_{}", field.chars().take(40).map(sign).collect::<String>())
}

fn entry(priority: u8, fields: &[(String, String)], message: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |name: &str, value: &str| {
        let value = value.get(..value.floor_char_boundary(VALUE_LEN_MAX)).unwrap_or(value);
        bytes.extend_from_slice(name.as_bytes());
        // With its length, as a value may hold line breaks.
        bytes.push(b'\n');
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(b'\n');
    };
    put("MESSAGE", message);
    put("PRIORITY", &priority.to_string());
    put("SYSLOG_IDENTIFIER", "ordersync");
    fields.iter().for_each(|(name, value)| put(name, value));
    bytes
}

/// Each line with its level; otherwise the journal treats lines after the first as other events.
fn lines(priority: u8, message: &str) -> String {
    message.lines().map(|line| format!("<{priority}>{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;
    use tracing_subscriber::prelude::*;

    /// The fields of the entries that reach the journal's socket while `work` runs.
    fn heard(work: impl FnOnce()) -> Vec<Vec<(String, String)>> {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let subscriber =
            tracing_subscriber::registry().with(JournaldLayer::at(path.to_str().unwrap()));
        tracing::subscriber::with_default(subscriber, work);
        let mut entries = Vec::new();
        let mut buffer = vec![0; 1 << 20];
        while let Ok(len) = socket.recv(&mut buffer) {
            entries.push(fields_of(&buffer[..len]));
        }
        entries
    }

    fn fields_of(mut bytes: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (name, rest) = bytes.split_at(end);
            let (len, rest) = rest[1..].split_at(8);
            let (value, rest) = rest.split_at(u64::from_le_bytes(len.try_into().unwrap()) as usize);
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            fields.push((text(name), text(value)));
            bytes = &rest[1..];
        }
        fields
    }

    fn of<'a>(entry: &'a [(String, String)], name: &str) -> &'a str {
        entry.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn an_event_is_self_contained_and_its_fields_can_be_queried() {
        let entries = heard(|| {
            let span = tracing::error_span!("run", job = "shop", run = tracing::field::Empty);
            let _entered = span.enter();
            span.record("run", 7);
            tracing::warn!(
                order = "71",
                attempts = 2,
                "ActiveCampaign did not accept an order\nhint: look at it"
            );
        });
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(
            of(entry, "MESSAGE"),
            "job shop, run 7: ActiveCampaign did not accept an order\nhint: look at it order=71 attempts=2"
        );
        for (name, value) in [
            ("PRIORITY", "4"),
            ("SYSLOG_IDENTIFIER", "ordersync"),
            ("ORDERSYNC_JOB", "shop"),
            ("ORDERSYNC_RUN", "7"),
            ("ORDERSYNC_ORDER", "71"),
            ("ORDERSYNC_ATTEMPTS", "2"),
        ] {
            assert_eq!(of(entry, name), value, "{name} of {entry:?}");
        }
    }

    #[test]
    fn no_value_forges_a_field_and_none_is_too_long_to_be_sent() {
        let long = "ü".repeat(100_000);
        let entries = heard(|| {
            tracing::error!(cell = "x\nPRIORITY=7\n", "forged");
            tracing::error!("{long}");
        });
        assert_eq!(entries.len(), 2, "both arrived");
        assert_eq!(entries[0].iter().filter(|(name, _)| name == "PRIORITY").count(), 1);
        assert_eq!(of(&entries[0], "ORDERSYNC_CELL"), "x\nPRIORITY=7\n");
        assert!(of(&entries[1], "MESSAGE").len() <= VALUE_LEN_MAX);
    }

    #[test]
    fn every_line_carries_its_level_where_only_lines_are_left() {
        assert_eq!(lines(3, "one\ntwo"), "<3>one\n<3>two\n");
    }
}
