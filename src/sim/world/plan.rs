//! What happens when: the days of a world as a list of items, each with chance of its own, so that any of them can be
//! left out and the others stay as they are.

use super::{
    dice::Dice,
    shape::{DAY_MS, Shape, stream},
};
use crate::sim::faults::Fault;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Milliseconds since the world began.
    pub at: u64,
    /// Its number, which is also its stream of chance.
    pub number: u64,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A shop opens: the terminal is switched on and exchanges what there is.
    Open(usize),
    /// A shop closes.
    Close(usize),
    /// A customer buys a voucher of a campaign.
    Buy {
        /// Where the customer keeps it.
        pocket: u32,
        /// Which campaign.
        campaign: usize,
    },
    /// A voucher is shown.
    Show {
        /// At which terminal.
        till: usize,
        /// Whose.
        pocket: u32,
        /// How.
        manner: Manner,
    },
    /// Several vouchers are put on one bill.
    Bill {
        /// At which terminal.
        till: usize,
        /// Whose.
        pockets: Vec<u32>,
    },
    /// The cashier takes a redemption back.
    TakeBack(usize),
    /// The administrator does something.
    Errand(Errand),
    /// Messages suffer for a while.
    Weather {
        /// Whose; none for everybody's.
        till: Option<usize>,
        /// From what.
        fault: Fault,
        /// How many of a thousand.
        permille: u64,
        /// For how long, in milliseconds.
        span: u64,
    },
    /// Something befalls a terminal.
    Blow(usize, Fault),
    /// Something befalls the platform.
    PlatformBlow(Fault),
    /// A dishonest terminal sends something.
    Crook(Fault, u32),
}

/// How a voucher is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should be.
    Plain,
    /// Once more, after it was shown before.
    Copy,
    /// To two readers at once.
    TwoReaders,
    /// By its short code.
    Typed,
    /// As it was shown some minutes ago.
    Stale,
    /// With a bit flipped.
    Flipped,
    /// Signed by a stranger.
    Forged,
    /// Minted with a stolen key.
    Stolen,
    /// While another voucher is being asked about.
    Hurried,
}

/// What an administrator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Revokes the voucher in a pocket.
    Revoke(u32),
    /// Suspends it.
    Suspend(u32),
    /// Resumes it.
    Resume(u32),
    /// Loads more onto it.
    TopUp(u32),
    /// Suspends a campaign.
    SuspendCampaign(usize),
    /// Resumes it.
    ResumeCampaign(usize),
    /// Lends some of a quota to a terminal.
    Lend(usize),
    /// Lends a voucher to a terminal.
    LendVoucher(usize, u32),
    /// Wants a lease back.
    WantBack,
    /// Begins to sign with another key.
    RotateKey,
    /// Publishes something that changes nothing but the version of the bundles.
    Publish,
}

/// A plan in the making.
struct Draft<'a> {
    shape: &'a Shape,
    dice: Dice,
    items: Vec<Item>,
    next_pocket: u32,
    number: u64,
}

/// Everything that happens in a world, in the order of time.
pub fn plan(seed: u64, shape: &Shape) -> Vec<Item> {
    let dice = Dice::new(seed, stream::PLAN);
    let mut draft = Draft { shape, dice, items: Vec::new(), next_pocket: 0, number: 0 };
    for day in 0..shape.days {
        let midnight = day * DAY_MS;
        if !shape.long {
            draft.lively_day(midnight);
        } else if day % 7 < 5 {
            draft.day_of_a_year(midnight);
        }
    }
    draft.items.sort_by_key(|item| (item.at, item.number));
    draft.items
}

impl Draft<'_> {
    fn add(&mut self, at: u64, what: What) {
        self.number += 1;
        self.items.push(Item { at, number: self.number, what });
    }

    /// Most days the shops open, and hardly anybody comes.
    fn day_of_a_year(&mut self, midnight: u64) {
        if self.dice.chance(70) {
            return self.lively_day(midnight);
        }
        for till in 0..self.shape.tills.len() {
            self.opens(till, midnight);
        }
        if self.dice.chance(300) {
            let (till, at) = (self.any_till(), self.open_hours(midnight));
            self.customer(till, at);
        }
    }

    fn lively_day(&mut self, midnight: u64) {
        for till in 0..self.shape.tills.len() {
            self.opens(till, midnight);
            self.customers(till, midnight);
        }
        self.weather(midnight);
        self.errands(midnight);
        self.blows(midnight);
        self.rare_blows(midnight);
        self.platform_blows(midnight);
        self.crooks(midnight);
    }

    fn opens(&mut self, till: usize, midnight: u64) {
        let opens = midnight + hours(8) + self.dice.below(hours(1));
        self.add(opens, What::Open(till));
        self.add(midnight + hours(20), What::Close(till));
    }

    /// How often something comes on a lively day: as often as is said in a world that has few of them.
    fn times(&mut self, permille: u64, in_long_worlds: u64) -> u64 {
        if self.shape.long { in_long_worlds } else { u64::from(self.dice.chance(permille)) }
    }

    /// Some moment while the shops are open.
    fn open_hours(&mut self, midnight: u64) -> u64 {
        midnight + hours(9) + self.dice.below(hours(10))
    }

    fn any_till(&mut self) -> usize {
        self.dice.place(self.shape.tills.len())
    }

    /// A voucher of the last days, or one that is bought soon.
    fn recent_pocket(&mut self) -> u32 {
        let back = self.dice.below(60) as u32;
        self.next_pocket.saturating_sub(back)
    }

    fn customers(&mut self, till: usize, midnight: u64) {
        for _ in 0..self.shape.pace.div_ceil(3) {
            let arrives = self.open_hours(midnight);
            for guest in 0..self.dice.between(1, 3) as u64 {
                self.customer(till, arrives + guest * 9_000);
            }
        }
    }

    fn customer(&mut self, till: usize, at: u64) {
        let campaign = self.dice.place(self.shape.campaigns.len());
        let pocket = self.next_pocket;
        self.next_pocket += 1;
        let bought = at.saturating_sub(self.dice.below(hours(30)));
        self.add(bought, What::Buy { pocket, campaign });
        let manner = self.manner();
        match self.dice.below(14) {
            0 => {
                let pockets = vec![pocket, self.recent_pocket(), self.recent_pocket()];
                self.add(at, What::Bill { till, pockets });
            }
            1 | 2 => {
                let pocket = self.recent_pocket();
                self.add(at, What::Show { till, pocket, manner });
            }
            _ => self.add(at, What::Show { till, pocket, manner }),
        }
        if self.dice.chance(330) {
            self.copies(pocket, till, at);
        }
        if self.dice.chance(80) {
            let at = at + 20_000 + self.dice.below(120_000);
            self.add(at, What::TakeBack(till));
        }
    }

    /// The same voucher once more, here or elsewhere, soon or later.
    fn copies(&mut self, pocket: u32, till: usize, at: u64) {
        for _ in 0..self.dice.between(1, 2) {
            let other = if self.dice.chance(800) { self.any_till() } else { till };
            let wait = self.dice.pick(&[300, 2_500, 60_000, hours(1), hours(20), hours(50)]);
            let at = at + wait + self.dice.below(wait);
            self.add(at, What::Show { till: other, pocket, manner: Manner::Copy });
        }
    }

    fn manner(&mut self) -> Manner {
        match self.dice.below(60) {
            0 => Manner::TwoReaders,
            1..=4 => Manner::Typed,
            5 => Manner::Stale,
            6 => Manner::Flipped,
            7 => Manner::Forged,
            8 => Manner::Stolen,
            9 | 10 => Manner::Hurried,
            _ => Manner::Plain,
        }
    }

    fn weather(&mut self, midnight: u64) {
        use Fault as F;
        let gentle = [
            (F::RequestLost, 120),
            (F::AnswerLost, 120),
            (F::RequestDelayed, 200),
            (F::AnswerDelayed, 200),
            (F::Duplicated, 250),
            (F::Reordered, 400),
            (F::GarbageAnswer, 80),
            (F::TruncatedAnswer, 80),
            (F::FlippedAnswer, 80),
            (F::FlippedRequest, 80),
            (F::OldAnswer, 80),
            (F::OldRequest, 200),
            (F::RefusedBusy, 150),
            (F::FailedAfterwards, 100),
            (F::RefusedLater, 100),
            (F::RefusedForGood, 60),
        ];
        for till in 0..self.shape.tills.len() {
            for _ in 0..2 {
                let (fault, permille) = self.dice.pick(&gentle);
                let span = hours(1) + self.dice.below(hours(12));
                let at = self.open_hours(midnight);
                self.add(at, What::Weather { till: Some(till), fault, permille, span });
            }
            if self.dice.chance(280) {
                let span = hours(1) + self.dice.below(hours(30));
                let (at, fault) = (self.open_hours(midnight), F::OneCutOff);
                self.add(at, What::Weather { till: Some(till), fault, permille: 1000, span });
            }
        }
        if self.dice.chance(120) {
            let fault = self.dice.pick(&[F::AllCutOff, F::PlatformDown]);
            let span = hours(1) + self.dice.below(hours(20));
            let at = self.open_hours(midnight);
            self.add(at, What::Weather { till: None, fault, permille: 1000, span });
        }
    }

    fn errands(&mut self, midnight: u64) {
        for _ in 0..4 {
            let at = self.open_hours(midnight);
            let errand = self.errand();
            self.add(at, What::Errand(errand));
        }
    }

    fn errand(&mut self) -> Errand {
        let campaign = self.dice.place(self.shape.campaigns.len());
        let (till, pocket) = (self.any_till(), self.recent_pocket());
        match self.dice.below(22) {
            0..=3 => Errand::Revoke(pocket),
            4 | 5 => Errand::Suspend(pocket),
            6 | 7 => Errand::Resume(pocket),
            8..=10 => Errand::TopUp(pocket),
            11 => Errand::SuspendCampaign(campaign),
            12 => Errand::ResumeCampaign(campaign),
            13..=15 => Errand::Lend(till),
            16..=18 => Errand::LendVoucher(till, pocket),
            19 => Errand::WantBack,
            20 => Errand::RotateKey,
            _ => Errand::Publish,
        }
    }

    fn blows(&mut self, midnight: u64) {
        use Fault as F;
        let common = [
            F::ClockDrift,
            F::ClockForward,
            F::ClockBack,
            F::DeadBattery,
            F::Suspended,
            F::PowerCut,
            F::PowerCut,
            F::Killed,
            F::KilledUnseen,
            F::WriteError,
            F::ReadError,
            F::SyncError,
            F::DiskFull,
            F::QuitMidQuestion,
            F::WrongPin,
            F::ClaimLeftOpen,
            F::RollbackAbuse,
            F::HarvestedCode,
            F::Abandoned,
        ];
        for till in 0..self.shape.tills.len() {
            if self.dice.chance(450) {
                let (at, fault) = (self.open_hours(midnight), self.dice.pick(&common));
                self.add(at, What::Blow(till, fault));
            }
        }
    }

    fn rare_blows(&mut self, midnight: u64) {
        use Fault as F;
        let rare = [
            F::TerminalRestored,
            F::TerminalCloned,
            F::TerminalLost,
            F::EnrolledAgain,
            F::CodeUsedTwice,
            F::GrantLost,
            F::TerminalRevoked,
        ];
        for _ in 0..self.times(100, 2) {
            let (at, till) = (self.open_hours(midnight), self.any_till());
            let fault = self.dice.pick(&rare);
            self.add(at, What::Blow(till, fault));
        }
    }

    fn platform_blows(&mut self, midnight: u64) {
        use Fault as F;
        let platform = [
            F::PlatformPowerCut,
            F::PlatformPowerCut,
            F::PlatformDiskError,
            F::PlatformRestarted,
            F::PlatformClockForward,
            F::PlatformClockBack,
            F::KeyWithdrawn,
            F::PlatformRestored,
            F::PlatformRestored,
        ];
        for _ in 0..self.times(350, 3) {
            let (at, fault) = (self.open_hours(midnight), self.dice.pick(&platform));
            if fault != F::PlatformRestored || self.shape.old_backups {
                self.add(at, What::PlatformBlow(fault));
            }
        }
    }

    fn crooks(&mut self, midnight: u64) {
        use Fault as F;
        let tricks = [
            F::CrookOverLimit,
            F::CrookReturn,
            F::CrookBranch,
            F::CrookLease,
            F::CrookFuture,
            F::CrookFork,
            F::CrookFork,
            F::CrookNegative,
        ];
        for _ in 0..self.times(400, 8) {
            let (at, trick) = (self.open_hours(midnight), self.dice.pick(&tricks));
            let pocket = self.recent_pocket();
            self.add(at, What::Crook(trick, pocket));
        }
    }
}

fn hours(count: u64) -> u64 {
    count * 3_600_000
}
