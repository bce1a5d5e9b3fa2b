//! Exports of Advanced Order Export, and exports of WooCommerce that can't be read as orders.

use super::*;
use crate::domain::Status;

const NAMES: &str = "\"Order Number\",\"Order Status\",\"Order Date\",\"Customer Note\",\"Email (Billing)\",\"Cart Discount Amount\",\
\"Order Subtotal Amount\",\"Shipping Method Title\",\"Order Shipping Amount\",\"Order Refund Amount\",\"Order Total Amount\",\
\"Order Total Tax Amount\",SKU,\"Item #\",\"Item Name\",\"Quantity (- Refund)\",\"Item Cost\",\"Coupon Code\",\"Discount Amount\"";

fn row(number: &str, status: &str, parts: &str) -> String {
    format!(
        "{number},\"{status}\",\"2024-07-01 08:00\",\"a\nb\",ann@example.com,10.13,51.33,\"DHL, Insurance\",5,0,48.86,3.66,{parts}\r\n"
    )
}

fn csv(rows: &[String]) -> String {
    format!("{NAMES}\r\n{}", rows.concat())
}

fn export_of(text: &str) -> Vec<SourceOrder> {
    let folder = Folder::with("orders.csv", text);
    let export = folder.open(&["orders.csv"]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(export.files()[0].format, "advanced-order-export-csv");
    export.read().unboxed().map(Result::unwrap).collect()
}

#[test]
fn products_and_coupons_are_paired_by_row() {
    let text = csv(&[
        row("37", "Completed", "TEE,1,\"Gift Box\",7,5.89,save10,5.13"),
        row("37", "Completed", ",,,,,five-off,5"),
        row("36", "Pending payment", "\"TEE,2\",1,Tee,1,41.2,,"),
    ]);
    for text in [
        text.clone(),
        text.replace("\"a\nb\"", "")
            .replace("\"DHL, Insurance\"", "\"DHL; Insurance\"")
            .replace("\"TEE,2\"", "\"TEE;2\"")
            .replace(',', ";")
            .replace("DHL; ", "DHL, ")
            .replace("TEE;2", "TEE,2"),
    ] {
        let orders = export_of(&text);
        assert_eq!(orders.len(), 2);
        let order = &orders[0];
        assert!(order.faults.is_empty(), "{:?}", order.faults);
        assert_eq!(
            (order.id.as_str(), order.number.as_str(), order.email.as_str()),
            ("", "37", "ann@example.com")
        );
        assert_eq!((order.created_at.as_str(), order.currency.as_str()), ("2024-07-01 08:00", ""));
        assert_eq!(
            (order.total.as_str(), order.tax.as_str(), order.shipping.as_str()),
            ("48.86", "3.66", "5")
        );
        assert_eq!(
            (order.discount.as_str(), order.shipping_method.as_str()),
            ("10.13", "DHL, Insurance")
        );
        let discounts: Vec<_> =
            order.discounts.iter().map(|d| (d.name.as_str(), d.amount.as_str())).collect();
        assert_eq!(discounts, [("save10", "5.13"), ("five-off", "5")]);
        let [gift] = order.lines.as_slice() else { panic!("{:?}", order.lines) };
        assert_eq!(
            (gift.name.as_str(), gift.sku.as_str(), gift.id.as_str()),
            ("Gift Box", "TEE", "")
        );
        assert_eq!((gift.quantity.as_str(), gift.unit_price.as_str()), ("7", "5.89"));
        assert_eq!(
            (orders[1].lines[0].sku.as_str(), orders[1].status),
            ("TEE,2", Some(Status::Pending))
        );
    }
}

#[test]
fn additional_columns_chosen_by_the_user_are_read() {
    let names = NAMES
        .replace("\"Order Number\"", "\"Order Number\",\"Order ID\",Currency,\"Customer User ID\"")
        .replace(
            "\"Item Cost\"",
            "Quantity,\"Item Cost Before Discount\",\"Item Cost\",\"Product Id\",\"Variation Id\"",
        );
    let own = row("A-9", "Refunded", "TEE,1,Tee,0,2,19.99,17.99,10,0,save10,5.13").replacen(
        "A-9",
        "A-9,9,EUR,3",
        1,
    );
    let order = export_of(&format!("{names}\r\n{}", own.replace("51.33", "39.98"))).remove(0);
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    assert_eq!(
        (order.id.as_str(), order.number.as_str(), order.customer_id.as_str()),
        ("9", "A-9", "3")
    );
    assert_eq!((order.currency.as_str(), order.status), ("EUR", Some(Status::Refunded)));
    let line = &order.lines[0];
    assert_eq!(
        (line.quantity.as_str(), line.unit_price.as_str(), line.id.as_str()),
        ("2", "19.99", "10")
    );
}

#[test]
fn a_status_is_read_in_the_languages_that_are_known() {
    for (label, expected) in [
        ("Abgeschlossen", Some(Status::Paid)),
        ("En attente de paiement", Some(Status::Pending)),
        ("REFUNDED", Some(Status::Refunded)),
        ("Draft", Some(Status::Draft)),
        ("Verschickt", None),
    ] {
        let order = export_of(&csv(&[row("1", label, ",1,Tee,1,41.2,,")])).remove(0);
        assert_eq!(order.status, expected, "{label}");
        assert_eq!(reasons(&order).contains(&Reason::UnknownStatus), expected.is_none());
    }
}

#[test]
fn an_order_whose_products_are_apart_is_read_whole_and_a_short_one_never() {
    let product = |n: usize| row("1", "Completed", &format!(",{n},Tee,1,20.6,,"));
    let whole = export_of(&csv(&[product(1), product(2)]));
    assert_eq!(reasons(&whole[0]), []);
    assert_eq!(reasons(&export_of(&csv(&[product(1)]))[0]), [Reason::Truncated]);
    let other = row("2", "Completed", ",1,Tee,1,41.2,,");
    let apart = export_of(&csv(&[product(1), other.clone(), product(2)]));
    let read: Vec<_> =
        apart.iter().map(|order| (order.number.as_str(), order.lines.len())).collect();
    assert_eq!(read, [("2", 1), ("1", 2)]);
    assert!(apart.iter().all(|order| order.faults.is_empty()), "{:?}", apart[1].faults);
    let turned = export_of(&csv(&[product(2), other, product(1)]));
    assert_eq!(reasons(&turned[1]), [Reason::RepeatedRow], "its products are numbered");
    let two = csv(&[product(1), product(2).replace("ann@", "bea@")]);
    assert_eq!(
        reasons(&export_of(&two)[0]),
        [Reason::ContradictoryRows],
        "whose order it is, is not guessed"
    );
    let twice = csv(&[product(1), product(2), product(1), product(2)]);
    assert_eq!(reasons(&export_of(&twice)[0]), [Reason::RepeatedRow]);
    let refunded = csv(&[product(1).replace("5,0,48.86", "5,21.76,48.86")]);
    let order = export_of(&refunded).remove(0);
    assert_eq!(
        (reasons(&order), order.status),
        (vec![], Some(Status::PartiallyRefunded)),
        "the other was refunded"
    );
}

#[test]
fn the_json_of_the_plugin_is_equivalent() {
    let order = r#"{"Order Number":"37","Order Status":"Completed","Order Date":"2024-07-01 08:00","Email (Billing)":"ann@example.com",
        "Products":[{"SKU":"TEE","Item #":1,"Item Name":"Gift Box","Quantity (- Refund)":7,"Item Cost":5.89}],
        "Coupons":[{"Coupon Code":"save10","Discount Amount":"5.13"},{"Coupon Code":"five-off","Discount Amount":"5"}],
        "Cart Discount Amount":"10.13","Order Subtotal Amount":51.33,"Shipping Method Title":"DHL","Order Shipping Amount":"5",
        "Order Refund Amount":0,"Order Total Amount":"48.86","Order Total Tax Amount":3.66,"SKU":null,"Item Name":null}"#;
    let folder = Folder::with("orders.json", format!("[{order}]"));
    let export = folder.open(&["orders.json"]).unwrap();
    assert_eq!(export.files()[0].format, "advanced-order-export-json");
    let read = export.read().unboxed().next().unwrap().unwrap();
    assert!(read.faults.is_empty(), "{:?}", read.faults);
    assert_eq!(
        (read.number.as_str(), read.total.as_str(), read.tax.as_str()),
        ("37", "48.86", "3.66")
    );
    assert_eq!((read.lines[0].quantity.as_str(), read.lines[0].unit_price.as_str()), ("7", "5.89"));
    assert_eq!(
        (read.discounts.len(), read.refunded.as_str(), read.status),
        (2, "0", Some(Status::Paid))
    );
    let short = order.replace("\"Quantity (- Refund)\":7", "\"Quantity (- Refund)\":6");
    assert_eq!(reasons(&self::read(short).unwrap()[0]), [Reason::Truncated]);
}

#[test]
fn amounts_beyond_any_number_prove_nothing_and_end_no_reading() {
    let product = r#"{"Item Name":"Mug","Quantity":1000000000,"Item Cost":"999999999999999999"}"#;
    let order = format!(
        r#"[{{"Order Number":"37","Order Status":"Completed","Order Date":"2024-07-01 08:00","Email (Billing)":"ann@example.com",
        "Order Subtotal Amount":"51.33","Order Total Amount":"48.86","Products":[{}]}}]"#,
        [product; 200].join(",")
    );
    assert_eq!(reasons(&self::read(order).unwrap()[0]), []);
    let product =
        |n: usize| row("1", "Completed", &format!(",{n},Tee,1000000000000,100000000000000000,,"));
    let twice = csv(&[product(1), product(2), product(1), product(2)]);
    assert_eq!(reasons(&export_of(&twice)[0]), [Reason::RepeatedRow]);
}

#[test]
fn the_columns_that_an_export_lacks_are_named() {
    let names = NAMES.replace("\"Order Status\",", "").replace("\"Item Cost\",", "");
    let refused = refusal(format!("{names}\r\n"));
    assert!(
        refused.contains("lacks the columns: order status, item cost before discount or item cost"),
        "{refused}"
    );
}

#[test]
fn rows_that_do_not_name_their_order_are_not_guessed() {
    let further = row("", "", ",2,Tee,1,20.6,,");
    let refused = refusal(csv(&[row("1", "Completed", ",1,Tee,1,20.6,,"), further]));
    assert!(refused.contains("on all rows"), "{refused}");
}

#[test]
fn unusable_exports_are_refused_with_what_to_use_instead() {
    for (text, what) in [
        (
            "Date,\"Order #\",\"N. Revenue (formatted)\",Status,Customer,\"Customer type\",Product(s),\"Items sold\",Coupon(s),\"N. Revenue\"\n2024-01-01,1,x,completed,Ann,new,Mug,1,,5\n",
            "Analytics",
        ),
        (
            "order_id,order_number,order_date,status,shipping_total,tax_total,order_total,customer_id,billing_email,order_item_1,order_item_2\n1,1,\"1/2/2024 8:00\",completed,0,0,5,0,a@example.com,product_id:4|1|30,\n",
            "SkyVerge",
        ),
        (
            "id\tstatus\tcurrency\ttype\ttax_amount\ttotal_amount\tcustomer_id\tbilling_email\tdate_created_gmt\tparent_order_id\n20\twc-completed\tUSD\tshop_order\t1\t5\t0\tNULL\t2019-03-10 06:59:59\t0\n",
            "database table",
        ),
        (
            "order_item_id\torder_item_name\torder_item_type\torder_id\n1\tMug \"11\"\tline_item\t20\n",
            "database table",
        ),
        (
            "Order ID,Date Created,Date Paid,Status,Name,Email,Product ID,Product Name,Total Amount\n1,2024-01-01 09:25:08,2024-01-01T09:25:13,processing,Ann,a@example.com,5,Mug,5\n",
            "script",
        ),
        (
            "order_number,order_date,status,order_currency,order_total,billing_email,product_name,sku,quantity,item_total\n1,2024-01-01 09:25:08,completed,USD,5,a@example.com,Mug,M,1,5\n",
            "script",
        ),
    ] {
        let refused = refusal(text);
        assert!(refused.contains(what) && refused.contains("REST API"), "{refused}");
        assert!(!refused.contains("example.com"), "{refused}");
    }
}
