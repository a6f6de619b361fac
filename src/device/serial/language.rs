//! How the answers of each family of readers look, and how they differ from codes.

use super::{packet, replies::Piece};

/// How long bytes that may be an answer as well as a code wait for more: less than ends a code.
const MAYBE_MS: u64 = 40;
/// How long the begin of an answer waits for its end.
pub(super) const HOLD_MS: u64 = 200;
/// Longest answer in text.
const TEXT_MAX: usize = 2_048;

const ACK: u8 = 0x06;
const ENQ: u8 = 0x05;
const NAK: u8 = 0x15;
const MENU: &[u8] = b"\x16M\r";

/// The form of the commands and answers of a family of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Honeywell: menu commands that come back with a mark.
    Menu,
    /// SSI: packets with a length and a sum.
    Packets,
    /// Datalogic: single letters.
    Letters,
    /// Newland: commands that come back with a mark in a frame.
    Unified,
    /// Grow: registers.
    Registers,
    /// M3Y: frames with a check byte.
    Frames,
}

/// What the reader may say because of the last commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Nothing.
    Nothing,
    /// A mark that says done or not.
    Done,
    /// Several lines of text and then a mark.
    Text,
}

/// What the first of some bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// So many of them belong to a code.
    Code(usize),
    /// So many of them are an answer.
    Answer(usize),
    /// So many of them are a packet that wants to be acknowledged, and this is in it.
    Packet(usize, Option<Piece>),
    /// Not to be told before more come, or until so many milliseconds have passed.
    Unclear {
        /// Longest wait.
        wait_ms: u64,
        /// Whether they are an answer even if nothing more comes.
        dropped: bool,
    },
}

impl Head {
    /// May be an answer or a code.
    pub(super) const MAYBE: Self = Self::Unclear { wait_ms: MAYBE_MS, dropped: false };
    /// Belongs to a code only if more follows.
    pub(super) const ALONE: Self = Self::Unclear { wait_ms: MAYBE_MS, dropped: true };
    /// No code begins like this.
    pub(super) const BEGUN: Self = Self::Unclear { wait_ms: HOLD_MS, dropped: true };
    /// Text that is an answer if its mark follows.
    const TEXT: Self = Self::Unclear { wait_ms: HOLD_MS, dropped: false };
}

impl Language {
    /// Whether codes may come in packets of this language.
    pub(super) fn is_packets(self) -> bool {
        self == Self::Packets
    }

    /// Whether `bytes` are a command that is answered with text.
    pub(super) fn is_menu_command(bytes: &[u8]) -> bool {
        bytes.starts_with(MENU)
    }

    /// Whether `answer` ends as the answer to a menu command does.
    pub(super) fn ends_menu_answer(answer: &[u8]) -> bool {
        matches!(answer, [.., mark, b'.' | b'!'] if is_mark(*mark))
    }

    /// What `held`, which is not empty, begins with; `inside` if a code is under way before it.
    pub(super) fn head(self, held: &[u8], inside: bool, awaited: Awaited) -> Head {
        match self {
            Self::Menu => menu(held, inside, awaited),
            Self::Packets => packet::head(held, inside),
            Self::Letters => enclosed(held, b"\x01\x02", b"\x03\x04")
                .unwrap_or_else(|| mark(held, inside, awaited)),
            Self::Unified => enclosed(held, b"\x02\x010000", b";\x03").unwrap_or(Head::Code(1)),
            Self::Registers => registers(held),
            Self::Frames => frames(held),
        }
    }
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, ACK | ENQ | NAK)
}

/// A mark by itself, which counts only before a code and after a command.
fn mark(held: &[u8], inside: bool, awaited: Awaited) -> Head {
    let due = !inside && awaited != Awaited::Nothing;
    let is_answer = due && held.first().is_some_and(|first| is_mark(*first));
    if is_answer { Head::Answer(1) } else { Head::Code(1) }
}

/// An answer between two marks. Without its end within [`TEXT_MAX`] bytes it is none.
fn enclosed(held: &[u8], start: &[u8], end: &[u8]) -> Option<Head> {
    let Some(rest) = held.strip_prefix(start) else {
        return start.starts_with(held).then_some(Head::MAYBE);
    };
    match rest.windows(end.len()).position(|window| window == end) {
        Some(at) => Some(Head::Answer(start.len().saturating_add(at).saturating_add(end.len()))),
        None if held.len() < TEXT_MAX => Some(Head::BEGUN),
        None => None,
    }
}

/// Lines of text, the command, a mark and a full stop. A code in their midst is taken with them, so
/// nobody should ask a reader who it is while customers wait.
fn menu(held: &[u8], inside: bool, awaited: Awaited) -> Head {
    if inside || awaited != Awaited::Text {
        return mark(held, inside, awaited);
    }
    match held.windows(2).position(Language::ends_menu_answer) {
        Some(at) => Head::Answer(at.saturating_add(2)),
        None if held.len() < TEXT_MAX => Head::TEXT,
        None => Head::Code(held.len()),
    }
}

/// `02 00`, status, number of values, values, checksum of two bytes.
fn registers(held: &[u8]) -> Head {
    match held {
        [0x02] => Head::MAYBE,
        [0x02, 0x00, _, count, ..] => whole(held, usize::from(*count).saturating_add(6)),
        [0x02, 0x00, ..] => Head::BEGUN,
        _ => Head::Code(1),
    }
}

/// `5a 01`, length in two bytes, text, check byte, `a5`; or `90 00` without a frame.
fn frames(held: &[u8]) -> Head {
    match held {
        [0x5a | 0x90] => Head::MAYBE,
        [0x90, 0x00, ..] => Head::Answer(2),
        [0x5a, 0x01, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length > TEXT_MAX { Head::Code(1) } else { whole(held, length.saturating_add(6)) }
        }
        [0x5a, 0x01, ..] => Head::BEGUN,
        _ => Head::Code(1),
    }
}

fn whole(held: &[u8], length: usize) -> Head {
    if held.len() < length { Head::BEGUN } else { Head::Answer(length) }
}
