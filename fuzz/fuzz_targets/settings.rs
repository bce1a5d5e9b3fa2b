#![no_main]
//! Any text as a settings file: settings or faults, and never a token in either.

use ordersync::settings::{Environment, Settings};
use std::path::PathBuf;
use std::sync::LazyLock;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let dir = if memory.is_dir() { memory } else { std::env::temp_dir() };
    dir.join(format!("ordersync-fuzz-{}.toml", std::process::id()))
});

const TOKEN: &str = "canary-of-the-fuzzer-93b1";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    std::fs::write(&*FILE, data).expect("the fuzzer's own file");
    let variables = [("ORDERSYNC_ACCOUNTS__MAIN__TOKEN", TOKEN)];
    let printed = match Settings::load(Some(&FILE), &Environment::new("/nowhere", variables)) {
        Ok(settings) => format!("{settings:?}\n{}", settings.effective),
        Err(faults) => faults.iter().map(|fault| format!("{fault:?} {fault}\n")).collect(),
    };
    assert!(!printed.contains(TOKEN), "a token is printed: {printed}");
});
