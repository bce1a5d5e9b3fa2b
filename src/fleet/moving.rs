use super::ownership::{Ownership, Taken};
use super::{CopyHead, FleetError, LedgerCopies, Pace};
use crate::daemon::LedgerMove;
use crate::state::{Inheritance, MovingLedger, StateError, View};
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

/// Moves the ledger of an account between a single machine and the fleet. Its owner follows from
/// two numbers: `exported` of the account's row, and the mark of the machine's file. Each step
/// changes one of them, so that an interrupted move leaves one owner, or none until it is run
/// again.
pub struct Mover {
    ownership: Ownership,
    copies: LedgerCopies,
}

/// An account and its ledger on this machine.
#[derive(Debug, Clone)]
pub struct Moved {
    pub account: String,
    /// The full API address that a ledger must belong to.
    pub url: String,
    /// The folder of the machine's own ledgers.
    pub dir: PathBuf,
    /// The most orders that may be created per second, and be in flight concurrently.
    pub orders_per_second: f64,
    pub in_flight_max: usize,
}

/// Why a ledger was not moved. A move that fails half-way has to be run again.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error("{0}")]
    Fleet(#[from] FleetError),
    #[error("{0}")]
    Ledger(#[from] StateError),
    /// Nothing was changed, as with `Refused`.
    #[error(
        "account {account}: node {holder} works on it\n  hint: try again when it has ended, or have the nodes drained"
    )]
    Held { account: String, holder: String },
    #[error("account {account}: {why}")]
    Refused { account: String, why: &'static str },
}

const IN_THE_FLEET: &str = "its ledger is in the fleet already";
const ANOTHER: &str = "the ledger on this machine is not an older or newer form of the one of the fleet\n  hint: it was made by another machine, or the file was replaced; move it away";
const NO_LEDGER: &str = "there is no ledger of it on this machine\n  hint: without one, the fleet begins with what ActiveCampaign has";
const HERE_ALREADY: &str = "its ledger is on this machine already";
const AT_MACHINE: &str = "its ledger was handed to another machine, and is newer there\n  hint: `ordersync fleet import` there brings it into the fleet";
const LIVE_IN_FLEET: &str = "the fleet has a ledger of it, with orders that this machine's may not know\n  hint: to keep the fleet's, move this machine's away; nothing is lost, as each order is looked up before it is created";
const LIVE_ON_MACHINE: &str = "this machine has a ledger of it that was not handed to the fleet\n  hint: move it away if the fleet's is to replace it";
const NONE_IN_FLEET: &str = "the fleet has no ledger of it";
const LOST_HOLDER: &str =
    "a node was lost while it worked on it\n  hint: let a node take it and end in order first";

impl Moved {
    fn refused(&self, why: &'static str) -> MoveError {
        MoveError::Refused { account: self.account.clone(), why }
    }

    fn arrived(&self, taken: &Taken, bytes: i64) -> LedgerMove {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        LedgerMove { account: self.account.clone(), fence: taken.lease.fence, bytes }
    }
}

impl Mover {
    pub fn new(ownership: Ownership, copies: LedgerCopies) -> Self {
        Self { ownership, copies }
    }

    /// Brings the ledger of a machine into the fleet.
    pub async fn import(&self, moved: &Moved) -> Result<LedgerMove, MoveError> {
        let ledger = MovingLedger::lock(&moved.dir, &moved.account)?;
        if !ledger.exists() {
            return Err(moved.refused(NO_LEDGER));
        }
        let view = ledger.view()?;
        view.check_belongs_to(&moved.url)?;
        let (mark, came_back) = (view.handed_over()?, view.came_back()?);
        if mark.is_none() {
            self.ownership.know(&moved.account).await?;
        }
        let taken = self.take(moved).await?;
        let _renewing = self.ownership.renewing(&taken);
        if let Err(refusal) = self.check_import(moved, &ledger, &view, mark, &taken).await {
            return self.refuse(&taken, refusal).await;
        }
        // From here on no node takes it. A number that only the copy of an interrupted import has
        // would be another machine's once that copy is replaced.
        let known = mark.or(came_back);
        let number = taken.exported.filter(|number| known == Some(*number)).unwrap_or(0);
        self.ownership.set_exported(&taken, number).await?;
        drop(view);
        let head = self.send(&taken, &ledger).await?;
        if mark.is_none() {
            self.ownership.set_exported(&taken, taken.lease.fence).await?;
            ledger.mark(taken.lease.fence)?;
        }
        let pace = Pace::of(&moved.dir, &moved.account);
        self.ownership.hand_to_fleet(&taken, pace).await?;
        Ok(moved.arrived(&taken, head.bytes))
    }

    /// Checks that the fleet has only an older copy of the ledger.
    async fn check_import(
        &self,
        moved: &Moved,
        ledger: &MovingLedger,
        view: &View,
        mark: Option<i64>,
        taken: &Taken,
    ) -> Result<(), MoveError> {
        let handover = &taken.lease.handover;
        let copy = match (taken.exported, mark) {
            (Some(number), Some(mark)) if number == mark => return Ok(()),
            (Some(_), Some(_)) => return Err(moved.refused(AT_MACHINE)),
            (None, Some(_)) => return Err(moved.refused(IN_THE_FLEET)),
            (None, None) if !handover.unrecorded.is_zero() => {
                return Err(moved.refused(LOST_HOLDER));
            }
            (_, None) => match &handover.copy {
                Some(head) => self.fetch(moved, ledger, head).await?,
                None => return Ok(()),
            },
        };
        if !copy.has_orders()? {
            return Ok(());
        }
        let Some(number) = taken.exported else { return Err(moved.refused(LIVE_IN_FLEET)) };
        if copy.hash_key()? != view.hash_key()? {
            return Err(moved.refused(ANOTHER));
        }
        // An import that was interrupted leaves 0, or the number of the copy that it wrote.
        let head = handover.copy.as_ref();
        let was_interrupted = number == 0 || head.is_some_and(|head| head.fence == number);
        if !was_interrupted && view.came_back()? != Some(number) {
            return Err(moved.refused(AT_MACHINE));
        }
        Ok(())
    }

    /// Brings the ledger of the fleet to this machine.
    pub async fn export(&self, moved: &Moved) -> Result<LedgerMove, MoveError> {
        let ledger = MovingLedger::lock(&moved.dir, &moved.account)?;
        let mark = if ledger.exists() { ledger.view()?.handed_over()? } else { None };
        let taken = self.take(moved).await?;
        let _renewing = self.ownership.renewing(&taken);
        if let Some(number) = mark.filter(|_| taken.exported == mark) {
            // It is here already, and the move was interrupted.
            self.ownership.give_back(&taken).await?;
            ledger.unmark(number)?;
            let copy = taken.lease.handover.copy.as_ref();
            return Ok(moved.arrived(&taken, copy.map_or(0, |copy| copy.bytes)));
        }
        let head = match self.check_export(moved, &ledger, mark, &taken).await {
            Ok(head) => head,
            Err(refusal) => return self.refuse(&taken, refusal).await,
        };
        let handover = &taken.lease.handover;
        let unrecorded = handover.unrecorded_steps(moved.orders_per_second, moved.in_flight_max);
        let from = Inheritance {
            copy: Some(ledger.beside()),
            unrecorded,
            sent_at: handover.pace.sent.and_then(|ago| SystemTime::now().checked_sub(ago)),
            pause_left: handover.pace.pause,
        };
        ledger.replace(&from, taken.lease.fence)?;
        // From here on no node takes it.
        self.ownership.hand_to_machine(&taken).await?;
        ledger.unmark(taken.lease.fence)?;
        Ok(moved.arrived(&taken, head.bytes))
    }

    /// Checks that this machine has only an older copy of the ledger; puts the newest next to it.
    async fn check_export(
        &self,
        moved: &Moved,
        ledger: &MovingLedger,
        mark: Option<i64>,
        taken: &Taken,
    ) -> Result<CopyHead, MoveError> {
        if taken.exported.is_some() {
            let is_here = mark.is_none() && ledger.view()?.came_back()? == taken.exported;
            return Err(moved.refused(if is_here { HERE_ALREADY } else { AT_MACHINE }));
        }
        let head = taken.lease.handover.copy.clone();
        let head = head.ok_or_else(|| moved.refused(NONE_IN_FLEET))?;
        let newest = self.fetch(moved, ledger, &head).await?;
        newest.check_belongs_to(&moved.url)?;
        let here = ledger.view()?;
        if here.has_orders()? {
            if mark.is_none() {
                return Err(moved.refused(LIVE_ON_MACHINE));
            }
            if here.hash_key()? != newest.hash_key()? {
                return Err(moved.refused(ANOTHER));
            }
        }
        Ok(head)
    }

    async fn take(&self, moved: &Moved) -> Result<Taken, MoveError> {
        if let Some(taken) = self.ownership.take(&moved.account).await? {
            return Ok(taken);
        }
        match self.ownership.holder(&moved.account).await? {
            Some(holder) => Err(MoveError::Held { account: moved.account.clone(), holder }),
            None => Err(moved.refused(NONE_IN_FLEET)),
        }
    }

    async fn refuse<T>(&self, taken: &Taken, refusal: MoveError) -> Result<T, MoveError> {
        self.ownership.give_back(taken).await?;
        Err(refusal)
    }

    /// Reads the fleet's copy into a file next to the machine's ledger.
    async fn fetch(
        &self,
        moved: &Moved,
        ledger: &MovingLedger,
        head: &CopyHead,
    ) -> Result<View, MoveError> {
        let path = ledger.beside();
        self.copies.read(&moved.account, head, &path).await?;
        Ok(View::of_file(&path)?)
    }

    async fn send(&self, taken: &Taken, ledger: &MovingLedger) -> Result<CopyHead, MoveError> {
        let (file, began) = (ledger.beside(), Instant::now());
        ledger.copy(&file)?;
        let head = self.copies.write(&taken.lease, 1, &file, began).await?;
        // The next move overwrites a leftover.
        let _ = std::fs::remove_file(&file);
        Ok(head)
    }
}
