#![no_main]
//! Any text as an amount: an accepted one equals a simple reading of its digits.

use ordersync::domain::{Amount, Currency};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((selector, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let code = ["USD", "JPY", "KWD", "CLF"][usize::from(*selector) % 4];
    let currency = Currency::parse(code).expect("a code of ISO 4217");
    let Ok(amount) = Amount::parse(text, currency) else { return };
    let exponent = usize::from(currency.exponent());
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let digits = format!("{whole}{fraction:0<exponent$}");
    let (kept, rest) = digits.split_at(whole.len() + exponent);
    assert!(rest.bytes().all(|b| b == b'0'), "{text}: a fraction of a minor unit was cut");
    assert_eq!(kept.parse::<i128>().ok(), Some(i128::from(amount.minor())), "{text} in {code}");
    let printed = currency.format_minor(i128::from(amount.minor()));
    assert_eq!(Amount::parse(&printed, currency), Ok(amount), "{text} printed as {printed}");
});
