//! The dry run as one page that needs nothing else: no network, no asset, no script from an export.
//!
//! Everything that came from an export passes through `maud`, which escapes it; the page's policy
//! forbids whatever is not its own. Addresses are masked unless they are asked for.

mod charts;
mod detail;
mod difference;
mod fields;
mod page;
mod sections;

pub use detail::Detail;
pub use page::plan_html;
