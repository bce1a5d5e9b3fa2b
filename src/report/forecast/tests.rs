use super::*;
use crate::plan::{Assumptions, PlanSummary};
use jiff::tz::TimeZone;

fn preview(forecast: Forecast, zone: &str) -> Preview {
    let mut preview = Preview {
        job: "shop".to_owned(),
        id: Default::default(),
        destination: Default::default(),
        files: Vec::new(),
        rules: Default::default(),
        summary: PlanSummary::default(),
        forecast,
        shrinkage: Vec::new(),
        history: Default::default(),
        disk: Default::default(),
        passed_over: Vec::new(),
        unplaced: Vec::new(),
        to_create: None,
        existing: None,
    };
    preview.rules.zone = TimeZone::get(zone).unwrap();
    preview
}

fn at(text: &str) -> Zoned {
    text.parse::<jiff::Timestamp>().unwrap().to_zoned(TimeZone::UTC)
}

fn of(requests: u64) -> Forecast {
    Forecast::new(requests, Assumptions::new(5.0, 16))
}

#[test]
fn it_ends_on_the_clock_of_the_job_however_clocks_change() {
    let day = of(423_360);
    let berlin = preview(day, "Europe/Berlin");
    for (now, expected) in [
        ("2026-06-01T10:00:00Z", "2026-06-02 12:00 +02:00 (Europe/Berlin)"),
        ("2026-03-28T22:30:00Z", "2026-03-30 00:30 +02:00 (Europe/Berlin, clocks change before)"),
        ("2026-10-24T22:30:00Z", "2026-10-25 23:30 +01:00 (Europe/Berlin, clocks change before)"),
    ] {
        let text = forecast_text(&berlin, &at(now));
        let start = "Forecast: 423,360 requests at 4.9 a second take 1 d 0 h, done about ";
        assert_eq!(text, format!("{start}{expected}."));
    }
    let output = forecast_json(&berlin, &at("2026-10-24T22:30:00Z"));
    assert_eq!(output["ends"], "2026-10-25T23:30:00+01:00");
    let days = preview(of(1_629_510), "America/New_York");
    let text = forecast_text(&days, &at("2026-11-22T12:00:00Z"));
    assert!(
        text.contains("take 3 d 20 h, done about 2026-11-26 03:22 -05:00 (America/New_York)"),
        "{text}"
    );
}

#[test]
fn nothing_to_send_takes_no_time_and_one_line() {
    let nothing = preview(of(0).after(2), "UTC");
    assert_eq!(
        forecast_lines(&nothing, &at("2026-06-01T10:00:00Z")),
        "Forecast: nothing to send.\n"
    );
    let output = forecast_json(&nothing, &at("2026-06-01T10:00:00Z"));
    assert_eq!(
        (&output["duration_ms"], &output["ends"]),
        (&0.into(), &"2026-06-01T10:00:00+00:00".into())
    );
}

#[test]
fn the_table_shows_what_another_pace_would_change() {
    let rows = pace_rows(&preview(of(17_640), "UTC"), &at("2026-06-01T10:00:00Z"));
    let expected = [
        ["1", "0.98", "5 h 0 min", "2026-06-01 15:00 +00:00"],
        ["2", "1.96", "2 h 30 min", "2026-06-01 12:30 +00:00"],
        ["5 (as set)", "4.90", "1 h 0 min", "2026-06-01 11:00 +00:00"],
    ];
    assert_eq!(rows, expected);
    let odd = preview(of(17_640).at(2.5), "UTC");
    let rows = pace_rows(&odd, &at("2026-06-01T10:00:00Z"));
    let allowed: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(allowed, ["1", "2", "2.5 (as set)", "5"]);
}

#[test]
fn the_limiting_factor_is_stated() {
    let slow = Forecast::new(100, Assumptions::new(5.0, 1));
    let text = forecast_lines(&preview(slow.after(2), "UTC"), &at("2026-06-01T10:00:00Z"));
    for expected in [
        "at 2.0 a second",
        "with at most 1 in flight (in_flight_max), that allows 2.00 requests a second",
        "and 2 to find or make the connection.",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let usual = assumptions(&of(100)).join("\n");
    assert!(usual.contains("speed drops only if responses exceed 3.3 s"), "{usual}");
    assert!(usual.contains("4.90 of the 5 requests a second"), "{usual}");
}

#[test]
fn a_plan_of_days_is_reported_in_nights() {
    assert_eq!(nights(&of(100_000)), None);
    let expected = "In nights of 6 h (`backfill --max-duration 6h`): 16 of them.";
    assert_eq!(nights(&of(1_629_510)).as_deref(), Some(expected));
    let two_hours = Duration::from_secs(7200);
    assert_eq!(
        runs_text(&of(100_000), two_hours).as_deref(),
        Some("Stopped after 2 h 0 min each time, it takes 3 runs.")
    );
    assert_eq!(runs_text(&of(1000), two_hours), None);
}

#[test]
fn jobs_of_one_account_end_one_after_the_other() {
    let previews = [preview(of(17_640), "UTC"), preview(of(17_640), "Europe/Berlin")];
    let [first, second] = &previews;
    let (main, other) = ("main".to_owned(), "other".to_owned());
    let now = at("2026-06-01T10:00:00Z");
    assert_eq!(together_text(&[(main.clone(), first), (other.clone(), second)], &now), "");
    let plans = [(main.clone(), first), (other, first), (main, second)];
    assert_eq!(
        together_text(&plans, &now),
        "Together: 2 jobs write to main, one after the other: 35,280 requests take 2 h 0 min, done about 2026-06-01 14:00 +02:00\n"
    );
    let output = together_json(&plans, &now);
    assert_eq!(output[0]["duration_ms"], 7_200_000);
    assert_eq!(output[1]["ends"], "2026-06-01T11:00:00Z");
}

#[test]
fn a_forecast_beyond_the_calendar_has_no_end() {
    let endless = preview(of(u64::MAX), "UTC");
    let text = forecast_text(&endless, &at("2026-06-01T10:00:00Z"));
    assert!(!text.contains("done about"), "{text}");
    assert!(forecast_json(&endless, &at("2026-06-01T10:00:00Z"))["ends"].is_null());
}
