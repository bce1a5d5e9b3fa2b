use crate::domain::RemoteId;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
use std::time::{SystemTime, UNIX_EPOCH};

/// A remote id as stored: a number where it is one, as most are, and half the size then.
pub(super) struct StoredId(pub RemoteId);

impl FromSql for StoredId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(n) => Ok(Self(RemoteId::new(n.to_string()))),
            ValueRef::Text(_) => Ok(Self(RemoteId::new(value.as_str()?))),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// The other way.
pub(super) fn stored_id(id: &RemoteId) -> impl ToSql + use<> {
    let text = id.as_str();
    let number = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
    ToSqlOutput::Owned(number.map_or_else(|| Value::Text(text.to_owned()), Value::Integer))
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
