//! Power cuts on record, tried one by one.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::{
    chance::Chance,
    check::{Broken, Checked, Kind},
    error::PowerError,
    known::{self, Known},
    mode::Mode,
};
use crate::sim::disk::{Disk, Image, Moment};

/// Cuts are numbered by the change they come before and which of the outcomes it is.
const VARIANTS: u64 = 1_000;

/// One opened store in so many is looked at with every signature and a second scan.
const DEEP_ONE_IN: usize = 4;

/// One cut in so many is opened even where the very same pages were opened before.
const ANYWAY_ONE_IN: usize = 128;

/// A day on record, in which the power can be cut.
pub(super) trait Filmed: Sized {
    /// The database's name on the disk.
    const FILE: &'static str;

    /// What was opened after a cut.
    type Opened;

    /// Lives through the day of a seed.
    fn shoot(seed: u64, mode: Mode) -> Result<Self, PowerError>;

    fn seed(&self) -> u64;

    fn mode(&self) -> Mode;

    /// The disk before each change, and at the end.
    fn moments(&self) -> &[Moment];

    /// Grows whenever more had been told by a change, so that a cut is compared with more.
    fn chapter(&self, change: u64) -> usize;

    /// Opens what a cut before a change left, with the program's own code, and compares all of it.
    fn open(&self, change: u64, disk: &Disk) -> Checked<Self::Opened>;

    /// The slow look at it.
    fn look(&self, change: u64, disk: Disk, chance: &mut Chance) -> Checked;
}

/// What came of many cuts.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Cuts in a day's work.
    pub(super) cuts: u64,
    /// Cuts that left other pages than those before, so that the program opened them and all of it was compared.
    pub(super) opened: u64,
    /// Cuts while a store was opened or closed after a cut.
    pub(super) again: u64,
    /// Stores that were looked at with every signature and a second scan.
    pub(super) deep: u64,
    pub(super) days: u64,
    pub(super) broken: BTreeMap<Kind, u64>,
    /// The first promise that was broken, with its seed and cut.
    pub(super) first: Option<String>,
}

/// How many cuts to try, and of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) mode: Mode,
    pub(super) cuts: u64,
    pub(super) seed: u64,
    pub(super) each: u64,
    pub(super) threads: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.cuts = self.cuts.saturating_add(other.cuts);
        self.opened = self.opened.saturating_add(other.opened);
        self.again = self.again.saturating_add(other.again);
        self.deep = self.deep.saturating_add(other.deep);
        self.days = self.days.saturating_add(other.days);
        for (kind, count) in other.broken {
            let sum = self.broken.entry(kind).or_default();
            *sum = sum.saturating_add(count);
        }
        self.first = self.first.take().or(other.first);
    }
}

/// Tries days one after another on all threads until there were enough cuts.
pub(super) fn run<F: Filmed>(plan: Plan) -> Result<Tally, PowerError> {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let sum = Mutex::new(Ok(Tally::default()));
    let work = || {
        while done.load(Ordering::Relaxed) < plan.cuts {
            let seed = plan.seed.saturating_add(next.fetch_add(1, Ordering::Relaxed));
            let tried = try_day::<F>(plan, seed, &done);
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            match (tried, sum.as_mut()) {
                (Ok(tally), Ok(sum)) => sum.add(tally),
                (Err(error), Ok(_)) => *sum = Err(error),
                (_, Err(_)) => return,
            }
        }
    };
    thread::scope(|scope| -> Result<(), PowerError> {
        for number in 1..plan.threads {
            let name = format!("power {number}");
            thread::Builder::new().name(name).spawn_scoped(scope, work)?;
        }
        work();
        Ok(())
    })?;
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn try_day<F: Filmed>(plan: Plan, seed: u64, done: &AtomicU64) -> Result<Tally, PowerError> {
    let film = F::shoot(seed, plan.mode)?;
    let mut tally = Tally { days: 1, ..Tally::default() };
    let mut known = Known::default();
    for at in 0..film.moments().len() {
        for variant in 0..plan.each {
            let number = u64::try_from(at).unwrap_or(0).saturating_mul(VARIANTS);
            try_cut(&film, number.saturating_add(variant), (&mut known, &mut tally));
        }
        if done.fetch_add(plan.each, Ordering::Relaxed) >= plan.cuts {
            break;
        }
    }
    Ok(tally)
}

/// One cut, by its number.
pub(super) fn try_cut<F: Filmed>(film: &F, number: u64, (known, tally): (&mut Known, &mut Tally)) {
    tally.cuts = tally.cuts.saturating_add(1);
    if let Err(Broken { kind, what }) = cut(film, number, (known, tally)) {
        let count = tally.broken.entry(kind).or_default();
        *count = count.saturating_add(1);
        let seed = film.seed();
        tally.first.get_or_insert_with(|| {
            format!("{} --seed {seed} --cut {number}: {what}", film.mode().name())
        });
    }
}

fn cut<F: Filmed>(
    film: &F,
    number: u64,
    (known, tally): (&mut Known, &mut Tally),
) -> Result<(), Broken> {
    let at = usize::try_from(number / VARIANTS).unwrap_or(usize::MAX);
    let Some(moment) = film.moments().get(at) else {
        return Ok(());
    };
    let mut chance = Chance::new(film.seed(), number.saturating_add(100));
    let image = moment.image.cut(&mut chance.0);
    let (anyway, chapter) = (chance.one_in(ANYWAY_ONE_IN), film.chapter(moment.change));
    let pages = known::recovered(&image, F::FILE);
    if !anyway && pages.as_ref().is_some_and(|pages| known.has(chapter, pages)) {
        return Ok(());
    }
    tally.opened = tally.opened.saturating_add(1);
    open_and_look(film, (moment, image), &mut chance, tally)?;
    if let Some(pages) = pages {
        known.add(chapter, pages);
    }
    Ok(())
}

/// What the program makes of a disk, also where the power is cut again while it does.
fn open_and_look<F: Filmed>(
    film: &F,
    (moment, image): (&Moment, Image),
    chance: &mut Chance,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let disk = disk_of(film, image);
    disk.watch();
    let store = film.open(moment.change, &disk)?;
    if chance.one_in(8) {
        drop(store);
    } else {
        // Closing would move the log; a program that is killed does not.
        disk.kill();
        drop(store);
    }
    let moments = disk.moments();
    if let Some(second) = chance.pick(&moments) {
        tally.again = tally.again.saturating_add(1);
        let disk = disk_of(film, second.image.cut(&mut chance.0));
        let store = film.open(moment.change, &disk)?;
        disk.kill();
        drop(store);
    }
    if chance.one_in(DEEP_ONE_IN) {
        tally.deep = tally.deep.saturating_add(1);
        film.look(moment.change, disk, chance)?;
    }
    Ok(())
}

fn disk_of<F: Filmed>(film: &F, image: Image) -> Disk {
    let disk = Disk::of(image);
    disk.lie(film.mode() == Mode::LyingDisk);
    disk
}
