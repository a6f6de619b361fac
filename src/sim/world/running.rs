//! The loop of a world: what is due next happens, and then everything that must hold is looked at.

use std::collections::BTreeMap;

use super::{
    dice::Dice,
    office::Office,
    plan::{Item, What},
    shape::{START, Shape, stream},
    till::Till,
    wire::Wire,
};
use crate::{
    domain::redeem::Policy,
    net::TransportError,
    sim::{
        faults::{Fault, Mistake, Tally},
        model::{Broken, Kept, Model},
    },
    terminal::{Nonce, command::Command, engine::Event},
};

/// What is due at a time.
#[derive(Debug)]
pub enum Due {
    /// An item of the plan.
    Planned(usize),
    /// A question arrives at the platform.
    Arrives(super::wire::Letter),
    /// An answer arrives, or the time for it is over.
    Answered {
        /// At which terminal.
        till: usize,
        /// At which start of its program.
        life: u32,
        /// To which question.
        nonce: Nonce,
        /// What.
        result: Result<Vec<u8>, TransportError>,
    },
    /// The program of a terminal wants to be woken.
    Tick {
        /// Which terminal.
        till: usize,
        /// Which of its ticks.
        tick: u64,
    },
    /// The cashier does something.
    Does {
        /// At which terminal.
        till: usize,
        /// At which start of its program.
        life: u32,
        /// What.
        command: Command,
    },
    /// The program of a terminal starts.
    Boots(usize),
    /// The platform's program starts.
    PlatformBoots,
    /// The disk of a terminal is well again.
    Mended(usize),
    /// Somebody sets the clock of a terminal right.
    SetsClock(usize),
    /// A revoked terminal at a place is replaced.
    Replaced(usize, usize),
}

/// What came of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The promise that was broken.
    pub broken: Option<Broken>,
    /// How many things happened.
    pub steps: u64,
    /// When it ended, in milliseconds.
    pub ended: u64,
    /// A fingerprint of everything that happened.
    pub trace: u64,
    /// Faults by kind.
    pub faults: Tally,
    /// Figures for the report.
    pub figures: Figures,
}

/// Figures for the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Terminal-days.
    pub till_days: u64,
    /// Scans.
    pub scans: u64,
    /// Acceptances that were seen.
    pub accepted: u64,
    /// Of these, without the platform.
    pub offline: u64,
    /// Entries that were written.
    pub entries: u64,
    /// Messages that reached the platform.
    pub messages: u64,
    /// Vouchers of which more was handed out than there is.
    pub doubles: u64,
    /// Of these, with an entry that was lost with its device or wiped by an old copy.
    pub doubles_lost: u64,
    /// Reports at the platform.
    pub found: u64,
    /// Doubles that no report tells of although all entries are there.
    pub missed: u64,
    /// Whether the platform kept things on a disk.
    pub on_disk: u64,
}

/// A world.
pub struct World {
    /// Its seed.
    pub seed: u64,
    /// What it looks like.
    pub shape: Shape,
    /// What terminals are told about each campaign.
    pub policies: Vec<Policy>,
    /// What happens when.
    pub items: Vec<Item>,
    /// The time, in milliseconds.
    pub now: u64,
    /// The platform.
    pub office: Office,
    /// The terminals.
    pub tills: Vec<Till>,
    /// Which terminals stand at each place of the shape.
    pub places: Vec<Vec<usize>>,
    /// The network.
    pub wire: Wire,
    /// What must hold.
    pub model: Model,
    /// Faults by kind.
    pub faults: Tally,
    /// Figures for the report.
    pub figures: Figures,
    /// The rule that is left out.
    pub mistake: Option<Mistake>,
    /// How far the platform's clock is ahead, in seconds.
    pub platform_ahead: i64,
    /// Whether the platform's program runs.
    pub platform_up: bool,
    /// Dishonest terminals.
    pub crooks: Vec<super::crook::Crook>,
    /// The hashes of tokens that nobody may accept.
    pub forgeries: std::collections::BTreeSet<crate::domain::id::Hash>,
    /// Live codes that somebody copied.
    pub copies: BTreeMap<u32, String>,
    /// A backup of the platform, with what it must hold.
    pub backup: Option<(crate::sim::disk::Image, crate::sim::model::AtPlatform)>,
    /// The first bundle of each merchant, as somebody kept it.
    pub first_bundles: BTreeMap<usize, Vec<u8>>,
    pub(super) trace: Trace,
    queue: BTreeMap<(u64, u64), Due>,
    serial: u64,
    steps: u64,
}

/// A fingerprint of what happened: FNV-1a.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace(u64);

impl Default for Trace {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Trace {
    /// Takes bytes in.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl World {
    /// A world before its first day.
    pub fn new(seed: u64, shape: Shape, items: Vec<Item>, mistake: Option<Mistake>) -> Self {
        let office = Office::open(seed, &shape);
        let mut world = Self {
            seed,
            policies: shape.campaigns.iter().map(|terms| terms.policy.clone()).collect(),
            now: 0,
            office,
            tills: Vec::new(),
            places: Vec::new(),
            wire: Wire::new(Dice::new(seed, stream::WIRE)),
            model: Model::new(),
            faults: Tally::default(),
            figures: Figures { till_days: shape.till_days(), ..Figures::default() },
            mistake,
            platform_ahead: 0,
            platform_up: true,
            crooks: Vec::new(),
            forgeries: std::collections::BTreeSet::new(),
            copies: BTreeMap::new(),
            backup: None,
            first_bundles: BTreeMap::new(),
            trace: Trace::default(),
            queue: BTreeMap::new(),
            serial: 0,
            steps: 0,
            shape,
            items,
        };
        world.figures.on_disk = u64::from(world.shape.on_disk);
        for at in 0..world.items.len() {
            world.later(world.items[at].at, Due::Planned(at));
        }
        world
    }

    /// Lives through all of it.
    pub fn run(mut self) -> Outcome {
        let kept = self.set_up().and_then(|()| self.live()).and_then(|()| self.calm_down());
        self.figures.found = self.model.ledger.found;
        Outcome {
            broken: kept.err(),
            steps: self.steps,
            ended: self.now,
            trace: self.trace.0,
            faults: self.faults,
            figures: self.figures,
        }
    }

    fn set_up(&mut self) -> Kept {
        for place in 0..self.shape.tills.len() {
            let till = self.add_till(place)?;
            self.places.push(vec![till]);
        }
        Ok(())
    }

    fn live(&mut self) -> Kept {
        while let Some(((at, _), due)) = self.queue.pop_first() {
            self.step(at, due)?;
        }
        Ok(())
    }

    /// Goes on until nothing is due before a time.
    pub fn live_until(&mut self, end: u64) -> Kept {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), due) = entry.remove_entry();
            self.step(at, due)?;
        }
        self.now = self.now.max(end);
        Ok(())
    }

    fn step(&mut self, at: u64, due: Due) -> Kept {
        self.now = self.now.max(at);
        self.steps += 1;
        self.office.set_clock(self.platform_time());
        self.trace.note(&self.now.to_le_bytes());
        match due {
            Due::Planned(item) => self.planned(item),
            Due::Arrives(letter) => self.arrives(letter),
            Due::Answered { till, life, nonce, result } => self.answered(till, life, nonce, result),
            Due::Tick { till, tick } => self.tick(till, tick),
            Due::Does { till, life, command } => self.does(till, life, command),
            Due::Boots(till) => self.boot(till),
            Due::PlatformBoots => self.platform_boots(),
            Due::Mended(till) => {
                self.tills[till].machine.drive.mend();
                Ok(())
            }
            Due::SetsClock(till) => {
                self.sets_clock(till);
                Ok(())
            }
            Due::Replaced(till, place) => self.replace(till, place),
        }
    }

    fn planned(&mut self, at: usize) -> Kept {
        let item = self.items[at].clone();
        let mut dice = Dice::new(self.seed, stream::ITEMS + item.number);
        match item.what {
            What::Open(place) => self.opens(place),
            What::Close(place) => self.closes(place),
            What::Buy { pocket, campaign } => self.buys(pocket, campaign, &mut dice),
            What::Show { till, pocket, manner } => self.shows(till, pocket, manner, &mut dice),
            What::Bill { till, pockets } => self.bill(till, &pockets, &mut dice),
            What::TakeBack(place) => self.takes_back(place, &mut dice),
            What::Errand(errand) => self.errand(errand, &mut dice),
            What::Weather { till, fault, permille, span } => {
                self.wire.weather(self.now, (till, fault, permille, span), dice);
                Ok(())
            }
            What::Blow(place, fault) => self.blow(place, fault, &mut dice),
            What::PlatformBlow(fault) => self.platform_blow(fault, &mut dice),
            What::Crook(trick, pocket) => self.crook(trick, pocket, &mut dice),
        }
    }

    /// Lets something happen at a time.
    pub fn later(&mut self, at: u64, due: Due) {
        self.serial += 1;
        self.queue.insert((at, self.serial), due);
    }

    /// The platform's clock.
    pub fn platform_time(&self) -> crate::domain::time::Timestamp {
        START.plus((self.now / 1000) as i64 + self.platform_ahead)
    }

    /// Counts a fault.
    pub fn count(&mut self, fault: Fault) {
        self.faults.count(fault);
    }

    fn tick(&mut self, till: usize, tick: u64) -> Kept {
        if self.tills[till].tick == tick {
            self.settle(till, Event::Tick)?;
        }
        Ok(())
    }

    fn does(&mut self, till: usize, life: u32, command: Command) -> Kept {
        if self.tills[till].life == life {
            self.settle(till, Event::Command(command))?;
        }
        Ok(())
    }

    /// The end of the plan was reached; nothing that was planned is due any more.
    pub fn drop_plan(&mut self) {
        self.queue.retain(|_, due| !matches!(due, Due::Planned(_)));
    }
}
