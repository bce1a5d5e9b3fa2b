use crate::activecampaign::{Client, Failure, RemoteOrder};
use crate::domain::{CustomerHash, CustomerKey, Email, RemoteId};
use crate::plan::Fingerprints;
use crate::state::{CustomerMirror, RemoteRow, RemoteSnapshot, StateError};

/// Why ActiveCampaign's lists could not be read completely.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Target(#[from] Failure),
    #[error(transparent)]
    State(#[from] StateError),
}

/// The progress of a comparison of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareProgress {
    /// Orders that were listed, of the total that ActiveCampaign states.
    Orders { listed: u64, total: Option<u64> },
    /// The same for customers.
    Customers { listed: u64, total: Option<u64> },
    /// The same for the account's contacts.
    Contacts { listed: u64, total: Option<u64> },
    /// Orders that were compared line by line.
    Lines(u64),
}

/// The lists of a connection, each read with up to so many pages in flight.
pub(super) struct Lists<'a> {
    pub client: &'a Client,
    pub connection: &'a RemoteId,
    pub in_flight_max: usize,
    /// Called after each page.
    pub progress: &'a dyn Fn(CompareProgress),
}

/// Every order of a connection, as in ActiveCampaign's list.
pub(super) async fn fetch_orders(
    lists: &Lists<'_>,
    prints: &Fingerprints,
) -> Result<RemoteSnapshot, FetchError> {
    let mut mirror = RemoteSnapshot::new()?;
    add_orders(lists, prints, &mut mirror).await?;
    Ok(mirror)
}

/// Adds every order of the list that is not stored yet.
pub(super) async fn add_orders(
    lists: &Lists<'_>,
    prints: &Fingerprints,
    mirror: &mut RemoteSnapshot,
) -> Result<(), FetchError> {
    let mut pages = lists.client.orders(lists.connection).side_by_side(lists.in_flight_max);
    let mut listed = 0;
    while let Some(page) = pages.next().await? {
        listed += page.records.len() as u64;
        for order in page.records {
            mirror.add(&mirrored(order, prints))?;
        }
        (lists.progress)(CompareProgress::Orders { listed, total: page.total });
    }
    Ok(())
}

/// Every customer of a connection, by the hashes of its external id and its e-mail address, as
/// [`fetch_orders`].
pub(super) async fn fetch_customers(
    lists: &Lists<'_>,
    prints: &Fingerprints,
) -> Result<CustomerMirror, FetchError> {
    let mut mirror = CustomerMirror::new()?;
    let mut pages = lists.client.customers(lists.connection).side_by_side(lists.in_flight_max);
    let mut listed = 0;
    while let Some(page) = pages.next().await? {
        listed += page.records.len() as u64;
        for customer in page.records {
            let key = prints.customer(&CustomerKey::registered(&customer.externalid));
            mirror.add(&customer.id, &key, &hash_of_address(&customer.email, prints))?;
        }
        (lists.progress)(CompareProgress::Customers { listed, total: page.total });
    }
    Ok(mirror)
}

pub(super) fn mirrored(order: RemoteOrder, prints: &Fingerprints) -> RemoteRow {
    RemoteRow {
        key: order.ledger_text(),
        cart: order.cart_text(),
        email_hash: hash_of_address(&order.email, prints),
        id: order.id,
        total_minor: order.total_minor,
        currency: order.currency,
        created_s: order.created_at.map(|at| at.timestamp().as_second()),
        products: order.products,
        customer: order.customer,
    }
}

/// Hashed like a guest's key, so that two addresses can be distinguished without storing either.
fn hash_of_address(text: &str, prints: &Fingerprints) -> CustomerHash {
    Email::parse(text).map(|email| prints.customer(&CustomerKey::guest(&email))).unwrap_or_default()
}
