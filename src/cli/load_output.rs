use super::load_jobs::Results;
use super::options::Global;
use super::output;
use crate::plan::Forecast;
use crate::report;
use crate::run::{RunError, RunReport, Verification};
use crate::state::RunEnd;
use serde_json::Value;
use std::collections::BTreeMap;

/// The forecast of each job that was planned.
type Forecasts = BTreeMap<String, Forecast>;

/// `print` writes the results: to standard output, unless that carries something else.
pub(super) fn print_results(
    global: &Global,
    results: &Results,
    forecasts: &Forecasts,
    print: fn(&str),
) {
    if global.json {
        print(&output::json_text(&results_json(results, forecasts)));
    }
    for report in &results.reports {
        if !global.json {
            let forecast =
                forecasts.get(&report.row.job).filter(|_| report.end == RunEnd::Finished);
            let held = forecast.map(|forecast| report::forecast_held_text(report, forecast));
            let text = report::run_text(report, is_canary(results, report));
            print(&format!("{text}{}\n", held.unwrap_or_default()));
        }
        note_end(report, is_canary(results, report));
    }
    for canary in results.canaries.iter().filter(|_| !global.json) {
        let is_all = results.reports.iter().any(|report| {
            report.row.job == canary.verification.job && report.end == RunEnd::Finished
        });
        print(&format!("{}\n", report::canary_text(&canary.verification, &canary.orders, is_all)));
    }
    for job in &results.not_started {
        output::note(&format!("{job}: not started"));
    }
}

/// Whether a run ended because it had loaded its canary.
fn is_canary(results: &Results, report: &RunReport) -> bool {
    results.canaries.iter().any(|canary| canary.verification.job == report.row.job)
}

/// Why a run ended, and where to look for what it did not send.
fn note_end(report: &RunReport, is_canary: bool) {
    let job = &report.row.job;
    match &report.error {
        Some(RunError::Interrupted) if is_canary => {}
        Some(RunError::Interrupted) => {
            output::note(&format!("{job}: {}", report::interrupted_text(&report.row)));
        }
        Some(error) => output::complain(&format!("{job}: {error}")),
        None => {}
    }
    if report.row.counts.invalid + report.row.counts.refused > 0 {
        output::note(&format!(
            "{job}: `ordersync dead-letters list {job}` shows what was not sent, and why"
        ));
    }
}

fn results_json(results: &Results, forecasts: &Forecasts) -> Value {
    let mut json = report::runs_json(&results.reports);
    for (run, report) in json["runs"].as_array_mut().into_iter().flatten().zip(&results.reports) {
        let forecast = forecasts.get(&report.row.job);
        run["forecast"] =
            forecast.map(|forecast| report::forecast_held_json(report, forecast)).into();
    }
    let verified: Vec<Verification> =
        results.canaries.iter().map(|canary| canary.verification.clone()).collect();
    if !verified.is_empty() {
        json["verifications"] = report::verification_json(&verified)["verifications"].take();
    }
    json
}
