//! Keys by their place on a US keyboard, which no layout, Caps Lock or input method moves.

/// A key by its position, as a reader set to *USA* presses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhysicalKey {
    /// A key that types a character on a US keyboard.
    Char {
        /// The character without Shift.
        plain: char,
        /// The character with Shift.
        shifted: char,
    },
    /// Enter, on the main block or the number pad.
    Enter,
    /// Tab.
    Tab,
    /// A key that no reader presses inside a code, or text that came without a known key.
    Other,
}

impl PhysicalKey {
    /// The key called `name`, or `None` for a modifier or lock key, which types nothing by itself.
    ///
    /// The names are those of `egui::Key::name`: `A`, `7`, `Semicolon`, `IntlBackslash`. An unknown
    /// name is [`PhysicalKey::Other`].
    pub fn from_name(name: &str) -> Option<Self> {
        if SILENT.contains(&name) {
            return None;
        }
        Some(match name {
            "Enter" => Self::Enter,
            "Tab" => Self::Tab,
            _ => {
                us_char(name).map_or(Self::Other, |(plain, shifted)| Self::Char { plain, shifted })
            }
        })
    }
}

/// One key going down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPress {
    /// Which key.
    pub key: PhysicalKey,
    /// A Shift key is down; Caps Lock does not count.
    pub shift: bool,
    /// A Control key is down.
    pub ctrl: bool,
    /// The key was down already: the computer repeats a key that is held, which no reader does.
    pub repeat: bool,
}

impl KeyPress {
    /// The press with which a US keyboard types `typed`: printable US-ASCII, line feed (Enter) or
    /// tab; `None` for any other character.
    pub fn of_char(typed: char) -> Option<Self> {
        let (key, shift) = match typed {
            '\n' => (PhysicalKey::Enter, false),
            '\t' => (PhysicalKey::Tab, false),
            _ => char_key(typed)?,
        };
        Some(Self { key, shift, ctrl: false, repeat: false })
    }

    /// What the press means to the burst detector.
    pub(super) fn meaning(self) -> Meaning {
        match self.key {
            _ if self.repeat => Meaning::Foreign,
            PhysicalKey::Enter | PhysicalKey::Tab => Meaning::End,
            PhysicalKey::Other => Meaning::Foreign,
            PhysicalKey::Char { plain, .. } if self.ctrl => control(plain),
            PhysicalKey::Char { shifted, .. } if self.shift => Meaning::Char(shifted),
            PhysicalKey::Char { plain, .. } => Meaning::Char(plain),
        }
    }
}

/// What one press can be inside a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A character of the code.
    Char(char),
    /// The end of a code.
    End,
    /// Nothing a reader types.
    Foreign,
}

/// Readers type control characters as Control and a letter; some of them end a code.
fn control(plain: char) -> Meaning {
    let Some(control) = control_char(plain) else {
        return Meaning::Foreign;
    };
    match control {
        '\u{3}' | '\u{4}' | '\t' | '\n' | '\r' => Meaning::End,
        _ => Meaning::Char(control),
    }
}

/// The control character of Control and a key, by the caret notation of ECMA-48.
fn control_char(plain: char) -> Option<char> {
    let caret = match plain {
        'a'..='z' | '[' | '\\' | ']' => plain.to_ascii_uppercase(),
        '6' => '^',
        '-' => '_',
        _ => return None,
    };
    char::from_u32(u32::from(caret) ^ 0x40)
}

fn char_key(typed: char) -> Option<(PhysicalKey, bool)> {
    if typed.is_ascii_alphabetic() {
        let (plain, shifted) = (typed.to_ascii_lowercase(), typed.to_ascii_uppercase());
        return Some((PhysicalKey::Char { plain, shifted }, typed == shifted));
    }
    let (_, plain, shifted) =
        US_KEYS.iter().find(|(_, plain, shifted)| typed == *plain || typed == *shifted)?;
    Some((PhysicalKey::Char { plain: *plain, shifted: *shifted }, typed != *plain))
}

/// The characters of a key without and with Shift on a US keyboard.
fn us_char(name: &str) -> Option<(char, char)> {
    if let [letter @ b'A'..=b'Z'] = name.as_bytes() {
        let shifted = char::from(*letter);
        return Some((shifted.to_ascii_lowercase(), shifted));
    }
    US_KEYS.iter().find(|(key, ..)| *key == name).map(|(_, plain, shifted)| (*plain, *shifted))
}

/// Name, plain and shifted character of every US key but the letters.
const US_KEYS: [(&str, char, char); 24] = [
    ("Space", ' ', ' '),
    ("1", '1', '!'),
    ("2", '2', '@'),
    ("3", '3', '#'),
    ("4", '4', '$'),
    ("5", '5', '%'),
    ("6", '6', '^'),
    ("7", '7', '&'),
    ("8", '8', '*'),
    ("9", '9', '('),
    ("0", '0', ')'),
    ("Minus", '-', '_'),
    ("Equals", '=', '+'),
    ("OpenBracket", '[', '{'),
    ("CloseBracket", ']', '}'),
    ("Backslash", '\\', '|'),
    ("Semicolon", ';', ':'),
    ("Quote", '\'', '"'),
    ("Backtick", '`', '~'),
    ("Comma", ',', '<'),
    ("Period", '.', '>'),
    ("Slash", '/', '?'),
    // Beyond the US main block: the number pad's plus and the extra key of ISO keyboards.
    ("Plus", '+', '+'),
    ("IntlBackslash", '\\', '|'),
];

const SILENT: [&str; 12] = [
    "ShiftLeft",
    "ShiftRight",
    "ControlLeft",
    "ControlRight",
    "AltLeft",
    "AltRight",
    "SuperLeft",
    "SuperRight",
    "CapsLock",
    "NumLock",
    "ScrollLock",
    "Fn",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn press(name: &str) -> KeyPress {
        let key = PhysicalKey::from_name(name).unwrap();
        KeyPress { key, shift: false, ctrl: false, repeat: false }
    }

    fn with_ctrl(name: &str) -> Meaning {
        KeyPress { ctrl: true, ..press(name) }.meaning()
    }

    #[test]
    fn keys_type_what_a_us_keyboard_has_engraved() {
        for (name, shift, typed) in [
            ("A", false, 'a'),
            ("A", true, 'A'),
            ("4", false, '4'),
            ("4", true, '$'),
            ("5", true, '%'),
            ("8", true, '*'),
            ("Semicolon", true, ':'),
            ("Equals", true, '+'),
            ("Slash", false, '/'),
            ("CloseBracket", false, ']'),
            ("Space", false, ' '),
        ] {
            assert_eq!(
                KeyPress { shift, ..press(name) }.meaning(),
                Meaning::Char(typed),
                "{name} {shift}"
            );
        }
    }

    #[test]
    fn every_printable_ascii_character_has_a_key_that_types_it() {
        for typed in ' '..='~' {
            let press = KeyPress::of_char(typed).unwrap();
            assert_eq!(press.meaning(), Meaning::Char(typed), "{typed:?}");
        }
        assert_eq!(KeyPress::of_char('é'), None);
        assert_eq!(KeyPress::of_char('\u{1d}'), None);
    }

    #[test]
    fn control_keys_are_control_characters_and_some_of_them_end_a_code() {
        assert_eq!(with_ctrl("B"), Meaning::Char('\u{2}'));
        assert_eq!(with_ctrl("CloseBracket"), Meaning::Char('\u{1d}'));
        assert_eq!(with_ctrl("6"), Meaning::Char('\u{1e}'));
        for end in ["C", "D", "I", "J", "M"] {
            assert_eq!(with_ctrl(end), Meaning::End, "{end}");
        }
        assert_eq!(with_ctrl("5"), Meaning::Foreign);
    }

    #[test]
    fn modifiers_are_no_presses_and_unknown_keys_are_foreign() {
        assert_eq!(PhysicalKey::from_name("ShiftLeft"), None);
        assert_eq!(PhysicalKey::from_name("CapsLock"), None);
        assert_eq!(PhysicalKey::from_name("F9"), Some(PhysicalKey::Other));
        assert_eq!(PhysicalKey::from_name("é"), Some(PhysicalKey::Other));
    }

    #[test]
    fn a_held_key_is_no_reader() {
        let held = KeyPress { repeat: true, ..KeyPress::of_char('x').unwrap() };
        assert_eq!(held.meaning(), Meaning::Foreign);
        let held = KeyPress { repeat: true, ..KeyPress::of_char('\n').unwrap() };
        assert_eq!(held.meaning(), Meaning::Foreign);
    }
}
