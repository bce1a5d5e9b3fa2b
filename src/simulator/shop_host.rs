//! The common part of simulated shops: port, faults of the host, request log, and orders that
//! change between requests. A shop system defines the answers.

use super::any_shop::{AnyShop, Change, Starting, System};
use super::faulty_socket::ConnectionFault;
use super::host_faults::HostFault;
use super::loopback::Loopback;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A simulated shop system. The value is the state of a shop in addition to its orders.
pub trait SimulatedShop: Send + Sized + 'static {
    /// Its name in the settings.
    const NAME: &'static str;
    /// The settings that its clients need, as in [`System`].
    const SECRETS: &'static [(&'static str, &'static str)];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    const IDLE_REQUESTS: [usize; 2];
    /// Whether it serves files from a second host.
    const HAS_FILES: bool = false;
    /// Whether a client that only reads sends nothing but GET.
    const READS_BY_GET: bool = true;

    /// The behaviour of a shop and its host; the default is a typical shop.
    type Options: Default + Send;
    type Order: SimulatedOrder;

    /// Other options for each number.
    fn variant(number: u64) -> Self::Options;

    /// The folder of the host that the shop is in, with a slash in front; blank for none.
    fn folder(_options: &Self::Options) -> String {
        String::new()
    }

    fn new(options: &Self::Options) -> Self;

    /// The line of the log for a request, without secrets.
    fn log_line(request: &ShopRequest) -> String {
        format!("{} {}", request.method, request.uri)
    }

    fn answer(shop: &mut Shop<Self>, request: &ShopRequest) -> Response<String>;

    /// Called after an order was placed, changed or deleted. `is_new`: it was placed.
    fn follow(_shop: &mut Shop<Self>, _change: Change, _is_new: bool) {}

    /// Carts that an account may have in addition to the orders, as [`AnyShop::carts`].
    fn carts(_shop: &Shop<Self>) -> BTreeMap<u64, Option<u64>> {
        BTreeMap::new()
    }

    /// Whether this request gets no answer.
    fn stalls(_shop: &mut Shop<Self>, _request: &ShopRequest) -> bool {
        false
    }

    /// Queues a fault that only this system has.
    fn inject_own_fault(_shop: &mut Shop<Self>, _nth: u64) {}
}

/// An order of a simulated shop.
pub trait SimulatedOrder: Clone + Send + 'static {
    /// Changed when it was placed.
    fn placed(id: u64, at: Timestamp) -> Self;

    fn id(&self) -> u64;

    /// In hundredths.
    fn total(&self) -> u64;

    /// Gives it another total, and no new time of modification.
    fn set_total(&mut self, total: u64);

    /// Gives it another total at a moment.
    fn change(&mut self, total: u64, at: Timestamp);

    /// Changes other fields with the total, so that every form of an order occurs.
    fn vary(&mut self) {}
}

/// What most simulated orders have: `id`, `total`, and a moment of their last change by this name.
macro_rules! simple_order {
    ($changed:ident) => {
        fn placed(id: u64, at: Timestamp) -> Self {
            Self::new(id, at)
        }

        fn id(&self) -> u64 {
            self.id
        }

        fn total(&self) -> u64 {
            self.total
        }

        fn set_total(&mut self, total: u64) {
            self.total = total;
        }

        fn change(&mut self, total: u64, at: Timestamp) {
            (self.total, self.$changed) = (total, at);
            self.vary();
        }
    };
}
pub(super) use simple_order;

/// A request.
pub struct ShopRequest {
    pub method: Method,
    pub uri: Uri,
    /// The parameters of the address.
    pub pairs: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// It was sent to the host of the files.
    pub is_for_files: bool,
}

impl ShopRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

type Before<S> = Box<dyn FnOnce(&mut Shop<S>) + Send>;

/// A shop, without the network.
pub struct Shop<S: SimulatedShop> {
    pub options: S::Options,
    pub orders: BTreeMap<u64, S::Order>,
    /// What a correct client never does.
    pub violations: Vec<String>,
    /// The address of the host of the files.
    pub files_url: String,
    pub own: S,
    /// How far its clock is ahead, in seconds.
    clock_ahead_s: i64,
    requests: Vec<String>,
    in_flight: u32,
    /// Changes by the number of the request, from 1.
    changes: VecDeque<(usize, Before<S>)>,
    /// The failures of the next requests.
    failures: VecDeque<Option<HostFault>>,
}

impl<S: SimulatedShop> Shop<S> {
    /// The time of its clock.
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.clock_ahead_s);
        Timestamp::now().checked_add(ahead).unwrap_or_default()
    }

    pub fn violation(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }

    /// Whether a fault may replace the answer to this request.
    pub fn is_answer_at_risk(&self) -> bool {
        matches!(self.failures.front(), Some(Some(_)))
    }

    /// Logs a request, and makes the changes that are due before it.
    fn begin(&mut self, request: &ShopRequest) {
        self.requests.push(S::log_line(request));
        if S::READS_BY_GET && request.method != Method::GET {
            self.violation(format!("{} in a pull", request.method));
        }
        while self.changes.front().is_some_and(|(number, _)| *number <= self.requests.len()) {
            if let Some((_, change)) = self.changes.pop_front() {
                change(self);
            }
        }
    }

    fn apply(&mut self, change: Change) {
        let (Change::Put { id, .. } | Change::Delete { id } | Change::Silent { id, .. }) = change;
        let is_new = !self.orders.contains_key(&id);
        changed(&mut self.orders, change);
        S::follow(self, change, is_new);
    }

    fn respond(&mut self, request: &ShopRequest) -> Response<String> {
        let mut response = S::answer(self, request);
        let date = self.now().to_zoned(TimeZone::UTC);
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().extend(date.parse().ok().map(|date| (header::DATE, date)));
        response
    }
}

/// A shop on a loopback port. It stops when it is dropped.
pub struct HostedShop<S: SimulatedShop> {
    server: Loopback,
    _files: Option<Loopback>,
    shop: Arc<Mutex<Shop<S>>>,
}

impl<S: SimulatedShop> HostedShop<S> {
    pub async fn start(options: S::Options, orders: Vec<S::Order>) -> io::Result<Self> {
        let shop = Arc::new(Mutex::new(Shop {
            own: S::new(&options),
            options,
            orders: orders.into_iter().map(|order| (order.id(), order)).collect(),
            violations: Vec::new(),
            files_url: String::new(),
            clock_ahead_s: 0,
            requests: Vec::new(),
            in_flight: 0,
            changes: VecDeque::new(),
            failures: VecDeque::new(),
        }));
        let host = |is_for_files| {
            let host = Host { shop: Arc::clone(&shop), is_for_files };
            Loopback::serve(Router::new().fallback(answer::<S>).with_state(host))
        };
        let files = if S::HAS_FILES { Some(host(true).await?) } else { None };
        if let Some(files) = &files {
            lock(&shop).files_url = format!("http://{}", files.address);
        }
        Ok(Self { server: host(false).await?, _files: files, shop })
    }

    /// The shop's address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.server.address, S::folder(&lock(&self.shop).options))
    }

    /// Every request so far, without secrets.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shop).requests.clone()
    }

    /// What a correct client never does.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shop).violations.clone()
    }

    pub fn orders(&self) -> Vec<S::Order> {
        lock(&self.shop).orders.values().cloned().collect()
    }

    /// Changes the shop's orders now.
    pub fn change(&self, change: impl FnOnce(&mut BTreeMap<u64, S::Order>)) {
        change(&mut lock(&self.shop).orders);
    }

    /// Changes the shop's orders right before it answers its request of this number, counted from
    /// 1.
    pub fn change_before(
        &self,
        request: usize,
        change: impl FnOnce(&mut BTreeMap<u64, S::Order>) + Send + 'static,
    ) {
        self.before(request, Box::new(|shop| change(&mut shop.orders)));
    }

    fn before(&self, request: usize, change: Before<S>) {
        lock(&self.shop).changes.push_back((request, change));
    }

    /// Fails the request after this many in this way; no other fault may be queued.
    pub fn fail_at(&self, after: usize, fault: HostFault) {
        let failures = &mut lock(&self.shop).failures;
        failures.extend(std::iter::repeat_n(None, after).chain([Some(fault)]));
    }

    /// Fails the next request in this way, after those already queued.
    pub fn fail_next(&self, fault: HostFault) {
        lock(&self.shop).failures.push_back(Some(fault));
    }

    /// Sets how far its clock is ahead, in seconds.
    pub fn set_clock(&self, ahead_s: i64) {
        lock(&self.shop).clock_ahead_s = ahead_s;
    }

    /// Advances its clock; returns its time.
    pub fn advance_clock(&self, seconds: i64) -> Timestamp {
        let mut shop = lock(&self.shop);
        shop.clock_ahead_s += seconds;
        shop.now()
    }

    pub fn set(&self, change: impl FnOnce(&mut S::Options)) {
        change(&mut lock(&self.shop).options);
    }

    /// Reads or changes what only this system has.
    pub(super) fn with_own<T>(&self, look: impl FnOnce(&mut S) -> T) -> T {
        look(&mut lock(&self.shop).own)
    }
}

fn lock<S: SimulatedShop>(shop: &Mutex<Shop<S>>) -> MutexGuard<'_, Shop<S>> {
    shop.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Host<S: SimulatedShop> {
    shop: Arc<Mutex<Shop<S>>>,
    is_for_files: bool,
}

impl<S: SimulatedShop> Clone for Host<S> {
    fn clone(&self) -> Self {
        Self { shop: Arc::clone(&self.shop), is_for_files: self.is_for_files }
    }
}

async fn answer<S: SimulatedShop>(
    State(Host { shop, is_for_files }): State<Host<S>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    Query(pairs): Query<Vec<(String, String)>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = ShopRequest { method, uri, pairs, headers, body, is_for_files };
    {
        let mut shop = lock(&shop);
        shop.in_flight += 1;
        if shop.in_flight > 1 {
            shop.violation("two requests at once");
        }
    }
    // Gives clients a chance to send a second request concurrently.
    tokio::task::yield_now().await;
    let stalls = {
        let mut shop = lock(&shop);
        shop.in_flight -= 1;
        S::stalls(&mut shop, &request)
    };
    if stalls {
        std::future::pending::<()>().await;
    }
    let (response, fault) = {
        let mut shop = lock(&shop);
        shop.begin(&request);
        let response = shop.respond(&request).map(Body::from);
        (response, shop.failures.pop_front().flatten())
    };
    match fault {
        Some(fault) => fault.over(response, &connection).await,
        None => response,
    }
}

impl<S: SimulatedShop> AnyShop for HostedShop<S> {
    fn url(&self) -> String {
        Self::url(self)
    }

    fn requests(&self) -> usize {
        Self::requests(self).len()
    }

    fn violations(&self) -> Vec<String> {
        Self::violations(self)
    }

    fn totals(&self) -> BTreeMap<u64, u64> {
        self.orders().iter().map(|order| (order.id(), order.total())).collect()
    }

    fn apply(&self, change: Change) {
        lock(&self.shop).apply(change);
    }

    fn call_before(&self, request: usize, call: Box<dyn FnOnce() + Send>) {
        self.change_before(request, move |_| call());
    }

    fn apply_before(&self, request: usize, change: Change) {
        self.before(request, Box::new(move |shop| shop.apply(change)));
    }

    fn forget_changes(&self) {
        lock(&self.shop).changes.clear();
    }

    fn carts(&self) -> BTreeMap<u64, Option<u64>> {
        S::carts(&lock(&self.shop))
    }

    fn fail_next(&self, fault: HostFault) {
        Self::fail_next(self, fault);
    }

    fn inject_own_fault(&self, nth: u64) {
        S::inject_own_fault(&mut lock(&self.shop), nth);
    }

    fn set_clock(&self, ahead_s: i64) {
        Self::set_clock(self, ahead_s);
    }
}

fn changed<O: SimulatedOrder>(orders: &mut BTreeMap<u64, O>, change: Change) {
    match change {
        Change::Put { id, total, at } => {
            orders.entry(id).or_insert_with(|| O::placed(id, at)).change(total, at);
        }
        Change::Delete { id } => drop(orders.remove(&id)),
        Change::Silent { id, total } => {
            orders.entry(id).and_modify(|order| order.set_total(total));
        }
    }
}

/// The entry of a system in the registry of simulated shops.
pub(super) const fn system<S: SimulatedShop>() -> System {
    System {
        name: S::NAME,
        secrets: S::SECRETS,
        texts: S::TEXTS,
        idle_requests: S::IDLE_REQUESTS,
        start: |orders, variant| start::<S>(orders, variant, |options| options),
    }
}

pub(super) fn start<S: SimulatedShop>(
    orders: Vec<(u64, Timestamp)>,
    variant: u64,
    change: fn(S::Options) -> S::Options,
) -> Starting {
    let options = if variant == 0 { S::Options::default() } else { S::variant(variant) };
    let options = change(options);
    Box::pin(async move {
        let shop = HostedShop::<S>::start(options, Vec::new()).await?;
        {
            let mut shop = lock(&shop.shop);
            for (id, at) in orders {
                let order = S::Order::placed(id, at);
                let total = order.total();
                shop.orders.insert(id, order);
                S::follow(&mut shop, Change::Put { id, total, at }, true);
            }
        }
        let shop: Box<dyn AnyShop> = Box::new(shop);
        Ok(shop)
    })
}

/// An answer of JSON.
pub(super) fn json(status: StatusCode, body: &impl ToString) -> Response<String> {
    text(status, "application/json", body.to_string())
}

/// An answer of any type.
pub(super) fn text(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
