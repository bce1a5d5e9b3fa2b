use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long requests in flight may take after a stop was requested.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// SIGHUP, read as a request to reload the settings; until this is called it ends
/// the program. Must be called within a runtime.
pub(super) fn hangups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// The signal that ends a program waiting for input: SIGINT, SIGQUIT or SIGTERM. Listens from this
/// call on, which must be within a runtime.
pub(super) fn ending() -> std::io::Result<impl Future<Output = u8>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => 2,
            _ = quit.recv() => 3,
            _ = terminate.recv() => 15,
        }
    })
}

/// Whether this process was started with SIGHUP ignored; `false` if the system does not say.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// Whether an [`Interrupt`] handles the signals that [`end_at_once`] sees too.
static HAS_LISTENER: AtomicBool = AtomicBool::new(false);

/// Lets signals end the process again, once an [`Interrupt`] is gone and until the next one
/// listens: by itself, a signal that was listened to once has no effect any more.
pub(super) fn end_at_once() -> std::io::Result<()> {
    static IS_WATCHED: AtomicBool = AtomicBool::new(false);
    HAS_LISTENER.store(false, Ordering::Relaxed);
    if IS_WATCHED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _entered = runtime.enter();
        let hangup = if is_hangup_ignored() { None } else { Some(hangups()?) };
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, hangup)
    };
    let watch = async move {
        let mut number = 0_u8;
        while number == 0 || HAS_LISTENER.load(Ordering::Relaxed) {
            number = tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
                () = received(&mut hangup) => 1,
            };
        }
        number
    };
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || exit_by(runtime.block_on(watch)))?;
    Ok(())
}

/// Waits for a signal; forever without a listener.
async fn received(listener: &mut Option<Signal>) {
    match listener {
        Some(listener) => _ = listener.recv().await,
        None => std::future::pending().await,
    }
}

fn exit_by(number: u8) {
    std::process::exit(i32::from(128 + number));
}

/// SIGINT and SIGTERM: the first requests a clean stop, the second ends the process immediately.
/// Nothing is lost either way.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    pub cancel: CancellationToken,
    received: Arc<AtomicU8>,
}

impl Interrupt {
    /// Starts to listen; must be called within a runtime.
    pub(super) fn listen() -> std::io::Result<Self> {
        let interrupt =
            Self { cancel: CancellationToken::new(), received: Arc::new(AtomicU8::new(0)) };
        let listeners =
            [(signal(SignalKind::interrupt())?, 2), (signal(SignalKind::terminate())?, 15)];
        for (listener, number) in listeners {
            tokio::spawn(interrupt.clone().on(listener, number));
        }
        HAS_LISTENER.store(true, Ordering::Relaxed);
        Ok(interrupt)
    }

    /// The same for a verb without settings to reload: SIGHUP, sent when a terminal closes,
    /// requests a clean stop too, unless it is ignored (`nohup`).
    pub(super) fn listen_in_foreground() -> std::io::Result<Self> {
        let is_ignored = is_hangup_ignored();
        let interrupt = Self::listen()?;
        if !is_ignored {
            tokio::spawn(interrupt.clone().on(hangups()?, 1));
        }
        Ok(interrupt)
    }

    async fn on(self, mut listener: Signal, number: u8) {
        while listener.recv().await.is_some() {
            if self.cancel.is_cancelled() {
                super::output::note("stopped at once; run it again to continue");
                exit_by(number);
            }
            self.received.store(number, Ordering::Relaxed);
            // Printed afterwards: once the line appears, nothing new is sent.
            self.cancel.cancel();
            tracing::info!(
                signal = number,
                "stopping: waiting for requests in flight; a second signal stops at once"
            );
        }
    }

    /// The signal that was received, if any.
    pub(super) fn signal(&self) -> Option<u8> {
        Some(self.received.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }
}
