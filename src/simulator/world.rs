use super::call::{Call, Resource, scalar};
use super::fault_queue::FaultQueue;
use super::graphql::{GraphqlOptions, GraphqlState};
use super::options::Options;
use super::rate_limit::{Allowance, RateLimit};
use super::render::View;
use super::reply::Pause;
use super::request_log::RequestLog;
use super::store::{Age, Store};
use super::violations::{Rule, Violations};
use super::write_tracker::{Lookup, RecordKey, WriteTracker};
use fastrand::Rng;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// A request this soon after a pause was announced can't have known about it.
const PAUSE_GRACE: Duration = Duration::from_millis(250);

/// The tolerance at the end of a pause.
const PAUSE_TOLERANCE: Duration = Duration::from_millis(5);

/// An automation of the account that a live order set off.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Trigger {
    pub at_request: u64,
    pub name: &'static str,
    pub order: String,
}

/// Everything that changes while the simulator runs, behind one lock that is never held across an
/// await.
pub(super) struct World {
    pub options: Options,
    pub zone: TimeZone,
    pub store: Store,
    pub graphql: GraphqlState,
    pub faults: FaultQueue,
    pub rng: Rng,
    pub writes: WriteTracker,
    pub violations: Violations,
    pub log: RequestLog,
    pub triggers: Vec<Trigger>,
    pub duplicate_orders: u64,
    /// Orders of connections of this service may test what the documentation leaves open.
    pub trial_service: Option<String>,
    limiter: RateLimit,
    /// The pause that was announced last, from when it binds to its end.
    pause: Option<(Duration, Duration)>,
    started: Instant,
}

/// What is known about a request when its head has arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admission {
    pub number: u64,
    pub authorised: bool,
    pub allowance: Allowance,
}

/// What to note about a request when it ends.
pub(super) struct RequestEnd {
    pub number: u64,
    /// The status that the client sees, if any.
    pub status: Option<u16>,
    /// The records that it writes.
    pub keys: Vec<RecordKey>,
    /// Whether it is a create.
    pub creates: bool,
    /// Whether the client can't know the outcome.
    pub lost: bool,
    pub email: Option<String>,
    pub lookups: Vec<Lookup>,
    pub pause: Option<Pause>,
}

impl World {
    pub fn new(options: Options, zone: TimeZone) -> Self {
        Self {
            limiter: RateLimit::new(options.requests_per_second, options.window),
            rng: Rng::with_seed(options.seed),
            zone,
            store: Store::default(),
            graphql: GraphqlState::new(&options.graphql),
            faults: FaultQueue::default(),
            writes: WriteTracker::default(),
            violations: Violations::default(),
            log: RequestLog::default(),
            triggers: Vec::new(),
            duplicate_orders: 0,
            trial_service: None,
            pause: None,
            started: Instant::now(),
            options,
        }
    }

    /// Resets everything: an empty account, no faults, no counts.
    pub fn reset(&mut self) {
        *self = Self::new(self.options.clone(), self.zone.clone());
    }

    /// Changes how GraphQL behaves from the next request on.
    pub fn configure_graphql(&mut self, options: GraphqlOptions) {
        self.graphql.configure(&options);
        self.options.graphql = options;
    }

    /// Whether a request writes an order that may be a trial.
    pub fn is_trial(&self, call: &Call) -> bool {
        let Some(service) = &self.trial_service else { return false };
        let sent = call.sent().and_then(|sent| scalar(sent.get("connectionid")));
        let of_graphql = || call.order_keys().next().map(|(connection, _)| connection);
        let sent = sent.or_else(of_graphql).and_then(|id| id.parse().ok());
        let stored = || {
            let route = call.route.as_ref().filter(|route| route.resource == Resource::Order)?;
            self.store.orders.get(route.id_number()).map(|order| order.connectionid)
        };
        let connection = sent.or_else(stored).and_then(|id| self.store.connections.get(id));
        connection.is_some_and(|connection| connection.service == *service)
    }

    /// Time since the start.
    pub fn clock(&self) -> Duration {
        self.started.elapsed()
    }

    /// The age from which a record blocks another one with its key.
    pub fn uniqueness_age(&self) -> Age {
        let lag = Duration::from_millis(self.options.uniqueness_lag_ms.into());
        Age { lag, now: self.clock() }
    }

    pub fn view<'a>(&'a self, base: &'a str) -> View<'a> {
        View { zone: &self.zone, base, total_products: self.options.total_products }
    }

    /// Notes a request with a head that left the client at `sent`, and checks the limit. Requests
    /// without the right token don't count for the limit.
    pub fn admit(&mut self, call: &Call, sent: Duration) -> Admission {
        let at = self.clock();
        let route = format!("{} {}", call.method, without_ids(call));
        let number = self.log.arrive(at, call.method.as_str(), &call.path, route);
        let token = &self.options.token;
        let in_query = call.query.iter().any(|(name, value)| name == "api_key" && value == token);
        let in_url = call.query.iter().any(|(name, value)| name == "api_key" || value == token)
            || (token.len() >= 8 && call.path.contains(token.as_str()));
        if in_url {
            self.violations.add(
                number,
                Rule::TokenInUrl,
                "the token belongs in the header Api-Token",
            );
        }
        if let Some((from, until)) = self.pause
            && (from..until).contains(&sent)
        {
            let left = (until - sent).as_millis();
            self.violations.add(
                number,
                Rule::Paused,
                format!("{left} ms before the end of an announced pause"),
            );
        }
        let authorised = in_query || call.token.as_deref() == Some(&self.options.token);
        let unlimited = Allowance { admitted: true, remaining: None };
        let allowance = if authorised { self.limiter.admit(at) } else { unlimited };
        Admission { number, authorised, allowance }
    }

    /// The key of the shop that a request names: order, then customer or connection.
    pub fn note_names(&mut self, call: &Call) {
        let sent = |name| call.sent().and_then(|sent| super::call::scalar(sent.get(name)));
        let of_orders = call.path.starts_with("/ecomOrders");
        let stored = call
            .route
            .as_ref()
            .filter(|_| of_orders)
            .and_then(|r| self.store.orders.get(r.id_number()));
        let connection = sent("connectionid")
            .or_else(|| call.filter("connectionid").map(str::to_owned))
            .or(stored.map(|order| order.connectionid.to_string()));
        let order = sent("externalid")
            .or_else(|| sent("externalcheckoutid"))
            .or_else(|| call.filter("externalid").map(str::to_owned))
            .filter(|_| of_orders)
            .or(stored.map(|order| order.key()));
        let mut written = call.order_keys();
        let (first, next) = (written.next(), written.next());
        let connection = connection.or(first.as_ref().map(|(connection, _)| connection.clone()));
        let order = order.or(first.filter(|_| next.is_none()).map(|(_, id)| id));
        if let Some(entry) = self.log.entry(call.number) {
            entry.connection = connection;
            entry.order = order;
            entry.orders = call.orders.len();
            entry.operation =
                call.request().and_then(|request| request.operations().next()).map(str::to_owned);
        }
    }

    /// A request was answered, or aborted on purpose.
    pub fn close(&mut self, end: RequestEnd) {
        if let Some(status) = end.status {
            self.log.answered(end.number, status);
        }
        end.lookups.iter().for_each(|lookup| self.writes.looked_up(lookup));
        if let Some(pause) = end.pause {
            self.announce(pause);
        }
        self.end_write(end);
    }

    /// The client disconnected before the answer.
    pub fn abandon(&mut self, end: RequestEnd) {
        self.end_write(RequestEnd { lost: true, ..end });
    }

    fn end_write(&mut self, end: RequestEnd) {
        for key in end.keys {
            self.writes.end(end.number, &key);
            if end.lost && end.creates {
                self.writes.lost(end.number, key, end.email.clone());
            }
        }
    }

    fn announce(&mut self, pause: Pause) {
        let now = self.clock();
        let end = match pause {
            Pause::For(time) => now + time,
            Pause::Until(end) => end,
        };
        let until = end.saturating_sub(PAUSE_TOLERANCE);
        self.pause = Some(match self.pause {
            Some((from, earlier)) if earlier > now => (from, until.max(earlier)),
            _ => (now + PAUSE_GRACE, until),
        });
    }
}

/// `/ecomOrders/12/orderProducts` as `/ecomOrders/{id}/orderProducts`, so that requests can be
/// counted by route. Unknown paths are counted together: they could be anything.
fn without_ids(call: &Call) -> String {
    let Some(route) = &call.route else {
        return "elsewhere".to_owned();
    };
    let mut parts = call.path.split('/').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    match (&route.id, &route.sub) {
        (None, _) if route.resource == Resource::User => "/users/me".to_owned(),
        (None, _) => format!("/{first}"),
        (Some(_), None) => format!("/{first}/{{id}}"),
        (Some(_), Some(sub)) => format!("/{first}/{{id}}/{sub}"),
    }
}
