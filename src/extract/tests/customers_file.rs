//! E-mail addresses from a separate file.

use super::*;
use crate::domain::OtherRow;

const ETSY: &str = "Sale Date,Item Name,Buyer,Quantity,Price,Discount Amount,Order Shipping,Order Sales Tax,\
Item Total,Currency,Listing ID,Order ID,Variations,SKU\n";

fn sold(order: &str, buyer: &str) -> String {
    format!("12/31/20,Sticker,{buyer},1,3.30,0,0,0,3.3,USD,871,{order},,\n")
}

fn joined(orders: &str, customers: &str) -> Result<Vec<SourceOrder>, String> {
    let folder = Folder::with("orders.csv", format!("{ETSY}{orders}"));
    folder.put("customers.csv", customers);
    let path = |name: &str| vec![folder.path().join(name).display().to_string()];
    let options = Options {
        patterns: path("orders.csv"),
        format: "auto".to_owned(),
        customers: path("customers.csv"),
        ..Options::default()
    };
    let export = Export::open(&options).map_err(|error| error.to_string())?;
    export.read().unboxed().collect::<Result<_, _>>().map_err(|error: ReadError| error.to_string())
}

#[test]
fn an_order_without_an_address_gets_the_one_of_its_customer() {
    let rows = sold("1", "Ann (annex)") + &sold("2", "bobby") + &sold("3", "cid");
    let orders = joined(
        &rows,
        "Username;E-mail;Accepts Marketing\nannex;Ann@Example.com;yes\nbobby;bob@example.com;no\ndora;d@example.com;\n",
    )
    .unwrap();
    let read: Vec<_> =
        orders.iter().map(|order| (order.email.as_str(), order.accepts_marketing)).collect();
    assert_eq!(
        read,
        [("ann@example.com", Some(true)), ("bob@example.com", Some(false)), ("", None)]
    );
    assert!(orders.iter().all(|order| order.faults.is_empty()));
}

#[test]
fn an_orders_id_precedes_its_customers_and_is_never_mistaken_for_one() {
    let rows = sold("1", "annex") + &sold("2", "1");
    let orders = joined(
        &rows,
        "Order ID,Customer ID,Email\n1,x,order@example.com\n,annex,ann@example.com\n",
    )
    .unwrap();
    assert_eq!(orders[0].email, "order@example.com");
    assert_eq!(orders[1].email, "", "the customer 1 is not the order 1");
}

#[test]
fn a_number_equal_to_another_orders_id_never_yields_that_orders_address() {
    let orders = format!("{HEADER}\n{}{}", first("#950"), first("#1001"));
    let orders =
        orders.replace("#950,ann@example.com", "950,").replace("#1001,ann@example.com", "1001,");
    let orders = orders.replacen(",,web", ",1001,web", 1).replacen(",,web", ",1002,web", 1);
    let folder = Folder::with("orders.csv", orders);
    folder.put("customers.csv", "Order Number,Email\n950,ann@example.com\n1001,bob@example.com\n");
    let path = |name: &str| vec![folder.path().join(name).display().to_string()];
    let options = Options {
        patterns: path("orders.csv"),
        customers: path("customers.csv"),
        ..Options::default()
    };
    let read: Vec<SourceOrder> =
        Export::open(&options).unwrap().read().unboxed().map(Result::unwrap).collect();
    assert_eq!((read[0].email.as_str(), reasons(&read[0])), ("", vec![Reason::AmbiguousEmail]));
    assert_eq!(read[1].email, "bob@example.com");
}

#[test]
fn two_addresses_for_one_key_are_a_fault_and_not_a_guess() {
    let customers = "Customer ID,Email\nannex,ann@example.com\nannex,Ann@example.com\nbobby,b@example.com\nbobby,c@example.com\n";
    let orders = joined(&(sold("1", "annex") + &sold("2", "bobby")), customers).unwrap();
    assert_eq!((orders[0].email.as_str(), orders[0].faults.len()), ("ann@example.com", 0));
    assert_eq!((orders[1].email.as_str(), reasons(&orders[1])), ("", vec![Reason::AmbiguousEmail]));
}

#[test]
fn a_customers_file_that_can_not_be_relied_on_is_refused() {
    for (customers, expected) in [
        (
            "First Name,Phone\nAnn,1\n",
            "this customers file lacks the columns: Customer ID or Order ID, Email",
        ),
        (
            "Customer ID,Email\n7.02255E+12,ann@example.com\n",
            "line 2: its ids were rewritten as numbers",
        ),
        (
            "Customer ID,Email\n1,ann@example.com,x\n",
            "line 2: this row has another number of fields",
        ),
        ("", "is empty"),
    ] {
        let message = joined(&sold("1", "annex"), customers).unwrap_err();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("ann@"), "{message}");
    }
}

#[test]
fn rows_of_a_customers_file_that_are_not_customers_are_skipped_and_counted() {
    let table = "My customers\nCustomer ID,Email,Spent\nannex,ann@example.com,5\n\
                 Customer ID,Email,Spent\nbobby,bob@example.com,7\nTotal,12.00\n";
    let folder = Folder::with("orders.csv", format!("{ETSY}{}Total\n", sold("1", "bobby")));
    folder.put("customers.csv", table);
    let path = |name: &str| vec![folder.path().join(name).display().to_string()];
    let options = Options {
        patterns: path("orders.csv"),
        customers: path("customers.csv"),
        ..Options::default()
    };
    let export = Export::open(&options).unwrap();
    let orders: Vec<_> = export.read().map(Result::unwrap).collect();
    assert_eq!(orders[0].email, "bob@example.com");
    let passed: Vec<_> = export
        .passed_over()
        .into_iter()
        .map(|passed| (passed.kind, passed.rows, passed.file.contains("customers"), passed.line))
        .collect();
    let expected = [
        (OtherRow::AboveHeader, 1, true, 1),
        (OtherRow::Header, 1, true, 4),
        (OtherRow::Footer, 2, false, 3),
    ];
    assert_eq!(passed, expected);
}
