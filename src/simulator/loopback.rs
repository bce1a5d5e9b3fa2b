//! Serving a simulated shop on a port of this machine.

use super::faulty_socket::{ConnectionFault, Connections, FaultyListener};
use axum::Router;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A server on a free loopback port. It stops when it is dropped.
pub(super) struct Loopback {
    pub address: SocketAddr,
    stop: CancellationToken,
}

impl Loopback {
    pub(super) async fn serve(router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let port = FaultyListener { listener, connections: Connections::default() };
        let router = router.into_make_service_with_connect_info::<ConnectionFault>();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(axum::serve(port, router).with_graceful_shutdown(stopped).into_future());
        Ok(Self { address, stop })
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
