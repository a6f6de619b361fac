//! The decision that takes longest: every rule there is, every fact there is, and none of them in the way.

use countersign::domain::{
    crypto::{HolderKey, SecretKey},
    id::{BranchId, CampaignId, GroupId, LeaseId, MerchantId, OperatorId, TerminalId, VoucherId},
    money::Currency,
    redeem::{
        Caps, CustomerFact, Day, Days, Decision, Facts, LeaseFact, Limits, ListFact, OfflineMode,
        PlatformFact, Policy, Product, Queue, Request, Rules, Tally, UseRecord, Window, decide,
    },
    scan::EntryMethod,
    time::Timestamp,
    trust::{CampaignState, Issuer, PublishedKey, Status},
    voucher::{
        Claims, Limit, OrderLine, Scope, Terms, Tier, UntrustedToken, Used, Voucher, mint, present,
    },
};
use jiff::tz::TimeZone;

/// 27 November 2026, a Friday, at 12:00 in Berlin.
const NOON: Timestamp = Timestamp(1_795_777_200);

/// An order of eight lines on a customer's phone, in a campaign with every rule.
pub struct Worst {
    voucher: Voucher,
    request: Request,
    facts: Facts,
    policy: Policy,
}

impl Worst {
    pub fn new() -> Self {
        let request = Request {
            lines: countersign::domain::voucher::Lines::from_slice(&[1; 8]),
            product: Some(true),
            confirmed: true,
            approved_by: Some(OperatorId(2)),
            ..Request::plain(EntryMethod::Camera)
        };
        Self { voucher: voucher(), request, facts: facts(), policy: policy() }
    }

    pub fn decide(&self) -> Decision {
        decide(&self.voucher, &self.request, &self.facts, &self.policy, NOON)
    }
}

fn voucher() -> Voucher {
    let (issuer, phone) = (SecretKey::from_seed(&[3; 32]), SecretKey::from_seed(&[4; 32]));
    let line =
        |at: i64| OrderLine { count: 9, value_each: 100 + at, name: "Rye bread".parse().unwrap() };
    let claims = Claims {
        issuer: "demo".parse().unwrap(),
        customer: Some("anna".parse().unwrap()),
        id: VoucherId { campaign: CampaignId(7), index: 5, random: 1 },
        from: NOON.plus(-86_400),
        until: NOON.plus(86_400),
        holder: Some(HolderKey(phone.public().to_bytes())),
        conditional: true,
        scope: Scope::Group(GroupId(64)),
        terms: Terms::PickUp { currency: Currency::EUR, lines: (0..8).map(line).collect() },
    };
    let text = present(&phone, &mint(&issuer, &claims).unwrap(), NOON.plus(-5)).unwrap();
    let (from, until) = (NOON.plus(-90_000), NOON.plus(90_000));
    let key = PublishedKey { public: issuer.public(), from, until, withdrawn: false };
    let mut bundle = super::bundle(NOON);
    bundle.issuers = vec![Issuer { name: "demo".parse().unwrap(), keys: vec![key] }];
    UntrustedToken::parse(&text).unwrap().verify(&bundle.keyring()).unwrap()
}

fn facts() -> Facts {
    let uses = Tally { uses: 2, today: 1 };
    Facts {
        merchant: MerchantId(1),
        branch: BranchId(2),
        groups: (1..=64).map(GroupId).collect(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        campaign: Some(CampaignState::Active),
        list: ListFact::Known { status: Status::Valid, as_of: NOON.plus(-60) },
        used_here: Used { uses: 8, minor: 800, lines: countersign::domain::voucher::Lines([1; 8]) },
        used_today: 8,
        known_limit: Some(Limit::Uses(100)),
        nothing_left: false,
        shown_before: Some(NOON.plus(-600)),
        last_use_here: Some(UseRecord {
            at: NOON.plus(-600),
            terminal: TerminalId(1),
            branch: BranchId(2),
            operator: Some(OperatorId(1)),
        }),
        rolled_back_at: Some(NOON.plus(-300)),
        campaign_here: uses,
        customer: CustomerFact { campaign: uses, visits: 3, recent: 1 },
        operator_recent: 4,
        lease: Some(LeaseFact { id: LeaseId(1), uses: 100, minor: 100_000, until: NOON.plus(600) }),
        dice: 9_999,
        platform: PlatformFact::Silent,
        queue: Queue { count: 7, minor: 10_000 },
        time_floor: NOON.plus(-1),
        time_sure: NOON.plus(-1),
        time_told: None,
    }
}

/// Fifty windows of which the last is open, fifty holidays, fifty products, every cap and every limit.
fn policy() -> Policy {
    let closed = Window { days: 0b111_1111, from: 60, until: 120 };
    let mut windows = vec![closed; 49];
    windows.push(Window { days: 0b001_0000, from: 660, until: 780 });
    let holiday = |at| Days { from: Day(at), until: Day(at + 1) };
    let product = |at: i32| Product { name: format!("Product {at}"), gtin: format!("{at:013}") };
    let caps = Caps {
        voucher_day: 100,
        customer: 100,
        customer_day: 100,
        terminal_day: 100,
        campaign: 1_000,
    };
    let limits = Limits {
        amount_minor: 100_000,
        live_amount_minor: 200_000,
        unsynced_count: 1_000,
        unsynced_minor: 1_000_000,
        list_warn_s: 600,
        list_max_s: 6_000,
        live_proof_s: 60,
        velocity_s: 600,
        customer_max: 10,
        operator_max: 100,
        random_basis_points: 100,
    };
    let rules = Rules {
        windows,
        blackouts: (0..50).map(|at| holiday(at * 10)).collect(),
        products: (0..50).map(product).collect(),
        caps,
        approval_above: 100,
        presence: Tier::Signed,
        flow: countersign::domain::redeem::Flow::Confirm,
        ..Rules::default()
    };
    Policy { rules, ..Policy::standard(OfflineMode::Limited, limits) }
}
