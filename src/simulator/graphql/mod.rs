//! The GraphQL of the e-commerce API: `POST /ecom/graphql`.
//!
//! Its schema follows the documentation, and it coerces as strictly as graphql-java. Orders that it
//! writes are copied to the records of the REST API after a while; those written by REST are not
//! copied back.

mod amount;
mod coerce;
mod copy;
mod endpoint;
mod error;
mod introspect;
mod judge;
mod lexer;
mod options;
mod orders;
mod parser;
mod request;
mod schema;
mod search;
mod state;
mod validate;

pub(super) use copy::settle;
pub(super) use endpoint::answer;
pub(super) use error::GraphqlError;
pub(super) use judge::{judge, note_rest_write};
pub use options::{
    CopiedTax, CopiedUnits, GraphqlOptions, LineConnection, PriceReading, RestOrder, Update,
};
pub(super) use parser::{Field, Literal};
pub(super) use request::{Request, key_of};
pub(super) use state::GraphqlState;
