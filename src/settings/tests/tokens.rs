use super::super::SecretError;
use super::{Project, SMALL, with_account};
use secrecy::ExposeSecret;
use std::os::unix::fs::PermissionsExt;

const VARIABLE: (&str, &str) = ("ORDERSYNC_ACCOUNTS__MAIN__TOKEN", "from-variable");

fn token(project: &Project, variables: &[(&str, &str)]) -> Result<String, SecretError> {
    let settings = project.load(variables).unwrap();
    settings.accounts["main"].token().map(|token| token.expose_secret().to_owned())
}

fn protect(project: &Project, mode: u32) {
    let file = project.path("config/ordersync.toml");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_first_source_that_is_there_wins() {
    let project =
        Project::with(&with_account("token = \"from-settings\"\ntoken_file = \"main.token\""));
    protect(&project, 0o600);
    project.write("main.token", "from-file\n");
    let credentials = project.write("credentials/main.token", "  from-credentials\r\n");
    let credentials =
        ("CREDENTIALS_DIRECTORY", credentials.parent().unwrap().to_str().unwrap().to_owned());
    let credentials = (credentials.0, credentials.1.as_str());
    assert_eq!(token(&project, &[credentials, VARIABLE]).unwrap(), "from-credentials");
    assert_eq!(token(&project, &[VARIABLE]).unwrap(), "from-file");

    project.write("config/ordersync.toml", &with_account("token = \"from-settings\""));
    let empty = ("CREDENTIALS_DIRECTORY", "/nowhere");
    assert_eq!(token(&project, &[empty, VARIABLE]).unwrap(), "from-variable");
    assert_eq!(token(&project, &[]).unwrap(), "from-settings");
}

#[test]
fn a_token_in_settings_that_others_can_read_is_not_used() {
    let project = Project::with(&with_account("token = \"from-settings\""));
    for mode in [0o644, 0o640, 0o604] {
        protect(&project, mode);
        let text = token(&project, &[]).unwrap_err().to_string();
        let file = project.path("config/ordersync.toml");
        assert!(text.contains(&format!("(mode {mode:04o})")), "{text}");
        assert!(text.contains(&format!("hint: chmod 600 {}", file.display())), "{text}");
        assert!(!text.contains("from-settings"), "{text}");
    }
    // An unused value does no harm.
    assert_eq!(token(&project, &[VARIABLE]).unwrap(), "from-variable");
    protect(&project, 0o400);
    assert_eq!(token(&project, &[]).unwrap(), "from-settings");
}

#[test]
fn no_token_is_reported_with_every_place_it_could_be() {
    let text = token(&Project::with(SMALL), &[]).unwrap_err().to_string();
    for place in
        ["$CREDENTIALS_DIRECTORY/main.token", "token_file", "ORDERSYNC_ACCOUNTS__MAIN__TOKEN"]
    {
        assert!(text.contains(place), "{place}: {text}");
    }
}

#[test]
fn a_token_file_that_is_named_is_not_passed_over() {
    let project = Project::with(&with_account("token_file = \"gone.token\""));
    let text = token(&project, &[VARIABLE]).unwrap_err().to_string();
    assert!(text.contains("gone.token"), "{text}");
}

#[test]
fn an_invalid_token_is_refused_and_not_quoted() {
    let project = Project::with(&with_account("token_file = \"main.token\""));
    let long = "canary".repeat(2_000);
    for bad in ["", " \n", "canary two", "canary\nkey", "canäry", &long] {
        project.write("main.token", bad);
        let fault = token(&project, &[]).unwrap_err();
        assert!(matches!(fault, SecretError::Malformed { .. }), "{bad:?}: {fault}");
        assert!(!fault.to_string().contains("can"), "{fault}");
    }
}
