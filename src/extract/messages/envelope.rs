//! One message of Singer or Airbyte, or one row of a loader's table.

use super::loader_columns::{self, LoaderColumns};
use super::row_objects;
use super::versions::Stamps;
use crate::domain::SourceOrder;
use crate::extract::json::{
    Document, JsonFormat, JsonFormats, KeyUses, Keys, RepeatedKey, Tree, Value, malformed,
};

/// The protocol of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    Singer,
    Airbyte,
}

/// A message. Unknown kinds are ignored, as both protocols require.
#[derive(Debug)]
pub enum Message<'a> {
    Record {
        stream: String,
        row: Row<'a>,
    },
    /// Announces a stream; records of it may follow.
    Schema {
        stream: String,
    },
    /// The writer's position, which is returned to it when the records before it are settled.
    State,
    Other,
    /// A record without its stream or its fields.
    Damaged,
}

/// The content of a record.
#[derive(Debug)]
pub struct Row<'a> {
    data: Data<'a>,
    /// The stamps of a table row, as rows are in no particular order.
    pub stamps: Option<Stamps>,
}

#[derive(Debug)]
enum Data<'a> {
    Value(Value<'a>),
    /// JSON from a string, or assembled from several cells.
    Text(String),
}

impl Row<'_> {
    /// The result of `read` for the record; `None` if it is not JSON.
    pub fn with<T>(&self, read: impl FnOnce(Value<'_>) -> T) -> Option<T> {
        match &self.data {
            Data::Value(value) => Some(read(*value)),
            Data::Text(text) => Tree::parse(text).ok().map(|tree| read(tree.root())),
        }
    }

    pub fn keys(&self, formats: &JsonFormats) -> Option<Keys> {
        self.with(|value| formats.keys_of(value))
    }

    /// Notes which keys of the record are read, including the loader's own columns.
    pub fn note_uses(&self, format: &JsonFormat, document: &Document<'_>, uses: &mut KeyUses) {
        self.with(|value| format.note_uses(&Document { value, ..*document }, uses));
        loader_columns::NAMES.iter().for_each(|name| uses.add_place(&[(*name).to_owned()]));
    }

    /// The record as an order; if it is not an object, only this record is malformed.
    pub fn order(&self, format: &JsonFormat, document: &Document<'_>) -> SourceOrder {
        let order = self.with(|value| {
            let mut order = format.order(&Document { value, ..*document });
            match LoaderColumns::of(value).map(|columns| columns.says_deleted()) {
                Ok(Ok(is_deleted)) => order.is_deleted = is_deleted,
                Ok(Err(fault)) => order.faults.push(fault),
                Err(RepeatedKey) => {}
            }
            order
        });
        order.unwrap_or_else(malformed)
    }
}

impl Envelope {
    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Singer => "singer",
            Self::Airbyte => "airbyte",
        }
    }

    /// The protocol of a message; `None` for other JSON, and for a message of either protocol.
    pub fn of(message: Value<'_>) -> Option<Self> {
        if let Some(envelope) = Self::of_row(message) {
            return Some(envelope);
        }
        let has = |key| matches!(stated(message, key), Ok(Some(_)));
        match kind_of(message).ok()?.as_deref() {
            Some("RECORD") if has("record") && has("stream") => Some(Self::Singer),
            Some("RECORD") if has("record") => Some(Self::Airbyte),
            Some("SCHEMA" | "ACTIVATE_VERSION") if has("stream") => Some(Self::Singer),
            Some("STATE") if has("value") => Some(Self::Singer),
            Some(
                "STATE" | "LOG" | "TRACE" | "CATALOG" | "SPEC" | "CONTROL" | "CONNECTION_STATUS",
            ) => Some(Self::Airbyte),
            None if has("stream") && has("data") && has("emitted_at") => Some(Self::Airbyte),
            _ => None,
        }
    }

    /// The protocol whose loader wrote a row, by the columns it adds. Messages have none of these
    /// outside their record.
    pub fn of_row(row: Value<'_>) -> Option<Self> {
        match LoaderColumns::of(row).ok()? {
            columns if columns.is_of_airbyte() => Some(Self::Airbyte),
            columns if columns.is_of_singer() => Some(Self::Singer),
            _ => None,
        }
    }

    pub fn read(self, message: Value<'_>) -> Message<'_> {
        if !message.is_object() {
            return Message::Damaged;
        }
        self.try_read(message).unwrap_or(Message::Damaged)
    }

    fn try_read(self, message: Value<'_>) -> Result<Message<'_>, RepeatedKey> {
        let columns = LoaderColumns::of(message)?;
        if columns.is_of_airbyte() || columns.is_of_singer() {
            return Ok(row_of_table(message, &columns));
        }
        match (self, kind_of(message)?.as_deref()) {
            (Self::Singer, Some("RECORD")) => record(message, "record"),
            (Self::Singer, Some("SCHEMA")) => {
                let stream = string(message, "stream")?;
                Ok(stream.map_or(Message::Other, |stream| Message::Schema { stream }))
            }
            (Self::Singer, Some("STATE")) => Ok(Message::State),
            (Self::Airbyte, Some("RECORD")) => match stated(message, "record")? {
                Some(inner) => record(inner, "data"),
                None => Ok(Message::Damaged),
            },
            (Self::Airbyte, None) => record(message, "data"),
            _ => Ok(Message::Other),
        }
    }
}

/// The kind of message, in capitals.
fn kind_of(message: Value<'_>) -> Result<Option<String>, RepeatedKey> {
    Ok(string(message, "type")?.map(|kind| kind.to_ascii_uppercase()))
}

fn string(object: Value<'_>, key: &str) -> Result<Option<String>, RepeatedKey> {
    Ok(stated(object, key)?.and_then(string_of))
}

fn string_of(value: Value<'_>) -> Option<String> {
    let text = value.raw().starts_with('"').then(|| value.text().ok())??;
    Some(text.into_owned())
}

fn stated<'a>(object: Value<'a>, key: &str) -> Result<Option<Value<'a>>, RepeatedKey> {
    Ok(object.get(key)?.filter(|value| !value.is_null()))
}

/// Streams with the same name in two namespaces are different.
fn record<'a>(message: Value<'a>, data: &str) -> Result<Message<'a>, RepeatedKey> {
    let (stream, data) = (string(message, "stream")?, stated(message, data)?);
    let (Some(stream), Some(data)) = (stream, data) else { return Ok(Message::Damaged) };
    let stream = match string(message, "namespace")? {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}.{stream}"),
        _ => stream,
    };
    Ok(Message::Record { stream, row: Row { data: Data::Value(data), stamps: None } })
}

/// A row of a loader's table, which contains one stream without naming it. Its fields are next to
/// the loader's columns, or JSON in one of them.
fn row_of_table<'a>(row: Value<'a>, columns: &LoaderColumns<'a>) -> Message<'a> {
    let data = match columns.data() {
        Some(data) => string_of(data).map_or(Data::Value(data), Data::Text),
        None => row_objects::unfolded(row).map_or(Data::Value(row), Data::Text),
    };
    let mut row = Row { data, stamps: None };
    // A change captured at a database states its time within the data.
    let inner = row.with(|data| LoaderColumns::of(data).map_or(0, |columns| columns.sequence()));
    let sequence = columns.sequence().max(inner.unwrap_or_default());
    row.stamps = Some(Stamps { extracted_at: columns.extracted_at(), sequence });
    Message::Record { stream: String::new(), row }
}
