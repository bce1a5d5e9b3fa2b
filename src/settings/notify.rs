use super::draft::Draft;
use super::url::Url;
use secrecy::SecretString;

/// Where notices of runs go. Its debug form shows no address.
#[derive(Debug, Clone)]
pub struct Notify {
    pub url: Option<SecretString>,
    pub ping_url: Option<SecretString>,
    pub command: Vec<String>,
    /// In seconds.
    pub away_after_s: u64,
}

/// An address may hold a key, so it is not quoted.
pub(super) fn check(draft: &mut Draft) {
    for key in ["notify.url", "notify.ping_url"] {
        let Some(text) = draft.text(key) else { continue };
        let before_query = text.split('?').next().unwrap_or_default();
        if Url::parse(before_query).is_none() {
            draft.report(key, "invalid URL", "a URL such as https://example.com/hook", None);
        }
    }
}
