//! What a reader made of a test code, compared with what the code holds.

use super::strip_aim;

/// Codes to test a reader with: every letter and digit, every other sign of a voucher, and as long as one may be.
pub const TESTS: [&str; 3] = [
    "CST1:ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "CST2: $%*+-./: END",
    concat!(
        "CST3:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF",
        "GHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789END",
    ),
];

/// What is amiss with a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// Nothing.
    Right,
    /// It says which kind of code it read; that is welcome.
    Aim,
    /// Small and capital letters are exchanged.
    Case,
    /// It types for this keyboard instead of the one of the United States.
    Layout(Layout),
    /// It adds these before and after the code.
    Added {
        /// What stands before.
        before: String,
        /// What stands after.
        after: String,
    },
    /// It drops signs.
    Lost {
        /// How many are missing.
        count: usize,
    },
    /// Signs are wrong in a way that is not known.
    Garbled,
    /// The text is none of the tests.
    Another,
}

/// Keyboards of which readers know the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// AZERTY of France.
    French,
    /// QWERTZ of Germany.
    German,
}

/// Where these signs lie on a keyboard, told by what lies there on one of the United States.
impl Layout {
    const ALL: [Self; 2] = [Self::French, Self::German];

    fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::French => ("AQZWM aqzwm 0123456789 $%*-./:", "QAWZ: qawz; )!@#$%^&*( ]\"\\6<>."),
            Self::German => ("YZ yz *+-/:", "ZY zy }]/&>"),
        }
    }

    fn typed(self, sign: char) -> char {
        let (signs, keys) = self.keys();
        signs.chars().zip(keys.chars()).find(|(from, _)| *from == sign).map_or(sign, |(_, to)| to)
    }
}

/// Compares what arrived with the test it comes nearest to.
pub fn diagnose(heard: &str) -> Diagnosis {
    let (aim, text) = strip_aim(heard);
    if TESTS.contains(&text) {
        return if aim.is_some() { Diagnosis::Aim } else { Diagnosis::Right };
    }
    let told = TESTS.iter().find_map(|sent| fault(sent, text));
    let near =
        text.len() >= 5 && text.chars().take(3).collect::<String>().eq_ignore_ascii_case("CST");
    told.unwrap_or(if near { Diagnosis::Garbled } else { Diagnosis::Another })
}

fn fault(sent: &str, heard: &str) -> Option<Diagnosis> {
    if sent.eq_ignore_ascii_case(heard) {
        return Some(Diagnosis::Case);
    }
    let typed = |layout: &Layout| sent.chars().map(|sign| layout.typed(sign)).eq(heard.chars());
    if let Some(layout) = Layout::ALL.into_iter().find(typed) {
        return Some(Diagnosis::Layout(layout));
    }
    if let Some((before, after)) = heard.split_once(sent) {
        return Some(Diagnosis::Added { before: before.to_owned(), after: after.to_owned() });
    }
    lost(sent, heard).map(|count| Diagnosis::Lost { count })
}

/// How many signs are missing where at least half of them came in their order.
fn lost(sent: &str, heard: &str) -> Option<usize> {
    let mut rest = sent.chars();
    let in_order = heard.chars().all(|sign| rest.any(|other| other == sign));
    let count = sent.chars().count().checked_sub(heard.chars().count())?;
    (in_order && count.saturating_mul(2) <= sent.chars().count()).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named() {
        let [letters, signs, long] = TESTS;
        let added = |before: &str, after: &str| Diagnosis::Added {
            before: before.to_owned(),
            after: after.to_owned(),
        };
        for (heard, expected) in [
            (letters.to_owned(), Diagnosis::Right),
            (signs.to_owned(), Diagnosis::Right),
            (long.to_owned(), Diagnosis::Right),
            (format!("]Q1{letters}"), Diagnosis::Aim),
            (letters.to_lowercase(), Diagnosis::Case),
            (format!("QR{letters}"), added("QR", "")),
            (format!("{letters}#7"), added("", "#7")),
            (long.replacen("ABC", "AC", 2), Diagnosis::Lost { count: 2 }),
            (letters.replace('K', "?"), Diagnosis::Garbled),
            ("CS1:SOMETHING".to_owned(), Diagnosis::Another),
            ("4006381333931".to_owned(), Diagnosis::Another),
            (String::new(), Diagnosis::Another),
        ] {
            assert_eq!(diagnose(&heard), expected, "{heard}");
        }
    }

    /// By hand from the two keyboards: on a French one, A lies where Q is in the United States, M where the
    /// semicolon is, and digits need the shift key; on a German one, Y and Z are exchanged.
    #[test]
    fn foreign_keyboards_are_told_by_what_their_keys_are_elsewhere() {
        let french = "CST!.QBCDEFGHIJKL:NOPARSTUVZXYW)!@#$%^&*(";
        assert_eq!(diagnose(french), Diagnosis::Layout(Layout::French));
        let german = "CST1>ABCDEFGHIJKLMNOPQRSTUVWXZY0123456789";
        assert_eq!(diagnose(german), Diagnosis::Layout(Layout::German));
        assert_eq!(diagnose("CST2> $%}]/.&> END"), Diagnosis::Layout(Layout::German));
    }

    #[test]
    fn the_tests_hold_every_sign_of_a_voucher() {
        // RFC 9285: the alphabet of Base45.
        for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".chars() {
            assert!(TESTS.iter().any(|test| test.contains(sign)), "{sign}");
        }
        assert!(TESTS.iter().any(|test| test.len() >= 250));
    }
}
