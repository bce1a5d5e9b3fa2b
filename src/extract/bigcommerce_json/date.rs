//! Dates as e-mail has them: `Tue, 05 Mar 2019 21:40:11 +0000`.

use jiff::fmt::rfc2822::DateTimeParser;

/// The date with its offset, in the form the other dialects hand on; any other text as it stands.
pub fn from_rfc2822(text: String) -> String {
    match DateTimeParser::new().parse_zoned(&text) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_keeps_its_offset_and_what_is_none_stays_what_it_is() {
        let read = |text: &str| from_rfc2822(text.to_owned());
        assert_eq!(read("Tue, 05 Mar 2019 21:40:11 +0000"), "2019-03-05 21:40:11 +0000");
        assert_eq!(read("Tue, 05 Mar 2019 21:40:11 -0530"), "2019-03-05 21:40:11 -0530");
        for odd in ["", "Wed, 05 Mar 2019 21:40:11 +0000", "05/03/2019", "2019-03-05T21:40:11Z"] {
            assert_eq!(read(odd), odd);
        }
    }
}
