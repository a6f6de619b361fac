//! Conflicts with both sides in words, and who bears them.

use super::world::{START, Till, World, redeemed};
use crate::{
    domain::{
        id::{LeaseId, OperatorId},
        journal::{Body, Redeemed},
        redeem::{Finding, FindingSet, Liable, Policy},
        time::Timestamp,
        trust::Role,
        voucher::{Tier, Used},
    },
    platform::{
        http::page,
        service::{Dispute, Issued, ServiceError},
    },
};

fn act(till: &mut Till, voucher: &Issued, change: impl FnOnce(&mut Redeemed)) {
    let mut act = redeemed(voucher, Used::new(1, 1000));
    change(&mut act);
    till.write(Body::Redeemed(act));
}

/// Who bears it when the first and the second act are such.
fn borne(
    policy: Liable,
    first: impl FnOnce(&mut Redeemed),
    second: impl FnOnce(&mut Redeemed),
) -> (&'static str, &'static str, Option<u32>) {
    let world = World::in_memory();
    let policy = Policy { liable: policy, ..Policy::default() };
    world.platform.set_campaign_policy(world.campaign, &policy).unwrap();
    let deal = world.deal();
    let (mut one, mut two) = (world.till(), world.till());
    act(&mut one, &deal, first);
    act(&mut two, &deal, second);
    world.push_all(&one);
    assert_eq!(world.push_all(&two), [1]);
    let dispute = world.platform.conflict(1).unwrap();
    (dispute.liable, dispute.why, dispute.bearer)
}

fn plain(_act: &mut Redeemed) {}

fn approved(act: &mut Redeemed) {
    act.approved_by = Some(OperatorId(1));
}

fn approved_online(act: &mut Redeemed) {
    (act.approved_by, act.online) = (Some(OperatorId(1)), true);
}

#[test]
fn who_approves_bears_it_and_else_the_policy_says() {
    assert_eq!(borne(Liable::Issuer, plain, plain), ("issuer", "policy", None));
    assert_eq!(borne(Liable::Merchant, plain, plain), ("merchant", "policy", Some(1)));
    assert_eq!(borne(Liable::Issuer, plain, approved), ("merchant", "approved", Some(1)));
    assert_eq!(borne(Liable::Issuer, approved, plain), ("merchant", "approved", Some(1)));
    let asked = borne(Liable::Issuer, approved_online, plain);
    assert_eq!(asked, ("issuer", "policy", None), "the platform had agreed to that act");
}

fn dispute() -> (World, Dispute) {
    let world = World::in_memory();
    let platform = &world.platform;
    let person = |name| platform.create_operator(world.merchant, name, &[]).unwrap();
    let (cashier, boss) = (person("Mira"), person("Noor <b>"));
    platform.set_operator_role(boss, Role::Supervisor).unwrap();
    let deal = world.deal();
    let (mut one, mut two) = (world.till(), world.till_at(world.branches[1]));
    act(&mut one, &deal, |act| act.list_as_of = Some(Timestamp(START - 50)));
    act(&mut two, &deal, |act| {
        act.approved_by = Some(boss);
        act.presence = Tier::Signed;
        act.lease = Some(LeaseId(7));
        act.bundle = 4;
        act.findings = FindingSet::from_iter([Finding::PlatformSilent, Finding::TypedEntry]);
    });
    two.rewrite(|entry| entry.operator = Some(cashier));
    world.push_all(&one);
    world.push_all(&two);
    let dispute = world.platform.conflict(1).unwrap();
    (world, dispute)
}

#[test]
fn a_dispute_shows_what_each_side_wrote_down() {
    let (world, dispute) = dispute();
    assert_eq!((dispute.title.as_str(), dispute.campaign), ("Opening week", world.campaign.0));
    assert_eq!((dispute.liable, dispute.bearer_name.as_deref()), ("merchant", Some("Corner Café")));
    let [over, before] = dispute.sides.as_slice() else { panic!("two sides") };
    assert_eq!((over.branch_name.as_str(), before.branch_name.as_str()), ("South", "North"));
    assert_eq!(over.operator_name.as_deref(), Some("Mira"));
    assert_eq!(over.approver_name.as_deref(), Some("Noor <b>"));
    assert_eq!((over.presence, before.presence), ("signed", "static"));
    assert_eq!((over.bundle, over.lease, over.online), (4, Some(7), false));
    assert_eq!((before.amount.as_str(), before.currency, before.uses), ("10.00", "EUR", 1));
    // The entry is ten seconds after the world began, the list fifty seconds before.
    assert_eq!((before.list_age_s, over.list_age_s), (Some(60), None));
    let codes: Vec<_> = over.findings.iter().map(|line| line.code).collect();
    assert_eq!(codes, ["platform_silent", "typed_entry"]);
    assert_eq!(over.findings[1].text, "It was typed by hand.");
    assert_eq!(over.at, "2026-11-22T09:00:10Z");
    let unknown = world.platform.conflict(2);
    assert!(matches!(unknown, Err(ServiceError::NotFound("conflict"))), "{unknown:?}");
}

#[test]
fn every_finding_has_a_sentence() {
    let world = World::in_memory();
    let deal = world.deal();
    let mut till = world.till();
    for _ in 0..2 {
        act(&mut till, &deal, |act| act.findings = Finding::ALL.iter().copied().collect());
    }
    world.push_all(&till);
    let dispute = world.platform.conflict(1).unwrap();
    assert_eq!(dispute.sides[0].findings.len(), Finding::ALL.len());
    for line in &dispute.sides[0].findings {
        assert!(line.text.ends_with('.') && line.text.contains(' '), "{line:?}");
    }
}

#[test]
fn the_page_is_whole_escaped_and_without_a_script() {
    let (_world, dispute) = dispute();
    let page = page(&dispute);
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert!(page.contains("Noor &lt;b&gt; (2)") && !page.contains("Noor <b>"));
    for shown in [
        "Corner Café (merchant 1)",
        "It was typed by hand. (typed_entry)",
        "10.00 EUR",
        "of 2026-11-22T08:59:10Z, 60 s old",
        "taken from lease 7",
        "A supervisor approved it without the platform",
        "Beyond the limit",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    for foreign in ["<script", "http://", "https://", "src=", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<tr>").count(), page.matches("</tr>").count());
    assert_eq!(page.matches("<td>").count(), 2 * 18, "two sides, eighteen rows");
}
