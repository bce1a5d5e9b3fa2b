use super::admin;
use super::edit::{Edit, EditError};
use super::faults::Fault;
use super::faulty_socket::{ConnectionFault, Connections, FaultyListener};
use super::graphql::GraphqlOptions;
use super::options::Options;
use super::pipeline::{ClientResponse, SharedState, serve, serve_in_process};
use super::summary::Summary;
use super::world::World;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How long [`Simulator::stop`] waits for answers in progress.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A running local ActiveCampaign. Dropping it stops it.
pub struct Simulator {
    address: SocketAddr,
    pub(super) state: SharedState,
    connections: Connections,
    /// `None` for one without a socket.
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Simulator {
    /// Binds 127.0.0.1 and starts to answer.
    pub async fn start(options: Options) -> io::Result<Self> {
        let port = options.port;
        let mut simulator = Self::in_process(options)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        simulator.address = listener.local_addr()?;
        let state = &simulator.state;
        let router = admin::routes().fallback(serve).with_state(state.clone());
        let service = router.into_make_service_with_connect_info::<ConnectionFault>();
        let stop = state.stop.clone().cancelled_owned();
        let port = FaultyListener { listener, connections: simulator.connections.clone() };
        let server = axum::serve(port, service).with_graceful_shutdown(stop);
        simulator.task = Some(tokio::spawn(server.into_future()));
        Ok(simulator)
    }

    /// A simulator without a socket, which only answers by [`Self::serve`]: its time is tokio's,
    /// and can be paused.
    pub fn in_process(options: Options) -> io::Result<Self> {
        let senseless = |message: String| io::Error::new(io::ErrorKind::InvalidInput, message);
        if options.token.is_empty() {
            return Err(senseless("the simulator needs a token that is not empty".to_owned()));
        }
        if options.requests_per_second == Some(0) {
            let message =
                "a limit of 0 requests a second lets nothing in; use at least 1, or no limit";
            return Err(senseless(message.to_owned()));
        }
        let zone = TimeZone::get(&options.time_zone).map_err(|_| {
            senseless(format!(
                "found no time zone {:?}; use a name such as America/Chicago",
                options.time_zone
            ))
        })?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Ok(Self {
            address,
            state: SharedState::new(World::new(options, zone)),
            connections: Connections::default(),
            task: None,
        })
    }

    /// Answers one request without a socket, with the same checks, faults and delays.
    pub async fn serve(&self, request: axum::http::Request<Vec<u8>>) -> ClientResponse {
        serve_in_process(self.state.clone(), request).await
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end; the port is 0 for one without a socket.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A summary of what happened so far.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.state.world())
    }

    /// Orders in the account; costs less than a summary.
    pub fn order_count(&self) -> usize {
        self.state.world().store.orders.len()
    }

    /// Requests received so far; costs less than a summary.
    pub fn request_count(&self) -> u64 {
        self.state.world().log.requests
    }

    /// Everything in the account: `connections`, `ecomCustomers`, `ecomOrders` with their
    /// `ecomOrderProducts` and `ecomOrderDiscounts`, and `graphqlOrders`. The same as
    /// `GET /__sim/state`.
    pub fn state(&self) -> Value {
        admin::dump(&self.state.world())
    }

    /// The log of requests, as `GET /__sim/requests` shows it.
    pub fn requests(&self) -> Value {
        json!(self.state.world().log.entries().collect::<Vec<_>>())
    }

    /// Changes how GraphQL behaves from the next request on.
    pub fn configure_graphql(&self, options: GraphqlOptions) {
        self.state.world().configure_graphql(options);
    }

    /// Adds a fault after those already queued.
    pub fn inject(&self, fault: Fault) {
        self.state.world().faults.push(fault);
    }

    /// Removes every pending fault.
    pub fn clear_faults(&self) {
        self.state.world().faults.clear();
    }

    /// Removes every pending fault, and ends every waiting answer: a delayed one is sent, a held
    /// one is aborted.
    pub fn release(&self) {
        self.state.release();
    }

    /// Open client connections. After the client is gone, one counts until everything it sent was
    /// read.
    pub fn connections_open(&self) -> usize {
        self.connections.count()
    }

    /// Changes the account like another program, and returns the id of the record.
    pub fn edit(&self, edit: Edit) -> Result<u64, EditError> {
        self.state.world().edit(edit)
    }

    /// Stops accepting requests, and waits up to two seconds for answers in progress.
    pub async fn stop(mut self) {
        self.state.stop.cancel();
        let Some(task) = &mut self.task else { return };
        if tokio::time::timeout(STOP_WAIT, &mut *task).await.is_err() {
            task.abort();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.state.stop.cancel();
    }
}

/// Leaves the token out.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}
