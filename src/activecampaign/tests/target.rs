//! A target that reads each request completely and then follows the script.

use crate::activecampaign::{Client, Options, Turn};
use crate::domain::{
    Amount, Currency, Customer, CustomerKey, Email, Historical, Line, Moment, Order, OrderKey,
};
use jiff::tz::TimeZone;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

pub enum Say {
    /// A whole answer: status, further header lines, body.
    Answer(u16, &'static str, String),
    /// A whole answer of success: further header lines, body.
    Bytes(&'static str, Vec<u8>),
    /// Bytes, and then the connection closes.
    Cut(String),
    /// Nothing, until the other side closes the connection.
    Hang,
}

pub fn json(status: u16, body: impl Into<String>) -> Say {
    Say::Answer(status, "", body.into())
}

/// Far longer than a busy machine takes for an answer; tests of time-outs move the clock.
const TIMEOUT_MS: u64 = 600_000;

pub struct Target {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Target {
    /// Answers each request by `script`, which sees its text and its number from 0.
    pub async fn start(script: impl Fn(usize, &str) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (script, seen) = (Arc::new(script), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        Self { url, requests }
    }

    /// Waits until it has read this many requests, and then makes all their answers time out.
    pub async fn time_out(&self, requests: usize) {
        while self.requests().len() < requests {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(TIMEOUT_MS)).await;
        tokio::time::resume();
    }

    pub async fn always(status: u16, body: &'static str) -> Self {
        Self::start(move |_, _| json(status, body)).await
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A client without rate limit or retries.
    pub fn client(&self) -> Client {
        client(self.options())
    }

    pub fn options(&self) -> Options {
        Options {
            requests_per_second: 1000.0,
            timeout_ms: TIMEOUT_MS,
            attempts_max: 1,
            ..Options::new(&self.url, "s3cret-t0ken".into())
        }
    }
}

pub fn client(options: Options) -> Client {
    Client::new(options, Box::new(|_| {})).unwrap()
}

pub async fn turn(client: &Client) -> Turn<'_> {
    client.turn().await.unwrap()
}

pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: Arc<impl Fn(usize, &str) -> Say>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    while let Some(request) = read_request(&mut stream).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        match script(number, &request) {
            Say::Answer(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n",
                    body.len()
                );
                // The other side may hang up on a long answer, as it should.
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(body.as_bytes()).await;
            }
            Say::Bytes(headers, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 200 X\r\n{headers}Content-Length: {length}\r\n\r\n");
                stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
            }
            Say::Cut(bytes) => {
                stream.write_all(bytes.as_bytes()).await.unwrap();
                return;
            }
            Say::Hang => {
                let _ = stream.read(&mut [0]).await;
                return;
            }
        }
    }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(len) => bytes.extend_from_slice(&chunk[..len]),
        }
    }
}

pub fn customer() -> Customer {
    let email = Email::parse("ann@example.com").unwrap();
    Customer { key: CustomerKey::guest(&email), email, accepts_marketing: None }
}

pub fn order() -> Order {
    Order {
        key: OrderKey::parse("#1001").unwrap(),
        cart: None,
        source: Historical,
        customer: customer(),
        number: "1001".into(),
        lines: vec![Line {
            id: "p1".into(),
            name: "Kettle".into(),
            price: Amount::from_minor(1050).unwrap(),
            is_price_rounded: false,
            quantity: 1,
            sku: "".into(),
            category: "".into(),
            image_url: "".into(),
            product_url: "".into(),
        }],
        discounts: Vec::new(),
        order_url: "".into(),
        shipping_method: "".into(),
        total: Amount::from_minor(1050).unwrap(),
        shipping: None,
        tax: None,
        discount: None,
        currency: Currency::parse("EUR").unwrap(),
        created_at: Moment::parse("2024-01-31 10:11:12 +0100", &TimeZone::UTC).unwrap(),
        updated_at: None,
        abandoned_at: None,
    }
}
