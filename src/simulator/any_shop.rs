//! A simulated shop of any system, with the changes that all have in common.

use super::host_faults::HostFault;
use jiff::Timestamp;
use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;

/// What happens to an order of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It gets another total, in hundredths; a new one is placed if it does not exist.
    Put { id: u64, total: u64, at: Timestamp },
    /// It is deleted permanently.
    Delete { id: u64 },
    /// It gets another total without a new time of modification, as by the deletion of a refund.
    Silent { id: u64, total: u64 },
}

pub trait AnyShop: Any + Send + Sync {
    fn url(&self) -> String;

    /// How many requests it received.
    fn requests(&self) -> usize;

    /// What a correct client never does.
    fn violations(&self) -> Vec<String>;

    /// The total of each order, in hundredths.
    fn totals(&self) -> BTreeMap<u64, u64>;

    /// The abandoned carts that an account may have in addition to the orders; one with a total, in
    /// hundredths, must be there.
    fn carts(&self) -> BTreeMap<u64, Option<u64>>;

    fn apply(&self, change: Change);

    /// Calls this right before the shop answers its request of this number, counted from 1.
    fn call_before(&self, request: usize, call: Box<dyn FnOnce() + Send>);

    /// Changes the shop right before it answers its request of this number, counted from 1.
    fn apply_before(&self, request: usize, change: Change);

    /// Drops changes that wait for requests that did not come.
    fn forget_changes(&self);

    /// Fails the next request in this way, after those already queued.
    fn fail_next(&self, fault: HostFault);

    /// Queues a fault that only this system has; `nth` selects it.
    fn inject_own_fault(&self, nth: u64);

    /// How far its clock is ahead, in seconds.
    fn set_clock(&self, ahead_s: i64);
}

/// A shop that is being started.
pub type Starting = Pin<Box<dyn Future<Output = io::Result<Box<dyn AnyShop>>> + Send>>;

/// A system whose shops can be simulated.
pub struct System {
    /// Its name in settings.
    pub name: &'static str,
    /// The secrets that its shops accept, and the other settings that clients need, by their keys.
    pub secrets: &'static [(&'static str, &'static str)],
    pub texts: &'static [(&'static str, &'static str)],
    /// The requests of a pull without changes: with the last day's changes in the overlap, and
    /// without.
    pub idle_requests: [usize; 2],
    /// Starts a shop with these orders, given by id and time. `variant` selects the behaviour of
    /// the shop and its host; 0 is a typical shop.
    pub start: fn(orders: Vec<(u64, Timestamp)>, variant: u64) -> Starting,
}
