#![no_main]
//! Any text as a date: what is accepted states its year, month, day and hour first, or its year
//! after the name of its month, and is printed back as it is.

use jiff::tz::TimeZone;
use ordersync::domain::Moment;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(moment) = Moment::parse(text, &TimeZone::UTC) else { return };
    let printed = moment.to_string();
    let text = text.trim();
    // RFC 2822 names the month.
    if text.as_bytes().get(4) == Some(&b'-') {
        assert_eq!(text.get(..10), printed.get(..10), "{text} became {printed}");
        assert_eq!(text.get(11..16), printed.get(11..16), "{text} became {printed}");
    } else {
        assert!(text.contains(&printed[..4]), "{text} became {printed}");
    }
    let again = Moment::parse(&printed, &TimeZone::UTC);
    assert_eq!(again.map(|again| again.to_string()).ok(), Some(printed));
});
