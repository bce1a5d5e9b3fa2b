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
            print(&format!("{}{}\n", report::run_text(report), held.unwrap_or_default()));
        }
        note_end(report);
    }
    for canary in results.canaries.iter().filter(|_| !global.json) {
        let is_all = results.reports.iter().any(|report| {
            report.row.job == canary.verification.job && report.end == RunEnd::Finished
        });
        print(&format!("{}\n", report::canary_text(&canary.verification, &canary.orders, is_all)));
    }
    for job in &results.not_begun {
        output::note(&format!("{job}: not begun"));
    }
}

/// Why a run ended, and where to look for what it left out.
fn note_end(report: &RunReport) {
    let job = &report.row.job;
    match &report.error {
        Some(RunError::Interrupted) => output::note(&format!(
            "{job}: stopped with {} records not settled yet; running it again goes on from there",
            report.row.pending
        )),
        Some(error) => output::complain(&format!("{job}: {error}")),
        None => {}
    }
    if report.row.counts.invalid + report.row.counts.refused > 0 {
        output::note(&format!(
            "{job}: `ordersync dead-letters list {job}` tells what was left out, and why"
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
