//! Programs of different versions: nothing is lost, nothing is held up, and who is too old says so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use countersign::{
    console::random,
    domain::{
        crypto::{PublicKey, SecretKey},
        envelope::{Context, build, open, seal},
        redeem::{OfflineMode, Request},
        scan::EntryMethod,
        sync::{PROTOCOL, Reply, ReplyBody},
        trust::{Protocols, TrustBundle, seal_bundle},
    },
    net::{Transport, TransportError},
    terminal::{clock::Clock, outcome::State, session::Session},
};
use minicbor::{Encoder, bytes::ByteVec};

use crate::stage::{Stage, Till, Wire};

type Encoded = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

/// What a platform of a later version does differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Later {
    Nothing,
    /// Acknowledgements come with conflicts that a third party bears.
    OddConflicts,
    /// Pushes are answered by something else altogether.
    OddAcks,
    /// The bundle has campaigns of another shape, and asks for protocol 7.
    OddBundle,
    /// Claims are refused for a reason that nobody knows yet.
    OddRefusals,
}

struct Future {
    wire: Arc<Wire>,
    later: Later,
    platform: SecretKey,
    root: SecretKey,
    calls: AtomicU32,
}

impl Future {
    fn new(till: &Till<'_>, later: Later) -> Arc<Self> {
        let [root, platform] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]));
        let wire = Arc::clone(&till.wire);
        Arc::new(Self { wire, later, platform, root, calls: AtomicU32::new(0) })
    }

    fn reply(&self, reply: &Reply, body: impl FnOnce(&mut Encoder<Vec<u8>>) -> Encoded) -> Vec<u8> {
        let payload = build(1024, |e| {
            e.map(5)?.u8(1)?.bytes(&reply.nonce)?.u8(2)?.encode(reply.terminal)?;
            e.u8(3)?.encode(reply.time)?.u8(4)?.array(2)?;
            body(e)?;
            e.u8(11)?.str("later")?.ok()
        });
        seal(&self.platform, Context::Reply, &payload)
    }

    /// A bundle in which the campaigns are one text.
    fn bundle(&self, version: u64) -> Vec<u8> {
        let payload = build(256, |e| {
            e.map(3)?.u8(1)?.u64(version)?.u8(7)?.str("campaigns")?.u8(11)?;
            e.encode(Protocols { least: 7, spoken: 7 })?.ok()
        });
        seal(&self.root, Context::Bundle, &payload)
    }

    fn change(&self, bytes: Vec<u8>) -> Vec<u8> {
        let payload = open(&bytes, &self.platform.public(), Context::Reply).unwrap();
        let reply: Reply = minicbor::decode(payload).unwrap();
        match (self.later, reply.body.clone()) {
            (Later::OddConflicts, ReplyBody::Ack { head, .. }) => self.reply(&reply, |e| {
                e.u8(0)?.array(2)?.encode(head)?.array(1)?.map(2)?.u8(1)?.u8(1)?;
                e.u8(4)?.u8(9)?.ok()
            }),
            (Later::OddAcks, ReplyBody::Ack { .. }) => {
                self.reply(&reply, |e| e.u8(9)?.array(1)?.str("taken")?.ok())
            }
            (Later::OddBundle, ReplyBody::Pulled { manifests, .. }) => self.reply(&reply, |e| {
                e.u8(2)?.array(7)?.encode(ByteVec::from(self.bundle(99)))?.encode(manifests)?;
                e.array(0)?.array(0)?.array(0)?.array(0)?.str("later")?.ok()
            }),
            (Later::OddRefusals, ReplyBody::Claim(_)) => self.reply(&reply, |e| {
                e.u8(4)?.array(1)?.array(1)?.array(2)?.u8(1)?.array(3)?.u8(99)?;
                e.array(2)?.u8(0)?.u8(0)?.null()?.ok()
            }),
            _other => bytes,
        }
    }
}

impl Transport for Future {
    fn call(&self, path: &str, body: Vec<u8>, limit: Duration) -> Result<Vec<u8>, TransportError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(self.change(self.wire.call(path, body, limit)?))
    }
}

fn session(stage: &Stage, name: &str, way: Arc<dyn Transport>) -> Session {
    let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
    Session::open(&stage.dir(name), Some(way), random, clock).unwrap()
}

fn outdated(session: &Session, stage: &Stage) -> bool {
    let shown = session.engine.view(stage.clock.now()).strip.outdated;
    assert_eq!(shown, session.engine.store().unwrap().is_outdated());
    shown
}

fn redeem(session: &mut Session, text: &str) -> State {
    session.redeem(text, Request::plain(EntryMethod::Program)).unwrap().state
}

#[test]
fn entries_are_acknowledged_whatever_else_a_later_platform_says() {
    let stage = Stage::new();
    let till = stage.terminal("till", stage.branches[0]);
    let mut session = session(&stage, "till", Future::new(&till, Later::OddConflicts));
    let vouchers = stage.issue(&Stage::deal(), 3);
    for voucher in &vouchers {
        assert!(matches!(redeem(&mut session, &voucher.text), State::Accepted(_)));
    }
    session.sync();
    let store = session.engine.store().unwrap();
    assert_eq!(store.unsent_entries(), 0, "the push lane is not held up");
    let line = stage.platform.terminal(store.identity().terminal).unwrap();
    assert_eq!((line.journal.redeemed, line.journal.head), (3, store.head()));
}

#[test]
fn an_answer_that_nobody_understands_loses_nothing_and_says_update() {
    let stage = Stage::new();
    let till = stage.terminal("till", stage.branches[0]);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let mut early = session(&stage, "till", Future::new(&till, Later::OddAcks));
    assert!(matches!(redeem(&mut early, &voucher.text), State::Accepted(_)));
    for _ in 0..3 {
        assert!(!early.sync());
        stage.clock.advance(120);
    }
    assert!(outdated(&early, &stage));
    let waiting = early.engine.store().unwrap().unsent_entries();
    assert!(waiting > 0, "nothing leaves the queue but by an acknowledgement");
    let reached = stage.platform.terminal(early.engine.store().unwrap().identity().terminal);
    assert_eq!(reached.unwrap().journal.redeemed, 1, "and yet the entry reached the platform");
    drop(early);
    // The program was updated, or the platform set back.
    let mut late = session(&stage, "till", Future::new(&till, Later::Nothing));
    assert!(late.sync());
    assert_eq!(late.engine.store().unwrap().unsent_entries(), 0);
    assert!(outdated(&late, &stage), "until the platform publishes what this program knows");
    stage.platform.create_operator(stage.merchant, "Mira", &[]).unwrap();
    stage.clock.advance(120);
    assert!(late.sync());
    assert!(!outdated(&late, &stage));
}

#[test]
fn a_bundle_of_a_later_version_leaves_the_one_in_force_and_the_lists_fresh() {
    let stage = Stage::new();
    let till = stage.terminal("till", stage.branches[0]);
    let vouchers = stage.issue(&Stage::deal(), 2);
    assert!(till.sync());
    stage.clock.advance(3_600);
    let mut session = session(&stage, "till", Future::new(&till, Later::OddBundle));
    assert!(session.sync());
    let store = session.engine.store().unwrap();
    assert_eq!(store.identity().least_protocol, 7);
    let fresh = store.lists().unwrap();
    assert!(!fresh.is_empty() && fresh.iter().all(|held| held.as_of == stage.clock.now().time));
    assert!(outdated(&session, &stage));
    assert!(matches!(redeem(&mut session, &vouchers[0].text), State::Accepted(_)));
    till.wire.cut(true);
    assert!(matches!(redeem(&mut session, &vouchers[1].text), State::Accepted(_)), "offline too");
    till.wire.cut(false);
    assert!(session.sync());
    drop(session);
    stage.platform.create_operator(stage.merchant, "Mira", &[]).unwrap();
    assert!(till.sync());
    assert!(!outdated(&till.open(), &stage), "a newer bundle asks for no more than this");
}

#[test]
fn a_refusal_of_a_later_kind_is_not_silence() {
    let stage = Stage::with_mode(OfflineMode::Always);
    let till = stage.terminal("till", stage.branches[0]);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    assert!(till.sync());
    let mut session = session(&stage, "till", Future::new(&till, Later::OddRefusals));
    let outcome = session.redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap();
    assert_eq!((outcome.state, outcome.code.as_str()), (State::CannotCheck, "terminal_outdated"));
    assert!(outdated(&session, &stage));
}

#[test]
fn a_bundle_that_asks_for_more_is_obeyed_by_saying_so() {
    let stage = Stage::new();
    let till = stage.terminal("till", stage.branches[0]);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    assert!(till.sync());
    let current = till.open().engine.store().unwrap().bundle().unwrap();
    assert_eq!(current.protocol, Protocols { least: 0, spoken: PROTOCOL });
    let asking = Asking { wire: Arc::clone(&till.wire), current };
    let mut session = session(&stage, "till", Arc::new(asking));
    session.sync();
    assert!(outdated(&session, &stage));
    assert!(matches!(redeem(&mut session, &voucher.text), State::Accepted(_)));
}

/// A platform whose bundle is as it was, and asks for the next protocol.
struct Asking {
    wire: Arc<Wire>,
    current: TrustBundle,
}

impl Transport for Asking {
    fn call(&self, path: &str, body: Vec<u8>, limit: Duration) -> Result<Vec<u8>, TransportError> {
        Ok(self.raise(&self.wire.call(path, body, limit)?))
    }
}

impl Asking {
    fn raise(&self, bytes: &[u8]) -> Vec<u8> {
        let [root, platform] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]));
        let payload = open(bytes, &platform.public(), Context::Reply).unwrap();
        let mut reply: Reply = minicbor::decode(payload).unwrap();
        if let ReplyBody::Pulled { bundle, .. } = &mut reply.body {
            let protocol = Protocols { least: PROTOCOL + 1, spoken: PROTOCOL + 1 };
            let version = self.current.version + 1;
            let next = TrustBundle { version, protocol, ..self.current.clone() };
            *bundle = Some(seal_bundle(&root, &next).into());
        }
        reply.seal(&platform)
    }
}

#[test]
fn a_later_terminals_request_is_answered_where_its_question_is_known() {
    let stage = Stage::new();
    let till = stage.terminal("till", stage.branches[0]);
    let session = till.open();
    let store = session.engine.store().unwrap();
    let (identity, key) = (store.identity(), store.key());
    let payload = build(256, |e| {
        e.map(5)?.u8(1)?.encode(identity.terminal)?.u8(2)?.encode(identity.epoch)?;
        e.u8(3)?.bytes(&[5; 16])?.u8(4)?.array(2)?.u8(4)?.array(2)?.u64(12_345)?.str("later")?;
        e.u8(99)?.map(1)?.str("later")?.bool(true)?.ok()
    });
    let sealed = seal(key, Context::Request, &payload);
    let answer = stage.platform.sync_with(&sealed, Some("countersign/9.9.9 protocol/9")).unwrap();
    let who = (identity.terminal, [5; 16]);
    let platform: PublicKey = stage.platform.platform_key();
    assert_eq!(Reply::open(&answer, &platform, who).unwrap().body, ReplyBody::Lookup(None));
    let line = stage.platform.terminal(identity.terminal).unwrap();
    assert_eq!(line.terminal.software.as_deref(), Some("countersign/9.9.9 protocol/9"));
    for odd in ["", "\u{1b}[2J", "x\ny", &"x".repeat(81)] {
        stage.platform.sync_with(&sealed, Some(odd)).unwrap();
        let line = stage.platform.terminal(identity.terminal).unwrap();
        assert_eq!(line.terminal.software.as_deref(), Some("countersign/9.9.9 protocol/9"));
    }
}

#[test]
fn a_platform_asks_for_no_more_than_it_speaks() {
    let stage = Stage::new();
    assert!(stage.platform.require_protocol(PROTOCOL + 1).is_err());
    stage.platform.require_protocol(PROTOCOL).unwrap();
    let till = stage.terminal("till", stage.branches[0]);
    assert!(till.sync());
    let session = till.open();
    assert_eq!(session.engine.store().unwrap().bundle().unwrap().protocol.least, PROTOCOL);
    assert!(!outdated(&session, &stage), "this program speaks it");
}
