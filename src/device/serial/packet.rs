//! Packets of SSI: answers, and codes that want to be acknowledged.
//!
//! A packet is its length without the sum, operation, sender, status, data, and a sum of two bytes
//! that brings the total to 65536.

use super::{language::Head, replies::Piece};

/// Least length: operation, sender and status besides itself.
const LENGTH_MIN: u8 = 4;
const FROM_READER: u8 = 0x00;
const UNDERSTOOD: u8 = 0xd0;
const NOT_UNDERSTOOD: u8 = 0xd1;
const CODE: u8 = 0xf3;
/// What readers send besides: who they are, settings, abilities, events.
const OTHERS: [u8; 5] = [0xa4, 0xa6, 0xc6, 0xd4, 0xf6];
/// Bit of the status that announces more of the same code.
const MORE: u8 = 0x02;

/// What `held` begins with. Inside of a code that comes raw only a bare yes or no is looked for,
/// because any character might be the length of something.
pub(super) fn head(held: &[u8], inside: bool) -> Head {
    match held {
        [length] if may_begin(*length, inside) => Head::MAYBE,
        [length, operation] if is_packet(*length, *operation, inside) => Head::MAYBE,
        [length, operation, FROM_READER, rest @ ..] if is_packet(*length, *operation, inside) => {
            whole(held, *length, *operation, rest)
        }
        _ => Head::Code(1),
    }
}

fn may_begin(length: u8, inside: bool) -> bool {
    length == LENGTH_MIN || (!inside && length > LENGTH_MIN)
}

fn is_packet(length: u8, operation: u8, inside: bool) -> bool {
    let answer = matches!(operation, UNDERSTOOD | NOT_UNDERSTOOD);
    let known = answer || operation == CODE || OTHERS.contains(&operation);
    may_begin(length, inside) && if inside { answer } else { known }
}

/// A packet whose sum is wrong is dropped unacknowledged, so that the reader sends it again.
fn whole(held: &[u8], length: u8, operation: u8, rest: &[u8]) -> Head {
    let length = usize::from(length);
    let Some((body, sum)) = held.split_at_checked(length) else {
        return Head::BEGUN;
    };
    let total = length.saturating_add(2);
    match sum.first_chunk() {
        None => Head::BEGUN,
        Some(sum) if adds_up(body, *sum) && operation == CODE => {
            let data = rest.get(..length.saturating_sub(3)).unwrap_or_default();
            Head::Packet(total, Some(code(data)))
        }
        Some(_) => Head::Answer(total),
    }
}

fn adds_up(body: &[u8], sum: [u8; 2]) -> bool {
    let total = body.iter().fold(0_u16, |total, byte| total.wrapping_add(u16::from(*byte)));
    total.wrapping_add(u16::from_be_bytes(sum)) == 0
}

/// Status, kind of code in the maker's numbers, code. How packets of one code continue is in no
/// source, so they are not joined.
fn code(data: &[u8]) -> Piece {
    match data {
        [status, _kind, code @ ..] if status & MORE == 0 && !code.is_empty() => {
            Piece::Code(code.trim_ascii_end().to_vec())
        }
        _ => Piece::Broken,
    }
}

/// A packet as a reader sends it.
#[cfg(test)]
pub(super) fn packet(operation: u8, status: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap().checked_add(LENGTH_MIN).unwrap();
    let mut packet = vec![length, operation, FROM_READER, status];
    packet.extend(data);
    let total: u16 = packet.iter().map(|byte| u16::from(*byte)).sum();
    packet.extend(total.wrapping_neg().to_be_bytes());
    packet
}
