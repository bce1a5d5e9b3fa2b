use super::super::Place;
use super::{Project, SMALL, faults, with_account, with_job};
use proptest::prelude::*;

#[test]
fn all_faults_are_reported_at_once_each_at_its_place() {
    let text = r#"[accounts.main]
urll = "https://example.api-us1.com"
in_flight_max = 0
timeout_s = "60"
[jobs.shop]
account = "mian"
export = "orders.csv"
time_zone = "Europe/Berlim"
[jobs.shop.connection]
service = "shopify"
[jobs.shop.policy]
statuses = ["payed"]
refunds = "nett"
"#;
    assert_eq!(
        faults(text, &[("ORDERSYNC_JOBS__SHOP__FORMATS", "auto")]),
        r#"config/ordersync.toml:1:11: accounts.main.url: missing
  expected a string that is not empty
config/ordersync.toml:2:1: accounts.main.urll: unknown key
  expected one of: url, requests_per_second, token_file, token, in_flight_max, timeout_s, wait_max_s, list_lag_s, ca_file
  hint: did you mean `url`?
config/ordersync.toml:3:17: accounts.main.in_flight_max: found 0
  expected an integer from 1 to 64
config/ordersync.toml:4:13: accounts.main.timeout_s: found a string
  expected an integer from 1 to 600
config/ordersync.toml:6:11: jobs.shop.account: no account `mian`
  expected one of: main
  hint: did you mean `main`?
config/ordersync.toml:7:10: jobs.shop.export: found a string
  expected a list of strings, e.g. ["one", "two"]
config/ordersync.toml:8:13: jobs.shop.time_zone: no time zone `Europe/Berlim`
  expected an IANA name such as Europe/Berlin or UTC
  hint: did you mean `Europe/Berlin`?
config/ordersync.toml:9:12: jobs.shop.connection.externalid: missing
  expected a string that is not empty
config/ordersync.toml:12:12: jobs.shop.policy.statuses: no status `payed`
  expected some of: pending, paid, partially_refunded, refunded, cancelled, failed, draft, test; or ["all"]
  hint: did you mean `paid`?
config/ordersync.toml:13:11: jobs.shop.policy.refunds: found `nett`
  expected `original`, `net` or `skip`
  hint: did you mean `net`?
environment variable ORDERSYNC_JOBS__SHOP__FORMATS: jobs.shop.formats: unknown key
  expected one of: account, export, pull, format, encoding, customers, schedule, jitter_s, first_run, verify, verify_sample, load, bulk_max, bulk_sample, time_zone, connection, policy
  hint: did you mean ORDERSYNC_JOBS__SHOP__FORMAT?"#
    );
}

#[test]
fn invalid_values_of_the_policy_are_refused() {
    for (line, said) in [
        (
            "refunds = \"Net\"",
            "found `Net`\n  expected `original`, `net` or `skip`\n  hint: did you mean `net`?",
        ),
        ("total = \"net\"", "found `net`\n  expected `original` or `current`"),
        ("missing_email = \"skip\"", "found `skip`\n  expected `invalid` or `filter`"),
        (
            "rounding = \"half-even\"",
            "expected `refuse` or `half_even`\n  hint: did you mean `half_even`?",
        ),
        ("customers = \"mail\"", "expected `id` or `email`\n  hint: did you mean `email`?"),
        ("currency = \"US$\"", "no currency `US$`\n  expected an ISO 4217 code such as EUR"),
        ("currency = \"XAU\"", "`XAU` has no minor unit"),
        (
            "default_date = \"02/11/2023\"",
            "found `02/11/2023`\n  expected a day such as \"2020-01-31\"",
        ),
        ("default_date = \"1969-01-01\"", "from 1970 to 2099"),
        ("default_date = 2020-01-01", "expected a string"),
        ("currency = [\"EUR\"]", "found a list\n  expected a string"),
        ("category = \"\"", "expected a string that is not empty"),
    ] {
        let key = line.split(' ').next().unwrap();
        let text = faults(&format!("{SMALL}[jobs.shop.policy]\n{line}\n"), &[]);
        assert!(
            text.contains(&format!("jobs.shop.policy.{key}: ")) && text.contains(said),
            "{line}: {text}"
        );
    }
    let long = format!("{SMALL}[jobs.shop.policy]\ncategory = \"{}\"\n", "x".repeat(256));
    assert!(
        faults(&long, &[]).contains("found a string of 256 bytes\n  expected at most 255 bytes")
    );
}

#[test]
fn wrong_types_are_never_bent_into_right_ones() {
    for line in [
        "timeout_s = 5.7",
        "timeout_s = true",
        "timeout_s = -5",
        "timeout_s = 99999999999999999999999",
        "requests_per_second = \"5\"",
        "requests_per_second = true",
        "requests_per_second = nan",
        "requests_per_second = 0",
        "requests_per_second = 5.01",
        "url = 5",
        "url = \"\"",
        "url = \"https://example.com\\n\"",
        "url = 2024-01-31",
        "token = 123456",
        "ca_file = []",
    ] {
        let key = line.split(' ').next().unwrap();
        let text = faults(&with_account(line), &[]);
        assert!(text.contains(&format!("accounts.main.{key}: ")), "{line}: {text}");
        assert_eq!(
            text.lines().filter(|line| !line.starts_with("  ")).count(),
            1,
            "{line}: {text}"
        );
    }
    for line in [
        "export = []",
        "export = [1]",
        "export = [\"\"]",
        "schedule = 5",
        "connection = 5",
        "policy = []",
    ] {
        let text = faults(&with_job(line), &[]);
        assert!(text.contains("config/ordersync.toml:"), "{line}: {text}");
    }
}

#[test]
fn invalid_toml_is_reported_with_line_and_column() {
    let text = faults("[accounts.main]\nurl = https://example.com\n", &[]);
    assert!(text.starts_with("config/ordersync.toml:2:7: invalid TOML: "), "{text}");
    let text = faults("[accounts.main]\nurl = \"a\"\nurl = \"b\"\n", &[]);
    assert!(text.starts_with("config/ordersync.toml:3:1: invalid TOML: duplicate key"), "{text}");
}

#[test]
fn only_an_encrypted_address_or_this_machine_gets_the_token() {
    for good in [
        "https://example.api-us1.com",
        "https://example.api-us1.com/",
        "https://example.api-us1.com/api/3/",
        "http://127.0.0.1:8080",
        "http://localhost:8080/api/3",
        "http://[::1]:80",
    ] {
        let line = format!("url = \"{good}\"");
        assert!(Project::with(&with_account(&line)).load(&[]).is_ok(), "{good}");
    }
    for (bad, found) in [
        ("http://example.api-us1.com", "not encrypted"),
        ("http://127.0.0.1.example.com", "not encrypted"),
        ("https://example.api-us1.com/admin", "a path after the host name"),
        ("example.api-us1.com", "invalid URL"),
        ("https://key:0011223344@example.api-us1.com", "invalid URL"),
        ("https://example.api-us1.com?key=0011223344", "invalid URL"),
    ] {
        let text = faults(&with_account(&format!("url = \"{bad}\"")), &[]);
        assert!(text.contains(&format!("accounts.main.url: {found}")), "{bad}: {text}");
        assert!(!text.contains("0011223344"), "{text}");
    }
}

#[test]
fn the_pace_is_higher_than_five_only_on_this_machine() {
    let fast = with_account("requests_per_second = 500");
    let text = faults(&fast, &[]);
    assert!(
        text.contains(
            "found 500\n  expected a number from 0.1 to 5\n  hint: higher only for a simulator"
        ),
        "{text}"
    );
    let settings = Project::with(&fast)
        .load(&[("ORDERSYNC_ACCOUNTS__MAIN__URL", "http://127.0.0.1:9")])
        .unwrap();
    assert_eq!(settings.accounts["main"].requests_per_second, 500.0);
}

#[test]
fn one_activecampaign_account_is_not_set_up_twice() {
    let twice =
        format!("{SMALL}\n[accounts.other]\nurl = \"https://EXAMPLE.api-us1.com:443/api/3\"");
    assert_eq!(
        faults(&twice, &[]),
        "config/ordersync.toml:12:7: accounts.other.url: the same ActiveCampaign account as accounts.main\n  \
         expected one table for each account\n  hint: several jobs may share an account"
    );
}

#[test]
fn names_are_those_that_files_and_variables_can_carry() {
    for name in
        ["Main", "\"a b\"", "\"a.b\"", "a__b", "a-", "_a", "9a", "\"../etc\"", "\"ä\"", "a_-b"]
    {
        let text = faults(&SMALL.replace("[accounts.main]", &format!("[accounts.{name}]")), &[]);
        assert!(text.contains("invalid name"), "{name}: {text}");
    }
    let text = faults(&SMALL.replace("[accounts.main]", "[accounts.Main]"), &[]);
    assert!(text.contains("hint: did you mean `main`?"), "{text}");
    let alike = format!(
        "{SMALL}\n[accounts.a-b]\nurl=\"https://a.example\"\n[accounts.a_b]\nurl=\"https://b.example\""
    );
    assert!(faults(&alike, &[]).contains("accounts.a_b: too similar to `a-b`"));
}

#[test]
fn an_unknown_job_is_reported_the_nearest() {
    let settings = Project::with(SMALL).load(&[]).unwrap();
    assert_eq!(settings.jobs_named(&[]).unwrap().len(), 1);
    let twice = ["shop".to_owned(), "shop".to_owned()];
    assert_eq!(settings.jobs_named(&twice).unwrap().len(), 1);
    let fault = settings.jobs_named(&["shpo".to_owned()]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "command line: no job `shpo`\n  expected one of: shop\n  hint: did you mean `shop`?"
    );
}

#[test]
fn a_value_judged_elsewhere_is_faulted_at_its_place() {
    let settings = Project::with(&with_job("schedule = \"every day\"")).load(&[]).unwrap();
    let fault = settings.fault("jobs.shop.schedule", "found 2 fields", "five fields");
    assert!(matches!(fault.place, Place::Line { line: 5, column: 12, .. }), "{fault}");
    let fault = settings.fault("jobs.shop.format", "no such format", "auto");
    assert!(matches!(fault.place, Place::Line { line: 4, column: 7, .. }), "{fault}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_and_no_variable_panics(
        cut in 0_usize..400,
        junk in "[\\[\\]\"'={}.,a-z0-9 \n-]{0,24}",
        key in "[A-Z_]{0,24}",
        value in "\\PC{0,12}",
    ) {
        let mut text = with_job("policy = { statuses = [\"all\"] }");
        text.insert_str(cut.min(text.len()), &junk);
        let variables = [(format!("ORDERSYNC_JOBS__{key}"), value.clone()), (format!("ORDERSYNC_{key}"), value)];
        let variables: Vec<_> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let _ = Project::with(&text).load(&variables);
    }
}

#[test]
fn a_fleet_without_a_database_is_refused() {
    let text = format!("{}[fleet]\nlease_s = 30\n", super::SMALL);
    let faults = Project::with(&text).load(&[]).unwrap_err();
    assert!(faults[0].to_string().contains("fleet.url_file beside it"), "{}", faults[0]);
}
