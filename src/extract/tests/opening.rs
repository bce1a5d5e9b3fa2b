use super::*;
use crate::extract::formats;

#[test]
fn all_faults_of_all_files_are_reported_together() {
    let folder = Folder::with(
        "a.csv",
        "Name,Email,Paid at,Currency,Created at,Lineitem name,Lineitem quantity\n",
    );
    folder.put("b.csv", "");
    folder.put("c.csv", format!("{HEADER}\n"));
    let error = folder.open(&["*.csv", "d.csv"]).unwrap_err();
    let message = error.to_string();
    assert_eq!(error.faults.len(), 3, "{message}");
    assert!(message.contains(
        "a.csv, line 1: this Shopify orders export lacks the columns: Total, Lineitem price"
    ));
    assert!(message.contains("b.csv: is empty"));
    assert!(message.contains("d.csv: no such file"));
    assert_eq!(message.matches("hint: ").count(), 3);
}

#[test]
fn an_export_of_something_else_is_named() {
    let customers = "First Name,Last Name,Email,Accepts Email Marketing,Total Spent,Total Orders\n";
    assert!(refusal(customers).contains("Shopify's customers export"));
    let transactions = "Order,Name,Kind,Gateway,Created At,Status,Amount,Currency,Card Type\n";
    assert!(refusal(transactions).contains("Shopify's transactions export"));
    let other = refusal("order_id,mail,amount\n1,ann@example.com,3\n");
    assert!(
        other.contains("not recognised: the first columns are order_id, mail, amount"),
        "{other}"
    );
}

#[test]
fn possible_order_data_are_never_shown() {
    for text in
        [first("#1001"), next("#1", "Pen"), "Ann,12 Sample Street,ann@example.com\n".to_owned()]
    {
        let message = refusal(&text);
        assert!(message.contains("looks like data"), "{message}");
        assert!(!message.contains("ann") && !message.contains("Ann"), "{message}");
    }
}

#[test]
fn only_the_columns_of_a_named_format_are_considered() {
    let folder = Folder::with("a.csv", "number,mail\n");
    let message = folder.open_as("shopify-csv", &["a.csv"]).unwrap_err().to_string();
    assert!(
        message.contains("lacks the columns: Name or Id, Email, Created at, Currency, Total"),
        "{message}"
    );
    let message = folder.open_as("shopify-cvs", &["a.csv"]).unwrap_err().to_string();
    assert!(
        message.contains("\"shopify-cvs\" is not a format")
            && message.contains("auto or one of: shopify-csv")
    );
    assert_eq!(formats()[0].name(), "shopify-csv");
}

#[test]
fn a_value_that_is_not_a_text_is_named() {
    let utf32 = [&[0xff, 0xfe, 0, 0][..], b"N\0\0\0"].concat();
    assert!(refusal(&utf32).contains("UTF-32"));
    assert!(refusal(&[0_u8; 40][..]).contains("zero bytes"));
    assert!(refusal("<!doctype html>").contains("HTML"));
    assert!(refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").contains("Excel"));
    assert!(refusal("\n \n").contains("is empty"));
    assert!(refusal("\u{feff}").contains("is empty"));
    assert!(refusal(b"\xff\xfe").contains("is empty"));
}

#[test]
fn a_header_alone_is_an_export_without_orders() {
    let folder = Folder::with("a.csv", HEADER);
    let export = folder.open(&["a.csv"]).unwrap();
    assert_eq!(export.read().count(), 0);
    let file = &export.files()[0];
    assert_eq!((file.size_bytes, file.format.as_str()), (HEADER.len() as u64, "shopify-csv"));
    assert!(file.to_string().ends_with("a.csv"));
}
