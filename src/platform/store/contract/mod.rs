//! What every store must keep, run against each of them.

mod claims;
mod fixture;
mod journals;
mod leases;
mod places;
mod terminals;
mod tokens;
mod vouchers;

mod files;

use claims::*;
use journals::*;
use leases::*;
use places::*;
use terminals::*;
use tokens::*;
use vouchers::*;

macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod memory {
            $(#[test] fn $name() { super::$name(&crate::platform::store::MemoryStore::default()); })+
        }
        mod sqlite {
            use crate::platform::store::SqliteStore;

            $(#[test] fn $name() {
                let dir = tempfile::tempdir().unwrap();
                super::$name(&SqliteStore::open(&dir.path().join("p.db")).unwrap());
            })+
        }
    };
}

contract!(
    what_is_not_committed_never_was,
    numbers_grow_from_one,
    operators_come_back_as_they_were,
    campaigns_come_back_as_they_were,
    issuers_keep_their_keys_in_order,
    the_last_bundle_is_the_greatest,
    a_voucher_is_unique_in_every_way,
    chunks_begin_valid_and_are_replaced,
    an_enrolment_is_used_once,
    terminals_and_their_keys,
    tokens_come_back_as_they_were_and_are_revoked_once,
    redemptions_of_one_merchant_are_listed,
    a_journal_position_is_taken_once,
    entries_come_back_as_they_were_signed,
    redemptions_are_listed_by_arrival,
    branches_keep_their_place,
    groups_hold_branches_of_anyone,
    vouchers_of_a_campaign_come_by_their_index,
    listed_vouchers_are_found_by_campaign_branch_and_number,
    uses_are_added_and_given_back,
    uses_are_counted_by_all_that_caps_are_about,
    claims_are_found_by_what_is_counted,
    leases_hold_until_they_end,
    what_was_taken_from_a_lease_is_summed,
    a_claim_replaces_the_terminals_own,
    claims_end_when_the_journal_goes_on,
    a_conflict_is_about_one_entry_and_seen_by_those_in_it,
    what_refers_to_nothing_is_refused,
);
