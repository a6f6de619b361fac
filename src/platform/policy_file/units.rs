//! Spans of time and shares as people write them, both ways.

/// Units of time with their seconds, the longest first; the first name is the one that is printed for several.
const UNITS: [(u32, &[&str]); 5] = [
    (604_800, &["weeks", "week"]),
    (86_400, &["days", "day"]),
    (3_600, &["hours", "hour", "h"]),
    (60, &["min", "minutes", "minute"]),
    (1, &["s", "seconds", "second"]),
];

/// Reads `3 days`, `15 min` or `30min` as seconds.
pub(crate) fn parse_span(text: &str) -> Result<u32, String> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    let seconds = UNITS.iter().find(|(_, names)| names.contains(&unit)).map(|(s, _)| *s);
    let span = number.parse::<u32>().ok().zip(seconds);
    let span = span.and_then(|(number, seconds)| number.checked_mul(seconds));
    span.ok_or_else(|| {
        format!("{text:?} is no span of time; write it like \"3 days\", \"15 min\" or \"none\"")
    })
}

/// Seconds in the longest unit that has no remainder; weeks are told in days.
pub(crate) fn print_span(seconds: u32) -> String {
    let fits = |unit: &&(u32, &[&str])| unit.0 <= 86_400 && seconds.is_multiple_of(unit.0);
    let (length, names) = UNITS.iter().find(fits).copied().unwrap_or((1, &["s"]));
    let count = seconds.checked_div(length).unwrap_or(seconds);
    let singular = names.get(1).filter(|_| count == 1 && length > 60);
    let name = singular.or_else(|| names.first()).copied().unwrap_or("s");
    format!("{count} {name}")
}

/// Reads `2.5 %` as a whole number of the last decimal, at most the whole.
pub(crate) fn parse_percent(text: &str, decimals: usize) -> Result<u32, String> {
    let wrong = || {
        format!("{text:?} is no share; write it like \"2.5 %\", with at most {decimals} decimals")
    };
    let number = text.trim().strip_suffix('%').ok_or_else(wrong)?.trim_end();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || part.len() > decimals || !plain(whole) || !plain(part) {
        return Err(wrong());
    }
    let value: u32 = format!("{whole}{part:0<decimals$}").parse().map_err(|_error| wrong())?;
    let all =
        10_u32.saturating_pow(u32::try_from(decimals).unwrap_or(u32::MAX)).saturating_mul(100);
    if value <= all { Ok(value) } else { Err(format!("{text:?} is more than 100 %")) }
}

/// A share with as many decimals as it needs.
pub(crate) fn print_percent(value: u32, decimals: usize) -> String {
    let padded = format!("{value:0>width$}", width = decimals.saturating_add(1));
    let (whole, part) = padded.split_at(padded.len().saturating_sub(decimals));
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    format!("{whole}{point}{part} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_printed() {
        for (text, seconds, printed) in [
            ("3 days", 259_200, "3 days"),
            ("1 day", 86_400, "1 day"),
            ("2 weeks", 1_209_600, "14 days"),
            ("36 hours", 129_600, "36 hours"),
            ("15 min", 900, "15 min"),
            ("30min", 1_800, "30 min"),
            ("60 min", 3_600, "1 hour"),
            ("90 s", 90, "90 s"),
            ("1 s", 1, "1 s"),
        ] {
            assert_eq!(parse_span(text), Ok(seconds), "{text}");
            assert_eq!(print_span(seconds), printed);
            assert_eq!(parse_span(printed), Ok(seconds));
        }
        for bad in
            ["", "3", "days", "-1 day", "1.5 days", "3 fortnights", "3 Days", "99999999 days"]
        {
            assert!(parse_span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_are_read_and_printed() {
        for (text, value, printed) in [
            ("2.5 %", 250, "2.5 %"),
            ("100%", 10_000, "100 %"),
            ("0.01 %", 1, "0.01 %"),
            ("0 %", 0, "0 %"),
            ("12.30 %", 1_230, "12.3 %"),
        ] {
            assert_eq!(parse_percent(text, 2), Ok(value), "{text}");
            assert_eq!(print_percent(value, 2), printed);
        }
        assert_eq!(parse_percent("0.0125 %", 4), Ok(125));
        assert_eq!(print_percent(125, 4), "0.0125 %");
        for bad in ["", "%", "2.5", ".5 %", "-1 %", "0.001 %", "100.01 %", "1e2 %", "9999999999 %"]
        {
            assert!(parse_percent(bad, 2).is_err(), "{bad}");
        }
    }
}
