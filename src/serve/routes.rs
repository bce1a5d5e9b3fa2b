use super::snapshot::{Snapshot, Sources};
use super::{Hosts, exposition, metrics, page};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// Snapshots are kept this long, so that frequent requests don't read the state each time.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Returns what prevents the daemon from working, as messages. May block for a moment.
pub type Readiness = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

struct Given {
    sources: Sources,
    readiness: Readiness,
    is_current: bool,
}

#[derive(Clone)]
pub(super) struct AppState(Arc<Inner>);

struct Inner {
    given: RwLock<Given>,
    snapshot: Mutex<Option<(Instant, Arc<Snapshot>)>>,
    faults: Mutex<Option<(Instant, Arc<Vec<String>>)>>,
}

impl AppState {
    pub(super) fn new(sources: Sources, readiness: Readiness) -> Self {
        let given = RwLock::new(Given { sources, readiness, is_current: true });
        Self(Arc::new(Inner { given, snapshot: Mutex::default(), faults: Mutex::default() }))
    }

    pub(super) fn show(&self, sources: Sources, readiness: Readiness) {
        *self.0.given.write().unwrap_or_else(PoisonError::into_inner) =
            Given { sources, readiness, is_current: true };
    }

    pub(super) fn refused_settings(&self) {
        self.0.given.write().unwrap_or_else(PoisonError::into_inner).is_current = false;
    }

    fn given<T>(&self, read: impl FnOnce(&Given) -> T) -> T {
        read(&self.0.given.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn snapshot(&self) -> Option<Arc<Snapshot>> {
        let (sources, is_current) = self.given(|given| (given.sources.clone(), given.is_current));
        kept(&self.0.snapshot, move || Snapshot::take(&sources, is_current)).await
    }

    async fn faults(&self) -> Option<Arc<Vec<String>>> {
        let readiness = self.given(|given| Arc::clone(&given.readiness));
        kept(&self.0.faults, move || readiness()).await
    }

    fn is_alive(&self) -> bool {
        self.given(|given| given.sources.board.is_alive())
    }
}

/// The kept value, or a new one; only one is made at a time. `None` if making it panicked.
async fn kept<T: Send + Sync + 'static>(
    last: &Mutex<Option<(Instant, Arc<T>)>>,
    gather: impl FnOnce() -> T + Send + 'static,
) -> Option<Arc<T>> {
    let mut last = last.lock().await;
    if let Some((at, value)) = &*last
        && at.elapsed() < KEPT_FOR
    {
        return Some(Arc::clone(value));
    }
    let value = Arc::new(spawn_blocking(gather).await.ok()?);
    *last = Some((Instant::now(), Arc::clone(&value)));
    Some(value)
}

/// Read-only: GET and HEAD, no parameters, no body.
pub(super) fn router(state: AppState, hosts: Hosts) -> Router {
    Router::new()
        .route("/", get(status_page))
        .route("/live", get(live_part))
        .route("/metrics", get(metrics_text))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "nothing here; try /, /metrics, /healthz or /readyz\n")
        })
        .layer(middleware::from_fn_with_state(Arc::new(hosts), guard))
        .with_state(state)
}

async fn status_page(State(state): State<AppState>) -> Response {
    state.snapshot().await.map_or_else(failed, |snapshot| html(page::whole(&snapshot)))
}

async fn live_part(State(state): State<AppState>) -> Response {
    state.snapshot().await.map_or_else(failed, |snapshot| html(page::live(&snapshot)))
}

async fn metrics_text(State(state): State<AppState>) -> Response {
    match state.snapshot().await {
        Some(snapshot) => {
            ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], metrics::text(&snapshot))
                .into_response()
        }
        None => failed(),
    }
}

async fn health(State(state): State<AppState>) -> Response {
    if state.is_alive() {
        return (StatusCode::OK, "alive\n").into_response();
    }
    let stuck = "stuck: a run makes no progress and waits for nothing known\n";
    (StatusCode::SERVICE_UNAVAILABLE, stuck).into_response()
}

async fn readiness(State(state): State<AppState>) -> Response {
    match state.faults().await {
        Some(faults) if faults.is_empty() => (StatusCode::OK, "ready\n").into_response(),
        Some(faults) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", faults.join("\n"))).into_response()
        }
        None => failed(),
    }
}

fn html(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

fn failed() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "internal error; see the log\n").into_response()
}

/// Rejects requests for another host, and adds the security headers to each response.
async fn guard(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let mut response = if is_meant_for(&hosts, &request) {
        next.run(request).await
    } else {
        let text =
            "not asked by a name of this machine; ask localhost, or add the name to metrics.hosts
";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        // One request for each connection, so that none stays open.
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Checks the `Host` header, and the request line if it names a host too.
fn is_meant_for(hosts: &Hosts, request: &Request) -> bool {
    let host = one(request.headers());
    let line = request.uri().authority().map(|authority| authority.as_str());
    host.is_some_and(|host| hosts.admit(host)) && line.is_none_or(|line| hosts.admit(line))
}

fn one(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}
