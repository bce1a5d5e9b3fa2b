//! What a seed generates: the account, the exports over time, and what happens to each process.

use crate::random::Rng;
use crate::rehearsal::{End, KillPoint, LastSend, ProcessOptions};
use ordersync::domain::{Deleted, LoadPath, MovedCustomer};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{
    CustomerRule, Ending, Fault, GraphqlOptions, Kind, Latency, Options, PriceReading,
    ProductCount, RetryAfter, Window,
};
use ordersync::state;
use std::time::Duration;

#[derive(Debug)]
pub struct Schedule {
    pub seed: u64,
    pub account: Account,
    pub timeout_ms: u64,
    pub in_flight_max: usize,
    /// The exports over time; the content of the last one must be there in the end.
    pub exports: Vec<GeneratorOptions>,
    pub processes: Vec<ProcessPlan>,
    pub policies: Policies,
}

/// The policies for orders that another program changed or deleted.
#[derive(Debug, Clone, Copy)]
pub struct Policies {
    pub deleted: Deleted,
    pub moved_customer: MovedCustomer,
    /// In each export after the first one, this many per thousand orders have another buyer.
    pub other_buyers_permille: u64,
}

impl Policies {
    fn of(rng: &mut Rng) -> Self {
        Self {
            deleted: rng.pick(&[Deleted::Create, Deleted::Leave]),
            moved_customer: rng.pick(&[MovedCustomer::Keep, MovedCustomer::Recreate]),
            other_buyers_permille: rng.pick(&[0, 0, 50, 300]),
        }
    }
}

/// How the account behaves; printed when a schedule fails.
#[derive(Debug)]
pub struct Account {
    customer_key: CustomerRule,
    latency: Latency,
    jitter_ms: u32,
    window: Window,
    retry_after_s: Option<u32>,
    limit_as_503: bool,
    rate_headers: bool,
    total_as_int: bool,
    pub ignore_filters: bool,
    total_products: ProductCount,
    list_lag_ms: u32,
    uniqueness_lag_ms: u32,
    pub load: LoadPath,
    pub graphql: GraphqlOptions,
}

/// One process, and what happens to the account while it runs.
#[derive(Debug)]
pub struct ProcessPlan {
    pub export: usize,
    pub life: ProcessOptions,
    pub faults: Vec<Fault>,
    pub edits: Vec<(Duration, ForeignEdit)>,
    pub network_down: Option<(Duration, Duration)>,
    pub downtime: Duration,
}

/// An edit by another program in the account; the number selects an order of the export.
#[derive(Debug, Clone, Copy)]
pub enum ForeignEdit {
    DeleteOrder(u64),
    DeleteCustomer(u64),
    AddOrder(u64),
}

/// Which faults a schedule has, so that the effect of each kind can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultMix {
    /// Only kills, so that their cost can be counted.
    Kills,
    Faults,
    Everything,
}

impl Schedule {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mix = match seed % 4 {
            0 => FaultMix::Kills,
            1 => FaultMix::Faults,
            _ => FaultMix::Everything,
        };
        let account = Account::of(&mut rng);
        let timeout_ms = rng.pick(&[3_000, 5_000, 20_000, 60_000]);
        let in_flight_max = usize::try_from(rng.within(1..17)).unwrap();
        let exports = exports(seed, &mut rng);
        let mut export = 0;
        let processes = (0..rng.within(2..9))
            .map(|_| {
                if export + 1 < exports.len() && rng.percent(30) {
                    export += 1;
                }
                let orders = exports[export].orders + exports[export].extra_orders;
                ProcessPlan::of(&mut rng, mix, export, orders)
            })
            .collect();
        let policies = Policies::of(&mut rng);
        Self { seed, account, timeout_ms, in_flight_max, exports, processes, policies }
    }

    /// The same schedule with orders in batches.
    pub fn by_batches(mut self, rng: &mut Rng) -> Self {
        self.account = self.account.by_batches(rng);
        self.processes.iter_mut().for_each(|process| process.strike_batches(rng));
        self
    }

    pub fn options(&self) -> Options {
        self.account.options(self.seed)
    }
}

impl Account {
    pub fn options(&self, seed: u64) -> Options {
        Options {
            customer_key: self.customer_key,
            latency: self.latency,
            jitter_ms: self.jitter_ms,
            window: self.window,
            retry_after_s: self.retry_after_s,
            limit_as_503: self.limit_as_503,
            rate_headers: self.rate_headers,
            total_as_int: self.total_as_int,
            ignore_filters: self.ignore_filters,
            total_products: self.total_products,
            list_lag_ms: self.list_lag_ms,
            uniqueness_lag_ms: self.uniqueness_lag_ms,
            seed,
            graphql: self.graphql.clone(),
            ..Options::default()
        }
    }

    pub fn of(rng: &mut Rng) -> Self {
        let lognormal = |sigma| Latency::Lognormal { median_ms: 440, sigma };
        Self {
            customer_key: rng.pick(&[CustomerRule::ByExternalId, CustomerRule::ByEmail]),
            latency: rng.pick(&[
                Latency::None,
                Latency::Fixed { ms: 300 },
                lognormal(0.35),
                lognormal(0.6),
                // One in a hundred takes longer than most time-outs here.
                lognormal(1.1),
            ]),
            jitter_ms: rng.pick(&[0, 2, 5, 20]),
            window: rng.pick(&[Window::Sliding, Window::FixedSecond, Window::TokenBucket]),
            retry_after_s: rng.pick(&[None, Some(1), Some(1), Some(30)]),
            limit_as_503: rng.percent(15),
            rate_headers: rng.percent(80),
            total_as_int: rng.percent(30),
            ignore_filters: rng.percent(20),
            total_products: rng.pick(&[ProductCount::Lines, ProductCount::Quantity]),
            list_lag_ms: rng.pick(&[0, 0, 2_000, 9_000]),
            uniqueness_lag_ms: rng.pick(&[0, 0, 5_000]),
            load: LoadPath::Rest,
            graphql: GraphqlOptions::default(),
        }
    }

    /// The same account by the bulk path, with undocumented behaviour drawn too.
    pub fn by_batches(self, rng: &mut Rng) -> Self {
        let graphql = GraphqlOptions {
            validation_status: rng.pick(&[200, 400]),
            partial_null: rng.percent(30),
            introspection_refused: rng.percent(15),
            object_lag_ms: rng.pick(&[0, 500, 3_000]),
            v3_lag_ms: rng.pick(&[0, 1_500, 9_000]),
            price: rng.pick(&[PriceReading::Unit, PriceReading::LineTotal]),
            v3_delete_deletes: rng.percent(50),
            batch_limit: rng.pick(&[None, None, Some(7)]),
            classified: rng.percent(30),
            ..GraphqlOptions::default()
        };
        Self { load: LoadPath::Bulk, graphql, ..self }
    }
}

fn exports(seed: u64, rng: &mut Rng) -> Vec<GeneratorOptions> {
    let first = GeneratorOptions {
        orders: rng.within(20..121),
        seed,
        defects_permille: rng.pick(&[0, 30, 100]),
        ..GeneratorOptions::default()
    };
    let mut all = vec![first];
    for _ in 0..rng.below(3) {
        let last = all[all.len() - 1].clone();
        let changed_permille = rng.pick(&[0, 50, 200, 600]);
        let extra_orders = last.extra_orders + rng.below(15);
        all.push(GeneratorOptions { changed_permille, extra_orders, ..last });
    }
    all
}

impl ProcessPlan {
    pub fn of(rng: &mut Rng, mix: FaultMix, export: usize, orders: u64) -> Self {
        let faults = if mix == FaultMix::Kills { 0 } else { rng.below(7) };
        let edits = if mix == FaultMix::Everything { rng.below(4) } else { 0 };
        let down = mix == FaultMix::Everything && rng.percent(10);
        Self {
            export,
            life: life(rng, mix, orders),
            faults: (0..faults).map(|_| fault(rng)).collect(),
            edits: (0..edits).map(|_| foreign_edit(rng, orders)).collect(),
            network_down: down.then(|| {
                let from = seconds(rng, 30);
                (from, from + seconds(rng, 60))
            }),
            // Longer than any request of a dead process can be in flight.
            downtime: Duration::from_millis(rng.pick(&[150, 300, 2_000, 90_000, 2_000_000])),
        }
    }

    /// Faults of requests that write one order strike those that write a batch.
    pub fn strike_batches(&mut self, rng: &mut Rng) {
        for fault in &mut self.faults {
            let of_orders = fault.matches.path.as_deref() == Some("/ecomOrders");
            if of_orders && fault.matches.method.as_deref() == Some("POST") {
                (fault.matches.method, fault.matches.path) = (None, None);
                *fault = fault.clone().operation("bulkUpsertOrders").nth(1 + rng.below(6));
            }
        }
    }

    /// A process without faults or edits, after the others.
    pub fn undisturbed(kind: state::Kind, export: usize) -> Self {
        let life = ProcessOptions {
            kind,
            end: End::Done,
            last_send: LastSend::LongAgo,
            grace: Duration::from_secs(30),
        };
        Self {
            export,
            life,
            faults: Vec::new(),
            edits: Vec::new(),
            network_down: None,
            downtime: Duration::from_secs(61),
        }
    }
}

fn seconds(rng: &mut Rng, end: u64) -> Duration {
    Duration::from_millis(rng.below(end * 1000))
}

fn life(rng: &mut Rng, mix: FaultMix, orders: u64) -> ProcessOptions {
    // Early enough to leave work for the next one.
    let request = |rng: &mut Rng| rng.within(1..orders / 2);
    let kinds = match mix {
        FaultMix::Kills => 8,
        FaultMix::Faults => 0,
        FaultMix::Everything => 12,
    };
    let end = match rng.below(kinds) {
        _ if kinds == 0 => End::Done,
        0 | 1 => End::KilledAt(seconds(rng, 20)),
        2 | 3 => End::Killed(KillPoint::BeforeItLeaves, request(rng)),
        4 | 5 => End::Killed(KillPoint::OnItsWay, request(rng)),
        6 | 7 => End::Killed(KillPoint::Answered, request(rng)),
        8 => End::StoppedAt(seconds(rng, 20)),
        9 => End::StoppedAround(request(rng)),
        _ => End::Done,
    };
    ProcessOptions {
        // An interrupted run is resumed by the same verb, as an operator would.
        kind: if rng.percent(80) { state::Kind::Backfill } else { state::Kind::Sync },
        end,
        last_send: match rng.below(3) {
            0 => LastSend::LongAgo,
            1 => LastSend::InTheFuture(Duration::from_secs(3 * 3600)),
            _ => LastSend::InTheFuture(Duration::from_secs(600)),
        },
        grace: Duration::from_secs(rng.pick(&[0, 2, 30])),
    }
}

fn foreign_edit(rng: &mut Rng, orders: u64) -> (Duration, ForeignEdit) {
    let order = rng.below(orders);
    let what = match rng.below(3) {
        0 => ForeignEdit::DeleteOrder(order),
        1 => ForeignEdit::DeleteCustomer(order),
        _ => ForeignEdit::AddOrder(order),
    };
    (seconds(rng, 40), what)
}

fn fault(rng: &mut Rng) -> Fault {
    let mut fault = Fault::new(kind(rng));
    if let Kind::ErrorsMissing | Kind::CreateDuplicateFirst | Kind::NotFoundSubscriberAfterStore =
        fault.kind
    {
        fault = fault.on("POST", "/ecomOrders");
    } else {
        let matched = match rng.below(6) {
            0 => Some(("POST", "/ecomOrders")),
            1 => Some(("POST", "/ecomCustomers")),
            2 => Some(("PUT", "/ecomOrders")),
            3 => Some(("GET", "/")),
            4 => Some(("POST", "/")),
            _ => None,
        };
        if let Some((method, path)) = matched {
            fault = fault.on(method, path);
        }
    }
    fault =
        fault.nth(rng.within(1..40)).times(u32::try_from(rng.pick(&[1, 1, 1, 2, 3, 12])).unwrap());
    match rng.below(3) {
        0 => fault.probability(0.3),
        _ => fault,
    }
}

fn retry_after(rng: &mut Rng) -> RetryAfter {
    let seconds = u32::try_from(rng.pick(&[1, 5, 40, 1_200])).unwrap();
    match rng.below(4) {
        0 => RetryAfter::Seconds(seconds),
        1 => RetryAfter::HttpDate(seconds),
        _ => RetryAfter::None,
    }
}

fn kind(rng: &mut Rng) -> Kind {
    let html = rng.percent(50);
    let failing = [500, 502, 503, 503, 504, 520, 522, 526, 590, 408];
    match rng.below(22) {
        0 | 1 => Kind::Status { code: rng.pick(&failing), retry_after: retry_after(rng), html },
        2 => Kind::Status { code: 429, retry_after: retry_after(rng), html },
        3 => Kind::Status { code: rng.pick(&[404, 401, 418]), retry_after: RetryAfter::None, html },
        4 => Kind::RateLimit,
        5 => Kind::Forbidden,
        6 => Kind::PaymentRequired,
        7 => Kind::Redirect,
        8 => Kind::ErrorsMissing,
        9 => Kind::ResetBefore,
        10 => {
            let (code, retry_after) = (rng.pick(&failing), retry_after(rng));
            Kind::Stored { then: Ending::Status { code, retry_after, html } }
        }
        11 => Kind::Stored { then: Ending::Reset },
        12 => Kind::Stored { then: Ending::Cut },
        13 => Kind::Stored {
            then: Ending::Hold { ms: u32::try_from(rng.within(500..70_000)).unwrap() },
        },
        14 => Kind::NotFoundSubscriberAfterStore,
        15 => Kind::EmptyBody,
        16 => Kind::TruncatedJson,
        17 => Kind::Slow { ms: u32::try_from(rng.within(500..30_000)).unwrap() },
        18 => Kind::IgnoreFilters,
        19 => Kind::LocalisedTitles,
        20 => rng.pick(&[Kind::TotalAsInt, Kind::ExtraKeys]),
        _ => Kind::CreateDuplicateFirst,
    }
}
