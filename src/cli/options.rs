//! Options of every verb, and values that several verbs parse.

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use jiff::civil::Date;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Global {
    /// Settings file [default: $ORDERSYNC_CONFIG, config/ordersync.toml or
    /// /etc/ordersync/ordersync.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Log each request
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Log warnings and errors only, show no progress, and print nothing about a success
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to colour the log and the words of a verdict
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// The form of the log on standard error; auto: straight to systemd's journal when run by it,
    /// else text
    #[arg(long, global = true, value_name = "FORM", default_value = "auto")]
    pub log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour output; NO_COLOR only affects `auto`.
    pub(super) fn is_on(self, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogFormat {
    Auto,
    Text,
    Json,
}

pub(super) fn parse_day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "expected a day such as 2024-01-31".to_owned())
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a time such as 6h, 90m or 30s";
    let parsed: SignedDuration = text.parse().map_err(|_| expected.to_owned())?;
    Duration::try_from(parsed)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| expected.to_owned())
}
