//! The dry run, and a verification, as one page that needs nothing else: no network, no asset, no
//! script from an export.
//!
//! Everything that came from an export passes through `maud`, which escapes it; the page's policy
//! forbids everything else. E-mail addresses are masked by default.

mod certificate;
mod charts;
mod fields;
mod page_detail;
mod sections;

pub use certificate::{Certificate, verification_html};
pub use page_detail::PageDetail;

use crate::report::plan::PROGRAM;
use crate::run::Preview;
use jiff::Zoned;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Allows only the page's own code: the hashes are those of `page.css` and `page.js`, as checked by
/// a test.
const POLICY: &str = "default-src 'none'; style-src 'sha256-Bp49IroKkI/ZY2lxIHORNErPxTqpvHHbczNmL3gyTHc='; script-src 'sha256-0JcjY7HvkqhLWuGQ+/5FakYI4IwsgHXuQZmMSvc1q6k='; base-uri 'none'; form-action 'none'";

/// Whether a page has a search field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HasScript {
    Yes,
    No,
}

/// The plans as one self-contained page. `now` is in the zone of all times on the page.
pub fn plan_html(plans: &[(Preview, PageDetail)], now: &Zoned) -> String {
    let title = match plans {
        [(preview, _)] => format!("Plan of {}", preview.job),
        plans => format!("Plans of {} jobs", plans.len()),
    };
    let header = html! {
        p { "Created " (now.strftime("%Y-%m-%d %H:%M %Z").to_string()) " by " (PROGRAM) ". Nothing was sent." }
    };
    let main = html! { @for (preview, detail) in plans { (sections::job(preview, detail, now)) } };
    page(&title, header, main, HasScript::Yes)
}

fn page(title: &str, header: Markup, main: Markup, script: HasScript) -> String {
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
                header { h1 { (title) } (header) }
                main { (main) }
                footer { p { (PROGRAM) ". Amounts are those of the orders as they are sent." } }
                @if script == HasScript::Yes { script { (PreEscaped(SCRIPT)) } }
            }
        }
    };
    page.into_string()
}
