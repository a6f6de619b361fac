//! AIM symbology identifiers (ISO/IEC 15424): three characters with which a reader says what it read.

/// The kind of code that a reader read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbology {
    /// QR code, `]Q`.
    Qr,
    /// EAN or UPC product barcode, `]E`.
    EanUpc,
    /// Code 128, `]C`.
    Code128,
    /// Data Matrix, `]d`.
    DataMatrix,
    /// Any other.
    Other,
}

/// Parts `text` into what an AIM identifier before it says, if there is one, and the rest.
///
/// An identifier is `]`, an ASCII letter and an ASCII letter or digit, such as `]Q1`.
pub fn strip_aim(text: &str) -> (Option<Symbology>, &str) {
    match text.as_bytes() {
        [b']', letter, modifier, ..]
            if letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
        {
            (Some(symbology(*letter)), text.get(3..).unwrap_or_default())
        }
        _ => (None, text),
    }
}

fn symbology(letter: u8) -> Symbology {
    match letter {
        b'Q' => Symbology::Qr,
        b'E' => Symbology::EanUpc,
        b'C' => Symbology::Code128,
        b'd' => Symbology::DataMatrix,
        _ => Symbology::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_stripped_and_named() {
        for (text, expected) in [
            ("]Q1CS1:AB", (Some(Symbology::Qr), "CS1:AB")),
            ("]E04006381333931", (Some(Symbology::EanUpc), "4006381333931")),
            ("]C1010950110153000", (Some(Symbology::Code128), "010950110153000")),
            ("]d2X", (Some(Symbology::DataMatrix), "X")),
            ("]z0X", (Some(Symbology::Other), "X")),
            ("]Q1", (Some(Symbology::Qr), "")),
        ] {
            assert_eq!(strip_aim(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_else_stays_whole() {
        for text in ["", "]", "]Q", "]1Q", "]é1", "]Q:1", "CS1:]Q1", "]Qé"] {
            assert_eq!(strip_aim(text), (None, text));
        }
    }

    #[test]
    fn only_the_first_identifier_goes() {
        assert_eq!(strip_aim("]Q1]Q1X"), (Some(Symbology::Qr), "]Q1X"));
    }
}
