//! The values of new settings: from the export, from the operator, or still to be filled in.

use super::export::ExportFacts;
use super::zones::Zones;
use crate::domain::{Currency, shop_host};
use crate::report::{count, many};
use crate::settings::{FilledKey, is_account_address, is_web_address};
use jiff::tz::TimeZone;

/// Something that an export does not say.
pub(super) struct InitQuestion {
    pub text: &'static str,
    /// The expected form of an answer, as in "expected a word".
    pub expected: &'static str,
    /// The answer for a bare Enter.
    pub offered: Option<String>,
    pub accepts: fn(&str) -> bool,
}

/// Asks on the terminal; `None` without a terminal or an answer.
pub(super) type Ask<'a> = dyn FnMut(&InitQuestion) -> Option<String> + 'a;

/// The keys of new settings.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub keys: Vec<FilledKey>,
    /// Keys that hold a placeholder, and what belongs there.
    pub open: Vec<(&'static str, &'static str)>,
}

/// What is used without an answer.
enum Unanswered {
    /// This value.
    Use(String),
    /// A placeholder that `check` reports; `None` is the example of the annotated settings.
    Mark(Option<&'static str>),
    /// The default of the program.
    Leave,
}

const ACCOUNT_URL: &str = "accounts.main.url";
const SERVICE: &str = "jobs.shop.connection.service";
const NAME: &str = "jobs.shop.connection.name";
const LINK_URL: &str = "jobs.shop.connection.link_url";
const EXTERNALID: &str = "jobs.shop.connection.externalid";
const TIME_ZONE: &str = "jobs.shop.time_zone";

/// Zones that a comment names.
const ZONES_NAMED_MAX: usize = 4;

impl Answers {
    pub(super) fn of(facts: Option<&ExportFacts>, url: Option<&str>, ask: &mut Ask<'_>) -> Self {
        let mut answers = Self::default();
        match url {
            Some(url) => answers.set(ACCOUNT_URL, url.to_owned(), String::new()),
            None => answers.account(ask),
        }
        if let Some(facts) = facts {
            answers.export(facts, ask);
            answers.connection(facts, ask);
            answers.time_zone(facts, ask);
            answers.currency(facts, ask);
        }
        answers
    }

    /// What a key was set to, without quotes.
    fn value(&self, key: &str) -> Option<String> {
        let value = self.keys.iter().find(|filled| filled.key == key)?.value.as_ref()?;
        serde_json::from_str(value).ok()
    }

    /// The comment on a key that was set.
    fn note(&mut self, key: &str, note: String) {
        if let Some(filled) = self.keys.iter_mut().find(|filled| filled.key == key) {
            filled.note = note;
        }
    }

    fn set(&mut self, key: &'static str, value: String, note: String) {
        // The strings of JSON are strings of TOML.
        let value = Some(serde_json::Value::from(value).to_string());
        self.keys.push(FilledKey { key, value, note });
    }

    fn ask(
        &mut self,
        key: &'static str,
        question: &InitQuestion,
        unanswered: Unanswered,
        ask: &mut Ask<'_>,
    ) {
        match (ask(question), unanswered) {
            (Some(value), _) | (None, Unanswered::Use(value)) => {
                self.set(key, value, String::new());
            }
            (None, Unanswered::Mark(placeholder)) => {
                let value = placeholder.map(|text| serde_json::Value::from(text).to_string());
                let note = format!("TO FILL IN: {} ({}).", question.text, question.expected);
                self.keys.push(FilledKey { key, value, note });
                self.open.push((key, question.text));
            }
            (None, Unanswered::Leave) => {}
        }
    }

    fn account(&mut self, ask: &mut Ask<'_>) {
        let question = InitQuestion {
            text: "the API address of the ActiveCampaign account",
            expected: "a URL such as https://example.api-us1.com, from Settings, Developer",
            offered: None,
            accepts: is_account_address,
        };
        self.ask(ACCOUNT_URL, &question, Unanswered::Mark(None), ask);
    }

    fn export(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        let list = serde_json::json!([facts.pattern]).to_string();
        let export = FilledKey { key: "jobs.shop.export", value: Some(list), note: String::new() };
        self.keys.push(export);
        self.set("jobs.shop.format", facts.format().to_owned(), String::new());
        match &facts.service {
            Some(service) => self.set(SERVICE, service.clone(), String::new()),
            None => {
                let question = InitQuestion {
                    text: "the shop system, in lower case",
                    expected: "a word such as shopify or woocommerce",
                    offered: None,
                    accepts: is_word,
                };
                self.ask(SERVICE, &question, Unanswered::Mark(Some("")), ask);
            }
        }
    }

    fn connection(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        let use_or_mark =
            |value: Option<String>| value.map_or(Unanswered::Mark(None), Unanswered::Use);
        let link = InitQuestion {
            text: "the address of the shop",
            expected: "a URL such as https://example.com",
            offered: facts.address.clone(),
            accepts: is_web_address,
        };
        self.ask(LINK_URL, &link, use_or_mark(facts.address.clone()), ask);
        let host = self.value(LINK_URL).map(|url| shop_host(&url));
        let name = InitQuestion {
            text: "the name of the shop",
            expected: "one line of text, which ActiveCampaign shows",
            offered: host.clone(),
            accepts: is_line,
        };
        self.ask(NAME, &name, use_or_mark(host), ask);
        let id = self.value(NAME).map(|name| identifier(&name)).filter(|id| !id.is_empty());
        let externalid = InitQuestion {
            text: "an id for the shop, which can't be changed once orders are loaded",
            expected: "letters, digits, dots, dashes and underscores",
            offered: id,
            accepts: is_word,
        };
        // What can't be changed later is never guessed.
        self.ask(EXTERNALID, &externalid, Unanswered::Mark(None), ask);
        let address = self.value(LINK_URL);
        let logo = InitQuestion {
            text: "the address of the shop's logo",
            expected: "a URL such as https://example.com/logo.png",
            offered: address.map(|url| format!("{}/favicon.ico", url.trim_end_matches('/'))),
            accepts: is_web_address,
        };
        self.ask("jobs.shop.connection.logo_url", &logo, Unanswered::Mark(None), ask);
    }

    /// If dates state their offset, the zone only affects the schedule. If they do not, it
    /// determines the moments of orders, so a zone is only used if no other fitting zone gives
    /// different moments.
    fn time_zone(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        let zones = &facts.zones;
        let is_known = !zones.fitting.is_empty();
        let known = zones.likely().cloned();
        let own = TimeZone::system().iana_name().map(str::to_owned);
        let likely = if facts.dates_local > 0 {
            known.filter(|_| zones.agree_on_local_dates)
        } else {
            own.filter(|name| !is_known || zones.fits(name)).or(known)
        };
        let unanswered = match &likely {
            Some(zone) if is_known => Unanswered::Use(zone.clone()),
            _ if is_known || facts.dates_local > 0 => Unanswered::Mark(Some("Area/City")),
            _ => Unanswered::Leave,
        };
        let question = InitQuestion {
            text: "the time zone of the shop",
            expected: "an IANA name such as Europe/Berlin",
            offered: likely,
            accepts: |text| TimeZone::get(text).is_ok(),
        };
        self.ask(TIME_ZONE, &question, unanswered, ask);
        let is_open = self.open.iter().any(|(key, _)| *key == TIME_ZONE);
        if let Some(zone) = self.value(TIME_ZONE).filter(|_| is_known && !is_open) {
            self.note(TIME_ZONE, zones_note(&zone, zones));
        }
    }

    /// It applies to records that state no currency, so it is only taken from the others if those
    /// agree.
    fn currency(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        const CURRENCY: &str = "jobs.shop.policy.currency";
        let mut known = facts.currencies.keys().map(Currency::code);
        match (known.next(), known.next()) {
            (Some(only), None) if facts.currency_unknown == 0 => {
                self.set(CURRENCY, only.to_owned(), currencies_note(facts));
            }
            _ if facts.currency_unstated > 0 => {
                let question = InitQuestion {
                    text: "the currency of the orders that state none",
                    expected: "an ISO 4217 code such as EUR",
                    offered: None,
                    accepts: |text| Currency::parse(text).is_ok(),
                };
                self.ask(CURRENCY, &question, Unanswered::Mark(Some("???")), ask);
            }
            _ => {
                let note = currencies_note(facts);
                self.keys.push(FilledKey { key: CURRENCY, value: None, note });
            }
        }
    }
}

/// `Orders in the export: 3 in EUR, 1 without a currency.`
fn currencies_note(facts: &ExportFacts) -> String {
    let stated =
        facts.currencies.iter().map(|(currency, n)| format!("{} in {currency}", count(*n)));
    let others = [
        (facts.currency_unknown, "in something that is no ISO 4217 code"),
        (facts.currency_unstated, "without a currency"),
    ];
    let others = others.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> =
        stated.chain(others.map(|(n, what)| format!("{} {what}", count(n)))).collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("Orders in the export: {}.", parts.join(", "))
}

/// The note on other zones that the offsets fit.
fn zones_note(chosen: &str, zones: &Zones) -> String {
    let others: Vec<&str> =
        zones.fitting.iter().map(String::as_str).filter(|zone| *zone != chosen).collect();
    let named = others[..others.len().min(ZONES_NAMED_MAX)].join(", ");
    let listed = match others.len() {
        n if n <= ZONES_NAMED_MAX => named,
        n => format!("{named} and {}", many((n - ZONES_NAMED_MAX) as u64, "other zone")),
    };
    if !zones.fits(chosen) {
        format!("The offsets in the export don't fit this zone; they fit {listed}.")
    } else if others.is_empty() {
        "The offsets in the export fit no other zone.".to_owned()
    } else {
        format!("The offsets in the export fit {listed} too.")
    }
}

/// `Example Store` to `example-store`.
fn identifier(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

fn is_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::init::zones::zones_of;
    use crate::settings::{ANNOTATED, filled};

    const BERLIN: [&str; 2] = ["2024-01-31 10:11:12 +0100", "2024-07-31 10:11:12 +0200"];

    fn facts() -> ExportFacts {
        ExportFacts {
            pattern: "exports/orders.csv".into(),
            files: 1,
            formats: vec!["shopify-csv".into()],
            service: Some("shopify".into()),
            records: 3,
            currencies: [(Currency::parse("EUR").unwrap(), 3)].into(),
            currency_unstated: 0,
            currency_unknown: 0,
            dates_local: 0,
            zones: zones_of(&BERLIN),
            address: Some("https://www.mugs.example".into()),
        }
    }

    fn value(answers: &Answers, key: &str) -> Option<String> {
        answers.keys.iter().find(|filled| filled.key == key)?.value.clone()
    }

    #[test]
    fn the_export_provides_values_without_an_answer() {
        let answers = Answers::of(Some(&facts()), Some("https://a.api-us1.com"), &mut |_| None);
        for (key, expected) in [
            ("accounts.main.url", "https://a.api-us1.com"),
            ("jobs.shop.format", "shopify-csv"),
            ("jobs.shop.connection.service", "shopify"),
            (NAME, "mugs.example"),
            (LINK_URL, "https://www.mugs.example"),
            ("jobs.shop.policy.currency", "EUR"),
        ] {
            assert_eq!(value(&answers, key), Some(format!("\"{expected}\"")), "{key}");
        }
        assert!(facts().zones.fits(&answers.value(TIME_ZONE).unwrap()));
        let open: Vec<&str> = answers.open.iter().map(|(key, _)| *key).collect();
        assert_eq!(open, [EXTERNALID, "jobs.shop.connection.logo_url"]);
    }

    #[test]
    fn unknown_values_are_marked_and_each_mark_is_in_the_file() {
        let facts = ExportFacts {
            currencies: [].into(),
            currency_unstated: 3,
            zones: Zones::default(),
            dates_local: 3,
            address: None,
            service: None,
            ..facts()
        };
        let answers = Answers::of(Some(&facts), None, &mut |_| None);
        let text = filled(&answers.keys).unwrap();
        assert_eq!(answers.open.len(), 8, "{:?}", answers.open);
        assert_eq!(text.matches("# TO FILL IN: ").count(), 8, "{text}");
        assert!(text.contains("\ntime_zone = \"Area/City\"\n"), "{text}");
        assert!(text.contains("\ncurrency = \"???\"\n"), "{text}");
    }

    #[test]
    fn every_question_is_answered_once_and_no_answer_is_lost() {
        let facts =
            ExportFacts { currencies: [].into(), currency_unstated: 3, address: None, ..facts() };
        let mut asked = Vec::new();
        let answers = Answers::of(Some(&facts), None, &mut |question| {
            asked.push(question.text);
            let answer = match question.offered.as_deref() {
                Some(offered) => offered,
                None if (question.accepts)("https://x.example") => "https://x.example",
                None => "EUR",
            };
            assert!((question.accepts)(answer), "{}: {answer}", question.text);
            Some(answer.to_owned())
        });
        assert_eq!((asked.len(), answers.open.len()), (7, 0), "{asked:?}");
        let text = filled(&answers.keys).unwrap();
        assert!(!text.contains("TO FILL IN") && ANNOTATED.contains("example-store"));
        assert!(
            !text.contains("= \"example-store\"") && text.contains("= \"x-example\""),
            "{text}"
        );
    }

    /// The value of a key and the comment above it, without an answer.
    fn line(facts: &ExportFacts, key: &str) -> (Option<String>, String) {
        let answers = Answers::of(Some(facts), Some("https://a.api-us1.com"), &mut |_| None);
        let filled = answers.keys.iter().find(|filled| filled.key == key).unwrap();
        (filled.value.clone(), filled.note.clone())
    }

    #[test]
    fn a_zone_decides_about_local_dates_only_if_no_other_gives_other_moments() {
        let local =
            |dates: &[&str]| ExportFacts { zones: zones_of(dates), dates_local: 1, ..facts() };
        for (dates, expected) in [
            (vec![BERLIN[0], BERLIN[1], "2024-07-15 10:00:00"], "Europe/Berlin"),
            (vec![BERLIN[0], "2024-07-15 10:00:00"], "Area/City"),
            (vec!["2024-07-15T10:00:00Z", "2024-07-15 10:00:00"], "Area/City"),
            (vec!["2024-07-15 10:00:00"], "Area/City"),
            (vec!["2024-01-31 10:11:12 +1345", "2024-01-15 10:00:00"], "Area/City"),
        ] {
            let (value, note) = line(&local(&dates), TIME_ZONE);
            assert_eq!(value, Some(format!("\"{expected}\"")), "{dates:?}");
            assert_eq!(note.starts_with("TO FILL IN"), expected == "Area/City", "{note}");
            let mut offered = None;
            let _ = Answers::of(Some(&local(&dates)), None, &mut |question| {
                if question.text.contains("time zone") {
                    offered = question.offered.clone();
                }
                None
            });
            assert_eq!(offered.is_some(), expected != "Area/City", "{dates:?}: {offered:?}");
        }
    }

    #[test]
    fn the_comment_on_a_zone_is_about_the_one_that_was_answered() {
        for (answer, expected) in [
            ("Europe/Paris", "The offsets in the export fit Europe/Berlin, "),
            (
                "Asia/Tokyo",
                "The offsets in the export don't fit this zone; they fit Europe/Berlin, ",
            ),
        ] {
            let answers = Answers::of(Some(&facts()), None, &mut |question| {
                question.text.contains("time zone").then(|| answer.to_owned())
            });
            let zone = answers.keys.iter().find(|filled| filled.key == TIME_ZONE).unwrap();
            assert!(zone.note.starts_with(expected), "{}", zone.note);
            assert!(!zone.note.contains(&format!(" {answer}")), "{}", zone.note);
        }
    }

    #[test]
    fn a_currency_is_only_taken_from_the_export_if_that_is_all_it_says() {
        let of = |codes: &[(&str, u64)], unknown, unstated| ExportFacts {
            currencies: codes
                .iter()
                .map(|(code, n)| (Currency::parse(code).unwrap(), *n))
                .collect(),
            currency_unknown: unknown,
            currency_unstated: unstated,
            ..facts()
        };
        for (facts, value, note) in [
            (of(&[("EUR", 3)], 0, 0), Some("EUR"), "Orders in the export: 3 in EUR."),
            (
                of(&[("EUR", 2)], 0, 1),
                Some("EUR"),
                "Orders in the export: 2 in EUR, 1 without a currency.",
            ),
            (
                of(&[("EUR", 2)], 1, 0),
                None,
                "Orders in the export: 2 in EUR, 1 in something that is no ISO 4217 code.",
            ),
            (of(&[("EUR", 2)], 1, 1), Some("???"), "TO FILL IN: "),
            (
                of(&[("EUR", 1), ("USD", 1)], 0, 0),
                None,
                "Orders in the export: 1 in EUR, 1 in USD.",
            ),
            (of(&[("EUR", 1), ("USD", 1)], 0, 1), Some("???"), "TO FILL IN: "),
            (of(&[], 0, 3), Some("???"), "TO FILL IN: "),
            (of(&[], 3, 0), None, "Orders in the export: 3 in something that is no ISO 4217 code."),
            (of(&[], 0, 0), None, ""),
        ] {
            let (found, comment) = line(&facts, "jobs.shop.policy.currency");
            assert_eq!(found, value.map(|value| format!("\"{value}\"")), "{note}");
            assert!(
                comment.starts_with(note) && comment.is_empty() == note.is_empty(),
                "{comment}"
            );
        }
    }

    #[test]
    fn expectations_read_as_sentences() {
        let facts =
            ExportFacts { service: None, currencies: [].into(), currency_unstated: 1, ..facts() };
        let _ = Answers::of(Some(&facts), None, &mut |question| {
            let first = question.expected.split(' ').next().unwrap();
            assert!(
                ["a", "an", "one", "letters,"].contains(&first),
                "expected {}",
                question.expected
            );
            None
        });
    }
}
