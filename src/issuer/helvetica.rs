//! Helvetica, which every PDF reader has built in, in `WinAnsiEncoding` (ISO 32000-1 annex D).

/// A text in the font's encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Encoded {
    /// One byte a character.
    pub(super) bytes: Vec<u8>,
    /// How many characters the encoding lacks; each became `?`.
    pub(super) replaced: usize,
}

/// `…`.
pub(super) const ELLIPSIS: u8 = 0x85;

/// Encodes `text`.
pub(super) fn encode(text: &str) -> Encoded {
    let mut encoded = Encoded::default();
    for character in text.chars() {
        let byte = code(character);
        encoded.bytes.push(byte.unwrap_or(b'?'));
        let missing = usize::from(byte.is_none());
        encoded.replaced = encoded.replaced.saturating_add(missing);
    }
    encoded
}

/// Width of `bytes` at a font size of 1.
pub(super) fn width(bytes: &[u8]) -> f32 {
    bytes.iter().map(|byte| advance(*byte)).sum()
}

/// Width of one character at a font size of 1.
pub(super) fn advance(byte: u8) -> f32 {
    let position = usize::from(byte).checked_sub(usize::from(b' '));
    let thousandths = position.and_then(|position| WIDTHS.get(position));
    f32::from(thousandths.copied().unwrap_or(0)) / 1000.0
}

fn code(character: char) -> Option<u8> {
    let special = SPECIAL.iter().find(|(_, known)| *known == character);
    match (special, u8::try_from(character)) {
        (Some((byte, _)), _) => Some(*byte),
        (None, Ok(byte @ (b' '..=b'~' | 0xa0..=0xff))) => Some(byte),
        (None, _) => None,
    }
}

/// Where the encoding differs from ISO 8859-1.
const SPECIAL: [(u8, char); 27] = [
    (0x80, '€'),
    (0x82, '‚'),
    (0x83, 'ƒ'),
    (0x84, '„'),
    (ELLIPSIS, '…'),
    (0x86, '†'),
    (0x87, '‡'),
    (0x88, 'ˆ'),
    (0x89, '‰'),
    (0x8a, 'Š'),
    (0x8b, '‹'),
    (0x8c, 'Œ'),
    (0x8e, 'Ž'),
    (0x91, '‘'),
    (0x92, '’'),
    (0x93, '“'),
    (0x94, '”'),
    (0x95, '•'),
    (0x96, '–'),
    (0x97, '—'),
    (0x98, '˜'),
    (0x99, '™'),
    (0x9a, 'š'),
    (0x9b, '›'),
    (0x9c, 'œ'),
    (0x9e, 'ž'),
    (0x9f, 'Ÿ'),
];

/// Widths in thousandths of the font size, from byte 0x20 on (Adobe Core 14 font metrics).
const WIDTHS: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    350, 556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350, 350,
    222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667, 278, 333, 556,
    556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333, 400, 584, 333, 333, 333, 556,
    537, 278, 333, 333, 365, 556, 834, 834, 834, 611, 667, 667, 667, 667, 667, 667, 1000, 722, 667,
    667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722,
    722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278,
    278, 556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_windows_1252() {
        // Code page 1252 as Unicode publishes it: CP1252.TXT.
        let encoded = encode("Menü für 2 – €25 “Señor” Œuvre žluť…");
        let expected = b"Men\xfc f\xfcr 2 \x96 \x8025 \x93Se\xf1or\x94 \x8cuvre \x9elu?\x85";
        assert_eq!(encoded.bytes, expected);
        assert_eq!(encoded.replaced, 1);
    }

    #[test]
    fn what_it_lacks_is_counted() {
        for (text, replaced) in
            [("", 0), ("餐廳 25", 2), ("a\nb\t\0", 3), ("\u{80}\u{9f}\u{7f}", 3)]
        {
            let encoded = encode(text);
            assert_eq!(encoded.replaced, replaced, "{text:?}");
            assert_eq!(encoded.bytes.len(), text.chars().count());
            assert!(encoded.bytes.iter().all(|byte| *byte >= b' '));
        }
    }

    #[test]
    fn widths_are_those_of_the_font() {
        // Helvetica.afm: H 722, e 556, l 222, o 556, Euro 556, ellipsis 1000, adieresis 556, ydieresis 500.
        let thousandths = |text: &str| (width(&encode(text).bytes) * 1000.0).round();
        assert!((thousandths("Hello") - 2278.0).abs() < 0.5);
        assert!((thousandths("€…äÿ") - 2612.0).abs() < 0.5);
    }
}
