//! What is known when a voucher is decided, gathered beforehand so that the decision itself knows no IO.

use minicbor::{Decode, Encode};

use crate::domain::{
    id::{BranchId, MerchantId, TerminalId},
    money::Money,
    scan::EntryMethod,
    time::Timestamp,
    trust::{CampaignState, Status},
    voucher::Used,
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
    /// How many uses of a pass; one where it is not said.
    pub uses: Option<u16>,
}

impl Request {
    /// A plain scan, with nothing said about amounts.
    pub fn plain(method: EntryMethod) -> Self {
        Self { method, bill: None, amount: None, uses: None }
    }
}

/// Everything known about a voucher and about this terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose terminal this is.
    pub merchant: MerchantId,
    /// Where it stands.
    pub branch: BranchId,
    /// Whether the campaign is honoured; none where the bundle does not hold it.
    pub campaign: Option<CampaignState>,
    /// What the status list says.
    pub list: ListFact,
    /// What this terminal consumed of the voucher, less what it rolled back.
    pub used_here: Used,
    /// The last time this terminal consumed it.
    pub last_use_here: Option<UseRecord>,
    /// When this terminal rolled its last use back, as long as the platform has not acknowledged that.
    pub rolled_back_at: Option<Timestamp>,
    /// What the platform says.
    pub platform: PlatformFact,
    /// What waits to be sent.
    pub queue: Queue,
    /// The latest time that is known to have passed: the clock may not stand before it.
    pub time_floor: Timestamp,
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
    /// Another terminal is redeeming it at this moment.
    #[n(3)]
    Claimed,
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
}

/// What waits to be sent to the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Redemptions.
    pub count: u32,
    /// Their value, in minor units of the voucher's currency.
    pub minor: i64,
}
