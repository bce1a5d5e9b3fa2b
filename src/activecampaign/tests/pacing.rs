use crate::activecampaign::rate_limiter::{Budget, Departure, Log, Note, RateLimiter};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn pacer(rate: f64) -> RateLimiter {
    RateLimiter::new(rate, None, Box::new(|_| {}))
}

async fn depart(pacer: &RateLimiter) -> Departure {
    let mut place = pacer.place().await;
    place.slot().await;
    place.leave()
}

async fn departures(pacer: &RateLimiter, count: usize) -> Vec<Instant> {
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(depart(pacer).await.at);
    }
    all
}

fn gaps(departures: &[Instant]) -> Vec<Duration> {
    departures.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn assert_never_six_in_a_second(departures: &[Instant]) {
    for six in departures.windows(6) {
        assert!(six[5] - six[0] > SECOND, "six within {:?}", six[5] - six[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_departures_are_never_six_within_a_second_and_waste_little() {
    let pacer = Arc::new(pacer(5.0));
    let all = Arc::new(Mutex::new(Vec::new()));
    let workers = (0..8_u64).map(|worker| {
        let (pacer, all) = (Arc::clone(&pacer), Arc::clone(&all));
        tokio::spawn(async move {
            for step in 0..125 {
                let mut place = pacer.place().await;
                // Durable work at the head of the queue, of no even length.
                sleep(Duration::from_millis((worker * 7 + step * 3) % 40)).await;
                place.slot().await;
                let departure = place.leave();
                all.lock().unwrap().push(departure.at);
                sleep(Duration::from_millis(250 + (worker + step) % 100)).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let all = all.lock().unwrap().clone();
    assert_eq!(all.len(), 1000);
    assert_never_six_in_a_second(&all);
    let utilisation = pacer.flow().utilisation.unwrap();
    assert!((0.975..1.0).contains(&utilisation), "{utilisation}");
}

#[tokio::test(start_paused = true)]
async fn the_first_sends_stand_wider_and_again_after_a_long_pause() {
    let pacer = pacer(5.0);
    let wide = |gap: &Duration| *gap >= Duration::from_millis(222);
    let start = gaps(&departures(&pacer, 12).await);
    assert!(start[..7].iter().all(wide) && !start[8..].iter().any(wide), "{start:?}");

    pacer.pause(Duration::from_millis(1500), "a short one");
    assert!(!gaps(&departures(&pacer, 4).await).iter().any(wide));
    pacer.pause(Duration::from_secs(3), "a long one");
    assert!(gaps(&departures(&pacer, 7).await).iter().all(wide));
}

#[tokio::test(start_paused = true)]
async fn a_late_turn_is_not_caught_up_with() {
    let pacer = pacer(5.0);
    let mut all = departures(&pacer, 20).await;
    let mut slow = pacer.place().await;
    sleep(Duration::from_secs(5)).await;
    slow.slot().await;
    all.push(slow.leave().at);
    all.extend(departures(&pacer, 20).await);
    sleep(Duration::from_secs(60)).await;
    all.extend(departures(&pacer, 20).await);
    // Less than a period by what a timer may ring late, and no more.
    assert!(gaps(&all).iter().all(|gap| *gap >= Duration::from_millis(201)), "{:?}", gaps(&all));
    assert_never_six_in_a_second(&all);
}

#[tokio::test(start_paused = true)]
async fn who_asks_first_leaves_first() {
    let pacer = Arc::new(pacer(5.0));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut workers = Vec::new();
    for worker in 0..20 {
        let (pacer, order) = (Arc::clone(&pacer), Arc::clone(&order));
        workers.push(tokio::spawn(async move {
            depart(&pacer).await;
            order.lock().unwrap().push(worker);
        }));
        tokio::task::yield_now().await;
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_turn_given_back_costs_nothing() {
    let pacer = pacer(5.0);
    depart(&pacer).await;
    sleep(SECOND).await;
    let asked_at = Instant::now();
    drop(pacer.place().await);
    assert_eq!(depart(&pacer).await.at, asked_at);
    assert_eq!(pacer.flow().sends, 2);
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_everyone_even_who_holds_a_turn() {
    let pacer = pacer(5.0);
    let departure = depart(&pacer).await;
    let mut holder = pacer.place().await;
    pacer.throttled(&departure, Some(Duration::from_secs(30)));
    let until = Instant::now() + Duration::from_secs(30);
    holder.slot().await;
    assert!(holder.leave().at >= until);
    // The head of the queue is reached after the pause, so that no intent hangs through it.
    pacer.pause(Duration::from_secs(10), "again");
    let place = pacer.place().await;
    assert!(Instant::now() >= until + Duration::from_secs(10));
    drop(place);
    assert_eq!(pacer.flow().paused, Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn pauses_without_a_word_from_the_target_double_until_it_answers() {
    let pacer = pacer(5.0);
    let mut waits = Vec::new();
    for _ in 0..9 {
        let departure = depart(&pacer).await;
        advance(Duration::from_millis(100)).await;
        pacer.throttled(&departure, None);
        let from = Instant::now();
        drop(pacer.place().await);
        waits.push((Instant::now() - from).as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    pacer.accepted();
    let departure = depart(&pacer).await;
    pacer.throttled(&departure, None);
    let from = Instant::now();
    drop(pacer.place().await);
    assert_eq!((Instant::now() - from).as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_of_429_to_requests_in_flight_together_are_one_event() {
    let pacer = pacer(5.0);
    departures(&pacer, 20).await;
    let in_flight = [depart(&pacer).await, depart(&pacer).await, depart(&pacer).await];
    advance(Duration::from_millis(300)).await;
    for departure in &in_flight {
        pacer.throttled(departure, None);
    }
    assert_eq!(pacer.flow().paused, SECOND);
    assert_eq!(pacer.period(), Duration::from_millis(212), "the margin was widened once");
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_its_distance_from_the_last_send() {
    let first = |rate: f64, last_send_at: Option<SystemTime>| async move {
        let from = Instant::now();
        let pacer = RateLimiter::new(rate, last_send_at, Box::new(|_| {}));
        depart(&pacer).await.at - from
    };
    let now = SystemTime::now();
    assert_eq!(first(5.0, None).await, Duration::ZERO);
    assert_eq!(first(5.0, Some(now - SECOND)).await, Duration::ZERO);
    // The clock of the machine runs on meanwhile, and what passes on it is taken off the distance.
    let at = SystemTime::now();
    let distance = first(5.0, Some(at)).await;
    assert!(distance + at.elapsed().unwrap() >= Duration::from_millis(224), "{distance:?}");
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    assert!(first(5.0, Some(ahead)).await >= Duration::from_millis(224));
    assert!(first(0.1, Some(ahead)).await <= SECOND + Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn each_departure_is_told() {
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let log: Log = Box::new(move |note| {
        assert!(matches!(note, Note::Sent(_)));
        *count.lock().unwrap() += 1;
    });
    let pacer = RateLimiter::new(5.0, None, log);
    drop(pacer.place().await);
    assert_eq!(*told.lock().unwrap(), 0);
    departures(&pacer, 3).await;
    assert_eq!(*told.lock().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_budget_used_up_by_others_slows_us_and_our_own_use_does_not() {
    let pacer = pacer(5.0);
    let used_up = Budget { limit: 5, remaining: 0 };
    departures(&pacer, 20).await;
    for _ in 0..20 {
        pacer.heard(&depart(&pacer).await, used_up);
    }
    assert_eq!(pacer.period(), Duration::from_millis(204));
    // A limit of another window says nothing.
    pacer.heard(&depart(&pacer).await, Budget { limit: 300, remaining: 0 });
    pacer.heard(&depart(&pacer).await, Budget { limit: 300, remaining: 0 });
    assert_eq!(pacer.period(), Duration::from_millis(204));
    for _ in 0..2 {
        sleep(SECOND).await;
        pacer.heard(&depart(&pacer).await, used_up);
    }
    assert!(pacer.period() > Duration::from_millis(280));
}

#[tokio::test(start_paused = true)]
async fn rehearsals_do_not_wait_but_obey_pauses() {
    let pacer = pacer(1000.0);
    let from = Instant::now();
    departures(&pacer, 5000).await;
    assert_eq!(Instant::now(), from);
    pacer.pause(SECOND, "asked");
    depart(&pacer).await;
    assert_eq!(Instant::now(), from + SECOND);
}
