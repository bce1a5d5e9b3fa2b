mod client;
pub mod encrypted;
mod faults;
mod graphql;
mod judging;
mod limits;
mod lists;
mod orders;
mod records;
mod side_channel;

use client::Client;
