use super::admin;
use super::edit::{Edit, EditError};
use super::faults::Fault;
use super::options::Options;
use super::pipeline::{Site, serve};
use super::summary::Summary;
use super::wire::{Fuse, Port};
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

/// How long [`Simulator::stop`] waits for answers under way.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A running local ActiveCampaign. Dropping it stops it.
pub struct Simulator {
    address: SocketAddr,
    pub(super) site: Site,
    task: JoinHandle<io::Result<()>>,
}

impl Simulator {
    /// Binds 127.0.0.1 and starts to answer.
    ///
    /// # Errors
    /// When the port is taken, or an option makes no sense: an empty token, a limit of 0, an unknown time zone.
    pub async fn start(options: Options) -> io::Result<Self> {
        let senseless = |message: String| io::Error::new(io::ErrorKind::InvalidInput, message);
        if options.token.is_empty() {
            return Err(senseless("the simulator needs a token that is not empty".to_owned()));
        }
        if options.requests_per_second == Some(0) {
            let message = "a limit of 0 requests a second lets nothing in; use at least 1, or no limit";
            return Err(senseless(message.to_owned()));
        }
        let zone = TimeZone::get(&options.time_zone).map_err(|_| {
            senseless(format!(
                "found no time zone {:?}; use a name such as America/Chicago",
                options.time_zone
            ))
        })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let site = Site::new(World::new(options, zone));
        let router = admin::routes().fallback(serve).with_state(site.clone());
        let service = router.into_make_service_with_connect_info::<Fuse>();
        let stop = site.stop.clone().cancelled_owned();
        let server = axum::serve(Port(listener), service).with_graceful_shutdown(stop);
        let task = tokio::spawn(server.into_future());
        Ok(Self { address, site, task })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happened so far, taken at one moment.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.site.world())
    }

    /// Everything the account holds: `connections`, `ecomCustomers`, and `ecomOrders` with their
    /// `ecomOrderProducts` and `ecomOrderDiscounts`. The same as `GET /__sim/state`.
    pub fn state(&self) -> Value {
        admin::dump(&self.site.world())
    }

    /// The log of requests, as `GET /__sim/requests` shows it.
    pub fn requests(&self) -> Value {
        json!(self.site.world().journal.entries().collect::<Vec<_>>())
    }

    /// Adds a fault behind those still to come.
    pub fn inject(&self, fault: Fault) {
        self.site.world().script.push(fault);
    }

    /// Takes back every fault still to come.
    pub fn clear_faults(&self) {
        self.site.world().script.clear();
    }

    /// Changes the account as somebody else would, and returns the id of the record.
    ///
    /// # Errors
    /// When there is no such record, or an order to add is not one.
    pub fn edit(&self, edit: Edit) -> Result<u64, EditError> {
        self.site.world().edit(edit)
    }

    /// Stops taking requests, and waits up to two seconds for answers under way.
    pub async fn stop(mut self) {
        self.site.stop.cancel();
        if tokio::time::timeout(STOP_WAIT, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.site.stop.cancel();
    }
}

/// Leaves the token out.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}
