//! The pending faults, and the requests they hit.

use super::faults::{Fault, Kind, Match};
use fastrand::Rng;
use std::collections::BTreeMap;

/// The stage of a request at which a fault is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before all checks: faults that replace the answer.
    BeforeChecks,
    /// After the checks: faults that change what is done or answered.
    AfterChecks,
}

/// The parts of a request that a fault matches.
pub(super) struct Target<'a> {
    pub method: &'a str,
    /// Path under `/api/3`.
    pub path: &'a str,
    /// Fields at the top of a GraphQL request.
    pub operations: &'a [&'a str],
    /// Every key of the shop that the request is about.
    pub keys: &'a [String],
}

/// The faults still to come, in the order they were given.
#[derive(Debug, Default)]
pub(super) struct FaultQueue {
    faults: Vec<(Fault, u64)>,
    /// Requests struck, by the name of the kind.
    pub hits: BTreeMap<&'static str, u64>,
}

impl FaultQueue {
    pub fn push(&mut self, fault: Fault) {
        self.faults.push((fault, 0));
    }

    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// The first fault that strikes this request at this stage; at most one does.
    pub fn next_match(&mut self, stage: Stage, target: &Target<'_>, rng: &mut Rng) -> Option<Kind> {
        let mut struck = None;
        for (fault, seen) in &mut self.faults {
            if fault.kind.replaces() != (stage == Stage::BeforeChecks)
                || !fault.matches.covers(target)
            {
                continue;
            }
            *seen += 1;
            let due = *seen >= fault.matches.nth.unwrap_or(1) && fault.times != Some(0);
            if struck.is_some() || !due || fault.probability.is_some_and(|p| rng.f64() >= p) {
                continue;
            }
            fault.times = fault.times.map(|left| left - 1);
            *self.hits.entry(fault.kind.name()).or_default() += 1;
            struck = Some(fault.kind.clone());
        }
        self.faults.retain(|(fault, _)| fault.times != Some(0));
        struck
    }
}

impl Match {
    fn covers(&self, target: &Target<'_>) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(target.method))
            && self
                .path
                .as_ref()
                .is_none_or(|path| target.path.starts_with(path.trim_start_matches("/api/3")))
            && self
                .operation
                .as_ref()
                .is_none_or(|operation| target.operations.contains(&operation.as_str()))
            && self.key.as_ref().is_none_or(|key| target.keys.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(fault: Fault, requests: &[(&str, &str, &str)]) -> Vec<bool> {
        let mut script = FaultQueue::default();
        script.push(fault);
        let mut rng = Rng::with_seed(1);
        let mut is_hit = |(method, path, key): &(&str, &str, &str)| {
            let keys = [(*key).to_owned()];
            script
                .next_match(
                    Stage::BeforeChecks,
                    &Target { method, path, operations: &[], keys: &keys },
                    &mut rng,
                )
                .is_some()
        };
        requests.iter().map(&mut is_hit).collect()
    }

    #[test]
    fn a_fault_hits_from_the_nth_match_as_often_as_asked() {
        let post = ("POST", "/ecomOrders", "A");
        let get = ("GET", "/ecomOrders", "A");
        let fault = Fault::new(Kind::Forbidden).on("POST", "/ecomOrders").nth(2).times(2);
        assert_eq!(
            hits(fault, &[post, get, post, get, post, post]),
            [false, false, true, false, true, false]
        );
    }

    #[test]
    fn a_fault_for_a_key_leaves_the_others_alone() {
        let fault = Fault::new(Kind::Forbidden).key("B").forever();
        let about = |key| ("POST", "/ecomOrders", key);
        assert_eq!(hits(fault, &[about("A"), about("B"), about("B")]), [false, true, true]);
    }

    #[test]
    fn a_probable_fault_strikes_about_as_often() {
        let fault = Fault::new(Kind::RateLimit).forever().probability(0.25);
        let struck =
            hits(fault, &[("GET", "/connections", ""); 2000]).into_iter().filter(|s| *s).count();
        assert!((400..600).contains(&struck), "{struck} of 2000");
    }
}
