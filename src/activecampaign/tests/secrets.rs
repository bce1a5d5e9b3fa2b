use super::target::{Target, customer, order, turn};
use crate::activecampaign::options::ClientError;
use crate::activecampaign::{Client, Options};
use crate::domain::RemoteId;

const TOKEN: &str = "s3cret-t0ken";

#[tokio::test]
async fn the_token_is_in_no_text_about_a_client() {
    let target = Target::always(403, "you sent s3cret-t0ken").await;
    let client = target.client();
    let failure =
        turn(&client).await.create_customer(&RemoteId::new("3"), &customer()).await.unwrap_err();
    let texts = [
        format!("{:?}", target.options()),
        format!("{client:?}"),
        format!("{failure:?}"),
        failure.to_string(),
        format!("{:?}", client.traffic()),
    ];
    for text in texts {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[test]
fn a_token_no_header_can_carry_is_refused_without_repeating_it() {
    for token in ["", "  ", "s3cret\n-t0ken", "s3cret\u{7f}"] {
        let refused =
            Client::new(Options::new("http://127.0.0.1:1", token.into()), Box::new(|_| {}));
        let error = refused.unwrap_err();
        assert!(matches!(error, ClientError::Token));
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}

#[test]
fn a_token_is_never_sent_in_the_clear_to_another_machine() {
    let refused =
        Client::new(Options::new("http://shop.api-us1.com", TOKEN.into()), Box::new(|_| {}));
    assert!(matches!(refused, Err(ClientError::Url(_))));
}

#[tokio::test]
async fn no_address_is_in_the_texts_of_a_failure_or_a_record() {
    let target = Target::always(
        400,
        r#"{"errors":[{"detail":"ann@example.com","code":"ann@example.com"}]}"#,
    )
    .await;
    let client = target.client();
    let (connection, buyer) = (RemoteId::new("3"), RemoteId::new("7"));
    let failure =
        turn(&client).await.create_order(&connection, &buyer, &order()).await.unwrap_err();
    let search = client.customer_by_email(&connection, &customer().email).await.unwrap_err();
    let target = Target::always(200, r#"{"ecomCustomers":[{"id":"1","connectionid":"3","externalid":"guest:ann@example.com","email":"ann@example.com"}]}"#).await;
    let found =
        target.client().customer_by_key(&connection, &customer().key).await.unwrap().unwrap();
    for text in
        [failure.to_string(), format!("{failure:?}"), format!("{search:?}"), format!("{found:?}")]
    {
        assert!(!text.contains("ann@") && !text.contains("ann%40"), "{text}");
    }
}
