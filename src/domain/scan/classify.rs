//! Names what was scanned, so that the cashier hears "that is a product barcode", never just "invalid".

use std::borrow::Cow;

use super::{ShortCode, Symbology, TEXT_MAX, strip_aim};

/// What a scanned or typed text is, judged by its form alone: nothing here is verified.
///
/// The texts of vouchers, enrolments and operator badges are secrets; keep them out of logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned<'a> {
    /// A voucher, `CS1:` and what follows, or `CSP1:` where its phone signed it for this moment.
    ///
    /// A reader that swaps upper and lower case is a faulty reader, and its fault is repaired here:
    /// a text that starts with `cs1:` is handed on in upper case. Base45 (RFC 9285) has no lower case,
    /// so this can never join two vouchers into one.
    Voucher(Cow<'a, str>),
    /// An enrolment code, `CSE1:` and what follows, repaired like a voucher.
    Enrolment(Cow<'a, str>),
    /// An operator badge, `CSO1:` and what follows, repaired like a voucher.
    OperatorBadge(Cow<'a, str>),
    /// A code of this family in a version that this program does not read.
    OtherVersion {
        /// The version that the code names, 2 or more.
        version: u16,
    },
    /// A short code whose check character fits.
    ShortCode(ShortCode),
    /// A GTIN-8, -12, -13 or -14 with a fitting check digit, or what a reader called EAN or UPC.
    ProductBarcode(&'a str),
    /// A web address.
    WebLink,
    /// A health certificate of the EU, `HC1:`.
    HealthCertificate,
    /// A visiting card, vCard or MECARD.
    Contact,
    /// The way into a wireless network, `WIFI:`.
    WifiLogin,
    /// A request to pay: EPC (`BCD`) or UPI.
    Payment,
    /// Nothing but blanks.
    Empty,
    /// More than [`TEXT_MAX`] characters.
    TooLong,
    /// None of these.
    Unknown,
}

impl Scanned<'_> {
    /// Stable name for texts, journal and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Voucher(_) => "voucher",
            Self::Enrolment(_) => "enrolment",
            Self::OperatorBadge(_) => "operator_badge",
            Self::OtherVersion { .. } => "other_version",
            Self::ShortCode(_) => "short_code",
            Self::ProductBarcode(_) => "product_barcode",
            Self::WebLink => "web_link",
            Self::HealthCertificate => "health_certificate",
            Self::Contact => "contact",
            Self::WifiLogin => "wifi_login",
            Self::Payment => "payment",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Unknown => "unknown",
        }
    }
}

/// Says what `text` is, after [`clean`].
///
/// Digits alone are never a short code: with a fitting check digit they are a product barcode, else
/// unknown. Digits grouped with blanks or hyphens are read as a short code.
pub fn classify(text: &str) -> Scanned<'_> {
    let (symbology, text) = parts(text);
    if text.is_empty() {
        return Scanned::Empty;
    }
    if text.chars().nth(TEXT_MAX).is_some() {
        return Scanned::TooLong;
    }
    if symbology == Some(Symbology::EanUpc) || is_gtin(text) {
        return Scanned::ProductBarcode(text);
    }
    ours(text).or_else(|| foreign(text)).or_else(|| short_code(text)).unwrap_or(Scanned::Unknown)
}

/// `text` without an AIM identifier and without the blanks and control characters around it.
///
/// No voucher loses a character by this: the last one of a Base45 text is never a space, because 36
/// in the highest place is beyond the two bytes that three characters stand for.
pub fn clean(text: &str) -> &str {
    parts(text).1
}

fn parts(text: &str) -> (Option<Symbology>, &str) {
    let (symbology, rest) = strip_aim(text.trim_matches(is_blank));
    (symbology, rest.trim_matches(is_blank))
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control() || character == '\u{feff}'
}

/// Codes of this program's own family.
fn ours(text: &str) -> Option<Scanned<'_>> {
    let (head, _) = text.split_once(':')?;
    let name = head.to_ascii_uppercase();
    match name.as_str() {
        "CS1" | "CSP1" => Some(Scanned::Voucher(repaired(text, head))),
        "CSE1" => Some(Scanned::Enrolment(repaired(text, head))),
        "CSO1" => Some(Scanned::OperatorBadge(repaired(text, head))),
        _ => other_version(&name),
    }
}

fn repaired<'a>(text: &'a str, head: &str) -> Cow<'a, str> {
    if head.contains(|character: char| character.is_ascii_lowercase()) {
        Cow::Owned(text.to_ascii_uppercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn other_version(name: &str) -> Option<Scanned<'static>> {
    let rest = name.strip_prefix("CS")?;
    let digits = rest.strip_prefix(['E', 'O', 'P']).unwrap_or(rest);
    if digits.len() > 3 || digits.starts_with('0') || !is_digits(digits) {
        return None;
    }
    let version = digits.parse().ok().filter(|version| *version >= 2)?;
    Some(Scanned::OtherVersion { version })
}

/// Codes of other people that show up at counters, by how they start.
fn foreign(text: &str) -> Option<Scanned<'static>> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| starts_with(text, prefix));
    if starts(&["http://", "https://", "www."]) {
        Some(Scanned::WebLink)
    } else if starts(&["HC1:"]) {
        Some(Scanned::HealthCertificate)
    } else if starts(&["BEGIN:VCARD", "MECARD:"]) {
        Some(Scanned::Contact)
    } else if starts(&["WIFI:"]) {
        Some(Scanned::WifiLogin)
    } else if starts(&["BCD\n", "BCD\r", "upi://"]) || text == "BCD" {
        // A reader that ends a code at every line delivers "BCD" by itself.
        Some(Scanned::Payment)
    } else {
        None
    }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn short_code(text: &str) -> Option<Scanned<'static>> {
    if is_digits(text) {
        return None;
    }
    ShortCode::parse(text).ok().map(Scanned::ShortCode)
}

/// A GTIN by length and check digit (GS1 General Specifications, section 7.9): from the right, digits
/// count once and three times in turn, and the sum is a multiple of ten.
fn is_gtin(text: &str) -> bool {
    if !matches!(text.len(), 8 | 12 | 13 | 14) || !is_digits(text) {
        return false;
    }
    let sum = text.bytes().rev().enumerate().fold(0_u32, |sum, (index, digit)| {
        let weight = if index % 2 == 0 { 1 } else { 3 };
        let digit = u32::from(digit.saturating_sub(b'0'));
        sum.saturating_add(digit.saturating_mul(weight))
    });
    sum % 10 == 0
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> &'static str {
        classify(text).code()
    }

    #[test]
    fn each_kind_is_named_by_its_form() {
        for (text, expected) in [
            ("CS1:NCFK7$AB", "voucher"),
            ("CSE1:NCFK7$AB", "enrolment"),
            ("CSO1:NCFK7$AB", "operator_badge"),
            ("CS2:NCFK7$AB", "other_version"),
            ("CSE14:NCFK7$AB", "other_version"),
            ("CSO3:X", "other_version"),
            ("4006381333931", "product_barcode"),
            ("https://example.com/CS1:", "web_link"),
            ("HTTP://EXAMPLE.COM", "web_link"),
            ("www.example.com", "web_link"),
            ("HC1:6BFOXN*TS0BI", "health_certificate"),
            ("BEGIN:VCARD\nVERSION:3.0\nFN:X\nEND:VCARD", "contact"),
            ("MECARD:N:X;;", "contact"),
            ("WIFI:S:shop;T:WPA;P:x;;", "wifi_login"),
            ("BCD\n001\n1\nSCT", "payment"),
            ("BCD\r\n001", "payment"),
            ("BCD", "payment"),
            ("upi://pay?pa=x@y", "payment"),
            ("0000-0000-001Y", "short_code"),
            ("", "empty"),
            (" \r\n\t\u{0}\u{feff}", "empty"),
            ("]Q1", "empty"),
            ("BCDE", "unknown"),
            ("CS:X", "unknown"),
            ("CS0:X", "unknown"),
            ("CS01:X", "unknown"),
            ("CS1", "unknown"),
            ("CS9999:X", "unknown"),
            ("CSX1:X", "unknown"),
            ("hello", "unknown"),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        assert_eq!(classify("CS2:X"), Scanned::OtherVersion { version: 2 });
        assert_eq!(classify("cse12:x"), Scanned::OtherVersion { version: 12 });
    }

    #[test]
    fn readers_may_put_things_around_the_text() {
        let voucher = Scanned::Voucher("CS1:A B".into());
        for text in ["CS1:A B\r\n", "\u{2}CS1:A B\u{3}", "]Q1CS1:A B\t", " ]Q1 CS1:A B "] {
            assert_eq!(classify(text), voucher, "{text:?}");
        }
        assert_eq!(clean("]Q1CS1:A B\r"), "CS1:A B");
    }

    #[test]
    fn a_reader_that_swaps_case_is_repaired_and_nothing_else_is() {
        assert_eq!(classify("cs1:ab%12"), Scanned::Voucher("CS1:AB%12".into()));
        assert_eq!(classify("]q1cse1:ab"), Scanned::Enrolment("CSE1:AB".into()));
        assert_eq!(classify("CS1:ab"), Scanned::Voucher("CS1:ab".into()), "the decoder refuses it");
    }

    #[test]
    fn base45_never_ends_in_a_space() {
        let space = 36_u32;
        assert!(space * 45 * 45 > 0xFFFF, "third of three characters");
        assert!(space * 45 > 0xFF, "second of two characters");
    }

    #[test]
    fn product_barcodes_by_length_and_check_digit() {
        // Printed on packages, or worked out by hand in the GS1 General Specifications.
        for text in ["4006381333931", "96385074", "036000291452", "10614141000415", "5901234123457"]
        {
            assert_eq!(classify(text), Scanned::ProductBarcode(text));
        }
        for text in ["4006381333932", "96385075", "036000291453", "10614141000416", "40063813339"] {
            assert_eq!(code(text), "unknown", "{text}");
        }
        assert_eq!(code("]E04006381333932"), "product_barcode", "the reader says so");
        assert_eq!(code("]E0400638133393112345"), "product_barcode", "with an add-on");
        assert_eq!(code("\u{0664}\u{0660}\u{0660}\u{0666}"), "unknown", "digits are ASCII digits");
    }

    #[test]
    fn bare_digits_are_never_a_short_code_but_grouped_digits_are() {
        assert_eq!(code("000000000000"), "product_barcode", "fits both; a product wins");
        assert_eq!(code("0000-0000-0000"), "short_code");
        // 2 in the last place: doubled 4, check 28 = W.
        assert_eq!(code("00000000002W"), "short_code");
        // 15 in the last place: doubled 30, check 2.
        assert_eq!(code("0000000000F2"), "short_code");
        assert_eq!(code("00000000000F"), "unknown", "the check character does not fit");
        assert_eq!(code("00000000000F2"), "unknown", "thirteen characters");
    }

    #[test]
    fn the_longest_text_is_read_and_a_longer_one_is_not() {
        let longest = format!("CS1:{}", "A".repeat(4292));
        assert_eq!(code(&longest), "voucher");
        assert_eq!(code(&format!("{longest}A")), "too_long");
        assert_eq!(code(&format!("{longest}\r\n")), "voucher", "blanks do not count");
    }

    proptest! {
        #[test]
        fn any_text_has_a_name_and_cleaning_twice_changes_nothing_more(text in any::<String>()) {
            let scanned = classify(&text);
            prop_assert!(!scanned.code().is_empty());
            prop_assert_eq!(code(&format!("\r\n{text}\t ")), scanned.code());
            let cleaned = clean(&text);
            prop_assert_eq!(cleaned, cleaned.trim());
        }

        #[test]
        fn one_check_digit_in_ten_fits_a_product_barcode(digits in "[0-9]{7}|[0-9]{11,13}") {
            let fits = (0..10).filter(|check| is_gtin(&format!("{digits}{check}"))).count();
            prop_assert_eq!(fits, 1);
        }
    }
}
