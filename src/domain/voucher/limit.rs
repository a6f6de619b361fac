//! How far a voucher may be consumed, and how far it was.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Most lines of an order that is picked up.
pub const LINES_MAX: usize = 8;

/// Pieces of each line of an order; all zero for vouchers that are no order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines(pub [u16; LINES_MAX]);

impl Lines {
    /// No pieces.
    pub const NONE: Self = Self([0; LINES_MAX]);

    /// The pieces of the first lines, in their order; none where there are too many lines.
    pub fn from_slice(pieces: &[u16]) -> Option<Self> {
        let mut lines = [0; LINES_MAX];
        lines.get_mut(..pieces.len())?.copy_from_slice(pieces);
        Some(Self(lines))
    }

    /// All pieces.
    pub fn total(self) -> u32 {
        self.0.iter().map(|pieces| u32::from(*pieces)).sum()
    }

    /// Line by line; stops at the end of the range.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, u16::saturating_add)
    }

    /// What is left of each line without `other`, never below nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.with(other, u16::saturating_sub)
    }

    /// Whether any line has more pieces than `limit`.
    pub fn exceeds(self, limit: Self) -> bool {
        self.0.iter().zip(limit.0).any(|(pieces, most)| *pieces > most)
    }

    fn with(mut self, other: Self, join: fn(u16, u16) -> u16) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = join(*a, b));
        self
    }
}

/// An array as long as the last line that has pieces.
impl<C> Encode<C> for Lines {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let length =
            self.0.iter().rposition(|pieces| *pieces > 0).map_or(0, |at| at.saturating_add(1));
        e.array(length as u64)?;
        self.0.iter().take(length).try_for_each(|pieces| e.u16(*pieces)?.ok())
    }
}

impl<'b, C> Decode<'b, C> for Lines {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let pieces = d.array_iter::<u16>()?.take(LINES_MAX + 1).collect::<Result<Vec<_>, _>>()?;
        Self::from_slice(&pieces).ok_or_else(|| decode::Error::message("too many lines"))
    }
}

/// What a voucher may be consumed up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Limit {
    /// So many uses.
    #[n(0)]
    Uses(#[n(0)] u32),
    /// So many minor units of its currency.
    #[n(1)]
    Balance(#[n(0)] i64),
    /// So many pieces of each line of an order.
    #[n(2)]
    Lines(#[n(0)] Lines),
}

impl Limit {
    /// What is left after `used`, never below nothing: uses, minor units, or pieces.
    pub fn left_after(self, used: Used) -> i64 {
        match self {
            Self::Uses(count) => i64::from(count.saturating_sub(used.uses)),
            Self::Balance(balance) => balance.saturating_sub(used.minor).max(0),
            Self::Lines(lines) => i64::from(lines.minus(used.lines).total()),
        }
    }

    /// Whether `used` goes beyond what is allowed.
    pub fn is_exceeded_by(self, used: Used) -> bool {
        match self {
            Self::Uses(count) => used.uses > count,
            Self::Balance(balance) => used.minor > balance,
            Self::Lines(lines) => used.lines.exceeds(lines),
        }
    }

    /// The greater of two: what was added to a voucher later is never taken away again.
    #[must_use]
    pub fn or_more(self, other: Option<Self>) -> Self {
        match (self, other) {
            (Self::Uses(a), Some(Self::Uses(b))) => Self::Uses(a.max(b)),
            (Self::Balance(a), Some(Self::Balance(b))) => Self::Balance(a.max(b)),
            (known, _) => known,
        }
    }
}

/// How much of a voucher was consumed, less what was rolled back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Uses; pieces of an order.
    pub uses: u32,
    /// Minor units of its currency.
    pub minor: i64,
    /// Pieces of each line of an order.
    pub lines: Lines,
}

impl Used {
    /// Uses and minor units of a voucher that is no order.
    pub const fn new(uses: u32, minor: i64) -> Self {
        Self { uses, minor, lines: Lines::NONE }
    }

    /// The greater of two, each part for itself.
    #[must_use]
    pub fn or_more(self, other: Self) -> Self {
        Self {
            uses: self.uses.max(other.uses),
            minor: self.minor.max(other.minor),
            lines: self.lines.with(other.lines, u16::max),
        }
    }

    /// Both together; stops at the ends of the range.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            uses: self.uses.saturating_add(other.uses),
            minor: self.minor.saturating_add(other.minor),
            lines: self.lines.plus(other.lines),
        }
    }

    /// What is left of this without `other`, never below nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            uses: self.uses.saturating_sub(other.uses),
            minor: self.minor.saturating_sub(other.minor).max(0),
            lines: self.lines.minus(other.lines),
        }
    }

    /// Whether nothing was consumed.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether none of this is more than in `other`.
    pub fn is_within(self, other: Self) -> bool {
        self.uses <= other.uses && self.minor <= other.minor && !self.lines.exceeds(other.lines)
    }
}

/// An array of two, or of three for an order.
impl<C> Encode<C> for Used {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let order = self.lines != Lines::NONE;
        e.array(if order { 3 } else { 2 })?.u32(self.uses)?.i64(self.minor)?;
        if order {
            e.encode(self.lines)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Used {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let count = d.array()?;
        let (uses, minor) = (d.u32()?, d.i64()?);
        let lines = match count {
            Some(2) => Lines::NONE,
            Some(3) => d.decode()?,
            _other => return Err(decode::Error::message("what was used has two or three parts")),
        };
        Ok(Self { uses, minor, lines })
    }
}
