//! The only HTTP to ActiveCampaign: requests, rate, retries, and what an answer means.
//!
//! A caller takes a [`Turn`], makes its intent durable, and sends one request with it. Everything
//! that fails is returned as a [`Failure`] whose [`Disposition`] says what to do; nothing else
//! looks at a status code. This module does not know ledgers, exports or jobs, and never decides
//! what to send.

mod account;
mod circuit_breaker;
mod client;
mod counters;
mod disposition;
mod exchange;
mod failure;
mod graphql;
mod http;
mod lookup;
mod options;
mod pages;
mod rate_controller;
mod rate_limiter;
mod reads;
mod records;
mod retry;
mod transport;
mod trial;
mod wire;
mod writes;

#[cfg(test)]
mod tests;

pub use client::{Client, Turn};
pub use counters::Traffic;
pub use disposition::{Disposition, FatalError};
pub use failure::Failure;
pub use graphql::{
    BulkBody, BulkForm, BulkMutation, BulkReply, BulkTrial, GraphqlOrder, KeptCustomer,
    OrderSchema, READ_BACK_MAX, SentOrder,
};
pub use options::{Options, SendGuard};
pub use pages::Pages;
pub use rate_limiter::{SendEvent, SendObserver};
pub use records::{
    Connection, NewConnection, Page, Record, RemoteContact, RemoteCustomer, RemoteDiscount,
    RemoteOrder, RemoteProduct,
};
pub use retry::{Retry, RetryDecision};
pub use transport::{NotConnected, Response, ResponseFuture, Transport, TransportError};
pub use trial::OrderTrial;
pub use writes::Removable;
