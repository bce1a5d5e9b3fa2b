//! Notifications to systemd, if it asked for them through `$NOTIFY_SOCKET`. Elsewhere nothing
//! happens.

use sd_notify::NotifyState;
use std::time::Duration;

/// Started, or done with reading the settings again.
pub(super) fn ready() {
    send(&[NotifyState::Ready]);
}

pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

pub(super) fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("stopping: waiting for requests in flight")]);
}

/// The line that `systemctl status` shows.
pub(super) fn status(line: &str) {
    send(&[NotifyState::Status(line)]);
}

/// A sign of life. Without one in time, systemd restarts the service.
pub(super) fn alive() {
    send(&[NotifyState::Watchdog]);
}

/// The interval within which it expects each sign of life, if it does.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|within| !within.is_zero())
}

/// Errors are only logged: systemd itself reacts to a missing notification.
fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd could not be notified: {error}");
    }
}
