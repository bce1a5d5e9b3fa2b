//! The connection from one node to PostgreSQL, which can be cut.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

pub struct Link {
    port: u16,
    is_up: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Link {
    /// To a server on this Unix socket.
    pub fn to(socket: PathBuf) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_up, watched) = watch::channel(true);
        runtime.spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                tokio::spawn(carry(node, socket.clone(), watched.clone()));
            }
        });
        Self { port, is_up, _runtime: runtime }
    }

    pub fn url(&self) -> String {
        format!("postgres://ordersync@127.0.0.1:{}/postgres", self.port)
    }

    /// Nothing passes any more, and neither side is notified.
    pub fn cut(&self) {
        self.is_up.send_replace(false);
    }

    /// Ends the cut connections, and lets new ones through.
    pub fn mend(&self) {
        self.is_up.send_replace(true);
    }
}

/// Carries one connection until either side ends it. A cut one is held until the link is up again,
/// and ends then.
async fn carry(mut node: TcpStream, socket: PathBuf, mut is_up: watch::Receiver<bool>) {
    if *is_up.borrow_and_update() {
        let Ok(mut server) = UnixStream::connect(&socket).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut node, &mut server) => return,
            _ = is_up.wait_for(|is_up| !is_up) => {}
        }
        let _ = is_up.wait_for(|is_up| *is_up).await;
    } else {
        let _ = is_up.wait_for(|is_up| *is_up).await;
    }
}
