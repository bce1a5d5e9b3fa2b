use super::violations::Violation;
use super::world::World;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A summary of what happened so far.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Requests received, whatever their outcome.
    pub requests: u64,
    /// Requests by method and path, ids left out: `POST /ecomOrders`.
    pub by_route: BTreeMap<String, u64>,
    /// Answers by status, without requests that were never answered.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests other than GET, those refused for the rate left out.
    pub writes: u64,
    /// Requests refused for the rate, by 429 or 503; scripted refusals don't count.
    #[serde(rename = "refused_429")]
    pub refused_429: u64,
    /// Requests struck by a scripted fault, by its kind.
    pub faults_struck: BTreeMap<&'static str, u64>,
    /// The most requests received in any trailing second.
    pub peak_in_one_second: u64,
    /// Seconds in which the client was active, pauses of more than five seconds left out.
    pub busy_s: f64,
    /// Accepted requests as a part of what the limit allows in that time, 0 to 1; `None` without a
    /// limit, or in less than a second.
    pub utilisation: Option<f64>,
    pub connections: usize,
    /// Customers of shops; the account's own sums over e-mail addresses are left out.
    pub customers: usize,
    pub orders: usize,
    pub contacts: usize,
    /// Orders refused because the account had them.
    pub duplicate_orders_refused: u64,
    /// Automations that live orders set off; historical orders set off none.
    pub triggers_fired: usize,
    /// Orders and carts by currency.
    pub by_currency: BTreeMap<String, CurrencyTotal>,
    /// Violations by the client; the first thousand.
    pub violations: Vec<Violation>,
    /// All of them.
    pub violations_total: u64,
}

/// Orders in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CurrencyTotal {
    pub orders: u64,
    /// Sum of their totals, in minor units.
    pub total_minor: i64,
}

impl Summary {
    pub(super) fn of(world: &World) -> Self {
        let journal = &world.log;
        let busy_s = journal.busy_s();
        let allowed = world.options.requests_per_second.map(|limit| f64::from(limit) * busy_s);
        let mut by_currency: BTreeMap<String, CurrencyTotal> = BTreeMap::new();
        for order in world.store.orders.iter() {
            let total = by_currency.entry(order.currency.clone()).or_default();
            total.orders += 1;
            total.total_minor = total.total_minor.saturating_add(order.total);
        }
        Self {
            requests: journal.requests,
            by_route: journal.by_route.clone(),
            by_status: journal.by_status.clone(),
            writes: journal.writes,
            refused_429: journal.refused,
            faults_struck: world.faults.hits.clone(),
            peak_in_one_second: journal.peak.most,
            busy_s,
            utilisation: allowed
                .filter(|_| busy_s >= 1.0)
                .map(|allowed| journal.accepted as f64 / allowed),
            connections: world.store.connections.len(),
            customers: world.store.customer_count(),
            orders: world.store.orders.len(),
            contacts: world.store.contacts.len(),
            duplicate_orders_refused: world.duplicate_orders,
            triggers_fired: world.triggers.len(),
            by_currency,
            violations: world.violations.kept.clone(),
            violations_total: world.violations.total,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "requests    {} ({} writes), at most {} in one second, {} refused for the rate",
            self.requests, self.writes, self.peak_in_one_second, self.refused_429
        )?;
        for (route, count) in &self.by_route {
            writeln!(f, "            {count:>8}  {route}")?;
        }
        if let Some(utilisation) = self.utilisation {
            writeln!(
                f,
                "limit       {:.0} % used over {:.1} active s",
                utilisation * 100.0,
                self.busy_s
            )?;
        }
        writeln!(
            f,
            "account     {} orders, {} customers, {} connections, {} contacts",
            self.orders, self.customers, self.connections, self.contacts
        )?;
        for (currency, total) in &self.by_currency {
            writeln!(
                f,
                "            {:>8}  orders in {currency}, {} minor units",
                total.orders, total.total_minor
            )?;
        }
        writeln!(
            f,
            "duplicates  {} orders refused because they were there",
            self.duplicate_orders_refused
        )?;
        writeln!(f, "automations {} set off", self.triggers_fired)?;
        write!(f, "violations  {}", self.violations_total)?;
        for violation in &self.violations {
            write!(f, "\n            {violation}")?;
        }
        Ok(())
    }
}
