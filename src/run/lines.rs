use super::verification::{Mismatch, Verification};
use crate::activecampaign::{Client, Disposition, Failure, RemoteDiscount, RemoteProduct};
use crate::domain::{Order, RemoteId};
use tokio::task::JoinSet;

/// Products and discounts of one order as ActiveCampaign has them; `None`: the order does not exist
/// any more.
pub(super) type RemoteLines = Option<(Vec<RemoteProduct>, Vec<RemoteDiscount>)>;

/// An order that is compared line by line, with what its list entry showed.
pub(super) struct LineCheck {
    pub label: String,
    pub order: Box<Order>,
    pub id: RemoteId,
    pub found: Vec<Mismatch>,
}

/// Reads the lines of orders, several at once.
pub(super) struct LineReader {
    client: Client,
    in_flight_max: usize,
    tasks: JoinSet<(LineCheck, Result<RemoteLines, Failure>)>,
}

impl LineReader {
    pub(super) fn new(client: Client, in_flight_max: usize) -> Self {
        Self { client, in_flight_max, tasks: JoinSet::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.tasks.len() >= self.in_flight_max
    }

    pub(super) fn start(&mut self, check: LineCheck) {
        let client = self.client.clone();
        self.tasks.spawn(async move {
            let lines = read_lines(&client, &check.id).await;
            (check, lines)
        });
    }

    /// The next order whose lines were read; `None` if none is being read.
    pub(super) async fn next(&mut self) -> Option<(LineCheck, Result<RemoteLines, Failure>)> {
        match self.tasks.join_next().await? {
            Ok(read) => Some(read),
            Err(crashed) => std::panic::resume_unwind(crashed.into_panic()),
        }
    }
}

pub(super) async fn read_lines(client: &Client, id: &RemoteId) -> Result<RemoteLines, Failure> {
    let products = client.products_of(id).await;
    let lines = match products {
        Ok(products) => client.discounts_of(id).await.map(|discounts| (products, discounts)),
        Err(failure) => Err(failure),
    };
    match lines {
        Err(failure) if failure.disposition == Disposition::Gone => Ok(None),
        lines => lines.map(Some),
    }
}

/// Adds to `found` what differs in the lines of an order.
pub(super) fn compare_lines(
    label: &str,
    order: &Order,
    lines: &RemoteLines,
    (found, result): (&mut Vec<Mismatch>, &mut Verification),
) {
    let was_same = found.is_empty();
    let mut differ = |kind, source: String, target: String| {
        if !found.contains(&kind) {
            result.differ(label, kind, source, target);
            found.push(kind);
        }
    };
    let Some((products, discounts)) = lines else {
        differ(Mismatch::Missing, "in the export".to_owned(), "not there".to_owned());
        result.matching -= u64::from(was_same);
        return;
    };
    if !has_same_products(order, products) {
        let target = format!("{} lines, not the same", products.len());
        differ(Mismatch::Products, format!("{} lines", order.lines.len()), target);
    }
    if !has_same_discounts(order, discounts) {
        let target = format!("{} discounts, not the same", discounts.len());
        differ(Mismatch::Discounts, format!("{} discounts", order.discounts.len()), target);
    }
    if was_same && !found.is_empty() {
        result.matching -= 1;
    }
}

/// In whatever sequence.
fn has_same_products(order: &Order, products: &[RemoteProduct]) -> bool {
    let ours = order.lines.iter().map(|line| {
        let (price, quantity) = (line.price.minor(), u64::from(line.quantity));
        (line.id.as_str(), line.name.as_str(), Some(price), Some(quantity))
    });
    let theirs = products.iter().map(|line| {
        (line.externalid.as_str(), line.name.as_str(), line.price_minor, line.quantity)
    });
    is_same(ours, theirs)
}

/// By type and amount: names are labels, which the account may leave blank.
fn has_same_discounts(order: &Order, discounts: &[RemoteDiscount]) -> bool {
    let ours = order.discounts.iter().map(|one| (one.kind.word(), Some(one.amount.minor())));
    let theirs = discounts.iter().map(|one| (one.kind.as_str(), one.amount_minor));
    is_same(ours, theirs)
}

fn is_same<T: Ord>(ours: impl Iterator<Item = T>, theirs: impl Iterator<Item = T>) -> bool {
    let (mut ours, mut theirs): (Vec<T>, Vec<T>) = (ours.collect(), theirs.collect());
    ours.sort_unstable();
    theirs.sort_unstable();
    ours == theirs
}
