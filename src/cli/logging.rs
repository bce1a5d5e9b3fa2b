use super::journald::{self, JournaldLayer};
use super::options::{Global, LogFormat};
use super::output::{self, ProgressSafeStderr};
use std::io::{self, IsTerminal};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// The log goes to standard error, or to systemd's journal if that is standard error. Libraries log
/// from warnings on.
pub(super) fn start(global: &Global) {
    let level = if global.verbose {
        LevelFilter::DEBUG
    } else if global.quiet {
        LevelFilter::WARN
    } else {
        LevelFilter::INFO
    };
    // The platform verifier's report of a rejected certificate would repeat ours with less advice.
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("rustls_platform_verifier", LevelFilter::OFF)
        .with_target("ordersync", level);
    let ansi = global.color.is_on(io::stderr().is_terminal());
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| ProgressSafeStderr)
        .with_ansi(ansi)
        .with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let is_journal = matches!(global.log_format, LogFormat::Auto) && journald::is_standard_error();
    // A second call, as tests make, keeps the first one's log.
    let started = match global.log_format {
        LogFormat::Auto if is_journal => registry.with(JournaldLayer::open()).try_init(),
        LogFormat::Auto | LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => {
            registry.with(layer.json().flatten_event(true).with_target(true)).try_init()
        }
    };
    if started.is_ok() && (is_journal || matches!(global.log_format, LogFormat::Json)) {
        output::use_log();
    }
}
