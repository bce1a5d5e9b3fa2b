use crate::activecampaign::Client;
use crate::run::Progress;
use std::time::Duration;
use tokio::time::Instant;

/// What an idle account's task may be late with its next look at the clock.
const LATE_MAX: Duration = Duration::from_secs(30);
/// On top of a request's time-out: the longest delay before a retry is 60 s, and the disk may be
/// slow.
const SILENCE_SLACK: Duration = Duration::from_secs(90);

/// Whether an account's task is getting on: it waits for something it knows, or its work moves. A
/// loader that is stuck does neither.
#[derive(Debug)]
pub(super) enum Liveness {
    /// It will be back by then.
    Waits {
        until: Instant,
    },
    Works(Box<RunProgress>),
}

/// A run under way, by what moves while it does.
#[derive(Debug)]
pub(super) struct RunProgress {
    client: Option<Client>,
    silence_max: Duration,
    seen: Signs,
    moved_at: Instant,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Signs {
    sends: u64,
    judged: u64,
    read: u64,
    settled: u64,
}

impl Liveness {
    pub(super) fn waits(length: Duration) -> Self {
        Self::Waits { until: Instant::now() + length }
    }

    /// `timeout`: the longest that one request may take.
    pub(super) fn works(client: Option<Client>, timeout: Duration) -> Self {
        let silence_max = timeout + SILENCE_SLACK;
        let (seen, moved_at) = (Signs::default(), Instant::now());
        Self::Works(Box::new(RunProgress { client, silence_max, seen, moved_at }))
    }

    /// Looks for signs of life since the last look.
    pub(super) fn is_alive(&mut self, progress: Option<&Progress>) -> bool {
        let now = Instant::now();
        match self {
            Self::Waits { until } => now <= *until + LATE_MAX,
            Self::Works(work) => {
                let signs = work.signs(progress);
                // In a pause that ActiveCampaign or the pace asked for nothing should move.
                let is_paused =
                    work.client.as_ref().is_some_and(|client| !client.pause_left().is_zero());
                if signs != work.seen || is_paused {
                    (work.seen, work.moved_at) = (signs, now);
                }
                now - work.moved_at <= work.silence_max
            }
        }
    }
}

impl RunProgress {
    fn signs(&self, progress: Option<&Progress>) -> Signs {
        let traffic = self.client.as_ref().map(Client::traffic);
        Signs {
            sends: traffic.as_ref().map_or(0, |traffic| traffic.total),
            judged: traffic.as_ref().map_or(0, |traffic| traffic.dispositions.values().sum()),
            read: progress.map_or(0, |progress| progress.read),
            settled: progress.map_or(0, |progress| progress.counts.sum()),
        }
    }
}
