use super::text::{duration, many, millis, printable};
use crate::run::{SecondRecord, SwitchPlan, SwitchReport, SwitchTask};
use crate::state::RunEnd;
use serde_json::{Value, json};

/// A change of path that was only planned, or needs nothing.
pub fn switch_plan_json(plan: &SwitchPlan, canary: Option<&str>) -> Value {
    let outcome = if plan.task == SwitchTask::Nothing { "nothing_to_do" } else { "planned" };
    document(plan, canary, outcome)
}

fn document(plan: &SwitchPlan, canary: Option<&str>, outcome: &str) -> Value {
    json!({ "switch": {
        "job": plan.job,
        "service": plan.service,
        "externalid": plan.externalid,
        "from": plan.from.word(),
        "to": plan.to.word(),
        "outcome": outcome,
        "orders": plan.orders,
        "canary": canary,
        "resumes": matches!(plan.task, SwitchTask::GoBack(_) | SwitchTask::Canary { resumed: Some(_) }),
    } })
}

/// What a change of path would do.
pub fn switch_plan_text(plan: &SwitchPlan, canary: Option<&str>) -> String {
    let (from, to) = (plan.from.word(), plan.to.word());
    let canary = printable(canary.unwrap_or_default());
    let name = format!("connection {}/{}", printable(&plan.service), printable(&plan.externalid));
    let orders = many(plan.orders, "order");
    match &plan.task {
        SwitchTask::Nothing => format!("Orders of the {name} come by `{to}` already.\n"),
        SwitchTask::Note => {
            format!("The {name} holds no order: its path changes from `{from}` to `{to}`.\n")
        }
        SwitchTask::GoBack(open) => format!(
            "A switch of the {name} to `{}` was interrupted.\n  to do   look for a second record of order {canary}, delete it if there is\n          one, and stay on `{to}`\n",
            open.to.word()
        ),
        SwitchTask::Canary { resumed } => {
            let again = if resumed.is_some() { ", interrupted before" } else { "" };
            format!(
                "Switch of the {name} from `{from}` to `{to}`{again}\n  holds   {orders}\n  sends   order {canary} by `{to}`, with the content that it has\n  then    looks for a second record of it; if there is one, deletes it and\n          stays on `{from}`\n",
            )
        }
    }
}

pub fn switch_json(report: &SwitchReport) -> Value {
    let mut json = document(&report.plan, report.canary.as_deref(), outcome(report));
    let switch = &mut json["switch"];
    switch["second_record"] = report.second.as_ref().map_or(Value::Null, |second| {
        json!({
            "id": second.id.as_ref().map(|id| id.as_str()),
            "deleted": second.id.is_some() && second.left.is_none(),
            "reason": second.left,
            "in_graphql": second.is_in_graphql,
        })
    });
    switch["requests"] = json!(report.requests);
    switch["duration_ms"] = millis(report.elapsed).into();
    json
}

fn outcome(report: &SwitchReport) -> &'static str {
    match (report.end(), &report.plan.task) {
        (RunEnd::Finished, SwitchTask::GoBack(_)) => "went_back",
        (RunEnd::Finished, _) => "switched",
        (end, _) => end.word(),
    }
}

/// The result of a change of path. `others`: jobs of the connection whose settings name another
/// path.
pub fn switch_text(report: &SwitchReport, others: &[&str]) -> String {
    let plan = &report.plan;
    let (from, to) = (plan.from.word(), plan.to.word());
    let took = format!("{}, {}", many(report.requests.total, "request"), duration(report.elapsed));
    let mut text = match (report.end(), &plan.task) {
        (RunEnd::Finished, SwitchTask::GoBack(_)) => {
            format!("The interrupted switch is taken back: orders come by `{from}` ({took}).\n")
        }
        (RunEnd::Finished, SwitchTask::Note) => format!("Orders come by `{to}` from now on.\n"),
        (RunEnd::Finished, _) => {
            format!(
                "ActiveCampaign keeps one record of order {}: orders come by `{to}` from now on ({took}).\n",
                printable(report.canary.as_deref().unwrap_or_default())
            )
        }
        (end, _) => format!("Switch {} ({took}).\n", end.word()),
    };
    if let Some(second) = &report.second {
        text.push_str(&second_text(second));
    }
    let canary = report.canary.as_ref().filter(|_| report.end() == RunEnd::Finished);
    if let Some(canary) = canary {
        text.push_str(&format!("  next    a sync writes order {} again\n", printable(canary)));
    }
    if report.end() == RunEnd::Finished {
        for job in others {
            text.push_str(&format!("  to do   set load = \"{to}\" in [jobs.{job}]\n"));
        }
    }
    text
}

fn second_text(second: &SecondRecord) -> String {
    let mut text = match (&second.id, &second.left) {
        (Some(id), None) => format!("  second record, id {id}: deleted, and read back as gone\n"),
        (Some(id), Some(why)) => format!("  second record, id {id}: still there, {why}\n"),
        (None, _) => "  GraphQL shows the order twice, and REST once\n".to_owned(),
    };
    if second.is_in_graphql {
        text.push_str(
            "  GraphQL still shows the order, and has no way to delete it: automations and\n  segments on Order may see it twice\n",
        );
    }
    text
}
