//! The timing of a request: it arrives after its jitter, is decided synchronously, and answered
//! after its latency.

use super::call::Call;
use super::delays::jitter;
use super::faulty_socket::{CUT_LEN, ConnectionFault};
use super::graphql::settle;
use super::handler::{Outcome, handle};
use super::reply::{Delivery, Reply, http_date};
use super::world::{RequestEnd, World};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{DATE, HeaderValue};
use axum::http::request::Parts;
use axum::response::Response;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The largest body that is read, in bytes.
const BODY_LEN_MAX: usize = 4 << 20;

/// What every request shares.
#[derive(Clone)]
pub(super) struct SharedState {
    world: Arc<Mutex<World>>,
    pub stop: CancellationToken,
    released: watch::Sender<()>,
}

impl SharedState {
    pub fn new(world: World) -> Self {
        let released = watch::Sender::new(());
        Self { world: Arc::new(Mutex::new(world)), stop: CancellationToken::new(), released }
    }

    /// Locks the world: never hold the guard across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        settle(&mut world);
        world
    }

    /// Removes every pending fault, and ends the wait of every answer in progress.
    pub fn release(&self) {
        // Read under one lock, so that fault and release state are consistent.
        let mut world = self.world();
        world.faults.clear();
        self.released.send_replace(());
    }

    /// Waits, unless the simulator stops first.
    async fn wait(&self, time: Duration) {
        if !time.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }
}

/// The answer for a client without a socket.
#[derive(Debug)]
pub enum ClientResponse {
    Whole(axum::http::Response<Vec<u8>>),
    /// All except the end of the body; then the connection is gone.
    Cut(axum::http::Response<Vec<u8>>),
    /// Nothing: the connection is reset.
    Reset,
}

/// Answers one request under `/api/3`, or anywhere outside the side channel.
pub(super) async fn serve(
    State(state): State<SharedState>,
    ConnectInfo(fault): ConnectInfo<ConnectionFault>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = async { to_bytes(body, BODY_LEN_MAX).await.ok() };
    let (response, reaches) = process(state, head, body).await.deliver().await;
    match reaches {
        Reaches::Whole => {}
        Reaches::Cut => fault.cut(),
        Reaches::Nothing => fault.reset(),
    }
    response
}

/// The same without a socket. A request that was passed on arrives, whether or not its answer is
/// awaited.
pub(super) async fn serve_in_process(
    state: SharedState,
    request: axum::http::Request<Vec<u8>>,
) -> ClientResponse {
    let (head, body) = request.into_parts();
    let arrived = tokio::spawn(process(state, head, std::future::ready(Some(Bytes::from(body)))));
    let Ok(arrived) = arrived.await else { return ClientResponse::Reset };
    let (response, reaches) = arrived.deliver().await;
    let (mut head, body) = response.into_parts();
    // Over a socket the server adds it if it is missing.
    if !head.headers.contains_key(DATE) {
        let date = http_date(jiff::Timestamp::now());
        head.headers.extend(HeaderValue::try_from(date).ok().map(|date| (DATE, date)));
    }
    let mut bytes = to_bytes(body, usize::MAX).await.map(Vec::from).unwrap_or_default();
    match reaches {
        Reaches::Whole => ClientResponse::Whole(axum::http::Response::from_parts(head, bytes)),
        Reaches::Cut => {
            bytes.truncate(bytes.len().saturating_sub(CUT_LEN));
            ClientResponse::Cut(axum::http::Response::from_parts(head, bytes))
        }
        Reaches::Nothing => ClientResponse::Reset,
    }
}

/// From the client's send to the decision, at which everything the request changes is changed.
async fn process(
    state: SharedState,
    head: Parts,
    body: impl Future<Output = Option<Bytes>>,
) -> PendingAnswer {
    let (sent, jitter) = {
        let mut world = state.world();
        let spread_ms = world.options.jitter_ms;
        (world.clock(), jitter(&mut world.rng, spread_ms))
    };
    state.wait(jitter).await;
    let mut call = Call::new(&head);
    let admission = state.world().admit(&call, sent);
    call.number = admission.number;
    if call.writes() {
        call.read_body(body.await.as_deref());
    }
    let (outcome, released) = {
        let mut world = state.world();
        (handle(&mut world, &call, &admission), state.released.subscribe())
    };
    let Outcome { reply, delivery, wait, end } = outcome;
    PendingAnswer {
        number: call.number,
        reply,
        delivery,
        wait,
        released,
        open: OpenRequest { state, end: Some(end) },
    }
}

/// A request decided and not yet answered.
struct PendingAnswer {
    number: u64,
    reply: Reply,
    delivery: Delivery,
    wait: Duration,
    /// Changes when all waits end.
    released: watch::Receiver<()>,
    open: OpenRequest,
}

/// The part of an answer that the client gets.
enum Reaches {
    Whole,
    Cut,
    Nothing,
}

impl PendingAnswer {
    async fn deliver(self) -> (Response, Reaches) {
        let (state, released) = (self.open.state.clone(), self.released);
        let wait = async |time| {
            // A clone has seen what its origin has seen, so a release reaches every wait.
            let mut released = released.clone();
            tokio::select! {
                () = state.wait(time) => {}
                _ = released.changed() => {}
            }
        };
        wait(self.wait).await;
        // From here on the answer can't change; a held one never comes, so its write is over too.
        self.open.close();
        let reaches = match self.delivery {
            Delivery::Whole => Reaches::Whole,
            Delivery::Cut => Reaches::Cut,
            Delivery::Reset => Reaches::Nothing,
            Delivery::Hold(time) => {
                wait(time).await;
                Reaches::Nothing
            }
        };
        let escape_slashes = state.world().options.escape_slashes;
        (response(&self.reply, self.number, escape_slashes), reaches)
    }
}

fn response(reply: &Reply, number: u64, escape_slashes: bool) -> Response {
    let (content_type, bytes) = reply.bytes(escape_slashes);
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("content-type", content_type)
        .header("x-request-id", format!("sim-{number:08}"));
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(bytes)).unwrap_or_default()
}

/// A request in progress. If the client disconnects, this is dropped with the answer unsent.
struct OpenRequest {
    state: SharedState,
    end: Option<RequestEnd>,
}

impl OpenRequest {
    fn close(mut self) {
        if let Some(end) = self.end.take() {
            self.state.world().close(end);
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            self.state.world().abandon(end);
        }
    }
}
