//! The meaning of a schedule, before anything runs.

use crate::world::World;

#[test]
fn a_faulty_schedule_is_reported_by_every_verb_with_file_line_and_what_to_try() {
    let world = World::new().job("schedule = \"*/90 2 * * *\"\n");
    for verb in ["check", "schedule", "daemon", "sync"] {
        let output = world.run(&[verb]);
        assert_eq!(output.code, 2, "{verb}: {}", output.err);
        for expected in [
            "ordersync.toml:",
            "jobs.shop.schedule: minute: found `*/90`",
            "expected a step",
            "hint: ",
        ] {
            let text = format!("{}{}", output.out, output.err);
            assert!(text.contains(expected), "{verb}: {expected}: {text}");
        }
    }
}

#[test]
fn coming_runs_are_reported_in_local_time_with_the_days_on_which_clocks_change() {
    // Every day at half past two. From one first Sunday of November to the next it is at most 371
    // days, so clocks change on one of them in each direction; and on one more if it is 364.
    let world = World::new().job("schedule = \"30 2 * * *\"\njitter_s = 0\n");
    let output = world.run(&["schedule", "--next", "372"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.starts_with("shop (30 2 * * * in America/New_York)\n"), "{}", output.out);
    let lines: Vec<&str> = output.out.lines().skip(1).collect();
    assert_eq!(lines.len(), 372);
    let changes: Vec<&&str> = lines.iter().filter(|line| line.contains("clocks change")).collect();
    assert!((2..=4).contains(&changes.len()), "{changes:?}");
    assert!(
        changes
            .iter()
            .any(|line| line
                .contains("03:00:00 -04:00  clocks change on this day, -05:00 to -04:00"))
    );
    assert!(
        changes
            .iter()
            .any(|line| line
                .contains("02:30:00 -05:00  clocks change on this day, -04:00 to -05:00"))
    );
    let json = world.run(&["schedule", "--next", "3", "--json"]).json();
    let job = &json["jobs"][0];
    assert_eq!((&job["job"], &job["jitter_ms"]), (&"shop".into(), &0.into()));
    assert_eq!(job["runs"].as_array().unwrap().len(), 3);
    assert!(job["runs"][0]["at"].as_str().unwrap().ends_with(":00"), "{job}");
}

#[test]
fn status_shows_when_a_job_is_due() {
    let world = World::new().job("schedule = \"@daily\"\njitter_s = 0\n");
    let status = world.run(&["status", "--json"]).json();
    assert!(status["jobs"][0]["next_due"].as_str().unwrap().contains("T00:00:00-0"), "{status}");
    assert!(world.run(&["status"]).out.contains("next due 20"));
    let without = World::new();
    assert!(without.run(&["status", "--json"]).json()["jobs"][0]["next_due"].is_null());
    assert!(without.run(&["schedule"]).out.contains("no schedule"), "and `schedule` says so");
}
