//! The forms on the wire. In lists and single records every scalar is text or null; the answer to a
//! write echoes what was sent in the type it was sent in.

use super::call::scalar;
use super::options::ProductCount;
use super::store::{Connection, Contact, Customer, Discount, Order, Product, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// The context of a rendering: the account's zone for dates, and the beginning of links.
pub(super) struct View<'a> {
    pub zone: &'a TimeZone,
    /// `http://host/api/3`.
    pub base: &'a str,
    pub total_products: ProductCount,
}

impl View<'_> {
    /// A date in the account's zone, with the offset of that day.
    pub fn date(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn links(&self, resource: &str, id: u64, names: &[&str]) -> Value {
        let link = |name: &&str| {
            ((*name).to_owned(), json!(format!("{}/{resource}/{id}/{name}", self.base)))
        };
        Value::Object(names.iter().map(link).collect())
    }

    pub fn connection(&self, row: &Connection) -> Value {
        json!({
            "id": row.id.to_string(),
            "isInternal": if row.is_internal { "1" } else { "0" },
            "service": row.service,
            "serviceName": row.service,
            "externalid": row.externalid,
            "name": row.name,
            "logoUrl": row.logo_url,
            "linkUrl": row.link_url,
            "connectionType": "ecommerce",
            "cdate": self.date(row.created),
            "udate": self.date(row.updated),
            "status": row.status,
            "syncStatus": row.sync_status,
            "sync_request_time": null,
            "sync_start_time": null,
            "lastSync": null,
            "credentialExpiration": null,
            "disconnectDate": null,
            "listId": row.list_id,
            "planTier": null,
            "links": self.links("connections", row.id, &["options", "customers"]),
        })
    }

    pub fn contact(&self, row: &Contact) -> Value {
        json!({
            "id": row.id.to_string(),
            "email": row.email,
            "firstName": "",
            "lastName": "",
            "phone": "",
            "links": self.links("contacts", row.id, &["contactLists", "contactTags"]),
        })
    }

    pub fn customer(&self, row: &Customer) -> Value {
        let average = if row.orders > 0 { row.revenue / row.orders } else { 0 };
        let connection = (!row.is_pseudo()).then(|| row.connectionid.to_string());
        json!({
            "id": row.id.to_string(),
            "connectionid": row.connectionid.to_string(),
            "externalid": row.externalid,
            "email": row.email,
            "totalRevenue": row.revenue.to_string(),
            "totalOrders": row.orders.to_string(),
            "totalProducts": row.products.to_string(),
            "avgRevenuePerOrder": average.to_string(),
            "avgProductCategory": "",
            "tstamp": self.date(row.updated),
            "acceptsMarketing": row.accepts_marketing,
            "first_name": row.first_name,
            "last_name": row.last_name,
            "sms_marketing_state": null,
            "sms_opt_in_level": null,
            "sms_consent_updated_at": null,
            "connection": connection,
            "links": self.links("ecomCustomers", row.id, &["connection", "orders"]),
        })
    }

    pub fn order(&self, row: &Order) -> Value {
        let text = |amount: Option<i64>| amount.map(|minor| minor.to_string());
        let date = |moment: Option<Timestamp>| moment.map(|moment| self.date(moment));
        let links =
            ["connection", "customer", "orderProducts", "orderDiscounts", "orderActivities"];
        json!({
            "id": row.id.to_string(),
            "externalid": row.externalid,
            "externalcheckoutid": row.externalcheckoutid,
            "source": row.source.to_string(),
            "email": row.email,
            "currency": row.currency,
            "connectionid": row.connectionid.to_string(),
            "customerid": row.customerid.to_string(),
            "connection": row.connectionid.to_string(),
            "customer": row.customerid.to_string(),
            "totalPrice": row.total.to_string(),
            "shippingAmount": text(row.shipping),
            "taxAmount": text(row.tax),
            "discountAmount": text(row.discount),
            "totalProducts": self.product_count(row).to_string(),
            "orderUrl": row.order_url,
            "shippingMethod": row.shipping_method,
            "orderNumber": row.order_number,
            "externalCreatedDate": self.date(row.placed),
            "orderDate": self.date(row.placed),
            "externalUpdatedDate": date(row.changed),
            "abandonedDate": date(row.abandoned),
            "state": row.state.to_string(),
            "createdDate": self.date(row.created),
            "updatedDate": self.date(row.updated),
            "tstamp": self.date(row.updated),
            "links": self.links("ecomOrders", row.id, &links),
        })
    }

    fn product_count(&self, row: &Order) -> i64 {
        match self.total_products {
            ProductCount::Lines => row.products.len() as i64,
            ProductCount::Quantity => row.quantity(),
        }
    }

    pub fn product(&self, order: &Order, row: &Product) -> Value {
        json!({
            "id": row.id.to_string(),
            "orderid": order.id.to_string(),
            "ecomOrder": order.id.to_string(),
            "connectionid": order.connectionid.to_string(),
            "externalid": row.externalid,
            "sku": row.sku.as_deref().unwrap_or_default(),
            "name": row.name,
            "description": row.description,
            "price": row.price.to_string(),
            "quantity": row.quantity.to_string(),
            "category": row.category,
            "imageUrl": row.image_url.as_deref().unwrap_or_default(),
            "productUrl": row.product_url.as_deref().unwrap_or_default(),
            "tags": null,
            "isOnSale": null,
            "brand": null,
            "averageRating": null,
            "createdDate": self.date(order.updated),
            "updatedDate": self.date(order.updated),
            "tstamp": self.date(order.updated),
            "links": self.links("ecomOrderProducts", row.id, &["ecomOrder"]),
        })
    }

    pub fn products(&self, order: &Order) -> Vec<Value> {
        order.products.iter().map(|product| self.product(order, product)).collect()
    }

    pub fn discount(&self, order: &Order, row: &Discount) -> Value {
        json!({
            "id": row.id.to_string(),
            "orderid": order.id.to_string(),
            "ecomOrder": order.id.to_string(),
            "name": row.name,
            "type": row.kind,
            "discountAmount": row.amount.to_string(),
            "createdDate": self.date(order.updated),
            "updatedDate": self.date(order.updated),
        })
    }

    pub fn discounts(&self, order: &Order) -> Vec<Value> {
        order.discounts.iter().map(|discount| self.discount(order, discount)).collect()
    }

    /// The `ecomOrder` in the answer to a write.
    pub fn written_order(&self, row: &Order, sent: &Map<String, Value>) -> Value {
        let mut order = self.order(row);
        echo(&mut order, sent);
        // An update doesn't move an order to another customer, and the answer says so.
        if scalar(sent.get("customerid")).is_some_and(|id| id != row.customerid.to_string()) {
            order["customerid"] = row.customerid.to_string().into();
        }
        order["totalProducts"] = self.product_count(row).into();
        order["state"] = row.state.into();
        order["orderProducts"] =
            row.products.iter().map(|product| product.id.to_string()).collect();
        order
    }

    /// `connections` in the answer to a write: the full connection of the record.
    pub fn connections(&self, store: &Store, id: u64) -> Value {
        store.connections.get(id).map(|row| self.connection(row)).into_iter().collect()
    }
}

/// Gives back sent scalars in the type they were sent in. Dates stay as the account writes them.
pub(super) fn echo(rendered: &mut Value, sent: &Map<String, Value>) {
    let Some(rendered) = rendered.as_object_mut() else {
        return;
    };
    for (name, value) in sent {
        let is_scalar = value.is_string() || value.is_number() || value.is_boolean();
        let is_date = name.ends_with("Date") || name.ends_with("_date");
        if is_scalar && !is_date && rendered.contains_key(name) {
            rendered.insert(name.clone(), value.clone());
        }
    }
}

/// Removes the named keys.
pub(super) fn without(rendered: &mut Value, names: &[&str]) {
    if let Some(rendered) = rendered.as_object_mut() {
        rendered.retain(|name, _| !names.contains(&name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_daylight_saving_of_the_account() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let view = View { zone: &zone, base: "", total_products: ProductCount::Lines };
        assert_eq!(view.date("2021-03-02T17:48:16Z".parse().unwrap()), "2021-03-02T11:48:16-06:00");
        assert_eq!(view.date("2021-06-02T17:48:16Z".parse().unwrap()), "2021-06-02T12:48:16-05:00");
    }
}
