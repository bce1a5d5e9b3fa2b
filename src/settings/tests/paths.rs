use super::{Project, SMALL, with_account};

#[test]
fn paths_start_at_the_project_folder_wherever_the_program_is_started() {
    let project = Project::with(&with_account("token_file = \"config/main.token\""));
    let file = project.path("config/ordersync.toml");
    let file = file.to_str().unwrap();
    for (working_dir, explicit) in [
        (".", None),
        (".", Some("config/ordersync.toml")),
        ("config", Some("ordersync.toml")),
        ("elsewhere", Some("../config/ordersync.toml")),
        ("config/sub", Some("../ordersync.toml")),
        ("elsewhere", Some(file)),
    ] {
        let settings = project.load_from(working_dir, explicit, &[]).unwrap();
        assert_eq!(settings.state_dir, project.path("state"), "{working_dir} {explicit:?}");
        let export = project.path("exports/orders*.csv");
        assert_eq!(settings.jobs["shop"].export, [export.to_str().unwrap()]);
        assert_eq!(settings.accounts["main"].token_file, Some(project.path("config/main.token")));
    }
}

#[test]
fn a_file_in_a_folder_of_another_name_has_its_project_there() {
    let project = Project::with("");
    project.write("etc/ordersync/ordersync.toml", SMALL);
    let settings = project.load_from(".", Some("etc/ordersync/ordersync.toml"), &[]).unwrap();
    assert_eq!(settings.state_dir, project.path("etc/ordersync/state"));
}

#[test]
fn absolute_paths_stay_as_they_are() {
    let project = Project::with(&SMALL.replace("exports/orders*.csv", "/srv/x/*.csv"));
    let settings = project.load(&[("ORDERSYNC_STATE__DIR", "/srv/state")]).unwrap();
    assert_eq!(settings.state_dir.to_str(), Some("/srv/state"));
    assert_eq!(settings.jobs["shop"].export, ["/srv/x/*.csv"]);
}

#[test]
fn signs_in_the_name_of_the_project_folder_are_not_a_pattern() {
    let project = Project::with("");
    project.write("shop [old]/config/ordersync.toml", SMALL);
    let settings = project.load_from("shop [old]", None, &[]).unwrap();
    let pattern = glob::Pattern::new(&settings.jobs["shop"].export[0]).unwrap();
    assert!(pattern.matches_path(&project.path("shop [old]/exports/orders_2.csv")));
}

#[test]
fn the_command_line_precedes_the_variable_and_both_precede_the_usual_places() {
    let project = Project::with("broken");
    let named =
        project.write("named.toml", &SMALL.replace("shop]", "typed]").replace("shop.", "typed."));
    let other = project
        .write("other.toml", &SMALL.replace("shop]", "exported]").replace("shop.", "exported."));
    let variable = [("ORDERSYNC_CONFIG", other.to_str().unwrap())];
    let jobs = |explicit: Option<&str>| {
        let settings = project.load_from(".", explicit, &variable).unwrap();
        settings.jobs.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(jobs(Some(named.to_str().unwrap())), ["typed"]);
    assert_eq!(jobs(None), ["exported"]);
}

#[test]
fn a_named_file_that_is_not_there_is_never_passed_over() {
    let project = Project::with(SMALL);
    let output = |explicit, variables: &[_]| {
        let faults = project.load_from(".", explicit, variables).map(|_| ()).unwrap_err();
        assert_eq!(faults.len(), 1);
        faults[0].to_string()
    };
    let text = output(Some("gone.toml"), &[]);
    assert!(text.starts_with("command line: can't read gone.toml: "), "{text}");
    assert!(text.contains("ordersync init"), "{text}");
    let text = output(None, &[("ORDERSYNC_CONFIG", "gone.toml")]);
    assert!(
        text.starts_with("environment variable ORDERSYNC_CONFIG: can't read gone.toml: "),
        "{text}"
    );
    let text = output(Some("config"), &[]);
    assert!(text.contains("can't read config: "), "{text}");
    let text = project.load_from("empty", None, &[]).map(|_| ()).unwrap_err()[0].to_string();
    assert!(
        text.contains("no settings file") && text.contains("/etc/ordersync/ordersync.toml"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_not_text_is_reported_so() {
    let project = Project::with("");
    let file = project.path("config/ordersync.toml");
    std::fs::write(&file, b"# caf\xe9\n").unwrap();
    let text = project.load(&[]).map(|_| ()).unwrap_err()[0].to_string();
    assert!(text.contains("line 1 is not UTF-8"), "{text}");
    std::fs::write(&file, format!("#{}", "x".repeat(2 << 20))).unwrap();
    let text = project.load(&[]).map(|_| ()).unwrap_err()[0].to_string();
    assert!(text.contains("larger than 1 MiB"), "{text}");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
    assert!(Project::with(&text).load(&[]).is_ok());
}
