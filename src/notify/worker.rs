use super::decide::{letters_news, news};
use super::deliver::{Delivery, Receivers};
use super::{Condition, Event};
use crate::state::{Standing, StandingTopic, StateError, View, exchange_standing};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Notices that wait for their delivery; more are logged and dropped.
const WAITING_MAX: usize = 64;

/// What happened to a job.
#[derive(Debug)]
pub struct Notice {
    pub account: String,
    pub job: String,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// A run begins.
    Began,
    /// A run ended, or could not begin.
    Ended {
        condition: Condition,
        /// Why it did not finish; blank if it did.
        message: String,
        /// As `--json` shows it; `Null` if no run began.
        run: Value,
    },
    Verified {
        differences: u64,
        /// As `--json` shows it.
        verification: Value,
    },
}

/// Delivers notices on a separate thread.
#[derive(Debug)]
pub struct Notifier {
    sender: Option<SyncSender<Notice>>,
    thread: Option<JoinHandle<()>>,
}

impl Notifier {
    pub fn start(
        receivers: Receivers,
        state_dir: PathBuf,
        away_after: Duration,
    ) -> Result<Self, String> {
        let delivery = Delivery::new(receivers)?;
        let (sender, notices) = sync_channel(WAITING_MAX);
        let away_after_ms = i64::try_from(away_after.as_millis()).unwrap_or(i64::MAX);
        let worker = Worker { delivery, state_dir, away_after_ms };
        let thread = std::thread::Builder::new()
            .name("notify".to_owned())
            .spawn(move || worker.run(&notices))
            .map_err(|error| error.to_string())?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Queues a notice without waiting.
    pub fn notify(&self, notice: Notice) {
        let is_taken = self.sender.as_ref().is_some_and(|sender| sender.try_send(notice).is_ok());
        if !is_taken {
            tracing::warn!("too many notices wait for their delivery; one is dropped");
        }
    }

    /// Waits until every notice is delivered or given up.
    pub fn finish(mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A panic of it was logged, and does not fail the run.
            let _ = thread.join();
        }
    }
}

struct Worker {
    delivery: Delivery,
    state_dir: PathBuf,
    away_after_ms: i64,
}

/// The job that a notice is about.
#[derive(Clone, Copy)]
struct NoticeJob<'a> {
    account: &'a str,
    job: &'a str,
}

impl Worker {
    fn run(&self, notices: &Receiver<Notice>) {
        for Notice { account, job, outcome } in notices {
            let about = NoticeJob { account: &account, job: &job };
            match outcome {
                Outcome::Began => self.delivery.ping("/start"),
                Outcome::Ended { condition, message, run } => {
                    match condition {
                        Condition::Well => self.delivery.ping(""),
                        Condition::Failed | Condition::Refused => self.delivery.ping("/fail"),
                        Condition::Unavailable | Condition::Differs => {}
                    }
                    let runs =
                        json!({ "runs": if run.is_null() { json!([]) } else { json!([run]) } });
                    self.notify_condition(about, StandingTopic::Runs, condition, &message, &runs);
                    if condition == Condition::Well {
                        self.notify_letters(about, &runs);
                    }
                }
                Outcome::Verified { differences, verification } => {
                    let condition =
                        if differences > 0 { Condition::Differs } else { Condition::Well };
                    let body = json!({ "verifications": [verification] });
                    let found =
                        format!("the verification of {job} found {differences} differences");
                    let topic = StandingTopic::Verifications;
                    self.notify_condition(about, topic, condition, &found, &body);
                }
            }
        }
    }

    fn notify_condition(
        &self,
        about: NoticeJob<'_>,
        topic: StandingTopic,
        condition: Condition,
        message: &str,
        body: &Value,
    ) {
        let now = Timestamp::now().as_millisecond();
        self.notify_news(
            about,
            topic,
            |before| news(before, condition, now, self.away_after_ms),
            |event| (text_of(about.job, event, message), body),
        );
    }

    fn notify_letters(&self, about: NoticeJob<'_>, body: &Value) {
        let NoticeJob { account, job } = about;
        let counted = View::open(&self.state_dir, account)
            .and_then(|view| Ok((view.dead_letters_count(job)?.new, view.newest_letter(job)?)));
        let (letters, newest_run) = match counted {
            Ok(counted) => counted,
            Err(error) => return note_fault(&error),
        };
        let now = Timestamp::now().as_millisecond();
        let next =
            |before: Option<Standing>| letters_news(before.as_ref(), letters, newest_run, now);
        self.notify_news(about, StandingTopic::DeadLetters, next, |_| {
            let text = format!(
                "{letters} records of {job} are not sent, and nobody has accepted that; `ordersync dead-letters list {job}` shows why"
            );
            (text, body)
        });
    }

    /// Sends what is news, and records that it was sent. If no receiver accepted it, it is news the
    /// next time too; if the state can't be used, it is news each time.
    fn notify_news<'a>(
        &self,
        about: NoticeJob<'_>,
        topic: StandingTopic,
        next: impl Fn(Option<Standing>) -> (Standing, Option<Event>),
        content: impl FnOnce(Event) -> (String, &'a Value),
    ) {
        let (mut event, mut earlier) = (None, None);
        let mut is_known = false;
        let exchanged =
            exchange_standing(&self.state_dir, about.account, about.job, topic, |before| {
                is_known = true;
                earlier.clone_from(&before);
                let (standing, found) = next(before);
                event = found;
                standing
            });
        if let Err(error) = exchanged {
            note_fault(&error);
            if !is_known {
                event = next(None).1;
            }
        }
        let Some(event) = event else { return };
        let (text, body) = content(event);
        if !self.send(about, event, &text, body) {
            let nothing = || Standing {
                condition: Condition::Well.word().to_owned(),
                since_ms: Timestamp::now().as_millisecond(),
                noticed: None,
            };
            let restored =
                exchange_standing(&self.state_dir, about.account, about.job, topic, |_| {
                    earlier.unwrap_or_else(nothing)
                });
            restored.unwrap_or_else(|error| note_fault(&error));
        }
    }

    /// Returns whether any receiver accepted it.
    fn send(&self, about: NoticeJob<'_>, event: Event, text: &str, body: &Value) -> bool {
        let mut json = json!({
            "event": event.word(),
            "account": about.account,
            "job": about.job,
            "at": Timestamp::now().to_string(),
            "text": text,
        });
        if let (Some(json), Some(body)) = (json.as_object_mut(), body.as_object()) {
            json.extend(body.clone());
        }
        self.delivery.event(event.word(), &json.to_string())
    }
}

fn note_fault(error: &StateError) {
    tracing::warn!("the state of notices can't be used: {error}");
}

fn text_of(job: &str, event: Event, message: &str) -> String {
    match event {
        Event::Recovered => format!("{job} is well again"),
        Event::Unavailable => format!("ActiveCampaign is not answering {job}: {message}"),
        _ => format!("{job}: {message}"),
    }
}
