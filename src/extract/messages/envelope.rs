//! One message: whose it is, and what it holds.

use super::marks::Marks;
use super::objects;
use super::version::Stamps;
use crate::extract::json::Raw;
use serde::Deserialize;
use std::borrow::Cow;

/// Who writes such messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    Singer,
    Airbyte,
}

/// A message, as far as it is of use. Kinds that are not known are passed over, as both protocols
/// ask for.
#[derive(Debug)]
pub enum Message<'a> {
    Record {
        stream: String,
        row: Row<'a>,
    },
    /// That a stream is there; records of it may follow.
    Schema {
        stream: String,
    },
    /// How far who writes the stream has come: its own to read, once what stands before it is
    /// settled.
    State,
    Other,
    /// A record that lacks its stream or its fields.
    Damaged,
}

/// The parts of a message of either kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Parts<'a> {
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow)]
    namespace: Raw<'a>,
    #[serde(borrow)]
    stream: Raw<'a>,
    #[serde(borrow)]
    record: Raw<'a>,
    #[serde(borrow)]
    data: Raw<'a>,
    #[serde(borrow)]
    emitted_at: Raw<'a>,
    #[serde(borrow)]
    value: Raw<'a>,
}

/// What a record holds.
#[derive(Debug)]
pub struct Row<'a> {
    pub data: Cow<'a, str>,
    /// Of a row of a table, whose rows stand in no order.
    pub stamps: Option<Stamps>,
}

impl Envelope {
    pub const ALL: [Self; 2] = [Self::Singer, Self::Airbyte];

    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Singer => "singer",
            Self::Airbyte => "airbyte",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Singer => "messages of a Singer tap",
            Self::Airbyte => "messages of an Airbyte source",
        }
    }

    /// What must be in the stream.
    pub fn needs(self) -> &'static str {
        match self {
            Self::Singer => "RECORD messages of one stream of orders, with what their format needs",
            Self::Airbyte => "records of one stream of orders, with what their format needs",
        }
    }

    pub fn description(self) -> &'static str {
        match self {
            Self::Singer => "Singer: the messages of a tap, also from standard input",
            Self::Airbyte => {
                "Airbyte: messages of a source, or records as a destination writes them"
            }
        }
    }

    /// Whose message this is, where it says; `None` for other JSON, and for a message that both may
    /// write.
    ///
    /// # Errors
    /// When the text is no JSON, or no object.
    pub fn of(text: &str) -> serde_json::Result<Option<Self>> {
        if let Some(envelope) = Self::of_row(text)? {
            return Ok(Some(envelope));
        }
        let parts: Parts<'_> = serde_json::from_str(text)?;
        Ok(match parts.word().as_deref() {
            Some("RECORD") if parts.record.is_some() && parts.stream.is_some() => {
                Some(Self::Singer)
            }
            Some("RECORD") if parts.record.is_some() => Some(Self::Airbyte),
            Some("SCHEMA" | "ACTIVATE_VERSION") if parts.stream.is_some() => Some(Self::Singer),
            Some("STATE") if parts.value.is_some() => Some(Self::Singer),
            Some(
                "STATE" | "LOG" | "TRACE" | "CATALOG" | "SPEC" | "CONTROL" | "CONNECTION_STATUS",
            ) => Some(Self::Airbyte),
            None if parts.stream.is_some()
                && parts.data.is_some()
                && parts.emitted_at.is_some() =>
            {
                Some(Self::Airbyte)
            }
            _ => None,
        })
    }

    /// Whose table this is a row of, by the marks that loaders add to it. Messages have none of
    /// these outside their record.
    ///
    /// # Errors
    /// When the text is no JSON, or no object.
    pub fn of_row(text: &str) -> serde_json::Result<Option<Self>> {
        Ok(match Marks::of(text)? {
            Some(marks) if marks.is_of_airbyte() => Some(Self::Airbyte),
            Some(marks) if marks.is_of_singer() => Some(Self::Singer),
            _ => None,
        })
    }

    /// # Errors
    /// When the text is no JSON, no object, or says one thing twice.
    pub fn read(self, text: &str) -> serde_json::Result<Message<'_>> {
        match Marks::of(text)? {
            Some(marks) if marks.is_of_airbyte() || marks.is_of_singer() => {
                return Ok(row_of_table(text, &marks));
            }
            _ => {}
        }
        let parts: Parts<'_> = serde_json::from_str(text)?;
        let word = parts.word();
        Ok(match (self, word.as_deref()) {
            (Self::Singer, Some("RECORD")) => record(&parts, parts.record),
            (Self::Singer, Some("SCHEMA")) => match name_of(parts.stream) {
                Some(stream) => Message::Schema { stream },
                None => Message::Other,
            },
            (Self::Singer, Some("STATE")) => Message::State,
            (Self::Airbyte, Some("RECORD")) => {
                match parts.record.filter(|inner| inner.get().starts_with('{')) {
                    Some(inner) => match serde_json::from_str::<Parts<'_>>(inner.get()) {
                        Ok(inner) => record(&inner, inner.data),
                        Err(_) => Message::Damaged,
                    },
                    None => Message::Damaged,
                }
            }
            (Self::Airbyte, None) => record(&parts, parts.data),
            _ => Message::Other,
        })
    }
}

impl Parts<'_> {
    /// The kind of message, in capitals.
    fn word(&self) -> Option<String> {
        Some(name_of(self.kind)?.to_ascii_uppercase())
    }
}

fn name_of(raw: Raw<'_>) -> Option<String> {
    serde_json::from_str::<String>(raw?.get()).ok()
}

/// Streams of one name in two namespaces are two.
fn record<'a>(parts: &Parts<'a>, data: Raw<'a>) -> Message<'a> {
    let (Some(stream), Some(data)) = (name_of(parts.stream), data) else { return Message::Damaged };
    let stream = match name_of(parts.namespace) {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}.{stream}"),
        _ => stream,
    };
    Message::Record { stream, row: Row { data: Cow::Borrowed(data.get()), stamps: None } }
}

/// A row of a loader's table: all of one stream, which it does not name. Its fields stand beside
/// the marks, or as JSON in one of them.
fn row_of_table<'a>(text: &'a str, marks: &Marks<'a>) -> Message<'a> {
    let data = match (marks.data.map(|raw| raw.get()), name_of(marks.data)) {
        (_, Some(inner)) => Cow::Owned(inner),
        (Some(data), None) => Cow::Borrowed(data),
        (None, _) => match objects::unfolded(text) {
            Ok(data) => data,
            Err(_) => return Message::Damaged,
        },
    };
    // A change that was captured at a database says when it was made within the data.
    let inner = Marks::of(&data).ok().flatten().map_or(0, |marks| marks.sequence());
    let stamps =
        Stamps { extracted_at: marks.extracted_at(), sequence: marks.sequence().max(inner) };
    Message::Record { stream: String::new(), row: Row { data, stamps: Some(stamps) } }
}
