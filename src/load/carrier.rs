use super::attempts::StepError;
use super::loader::Loader;
use crate::plan::Step;
use crate::state::OrderOutcome;
use std::pin::Pin;

/// Steps in progress.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Carried> + Send + 'a>>;

/// A way of carrying out steps: one by one by REST, or in batches by GraphQL. Steps and their
/// outcomes are the same for both.
///
/// Either way, each step given is carried out exactly once in effect, its intent is durable before
/// its request leaves, and an order that may have arrived is read before it is sent again.
pub trait Carrier: Send + Sync {
    /// How many steps to give at once, at least 1; fewer will do.
    fn steps_max(&self) -> usize;

    /// Carries out these steps, with as many requests and retries as needed. Two concurrent steps
    /// must not be of the same order.
    fn carry_out_all<'a>(&'a self, steps: &'a [&'a Step]) -> Carrying<'a>;
}

/// The outcome of some steps.
pub struct Carried {
    /// In the order of the steps. `None`: the run must end before it is settled, and its intent, if
    /// any, makes the next run look it up.
    pub outcomes: Vec<Option<OrderOutcome>>,
    /// Why the run must end.
    pub error: Option<StepError>,
}

impl Carrier for Loader {
    fn steps_max(&self) -> usize {
        1
    }

    fn carry_out_all<'a>(&'a self, steps: &'a [&'a Step]) -> Carrying<'a> {
        Box::pin(async move {
            let mut carried = Carried { outcomes: vec![None; steps.len()], error: None };
            for (step, outcome) in steps.iter().zip(&mut carried.outcomes) {
                match self.carry_out(step).await {
                    Ok(carried_out) => *outcome = Some(carried_out),
                    Err(error) => {
                        carried.error = Some(error);
                        break;
                    }
                }
            }
            carried
        })
    }
}
