//! Operations of the disk that fail, one after another.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    books::Books,
    chance::Chance,
    check::{Broken, Checked, Kind, ensure, lost_nothing, queue_is_of},
    day::Day,
    error::PowerError,
    mode::Mode,
    shop::Shop,
    till::{Shown, Told, device},
};
use crate::{
    domain::{
        journal::{Body, Entry},
        redeem::Request,
        scan::EntryMethod,
    },
    platform::store::MemoryStore,
    sim::disk::{Disk, Fault, Image, Trouble},
    store::Store,
    terminal::engine::Engine,
};

/// Steps of a day in which something fails.
const STEPS: usize = 12;

/// Steps for which a trouble that stays is left to stay.
const PATIENCE: usize = 3;

/// What came of one kind of trouble.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) runs: u64,
    /// Days in which it was met at all.
    pub(super) met: u64,
    /// Days in which the cashier or the operator was told.
    pub(super) told: u64,
    pub(super) broken: u64,
}

/// What came of many days.
#[derive(Clone, Debug, Default)]
pub(super) struct Sweep {
    pub(super) of: BTreeMap<(Trouble, bool), Count>,
    pub(super) first: Option<String>,
}

impl Sweep {
    fn add(&mut self, seed: u64, fault: Fault, came: &Result<Came, Broken>) {
        let count = self.of.entry((fault.trouble, fault.sticky)).or_default();
        let one = |holds: bool| u64::from(holds);
        count.runs = count.runs.saturating_add(1);
        match came {
            Ok(came) => {
                count.met = count.met.saturating_add(one(came.met));
                count.told = count.told.saturating_add(one(came.told));
            }
            Err(broken) => {
                count.broken = count.broken.saturating_add(1);
                let name = spell(fault);
                self.first.get_or_insert_with(|| {
                    format!("--seed {seed} --fault {name}: {}", broken.what)
                });
            }
        }
    }
}

/// How a fault is written on the command line, such as `sync:12:once`.
fn spell(fault: Fault) -> String {
    let often = if fault.sticky { "always" } else { "once" };
    format!("{}:{}:{often}", fault.trouble.name(), fault.at)
}

/// The fault that is written so.
pub(super) fn parse(text: &str) -> Result<Fault, String> {
    let unknown = || format!("{text} is not a fault, such as sync:12:once or full:3:always");
    let mut parts = text.split(':');
    let (word, at, often) = (parts.next(), parts.next(), parts.next());
    let at = at.and_then(|at| at.parse().ok()).ok_or_else(unknown)?;
    let sticky = often.ok_or_else(unknown)? == "always";
    let trouble = Trouble::ALL.into_iter().find(|trouble| Some(trouble.name()) == word);
    Ok(Fault { trouble: trouble.ok_or_else(unknown)?, at, sticky })
}

/// What came of one day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    met: bool,
    told: bool,
}

/// Lives through the day of a seed once for each operation, each trouble, once and for good; of those, one in `stride`.
pub(super) fn sweep(seed: u64, stride: usize, threads: usize) -> Result<Sweep, PowerError> {
    let mut undisturbed = Run::new(seed, None)?;
    undisturbed.live().map_err(|broken| PowerError::Day(broken.what))?;
    let counts = undisturbed.day.till.disk.counts();
    let mut faults = Vec::new();
    for trouble in Trouble::ALL {
        for at in 0..counts.of(trouble) {
            faults.extend([false, true].map(|sticky| Fault { trouble, at, sticky }));
        }
    }
    let faults: Vec<Fault> = faults.into_iter().step_by(stride.max(1)).collect();
    let (next, sum) = (AtomicUsize::new(0), Mutex::new(Sweep::default()));
    let work = || {
        while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
            let came = try_fault(seed, *fault);
            sum.lock().unwrap_or_else(PoisonError::into_inner).add(seed, *fault, &came);
        }
    };
    thread::scope(|scope| -> Result<(), PowerError> {
        for number in 1..threads {
            let name = format!("faults {number}");
            thread::Builder::new().name(name).spawn_scoped(scope, work)?;
        }
        work();
        Ok(())
    })?;
    Ok(sum.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// One day with one fault.
pub(super) fn try_fault(seed: u64, fault: Fault) -> Result<Came, Broken> {
    let mut run = Run::new(seed, Some(fault))?;
    run.live()?;
    Ok(run.came)
}

/// A day in which something may fail.
struct Run {
    day: Day,
    came: Came,
    chance: Chance,
    /// Steps since the fault was met.
    since: usize,
}

impl Run {
    fn new(seed: u64, fault: Option<Fault>) -> Result<Self, PowerError> {
        let shop = Arc::new(Shop::new(seed, Arc::new(MemoryStore::default()))?);
        let disk = Disk::default();
        if let Some(fault) = fault {
            disk.fail(fault);
        }
        let mut day = Day::new(seed, &shop, disk, Mode::Ours);
        day.till.only_heads = true;
        Ok(Self { day, came: Came::default(), chance: Chance::new(seed, 4), since: 0 })
    }

    fn live(&mut self) -> Checked {
        while let Err(error) = self.day.begin() {
            // What was told of a failing disk is not told twice once it works.
            self.heard(&error)?;
        }
        for _ in 0..STEPS {
            if let Err(error) = self.day.step() {
                self.heard(&error)?;
            }
            self.look()?;
        }
        self.finish()
    }

    /// A person hears of it, and sees to the disk in time.
    fn heard(&mut self, error: &PowerError) -> Checked {
        let disk = &self.day.till.disk;
        let met = disk.counts().failed > 0;
        ensure(met && self.since <= PATIENCE, Kind::Damaged, || {
            format!("on a disk that works: {error}")
        })?;
        self.came.told = true;
        self.pass();
        self.day.till.close(true);
        Ok(())
    }

    fn pass(&mut self) {
        if self.day.till.disk.counts().failed > 0 {
            self.came.met = true;
            self.since = self.since.saturating_add(1);
            if self.since >= PATIENCE {
                self.day.till.disk.mend();
            }
        }
    }

    /// After each step: the terminal is started again where it could not go on, and a cut now loses nothing.
    fn look(&mut self) -> Checked {
        let first = self.day.till.disk.counts().failed > 0 && self.since <= PATIENCE;
        self.pass();
        let fault = self.day.till.engine.as_ref().and_then(Engine::fault).is_some();
        self.came.told |= fault;
        let now = self.day.till.now();
        let awake =
            |engine: &Engine| engine.store().is_none() && engine.poll_timeout(now) <= now.millis;
        let busy = self.day.till.engine.as_ref().is_some_and(awake);
        ensure(!busy, Kind::Wrong, || "without a store the terminal never rests".to_owned())?;
        if self.day.till.engine.is_none()
            && let Err(error) = self.day.till.open()
        {
            self.heard(&error)?;
        }
        if first {
            self.cut()?;
        }
        Ok(())
    }

    /// The disk works again, and so does the terminal.
    fn finish(&mut self) -> Checked {
        self.day.till.disk.mend();
        self.came.met |= self.day.till.disk.counts().failed > 0;
        if self.day.till.engine.is_none() {
            self.day.till.open()?;
        }
        // The first scan opens a store that was given up.
        let text = "4006381333931";
        self.day.till.present(text, Request::plain(EntryMethod::Keyboard))?;
        let fault = self.day.till.engine.as_ref().and_then(Engine::fault);
        ensure(fault.is_none(), Kind::Damaged, || format!("on a disk that works: {fault:?}"))?;
        self.day.sync()?;
        self.cut()?;
        self.day.till.close(false);
        self.cut()
    }

    /// What the worst cut leaves, and one other.
    fn cut(&mut self) -> Checked {
        let image = self.day.till.disk.image();
        let told = self.day.till.told.last().cloned().unwrap_or_default();
        self.examine(image.synced_only(), &told)?;
        let another = image.cut(&mut self.chance.0);
        self.examine(another, &told)
    }

    fn examine(&self, image: Image, told: &Told) -> Checked {
        let disk = Disk::of(image);
        if told.entries == 0 {
            return Ok(());
        }
        let store = Store::open(disk.place(), device())?;
        let result = examine(&store, told, &self.day.till.shown);
        disk.kill();
        result
    }
}

fn examine(store: &Store, told: &Told, shown: &[Shown]) -> Checked {
    let conn = store.connection();
    let sound: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    ensure(sound == "ok", Kind::Damaged, || sound)?;
    let mut entries: Vec<Entry> = Vec::new();
    let head = store.verify_journal(|signed| entries.push(signed.entry.clone()))?;
    ensure(head == store.head(), Kind::Wrong, || "the journal ends elsewhere".to_owned())?;
    lost_nothing(told, &Told::heads(store, 0, 0))?;
    for shown in shown {
        let is_it = |entry: &&Entry| (entry.epoch, entry.seq) == (shown.epoch, shown.entry);
        let found = entries.iter().find(is_it).map(|entry| &entry.body);
        let same =
            matches!(found, Some(Body::Redeemed(redeemed)) if redeemed.voucher == shown.voucher);
        ensure(same, Kind::Lost, || format!("{:?} {:?} was shown", shown.epoch, shown.entry))?;
    }
    ensure(!store.identity().forked, Kind::Lost, || "what was acknowledged".to_owned())?;
    queue_is_of(&entries, store)?;
    let books = Books::of(&entries, store.zone()).pop().unwrap_or_default();
    let difference = books.difference(&Books::read(conn)?);
    ensure(difference.is_none(), Kind::Wrong, || difference.clone().unwrap_or_default())
}
