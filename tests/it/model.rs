//! One terminal, one voucher, any sequence of scans, roll backs, answers of the platform and clocks: whatever happens, the voucher
//! is never consumed beyond its uses, its balance or its pieces.

use countersign::domain::{
    redeem::{
        Facts, Limits, ListFact, OfflineMode, Part, PlatformFact, PlatformRefusal, Policy, Request,
        RollBack, Taken, Verdict, decide, decide_roll_back,
    },
    scan::EntryMethod,
    time::Timestamp,
    trust::Status,
    voucher::{Kind, Limit, Lines, Terms, Used, Voucher},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    case_facts::refusal,
    case_policy::findings,
    cases::terms,
    rule_facts::ordinary,
    world::{self, NOON},
};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    /// The voucher is shown.
    Scan { request: Box<Request>, network: Network },
    /// A redemption is taken back, wholly or in part.
    RollBack { which: usize, part: Part, approved: bool },
    /// Another terminal, which the platform asked for, consumes as much as is free.
    Elsewhere(u16),
    /// The platform hears of all that was done here.
    Push,
    /// More is loaded onto a balance.
    TopUp(i64),
    /// Time passes, or somebody sets the clock.
    Clock(i64),
    /// A list of this moment arrives.
    List,
}

/// What becomes of a question to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Silent,
    Grants,
    Refuses(PlatformRefusal),
}

/// A redemption with what was given back of it.
struct Act {
    at: Timestamp,
    used: Used,
    returned: Used,
}

/// The terminal, and the truth that no terminal knows.
struct World {
    voucher: Voucher,
    policy: Policy,
    facts: Facts,
    now: Timestamp,
    acts: Vec<Act>,
    /// What the platform has of this terminal.
    pushed: Used,
    elsewhere: Used,
    limit: Limit,
    cycles: u32,
}

impl World {
    fn new(terms: Terms, policy: Policy) -> Self {
        let limit = terms.limit();
        let mut claims = world::claims(terms);
        claims.customer = Some("anna".parse().unwrap());
        let voucher = world::voucher(&claims, &world::published_key());
        let (acts, pushed, elsewhere) = (Vec::new(), Used::default(), Used::default());
        let facts = ordinary(NOON);
        Self { voucher, policy, facts, now: NOON, acts, pushed, elsewhere, limit, cycles: 0 }
    }

    fn happens(&mut self, event: &Event) {
        match event {
            Event::Scan { request, network } => self.scan(request, *network),
            Event::RollBack { which, part, approved } => self.roll_back(*which, *part, *approved),
            Event::Elsewhere(uses) => self.consume_elsewhere(*uses),
            Event::Push => self.pushed = self.here(),
            Event::TopUp(more) => {
                if let Limit::Balance(balance) = &mut self.limit {
                    *balance += more;
                }
            }
            Event::Clock(seconds) => self.now = self.now.plus(*seconds),
            Event::List => self.take_list(),
        }
    }

    /// What this terminal consumed, less what it gave back.
    fn here(&self) -> Used {
        let kept = self.acts.iter().map(|act| act.used.minus(act.returned));
        kept.fold(Used::default(), Used::plus)
    }

    fn scan(&mut self, request: &Request, network: Network) {
        self.facts.used_here = self.here();
        self.facts.platform = PlatformFact::NotAsked;
        let mut decision = self.decide(request);
        if decision == Verdict::AskPlatform {
            self.facts.platform = self.answer(network);
            decision = self.decide(request);
        }
        if let PlatformFact::Granted { limit: Some(heard), .. } = self.facts.platform {
            self.facts.known_limit = Some(heard);
        }
        let Verdict::Accepted(redemption) = decision else { return };
        let at = self.now.max(self.facts.time_floor);
        self.facts.time_floor = at;
        self.acts.push(Act { at, used: redemption.used, returned: Used::default() });
        if network == Network::Grants {
            self.pushed = self.here();
        }
    }

    fn decide(&self, request: &Request) -> Verdict {
        decide(&self.voucher, request, &self.facts, &self.policy, self.now).verdict
    }

    /// What the platform says, which counts on the terminal for what is here.
    fn answer(&self, network: Network) -> PlatformFact {
        let used_elsewhere = self.elsewhere;
        let topped_up = self.limit != self.voucher.claims().terms.limit();
        match network {
            Network::Silent => PlatformFact::Silent,
            Network::Grants => {
                PlatformFact::Granted { used_elsewhere, limit: topped_up.then_some(self.limit) }
            }
            Network::Refuses(reason) => {
                PlatformFact::Refused { reason, used_elsewhere, last: None }
            }
        }
    }

    fn roll_back(&mut self, which: usize, part: Part, approved: bool) {
        let count = self.acts.len();
        let (cycles, kind) = (self.cycles, self.voucher.claims().terms.kind());
        let values = values(&self.voucher.claims().terms);
        let time = self.now.max(self.facts.time_floor);
        let Some(act) = self.acts.get_mut(which.checked_rem(count).unwrap_or(0)) else { return };
        let window_s = self.policy.rules.rollback_s;
        let (at, used, returned) = (act.at, act.used, act.returned);
        let taken = Taken { kind, at, used, returned, values, cycles, window_s };
        if let RollBack::Allowed(given) = decide_roll_back(&taken, part, approved, time) {
            act.returned = act.returned.plus(given);
            assert!(act.returned.is_within(act.used), "{given:?} of {taken:?}");
            self.cycles += 1;
            self.facts.rolled_back_at = Some(time);
            self.facts.time_floor = time;
        }
    }

    /// The other terminal is honest and asks; the platform counts what it knows of this one.
    fn consume_elsewhere(&mut self, uses: u16) {
        let minor = if self.voucher.claims().terms.kind() == Kind::StoredValue { 100 } else { 0 };
        let lines = match self.limit {
            Limit::Lines(all) => all.minus(self.here().lines).minus(self.elsewhere.lines),
            Limit::Uses(_) | Limit::Balance(_) => Lines::NONE,
        };
        let count = if lines == Lines::NONE { u32::from(uses) } else { lines.total() };
        let more = Used { uses: count, minor: minor * i64::from(uses), lines };
        let known = self.pushed.plus(self.elsewhere).plus(more);
        if !self.limit.is_exceeded_by(known) {
            self.elsewhere = self.elsewhere.plus(more);
        }
    }

    fn take_list(&mut self) {
        let used_up = self.limit.left_after(self.pushed.plus(self.elsewhere)) == 0;
        let status = if used_up { Status::Redeemed } else { Status::Valid };
        self.facts.list = ListFact::Known { status, as_of: self.now };
        self.facts.time_floor = self.facts.time_floor.max(self.now);
    }

    /// Never beyond what it is worth: by this terminal alone always, and with all others where the platform is always asked.
    fn check(&self) -> Result<(), TestCaseError> {
        let (here, heard) =
            (self.here(), self.voucher.claims().terms.limit().or_more(Some(self.limit)));
        prop_assert!(!heard.is_exceeded_by(here), "{here:?} of {heard:?}");
        prop_assert!(here.minor >= 0);
        if self.policy.mode == OfflineMode::Never {
            let all = here.plus(self.elsewhere);
            prop_assert!(!heard.is_exceeded_by(all), "{all:?} of {heard:?}");
        }
        Ok(())
    }
}

/// Minor units of a piece of each line.
fn values(terms: &Terms) -> Vec<i64> {
    if let Terms::PickUp { lines, .. } = terms {
        lines.iter().map(|line| line.value_each).collect()
    } else {
        Vec::new()
    }
}

fn event() -> impl Strategy<Value = Event> {
    let clock = prop_oneof![0..7200_i64, -100_000..100_000_i64];
    prop_oneof![
        8 => (request(), network()).prop_map(|(request, network)| Event::Scan {
            request: Box::new(request),
            network,
        }),
        4 => (any::<usize>(), part(), any::<bool>()).prop_map(|(which, part, approved)| {
            Event::RollBack { which, part, approved }
        }),
        2 => (1..4_u16).prop_map(Event::Elsewhere),
        2 => Just(Event::Push),
        1 => (1..5_000_i64).prop_map(Event::TopUp),
        1 => clock.prop_map(Event::Clock),
        1 => Just(Event::List),
    ]
}

fn network() -> impl Strategy<Value = Network> {
    prop_oneof![
        4 => Just(Network::Silent),
        6 => Just(Network::Grants),
        1 => refusal().prop_map(Network::Refuses),
    ]
}

/// Somebody who wants as much as there is, and now and then a little more.
fn request() -> impl Strategy<Value = Request> {
    let lines = vec(0..4_u16, 1..4).prop_map(|pieces| Lines::from_slice(&pieces));
    let amount = prop_oneof![1..3_000_i64, 1..12_000_i64];
    (option::of(1..5_u16), lines, amount, 1..20_000_i64).prop_map(|(uses, lines, amount, bill)| {
        Request {
            uses,
            lines,
            amount: Some(world::euro(amount)),
            bill: Some(world::euro(bill)),
            product: Some(true),
            confirmed: true,
            ..Request::plain(EntryMethod::Camera)
        }
    })
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        2 => Just(Part::All),
        2 => (0..4_u32).prop_map(Part::Uses),
        2 => (-5..4_000_i64).prop_map(Part::Amount),
        2 => vec(0..3_u16, 1..4).prop_map(|pieces| {
            Part::Lines(Lines::from_slice(&pieces).unwrap())
        }),
    ]
}

/// Modes that accept something, with the standard table or any other.
fn policy() -> impl Strategy<Value = Policy> {
    use OfflineMode as M;
    let mode = select(vec![M::Never, M::Always, M::Always, M::Limited]);
    let approve = option::weighted(0.3, (findings(), findings()));
    (mode, approve).prop_map(|(mode, sets)| {
        let mut policy = Policy::standard(mode, Limits::default());
        if let (Some((waived, approve)), true) = (sets, mode != M::Never) {
            policy.deny = policy.deny.minus(waived);
            policy.ask = policy.ask.minus(waived);
            policy.deny_unasked = policy.deny_unasked.minus(waived);
            policy.approve = approve;
        }
        policy
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_sequence_of_events_consumes_more_than_there_is(
        terms in terms(),
        policy in policy(),
        events in vec(event(), 1..40),
    ) {
        let mut world = World::new(terms, policy);
        for event in &events {
            world.happens(event);
            world.check()?;
        }
    }
}

/// The model is worth its time only where things happen in it.
#[test]
fn enough_is_consumed_and_given_back() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut returned, mut full) = (0, 0, 0);
    for _ in 0..200 {
        let all = (terms(), policy(), vec(event(), 40)).new_tree(&mut runner).unwrap();
        let (terms, policy, events) = all.current();
        let mut world = World::new(terms, policy);
        for event in &events {
            world.happens(event);
        }
        accepted += world.acts.len();
        returned += world.acts.iter().filter(|act| !act.returned.is_nothing()).count();
        full += usize::from(world.limit.left_after(world.here().plus(world.elsewhere)) == 0);
    }
    assert!(accepted > 300 && returned > 60 && full > 60, "{accepted} {returned} {full}");
}
