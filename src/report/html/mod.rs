//! The dry run as one page that needs nothing else: no network, no asset, no script from an export.
//!
//! Everything that came from an export passes through `maud`, which escapes it; the page's policy
//! forbids whatever is not its own. Addresses are masked unless they are asked for.

mod charts;
mod fields;
mod page_detail;
mod sections;

pub use page_detail::PageDetail;

use crate::report::plan::PROGRAM;
use crate::run::Preview;
use jiff::Zoned;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Only what is written here: the hashes are of `page.css` and `page.js`, and a test holds them to
/// that.
const POLICY: &str = "default-src 'none'; style-src 'sha256-a6C+0e9SvliT9TGlOwsRwwbqz+PAB0WoBhvhqwHYqiM='; script-src 'sha256-0JcjY7HvkqhLWuGQ+/5FakYI4IwsgHXuQZmMSvc1q6k='; base-uri 'none'; form-action 'none'";

/// The plans as one self-contained page. `now` is in the zone that times are shown in.
pub fn plan_html(plans: &[(Preview, PageDetail)], now: &Zoned) -> String {
    let title = match plans {
        [(preview, _)] => format!("Plan of {}", preview.job),
        plans => format!("Plans of {} jobs", plans.len()),
    };
    let page: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p { "Created " (now.strftime("%Y-%m-%d %H:%M %Z").to_string()) " by " (PROGRAM) ". Nothing was sent." }
                }
                main { @for (preview, detail) in plans { (sections::job(preview, detail, now)) } }
                footer { p { (PROGRAM) ". Amounts are those of the orders as they would be sent." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}
