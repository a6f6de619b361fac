//! One real message of every kind, with the function that reads it.

use countersign::domain::{
    enrol::{EnrolmentRequest, Grant},
    envelope::{Context, open, seal},
    id::{BranchId, CampaignId, Epoch, Hash, MerchantId, OperatorId, Seq, TerminalId},
    journal::{Body, Entry, Head, Redeemed, SignedEntry, Uptime, Waiting, append},
    money::Currency,
    redeem::{Finding, FindingSet, PlatformRefusal, UseRecord},
    scan::EntryMethod,
    sync::{ClaimAnswer, Reply, ReplyBody, Request, RequestBody},
    time::Timestamp,
    trust::{Manifest, Status, StatusList, TrustBundle, seal_bundle},
    voucher::{Kind, Limit, Terms, Tier, UntrustedToken, Used, mint, present},
};

use crate::world::{self, NOON};

/// A message and the decoder it belongs to.
pub(crate) struct Sample {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub accepts: fn(&[u8]) -> bool,
}

/// Every signed message there is, as bytes; the voucher and its presentation as their texts.
pub(crate) fn samples() -> Vec<Sample> {
    let sample = |name, bytes, accepts| Sample { name, bytes, accepts };
    vec![
        sample("voucher", voucher_text().into_bytes(), |bytes| {
            presence_of(bytes) == Some(Tier::Static)
        }),
        sample("presentation", presentation().into_bytes(), |bytes| {
            presence_of(bytes) == Some(Tier::Signed)
        }),
        sample("envelope", envelope(), |bytes| {
            open(bytes, &world::terminal_key().public(), Context::Voucher).is_ok()
        }),
        sample("bundle", bundle(), |bytes| {
            TrustBundle::open(bytes, &world::root_key().public()).is_ok()
        }),
        sample("manifest", manifest(), |bytes| {
            Manifest::open(bytes, &world::platform_key().public()).is_ok()
        }),
        sample("entry", entry().bytes, |bytes| {
            SignedEntry::open(bytes, &world::terminal_key().public()).is_ok()
        }),
        sample("request", request(), |bytes| {
            Request::open(bytes, &world::terminal_key().public()).is_ok()
        }),
        sample("reply", reply(), |bytes| {
            let asked = (TerminalId(3), [9; 16]);
            Reply::open(bytes, &world::platform_key().public(), asked).is_ok()
        }),
        sample("enrolment request", enrolment_request(), |bytes| {
            EnrolmentRequest::open(bytes).is_ok()
        }),
        sample("grant", grant(), |bytes| {
            let device = world::terminal_key().public();
            Grant::open(bytes, &world::root_key().public(), &device).is_ok()
        }),
    ]
}

fn voucher_text() -> String {
    let value = world::euro(1250);
    mint(&world::issuer_key(), &world::claims(Terms::PrepaidDeal { value })).unwrap()
}

fn presentation() -> String {
    let mut claims = world::claims(Terms::PrepaidDeal { value: world::euro(1250) });
    claims.holder = Some(world::holder());
    let text = mint(&world::issuer_key(), &claims).unwrap();
    present(&world::holder_key(), &text, NOON).unwrap()
}

/// How much the voucher of this text proves, where it is one that is believed.
fn presence_of(text: &[u8]) -> Option<Tier> {
    let token = UntrustedToken::parse(std::str::from_utf8(text).ok()?).ok()?;
    let voucher = token.verify(&world::bundle().keyring()).ok()?;
    Some(voucher.presence().tier())
}

fn envelope() -> Vec<u8> {
    seal(&world::terminal_key(), Context::Voucher, b"anything")
}

fn bundle() -> Vec<u8> {
    seal_bundle(&world::root_key(), &world::bundle())
}

fn manifest() -> Vec<u8> {
    let mut list = StatusList::default();
    list.set(5, Status::Redeemed);
    let name = ("demo".parse().unwrap(), CampaignId(7));
    list.manifest(name, 3, NOON, 40_000).seal(&world::platform_key())
}

/// A redemption at the head of a journal.
pub(crate) fn entry() -> SignedEntry {
    let voucher = world::claims(Terms::PrepaidDeal { value: world::euro(1250) });
    let redeemed = Redeemed {
        voucher: voucher.key(),
        token: Hash([7; 32]),
        kind: Kind::PrepaidDeal,
        used: used(),
        currency: Currency::EUR,
        bill: Some(2000),
        limit: Limit::Uses(1),
        left: 0,
        method: EntryMethod::Camera,
        findings: FindingSet::from_iter([Finding::NotConfirmed]),
        online: false,
        bundle: 3,
        list_as_of: Some(NOON),
        rest: None,
        due: Some(750),
        approved_by: None,
        presence: Tier::Static,
        customer: None,
        lease: None,
        waiting: Waiting::default(),
        act: None,
        goods: Vec::new(),
        shown_at: None,
    };
    let entry = Entry {
        terminal: TerminalId(3),
        epoch: Epoch(1),
        seq: Seq(1),
        prev: Hash::ZERO,
        at: NOON,
        time_floor: NOON,
        branch: BranchId(11),
        operator: Some(OperatorId(2)),
        body: Body::Redeemed(redeemed),
        uptime: Uptime { start: 4, millis: 81_000 },
    };
    append(&world::terminal_key(), entry)
}

pub(crate) fn used() -> Used {
    Used::new(1, 1250)
}

fn request() -> Vec<u8> {
    let body =
        RequestBody::Push { after: Head::start(Epoch(1)), entries: vec![entry().bytes.into()] };
    let request = Request { terminal: TerminalId(3), epoch: Epoch(1), nonce: [9; 16], body };
    request.seal(&world::terminal_key())
}

fn reply() -> Vec<u8> {
    let last = UseRecord {
        at: Timestamp(5),
        terminal: TerminalId(4),
        branch: BranchId(12),
        operator: None,
    };
    let answer = ClaimAnswer::Refused {
        reason: PlatformRefusal::Exhausted,
        used_elsewhere: used(),
        last: Some(last),
    };
    let reply = Reply {
        nonce: [9; 16],
        terminal: TerminalId(3),
        time: NOON,
        body: ReplyBody::Claim(vec![answer]),
    };
    reply.seal(&world::platform_key())
}

fn enrolment_request() -> Vec<u8> {
    let key = world::terminal_key();
    let request =
        EnrolmentRequest { secret: [5; 16], key: key.public(), software: "0.1.0".to_owned() };
    request.seal(&key)
}

fn grant() -> Vec<u8> {
    let grant = Grant {
        terminal: TerminalId(3),
        name: "Till 3".to_owned(),
        merchant: MerchantId(1),
        branch: BranchId(11),
        epoch: Epoch(1),
        key: world::terminal_key().public(),
        bundle: bundle().into(),
    };
    grant.seal(&world::platform_key())
}
