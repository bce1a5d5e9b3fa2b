//! The sockets: a listener whose connections can be broken on purpose by the request they carry.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

const WHOLE: u8 = 0;
const RESET: u8 = 1;
const CUT: u8 = 2;
const GONE: u8 = 3;
const TRICKLING: u8 = 4;

/// How much of an answer a cut keeps back, in bytes.
pub(super) const CUT_LEN: usize = 16;

/// The length of a chunk of a trickling answer, in bytes, and the time between chunks.
const PIECE_LEN: usize = 16;
const PIECE_PAUSE: Duration = Duration::from_secs(1);

/// Breaks the connection that a request came in on. A clone of it travels with each request.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionFault(Arc<Fault>);

#[derive(Debug, Default)]
struct Fault {
    kind: AtomicU8,
    /// Chunks of a trickling answer that are still to come, before the rest is sent together.
    pieces: AtomicU32,
}

impl ConnectionFault {
    /// The next byte written resets the connection (RST) instead.
    pub fn reset(&self) {
        self.0.kind.store(RESET, Ordering::Release);
    }

    /// The next answer loses its last bytes, then the connection closes.
    pub fn cut(&self) {
        self.0.kind.store(CUT, Ordering::Release);
    }

    /// The next answer comes in this many small chunks, one per second, and then the rest.
    pub fn trickle(&self, pieces: u32) {
        self.0.pieces.store(pieces, Ordering::Release);
        self.0.kind.store(TRICKLING, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for ConnectionFault {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().fault.clone()
    }
}

/// How many connections there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections(Arc<()>);

impl Connections {
    /// Each connection has a copy, and so does the port.
    pub fn count(&self) -> usize {
        Arc::strong_count(&self.0).saturating_sub(2)
    }
}

/// A listening socket that hands out [`FaultyStream`]s.
pub(super) struct FaultyListener {
    pub listener: TcpListener,
    pub connections: Connections,
}

impl Listener for FaultyListener {
    type Io = FaultyStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FaultyStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Without it, small answers wait for the peer's acknowledgement; a failure only
                    // costs time.
                    let _ = stream.set_nodelay(true);
                    let wire = FaultyStream {
                        stream,
                        fault: ConnectionFault::default(),
                        pause: None,
                        _counted: self.connections.clone(),
                    };
                    return (wire, peer);
                }
                // Most likely out of file descriptors: some will be freed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that works until its [`ConnectionFault`] is blown.
pub(super) struct FaultyStream {
    stream: TcpStream,
    fault: ConnectionFault,
    /// Before the next chunk of a trickling answer.
    pause: Option<Pin<Box<Sleep>>>,
    _counted: Connections,
}

impl FaultyStream {
    /// Writes the next chunk of a trickling answer.
    fn poll_piece(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
        }
        let left = self.fault.0.pieces.load(Ordering::Acquire);
        if left == 0 {
            self.pause = None;
            self.fault.0.kind.store(WHOLE, Ordering::Release);
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        let piece = &buf[..buf.len().min(PIECE_LEN)];
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, piece))?;
        self.fault.0.pieces.store(left - 1, Ordering::Release);
        self.pause = Some(Box::pin(sleep(PIECE_PAUSE)));
        Poll::Ready(Ok(written))
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "broken on purpose")
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.fault.0.kind.load(Ordering::Acquire) {
            WHOLE => Pin::new(&mut self.stream).poll_write(cx, buf),
            TRICKLING => self.poll_piece(cx, buf),
            RESET => {
                // Linger zero turns the close that follows into a reset; without it the peer sees a
                // plain close.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(broken()))
            }
            CUT => {
                let kept = buf.len().saturating_sub(CUT_LEN);
                if kept > 0 {
                    ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..kept]))?;
                }
                self.fault.0.kind.store(GONE, Ordering::Release);
                Poll::Ready(Err(broken()))
            }
            _ => Poll::Ready(Err(broken())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
