//! Taking a redemption back, wholly or in part: one total function, like the verdict.

use crate::domain::{
    clock::SET_BACK_TOLERANCE_S,
    time::Timestamp,
    voucher::{Kind, Lines, Used},
};

/// Most times one voucher is redeemed and taken back.
pub const CYCLES_MAX: u32 = 10;

/// A redemption as far as taking it back is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The kind of the voucher.
    pub kind: Kind,
    /// When it was accepted.
    pub at: Timestamp,
    /// What it consumed.
    pub used: Used,
    /// What of that was given back already.
    pub returned: Used,
    /// Minor units of one piece of each line, for an order.
    pub values: Vec<i64>,
    /// How often this voucher was taken back here before.
    pub cycles: u32,
    /// For how long a cashier may take it back alone, in seconds.
    pub window_s: u32,
}

/// How much is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All that was not given back yet.
    All,
    /// So many uses of a pass, or people of a party.
    Uses(u32),
    /// So many minor units of a balance.
    Amount(i64),
    /// These pieces of an order.
    Lines(Lines),
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollBack {
    /// This much is given back.
    Allowed(Used),
    /// A supervisor must approve: the window has closed.
    NeedsApproval,
    /// It is not taken back.
    Refused(RollBackRefusal),
}

/// Why a redemption is not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollBackRefusal {
    /// All of it was given back before.
    AlreadyRolledBack,
    /// More is asked for than was consumed and not given back, or nothing.
    OutOfRange,
    /// The voucher is consumed as a whole, and only given back so.
    NotDivisible,
    /// It was redeemed and taken back [`CYCLES_MAX`] times.
    CycleLimit,
}

impl RollBackRefusal {
    /// All refusals.
    pub const ALL: [Self; 4] =
        [Self::AlreadyRolledBack, Self::OutOfRange, Self::NotDivisible, Self::CycleLimit];

    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyRolledBack => "already_rolled_back",
            Self::OutOfRange => "rollback_out_of_range",
            Self::NotDivisible => "rollback_not_divisible",
            Self::CycleLimit => "rollback_cycle_limit",
        }
    }
}

/// Decides whether `part` of a redemption is taken back at `time`, which must not be earlier than any time known to have passed.
pub fn decide_roll_back(taken: &Taken, part: Part, approved: bool, time: Timestamp) -> RollBack {
    let left = taken.used.minus(taken.returned);
    if left.is_nothing() {
        return RollBack::Refused(RollBackRefusal::AlreadyRolledBack);
    }
    if taken.cycles >= CYCLES_MAX {
        return RollBack::Refused(RollBackRefusal::CycleLimit);
    }
    // A redemption from the future was dated by a clock that is known to have been wrong.
    let window = SET_BACK_TOLERANCE_S.saturating_neg()..=i64::from(taken.window_s);
    match share(taken, part, left) {
        Err(refusal) => RollBack::Refused(refusal),
        Ok(_) if !approved && !window.contains(&time.since(taken.at)) => RollBack::NeedsApproval,
        Ok(used) => RollBack::Allowed(used),
    }
}

/// What a part comes to; one that comes to all takes the remaining uses along.
fn share(taken: &Taken, part: Part, left: Used) -> Result<Used, RollBackRefusal> {
    let given = match (part, taken.kind) {
        (Part::All, _) => return Ok(left),
        (Part::Uses(uses), Kind::Pass | Kind::Ticket) if uses == left.uses => return Ok(left),
        (Part::Uses(uses), Kind::Pass | Kind::Ticket) => {
            let each = taken.used.minor.checked_div(i64::from(taken.used.uses)).unwrap_or(0);
            Used::new(uses, each.saturating_mul(i64::from(uses)))
        }
        (Part::Amount(minor), Kind::StoredValue) if minor == left.minor => return Ok(left),
        (Part::Amount(minor), Kind::StoredValue) => Used::new(0, minor),
        (Part::Lines(lines), Kind::PickUp) => {
            let worth = |(value, count): (&i64, u16)| value.saturating_mul(i64::from(count));
            let minor = taken.values.iter().zip(lines.0).map(worth).fold(0, i64::saturating_add);
            Used { uses: lines.total(), minor, lines }
        }
        (Part::Uses(_) | Part::Amount(_) | Part::Lines(_), _) => {
            return Err(RollBackRefusal::NotDivisible);
        }
    };
    let something = given.uses > 0 || given.minor > 0;
    let fits = something && given.minor >= 0 && given.is_within(left);
    fits.then_some(given).ok_or(RollBackRefusal::OutOfRange)
}
