//! Replies of a later version of the protocol: what can be read of them, so that nothing is held up by the rest.

use minicbor::{Decode, Decoder, bytes::ByteVec};

use super::message::{Reply, ReplyBody};
use crate::domain::{
    crypto::PublicKey,
    envelope::{Context, EnvelopeError, open},
    id::TerminalId,
    time::Timestamp,
};

/// How much of a reply could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All of it.
    Whole(Reply),
    /// What it is about; parts of it are of a later version and left out.
    Part(Reply),
}

impl Reading {
    /// What was read.
    pub fn reply(&self) -> &Reply {
        match self {
            Self::Whole(reply) | Self::Part(reply) => reply,
        }
    }
}

/// The answer to a request in `bytes`, as far as this version knows it, when the platform's key signed it.
pub fn read_reply(
    bytes: &[u8],
    key: &PublicKey,
    who: (TerminalId, [u8; 16]),
) -> Result<Reading, EnvelopeError> {
    match Reply::open(bytes, key, who) {
        Ok(reply) => Ok(Reading::Whole(reply)),
        Err(EnvelopeError::NotUnderstood(error)) => {
            let part = part_of(open(bytes, key, Context::Reply)?);
            let part = part.filter(|reply| reply.answers(who));
            part.map(Reading::Part).ok_or(EnvelopeError::NotUnderstood(error))
        }
        Err(error) => Err(error),
    }
}

/// The parts of a reply that every version has.
fn part_of(payload: &[u8]) -> Option<Reply> {
    let head: Head<'_> = decode_all(payload)?;
    let body = elements(head.body)?;
    let (variant, fields) = match body.as_slice() {
        [variant, fields] => (decode_all::<u32>(variant)?, elements(fields)?),
        _other => return None,
    };
    let field = |place: usize| fields.get(place).copied().unwrap_or(&[]);
    let body = match variant {
        0 => ReplyBody::Ack { head: decode_all(field(0))?, conflicts: readable(field(1)) },
        1 => ReplyBody::Mismatch { kind: decode_all(field(0))?, head: decode_all(field(1))? },
        2 => ReplyBody::Pulled {
            bundle: decode_all::<Option<ByteVec>>(field(0)).flatten(),
            manifests: readable(field(1)),
            conflicts: readable(field(2)),
            // They are numbered, and who has passed a number is not told of it again: all of them or none.
            listed: decode_all(field(3)).unwrap_or_default(),
            leases: readable(field(4)),
            ended: readable(field(5)),
        },
        _later => return None,
    };
    Some(Reply { nonce: head.nonce, terminal: head.terminal, time: head.time, body })
}

#[derive(Decode)]
#[cbor(map)]
struct Head<'b> {
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    nonce: [u8; 16],
    #[n(2)]
    terminal: TerminalId,
    #[n(3)]
    time: Timestamp,
    #[b(4)]
    #[cbor(decode_with = "raw")]
    body: &'b [u8],
}

/// The bytes of the next item, whatever it is.
fn raw<'b, C>(d: &mut Decoder<'b>, _: &mut C) -> Result<&'b [u8], minicbor::decode::Error> {
    let start = d.position();
    d.skip()?;
    let item = d.input().get(start..d.position());
    item.ok_or_else(|| minicbor::decode::Error::message("an item beyond the end"))
}

/// The items of an array.
fn elements(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut decoder = Decoder::new(bytes);
    let count = decoder.array().ok()??;
    (0..count).map(|_| raw(&mut decoder, &mut ()).ok()).collect()
}

/// The items of an array that this version knows.
fn readable<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Vec<T> {
    let items = elements(bytes).unwrap_or_default().into_iter();
    items.filter_map(decode_all).collect()
}

fn decode_all<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Option<T> {
    Decoder::new(bytes).decode().ok()
}

#[cfg(test)]
mod tests {
    use minicbor::Encoder;

    use super::*;
    use crate::domain::{
        crypto::SecretKey,
        envelope::{build, seal},
        id::{Epoch, Hash, Seq},
        journal,
        sync::Mismatch,
    };

    type Encoded = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

    const WHO: (TerminalId, [u8; 16]) = (TerminalId(3), [9; 16]);

    const HEAD: journal::Head = journal::Head { epoch: Epoch(1), seq: Seq(5), hash: Hash([7; 32]) };

    fn key() -> SecretKey {
        SecretKey::from_seed(&[2; 32])
    }

    /// A reply with one key that nobody knows yet.
    fn later(body: impl FnOnce(&mut Encoder<Vec<u8>>) -> Encoded) -> Vec<u8> {
        let payload = build(256, |e| {
            e.map(5)?.u8(1)?.bytes(&WHO.1)?.u8(2)?.encode(WHO.0)?.u8(3)?.i64(1_800_000_000)?;
            e.u8(4)?.array(2)?;
            body(e)?;
            e.u8(9)?.array(1)?.str("later")?.ok()
        });
        seal(&key(), Context::Reply, &payload)
    }

    fn read(bytes: &[u8]) -> Result<Reading, EnvelopeError> {
        read_reply(bytes, &key().public(), WHO)
    }

    #[test]
    fn what_is_only_more_is_read_whole() {
        let more = later(|e| e.u8(0)?.array(3)?.encode(HEAD)?.array(0)?.str("later")?.ok());
        let Ok(Reading::Whole(reply)) = read(&more) else { panic!("{:?}", read(&more)) };
        assert_eq!(reply.body, ReplyBody::Ack { head: HEAD, conflicts: Vec::new() });
    }

    #[test]
    fn an_acknowledgement_counts_whatever_comes_with_it() {
        // A conflict that is borne by a third party, number 9, which this version does not know.
        let odd = later(|e| {
            e.u8(0)?.array(2)?.encode(HEAD)?.array(1)?.map(2)?.u8(1)?.u8(4)?.u8(4)?.u8(9)?.ok()
        });
        let Ok(Reading::Part(reply)) = read(&odd) else { panic!("{:?}", read(&odd)) };
        assert_eq!(reply.body, ReplyBody::Ack { head: HEAD, conflicts: Vec::new() });
        let gap = later(|e| e.u8(1)?.array(2)?.u8(0)?.encode(HEAD)?.ok());
        let body = ReplyBody::Mismatch { kind: Mismatch::Gap, head: HEAD };
        assert_eq!(read(&gap).unwrap().reply().body, body);
    }

    #[test]
    fn news_is_read_piece_by_piece_and_numbered_vouchers_all_or_none() {
        let news = |odd: bool| {
            later(move |e| {
                e.u8(2)?.array(7)?.null()?.array(1)?.bytes(b"manifest")?;
                e.array(1)?.str("no notice")?;
                e.array(1)?.array(2)?.u8(1)?;
                if odd {
                    e.u8(2)?
                } else {
                    e.str("CS1:x")?
                };
                e.array(1)?.u8(8)?.array(2)?.u8(1)?.u8(2)?.str("later")?.ok()
            })
        };
        for (odd, listed) in [(true, 0), (false, 1)] {
            let read = read(&news(odd)).unwrap();
            assert!(matches!(read, Reading::Part(_)));
            let ReplyBody::Pulled { bundle, manifests, conflicts, listed: found, leases, ended } =
                &read.reply().body
            else {
                panic!("no news")
            };
            assert_eq!((bundle, manifests.len(), conflicts.len()), (&None, 1, 0));
            assert_eq!((found.len(), leases.len(), ended.len()), (listed, 0, 2));
        }
    }

    #[test]
    fn what_is_not_known_at_all_is_no_answer() {
        for variant in [4, 6, 200] {
            let unknown = later(|e| e.u8(variant)?.array(1)?.str("later")?.ok());
            let refused = read(&unknown);
            assert!(matches!(refused, Err(EnvelopeError::NotUnderstood(_))), "{refused:?}");
        }
        let unknown = later(|e| e.str("later")?.str("later")?.ok());
        assert!(matches!(read(&unknown), Err(EnvelopeError::NotUnderstood(_))));
    }

    #[test]
    fn a_later_version_is_believed_no_more_than_this_one() {
        let odd = later(|e| e.u8(1)?.array(1)?.u8(0)?.ok());
        assert!(read(&odd).is_err(), "no head");
        let good = later(|e| e.u8(0)?.array(2)?.encode(HEAD)?.array(1)?.map(1)?.u8(4)?.u8(9)?.ok());
        assert!(read(&good).is_ok());
        let other = SecretKey::from_seed(&[3; 32]).public();
        assert!(matches!(read_reply(&good, &other, WHO), Err(EnvelopeError::Signature)));
        for who in [(TerminalId(4), WHO.1), (WHO.0, [8; 16])] {
            assert!(read_reply(&good, &key().public(), who).is_err(), "another question");
        }
    }
}
