use super::super::{Calendar, Schedule, clock_change};
use super::zone;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

fn calendar(text: &str, job: &str, jitter_max_s: Option<u32>) -> Calendar {
    Calendar::new(Schedule::parse(text, &zone("Europe/Berlin")).unwrap(), job, jitter_max_s)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn jitter_follows_from_the_name_and_stays_within_its_bound() {
    let of = |job: &str, max| calendar("15 2 * * *", job, max).jitter().as_secs();
    assert_eq!(of("shop", None), of("shop", None));
    let jobs: Vec<String> = (0..200).map(|n| format!("shop-{n}")).collect();
    let mut seen: Vec<i64> = jobs.iter().map(|job| of(job, None)).collect();
    assert!(
        seen.iter().all(|s| (0..=59).contains(s)),
        "within the minute that was written: {seen:?}"
    );
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() > 40, "they spread: {seen:?}");
    assert!(jobs.iter().any(|job| of(job, Some(3_600)) > 600));
    assert!(jobs.iter().all(|job| of(job, Some(0)) == 0));
    assert_eq!(
        calendar("7 15 2 * * *", "shop-1", None).jitter().as_secs(),
        0,
        "who writes seconds means them"
    );
}

#[test]
fn a_start_occurs_once_at_its_time_plus_jitter() {
    let calendar = calendar("15 2 * * *", "shop-3", Some(600));
    let jitter = calendar.jitter();
    assert!(jitter.as_secs() > 0);
    let first = calendar.start_after(at("2026-11-22T12:00:00Z")).unwrap();
    assert_eq!(first, at("2026-11-23T01:15:00Z") + jitter);
    assert_eq!(calendar.start_after(first - SignedDuration::from_secs(1)), Some(first));
    assert_eq!(calendar.start_after(first), Some(at("2026-11-24T01:15:00Z") + jitter));
}

#[test]
fn however_many_starts_were_missed_the_first_of_them_is_next() {
    let calendar = calendar("0 * * * *", "shop", Some(0));
    assert_eq!(calendar.start_after(at("2026-11-20T02:00:01Z")), Some(at("2026-11-20T03:00:00Z")));
}

#[test]
fn days_on_which_clocks_change_are_known() {
    let change = |day, name: &str| {
        clock_change(day, &zone(name))
            .map(|change| (change.from.seconds() / 60, change.to.seconds() / 60))
    };
    assert_eq!(change(date(2026, 3, 29), "Europe/Berlin"), Some((60, 120)));
    assert_eq!(change(date(2026, 10, 25), "Europe/Berlin"), Some((120, 60)));
    assert_eq!(change(date(2026, 10, 26), "Europe/Berlin"), None);
    assert_eq!(change(date(2018, 11, 4), "America/Sao_Paulo"), Some((-180, -120)), "at midnight");
    assert_eq!(
        change(date(2011, 12, 31), "Pacific/Apia"),
        Some((-600, 840)),
        "over a day that did not exist"
    );
    assert_eq!(change(date(2026, 7, 1), "Asia/Kathmandu"), None);
}
