//! Journals made by hand, decided again; every expected number is worked out in the comment beside it.

use super::*;
use crate::domain::{
    crypto::SecretKey,
    id::{Hash, Hex, LeaseId, OperatorId, VoucherId, VoucherKey},
    journal::{Act, Opened, Outcome, RolledBack, Uptime, Waiting, append},
    money::Money,
    redeem::{FindingSet, Limits, OfflineMode},
    scan::EntryMethod,
    time::Timestamp,
    voucher::{Kind, Limit, Tier},
};

/// 24 November 2026 is a Tuesday; 12:00 in Berlin is 11:00 UTC.
const NOON: &str = "2026-11-24T11:00:00Z";

fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

fn voucher(index: u32) -> VoucherKey {
    let id = VoucherId { campaign: CampaignId(7), index, random: 0 };
    VoucherKey { issuer: "demo".parse().unwrap(), id }
}

/// A deal of 20 euros, accepted without the platform with a list of an hour.
fn deal(index: u32) -> Redeemed {
    Redeemed {
        voucher: voucher(index),
        token: Hash::ZERO,
        kind: Kind::PrepaidDeal,
        used: Used::new(1, 2_000),
        currency: Currency::EUR,
        bill: None,
        limit: Limit::Uses(1),
        left: 0,
        method: EntryMethod::Camera,
        findings: FindingSet::from_iter([Finding::PlatformSilent, Finding::NotConfirmed]),
        online: false,
        bundle: 1,
        list_as_of: Some(noon().plus(-3_600)),
        rest: None,
        due: None,
        approved_by: None,
        presence: Tier::Static,
        customer: None,
        lease: None,
        waiting: Waiting::default(),
        act: None,
        goods: Vec::new(),
        shown_at: None,
    }
}

fn online(index: u32) -> Redeemed {
    Redeemed { online: true, findings: FindingSet::EMPTY, ..deal(index) }
}

fn refusal(index: u32, finding: Finding, others: &[Finding]) -> Body {
    let findings = others.iter().copied().chain([finding]).collect();
    Body::Refused(Refused {
        outcome: Outcome::Refused,
        code: finding.code().to_owned(),
        voucher: Some(voucher(index)),
        scan: Hash::ZERO,
        method: EntryMethod::Camera,
        findings,
        online: false,
    })
}

/// A terminal's journal under construction.
struct Till {
    key: SecretKey,
    id: u32,
    operator: Option<OperatorId>,
    lines: Vec<JournalLine>,
}

impl Till {
    fn new(id: u32) -> Self {
        let mut till = Self {
            key: SecretKey::from_seed(&[9; 32]),
            id,
            operator: Some(OperatorId(1)),
            lines: Vec::new(),
        };
        let opened = Opened { software: "test".to_owned(), continues: Hash::ZERO };
        till.add(noon().plus(-86_400), Body::Opened(opened));
        till
    }

    fn add(&mut self, at: Timestamp, body: Body) -> Seq {
        let last = self.lines.last();
        let seq = last.map_or(Seq(1), |line| line.entry.seq.next());
        let floor = last.map_or(at, |line| line.entry.time_floor.max(at));
        let entry = Entry {
            terminal: TerminalId(self.id),
            epoch: Epoch(1),
            seq,
            prev: last.map_or(Hash::ZERO, |line| line.hash),
            at,
            time_floor: floor,
            branch: BranchId(1),
            operator: self.operator,
            body,
            uptime: Uptime::default(),
        };
        let signed = append(&self.key, entry);
        let text = format!("{{\"bytes\":\"{}\"}}", Hex(&signed.bytes));
        let read = read_line(&text).unwrap().unwrap();
        assert_eq!((&read.entry, read.hash), (&signed.entry, signed.hash));
        self.lines.push(read);
        seq
    }

    fn redeem(&mut self, after_s: i64, redeemed: Redeemed) -> Seq {
        self.add(noon().plus(after_s), Body::Redeemed(redeemed))
    }

    fn back(&mut self, after_s: i64, of: Seq, used: Used) {
        let line = self.lines.iter().find(|line| line.entry.seq == of).unwrap();
        let Body::Redeemed(redeemed) = &line.entry.body else {
            panic!("entry {of} is no redemption");
        };
        let body = Body::RolledBack(RolledBack {
            of,
            voucher: redeemed.voucher.clone(),
            used,
            currency: redeemed.currency,
            reason: "wrong_scan".to_owned(),
            of_epoch: Epoch(1),
            approved_by: None,
        });
        self.add(noon().plus(after_s), body);
    }

    fn try_with(&self, policy: &Policy) -> Report {
        try_all(self.lines.clone(), policy, LossModel::default())
    }
}

fn try_all(lines: Vec<JournalLine>, policy: &Policy, loss: LossModel) -> Report {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let zones = BTreeMap::from([(BranchId(1), berlin)]);
    replay(lines, &Scenario { policy, loss, campaign: None, zones: &zones, zone: None })
}

fn limited(limits: Limits) -> Policy {
    Policy::standard(OfflineMode::Limited, limits)
}

fn counts(groups: &BTreeMap<String, Group>) -> Vec<(&str, u64)> {
    groups.iter().map(|(code, group)| (code.as_str(), group.redemptions)).collect()
}

fn euros(group: &Group) -> i64 {
    group.worth.iter().map(|worth| worth.minor).sum()
}

#[test]
fn the_policy_of_the_time_changes_nothing() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    till.redeem(60, deal(2));
    let report = till.try_with(&Policy::default());
    assert_eq!((report.entries, report.journals, report.breaks), (3, 1, 0));
    assert_eq!((report.accepted_then.redemptions, euros(&report.accepted_then)), (2, 4_000));
    assert_eq!(report.accepted_now, report.accepted_then);
    assert_eq!(
        (report.accepted_now_offline.redemptions, euros(&report.accepted_now_offline)),
        (1, 2_000)
    );
    assert!(report.refused_now.is_empty() && report.unknown_now.is_empty());
}

#[test]
fn expected_loss_is_worth_times_the_chance_by_presence_and_age() {
    let mut till = Till::new(1);
    // Static, a list of a day: 20.00 * 0.5 % * 2 = 0.20.
    till.redeem(0, Redeemed { list_as_of: Some(noon().plus(-86_400)), ..deal(1) });
    // Signed by the phone, an up-to-date list: 20.00 * 0.01 % = 0.002.
    let signed = Redeemed {
        presence: Tier::Signed,
        shown_at: Some(noon()),
        list_as_of: Some(noon()),
        ..deal(2)
    };
    till.redeem(0, signed);
    // Signed anew, no list, which counts as a week: 20.00 * 0.05 % * 8 = 0.08.
    let uncovered = FindingSet::from_iter([Finding::PlatformSilent, Finding::NotCovered]);
    till.redeem(
        0,
        Redeemed { presence: Tier::Fresh, list_as_of: None, findings: uncovered, ..deal(3) },
    );
    // With the platform's yes nothing is at stake.
    till.redeem(0, online(4));
    let report = till.try_with(&Policy::default());
    // 0.20 + 0.002 + 0.08 = 0.282, which is 0.28.
    assert_eq!((report.loss[0].then.minor, report.loss[0].now.minor), (28, 28));
    let never = till.try_with(&Policy::standard(OfflineMode::Never, Limits::default()));
    assert_eq!((never.loss[0].then.minor, never.loss[0].now.minor), (28, 0));
    let certain = LossModel { static_ppm: 1_000_000, ..LossModel::default() };
    let report = try_all(till.lines, &Policy::default(), certain);
    // 20.00 + 0.082 = 20.08, half up.
    assert_eq!(report.loss[0].now.minor, 2_008);
    assert!(report.to_string().contains("static: 100 % of those"));
    // 21.00 * 0.5 % = 0.105: half a cent is rounded up.
    let mut till = Till::new(1);
    till.redeem(0, Redeemed { used: Used::new(1, 2_100), list_as_of: Some(noon()), ..deal(1) });
    assert_eq!(till.try_with(&Policy::default()).loss[0].now.minor, 11);
}

#[test]
fn never_refuses_what_the_platform_did_not_agree_to() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    till.redeem(60, deal(2));
    let report = till.try_with(&Policy::standard(OfflineMode::Never, Limits::default()));
    assert_eq!(counts(&report.refused_now), [("online_required", 1)]);
    assert_eq!(euros(&report.refused_now["online_required"]), 2_000);
    assert_eq!((report.accepted_now.redemptions, report.accepted_now_offline.redemptions), (1, 0));
}

#[test]
fn a_floor_limit_is_by_presence() {
    let mut till = Till::new(1);
    till.redeem(0, deal(1));
    till.redeem(1, Redeemed { presence: Tier::Fresh, ..deal(2) });
    let limits = Limits { amount_minor: 1_999, live_amount_minor: 2_000, ..Limits::default() };
    let report = till.try_with(&limited(limits));
    assert_eq!(counts(&report.refused_now), [("offline_amount_exceeded", 1)]);
    let report = till.try_with(&limited(Limits { amount_minor: 2_000, ..Limits::default() }));
    assert!(report.refused_now.is_empty(), "the bound itself is allowed");
}

#[test]
fn what_the_policy_refuses_does_not_wait_to_be_sent() {
    let mut till = Till::new(1);
    // Five without a network, each with those before it waiting.
    for index in 0..5 {
        let waiting = Waiting { count: index, minor: i64::from(index) * 2_000 };
        till.redeem(i64::from(index), Redeemed { waiting, ..deal(index) });
    }
    // At most two may wait: the third to the fifth are refused, since the first two still wait.
    let report = till.try_with(&limited(Limits { unsynced_count: 2, ..Limits::default() }));
    assert_eq!(counts(&report.refused_now), [("offline_count_exceeded", 3)]);
    assert_eq!(report.accepted_now.redemptions, 2);
    // At most 60.00: 20, 40 and 60 are within, 80 and then 80 again are not.
    let report = till.try_with(&limited(Limits { unsynced_minor: 6_000, ..Limits::default() }));
    assert_eq!(counts(&report.refused_now), [("offline_sum_exceeded", 2)]);
    assert_eq!(euros(&report.refused_now["offline_sum_exceeded"]), 4_000);
}

#[test]
fn a_refused_act_makes_room_for_a_later_one() {
    let mut till = Till::new(1);
    // 20, 50, 20 while 0, 20 and 70 wait. With 40.00 at most the 50 is refused, so 20 wait before the last: it fits.
    till.redeem(0, deal(1));
    let dear = Redeemed {
        used: Used::new(1, 5_000),
        waiting: Waiting { count: 1, minor: 2_000 },
        ..deal(2)
    };
    till.redeem(1, dear);
    till.redeem(2, Redeemed { waiting: Waiting { count: 2, minor: 7_000 }, ..deal(3) });
    let report = till.try_with(&limited(Limits { unsynced_minor: 4_000, ..Limits::default() }));
    assert_eq!(counts(&report.refused_now), [("offline_sum_exceeded", 1)]);
    assert_eq!(euros(&report.refused_now["offline_sum_exceeded"]), 5_000);
    // Refused for its amount it does not wait either: one waits before the last, which is the second of two.
    let limits = Limits { amount_minor: 4_999, unsynced_count: 2, ..Limits::default() };
    assert_eq!(
        counts(&till.try_with(&limited(limits)).refused_now),
        [("offline_amount_exceeded", 1)]
    );
}

#[test]
fn only_what_still_waits_makes_room() {
    let dear = || Redeemed { used: Used::new(1, 5_000), ..deal(1) };
    let limits = Limits { amount_minor: 4_999, unsynced_count: 1, ..Limits::default() };
    // The refused one is all that waits: the next is the first.
    let mut till = Till::new(1);
    till.redeem(0, dear());
    till.redeem(1, Redeemed { waiting: Waiting { count: 1, minor: 5_000 }, ..deal(2) });
    assert_eq!(till.try_with(&limited(limits)).accepted_now.redemptions, 1);
    // The refused one was sent before: the one that waits would wait under the policy too.
    let mut till = Till::new(1);
    till.redeem(0, dear());
    till.redeem(1, deal(2));
    till.redeem(2, Redeemed { waiting: Waiting { count: 1, minor: 2_000 }, ..deal(3) });
    let refused = till.try_with(&limited(limits)).refused_now;
    assert_eq!(counts(&refused), [("offline_amount_exceeded", 1), ("offline_count_exceeded", 1)]);
}

#[test]
fn what_the_policy_refuses_is_not_given_back() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    let second = till.redeem(1, online(2));
    till.back(2, second, Used::new(1, 2_000));
    till.redeem(3, online(3));
    let mut policy = Policy::default();
    policy.rules.caps.campaign = 1;
    // The first takes the only use; taking the refused second back frees nothing for the third.
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("campaign_limit_reached", 2)]);
}

#[test]
fn the_age_of_the_list_is_to_the_second() {
    let mut till = Till::new(1);
    till.redeem(0, deal(1));
    till.redeem(1, deal(2));
    // The list is an hour old at noon, and an hour and a second a second later.
    let report = till.try_with(&limited(Limits { list_max_s: 3_600, ..Limits::default() }));
    assert_eq!(counts(&report.refused_now), [("list_too_old", 1)]);
}

#[test]
fn how_fast_it_went_counts_the_entries_before() {
    let mut till = Till::new(1);
    let anna = || Some("anna".parse().unwrap());
    for (after, index) in [(0, 1), (10, 2), (20, 3), (700, 4)] {
        till.redeem(after, Redeemed { customer: anna(), ..online(index) });
    }
    let limits = Limits { velocity_s: 600, customer_max: 2, ..Limits::default() };
    let mut strict = limited(limits);
    // The finding is in the standard table for silence only; here it refuses always.
    strict.deny.note(Finding::CustomerTooFast, true);
    // The third is the third within ten minutes; the fourth is alone in its ten minutes.
    let report = till.try_with(&strict);
    assert_eq!(counts(&report.refused_now), [("customer_velocity", 1)]);
    assert!(till.try_with(&limited(limits)).refused_now.is_empty(), "the platform had agreed");

    let operator = Limits { velocity_s: 600, operator_max: 3, ..Limits::default() };
    let mut strict = limited(operator);
    strict.deny.note(Finding::OperatorTooFast, true);
    assert!(till.try_with(&strict).refused_now.is_empty());
    till.redeem(705, online(5));
    till.redeem(706, online(6));
    till.redeem(707, online(7));
    assert_eq!(counts(&till.try_with(&strict).refused_now), [("operator_velocity", 1)]);
}

#[test]
fn hours_are_those_of_the_branch_and_unknown_without_its_zone() {
    let mut till = Till::new(1);
    // 12:00, 14:29:59 and 14:30 in Berlin.
    till.redeem(0, online(1));
    till.redeem(2 * 3_600 + 1_799, online(2));
    till.redeem(2 * 3_600 + 1_800, online(3));
    let mut policy = Policy::default();
    policy.rules.windows = vec!["Mon-Fri 11:00-14:30".parse().unwrap()];
    let report = till.try_with(&policy);
    assert_eq!(counts(&report.refused_now), [("voucher_not_active_now", 1)]);
    policy.approve.note(Finding::OutsideHours, true);
    let report = till.try_with(&policy);
    assert_eq!((report.approval_now.redemptions, report.refused_now.len()), (1, 0));

    let nowhere = BTreeMap::new();
    let model = LossModel::default();
    let scenario =
        Scenario { policy: &policy, loss: model, campaign: None, zones: &nowhere, zone: None };
    let report = replay(till.lines.clone(), &scenario);
    assert_eq!(counts(&report.unknown_now), [("voucher_not_active_now", 3)]);
    let utc = Scenario { zone: Some(&TimeZone::UTC), ..scenario };
    // 11:00, 13:29:59 and 13:30 in UTC.
    assert_eq!(replay(till.lines, &utc).accepted_now.redemptions, 3);
}

#[test]
fn caps_count_what_was_not_taken_back_on_the_branchs_day() {
    let mut till = Till::new(1);
    let bert = || Some("bert".parse().unwrap());
    let of = |index| Redeemed { customer: bert(), ..online(index) };
    let first = till.redeem(0, of(1));
    till.back(10, first, Used::new(1, 2_000));
    till.redeem(20, of(2));
    // 22:59:59 UTC is 23:59:59 in Berlin, a second later it is the next day.
    till.redeem(12 * 3_600 - 1, of(3));
    till.redeem(12 * 3_600, of(4));
    let mut policy = Policy::default();
    policy.rules.caps.customer_day = 1;
    // The first was taken back, the second is the first of the day, the third is over, the fourth is on the next day.
    let report = till.try_with(&policy);
    assert_eq!(counts(&report.refused_now), [("customer_limit_reached", 1)]);
    // 80.00 were accepted, 20.00 taken back.
    assert_eq!((report.accepted_then.redemptions, euros(&report.accepted_then)), (4, 6_000));
    policy.rules.caps.customer_day = 0;
    policy.rules.caps.campaign = 2;
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("campaign_limit_reached", 1)]);
    policy.rules.caps.campaign = 0;
    policy.rules.first_visit = true;
    // Taken back, the first was no visit; the second is the first visit.
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("not_first_visit", 2)]);
}

#[test]
fn rules_about_customers_refuse_vouchers_that_name_none() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    let mut policy = Policy::default();
    policy.rules.caps.customer = 5;
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("customer_unknown", 1)]);
}

#[test]
fn presence_that_is_demanded_must_have_been_there() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    till.redeem(1, deal(2));
    let shown = |age: i64| Redeemed {
        presence: Tier::Signed,
        shown_at: Some(noon().plus(100_i64.saturating_sub(age))),
        ..deal(3)
    };
    till.redeem(100, shown(90));
    let mut policy = Policy::default();
    policy.rules.presence = Tier::Signed;
    policy.limits.live_proof_s = 90;
    // Without the platform a copy is not enough; with its yes it is, by the standard table.
    let report = till.try_with(&policy);
    assert_eq!(counts(&report.refused_now), [("live_proof_missing", 1)]);
    policy.limits.live_proof_s = 89;
    let report = till.try_with(&policy);
    assert_eq!(counts(&report.refused_now), [("live_proof_missing", 1), ("live_proof_stale", 1)]);
}

#[test]
fn approval_is_what_the_entry_says() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    till.redeem(1, Redeemed { approved_by: Some(OperatorId(9)), ..online(2) });
    let mut policy = Policy::default();
    policy.rules.approval_above = 1_999;
    let report = till.try_with(&policy);
    assert_eq!((report.approval_now.redemptions, report.accepted_now.redemptions), (1, 1));
    policy.rules.approval_above = 2_000;
    assert_eq!(till.try_with(&policy).approval_now.redemptions, 0);
}

#[test]
fn what_an_entry_does_not_tell_is_unknown() {
    let mut till = Till::new(1);
    till.redeem(0, deal(1));
    till.redeem(1, Redeemed { lease: Some(LeaseId(4)), ..deal(2) });
    let leased = Policy::standard(OfflineMode::Leased, Limits::default());
    let report = till.try_with(&leased);
    assert_eq!(counts(&report.unknown_now), [("lease_required", 1)]);
    assert_eq!(report.accepted_now.redemptions, 1, "it was taken from a lease");
    let bound = Policy::standard(OfflineMode::BranchBound, Limits::default());
    assert_eq!(counts(&till.try_with(&bound).unknown_now), [("not_branch_bound", 2)]);
    let mut products = Policy::default();
    let tea = crate::domain::redeem::Product { name: "Tea".to_owned(), gtin: String::new() };
    products.rules.products = vec![tea];
    assert_eq!(counts(&till.try_with(&products).unknown_now), [("product_missing", 2)]);
    // Nobody asked the platform then, so that nobody knows whether it would have answered.
    let mut till = Till::new(1);
    till.redeem(0, Redeemed { findings: FindingSet::EMPTY, ..deal(1) });
    let never = Policy::standard(OfflineMode::Never, Limits::default());
    assert_eq!(counts(&till.try_with(&never).unknown_now), [("platform_silent", 1)]);
}

#[test]
fn a_policy_that_asks_nothing_accepts_without_the_platform() {
    let mut till = Till::new(1);
    till.redeem(0, online(1));
    let mut silent = Policy::standard(OfflineMode::Always, Limits::default());
    silent.ask = FindingSet::EMPTY;
    let report = till.try_with(&silent);
    assert_eq!(
        (report.accepted_then_offline.redemptions, report.accepted_now_offline.redemptions),
        (0, 1)
    );
    // An hour-old list: 20.00 * 0.5 % * 25/24 = 0.104.
    assert_eq!((report.loss[0].then.minor, report.loss[0].now.minor), (0, 10));
}

#[test]
fn vouchers_of_one_bill_may_be_in_each_others_way() {
    let mut till = Till::new(1);
    let act = Some(Act { first: Seq(2), vouchers: 3 });
    for index in 1..=3 {
        till.redeem(0, Redeemed { act, ..online(index) });
    }
    till.redeem(1, online(4));
    let mut policy = Policy::default();
    policy.rules.stacking.most = 2;
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("not_stackable", 1)]);
    policy.rules.stacking.most = 0;
    policy.rules.stacking.alone = true;
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("not_stackable", 2)]);
    policy.rules.stacking.alone = false;
    policy.rules.stacking.not_with = vec![CampaignId(7)];
    assert_eq!(counts(&till.try_with(&policy).refused_now), [("not_stackable", 2)]);
}

#[test]
fn refusals_are_decided_again_as_far_as_they_tell() {
    let silent = [Finding::PlatformSilent, Finding::NotConfirmed];
    let mut till = Till::new(1);
    till.redeem(0, deal(1));
    let at = noon().plus(10);
    till.add(at, refusal(2, Finding::OnlineRequired, &silent));
    till.add(at, refusal(3, Finding::Revoked, &[]));
    till.add(at, refusal(4, Finding::OutsideHours, &[]));
    let always = Policy::standard(OfflineMode::Always, Limits::default());
    let report = till.try_with(&always);
    // Only the network was missing: accepted. Revoked stays revoked. Outside hours the terminal stopped before it knew
    // what was asked for.
    assert_eq!(report.accepted_after_all, 1);
    assert_eq!(report.refused_again, BTreeMap::from([("voucher_revoked".to_owned(), 1)]));
    assert_eq!(report.unknown_after_all.values().sum::<u64>(), 1);
    assert_eq!(report.refused_then.values().sum::<u64>(), 3);
    let never = Policy::standard(OfflineMode::Never, Limits::default());
    assert_eq!(till.try_with(&never).refused_again.values().sum::<u64>(), 2);
    // With a floor limit the worth matters, which no refusal tells.
    let floor = limited(Limits { amount_minor: 100_000, ..Limits::default() });
    let report = till.try_with(&floor);
    assert_eq!(report.accepted_after_all, 0);
    assert!(report.unknown_after_all.contains_key("offline_amount_exceeded"));
    // After the redemption at noon at most one waited: the next was at most the second.
    let two = limited(Limits { unsynced_count: 2, ..Limits::default() });
    assert_eq!(till.try_with(&two).accepted_after_all, 1);
    let one = till.try_with(&limited(Limits { unsynced_count: 1, ..Limits::default() }));
    assert_eq!(one.accepted_after_all, 0);
    assert!(one.unknown_after_all.contains_key("offline_count_exceeded"));
}

#[test]
fn the_list_of_a_refusal_is_at_most_as_old_as_the_last_that_was_named() {
    let silent = [Finding::PlatformSilent, Finding::NotConfirmed];
    let mut till = Till::new(1);
    till.redeem(0, deal(1));
    // The list named at noon was an hour old: a minute later it is at most 3660 seconds old.
    till.add(noon().plus(60), refusal(2, Finding::ListTooOld, &silent));
    let with = |list_max_s| {
        Policy::standard(OfflineMode::Always, Limits { list_max_s, ..Limits::default() })
    };
    assert_eq!(till.try_with(&with(3_660)).accepted_after_all, 1);
    let report = till.try_with(&with(3_659));
    assert_eq!(report.unknown_after_all, BTreeMap::from([("list_too_old".to_owned(), 1)]));
}

#[test]
fn no_policy_accepts_what_is_no_question_of_policy() {
    let mut till = Till::new(1);
    let twice = Refused {
        outcome: Outcome::Refused,
        code: "voucher_twice".to_owned(),
        voucher: Some(voucher(1)),
        scan: Hash::ZERO,
        method: EntryMethod::Camera,
        findings: FindingSet::EMPTY,
        online: false,
    };
    let none = Refused { code: "product_barcode".to_owned(), voucher: None, ..twice.clone() };
    till.add(noon(), Body::Refused(twice));
    till.add(noon(), Body::Refused(none));
    let report = till.try_with(&Policy::standard(OfflineMode::Always, Limits::default()));
    assert_eq!(report.refused_again, BTreeMap::from([("voucher_twice".to_owned(), 1)]));
    assert_eq!(report.refused_then.values().sum::<u64>(), 1, "a barcode is no voucher");
}

#[test]
fn only_the_wanted_campaign_is_judged_and_lines_count_once() {
    let mut till = Till::new(1);
    till.redeem(0, deal(1));
    let mut other = deal(2);
    other.voucher.id.campaign = CampaignId(8);
    other.currency = "USD".parse().unwrap();
    till.redeem(1, other);
    let mut second = Till::new(2);
    second.redeem(2, deal(3));
    let lines = [till.lines.clone(), till.lines, second.lines].concat();
    let policy = Policy::standard(OfflineMode::Never, Limits::default());
    let zones = BTreeMap::new();
    let campaign = Some(CampaignId(7));
    let loss = LossModel::default();
    let scenario = Scenario { policy: &policy, loss, campaign, zones: &zones, zone: None };
    let report = replay(lines.clone(), &scenario);
    assert_eq!((report.entries, report.journals, report.breaks), (5, 2, 0));
    assert_eq!(counts(&report.refused_now), [("online_required", 2)]);
    let all = replay(lines, &Scenario { campaign: None, ..scenario });
    let worth: Vec<_> = all.accepted_then.worth.iter().map(|it| (it.currency, it.minor)).collect();
    assert_eq!(worth, [("EUR", 4_000), ("USD", 2_000)]);
    assert_eq!(all.loss.len(), 2);
}

#[test]
fn missing_entries_are_noticed() {
    let mut till = Till::new(1);
    for index in 0..4 {
        till.redeem(i64::from(index), deal(index));
    }
    till.lines.remove(2);
    let report = till.try_with(&Policy::default());
    assert_eq!((report.entries, report.breaks), (4, 1));
    assert!(report.to_string().contains("do not follow"));
}

#[test]
fn other_lines_are_refused_and_the_header_is_skipped() {
    let header = "{\"format\":\"countersign-journal/1\",\"terminal\":3,\"key\":\"00\"}";
    assert_eq!(read_line(header), Ok(None));
    assert_eq!(read_line("  \r\n"), Ok(None));
    for (line, error) in [
        ("hello", JournalError::Shape),
        ("[]", JournalError::Shape),
        ("{}", JournalError::Shape),
        ("{\"format\":\"other/1\"}", JournalError::Format),
        ("{\"bytes\":\"\"}", JournalError::Entry),
        ("{\"bytes\":\"0\"}", JournalError::Entry),
        ("{\"bytes\":\"zz\"}", JournalError::Entry),
        ("{\"bytes\":\"é\"}", JournalError::Entry),
        ("{\"bytes\":\"8440a04040\"}", JournalError::Entry),
    ] {
        assert_eq!(read_line(line), Err(error), "{line}");
    }
    let long = format!("{{\"bytes\":\"{}\"}}", "00".repeat(LINE_BYTES_MAX));
    assert_eq!(read_line(&long), Err(JournalError::Shape));
}

#[test]
fn extreme_times_and_sums_are_no_panic() {
    let mut till = Till::new(1);
    for at in [i64::MIN, i64::MAX] {
        let mut wild = deal(1);
        wild.used = Used::new(u32::MAX, i64::MAX);
        (wild.list_as_of, wild.shown_at) = (Some(Timestamp(i64::MAX)), Some(Timestamp(i64::MIN)));
        (wild.presence, wild.waiting) =
            (Tier::Signed, Waiting { count: u32::MAX, minor: i64::MAX });
        let seq = till.add(Timestamp(at), Body::Redeemed(wild));
        till.back(0, seq, Used::new(u32::MAX, i64::MIN));
    }
    let mut policy = Policy::default();
    policy.rules.windows = vec!["Mon-Sun 00:00-24:00".parse().unwrap()];
    policy.rules.caps.voucher_day = u32::MAX;
    policy.limits.velocity_s = u32::MAX;
    let report = till.try_with(&policy);
    assert_eq!(report.accepted_then.redemptions, 2);
    assert!(!report.to_string().is_empty());
    assert_eq!(Money::new(i64::MAX, Currency::EUR).number(), report.accepted_then.worth[0].amount);
}
