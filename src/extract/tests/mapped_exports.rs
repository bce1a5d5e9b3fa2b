//! The exports of shop systems that are read by a built-in mapping.

use super::*;
use crate::domain::Status;
use crate::extract::{formats, profile_text};

const SQUARESPACE: &str = "Order ID,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Amount Refunded,Total,\
Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,\
Lineitem variant,Cancelled at";

const WIX: &str = "Order number,Date created,Time,Total order quantity,Contact email,Item,Variant,SKU,Qty,Price,\
Delivery method,Delivery address,Delivery address,Payment status,Shipping rate,Total tax,Total,Currency,\
Refunded amount,Fulfillment status";

const TIENDANUBE: &str = "Número de orden;Email;Fecha;Estado de la orden;Estado del pago;Moneda;\
Subtotal de productos;Descuento;Costo de envío;Total;Medio de envío;Cupón de descuento;Nombre del producto;\
Precio del producto;Cantidad del producto;SKU;Identificador de la orden;Fecha y hora de cancelación";

const NUVEMSHOP: &str = "Número do Pedido;E-mail;Data;Status do Pedido;Status do Pagamento;Moeda;Subtotal;Desconto;\
Valor do Frete;Total;Nome do Produto;Valor do Produto;Quantidade Comprada;SKU;Identificador do pedido";

const BIGCOMMERCE: &str = "Order ID,Customer ID,Customer Email,Order Date,Order Status,Subtotal (ex tax),Tax Total,\
Shipping Cost (inc tax),Ship Method,Order Total (inc tax),Total Quantity,Order Currency Code,Billing Email,\
Product Details";

const ETSY: &str = "Sale Date,Item Name,Buyer,Quantity,Price,Discount Amount,Order Shipping,Order Sales Tax,\
Item Total,Currency,Listing ID,Order ID,Variations,SKU";

const AMAZON: &str = "amazon-order-id\tpurchase-date\torder-status\tship-service-level\tproduct-name\tsku\titem-status\t\
quantity\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tgift-wrap-price\tgift-wrap-tax\t\
item-promotion-discount\tship-promotion-discount";

const SQUARE: &str = "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,\
Transaction ID,Event Type,Customer ID";

const MATRIXIFY: &str = "ID,Name,Email,Created At,Currency,Payment: Status,Cancelled At,Price: Total,Price: Subtotal,\
Customer: ID,Line: Type,Line: Title,Line: Variant ID,Line: SKU,Line: Quantity,Line: Price";

fn orders_of(header: &str, rows: &str) -> Vec<SourceOrder> {
    read(format!("{header}\n{rows}")).unwrap()
}

#[test]
fn every_built_in_mapping_is_whole_and_can_be_copied() {
    let mut count = 0;
    for format in formats() {
        let Some(text) = profile_text(format.name()) else { continue };
        count += 1;
        assert!(!format.about().description.is_empty(), "{} was not read", format.name());
        let copied = text.replace(&format!("mappings.{}", format.name()), "mappings.my-shop");
        let mappings = crate::extract::parse_mappings(&copied, "settings.toml").unwrap();
        assert!(mappings.named("my-shop").is_some(), "{}", format.name());
    }
    assert_eq!(count, 8);
}

#[test]
fn squarespace_leaves_the_orders_cells_blank_on_further_rows() {
    let orders = orders_of(
        SQUARESPACE,
        "1,ann@example.com,PAID,USD,20,10,0,0,30,TEN,2,Flat rate,7/25/2018 21:06,1,Coffee,10,C-1,200g,\n\
         1,,,,,,,,,,,,,2,Tea,6,,green,\n,,,,,,,,,,,,,,,,,,\n\
         2,bob@example.com,refunded,USD,10,10,0,20,20,,0,Flat rate,7/26/2018 9:05,1,Mug,10,M-1,,7/27/2018 12:32\n",
    );
    assert_eq!(orders.len(), 2);
    let first = &orders[0];
    assert_eq!(
        (first.id.as_str(), first.total.as_str(), first.subtotal.as_str()),
        ("1", "30", "20")
    );
    assert_eq!(first.created_at, "2018-07-25T21:06:00");
    assert_eq!((first.status, first.lines.len()), (Some(Status::Paid), 2));
    assert_eq!(first.discounts[0].name, "TEN");
    assert_eq!((first.lines[1].id.as_str(), first.lines[1].variant.as_str()), ("", "green"));
    assert_eq!(orders[1].status, Some(Status::Cancelled));
    assert_eq!(orders[1].refunded, "20");
    assert!(orders.iter().all(|order| order.faults.is_empty()));
}

#[test]
fn wix_repeats_the_orders_cells_and_has_the_time_in_a_separate_cell() {
    let row = |item: &str, qty: &str, total: &str| {
        format!(
            "10003,\"Dec 16, 2024\",12:26:53 PM,2,ann@example.com,{item},,S-{item},{qty},14.8,Standard,a,b,Paid,4.6,0,\
             {total},EUR,0,Fulfilled\n"
        )
    };
    let orders = orders_of(WIX, &(row("Cap", "1", "34.2") + &row("Mug", "1", "34.2")));
    assert_eq!((orders.len(), orders[0].lines.len()), (1, 2));
    assert_eq!(orders[0].total, "34.2");
    assert_eq!(orders[0].created_at, "2024-12-16T12:26:53");
    assert!(orders[0].faults.is_empty());

    let cut = orders_of(WIX, &row("Cap", "1", "34.2"));
    assert_eq!(reasons(&cut[0]), [Reason::Truncated], "two items were ordered");
    let odd = orders_of(WIX, &(row("Cap", "1", "34.2") + &row("Mug", "1", "35.2")));
    assert_eq!(reasons(&odd[0]), [Reason::ContradictoryRows]);
    let other = row("Mug", "1", "34.2").replace("ann@", "bob@").replace("EUR", "USD");
    let odd = orders_of(WIX, &(row("Cap", "1", "34.2") + &other));
    let fields: Vec<_> = odd[0].faults.iter().map(|fault| fault.field.unwrap()).collect();
    assert_eq!(fields, ["email", "currency"], "whose order it is, is not guessed");
    let doubled = orders_of(WIX, &(row("Cap", "1", "34.2") + &row("Mug", "1", "34.2")).repeat(2));
    assert_eq!((reasons(&doubled[0]), doubled[0].lines.len()), (vec![], 2), "its total says so");
    let repeated = row("Cap", "1", "34.2") + &row("Mug", "1", "34.2") + &row("Mug", "1", "34.2");
    assert_eq!(reasons(&orders_of(WIX, &repeated)[0]), [Reason::RepeatedRow], "three items of two");
    let bad = orders_of(WIX, &row("Cap", "invalid", "34.2"));
    assert!(reasons(&bad[0]).contains(&Reason::BadQuantity));
}

#[test]
fn tiendanube_and_nuvemshop_are_recognised_by_their_labels_in_any_encoding() {
    let rows = "557;ann@example.com;28/10/2025 22:57:28;Abierta;Recibido;ARS;120;10.50;5;114.5;Correo;TEN;Cepillo;\
                60;1;c-1;18179;\n557;ann@example.com;;;;;;;;;;;\"Serum \"\"X\"\"\";30;2;=\"\";;\n";
    for header in [TIENDANUBE.to_owned(), TIENDANUBE.replace(['ú', 'í', 'ó'], "\u{fffd}")] {
        let orders = orders_of(&header, rows);
        assert_eq!((orders.len(), orders[0].lines.len()), (1, 2));
        let order = &orders[0];
        assert_eq!((order.id.as_str(), order.number.as_str()), ("18179", "557"));
        assert_eq!(
            (order.status, order.created_at.as_str()),
            (Some(Status::Paid), "2025-10-28T22:57:28")
        );
        assert_eq!(order.lines[1].sku, "", "a spreadsheet's guard around nothing is nothing");
        assert!(order.faults.is_empty());
    }
    let brazil = orders_of(
        NUVEMSHOP,
        "1001;ann@example.com;10/01/2026 09:30:00;Aberto;Confirmado;BRL;79.90;0;15;94.90;Óleo;79.90;1;O-1;99\n\
         1002;bob@example.com;11/01/2026 09:30:00;Cancelado;Estornado;BRL;79.90;0;15;94.90;Óleo;79.90;1;O-1;98\n\
         1003;cid@example.com;11/01/2026 09:30:00;Aberto;Extraviado;BRL;79.90;0;15;94.90;Óleo;79.90;1;O-1;97\n",
    );
    assert_eq!(brazil[0].status, Some(Status::Paid));
    assert_eq!(brazil[1].status, Some(Status::Cancelled));
    assert_eq!(
        reasons(&brazil[2]),
        [Reason::UnknownStatus],
        "a word that is not declared is not guessed"
    );
}

#[test]
fn bigcommerce_has_all_lines_in_one_cell() {
    let row = |id: &str, date: &str, customer: &str, details: &str| {
        format!(
            "{id},{customer},ann@example.com,{date},Shipped,135.00,0.00,5.00,Ground,\"$1,140.00\",3,USD,,\"{details}\"\n"
        )
    };
    let details = "Product ID: 100, Product Qty: 2, Product SKU: L-1, Product Name: Knife | sharp, big, Product \
                   Weight: 0.8, Product Variation Details: Size: 5&#039;, Product Unit Price: $67.50, Product Total \
                   Price: $135.00|Product ID: 0, Product Qty: 1, Product SKU: , Product Name: Gift, Product Unit \
                   Price: 0.00, Product Total Price: 0.00";
    let orders = orders_of(
        BIGCOMMERCE,
        &(row("186", "26/04/2014", "54", details) + &row("187", "05/04/2014", "0", "2 x Mug")),
    );
    let order = &orders[0];
    assert_eq!((order.total.as_str(), order.customer_id.as_str()), ("1140.00", "54"));
    assert_eq!(order.lines[0].name, "Knife | sharp, big");
    assert_eq!((order.lines[0].unit_price.as_str(), order.lines[0].id.as_str()), ("67.50", "100"));
    assert_eq!((order.lines[1].id.as_str(), order.lines.len()), ("", 2));
    assert!(order.faults.is_empty());
    assert_eq!(orders[1].created_at, "2014-04-05T00:00:00", "the file shows that the day is first");
    assert_eq!(orders[1].customer_id, "", "0 is a guest");
    assert_eq!(reasons(&orders[1]), [Reason::MalformedRow]);

    let message =
        refusal(format!("{BIGCOMMERCE}\n{}", row("1", "05/04/2014", "0", details).repeat(2)));
    assert!(message.contains("could all be day first or month first"), "{message}");
    assert!(message.contains("formats --show bigcommerce-csv"), "{message}");
}

#[test]
fn etsy_states_no_total_so_it_is_added_up_exactly() {
    let orders = orders_of(
        ETSY,
        "12/31/20,Sticker,Ann Example (annex),1,3.30,1.00,2.5,0.35,3.3,USD,871,1899,Size:Small,\n\
         12/31/20,Pen,Ann Example (annex),2,3.35,0,0,0,6.7,USD,872,1899,,P-1\n\
         12/30/20,Pen,bobby,1,1,0,0,0,1,USD,872,,,\n12/30/20,Pen,bobby,1,1,0,0,0,1,USD,872,,,\n",
    );
    assert_eq!(orders.len(), 3, "rows without an order id are never put together");
    let order = &orders[0];
    assert_eq!((order.total.as_str(), order.discount.as_str()), ("11.85", "1.00"));
    assert_eq!((order.customer_id.as_str(), order.email.as_str()), ("annex", ""));
    assert_eq!((order.lines.len(), order.id.as_str()), (2, "1899"));
    assert_eq!(orders[2].key().unwrap_err(), crate::domain::KeyError::Missing);
    assert!(order.faults.is_empty());
}

#[test]
fn amazons_prices_include_tax_depending_on_the_marketplace() {
    let header = format!("{AMAZON}\tsales-channel");
    let order = |channel: &str, status: &str, discount: &str| {
        let row = format!(
            "404-1\t2017-06-17T08:04:21+00:00\t{status}\tSecondDay\tLamp\tA\tShipped\t1\tEUR\t119.00\t19.00\t\
             5.95\t0.95\t\t\t{discount}\t\t{channel}\n"
        );
        orders_of(&header, &row).remove(0)
    };
    for (channel, total, is_assumed) in [
        ("Amazon.de", "124.95", false),
        ("amazon.co.uk", "124.95", false),
        ("Amazon.com", "144.9", false),
        ("Amazon.xy", "124.95", true),
        ("", "124.95", true),
    ] {
        let order = order(channel, "Shipped", "");
        assert_eq!((order.total.as_str(), order.is_tax_assumed), (total, is_assumed), "{channel}");
    }
    for discount in ["3.85", "-3.85"] {
        assert_eq!(order("Amazon.de", "Shipped", discount).total, "121.1", "{discount}");
    }
    assert_eq!(order("Amazon.de", "Unshipped", "").status, Some(Status::Paid));
    assert_eq!(
        order("Amazon.de", "Shipped - Returned to Seller", "").status,
        Some(Status::Cancelled)
    );
    let odd = order("Amazon.de", "Totally new word", "");
    assert_eq!((odd.status, reasons(&odd)), (None, vec![Reason::UnknownStatus]));
    assert_eq!(odd.status_word, "Totally new word");
}

#[test]
fn only_a_date_cancels_in_a_mapping() {
    let status = |cancelled: &str| {
        let row = format!(
            "1,#1,ann@example.com,2024-01-31 10:11:12 -0500,USD,paid,{cancelled},10,10,7,Line Item,Mug,3,,1,10\n"
        );
        let order = orders_of(MATRIXIFY, &row).remove(0);
        (order.status, order.faults.len())
    };
    for (cancelled, expected) in [
        ("2024-02-01 10:11:12 -0500", (Some(Status::Cancelled), 0)),
        ("", (Some(Status::Paid), 0)),
        ("false", (Some(Status::Paid), 0)),
        ("yes", (None, 1)),
    ] {
        assert_eq!(status(cancelled), expected, "{cancelled}");
    }
}

#[test]
fn a_shops_formats_have_one_meaning_for_each_status() {
    let details = "Product ID: 1, Product Qty: 1, Product SKU: M, Product Name: Mug, Product Unit Price: 10.00";
    let bigcommerce = |word: &str| {
        let row = format!(
            "100,7,ann@example.com,31/01/2024,{word},10,0,0,Post,10,1,USD,,\"{details}\"\n"
        );
        orders_of(BIGCOMMERCE, &row).remove(0).status
    };
    let api = |word: &str| {
        let json = format!(
            "{{\"id\":1,\"status\":\"{word}\",\"date_created\":\"x\",\"total_inc_tax\":\"1\",\"currency_code\":\"USD\",\
             \"billing_address\":{{}},\"products\":[{{\"name\":\"Mug\"}}]}}"
        );
        read(json).unwrap().remove(0).status
    };
    for word in ["Disputed", "Awaiting Pickup", "Declined", "Manual Verification", "Shipped", "Odd"]
    {
        assert_eq!(bigcommerce(word), api(word), "{word}");
    }
    assert_eq!(bigcommerce("Disputed"), Some(Status::Pending));
}

#[test]
fn amazon_sells_items_that_are_cancelled_within_an_order_that_is_not() {
    let row = |id: &str, status: &str, sku: &str, qty: &str, price: &str| {
        format!(
            "{id}\t2017-06-17T08:04:21+00:00\tShipped\tSecondDay\tLamp\t{sku}\t{status}\t{qty}\tEUR\t{price}\t\t4.99\t\t\t\t1.00\t\n"
        )
    };
    let rows = [
        row("404-1", "Shipped", "A", "2", "2,045.00"),
        row("404-1", "Cancelled", "B", "1", "89.95"),
        row("404-2", "Cancelled", "B", "1", "89.95"),
    ];
    let orders = orders_of(AMAZON, &rows.concat());
    assert_eq!(orders.len(), 2);
    assert_eq!((orders[0].total.as_str(), orders[0].shipping.as_str()), ("2048.99", "4.99"));
    assert_eq!((orders[0].lines.len(), orders[0].lines[0].total.as_str()), (1, "2045.00"));
    assert_eq!(orders[0].created_at, "2017-06-17T08:04:21+00:00");
    assert_eq!(orders[1].status, Some(Status::Cancelled));
    for (status, is_sold) in [
        ("Unshipped", Some(true)),
        ("", Some(true)),
        ("Shipped - Delivered to Buyer", Some(true)),
        ("Unfulfillable", Some(false)),
        ("Shipped - Returned to Seller", Some(false)),
        ("Returned", None),
    ] {
        let orders = orders_of(AMAZON, &row("404-1", status, "A", "1", "5.00"));
        let order = &orders[0];
        let is_unknown = order.faults.iter().any(|fault| fault.reason == Reason::UnknownStatus);
        assert_eq!(is_unknown, is_sold.is_none(), "{status}: {order:?}");
        assert!(
            is_sold.is_none() || (order.lines.len() == 1) == (is_sold == Some(true)),
            "{status}"
        );
    }
}

#[test]
fn square_writes_refunds_as_rows_and_the_zone_in_words() {
    let row = |event: &str, gross: &str, net: &str, tax: &str, zone: &str| {
        format!(
            "2026-10-05,10:15:00,{zone},Nails,Gel,1,Regular,,{gross},$0.00,{net},{tax},ABC,{event},CUST1\n"
        )
    };
    let eastern = "Eastern Time (US & Canada)";
    let paid = row("Payment", "$45.00", "$45.00", "$3.60", eastern);
    let back = row("Refund", "-$20.00", "-$20.00", "-$1.60", eastern);
    let orders = orders_of(SQUARE, &(paid.clone() + &back));
    let order = &orders[0];
    assert_eq!(
        (order.total.as_str(), order.refunded.as_str(), order.tax.as_str()),
        ("48.6", "21.6", "3.6")
    );
    assert_eq!((order.status, order.lines.len()), (Some(Status::PartiallyRefunded), 1));
    assert_eq!(order.created_at, "2026-10-05T10:15:00-04:00");
    assert_eq!((order.currency.as_str(), order.customer_id.as_str()), ("", "CUST1"));

    let later =
        &orders_of(SQUARE, &(paid + &back.replace("2026-10-05,10:15", "2026-10-12,09:00")))[0];
    assert_eq!((reasons(later), later.created_at.as_str()), (vec![], "2026-10-05T10:15:00-04:00"));
    assert_eq!((later.refunded.as_str(), later.customer_id.as_str()), ("21.6", "CUST1"));

    assert!(
        reasons(&orders_of(SQUARE, &back)[0]).contains(&Reason::OrphanRow),
        "a refund is no order"
    );
    let voided = orders_of(SQUARE, &row("Void", "$45.00", "$45.00", "$0.00", eastern));
    assert_eq!(reasons(&voided[0]), [Reason::UnknownStatus]);
    let odd = orders_of(SQUARE, &row("Payment", "$45.00", "$45.00", "$0.00", "Middle Earth"));
    assert_eq!(reasons(&odd[0]), [Reason::BadDate]);
}

#[test]
fn matrixify_has_the_orders_cells_on_its_first_row_or_on_each() {
    let cells = "77,#1001,ann@example.com,2024-01-31 10:11:12 -0500,USD,paid,,30.00,25.00,5";
    let blank = "77,#1001,,,,,,,,";
    for further in [cells, blank] {
        let rows = format!(
            "{cells},Line Item,Mug,900,M-1,2,10.00\n{further},Line Item,Pen,901,P-1,1,5.00\n\
             {further},Shipping Line,Post,,,1,5.00\n{further},Transaction,,,,,\n"
        );
        let orders = orders_of(MATRIXIFY, &rows);
        assert_eq!(orders.len(), 1);
        assert_eq!((orders[0].lines.len(), orders[0].total.as_str()), (2, "30.00"));
        assert!(orders[0].faults.is_empty(), "{:?}", orders[0].faults);
    }
    let mixed = format!(
        "{cells},Line Item,Mug,,,2,10.00\n{cells},Line Item,Pen,,,1,5.00\n{blank},Line Item,Cap,,,1,0\n"
    );
    assert_eq!(reasons(&orders_of(MATRIXIFY, &mixed)[0]), [Reason::RepeatedRow]);
}

#[test]
fn the_subtotal_distinguishes_a_truncated_copy_of_matrixify_from_the_complete_one() {
    let cells = "77,#1001,ann@example.com,2024-01-31 10:11:12 -0500,USD,paid,,30.00,25.00,5";
    let blank = "77,#1001,,,,,,,,";
    let mug = format!("{cells},Line Item,Mug,900,M-1,2,10.00\n");
    let pen = format!("{blank},Line Item,Pen,901,P-1,1,5.00\n");
    // The total contains shipping, which no column states.
    let shipping = format!("{blank},Shipping Line,Post,,,1,5.00\n");
    let whole = format!("{mug}{pen}{shipping}");
    for rows in [format!("{mug}{whole}"), format!("{whole}{mug}{pen}"), format!("{whole}{whole}")] {
        let orders = orders_of(MATRIXIFY, &rows);
        assert_eq!((orders.len(), orders[0].lines.len()), (1, 2), "{rows}");
        assert!(orders[0].faults.is_empty(), "{rows}{:?}", orders[0].faults);
    }
    let more_lines = format!("{mug}{mug}{pen}").replace(",25.00,", ",45.00,");
    assert_eq!(orders_of(MATRIXIFY, &more_lines)[0].lines.len(), 3);
}

#[test]
fn an_exchange_rate_of_bigcommerce_makes_the_currency_doubtful() {
    let order = |rate: &str| {
        let cells = "5,54,ann@example.com,25/04/2014,Shipped,67.50,0.00,5.00,Ground,72.50,1,EUR,";
        let product =
            "\"Product ID: 100, Product Qty: 1, Product Name: Knife, Product Unit Price: 67.50\"";
        let header = format!("{BIGCOMMERCE},Exchange Rate");
        orders_of(&header, &format!("{cells},{product},{rate}\n")).remove(0)
    };
    for (rate, is_doubtful) in [("1.0000000000", false), ("", false), ("0.9000000000", true)] {
        let order = order(rate);
        assert_eq!((order.is_currency_doubtful, order.faults.len()), (is_doubtful, 0), "{rate}");
    }
}

#[test]
fn an_export_that_lacks_columns_is_named_with_them() {
    let message =
        refusal("Order number,Date created,Time,Fulfill by,Total order quantity\n1,a,b,c,1\n");
    assert!(
        message
            .contains("this Wix orders export lacks the columns: Contact email, Currency, Total"),
        "{message}"
    );
}

#[test]
fn lines_of_etsy_are_distinguished_by_their_transaction() {
    const HEADER: &str = "Sale Date,Item Name,Buyer,Quantity,Price,Discount Amount,Order Shipping,Order Sales Tax,Item Total,\
                          Currency,Listing ID,Order ID,Variations,SKU,Transaction ID,Date Shipped\n";
    let row = |quantity: u32, transaction: &str, shipped: &str| {
        format!(
            "12/29/20,Pen,ann,{quantity},3.00,0,0,0,{quantity}.00,USD,871,1899,,P-1,{transaction},{shipped}\n"
        )
    };
    let other = "12/30/20,Pen,bob,1,3.00,0,0,0,3.00,USD,871,1900,,P-1,9,\n";
    let (one, two) = (row(1, "1", ""), row(1, "2", ""));
    for (rows, lines, is_sound) in [
        (one.clone() + &two, 2, true),
        (one.clone() + &one, 1, true),
        (one.clone() + &row(1, "1", "01/02/21"), 1, true),
        (one.clone() + &two + other + &one + &two, 2, true),
        (one.clone() + other + &two, 2, true),
        (one.clone() + &row(2, "1", ""), 2, false),
        (one.clone() + other + &row(2, "1", ""), 2, false),
        (row(1, "", "") + &row(1, "", ""), 2, true),
    ] {
        let folder = Folder::with("etsy.csv", format!("{HEADER}{rows}"));
        let orders = folder.read(&["etsy.csv"]).unwrap();
        let order = orders.iter().find(|order| order.id == "1899").unwrap();
        assert_eq!(order.lines.len(), lines, "{rows}");
        assert_eq!(!reasons(order).contains(&Reason::RepeatedRow), is_sound, "{rows}");
    }
    let unkeyed =
        format!("{HEADER}{}", one.clone() + other + &one).replace("Transaction ID", "Other");
    let orders = Folder::with("etsy.csv", unkeyed).read(&["etsy.csv"]).unwrap();
    assert!(orders.iter().any(|order| reasons(order).contains(&Reason::RepeatedRow)));
}

#[test]
fn a_word_for_no_status_contradicts_no_status() {
    let text = include_str!("fixtures/wix-csv.csv");
    for word in ["None", "n/a", "null", "NULL", "-", "undefined", "NaN"] {
        let rows = text.replacen(",Paid,", &format!(",{word},"), 1);
        let orders = Folder::with("wix.csv", rows).read(&["wix.csv"]).unwrap();
        assert_eq!((orders.len(), reasons(&orders[0])), (3, vec![]), "{word}");
        assert_eq!(orders[0].status, Some(crate::domain::Status::Paid), "{word}");
    }
}

#[test]
fn a_row_of_matrixify_whose_kind_is_not_known_refuses_its_order() {
    let cells = "77,#1001,ann@example.com,2024-01-31 10:11:12 -0500,USD,paid,,30.00,20.00,5";
    let further = "77,#1001,,,,,,,,";
    let with = |kind: &str, product: &str| {
        orders_of(
            MATRIXIFY,
            &format!("{cells},Line Item,Mug,900,M-1,2,10.00\n{further},{kind},{product}\n"),
        )
    };
    for known in ["Shipping Line", "fulfillment line", "Refund Line", "Transaction", ""] {
        let orders = with(known, ",,,,");
        assert_eq!((reasons(&orders[0]).len(), orders[0].lines.len()), (0, 1), "{known}");
    }
    assert_eq!(with("", "Pen,901,P-1,1,0")[0].lines.len(), 2, "a product without a kind");
    for unknown in ["Bundle Line", "line", "nan%"] {
        assert_eq!(reasons(&with(unknown, "Pen,901,P-1,1,5.00")[0]), [Reason::UnknownStatus]);
    }
}
