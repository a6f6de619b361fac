//! The words of the rule tables: numbers, amounts, times and what was consumed.

use std::{
    iter::Peekable,
    str::{FromStr, SplitWhitespace},
};

use countersign::domain::{
    money::{Currency, Money},
    redeem::Finding,
    voucher::{Lines, Used},
};

pub(crate) type Parsed<T> = Result<T, String>;

pub(crate) struct Words<'a>(Peekable<SplitWhitespace<'a>>);

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.split_whitespace().peekable())
    }

    pub(crate) fn peek(&mut self) -> Option<&'a str> {
        self.0.peek().copied()
    }

    pub(crate) fn next(&mut self) -> Parsed<&'a str> {
        self.0.next().ok_or_else(|| "a word is missing".to_owned())
    }

    /// Whether the next word is this one, which is then taken.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        self.0.next_if(|next| *next == word).is_some()
    }

    pub(crate) fn number<T: FromStr>(&mut self) -> Parsed<T> {
        number(self.next()?)
    }

    pub(crate) fn minor(&mut self) -> Parsed<i64> {
        minor(self.next()?)
    }

    pub(crate) fn seconds(&mut self) -> Parsed<i64> {
        seconds(self.next()?)
    }

    pub(crate) fn finding(&mut self) -> Parsed<Finding> {
        let code = self.next()?;
        Finding::from_code(code).ok_or_else(|| format!("unknown finding {code}"))
    }

    /// The number after a word that may be missing.
    pub(crate) fn after<T: FromStr + Default>(&mut self, word: &str) -> Parsed<T> {
        if self.take(word) { self.number() } else { Ok(T::default()) }
    }

    /// The amount after a word; nothing where the word is missing.
    pub(crate) fn amount_after(&mut self, word: &str) -> Parsed<i64> {
        if self.take(word) { self.minor() } else { Ok(0) }
    }

    /// Nothing may be left.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        self.peek().map_or(Ok(()), |word| Err(format!("{word} is not understood here")))
    }

    /// `2x 20.00`, `3x 24.40 pieces 2+1`, or nothing.
    pub(crate) fn used(&mut self) -> Parsed<Used> {
        let Some(uses) = self.0.next_if(|word| word.ends_with('x')) else {
            return Ok(Used::default());
        };
        let (uses, minor) = (number(uses.trim_end_matches('x'))?, self.minor()?);
        let lines = if self.take("pieces") { pieces(self.next()?)? } else { Lines::NONE };
        Ok(Used { uses, minor, lines })
    }

    /// `20.00` or `20.00 USD`.
    pub(crate) fn money(&mut self, currency: Currency) -> Parsed<Money> {
        let amount = self.minor()?;
        let named = self.peek().and_then(|word| word.parse().ok());
        if named.is_some() {
            self.next()?;
        }
        Ok(Money::new(amount, named.unwrap_or(currency)))
    }
}

/// `2+0+1`: the pieces of the first line, the second, and so on.
pub(crate) fn pieces(text: &str) -> Parsed<Lines> {
    let counts = text.split('+').map(number).collect::<Parsed<Vec<u16>>>()?;
    Lines::from_slice(&counts).ok_or_else(|| format!("too many lines: {text}"))
}

/// All decimals are written, so the minor units are the digits without the point.
pub(crate) fn minor(text: &str) -> Parsed<i64> {
    number(&text.replace('.', ""))
}

/// Hundredths of a percent.
pub(crate) fn basis_points(text: &str) -> Parsed<u16> {
    let text = text.trim_end_matches('%');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    number(&format!("{whole}{fraction:0<2}"))
}

/// `90s`, `15m`, `24h`, `3d`.
pub(crate) fn seconds(text: &str) -> Parsed<i64> {
    let (count, unit) = text.split_at(text.len().saturating_sub(1));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => return Err(format!("unknown unit {other}")),
    };
    Ok(number::<i64>(count)? * unit)
}

pub(crate) fn number<T: FromStr>(text: &str) -> Parsed<T> {
    text.parse().map_err(|_error| format!("not a number: {text}"))
}
