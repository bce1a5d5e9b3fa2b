use super::{Project, SMALL};
use secrecy::ExposeSecret;
use std::os::unix::fs::PermissionsExt;

/// The text of a file with its own account and one job.
fn tenant(name: &str) -> String {
    let text = SMALL.replace("main", name).replace("example.api", &format!("{name}.api"));
    text.replace("shop]", &format!("{name}-shop]"))
        .replace("shop.conn", &format!("{name}-shop.conn"))
}

fn project(drop_ins: &[(&str, &str)]) -> Project {
    let project = Project::with(SMALL);
    for (name, text) in drop_ins {
        project.write(&format!("config/accounts.d/{name}"), text);
    }
    project
}

fn faults(drop_ins: &[(&str, &str)]) -> String {
    let faults = project(drop_ins).load(&[]).map(|_| ()).unwrap_err();
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_file_adds_its_accounts_and_jobs_and_paths_start_at_the_project_folder() {
    let (one, two) = (tenant("one"), tenant("two"));
    let project =
        project(&[("one.toml", &one), ("two.toml", &two), ("notes.txt", "["), (".x.toml", "[")]);
    let variable = ("ORDERSYNC_JOBS__TWO_SHOP__CONNECTION__NAME", "Two");
    let settings = project.load(&[variable]).unwrap();
    assert_eq!(settings.accounts.keys().collect::<Vec<_>>(), ["main", "one", "two"]);
    assert_eq!(settings.jobs.keys().collect::<Vec<_>>(), ["one-shop", "shop", "two-shop"]);
    assert_eq!(settings.accounts["one"].url, "https://one.api-us1.com");
    assert_eq!(settings.jobs["two-shop"].connection.name, "Two");
    let export = project.path("exports/orders*.csv");
    assert_eq!(settings.jobs["one-shop"].export, [export.to_str().unwrap()]);
    let files = settings.effective.lines().filter(|line| line.ends_with("one.toml")).count();
    assert_eq!(files, 1, "{}", settings.effective);
}

#[test]
fn a_fault_names_the_file_that_it_is_in() {
    let text = tenant("one").replace("externalid", "externalID");
    let text = faults(&[("one.toml", &text), ("two.toml", &tenant("two"))]);
    assert!(
        text.contains("config/accounts.d/one.toml:9:1: jobs.one-shop.connection.externalID"),
        "{text}"
    );
    assert!(text.contains("did you mean `externalid`"), "{text}");
    assert!(!text.contains("two"), "{text}");
    let text = faults(&[("one.toml", "[accounts")]);
    assert!(text.starts_with("config/accounts.d/one.toml:1:"), "{text}");
}

#[test]
fn a_table_in_two_files_is_a_fault() {
    let text = faults(&[("one.toml", &tenant("one")), ("two.toml", &tenant("one"))]);
    assert!(text.contains(
        "config/accounts.d/two.toml:2:11: accounts.one: also set at config/accounts.d/one.toml:2:11"
    ), "{text}");
    assert!(text.contains("two.toml:4:7: jobs.one-shop: also set at"), "{text}");
    let text = faults(&[("one.toml", SMALL)]);
    assert!(text.contains("accounts.main: also set at config/ordersync.toml:2:11"), "{text}");
    // Names that variables can't distinguish, and one ActiveCampaign account under two names.
    let alike =
        tenant("one").replace("one-shop", "one_shop").replace("accounts.one", "accounts.two");
    let text = faults(&[("one.toml", &tenant("one")), ("two.toml", &alike)]);
    assert!(text.contains("too similar to `one-shop`"), "{text}");
    assert!(text.contains("the same ActiveCampaign account as accounts.one"), "{text}");
}

#[test]
fn global_settings_are_only_allowed_in_the_settings_file() {
    let text = faults(&[("one.toml", &format!("[state]\ndir = \"x\"\n{}", tenant("one")))]);
    assert!(text.contains("one.toml:1:2: state: set in a file of accounts.d"), "{text}");
    assert!(text.contains("expected accounts, jobs and mappings"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let project = project(&[]);
    std::fs::create_dir_all(project.path("config/accounts.d/folder.toml")).unwrap();
    let faults = project.load(&[]).map(|_| ()).unwrap_err();
    assert!(
        faults[0].to_string().contains("can't read config/accounts.d/folder.toml"),
        "{faults:?}"
    );
}

/// Mappings of another file belong to another customer.
#[test]
fn a_mapping_is_for_the_jobs_of_its_file_and_one_of_the_settings_file_for_all() {
    let mapped = |text: &str, job: &str, format: &str| {
        text.replace(&format!("[jobs.{job}]"), &format!("[jobs.{job}]\nformat = \"{format}\""))
    };
    let rule = super::super::JobRule {
        key: "format",
        check: |input| {
            let fault = || super::super::RuleFault {
                found: format!("no format {}", input.value),
                expected: String::new(),
                hint: None,
            };
            let is_known = input.value == "auto" || input.mappings.contains(input.value);
            (!is_known).then(fault)
        },
    };
    let one = mapped(&tenant("one"), "one-shop", "own") + "\n[mappings.own]\n";
    let two = mapped(&tenant("two"), "two-shop", "common");
    let project = Project::with(&format!("{SMALL}\n[mappings.common]\n"));
    project.write("config/accounts.d/one.toml", &one);
    project.write("config/accounts.d/two.toml", &two);
    let environment = super::Environment::new(project.path(""), []);
    let loaded = super::Settings::load_by(None, &environment, &[rule]);
    assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
    assert_eq!(loaded.mappings.len(), 2);
    let settings = loaded.settings.unwrap();
    let files = |job: &str| settings.jobs[job].mappings.len();
    assert_eq!((files("one-shop"), files("two-shop"), files("shop")), (2, 1, 1));
    project.write("config/accounts.d/two.toml", &mapped(&tenant("two"), "two-shop", "own"));
    let faults = super::Settings::load_by(None, &environment, &[rule]).faults;
    assert!(
        faults[0].to_string().contains("two.toml:5:10: jobs.two-shop.format: no format own"),
        "{faults:?}"
    );
}

#[test]
fn a_token_in_such_a_file_is_used_if_only_its_owner_can_read_it() {
    let text = tenant("one").replace("[accounts.one]", "[accounts.one]\ntoken = \"from-its-file\"");
    let project = project(&[("one.toml", &text)]);
    let file = project.path("config/accounts.d/one.toml");
    let read = |mode: u32| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let token = project.load(&[]).unwrap().accounts["one"].token();
        token.map(|token| token.expose_secret().to_owned()).map_err(|fault| fault.to_string())
    };
    assert!(read(0o644).unwrap_err().contains("accounts.d/one.toml: holds the token"));
    assert_eq!(read(0o600).unwrap(), "from-its-file");
}
