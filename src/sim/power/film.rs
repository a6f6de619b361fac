//! A day on record: the disk before each of its changes, what had been told by then, and what it came to.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{
    books::Books,
    chance::Chance,
    check::{self, Checked},
    cuts::Filmed,
    day::Day,
    deep,
    error::PowerError,
    mode::Mode,
    shop::Shop,
    till::{Shown, Told, device},
};
use crate::{
    domain::{
        enrol::EnrolmentCode,
        id::Epoch,
        journal::{Body, Entry, SignedEntry},
    },
    platform::store::MemoryStore,
    sim::disk::{Disk, Moment},
    store::Store,
};

/// Steps of a day beside its beginning and its end.
const STEPS: usize = 60;

/// A day on record.
pub(super) struct Film {
    pub(super) seed: u64,
    pub(super) mode: Mode,
    pub(super) code: EnrolmentCode,
    pub(super) shop: Arc<Shop>,
    /// The disk before each change, and at the end.
    pub(super) moments: Vec<Moment>,
    pub(super) told: Vec<Told>,
    pub(super) shown: Vec<Shown>,
    /// For the test that looks whether a day has everything in it.
    #[cfg(test)]
    pub(super) outcomes: Vec<(&'static str, String)>,
    /// The journal as it was in the end, every signature verified: what any cut leaves must be the beginning of it.
    pub(super) journal: Vec<SignedEntry>,
    pub(super) entries: Vec<Entry>,
    /// The books after each number of entries.
    pub(super) books: Vec<Books>,
}

impl Filmed for Film {
    type Opened = Option<Store>;

    const FILE: &'static str = Store::FILE;

    fn shoot(seed: u64, mode: Mode) -> Result<Self, PowerError> {
        let shop = Arc::new(Shop::new(seed, Arc::new(MemoryStore::default()))?);
        let disk = Disk::default();
        disk.lie(mode == Mode::LyingDisk);
        disk.watch();
        let mut day = Day::new(seed, &shop, disk.clone(), mode);
        let code = day.begin()?;
        for _ in 0..STEPS {
            day.step()?;
        }
        day.end()?;
        let mut moments = disk.moments();
        moments.push(Moment { change: disk.counts().changes, image: disk.image() });
        let (journal, zone) = journal_on(&disk)?;
        let entries: Vec<Entry> = journal.iter().map(|signed| signed.entry.clone()).collect();
        let books = Books::of(&entries, &zone);
        let till = day.till;
        let film = Self {
            seed,
            mode,
            code,
            shop,
            moments,
            told: till.told,
            shown: till.shown,
            #[cfg(test)]
            outcomes: till.outcomes,
            journal,
            entries,
            books,
        };
        film.all_shown_is_there()?;
        Ok(film)
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
        self.told.partition_point(|told| told.change <= change)
    }

    fn open(&self, change: u64, disk: &Disk) -> Checked<Option<Store>> {
        check::open(self, change, disk)
    }

    fn look(&self, change: u64, disk: Disk, dice: &mut Chance) -> Checked {
        deep::look(self, change, disk, dice)
    }
}

impl Film {
    /// What was shown as accepted stands in the journal of an undisturbed day; else the day itself is wrong.
    fn all_shown_is_there(&self) -> Result<(), PowerError> {
        for shown in &self.shown {
            let is_it = |entry: &&Entry| (entry.epoch, entry.seq) == (shown.epoch, shown.entry);
            let found = self.entries.iter().find(is_it).map(|entry| &entry.body);
            let same = matches!(found, Some(Body::Redeemed(redeemed)) if redeemed.voucher == shown.voucher);
            if !same {
                return Err(PowerError::Day(format!(
                    "{shown:?} was shown and is not written down"
                )));
            }
        }
        Ok(())
    }

    /// What had been told by a change of the disk, and what may be told soon after it.
    pub(super) fn around(&self, change: u64) -> (Option<&Told>, Option<&Told>) {
        let next = self.chapter(change);
        let before = next.checked_sub(1).and_then(|at| self.told.get(at));
        (before, self.told.get(next).or(before))
    }

    /// Entries of the epochs before one.
    pub(super) fn before(&self, epoch: Epoch) -> usize {
        self.entries.iter().filter(|entry| entry.epoch < epoch).count()
    }

    /// Whether a journal of so many entries would end in the middle of an act.
    pub(super) fn is_torn(&self, entries: usize) -> bool {
        let Some(Body::Redeemed(last)) =
            entries.checked_sub(1).and_then(|at| self.entries.get(at)).map(|entry| &entry.body)
        else {
            return false;
        };
        let next = self.entries.get(entries).map(|entry| &entry.body);
        let goes_on = matches!(next, Some(Body::Redeemed(next)) if next.act == last.act);
        last.act.is_some() && goes_on
    }
}

fn journal_on(disk: &Disk) -> Result<(Vec<SignedEntry>, TimeZone), PowerError> {
    let copy = Disk::of(disk.image());
    let store = Store::open(copy.place(), device())?;
    let mut journal = Vec::new();
    store.verify_journal(|entry| journal.push(entry.clone()))?;
    let zone = store.zone().clone();
    Ok((journal, zone))
}
