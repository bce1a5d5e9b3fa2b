use crate::activecampaign::rate_limiter::{
    RateLimitHeaders, RateLimiter, SendEvent, SendObserver, SentAt,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn rate_limiter(rate: f64) -> RateLimiter {
    RateLimiter::new(rate, None, Box::new(|_| {}))
}

async fn depart(rate_limiter: &RateLimiter) -> SentAt {
    let mut permit = rate_limiter.permit().await;
    permit.wait().await;
    permit.consume()
}

async fn departures(rate_limiter: &RateLimiter, count: usize) -> Vec<Instant> {
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(depart(rate_limiter).await.at);
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
    let rate_limiter = Arc::new(rate_limiter(5.0));
    let all = Arc::new(Mutex::new(Vec::new()));
    let workers = (0..8_u64).map(|worker| {
        let (rate_limiter, all) = (Arc::clone(&rate_limiter), Arc::clone(&all));
        tokio::spawn(async move {
            for step in 0..125 {
                let mut permit = rate_limiter.permit().await;
                // Durable work of varying length at the head of the queue.
                sleep(Duration::from_millis((worker * 7 + step * 3) % 40)).await;
                permit.wait().await;
                let sent = permit.consume();
                all.lock().unwrap().push(sent.at);
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
    let utilisation = rate_limiter.stats().utilisation.unwrap();
    assert!((0.975..1.0).contains(&utilisation), "{utilisation}");
}

#[tokio::test(start_paused = true)]
async fn the_first_sends_are_spaced_wider_and_again_after_a_long_pause() {
    let rate_limiter = rate_limiter(5.0);
    let wide = |gap: &Duration| *gap >= Duration::from_millis(222);
    let start = gaps(&departures(&rate_limiter, 12).await);
    assert!(start[..7].iter().all(wide) && !start[8..].iter().any(wide), "{start:?}");

    rate_limiter.pause(Duration::from_millis(1500), "a short one");
    assert!(!gaps(&departures(&rate_limiter, 4).await).iter().any(wide));
    rate_limiter.pause(Duration::from_secs(3), "a long one");
    assert!(gaps(&departures(&rate_limiter, 7).await).iter().all(wide));
}

#[tokio::test(start_paused = true)]
async fn a_late_turn_is_not_caught_up_with() {
    let rate_limiter = rate_limiter(5.0);
    let mut all = departures(&rate_limiter, 20).await;
    let mut slow = rate_limiter.permit().await;
    sleep(Duration::from_secs(5)).await;
    slow.wait().await;
    all.push(slow.consume().at);
    all.extend(departures(&rate_limiter, 20).await);
    sleep(Duration::from_secs(60)).await;
    all.extend(departures(&rate_limiter, 20).await);
    // Shorter than a period by the lateness of a timer, and no more.
    assert!(gaps(&all).iter().all(|gap| *gap >= Duration::from_millis(201)), "{:?}", gaps(&all));
    assert_never_six_in_a_second(&all);
}

#[tokio::test(start_paused = true)]
async fn turns_are_first_in_first_out() {
    let rate_limiter = Arc::new(rate_limiter(5.0));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut workers = Vec::new();
    for worker in 0..20 {
        let (rate_limiter, order) = (Arc::clone(&rate_limiter), Arc::clone(&order));
        workers.push(tokio::spawn(async move {
            depart(&rate_limiter).await;
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
    let rate_limiter = rate_limiter(5.0);
    depart(&rate_limiter).await;
    sleep(SECOND).await;
    let asked_at = Instant::now();
    drop(rate_limiter.permit().await);
    assert_eq!(depart(&rate_limiter).await.at, asked_at);
    assert_eq!(rate_limiter.stats().sends, 2);
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_all_workers_even_the_holder_of_a_turn() {
    let rate_limiter = rate_limiter(5.0);
    let sent = depart(&rate_limiter).await;
    let mut holder = rate_limiter.permit().await;
    rate_limiter.throttled(&sent, Some(Duration::from_secs(30)));
    let until = Instant::now() + Duration::from_secs(30);
    holder.wait().await;
    assert!(holder.consume().at >= until);
    // The permit is granted after the pause, so that no intent stays open during it.
    rate_limiter.pause(Duration::from_secs(10), "again");
    let permit = rate_limiter.permit().await;
    assert!(Instant::now() >= until + Duration::from_secs(10));
    drop(permit);
    assert_eq!(rate_limiter.stats().paused, Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn pauses_without_a_word_from_the_target_double_until_it_answers() {
    let rate_limiter = rate_limiter(5.0);
    let mut waits = Vec::new();
    for _ in 0..9 {
        let sent = depart(&rate_limiter).await;
        advance(Duration::from_millis(100)).await;
        rate_limiter.throttled(&sent, None);
        let from = Instant::now();
        drop(rate_limiter.permit().await);
        waits.push((Instant::now() - from).as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    rate_limiter.accepted();
    let sent = depart(&rate_limiter).await;
    rate_limiter.throttled(&sent, None);
    let from = Instant::now();
    drop(rate_limiter.permit().await);
    assert_eq!((Instant::now() - from).as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_of_429_to_requests_in_flight_together_are_one_event() {
    let rate_limiter = rate_limiter(5.0);
    departures(&rate_limiter, 20).await;
    let in_flight =
        [depart(&rate_limiter).await, depart(&rate_limiter).await, depart(&rate_limiter).await];
    advance(Duration::from_millis(300)).await;
    for sent in &in_flight {
        rate_limiter.throttled(sent, None);
    }
    assert_eq!(rate_limiter.stats().paused, SECOND);
    assert_eq!(rate_limiter.period(), Duration::from_millis(212), "the margin was widened once");
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_its_distance_from_the_last_send() {
    let first = |rate: f64, last_send_at: Option<SystemTime>| async move {
        let from = Instant::now();
        let rate_limiter = RateLimiter::new(rate, last_send_at, Box::new(|_| {}));
        depart(&rate_limiter).await.at - from
    };
    let now = SystemTime::now();
    assert_eq!(first(5.0, None).await, Duration::ZERO);
    assert_eq!(first(5.0, Some(now - SECOND)).await, Duration::ZERO);
    // The machine's clock keeps running, and the time that passes on it is subtracted from the
    // spacing.
    let at = SystemTime::now();
    let distance = first(5.0, Some(at)).await;
    assert!(distance + at.elapsed().unwrap() >= Duration::from_millis(224), "{distance:?}");
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    assert!(first(5.0, Some(ahead)).await >= Duration::from_millis(224));
    assert!(first(0.1, Some(ahead)).await <= SECOND + Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn each_departure_is_reported() {
    let output = Arc::new(Mutex::new(0));
    let count = Arc::clone(&output);
    let log: SendObserver = Box::new(move |note| {
        assert!(matches!(note, SendEvent::Sent(_)));
        *count.lock().unwrap() += 1;
    });
    let rate_limiter = RateLimiter::new(5.0, None, log);
    drop(rate_limiter.permit().await);
    assert_eq!(*output.lock().unwrap(), 0);
    departures(&rate_limiter, 3).await;
    assert_eq!(*output.lock().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_budget_used_up_by_others_slows_us_and_our_own_use_does_not() {
    let rate_limiter = rate_limiter(5.0);
    let used_up = RateLimitHeaders { limit: 5, remaining: 0 };
    departures(&rate_limiter, 20).await;
    for _ in 0..20 {
        rate_limiter.observe(&depart(&rate_limiter).await, used_up);
    }
    assert_eq!(rate_limiter.period(), Duration::from_millis(204));
    // A limit of another window says nothing.
    rate_limiter
        .observe(&depart(&rate_limiter).await, RateLimitHeaders { limit: 300, remaining: 0 });
    rate_limiter
        .observe(&depart(&rate_limiter).await, RateLimitHeaders { limit: 300, remaining: 0 });
    assert_eq!(rate_limiter.period(), Duration::from_millis(204));
    for _ in 0..2 {
        sleep(SECOND).await;
        rate_limiter.observe(&depart(&rate_limiter).await, used_up);
    }
    assert!(rate_limiter.period() > Duration::from_millis(280));
}

#[tokio::test(start_paused = true)]
async fn rehearsals_do_not_wait_but_obey_pauses() {
    let rate_limiter = rate_limiter(1000.0);
    let from = Instant::now();
    departures(&rate_limiter, 5000).await;
    assert_eq!(Instant::now(), from);
    rate_limiter.pause(SECOND, "asked");
    depart(&rate_limiter).await;
    assert_eq!(Instant::now(), from + SECOND);
}
