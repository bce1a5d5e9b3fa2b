use super::Job;
use super::bulk::check_no_switch;
use super::change_detector::ChangeDetector;
use super::order_comparison::OrderComparison;
use super::planned_record::{PlannedRecord, RecordVerdict};
use super::reading_error::ReadingError;
use super::remote_fetch::{CompareProgress, Lists, fetch_customers, fetch_orders};
use super::rules_digest::mapping_of;
use super::verification::{Mismatch, Verification};
use super::verify::reading_of;
use crate::activecampaign::{Client, Failure, FatalError, READ_BACK_MAX};
use crate::domain::{
    CustomerKey, LedgerEntry, LoadPath, MovedCustomer, Order, OrderDigest, OrderKey, RemoteId,
};
use crate::extract::Export;
use crate::plan::{Decision, Fingerprints, Step};
use crate::state::{
    AdoptedOrder, AdoptedOrders, ConnectionId, CustomerMirror, OTHER_CUSTOMER, RemoteSnapshot,
    SeenConnection, StateError, Store, View,
};

/// Rows written to the ledger at once.
const ADOPTED_MAX: usize = 1_000;

/// The orders of an export that ActiveCampaign already has.
#[derive(Debug, Clone, Default)]
pub struct Adoption {
    pub job: String,
    /// Records of the export.
    pub read: u64,
    /// The same as in the export: nothing will be sent for them.
    pub adopted: u64,
    /// With different content: the next run updates them.
    pub differing: u64,
    /// Valid orders that ActiveCampaign lacks: the next run creates them.
    pub absent: u64,
    /// Orders that the ledger had already; unchanged.
    pub known: u64,
    /// Orders in ActiveCampaign that a rule leaves out now, or that are invalid now.
    pub left_out: u64,
    /// Orders in ActiveCampaign that the export does not have.
    pub extra: u64,
    pub at_target: u64,
    /// Customers whose ids are known now.
    pub customers: u64,
    /// What differs, and examples.
    pub differences: Verification,
    pub requests: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error(
        "ActiveCampaign has no connection {service}/{externalid}, so there is nothing to adopt\n  hint: `ordersync backfill` creates it and loads the export"
    )]
    NoConnection { service: String, externalid: String },
    #[error(
        "the connection {service}/{externalid} is ActiveCampaign's own integration; its orders are not ours to adopt"
    )]
    Native { service: String, externalid: String },
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error("ActiveCampaign could not be read: {0}")]
    Target(Failure),
}

/// Rebuilds the ledger of a job from what ActiveCampaign holds: reads the connection's customers
/// and orders, compares them with the export, and records the result. Writes nothing to
/// ActiveCampaign, and only adds to the ledger. `progress` is called after each page of a list.
///
/// # Errors
/// When either side can't be read completely; what was found until then may be in the
/// ledger, and is correct.
pub async fn adopt(
    job: &Job,
    export: &Export,
    store: &mut Store,
    client: &Client,
    progress: &dyn Fn(CompareProgress),
) -> Result<Adoption, AdoptError> {
    let spec = &job.connection;
    let view = store.view()?;
    if let Some((connection, _)) = view.connection(&spec.service, &spec.externalid)? {
        check_no_switch(&view, connection, job)?;
    }
    let remote = find_connection(job, &view, client).await?;
    let hash_key = view.hash_key()?;
    let prints = || Fingerprints::new(hash_key);
    let in_flight_max = job.in_flight_max;
    let lists = Lists { client, connection: &remote, in_flight_max, progress };
    let customers = fetch_customers(&lists, &prints()).await?;
    let mirror = fetch_orders(&lists, &prints()).await?;
    let at_target = mirror.len()?;
    let connection = store.record_connection(&SeenConnection {
        service: spec.service.clone(),
        externalid: spec.externalid.clone(),
        id: remote.clone(),
        // A single list may be empty by mistake.
        is_empty: at_target == 0 && customers.is_empty()?,
    })?;
    let is_path_known = view.connection_path(connection)?.load.is_some();
    let comparison =
        OrderComparison { view: &view, connection, fingerprints: prints(), balance: None };
    let adoption = Adoption { job: job.name.clone(), at_target, ..Adoption::default() };
    let mut adopting = Adopting {
        comparison,
        customers,
        mirror,
        store,
        found: AdoptedOrders::default(),
        adoption,
        keeps_customers: job.rules.policy.moved_customer == MovedCustomer::Keep,
        sample: Vec::new(),
    };
    let mapping = prints().mapping(&mapping_of(job, export.files()));
    let detector = ChangeDetector::for_ledger(mapping);
    for record in reading_of(job, export, &view)?.with_detector(Some(detector)) {
        adopting.take(record?)?;
    }
    adopting.write(connection)?;
    let Adopting { mut adoption, mirror, sample, store, .. } = adopting;
    if !is_path_known && came_by_bulk(job, client, &remote, &sample).await? {
        store.set_load_path(connection, LoadPath::Bulk)?;
    }
    adoption.extra = mirror.unmet_count()?;
    adoption.requests = client.traffic().total;
    Ok(adoption)
}

/// Whether GraphQL shows all of these orders. It never shows one that was sent by REST.
async fn came_by_bulk(
    job: &Job,
    client: &Client,
    remote: &RemoteId,
    sample: &[OrderKey],
) -> Result<bool, AdoptError> {
    if job.load != LoadPath::Bulk || sample.is_empty() {
        return Ok(false);
    }
    let keys: Vec<&OrderKey> = sample.iter().collect();
    let shown = client.orders_by_key(remote, &keys).await?;
    Ok(shown.iter().all(Option::is_some))
}

async fn find_connection(job: &Job, view: &View, client: &Client) -> Result<RemoteId, AdoptError> {
    let (service, externalid) = (job.connection.service.clone(), job.connection.externalid.clone());
    let known = view.connection(&service, &externalid)?.map(|(_, id)| id);
    match client.connection_of_known(&service, &externalid, known.as_ref()).await? {
        None if view.orders_sent_to(&service, &externalid)? > 0 => {
            Err(FatalError::ConnectionGone.into())
        }
        None => Err(AdoptError::NoConnection { service, externalid }),
        Some(found) if found.is_internal => Err(AdoptError::Native { service, externalid }),
        Some(found) => Ok(found.id),
    }
}

struct Adopting<'a> {
    comparison: OrderComparison<'a>,
    customers: CustomerMirror,
    mirror: RemoteSnapshot,
    store: &'a mut Store,
    found: AdoptedOrders,
    adoption: Adoption,
    /// An order stays with the customer that it was created for.
    keeps_customers: bool,
    /// The first orders that were found.
    sample: Vec<OrderKey>,
}

impl Adopting<'_> {
    fn take(&mut self, record: PlannedRecord) -> Result<(), AdoptError> {
        self.adoption.read += 1;
        // The order itself is in another record.
        let is_repeat = record.verdict.is_repeat();
        match (record.verdict, record.key) {
            (RecordVerdict::Decided(Decision::Send(step)), _) => {
                self.take_order(&record.label, step, record.digest)?;
            }
            (_, Some(key)) if !is_repeat => {
                let there = self.mirror.meet(&key.ledger_text(), None)?;
                self.adoption.left_out += u64::from(there.is_some());
            }
            _ => {}
        }
        Ok(())
    }

    fn take_order(
        &mut self,
        label: &str,
        step: Step,
        digest: Option<Box<OrderDigest>>,
    ) -> Result<(), AdoptError> {
        let Step { order, .. } = step;
        let connection = self.comparison.connection;
        if self.found.len() >= ADOPTED_MAX {
            self.write(connection)?;
        }
        let customer = self.find_customer(&order)?;
        let there = self.mirror.meet(&order.key.ledger_text(), None)?;
        if let Some(cart) = &order.cart {
            self.take_cart(cart, there.is_some())?;
        }
        if self.comparison.view.order(connection, &order.key)? != LedgerEntry::Unknown {
            self.adoption.known += 1;
            return Ok(());
        }
        if order.key.is_cart() && self.mirror.became_order(&order.key.ledger_text())? {
            self.adoption.adopted += 1;
            self.found.carts.push(order.key);
            return Ok(());
        }
        let Some(there) = there else {
            self.adoption.absent += 1;
            return Ok(());
        };
        let (id, buyer) = (there.order.id.clone(), there.order.customer.clone());
        let differences = &mut self.adoption.differences;
        let found = self.comparison.compare(label, &order, Some(there), differences)?;
        let found = found.unwrap_or_default();
        let is_buyer = customer.as_ref() == Some(&buyer);
        let customer = if is_buyer {
            Some(self.comparison.fingerprints.customer(&order.customer.key))
        } else {
            let is_stated = !buyer.as_str().is_empty();
            self.customers.key_of(&buyer)?.or(is_stated.then_some(OTHER_CUSTOMER))
        };
        // An update can't move it to its customer.
        let is_kept = !is_buyer && customer.is_some() && self.keeps_customers;
        let same = found.iter().all(|found| match found {
            Mismatch::Duplicate => true,
            Mismatch::Customer => is_kept,
            _ => false,
        }) && (is_buyer || is_kept);
        if same {
            self.adoption.adopted += 1;
        } else {
            self.adoption.differing += 1;
        }
        if self.sample.len() < READ_BACK_MAX && !order.key.is_cart() {
            self.sample.push(order.key.clone());
        }
        let content = digest
            .filter(|_| same)
            .map(|digest| (self.comparison.fingerprints.fingerprint(&order), *digest));
        self.found.orders.push(AdoptedOrder { key: order.key, id, content, customer });
        Ok(())
    }

    /// The cart of an order: nothing is left to send, or the next run turns it into its order.
    fn take_cart(&mut self, cart: &OrderKey, has_order: bool) -> Result<(), AdoptError> {
        if has_order {
            self.found.carts.push(cart.clone());
        } else if let Some(there) = self.mirror.meet(&cart.ledger_text(), None)? {
            let customer = self.customers.key_of(&there.order.customer)?;
            let (key, id) = (cart.clone(), there.order.id);
            self.found.orders.push(AdoptedOrder { key, id, content: None, customer });
        }
        Ok(())
    }

    /// ActiveCampaign's id of an order's customer, by key, else by e-mail address; it is recorded
    /// for the ledger.
    fn find_customer(&mut self, order: &Order) -> Result<Option<RemoteId>, AdoptError> {
        let prints = &self.comparison.fingerprints;
        let key = prints.customer(&order.customer.key);
        let address = prints.customer(&CustomerKey::guest(&order.customer.email));
        let found = self.customers.find(&key, &address)?;
        if let Some(id) = &found {
            self.found.customers.push((key, id.clone()));
        }
        Ok(found)
    }

    fn write(&mut self, connection: ConnectionId) -> Result<(), AdoptError> {
        self.adoption.customers +=
            self.store.adopt(connection, &std::mem::take(&mut self.found))?;
        Ok(())
    }
}
