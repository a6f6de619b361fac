//! Taking in a run of entries: nothing is stored of a run that cannot be read, everything of one that can.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteVec;

use super::{
    ServiceError,
    days::Zones,
    disputes::bearer_of,
    forks::{note_other, splits_from_witnessed},
    oddities::{booked, is_divisible, matches_lease},
    reports::notice,
    status::{claims_of, limit_of, refresh},
    sync::Caller,
};
use crate::{
    domain::{
        id::{Hash, LeaseId, Seq, VoucherKey},
        journal::{Body, Head, Redeemed, RolledBack, SignedEntry},
        redeem::{Day, Policy},
        sync::{
            BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, ConflictNotice, Intake, LedgerUse, Mismatch,
            ReplyBody, plan_intake,
        },
        time::Timestamp,
    },
    platform::store::{
        ConflictRow, EntryAt, JournalRow, LeaseState, StoreError, TerminalKeyRow, Txn, UseRow,
    },
};

/// Most entries that one conflict shows; of more, the latest.
pub const EVIDENCE_MAX: usize = 1000;

/// The entries of a push, each signed by the caller's key and about the caller's journal.
pub(super) fn open_entries(
    key: &TerminalKeyRow,
    entries: &[ByteVec],
) -> Result<Vec<SignedEntry>, ServiceError> {
    let bytes = entries.iter().map(|entry| entry.len()).fold(0, usize::saturating_add);
    if entries.len() > BATCH_ENTRIES_MAX || bytes > BATCH_BYTES_MAX {
        return Err(ServiceError::BatchTooLarge);
    }
    let numbered = (1_usize..).zip(entries);
    let opened = numbered.map(|(position, bytes)| {
        let signed = SignedEntry::open(bytes, &key.key).ok();
        let own = signed.filter(|signed| signed.entry.terminal == key.terminal);
        own.ok_or(ServiceError::EntryInvalid { position })
    });
    opened.collect()
}

/// Takes a run in, or says how it does not follow.
pub(super) fn push(
    txn: &mut dyn Txn,
    caller: &Caller,
    (after, entries): (Head, Vec<SignedEntry>),
    now: Timestamp,
) -> Result<ReplyBody, ServiceError> {
    let held = txn.head(caller.key.terminal, caller.key.epoch)?;
    let foreign = entries.iter().any(|entry| entry.entry.epoch != held.epoch);
    let hashes = held_hashes(txn, caller, (held, after, &entries))?;
    let witnessed = txn.witnesses_of(caller.key.terminal, caller.key.epoch)?;
    let planned = if foreign {
        Intake::Mismatch(Mismatch::Epoch)
    } else if splits_from_witnessed(txn, &witnessed, &entries, (held.seq, now))? {
        Intake::Mismatch(Mismatch::Fork)
    } else {
        note_other(txn, &hashes, &entries, now)?;
        plan_intake(held, |seq| hashes.get(&seq).copied(), after, entries)
    };
    let new = match planned {
        Intake::Store(new) => new,
        Intake::Mismatch(kind) => {
            tracing::warn!(terminal = %caller.key.terminal, ?kind, "a journal does not follow");
            return Ok(ReplyBody::Mismatch { kind, head: held });
        }
    };
    let mut run = Run::new(txn, caller, now)?;
    run.witnessed = !witnessed.is_empty();
    for entry in new {
        run.take(entry)?;
    }
    let (end, found) = run.finish()?;
    Ok(ReplyBody::Ack { head: end, conflicts: notices(txn, found)? })
}

/// As many notices as fit a reply; the others come with the next pull.
pub(super) fn notices(
    txn: &mut dyn Txn,
    rows: Vec<ConflictRow>,
) -> Result<Vec<ConflictNotice>, ServiceError> {
    const BYTES_MAX: usize = 2 * 1024 * 1024;
    let mut bytes = 0_usize;
    let mut notices = Vec::new();
    for row in rows {
        let notice = notice(txn, row)?;
        let sizes = notice.evidence.iter().map(|evidence| evidence.entry.len());
        bytes = sizes.fold(bytes, usize::saturating_add);
        if bytes > BYTES_MAX && !notices.is_empty() {
            break;
        }
        notices.push(notice);
    }
    Ok(notices)
}

/// The hashes that are held at the positions a run speaks of.
fn held_hashes(
    txn: &mut dyn Txn,
    caller: &Caller,
    (held, after, entries): (Head, Head, &[SignedEntry]),
) -> Result<BTreeMap<Seq, Hash>, StoreError> {
    let positions = entries.iter().map(|entry| entry.entry.seq);
    let wanted = positions.chain([after.seq]).filter(|seq| *seq <= held.seq);
    let mut hashes = BTreeMap::new();
    for seq in wanted {
        let at = EntryAt { terminal: caller.key.terminal, epoch: caller.key.epoch, seq };
        if let Some(hash) = txn.entry_hash(at)? {
            hashes.insert(seq, hash);
        }
    }
    Ok(hashes)
}

/// The intake of one run.
pub(super) struct Run<'a> {
    pub(super) txn: &'a mut dyn Txn,
    pub(super) caller: &'a Caller,
    pub(super) now: Timestamp,
    zones: Zones,
    touched: BTreeSet<VoucherKey>,
    conflicts: Vec<ConflictRow>,
    /// Whether customers handed in entries of this journal.
    witnessed: bool,
}

impl<'a> Run<'a> {
    fn new(txn: &'a mut dyn Txn, caller: &'a Caller, now: Timestamp) -> Result<Self, StoreError> {
        let zones = Zones::read(txn)?;
        let (touched, conflicts) = (BTreeSet::new(), Vec::new());
        Ok(Self { txn, caller, now, zones, touched, conflicts, witnessed: false })
    }

    /// Stores an entry and lets it take effect.
    fn take(&mut self, signed: SignedEntry) -> Result<(), ServiceError> {
        let note = self.oddity(&signed)?.map(str::to_owned);
        let entry = signed.entry.clone();
        let at = EntryAt::of(&signed);
        if self.witnessed {
            self.txn.remove_witness(at, signed.hash)?;
        }
        self.txn.append(&JournalRow {
            signed,
            merchant: self.caller.terminal.merchant,
            received: self.now,
            note,
        })?;
        match &entry.body {
            Body::Redeemed(redeemed) => {
                self.redeemed(at, redeemed, self.zones.day_of(&entry, self.now))
            }
            Body::RolledBack(back) => self.rolled_back(at, back),
            Body::LeaseEnded { lease, .. } => self.lease_ended(*lease),
            Body::Opened(_) | Body::Refused(_) | Body::BundleTaken { .. } | Body::Recovered(_) => {
                Ok(())
            }
        }
    }

    fn redeemed(&mut self, at: EntryAt, redeemed: &Redeemed, day: Day) -> Result<(), ServiceError> {
        let voucher = &redeemed.voucher;
        let issued = self.txn.voucher(voucher)?;
        let limit = issued.as_ref().map_or(Ok(redeemed.limit), limit_of)?;
        let customer = match &issued {
            Some(row) => claims_of(row)?.customer,
            None => redeemed.customer.clone(),
        };
        let ledger = self.txn.ledger(voucher)?;
        let lease = if matches_lease(self, redeemed)? { redeemed.lease } else { None };
        let used = booked(redeemed.used);
        self.txn.add_use(&UseRow {
            voucher: voucher.clone(),
            used: LedgerUse { terminal: at.terminal, epoch: at.epoch, seq: at.seq, used },
            merchant: self.caller.terminal.merchant,
            day,
            customer,
            lease,
        })?;
        if ledger.would_exceed(limit, used) {
            self.conflict(at, voucher, &ledger.uses)?;
        }
        self.touched.insert(voucher.clone());
        Ok(())
    }

    fn rolled_back(&mut self, at: EntryAt, back: &RolledBack) -> Result<(), ServiceError> {
        if let Some(held) = self.returnable(at, back)? {
            let left = held.used.minus(back.used);
            self.txn.set_use(&back.voucher, use_of(at, back), left)?;
            self.touched.insert(back.voucher.clone());
        }
        Ok(())
    }

    /// The use that is given back, wholly or in part, where the ledger holds that much of it.
    pub(super) fn returnable(
        &mut self,
        at: EntryAt,
        back: &RolledBack,
    ) -> Result<Option<LedgerUse>, StoreError> {
        let wanted = use_of(at, back);
        let ledger = self.txn.ledger(&back.voucher)?;
        let held = ledger.uses.into_iter().find(|row| {
            let place = (row.terminal, row.epoch, row.seq);
            place == (wanted.terminal, wanted.epoch, wanted.seq)
        });
        let something = back.used.minor >= 0 && !back.used.is_nothing();
        let held = held.filter(|row| something && back.used.is_within(row.used));
        let Some(held) = held else {
            return Ok(None);
        };
        let whole = held.used == back.used;
        let allowed = whole || is_divisible(self.txn, wanted)?;
        Ok(allowed.then_some(held))
    }

    /// Nothing more is taken from a lease of this very journal.
    fn lease_ended(&mut self, id: LeaseId) -> Result<(), ServiceError> {
        let row = self.txn.lease(id)?;
        let own = row.filter(|row| self.caller.holds(row.terminal, row.epoch) && row.state.holds());
        if let Some(row) = own {
            self.txn.set_lease_state(row.id, LeaseState::Ended)?;
        }
        Ok(())
    }

    fn conflict(
        &mut self,
        at: EntryAt,
        voucher: &VoucherKey,
        before: &[LedgerUse],
    ) -> Result<(), ServiceError> {
        let campaign = self.txn.campaign(voucher.id.campaign)?;
        let campaign = campaign.filter(|row| row.campaign.issuer == voucher.issuer);
        let policy = campaign.map_or_else(Policy::default, |row| row.campaign.policy);
        let others = before.len().saturating_sub(EVIDENCE_MAX.saturating_sub(1));
        let places = before.iter().skip(others).map(|row| EntryAt {
            terminal: row.terminal,
            epoch: row.epoch,
            seq: row.seq,
        });
        let evidence: Vec<_> = [at].into_iter().chain(places).collect();
        let mut row = ConflictRow {
            id: 0,
            voucher: voucher.clone(),
            liable: bearer_of(self.txn, &evidence, policy.liable)?,
            found: self.now,
            evidence,
        };
        row.id = self.txn.add_conflict(&row)?;
        tracing::warn!(conflict = row.id, terminal = %at.terminal, seq = %at.seq, "conflict found");
        self.conflicts.push(row);
        Ok(())
    }

    fn finish(self) -> Result<(Head, Vec<ConflictRow>), ServiceError> {
        let key = &self.caller.key;
        refresh(self.txn, &self.touched, self.now)?;
        let head = self.txn.head(key.terminal, key.epoch)?;
        self.txn.release_claims_before(key.terminal, key.epoch, head.seq)?;
        Ok((head, self.conflicts))
    }
}

fn use_of(at: EntryAt, back: &RolledBack) -> EntryAt {
    EntryAt { epoch: back.of_epoch, seq: back.of, ..at }
}
