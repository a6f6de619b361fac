//! Points in time as the protocol knows them: whole seconds since 1970, UTC.

use std::fmt;

use minicbor::{Decode, Encode};

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

impl Timestamp {
    /// The point `seconds` later, or earlier where negative; stops at the ends of the range.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Whole seconds from `earlier` to here, negative where `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// RFC 3339 in UTC, such as `2026-11-22T09:30:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "second {}", self.0),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(|time| Self(time.as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_rfc_3339() {
        // RFC 8392 appendix A.1 and 3.1.4: 1443944944 is 2015-10-04T07:49:04Z.
        assert_eq!(Timestamp(1_443_944_944).to_string(), "2015-10-04T07:49:04Z");
        assert_eq!("2015-10-04T07:49:04Z".parse::<Timestamp>().unwrap(), Timestamp(1_443_944_944));
        assert_eq!(Timestamp(i64::MAX).to_string(), "second 9223372036854775807");
    }
}
