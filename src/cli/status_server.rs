//! What the daemon shows of itself, by its settings: the listener for metrics, probes and the
//! status page.

use super::error::CliError;
use super::planned::Planned;
use crate::daemon::Board;
use crate::report::trouble_text;
use crate::serve::{Hosts, Readiness, Server, Sources};
use crate::settings::{Job, Metrics, Settings};
use crate::state::{TroubleKind, View, check_writable};
use jiff::Timestamp;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The listener, where there is one, and the settings it was started by.
pub(super) struct StatusServer {
    board: Board,
    started: Timestamp,
    open: Option<(Metrics, Server)>,
}

impl StatusServer {
    /// Must be called within a runtime.
    pub(super) async fn open(
        board: Board,
        settings: &Settings,
        planned: &Arc<Planned>,
    ) -> Result<Self, CliError> {
        let mut status_server = Self { board, started: Timestamp::now(), open: None };
        status_server.listen(settings, planned).await?;
        Ok(status_server)
    }

    /// Follows new settings; where their address can't be listened on, the old listener stays.
    pub(super) async fn follow(&mut self, settings: &Settings, planned: &Arc<Planned>) {
        let is_same = self.open.as_ref().map(|(metrics, _)| metrics) == settings.metrics.as_ref();
        match &self.open {
            Some((_, server)) if is_same => {
                server.show(self.sources(settings), readiness(settings, planned))
            }
            _ => {
                if let Err(error) = self.listen(settings, planned).await {
                    let what = match &self.open {
                        Some(_) => "the previous listener stays in place",
                        None => "nothing listens until the settings are reloaded",
                    };
                    tracing::error!("{what}: {}", error.message);
                }
            }
        }
    }

    /// The settings file was read and refused.
    pub(super) fn refused_settings(&self) {
        if let Some((_, server)) = &self.open {
            server.refused_settings();
        }
    }

    async fn listen(
        &mut self,
        settings: &Settings,
        planned: &Arc<Planned>,
    ) -> Result<(), CliError> {
        let Some(metrics) = &settings.metrics else {
            self.open = None;
            return Ok(());
        };
        let mut started = self.start(metrics, settings, planned).await;
        // The old listener may have the port, under this address or another one such as 0.0.0.0. It
        // is stopped, and opened again if another program has the port too.
        if started.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
            && let Some((before, server)) =
                self.open.take_if(|(open, _)| open.listen.port() == metrics.listen.port())
        {
            server.stop().await;
            started = self.start(metrics, settings, planned).await;
            if started.is_err() {
                let again = self.start(&before, settings, planned).await;
                self.open = again.ok().map(|server| (before, server));
            }
        }
        let server = started.map_err(|error| {
            CliError::failed(format!(
                "metrics.listen: {}: {error}\n  hint: the port may be in use; choose another one",
                metrics.listen
            ))
        })?;
        tracing::info!("status page and metrics on http://{}/", server.address());
        self.open = Some((metrics.clone(), server));
        Ok(())
    }

    async fn start(
        &self,
        metrics: &Metrics,
        settings: &Settings,
        planned: &Arc<Planned>,
    ) -> io::Result<Server> {
        let hosts = Hosts { names: metrics.hosts.clone(), allow_remote: metrics.allow_remote };
        let (sources, readiness) = (self.sources(settings), readiness(settings, planned));
        Server::start(metrics.listen, hosts, sources, readiness).await
    }

    fn sources(&self, settings: &Settings) -> Sources {
        Sources {
            board: self.board.clone(),
            state_dir: settings.state_dir.clone(),
            state_free_min_bytes: settings.state_free_min_bytes,
            started: self.started,
        }
    }
}

/// The settings were read before this runs; everything else is checked at each request. A fleet
/// ignores refused accounts: they are no fault of a node, and would block rolling deploys.
fn readiness(settings: &Settings, planned: &Arc<Planned>) -> Readiness {
    let (state_dir, planned) = (settings.state_dir.clone(), Arc::clone(planned));
    let is_alone = settings.fleet.is_none();
    Arc::new(move || {
        let state = check_writable(&state_dir).err().map(|error| format!("the state: {error}"));
        let (mut tokens, mut refused) = (Vec::new(), Vec::new());
        for (account, jobs) in planned.settings() {
            tokens.extend(account.token().err().map(|error| error.to_string()));
            let jobs = jobs.iter().filter(|job| is_alone && job.is_scheduled());
            refused.extend(jobs.filter_map(|job| refusal(&state_dir, job)));
        }
        state.into_iter().chain(tokens).chain(refused).collect()
    })
}

/// Why ActiveCampaign refused the job's last attempt, if it did.
fn refusal(state_dir: &Path, job: &Job) -> Option<String> {
    let trouble = View::existing(state_dir, &job.account).ok()??.trouble(&job.name).ok()??;
    let refused = (trouble.kind == TroubleKind::Refused).then_some(trouble)?;
    Some(format!("{}: {}", job.name, trouble_text(&refused, &job.time_zone)))
}
