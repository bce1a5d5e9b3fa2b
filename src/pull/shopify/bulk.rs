//! A bulk operation of a window, from its start to its result on disk.

use super::super::body::excerpt;
use super::super::error::PullError;
use super::super::folder::Folder;
use super::super::http::RequestError;
use super::super::manifest::Counted;
use super::super::options::Options;
use super::super::window::{Window, is_ignored};
use super::super::writer::WindowWriter;
use super::api::{Api, PROTECTED_DATA_HINT, exact_count};
use super::operation::BulkOperation;
use super::query::{Query, Subject};
use super::rows::Rows;
use reqwest::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Operations started for one window.
const STARTS_MAX: u32 = 3;
/// The longest wait for an operation, and for others to end before it. The next pull continues to
/// wait.
const WAIT_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// Between two queries for the status of an operation.
const POLL_MAX: Duration = Duration::from_secs(60);
/// Result addresses that are tried.
const DOWNLOADS_MAX: u32 = 4;
/// Among this many orders, one has an e-mail address in any shop that shows them.
const EMAIL_SAMPLE: u64 = 20;

/// Reads the orders or checkouts of a window.
pub(super) struct Bulk<'a> {
    pub api: &'a mut Api,
    pub options: &'a Options,
    pub folder: &'a Folder,
    pub subject: Subject,
    pub window: Window,
    /// The search that finds them.
    pub search: String,
    /// The carts of orders, by the numbers of the orders; they are written after the orders.
    pub recovered: &'a BTreeMap<u64, u64>,
}

/// A result that is on disk.
pub(super) struct Received {
    /// The numbers of the orders or checkouts.
    pub numbers: BTreeSet<u64>,
    /// The addresses of the checkouts that became orders, by their numbers.
    pub completed: BTreeMap<u64, String>,
    pub count: u64,
    pub counted: Option<Counted>,
}

/// A finished operation.
struct FinishedOperation {
    id: String,
    /// None for a result without a row.
    url: Option<String>,
    rows: u64,
    roots: u64,
    counted: Option<Counted>,
}

/// How an operation ended.
enum Ended {
    Completed(FinishedOperation),
    /// It must be started again.
    Failed(String),
}

impl Bulk<'_> {
    /// Reads the window by the operation that an earlier pull left, or by a new one.
    pub(super) async fn read(
        &mut self,
        wanted: &BulkOperation,
        left: Option<BulkOperation>,
        writer: &mut WindowWriter,
    ) -> Result<Received, PullError> {
        let (mut next, mut what, before) = (left, String::new(), writer.len());
        for _ in 0..STARTS_MAX {
            let operation = match next.take() {
                Some(operation) => operation,
                None => self.start(wanted).await?,
            };
            let finished = match self.follow(&operation.id).await? {
                Ended::Completed(finished) => finished,
                Ended::Failed(fault) => {
                    what = fault;
                    continue;
                }
            };
            writer.truncate(before)?;
            match self.receive(finished, writer).await? {
                Ok(received) => return Ok(received),
                Err(fault) => what = fault,
            }
        }
        BulkOperation::forget(self.folder)?;
        Err(self.api.unexpected(&format!("{what}, {STARTS_MAX} times")))
    }

    /// Starts an operation, after others of the app if the shop requires it. Operations of other
    /// clients are never cancelled.
    async fn start(&mut self, wanted: &BulkOperation) -> Result<BulkOperation, PullError> {
        let bulk = self.subject.bulk(&self.search);
        let (begun, mut wait) = (Instant::now(), self.api.client.poll_interval());
        loop {
            let data = self.api.ask(&Query::Run { bulk: &bulk }).await?;
            let run = &data["bulkOperationRunQuery"];
            if let Some(id) = run["bulkOperation"]["id"].as_str() {
                let operation =
                    BulkOperation { id: id.to_owned(), window: self.window, ..wanted.clone() };
                if self.subject == Subject::Orders {
                    operation.note(self.folder)?;
                }
                // A small one is finished by the first query for its status.
                self.api.client.pause(self.api.client.poll_interval()).await?;
                return Ok(operation);
            }
            let error = &run["userErrors"][0];
            let message = excerpt(error["message"].as_str().unwrap_or_default().as_bytes());
            let is_busy =
                matches!(error["code"].as_str(), Some("OPERATION_IN_PROGRESS" | "LIMIT_REACHED"));
            if !is_busy {
                return Err(self.api.unexpected(&format!("starts no bulk operation: {message}")));
            }
            if begun.elapsed() > WAIT_MAX {
                let what = "runs bulk operations of other clients of this app".to_owned();
                return Err(self.api.client.unavailable(what));
            }
            wait = self.wait(wait).await?;
        }
    }

    async fn wait(&self, wait: Duration) -> Result<Duration, PullError> {
        self.api.client.pause(wait).await?;
        Ok((wait * 3 / 2).min(POLL_MAX))
    }

    /// Waits for the end of an operation.
    async fn follow(&mut self, id: &str) -> Result<Ended, PullError> {
        let (begun, mut wait) = (Instant::now(), self.api.client.poll_interval());
        let counter = self.subject.counter();
        let mut before = None;
        loop {
            let poll = Query::Poll { operation: id, counter, search: &self.search };
            let data = self.api.ask(&poll).await?;
            let found = &data["bulkOperation"];
            let after = exact_count(&data[counter]);
            let before = *before.get_or_insert(after);
            match found["status"].as_str() {
                Some("CREATED" | "RUNNING" | "CANCELING") => {}
                Some("COMPLETED") => {
                    let number =
                        |name: &str| found[name].as_str().and_then(|text| text.parse().ok());
                    let rows = number("objectCount").unwrap_or_default();
                    let finished = FinishedOperation {
                        id: id.to_owned(),
                        url: found["url"].as_str().map(str::to_owned),
                        rows,
                        roots: number("rootObjectCount").unwrap_or(rows),
                        counted: before.zip(after).map(|(before, after)| Counted { before, after }),
                    };
                    return Ok(Ended::Completed(finished));
                }
                Some("FAILED") if found["errorCode"] == "ACCESS_DENIED" => {
                    BulkOperation::forget(self.folder)?;
                    return Err(self.api.refused(
                        "the bulk operation ended with ACCESS_DENIED",
                        "give the app the scopes read_orders, read_all_orders and read_customers, and access to protected customer data",
                    ));
                }
                status => {
                    let status = status.unwrap_or("nothing known of it");
                    let code = found["errorCode"].as_str();
                    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
                    return Ok(Ended::Failed(format!(
                        "the bulk operation ended with {status}{code}"
                    )));
                }
            }
            if begun.elapsed() > WAIT_MAX {
                let what = "has not finished the bulk operation".to_owned();
                return Err(self.api.client.unavailable(what));
            }
            wait = self.wait(wait).await?;
        }
    }

    /// Receives a result, and compares it with the announced numbers. The inner error is the
    /// difference.
    async fn receive(
        &mut self,
        mut finished: FinishedOperation,
        writer: &mut WindowWriter,
    ) -> Result<Result<Received, String>, PullError> {
        let window = self.window;
        let mut downloads = 0;
        let rows = loop {
            let mut rows = Rows::new(self.subject, &window, self.options.since);
            let Some(url) = finished.url.as_deref() else { break rows };
            downloads += 1;
            let what = match self.download(url, &mut rows, writer).await {
                _ if rows.excess.is_some() => return Ok(Err(rows.excess.unwrap_or_default())),
                Ok(StatusCode::OK) => break rows,
                Ok(status) => format!("answers {} for the file of the result", status.as_u16()),
                Err(RequestError::TooMuch(what)) => what,
                Err(RequestError::Fatal(error)) => return Err(error),
            };
            if downloads == DOWNLOADS_MAX {
                return Err(self.api.client.unavailable(what));
            }
            // A further query gives the result a new address.
            self.api.client.pause(self.api.client.poll_interval()).await?;
            finished = match self.follow(&finished.id).await? {
                Ended::Completed(again) => FinishedOperation { counted: finished.counted, ..again },
                Ended::Failed(fault) => return Ok(Err(fault)),
            };
        };
        if let Some(fault) = fault_of(&finished, &rows, self.subject) {
            return Ok(Err(fault));
        }
        self.check(&rows)?;
        let Rows { numbers, completed, roots, .. } = rows;
        Ok(Ok(Received { numbers, completed, count: roots, counted: finished.counted }))
    }

    /// Receives a file into the window, and its rows.
    async fn download(
        &mut self,
        url: &str,
        rows: &mut Rows<'_>,
        writer: &mut WindowWriter,
    ) -> Result<StatusCode, RequestError> {
        let mut file = writer.open("jsonl")?;
        let take = |chunk: &[u8]| {
            rows.take(chunk);
            match &rows.excess {
                Some(excess) => Err(RequestError::TooMuch(excess.clone())),
                None => Ok(file.write(chunk)?),
            }
        };
        let status = self.api.client.download(url, take).await?;
        if status == StatusCode::OK {
            if rows.end() {
                file.write(b"\n")?;
            }
            for (order, cart) in self.recovered.iter().filter(|(id, _)| rows.numbers.contains(id)) {
                file.write(recovered_row(*order, *cart).as_bytes())?;
            }
            writer.close(file)?;
        }
        Ok(status)
    }

    /// Refuses a result that Shopify limited without an error. It is not downloaded again.
    fn check(&self, rows: &Rows<'_>) -> Result<(), PullError> {
        if is_ignored(rows.earlier, rows.roots) {
            BulkOperation::forget(self.folder)?;
            return Err(self.api.unexpected("ignores the search for a window"));
        }
        // A checkout itself has none.
        let shows_email = self.subject == Subject::Checkouts || rows.with_email > 0;
        if rows.roots >= EMAIL_SAMPLE && !shows_email {
            BulkOperation::forget(self.folder)?;
            return Err(self.api.refused(
                &format!("shows no e-mail address in any of {} orders", rows.roots),
                PROTECTED_DATA_HINT,
            ));
        }
        Ok(())
    }
}

/// An order's cart, in the form of a part of the order.
fn recovered_row(order: u64, cart: u64) -> String {
    format!(
        "{{\"id\":\"gid://shopify/AbandonedCheckout/{cart}\",\"__parentId\":\"gid://shopify/Order/{order}\"}}\n"
    )
}

/// How a result differs from what was announced, if it does.
fn fault_of(finished: &FinishedOperation, rows: &Rows<'_>, subject: Subject) -> Option<String> {
    let least = finished.counted.map_or(0, |counted| counted.after.min(counted.before));
    let words = subject.words();
    if rows.broken > 0 {
        Some(format!("wrote {} rows that are not JSON", rows.broken))
    } else if rows.count != finished.rows {
        Some(format!("announced {} rows and wrote {}", finished.rows, rows.count))
    } else if rows.roots != finished.roots {
        Some(format!("announced {} {words} and wrote {}", finished.roots, rows.roots))
    } else if rows.orphaned() > 0 {
        Some(format!("wrote lines of {} {words} that it did not write", rows.orphaned()))
    } else if rows.roots < least {
        Some(format!("counts {least} {words} and wrote {}", rows.roots))
    } else {
        None
    }
}
