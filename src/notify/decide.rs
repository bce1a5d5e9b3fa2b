use crate::state::{RunId, Standing};

/// A condition that lasts is notified again after this long.
const REMIND_MS: i64 = 24 * 3_600_000;

/// The condition of a job after a run, or of its orders after a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Well,
    Failed,
    /// ActiveCampaign refuses access, or too many orders.
    Refused,
    /// ActiveCampaign is unavailable.
    Unavailable,
    /// A verification found differences.
    Differs,
}

impl Condition {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            _ => self.event().word(),
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Well => Event::Recovered,
            Self::Failed => Event::Failed,
            Self::Refused => Event::Refused,
            Self::Unavailable => Event::Unavailable,
            Self::Differs => Event::Differences,
        }
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Failed,
    Refused,
    Unavailable,
    NewDeadLetters,
    Differences,
    Recovered,
}

impl Event {
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unavailable => "away",
            Self::NewDeadLetters => "new_dead_letters",
            Self::Differences => "differences",
            Self::Recovered => "recovered",
        }
    }
}

/// The notice about a condition, and what the state stores of it. A notice is sent on a change and
/// once a day while it lasts; one about an unavailable ActiveCampaign only after `away_after_ms`.
pub(super) fn news(
    before: Option<Standing>,
    now: Condition,
    at_ms: i64,
    away_after_ms: i64,
) -> (Standing, Option<Event>) {
    let same = before.as_ref().filter(|before| before.condition == now.word());
    let since_ms = same.map_or(at_ms, |before| before.since_ms);
    let noticed = before.and_then(|before| before.noticed);
    let (condition, is_open) = (now.word().to_owned(), noticed.is_some());
    if now == Condition::Well {
        let recovered = is_open.then_some(Event::Recovered);
        return (Standing { condition, since_ms, noticed: None }, recovered);
    }
    let is_noticed =
        noticed.as_ref().is_some_and(|(what, ms)| *what == condition && at_ms - ms < REMIND_MS);
    if is_noticed || (now == Condition::Unavailable && at_ms - since_ms < away_after_ms) {
        return (Standing { condition, since_ms, noticed }, None);
    }
    let noticed = Some((condition.clone(), at_ms));
    (Standing { condition, since_ms, noticed }, Some(now.event()))
}

/// The same for dead letters that were not accepted. A letter of a later run is news, even if
/// another was fixed meanwhile, and so is a larger number.
pub(super) fn letters_news(
    before: Option<&Standing>,
    letters: u64,
    newest_run: RunId,
    at_ms: i64,
) -> (Standing, Option<Event>) {
    let words = before.map_or("", |before| before.condition.as_str());
    let mut words = words.split(' ').map(|word| word.parse::<i64>().ok());
    let known = words.next().flatten().unwrap_or(0);
    // Without a run, only the number shows what is new.
    let known_run = words.next().flatten().unwrap_or(if known > 0 { newest_run } else { 0 });
    let is_news = letters > 0 && (letters.cast_signed() > known || newest_run > known_run);
    let condition = format!("{letters} {}", newest_run.max(known_run));
    let event = is_news.then_some(Event::NewDeadLetters);
    (Standing { condition, since_ms: at_ms, noticed: None }, event)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// The notices about conditions at these hours, if ActiveCampaign may be unavailable for two.
    fn notices(course: &[(i64, Condition)]) -> Vec<Option<Event>> {
        let mut standing = None;
        let mut events = Vec::new();
        for (hour, condition) in course {
            let (next, event) = news(standing.take(), *condition, hour * HOUR, 2 * HOUR);
            standing = Some(next);
            events.push(event);
        }
        events
    }

    #[test]
    fn a_failure_is_notified_once_a_day_and_its_end_once() {
        use Condition::{Failed, Refused, Well};
        let course = [
            (0, Well),
            (1, Failed),
            (2, Failed),
            (26, Failed),
            (27, Refused),
            (28, Well),
            (29, Well),
        ];
        let (failed, refused) = (Some(Event::Failed), Some(Event::Refused));
        let events = [None, failed, None, failed, refused, Some(Event::Recovered), None];
        assert_eq!(notices(&course), events);
    }

    #[test]
    fn an_outage_is_notified_when_it_lasts_and_a_short_one_never() {
        use Condition::{Failed, Unavailable, Well};
        let unavailable = Some(Event::Unavailable);
        assert_eq!(
            notices(&[(0, Unavailable), (1, Unavailable), (2, Unavailable), (3, Well)])[1..3],
            [None, unavailable]
        );
        assert_eq!(
            notices(&[(0, Unavailable), (1, Well), (5, Unavailable), (6, Unavailable)]),
            [None; 4]
        );
        // A notice of the failure was sent, so one of its end is sent too.
        let events = notices(&[(0, Failed), (1, Unavailable), (2, Well)]);
        assert_eq!(events[1..], [None, Some(Event::Recovered)]);
    }

    #[test]
    fn only_more_dead_letters_than_before_are_noticed() {
        let mut standing = None;
        // The number of letters, and the run that met the newest of them.
        let course =
            [(0, 0), (3, 1), (3, 1), (1, 1), (2, 1), (2, 4), (2, 4), (0, 0), (1, 4), (1, 6)];
        let events = course.map(|(letters, newest_run)| {
            let (next, event) = letters_news(standing.as_ref(), letters, newest_run, 0);
            standing = Some(next);
            event.is_some()
        });
        let noticed = [false, true, false, false, true, true, false, false, true, true];
        assert_eq!(events, noticed, "one was fixed while another came: (2, 4)");
    }
}
