//! What a disk must hold after a power cut.

use rusqlite::Connection;

use super::{
    books::Books,
    error::PowerError,
    film::Film,
    till::{Told, device},
};
use crate::{
    domain::{
        journal::{Body, Entry},
        money::Currency,
        redeem::Queue,
    },
    sim::disk::Disk,
    store::{Store, StoreError, position},
};

/// How a promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Something that was told is gone.
    Lost,
    /// The file is damaged, or the store does not open.
    Damaged,
    /// The store opens and says something that never was.
    Wrong,
}

/// A promise that was broken.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) kind: Kind,
    pub(super) what: String,
}

pub(super) type Checked<T = ()> = Result<T, Broken>;

pub(super) fn broken<T>(kind: Kind, what: impl Into<String>) -> Checked<T> {
    Err(Broken { kind, what: what.into() })
}

pub(super) fn ensure(holds: bool, kind: Kind, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { broken(kind, what()) }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self { kind: Kind::Damaged, what: format!("the store says: {error}") }
    }
}

impl From<rusqlite::Error> for Broken {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<PowerError> for Broken {
    fn from(error: PowerError) -> Self {
        Self { kind: Kind::Damaged, what: error.to_string() }
    }
}

/// Opens the store that a cut before `change` left, with the program's own code, and looks at all of it.
pub(super) fn open(film: &Film, change: u64, disk: &Disk) -> Checked<Option<Store>> {
    let (before, after) = film.around(change);
    match Store::open(disk.place(), device()) {
        Ok(store) => {
            examine(film, &store, (before, after))?;
            Ok(Some(store))
        }
        Err(StoreError::NotEnrolled) if before.is_none() => Ok(None),
        Err(StoreError::NotEnrolled) => broken(Kind::Lost, "the terminal is not enrolled any more"),
        Err(error) => Err(error.into()),
    }
}

fn examine(film: &Film, store: &Store, around: (Option<&Told>, Option<&Told>)) -> Checked {
    let conn = store.connection();
    let sound: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    ensure(sound == "ok", Kind::Damaged, || sound)?;
    let entries = compare_journal(film, conn)?;
    let epoch = store.identity().epoch;
    let told = Told::heads(store, film.before(epoch), 0).with_lists(store)?;
    ensure(told.entries == entries, Kind::Wrong, || {
        format!("the store speaks of {} entries, and there are {entries}", told.entries)
    })?;
    ensure(!film.is_torn(entries), Kind::Wrong, || "a bill was written in part".to_owned())?;
    if let Some(before) = around.0 {
        lost_nothing(before, &told)?;
    }
    if let Some(after) = around.1 {
        invented_nothing(around.0, &told, after)?;
    }
    ensure(!store.identity().forked, Kind::Lost, || {
        "what the platform acknowledged is not held".to_owned()
    })?;
    compare_acknowledged(film, store)?;
    compare_queue(film, store, entries)?;
    let expected = film.books.get(entries).cloned().unwrap_or_default();
    match expected.difference(&Books::read(conn)?) {
        Some(difference) => broken(Kind::Wrong, difference),
        None => Ok(()),
    }
}

/// Every row must be that of the day's journal, byte by byte; how many there are.
fn compare_journal(film: &Film, conn: &Connection) -> Checked<usize> {
    let sql = "SELECT position, hash, prev, bytes, at, floor, kind, minor, currency, of_position
               FROM entry ORDER BY position";
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut known = film.journal.iter();
    let mut count = 0_usize;
    while let Some(row) = rows.next()? {
        count = count.saturating_add(1);
        let Some(signed) = known.next() else {
            return broken(Kind::Wrong, format!("entry {count} was never written"));
        };
        let entry = &signed.entry;
        let (kind, money, of) = match &entry.body {
            Body::Opened(_) => (0, None, None),
            Body::Redeemed(body) => (1, Some((body.used.minor, body.currency)), None),
            Body::Refused(_) => (2, None, None),
            Body::RolledBack(body) => {
                let of = position(body.of_epoch, body.of);
                (3, Some((body.used.minor, body.currency)), Some(of))
            }
            Body::BundleTaken { .. } => (4, None, None),
            Body::LeaseEnded { .. } => (5, None, None),
            Body::Recovered(_) => (6, None, None),
        };
        let same = row.get_ref(3)?.as_blob().is_ok_and(|bytes| bytes == signed.bytes)
            && row.get::<_, [u8; 32]>(1)? == signed.hash.0
            && row.get::<_, [u8; 32]>(2)? == entry.prev.0
            && row.get::<_, i64>(0)? == position(entry.epoch, entry.seq)
            && row.get::<_, i64>(4)? == entry.at.0
            && row.get::<_, i64>(5)? == entry.time_floor.0
            && row.get::<_, i64>(6)? == kind
            && row.get::<_, Option<i64>>(7)? == money.map(|(minor, _)| minor)
            && row.get::<_, Option<u16>>(8)? == money.map(|(_, currency)| currency.number())
            && row.get::<_, Option<i64>>(9)? == of;
        ensure(same, Kind::Wrong, || format!("entry {count} is not the one that was written"))?;
    }
    Ok(count)
}

/// Nothing may be less than it was told to be.
pub(super) fn lost_nothing(before: &Told, now: &Told) -> Checked {
    let at_least = [
        ("entries", now.entries >= before.entries),
        ("the epoch", now.epoch >= before.epoch),
        ("the acknowledgement", (now.epoch, now.acked) >= (before.epoch, before.acked)),
        ("the platform's time", now.synced_at >= before.synced_at),
        ("the trust bundle", now.bundle >= before.bundle),
        ("conflict notices", now.conflicts >= before.conflicts),
        ("listed vouchers", now.epoch > before.epoch || now.listed >= before.listed),
    ];
    for (what, holds) in at_least {
        ensure(holds, Kind::Lost, || format!("{what}: {before:?} was told, {now:?} is there"))?;
    }
    let newer = |old: &crate::store::HeldList| {
        let same = now.lists.iter().find(|held| held.version.list == old.version.list);
        same.is_some_and(|held| {
            held.version.version >= old.version.version && held.as_of >= old.as_of
        })
    };
    ensure(before.lists.iter().all(newer), Kind::Lost, || "a status list".to_owned())
}

/// Nothing may be more than what was under way.
fn invented_nothing(before: Option<&Told>, now: &Told, after: &Told) -> Checked {
    let at_most = [
        ("entries", now.entries <= after.entries),
        ("the epoch", now.epoch <= after.epoch),
        ("the acknowledgement", (now.epoch, now.acked) <= (after.epoch, after.acked)),
        ("the trust bundle", now.bundle <= after.bundle),
        ("conflict notices", now.conflicts <= after.conflicts),
    ];
    for (what, holds) in at_most {
        ensure(holds, Kind::Wrong, || format!("{what}: {now:?} is there, {after:?} came later"))?;
    }
    let Some(before) = before else {
        return Ok(());
    };
    let kept = before.leases.iter().filter(|lease| after.leases.contains(lease));
    let known = |lease| before.leases.contains(lease) || after.leases.contains(lease);
    let right =
        kept.clone().all(|lease| now.leases.contains(lease)) && now.leases.iter().all(known);
    ensure(right, Kind::Wrong, || format!("leases: {:?} are held", now.leases))
}

/// The acknowledged hash is that of the entry at its position.
fn compare_acknowledged(film: &Film, store: &Store) -> Checked {
    let sql = "SELECT acked_hash FROM terminal";
    let hash: [u8; 32] = store.connection().query_row(sql, [], |row| row.get(0))?;
    let (epoch, acked) = (store.identity().epoch, store.identity().acked);
    let is_it = |signed: &&crate::domain::journal::SignedEntry| {
        (signed.entry.epoch, signed.entry.seq) == (epoch, acked)
    };
    let expected = film.journal.iter().find(is_it).map_or([0; 32], |signed| signed.hash.0);
    ensure(hash == expected, Kind::Wrong, || "the acknowledged hash is of no entry".to_owned())
}

/// What waits to be sent is what comes after the acknowledgement.
fn compare_queue(film: &Film, store: &Store, entries: usize) -> Checked {
    let there = film.entries.get(..entries).unwrap_or_default();
    queue_is_of(there, store)
}

/// What waits to be sent is what these entries have after the acknowledgement, and at most the last of each life before.
pub(super) fn queue_is_of(entries: &[Entry], store: &Store) -> Checked {
    let (epoch, acked) = (store.identity().epoch, store.identity().acked);
    let there = entries.iter();
    let waiting = there.filter(|entry| {
        let present = entry.epoch == epoch && entry.seq > acked;
        let over = store.life(entry.epoch).filter(|life| entry.seq == life.last);
        present || over.is_some_and(|life| life.acked < life.last)
    });
    let (mut count, mut queue) = (0_u64, Queue::default());
    for entry in waiting {
        count = count.saturating_add(1);
        if let Body::Redeemed(redeemed) = &entry.body {
            queue.count = queue.count.saturating_add(1);
            queue.minor = queue.minor.saturating_add(redeemed.used.minor);
        }
    }
    let right = store.unsent_entries() == count && store.queue(Currency::EUR) == queue;
    ensure(right, Kind::Wrong, || format!("the queue is not {queue:?} of {count} entries"))
}
