//! Changes the path of a connection that has orders: sends one of them by the other path, looks for
//! a second record of it, and goes back if there is one.

mod looking;
mod plan;
mod report;
mod work;

pub use plan::{SwitchPlan, SwitchRefusal, SwitchTask, canary_order, plan_switch};
pub use report::{SecondRecord, SwitchError, SwitchReport};
pub use work::{SwitchContext, switch};
