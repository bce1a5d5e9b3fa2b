use super::output::Above;
use super::{Color, Global, LogFormat};
use std::io::{self, IsTerminal};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// The log goes to standard error. Libraries are heard from warnings on.
pub(super) fn start(global: &Global) {
    let level = match (global.verbose, global.quiet) {
        (true, _) => LevelFilter::DEBUG,
        (_, true) => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    };
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target("ordersync", level);
    let ansi = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Above).with_ansi(ansi).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    // A second call, as tests make, keeps the first one's log.
    let _ = match global.log_format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true).with_target(true)).try_init(),
    };
}
