use super::super::Schedule;
use super::super::syntax::Fields;
use super::runs;
use jiff::tz::TimeZone;
use proptest::prelude::*;

#[test]
fn two_ways_to_write_a_schedule_are_the_same() {
    for (written, same) in [
        ("15 2 * * 0", "15 2 * * 7"),
        ("15 2 * * sun", "15 2 * * 0,7"),
        ("15 2 * * mon-fri", "15 2 * * 1-5"),
        ("15 2 * * SAT-SUN", "15 2 * * 6-7"),
        ("15 2 * * Monday,wed", "15 2 * * 1,3"),
        ("15 2 * * */2", "15 2 * * 0,2,4,6"),
        ("15 2 * * 1-7/3", "15 2 * * 1,4,7"),
        ("15 2 * jan-mar,December *", "15 2 * 1,2,3,12 *"),
        ("*/20 8-18/5 1,15 * *", "0,20,40 8,13,18 1,15 * *"),
        ("0-10,5-15 2 * * *", "0-15 2 * * *"),
        ("  15\t2  * * * ", "15 2 * * *"),
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@Midnight", "@daily"),
        ("@weekly", "0 0 * * sun"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "@yearly"),
        ("0 15 2 * * *", "15 2 * * *"),
    ] {
        let [mut a, mut b] = [written, same].map(|text| Fields::read(text).unwrap());
        // The notation does not affect the meaning.
        for fields in [&mut a, &mut b] {
            fields.has_seconds = false;
            fields.minute.is_free = false;
            fields.day_of_week.is_free = false;
        }
        assert_eq!(a, b, "{written} and {same}");
    }
}

#[test]
fn errors_name_their_field_and_a_hint() {
    for (text, expected) in [
        ("60 2 * * *", "minute: found `60`; expected a minute from 0 to 59"),
        ("15 24 * * *", "hour: found `24`; expected a hour from 0 to 23"),
        ("15 2 0 * *", "day of month: found `0`; expected a day of month from 1 to 31"),
        ("15 2 * 13 *", "month: found `13`; expected a month from 1 to 12, or a name, jan to dec"),
        (
            "15 2 * * 8",
            "day of week: found `8`; expected a day of week from 0 to 7 (0 and 7 are Sunday), or a name, sun to sat",
        ),
        ("61 15 2 * * *", "second: found `61`; expected a second from 0 to 59"),
        ("15 2 * * fryday", "day of week: found `fryday`"),
        ("15 2 * mo *", "month: found `mo`"),
        (
            "15 2 ? * *",
            "day of month: found `?`; expected a day of month from 1 to 31; write `*` for any",
        ),
        ("15 2 L * *", "L, W and # are not of crontab"),
        ("15 2 * * 1#2", "L, W and # are not of crontab"),
        (
            "15 22-2 * * *",
            "hour: found `22-2`; expected a range that goes upwards; write it as two: `22-23,0-2`",
        ),
        ("15 2 * * fri-mon", "write it as two: `fri-6,0-mon`"),
        (
            "5/10 2 * * *",
            "minute: found `5/10`; expected a range or `*` before a step; `5-59/10` begins at 5",
        ),
        ("*/0 2 * * *", "minute: found `*/0`; expected a step from 1 to 59"),
        (
            "*/90 * * * *",
            "minute: found `*/90`; expected a step from 1 to 59; a step stays within its field",
        ),
        ("*/x 2 * * *", "minute: found `*/x`; expected a step from 1 to 59"),
        ("*/+5 2 * * *", "minute: found `*/+5`; expected a step from 1 to 59"),
        ("1,,2 2 * * *", "minute: found `1,,2`"),
        ("-5 2 * * *", "minute: found `-5`"),
        ("+5 2 * * *", "minute: found `+5`"),
        ("1-2-3 2 * * *", "minute: found `2-3`"),
        ("999999999999 2 * * *", "minute: found `999999999999`"),
        ("2 * * *", "4 fields; expected five fields as in crontab"),
        ("0 15 2 * * * 2027", "7 fields; expected five fields as in crontab"),
        ("nightly", "1 field; expected five fields"),
        ("@reboot", "a run that was missed while the host was down is caught up without it"),
        ("@every 5m", "`*/15 * * * *` is every quarter of an hour"),
        ("@nightly", "found `@nightly`; expected one of: @hourly, @daily"),
        ("0 0 31 2 *", "found `0 0 31 2 *`, which never comes"),
        ("0 0 31 4,6 *", "which never comes"),
    ] {
        let fault = Schedule::parse(text, &TimeZone::UTC).unwrap_err().to_string();
        assert!(fault.contains(expected), "{text}: {fault}");
    }
}

#[test]
fn a_day_matches_by_date_or_by_name_where_both_are_given() {
    let from = "2026-11-01T00:00:00Z";
    assert_eq!(
        runs("0 0 13 * fri", "UTC", from, 4),
        [
            "Fri 2026-11-06 00:00:00 +00:00",
            "Fri 2026-11-13 00:00:00 +00:00",
            "Fri 2026-11-20 00:00:00 +00:00",
            "Fri 2026-11-27 00:00:00 +00:00"
        ]
    );
    assert_eq!(
        runs("0 0 13 * fri", "UTC", "2026-12-12T00:00:00Z", 1),
        ["Sun 2026-12-13 00:00:00 +00:00"]
    );
    // As in crontab, if one begins with *, the other decides.
    assert_eq!(
        runs("0 0 */2 * fri", "UTC", from, 2),
        ["Fri 2026-11-13 00:00:00 +00:00", "Fri 2026-11-27 00:00:00 +00:00"]
    );
    assert_eq!(runs("0 0 * * fri", "UTC", from, 1), ["Fri 2026-11-06 00:00:00 +00:00"]);
    assert_eq!(
        runs("0 0 29 2 *", "UTC", from, 2),
        ["Tue 2028-02-29 00:00:00 +00:00", "Sun 2032-02-29 00:00:00 +00:00"]
    );
}

#[test]
fn the_last_run_there_is_is_followed_by_none() {
    assert_eq!(
        runs("0 0 31 12 *", "UTC", "2099-12-31T00:00:00Z", 3),
        ["Fri 2100-12-31 00:00:00 +00:00"]
    );
}

proptest! {
    #[test]
    fn no_text_is_more_than_an_error(text in r"[-0-9*/,@a-zA-Z# \PC]{0,40}") {
        let _ = Schedule::parse(&text, &TimeZone::UTC);
    }
}
