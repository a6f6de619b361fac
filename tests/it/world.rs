//! A small world that many tests share: one merchant, one issuer, one campaign.

use countersign::domain::{
    crypto::{HolderKey, SecretKey},
    id::{BranchId, CampaignId, MerchantId, OperatorId, VoucherId},
    money::{Currency, Money},
    redeem::Policy,
    time::Timestamp,
    trust::{
        Branch, Campaign, CampaignState, Issuer, Keyring, Merchant, Operator, Protocols,
        PublishedKey, Role, TrustBundle,
    },
    voucher::{Claims, Scope, Terms, UntrustedToken, Voucher, mint, present},
};

/// 2026-12-15 12:00:00 UTC, when nothing else is said.
pub(crate) const NOON: Timestamp = Timestamp(1_797_336_000);

/// The key the issuer signs with.
pub(crate) fn issuer_key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

/// The key that acknowledges.
pub(crate) fn platform_key() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

/// The key bundles are signed with.
pub(crate) fn root_key() -> SecretKey {
    SecretKey::from_seed(&[3; 32])
}

/// The key of the terminal.
pub(crate) fn terminal_key() -> SecretKey {
    SecretKey::from_seed(&[4; 32])
}

/// The key of the customer's phone.
pub(crate) fn holder_key() -> SecretKey {
    SecretKey::from_seed(&[6; 32])
}

/// What a voucher carries of it.
pub(crate) fn holder() -> HolderKey {
    HolderKey(holder_key().public().to_bytes())
}

pub(crate) fn time(text: &str) -> Timestamp {
    format!("{}Z", text.replace(' ', "T")).parse().unwrap()
}

pub(crate) fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// Valid in December 2026, at every branch of merchant 1.
pub(crate) fn claims(terms: Terms) -> Claims {
    Claims {
        issuer: "demo".parse().unwrap(),
        customer: None,
        id: VoucherId { campaign: CampaignId(7), index: 5, random: 0x0123_4567_89ab_cdef },
        from: time("2026-12-01 00:00:00"),
        until: time("2027-01-01 00:00:00"),
        holder: None,
        conditional: false,
        scope: Scope::of(MerchantId(1)),
        terms,
    }
}

/// The voucher with these claims, minted and verified as at a counter.
pub(crate) fn voucher(claims: &Claims, key: &PublishedKey) -> Voucher {
    verified(&mint(&issuer_key(), claims).unwrap(), key)
}

/// The voucher with these claims, as its phone shows it at a time.
pub(crate) fn shown_voucher(claims: &Claims, key: &PublishedKey, at: Timestamp) -> Voucher {
    let text = mint(&issuer_key(), claims).unwrap();
    verified(&present(&holder_key(), &text, at).unwrap(), key)
}

fn verified(text: &str, key: &PublishedKey) -> Voucher {
    UntrustedToken::parse(text).unwrap().verify(&keyring(key.clone())).unwrap()
}

/// The issuer's key as the bundle lists it.
pub(crate) fn published_key() -> PublishedKey {
    PublishedKey {
        public: issuer_key().public(),
        from: time("2026-01-01 00:00:00"),
        until: time("2028-01-01 00:00:00"),
        withdrawn: false,
    }
}

pub(crate) fn keyring(key: PublishedKey) -> Keyring {
    let mut bundle = bundle();
    bundle.issuers[0].keys = vec![key];
    bundle.keyring()
}

pub(crate) fn bundle() -> TrustBundle {
    let issuer = Issuer { name: "demo".parse().unwrap(), keys: vec![published_key()] };
    let campaign = Campaign {
        id: CampaignId(7),
        issuer: issuer.name.clone(),
        title: "Coffee".to_owned(),
        state: CampaignState::Active,
        policy: Policy::default(),
    };
    TrustBundle {
        version: 3,
        issued_at: NOON,
        merchant: Merchant { id: MerchantId(1), name: "Corner".to_owned() },
        platform_key: platform_key().public(),
        issuers: vec![issuer],
        branches: vec![Branch {
            id: BranchId(11),
            name: "Market".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            place: None,
        }],
        campaigns: vec![campaign],
        default_policy: Policy::default(),
        operators: vec![Operator {
            id: OperatorId(2),
            name: "Mira".to_owned(),
            branches: vec![BranchId(11)],
            role: Role::Cashier,
            pin: None,
        }],
        groups: Vec::new(),
        protocol: Protocols::default(),
    }
}
