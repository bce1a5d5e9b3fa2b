use super::error::PullError;
use super::examination::Examination;
use super::folder::Folder;
use super::manifest::PulledWindow;
use super::options::{Options, PullRequest};
use super::shop_url::shop_at;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// Pulls the next window into the folder: an increment if the windows there can be continued, else,
/// or on request, a full one.
///
/// # Errors
/// When the shop refuses, does not answer or contradicts itself: then nothing of the
/// window counts or stays on disk.
pub async fn pull(
    options: &Options,
    is_full: bool,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let request = if is_full { PullRequest::Full } else { next_request(options, folder)? };
    let pulled = (options.system.pull)(options, request, folder, cancel).await;
    if pulled.is_err()
        && let Err(error) = folder.remove_incomplete()
    {
        tracing::warn!("{}; the next pull removes what is not complete", error.parts().0);
    }
    pulled
}

/// Checks whether a pull would succeed.
pub async fn examine(
    options: &Options,
    cancel: CancellationToken,
) -> Result<Examination, PullError> {
    (options.system.examine)(options, cancel).await
}

fn next_request(options: &Options, folder: &Folder) -> Result<PullRequest, PullError> {
    let export = folder.export()?;
    let (Some(full), Some(last)) = (export.first(), export.last()) else {
        return Ok(PullRequest::Full);
    };
    for window in &export {
        match window.verify() {
            Ok(()) => {}
            Err(fault @ PullError::Io { .. }) => return Err(fault),
            Err(damage) => {
                tracing::warn!("{}; everything is pulled again", damage.parts().0);
                return Ok(PullRequest::Full);
            }
        }
    }
    let shop = shop_at(&options.url)?;
    let is_same = last.manifest.is_of(options.system.name, &shop, &options.query());
    let age = end_of(full).duration_until(Timestamp::now());
    Ok(if is_same && age < options.full_every {
        PullRequest::Since(end_of(last))
    } else {
        PullRequest::Full
    })
}

fn end_of(window: &PulledWindow) -> Timestamp {
    window.manifest.window.to
}
