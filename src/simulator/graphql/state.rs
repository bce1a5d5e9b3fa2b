use super::options::GraphqlOptions;
use super::schema::Schema;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Id of the connection, and the shop's id of the order.
pub(super) type OrderKey = (u64, String);

/// An API that writes orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    Rest,
    Graphql,
}

/// A written order, as ActiveCampaign's Custom Objects hold it.
#[derive(Debug, Clone, Default)]
pub(super) struct CustomObject {
    /// The fields as they were written last.
    pub latest: Map<String, Value>,
    /// The fields that queries show; `None` until the lag is over.
    pub visible: Option<Map<String, Value>>,
    /// Its customer in the REST API.
    pub customer: u64,
    /// The order of the REST API that it was copied to.
    pub copy: Option<u64>,
    /// Whether the latest write reaches the REST API at all.
    pub is_copied: bool,
    /// The number of the request that wrote it last.
    pub at_request: u64,
}

/// The account's data for GraphQL, and copies on the way to the REST API.
#[derive(Default)]
pub(in crate::simulator) struct GraphqlState {
    pub(super) schema: Arc<Schema>,
    pub(super) objects: BTreeMap<OrderKey, CustomObject>,
    /// Orders that the account refuses, with the text.
    pub refused: BTreeMap<String, String>,
    /// Which API wrote orders of a connection.
    pub(super) paths: BTreeMap<u64, Path>,
    pub(super) arriving: VecDeque<(Duration, OrderKey)>,
    pub(super) copying: VecDeque<(Duration, OrderKey)>,
    pub(super) receipts: u64,
    pub(super) copies: u64,
}

impl GraphqlState {
    pub fn new(options: &GraphqlOptions) -> Self {
        Self { schema: Arc::new(Schema::new(options)), ..Self::default() }
    }

    /// Applies changed options, which may change the schema.
    pub fn configure(&mut self, options: &GraphqlOptions) {
        self.schema = Arc::new(Schema::new(options));
    }

    /// The client announced that it writes orders of this connection by the other API from now on.
    pub fn switch_path(&mut self, connection: u64) {
        self.paths.remove(&connection);
    }

    /// Deletes the order that was copied to this order of the REST API.
    pub fn delete_original(&mut self, copy: u64) {
        self.objects.retain(|_, object| object.copy != Some(copy));
    }

    /// Everything that queries show, for the side channel.
    pub fn dump(&self) -> Vec<&Map<String, Value>> {
        self.objects.values().filter_map(|object| object.visible.as_ref()).collect()
    }
}

/// The next one that is due.
pub(super) fn take_due(
    queue: &mut VecDeque<(Duration, OrderKey)>,
    now: Duration,
) -> Option<(Duration, OrderKey)> {
    queue.pop_front_if(|(due, _)| *due <= now)
}
