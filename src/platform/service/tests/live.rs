//! Vouchers that are signed anew.

use std::sync::Arc;

use super::world::{OneKey, START, World, counting, euro};
use crate::{
    domain::{
        crypto::{HolderKey, SecretKey},
        time::Timestamp,
        trust::CampaignState,
        voucher::{Claims, Terms, UntrustedToken, mint},
    },
    platform::{
        clock::Clock,
        service::{Ends, Order, Platform, PlatformKeys, ServiceError, VoucherName},
        store::MemoryStore,
    },
};

fn claims(world: &World, text: &str) -> Claims {
    let keyring = world.bundle().keyring();
    UntrustedToken::parse(text).unwrap().verify(&keyring).unwrap().claims().clone()
}

fn code(refused: Result<crate::platform::service::Refreshed, ServiceError>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn a_live_voucher_is_the_same_for_ten_minutes() {
    let world = World::in_memory();
    let phone = HolderKey(SecretKey::from_seed(&[8; 32]).public().to_bytes());
    let order = world.order(Terms::Pass { uses: 3, value_each: euro(100) });
    let customer = Some("anna".parse().unwrap());
    let voucher = world.issue_by(&Order { customer, holder: Some(phone), ..order });
    world.wait(1000);
    let live = world.platform.refresh(&voucher.text).unwrap();
    let signed = claims(&world, &live.voucher);
    let (from, until) = (Timestamp(START + 1000), Timestamp(START + 1600));
    assert_eq!(live.until, until);
    assert_eq!(signed, Claims { from, until, ..voucher.claims.clone() });
    assert!(signed.is_fresh());
    world.wait(900);
    let again = world.platform.refresh(&voucher.text).unwrap();
    assert_eq!(again.until, Timestamp(START + 2500), "as often as it is asked for");
    assert_eq!(code(world.platform.refresh(&live.voucher)), "voucher_not_original");
    assert!(!format!("{again:?}").contains("CS1:"), "whoever has the text has the voucher");
}

#[test]
fn a_live_voucher_never_outlives_the_voucher() {
    let world = World::in_memory();
    let until = Timestamp(START + 10_000);
    let order = world.order(Terms::PrepaidDeal { value: euro(1000) });
    let from = Timestamp(START + 50);
    let voucher = world.issue_by(&Order { from, until: Ends::At(until), ..order });
    assert_eq!(code(world.platform.refresh(&voucher.text)), "voucher_not_active");
    world.wait(9_900);
    assert_eq!(world.platform.refresh(&voucher.text).unwrap().until, until);
    world.wait(100);
    assert_eq!(code(world.platform.refresh(&voucher.text)), "voucher_expired");
}

#[test]
fn a_balance_is_signed_with_what_was_loaded_by_then() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    world.platform.top_up(VoucherName::Code(voucher.code), euro(250)).unwrap();
    let live = world.platform.refresh(&voucher.text).unwrap();
    assert_eq!(claims(&world, &live.voucher).terms, Terms::StoredValue { balance: euro(1250) });
}

#[test]
fn what_is_consumed_cancelled_or_suspended_is_not_signed_anew() {
    let world = World::in_memory();
    let voucher = world.pass(2);
    let name = VoucherName::Code(voucher.code);
    let refused = || code(world.platform.refresh(&voucher.text));
    let mut till = world.till();
    till.redeem(&voucher, 100);
    world.push_all(&till);
    assert!(world.platform.refresh(&voucher.text).is_ok(), "one use is left");
    let second = till.redeem(&voucher, 100);
    world.push_all(&till);
    assert_eq!(refused(), "voucher_already_redeemed");
    till.roll_back(&voucher, second, 100);
    world.push_all(&till);
    world.platform.suspend_voucher(name).unwrap();
    assert_eq!(refused(), "voucher_suspended");
    world.platform.resume_voucher(name).unwrap();
    world.platform.set_campaign_state(world.campaign, CampaignState::Suspended).unwrap();
    assert_eq!(refused(), "voucher_suspended");
    world.platform.set_campaign_state(world.campaign, CampaignState::Active).unwrap();
    assert!(world.platform.refresh(&voucher.text).is_ok());
    world.platform.revoke_voucher(name).unwrap();
    assert_eq!(refused(), "voucher_revoked");
}

#[test]
fn what_no_issuer_signed_is_not_signed_here_either() {
    let world = World::in_memory();
    let voucher = world.deal();
    let forged = mint(&SecretKey::from_seed(&[66; 32]), &voucher.claims).unwrap();
    for bad in [forged.as_str(), "CS1:", "", "hello", &voucher.text[..voucher.text.len() - 1]] {
        assert_eq!(code(world.platform.refresh(bad)), "voucher_invalid", "{bad}");
    }
    let id = crate::domain::id::VoucherId { random: 1, ..voucher.claims.id };
    let stranger = mint(&world.issuer, &Claims { id, ..voucher.claims.clone() }).unwrap();
    assert_eq!(code(world.platform.refresh(&stranger)), "not_found");
    world.platform.withdraw_key(&"demo".parse().unwrap(), world.issuer.public().id()).unwrap();
    assert_eq!(code(world.platform.refresh(&voucher.text)), "voucher_revoked");
}

/// What a platform answers that signs with the key that is kept there.
fn refusal_with(kept: Option<SecretKey>) -> &'static str {
    let clock = Clock::new(|| Timestamp(START));
    let keys = PlatformKeys {
        root: SecretKey::from_seed(&[1; 32]),
        platform: SecretKey::from_seed(&[2; 32]),
    };
    let mut world = World::in_memory();
    let mut platform = Platform::new(Arc::new(MemoryStore::default()), keys, clock, counting());
    if let Some(kept) = kept {
        platform = platform.with_issuer_keys(Arc::new(OneKey(kept)));
    }
    world.merchant = platform.create_merchant("Corner").unwrap();
    let name = "demo".parse().unwrap();
    let until = Timestamp(START + 100_000_000);
    platform.create_issuer(&name, world.issuer.public(), until).unwrap();
    world.platform = Arc::new(platform);
    let home = crate::platform::store::Home::Merchant(world.merchant);
    world.campaign = world.campaign_at(home, crate::domain::redeem::Policy::default());
    code(world.platform.refresh(&world.deal().text))
}

#[test]
fn a_platform_without_the_issuers_key_says_so() {
    assert_eq!(refusal_with(None), "signing_unavailable");
    let unpublished = SecretKey::from_seed(&[77; 32]);
    assert_eq!(refusal_with(Some(unpublished)), "signing_unavailable", "nobody would believe it");
}
