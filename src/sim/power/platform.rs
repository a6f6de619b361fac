//! Power cuts at the platform: an acknowledgement that was sent is never lost.

use std::{path::PathBuf, sync::Arc};

use rusqlite::{Connection, OpenFlags};

use super::{
    books::consumed,
    chance::Chance,
    check::{Checked, Kind, broken, ensure},
    cuts::Filmed,
    day::Day,
    error::PowerError,
    mode::Mode,
    shop::Shop,
    till::{Till, Told, device},
};
use crate::{
    domain::{
        id::{Epoch, Seq, TerminalId},
        journal::{Body, SignedEntry},
    },
    platform::store::{EntryAt, RedemptionFilter, SqliteStore, Store as _, Txn},
    sim::disk::{Disk, FILE_SYSTEM, Image, Moment, VFS},
    store::Store,
    terminal::engine::Lane,
};

const STEPS: usize = 30;

/// What a terminal was told, and the platform's disk at that moment.
type Answered = (Told, Image);

/// A day of the platform on record.
pub(super) struct PlatformFilm {
    seed: u64,
    mode: Mode,
    shop: Arc<Shop>,
    moments: Vec<Moment>,
    /// What the terminal had been told by which change of the platform's disk, with its own disk at that time.
    told: Vec<Answered>,
    terminal: TerminalId,
    /// Every entry the terminal ever wrote.
    journal: Vec<SignedEntry>,
    /// Changes before the shop was furnished.
    furnished: u64,
}

fn file(disk: &Disk) -> PathBuf {
    disk.dir().join(PlatformFilm::FILE)
}

impl PlatformFilm {
    fn live(seed: u64, mode: Mode) -> Result<Self, PowerError> {
        let disk = Disk::default();
        disk.lie(mode == Mode::LyingDisk);
        disk.watch();
        let store = SqliteStore::open_on(&file(&disk), Some(FILE_SYSTEM))?;
        let shop = Arc::new(Shop::new(seed, Arc::new(store))?);
        let furnished = disk.counts().changes;
        let own = Disk::default();
        let mut day = Day::new(seed, &shop, own.clone(), Mode::Ours);
        day.till.only_heads = true;
        let mut film = Self {
            seed,
            mode,
            shop,
            moments: Vec::new(),
            told: Vec::new(),
            terminal: TerminalId(0),
            journal: Vec::new(),
            furnished,
        };
        day.begin()?;
        film.note(&day.till, &disk);
        for _ in 0..STEPS {
            day.step()?;
            film.note(&day.till, &disk);
            day.sync()?;
            film.note(&day.till, &disk);
        }
        film.moments = disk.moments();
        film.moments.push(Moment { change: disk.counts().changes, image: disk.image() });
        day.till.close(false);
        film.read(&own)?;
        Ok(film)
    }

    fn note(&mut self, till: &Till, disk: &Disk) {
        if let Some(told) = till.told.last() {
            let change = disk.counts().changes;
            self.told.push((Told { change, ..told.clone() }, till.disk.image()));
        }
    }

    fn read(&mut self, own: &Disk) -> Result<(), PowerError> {
        let store = Store::open(Disk::of(own.image()).place(), device())?;
        self.terminal = store.identity().terminal;
        store.verify_journal(|entry| self.journal.push(entry.clone()))?;
        Ok(())
    }

    fn told_by(&self, change: u64) -> usize {
        self.told.partition_point(|(told, _)| told.change <= change)
    }

    fn around(&self, change: u64) -> (Option<&Answered>, Option<&Answered>) {
        let next = self.told_by(change);
        let before = next.checked_sub(1).and_then(|at| self.told.get(at));
        (before, self.told.get(next).or(before))
    }
}

impl Filmed for PlatformFilm {
    type Opened = SqliteStore;

    const FILE: &'static str = "platform.db";

    fn shoot(seed: u64, mode: Mode) -> Result<Self, PowerError> {
        Self::live(seed, mode)
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn chapter(&self, change: u64) -> usize {
        let furnished = usize::from(change >= self.furnished);
        self.told_by(change).saturating_add(furnished)
    }

    fn open(&self, change: u64, disk: &Disk) -> Checked<SqliteStore> {
        let store =
            SqliteStore::open_on(&file(disk), Some(FILE_SYSTEM)).map_err(PowerError::from)?;
        let (before, after) = self.around(change);
        let txn = store.begin().map_err(PowerError::from)?;
        let last = after.map_or(self.journal.len(), |(told, _)| told.entries);
        let found = compare(self, txn, last)?;
        let acked = before.map_or(0, |(told, _)| told.acked);
        ensure(found.0 >= acked, Kind::Lost, || {
            format!("{acked} entries were acknowledged, {} are there", found.0)
        })?;
        ensure(change < self.furnished || found.1 == self.shop.stock.len(), Kind::Lost, || {
            format!("{} vouchers were issued, {} are there", self.shop.stock.len(), found.1)
        })?;
        Ok(store)
    }

    /// The pages are sound, and the terminal goes on from where it was: all its entries arrive, each once.
    fn look(&self, change: u64, disk: Disk, _chance: &mut Chance) -> Checked {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let conn = Connection::open_with_flags_and_vfs(file(&disk), flags, VFS)?;
        let sound: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        ensure(sound == "ok", Kind::Damaged, || sound)?;
        drop(conn);
        let (Some((told, image)), _) = self.around(change) else {
            return Ok(());
        };
        let store =
            SqliteStore::open_on(&file(&disk), Some(FILE_SYSTEM)).map_err(PowerError::from)?;
        let shop = Arc::new(Shop::again(self.seed, Arc::new(store), &self.shop));
        let mut till = Till::new(&shop, Disk::of(image.clone()), Mode::Ours, self.seed);
        till.open()?;
        for _ in 0..3 {
            till.say(crate::terminal::command::Command::SyncNow)?;
            till.settle(Lane::Sync)?;
        }
        let left =
            till.engine.as_ref().and_then(|engine| engine.store()).map(Store::unsent_entries);
        ensure(left == Some(0), Kind::Wrong, || {
            format!("after {} entries the terminal cannot send the rest: {left:?}", told.entries)
        })?;
        arrived_once(&till, &shop)
    }
}

/// The entries and vouchers that are there, once each entry was found to be the terminal's.
fn compare(film: &PlatformFilm, mut txn: Box<dyn Txn + '_>, last: usize) -> Checked<(u64, usize)> {
    let read = |error| PowerError::PlatformStore(error);
    let (epoch, terminal) = (Epoch(1), film.terminal);
    let head = txn.head(terminal, epoch).map_err(read)?.seq.0;
    let count = usize::try_from(head).unwrap_or(usize::MAX);
    ensure(count <= last, Kind::Wrong, || format!("{count} entries, and {last} were written"))?;
    for (seq, signed) in (1..=head).zip(&film.journal) {
        let row = txn.entry(EntryAt { terminal, epoch, seq: Seq(seq) }).map_err(read)?;
        let same = row.is_some_and(|row| row.signed.bytes == signed.bytes);
        ensure(same, Kind::Wrong, || format!("entry {seq} is not the terminal's"))?;
    }
    let there = film.journal.get(..count).unwrap_or_default();
    for (key, used) in consumed(there) {
        let ledger = txn.ledger(&key).map_err(read)?;
        let own = ledger.uses.iter().filter(|used| used.terminal == terminal);
        let sum = own.fold(crate::domain::voucher::Used::default(), |sum, row| sum.plus(row.used));
        ensure(sum == used, Kind::Wrong, || {
            format!("the ledger of {}: {sum:?}, not {used:?}", key.id)
        })?;
    }
    let vouchers = txn.counts().map_err(read)?.vouchers;
    Ok((head, usize::try_from(vouchers).unwrap_or(usize::MAX)))
}

/// Redemptions and roll backs of the terminal's journal stand in the platform's list once each.
fn arrived_once(till: &Till, shop: &Shop) -> Checked {
    let Some(store) = till.engine.as_ref().and_then(|engine| engine.store()) else {
        return broken(Kind::Damaged, "the terminal has no store");
    };
    let mut expected = 0_usize;
    store.verify_journal(|signed| {
        let counts = matches!(signed.entry.body, Body::Redeemed(_) | Body::RolledBack(_));
        expected = expected.saturating_add(usize::from(counts));
    })?;
    let filter = RedemptionFilter { limit: 500, ..RedemptionFilter::default() };
    let page = shop.platform.redemptions(&filter).map_err(PowerError::from)?;
    let terminal = store.identity().terminal;
    let own = page.redemptions.iter().filter(|line| line.terminal == terminal.0).count();
    ensure(own == expected, Kind::Wrong, || format!("{own} of {expected} arrived"))
}
