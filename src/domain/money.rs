//! Money: whole minor units with a currency; sums are checked and currencies never mix.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

/// A currency by its ISO 4217 number, which is what a voucher carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode)]
#[cbor(transparent)]
pub struct Currency(#[n(0)] u16);

/// ISO 4217:2015 list one: number, letters, decimal digits, and the sign where one is common.
const CURRENCIES: &[(u16, &str, u8, &str)] = &[
    (36, "AUD", 2, "A$"),
    (124, "CAD", 2, "C$"),
    (156, "CNY", 2, "CN¥"),
    (203, "CZK", 2, ""),
    (208, "DKK", 2, ""),
    (344, "HKD", 2, "HK$"),
    (348, "HUF", 2, ""),
    (356, "INR", 2, "₹"),
    (360, "IDR", 2, ""),
    (376, "ILS", 2, "₪"),
    (392, "JPY", 0, "¥"),
    (410, "KRW", 0, "₩"),
    (414, "KWD", 3, ""),
    (446, "MOP", 2, ""),
    (458, "MYR", 2, "RM"),
    (484, "MXN", 2, ""),
    (554, "NZD", 2, "NZ$"),
    (578, "NOK", 2, ""),
    (608, "PHP", 2, "₱"),
    (702, "SGD", 2, "S$"),
    (704, "VND", 0, "₫"),
    (710, "ZAR", 2, "R"),
    (752, "SEK", 2, ""),
    (756, "CHF", 2, ""),
    (764, "THB", 2, "฿"),
    (784, "AED", 2, ""),
    (826, "GBP", 2, "£"),
    (840, "USD", 2, "$"),
    (901, "TWD", 2, "NT$"),
    (949, "TRY", 2, "₺"),
    (978, "EUR", 2, "€"),
    (985, "PLN", 2, ""),
    (986, "BRL", 2, "R$"),
];

impl Currency {
    /// The euro, ISO 4217 number 978.
    pub const EUR: Self = Self(978);

    /// The currency with this ISO 4217 number, where it is one that is known here.
    pub fn from_number(number: u16) -> Option<Self> {
        CURRENCIES.iter().any(|(known, ..)| *known == number).then_some(Self(number))
    }

    /// The ISO 4217 number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The three letters of ISO 4217.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// Decimal digits of the minor unit.
    pub fn digits(self) -> u8 {
        self.row().2
    }

    fn row(self) -> (u16, &'static str, u8, &'static str) {
        let found = CURRENCIES.iter().find(|(number, ..)| *number == self.0);
        found.copied().unwrap_or((0, "XXX", 0, ""))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wanted = text.to_ascii_uppercase();
        let found = CURRENCIES.iter().find(|(_, code, ..)| *code == wanted);
        found.map(|(number, ..)| Self(*number)).ok_or(MoneyError::UnknownCurrency)
    }
}

impl<'b, C> Decode<'b, C> for Currency {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_number(d.u16()?)
            .ok_or_else(|| minicbor::decode::Error::message("unknown ISO 4217 number"))
    }
}

/// An amount of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Money {
    /// Whole minor units, such as cents.
    #[n(0)]
    pub minor: i64,
    /// Of which currency.
    #[n(1)]
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum, unless it leaves the range or mixes currencies.
    pub fn plus(self, other: Self) -> Option<Self> {
        let same = self.currency == other.currency;
        let minor = self.minor.checked_add(other.minor).filter(|_| same)?;
        Some(Self { minor, ..self })
    }

    /// The difference, unless it leaves the range or mixes currencies.
    pub fn minus(self, other: Self) -> Option<Self> {
        let same = self.currency == other.currency;
        let minor = self.minor.checked_sub(other.minor).filter(|_| same)?;
        Some(Self { minor, ..self })
    }

    /// Reads an amount a person typed, such as `12.50`, `12,5` or `12`, never negative.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let digits = usize::from(currency.digits());
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) {
            return Err(MoneyError::NotAnAmount);
        }
        if fraction.len() > digits {
            return Err(MoneyError::TooManyDecimals);
        }
        let all = format!("{whole}{fraction:0<digits$}");
        all.parse().map(|minor| Self { minor, currency }).map_err(|_error| MoneyError::TooLarge)
    }

    /// The number without the currency, such as `12.50`.
    pub fn number(self) -> String {
        let digits = usize::from(self.currency.digits());
        let sign = if self.minor < 0 { "-" } else { "" };
        let padded =
            format!("{:0>width$}", self.minor.unsigned_abs(), width = digits.saturating_add(1));
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(digits));
        let point = if digits == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// With the currency's sign, such as `€12.50`, or its code, such as `CHF 12.50`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, code, _, sign) = self.currency.row();
        match sign {
            "" => write!(f, "{code} {}", self.number()),
            sign => write!(f, "{sign}{}", self.number()),
        }
    }
}

/// A text that is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an ISO 4217 code that is known here.
    #[error("unknown currency; use a code of ISO 4217 such as EUR")]
    UnknownCurrency,
    /// Not digits with at most one point or comma.
    #[error("not an amount; type it like 12.50")]
    NotAnAmount,
    /// More decimals than the currency has.
    #[error("too many digits after the point for this currency")]
    TooManyDecimals,
    /// Beyond what can be counted.
    #[error("the amount is too large")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, currency: &str) -> Result<i64, MoneyError> {
        Money::parse(text, currency.parse()?).map(|money| money.minor)
    }

    #[test]
    fn typed_amounts_follow_the_currency() {
        assert_eq!(parse("12.50", "EUR"), Ok(1250));
        assert_eq!(parse(" 12,5 ", "EUR"), Ok(1250));
        assert_eq!(parse("12", "KWD"), Ok(12_000));
        assert_eq!(parse("12", "JPY"), Ok(12));
        assert_eq!(parse("12.5", "JPY"), Err(MoneyError::TooManyDecimals));
        assert_eq!(parse("12.505", "EUR"), Err(MoneyError::TooManyDecimals));
        assert_eq!(parse("92233720368547758.08", "EUR"), Err(MoneyError::TooLarge));
        for bad in ["", ".5", "-1", "1e3", "1.2.3", "١", "1 000", "€5"] {
            assert_eq!(parse(bad, "EUR"), Err(MoneyError::NotAnAmount), "{bad}");
        }
    }

    #[test]
    fn amounts_are_shown_with_sign_or_code() {
        let show = |minor, code: &str| Money::new(minor, code.parse().unwrap()).to_string();
        assert_eq!(show(5, "EUR"), "€0.05");
        assert_eq!(show(-1250, "EUR"), "€-12.50");
        assert_eq!(show(1000, "CHF"), "CHF 10.00");
        assert_eq!(show(980, "JPY"), "¥980");
        assert_eq!(show(1, "KWD"), "KWD 0.001");
    }

    #[test]
    fn sums_neither_wrap_nor_mix() {
        let euro = |minor| Money::new(minor, Currency::EUR);
        assert_eq!(euro(i64::MAX).plus(euro(1)), None);
        assert_eq!(euro(1).plus(Money::new(1, "USD".parse().unwrap())), None);
        assert_eq!(euro(1).minus(euro(3)), Some(euro(-2)));
    }
}
