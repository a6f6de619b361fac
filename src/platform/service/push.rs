//! Taking in a run of entries: nothing is stored of a run that cannot be read, everything of one that can.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteVec;

use super::{
    ServiceError,
    reports::notice,
    status::{claims_of, refresh},
    sync::Caller,
};
use crate::{
    domain::{
        id::{Hash, Seq, VoucherKey},
        journal::{Body, Head, Opened, Redeemed, RolledBack, SignedEntry},
        redeem::Policy,
        sync::{
            BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, ConflictNotice, Intake, LedgerUse, Mismatch,
            ReplyBody, plan_intake,
        },
        time::Timestamp,
        voucher::{Claims, Used},
    },
    platform::store::{ConflictRow, EntryAt, JournalRow, StoreError, TerminalKeyRow, Txn},
};

/// Most entries that one conflict shows; of more, the latest.
pub const EVIDENCE_MAX: usize = 1000;

/// How far a terminal's clock may be ahead before that is worth a note, in seconds.
const AHEAD_S: i64 = 24 * 3600;

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
    let planned = if foreign {
        Intake::Mismatch(Mismatch::Epoch)
    } else {
        plan_intake(held, |seq| hashes.get(&seq).copied(), after, entries)
    };
    let new = match planned {
        Intake::Store(new) => new,
        Intake::Mismatch(kind) => {
            tracing::warn!(terminal = %caller.key.terminal, ?kind, "a journal does not follow");
            return Ok(ReplyBody::Mismatch { kind, head: held });
        }
    };
    let mut run = Run::new(txn, caller, now);
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
struct Run<'a> {
    txn: &'a mut dyn Txn,
    caller: &'a Caller,
    now: Timestamp,
    touched: BTreeSet<VoucherKey>,
    conflicts: Vec<ConflictRow>,
}

impl<'a> Run<'a> {
    fn new(txn: &'a mut dyn Txn, caller: &'a Caller, now: Timestamp) -> Self {
        Self { txn, caller, now, touched: BTreeSet::new(), conflicts: Vec::new() }
    }

    /// Stores an entry and lets it take effect.
    fn take(&mut self, signed: SignedEntry) -> Result<(), ServiceError> {
        let note = self.oddity(&signed)?.map(str::to_owned);
        let entry = signed.entry.clone();
        let at = EntryAt::of(&signed);
        self.txn.append(&JournalRow {
            signed,
            merchant: self.caller.terminal.merchant,
            received: self.now,
            note,
        })?;
        match &entry.body {
            Body::Redeemed(redeemed) => self.redeemed(at, redeemed),
            Body::RolledBack(back) => self.rolled_back(at, back),
            Body::Opened(_) | Body::Refused(_) | Body::BundleTaken { .. } => Ok(()),
        }
    }

    fn redeemed(&mut self, at: EntryAt, redeemed: &Redeemed) -> Result<(), ServiceError> {
        let voucher = &redeemed.voucher;
        let issued = self.issued(voucher)?;
        let limit = issued.map_or(redeemed.limit, |claims| claims.terms.limit());
        let ledger = self.txn.ledger(voucher)?;
        let used = LedgerUse {
            terminal: at.terminal,
            epoch: at.epoch,
            seq: at.seq,
            used: counted(redeemed.used),
        };
        self.txn.add_use(voucher, &used)?;
        if ledger.would_exceed(limit, used.used) {
            self.conflict(at, voucher, &ledger.uses)?;
        }
        self.touched.insert(voucher.clone());
        Ok(())
    }

    fn rolled_back(&mut self, at: EntryAt, back: &RolledBack) -> Result<(), ServiceError> {
        if self.matching_use(at, back)? {
            self.txn.remove_use(&back.voucher, use_of(at, back))?;
            self.touched.insert(back.voucher.clone());
        }
        Ok(())
    }

    /// Whether the ledger holds the very use that is taken back.
    fn matching_use(&mut self, at: EntryAt, back: &RolledBack) -> Result<bool, StoreError> {
        let wanted = use_of(at, back);
        let ledger = self.txn.ledger(&back.voucher)?;
        Ok(ledger.uses.iter().any(|row| {
            let place = (row.terminal, row.epoch, row.seq);
            place == (wanted.terminal, wanted.epoch, wanted.seq) && row.used == counted(back.used)
        }))
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
        let mut row = ConflictRow {
            id: 0,
            voucher: voucher.clone(),
            liable: policy.liable,
            found: self.now,
            evidence: [at].into_iter().chain(places).collect(),
        };
        row.id = self.txn.add_conflict(&row)?;
        tracing::warn!(conflict = row.id, terminal = %at.terminal, seq = %at.seq, "conflict found");
        self.conflicts.push(row);
        Ok(())
    }

    /// The claims of the voucher, where it was issued here.
    fn issued(&mut self, voucher: &VoucherKey) -> Result<Option<Claims>, StoreError> {
        let row = self.txn.voucher(voucher)?;
        row.as_ref().map(claims_of).transpose()
    }

    fn finish(self) -> Result<(Head, Vec<ConflictRow>), ServiceError> {
        let key = &self.caller.key;
        refresh(self.txn, &self.touched)?;
        let head = self.txn.head(key.terminal, key.epoch)?;
        self.txn.release_claims_before(key.terminal, key.epoch, head.seq)?;
        Ok((head, self.conflicts))
    }

    /// What is odd about an entry: written beside it for the administrator, never a reason to drop it.
    fn oddity(&mut self, signed: &SignedEntry) -> Result<Option<&'static str>, StoreError> {
        let entry = &signed.entry;
        let about = match &entry.body {
            Body::Redeemed(redeemed) => self.redemption_oddity(redeemed)?,
            Body::RolledBack(back) => {
                (!self.matching_use(EntryAt::of(signed), back)?).then_some("rollback_unmatched")
            }
            Body::Opened(opened) => self.opening_oddity(opened)?,
            Body::Refused(_) | Body::BundleTaken { .. } => None,
        };
        let branch = entry.branch != self.caller.terminal.branch;
        let ahead = entry.at.since(self.now) > AHEAD_S;
        Ok(about.or(branch.then_some("branch_differs")).or(ahead.then_some("clock_ahead")))
    }

    fn redemption_oddity(
        &mut self,
        redeemed: &Redeemed,
    ) -> Result<Option<&'static str>, StoreError> {
        if counted(redeemed.used) != redeemed.used {
            return Ok(Some("use_out_of_range"));
        }
        let Some(claims) = self.issued(&redeemed.voucher)? else {
            return Ok(Some("voucher_unknown"));
        };
        let terms = &claims.terms;
        let same_terms = (terms.kind(), terms.currency(), terms.limit())
            == (redeemed.kind, redeemed.currency, redeemed.limit);
        let own = claims.scope.merchant == self.caller.terminal.merchant;
        Ok((!own).then_some("merchant_differs").or((!same_terms).then_some("terms_differ")))
    }

    /// An epoch should begin where the one before ended.
    fn opening_oddity(&mut self, opened: &Opened) -> Result<Option<&'static str>, StoreError> {
        let key = &self.caller.key;
        let before = crate::domain::id::Epoch(key.epoch.0.saturating_sub(1));
        let ended = self.txn.head(key.terminal, before)?;
        let follows = opened.continues == ended.hash || opened.continues == Hash::ZERO;
        Ok((!follows).then_some("continues_differs"))
    }
}

fn use_of(at: EntryAt, back: &RolledBack) -> EntryAt {
    EntryAt { epoch: back.of_epoch, seq: back.of, ..at }
}

/// A use as it counts: an entry that says less than one use, or gives money back, hides what it consumed.
fn counted(used: Used) -> Used {
    Used { uses: used.uses.max(1), minor: used.minor.max(0) }
}
