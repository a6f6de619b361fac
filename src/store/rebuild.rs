//! Making a store anew from signed entries: the journal, and the books from it.

use std::{collections::BTreeSet, fs, io};

use jiff::tz::TimeZone;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{
    anchor::Anchor,
    books::book,
    identity::write_grant,
    journal::insert,
    open::{Store, StoreError, connect_to, files_error, run_pragma},
    place::Place,
    position, rights,
};
use crate::domain::{
    clock::Now,
    crypto::SecretKey,
    enrol::{EnrolmentCode, Grant},
    id::{Epoch, Hash, LeaseId, Seq},
    journal::{Body, Entry, Head, Recovered, Redeemed, SignedEntry},
    redeem::LocalMoment,
    trust::TrustBundle,
};

/// The name of a store that is being made.
const UNFINISHED: &str = "terminal.new";

/// Entries of one transaction.
const ENTRIES_A_TIME: usize = 2_000;

/// What a store is made of.
#[derive(Clone, Copy, Debug)]
pub struct Rebuild<'a> {
    /// Where the platform is, and the key it is known by.
    pub code: &'a EnrolmentCode,
    /// What the platform granted.
    pub grant: &'a Grant,
    /// The bundle in the grant.
    pub bundle: &'a TrustBundle,
    /// Verified entries, epoch by epoch without a gap, all under the device's key.
    pub entries: &'a [SignedEntry],
    /// Position of the last entry of the grant's epoch that the platform holds.
    pub acked: Seq,
    /// Entries that are known to be lost, where the end of the grant's epoch may be; none where it is all there.
    pub lost: Option<u64>,
}

impl Rebuild<'_> {
    /// Where the journal ends.
    pub fn head(&self) -> Head {
        let last = self.entries.last().map(SignedEntry::head);
        last.filter(|head| head.epoch == self.grant.epoch).unwrap_or(Head::start(self.grant.epoch))
    }

    fn hash_at(&self, seq: Seq) -> Hash {
        let found = self
            .entries
            .iter()
            .rev()
            .find(|one| (one.entry.epoch, one.entry.seq) == (self.grant.epoch, seq));
        found.map_or(Hash::ZERO, |one| one.hash)
    }
}

impl Store {
    /// Makes a store of what was found again, and takes it up. It takes its name once it is whole.
    ///
    /// A journal that is all there goes on in its epoch, and says that it was recovered; one that is not takes no more entries.
    pub fn rebuild(
        place: &Place,
        key: SecretKey,
        from: Rebuild<'_>,
        now: Now,
    ) -> Result<Self, StoreError> {
        let Some(unfinished) = place.file(UNFINISHED) else {
            return Err(StoreError::NotEnrolled);
        };
        let in_files = |source| files_error(place, source);
        if place.holds(Self::FILE) {
            return Err(StoreError::NothingLost);
        }
        clear(place).map_err(in_files)?;
        rights::secure(place, UNFINISHED).map_err(in_files)?;
        fill(connect_to(place, UNFINISHED)?, from)?;
        fs::rename(unfinished, place.dir().join(Self::FILE)).map_err(in_files)?;
        place.sync_folder()?;
        anchor(place, &key, from).map_err(in_files)?;
        let mut store = Self::open(place.clone(), key)?;
        store.observe(now);
        if from.lost.is_none() {
            store.go_on(from.head(), now)?;
        }
        store.all_shown();
        Ok(store)
    }

    /// What is left of the leases is unknown until the platform is asked: they are given back with what was taken of them.
    fn go_on(&mut self, head: Head, now: Now) -> Result<(), StoreError> {
        let found = Recovered { epoch: head.epoch, held: head.seq, lost: 0, complete: true };
        let mut txn = self.begin()?;
        txn.append(Body::Recovered(found), now.time)?;
        txn.commit()?;
        let leases = self.leases()?;
        self.end_leases(&leases, now.time)
    }
}

/// Takes away what an earlier attempt left.
fn clear(place: &Place) -> io::Result<()> {
    for name in [UNFINISHED.to_owned(), format!("{UNFINISHED}-wal")] {
        match fs::remove_file(place.dir().join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn anchor(place: &Place, key: &SecretKey, from: Rebuild<'_>) -> io::Result<()> {
    match Anchor::open(place, &key.public())? {
        Some((mut anchor, _)) => {
            anchor.write(key, (from.grant.terminal, from.head()), (true, true))
        }
        None => Ok(()),
    }
}

fn fill(mut conn: Connection, from: Rebuild<'_>) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    write_grant(&tx, from.code, from.grant, (from.bundle, None))?;
    tx.commit()?;
    let mut books = Books::new(from.bundle.zone(from.grant.branch));
    for some in from.entries.chunks(ENTRIES_A_TIME) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        some.iter().try_for_each(|entry| books.take(&tx, entry))?;
        tx.commit()?;
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    books.turn(&tx, from.grant.epoch)?;
    conclude(&tx, from)?;
    tx.commit()?;
    run_pragma(&conn, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    conn.close().map_err(|(_, error)| error.into())
}

/// What the platform holds of it, and where the numbers of starts go on.
fn conclude(tx: &Transaction<'_>, from: Rebuild<'_>) -> Result<(), StoreError> {
    let acked = i64::try_from(from.acked.0).unwrap_or(i64::MAX);
    let sql = "UPDATE terminal SET acked_seq = ?1, acked_hash = ?2, lost = ?3";
    tx.execute(sql, params![acked, from.hash_at(from.acked).0, from.lost])?;
    let starts = from.entries.iter().map(|one| one.entry.uptime.start).max();
    tx.execute("UPDATE start SET count = max(count, ?1)", [starts.unwrap_or(0)])?;
    Ok(())
}

/// The books while entries are taken into them.
pub(super) struct Books {
    zone: TimeZone,
    epoch: Epoch,
    /// Redemptions that are there, by position.
    held: BTreeSet<i64>,
    leases: BTreeSet<LeaseId>,
}

impl Books {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, epoch: Epoch(0), held: BTreeSet::new(), leases: BTreeSet::new() }
    }

    /// Writes an entry and books it.
    pub(super) fn take(
        &mut self,
        tx: &Transaction<'_>,
        signed: &SignedEntry,
    ) -> Result<(), StoreError> {
        let entry = &signed.entry;
        self.turn(tx, entry.epoch)?;
        let place = position(entry.epoch, entry.seq);
        match &entry.body {
            Body::Redeemed(redeemed) => {
                self.lend(tx, redeemed)?;
                self.held.insert(place);
            }
            // Of an epoch under another key, whose entries this device cannot vouch for.
            Body::RolledBack(back) if !self.held.contains(&position(back.of_epoch, back.of)) => {
                return insert_alone(tx, signed);
            }
            Body::RolledBack(_)
            | Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => {}
        }
        insert(tx, signed)?;
        book(tx, entry, self.day(entry))
    }

    fn day(&self, entry: &Entry) -> crate::domain::redeem::Day {
        LocalMoment::of(entry.time_floor, &self.zone).day
    }

    /// At the end of an epoch: what it consumed was consumed before, and nothing is lent any more.
    pub(super) fn turn(&mut self, tx: &Transaction<'_>, epoch: Epoch) -> Result<(), StoreError> {
        if epoch == self.epoch {
            return Ok(());
        }
        tx.execute(
            "UPDATE voucher SET uses_before = uses, minor_before = minor, lines_before = lines",
            [],
        )?;
        tx.execute("UPDATE lease SET ended = 1", [])?;
        let (from, until) = (position(self.epoch, Seq(0)), position(epoch, Seq(0)));
        tx.execute(
            "INSERT INTO life (epoch, key, last, acked)
             SELECT ?1, life.key, entry.position & 1099511627775, entry.position & 1099511627775
             FROM life JOIN entry ON entry.position =
                 (SELECT max(position) FROM entry WHERE position > ?2 AND position < ?3)
             WHERE true ON CONFLICT (epoch) DO NOTHING",
            params![self.epoch.0, from, until],
        )?;
        self.epoch = epoch;
        Ok(())
    }

    /// Opens a book for a lease whose size is not known here.
    fn lend(&mut self, tx: &Transaction<'_>, redeemed: &Redeemed) -> Result<(), StoreError> {
        let Some(lease) = redeemed.lease.filter(|lease| self.leases.insert(*lease)) else {
            return Ok(());
        };
        let campaign = redeemed.voucher.id.campaign.0;
        let issuer = redeemed.voucher.issuer.as_str();
        tx.execute(
            "INSERT INTO lease (id, issuer, campaign, uses, minor, until) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            params![lease.0, issuer, campaign, u32::MAX, i64::MAX],
        )?;
        Ok(())
    }
}

/// An entry that refers to one that is not there.
fn insert_alone(tx: &Transaction<'_>, signed: &SignedEntry) -> Result<(), StoreError> {
    let entry = &signed.entry;
    tx.execute(
        "INSERT INTO entry (position, hash, prev, bytes, at, floor, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 3)",
        params![
            position(entry.epoch, entry.seq),
            signed.hash.0,
            entry.prev.0,
            signed.bytes,
            entry.at.0,
            entry.time_floor.0,
        ],
    )?;
    Ok(())
}
