//! Issuing: a campaign's next vouchers, minted and written down in one transaction.

use zeroize::Zeroizing;

use super::{
    Platform, ServiceError,
    admin::{campaign_numbered, issuer_named, own_branches},
};
use crate::{
    domain::{
        crypto::SecretKey,
        id::{BranchId, CampaignId},
        scan::ShortCode,
        time::Timestamp,
        trust::Status,
        voucher::{Claims, Scope, Terms},
    },
    issuer::batch::Batch,
    platform::store::{CampaignRow, Txn, VoucherRow},
};

/// Most vouchers one campaign may ever have: a status list of half a megabyte.
pub const CAPACITY_MAX: u32 = 2_000_000;

/// Most vouchers of one order.
pub const BATCH_MAX: u32 = 100_000;

/// How often a random part is drawn again before something must be wrong with the source.
const DRAWS_MAX: usize = 16;

/// Which vouchers to issue.
#[derive(Clone, Debug)]
pub struct Order {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// What each is worth.
    pub terms: Terms,
    /// Where they are accepted; none named means all of the merchant's branches.
    pub branches: Vec<BranchId>,
    /// First second they are valid.
    pub from: Timestamp,
    /// First second they are no longer valid.
    pub until: Timestamp,
    /// How many.
    pub count: u32,
}

/// A voucher that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// What it says.
    pub claims: Claims,
    /// The text of its QR code; whoever has it has the voucher.
    pub text: String,
    /// What is typed when the code cannot be read.
    pub code: ShortCode,
}

impl Platform {
    /// Issues vouchers with the issuer's key: all of them or none.
    pub fn issue(&self, key: &SecretKey, order: &Order) -> Result<Vec<Issued>, ServiceError> {
        if !(1..=BATCH_MAX).contains(&order.count) {
            let reason = format!("issue 1 to {BATCH_MAX} vouchers at a time");
            return Err(ServiceError::Invalid(reason));
        }
        self.run(|txn| {
            let mut row = campaign_numbered(txn, order.campaign)?;
            check_key(txn, &row, key, order)?;
            let batch = batch(txn, &row, order)?;
            let mut issued = Vec::new();
            for _ in 0..order.count {
                issued.push(self.issue_one(txn, key, &batch, (row.next_ordinal, &row))?);
                row.next_ordinal = row.next_ordinal.saturating_add(1);
            }
            txn.put_campaign(&row)?;
            Ok(issued)
        })
    }

    fn issue_one(
        &self,
        txn: &mut dyn Txn,
        key: &SecretKey,
        batch: &Batch,
        (ordinal, row): (u32, &CampaignRow),
    ) -> Result<Issued, ServiceError> {
        let random = self.draw(txn, batch, ordinal)?;
        let minted = batch.mint_one(key, ordinal, random)?;
        let code = ShortCode::from_bits(minted.claims.short_code_bits());
        txn.add_voucher(&VoucherRow {
            key: minted.claims.key(),
            merchant: row.merchant,
            short_code: code.bits(),
            text: minted.text.clone(),
            standing: Status::Valid,
        })?;
        Ok(Issued { claims: minted.claims, text: minted.text, code })
    }

    /// A random part whose short code nobody has, and which no reader takes for a product barcode.
    fn draw(&self, txn: &mut dyn Txn, batch: &Batch, ordinal: u32) -> Result<u64, ServiceError> {
        for _ in 0..DRAWS_MAX {
            let random = u64::from_be_bytes(self.entropy.bytes()?);
            let claims = batch.claims(ordinal, random)?;
            let code = ShortCode::from_bits(claims.short_code_bits());
            if !code.is_all_digits() && txn.voucher_by_code(code.bits())?.is_none() {
                return Ok(random);
            }
        }
        let reason = "no free short code was found; the random numbers repeat";
        Err(ServiceError::Invalid(reason.to_owned()))
    }
}

/// A voucher must not outlive the key that makes it believed.
fn check_key(
    txn: &mut dyn Txn,
    row: &CampaignRow,
    key: &SecretKey,
    order: &Order,
) -> Result<(), ServiceError> {
    let issuer = issuer_named(txn, &row.campaign.issuer)?;
    let mut keys = issuer.keys.iter();
    let known = keys.find(|known| known.public == key.public() && !known.withdrawn);
    let known = known.ok_or(ServiceError::NotFound("key of the campaign's issuer in use"))?;
    if order.until > known.until {
        let reason = format!("the issuer's key ends on {}; vouchers must end before", known.until);
        return Err(ServiceError::Invalid(reason));
    }
    Ok(())
}

fn batch(txn: &mut dyn Txn, row: &CampaignRow, order: &Order) -> Result<Batch, ServiceError> {
    let branches = own_branches(txn, row.merchant, &order.branches)?;
    Ok(Batch {
        issuer: row.campaign.issuer.clone(),
        campaign: row.campaign.id,
        capacity: row.capacity,
        secret: Zeroizing::new(row.scramble),
        from: order.from,
        until: order.until,
        scope: Scope { merchant: row.merchant, branches },
        terms: order.terms.clone(),
    })
}
