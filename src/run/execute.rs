use super::batches::{BatchReader, KnownLetters, ReaderEvent};
use super::bulk::{AcceptedOrders, ReadBack, check_path, open_path};
use super::change_detector::ChangeDetector;
use super::connection::{confirm, establish};
use super::execution::{Execution, ReadProgress, RunContext, letters};
use super::ledger::Ledger;
use super::meter::Meter;
use super::plan_reader::PlanReader;
use super::reading_error::ReadingError;
use super::records::Records;
use super::rules_digest::{check_carts, check_key, mapping_of};
use super::shrinkage::{Shrinkage, files_read};
use super::{Accounting, RunError, RunReport};
use crate::activecampaign::FatalError;
use crate::domain::LoadPath;
use crate::plan::Fingerprints;
use crate::state::{
    ConnectionId, Counts, Kind, LetterCounts, RunClose, RunEnd, RunId, RunRow, RunStart,
    Settlement, StateError, View,
};
use tokio::sync::mpsc::Receiver;
use tracing::Instrument;

/// Carries out one run of one job, or resumes the one that was interrupted.
///
/// # Errors
/// Only when the state itself fails; every other end is in the report.
pub async fn execute(task: RunContext<'_>) -> Result<RunReport, RunError> {
    // At the highest level, so that every line has it, whichever level is shown.
    let span = tracing::error_span!("run", job = task.job.name, run = tracing::field::Empty);
    carry_out(task).instrument(span).await
}

async fn carry_out(task: RunContext<'_>) -> Result<RunReport, RunError> {
    let meter = Meter::new(task.client);
    let mapping = mapping_of(task.job, task.export.files());
    let view = task.state.call(|store| store.view()).await?;
    check_key(&view, task.job, &mapping)?;
    check_carts(&view, task.job, &mapping)?;
    check_path(&view, task.job)?;
    // If that can't be read, neither can the export.
    let is_night = task.job.loads_changes_only(&view).unwrap_or(false);
    let row = begin(&task, &mapping).await?;
    let run = row.id;
    let shrinkage = look_for_less(&task, &view)?;
    let connecting = establish(task.state, task.client, &task.job.connection);
    let connected = task.cancel.run_until_cancelled(connecting).await;
    let (connection, remote) =
        match connected.ok_or(RunError::Interrupted).and_then(|found| Ok(found?)) {
            Ok(found) => found,
            Err(error) => {
                let reached = ReadProgress::default();
                return close(&task, &row, meter, reached, shrinkage, Some(error)).await;
            }
        };
    task.state.call(move |store| store.set_connection(run, connection)).await?;
    let accepted = AcceptedOrders {
        state: task.state,
        client: task.client,
        cancel: &task.cancel,
        in_flight_max: task.job.in_flight_max,
        connection,
        remote: &remote,
        sample: task.job.bulk_sample,
    };
    if let Err(error) = open(&task, run, &accepted).await {
        return close(&task, &row, meter, ReadProgress::default(), shrinkage, Some(error)).await;
    }
    let fed = start_reading(&task, &row, connection, view, &mapping)?;
    let mut execution = Execution::new(&task, &row, connection, remote.clone(), meter).await?;
    let driven = execution.drive(fed).await;
    log_passed_over(&task);
    let settled = match driven {
        Ok(()) if task.job.load == LoadPath::Bulk => {
            accepted.settle(run).await.map(Some).map_err(RunError::from)
        }
        driven => driven.map(|()| None),
    };
    let (read_back, error) = settled.map_or_else(|error| (None, Some(error)), |read| (read, None));
    if let Some(ReadBack { not_read, .. }) = read_back {
        task.state.call(move |store| store.note_not_read(connection, not_read)).await?;
    }
    // A run without changes makes no request; a full pull, a change or a verification does.
    let is_unasked = task.kind == Kind::Sync && execution.sent() == 0 && !is_night;
    let error = look_for_connection(&task, &accepted, error, is_unasked).await?;
    let (meter, reached) = execution.end();
    let report = close(&task, &row, meter, reached, shrinkage, error).await?;
    Ok(RunReport { read_back, ..report })
}

/// Looks whether the connection is still there, where the run's end leaves that open. Returns how
/// the run ends now.
async fn look_for_connection(
    task: &RunContext<'_>,
    accepted: &AcceptedOrders<'_>,
    mut error: Option<RunError>,
    is_unasked: bool,
) -> Result<Option<RunError>, RunError> {
    // If every order is refused, the connection may have been deleted.
    let is_in_question = error.as_ref().map_or(is_unasked, |error| {
        matches!(error, RunError::Fatal(FatalError::Schema) | RunError::TooManyRefused { .. })
    });
    let spec = &task.job.connection;
    if is_in_question && let Err(gone) = confirm(task.client, spec, accepted.remote).await {
        error = Some(RunError::Fatal(gone));
    }
    if matches!(error, Some(RunError::Fatal(FatalError::ConnectionGone))) {
        let connection = accepted.connection;
        task.state.call(move |store| store.lose_connection(connection)).await?;
    }
    Ok(error)
}

/// Begins the run in the state, or resumes the one that was interrupted.
async fn begin(task: &RunContext<'_>, mapping: &str) -> Result<RunRow, RunError> {
    let (name, kind, mapping) = (task.job.name.clone(), task.kind, mapping.to_owned());
    let export = task.job.identity_of(task.export.files());
    let begun = task
        .state
        .call(move |store| store.begin(&RunStart { job: &name, kind, export, mapping: &mapping }));
    let row = begun.await?;
    tracing::Span::current().record("run", row.id);
    if row.checkpoint > 0 {
        tracing::info!(checkpoint = row.checkpoint, "resuming the interrupted run");
    }
    let run = row.id;
    if let Some((records, requests)) = task.planned {
        task.state.call(move |store| store.set_plan(run, records, requests)).await?;
    }
    if let Some(plan) = task.approved {
        task.state.call(move |store| store.set_approved(run, &plan.to_string())).await?;
    }
    Ok(row)
}

/// Logs which rows of a complete export were skipped.
fn log_passed_over(task: &RunContext<'_>) {
    for passed in task.export.passed_over() {
        tracing::info!(
            kind = passed.kind.word(),
            rows = passed.rows,
            file = passed.file,
            line = passed.line,
            "passed over rows that are no rows of orders"
        );
    }
}

/// Before anything is sent: checks the connection's path and settles what earlier runs left.
async fn open(
    task: &RunContext<'_>,
    run: RunId,
    accepted: &AcceptedOrders<'_>,
) -> Result<(), RunError> {
    open_path(task.state, accepted.connection, task.job).await?;
    if task.job.load == LoadPath::Bulk {
        accepted.settle_earlier(run).await?;
    }
    Ok(())
}

/// Before the first request, logs file notes and whether the export shrank since the last finished
/// run.
fn look_for_less(task: &RunContext<'_>, view: &View) -> Result<Vec<Shrinkage>, RunError> {
    let found = task.job.shrinkage(view, task.export.files())?;
    for file in task.export.files() {
        for note in &file.notes {
            tracing::warn!(job = task.job.name, file = %file, "{note}");
        }
    }
    for less in &found {
        tracing::warn!(
            job = task.job.name,
            "the export shrank since the last finished run: {less}"
        );
    }
    Ok(found)
}

/// Uses the existing database connection: each one costs memory and files for the whole run.
fn start_reading(
    task: &RunContext<'_>,
    row: &RunRow,
    connection: ConnectionId,
    view: View,
    mapping: &str,
) -> Result<Receiver<ReaderEvent>, ReadingError> {
    let known = KnownLetters::of(view.dead_records(&task.job.name)?, row.id);
    let mut fingerprints = Fingerprints::new(view.hash_key()?);
    let detector = ChangeDetector::for_ledger(fingerprints.mapping(mapping));
    // A run that never settled anything has nothing to skip, so no query is needed.
    let begun_before = row.checkpoint > 0 || row.counts.sum() > 0;
    let resumed = begun_before.then(|| row.clone());
    let ledger = Ledger { view, connection: Some(connection), fingerprints, resumed };
    let records = Records::inline(task.export.read(), task.job.rules.policy.order_key);
    let reader =
        PlanReader::new(records, task.job.rules.clone(), ledger).with_detector(Some(detector));
    let batches = BatchReader::new(reader, letters(task), known, task.only.clone());
    Ok(if task.state.is_inline() { batches.start_inline() } else { batches.start() })
}

/// Ends the run in the state, and checks its accounts there.
async fn close(
    task: &RunContext<'_>,
    row: &RunRow,
    meter: Meter,
    reached: ReadProgress,
    shrinkage: Vec<Shrinkage>,
    mut error: Option<RunError>,
) -> Result<RunReport, RunError> {
    let run = row.id;
    let (sent, elapsed) = (meter.total(), meter.elapsed());
    let mut end = error.as_ref().map_or(RunEnd::Finished, RunError::end);
    // It failed, and the next run resumes it like an interrupted one.
    let is_open = error.as_ref().is_some_and(RunError::is_lack_of_space);
    let stored = if is_open { RunEnd::Interrupted } else { end };
    let (row, written) = store_end(task, run, meter, &reached, stored).await?;
    if !accounts_add_up(&row, end, written) {
        let (read, counts, pending) = (row.records, row.counts, row.pending);
        error.get_or_insert(RunError::Accounting(Box::new(Accounting {
            run,
            read,
            counts,
            pending,
            written,
        })));
        end = RunEnd::Failed;
        let close = RunClose { end, records: read, pending, whole: false };
        task.state.call(move |store| store.end(run, &close)).await?;
    }
    let row = RunRow { outcome: Some(if is_open { stored } else { end }), ..row };
    if row.is_finished_load() {
        keep_files(task, run).await?;
    }
    let dead_letters = letters_met(task, &row, &reached).await?;
    let orders = reached.orders;
    let (gone, read_back) = (None, None);
    Ok(RunReport {
        row,
        end,
        dead_letters,
        error,
        shrinkage,
        orders,
        read_back,
        sent,
        elapsed,
        gone,
    })
}

/// Writes the end of the run. Returns its row, and what the ledger says that it wrote.
async fn store_end(
    task: &RunContext<'_>,
    run: RunId,
    mut meter: Meter,
    reached: &ReadProgress,
    end: RunEnd,
) -> Result<(RunRow, Option<Counts>), StateError> {
    let (requests, active_ms) = meter.take();
    let rest = Settlement { requests, active_ms, ..Settlement::default() };
    // A piped stream may be incremental, so it never counts as a full export.
    let whole = task.only.is_none()
        && reached.all_letters
        && task.job.reads_whole_export()
        && !task.job.export.is_piped();
    let records = reached.records.filter(|_| end == RunEnd::Finished);
    let through = reached.through;
    let ended = task.state.call(move |store| {
        store.settle(run, 0, &rest)?;
        let settled = store.run(run)?.map_or(0, |row| row.counts.sum());
        let close = RunClose { end, records, pending: through.saturating_sub(settled), whole };
        Ok((store.end(run, &close)?, store.outcomes_of(run)?))
    });
    ended.await
}

/// Records which files and windows a finished run has read.
async fn keep_files(task: &RunContext<'_>, run: RunId) -> Result<(), StateError> {
    // Windows replace each other, and are compared by their own counts.
    let is_pulled = task.job.pulls.is_some();
    let files = if is_pulled { Vec::new() } else { files_read(task.export.files()) };
    let windows = task.job.windows_of(task.export.files()).unwrap_or_else(|error| {
        // They stay unsettled, so that the next run reads them again.
        tracing::warn!("{error}");
        Vec::new()
    });
    task.state.call(move |store| store.keep_files(run, &files, &windows)).await
}

/// The dead letters of a run. Those beyond the number that is recorded count as new.
async fn letters_met(
    task: &RunContext<'_>,
    row: &RunRow,
    reached: &ReadProgress,
) -> Result<LetterCounts, StateError> {
    let (job, run) = (row.job.clone(), row.id);
    let met = task.state.call(move |store| store.dead_letters_met(&job, run)).await?;
    let are_all_written = reached.all_letters || reached.records.is_none();
    let left_out = if are_all_written { 0 } else { row.counts.invalid + row.counts.refused };
    let unwritten = left_out.saturating_sub(met.all);
    Ok(LetterCounts { all: met.all + unwritten, new: met.new + unwritten })
}

/// Whether a finished run has read its export completely and settled every record, and its writes
/// match the ledger. `written` is `None` if a later run has overwritten some of them.
fn accounts_add_up(row: &RunRow, end: RunEnd, written: Option<Counts>) -> bool {
    let whole = end != RunEnd::Finished || (row.records.is_some() && row.pending == 0);
    let of_orders = Counts { unchanged: 0, filtered: 0, invalid: 0, refused: 0, ..row.counts };
    whole && row.adds_up() && written.is_none_or(|written| written == of_orders)
}
