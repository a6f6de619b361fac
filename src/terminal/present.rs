//! The use case of the counter: a scanned text becomes a journalled outcome, in one transaction.

use std::collections::BTreeMap;

use super::{
    asking::{Question, Shown},
    gather::{Place, Scene, gather},
    outcome::{Outcome, State, Together},
    record::{Case, body, is_answer},
    trust::Trust,
};
use crate::{
    domain::{
        crypto::hash,
        id::{Hash, LeaseId},
        journal::{self, Act, Body, Entry, Refused},
        money::Money,
        redeem::{
            Clash, Decision, Facts, Finding, OnBill, Plan, PlatformFact, Request, UseRecord,
            Verdict, decide, plan,
        },
        scan::{EntryMethod, Scanned, ShortCode, classify},
        sync::Claim,
        voucher::{Limit, Terms, Used, VerifyError, Voucher},
    },
    store::{Store, StoreError, Txn},
};

/// What was held to the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// A voucher whose signature was verified.
    Voucher(Box<Voucher>),
    /// The short code of a voucher.
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

/// An outcome with the entries that were written for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) outcome: Outcome,
    pub(super) entries: Vec<Entry>,
}

impl Written {
    pub(super) fn new(mut outcome: Outcome, entries: Vec<Entry>) -> Self {
        outcome.entry = entries.first().map(|entry| entry.seq);
        Self { outcome, entries }
    }
}

/// What a decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is decided, and journalled where it consumes or refuses.
    Done(Box<Written>),
    /// The cashier must say more about the voucher at this place.
    Say(usize, Box<Outcome>),
    /// The platform should be asked for this much first.
    Ask(Vec<Claim>),
}

/// Decides an act and, where it is decided, writes it down: one transaction from the check to the append.
///
/// `platform` holds what the platform says of each voucher.
pub(super) fn redeem(
    store: &mut Store,
    scene: Scene<'_>,
    question: &Question,
    platform: &[PlatformFact],
) -> Result<Step, StoreError> {
    let place = Place::of(store);
    let mut txn = store.begin()?;
    let ended = match question.bill {
        None => alone(&mut txn, (scene, place), question, platform)?,
        Some(bill) => together(&mut txn, (scene, place), (question, bill), platform)?,
    };
    match ended {
        Ended::Open(step) => Ok(step),
        Ended::Accepted(written) => {
            txn.commit()?;
            Ok(Step::Done(Box::new(written)))
        }
        Ended::Refused(outcome, body) => {
            drop(txn);
            let entry = append(store, scene, body)?;
            Ok(Step::Done(Box::new(Written::new(outcome, vec![entry]))))
        }
    }
}

/// How an act ended inside its transaction.
#[expect(clippy::large_enum_variant, reason = "there is one of it, and only for a moment")]
enum Ended {
    /// Undecided, or with nothing to write down.
    Open(Step),
    /// With entries that are to be kept.
    Accepted(Written),
    /// With a refusal that takes the place of everything before it.
    Refused(Outcome, Body),
}

fn append(store: &mut Store, scene: Scene<'_>, body: Body) -> Result<Entry, StoreError> {
    let mut txn = store.begin()?;
    let entry = txn.append(body, scene.time)?.entry;
    txn.commit()?;
    Ok(entry)
}

/// One voucher as far as it was decided inside a transaction.
struct Decided {
    facts: Facts,
    decision: Decision,
    outcome: Outcome,
    /// What the current epoch of this journal holds of the voucher.
    used_here: Used,
}

fn alone(
    txn: &mut Txn<'_>,
    (scene, place): (Scene<'_>, Place),
    question: &Question,
    platform: &[PlatformFact],
) -> Result<Ended, StoreError> {
    let (Some(shown), Some(platform)) = (question.vouchers.first(), platform.first()) else {
        return Err(StoreError::Damaged("an act without a voucher"));
    };
    let decided = look(txn, (scene, place), shown, platform.clone())?;
    if let Some(step) = open(scene, shown, &decided, 0) {
        return Ok(Ended::Open(step));
    }
    match body(scene, decided.case(shown), None) {
        Some(body @ Body::Redeemed(_)) => {
            let entry = txn.append(body, scene.time)?.entry;
            Ok(Ended::Accepted(Written::new(decided.outcome, vec![entry])))
        }
        Some(body) => Ok(Ended::Refused(decided.outcome, body)),
        None => Ok(Ended::Open(Step::Say(0, Box::new(decided.outcome)))),
    }
}

/// What a voucher at a place still needs before it is decided.
fn open(scene: Scene<'_>, shown: &Shown, decided: &Decided, place: usize) -> Option<Step> {
    match decided.decision.verdict {
        Verdict::NeedsInput(_) => Some(Step::Say(place, Box::new(decided.outcome.clone()))),
        _ if wants_platform(shown, decided) => Some(Step::Ask(vec![claim(scene, shown, decided)])),
        Verdict::Accepted(_)
        | Verdict::Refused(_)
        | Verdict::CannotCheck(_)
        | Verdict::AskPlatform => None,
    }
}

/// All vouchers on one bill, or none: the first that is not accepted ends the act.
fn together(
    txn: &mut Txn<'_>,
    (scene, place): (Scene<'_>, Place),
    (question, bill): (&Question, Money),
    platform: &[PlatformFact],
) -> Result<Ended, StoreError> {
    let plan = match plan_bill(txn, (scene, place), (question, bill))? {
        Ok(plan) => plan,
        Err(clash) => {
            return Ok(in_the_way(scene, question, (clash.voucher(), clash.code())));
        }
    };
    let act = Act { first: txn.next_seq(), vouchers: u8::try_from(plan.steps.len()).unwrap_or(0) };
    let (mut entries, mut outcomes, mut claims) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut ask = false;
    for step in &plan.steps {
        let (Some(shown), Some(fact)) =
            (question.vouchers.get(step.voucher), platform.get(step.voucher))
        else {
            return Err(StoreError::Damaged("an act without its vouchers"));
        };
        if step.gives.minor == 0 && touches_bill(&shown.voucher) {
            return Ok(in_the_way(scene, question, (Some(step.voucher), "adds_nothing")));
        }
        let shown = on_bill(shown, (bill, step.before, step.gives));
        let decided = look(txn, (scene, place), &shown, fact.clone())?;
        match open(scene, &shown, &decided, step.voucher) {
            Some(Step::Ask(_)) => ask = true,
            Some(step) => return Ok(Ended::Open(step)),
            None => match body(scene, decided.case(&shown), Some(act)) {
                Some(body @ Body::Redeemed(_)) => entries.push(txn.append(body, scene.time)?.entry),
                Some(body) => return Ok(Ended::Refused(decided.outcome, body)),
                None => {}
            },
        }
        claims.insert(step.voucher, claim(scene, &shown, &decided));
        outcomes.push(decided.outcome);
    }
    if ask {
        return Ok(Ended::Open(Step::Ask(claims.into_values().collect())));
    }
    number(&mut outcomes, &entries);
    let together = Together { bill, due: plan.due, vouchers: outcomes };
    let state = State::Together(Box::new(together));
    let outcome = Outcome::unverified(state, "accepted", scene.time);
    Ok(Ended::Accepted(Written::new(outcome, entries)))
}

fn number(outcomes: &mut [Outcome], entries: &[Entry]) {
    let numbered = outcomes.iter_mut().zip(entries);
    numbered.for_each(|(outcome, entry)| outcome.entry = Some(entry.seq));
}

/// Whether a voucher is there to lower or to pay the bill.
fn touches_bill(voucher: &Voucher) -> bool {
    let terms = &voucher.claims().terms;
    terms.kind().is_coupon() || matches!(terms, Terms::StoredValue { .. })
}

/// A voucher that does not go with the others: nothing was decided about it, so nothing is written down.
fn in_the_way(
    scene: Scene<'_>,
    question: &Question,
    (at, code): (Option<usize>, &'static str),
) -> Ended {
    let mut outcome = Outcome::unverified(State::Refused, code, scene.time);
    let shown = at.and_then(|at| question.vouchers.get(at));
    outcome.voucher = shown.map(|shown| shown.voucher.claims().clone());
    outcome.title = shown.and_then(|shown| title(scene, &shown.voucher));
    Ended::Open(Step::Done(Box::new(Written { outcome, entries: Vec::new() })))
}

/// A voucher as it is presented when its turn comes and so much of the bill is left.
fn on_bill(shown: &Shown, (bill, rest, gives): (Money, Money, Money)) -> Shown {
    let request = Request { confirmed: true, ..shown.request };
    let request = match &shown.voucher.claims().terms {
        Terms::AmountOff(_) | Terms::PercentOff(_) => {
            Request { bill: Some(bill), rest: Some(rest), ..request }
        }
        Terms::StoredValue { .. } => Request { amount: Some(gives), ..request },
        Terms::PrepaidDeal { .. }
        | Terms::Pass { .. }
        | Terms::Item(_)
        | Terms::Ticket(_)
        | Terms::PickUp { .. } => request,
    };
    Shown { request, ..shown.clone() }
}

/// The best legal order of the vouchers on a bill, or why there is none.
fn plan_bill(
    txn: &Txn<'_>,
    (scene, place): (Scene<'_>, Place),
    (question, bill): (&Question, Money),
) -> Result<Result<Plan, Clash>, StoreError> {
    let mut on_bill = Vec::new();
    for shown in &question.vouchers {
        let claims = shown.voucher.claims();
        let (facts, _) = gather(txn, (scene, place), &shown.voucher, PlatformFact::NotAsked)?;
        let left = match claims.terms.limit().or_more(facts.known_limit) {
            limit @ Limit::Balance(_) => limit.left_after(facts.used_here),
            Limit::Uses(_) | Limit::Lines(_) => 0,
        };
        on_bill.push(OnBill { claims, stacking: &scene.trust.policy(claims).rules.stacking, left });
    }
    Ok(plan(bill, &on_bill))
}

/// The order in which vouchers would come off a bill, for showing it before anything is decided.
pub(super) fn preview(
    store: &mut Store,
    scene: Scene<'_>,
    question: &Question,
) -> Result<Option<Result<Plan, Clash>>, StoreError> {
    let Some(bill) = question.bill else {
        return Ok(None);
    };
    let place = Place::of(store);
    let txn = store.begin()?;
    plan_bill(&txn, (scene, place), (question, bill)).map(Some)
}

/// Decides one voucher with everything the transaction holds so far.
fn look(
    txn: &Txn<'_>,
    (scene, place): (Scene<'_>, Place),
    shown: &Shown,
    platform: PlatformFact,
) -> Result<Decided, StoreError> {
    // A bundle that came while a question was open may have withdrawn the key.
    let (voucher, request) = (&*scene.trust.still(&shown.voucher), &shown.request);
    let (facts, local) = gather(txn, (scene, place), voucher, platform)?;
    let policy = scene.trust.policy(voucher.claims());
    let decision = decide(voucher, request, &facts, policy, scene.time);
    let outcome = outcome(scene, shown, &facts, &decision);
    let used_here = local.used.minus(local.before);
    Ok(Decided { facts, decision, outcome, used_here })
}

/// What the platform is asked about a voucher.
fn claim(scene: Scene<'_>, shown: &Shown, decided: &Decided) -> Claim {
    let claims = shown.voucher.claims();
    let (asked, lease) = asked(&shown.voucher, &shown.request, &decided.facts, scene);
    Claim {
        voucher: claims.key(),
        limit: claims.terms.limit(),
        asked,
        used_here: decided.used_here,
        customer: claims.customer.clone(),
        lease,
    }
}

impl Decided {
    fn case<'a>(&'a self, shown: &'a Shown) -> Case<'a> {
        Case {
            voucher: &shown.voucher,
            scan: shown.scan,
            request: &shown.request,
            facts: &self.facts,
            decision: &self.decision,
        }
    }
}

/// Decides without writing and without asking: what would happen at `scene.time`, as far as is known here.
pub(super) fn validate(
    store: &mut Store,
    scene: Scene<'_>,
    shown: &Shown,
) -> Result<Outcome, StoreError> {
    let place = Place::of(store);
    let txn = store.begin()?;
    Ok(look(&txn, (scene, place), shown, PlatformFact::Silent)?.outcome)
}

/// Journals something that is not a verified voucher.
pub(super) fn refuse(
    store: &mut Store,
    scene: Scene<'_>,
    (state, code): (State, &str),
    (scan, method): (Hash, EntryMethod),
) -> Result<Written, StoreError> {
    let outcome = Outcome::unverified(state, code, scene.time);
    let body = Body::Refused(Refused {
        outcome: journal_outcome(&outcome.state),
        code: code.to_owned(),
        voucher: None,
        scan,
        method,
        findings: outcome.findings,
        online: false,
    });
    let entry = append(store, scene, body)?;
    Ok(Written::new(outcome, vec![entry]))
}

/// The hash of a scanned text, as evidence what was shown.
pub(super) fn scan_hash(text: &str) -> Hash {
    hash(text.as_bytes())
}

/// The policy wants the platform, or the platform may know better than a refusal does.
fn wants_platform(shown: &Shown, decided: &Decided) -> bool {
    let unasked = decided.facts.platform == PlatformFact::NotAsked;
    match decided.decision.verdict {
        Verdict::AskPlatform => true,
        Verdict::Refused(finding) => unasked && platform_may_know_better(shown, finding),
        Verdict::Accepted(_) | Verdict::CannotCheck(_) | Verdict::NeedsInput(_) => false,
    }
}

/// A list says only that a voucher was used; the platform also knows when and where. And it knows what was loaded onto a
/// balance after the voucher was signed.
fn platform_may_know_better(shown: &Shown, finding: Finding) -> bool {
    let limit = shown.voucher.claims().terms.limit();
    let balance = matches!(limit, Limit::Balance(_));
    let of_balance = matches!(finding, Finding::OverBalance | Finding::UsedHere);
    finding == Finding::UsedElsewhere || (balance && of_balance)
}

/// How much to ask the platform for, and from which lease: what would be consumed if it says yes.
fn asked(
    voucher: &Voucher,
    request: &Request,
    facts: &Facts,
    scene: Scene<'_>,
) -> (Used, Option<LeaseId>) {
    let granted = PlatformFact::Granted { used_elsewhere: Used::default(), limit: None };
    let facts = Facts { platform: granted, ..facts.clone() };
    let policy = scene.trust.policy(voucher.claims());
    let request = Request { confirmed: true, ..*request };
    match decide(voucher, &request, &facts, policy, scene.time).verdict {
        Verdict::Accepted(redemption) => (redemption.used, redemption.lease),
        Verdict::Refused(_)
        | Verdict::CannotCheck(_)
        | Verdict::NeedsInput(_)
        | Verdict::AskPlatform => (as_asked(voucher, request), None),
    }
}

/// What was asked for where it is more than is left as far as is known here: the platform may know of a top-up.
fn as_asked(voucher: &Voucher, request: Request) -> Used {
    let stored = matches!(voucher.claims().terms, Terms::StoredValue { .. });
    let amount = request.amount.filter(|amount| stored && amount.minor > 0);
    Used::new(1, amount.map_or(0, |amount| amount.minor))
}

fn outcome(scene: Scene<'_>, shown: &Shown, facts: &Facts, decision: &Decision) -> Outcome {
    let (state, code) = match &decision.verdict {
        Verdict::Accepted(redemption) => (State::Accepted(*redemption), "accepted"),
        Verdict::Refused(finding) => (State::Refused, finding.code()),
        Verdict::CannotCheck(finding) => (State::CannotCheck, finding.code()),
        Verdict::NeedsInput(wanted) => (State::NeedsInput(*wanted), "needs_input"),
        Verdict::AskPlatform => (State::CannotCheck, Finding::PlatformSilent.code()),
    };
    let (elsewhere, last_elsewhere) = from_platform(&facts.platform);
    Outcome {
        state,
        code: code.to_owned(),
        voucher: Some(shown.voucher.claims().clone()),
        title: title(scene, &shown.voucher),
        used: facts.used_here.plus(elsewhere),
        last_use: last_use(facts, last_elsewhere),
        findings: decision.findings,
        entry: None,
        approved_by: shown.request.approved_by,
        online: is_answer(&facts.platform),
        at: scene.time,
    }
}

fn title(scene: Scene<'_>, voucher: &Voucher) -> Option<String> {
    scene.trust.campaign(voucher.claims()).map(|campaign| campaign.title.clone())
}

fn from_platform(platform: &PlatformFact) -> (Used, Option<UseRecord>) {
    match platform {
        PlatformFact::NotAsked | PlatformFact::Silent => (Used::default(), None),
        PlatformFact::Granted { used_elsewhere, .. } => (*used_elsewhere, None),
        PlatformFact::Refused { used_elsewhere, last, .. } => (*used_elsewhere, last.clone()),
    }
}

/// Where this terminal consumed it, that is told; else what the platform knows.
fn last_use(facts: &Facts, elsewhere: Option<UseRecord>) -> Option<UseRecord> {
    let here = facts.last_use_here.clone().filter(|_| facts.used_here.uses > 0);
    here.or(elsewhere)
}

fn journal_outcome(state: &State) -> journal::Outcome {
    match state {
        State::NotAVoucher => journal::Outcome::NotAVoucher,
        State::CannotCheck => journal::Outcome::CannotCheck,
        State::Accepted(_)
        | State::Together(_)
        | State::Refused
        | State::NeedsInput(_)
        | State::RolledBack(_) => journal::Outcome::Refused,
    }
}
