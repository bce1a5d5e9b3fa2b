//! The real program, killed with SIGKILL at any point of a night.

use crate::nights::Nights;
use crate::random::{Rng, number};
use crate::world::{World, until};
use jiff::ToSpan;
use ordersync::simulator::shops::SHOPS;
use std::time::{Duration, Instant};

/// Kills of the quick suite, for each shop; `ORDERSYNC_PROOF_PULL_KILLS` sets another number.
const KILLS: u64 = 6;

/// A day of the shop: some orders change, some are new, some are deleted.
fn day(nights: &Nights, rng: &mut Rng) {
    let now = nights.pass(600 + rng.below(20_000) as i64) - 400.seconds();
    let known: Vec<u64> = nights.shop.totals().into_keys().collect();
    let next = known.last().map_or(1, |last| last + 1);
    for n in 0..1 + rng.below(3) {
        nights.put(rng.pick(&known), 2000 + rng.below(90_000), now);
        nights.put(next + n, 2000 + rng.below(90_000), now);
    }
    if rng.percent(40) {
        nights.delete(rng.pick(&known));
    }
}

/// Starts a command and kills it at some point. Returns the point.
fn killed(nights: &Nights, rng: &mut Rng) -> String {
    let args: &[&str] =
        if rng.percent(30) { &["--quiet", "pull", "--full"] } else { &["--quiet", "sync"] };
    let (asked, sent) = (nights.shop.requests(), nights.world.summary().requests);
    let mut child = nights.world.start(args);
    let n = 1 + rng.below(9);
    let words = match rng.below(3) {
        0 => {
            until("the shop is asked or the program ends", || {
                nights.shop.requests() as u64 >= asked as u64 + n
                    || child.try_wait().unwrap().is_some()
            });
            format!("request {n} to the shop")
        }
        1 => {
            until("the account is asked or the program ends", || {
                nights.world.summary().requests >= sent + n || child.try_wait().unwrap().is_some()
            });
            format!("request {n} to the account")
        }
        _ => {
            // Also between requests, and during the removal of windows at the end.
            let (begun, after) = (Instant::now(), Duration::from_millis(rng.below(600)));
            until("the time is over", || begun.elapsed() >= after);
            format!("{after:?}")
        }
    };
    nights.world.kill(child);
    format!("{args:?} killed at {words}")
}

#[test]
fn wherever_the_program_is_killed_the_account_ends_as_the_shop() {
    let kills = number("ORDERSYNC_PROOF_PULL_KILLS").unwrap_or(KILLS);
    let seed = number("ORDERSYNC_PROOF_SEED").unwrap_or(1);
    for system in SHOPS {
        let world = World::new().policy("gone = \"delete\"\ngone_max_percent = 100\n");
        let nights = Nights::with(world, system.name, 120);
        let mut rng = Rng::new(seed);
        nights.done(&["--quiet", "backfill"]);
        for kill in 1..=kills {
            day(&nights, &mut rng);
            let story = killed(&nights, &mut rng);
            // The first may only load what the killed one has pulled.
            nights.done(&["--quiet", "sync"]);
            nights.done(&["--quiet", "sync"]);
            let (loaded, shop) = (nights.loaded(), nights.shop.totals());
            for (id, total) in &shop {
                assert_eq!(loaded.get(id), Some(total), "order {id} after kill {kill}: {story}");
            }
            if kill % 4 == 0 || kill == kills {
                nights.done(&["--quiet", "pull", "--full"]);
                nights.done(&["--quiet", "sync"]);
                nights.assert_loaded();
            }
        }
        nights.done(&["--quiet", "verify", "shop"]);
        println!("{kills} kills, {} orders at the end", nights.shop.totals().len());
    }
}
