use super::limited_listener::LimitedListener;
use super::routes::{ServerState, Site, router};
use super::{Hosts, Readiness};
use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A listener that answers until it is dropped.
pub struct Server {
    address: SocketAddr,
    site: Site,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Listens, and answers by what it is told to show. Must be called within a runtime.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(
        listen: SocketAddr,
        hosts: Hosts,
        subject: ServerState,
        readiness: Readiness,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let site = Site::new(subject, readiness);
        let server = axum::serve(LimitedListener::new(listener), router(site.clone(), hosts));
        Ok(Self { address, site, task: tokio::spawn(server.into_future()) })
    }

    /// Where it listens; the port is the one that was taken where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on shows this.
    pub fn show(&self, subject: ServerState, readiness: Readiness) {
        self.site.show(subject, readiness);
    }

    /// Notes that the settings as they stand in the file are not the ones in force.
    pub fn refused_settings(&self) {
        self.site.refused_settings();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
