//! The status page. What is shown of the daemon passes through `maud`, which escapes it; the page's
//! policy forbids whatever is not its own.

mod accounts;
mod fleet;
mod jobs;
mod runs;
mod shell;
mod times;

pub(super) use shell::{POLICY, live, whole};
