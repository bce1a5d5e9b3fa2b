use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

/// What a request carries so that the shop lets it in.
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
}

impl Credentials {
    pub(super) fn address(&self, mut url: Url) -> Url {
        if let Self::Query(pairs) = self {
            let pairs = pairs.iter().map(|(name, secret)| (name, secret.expose_secret()));
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }

    pub(super) fn authorise(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None | Self::Query(_) => request,
            Self::Header(name, secret) => request.header(*name, secret.expose_secret()),
            Self::Basic { user, password } => {
                request.basic_auth(user.expose_secret(), Some(password.expose_secret()))
            }
        }
    }
}
