//! The faults still to come, and which request each of them strikes.

use super::chance::Chance;
use super::faults::{Fault, Kind, Match};
use std::collections::BTreeMap;

/// When in the life of a request a fault is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before every gate: faults that replace the answer.
    LimitedListener,
    /// Behind the gates: faults that change what is done or answered.
    Inside,
}

/// What a fault looks at in a request.
pub(super) struct Target<'a> {
    pub method: &'a str,
    /// Path under `/api/3`.
    pub path: &'a str,
    /// Every key of the shop that the request is about.
    pub keys: &'a [String],
}

/// The faults still to come, in the order they were given.
#[derive(Debug, Default)]
pub(super) struct Script {
    faults: Vec<(Fault, u64)>,
    /// Requests struck, by the name of the kind.
    pub struck: BTreeMap<&'static str, u64>,
}

impl Script {
    pub fn push(&mut self, fault: Fault) {
        self.faults.push((fault, 0));
    }

    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// The first fault that strikes this request at this stage; at most one does.
    pub fn strike(
        &mut self,
        stage: Stage,
        target: &Target<'_>,
        chance: &mut Chance,
    ) -> Option<Kind> {
        let mut struck = None;
        for (fault, seen) in &mut self.faults {
            if fault.kind.replaces() != (stage == Stage::LimitedListener)
                || !fault.matches.covers(target)
            {
                continue;
            }
            *seen += 1;
            let due = *seen >= fault.matches.nth.unwrap_or(1) && fault.times != Some(0);
            if struck.is_some() || !due || fault.probability.is_some_and(|p| chance.unit() >= p) {
                continue;
            }
            fault.times = fault.times.map(|left| left - 1);
            *self.struck.entry(fault.kind.name()).or_default() += 1;
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
            && self.key.as_ref().is_none_or(|key| target.keys.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: Fault, requests: &[(&str, &str, &str)]) -> Vec<bool> {
        let mut script = Script::default();
        script.push(fault);
        let mut chance = Chance::new(1);
        let mut strike = |(method, path, key): &(&str, &str, &str)| {
            let keys = [(*key).to_owned()];
            script
                .strike(Stage::LimitedListener, &Target { method, path, keys: &keys }, &mut chance)
                .is_some()
        };
        requests.iter().map(&mut strike).collect()
    }

    #[test]
    fn a_fault_strikes_from_the_nth_match_as_often_as_told() {
        let post = ("POST", "/ecomOrders", "A");
        let get = ("GET", "/ecomOrders", "A");
        let fault = Fault::new(Kind::Forbidden).on("POST", "/ecomOrders").nth(2).times(2);
        assert_eq!(
            strikes(fault, &[post, get, post, get, post, post]),
            [false, false, true, false, true, false]
        );
    }

    #[test]
    fn a_fault_for_a_key_leaves_the_others_alone() {
        let fault = Fault::new(Kind::Forbidden).key("B").forever();
        let about = |key| ("POST", "/ecomOrders", key);
        assert_eq!(strikes(fault, &[about("A"), about("B"), about("B")]), [false, true, true]);
    }

    #[test]
    fn a_probable_fault_strikes_about_as_often() {
        let fault = Fault::new(Kind::RateLimit).forever().probability(0.25);
        let struck =
            strikes(fault, &[("GET", "/connections", ""); 2000]).into_iter().filter(|s| *s).count();
        assert!((400..600).contains(&struck), "{struck} of 2000");
    }
}
