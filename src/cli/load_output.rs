use super::error::CliError;
use super::exit::{Exit, FailOn};
use super::load_jobs::{CanaryReport, JobFailure, Results};
use super::options::Global;
use super::output;
use super::paint::Paint;
use super::preflight::Plans;
use crate::report::{self, CanaryEnd, OrdersLeft};
use crate::run::{GoneReport, RunError, RunReport, Verification};
use crate::state::RunEnd;
use serde_json::{Value, json};

/// `print` writes the results: to standard output, unless that carries something else.
pub(super) fn print_results(global: &Global, results: &Results, plans: &Plans, print: fn(&str)) {
    if global.json && results.error.is_none() {
        print(&output::json_text(&results_json(results, plans)));
    }
    for report in &results.reports {
        let is_silent = global.json || (global.quiet && is_success(report));
        if !is_silent {
            let forecast =
                plans.forecasts.get(&report.row.job).filter(|_| report.end == RunEnd::Finished);
            let held = forecast.map(|forecast| report::forecast_held_text(report, forecast));
            let text = report::run_text(report);
            let text = format!("{text}{}\n", held.unwrap_or_default());
            let text = report::fitted(&text, output::width());
            print(&Paint::of_stdout(global.color).headings(&text));
        }
        if !(global.quiet && is_success(report)) {
            note_end(report, plans.left_after(report));
        }
    }
    let is_equal = |canary: &CanaryReport| canary.verification.differences_count() == 0;
    let is_silent = |canary: &CanaryReport| global.json || (global.quiet && is_equal(canary));
    for canary in results.canaries.iter().filter(|canary| !is_silent(canary)) {
        let report = results.reports.iter().find(|report| {
            report.row.id == canary.run && report.row.job == canary.verification.job
        });
        let Some(left) = report.and_then(|report| plans.left_after(report)) else { continue };
        let end = CanaryEnd { run: canary.run, left };
        let text = report::canary_text(&canary.verification, &canary.orders, end);
        print(&report::fitted(&format!("{text}\n"), output::width()));
    }
    for failure in &results.failures {
        output::report_error(&failure.error.message);
    }
    for job in &results.not_started {
        output::note(&format!("{job}: not started"));
    }
}

/// It finished, and left nothing to do.
fn is_success(report: &RunReport) -> bool {
    let is_left = |gone: &GoneReport| gone.is_unfinished() || gone.refused.new > 0;
    report.end == RunEnd::Finished
        && report.dead_letters.new == 0
        && !report.gone.as_ref().is_some_and(is_left)
}

/// Why a run ended, and where to find what it did not send.
fn note_end(report: &RunReport, left: Option<OrdersLeft>) {
    let job = &report.row.job;
    match (&report.error, left) {
        (Some(error), left) if is_interrupted(error) => {
            output::note(&format!("{job}: {}", report::stopped_text(report, left)));
        }
        (Some(error), left) => {
            output::report_error(&format!("{job}: {error}"));
            left.iter().for_each(|left| output::note(&format!("{job}: {left}")));
        }
        (None, _) => {}
    }
    if report.dead_letters.all > 0 {
        output::note(&format!("{job}: {}", report::letters_met_text(job, report.dead_letters)));
    }
}

fn is_interrupted(error: &RunError) -> bool {
    matches!(error, RunError::Interrupted)
}

fn results_json(results: &Results, plans: &Plans) -> Value {
    let mut json = report::runs_json(&results.reports);
    for (run, report) in json["runs"].as_array_mut().into_iter().flatten().zip(&results.reports) {
        let forecast = plans.forecasts.get(&report.row.job);
        if let Some(error) = report.error.as_ref().filter(|error| !is_interrupted(error)) {
            let (exit, message) = (Exit::of_run(report, None, FailOn::Never), error.to_string());
            run["error"] = CliError::new(exit, message).json_of_run();
        }
        run["orders"] = plans.left_after(report).map(report::orders_left_json).into();
        run["forecast"] =
            forecast.map(|forecast| report::forecast_held_json(report, forecast)).into();
    }
    let failed = results
        .failures
        .iter()
        .map(|JobFailure { job, error }| json!({ "job": job, "error": error.json_of_run() }));
    let not_started = results.not_started.iter().map(|job| json!({ "job": job, "error": null }));
    json["not_run"] = failed.chain(not_started).collect();
    let ended = ["runs", "not_run"].into_iter().filter_map(|part| json[part].as_array()).flatten();
    let first = ended.filter_map(|job| job.get("error")).find(|error| !error.is_null()).cloned();
    if let Some(error) = first {
        json["error"] = error;
    }
    let verified: Vec<Verification> =
        results.canaries.iter().map(|canary| canary.verification.clone()).collect();
    if !verified.is_empty() {
        json["verifications"] = report::verification_json(&verified)["verifications"].take();
    }
    json
}
