//! What terminal and platform say to each other; the only types both sides share on the wire.

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::intake::Mismatch;
use crate::domain::{
    crypto::{PublicKey, SecretKey},
    envelope::{Context, Envelope, EnvelopeError, decode, open_message, seal_message},
    id::{CampaignId, Epoch, Hash, IssuerName, LeaseId, Seq, TerminalId, VoucherId, VoucherKey},
    journal::Head,
    redeem::{Liable, PlatformRefusal, UseRecord},
    time::Timestamp,
    voucher::{Customer, Limit, Used},
};

/// Most entries of one push.
pub const BATCH_ENTRIES_MAX: usize = 500;

/// Most hashes of one claim: the platform holds at most one run more than it acknowledged.
pub const TRAIL_MAX: usize = BATCH_ENTRIES_MAX + 1;

/// Largest push, in bytes of entries.
pub const BATCH_BYTES_MAX: usize = 512 * 1024;

/// Most chunks of one request.
pub const CHUNKS_MAX: usize = 32;

/// Most listed vouchers of one reply.
pub const LISTED_MAX: usize = 2_000;

/// Longest request, in bytes: the largest push, with room around it.
pub const REQUEST_BYTES_MAX: usize = 640 * 1024;

/// Longest message either side looks at, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a terminal asks, signed with its key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Request {
    /// Who asks.
    #[n(1)]
    pub terminal: TerminalId,
    /// In which life of its journal.
    #[n(2)]
    pub epoch: Epoch,
    /// Sixteen random bytes that the reply repeats.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// What it asks.
    #[n(4)]
    pub body: RequestBody,
}

/// The head of a request: what there is to know whose key to verify it with.
#[derive(Decode)]
#[cbor(map)]
struct Claimed {
    #[n(1)]
    terminal: TerminalId,
    #[n(2)]
    epoch: Epoch,
}

/// The questions.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RequestBody {
    /// Here are entries, without a gap, that follow `after`.
    #[n(0)]
    Push {
        /// Where the run begins: its first entry carries this hash as `prev`.
        #[n(0)]
        after: Head,
        /// Signed entries, at most [`BATCH_ENTRIES_MAX`].
        #[n(1)]
        entries: Vec<ByteVec>,
    },
    /// What is newer than this?
    #[n(1)]
    Pull {
        /// Version of the trust bundle in force.
        #[n(0)]
        bundle: u64,
        /// Versions of the status lists held.
        #[n(1)]
        lists: Vec<ListVersion>,
        /// Number of the last conflict notice held.
        #[n(2)]
        conflicts_after: u64,
        /// Number of the last listed voucher held.
        #[n(3)]
        listed_after: u64,
        /// The leases held.
        #[n(4)]
        leases: Vec<LeaseId>,
    },
    /// Parts of a status list.
    #[n(2)]
    Chunks {
        /// Which list.
        #[n(0)]
        list: ListName,
        /// Which parts, at most [`CHUNKS_MAX`].
        #[n(1)]
        numbers: Vec<u32>,
    },
    /// May these vouchers be consumed here, now, all of them?
    #[n(3)]
    Claim {
        /// The vouchers, at most [`crate::domain::redeem::ACT_MAX`].
        #[n(0)]
        claims: Vec<Claim>,
        /// Position of the terminal's last entry: the next one says how this ended.
        #[n(1)]
        after: Seq,
        /// By which the platform sees that this is the journal it knows.
        #[n(2)]
        trail: Trail,
    },
    /// Which voucher has this short code?
    #[n(4)]
    Lookup {
        /// The code's 55 bits.
        #[n(0)]
        code: u64,
    },
    /// What do you hold of my own journal?
    #[n(5)]
    History {
        /// Which life of it: this one or one before.
        #[n(0)]
        epoch: Epoch,
        /// Position after which entries are wanted.
        #[n(1)]
        after: Seq,
    },
}

/// The hashes of a journal from the last entry that was acknowledged on, as far as the platform may hold it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trail {
    /// Position of the first.
    #[n(0)]
    pub since: Seq,
    /// One for each position, at most [`TRAIL_MAX`].
    #[n(1)]
    pub hashes: Vec<Hash>,
}

impl Trail {
    /// The hash at a position of the journal, where it is among these.
    pub fn hash_at(&self, seq: Seq) -> Option<Hash> {
        let place = seq.0.checked_sub(self.since.0)?;
        self.hashes.get(usize::try_from(place).ok()?).copied()
    }
}

/// A use that a terminal asks to have set aside.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Claim {
    /// Which voucher.
    #[n(1)]
    pub voucher: VoucherKey,
    /// What it may be consumed up to in all, by its signed claims.
    #[n(2)]
    pub limit: Limit,
    /// How much of it.
    #[n(3)]
    pub asked: Used,
    /// What the current epoch of this terminal's journal holds of it, sent or not, less what was rolled back.
    #[n(4)]
    pub used_here: Used,
    /// Whose it is, by its signed claims.
    #[n(5)]
    pub customer: Option<Customer>,
    /// The lease it would be taken from, which then needs no other part of the campaign's quota.
    #[n(6)]
    pub lease: Option<LeaseId>,
}

/// A voucher that terminals hold themselves, so that its short code can be typed without a network.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// Grows with every listed voucher.
    #[n(0)]
    pub number: u64,
    /// Its text, to be verified as if it had been scanned.
    #[n(1)]
    pub text: String,
}

/// A share of a campaign's quota, or of one voucher's balance, lent to a terminal.
///
/// The platform takes it for consumed until the terminal's journal says that it was given back, whatever the clocks say.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Lease {
    /// Its number.
    #[n(1)]
    pub id: LeaseId,
    /// Of which campaign.
    #[n(2)]
    pub campaign: ListName,
    /// Of which voucher; none where it is of the whole campaign.
    #[n(3)]
    pub voucher: Option<VoucherId>,
    /// Uses.
    #[n(4)]
    pub uses: u32,
    /// Minor units.
    #[n(5)]
    pub minor: i64,
    /// First second it may no longer be used.
    #[n(6)]
    pub until: Timestamp,
}

/// A status list by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct ListName {
    /// Who mints the campaign's vouchers.
    #[n(0)]
    pub issuer: IssuerName,
    /// The campaign.
    #[n(1)]
    pub campaign: CampaignId,
}

/// A status list as it is held.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListVersion {
    /// Which list.
    #[n(0)]
    pub list: ListName,
    /// Which version of it; 0 where none is held.
    #[n(1)]
    pub version: u64,
}

/// What the platform answers, signed with its acknowledgement key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reply {
    /// The question's nonce.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// Who asked.
    #[n(2)]
    pub terminal: TerminalId,
    /// The platform's clock.
    #[n(3)]
    pub time: Timestamp,
    /// The answer.
    #[n(4)]
    pub body: ReplyBody,
}

/// The answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ReplyBody {
    /// All entries up to this head are stored, durably; the platform's countersignature under the terminal's journal.
    #[n(0)]
    Ack {
        /// The head the platform holds.
        #[n(0)]
        head: Head,
        /// Conflicts that these entries brought to light.
        #[n(1)]
        conflicts: Vec<ConflictNotice>,
    },
    /// The run does not follow what the platform holds.
    #[n(1)]
    Mismatch {
        /// How.
        #[n(0)]
        kind: Mismatch,
        /// The head the platform holds.
        #[n(1)]
        head: Head,
    },
    /// What is newer.
    #[n(2)]
    Pulled {
        /// The trust bundle, signed by the root key, where there is a newer one.
        #[n(0)]
        bundle: Option<ByteVec>,
        /// Signed manifests of lists that are newer.
        #[n(1)]
        manifests: Vec<ByteVec>,
        /// Conflict notices after the one held.
        #[n(2)]
        conflicts: Vec<ConflictNotice>,
        /// Listed vouchers after the one held, at most [`LISTED_MAX`].
        #[n(3)]
        listed: Vec<Listed>,
        /// Leases that are not held yet.
        #[n(4)]
        leases: Vec<Lease>,
        /// Leases to give back.
        #[n(5)]
        ended: Vec<LeaseId>,
    },
    /// Parts of a status list.
    #[n(3)]
    Chunks(#[n(0)] Vec<NumberedChunk>),
    /// Whether the vouchers may be consumed: one answer for each, in their order. Where one is refused, nothing is set aside
    /// for any, also where others are answered as granted.
    #[n(4)]
    Claim(#[n(0)] Vec<ClaimAnswer>),
    /// The text of the voucher with the code, where there is one the terminal may see.
    #[n(5)]
    Lookup(#[n(0)] Option<String>),
    /// The asking terminal's own entries.
    #[n(6)]
    History {
        /// The head the platform holds of that life of the journal.
        #[n(0)]
        head: Head,
        /// Signed entries without a gap, as many as a push may have.
        #[n(1)]
        entries: Vec<ByteVec>,
    },
}

/// A part of a status list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NumberedChunk {
    /// Its place in the list.
    #[n(0)]
    pub number: u32,
    /// [`crate::domain::trust::CHUNK_BYTES`] bytes.
    #[n(1)]
    pub bits: ByteVec,
}

/// Whether a voucher may be consumed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ClaimAnswer {
    /// Yes: it is set aside until the terminal's next entry says how this ended.
    #[n(0)]
    Granted {
        /// What other terminals consumed.
        #[n(0)]
        used_elsewhere: Used,
        /// What it may be consumed up to in all, where more was loaded onto it.
        #[n(1)]
        limit: Option<Limit>,
    },
    /// No.
    #[n(1)]
    Refused {
        /// Why.
        #[n(0)]
        reason: PlatformRefusal,
        /// What other terminals consumed.
        #[n(1)]
        used_elsewhere: Used,
        /// The last use the platform knows of.
        #[n(2)]
        last: Option<UseRecord>,
    },
}

/// A double redemption, with the signed entries of all who took part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ConflictNotice {
    /// Its number at the platform, from 1.
    #[n(1)]
    pub id: u64,
    /// Which voucher.
    #[n(2)]
    pub voucher: VoucherKey,
    /// The entry that went beyond the limit, first, then those before it.
    #[n(3)]
    pub evidence: Vec<Evidence>,
    /// Who bears it, by the campaign's policy.
    #[n(4)]
    pub liable: Liable,
}

/// A signed entry with the key it is verified by.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Evidence {
    /// The key of the terminal that signed.
    #[n(0)]
    pub terminal_key: PublicKey,
    /// The signed entry.
    #[n(1)]
    pub entry: ByteVec,
}

impl Request {
    /// Signs the request.
    pub fn seal(&self, key: &SecretKey) -> Vec<u8> {
        seal_message(key, Context::Request, self)
    }

    /// Who a request claims to be of, before its signature is looked at and without reading what it asks.
    pub fn claimed_by(bytes: &[u8]) -> Option<(TerminalId, Epoch)> {
        let claimed: Claimed = decode(Envelope::parse(bytes).ok()?.unverified_payload()).ok()?;
        Some((claimed.terminal, claimed.epoch))
    }

    /// The request in `bytes`, when the terminal's key signed it.
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, EnvelopeError> {
        open_message(bytes, key, Context::Request)
    }
}

impl Reply {
    /// Signs the reply.
    pub fn seal(&self, key: &SecretKey) -> Vec<u8> {
        seal_message(key, Context::Reply, self)
    }

    /// The answer to `request` in `bytes`, when the platform's key signed it.
    pub fn open(
        bytes: &[u8],
        key: &PublicKey,
        (terminal, nonce): (TerminalId, [u8; 16]),
    ) -> Result<Self, EnvelopeError> {
        let reply: Self = open_message(bytes, key, Context::Reply)?;
        reply.answers((terminal, nonce)).then_some(reply).ok_or(EnvelopeError::Signature)
    }

    /// Whether it is for this terminal and repeats what its question said.
    pub(super) fn answers(&self, (terminal, nonce): (TerminalId, [u8; 16])) -> bool {
        self.nonce == nonce && self.terminal == terminal
    }
}

/// Whether the hash a platform acknowledged is the one this terminal has at that position.
///
/// With positions alone, a terminal restored from an old copy would take the acknowledgement of another entry for its own.
pub fn acknowledges(head: Head, own: Option<Hash>) -> bool {
    own == Some(head.hash)
}
