//! What holds for every decision, whatever the voucher, the facts and the policy.

use countersign::domain::{
    id::MerchantId,
    redeem::{Decision, Finding, FindingSet, ListFact, PlatformFact, Verdict},
    scan::EntryMethod,
    trust::{CampaignState, Status},
    voucher::{Limit, Used},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::cases::{Case, case, findings, refusal};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn findings_never_contradict_the_verdict(case in case()) {
        let Decision { findings, verdict } = case.decide();
        match verdict {
            Verdict::Accepted(_) => {
                prop_assert!(findings.and(case.policy.deny).is_empty());
                prop_assert!(UNFORGIVABLE.iter().all(|finding| !findings.has(*finding)));
                let silent = case.facts.platform == PlatformFact::Silent;
                prop_assert!(!silent || findings.and(case.policy.deny_unasked).is_empty());
            }
            Verdict::Refused(finding) => {
                prop_assert!(findings.has(finding) && !finding.is_lack_of_knowledge());
            }
            Verdict::CannotCheck(finding) => {
                prop_assert!(findings.has(finding));
            }
            Verdict::AskPlatform => {
                prop_assert_eq!(&case.facts.platform, &PlatformFact::NotAsked);
            }
            Verdict::NeedsInput(_) => {}
        }
    }

    #[test]
    fn what_is_accepted_is_within_the_voucher_and_adds_up(case in case()) {
        let Verdict::Accepted(redemption) = case.decide().verdict else { return Ok(()) };
        let limit = case.voucher.claims().terms.limit();
        let before = elsewhere(&case.facts.platform);
        let total = Used {
            uses: case.facts.used_here.uses + before.uses + redemption.used.uses,
            minor: case.facts.used_here.minor + before.minor + redemption.used.minor,
        };
        let (within, left) = match limit {
            Limit::Uses(count) => (total.uses <= count, i64::from(count) - i64::from(total.uses)),
            Limit::Balance(balance) => (total.minor <= balance, balance - total.minor),
        };
        prop_assert!(within, "{redemption:?}");
        prop_assert_eq!(redemption.left, left);
        prop_assert!(redemption.value.minor >= 0);
        prop_assert!(redemption.used.uses >= 1);
        let owed = redemption.bill.map(|bill| bill.minor - redemption.value.minor);
        prop_assert_eq!(redemption.due.map(|due| due.minor), owed);
        prop_assert!(owed.is_none_or(|due| due >= 0));
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
        prop_assert!(case.is_accepted() || !worsened.is_accepted());
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
        prop_assert!(!refused.is_accepted());
    }

    #[test]
    fn sets_of_findings_are_sets(one in findings(), other in findings()) {
        for finding in Finding::ALL {
            prop_assert_eq!(one.or(other).has(*finding), one.has(*finding) || other.has(*finding));
            prop_assert_eq!(one.and(other).has(*finding), one.has(*finding) && other.has(*finding));
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

fn elsewhere(platform: &PlatformFact) -> Used {
    match platform {
        PlatformFact::NotAsked | PlatformFact::Silent => Used::default(),
        PlatformFact::Granted { used_elsewhere } | PlatformFact::Refused { used_elsewhere, .. } => {
            *used_elsewhere
        }
    }
}

type Worsening = fn(&mut Case);

/// Changes that only add to what speaks against honouring.
fn worsening() -> impl Strategy<Value = Worsening> {
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
    let consume: Worsening = |case| {
        case.facts.used_here.uses += 1;
        case.facts.used_here.minor += 700;
    };
    let queue: Worsening = |case| {
        case.facts.queue.count += 2;
        case.facts.queue.minor += 5_000;
    };
    let deny: Worsening = |case| case.policy.deny.note(Finding::NotCovered, true);
    let strict: Worsening = |case| case.policy.deny_unasked.note(Finding::NotConfirmed, true);
    let typed: Worsening = |case| case.request.method = EntryMethod::Typed;
    let elsewhere: Worsening = |case| case.facts.merchant = MerchantId(9);
    let keep: Worsening = |case| case.facts.rolled_back_at = None;
    select(vec![revoke, suspend, age, stop, consume, queue, deny, strict, typed, elsewhere, keep])
}

fn set_status(case: &mut Case, worse: Status) {
    if let ListFact::Known { status: status @ Status::Valid, .. } = &mut case.facts.list {
        *status = worse;
    }
}
