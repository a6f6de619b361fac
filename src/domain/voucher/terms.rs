//! What a voucher is worth, by its kind.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

use super::{
    claims::ClaimsError,
    limit::{LINES_MAX, Limit, Lines},
};
use crate::domain::{
    money::{Currency, Money},
    time::Timestamp,
};

/// Largest amount a voucher may carry, in minor units: a million vouchers of it still fit a sum.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// Most uses a pass may have, pieces a line, and people a party.
pub const USES_MAX: u16 = 10_000;

/// Most that a ticket may be early or late, in seconds: a week.
pub const TOLERANCE_MAX_S: u32 = 7 * 86_400;

/// Kinds of voucher; the number stands in the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// Paid online, consumed once in the shop.
    #[n(1)]
    PrepaidDeal,
    /// A fixed amount off the bill.
    #[n(2)]
    AmountOff,
    /// A share of the bill off, up to a cap.
    #[n(3)]
    PercentOff,
    /// A number of uses.
    #[n(4)]
    Pass,
    /// A balance that is spent in parts.
    #[n(5)]
    StoredValue,
    /// A thing that is handed over, free or for a price.
    #[n(6)]
    Item,
    /// Admission of a party at a time.
    #[n(7)]
    Ticket,
    /// Ordered and paid goods that are picked up.
    #[n(8)]
    PickUp,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::PrepaidDeal,
        Self::AmountOff,
        Self::PercentOff,
        Self::Pass,
        Self::StoredValue,
        Self::Item,
        Self::Ticket,
        Self::PickUp,
    ];

    /// The number in the token.
    pub fn number(self) -> u8 {
        match self {
            Self::PrepaidDeal => 1,
            Self::AmountOff => 2,
            Self::PercentOff => 3,
            Self::Pass => 4,
            Self::StoredValue => 5,
            Self::Item => 6,
            Self::Ticket => 7,
            Self::PickUp => 8,
        }
    }

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Stable code, such as `prepaid_deal`.
    pub fn code(self) -> &'static str {
        match self {
            Self::PrepaidDeal => "prepaid_deal",
            Self::AmountOff => "amount_off",
            Self::PercentOff => "percent_off",
            Self::Pass => "pass",
            Self::StoredValue => "stored_value",
            Self::Item => "item",
            Self::Ticket => "ticket",
            Self::PickUp => "pick_up",
        }
    }

    /// Whether it lowers a bill, so that its order among others matters.
    pub fn is_coupon(self) -> bool {
        matches!(self, Self::AmountOff | Self::PercentOff)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Kind {
    type Err = ClaimsError;

    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or(ClaimsError::Kind)
    }
}

/// The name of a thing on a voucher: 1 to 32 bytes of UTF-8 without control characters or blanks at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// Longest name, in bytes.
    pub const BYTES_MAX: usize = 32;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = ClaimsError;

    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        let sized = (1..=Self::BYTES_MAX).contains(&text.len()) && text.trim() == text;
        let fits = sized && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(ClaimsError::Label)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a voucher is worth, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A single use worth what was paid online.
    PrepaidDeal {
        /// What the merchant is owed for it.
        value: Money,
    },
    /// A single use.
    AmountOff(AmountOff),
    /// A single use.
    PercentOff(PercentOff),
    /// Several uses.
    Pass {
        /// How many.
        uses: u16,
        /// What the merchant is owed for each.
        value_each: Money,
    },
    /// Spent in parts until nothing is left.
    StoredValue {
        /// What was loaded onto it in all by the time it was signed.
        balance: Money,
    },
    /// A single use.
    Item(Item),
    /// A use for each person of the party.
    Ticket(Ticket),
    /// A use for each piece.
    PickUp {
        /// Currency of the values.
        currency: Currency,
        /// The lines of the order, 1 to 8.
        lines: Vec<OrderLine>,
    },
}

/// A fixed amount off a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountOff {
    /// How much.
    pub off: Money,
    /// Smallest bill it applies to, in minor units; 0 where any does.
    pub minimum_spend: i64,
}

/// A share of a bill off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PercentOff {
    /// Hundredths of a percent, 1 to 10 000.
    pub basis_points: u16,
    /// Most it takes off, in minor units; 0 where there is no cap.
    pub cap: i64,
    /// Smallest bill it applies to, in minor units; 0 where any does.
    pub minimum_spend: i64,
    /// Currency of the cap, the minimum and the bill.
    pub currency: Currency,
}

/// A thing that is handed over: a gift, or in exchange for a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// How many pieces.
    pub count: u16,
    /// What it is.
    pub name: Label,
    /// What the merchant is owed for all of it.
    pub value: Money,
    /// What the customer pays for it at the counter, in minor units; 0 where it is free.
    pub price: i64,
}

/// Admission of a party at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// When the slot begins.
    pub starts: Timestamp,
    /// How much earlier the party may come, in seconds.
    pub early_s: u32,
    /// How much later, in seconds.
    pub late_s: u32,
    /// How many people.
    pub party: u16,
    /// What the merchant is owed for each.
    pub value_each: Money,
}

impl Ticket {
    /// First second the party may come.
    pub fn opens(&self) -> Timestamp {
        self.starts.plus(i64::from(self.early_s).saturating_neg())
    }

    /// Last second the party may come.
    pub fn closes(&self) -> Timestamp {
        self.starts.plus(i64::from(self.late_s))
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// How many pieces.
    pub count: u16,
    /// What the merchant is owed for each, in minor units.
    pub value_each: i64,
    /// What it is.
    pub name: Label,
}

impl Terms {
    /// The kind these are terms of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::PrepaidDeal { .. } => Kind::PrepaidDeal,
            Self::AmountOff(_) => Kind::AmountOff,
            Self::PercentOff(_) => Kind::PercentOff,
            Self::Pass { .. } => Kind::Pass,
            Self::StoredValue { .. } => Kind::StoredValue,
            Self::Item(_) => Kind::Item,
            Self::Ticket(_) => Kind::Ticket,
            Self::PickUp { .. } => Kind::PickUp,
        }
    }

    /// The currency all amounts of the voucher are in.
    pub fn currency(&self) -> Currency {
        match self {
            Self::PrepaidDeal { value } | Self::Item(Item { value, .. }) => value.currency,
            Self::AmountOff(AmountOff { off, .. }) => off.currency,
            Self::PercentOff(PercentOff { currency, .. }) | Self::PickUp { currency, .. } => {
                *currency
            }
            Self::Pass { value_each, .. } | Self::Ticket(Ticket { value_each, .. }) => {
                value_each.currency
            }
            Self::StoredValue { balance } => balance.currency,
        }
    }

    /// How often, up to which sum, or for which pieces the voucher may be consumed in all.
    pub fn limit(&self) -> Limit {
        match self {
            Self::PrepaidDeal { .. } | Self::AmountOff(_) | Self::PercentOff(_) | Self::Item(_) => {
                Limit::Uses(1)
            }
            Self::Pass { uses, .. } | Self::Ticket(Ticket { party: uses, .. }) => {
                Limit::Uses(u32::from(*uses))
            }
            Self::StoredValue { balance } => Limit::Balance(balance.minor),
            Self::PickUp { lines, .. } => Limit::Lines(pieces(lines)),
        }
    }

    pub(super) fn check(&self) -> Result<(), ClaimsError> {
        let worth = |minor: i64| (1..=MINOR_MAX).contains(&minor);
        let bound = |minor: i64| (0..=MINOR_MAX).contains(&minor);
        let several = |count: u16| (1..=USES_MAX).contains(&count);
        let fits = match self {
            Self::PrepaidDeal { value } => worth(value.minor),
            Self::AmountOff(terms) => worth(terms.off.minor) && bound(terms.minimum_spend),
            Self::PercentOff(terms) => {
                (1..=10_000).contains(&terms.basis_points)
                    && bound(terms.cap)
                    && bound(terms.minimum_spend)
            }
            Self::Pass { uses, value_each } => several(*uses) && bound(value_each.minor),
            Self::StoredValue { balance } => worth(balance.minor),
            Self::Item(item) => several(item.count) && bound(item.value.minor) && bound(item.price),
            Self::Ticket(ticket) => ticket.fits(),
            Self::PickUp { lines, .. } => {
                let fits = |line: &OrderLine| several(line.count) && bound(line.value_each);
                (1..=LINES_MAX).contains(&lines.len()) && lines.iter().all(fits)
            }
        };
        fits.then_some(()).ok_or(ClaimsError::Terms)
    }
}

impl Ticket {
    fn fits(&self) -> bool {
        (0..=MINOR_MAX).contains(&self.value_each.minor)
            && (1..=USES_MAX).contains(&self.party)
            && self.starts >= Timestamp(0)
            && self.early_s <= TOLERANCE_MAX_S
            && self.late_s <= TOLERANCE_MAX_S
    }
}

/// The pieces of each line; lines beyond the most there may be are not looked at.
fn pieces(lines: &[OrderLine]) -> Lines {
    let mut pieces = Lines::NONE;
    pieces.0.iter_mut().zip(lines).for_each(|(count, line)| *count = line.count);
    pieces
}
