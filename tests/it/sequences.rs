//! Whatever is done at one terminal, in whatever order: no voucher is consumed beyond what it allows, and everybody adds
//! up the same.

use std::collections::BTreeMap;

use countersign::{
    domain::{
        journal::{Body, Entry, totals},
        money::{Currency, Money},
        redeem::{Part, Request},
        scan::EntryMethod,
        voucher::{Claims, Lines, OrderLine, Terms, Ticket, Used},
    },
    terminal::{RollBackOrder, clock::Clock as _, session::Session},
};
use proptest::{collection::vec, prelude::*};

use crate::{
    proving::{Export, is_here},
    stage::{START, Stage, Till},
};

/// One thing that happens at a counter.
#[derive(Clone, Debug)]
enum Step {
    /// A voucher is shown, and so much is asked for.
    Redeem { voucher: usize, much: u16 },
    /// Two vouchers on one bill.
    Together { first: usize, second: usize },
    /// The entry so far back is taken back, wholly or in part.
    RollBack { back: u64, part: u16 },
    /// Everything is sent and fetched.
    Sync,
    /// The network is pulled or plugged in.
    Cut(bool),
    /// The clock moves, also backwards.
    Clock(i64),
    /// The program is started anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..KINDS, 1..6_u16).prop_map(|(voucher, much)| Step::Redeem { voucher, much }),
        2 => (0..KINDS, 0..KINDS).prop_map(|(first, second)| Step::Together { first, second }),
        3 => (0..12_u64, 0..4_u16).prop_map(|(back, part)| Step::RollBack { back, part }),
        1 => Just(Step::Sync),
        1 => any::<bool>().prop_map(Step::Cut),
        1 => (-90_000..90_000_i64).prop_map(Step::Clock),
        1 => Just(Step::Restart),
    ]
}

const KINDS: usize = 6;

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// One voucher of each way to be consumed.
fn vouchers(stage: &Stage) -> Vec<(Claims, String)> {
    let line =
        |count, name: &str| OrderLine { count, value_each: 250, name: name.parse().unwrap() };
    let ticket = Ticket {
        starts: START,
        early_s: 604_800,
        late_s: 604_800,
        party: 4,
        value_each: euro(900),
    };
    let lines = vec![line(2, "Bread"), line(3, "Roll")];
    let terms: [Terms; KINDS] = [
        Terms::PrepaidDeal { value: euro(1_000) },
        Terms::Pass { uses: 3, value_each: euro(280) },
        Terms::StoredValue { balance: euro(1_500) },
        Terms::Ticket(ticket),
        Terms::PickUp { currency: Currency::EUR, lines },
        Terms::AmountOff(countersign::domain::voucher::AmountOff {
            off: euro(500),
            minimum_spend: 0,
        }),
    ];
    let issue = |terms: &Terms| stage.issue(terms, 1).remove(0);
    terms.iter().map(issue).map(|issued| (issued.claims, issued.text)).collect()
}

fn request(much: u16) -> Request {
    Request {
        bill: Some(euro(2_000)),
        amount: Some(euro(i64::from(much) * 300)),
        uses: Some(much),
        lines: Lines::from_slice(&[much % 3, much / 2]),
        ..Request::plain(EntryMethod::Camera)
    }
}

fn part(part: u16) -> Part {
    match part {
        0 => Part::All,
        1 => Part::Uses(1),
        2 => Part::Amount(100),
        _lines => Part::Lines(Lines::from_slice(&[1]).unwrap()),
    }
}

fn act(step: &Step, (session, till): (&mut Session, &Till<'_>), known: &[(Claims, String)]) {
    match step {
        Step::Redeem { voucher, much } => {
            session.redeem(&known[*voucher].1, request(*much));
        }
        Step::Together { first, second } => {
            let texts = [first, second].map(|at| (known[*at].1.clone(), request(1)));
            session.redeem_together("20.00", &texts);
        }
        Step::RollBack { back, part: how } => {
            let head = session.engine.store().unwrap().head().seq.0;
            let entry = countersign::domain::id::Seq(head.saturating_sub(*back));
            let reason = "wrong_scan".to_owned();
            session.roll_back(&RollBackOrder {
                entry,
                part: part(*how),
                reason,
                approved_by: None,
            });
        }
        Step::Sync => {
            session.sync();
        }
        Step::Cut(cut) => till.wire.cut(*cut),
        Step::Clock(_) | Step::Restart => {}
    }
}

/// What the journal says was consumed of each voucher, and that it never was too much at any moment.
fn check(entries: &[Entry], known: &[(Claims, String)]) -> Result<(), TestCaseError> {
    let limits: BTreeMap<_, _> =
        known.iter().map(|(claims, _)| (claims.key(), claims.terms.limit())).collect();
    let mut used = BTreeMap::<_, Used>::new();
    for entry in entries {
        match &entry.body {
            Body::Redeemed(redeemed) => {
                let sum = used.entry(redeemed.voucher.clone()).or_default();
                *sum = sum.plus(redeemed.used);
                let limit = limits[&redeemed.voucher];
                prop_assert!(
                    !limit.is_exceeded_by(*sum),
                    "{redeemed:?} makes {sum:?} of {limit:?}"
                );
            }
            Body::RolledBack(back) => {
                let sum = used.get_mut(&back.voucher).unwrap();
                prop_assert!(back.used.is_within(*sum), "{back:?} of {sum:?}");
                *sum = sum.minus(back.used);
            }
            Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_order_of_events_lets_a_voucher_exceed_what_it_allows(steps in vec(step(), 10..40)) {
        let stage = Stage::new();
        let known = vouchers(&stage);
        let till = stage.terminal("a", stage.branches[0]);
        prop_assert!(till.sync());
        let mut session = till.open();
        for step in &steps {
            match step {
                Step::Clock(seconds) => {
                    let now = stage.clock.now().time;
                    stage.clock.set(now.plus(*seconds));
                }
                Step::Restart => {
                    drop(session);
                    session = till.open();
                }
                Step::Redeem { .. }
                | Step::Together { .. }
                | Step::RollBack { .. }
                | Step::Sync
                | Step::Cut(_) => act(step, (&mut session, &till), &known),
            }
        }
        let mut entries = Vec::new();
        let store = session.engine.store().unwrap();
        store.verify_journal(|signed| entries.push(signed.entry.clone())).unwrap();
        check(&entries, &known)?;
        // The platform adds up the same sums from the same entries, once it has them.
        till.wire.cut(false);
        prop_assert!(session.sync());
        prop_assert!(stage.platform.conflicts(0, 10).unwrap().is_empty());
        let own = totals(&entries);
        let sum: i128 = own.by_currency().values().sum();
        let mut ledger = 0_i128;
        for entry in &entries {
            match &entry.body {
                Body::Redeemed(redeemed) => ledger += i128::from(redeemed.used.minor),
                Body::RolledBack(back) => ledger -= i128::from(back.used.minor),
                Body::Opened(_) | Body::Refused(_) | Body::BundleTaken { .. } | Body::LeaseEnded { .. } | Body::Recovered(_) => {}
            }
        }
        prop_assert_eq!(sum, ledger);
        let span = countersign::platform::service::Span { from: START.plus(-10_000_000), until: START.plus(10_000_000), grace_s: 0 };
        let net: i64 = stage.platform.settlement(&span).unwrap().iter().map(|line| line.net_minor).sum();
        prop_assert_eq!(i128::from(net), ledger, "what the platform would pay");
        drop(session);
        if is_here() {
            let (exit, answer) = Export::of(&stage.dir("a")).verify(&[]);
            prop_assert_eq!(exit, 0, "who reads only the pages: {}", answer);
        }
    }
}
