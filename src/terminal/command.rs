//! Everything a person or a reader can ask of the terminal.

use crate::domain::{
    redeem::Part,
    scan::{EntryMethod, ScanFailure},
};

/// One request to the engine; requests are handled in the order they arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A reader delivered a text.
    Scan {
        /// What the code says, at most [`crate::domain::scan::TEXT_MAX`] characters are looked at.
        text: String,
        /// How it came in.
        method: EntryMethod,
    },
    /// A reader delivered no text.
    ScanFailed {
        /// Why.
        why: ScanFailure,
        /// How it came in.
        method: EntryMethod,
    },
    /// The answer to the open question, as typed, such as `12.50`, or a PIN; on a bill, its sum.
    Answer(String),
    /// Yes or no to the open question.
    Say(bool),
    /// How many pieces of each line of an order are handed over.
    Pieces(Vec<u16>),
    /// Leave the question, the bill or the verdict.
    Dismiss,
    /// Put several vouchers on one bill.
    OpenBill,
    /// Take the voucher that was added last off the bill.
    RemoveLast,
    /// Redeem all vouchers on the bill, or none.
    ConfirmBill,
    /// Whether scans show what would happen before anything is consumed.
    LookFirst(bool),
    /// Roll back the acceptance that [`super::view::View::undo`] named.
    Undo {
        /// Its journal entry, so that an acceptance that came meanwhile is left alone.
        entry: u64,
        /// Why.
        reason: UndoReason,
    },
    /// Roll back a redemption of the list, wholly or in part; past its campaign's window a supervisor's PIN is asked for.
    RollBack {
        /// Its journal entry.
        entry: u64,
        /// Why.
        reason: UndoReason,
        /// How much of it.
        part: Part,
    },
    /// Push and pull now instead of at the next scheduled time.
    SyncNow,
    /// Use the network or leave it alone.
    SetNetwork(bool),
    /// Whether the last act's codes for the customer's phone are wanted.
    ShowWitness(bool),
    /// Look where sticks are that could carry messages.
    FindSticks,
    /// Take in the platform's answers from this folder, and write what it lacks into it.
    Carry(String),
    /// Stop the engine after the commands before this one.
    Quit,
}

/// Why a redemption is taken back; one key each on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoReason {
    /// The wrong voucher or amount was taken.
    WrongScan,
    /// The customer changed their mind.
    CustomerChanged,
    /// The goods were not handed over.
    NotDelivered,
}

impl UndoReason {
    /// All reasons in the order the screen offers them.
    pub const ALL: [Self; 3] = [Self::WrongScan, Self::CustomerChanged, Self::NotDelivered];

    /// Stable code written to the journal.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongScan => "wrong_scan",
            Self::CustomerChanged => "customer_changed",
            Self::NotDelivered => "not_delivered",
        }
    }
}
