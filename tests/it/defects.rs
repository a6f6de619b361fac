//! CBOR spelled in every way but the right one.

use ciborium::Value;

/// The major type of maps.
const MAP: u8 = 5;

/// All texts of `value` that a lenient reader would take for it, with the defect each has.
pub(crate) fn misspellings(value: &Value) -> Vec<(String, Vec<u8>)> {
    let nodes = encode(value, None).1;
    let mut all = Vec::new();
    for node in 0..nodes {
        for defect in Defect::ALL {
            let (bytes, _) = encode(value, Some((node, defect)));
            if bytes != encode(value, None).0 {
                all.push((format!("{defect:?} at item {node}"), bytes));
            }
        }
    }
    all
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    HeadOf1,
    HeadOf2,
    HeadOf4,
    HeadOf8,
    NoLength,
    Tagged,
    LastFirst,
    FirstTwice,
    LastTwice,
}

impl Defect {
    const ALL: [Self; 9] = [
        Self::HeadOf1,
        Self::HeadOf2,
        Self::HeadOf4,
        Self::HeadOf8,
        Self::NoLength,
        Self::Tagged,
        Self::LastFirst,
        Self::FirstTwice,
        Self::LastTwice,
    ];

    fn width(self) -> usize {
        match self {
            Self::HeadOf1 => 1,
            Self::HeadOf2 => 2,
            Self::HeadOf4 => 4,
            Self::HeadOf8 => 8,
            Self::NoLength
            | Self::Tagged
            | Self::LastFirst
            | Self::FirstTwice
            | Self::LastTwice => 0,
        }
    }
}

/// The bytes with one defect at one item, and how many items there are.
fn encode(value: &Value, defect: Option<(usize, Defect)>) -> (Vec<u8>, usize) {
    let mut writer = Writer { bytes: Vec::new(), node: 0, defect };
    writer.value(value);
    (writer.bytes, writer.node)
}

struct Writer {
    bytes: Vec<u8>,
    node: usize,
    defect: Option<(usize, Defect)>,
}

impl Writer {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "ciborium may learn more kinds of values than our messages have"
    )]
    fn value(&mut self, value: &Value) {
        let here = self.defect.filter(|(node, _)| *node == self.node);
        let defect = here.map(|(_, defect)| defect);
        self.node += 1;
        if defect == Some(Defect::Tagged) {
            self.bytes.push(0xd2);
        }
        match value {
            Value::Integer(number) => self.integer(i128::from(*number), defect),
            Value::Bytes(bytes) => self.string(2, bytes, defect),
            Value::Text(text) => self.string(3, text.as_bytes(), defect),
            Value::Array(items) => {
                let items = items.iter().map(|item| vec![item]).collect();
                self.items(4, items, defect);
            }
            Value::Map(pairs) => {
                let items = pairs.iter().map(|(key, value)| vec![key, value]).collect();
                self.items(MAP, items, defect);
            }
            other => panic!("{other:?} is in no message"),
        }
    }

    fn integer(&mut self, number: i128, defect: Option<Defect>) {
        if number < 0 {
            self.head(1, (-1 - number).try_into().unwrap(), defect);
        } else {
            self.head(0, number.try_into().unwrap(), defect);
        }
    }

    fn string(&mut self, major: u8, bytes: &[u8], defect: Option<Defect>) {
        let open = defect == Some(Defect::NoLength);
        if open {
            self.bytes.push((major << 5) | 31);
        }
        self.head(major, bytes.len().try_into().unwrap(), defect);
        self.bytes.extend(bytes);
        if open {
            self.bytes.push(0xff);
        }
    }

    /// Only a map means the same in another order or with a pair twice.
    fn items(&mut self, major: u8, mut items: Vec<Vec<&Value>>, defect: Option<Defect>) {
        match defect.filter(|_| major == MAP) {
            Some(Defect::LastFirst) if !items.is_empty() => items.rotate_right(1),
            Some(Defect::FirstTwice) => items.extend(items.first().cloned()),
            Some(Defect::LastTwice) => items.extend(items.last().cloned()),
            _other => {}
        }
        let open = defect == Some(Defect::NoLength);
        if open {
            self.bytes.push((major << 5) | 31);
        } else {
            self.head(major, items.len().try_into().unwrap(), defect);
        }
        items.into_iter().flatten().for_each(|item| self.value(item));
        if open {
            self.bytes.push(0xff);
        }
    }

    /// The shortest head, or a wider one where that is the defect and the number fits.
    fn head(&mut self, major: u8, number: u64, defect: Option<Defect>) {
        let shortest = match number {
            0..24 => 0,
            24..0x100 => 1,
            0x100..0x1_0000 => 2,
            0x1_0000..0x1_0000_0000 => 4,
            _larger => 8,
        };
        let width = defect.map_or(0, Defect::width).max(shortest);
        let info = match width {
            0 => u8::try_from(number).unwrap(),
            1 => 24,
            2 => 25,
            4 => 26,
            _eight => 27,
        };
        self.bytes.push((major << 5) | info);
        self.bytes.extend(&number.to_be_bytes()[8 - width..]);
    }
}

#[test]
fn misspellings_are_as_rfc_8949_has_them() {
    let value = crate::independent::from_diagnostic("[1, h'02']");
    let all = misspellings(&value);
    let find = |name: &str| {
        let found = all.iter().find(|(defect, _)| defect == name);
        found.map(|(_, bytes)| bytes.clone()).unwrap()
    };
    assert_eq!(find("HeadOf1 at item 0"), [0x98, 2, 1, 0x41, 2]);
    assert_eq!(find("NoLength at item 0"), [0x9f, 1, 0x41, 2, 0xff]);
    assert_eq!(find("HeadOf2 at item 1"), [0x82, 0x19, 0, 1, 0x41, 2]);
    assert_eq!(find("NoLength at item 2"), [0x82, 1, 0x5f, 0x41, 2, 0xff]);
    assert_eq!(find("Tagged at item 0"), [0xd2, 0x82, 1, 0x41, 2]);
    let map = misspellings(&crate::independent::from_diagnostic("{1: 2, 3: 4}"));
    assert!(map.contains(&("LastFirst at item 0".to_owned(), vec![0xa2, 3, 4, 1, 2])));
    assert!(map.contains(&("FirstTwice at item 0".to_owned(), vec![0xa3, 1, 2, 3, 4, 1, 2])));
    for (defect, bytes) in &all {
        assert_ne!(bytes[..], [0x82, 1, 0x41, 2], "{defect} is none");
    }
}
