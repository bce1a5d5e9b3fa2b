use super::oauth1::OAuth1;
use jiff::Timestamp;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Request, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

/// The credentials of a request.
pub(super) enum Credentials {
    None,
    /// A header of this name.
    Header(&'static str, SecretString),
    Basic {
        user: SecretString,
        password: SecretString,
    },
    /// Parameters of the address. Addresses end up in the logs of servers.
    Query(Vec<(&'static str, SecretString)>),
    /// A signature of each request.
    Signed(OAuth1),
}

impl Credentials {
    pub(super) fn address(&self, mut url: Url) -> Url {
        if let Self::Query(pairs) = self {
            let pairs = pairs.iter().map(|(name, secret)| (name, secret.expose_secret()));
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }

    /// The request, authorised for one send at this time.
    pub(super) fn authorise(
        &self,
        client: &Client,
        request: Request,
        now: Timestamp,
    ) -> RequestBuilder {
        let builder = |request| RequestBuilder::from_parts(client.clone(), request);
        match self {
            Self::None | Self::Query(_) => builder(request),
            Self::Header(name, secret) => builder(request).header(*name, secret.expose_secret()),
            Self::Basic { user, password } => {
                builder(request).basic_auth(user.expose_secret(), Some(password.expose_secret()))
            }
            Self::Signed(keys) => {
                let header = keys.header(request.method(), request.url(), now);
                builder(request).header(AUTHORIZATION, header)
            }
        }
    }
}
