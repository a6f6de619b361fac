//! Single vouchers: looking one up, revoking, suspending and resuming it.

use std::collections::BTreeSet;

use super::{
    Platform, ServiceError,
    status::{claims_of, limit_of, refresh, status_of},
    witness::known_use,
};
use crate::{
    domain::{
        id::{VoucherId, VoucherKey},
        money::Money,
        scan::ShortCode,
        sync::Ledger,
        trust::Status,
        voucher::{Claims, Limit, MINOR_MAX, Terms, Used},
    },
    platform::store::{ClaimRow, Txn, VoucherRow, WitnessRow},
};

/// How an administrator names a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoucherName {
    /// By its id.
    Id(VoucherId),
    /// By its short code.
    Code(ShortCode),
}

impl std::str::FromStr for VoucherName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        ShortCode::parse(text)
            .map(Self::Code)
            .map_err(|error| format!("neither a voucher id nor a short code: {error}"))
    }
}

/// A voucher with all that is known of it.
#[derive(Clone, Debug)]
pub struct VoucherView {
    /// What it says.
    pub claims: Claims,
    /// The text of its QR code; whoever has it has the voucher.
    pub text: String,
    /// What the status list says.
    pub status: Status,
    /// What it may be consumed up to, with what was loaded onto it since it was issued.
    pub limit: Limit,
    /// What was consumed of it.
    pub used: Used,
    /// Its uses.
    pub ledger: Ledger,
    /// What is set aside of it.
    pub open_claims: Vec<ClaimRow>,
    /// Redemptions of it that customers handed in and whose journals have not arrived.
    pub witnessed: Vec<WitnessRow>,
}

impl Platform {
    /// All that is known of a voucher issued here.
    pub fn voucher(&self, name: VoucherName) -> Result<VoucherView, ServiceError> {
        self.run(|txn| {
            let row = find(txn, name)?;
            let claims = claims_of(&row)?;
            let ledger = txn.ledger(&row.key)?;
            let used = ledger.used();
            let limit = limit_of(&row)?;
            Ok(VoucherView {
                status: status_of(row.standing, limit, known_use(txn, &row.key)?),
                witnessed: txn.witnessed(&row.key)?,
                limit,
                open_claims: txn.claims_of(&row.key)?,
                text: row.text,
                claims,
                used,
                ledger,
            })
        })
    }

    /// Revokes a voucher, for good.
    pub fn revoke_voucher(&self, name: VoucherName) -> Result<(), ServiceError> {
        self.set_standing(name, Status::Revoked)
    }

    /// Suspends a voucher until it is resumed.
    pub fn suspend_voucher(&self, name: VoucherName) -> Result<(), ServiceError> {
        self.set_standing(name, Status::Suspended)
    }

    /// Resumes a suspended voucher.
    pub fn resume_voucher(&self, name: VoucherName) -> Result<(), ServiceError> {
        self.set_standing(name, Status::Valid)
    }

    /// Loads more onto a stored value; what was loaded onto it in all.
    pub fn top_up(&self, name: VoucherName, more: Money) -> Result<Money, ServiceError> {
        self.run(|txn| {
            let row = find(txn, name)?;
            let Terms::StoredValue { balance } = claims_of(&row)?.terms else {
                return Err(ServiceError::Invalid("only a stored value is topped up".to_owned()));
            };
            check_top_up(&row, balance, more)?;
            let loaded = row.loaded.saturating_add(more.minor);
            txn.set_loaded(&row.key, loaded)?;
            refresh(txn, &BTreeSet::from([row.key]), self.now())?;
            Ok(Money::new(balance.minor.saturating_add(loaded), balance.currency))
        })
    }

    fn set_standing(&self, name: VoucherName, standing: Status) -> Result<(), ServiceError> {
        self.run(|txn| {
            let row = find(txn, name)?;
            if row.standing == Status::Revoked && standing != Status::Revoked {
                let reason = "a revoked voucher stays revoked; issue a new one instead";
                return Err(ServiceError::Invalid(reason.to_owned()));
            }
            txn.set_standing(&row.key, standing)?;
            refresh(txn, &BTreeSet::from([row.key]), self.now())?;
            Ok(())
        })
    }
}

fn check_top_up(row: &VoucherRow, issued: Money, more: Money) -> Result<(), ServiceError> {
    let room = MINOR_MAX.saturating_sub(issued.minor).saturating_sub(row.loaded);
    let reason = if row.standing == Status::Revoked {
        "the voucher is revoked; issue a new one instead".to_owned()
    } else if more.currency != issued.currency {
        format!("the voucher is in {}", issued.currency)
    } else if !(1..=room).contains(&more.minor) {
        format!("load more than nothing and at most {}", Money::new(room, issued.currency))
    } else {
        return Ok(());
    };
    Err(ServiceError::Invalid(reason))
}

pub(super) fn find(txn: &mut dyn Txn, name: VoucherName) -> Result<VoucherRow, ServiceError> {
    let found = match name {
        VoucherName::Code(code) => txn.voucher_by_code(code.bits())?,
        VoucherName::Id(id) => match txn.campaign(id.campaign)? {
            Some(row) => txn.voucher(&VoucherKey { issuer: row.campaign.issuer, id })?,
            None => None,
        },
    };
    found.ok_or(ServiceError::NotFound("voucher"))
}
