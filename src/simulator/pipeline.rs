//! Carries a request through time: in after its jitter, decided at once, answered after its latency.

use super::call::Call;
use super::handling::{Delivery, Outcome, handle};
use super::reply::Reply;
use super::wire::Fuse;
use super::world::{Closing, World};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The largest body that is read, in bytes.
const BODY_LEN_MAX: usize = 4 << 20;

/// What every request shares.
#[derive(Clone)]
pub(super) struct Site {
    world: Arc<Mutex<World>>,
    pub stop: CancellationToken,
}

impl Site {
    pub fn new(world: World) -> Self {
        Self { world: Arc::new(Mutex::new(world)), stop: CancellationToken::new() }
    }

    /// The world, for a moment: never hold it across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Answers one request under `/api/3`, or anywhere outside the side channel.
pub(super) async fn serve(
    State(site): State<Site>,
    ConnectInfo(fuse): ConnectInfo<Fuse>,
    request: Request,
) -> Response {
    let (sent, jitter) = {
        let mut world = site.world();
        let spread_ms = world.options.jitter_ms;
        (world.clock(), world.chance.jitter(spread_ms))
    };
    site.wait(jitter).await;
    let (head, body) = request.into_parts();
    let mut call = Call::new(&head);
    let ticket = site.world().admit(&call, sent);
    call.number = ticket.number;
    if call.writes() {
        call.body =
            to_bytes(body, BODY_LEN_MAX).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    }
    let outcome = handle(&mut site.world(), &call, &ticket);
    deliver(&site, &fuse, outcome).await
}

async fn deliver(site: &Site, fuse: &Fuse, outcome: Outcome) -> Response {
    let Outcome { reply, delivery, wait, closing } = outcome;
    let number = closing.number;
    let open = Open { site, closing: Some(closing) };
    site.wait(wait).await;
    // From here on nothing more can happen to the answer; a held one never comes, so its write is over as well.
    open.close();
    match delivery {
        Delivery::Whole => {}
        Delivery::Cut => fuse.cut(),
        Delivery::Reset => fuse.reset(),
        Delivery::Hold(time) => {
            site.wait(time).await;
            fuse.reset();
        }
    }
    let escape_slashes = site.world().options.escape_slashes;
    response(&reply, number, escape_slashes)
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

/// A request under way. When the client goes away, this is dropped with the answer unsent.
struct Open<'a> {
    site: &'a Site,
    closing: Option<Closing>,
}

impl Open<'_> {
    fn close(mut self) {
        if let Some(closing) = self.closing.take() {
            self.site.world().close(closing);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(closing) = self.closing.take() {
            self.site.world().abandon(closing);
        }
    }
}
