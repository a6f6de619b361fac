//! The engine as a counter drives it: scans, questions, answers that come late or out of turn, undo, and threads.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use countersign::{
    console::random,
    domain::{
        id::BranchId,
        journal::Body,
        money::{Currency, Money},
        redeem::OfflineMode,
        scan::{EntryMethod, ScanFailure},
        trust::chunk_of,
        voucher::{PercentOff, Terms},
    },
    net::{Transport, TransportError},
    platform::service::VoucherName,
    terminal::{
        clock::{Clock as _, SystemClock},
        command::{Command, UndoReason},
        engine::{Call, Engine, Event, Lane},
        runtime::{Runtime, SYNC_PATH},
        view::{ScanView, VerdictState, View},
    },
};

use crate::stage::{Stage, Till};

/// An engine whose calls are carried when the test says so.
pub(crate) struct Counter<'a> {
    pub(crate) stage: &'a Stage,
    till: Till<'a>,
    pub(crate) engine: Engine,
}

impl<'a> Counter<'a> {
    pub(crate) fn open(stage: &'a Stage) -> Self {
        Self::named(stage, "a", stage.branches[0])
    }

    pub(crate) fn named(stage: &'a Stage, name: &str, branch: BranchId) -> Self {
        let till = stage.terminal(name, branch);
        assert!(till.sync());
        let engine = Engine::open(&stage.dir(name), random, stage.clock.now()).unwrap();
        let mut counter = Self { stage, till, engine };
        counter.tick(0);
        counter.settle();
        counter
    }

    /// Ends the program and starts it again.
    pub(crate) fn restart(self) -> Self {
        let Self { stage, till, engine } = self;
        let folder = stage.dir("a");
        drop(engine);
        let engine = Engine::open(&folder, random, stage.clock.now()).unwrap();
        Self { stage, till, engine }
    }

    pub(crate) fn send(&mut self, command: Command) {
        self.engine.handle(Event::Command(command), self.stage.clock.now());
    }

    pub(crate) fn scan(&mut self, text: &str) {
        self.send(Command::Scan { text: text.to_owned(), method: EntryMethod::Camera });
    }

    pub(crate) fn tick(&mut self, seconds: u32) {
        self.stage.clock.advance(seconds);
        self.engine.handle(Event::Tick, self.stage.clock.now());
    }

    fn calls(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.engine.poll_call()).collect()
    }

    fn answer(&mut self, call: Call) {
        let result = self.till.wire.call(SYNC_PATH, call.body, Duration::ZERO);
        self.engine.handle(Event::Answered { nonce: call.nonce, result }, self.stage.clock.now());
    }

    /// Carries everything until nothing is left to carry.
    pub(crate) fn settle(&mut self) {
        loop {
            let calls = self.calls();
            if calls.is_empty() {
                return;
            }
            for call in calls {
                self.answer(call);
            }
        }
    }

    /// Presses undo on what the screen last named.
    fn undo(&mut self, entry: u64) {
        self.send(Command::Undo { entry, reason: UndoReason::WrongScan });
    }

    pub(crate) fn online(&mut self) {
        self.send(Command::SetNetwork(true));
        self.settle();
        self.tick(1);
        self.settle();
    }

    pub(crate) fn offline(&mut self) {
        self.send(Command::SetNetwork(false));
        self.calls();
    }

    pub(crate) fn view(&self) -> View {
        self.engine.view(self.stage.clock.now())
    }

    pub(crate) fn state(&self) -> Option<VerdictState> {
        match self.view().scan {
            ScanView::Verdict(verdict) => Some(verdict.state),
            ScanView::Ready | ScanView::Asking | ScanView::Question(_) | ScanView::Bill(_) => None,
        }
    }

    pub(crate) fn entries(&self) -> u64 {
        self.engine.store().unwrap().head().seq.0
    }
}

fn coupon() -> Terms {
    let currency = Currency::EUR;
    Terms::PercentOff(PercentOff { basis_points: 1_000, cap: 0, minimum_spend: 0, currency })
}

#[test]
fn the_platform_is_asked_and_the_next_entry_says_how_it_ended() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    // A new bundle is on its way when the voucher is scanned.
    stage.platform.create_branch(stage.merchant, "Airport", "UTC").unwrap();
    counter.send(Command::SyncNow);
    let before = counter.entries();
    let pulls = counter.calls();
    counter.scan(&voucher.text);
    assert_eq!(counter.view().scan, ScanView::Asking);
    let asks = counter.calls();
    assert_eq!(asks.iter().map(|call| call.lane).collect::<Vec<_>>(), [Lane::Ask]);
    for call in pulls {
        counter.answer(call);
    }
    assert_eq!(counter.entries(), before, "nothing is written while a claim is out");
    for call in asks {
        counter.answer(call);
    }
    assert_eq!(counter.state(), Some(VerdictState::Accepted));
    counter.settle();
    let mut bodies = Vec::new();
    let store = counter.engine.store().unwrap();
    store.verify_journal(|signed| bodies.push(signed.entry.body.clone())).unwrap();
    let after = &bodies[usize::try_from(before).unwrap()..];
    assert!(matches!(after, [Body::Redeemed(_), Body::BundleTaken { .. }]), "{after:?}");
}

#[test]
fn a_platform_that_does_not_answer_in_time_is_gone_on_without_and_its_late_answer_ignored() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let mut counter = Counter::open(&stage);
    counter.scan(&vouchers[0].text);
    let asked = counter.calls();
    counter.tick(1);
    assert_eq!(counter.state(), Some(VerdictState::Accepted), "within the limits without it");
    let entries = counter.entries();
    for call in asked {
        counter.answer(call);
    }
    assert_eq!(counter.entries(), entries);
    // For a while nobody waits for it again.
    counter.scan(&vouchers[1].text);
    assert_eq!(counter.state(), Some(VerdictState::Accepted), "{:?}", counter.view().scan);
    assert!(counter.calls().iter().all(|call| call.lane == Lane::Sync));
}

#[test]
fn a_scan_during_a_question_waits_for_its_turn() {
    let stage = Stage::new();
    let (coupon, deal) =
        (stage.issue(&coupon(), 1).remove(0), stage.issue(&Stage::deal(), 1).remove(0));
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&coupon.text);
    counter.scan(&deal.text);
    let ScanView::Question(question) = counter.view().scan else { panic!("no question") };
    assert!(question.held);
    counter.send(Command::Answer("nonsense".to_owned()));
    let ScanView::Question(question) = counter.view().scan else { panic!("no question") };
    assert_eq!(question.problem.as_deref(), Some("not an amount; type it like 12.50"));
    counter.send(Command::Answer("42.00".to_owned()));
    let ScanView::Verdict(verdict) = counter.view().scan else { panic!("no verdict") };
    assert_eq!(verdict.amount.as_deref(), Some("€4.20 off"));
    assert_eq!(verdict.due.as_deref(), Some("To pay: €37.80"));
    assert!(verdict.held);
    counter.send(Command::Dismiss);
    let ScanView::Verdict(verdict) = counter.view().scan else { panic!("no verdict") };
    assert_eq!(verdict.amount.as_deref(), Some("€24.90"), "the one that waited");
}

#[test]
fn nothing_takes_the_place_of_a_question_or_of_a_claim() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let coupon = stage.issue(&coupon(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    counter.scan(&vouchers[0].text);
    counter.settle();
    let entries = counter.entries();
    counter.scan(&vouchers[1].text);
    assert!(counter.view().undo.is_none(), "not while the platform is asked");
    counter.undo(entries);
    counter.send(Command::ScanFailed { why: ScanFailure::Unreadable, method: EntryMethod::Serial });
    assert_eq!((counter.view().scan, counter.entries()), (ScanView::Asking, entries));
    counter.settle();
    assert_eq!(counter.entries(), entries + 1);
    counter.scan(&coupon.text);
    counter.send(Command::ScanFailed { why: ScanFailure::Unreadable, method: EntryMethod::Serial });
    assert!(matches!(counter.view().scan, ScanView::Question(_)));
}

#[test]
fn a_memory_that_is_emptied_is_told_once_its_first_code_was_seen() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let mut counter = Counter::open(&stage);
    let replayed =
        || Command::ScanFailed { why: ScanFailure::Replayed, method: EntryMethod::Serial };
    counter.scan(&vouchers[0].text);
    counter.send(replayed());
    assert_eq!(counter.view().scan, ScanView::Asking);
    counter.settle();
    let ScanView::Verdict(first) = counter.view().scan else { panic!("no verdict") };
    assert_eq!(first.state, VerdictState::Accepted);
    counter.send(Command::Dismiss);
    let ScanView::Verdict(warning) = counter.view().scan else { panic!("no warning") };
    assert_eq!(warning.state, VerdictState::NotAVoucher);
    assert!(warning.advice.as_ref().is_some_and(|advice| advice.contains("batch mode")));
    assert_eq!(warning.clears_after_ms, None, "it stays until somebody has seen it");
    counter.scan(&vouchers[1].text);
    counter.settle();
    let ScanView::Verdict(next) = counter.view().scan else { panic!("no verdict") };
    assert_eq!(next.state, VerdictState::Accepted);
    counter.send(Command::Dismiss);
    assert_eq!(counter.view().scan, ScanView::Ready, "it is said once");
}

#[test]
fn scans_that_wait_are_taken_in_their_order_without_a_key() {
    let stage = Stage::new();
    let coupon = stage.issue(&coupon(), 1).remove(0);
    let deals = stage.issue(&Stage::deal(), 2);
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&coupon.text);
    counter.scan(&deals[0].text);
    counter.scan(&deals[1].text);
    let before = counter.entries();
    counter.send(Command::Answer("10".to_owned()));
    for entries in 1..=3 {
        assert_eq!(counter.entries(), before + entries);
        assert_eq!(counter.state(), Some(VerdictState::Accepted));
        counter.tick(6);
    }
    assert_eq!(counter.view().scan, ScanView::Ready);
}

#[test]
fn a_reply_that_comes_during_a_look_up_waits_through_the_claim_that_follows() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    counter.send(Command::SyncNow);
    let pulls = counter.calls();
    let text = voucher.code.to_string();
    counter.send(Command::Scan { text, method: EntryMethod::Typed });
    let lookups = counter.calls();
    for call in pulls.into_iter().chain(lookups) {
        counter.answer(call);
    }
    assert_eq!(counter.view().scan, ScanView::Asking, "the claim");
    counter.settle();
    assert_eq!(counter.state(), Some(VerdictState::Accepted));
}

#[test]
fn a_list_that_changes_while_it_is_fetched_is_fetched_anew() {
    let stage = Stage::new();
    let mut vouchers = stage.issue(&Stage::deal(), 200);
    let part = chunk_of(vouchers[0].claims.id.index);
    vouchers.retain(|voucher| chunk_of(voucher.claims.id.index) == part);
    vouchers.truncate(2);
    assert_eq!(vouchers.len(), 2, "of two hundred in four parts, two share one");
    let mut counter = Counter::open(&stage);
    stage.platform.revoke_voucher(VoucherName::Code(vouchers[0].code)).unwrap();
    counter.send(Command::SyncNow);
    let mut exchanges = 0;
    loop {
        let calls = counter.calls();
        if calls.is_empty() {
            break;
        }
        for call in calls {
            exchanges += 1;
            assert!(exchanges < 20, "it never ends");
            counter.answer(call);
            if exchanges == 1 {
                stage.platform.revoke_voucher(VoucherName::Code(vouchers[1].code)).unwrap();
            }
        }
    }
    counter.offline();
    for voucher in &vouchers {
        counter.scan(&voucher.text);
        assert_eq!(counter.state(), Some(VerdictState::NotValid));
    }
}

#[test]
fn a_notice_in_an_acknowledgement_does_not_hide_an_earlier_one() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let mut counter = Counter::open(&stage);
    let other = stage.terminal("b", stage.branches[1]);
    assert!(other.sync());
    counter.scan(&vouchers[0].text);
    counter.settle();
    // The other till takes both: the first is a conflict that it brings to light.
    other.wire.cut(true);
    for voucher in &vouchers {
        assert_eq!(other.redeem(&voucher.text).code, "accepted");
    }
    other.wire.cut(false);
    assert!(other.sync());
    // This one takes the second while its question goes unanswered: a conflict in the answer to its push.
    counter.scan(&vouchers[1].text);
    counter.calls();
    counter.tick(1);
    assert_eq!(counter.state(), Some(VerdictState::Accepted));
    counter.settle();
    counter.send(Command::SyncNow);
    counter.settle();
    let notices = counter.engine.store().unwrap().conflicts().unwrap();
    assert_eq!(notices.iter().map(|notice| notice.id).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_terminal_the_platform_refuses_accepts_nothing_while_it_can_be_asked() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    let id = counter.engine.store().unwrap().identity().terminal;
    stage.platform.revoke_terminal(id).unwrap();
    counter.scan(&voucher.text);
    counter.settle();
    assert_eq!(counter.state(), Some(VerdictState::CannotCheck));
}

#[test]
fn a_code_that_stays_before_the_reader_is_one_scan() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&voucher.text);
    for _ in 0..5 {
        counter.tick(1);
        counter.scan(&voucher.text);
        assert_eq!(counter.state(), Some(VerdictState::Accepted));
    }
    counter.tick(3);
    counter.scan(&voucher.text);
    assert_eq!(counter.state(), Some(VerdictState::AlreadyUsed));
}

#[test]
fn the_last_acceptance_is_undone_within_a_minute_and_not_later() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&vouchers[0].text);
    counter.tick(59);
    let undo = counter.view().undo.unwrap();
    assert_eq!(undo.seconds_left, 1);
    counter.undo(undo.entry - 1);
    assert!(counter.view().undo.is_some(), "another entry is left alone");
    counter.undo(undo.entry);
    assert_eq!(
        counter.view().notice.unwrap(),
        "Taken back: €24.90. The voucher can be used again."
    );
    assert!(counter.view().undo.is_none(), "once");
    counter.scan(&vouchers[0].text);
    assert_eq!(counter.state(), Some(VerdictState::Accepted), "used again");
    counter.tick(60);
    assert!(counter.view().undo.is_none());
    let entries = counter.entries();
    counter.undo(entries);
    assert_eq!(counter.entries(), entries);
}

#[test]
fn acceptances_clear_by_themselves_and_refusals_stay() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&voucher.text);
    counter.tick(6);
    assert_eq!(counter.view().scan, ScanView::Ready);
    counter.scan(&voucher.text);
    counter.tick(3600);
    assert_eq!(counter.state(), Some(VerdictState::AlreadyUsed));
    counter.send(Command::Dismiss);
    assert_eq!(counter.view().scan, ScanView::Ready);
    counter.scan("4006381333931");
    counter.tick(3);
    assert_eq!(counter.view().scan, ScanView::Ready);
}

#[test]
fn a_clock_set_back_limits_the_terminal_and_lets_nothing_through() {
    let stage = Stage::with_mode(OfflineMode::Always);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut counter = Counter::open(&stage);
    counter.offline();
    stage.clock.set(crate::stage::START.plus(-3 * 3600));
    counter.scan(&voucher.text);
    assert_eq!(counter.state(), Some(VerdictState::CannotCheck));
    let ScanView::Verdict(verdict) = counter.view().scan else { panic!("no verdict") };
    assert!(verdict.support.starts_with("clock_suspect"), "{}", verdict.support);
}

#[test]
fn a_restored_copy_of_the_store_stops_redeeming_at_the_next_contact() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 3);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    let file = |name: &str| stage.dir("a").join(name);
    std::fs::copy(file("terminal.db"), file("copy.db")).unwrap();
    assert_eq!(till.redeem(&vouchers[0].text).code, "accepted");
    assert!(till.sync());
    // Whoever takes the anchor away as well is found by the platform alone.
    for extra in ["terminal.db-wal", "terminal.db-shm", "terminal.head"] {
        std::fs::remove_file(file(extra)).ok();
    }
    std::fs::copy(file("copy.db"), file("terminal.db")).unwrap();
    till.wire.cut(true);
    assert_eq!(till.redeem(&vouchers[1].text).code, "accepted", "nothing tells it yet");
    till.wire.cut(false);
    let mut session = till.open();
    session.sync();
    let fault = session.engine.view(stage.clock.now()).fault.unwrap();
    assert!(fault.contains("restored from a copy"), "{fault}");
    session.engine.present(
        &vouchers[2].text,
        countersign::domain::redeem::Request::plain(EntryMethod::Program),
        stage.clock.now(),
    );
    assert_eq!(session.engine.take_outcome().unwrap().code, "store_failed");
    drop(session);
    till.wire.cut(true);
    let restarted = till.redeem(&vouchers[2].text);
    assert_eq!(restarted.code, "store_failed", "after a restart, without the network");
}

/// A network that takes every message and never answers.
struct BlackHole(mpsc::SyncSender<()>);

impl Transport for BlackHole {
    fn call(&self, _: &str, _: Vec<u8>, timeout: Duration) -> Result<Vec<u8>, TransportError> {
        self.0.try_send(()).ok();
        let (_never, receiver) = mpsc::sync_channel::<()>(1);
        receiver.recv_timeout(timeout.min(Duration::from_secs(3))).ok();
        Err(TransportError::Timeout)
    }
}

#[test]
fn with_threads_and_a_network_that_swallows_everything_the_verdict_comes_at_the_deadline() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    let (sent, seen) = mpsc::sync_channel(64);
    let clock = Arc::new(ShiftedClock::default());
    let engine = Engine::open(&stage.dir("a"), random, clock.now()).unwrap();
    let runtime = Runtime::start(engine, Arc::new(BlackHole(sent)), clock).unwrap();
    let handle = runtime.handle();
    seen.recv_timeout(Duration::from_secs(10)).unwrap();
    let patience = SystemClock::default();
    assert!(handle.send(Command::Scan { text: voucher.text, method: EntryMethod::Serial }));
    let verdict = loop {
        assert!(patience.elapsed() < Duration::from_secs(20), "no verdict");
        if let ScanView::Verdict(verdict) = &handle.view.get().scan {
            break Arc::clone(verdict);
        }
        std::thread::yield_now();
    };
    assert_eq!(verdict.state, VerdictState::Accepted);
    assert_eq!(handle.view.get().strip.to_send, 1);
}

/// The machine's clock, moved to the stage's time.
#[derive(Default)]
struct ShiftedClock(SystemClock);

impl countersign::terminal::clock::Clock for ShiftedClock {
    fn now(&self) -> countersign::terminal::clock::Now {
        let now = self.0.now();
        let passed = i64::try_from(now.millis / 1000).unwrap();
        countersign::terminal::clock::Now { time: crate::stage::START.plus(passed), ..now }
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[test]
fn money_on_the_screen_is_in_the_vouchers_currency() {
    let stage = Stage::new();
    let yen = Terms::StoredValue { balance: Money::new(5_000, "JPY".parse().unwrap()) };
    let voucher = stage.issue(&yen, 1).remove(0);
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&voucher.text);
    let ScanView::Question(question) = counter.view().scan else { panic!("no question") };
    assert_eq!((question.unit.as_str(), question.offered.as_str()), ("JPY", "5000"));
    counter.send(Command::Answer("12.5".to_owned()));
    let ScanView::Question(question) = counter.view().scan else { panic!("no question") };
    assert!(question.problem.is_some(), "the yen has no decimals");
    counter.send(Command::Answer("980".to_owned()));
    let ScanView::Verdict(verdict) = counter.view().scan else { panic!("no verdict") };
    assert_eq!(verdict.amount.as_deref(), Some("¥980"));
    assert!(verdict.details.contains(&"¥4020 left".to_owned()), "{:?}", verdict.details);
}
