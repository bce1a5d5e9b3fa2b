//! Lists as a GraphQL answer spells them: `{"edges": [{"node": …}]}`, `{"nodes": […]}`, or just a
//! list.

use crate::domain::Reason;
use crate::extract::json::{Fields, List, Object, is_true};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A list of objects; nothing where there is `null`.
#[derive(Debug)]
pub struct Connection<T, const MAX: usize> {
    edges: List<Edge<T>, MAX>,
    nodes: List<T, MAX>,
    page_info: Object<PageInfo>,
    is_odd: bool,
}

#[derive(Debug, Deserialize)]
#[serde(default, bound(deserialize = "T: Deserialize<'de>"))]
struct Edge<T> {
    node: Object<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageInfo {
    has_next_page: Option<Box<RawValue>>,
}

impl<T> Default for Edge<T> {
    fn default() -> Self {
        Self { node: Object::default() }
    }
}

impl<T, const MAX: usize> Default for Connection<T, MAX> {
    fn default() -> Self {
        Self {
            edges: List::default(),
            nodes: List::default(),
            page_info: Object::default(),
            is_odd: false,
        }
    }
}

impl<T, const MAX: usize> Connection<T, MAX> {
    pub fn items<'c>(&'c self, field: &'static str, fields: &mut Fields) -> Vec<&'c T> {
        if self.is_odd {
            fields.add(Reason::MalformedRow, field);
        }
        let edges = fields.list(&self.edges, field);
        let mut items: Vec<&T> =
            edges.iter().filter_map(|edge| fields.object(&edge.node, field)).collect();
        items.extend(fields.list(&self.nodes, field));
        items
    }

    /// Whether the query left more of them on a further page.
    pub fn is_cut(&self, field: &'static str, fields: &mut Fields) -> bool {
        let info = fields.object(&self.page_info, field);
        info.is_some_and(|info| is_true(info.has_next_page.as_deref()))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Connection<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfConnection(PhantomData))
    }
}

struct OfConnection<T, const MAX: usize>(PhantomData<T>);

macro_rules! odd {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(Connection { is_odd: true, ..Connection::default() })
        })*
    };
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for OfConnection<T, MAX> {
    type Value = Connection<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects, or an object with edges or nodes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut connection = Connection::default();
        let mut is_empty = true;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "edges" => connection.edges = map.next_value()?,
                "nodes" => connection.nodes = map.next_value()?,
                "pageInfo" => connection.page_info = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            is_empty &= !matches!(key.as_ref(), "edges" | "nodes");
        }
        // An object that holds no list is no connection.
        connection.is_odd = is_empty;
        Ok(connection)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let nodes = List::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Connection { nodes, ..Connection::default() })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Connection::default())
    }

    odd!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}
