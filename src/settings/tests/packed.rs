//! Settings that a daemon keeps packed.

use super::{Project, Settings};
use crate::settings::PackedAccount;
use secrecy::ExposeSecret;

const SETTINGS: &str = r#"
[accounts.main]
url = "https://example.api-us1.com"
token = "a-token-of-the-settings"
requests_per_second = 4.5
list_lag_s = 20
ca_file = "ca.pem"

[mappings.own]
rows = "each"
columns = { key = "No", email = "Mail" }

[jobs.files]
account = "main"
export = ["exports/orders*.csv", "-"]
format = "own"
encoding = "shift_jis"
customers = ["customers.csv"]
schedule = "15 2 * * *"
jitter_s = 30
verify = "0 5 * * 0"
verify_sample = "20%"
load = "bulk"
bulk_max = 20
bulk_sample = "50"
time_zone = "Asia/Tokyo"
[jobs.files.connection]
service = "own"
externalid = "tokyo"
name = "Tokyo"
link_url = "https://tokyo.example.com"
[jobs.files.policy]
statuses = ["paid", "pending"]
currency = "JPY"
default_date = "2020-01-31"
order_key = "number"

[jobs.shop]
account = "main"
first_run = "load"
[jobs.shop.pull]
from = "magento"
url = "https://shop.example.com/magento"
store_ids = "1,3"
since = "2019-01-31"
overlap = "90m"
full_every = "7d"
keep = "none"
token_file = "shop.token"
[jobs.shop.connection]
service = "magento"
externalid = "example-store"
"#;

/// All that the settings say of an account and its jobs. The debug forms show no secret.
fn all_of(settings: &Settings) -> String {
    let jobs: Vec<_> = settings.jobs_of("main").collect();
    format!("{:#?}\n{jobs:#?}", settings.accounts["main"])
}

#[test]
fn packing_and_unpacking_preserves_every_field() {
    let project = Project::with(SETTINGS);
    let settings = project.load(&[("CREDENTIALS_DIRECTORY", "credentials")]).unwrap();
    let jobs: Vec<_> = settings.jobs_of("main").collect();
    let packed = PackedAccount::pack(&settings.accounts["main"], &jobs).unwrap();
    let (account, jobs) = packed.unpack().unwrap();
    assert_eq!(format!("{account:#?}\n{jobs:#?}"), all_of(&settings));
    assert_eq!(jobs[0].mappings[0].text, settings.jobs["files"].mappings[0].text);
}

#[test]
fn a_secret_is_read_lazily() {
    let project = Project::with(SETTINGS);
    let file = project.path("config/ordersync.toml");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let settings = project.load(&[]).unwrap();
    let jobs: Vec<_> = settings.jobs_of("main").collect();
    let packed = PackedAccount::pack(&settings.accounts["main"], &jobs).unwrap();
    let (account, jobs) = packed.unpack().unwrap();
    assert_eq!(account.token().unwrap().expose_secret(), "a-token-of-the-settings");
    let pull = jobs[1].pull.as_ref().unwrap();
    assert!(pull.access().unwrap_err().to_string().contains("shop.token"));
    project.write("shop.token", "a-token-of-the-shop");
    pull.access().unwrap();
}
