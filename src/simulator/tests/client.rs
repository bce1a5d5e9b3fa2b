use crate::simulator::{Options, Rule, Simulator};
use serde_json::{Value, json};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running simulator, and a minimal client that sees exactly what is on the wire.
pub(super) struct Client {
    pub simulator: Simulator,
    pub token: String,
}

pub(super) struct Answer {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.trim()))
    }

    /// `code` of the first error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or("none").to_owned()
    }
}

impl Client {
    /// An empty account without a limit.
    pub async fn unlimited() -> Self {
        Self::with(Options { requests_per_second: None, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        let token = options.token.clone();
        Self { simulator: Simulator::start(options).await.unwrap(), token }
    }

    /// An account without a limit that has a connection (id 1) with a customer (id 1).
    pub async fn with_customer() -> Self {
        let client = Self::unlimited().await;
        client.add_customer().await;
        client
    }

    pub async fn add_customer(&self) {
        let connection = json!({"connection": {
            "service": "shop", "externalid": "s1", "name": "Shop",
            "logoUrl": "https://shop.example.com/logo.png", "linkUrl": "https://shop.example.com",
        }});
        assert_eq!(self.post("/connections", &connection).await.status, 201);
        assert_eq!(
            self.post("/ecomCustomers", &customer("c1", "ada@example.com")).await.status,
            201
        );
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("/api/3{path}"), None).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).await.unwrap()
    }

    pub async fn try_post(&self, path: &str, body: &Value) -> io::Result<Answer> {
        self.send("POST", &format!("/api/3{path}"), Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", &format!("/api/3{path}"), Some(body)).await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", &format!("/api/3{path}"), None).await.unwrap()
    }

    /// Sends a request to any path and reads the whole answer; an error when the answer breaks off.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Answer> {
        let mut stream = self.ask(method, path, body).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let text = String::from_utf8_lossy(&bytes);
        let (head, text) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let answer = Answer { status, head: head.to_owned(), text: text.to_owned() };
        let expected: usize =
            answer.header("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
        if text.len() < expected {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer)
    }

    /// Sends a request and doesn't wait for the answer.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> io::Result<TcpStream> {
        let url = self.simulator.url();
        let address = url.trim_start_matches("http://");
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(address).await?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nApi-Token: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(stream)
    }

    /// The rules broken so far, in order.
    pub fn broken(&self) -> Vec<Rule> {
        self.simulator.summary().violations.iter().map(|violation| violation.rule).collect()
    }
}

pub(super) fn customer(externalid: &str, email: &str) -> Value {
    json!({"ecomCustomer": {
        "connectionid": "1", "externalid": externalid, "email": email, "acceptsMarketing": "0",
    }})
}

/// A historical order of customer 1 with one product, 2 units at 12.50.
pub(super) fn order(externalid: &str) -> Value {
    json!({"ecomOrder": {
        "externalid": externalid, "source": 0, "email": "ada@example.com", "connectionid": 1, "customerid": 1,
        "totalPrice": 2500, "currency": "EUR", "externalCreatedDate": "2021-03-02T17:48:16.000Z",
        "orderProducts": [{"externalid": "p1", "name": "Mug", "price": 1250, "quantity": 2, "category": "Home"}],
    }})
}

/// An order with one field of `ecomOrder` changed; null removes it.
pub(super) fn order_with(externalid: &str, field: &str, value: Value) -> Value {
    let mut order = order(externalid);
    match value {
        Value::Null => _ = order["ecomOrder"].as_object_mut().unwrap().remove(field),
        value => order["ecomOrder"][field] = value,
    }
    order
}
