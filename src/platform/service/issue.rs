//! Issuing: a campaign's next vouchers, minted and written down in one transaction.

use zeroize::Zeroizing;

use jiff::{Span, tz::TimeZone};

use super::{
    Platform, ServiceError,
    admin::{issuer_named, own_branches},
    campaigns::campaign_numbered,
    groups::{branches_of, group_numbered},
};
use crate::{
    domain::{
        crypto::{HolderKey, SecretKey},
        id::{BranchId, CampaignId, GroupId},
        scan::ShortCode,
        time::Timestamp,
        trust::Status,
        voucher::{Claims, Customer, Scope, Terms},
    },
    issuer::batch::Batch,
    platform::store::{CampaignRow, Home, Txn, VoucherRow},
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
    /// The group where they are accepted; of a campaign that is at home in a group it need not be named.
    pub group: Option<GroupId>,
    /// Whose they are, by a pseudonym.
    pub customer: Option<Customer>,
    /// The key of the phone they live on.
    pub holder: Option<HolderKey>,
    /// First second they are valid.
    pub from: Timestamp,
    /// When they end.
    pub until: Ends,
    /// How many.
    pub count: u32,
}

/// When vouchers end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// At this second they are no longer valid.
    At(Timestamp),
    /// With the end of a day, so many days after that of issue, by the clock of the first branch. The day of issue is
    /// the one on which they become valid, where that is later.
    Days(u16),
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
            check_customer(&row, order)?;
            let batch = batch(txn, &row, order, self.now())?;
            check_key(txn, &row, key, batch.until)?;
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
        let voucher = minted.claims.key();
        let (home, branches) = home_of(&minted.claims.scope);
        txn.add_voucher(&VoucherRow {
            key: voucher.clone(),
            home,
            branches,
            short_code: code.bits(),
            text: minted.text.clone(),
            standing: Status::Valid,
            loaded: 0,
        })?;
        if row.campaign.policy.rules.listed {
            txn.list_voucher(&voucher)?;
        }
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
    until: Timestamp,
) -> Result<(), ServiceError> {
    let issuer = issuer_named(txn, &row.campaign.issuer)?;
    let mut keys = issuer.keys.iter();
    let known = keys.find(|known| known.public == key.public() && !known.withdrawn);
    let known = known.ok_or(ServiceError::NotFound("key of the campaign's issuer in use"))?;
    if until > known.until {
        let reason = format!("the issuer's key ends on {}; vouchers must end before", known.until);
        return Err(ServiceError::Invalid(reason));
    }
    Ok(())
}

/// Where a campaign's rules are about customers, a voucher of nobody could not be counted.
fn check_customer(row: &CampaignRow, order: &Order) -> Result<(), ServiceError> {
    if row.campaign.policy.rules.concern_customers() && order.customer.is_none() {
        let reason = "the campaign's rules are about customers; name the customer";
        return Err(ServiceError::Invalid(reason.to_owned()));
    }
    Ok(())
}

fn batch(
    txn: &mut dyn Txn,
    row: &CampaignRow,
    order: &Order,
    now: Timestamp,
) -> Result<Batch, ServiceError> {
    Ok(Batch {
        issuer: row.campaign.issuer.clone(),
        campaign: row.campaign.id,
        capacity: row.capacity,
        secret: Zeroizing::new(row.scramble),
        from: order.from,
        until: ends(txn, row.home, order, now)?,
        scope: scope(txn, row.home, order)?,
        terms: order.terms.clone(),
        customer: order.customer.clone(),
        holder: order.holder,
        conditional: row.campaign.policy.rules.restrict(),
    })
}

/// A campaign of a merchant may issue for a group of the merchant's own branches, such as a region.
fn scope(txn: &mut dyn Txn, home: Home, order: &Order) -> Result<Scope, ServiceError> {
    let refused = |reason: &str| Err(ServiceError::Invalid(reason.to_owned()));
    match (home, order.group) {
        (Home::Merchant(merchant), None) => {
            let branches = own_branches(txn, merchant, &order.branches)?;
            Ok(Scope::Merchant { merchant, branches })
        }
        (_, _) if !order.branches.is_empty() => {
            refused("vouchers of a group name no branches; the group does")
        }
        (Home::Group(own), named) if named.is_none_or(|group| group == own) => {
            Ok(Scope::Group(own))
        }
        (Home::Group(_), _) => refused("the campaign is at home in another group"),
        (Home::Merchant(merchant), Some(group)) => {
            let members = group_numbered(txn, group)?.branches;
            own_branches(txn, merchant, &members)?;
            Ok(Scope::Group(group))
        }
    }
}

/// Where a voucher with this scope is honoured, and the branches it names.
fn home_of(scope: &Scope) -> (Home, Vec<BranchId>) {
    match scope {
        Scope::Merchant { merchant, branches } => (Home::Merchant(*merchant), branches.clone()),
        Scope::Group(group) => (Home::Group(*group), Vec::new()),
    }
}

fn ends(
    txn: &mut dyn Txn,
    home: Home,
    order: &Order,
    now: Timestamp,
) -> Result<Timestamp, ServiceError> {
    let days = match order.until {
        Ends::At(time) => return Ok(time),
        Ends::Days(days) => days,
    };
    let first = branches_of(txn, home)?.into_iter().next();
    let mut branches = txn.branches()?.into_iter();
    let branch = branches.find(|row| Some(row.branch.id) == first);
    let zone = branch.and_then(|row| TimeZone::get(&row.branch.time_zone).ok());
    let end = end_of_day(now.max(order.from), days, zone.unwrap_or(TimeZone::UTC));
    end.ok_or_else(|| ServiceError::Invalid("the validity ends beyond the calendar".to_owned()))
}

/// The end of the day that comes so many days after that of `time`.
fn end_of_day(time: Timestamp, days: u16, zone: TimeZone) -> Option<Timestamp> {
    let issued = jiff::Timestamp::from_second(time.0).ok()?;
    let after = Span::new().try_days(i64::from(days).checked_add(1)?).ok()?;
    let day = issued.to_zoned(zone.clone()).date().checked_add(after).ok()?;
    let end = day.to_zoned(zone).ok()?.timestamp();
    Some(Timestamp(end.as_second()))
}
