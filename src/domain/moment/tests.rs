use super::*;
use proptest::prelude::*;

fn read(text: &str, zone: &str) -> Result<String, MomentError> {
    Moment::parse(text, &TimeZone::get(zone).unwrap()).map(|m| m.to_string())
}

#[test]
fn the_offset_of_the_source_is_kept() {
    for text in
        ["2024-01-31 10:11:12 -0500", "2024-01-31T10:11:12-05:00", "2024-01-31T10:11:12.999-05:00"]
    {
        assert_eq!(read(text, "UTC").as_deref(), Ok("2024-01-31T10:11:12-05:00"), "{text}");
    }
    assert_eq!(read("2024-01-31T10:11:12Z", "UTC").as_deref(), Ok("2024-01-31T10:11:12+00:00"));
    assert_eq!(
        read("2024-01-31 10:11:12 +0530", "UTC").as_deref(),
        Ok("2024-01-31T10:11:12+05:30")
    );
    assert_eq!(
        read("2024-01-31 10:11:12 -0030", "UTC").as_deref(),
        Ok("2024-01-31T10:11:12-00:30")
    );
}

#[test]
fn a_local_time_takes_the_zone_of_the_job() {
    assert_eq!(
        read("2024-07-01 10:00:00", "Europe/Berlin").as_deref(),
        Ok("2024-07-01T10:00:00+02:00")
    );
    // skipped by the clock change: moved forward by the gap
    assert_eq!(
        read("2024-03-31 02:30:00", "Europe/Berlin").as_deref(),
        Ok("2024-03-31T02:30:00+01:00")
    );
    // happens twice: the first one
    assert_eq!(
        read("2024-10-27 02:30:00", "Europe/Berlin").as_deref(),
        Ok("2024-10-27T02:30:00+02:00")
    );
}

#[test]
fn dates_that_would_have_to_be_guessed_are_refused() {
    for bad in [
        "",
        "31/12/2023 22:36",
        "12/31/2023 10:00",
        "45384.34",
        "2024-02-30 10:00:00 +0000",
        "2024-01-31",
        "yesterday",
        "2024-01-31 10:11:12 EST",
        "2024-01-31 25:00:00 +0000",
        "2024-13-01 10:00:00 +0000",
        "2024-01-31 10:11:12 +99:00",
        "2024-01-31 10:11:12 -0500 x",
    ] {
        assert_eq!(read(bad, "UTC"), Err(MomentError::Malformed), "{bad:?}");
    }
    assert_eq!(read("1969-12-31 10:00:00 +0000", "UTC"), Err(MomentError::Range));
    assert_eq!(read("0000-01-01 00:00:00 +0000", "UTC"), Err(MomentError::Range));
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(second in 0_i64..4_000_000_000, quarter in -48_i32..=56) {
        let offset = Offset::from_seconds(quarter * 900).unwrap();
        prop_assume!(second + i64::from(quarter) * 900 >= 0);
        let moment = Moment::new(Timestamp::from_second(second).unwrap(), offset).unwrap();
        let read = Moment::parse(&moment.to_string(), &TimeZone::UTC).unwrap();
        prop_assert_eq!(read.to_string(), moment.to_string());
        prop_assert_eq!(read, moment);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = Moment::parse(&text, &TimeZone::UTC);
    }
}

#[test]
fn fractions_zulu_and_an_unknown_offset_are_read() {
    for text in [
        "2024-01-31T15:11:12Z",
        "2024-01-31T15:11:12.5Z",
        "2024-01-31T15:11:12.123456789Z",
        "2024-01-31T15:11:12-00:00",
        "2024-01-31 15:11:12 -0000",
        "2024-01-31 15:11:12 UTC",
        "2024-01-31 15:11:12 GMT",
        "2024-01-31 15:11:12+00",
        " 2024-01-31T15:11:12z ",
    ] {
        assert_eq!(read(text, "Asia/Tokyo").as_deref(), Ok("2024-01-31T15:11:12+00:00"), "{text}");
    }
    assert_eq!(read("2024-01-31T15:11Z", "UTC").as_deref(), Ok("2024-01-31T15:11:00+00:00"));
    assert_eq!(read("2024-01-31 15:11:12-05", "UTC").as_deref(), Ok("2024-01-31T15:11:12-05:00"));
    for bad in
        ["2024-01-31T15:11:12.Z", "2024-01-31T15:11:60Z", "2024-01-31T24:00:00Z", "2024-01-31T15Z"]
    {
        assert_eq!(read(bad, "UTC"), Err(MomentError::Malformed), "{bad}");
    }
}

#[test]
fn the_dates_of_mail_headers_are_read() {
    for (text, expected) in [
        ("Tue, 05 Mar 2019 21:40:11 +0000", "2019-03-05T21:40:11+00:00"),
        ("Tue, 5 Mar 2019 21:40:11 GMT", "2019-03-05T21:40:11+00:00"),
        ("5 mar 2019 21:40 -0500", "2019-03-05T21:40:00-05:00"),
        ("Tue, 05 Mar 2019 21:40:11", "2019-03-05T21:40:11+09:00"),
    ] {
        assert_eq!(read(text, "Asia/Tokyo").as_deref(), Ok(expected), "{text}");
    }
    for bad in [
        "Wed, 05 Mar 2019 21:40:11 +0000", // it was a Tuesday
        "Tue, 05 Mar 19 21:40:11 +0000",
        "Tue, 05 March 2019 21:40:11 +0000",
        "Tue, 31 Feb 2019 21:40:11 +0000",
        "Tue, 05 Mar 2019 21:40:11 EST",
        "Tue, 05 Mar 2019",
        "Mar 05 2019 21:40:11 +0000",
        "05 Mar 2019 9:40:11 +0000",
        "05 Mar 2019 21:40:11:12 +0000",
    ] {
        assert_eq!(read(bad, "UTC"), Err(MomentError::Malformed), "{bad}");
    }
}

/// 2 November or 11 February: the export does not say, so it is not guessed.
#[test]
fn a_date_that_can_be_read_two_ways_is_refused() {
    for bad in
        ["02/11/2023 08:35", "02/11/2023", "02.11.2023 08:35:00", "02-11-2023 08:35:00", "11/02/23"]
    {
        assert_eq!(read(bad, "Europe/Berlin"), Err(MomentError::Malformed), "{bad}");
    }
}

/// The rule for clock changes: the offset before the change, for a time that is skipped and for one
/// that is repeated.
#[test]
fn times_that_clocks_skip_or_repeat_take_the_offset_before_the_change() {
    for (local, zone, expected) in [
        ("2024-03-10 02:30:00", "America/New_York", "2024-03-10T02:30:00-05:00"),
        ("2019-11-03 01:30:00", "America/New_York", "2019-11-03T01:30:00-04:00"),
        ("2024-10-06 02:15:00", "Australia/Lord_Howe", "2024-10-06T02:15:00+10:30"),
        ("2024-04-07 01:45:00", "Australia/Lord_Howe", "2024-04-07T01:45:00+11:00"),
        // a whole day is skipped
        ("2011-12-30 12:00:00", "Pacific/Apia", "2011-12-30T12:00:00-10:00"),
    ] {
        assert_eq!(read(local, zone).as_deref(), Ok(expected), "{local} {zone}");
    }
    let at = |text: &str| Moment::parse(text, &TimeZone::get("America/New_York").unwrap()).unwrap();
    assert_eq!(at("2024-03-10 02:30:00"), at("2024-03-10 03:30:00"), "moved forward by the gap");
    assert_eq!(at("2019-11-03 01:30:00"), at("2019-11-03 01:30:00 -0400"), "the first of the two");
}

#[test]
fn years_that_no_order_is_of_are_out_of_range() {
    for text in [
        "1969-12-31 23:59:59",
        "0001-01-01 00:00:00",
        "2100-01-01 00:00:00",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(read(text, "UTC"), Err(MomentError::Range), "{text}");
    }
    // the first and the last one accepted
    assert!(read("1970-01-01 00:00:00", "UTC").is_ok());
    assert_eq!(
        read("1970-01-01 00:00:00 +0100", "UTC"),
        Err(MomentError::Range),
        "before 1970 in UTC"
    );
    assert!(read("2099-12-31 23:59:59 -0500", "UTC").is_ok());
}

/// Liberia was 44 minutes and 30 seconds behind until 1972; RFC 3339 writes no seconds of an
/// offset.
#[test]
fn an_offset_with_seconds_keeps_the_instant() {
    let zone = TimeZone::get("Africa/Monrovia").unwrap();
    let moment = Moment::parse("1971-06-01 12:00:00", &zone).unwrap();
    assert_eq!(moment.timestamp().to_string(), "1971-06-01T12:44:30Z");
    assert_eq!(Moment::parse(&moment.to_string(), &TimeZone::UTC), Ok(moment));
}

proptest! {
    /// Texts near the accepted forms: anything accepted is the same moment when printed and read
    /// again, in any zone.
    #[test]
    fn what_is_accepted_prints_back_to_the_same_moment(
        text in prop_oneof![
            "(20[0-9]{2}|19[67][0-9]|[0-9]{4})-(0[1-9]|1[0-2])-([01][0-9]|2[0-8]|3[01])[ T]\
             ([01][0-9]|2[0-4]):[0-5][0-9](:[0-6][0-9](\\.[0-9]{0,9})?)?( ?(Z|[+-]([01][0-9]|2[0-4]):?([0-6][0-9])?|GMT))?",
            "(Tue, )?[0-3]?[0-9] (Mar|oct|Dez) (20|19)[0-9]{2} [0-2][0-9]:[0-5][0-9](:[0-5][0-9])?( (GMT|EST|[+-][0-9]{4}))?",
        ],
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia"]),
    ) {
        if let Ok(moment) = Moment::parse(&text, &TimeZone::get(zone).unwrap()) {
            let again = Moment::parse(&moment.to_string(), &TimeZone::UTC).unwrap();
            prop_assert_eq!(again, moment);
            prop_assert_eq!(again.to_string(), moment.to_string());
        }
    }

    #[test]
    fn a_local_time_of_a_zone_prints_back(
        second in 0_i64..4_000_000_000,
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let local = zone.to_datetime(Timestamp::from_second(second).unwrap());
        prop_assume!(local.year() >= 1970);
        let moment = Moment::parse(&local.strftime("%Y-%m-%d %H:%M:%S").to_string(), &zone).unwrap();
        prop_assert_eq!(zone.to_datetime(moment.timestamp()), local);
    }
}

#[test]
fn a_text_states_its_offset_or_does_not() {
    for text in [
        "2024-01-31 10:11:12 -0500",
        "2024-01-31T10:11:12Z",
        "2024-01-31T10:11:12+00:00",
        "2024-01-31 10:11:12 UTC",
        "Wed, 31 Jan 2024 10:11:12 -0500",
        "Wed, 31 Jan 2024 10:11:12 GMT",
    ] {
        assert!(Moment::states_offset(text), "{text}");
    }
    for text in ["2024-01-31 10:11:12", "2024-01-31T10:11", "Wed, 31 Jan 2024 10:11:12"] {
        assert!(!Moment::states_offset(text), "{text}");
    }
}
