//! The shop's own calendar and clock: what weekday and hour windows are measured against.

use std::{fmt, str::FromStr};

use jiff::{
    civil::{self, Date},
    tz::TimeZone,
};
use minicbor::{Decode, Encode};

use crate::domain::time::Timestamp;

/// A date of the shop's calendar, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Day(#[n(0)] pub i32);

impl Day {
    fn of(date: Date) -> Self {
        let since = date.since(EPOCH).map_or(0, |span| span.get_days());
        Self(since)
    }

    fn date(self) -> Date {
        // Beyond the years -9999 and 9999 there is no calendar here.
        let days = self.0.clamp(-4_371_588, 2_932_896);
        EPOCH.saturating_add(jiff::Span::new().try_days(days).unwrap_or_default())
    }
}

const EPOCH: Date = civil::date(1970, 1, 1);

/// Such as `2026-12-24`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date = text.trim().parse().map(Self::of);
        date.map_err(|_error| format!("{text:?} is no date; write it as 2026-12-24"))
    }
}

/// A moment as the clock on the shop's wall shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMoment {
    /// The date.
    pub day: Day,
    /// Days since Monday, 0 to 6.
    pub weekday: u8,
    /// Minutes since midnight by the clock on the wall, 0 to 1439.
    pub minute: u16,
}

impl LocalMoment {
    /// The moment in a time zone, daylight saving included.
    pub fn of(time: Timestamp, zone: &TimeZone) -> Self {
        let bounds = jiff::Timestamp::MIN.as_second()..=jiff::Timestamp::MAX.as_second();
        let second = time.0.clamp(*bounds.start(), *bounds.end());
        let moment = jiff::Timestamp::from_second(second).unwrap_or_default();
        let local = zone.to_datetime(moment);
        let clock = |part: i8| u16::try_from(part).unwrap_or(0);
        Self {
            day: Day::of(local.date()),
            weekday: local.weekday().to_monday_zero_offset().unsigned_abs(),
            minute: clock(local.hour()).saturating_mul(60).saturating_add(clock(local.minute())),
        }
    }
}
