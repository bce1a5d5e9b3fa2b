//! The values of new settings: from the export, from a person, or still to be filled in.

use super::export::ExportFacts;
use crate::domain::Currency;
use crate::settings::{FilledKey, is_account_address, is_web_address};
use jiff::tz::TimeZone;

/// Something that an export does not say.
pub(super) struct Question {
    pub text: &'static str,
    /// What an answer has to look like.
    pub expected: &'static str,
    /// The answer if somebody just presses Enter.
    pub offered: Option<String>,
    pub accepts: fn(&str) -> bool,
}

/// Asks a person; `None` if there is nobody, or no answer.
pub(super) type Ask<'a> = dyn FnMut(&Question) -> Option<String> + 'a;

/// The keys of new settings.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub keys: Vec<FilledKey>,
    /// Keys that hold a placeholder, and what belongs there.
    pub open: Vec<(&'static str, &'static str)>,
}

/// What is used if nobody answers.
enum Unanswered {
    /// This value.
    Use(String),
    /// A placeholder that `check` reports; `None` is the example of the annotated settings.
    Mark(Option<&'static str>),
    /// The default of the program.
    Leave,
}

const ACCOUNT_URL: &str = "accounts.main.url";
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

    fn set(&mut self, key: &'static str, value: String, note: String) {
        // The strings of JSON are strings of TOML.
        let value = Some(serde_json::Value::from(value).to_string());
        self.keys.push(FilledKey { key, value, note });
    }

    fn ask(
        &mut self,
        key: &'static str,
        question: &Question,
        (unanswered, note): (Unanswered, String),
        ask: &mut Ask<'_>,
    ) {
        match (ask(question), unanswered) {
            (Some(answer), _) => self.set(key, answer, note),
            (None, Unanswered::Use(value)) => self.set(key, value, note),
            (None, Unanswered::Mark(placeholder)) => {
                let value = placeholder.map(|text| serde_json::Value::from(text).to_string());
                let note = format!("TO FILL IN: {}, {}.", question.text, question.expected);
                self.keys.push(FilledKey { key, value, note });
                self.open.push((key, question.text));
            }
            (None, Unanswered::Leave) => {}
        }
    }

    fn account(&mut self, ask: &mut Ask<'_>) {
        let question = Question {
            text: "the API address of the ActiveCampaign account",
            expected: "as Settings, Developer shows it, such as https://example.api-us1.com",
            offered: None,
            accepts: is_account_address,
        };
        self.ask(ACCOUNT_URL, &question, (Unanswered::Mark(None), String::new()), ask);
    }

    fn export(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        let list = serde_json::json!([facts.pattern]).to_string();
        let key = |key, value| FilledKey { key, value: Some(value), note: String::new() };
        self.keys.push(key("jobs.shop.export", list));
        self.set("jobs.shop.format", facts.format.clone(), String::new());
        const SERVICE: &str = "jobs.shop.connection.service";
        match &facts.service {
            Some(service) => self.set(SERVICE, service.clone(), String::new()),
            None => {
                let question = Question {
                    text: "the shop system, in lower case",
                    expected: "a word such as shopify or woocommerce",
                    offered: None,
                    accepts: is_word,
                };
                self.ask(SERVICE, &question, (Unanswered::Mark(Some("")), String::new()), ask);
            }
        }
    }

    fn connection(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        let address = facts.address.clone();
        let use_or_mark = |value: Option<String>| {
            (value.map_or(Unanswered::Mark(None), Unanswered::Use), String::new())
        };
        let link = Question {
            text: "the address of the shop",
            expected: "such as https://example.com",
            offered: address.clone(),
            accepts: is_web_address,
        };
        self.ask(LINK_URL, &link, use_or_mark(address.clone()), ask);
        let host = self.value(LINK_URL).map(|url| host_of(&url));
        let name = Question {
            text: "the name of the shop",
            expected: "as ActiveCampaign is to show it",
            offered: host.clone(),
            accepts: is_line,
        };
        self.ask(NAME, &name, use_or_mark(host), ask);
        let id = self.value(NAME).map(|name| identifier(&name)).filter(|id| !id.is_empty());
        let externalid = Question {
            text: "an id for the shop, which must not change once orders are loaded",
            expected: "letters, digits and dashes",
            offered: id.clone(),
            accepts: is_word,
        };
        self.ask(EXTERNALID, &externalid, use_or_mark(id), ask);
        let address = self.value(LINK_URL);
        let logo = Question {
            text: "the address of the shop's logo",
            expected: "such as https://example.com/logo.png",
            offered: address.map(|url| format!("{}/favicon.ico", url.trim_end_matches('/'))),
            accepts: is_web_address,
        };
        let marked = (Unanswered::Mark(None), String::new());
        self.ask("jobs.shop.connection.logo_url", &logo, marked, ask);
    }

    /// Where dates state their offset, the zone is the schedule's alone.
    fn time_zone(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        let own = TimeZone::system().iana_name().map(str::to_owned);
        let fits = |name: &String| facts.zones.contains(name);
        let likely = own.clone().filter(fits).or_else(|| facts.zones.first().cloned());
        let unanswered = match &likely {
            Some(zone) => Unanswered::Use(zone.clone()),
            None if facts.dates_local > 0 => Unanswered::Mark(Some("Area/City")),
            None => Unanswered::Leave,
        };
        let question = Question {
            text: "the time zone of the shop",
            expected: "an IANA name such as Europe/Berlin",
            offered: likely.clone().or(own),
            accepts: |text| TimeZone::get(text).is_ok(),
        };
        let note = likely.map(|zone| zones_note(&zone, &facts.zones)).unwrap_or_default();
        self.ask(TIME_ZONE, &question, (unanswered, note), ask);
    }

    fn currency(&mut self, facts: &ExportFacts, ask: &mut Ask<'_>) {
        const CURRENCY: &str = "jobs.shop.policy.currency";
        let known: Vec<&str> = facts.currencies.keys().map(Currency::code).collect();
        match known.as_slice() {
            [] if facts.records > 0 => {
                let question = Question {
                    text: "the currency of the orders, as the export names none",
                    expected: "an ISO 4217 code such as EUR",
                    offered: None,
                    accepts: |text| Currency::parse(text).is_ok(),
                };
                self.ask(CURRENCY, &question, (Unanswered::Mark(Some("???")), String::new()), ask);
            }
            [only] => {
                let note = format!("All orders that state a currency are in {only}.");
                self.set(CURRENCY, (*only).to_owned(), note);
            }
            several => {
                let note = format!("The export states {}.", several.join(", "));
                let note = if several.is_empty() { String::new() } else { note };
                self.keys.push(FilledKey { key: CURRENCY, value: None, note });
            }
        }
    }
}

fn zones_note(chosen: &str, zones: &[String]) -> String {
    let others: Vec<&str> =
        zones.iter().map(String::as_str).filter(|zone| *zone != chosen).collect();
    let named = others[..others.len().min(ZONES_NAMED_MAX)].join(", ");
    match others.len() {
        0 => "The offsets in the export are those of no other zone.".to_owned(),
        n if n <= ZONES_NAMED_MAX => format!("The offsets in the export fit {named} too."),
        n => format!(
            "The offsets in the export fit {named} and {} other zones too.",
            n - ZONES_NAMED_MAX
        ),
    }
}

fn host_of(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
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
    use crate::settings::{ANNOTATED, filled};

    fn facts() -> ExportFacts {
        ExportFacts {
            pattern: "exports/orders.csv".into(),
            files: 1,
            format: "shopify-csv".into(),
            service: Some("shopify".into()),
            records: 3,
            currencies: [(Currency::parse("EUR").unwrap(), 3)].into(),
            currency_unstated: 0,
            dates_local: 0,
            zones: vec!["Europe/Berlin".into(), "Europe/Paris".into()],
            address: Some("https://www.mugs.example".into()),
        }
    }

    fn value(answers: &Answers, key: &str) -> Option<String> {
        answers.keys.iter().find(|filled| filled.key == key)?.value.clone()
    }

    #[test]
    fn what_the_export_says_is_used_where_nobody_answers() {
        let answers = Answers::of(Some(&facts()), Some("https://a.api-us1.com"), &mut |_| None);
        for (key, expected) in [
            ("accounts.main.url", "https://a.api-us1.com"),
            ("jobs.shop.format", "shopify-csv"),
            ("jobs.shop.connection.service", "shopify"),
            (NAME, "mugs.example"),
            (LINK_URL, "https://www.mugs.example"),
            (EXTERNALID, "mugs-example"),
            ("jobs.shop.policy.currency", "EUR"),
        ] {
            assert_eq!(value(&answers, key), Some(format!("\"{expected}\"")), "{key}");
        }
        assert!(facts().zones.contains(&answers.value(TIME_ZONE).unwrap()));
        let open: Vec<&str> = answers.open.iter().map(|(key, _)| *key).collect();
        assert_eq!(open, ["jobs.shop.connection.logo_url"]);
    }

    #[test]
    fn what_is_not_known_is_marked_and_each_mark_is_in_the_file() {
        let facts = ExportFacts {
            currencies: [].into(),
            zones: Vec::new(),
            dates_local: 3,
            address: None,
            service: None,
            ..facts()
        };
        let answers = Answers::of(Some(&facts), None, &mut |_| None);
        let text = filled(&answers.keys);
        assert_eq!(answers.open.len(), 8, "{:?}", answers.open);
        assert_eq!(text.matches("# TO FILL IN: ").count(), 8, "{text}");
        assert!(text.contains("\ntime_zone = \"Area/City\"\n"), "{text}");
        assert!(text.contains("\ncurrency = \"???\"\n"), "{text}");
    }

    #[test]
    fn every_question_is_answered_once_and_no_answer_is_lost() {
        let facts = ExportFacts { currencies: [].into(), address: None, ..facts() };
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
        let text = filled(&answers.keys);
        assert!(!text.contains("TO FILL IN") && ANNOTATED.contains("example-store"));
        assert!(
            !text.contains("= \"example-store\"") && text.contains("= \"x-example\""),
            "{text}"
        );
    }
}
