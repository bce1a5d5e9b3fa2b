use super::runs;

#[test]
fn a_time_that_does_not_exist_runs_at_the_first_moment_after() {
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3),
        [
            "Sat 2026-03-28 02:30:00 +01:00",
            "Sun 2026-03-29 03:00:00 +02:00",
            "Mon 2026-03-30 02:30:00 +02:00"
        ]
    );
    // All starts within a gap are one run, together with the one at its end.
    assert_eq!(
        runs("*/30 1-3 * * *", "America/New_York", "2026-03-08T06:00:00Z", 4),
        [
            "Sun 2026-03-08 01:30:00 -05:00",
            "Sun 2026-03-08 03:00:00 -04:00",
            "Sun 2026-03-08 03:30:00 -04:00",
            "Mon 2026-03-09 01:00:00 -04:00"
        ]
    );
    // Clocks that go forward by half an hour, at midnight, and over a whole day.
    assert_eq!(
        runs("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 1),
        ["Sun 2026-10-04 02:30:00 +11:00"]
    );
    assert_eq!(
        runs("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2),
        ["Sun 2018-11-04 01:00:00 -02:00", "Mon 2018-11-05 00:00:00 -02:00"]
    );
    assert_eq!(
        runs("15 2 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
        [
            "Thu 2011-12-29 02:15:00 -10:00",
            "Sat 2011-12-31 00:00:00 +14:00",
            "Sat 2011-12-31 02:15:00 +14:00"
        ]
    );
}

#[test]
fn a_time_that_is_shown_twice_runs_once() {
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["Sun 2026-10-25 02:30:00 +02:00", "Mon 2026-10-26 02:30:00 +01:00"]
    );
    // A start within the second occurrence does not repeat the first.
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
        ["Mon 2026-10-26 02:30:00 +01:00"]
    );
    assert_eq!(
        runs("0,30 * * * *", "America/New_York", "2026-11-01T05:00:00Z", 3),
        [
            "Sun 2026-11-01 01:30:00 -04:00",
            "Sun 2026-11-01 02:00:00 -05:00",
            "Sun 2026-11-01 02:30:00 -05:00"
        ]
    );
    assert_eq!(
        runs("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2),
        ["Sun 2026-04-05 01:45:00 +11:00", "Mon 2026-04-06 01:45:00 +10:30"]
    );
}

#[test]
fn seconds_count_where_they_are_given() {
    assert_eq!(
        runs("*/20 * * * * *", "Asia/Kathmandu", "2026-11-22T00:00:05Z", 2),
        ["Sun 2026-11-22 05:45:20 +05:45", "Sun 2026-11-22 05:45:40 +05:45"]
    );
    assert_eq!(
        runs("59 59 2 * * *", "Europe/Berlin", "2026-10-24T23:59:58.5Z", 1),
        ["Sun 2026-10-25 02:59:59 +02:00"]
    );
}
