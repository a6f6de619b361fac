//! What is true of vouchers, written down when it happens and never asked of the code under test.

use crate::domain::{
    scan::ShortCode,
    time::Timestamp,
    voucher::{Claims, Terms, Used},
};

/// Everything that is true of one voucher.
#[derive(Clone, Debug)]
pub struct Truth {
    /// What its issuer signed.
    pub claims: Claims,
    /// The text of its code.
    pub text: String,
    /// What is typed instead.
    pub code: ShortCode,
    /// The seed of the phone's key it lives on.
    pub phone: Option<[u8; 32]>,
    /// Which campaign of the world.
    pub campaign: usize,
    /// Which of the issuer's keys signed it.
    pub key: usize,
    /// Whether the platform issued it; a stolen key mints others.
    pub issued: bool,
    /// What was loaded onto it later, in minor units.
    pub loaded: i64,
    /// When it was revoked.
    pub revoked: Option<Since>,
    /// When it was suspended, and when that ended.
    pub suspended: Vec<(Since, Option<Since>)>,
    /// Consumed with the platform's word by honest terminals, less what they gave back.
    pub granted: Used,
    /// Consumed by all who showed it as accepted, less what was given back.
    pub consumed: Used,
    /// Whether a device that is not what it was had a hand in it, or the platform forgot something.
    pub tainted: bool,
    /// Whether an entry about it is lost with its device.
    pub lost: bool,
}

/// A moment by the platform's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The version of the status list, or of the bundle, that first says so.
    pub version: u64,
    /// The platform's clock.
    pub time: Timestamp,
}

impl Truth {
    /// Whether so much is more than the voucher is good for.
    pub fn is_exceeded_by(&self, used: Used) -> bool {
        exceeds(&self.claims.terms, self.loaded, used)
    }
}

/// Whether so much is more than these terms, with what was loaded since, are good for.
pub fn exceeds(terms: &Terms, loaded: i64, used: Used) -> bool {
    match terms {
        Terms::PrepaidDeal { .. } | Terms::AmountOff(_) | Terms::PercentOff(_) | Terms::Item(_) => {
            used.uses > 1
        }
        Terms::Pass { uses, .. } => used.uses > u32::from(*uses),
        Terms::Ticket(ticket) => used.uses > u32::from(ticket.party),
        Terms::StoredValue { balance } => used.minor > balance.minor + loaded,
        Terms::PickUp { lines, .. } => {
            let mut ordered = [0; 8];
            ordered.iter_mut().zip(lines).for_each(|(count, line)| *count = line.count);
            used.lines.0.iter().zip(ordered).any(|(taken, most)| *taken > most)
        }
    }
}

/// One more.
pub fn plus(a: Used, b: Used) -> Used {
    let mut sum = a;
    sum.uses += b.uses;
    sum.minor += b.minor;
    sum.lines.0.iter_mut().zip(b.lines.0).for_each(|(a, b)| *a += b);
    sum
}

/// One less; none where that would be less than nothing.
pub fn minus(a: Used, b: Used) -> Option<Used> {
    let mut rest = a;
    rest.uses = a.uses.checked_sub(b.uses)?;
    rest.minor = a.minor.checked_sub(b.minor).filter(|minor| *minor >= 0)?;
    for (a, b) in rest.lines.0.iter_mut().zip(b.lines.0) {
        *a = a.checked_sub(b)?;
    }
    Some(rest)
}
