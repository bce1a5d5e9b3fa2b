use super::limited_listener::LimitedListener;
use super::routes::{AppState, router};
use super::snapshot::Sources;
use super::{Hosts, Readiness};
use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A listener that answers until it is dropped.
pub struct Server {
    address: SocketAddr,
    state: AppState,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Listens, and serves the state it is given. Must be called within a runtime.
    pub async fn start(
        listen: SocketAddr,
        hosts: Hosts,
        sources: Sources,
        readiness: Readiness,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let state = AppState::new(sources, readiness);
        let server = axum::serve(LimitedListener::new(listener), router(state.clone(), hosts));
        Ok(Self { address, state, task: tokio::spawn(server.into_future()) })
    }

    /// The address it listens on; for port 0, with the actual port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows this from now on.
    pub fn show(&self, sources: Sources, readiness: Readiness) {
        self.state.show(sources, readiness);
    }

    /// Notes that the settings file differs from the settings in effect.
    pub fn refused_settings(&self) {
        self.state.refused_settings();
    }

    /// Stops, and returns once its address is free: a listener that is only dropped keeps it for a
    /// moment longer.
    pub async fn stop(mut self) {
        self.task.abort();
        // It ended, however it did.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
