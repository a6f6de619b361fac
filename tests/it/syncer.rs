//! The terminal's side of sync under any order of events.

use countersign::domain::{
    id::CampaignId,
    sync::{Exchange, Input, ListName, Syncer, Wanted},
};
use proptest::{collection::vec, prelude::*, sample::select};

/// Longest time from a failure to the next attempt: a minute, and a quarter of it as spread.
const RETRY_MAX_MS: u64 = 75_000;

/// Shortest time from a failure to the next attempt.
const RETRY_MIN_MS: u64 = 1_000;

#[derive(Clone, Debug)]
enum Event {
    Unsent,
    Now,
    Switch(bool),
    PushAnswered { more: bool },
    PushFails { jitter: u32 },
    DownAnswered { parts: usize },
    DownFails { jitter: u32 },
    Forked,
    Wait(u64),
}

/// A driver that keeps to the rules: it answers only what is in flight.
struct Driver {
    syncer: Syncer,
    now: u64,
    enabled: bool,
    forked: bool,
    push: bool,
    down: Option<Exchange>,
    log: Vec<(u64, Exchange)>,
}

impl Driver {
    fn new() -> Self {
        let mut driver = Self {
            syncer: Syncer::new(1),
            now: 1,
            enabled: true,
            forked: false,
            push: false,
            down: None,
            log: Vec::new(),
        };
        driver.poll();
        driver
    }

    fn handle(&mut self, event: &Event) {
        match event {
            Event::Unsent => self.syncer.handle(Input::Unsent, self.now),
            Event::Now => self.syncer.handle(Input::Now, self.now),
            Event::Switch(on) => {
                self.enabled = *on;
                self.syncer.handle(Input::Switch(*on), self.now);
            }
            Event::PushAnswered { more } if self.push => {
                self.push = false;
                self.syncer.handle(Input::Pushed { more: *more }, self.now);
            }
            Event::PushFails { jitter } if self.push => {
                self.push = false;
                self.fail(Exchange::Push, *jitter);
            }
            Event::Forked if self.push => {
                (self.push, self.forked) = (false, true);
                self.syncer.handle(Input::Forked, self.now);
            }
            Event::DownAnswered { parts } if self.down.take().is_some() => {
                let wanted = vec![wanted(); *parts];
                self.syncer.handle(Input::Pulled { wanted }, self.now);
            }
            Event::DownFails { jitter } => {
                if let Some(exchange) = self.down.take() {
                    self.fail(exchange, *jitter);
                }
            }
            Event::Wait(ms) => self.now += ms,
            Event::PushAnswered { .. }
            | Event::PushFails { .. }
            | Event::Forked
            | Event::DownAnswered { .. } => {}
        }
        self.poll();
    }

    fn fail(&mut self, exchange: Exchange, jitter: u32) {
        self.syncer.handle(Input::Failed { exchange, jitter }, self.now);
    }

    /// Starts all that is due, and checks that it may be.
    fn poll(&mut self) {
        while let Some(exchange) = self.syncer.poll_output(self.now) {
            assert!(self.enabled, "{exchange:?} while switched off");
            match &exchange {
                Exchange::Push => {
                    assert!(!self.push, "two pushes in flight");
                    assert!(!self.forked, "a push after a fork");
                    self.push = true;
                }
                Exchange::Pull | Exchange::Chunks(_) => {
                    assert!(self.down.is_none(), "two pulls in flight");
                    self.down = Some(exchange.clone());
                }
            }
            self.log.push((self.now, exchange));
        }
        let next = self.syncer.poll_timeout();
        assert!(next.is_none_or(|next| next > self.now), "due and not started");
        assert!(next.is_none() || self.enabled, "a time to wake up while switched off");
    }

    fn downs(&self) -> Vec<(u64, Exchange)> {
        let downs = self.log.iter().filter(|(_, exchange)| *exchange != Exchange::Push);
        downs.cloned().collect()
    }

    fn pushes(&self) -> Vec<u64> {
        let pushes = self.log.iter().filter(|(_, exchange)| *exchange == Exchange::Push);
        pushes.map(|(at, _)| *at).collect()
    }
}

proptest! {
    #[test]
    fn nothing_is_sent_out_of_turn(events in vec(event(), 0..80)) {
        let mut driver = Driver::new();
        for event in &events {
            driver.handle(event);
        }
    }

    /// The same events without those of the push: every pull starts at the same moment.
    #[test]
    fn pushes_neither_delay_nor_hasten_pulls(events in vec(event(), 0..80)) {
        let (mut both, mut down) = (Driver::new(), Driver::new());
        for event in &events {
            both.handle(event);
            let up = matches!(
                event,
                Event::Unsent | Event::PushAnswered { .. } | Event::PushFails { .. } | Event::Forked
            );
            if !up {
                down.handle(event);
            }
        }
        prop_assert_eq!(both.downs(), down.downs());
    }

    #[test]
    fn pulls_neither_delay_nor_hasten_pushes(events in vec(event(), 0..80)) {
        let (mut both, mut up) = (Driver::new(), Driver::new());
        for event in &events {
            both.handle(event);
            if !matches!(event, Event::DownAnswered { .. } | Event::DownFails { .. }) {
                up.handle(event);
            }
        }
        prop_assert_eq!(both.pushes(), up.pushes());
    }

    #[test]
    fn retries_back_off_and_never_give_up(jitters in vec(any::<u32>(), 1..40)) {
        let mut driver = Driver::new();
        driver.handle(&Event::Unsent);
        let mut shortest = RETRY_MIN_MS;
        for jitter in jitters {
            let failed_at = driver.now;
            driver.handle(&Event::PushFails { jitter });
            driver.handle(&Event::Unsent);
            while !driver.push {
                driver.now = driver.syncer.poll_timeout().unwrap();
                driver.poll();
                if driver.down.is_some() {
                    driver.handle(&Event::DownAnswered { parts: 0 });
                }
            }
            let waited = driver.now - failed_at;
            prop_assert!((shortest..=RETRY_MAX_MS).contains(&waited), "{waited} ms");
            prop_assert!(waited <= shortest * 5 / 4, "{waited} ms");
            shortest = (shortest * 2).min(60_000);
        }
        driver.handle(&Event::PushAnswered { more: false });
        driver.handle(&Event::Unsent);
        prop_assert!(driver.push, "after a success the next push waits for nothing");
    }

    #[test]
    fn the_time_to_wake_up_is_when_something_is_due(events in vec(event(), 0..100)) {
        let mut driver = Driver::new();
        for event in &events {
            driver.handle(event);
        }
        if let Some(next) = driver.syncer.poll_timeout() {
            let mut early = driver.syncer.clone();
            prop_assert_eq!(early.poll_output(next - 1), None);
            prop_assert!(driver.syncer.poll_output(next).is_some());
        }
    }
}

#[test]
fn all_parts_of_a_list_are_fetched_before_the_next_pull() {
    let mut driver = Driver::new();
    assert_eq!(driver.down, Some(Exchange::Pull));
    driver.handle(&Event::DownAnswered { parts: 1 });
    assert_eq!(driver.down, Some(Exchange::Chunks(wanted())));
    driver.handle(&Event::DownAnswered { parts: 0 });
    assert_eq!(driver.down, None);
    driver.handle(&Event::Wait(59_999));
    assert_eq!(driver.down, None);
    driver.handle(&Event::Wait(1));
    assert_eq!(driver.down, Some(Exchange::Pull));
}

fn wanted() -> Wanted {
    Wanted {
        list: ListName { issuer: "demo".parse().unwrap(), campaign: CampaignId(7) },
        numbers: vec![0, 1],
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Unsent),
        1 => Just(Event::Now),
        1 => any::<bool>().prop_map(Event::Switch),
        3 => any::<bool>().prop_map(|more| Event::PushAnswered { more }),
        3 => any::<u32>().prop_map(|jitter| Event::PushFails { jitter }),
        3 => (0..3_usize).prop_map(|parts| Event::DownAnswered { parts }),
        2 => any::<u32>().prop_map(|jitter| Event::DownFails { jitter }),
        1 => prop::bool::weighted(0.2).prop_map(|yes| if yes { Event::Forked } else { Event::Unsent }),
        4 => select(vec![0, 1, 500, 1_000, 10_000, 60_000, 100_000]).prop_map(Event::Wait),
    ]
}
