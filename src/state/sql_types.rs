//! How values are stored: each enum with its word or number in one place.

use crate::domain::{Operation, OrderKey, RemoteId};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};

/// Enums as of [`choices!`](crate::domain::choices) that are stored as their words.
macro_rules! stored_words {
    ($($(#[$about:meta])* $name:ident { $($variant:ident $word:literal $meaning:literal;)+ })+) => {
        crate::domain::choices! {$(
            $(#[$about])*
            pub enum $name { $($variant $word $meaning;)+ }
        )+}

        $(impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.word().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                Self::from_word(value.as_str()?).ok_or(rusqlite::types::FromSqlError::InvalidType)
            }
        })+
    };
}

/// An enum that is stored as a number, of tables with many rows.
macro_rules! stored_numbers {
    ($($(#[$about:meta])* $vis:vis $name:ident { $($(#[$is:meta])* $variant:ident = $number:literal,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($(#[$is])* $variant = $number,)* }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok((*self as i64).into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                match value.as_i64()? {
                    $($number => Ok(Self::$variant),)*
                    other => Err(rusqlite::types::FromSqlError::OutOfRange(other)),
                }
            }
        }
    )*};
}

pub(super) use {stored_numbers, stored_words};

/// Our number of a connection resource; ActiveCampaign has one of its own.
pub type ConnectionId = i64;

/// Our number of an order.
pub(super) type OrderId = i64;

pub type RunId = i64;

stored_words! {
    /// What started a run.
    Kind {
        Backfill "backfill" "The first full run.";
        Sync "sync" "A later run.";
        Canary "canary" "Loads a few chosen orders and no others; never resumed.";
    }

    /// How a run ended.
    RunEnd {
        Finished "finished" "It read the export to its end.";
        Interrupted "interrupted" "By a signal, or at the end of the time it was given.";
        Paused "paused" "ActiveCampaign is unavailable; running again resumes.";
        Stopped "stopped" "ActiveCampaign refused access or too many orders; someone has to act.";
        Failed "failed" "Something unexpected.";
    }
}

stored_numbers! {
    /// The state of an order in the ledger.
    pub(super) OrderState {
        Settled = 0,
        CreateIntended = 1,
        UpdateIntended = 2,
        Refused = 3,
        /// A cart that became an order.
        BecameOrder = 4,
        DeleteIntended = 5,
        /// Not in the ledger: it only has a history, or was removed from the ledger.
        Absent = 6,
        /// The bulk path accepted it, and the REST API has not shown its copy yet.
        Accepted = 7,
    }

    /// The outcome of the last write of an order.
    pub(super) WriteOutcome {
        Created = 1,
        Updated = 2,
        Adopted = 3,
        LeftDeleted = 4,
        /// A cart that is superseded by its order.
        Superseded = 5,
    }
}

/// An id or key as stored: a number if it is written as one, as most are, which halves the size.
pub(super) struct StoredText(pub String);

impl FromSql for StoredText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(n) => Ok(Self(n.to_string())),
            ValueRef::Text(_) => Ok(Self(value.as_str()?.to_owned())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A text as [`StoredText`] reads it.
pub(super) fn stored(text: &str) -> impl ToSql + use<> {
    let number = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
    ToSqlOutput::Owned(number.map_or_else(|| Value::Text(text.to_owned()), Value::Integer))
}

pub(super) fn stored_id(id: &RemoteId) -> impl ToSql + use<> {
    stored(id.as_str())
}

pub(super) fn stored_key(key: &OrderKey) -> impl ToSql + use<> {
    stored(&key.ledger_text())
}

/// A remote id as stored.
pub(super) struct StoredId(pub RemoteId);

impl FromSql for StoredId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(RemoteId::new(StoredText::column_result(value)?.0)))
    }
}

impl ToSql for Operation {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}
