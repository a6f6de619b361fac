//! What a terminal makes of the time while its clock is set forth and back at will, beside a true time it never sees.

use countersign::domain::{
    clock::{Now, TimeSense},
    redeem::{Facts, Finding, Limits, OfflineMode, PlatformFact, Policy, Request, Verdict, decide},
    scan::EntryMethod,
    time::Timestamp,
    voucher::{Terms, Voucher},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    rule_facts::ordinary,
    world::{self, NOON},
};

const DAY: i64 = 86_400;

/// Seconds of doubt that are left when the platform was heard a moment ago: two minutes of tolerance, half of the longest
/// way there and back, and rounding.
const DOUBT: i64 = 120 + 30 + 3;

/// How long an answer of the platform tells the time.
const FRESH: i64 = 15 * 60;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Time passes, with the program running.
    Pass(i64),
    /// Somebody sets the clock so far ahead of the true time, or behind.
    Set(i64),
    /// The platform answers after so many seconds there, and as many back.
    Hear(i64),
    /// An entry is written.
    Write,
    /// The program ends, and starts again later.
    Restart(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let jump = select(vec![
        0,
        1,
        -1,
        60,
        -60,
        119,
        121,
        -121,
        299,
        -299,
        301,
        -301,
        3600,
        -3600,
        DAY,
        -DAY,
        20 * DAY,
        -20 * DAY,
        400 * DAY,
        -400 * DAY,
    ]);
    prop_oneof![
        3 => select(vec![1, 30, 600, FRESH + 1, 3 * 3600, 5 * DAY]).prop_map(Step::Pass),
        3 => jump.prop_map(Step::Set),
        2 => (0..35_i64).prop_map(Step::Hear),
        2 => Just(Step::Write),
        1 => select(vec![0, 60, DAY]).prop_map(Step::Restart),
    ]
}

/// A terminal's sense of time, and what really happens around it.
struct World {
    truth: i64,
    ahead: i64,
    millis: u64,
    sense: TimeSense,
    /// When the platform was heard in this run, in time for it to count.
    heard: Option<i64>,
    voucher: Voucher,
    policy: Policy,
    /// Whether this clock has shown a time at which the voucher is over, with nothing to say that it is not.
    was_over: bool,
}

impl World {
    fn new() -> Self {
        let terms = Terms::PrepaidDeal { value: world::euro(1_250) };
        let voucher = world::voucher(&world::claims(terms), &world::published_key());
        // A policy that denies nothing by itself: what holds, holds by the time alone.
        let mut policy = Policy::standard(OfflineMode::Always, Limits::default());
        (policy.deny, policy.ask) = Default::default();
        policy.deny_unasked = policy.deny;
        let (sense, voucher) = (TimeSense::new(Default::default()), voucher);
        let truth = NOON.0;
        let (heard, was_over) = (None, false);
        let mut world =
            Self { truth, ahead: 0, millis: 5, sense, heard, voucher, policy, was_over };
        world.observe();
        world
    }

    fn now(&self) -> Now {
        Now { time: Timestamp(self.truth + self.ahead), millis: self.millis }
    }

    fn observe(&mut self) {
        self.sense.observe(self.now());
    }

    fn pass(&mut self, seconds: i64) {
        self.truth += seconds;
        self.millis += u64::try_from(seconds).unwrap() * 1000;
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Pass(seconds) => self.pass(seconds),
            Step::Set(ahead) => self.ahead = ahead,
            Step::Hear(half) => self.hear(half),
            Step::Write => {
                let at = self.now().time;
                self.sense.wrote(at, self.sense.next_floor(at));
            }
            Step::Restart(off) => {
                self.truth += off;
                self.millis = 9_000;
                self.sense = TimeSense::new(self.sense.remembered());
                (self.heard, self.was_over) = (None, false);
            }
        }
        self.observe();
    }

    fn hear(&mut self, half: i64) {
        let sent = self.millis;
        self.pass(half);
        let platform = Timestamp(self.truth);
        self.pass(half);
        self.sense.hear(platform, sent, self.now());
        self.was_over = false;
        if half <= 30 {
            self.heard = Some(self.truth);
        }
    }

    fn is_fresh(&self) -> bool {
        self.heard.is_some_and(|heard| self.truth - heard < FRESH - 1)
    }

    fn verdict(&self) -> Verdict {
        let now = self.now().time;
        let facts = Facts {
            platform: PlatformFact::Silent,
            time_floor: self.sense.floor(),
            time_sure: self.sense.sure(),
            time_told: self.sense.told(),
            ..ordinary(now)
        };
        let request = Request::plain(EntryMethod::Program);
        decide(&self.voucher, &request, &facts, &self.policy, now).verdict
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let claims = self.voucher.claims();
        let (from, until) = (claims.from.0, claims.until.0);
        prop_assert!(self.sense.sure().0 <= self.truth + 1, "more is sure than is true");
        let verdict = self.verdict();
        let accepted = matches!(verdict, Verdict::Accepted(_));
        if self.is_fresh() {
            let (truth, wrongly) = (self.truth, "although the platform was just heard");
            let holds = from - DOUBT <= truth && truth < until + DOUBT;
            prop_assert!(!accepted || holds, "accepted {wrongly}");
            let expired = verdict == Verdict::Refused(Finding::Expired);
            prop_assert!(!expired || truth >= until - DOUBT, "expired {wrongly}");
            let early = verdict == Verdict::Refused(Finding::NotYetValid);
            prop_assert!(!early || truth < from + DOUBT, "not yet valid {wrongly}");
        }
        prop_assert!(!accepted || !self.was_over, "a clock set back brought it back");
        self.was_over |= !self.is_fresh() && self.now().time.0 >= until;
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_jump_of_the_clock_makes_a_voucher_valid_or_void(steps in vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.check()?;
        }
    }

    #[test]
    fn the_time_floor_of_a_journal_never_falls(steps in vec(step(), 1..40)) {
        let mut world = World::new();
        let mut last = Timestamp(0);
        for step in steps {
            let at = world.now().time;
            let floor = world.sense.next_floor(at);
            prop_assert!(floor >= at);
            if matches!(step, Step::Write) {
                prop_assert!(floor >= last);
                last = floor;
            }
            world.take(step);
        }
    }

    #[test]
    fn a_clock_that_is_right_is_never_suspect(steps in vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            if !matches!(step, Step::Set(_)) {
                world.take(step);
            }
            prop_assert_eq!(world.sense.trouble(), None);
            let valid = world.truth < world.voucher.claims().until.0;
            prop_assert_eq!(matches!(world.verdict(), Verdict::Accepted(_)), valid);
        }
    }
}
