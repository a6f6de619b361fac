//! Journals in eight bytes: one byte an entry, so that a journal is its own hash and equal hashes are equal journals.

use std::fmt;

use countersign::domain::{
    id::{BranchId, Epoch, Hash, Seq, TerminalId},
    journal::{Body, Entry, Head, SignedEntry},
    time::Timestamp,
};

/// Most entries of one journal.
pub(crate) const LENGTH_MAX: u8 = 8;

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Said {
    /// A voucher was accepted: with the platform's word or without, from a lease or not.
    Redeemed { voucher: u8, word: bool, lease: bool },
    /// Something was not honoured.
    Refused,
    /// The redemption at a position was taken back.
    RolledBack { of: u8 },
    /// The lease was given back.
    LeaseEnded,
    /// A later epoch began.
    Opened,
}

impl Said {
    /// One byte, never zero; `mark` tells entries of a restored or cloned store from those of the first, as their times would.
    pub(crate) fn byte(self, mark: u8) -> u8 {
        let (kind, of) = match self {
            Self::Redeemed { voucher, word, lease } => {
                (1 + u8::from(word) + 2 * u8::from(lease), voucher)
            }
            Self::Refused => (5, 0),
            Self::RolledBack { of } => (6, of),
            Self::LeaseEnded => (7, 0),
            Self::Opened => (8, 0),
        };
        kind | (of << 4) | (mark << 7)
    }

    fn of(byte: u8) -> Self {
        let of = (byte >> 4) & 7;
        match byte & 15 {
            kind @ 1..=4 => {
                Self::Redeemed { voucher: of, word: (kind - 1) & 1 == 1, lease: kind > 2 }
            }
            5 => Self::Refused,
            6 => Self::RolledBack { of },
            7 => Self::LeaseEnded,
            _opened => Self::Opened,
        }
    }
}

/// A journal, or the hash of its head.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Chain(u64);

impl Chain {
    pub(crate) fn len(self) -> u8 {
        (8 - self.0.leading_zeros() / 8) as u8
    }

    /// The first entries.
    pub(crate) fn prefix(self, length: u8) -> Self {
        if length >= LENGTH_MAX { self } else { Self(self.0 & ((1 << (8 * length)) - 1)) }
    }

    pub(crate) fn starts_with(self, other: Self) -> bool {
        self.prefix(other.len()) == other
    }

    pub(crate) fn push(&mut self, byte: u8) {
        assert!(self.len() < LENGTH_MAX, "a journal longer than the model has room for");
        self.0 |= u64::from(byte) << (8 * self.len());
    }

    pub(crate) fn byte(self, position: u8) -> u8 {
        (self.0 >> (8 * (position - 1))) as u8
    }

    /// The entry at a position, from 1.
    pub(crate) fn at(self, position: u8) -> Said {
        Said::of(self.byte(position))
    }

    /// Entries with their positions.
    pub(crate) fn entries(self) -> impl Iterator<Item = (u8, Said)> {
        (1..=self.len()).map(move |position| (position, self.at(position)))
    }

    /// Redemptions of a voucher that were not taken back, with their positions.
    pub(crate) fn standing(self, voucher: u8) -> impl Iterator<Item = (u8, bool)> {
        let back = move |position: u8| {
            self.entries().any(|(_, said)| said == Said::RolledBack { of: position })
        };
        self.entries().filter_map(move |(position, said)| match said {
            Said::Redeemed { voucher: own, word, .. } if own == voucher && !back(position) => {
                Some((position, word))
            }
            _other => None,
        })
    }

    /// The program's hash of a head: zero before the first entry.
    pub(crate) fn hash(self) -> Hash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.0.to_be_bytes());
        Hash(bytes)
    }

    /// The program's head of an epoch that ends here.
    pub(crate) fn head(self, epoch: u8) -> Head {
        Head { epoch: Epoch(epoch.into()), seq: Seq(self.len().into()), hash: self.hash() }
    }

    /// The entry at a position as the program's type, with what links it to the one before.
    pub(crate) fn signed(self, (terminal, epoch): (u8, u8), position: u8) -> SignedEntry {
        let version = u64::from(self.byte(position));
        let entry = Entry {
            terminal: TerminalId(terminal.into()),
            epoch: Epoch(epoch.into()),
            seq: Seq(position.into()),
            prev: self.prefix(position - 1).hash(),
            at: Timestamp(0),
            time_floor: Timestamp(0),
            branch: BranchId(1),
            operator: None,
            body: Body::BundleTaken { version, hash: Hash::ZERO },
        };
        SignedEntry { entry, bytes: Vec::new(), hash: self.prefix(position).hash() }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries().map(|(_, said)| said)).finish()
    }
}

#[test]
fn a_chain_is_read_as_it_was_written() {
    let said = [
        Said::Redeemed { voucher: 1, word: true, lease: false },
        Said::RolledBack { of: 1 },
        Said::Redeemed { voucher: 0, word: false, lease: true },
        Said::Redeemed { voucher: 7, word: true, lease: true },
        Said::Redeemed { voucher: 0, word: false, lease: false },
        Said::Refused,
        Said::LeaseEnded,
        Said::Opened,
    ];
    let mut chain = Chain::default();
    for (length, said) in (0..).zip(said) {
        assert_eq!(chain.len(), length);
        chain.push(said.byte(length & 1));
    }
    assert_eq!(chain.entries().map(|(_, said)| said).collect::<Vec<_>>(), said);
    assert_eq!(chain.prefix(2).len(), 2);
    assert!(chain.starts_with(chain.prefix(5)) && !chain.prefix(2).starts_with(chain));
    assert_eq!(chain.standing(1).count(), 0);
    assert_eq!(chain.standing(7).collect::<Vec<_>>(), [(4, true)]);
    assert_eq!(Chain::default().hash(), Hash::ZERO);
}
