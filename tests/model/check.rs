//! The worlds explored to their ends, and every mistake found.

use std::time::Instant;

use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::{
    config::{Config, large, small},
    mistake::Mistake,
    properties::*,
};

/// How much is explored: `large` on request.
pub(crate) fn is_large() -> bool {
    std::env::var("COUNTERSIGN_MODEL").is_ok_and(|size| size == "large")
}

fn worlds() -> Vec<Config> {
    if is_large() { large() } else { small() }
}

#[test]
fn every_promise_holds_in_every_order_of_events() {
    let mut sum = 0;
    for config in worlds() {
        let (name, start) = (config.name, Instant::now());
        let checker = config.checker().threads(2).spawn_bfs().join();
        let unique = checker.unique_state_count();
        let (all, depth) = (checker.state_count(), checker.max_depth());
        eprintln!(
            "{unique:>9} states, {all:>9} steps, depth {depth:>2}, {:>5.1} s: {name}",
            start.elapsed().as_secs_f64()
        );
        checker.assert_properties();
        sum += unique;
    }
    eprintln!("{sum:>9} states in all");
}

#[test]
fn every_mistake_is_found_by_the_promise_it_breaks() {
    for mistake in Mistake::ALL {
        let (world, promise) = breaks(mistake);
        let config = small().into_iter().find(|config| config.name == world).unwrap();
        let config = Config { mistake: Some(mistake), ..config };
        let start = Instant::now();
        let wanted = HasDiscoveries::AnyOf([promise].into());
        let checker = config.checker().threads(2).finish_when(wanted).spawn_bfs().join();
        let found = checker.discovery(promise);
        let unique = checker.unique_state_count();
        let steps = found.as_ref().map_or(0, |path| path.clone().into_actions().len());
        eprintln!(
            "{unique:>9} states, {steps:>2} steps, {:>5.1} s: {mistake:?}",
            start.elapsed().as_secs_f64()
        );
        assert!(found.is_some(), "{mistake:?} does not break: {promise}");
    }
}

/// The world in which a mistake shows, and the promise that it breaks.
fn breaks(mistake: Mistake) -> (&'static str, &'static str) {
    use Mistake as M;
    match mistake {
        M::AcknowledgedBeforeCommit => ("one voucher", HELD),
        M::SentIsAcknowledged => ("one voucher", HELD),
        M::AcknowledgementWithoutHash => ("a store set back", HELD),
        M::RunWithoutHash => ("a store set back", PREFIX),
        M::BookedAgain => ("one voucher", EXACTLY_ONCE),
        M::ForkIgnored => ("a store set back", FROZEN),
        M::ForkForgotten => ("set back and enrolled again", FROZEN),
        M::ConflictNotNoted => ("one voucher", CONFLICT),
        M::ClaimExpires => ("only with the platform", ASIDE),
        M::ClaimReleasedByAnyPush => ("only with the platform", ASIDE),
        M::ClaimGrantedToTwo => ("only with the platform", WORD),
        M::StaleClaimTaken => ("only with the platform", NOT_STALE),
        M::ClaimWithoutHash => ("a store set back, only with the platform", WORD),
        M::LateClaimReplaces => ("only with the platform", ASIDE),
        M::ClaimOfPredecessorReplaced => ("a lost device", WORD),
        M::RefusalIsSilence => ("one voucher", NO_IS_NO),
        M::LateAnswerHonoured => ("only with the platform", ASIDE),
        M::WrittenWhileAsking => ("only with the platform", ASIDE),
        M::LeaseEndedByClock => ("a lease", LENT),
        M::LeaseNotCounted => ("a lease", LENT),
        M::OwnLeaseNotCounted => ("a lease", LENT),
        M::LeaseUsedAfterItsEnd => ("a lease and the next epoch", LENT),
        M::ShownBeforeCommit => ("one voucher", SHOWN),
        M::OwnUseForgotten => ("one voucher", ONCE_HERE),
        M::EpochReused => ("a lost device", EPOCH),
        M::GivenBackTwice => ("taken back", GIVEN_BACK),
        M::AcknowledgedGoesBack => ("the platform set back, in short runs", QUEUE),
    }
}
