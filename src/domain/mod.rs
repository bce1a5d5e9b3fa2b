//! The values that all stages share. Imports no other module, and uses no file, network, clock or
//! database.

mod attempt;
mod bulk;
pub mod calendar;
mod choices;
mod currency;
mod digest;
mod email;
mod field;
mod fingerprint;
mod hints;
mod host;
mod keys;
mod ledger_entry;
mod moment;
mod money;
mod not_connected;
mod order;
mod passed_over;
mod policy;
mod probe;
mod record_error;
mod share;
mod shown_value;
mod source;
mod status;
mod text;

pub(crate) use choices::choices;

pub use attempt::{Answer, Attempt, Operation};
pub use bulk::{BulkFindings, LoadPath, PriceReading, schema_text};
pub use currency::{Currency, CurrencyError};
pub use digest::{FieldChange, FieldValue, OrderDigest, ShortHash};
pub use email::{Email, EmailError};
pub use field::Field;
pub use fingerprint::Fingerprint;
pub use hints::{did_you_mean, nearest, one_of};
pub use host::{host_and_port, is_loopback, shop_host};
pub use keys::{CustomerHash, CustomerKey, KeyError, OrderKey, is_damaged_id, is_rewritten};
pub use ledger_entry::{CustomerEntry, LedgerEntry, RemoteId};
pub use moment::Moment;
pub use money::{Amount, AmountError};
pub use not_connected::{NotConnectedCause, causes, certificate_fault};
pub use order::{Customer, Discount, DiscountKind, Historical, Line, Notes, Order, RefundNote};
pub use passed_over::{OtherRow, PassedOver, Unplaced};
pub use policy::{
    Customers, DateShift, Deleted, FractionalQuantity, Gone, MissingEmail, MovedCustomer, OrderId,
    Policy, PolicyEffect, PolicySetting, PolicyValues, Refunds, Rounding, Total,
};
pub use probe::ProbeAnswer;
pub use record_error::{Reason, RecordError, add_once};
pub use share::Share;
pub use shown_value::ShownValue;
pub use source::{Position, SourceDiscount, SourceLine, SourceOrder, Unstated};
pub use status::Status;
pub use text::{Text, interned, is_invisible, line_and_column, toml_kind, trim};
