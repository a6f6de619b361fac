//! Live vouchers: signed anew for a few minutes, so that a copy is worth nothing soon after.

use std::{fmt, sync::Arc};

use super::{
    Platform, ServiceError,
    admin::issuer_named,
    claim::key_is_withdrawn,
    status::{claims_of, limit_of},
    witness::known_use,
};
use crate::{
    domain::{
        crypto::{KeyId, SecretKey},
        id::IssuerName,
        money::Money,
        time::Timestamp,
        trust::{CampaignState, Status},
        voucher::{Claims, IssuerKey, KeySource, Terms, UntrustedToken, mint},
    },
    platform::store::{Txn, VoucherRow},
};

/// For how long a voucher that was signed anew is live, in seconds.
pub const LIVE_S: i64 = 600;

/// Where the keys are that issuers sign vouchers with.
pub trait IssuerKeys: Send + Sync {
    /// The key that an issuer signs with at present; none where it is not kept here.
    fn key(&self, issuer: &IssuerName) -> Option<SecretKey>;
}

/// No key is kept here.
pub(super) struct NoKeys;

impl IssuerKeys for NoKeys {
    fn key(&self, _issuer: &IssuerName) -> Option<SecretKey> {
        None
    }
}

/// A voucher that was signed anew.
#[derive(Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The text of its QR code; whoever has it has the voucher.
    pub voucher: String,
    /// First second it is no longer live.
    pub until: Timestamp,
}

impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refreshed(until {})", self.until)
    }
}

impl Platform {
    /// Lets the platform sign vouchers anew with the issuers' keys.
    #[must_use]
    pub fn with_issuer_keys(mut self, keys: Arc<dyn IssuerKeys>) -> Self {
        self.issuer_keys = keys;
        self
    }

    /// Signs a voucher anew that is valid and not consumed; `text` is the voucher as it was issued.
    ///
    /// What was signed anew is not: else whoever took a picture of it at the counter could keep it alive.
    pub fn refresh(&self, text: &str) -> Result<Refreshed, ServiceError> {
        let token = UntrustedToken::parse(text.trim())?;
        let now = self.now();
        self.run(|txn| {
            let verified = token.verify(&Published::read(txn, token.kid())?)?;
            let row = txn.voucher(&verified.claims().key())?;
            let row = row.ok_or(ServiceError::NotFound("voucher"))?;
            let issued = claims_of(&row)?;
            check_issued(verified.claims(), &issued)?;
            check_standing(txn, &row)?;
            check_time(&issued, now)?;
            let until = issued.until.min(now.plus(LIVE_S));
            let key = self.signing_key(txn, &issued.issuer, (now, until))?;
            let terms = with_loaded(&issued.terms, row.loaded);
            let voucher = mint(&key, &Claims { from: now, until, terms, ..issued });
            let voucher = voucher.map_err(|error| ServiceError::Invalid(error.to_string()))?;
            Ok(Refreshed { voucher, until })
        })
    }

    /// The issuer's key, where terminals believe it for as long as the voucher is live.
    fn signing_key(
        &self,
        txn: &mut dyn Txn,
        issuer: &IssuerName,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<SecretKey, ServiceError> {
        let key = self.issuer_keys.key(issuer).ok_or(ServiceError::SigningUnavailable)?;
        let mut published = issuer_named(txn, issuer)?.keys.into_iter();
        let believed = published.any(|known| {
            let in_time = known.from <= from && until <= known.until;
            known.public == key.public() && !known.withdrawn && in_time
        });
        believed.then_some(key).ok_or(ServiceError::SigningUnavailable)
    }
}

/// The published keys that share a key id.
struct Published(Vec<IssuerKey>);

impl Published {
    fn read(txn: &mut dyn Txn, kid: KeyId) -> Result<Self, ServiceError> {
        let mut keys = Vec::new();
        for issuer in txn.issuers()? {
            let named = issuer.keys.into_iter().filter(|key| key.public.id() == kid);
            keys.extend(named.map(|key| IssuerKey {
                issuer: issuer.name.clone(),
                public: key.public,
                from: key.from,
                until: key.until,
                withdrawn: key.withdrawn,
            }));
        }
        Ok(Self(keys))
    }
}

impl KeySource for Published {
    fn keys(&self, _kid: KeyId) -> &[IssuerKey] {
        &self.0
    }
}

fn not_live(code: &'static str, reason: &'static str) -> Result<(), ServiceError> {
    Err(ServiceError::NotLive { code, reason })
}

fn check_standing(txn: &mut dyn Txn, row: &VoucherRow) -> Result<(), ServiceError> {
    let campaign = txn.campaign(row.key.id.campaign)?;
    let suspended = campaign.is_some_and(|row| row.campaign.state == CampaignState::Suspended);
    if row.standing == Status::Revoked || key_is_withdrawn(txn, row)? {
        return not_live("voucher_revoked", "the voucher was cancelled by its issuer");
    }
    if row.standing == Status::Suspended || suspended {
        return not_live("voucher_suspended", "the voucher or its campaign is suspended");
    }
    if limit_of(row)?.left_after(known_use(txn, &row.key)?) == 0 {
        return not_live("voucher_already_redeemed", "nothing is left of the voucher");
    }
    Ok(())
}

fn check_issued(shown: &Claims, issued: &Claims) -> Result<(), ServiceError> {
    if (shown.from, shown.until) == (issued.from, issued.until) {
        return Ok(());
    }
    not_live("voucher_not_original", "only the voucher as it was issued is signed anew")
}

fn check_time(issued: &Claims, now: Timestamp) -> Result<(), ServiceError> {
    if now < issued.from {
        return not_live("voucher_not_active", "the validity of the voucher has not begun");
    }
    if issued.until <= now {
        return not_live("voucher_expired", "the validity of the voucher has ended");
    }
    Ok(())
}

fn with_loaded(terms: &Terms, loaded: i64) -> Terms {
    let Terms::StoredValue { balance } = terms else {
        return terms.clone();
    };
    let all = balance.minor.saturating_add(loaded);
    Terms::StoredValue { balance: Money::new(all, balance.currency) }
}
