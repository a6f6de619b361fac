//! Values as they are typed.

use super::{LineArg, Rate};
use crate::{
    domain::{
        crypto::{HolderKey, KeyId, PublicKey},
        id::parse_hex,
        redeem::Liable,
        time::Timestamp,
        voucher::Tier,
    },
    platform::{
        policy_file::units::{parse_percent, parse_span},
        replay::LossModel,
    },
};

/// A time, or the beginning of a day in UTC.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let day = format!("{text}T00:00:00Z");
    let read = text.parse().or_else(|_error| day.parse());
    read.map_err(|_error: jiff::Error| {
        "write times like 2026-12-01 or 2026-12-01T09:00:00Z".to_owned()
    })
}

pub(super) fn key_id(text: &str) -> Result<KeyId, String> {
    let bytes = parse_hex(text).map(KeyId);
    bytes.ok_or_else(|| "a key id is eight hexadecimal digits".to_owned())
}

pub(super) fn liable(text: &str) -> Result<Liable, String> {
    let known = [Liable::Issuer, Liable::Merchant];
    let found = known.into_iter().find(|liable| liable.code() == text);
    found.ok_or_else(|| "use issuer or merchant".to_owned())
}

/// `30min` in seconds.
pub(super) fn span(text: &str) -> Result<u32, String> {
    parse_span(text).map_err(|_error| "write spans of time like 30min, 2h or 1day".to_owned())
}

/// The key of a phone; one that could never sign is a typing error.
pub(super) fn holder_key(text: &str) -> Result<HolderKey, String> {
    let key: PublicKey = text.parse().map_err(|error| format!("not a phone's key: {error}"))?;
    Ok(HolderKey(key.to_bytes()))
}

/// `2 x Bread @ 3.20`; the value is read when the currency is known.
pub(super) fn line(text: &str) -> Result<LineArg, String> {
    let wrong = || "write a line of an order like \"2 x Bread @ 3.20\"".to_owned();
    let (count, rest) = text.split_once(['x', '\u{d7}']).ok_or_else(wrong)?;
    let (name, value) = rest.rsplit_once('@').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|error| format!("{:?}: {error}", name.trim()))?;
    let count = count.trim().parse().map_err(|_error| wrong())?;
    Ok(LineArg { count, name, value_each: value.trim().to_owned() })
}

/// `0.5%` or `static=0.5%`.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let (tier, share) = match text.split_once('=') {
        Some((tier, share)) => (Some(tier.trim().parse::<Tier>()?), share),
        None => (None, text),
    };
    let share = share.trim();
    let share = if share.ends_with('%') { share.to_owned() } else { format!("{share}%") };
    Ok(Rate { tier, ppm: parse_percent(&share, LossModel::DECIMALS)? })
}

/// Degrees with at most six decimals, in millionths.
pub(super) fn degrees(text: &str) -> Result<i32, String> {
    let wrong = || "write degrees like 52.520008 or -0.1276".to_owned();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1_i32, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !plain(whole) || !plain(part) {
        return Err(wrong());
    }
    let millionths: i32 = format!("{whole}{part:0<6}").parse().map_err(|_error| wrong())?;
    Ok(millionths.saturating_mul(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_to_the_millionth() {
        for (text, millionths) in [
            ("52.520008", 52_520_008),
            ("-0.1276", -127_600),
            ("180", 180_000_000),
            ("-90", -90_000_000),
        ] {
            assert_eq!(degrees(text), Ok(millionths), "{text}");
        }
        for bad in ["", "-", ".5", "52,5", "52.5200081", "1e2", "north", "99999"] {
            assert!(degrees(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_of_an_order_are_read() {
        let line = |text| line(text).unwrap();
        let bread = line("2 x Bread @ 3.20");
        assert_eq!(
            (bread.count, bread.name.as_str(), bread.value_each.as_str()),
            (2, "Bread", "3.20")
        );
        let mixed = line("10x Mixed box @ home @0");
        assert_eq!((mixed.count, mixed.name.as_str()), (10, "Mixed box @ home"));
        for bad in
            ["", "Bread", "2 Bread @ 3", "x Bread @ 3", "-1 x Bread @ 3", "2 x  @ 3", "2 x Bread"]
        {
            assert!(super::line(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_are_for_one_tier_or_all() {
        assert_eq!(rate("0.5%"), Ok(Rate { tier: None, ppm: 5_000 }));
        assert_eq!(rate("signed=0.0001"), Ok(Rate { tier: Some(Tier::Signed), ppm: 1 }));
        for bad in ["", "live=1%", "static=", "101%", "-1%"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
