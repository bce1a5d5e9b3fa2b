use super::exposition::{Exposition, Family, families, seconds};
use super::fleet_metrics;
use super::snapshot::{JobSnapshot, Process, Snapshot};
use crate::activecampaign::{Disposition, Traffic};
use crate::daemon::{AccountStatus, AccountView};
use crate::state::{RunEnd, StateError};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

families! {
    BUILD Gauge "ordersync_build_info" "The version that runs; always 1.";
    STARTED Gauge "process_start_time_seconds" "When the daemon began, in seconds since 1970.";
    ALIVE Gauge "ordersync_alive" "Whether every account waits for something known or gets on.";
    CURRENT Gauge "ordersync_settings_reload_successful"
        "Whether the settings in force are those that the file held when it was last read.";
    READABLE Gauge "ordersync_state_readable" "Whether the state of the job can be read.";
    SUCCESS Gauge "ordersync_last_success_timestamp_seconds"
        "When a run of the job last finished, in seconds since 1970; 0 before the first.";
    OUTCOME Gauge "ordersync_last_run_outcome"
        "1 for how the job's last run ended, 0 for the others.";
    RECORDS Counter "ordersync_records_total"
        "Records settled by all runs of the job, by what became of them.";
    PENDING Gauge "ordersync_pending_records"
        "Records read and not settled, of the run under way or the last one.";
    DEAD Gauge "ordersync_dead_letters" "Records that were invalid or refused and still are.";
    DEAD_NEW Gauge "ordersync_dead_letters_new"
        "Of ordersync_dead_letters those that nobody has accepted.";
    VERIFIED Gauge "ordersync_last_verification_timestamp_seconds"
        "When a verification of the job last finished, in seconds since 1970; absent before the first.";
    NEXT_VERIFICATION Gauge "ordersync_next_verification_timestamp_seconds"
        "When the job is verified next, in seconds since 1970; absent without a schedule for it.";
    DIFFERENCES Gauge "ordersync_verification_differences"
        "Differences between export and ActiveCampaign that the last verification found.";
    MISSING Gauge "ordersync_verification_missing"
        "Orders of the export that the last verification did not find in ActiveCampaign.";
    NOT_VISIBLE Gauge "ordersync_not_visible_orders"
        "Orders that ActiveCampaign accepted in batches and does not show in its REST API yet; 0 for jobs that load one by one.";
    DURATION Gauge "ordersync_run_duration_seconds"
        "How long the last run of each kind that ended was running.";
    RUNNING Gauge "ordersync_run_in_progress" "Whether a run of the job is under way.";
    NEXT Gauge "ordersync_next_run_timestamp_seconds"
        "When the job starts next, in seconds since 1970.";
    LAG Gauge "ordersync_schedule_lag_seconds"
        "How late the job is while its start waits, else by how much its last start was late.";
    REQUESTS Counter "ordersync_requests_total"
        "Requests to ActiveCampaign that ended, by what their end meant.";
    BATCHES Counter "ordersync_batches_total" "Batches of orders that were sent by the bulk path.";
    BATCH_ORDERS Counter "ordersync_batch_orders_total"
        "Orders in those batches; divided by ordersync_batches_total, their length.";
    BATCHES_DIVIDED Counter "ordersync_batches_divided_total"
        "Batches that were sent in parts, as they were refused, unanswered or too long.";
    THROTTLED Counter "ordersync_throttled_seconds_total"
        "Pauses in which no request may be sent to the account.";
    RATE Gauge "ordersync_request_rate" "Requests per second that the pace allows just now.";
    IN_FLIGHT Gauge "ordersync_requests_in_flight" "Requests on their way.";
    STANDING Gauge "ordersync_account_standing" "1 for the account's status, 0 for the others.";
    STATE_SIZE Gauge "ordersync_state_size_bytes"
        "Size of the account's state file, with its journal.";
    STATE_FREE Gauge "ordersync_state_free_bytes"
        "Free space on the disk that the account's state is on.";
    STATE_FREE_MIN Gauge "ordersync_state_free_min_bytes"
        "Free space on that disk below which nothing new is sent: state.free_min_mb.";
}

/// The disposition of a request that succeeded.
const OK: &str = "ok";

/// The metrics from the state alone, in the form that node_exporter reads from a file. `jobs`: each
/// with its account. Requests are left out: each process counts its own, so their counters would
/// start at 0 with each run.
pub fn state_metrics(
    state_dir: &Path,
    jobs: &[(String, String)],
    state_free_min_bytes: u64,
) -> Result<String, StateError> {
    Ok(text(&Snapshot::of_state(state_dir, jobs, state_free_min_bytes)?))
}

pub(super) fn text(snapshot: &Snapshot) -> String {
    let mut writer = MetricsWriter { out: Exposition::default(), snapshot };
    if let Some(process) = &snapshot.process {
        writer.add_process(process);
    }
    writer.add_stored();
    writer.add_disks();
    writer.add_live();
    writer.add_requests();
    writer.add_status();
    if let Some(fleet) = &snapshot.fleet {
        fleet_metrics::add(&mut writer.out, fleet);
    }
    writer.out.into_text()
}

struct MetricsWriter<'a> {
    out: Exposition,
    snapshot: &'a Snapshot,
}

impl<'a> MetricsWriter<'a> {
    /// A sample for each job that has a value.
    fn add_jobs<V: Display>(
        &mut self,
        family: &Family,
        value: impl Fn(&'a JobSnapshot) -> Option<V>,
    ) {
        for job in &self.snapshot.jobs {
            if let Some(value) = value(job) {
                self.out.add(family, &[("job", &job.job)], value);
            }
        }
    }

    /// Several samples for each job, distinguished by a label.
    fn add_jobs_by<V: Display>(
        &mut self,
        family: &Family,
        label: &'static str,
        values: impl Fn(&'a JobSnapshot) -> Vec<(&'a str, V)>,
    ) {
        for job in &self.snapshot.jobs {
            for (name, value) in values(job) {
                self.out.add(family, &[("job", &job.job), (label, name)], value);
            }
        }
    }

    fn add_accounts<V: Display>(
        &mut self,
        family: &Family,
        value: impl Fn(&AccountView) -> Option<V>,
    ) {
        for account in &self.snapshot.accounts {
            if let Some(value) = value(account) {
                self.out.add(family, &[("account", &account.account)], value);
            }
        }
    }

    fn add_process(&mut self, process: &Process) {
        self.out.add(&BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.out.add(&STARTED, &[], seconds(process.started.as_millisecond().into()));
        self.out.add(&ALIVE, &[], u8::from(process.is_alive));
        self.out.add(&CURRENT, &[], u8::from(process.is_current));
        self.add_jobs(&READABLE, |job| Some(u8::from(job.stored.is_some())));
    }

    /// Metrics of jobs from the state.
    fn add_stored(&mut self) {
        self.add_jobs(&SUCCESS, |job| {
            Some(seconds(job.stored.as_ref()?.figures.last_success_ms.unwrap_or(0).into()))
        });
        self.add_jobs_by(&OUTCOME, "outcome", |job| {
            let is_last = |end| u8::from(job.outcome() == Some(end));
            RunEnd::ALL.map(|end| (end.word(), is_last(end))).into()
        });
        self.add_jobs_by(&RECORDS, "outcome", |job| {
            job.stored.iter().flat_map(|stored| stored.figures.settled.named()).collect()
        });
        self.add_jobs(&PENDING, |job| job.stored.as_ref().map(|_| job.pending()));
        self.add_jobs(&DEAD, |job| Some(job.stored.as_ref()?.figures.dead_letters.all));
        self.add_jobs(&DEAD_NEW, |job| Some(job.stored.as_ref()?.figures.dead_letters.new));
        self.add_jobs(&VERIFIED, |job| {
            let last = job.stored.as_ref()?.figures.last_verification.as_ref()?;
            Some(seconds(last.ended_ms?.into()))
        });
        self.add_jobs(&DIFFERENCES, |job| {
            Some(job.stored.as_ref()?.figures.last_verification.as_ref()?.sums.differences)
        });
        self.add_jobs(&MISSING, |job| {
            job.stored.as_ref()?.figures.last_verification.as_ref()?.sums.missing
        });
        self.add_jobs(&NOT_VISIBLE, |job| Some(job.stored.as_ref()?.figures.path?.accepted));
        self.add_jobs_by(&DURATION, "kind", |job| {
            let durations = job.stored.iter().flat_map(|stored| &stored.figures.durations);
            durations.map(|(kind, ms)| (kind.word(), seconds((*ms).into()))).collect()
        });
    }

    /// The jobs of an account share its state.
    fn add_disks(&mut self) {
        let mut disks = BTreeMap::new();
        for job in &self.snapshot.jobs {
            let disk = job.stored.as_ref().and_then(|stored| stored.disk.as_ref());
            disks.extend(disk.map(|disk| (job.account.as_str(), disk)));
        }
        for (account, disk) in &disks {
            self.out.add(&STATE_SIZE, &[("account", account)], disk.size_bytes);
        }
        for (account, disk) in &disks {
            if let Some(free) = disk.free_bytes {
                self.out.add(&STATE_FREE, &[("account", account)], free);
            }
        }
        for account in disks.keys() {
            let min_bytes = self.snapshot.state_free_min_bytes;
            self.out.add(&STATE_FREE_MIN, &[("account", account)], min_bytes);
        }
    }

    /// Metrics of jobs from the daemon's board.
    fn add_live(&mut self) {
        let now = self.snapshot.at;
        self.add_jobs(&RUNNING, |job| Some(u8::from(job.live.as_ref()?.running.is_some())));
        self.add_jobs(&NEXT, |job| {
            Some(seconds(job.live.as_ref()?.next_due?.max(now).as_millisecond().into()))
        });
        self.add_jobs(&NEXT_VERIFICATION, |job| {
            Some(seconds(job.live.as_ref()?.next_verification?.max(now).as_millisecond().into()))
        });
        self.add_jobs(&LAG, |job| Some(seconds(job.live.as_ref()?.lag(now).as_millis())));
    }

    /// Every disposition from the start, so that the first request of each is an increase.
    fn add_requests(&mut self) {
        let none = Traffic::default();
        for account in &self.snapshot.accounts {
            let traffic = account.traffic.as_ref().unwrap_or(&none);
            let failed = Disposition::WORDS
                .iter()
                .map(|word| (*word, traffic.dispositions.get(word).copied().unwrap_or(0)));
            for (disposition, requests) in [(OK, traffic.succeeded)].into_iter().chain(failed) {
                let labels = &[("account", &*account.account), ("verdict", disposition)];
                self.out.add(&REQUESTS, labels, requests);
            }
        }
        let traffic = |account: &AccountView| account.traffic.clone().unwrap_or_default();
        self.add_accounts(&BATCHES, |account| Some(traffic(account).batches));
        self.add_accounts(&BATCH_ORDERS, |account| Some(traffic(account).batch_orders));
        self.add_accounts(&BATCHES_DIVIDED, |account| Some(traffic(account).batches_divided));
        self.add_accounts(&THROTTLED, |account| {
            let paused_ms = account.traffic.as_ref().map_or(0, |traffic| traffic.paused_ms);
            Some(seconds(paused_ms.into()))
        });
        self.add_accounts(&RATE, |account| Some(account.traffic.as_ref()?.requests_per_second));
        self.add_accounts(&IN_FLIGHT, |account| Some(account.in_flight));
    }

    fn add_status(&mut self) {
        for account in &self.snapshot.accounts {
            for word in AccountStatus::WORDS {
                let labels = &[("account", &*account.account), ("standing", word)];
                self.out.add(&STANDING, labels, u8::from(account.status.word() == word));
            }
        }
    }
}
