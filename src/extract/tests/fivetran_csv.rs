//! Tables of a warehouse, each a CSV file, joined.

use super::*;
use crate::domain::{SourceDiscount, Status};

const ORDERS: &str = include_str!("fixtures/fivetran-csv/order.csv");

const LINES: &str = include_str!("fixtures/fivetran-csv/order_line.csv");

fn warehouse() -> Folder {
    let folder = Folder::with("order.csv", ORDERS);
    folder.put("order_line.csv", LINES);
    folder
}

fn by_id(folder: &Folder) -> Vec<SourceOrder> {
    let mut all = folder.read(&["*.csv"]).unwrap_or_else(|error| panic!("{error}"));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn message(folder: &Folder) -> String {
    folder.open(&["*.csv"]).unwrap_err().to_string()
}

#[test]
fn tables_are_recognised_by_their_columns_and_joined() {
    let folder = warehouse();
    folder.put("codes.csv", "index,order_id,_fivetran_synced,amount,code,type\n1,1,x,2.00,SPRING,fixed_amount\n2,1,x,1.00,FREE,shipping\n");
    folder.put("ship.csv", "id,order_id,_fivetran_synced,carrier_identifier,price,title\n9,1,x,,6.00,Standard\n8,2,x,,1.25,Post\n7,2,x,,1.25,Lift\n");
    folder.put("pay.csv", "id,order_id,_fivetran_synced,amount,kind,status,currency\n1,2,x,3.00,sale,success,USD\n2,2,x,1.00,refund,success,USD\n3,2,x,0.5,refund,success,USD\n4,2,x,3.00,refund,failure,USD\n");
    folder.put("customer.csv", "id,first_name,email,created_at,currency,_fivetran_synced\n77,Ann,ann@example.com,2024-01-01 00:00:00,USD,x\n");
    let all = by_id(&folder);
    assert_eq!(all.len(), 2, "what was deleted is left out, and what belongs to it");
    let order = &all[0];
    assert!(all.iter().all(|order| order.faults.is_empty()), "{all:?}");
    assert_eq!(
        (order.id.as_str(), order.number.as_str(), order.email.as_str()),
        ("1", "#1001", "ann@example.com")
    );
    assert_eq!((order.customer_id.as_str(), order.accepts_marketing), ("77", Some(true)));
    assert_eq!(order.created_at, "2024-01-31 10:11:12.000 +0000", "dates are UTC");
    assert_eq!(all[1].created_at, "2024-01-31 10:11:12Z");
    assert_eq!(
        (order.total.as_str(), order.subtotal.as_str(), order.tax.as_str()),
        ("25.00", "20.00", "1.50")
    );
    assert_eq!((order.shipping.as_str(), order.shipping_method.as_str()), ("5.00", "Standard"));
    assert_eq!((all[1].shipping.as_str(), all[1].shipping_method.as_str()), ("2.5", "Post"));
    assert_eq!((order.refunded.as_str(), all[1].refunded.as_str()), ("", "1.5"));
    assert_eq!((order.status, all[1].status), (Some(Status::Paid), Some(Status::Refunded)));
    let code = |name: &str, amount: &str, of_shipping| SourceDiscount {
        name: name.into(),
        amount: amount.into(),
        of_shipping,
    };
    assert_eq!(order.discounts, [code("SPRING", "2.00", false), code("FREE", "1.00", true)]);
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            (line.id.as_str(), line.name.as_str(), line.quantity.as_str(), line.unit_price.as_str())
        })
        .collect();
    assert_eq!(lines, [("501", "Mug blue", "2", "5.00"), ("602", "Candle", "1.0", "10.00")]);
    let export = folder.open(&["*.csv"]).unwrap();
    assert!(export.files()[order.position.file as usize].path.ends_with("order.csv"));
    assert_eq!(export.files().iter().filter(|file| file.holds_orders).count(), 1);
    let formats: Vec<_> = export.files().iter().map(|file| file.format.as_str()).collect();
    assert!(
        formats.contains(&"fivetran-csv/order_line") && formats.contains(&"fivetran-csv/other"),
        "{formats:?}"
    );
}

#[test]
fn the_newer_columns_are_read_too() {
    let folder = Folder::with(
        "o.csv",
        "_fivetran_deleted,_fivetran_synced,created_at,currency_code,customer_accepts_marketing,display_financial_status,email,id,name,\
         total_price_set_pres_amount,total_price_set_shop_amount,total_shipping_price_set_shop_amount\n\
         FALSE,x,2025-07-18 08:45:00,USD,TRUE,PARTIALLY_REFUNDED,ann@example.com,1,#1,99.00,59.97,0.00\n",
    );
    folder.put(
        "l.csv",
        "_fivetran_synced,id,name,order_id,original_total_set_pres_amount,original_total_set_shop_amount,product_id,quantity,sku,variant_id\n\
         x,10,Mug,1,99.00,59.97,2001,3,M,3001\n",
    );
    folder.put(
        "r.csv",
        "_fivetran_synced,id,order_id,total_refunded_set_pres_amount,total_refunded_set_shop_amount,total_refunded_set_shop_currency_code\n\
         x,7,1,33.00,19.99,USD\n",
    );
    let order = by_id(&folder).remove(0);
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    assert_eq!(
        (order.total.as_str(), order.refunded.as_str()),
        ("59.97", "19.99"),
        "the shop's money, not the buyer's"
    );
    assert_eq!(
        (order.lines[0].unit_price.as_str(), order.status),
        ("19.99", Some(Status::PartiallyRefunded))
    );
    assert_eq!(order.created_at, "2025-07-18 08:45:00 +0000");
    folder.put("old_lines.csv", LINES);
    assert!(message(&folder).contains("were not written by one export"), "{}", message(&folder));
}

/// Tables in history mode: with a column `_fivetran_active` before the others.
fn with_history(orders: &[(&str, &str)], lines: &[(&str, &str)]) -> Folder {
    let table = |text: &str, rows: &[(&str, &str)]| {
        let header = format!("_fivetran_active,{}\n", text.lines().next().unwrap());
        let rows = rows.iter().map(|(active, row)| format!("{active},{row}\n"));
        std::iter::once(header).chain(rows).collect::<String>()
    };
    let folder = Folder::with("order.csv", table(ORDERS, orders));
    folder.put("order_line.csv", table(LINES, lines));
    folder
}

fn order_row(total: &str) -> String {
    format!(
        "false,x,1,#1001,ann@example.com,,USD,{total},{total},0,0,2024-01-31 10:11:12,,paid,,false,,"
    )
}

const PEN: &str = "x,13,1,503,603,Pen,Pen,3.00,1,0,P-1";

#[test]
fn of_a_table_with_history_the_active_rows_count() {
    let (old, new) = (order_row("9.00"), order_row("3.00"));
    let cap = PEN.replace("13", "14").replace("Pen", "Cap");
    let old_pen = PEN.replace("3.00", "4.00");
    let orders = [("false", old.as_str()), ("TRUE", &new), ("f", &old)];
    let lines = [("false", cap.as_str()), ("false", &old_pen), ("true", PEN)];
    for reversed in [false, true] {
        let (mut orders, mut lines) = (orders, lines);
        if reversed {
            orders.reverse();
            lines.reverse();
        }
        let all = by_id(&with_history(&orders, &lines));
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].faults.is_empty() && !all[0].is_deleted, "{all:?}");
        assert_eq!(all[0].total, "3.00");
        let prices: Vec<_> = all[0].lines.iter().map(|line| line.unit_price.as_str()).collect();
        assert_eq!(prices, ["3.00"], "a line without an active row was removed");
    }
}

#[test]
fn an_order_without_an_active_row_was_deleted_in_the_newest_dump() {
    let old = order_row("3.00");
    let inactive = [("false", old.as_str()), ("false", &old)];
    let folder = with_history(&inactive, &[("false", PEN)]);
    let all = by_id(&folder);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].is_deleted && all[0].faults.is_empty(), "{all:?}");
    assert_eq!((all[0].id.as_str(), all[0].position.line), ("1", 2));
    let other = old.replace(",1,#1001", ",2,#1002");
    let folder = with_history(&[("false", &old), ("true", &other)], &[("true", PEN)]);
    let deleted: Vec<bool> = by_id(&folder).iter().map(|order| order.is_deleted).collect();
    assert_eq!(deleted, [true, false]);
}

#[test]
fn a_row_that_may_be_active_is_an_error() {
    let order = order_row("3.00");
    let all = by_id(&with_history(&[("maybe", &order)], &[("true", PEN)]));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(reasons(&all[0]), [Reason::BadFlag]);
    let error = with_history(&[("true", &order)], &[("maybe", PEN)]).read(&["*.csv"]).unwrap_err();
    assert!(error.line == 2 && error.what.contains("none of them can be relied on"), "{error}");
}

#[test]
fn a_table_that_is_missing_is_named() {
    let folder = Folder::with("order.csv", ORDERS);
    assert!(
        message(&folder).contains("the table fivetran-csv/order_line is missing"),
        "{}",
        message(&folder)
    );
    let folder = Folder::with("order_line.csv", LINES);
    assert!(
        message(&folder).contains("the table fivetran-csv/order is missing"),
        "{}",
        message(&folder)
    );
    let folder = Folder::with("order.csv", ORDERS.replacen("total_price,", "total,", 1));
    folder.put("order_line.csv", LINES);
    assert!(
        message(&folder).contains("lacks the columns: total_price or total_price_set_shop_amount"),
        "{}",
        message(&folder)
    );
}

#[test]
fn without_fivetrans_own_columns_a_table_is_read_where_the_format_is_named() {
    let bare = |text: &str| {
        text.replace("_fivetran_deleted,_fivetran_synced,", "a,b,")
            .replace("_fivetran_synced,", "b,")
    };
    let folder = Folder::with("order.csv", bare(ORDERS));
    folder.put("order_line.csv", bare(LINES));
    assert!(message(&folder).contains("not recognised"), "{}", message(&folder));
    assert_eq!(folder.open_as("fivetran-csv", &["*"]).unwrap().read().count(), 3);
}

#[test]
fn a_damaged_row_of_lines_refuses_all_and_one_of_orders_only_itself() {
    let folder = warehouse();
    for bad in [
        "x,15,2,503\n",
        "x,15,,503,603,Pen,Pen,3.00,1,0,P-1\n",
        "x,15,\"2,503,603,Pen,Pen,3.00,1,0,P-1\n",
    ] {
        folder.put("order_line.csv", format!("{LINES}{bad}"));
        let error = folder.read(&["*.csv"]).unwrap_err();
        assert!(error.line == 6 && error.what.contains("none of them can be relied on"), "{error}");
        assert!(error.file.contains("order_line.csv"));
    }
    folder.put("order_line.csv", LINES);
    folder.put("order.csv", format!("{ORDERS}false,x,2,#1002,bob@exam"));
    let all = by_id(&folder);
    assert_eq!(all.len(), 3);
    assert_eq!((all[0].id.as_str(), reasons(&all[0])), ("", vec![Reason::MalformedRow]));
}

#[test]
fn missing_lines_are_detected_by_the_subtotal_and_extra_lines_are_records() {
    let folder = warehouse();
    folder.put("order_line.csv", LINES.replace("x,13,2,", "x,13,99,"));
    let all = by_id(&folder);
    let found: Vec<_> =
        all.iter().map(|order| (order.id.as_str(), order.lines.len(), reasons(order))).collect();
    assert_eq!(found[1], ("2", 0, vec![]), "which is refused as an order without products");
    assert_eq!(found[2], ("99", 0, vec![Reason::OrphanRow]));
}
