use super::cleanup::{Cleanup, Used, connections};
use super::prober::Prober;
use super::questions::{Ask, ProbeResult, QUESTIONS, Question};
use super::report::{Asked, AskedOutcome, LeftRecord, NoAnswer, ProbeError, ProbeReport};
use super::test_shops::{TestShop, TestShops, connection_spec};
use crate::activecampaign::Client;
use crate::domain::{ProbeAnswer, RemoteId};
use crate::run::connection::create;
use crate::run::meter::Meter;
use crate::state::StateHandle;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The input of a probe.
pub struct ProbeContext<'a> {
    /// Whether it may write; otherwise it only asks what can be read.
    pub writes: bool,
    pub state: &'a StateHandle,
    pub client: &'a Client,
    /// Ends it. The next probe removes what it wrote.
    pub cancel: CancellationToken,
    /// What it does.
    pub progress: &'a dyn Fn(&str),
}

/// Asks every question, and removes what was written. Each answer is stored durably.
pub async fn probe(task: ProbeContext<'_>) -> ProbeReport {
    let mut meter = Meter::new(task.client);
    let (client, cancel, progress) = (task.client, &task.cancel, task.progress);
    let prober = Prober { client, cancel, progress };
    let (asked, opened, cleanup) = Default::default();
    let mut work = ProbeWork { task: &task, prober, asked, opened, cleanup, earlier: 0 };
    let error = work.carry_out().await.err();
    let ProbeWork { mut asked, opened, mut cleanup, earlier, .. } = work;
    let left = opened.iter().map(|id| LeftRecord::new("connection", id));
    cleanup.left.extend(left);
    for question in &QUESTIONS[asked.len()..] {
        asked.push(Asked { question, outcome: AskedOutcome::NotAsked });
    }
    let (requests, active_ms) = meter.take();
    ProbeReport {
        writes: task.writes,
        asked,
        earlier,
        removed: cleanup.removed,
        left: cleanup.left,
        requests,
        elapsed: Duration::from_millis(active_ms),
        error,
    }
}

struct ProbeWork<'a> {
    task: &'a ProbeContext<'a>,
    prober: Prober<'a>,
    asked: Vec<Asked>,
    /// Connections that were not cleaned up yet.
    opened: Vec<RemoteId>,
    cleanup: Cleanup,
    earlier: u64,
}

impl ProbeWork<'_> {
    async fn carry_out(&mut self) -> Result<(), ProbeError> {
        if !self.task.writes {
            self.note_earlier().await?;
            return self.ask_all(None).await;
        }
        self.task.state.call(|store| store.check_space()).await?;
        self.clean_earlier().await?;
        (self.task.progress)("creating two connections");
        for number in [1, 2] {
            let (id, _) = create(self.task.client, &connection_spec(number)).await?;
            self.opened.push(id);
        }
        // After an error nothing more can be sent.
        let (used, result) = self.ask_in(self.opened.clone()).await?;
        (self.task.progress)("removing what was written");
        let untouched = CancellationToken::new();
        let cancel = if result.is_err() { &untouched } else { self.prober.cancel };
        let prober = Prober { cancel, ..self.prober };
        self.cleanup.clean(&prober, used).await.map_err(ended)?;
        self.opened.clear();
        result
    }

    /// Lists what an earlier probe left, for a probe that may not remove it.
    async fn note_earlier(&mut self) -> Result<(), ProbeError> {
        let found = connections(&self.prober).await.map_err(ended)?;
        self.opened = found.into_iter().map(|connection| connection.id).collect();
        Ok(())
    }

    /// Removes what an earlier probe left.
    async fn clean_earlier(&mut self) -> Result<(), ProbeError> {
        let found = connections(&self.prober).await.map_err(ended)?;
        if found.is_empty() {
            return Ok(());
        }
        (self.task.progress)("removing what an earlier probe left");
        self.earlier = found.len() as u64;
        self.opened = found.into_iter().map(|connection| connection.id).collect();
        let used = self.opened.iter().cloned().map(Used::unknown).collect();
        self.cleanup.clean(&self.prober, used).await.map_err(ended)?;
        self.opened.clear();
        Ok(())
    }

    /// Asks everything with these two connections. Returns what they were used for, and why it
    /// ended early if requests can still be sent. An interruption is such a reason, so that what
    /// was written is removed; a second one ends the process.
    async fn ask_in(
        &mut self,
        connections: Vec<RemoteId>,
    ) -> Result<(Vec<Used>, Result<(), ProbeError>), ProbeError> {
        let prober = self.prober;
        let mut sites = Vec::new();
        let mut unused: Vec<Used> = connections.iter().cloned().map(Used::unknown).collect();
        for (person, connection) in (1..).zip(connections) {
            match TestShop::open(&prober, connection, person).await {
                Ok(site) => sites.push(site),
                Err(NoAnswer::Unanswered(why)) => {
                    return Ok((unused, Err(ProbeError::Refused { why })));
                }
                Err(NoAnswer::End(ProbeError::Interrupted)) => {
                    return Ok((unused, Err(ProbeError::Interrupted)));
                }
                Err(NoAnswer::End(error)) => return Err(error),
            }
        }
        let (Some(bulk), Some(shop)) = (sites.pop(), sites.pop()) else {
            return Ok((unused, Ok(())));
        };
        let shops = TestShops::new(&prober, shop, bulk);
        let result = match self.ask_all(Some(&shops)).await {
            Ok(()) => Ok(()),
            Err(ProbeError::Interrupted) => Err(ProbeError::Interrupted),
            Err(error) => return Err(error),
        };
        let created = shops.created.take();
        let (sent, copied) = (shops.sent.take(), shops.copied.take());
        for used in &mut unused {
            used.created.clone_from(&created);
        }
        if let Some(of_bulk) = unused.last_mut() {
            of_bulk.created = Vec::new();
            (of_bulk.sent, of_bulk.copied) = (sent, copied);
        }
        Ok((unused, result))
    }

    async fn ask_all(&mut self, shops: Option<&TestShops<'_>>) -> Result<(), ProbeError> {
        for question in QUESTIONS {
            let outcome = match (question.ask, shops) {
                (Ask::Writing(_), None) => AskedOutcome::NotAsked,
                (Ask::Writing(ask), Some(shops)) => {
                    self.note_answer(question, ask(shops).await).await?
                }
                (Ask::Reading(ask), _) => {
                    let answered = ask(&self.prober).await;
                    self.note_answer(question, answered).await?
                }
            };
            self.asked.push(Asked { question, outcome });
        }
        Ok(())
    }

    /// Records an answer.
    async fn note_answer(
        &self,
        question: &'static Question,
        answered: Result<ProbeResult, NoAnswer>,
    ) -> Result<AskedOutcome, ProbeError> {
        let (word, number) = match answered {
            Ok(found) => found,
            Err(NoAnswer::Unanswered(why)) => return Ok(AskedOutcome::Unanswered(why)),
            Err(NoAnswer::End(error)) => return Err(error),
        };
        (self.task.progress)(&format!("{}: {word}", question.asks));
        let answer =
            ProbeAnswer { question: question.id.to_owned(), word: word.to_owned(), number };
        let recorded = answer.clone();
        self.task.state.call(move |store| store.record_probe_answer(&recorded)).await?;
        Ok(AskedOutcome::Answered(answer))
    }
}

/// Why a part without an answer ended.
fn ended(no_answer: NoAnswer) -> ProbeError {
    match no_answer {
        NoAnswer::End(error) => error,
        NoAnswer::Unanswered(why) => ProbeError::Undecided { why },
    }
}
