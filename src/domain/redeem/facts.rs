//! What is known when a voucher is decided, gathered beforehand so that the decision itself knows no IO.

use jiff::tz::TimeZone;
use minicbor::{Decode, Encode};

use crate::domain::{
    id::{BranchId, GroupId, LeaseId, MerchantId, OperatorId, TerminalId},
    money::Money,
    scan::EntryMethod,
    time::Timestamp,
    trust::{CampaignState, Status},
    voucher::{Limit, Lines, Used},
};

/// What the cashier asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// How the code came in.
    pub method: EntryMethod,
    /// The sum of the bill, for coupons.
    pub bill: Option<Money>,
    /// How much of a balance to spend.
    pub amount: Option<Money>,
    /// How many uses of a pass or people of a party; one of a pass where it is not said.
    pub uses: Option<u16>,
    /// How many pieces of each line of an order.
    pub lines: Option<Lines>,
    /// What other vouchers left of the bill; the bill itself where it is not said.
    pub rest: Option<Money>,
    /// Whether one of the products the campaign is for is on the bill.
    pub product: Option<bool>,
    /// Whether the cashier saw what would happen and said yes.
    pub confirmed: bool,
    /// Whether to stop before anything is consumed, whatever the campaign says.
    pub look_first: bool,
    /// The supervisor who approved.
    pub approved_by: Option<OperatorId>,
}

impl Request {
    /// A plain scan, with nothing said about amounts.
    pub fn plain(method: EntryMethod) -> Self {
        Self {
            method,
            bill: None,
            amount: None,
            uses: None,
            lines: None,
            rest: None,
            product: None,
            confirmed: false,
            look_first: false,
            approved_by: None,
        }
    }
}

/// Everything known about a voucher and about this terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose terminal this is.
    pub merchant: MerchantId,
    /// Where it stands.
    pub branch: BranchId,
    /// The groups of branches it belongs to.
    pub groups: Vec<GroupId>,
    /// Its time zone.
    pub zone: TimeZone,
    /// Whether the campaign is honoured; none where the bundle does not hold it.
    pub campaign: Option<CampaignState>,
    /// What the status list says.
    pub list: ListFact,
    /// What this terminal consumed of the voucher, less what it rolled back.
    pub used_here: Used,
    /// Uses of the voucher here today, less those rolled back.
    pub used_today: u32,
    /// What was loaded onto it since it was signed, as far as was heard: its limit.
    pub known_limit: Option<Limit>,
    /// Whether the last redemption here left nothing, with what the platform said of others, and stands.
    pub nothing_left: bool,
    /// The phone's time on the last presentation that was accepted here.
    pub shown_before: Option<Timestamp>,
    /// The last time this terminal consumed it.
    pub last_use_here: Option<UseRecord>,
    /// When this terminal rolled its last use back, as long as the platform has not acknowledged that.
    pub rolled_back_at: Option<Timestamp>,
    /// What the platform says.
    pub platform: PlatformFact,
    /// What this terminal saw of the campaign.
    pub campaign_here: Tally,
    /// What this terminal saw of the customer.
    pub customer: CustomerFact,
    /// Redemptions by the operator within the policy's span.
    pub operator_recent: u32,
    /// What was lent to this terminal of the campaign or the voucher.
    pub lease: Option<LeaseFact>,
    /// A number from 0 to 9999, drawn anew for each presentation.
    pub dice: u16,
    /// What waits to be sent.
    pub queue: Queue,
    /// The latest time that is known to have passed or that the clock showed: the clock may not stand before it.
    pub time_floor: Timestamp,
    /// It is not earlier than this, by the platform's word.
    pub time_sure: Timestamp,
    /// What the platform's clock shows, where that is known better than by the terminal's own clock.
    pub time_told: Option<Timestamp>,
}

/// How often, as one terminal has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Uses in all, less those rolled back.
    pub uses: u32,
    /// Uses today.
    pub today: u32,
}

/// What this terminal saw of a customer; nothing where the voucher names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerFact {
    /// Uses of the campaign's vouchers.
    pub campaign: Tally,
    /// Redemptions at this merchant in all.
    pub visits: u32,
    /// Redemptions within the policy's span.
    pub recent: u32,
}

/// A share of a campaign's quota or of a voucher's balance that was lent to this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseFact {
    /// Which.
    pub id: LeaseId,
    /// Uses left of it.
    pub uses: u32,
    /// Minor units left of it.
    pub minor: i64,
    /// First second it may no longer be used.
    pub until: Timestamp,
}

/// What the status list says about a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFact {
    /// There is no list of the campaign, or the voucher lies beyond its end.
    NotCovered,
    /// The status as of a time.
    Known {
        /// What it was.
        status: Status,
        /// When.
        as_of: Timestamp,
    },
}

/// What the platform says about a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformFact {
    /// It was not asked.
    NotAsked,
    /// It cannot be asked, or did not answer in time.
    Silent,
    /// It set the asked-for use aside for this terminal.
    Granted {
        /// What other terminals consumed.
        used_elsewhere: Used,
        /// What it may be consumed up to, where more was loaded onto it since it was signed.
        limit: Option<Limit>,
    },
    /// It says no.
    Refused {
        /// Why.
        reason: PlatformRefusal,
        /// What other terminals consumed.
        used_elsewhere: Used,
        /// The last use it knows of.
        last: Option<UseRecord>,
    },
}

/// Why the platform says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PlatformRefusal {
    /// It was revoked.
    #[n(0)]
    Revoked,
    /// It is suspended.
    #[n(1)]
    Suspended,
    /// It was consumed to its limit, or too little is left.
    #[n(2)]
    Exhausted,
    /// Another terminal is redeeming it at this moment, or holds it under a lease.
    #[n(3)]
    Claimed,
    /// The campaign's quota is consumed or lent.
    #[n(4)]
    CampaignLimit,
    /// The customer consumed as much of the campaign as one may.
    #[n(5)]
    CustomerLimit,
    /// The customer redeemed at the merchant before.
    #[n(6)]
    NotFirstVisit,
}

/// One use of a voucher, for telling people when and where.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UseRecord {
    /// When, by the clock of the terminal that accepted.
    #[n(1)]
    pub at: Timestamp,
    /// Which terminal accepted.
    #[n(2)]
    pub terminal: TerminalId,
    /// Where it stands.
    #[n(3)]
    pub branch: BranchId,
    /// Who worked there, when someone had signed in.
    #[n(4)]
    pub operator: Option<OperatorId>,
}

/// What waits to be sent to the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Redemptions.
    pub count: u32,
    /// Their value, in minor units of the voucher's currency.
    pub minor: i64,
}
