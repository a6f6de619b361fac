//! What holds for every decision, whatever the voucher, the facts and the policy.

use countersign::domain::{
    id::MerchantId,
    redeem::{
        Decision, Finding, FindingSet, ListFact, OfflineMode, PlatformFact, Redemption, Verdict,
        Wanted,
    },
    scan::EntryMethod,
    trust::{CampaignState, Status},
    voucher::{Limit, Terms, Used},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    case_facts::refusal,
    case_policy::findings,
    cases::{Case, case},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn findings_never_contradict_the_verdict(case in case()) {
        let Decision { findings, verdict } = case.decide();
        let waved = waved_through(&case);
        match verdict {
            Verdict::Accepted(_) => {
                prop_assert!(UNFORGIVABLE.iter().all(|finding| !findings.has(*finding)));
                let refusing = case.policy.deny.or(RULES.into_iter().collect());
                prop_assert!(findings.and(refusing).minus(waved).is_empty());
                prop_assert!(waved.has(Finding::ApprovalNeeded) || !findings.has(Finding::ApprovalNeeded));
                let silent = case.facts.platform == PlatformFact::Silent;
                prop_assert!(!silent || findings.and(case.policy.deny_unasked).minus(waved).is_empty());
            }
            Verdict::Refused(finding) => {
                prop_assert!(findings.has(finding) && !finding.is_lack_of_knowledge());
                prop_assert!(!waved.has(finding));
            }
            Verdict::CannotCheck(finding) => {
                prop_assert!(findings.has(finding) && !waved.has(finding));
            }
            Verdict::AskPlatform => {
                prop_assert_eq!(&case.facts.platform, &PlatformFact::NotAsked);
            }
            Verdict::NeedsInput(Wanted::Approval) => {
                prop_assert!(case.request.approved_by.is_none());
            }
            Verdict::NeedsInput(Wanted::Confirmation) => prop_assert!(!case.request.confirmed),
            Verdict::NeedsInput(Wanted::Product) => prop_assert!(case.request.product.is_none()),
            Verdict::NeedsInput(_) => {}
        }
    }

    #[test]
    fn what_is_accepted_is_within_the_voucher_and_adds_up(case in case()) {
        let Verdict::Accepted(redemption) = case.decide().verdict else { return Ok(()) };
        let before = elsewhere(&case.facts.platform);
        let uses = case.facts.used_here.uses + before.uses + redemption.used.uses;
        let minor = case.facts.used_here.minor + before.minor + redemption.used.minor;
        let pieces = |used: Used| used.lines.0.map(u32::from);
        match &case.voucher.claims().terms {
            Terms::PickUp { lines, .. } => {
                let mut left = 0;
                for (at, line) in lines.iter().enumerate() {
                    let taken = [case.facts.used_here, before, redemption.used];
                    let taken: u32 = taken.map(|used| pieces(used)[at]).iter().sum();
                    prop_assert!(taken <= u32::from(line.count), "{redemption:?}");
                    left += u32::from(line.count) - taken;
                }
                prop_assert_eq!(redemption.left, i64::from(left));
                prop_assert_eq!(redemption.used.uses, pieces(redemption.used).iter().sum::<u32>());
            }
            Terms::StoredValue { balance } => {
                let loaded = loaded(&case).into_iter().fold(balance.minor, i64::max);
                prop_assert!(minor <= loaded, "{redemption:?}");
                prop_assert_eq!(redemption.left, loaded - minor);
            }
            Terms::PrepaidDeal { .. } | Terms::AmountOff(_) | Terms::PercentOff(_)
            | Terms::Pass { .. } | Terms::Item(_) | Terms::Ticket(_) => {
                let Limit::Uses(count) = redemption.limit else { panic!("{redemption:?}") };
                prop_assert!(uses <= count, "{redemption:?}");
                prop_assert_eq!(redemption.left, i64::from(count) - i64::from(uses));
            }
        }
        prop_assert!(redemption.used.uses >= 1 && redemption.used.minor >= 0);
        prop_assert_eq!(redemption.used.minor, redemption.value.minor);
    }

    #[test]
    fn what_is_to_be_paid_follows_from_the_kind(case in case()) {
        let Verdict::Accepted(redemption) = case.decide().verdict else { return Ok(()) };
        let terms = &case.voucher.claims().terms;
        let (bill, rest) = (case.request.bill, case.request.rest);
        let expected = match terms {
            Terms::AmountOff(_) | Terms::PercentOff(_) => bill.map(|bill| {
                let same = |rest: countersign::domain::money::Money| {
                    if rest.currency == bill.currency { rest.minor } else { 0 }
                };
                rest.map_or(bill.minor, |rest| same(rest).max(0).min(bill.minor)) - redemption.value.minor
            }),
            Terms::Item(item) => (item.price > 0).then_some(item.price),
            Terms::PrepaidDeal { .. } | Terms::Pass { .. } | Terms::StoredValue { .. }
            | Terms::Ticket(_) | Terms::PickUp { .. } => None,
        };
        prop_assert_eq!(redemption.due.map(|due| due.minor), expected);
        prop_assert!(expected.is_none_or(|due| due >= 0));
    }

    #[test]
    fn caps_and_leases_hold(case in case()) {
        let decision = case.decide();
        let Verdict::Accepted(Redemption { used, lease, .. }) = decision.verdict else { return Ok(()) };
        let (caps, waved) = (case.policy.rules.caps, waved_through(&case));
        let customer = case.facts.customer.campaign;
        for (cap, before, finding) in [
            (caps.voucher_day, case.facts.used_today, Finding::VoucherDayLimit),
            (caps.customer, customer.uses, Finding::CustomerLimit),
            (caps.customer_day, customer.today, Finding::CustomerLimit),
            (caps.terminal_day, case.facts.campaign_here.today, Finding::CampaignDayLimit),
            (caps.campaign, case.facts.campaign_here.uses, Finding::CampaignLimit),
        ] {
            prop_assert!(cap == 0 || before + used.uses <= cap || waved.has(finding));
        }
        if let Some(id) = lease {
            let lent = case.facts.lease.unwrap();
            prop_assert_eq!(case.policy.mode, OfflineMode::Leased);
            prop_assert_eq!(lent.id, id);
            prop_assert!(case.now.max(case.facts.time_floor) < lent.until);
            prop_assert!(used.uses <= lent.uses && used.minor <= lent.minor);
        }
    }

    #[test]
    fn more_that_speaks_against_it_never_turns_a_no_into_a_yes(
        case in case(),
        worse in vec(worsening(), 1..5),
    ) {
        let mut worsened = case.clone();
        for worse in worse {
            worse(&mut worsened);
        }
        // Where less is left, less need be said: one piece is handed over without a question.
        let asked = matches!(case.decide().verdict, Verdict::NeedsInput(Wanted::Uses | Wanted::Lines));
        prop_assert!(asked || case.is_accepted() || !worsened.is_accepted());
    }

    #[test]
    fn a_clock_set_back_never_turns_a_no_into_a_yes(case in case(), back in 0..200_000_000_i64) {
        let mut later = case;
        later.facts.time_floor = later.facts.time_floor.max(later.now);
        let mut earlier = later.clone();
        earlier.now = earlier.now.plus(-back);
        prop_assert!(later.is_accepted() || !earlier.is_accepted());
    }

    #[test]
    fn a_platform_that_refuses_is_never_overruled(case in case(), reason in refusal()) {
        let mut refused = case;
        let used_elsewhere = elsewhere(&refused.facts.platform);
        refused.facts.platform = PlatformFact::Refused { reason, used_elsewhere, last: None };
        refused.policy.approve = FindingSet::EMPTY;
        prop_assert!(!refused.is_accepted());
    }

    #[test]
    fn nothing_is_consumed_unseen(case in case()) {
        let mut looking = case;
        looking.request.look_first = true;
        looking.request.confirmed = false;
        prop_assert!(!looking.is_accepted());
    }

    #[test]
    fn an_approval_is_needed_only_once_and_only_where_it_helps(case in case()) {
        let mut approved = case.clone();
        approved.request.approved_by = Some(countersign::domain::id::OperatorId(4));
        let (alone, approved) = (case.decide(), approved.decide());
        prop_assert_eq!(alone.findings, approved.findings);
        prop_assert_ne!(&approved.verdict, &Verdict::NeedsInput(Wanted::Approval));
        if alone.verdict != Verdict::NeedsInput(Wanted::Approval) {
            prop_assert_eq!(alone.verdict, approved.verdict);
        }
    }

    #[test]
    fn sets_of_findings_are_sets(one in findings(), other in findings()) {
        for finding in Finding::ALL {
            prop_assert_eq!(one.or(other).has(*finding), one.has(*finding) || other.has(*finding));
            prop_assert_eq!(one.and(other).has(*finding), one.has(*finding) && other.has(*finding));
            prop_assert_eq!(one.minus(other).has(*finding), one.has(*finding) && !other.has(*finding));
        }
        prop_assert_eq!(one.iter().collect::<FindingSet>(), one);
        prop_assert_eq!(one.first(), Finding::ALL.iter().copied().find(|finding| one.has(*finding)));
    }
}

/// What no policy may wave through, written down a second time.
const UNFORGIVABLE: [Finding; 14] = [
    Finding::KeyWithdrawn,
    Finding::KeyOutsideWindow,
    Finding::OtherMerchant,
    Finding::OtherBranch,
    Finding::Revoked,
    Finding::UsedHere,
    Finding::UsedElsewhere,
    Finding::Claimed,
    Finding::Suspended,
    Finding::CampaignSuspended,
    Finding::Expired,
    Finding::NotYetValid,
    Finding::OverBalance,
    Finding::OverUses,
];

/// What refuses under every policy, unless a supervisor may wave it through; written down a second time.
const RULES: [Finding; 12] = [
    Finding::TooEarly,
    Finding::TooLate,
    Finding::OutsideHours,
    Finding::BlackedOut,
    Finding::NotFirstVisit,
    Finding::CustomerUnknown,
    Finding::CustomerLimit,
    Finding::CampaignLimit,
    Finding::CampaignDayLimit,
    Finding::VoucherDayLimit,
    Finding::NotStackable,
    Finding::ProductMissing,
];

/// What the supervisor's approval covers, where there is one.
fn waved_through(case: &Case) -> FindingSet {
    // Nobody waves through what the platform refused.
    let refused = matches!(case.facts.platform, PlatformFact::Refused { .. });
    if refused || case.request.approved_by.is_none() {
        return FindingSet::EMPTY;
    }
    let needed = FindingSet::from_iter([Finding::ApprovalNeeded]);
    let never = UNFORGIVABLE.into_iter().chain([Finding::TimeUnclear]).collect();
    case.policy.approve.or(needed).minus(never)
}

fn elsewhere(platform: &PlatformFact) -> Used {
    match platform {
        PlatformFact::NotAsked | PlatformFact::Silent => Used::default(),
        PlatformFact::Granted { used_elsewhere, .. }
        | PlatformFact::Refused { used_elsewhere, .. } => *used_elsewhere,
    }
}

/// Balances that were heard of.
fn loaded(case: &Case) -> Vec<i64> {
    let heard = match &case.facts.platform {
        PlatformFact::Granted { limit, .. } => *limit,
        PlatformFact::NotAsked | PlatformFact::Silent | PlatformFact::Refused { .. } => None,
    };
    let limits = [case.facts.known_limit, heard].into_iter().flatten();
    let balance = |limit| if let Limit::Balance(minor) = limit { Some(minor) } else { None };
    limits.filter_map(balance).collect()
}

type Worsening = fn(&mut Case);

/// Changes that only add to what speaks against honouring.
fn worsening() -> impl Strategy<Value = Worsening> {
    select([state_worsening(), consumed_worsening(), rule_worsening()].concat())
}

fn state_worsening() -> Vec<Worsening> {
    let revoke: Worsening = |case| set_status(case, Status::Revoked);
    let suspend: Worsening = |case| set_status(case, Status::Suspended);
    let age: Worsening = |case| {
        if let ListFact::Known { status: Status::Valid, as_of } = &mut case.facts.list {
            *as_of = as_of.plus(-200_000);
        }
    };
    let stop: Worsening = |case| {
        case.facts.campaign = case.facts.campaign.map(|_| CampaignState::Suspended);
    };
    let queue: Worsening = |case| {
        case.facts.queue.count += 2;
        case.facts.queue.minor += 5_000;
    };
    let deny: Worsening = |case| case.policy.deny.note(Finding::NotCovered, true);
    let strict: Worsening = |case| case.policy.deny_unasked.note(Finding::NotConfirmed, true);
    let typed: Worsening = |case| case.request.method = EntryMethod::Typed;
    let elsewhere: Worsening = |case| case.facts.merchant = MerchantId(9);
    let outside: Worsening = |case| case.facts.groups.clear();
    let unlucky: Worsening = |case| case.facts.dice = 0;
    vec![revoke, suspend, age, stop, queue, deny, strict, typed, elsewhere, outside, unlucky]
}

fn consumed_worsening() -> Vec<Worsening> {
    let consume: Worsening = |case| {
        case.facts.used_here.uses += 1;
        case.facts.used_here.minor += 700;
        case.facts.used_here.lines.0[0] += 1;
    };
    let keep: Worsening = |case| case.facts.rolled_back_at = None;
    let today: Worsening = |case| case.facts.used_today += 1;
    let campaign: Worsening = |case| {
        case.facts.campaign_here.uses += 1;
        case.facts.campaign_here.today += 1;
    };
    let customer: Worsening = |case| {
        case.facts.customer.campaign.uses += 1;
        case.facts.customer.campaign.today += 1;
        case.facts.customer.visits += 1;
        case.facts.customer.recent += 1;
    };
    let busy: Worsening = |case| case.facts.operator_recent += 2;
    let lent: Worsening = |case| {
        if let Some(lease) = &mut case.facts.lease {
            lease.uses = lease.uses.saturating_sub(1);
            lease.minor = (lease.minor - 500).max(0);
        }
    };
    let replay: Worsening = |case| {
        let shown = case.voucher.presence().signed_at();
        case.facts.shown_before = case.facts.shown_before.max(shown);
    };
    vec![consume, keep, today, campaign, customer, busy, lent, replay]
}

fn rule_worsening() -> Vec<Worsening> {
    let never: Worsening =
        |case| case.policy.rules.windows = vec!["Sun 03:00-03:01".parse().unwrap()];
    let closed: Worsening = |case| {
        case.policy.rules.blackouts.push("2026-11-01..2027-01-31".parse().unwrap());
    };
    let missing: Worsening = |case| {
        case.request.product = case.request.product.map(|_| false);
    };
    let first: Worsening = |case| case.policy.rules.first_visit = true;
    let nobody: Worsening = |case| case.policy.approve = FindingSet::EMPTY;
    let unsaid: Worsening = |case| case.request.approved_by = None;
    let careful: Worsening = |case| case.request.confirmed = false;
    vec![never, closed, missing, first, nobody, unsaid, careful]
}

fn set_status(case: &mut Case, worse: Status) {
    if let ListFact::Known { status: status @ Status::Valid, .. } = &mut case.facts.list {
        *status = worse;
    }
}
