//! Sums over all schedules, printed at the end.

use super::judge::Verdict;
use super::runner::ScheduleResult;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Default)]
pub struct Figures {
    schedules: u64,
    processes: u64,
    kills: BTreeMap<&'static str, u64>,
    ends: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
    edits: u64,
    timeouts: u64,
    throttled: u64,
    sum: Verdict,
    /// Sums of schedules with only kills.
    kills_alone: u64,
    extra_of_kills: u64,
}

impl Figures {
    pub fn add(&mut self, result: &ScheduleResult, verdict: &Verdict) {
        let (events, summary) = (&result.events, result.shop.simulator.summary());
        self.schedules += 1;
        self.processes += events.processes;
        add_all(&mut self.kills, &events.kills);
        add_all(&mut self.ends, &events.ends);
        add_all(&mut self.faults, &summary.faults_struck);
        self.edits += events.edits();
        let timeouts = result.shop.timeouts.load(std::sync::atomic::Ordering::Relaxed);
        self.timeouts += timeouts;
        self.throttled += summary.refused_429;
        self.sum.orders += verdict.orders;
        self.sum.refused += verdict.refused;
        self.sum.requests += verdict.requests;
        self.sum.extra += verdict.extra;
        let else_well = timeouts == 0 && summary.refused_429 == 0 && events.edits() == 0;
        if else_well && summary.faults_struck.is_empty() {
            self.kills_alone += events.killed();
            self.extra_of_kills += verdict.extra;
        }
    }
}

fn add_all(sums: &mut BTreeMap<&'static str, u64>, more: &BTreeMap<&'static str, u64>) {
    for (name, count) in more {
        *sums.entry(name).or_default() += count;
    }
}

fn list(counts: &BTreeMap<&'static str, u64>) -> String {
    let total: u64 = counts.values().sum();
    let parts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!("{total} ({})", parts.join(", "))
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "schedules {}, processes {}", self.schedules, self.processes)?;
        writeln!(f, "kills     {}", list(&self.kills))?;
        writeln!(f, "ends      {}", list(&self.ends))?;
        writeln!(f, "faults    {}", list(&self.faults))?;
        writeln!(
            f,
            "besides   {} time-outs, {} refusals for the rate, {} edits by somebody else",
            self.timeouts, self.throttled, self.edits
        )?;
        let Verdict { orders, refused, requests, extra } = self.sum;
        writeln!(
            f,
            "orders    {orders} there, duplicates 0, missing 0; {refused} refused by a fault and reported"
        )?;
        write!(
            f,
            "requests  {requests}, and {extra} requests, by batches orders, that a world without faults would have spared"
        )?;
        if self.kills_alone > 0 {
            let each = self.extra_of_kills as f64 / self.kills_alone as f64;
            write!(
                f,
                "\nper kill  {each:.2} of these (over {} kills with nothing else wrong)",
                self.kills_alone
            )?;
        }
        Ok(())
    }
}
