//! How WebToffee's order export is read, in its three layouts.

use super::*;
use crate::domain::Status;

const BASE: &str = "order_id,order_number,order_date,paid_date,status,shipping_total,tax_total,discount_total,order_total,\
order_subtotal,order_currency,shipping_method,customer_id,customer_email,billing_email,customer_note,coupon_items,refund_items";

/// The order's own cells: placed at 08:00 and paid a minute later.
fn base(id: &str, subtotal: &str) -> String {
    format!(
        "{id},N-{id},2024-07-01 08:00:00,2024-07-01 8:01:00,completed,6.5,1.11,5.25,60.00,{subtotal},EUR,\"DHL, Insurance\",0,,\
         ann@example.com,\"note, with\n line\",code:save10|amount:5.25,"
    )
}

fn packed(rows: &[(&str, &[&str])]) -> String {
    let rows = rows.iter().map(|(own, lines)| {
        let cell = |n: usize| {
            lines.get(n).map_or(String::new(), |line| format!("\"{}\"", line.replace('"', "\"\"")))
        };
        format!("{own},{},{}\n", cell(0), cell(1))
    });
    format!("\u{feff}{BASE},meta:_x,line_item_1,line_item_2\n{}", rows.collect::<String>())
        .replace(",meta:_x", "")
}

const MUG: &str = "name:Mug | \"Best\"; 11oz|product_id:11|sku:MUG,11|quantity:1|total:11.25|sub_total:12.50|tax:1.00|tax_data:{\"total\":{\"1\":\"1\"}}";
const HAT: &str = "name:Hat - M|product_id:16|sku:H-M|quantity:3|total:22.00|sub_total:22.00|tax:1.95|meta:size:M|_variation_id:17";

fn rows_mode(rows: &str) -> String {
    format!(
        "{BASE},item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_total\n{rows}"
    )
}

fn open(text: &str, zone: &str, shift: DateShift) -> Result<Vec<SourceOrder>, String> {
    let folder = Folder::with("orders.csv", text);
    let path = folder.path().join("orders.csv").display().to_string();
    let export =
        folder.open_in(zone, shift, ("auto", vec![path])).map_err(|error| error.to_string())?;
    assert_eq!(export.files()[0].format, "webtoffee-csv");
    export.read().unboxed().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn orders_of(text: &str) -> Vec<SourceOrder> {
    open(text, "America/New_York", DateShift::Auto).unwrap()
}

#[test]
fn an_order_with_its_lines_packed_is_read_with_all_its_fields() {
    let own = base("20", "34.50");
    let orders = orders_of(&packed(&[(&own, &[MUG, HAT]), (&base("21", "12.50"), &[MUG])]));
    assert_eq!(orders.len(), 2);
    let order = &orders[0];
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    assert_eq!((order.id.as_str(), order.number.as_str()), ("20", "N-20"));
    assert_eq!((order.email.as_str(), order.customer_id.as_str()), ("ann@example.com", ""));
    assert_eq!(order.created_at, "2024-07-01 08:00:00");
    assert_eq!(
        (order.currency.as_str(), order.total.as_str(), order.subtotal.as_str()),
        ("EUR", "60.00", "")
    );
    assert_eq!(
        (order.shipping.as_str(), order.tax.as_str(), order.discount.as_str()),
        ("6.5", "1.11", "5.25")
    );
    assert_eq!(
        (order.discounts[0].name.as_str(), order.discounts[0].amount.as_str()),
        ("save10", "5.25")
    );
    assert_eq!(
        (order.shipping_method.as_str(), order.status),
        ("DHL, Insurance", Some(Status::Paid))
    );
    let [mug, hat] = order.lines.as_slice() else { panic!("{:?}", order.lines) };
    assert_eq!(
        (mug.name.as_str(), mug.id.as_str(), mug.sku.as_str()),
        ("Mug | \"Best\"; 11oz", "11", "MUG,11")
    );
    assert_eq!((mug.quantity.as_str(), mug.total.as_str(), mug.at_line), ("1", "12.50", 2));
    assert_eq!((hat.id.as_str(), hat.quantity.as_str(), hat.total.as_str()), ("17", "3", "22.00"));
}

#[test]
fn lines_in_separate_columns_are_the_same_lines() {
    let columns = "Product Item 1 Name,Product Item 1 id,Product Item 1 SKU,Product Item 1 Quantity,Product Item 1 Total,\
                   Product Item 1 Subtotal,Product Item 2 Name,Product Item 2 id,Product Item 2 SKU,Product Item 2 Quantity,\
                   Product Item 2 Total,Product Item 2 Subtotal";
    let alone = format!(
        "{BASE},{columns}\n{},Mug,11,M,2,20,25.00,,,,,,\n{},Mug,11,M,2,20,25.00,Hat,0,,1,5,5\n",
        base("20", "25"),
        base("21", "30")
    );
    let orders = orders_of(&alone);
    assert_eq!(orders.iter().map(|order| order.lines.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        (orders[0].lines[0].total.as_str(), orders[0].lines[0].quantity.as_str()),
        ("25.00", "2")
    );
    assert_eq!(orders[1].lines[1].id, "");
    let both = format!(
        "{BASE},line_item_1,{columns}\n{},\"{HAT}\",Hat - M,16,H-M,3,22,22,,,,,,\n",
        base("20", "22")
    );
    let orders = orders_of(&both);
    assert_eq!(
        (orders[0].lines.len(), orders[0].lines[0].id.as_str()),
        (1, "17"),
        "only packed the variation is stated"
    );
}

#[test]
fn a_row_for_each_line_is_one_order_and_its_cells_count_once() {
    let rows = format!(
        "{a},11,Mug,M,1,12.5,11.25\n{a},16,Hat,,3,21.999,22\n{b},11,Mug,M,1,12.5,12.5\n",
        a = base("20", "34.50"),
        b = base("21", "12.50")
    );
    let orders = orders_of(&rows_mode(&rows));
    assert_eq!(orders.iter().map(|order| order.lines.len()).collect::<Vec<_>>(), [2, 1]);
    assert!(orders.iter().all(|order| order.faults.is_empty()), "{:?}", orders[0].faults);
    assert_eq!((orders[0].total.as_str(), orders[0].lines[1].total.as_str()), ("60.00", "21.999"));
    assert_eq!(orders[0].lines[1].at_line, 4);
}

#[test]
fn an_order_whose_rows_come_apart_is_read_whole_and_a_short_one_never() {
    let mug = |id: &str| format!("{},11,Mug,M,1,12.5,12.5\n", base(id, "25.00"));
    let hat = |id: &str| mug(id).replace(",11,Mug,M,", ",16,Hat,H,");
    let apart =
        orders_of(&rows_mode(&format!("{}{}{}{}", mug("20"), mug("21"), hat("20"), hat("21"))));
    let read: Vec<_> = apart.iter().map(|order| (order.id.as_str(), order.lines.len())).collect();
    assert_eq!(read, [("20", 2), ("21", 2)]);
    assert!(apart.iter().all(|order| order.faults.is_empty()), "{:?}", apart[0].faults);
    let short = orders_of(&rows_mode(&format!("{}{}{}", mug("20"), mug("21"), hat("20"))));
    assert_eq!(short.iter().map(reasons).collect::<Vec<_>>(), [vec![Reason::Truncated], vec![]]);
    let copied = orders_of(&rows_mode(&format!("{}{}{}", mug("20"), mug("21"), mug("20"))));
    assert_eq!(
        reasons(copied.last().unwrap()),
        [Reason::RepeatedRow],
        "one line, or two: can't be decided"
    );
    let twice = rows_mode(&mug("20").repeat(3));
    assert_eq!(
        reasons(&orders_of(&twice)[0]),
        [Reason::RepeatedRow],
        "more than the order's subtotal"
    );
    let other = mug("20").replace("60.00", "61.00");
    assert_eq!(
        reasons(&orders_of(&rows_mode(&format!("{}{other}", mug("20"))))[0]),
        [Reason::ContradictoryRows]
    );
    let hers = hat("20").replace("ann@", "bea@");
    assert_eq!(
        reasons(&orders_of(&rows_mode(&format!("{}{hers}", mug("20"))))[0]),
        [Reason::ContradictoryRows]
    );
}

#[test]
fn a_fee_is_a_charge_of_the_order() {
    let text = packed(&[(&base("20", "12.50"), &[MUG])]).replacen(
        ",tax_total,",
        ",fee_total,tax_total,",
        1,
    );
    let fee = |amount: &str| {
        orders_of(&text.replace(",6.5,1.11,", &format!(",6.5,{amount},1.11,"))).remove(0).charges
    };
    assert_eq!((fee("2.5").as_str(), fee("-2.5").as_str(), fee("").as_str()), ("2.5", "", ""));
}

#[test]
fn refunds_are_added_up_and_determine_the_status() {
    let date = "|date:2026-11-21 21:05:00";
    let refunds = format!(
        "{}\"amount:21.76|reason:it was;amount:5|reason:{date};amount:2.00|reason:{date}\"",
        base("24", "12.50")
    );
    let order = orders_of(&packed(&[(&refunds, &[MUG])])).remove(0);
    assert_eq!((order.refunded.as_str(), order.status), ("23.76", Some(Status::PartiallyRefunded)));
    let odd = format!("{}21.76", base("24", "12.50"));
    assert_eq!(
        orders_of(&packed(&[(&odd, &[MUG])]))[0].refunded,
        "unknown",
        "a rule that needs it refuses it"
    );
}

#[test]
fn an_ambiguous_value_invalidates_only_its_own_order() {
    let (own, next) = (base("20", "12.50"), base("21", "12.50"));
    let cases = [
        packed(&[(&own, &["Mug x 1"]), (&next, &[MUG])]),
        packed(&[(&own.replace("code:save10|", "save10 "), &[MUG]), (&next, &[MUG])]),
        packed(&[(&own.replace("completed", "on its way"), &[MUG]), (&next, &[MUG])]),
        packed(&[(&own, &[MUG]), (&next, &[MUG])]).replacen("\",\n", "\",,,\n", 1),
    ];
    let expected =
        [Reason::MalformedRow, Reason::MalformedRow, Reason::UnknownStatus, Reason::MalformedRow];
    for (text, reason) in cases.iter().zip(expected) {
        let orders = orders_of(text);
        assert_eq!(
            orders.iter().map(reasons).collect::<Vec<_>>(),
            [vec![reason], vec![]],
            "{text}"
        );
    }
}

#[test]
fn shifted_dates_are_moved_back_and_right_ones_are_not() {
    let right = packed(&[(&base("20", "12.50"), &[MUG])]);
    let shifted = right.replace("2024-07-01 08:00:00", "2024-07-01 10:00:00");
    let date = |text: &str, shift| {
        open(text, "Europe/Berlin", shift).map(|orders| orders[0].created_at.clone())
    };
    assert_eq!(orders_of(&right)[0].created_at, "2024-07-01 08:00:00");
    assert_eq!(date(&shifted, DateShift::Auto).unwrap(), "2024-07-01 08:00:00");
    assert_eq!(date(&shifted, DateShift::None).unwrap(), "2024-07-01 10:00:00");
    assert_eq!(date(&right, DateShift::Offset).unwrap(), "2024-07-01 06:00:00");
    let unpaid = right.replace("2024-07-01 8:01:00", "");
    let refused = date(&unpaid, DateShift::Auto).unwrap_err();
    assert!(refused.contains("webtoffee_date_shift"), "{refused}");
    assert_eq!(date(&unpaid, DateShift::None).unwrap(), "2024-07-01 08:00:00");
    assert_eq!(open(&unpaid, "UTC", DateShift::Auto).unwrap()[0].created_at, "2024-07-01 08:00:00");
}

#[test]
fn the_error_for_missing_lines_or_columns_names_them() {
    let refused = refusal(format!("{BASE}\n{}\n", base("20", "1")));
    assert!(refused.contains("lacks the columns: line_item_1 or item_name"), "{refused}");
    let header = BASE
        .replace("order_currency,", "")
        .replace("billing_email,", "")
        .replace("customer_email,", "");
    let refused = refusal(format!("{header},line_item_1\n"));
    assert!(
        refused.contains("lacks the columns: order_currency, billing_email or customer_email"),
        "{refused}"
    );
}
