use super::{Project, SMALL, faults, with_account, with_job};
use crate::domain::{Refunds, Status};
use secrecy::ExposeSecret;

#[test]
fn every_kind_of_key_can_be_set_by_the_environment() {
    let settings = Project::with(SMALL)
        .load(&[
            ("ORDERSYNC_STATE__DIR", "/var/lib/ordersync"),
            ("ORDERSYNC_ACCOUNTS__MAIN__URL", "https://other.api-us1.com"),
            ("ORDERSYNC_ACCOUNTS__MAIN__REQUESTS_PER_SECOND", "2.5"),
            ("ORDERSYNC_ACCOUNTS__MAIN__IN_FLIGHT_MAX", "4"),
            ("ORDERSYNC_JOBS__SHOP__EXPORT", "/a/orders.csv, /b/[0-9]*.csv"),
            ("ORDERSYNC_JOBS__SHOP__CONNECTION__NAME", "Shop, number 2"),
            ("ORDERSYNC_JOBS__SHOP__POLICY__STATUSES", "paid,draft"),
            ("ORDERSYNC_JOBS__SHOP__POLICY__REFUNDS", "net"),
        ])
        .unwrap();
    assert_eq!(settings.state_dir.to_str(), Some("/var/lib/ordersync"));
    let account = &settings.accounts["main"];
    assert_eq!(account.url, "https://other.api-us1.com");
    assert_eq!((account.requests_per_second, account.in_flight_max), (2.5, 4));
    let job = &settings.jobs["shop"];
    assert_eq!(job.export, ["/a/orders.csv", "/b/[0-9]*.csv"]);
    assert_eq!(job.connection.name, "Shop, number 2");
    assert_eq!(job.policy.statuses, [Status::Paid, Status::Draft].into());
    assert_eq!(job.policy.refunds, Refunds::Net);
}

#[test]
fn the_policy_in_effect_is_shown_and_reads_back_to_the_same() {
    let policy = r#"[jobs.shop.policy]
statuses = ["paid", "pending"]
refunds = "skip"
total = "current"
missing_email = "filter"
currency = "jpy"
rounding = "half_even"
customers = "email"
default_date = "2020-01-31"
category = "Shop \"A\""
"#;
    let zoned = with_job("time_zone = \"Asia/Tokyo\"");
    let project = Project::with(&format!("{zoned}\n{policy}"));
    let settings = project.load(&[]).unwrap();
    let shown = settings.effective.clone();
    for line in [
        "total = \"current\"",
        "missing_email = \"filter\"",
        "currency = \"JPY\"",
        "rounding = \"half_even\"",
        "customers = \"email\"",
        "default_date = \"2020-01-31T00:00:00+09:00\"",
        r#"category = "Shop \"A\"""#,
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    project.write("config/ordersync.toml", &shown);
    assert_eq!(project.load(&[]).unwrap().jobs["shop"].policy, settings.jobs["shop"].policy);
    let bare = Project::with(SMALL).load(&[]).unwrap().effective;
    assert!(!bare.contains("currency") && !bare.contains("default_date"), "{bare}");
}

#[test]
fn a_list_with_commas_in_it_is_written_as_in_the_file() {
    let settings = Project::with(SMALL)
        .load(&[("ORDERSYNC_JOBS__SHOP__EXPORT", r#"["/a/x,y.csv", "/b.csv"]"#)])
        .unwrap();
    assert_eq!(settings.jobs["shop"].export, ["/a/x,y.csv", "/b.csv"]);
}

#[test]
fn text_from_the_environment_keeps_every_character() {
    for value in ["00123", "12345e678", "TRUE", "12345678901234567890123", "5.0"] {
        let settings = Project::with(SMALL)
            .load(&[
                ("ORDERSYNC_ACCOUNTS__MAIN__TOKEN", value),
                ("ORDERSYNC_JOBS__SHOP__CONNECTION__EXTERNALID", value),
            ])
            .unwrap();
        assert_eq!(settings.accounts["main"].token().unwrap().expose_secret(), value);
        assert_eq!(settings.jobs["shop"].connection.externalid, value);
    }
}

#[test]
fn whole_tables_can_come_from_the_environment() {
    let settings = Project::with("[accounts.main]\n")
        .load(&[
            ("ORDERSYNC_ACCOUNTS__MAIN__URL", "https://example.api-us1.com"),
            ("ORDERSYNC_JOBS__SHOP__ACCOUNT", "main"),
            ("ORDERSYNC_JOBS__SHOP__EXPORT", "orders.csv"),
            ("ORDERSYNC_JOBS__SHOP__CONNECTION__SERVICE", "shopify"),
            ("ORDERSYNC_JOBS__SHOP__CONNECTION__EXTERNALID", "example-store"),
        ])
        .unwrap();
    assert_eq!(settings.jobs["shop"].connection.externalid, "example-store");
}

#[test]
fn a_hyphen_in_a_name_is_an_underscore_in_a_variable() {
    let text = SMALL.replace("jobs.shop", "jobs.my-shop");
    let settings =
        Project::with(&text).load(&[("ORDERSYNC_JOBS__MY_SHOP__TIME_ZONE", "Asia/Tokyo")]).unwrap();
    assert_eq!(settings.jobs["my-shop"].time_zone.iana_name(), Some("Asia/Tokyo"));
    assert_eq!(settings.jobs.len(), 1);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let settings = Project::with(SMALL)
        .load(&[("ORDERSYNC_ACCOUNTS__MAIN__URL", ""), ("ORDERSYNC_CONFIG", "")])
        .unwrap();
    assert_eq!(settings.accounts["main"].url, "https://example.api-us1.com");
}

#[test]
fn variables_of_others_are_left_alone() {
    let others = [
        ("ORDERSYNC_PORT", "tcp://10.0.0.1:80"),
        ("ORDERSYNC_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ];
    assert!(Project::with(SMALL).load(&others).is_ok());
}

#[test]
fn faults_of_variables_name_the_variable() {
    for (variable, value, expected) in [
        (
            "ORDERSYNC_ACCOUNTS__MAIN__TOKNE",
            "x",
            "accounts.main.tokne: unknown key\n  expected one of: url, requests_per_second, token_file, token, in_flight_max, timeout_s, wait_max_s, list_lag_s, ca_file\n  hint: did you mean ORDERSYNC_ACCOUNTS__MAIN__TOKEN?",
        ),
        (
            "ORDERSYNC_ACCOUNTS_MAIN_TOKEN",
            "x",
            "accounts_main_token: unknown key\n  expected one of: state, metrics, notify, fleet, accounts, jobs, mappings\n  hint: levels are separated by two underscores, as in ORDERSYNC_ACCOUNTS__MAIN__TOKEN",
        ),
        (
            "ORDERSYNC_ACCOUNTS__MIAN__TOKEN",
            "x",
            "accounts.mian: not in the settings file\n  expected one of: main\n  hint: did you mean `main`?",
        ),
        (
            "ORDERSYNC_ACCOUNTS__MAIN__TIMEOUT_S",
            "5.7",
            "accounts.main.timeout_s: found `5.7`\n  expected an integer from 1 to 600",
        ),
        (
            "ORDERSYNC_ACCOUNTS__MAIN__REQUESTS_PER_SECOND",
            "inf",
            "accounts.main.requests_per_second: found inf\n  expected a number from 0.1 to 5\n  hint: higher only for a simulator on this machine; ActiveCampaign allows 5",
        ),
        (
            "ORDERSYNC_ACCOUNTS__MAIN",
            "x",
            "accounts.main: names a table\n  expected the name of a single value\n  hint: as in ORDERSYNC_ACCOUNTS__MAIN__URL",
        ),
        (
            "ORDERSYNC_STATE__DIR__X",
            "x",
            "state.dir: a key below a single value\n  expected the name of a single value",
        ),
        (
            "ORDERSYNC_JOBS__SHOP__POLICY__STATUSES",
            "paid,,",
            "jobs.shop.policy.statuses: found an empty string\n  expected a list of strings, e.g. [\"one\", \"two\"]",
        ),
    ] {
        assert_eq!(
            faults(SMALL, &[(variable, value)]),
            format!("environment variable {variable}: {expected}")
        );
    }
}

#[test]
fn two_variables_for_one_key_are_a_fault() {
    let text = faults(SMALL, &[("ORDERSYNC_STATE__DIR", "a"), ("ORDERSYNC_STATE__dir", "b")]);
    assert!(
        text.contains(
            "environment variable ORDERSYNC_STATE__dir: state.dir: also set by ORDERSYNC_STATE__DIR"
        ),
        "{text}"
    );
}

#[test]
fn the_effective_settings_read_back_as_themselves_and_show_no_token() {
    let project = Project::with(&with_account("token = \"canary-0011\""));
    let settings = project
        .load(&[("ORDERSYNC_JOBS__SHOP__CONNECTION__NAME", "A \"quoted\" \\ name")])
        .unwrap();
    let printed = settings.effective.clone();
    assert!(
        printed.contains(
            "name = \"A \\\"quoted\\\" \\\\ name\" # ORDERSYNC_JOBS__SHOP__CONNECTION__NAME"
        ),
        "{printed}"
    );
    assert!(printed.contains("# token = \"********\" (from settings file "), "{printed}");
    assert!(!printed.contains("canary") && !format!("{settings:?}").contains("canary"));

    project.write("config/ordersync.toml", &printed);
    let again = project.load(&[]).unwrap().effective;
    let values = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.replace(" # ORDERSYNC_JOBS__SHOP__CONNECTION__NAME", ""))
            .collect()
    };
    assert_eq!(values(&again), values(&printed));
}
