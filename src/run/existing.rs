//! `plan --ask`: which of the records that a plan would create exist at ActiveCampaign. It only
//! reads: a request for each connection, and one for each hundred orders of it and contacts of the
//! account.

use super::connection::{ConnectionSpec, connection_check};
use super::planned_record::{PlannedRecord, RecordVerdict};
use super::remote_fetch::{CompareProgress, FetchError};
use crate::activecampaign::{
    Client, Connection, Disposition, Failure, FatalError, Page, Pages, Record, RemoteContact,
    RemoteOrder,
};
use crate::plan::{Action, Assumptions, Decision, Forecast, PriorWrite};
use crate::scratch::SeenKeys;
use crate::state::{ConnectionCheck, StateError};

/// Records on a page of a list.
const PAGE_LEN: u64 = 100;

/// The records that a plan would create, collected while its export is read.
#[derive(Debug, Default)]
pub struct ToCreate {
    orders: SizedKeys,
    /// E-mail addresses of new customers.
    addresses: SizedKeys,
}

/// A set of keys that knows its size.
#[derive(Debug, Default)]
struct SizedKeys {
    keys: SeenKeys,
    len: u64,
}

impl SizedKeys {
    fn insert(&mut self, key: &str) -> Result<(), StateError> {
        self.len += u64::from(self.keys.insert(key, 0)?.is_none());
        Ok(())
    }
}

impl ToCreate {
    pub(super) fn note(&mut self, record: &PlannedRecord) -> Result<(), StateError> {
        let RecordVerdict::Decided(Decision::Send(step)) = &record.verdict else { return Ok(()) };
        let is_update =
            matches!(step.action, Action::Update(_) | Action::LookUp(PriorWrite::Update));
        if !is_update {
            self.orders.insert(&step.order.key.ledger_text())?;
        }
        if record.details.is_new_customer {
            self.addresses.insert(step.order.customer.email.as_str())?;
        }
        Ok(())
    }
}

/// Which of the records that a plan would create exist at ActiveCampaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existing {
    /// Whether it has the job's connection.
    pub has_connection: bool,
    pub orders: Overlap,
    /// By their e-mail addresses; `None`: the account does not list its contacts.
    pub contacts: Option<Overlap>,
}

/// The intersection of a plan and a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// The number of records that the plan would create.
    pub to_create: u64,
    /// Those among them that exist.
    pub found: u64,
    /// The length of the list.
    pub listed: u64,
}

/// One job of an account, and the records that its plan would create.
pub struct AskedJob<'a> {
    pub connection: &'a ConnectionSpec,
    pub to_create: &'a ToCreate,
}

/// The answer for a job.
#[derive(Debug, Clone)]
pub struct ExistingAnswer {
    pub existing: Existing,
    pub connection: ConnectionCheck,
}

/// How an account is queried.
pub struct Questioning<'a> {
    pub client: &'a Client,
    pub terms: Assumptions,
    /// Called once before reading, when the amount to read is known, with the number of requests
    /// sent so far.
    pub begin: &'a dyn Fn(u64, &Forecast),
    pub progress: &'a dyn Fn(CompareProgress),
}

/// The connection of a job, and its orders.
struct OrdersOf {
    connection: Option<Connection>,
    list: Option<OpenList<RemoteOrder>>,
}

/// Queries the account about the plans of its jobs: an answer for each. The account's contacts are
/// read once; a plan that creates nothing needs no list.
pub async fn ask(
    ask: &Questioning<'_>,
    jobs: &[AskedJob<'_>],
) -> Result<Vec<ExistingAnswer>, FetchError> {
    let mut lists = Vec::new();
    let mut sent = 0;
    for job in jobs {
        let (spec, orders) = (job.connection, &job.to_create.orders);
        let connection = ask.client.connection_of(&spec.service, &spec.externalid).await?;
        let list = match &connection {
            Some(found) if orders.len > 0 => {
                Some(OpenList::open(ask.client.orders(&found.id)).await?)
            }
            _ => None,
        };
        sent += 1 + u64::from(list.is_some());
        lists.push(OrdersOf { connection, list });
    }
    let has_addresses = jobs.iter().any(|job| job.to_create.addresses.len > 0);
    let contacts = if has_addresses { contacts_of(ask.client).await? } else { None };
    sent += u64::from(has_addresses);
    let of_orders: u64 =
        lists.iter().filter_map(|of| of.list.as_ref()).map(OpenList::pages_left).sum();
    let left = of_orders + contacts.as_ref().map_or(0, OpenList::pages_left);
    (ask.begin)(sent, &Forecast::new(left, ask.terms));
    let mut answers = Vec::new();
    for (job, OrdersOf { connection, list }) in jobs.iter().zip(lists) {
        let orders = find_orders(ask, &job.to_create.orders, list).await?;
        let has_connection = connection.is_some();
        let contacts = (!has_addresses).then(Overlap::default);
        answers.push(ExistingAnswer {
            existing: Existing { has_connection, orders, contacts },
            connection: connection_check(connection.as_ref()),
        });
    }
    if let Some(list) = contacts {
        let found = find_contacts(ask, jobs, list).await?;
        for (answer, overlap) in answers.iter_mut().zip(found) {
            answer.existing.contacts = Some(overlap);
        }
    }
    Ok(answers)
}

async fn find_orders(
    ask: &Questioning<'_>,
    wanted: &SizedKeys,
    list: Option<OpenList<RemoteOrder>>,
) -> Result<Overlap, FetchError> {
    let mut search = [Search::of(wanted)];
    if let Some(list) = list {
        let progress = |listed, total| (ask.progress)(CompareProgress::Orders { listed, total });
        let key = |order: &RemoteOrder| Some(order.ledger_text());
        list.side_by_side(ask.terms.in_flight_max).each(&mut search, key, &progress).await?;
    }
    let [Search { overlap, .. }] = search;
    Ok(overlap)
}

/// Of each job.
async fn find_contacts(
    ask: &Questioning<'_>,
    jobs: &[AskedJob<'_>],
    list: OpenList<RemoteContact>,
) -> Result<Vec<Overlap>, FetchError> {
    let wanted = jobs.iter().map(|job| &job.to_create.addresses);
    let mut searches: Vec<Search<'_>> = wanted.map(Search::of).collect();
    let progress = |listed, total| (ask.progress)(CompareProgress::Contacts { listed, total });
    let key = |contact: &RemoteContact| {
        let email = contact.email.trim().to_lowercase();
        (!email.is_empty()).then_some(email)
    };
    list.side_by_side(ask.terms.in_flight_max).each(&mut searches, key, &progress).await?;
    Ok(searches.into_iter().map(|search| search.overlap).collect())
}

/// The contacts of the account; `None` if it has no such list.
async fn contacts_of(client: &Client) -> Result<Option<OpenList<RemoteContact>>, FetchError> {
    match OpenList::open(client.contacts()).await {
        Ok(list) => Ok(Some(list)),
        Err(failure) if failure.disposition == NO_SUCH_LIST => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

const NO_SUCH_LIST: Disposition = Disposition::Stop(FatalError::Unexpected { status: 404 });

/// Keys that are searched for in a list.
struct Search<'a> {
    wanted: &'a SizedKeys,
    /// Those found: a key may be listed twice.
    seen: SeenKeys,
    overlap: Overlap,
}

impl<'a> Search<'a> {
    fn of(wanted: &'a SizedKeys) -> Self {
        let overlap = Overlap { to_create: wanted.len, ..Overlap::default() };
        Self { wanted, seen: SeenKeys::default(), overlap }
    }

    fn take(&mut self, key: &str) -> Result<(), StateError> {
        self.overlap.listed += 1;
        if self.wanted.keys.has(key)? && self.seen.insert(key, 0)?.is_none() {
            self.overlap.found += 1;
        }
        Ok(())
    }
}

/// A list whose first page was read.
struct OpenList<T> {
    first: Option<Page<T>>,
    pages: Pages<T>,
}

impl<T: Record + Send + 'static> OpenList<T> {
    async fn open(mut pages: Pages<T>) -> Result<Self, Failure> {
        Ok(Self { first: pages.next().await?, pages })
    }

    fn pages_left(&self) -> u64 {
        let total = self.first.as_ref().and_then(|page| page.total);
        total.map_or(0, |total| total.div_ceil(PAGE_LEN).saturating_sub(1))
    }

    fn side_by_side(self, in_flight_max: usize) -> Self {
        Self { pages: self.pages.side_by_side(in_flight_max), ..self }
    }

    async fn each(
        mut self,
        searches: &mut [Search<'_>],
        key: impl Fn(&T) -> Option<String>,
        progress: &dyn Fn(u64, Option<u64>),
    ) -> Result<(), FetchError> {
        let mut listed = 0;
        let mut next = self.first.take();
        while let Some(page) = next {
            listed += page.records.len() as u64;
            for key in page.records.iter().filter_map(&key) {
                searches.iter_mut().try_for_each(|search| search.take(&key))?;
            }
            progress(listed, page.total);
            next = self.pages.next().await?;
        }
        Ok(())
    }
}
