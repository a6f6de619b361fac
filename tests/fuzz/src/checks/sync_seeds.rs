//! A request and a reply of every kind.

use countersign::domain::{
    id::{BranchId, CampaignId, Epoch, Hash, LeaseId, OperatorId, Seq, TerminalId, VoucherKey},
    journal::Head,
    redeem::{Liable, PlatformRefusal, UseRecord},
    sync::{
        Claim, ClaimAnswer, ConflictNotice, Evidence, Lease, ListName, ListVersion, Listed,
        Mismatch, NumberedChunk, Reply, ReplyBody, Request, RequestBody, Trail,
    },
    time::Timestamp,
    voucher::{Limit, Lines, Terms, Used},
};

use crate::{
    samples,
    world::{self, NOON},
};

/// A request of every kind.
pub(crate) fn requests() -> Vec<Request> {
    let push = RequestBody::Push {
        after: Head::start(Epoch(1)),
        entries: vec![samples::entry().bytes.into()],
    };
    let pull = RequestBody::Pull {
        bundle: 3,
        lists: vec![ListVersion { list: list(), version: 3 }],
        conflicts_after: 1,
        listed_after: 2,
        leases: vec![LeaseId(6)],
    };
    let chunks = RequestBody::Chunks { list: list(), numbers: vec![0, 1, 70_000] };
    let trail = Trail { since: Seq(1), hashes: vec![Hash([7; 32])] };
    let claim = RequestBody::Claim { claims: vec![claim(), order()], after: Seq(1), trail };
    let lookup = RequestBody::Lookup { code: 0x12_3456_789a };
    let request = |body| Request { terminal: TerminalId(3), epoch: Epoch(1), nonce: [9; 16], body };
    let history = RequestBody::History { epoch: Epoch(1), after: Seq(1) };
    [push, pull, chunks, claim, lookup, history].map(request).into()
}

/// All requests, signed by the terminal.
pub(crate) fn signed_requests() -> Vec<Vec<u8>> {
    requests().into_iter().map(|request| request.seal(&world::terminal_key())).collect()
}

/// A reply of every kind.
pub(crate) fn replies() -> Vec<Reply> {
    let head = samples::entry().head();
    let bodies = [
        ReplyBody::Ack { head, conflicts: vec![notice()] },
        ReplyBody::Ack { head, conflicts: Vec::new() },
        ReplyBody::Mismatch { kind: Mismatch::Fork, head },
        pulled(),
        ReplyBody::Chunks(vec![NumberedChunk { number: 1, bits: vec![0xe4; 40].into() }]),
        ReplyBody::Claim(vec![granted(), refused()]),
        ReplyBody::Lookup(Some("CS1:BB8".to_owned())),
        ReplyBody::Lookup(None),
        ReplyBody::History { head, entries: vec![samples::entry().bytes.into()] },
    ];
    let reply = |body| Reply { nonce: [9; 16], terminal: TerminalId(3), time: NOON, body };
    bodies.map(reply).into()
}

fn list() -> ListName {
    ListName { issuer: "demo".parse().unwrap(), campaign: CampaignId(7) }
}

fn key() -> VoucherKey {
    world::claims(Terms::PrepaidDeal { value: world::euro(1250) }).key()
}

fn claim() -> Claim {
    Claim {
        voucher: key(),
        limit: Limit::Uses(1),
        asked: Used::new(1, 1250),
        used_here: Used::default(),
        customer: Some("anna".parse().unwrap()),
        lease: Some(LeaseId(6)),
    }
}

fn order() -> Claim {
    let lines = Lines::from_slice(&[2, 0, 1]).unwrap();
    let asked = Used { lines, ..Used::new(3, 900) };
    Claim { limit: Limit::Lines(lines), asked, customer: None, lease: None, ..claim() }
}

fn notice() -> ConflictNotice {
    let evidence = Evidence {
        terminal_key: world::terminal_key().public(),
        entry: samples::entry().bytes.into(),
    };
    ConflictNotice { id: 1, voucher: key(), evidence: vec![evidence], liable: Liable::Merchant }
}

fn pulled() -> ReplyBody {
    let lease = Lease {
        id: LeaseId(6),
        campaign: list(),
        voucher: Some(key().id),
        uses: 5,
        minor: 6_250,
        until: NOON.plus(3600),
    };
    ReplyBody::Pulled {
        bundle: Some(vec![0x84; 12].into()),
        manifests: vec![vec![0x84; 12].into()],
        conflicts: Vec::new(),
        listed: vec![Listed { number: 2, text: "CS1:BB8".to_owned() }],
        leases: vec![lease],
        ended: vec![LeaseId(5)],
    }
}

fn granted() -> ClaimAnswer {
    ClaimAnswer::Granted { used_elsewhere: Used::new(1, 500), limit: Some(Limit::Balance(10_000)) }
}

fn refused() -> ClaimAnswer {
    let last = UseRecord {
        at: Timestamp(5),
        terminal: TerminalId(4),
        branch: BranchId(12),
        operator: Some(OperatorId(2)),
    };
    ClaimAnswer::Refused {
        reason: PlatformRefusal::Exhausted,
        used_elsewhere: Used::new(1, 1250),
        last: Some(last),
    }
}
