use super::verification::{Mismatch, Verification};
use crate::activecampaign::{Client, Disposition, Failure, RemoteDiscount, RemoteProduct};
use crate::domain::{Order, RemoteId};
use tokio::task::JoinSet;

/// Products and discounts of one order as ActiveCampaign has them; `None`: the order no longer
/// exists.
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

/// Adds the differences in the lines of an order to `found`.
pub(super) fn compare_lines(
    label: &str,
    order: &Order,
    lines: &RemoteLines,
    found: &mut Vec<Mismatch>,
    result: &mut Verification,
) {
    let was_same = found.is_empty();
    let mut differ = |kind, source: String, target: String| {
        if !found.contains(&kind) {
            result.differ(label, kind, source, target);
            found.push(kind);
        }
    };
    match lines {
        None => differ(Mismatch::Missing, "in the export".to_owned(), "not there".to_owned()),
        Some((products, discounts)) => {
            if !has_same_products(order, products) {
                let target = format!("{} lines, not the same", products.len());
                differ(Mismatch::Products, format!("{} lines", order.lines.len()), target);
            }
            if !has_same_discounts(order, discounts) {
                let target = format!("{} discounts, not the same", discounts.len());
                differ(Mismatch::Discounts, format!("{} discounts", order.discounts.len()), target);
            }
        }
    }
    if was_same && !found.is_empty() {
        result.matching -= 1;
    }
}

/// In any order of lines; fields that the answer lacks are not compared.
fn has_same_products(order: &Order, products: &[RemoteProduct]) -> bool {
    let says_sku = products.iter().all(|line| line.sku.is_some());
    let says_category = products.iter().all(|line| line.category.is_some());
    let ours = order.lines.iter().map(|line| {
        let content = (line.id.as_str(), line.name.as_str());
        let amounts = (Some(line.price.minor()), Some(u64::from(line.quantity)));
        let sku = says_sku.then_some(line.sku.as_str());
        (content, amounts, sku, says_category.then_some(line.category.as_str()))
    });
    let theirs = products.iter().map(|line| {
        let content = (line.externalid.as_str(), line.name.as_str());
        let sku = line.sku.as_deref().filter(|_| says_sku);
        let category = line.category.as_deref().filter(|_| says_category);
        (content, (line.price_minor, line.quantity), sku, category)
    });
    is_same(ours, theirs)
}

/// Names are labels, which the account may leave blank: then they are not compared.
fn has_same_discounts(order: &Order, discounts: &[RemoteDiscount]) -> bool {
    let says_name = discounts.iter().all(|one| !one.name.is_empty());
    let ours = order.discounts.iter().map(|one| {
        let name = says_name.then_some(one.name.as_str());
        (one.kind.word(), Some(one.amount.minor()), name)
    });
    let theirs = discounts.iter().map(|one| {
        let name = says_name.then_some(one.name.as_str());
        (one.kind.as_str(), one.amount_minor, name)
    });
    is_same(ours, theirs)
}

fn is_same<T: Ord>(ours: impl Iterator<Item = T>, theirs: impl Iterator<Item = T>) -> bool {
    let (mut ours, mut theirs): (Vec<T>, Vec<T>) = (ours.collect(), theirs.collect());
    ours.sort_unstable();
    theirs.sort_unstable();
    ours == theirs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Amount, Discount, DiscountKind};
    use crate::plan::tests_order;

    /// The products of an order as ActiveCampaign would return them.
    fn answered(order: &Order) -> Vec<RemoteProduct> {
        let product = |line: &crate::domain::Line| RemoteProduct {
            id: RemoteId::new("1"),
            externalid: line.id.to_string(),
            name: line.name.to_string(),
            price_minor: Some(line.price.minor()),
            quantity: Some(line.quantity.into()),
            sku: Some(line.sku.to_string()),
            category: Some(line.category.to_string()),
        };
        order.lines.iter().map(product).collect()
    }

    #[test]
    fn skus_and_categories_are_compared_where_the_answer_has_them() {
        let mut order = tests_order("1");
        (order.lines[0].sku, order.lines[0].category) = ("SKU-1".into(), "Mugs".into());
        let same = answered(&order);
        assert!(has_same_products(&order, &same));
        let changes: [fn(&mut RemoteProduct); 3] = [
            |line| line.sku = Some("SKU-2".into()),
            |line| line.sku = Some(String::new()),
            |line| line.category = Some("Cups".into()),
        ];
        for change in changes {
            let mut other = same.clone();
            change(&mut other[0]);
            assert!(!has_same_products(&order, &other), "{other:?}");
        }
        let mut silent = same;
        (silent[0].sku, silent[0].category) = (None, None);
        assert!(has_same_products(&order, &silent));
    }

    #[test]
    fn names_of_discounts_are_compared_where_the_account_keeps_them() {
        let mut order = tests_order("1");
        let amount = Amount::from_minor(500).unwrap();
        let (name, kind) = ("SUMMER".to_owned(), DiscountKind::Order);
        order.discounts = vec![Discount { name: name.into(), kind, amount }];
        let answered = |name: &str| {
            let (id, kind) = (RemoteId::new("1"), "order".to_owned());
            [RemoteDiscount { id, kind, amount_minor: Some(500), name: name.to_owned() }]
        };
        assert!(has_same_discounts(&order, &answered("SUMMER")));
        assert!(has_same_discounts(&order, &answered("")));
        assert!(!has_same_discounts(&order, &answered("WINTER")));
    }
}
