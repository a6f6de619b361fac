//! The use case of the counter: a scanned text becomes a journalled outcome, in one transaction.

use super::{
    outcome::{Outcome, State},
    trust::Trust,
};
use crate::{
    domain::{
        crypto::hash,
        id::{Hash, Seq},
        journal::{self, Body, Entry, Refused, RolledBack},
        redeem::{
            Decision, Facts, Finding, ListFact, PlatformFact, Redemption, Request, UseRecord,
            Verdict, decide,
        },
        scan::{EntryMethod, Scanned, ShortCode, classify},
        time::Timestamp,
        voucher::{Used, VerifyError, Voucher},
    },
    store::{Identity, LocalUse, Store, StoreError, Txn},
};

/// What was held to the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// A voucher whose signature was verified.
    Voucher(Box<Voucher>),
    /// The short code of a voucher, which only the platform can look up.
    ShortCode(ShortCode),
    /// Anything else, with its state and code.
    Other(State, &'static str),
}

/// Names and verifies a scanned text. Nothing unverified gets any further.
pub(super) fn recognise(trust: &Trust, text: &str) -> Presented {
    match classify(text) {
        Scanned::Voucher(text) => match trust.verify(&text) {
            Ok(voucher) => Presented::Voucher(Box::new(voucher)),
            Err(error) => Presented::Other(state_of(&error), error.code()),
        },
        Scanned::ShortCode(code) => Presented::ShortCode(code),
        other @ (Scanned::Enrolment(_)
        | Scanned::OperatorBadge(_)
        | Scanned::OtherVersion { .. }
        | Scanned::ProductBarcode(_)
        | Scanned::WebLink
        | Scanned::HealthCertificate
        | Scanned::Contact
        | Scanned::WifiLogin
        | Scanned::Payment
        | Scanned::Empty
        | Scanned::TooLong
        | Scanned::Unknown) => Presented::Other(State::NotAVoucher, other.code()),
    }
}

/// A voucher this version is too old for can be good; all other failures are not.
fn state_of(error: &VerifyError) -> State {
    if error.code() == "token_too_new" { State::CannotCheck } else { State::Refused }
}

/// The parts of the terminal a decision reads, beside the store.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The bundle in force.
    pub trust: &'a Trust,
    /// The wall clock.
    pub time: Timestamp,
    /// The hash of what was scanned.
    pub scan: Hash,
}

/// An outcome with the entry that was written for it, where one was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) outcome: Outcome,
    pub(super) entry: Option<Entry>,
}

impl Written {
    fn new(mut outcome: Outcome, entry: Option<Entry>) -> Self {
        outcome.entry = entry.as_ref().map(|entry| entry.seq);
        Self { outcome, entry }
    }
}

/// What a decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is decided, and journalled where it consumes or refuses.
    Done(Box<Written>),
    /// The platform should be asked for this much first.
    Ask {
        /// What is asked for.
        asked: Used,
        /// What this terminal consumed of the voucher in the current epoch of its journal.
        used_here: Used,
    },
}

/// Decides and, where it is decided, writes down: one transaction from the check to the append.
pub(super) fn redeem(
    store: &mut Store,
    scene: Scene<'_>,
    voucher: &Voucher,
    (request, platform): (&Request, PlatformFact),
) -> Result<Step, StoreError> {
    let (identity, queue) =
        (store.identity().clone(), store.queue(voucher.claims().terms.currency()));
    let floor = store.time_floor();
    let mut txn = store.begin()?;
    let (mut facts, local) = gather(&txn, scene, voucher, &identity)?;
    let platform = without_own(platform, local.before);
    (facts.queue, facts.time_floor, facts.platform) = (queue, floor, platform);
    let policy = scene.trust.policy(voucher.claims());
    let decision = decide(voucher, request, &facts, policy, scene.time);
    if decision.verdict == Verdict::AskPlatform || lacks_evidence(&decision, &facts) {
        let asked = asked(voucher, request, &facts, scene);
        let used_here = local.used.minus(local.before);
        return Ok(Step::Ask { asked, used_here });
    }
    let mut entry = None;
    if let Some(body) = body(scene, voucher, (request, &facts), &decision) {
        entry = Some(txn.append(body, scene.time)?.entry);
        txn.commit()?;
    }
    let outcome = outcome(scene, voucher, &facts, &decision);
    Ok(Step::Done(Box::new(Written::new(outcome, entry))))
}

/// Decides without writing and without asking: what would happen at `scene.time`, as far as is known here.
pub(super) fn validate(
    store: &mut Store,
    scene: Scene<'_>,
    voucher: &Voucher,
    request: &Request,
) -> Result<Outcome, StoreError> {
    let (identity, queue) =
        (store.identity().clone(), store.queue(voucher.claims().terms.currency()));
    let floor = store.time_floor();
    let txn = store.begin()?;
    let (mut facts, _) = gather(&txn, scene, voucher, &identity)?;
    (facts.queue, facts.time_floor, facts.platform) = (queue, floor, PlatformFact::Silent);
    let policy = scene.trust.policy(voucher.claims());
    let decision = decide(voucher, request, &facts, policy, scene.time);
    Ok(outcome(scene, voucher, &facts, &decision))
}

/// Journals something that is not a verified voucher.
pub(super) fn refuse(
    store: &mut Store,
    scene: Scene<'_>,
    (state, code): (State, &str),
    method: EntryMethod,
) -> Result<Written, StoreError> {
    let outcome = Outcome::unverified(state, code, scene.time);
    let mut txn = store.begin()?;
    let body = Body::Refused(Refused {
        outcome: journal_outcome(&outcome.state),
        code: code.to_owned(),
        voucher: None,
        scan: scene.scan,
        method,
        findings: outcome.findings,
        online: false,
    });
    let entry = txn.append(body, scene.time)?.entry;
    txn.commit()?;
    Ok(Written::new(outcome, Some(entry)))
}

/// Takes back the redemption at a position, whole; none where there is none to take back.
pub(super) fn roll_back(
    store: &mut Store,
    trust: &Trust,
    (seq, reason): (Seq, &str),
    time: Timestamp,
) -> Result<Option<Written>, StoreError> {
    let Some((entry, redeemed)) = store.redemption(seq)? else {
        return Ok(None);
    };
    let value = crate::domain::money::Money::new(redeemed.used.minor, redeemed.currency);
    let redemption = Redemption {
        used: redeemed.used,
        value,
        bill: None,
        due: None,
        limit: redeemed.limit,
        left: 0,
    };
    let mut outcome = Outcome::unverified(State::RolledBack(redemption), "rolled_back", time);
    let campaign = trust.bundle.campaign(&redeemed.voucher.issuer, redeemed.voucher.id.campaign);
    outcome.title = campaign.map(|campaign| campaign.title.clone());
    let mut txn = store.begin()?;
    let body = Body::RolledBack(RolledBack {
        of: seq,
        of_epoch: entry.epoch,
        voucher: redeemed.voucher,
        used: redeemed.used,
        currency: redeemed.currency,
        reason: reason.to_owned(),
    });
    let entry = txn.append(body, time)?.entry;
    txn.commit()?;
    Ok(Some(Written::new(outcome, Some(entry))))
}

/// The hash of a scanned text, as evidence what was shown.
pub(super) fn scan_hash(text: &str) -> Hash {
    hash(text.as_bytes())
}

/// The platform counts earlier epochs of this terminal as another's; this journal holds them too.
fn without_own(platform: PlatformFact, before: Used) -> PlatformFact {
    match platform {
        PlatformFact::Granted { used_elsewhere } => {
            PlatformFact::Granted { used_elsewhere: used_elsewhere.minus(before) }
        }
        PlatformFact::Refused { reason, used_elsewhere, last } => {
            PlatformFact::Refused { reason, used_elsewhere: used_elsewhere.minus(before), last }
        }
        other @ (PlatformFact::NotAsked | PlatformFact::Silent) => other,
    }
}

/// A list says only that a voucher was used; the platform also knows when and where, and may know better.
fn lacks_evidence(decision: &Decision, facts: &Facts) -> bool {
    let used = decision.verdict == Verdict::Refused(Finding::UsedElsewhere);
    used && facts.platform == PlatformFact::NotAsked
}

fn gather(
    txn: &Txn<'_>,
    scene: Scene<'_>,
    voucher: &Voucher,
    identity: &Identity,
) -> Result<(Facts, LocalUse), StoreError> {
    let key = voucher.claims().key();
    let local = txn.local_use(&key)?;
    let last_use_here = local.last.map(|(_, _, at)| UseRecord {
        at,
        terminal: identity.terminal,
        branch: identity.branch,
    });
    let facts = Facts {
        merchant: identity.merchant,
        branch: identity.branch,
        campaign: scene.trust.campaign(voucher.claims()).map(|campaign| campaign.state),
        list: txn.listed(&key)?,
        used_here: local.used,
        last_use_here,
        rolled_back_at: local.rolled_back_at,
        platform: PlatformFact::NotAsked,
        queue: crate::domain::redeem::Queue::default(),
        time_floor: scene.time,
    };
    Ok((facts, local))
}

/// How much to ask the platform for: what would be consumed if it says yes.
fn asked(voucher: &Voucher, request: &Request, facts: &Facts, scene: Scene<'_>) -> Used {
    let granted = PlatformFact::Granted { used_elsewhere: Used::default() };
    let facts = Facts { platform: granted, ..facts.clone() };
    let policy = scene.trust.policy(voucher.claims());
    match decide(voucher, request, &facts, policy, scene.time).verdict {
        Verdict::Accepted(redemption) => redemption.used,
        Verdict::Refused(_)
        | Verdict::CannotCheck(_)
        | Verdict::NeedsInput(_)
        | Verdict::AskPlatform => Used { uses: 1, minor: 0 },
    }
}

fn outcome(scene: Scene<'_>, voucher: &Voucher, facts: &Facts, decision: &Decision) -> Outcome {
    let (state, code) = match &decision.verdict {
        Verdict::Accepted(redemption) => (State::Accepted(*redemption), "accepted"),
        Verdict::Refused(finding) => (State::Refused, finding.code()),
        Verdict::CannotCheck(finding) => (State::CannotCheck, finding.code()),
        Verdict::NeedsInput(wanted) => (State::NeedsInput(*wanted), "needs_input"),
        Verdict::AskPlatform => (State::CannotCheck, Finding::PlatformSilent.code()),
    };
    let (elsewhere, last_elsewhere, online) = from_platform(&facts.platform);
    let title = scene.trust.campaign(voucher.claims()).map(|campaign| campaign.title.clone());
    Outcome {
        state,
        code: code.to_owned(),
        voucher: Some(voucher.claims().clone()),
        title,
        used: facts.used_here.plus(elsewhere),
        last_use: last_use(facts, last_elsewhere),
        findings: decision.findings,
        entry: None,
        online,
        at: scene.time,
    }
}

fn from_platform(platform: &PlatformFact) -> (Used, Option<UseRecord>, bool) {
    match platform {
        PlatformFact::NotAsked | PlatformFact::Silent => (Used::default(), None, false),
        PlatformFact::Granted { used_elsewhere } => (*used_elsewhere, None, true),
        PlatformFact::Refused { used_elsewhere, last, .. } => (*used_elsewhere, last.clone(), true),
    }
}

/// Where this terminal consumed it, that is told; else what the platform knows.
fn last_use(facts: &Facts, elsewhere: Option<UseRecord>) -> Option<UseRecord> {
    let here = facts.last_use_here.clone().filter(|_| facts.used_here.uses > 0);
    here.or(elsewhere)
}

fn body(
    scene: Scene<'_>,
    voucher: &Voucher,
    (request, facts): (&Request, &Facts),
    decision: &Decision,
) -> Option<Body> {
    let (finding, outcome) = match &decision.verdict {
        Verdict::Accepted(redemption) => {
            let redeemed = redeemed(scene, voucher, (request, facts), (redemption, decision));
            return Some(Body::Redeemed(redeemed));
        }
        Verdict::Refused(finding) => (finding, journal::Outcome::Refused),
        Verdict::CannotCheck(finding) => (finding, journal::Outcome::CannotCheck),
        Verdict::NeedsInput(_) | Verdict::AskPlatform => return None,
    };
    Some(Body::Refused(Refused {
        outcome,
        code: finding.code().to_owned(),
        voucher: Some(voucher.claims().key()),
        scan: scene.scan,
        method: request.method,
        findings: decision.findings,
        online: from_platform(&facts.platform).2,
    }))
}

fn redeemed(
    scene: Scene<'_>,
    voucher: &Voucher,
    (request, facts): (&Request, &Facts),
    (redemption, decision): (&Redemption, &Decision),
) -> journal::Redeemed {
    let claims = voucher.claims();
    journal::Redeemed {
        voucher: claims.key(),
        token: voucher.token_hash(),
        kind: claims.terms.kind(),
        used: redemption.used,
        currency: redemption.value.currency,
        bill: redemption.bill.map(|bill| bill.minor),
        limit: redemption.limit,
        left: redemption.left,
        method: request.method,
        findings: decision.findings,
        online: from_platform(&facts.platform).2,
        bundle: scene.trust.bundle.version,
        list_as_of: match facts.list {
            ListFact::Known { as_of, .. } => Some(as_of),
            ListFact::NotCovered => None,
        },
    }
}

fn journal_outcome(state: &State) -> journal::Outcome {
    match state {
        State::NotAVoucher => journal::Outcome::NotAVoucher,
        State::CannotCheck => journal::Outcome::CannotCheck,
        State::Accepted(_) | State::Refused | State::NeedsInput(_) | State::RolledBack(_) => {
            journal::Outcome::Refused
        }
    }
}
