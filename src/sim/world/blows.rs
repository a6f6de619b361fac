//! What befalls terminals and the platform, all at once.

use super::{
    dice::Dice,
    plan::Manner,
    running::{Due, World},
    till::{Standing, Till},
};
use crate::{
    domain::id::Seq,
    sim::{faults::Fault, model::Kept},
    terminal::{
        command::{Command, UndoReason},
        engine::Event,
    },
};

const HOUR_MS: i64 = 3_600_000;

impl World {
    /// Something befalls a terminal.
    pub fn blow(&mut self, place: usize, fault: Fault, dice: &mut Dice) -> Kept {
        use Fault as F;
        match fault {
            F::CodeUsedTwice => return self.use_twice(place),
            F::GrantLost => return self.lose_grant(place),
            _other => {}
        }
        let Some(at) = self.till_at(place, dice) else { return Ok(()) };
        match fault {
            F::ClockDrift | F::ClockForward | F::ClockBack | F::DeadBattery | F::Suspended => {
                self.clock_blow(at, fault, dice);
                Ok(())
            }
            F::Killed | F::QuitMidQuestion | F::KilledUnseen | F::Abandoned => {
                self.program_blow(at, place, fault, dice)
            }
            F::PowerCut | F::WriteError | F::ReadError | F::SyncError | F::DiskFull => {
                self.disk_blow(at, fault, dice);
                Ok(())
            }
            F::TerminalRestored => {
                self.restore(at);
                Ok(())
            }
            F::TerminalCloned | F::TerminalLost | F::TerminalRevoked => {
                self.device_blow(at, place, fault)
            }
            F::EnrolledAgain => self.enrol_again(at),
            F::WrongPin | F::ClaimLeftOpen | F::RollbackAbuse | F::HarvestedCode => {
                self.cashier_blow(at, place, fault, dice)
            }
            _other => Ok(()),
        }
    }

    fn clock_blow(&mut self, at: usize, fault: Fault, dice: &mut Dice) {
        self.count(fault);
        let clock = &mut self.tills[at].clock;
        match fault {
            Fault::ClockDrift => clock.drift_ppm = dice.between(-300, 300),
            Fault::ClockForward => clock.ahead_ms += dice.pick(&[60_000, HOUR_MS, 7 * HOUR_MS]),
            Fault::ClockBack => {
                clock.ahead_ms -= dice.pick(&[60_000, HOUR_MS, 30 * HOUR_MS, 400 * 24 * HOUR_MS]);
            }
            Fault::DeadBattery => clock.ahead_ms = -1_795_000_000_000,
            _suspended => clock.sleeps = !clock.sleeps,
        }
        if dice.chance(600) {
            // Somebody sets it right, some hours later.
            let when = self.now + dice.below(20 * HOUR_MS as u64);
            self.later(when, Due::SetsClock(at));
        }
    }

    /// Somebody sets a clock right.
    pub fn sets_clock(&mut self, at: usize) {
        let clock = &mut self.tills[at].clock;
        (clock.ahead_ms, clock.drift_ppm) = (0, 0);
    }

    fn program_blow(&mut self, at: usize, place: usize, fault: Fault, dice: &mut Dice) -> Kept {
        match fault {
            Fault::KilledUnseen => self.tills[at].kill_unseen = true,
            Fault::Abandoned => self.tills[at].abandon = true,
            Fault::QuitMidQuestion => {
                self.count(fault);
                let pocket = dice.below(self.model.pockets.len() as u64 + 1) as u32;
                self.shows(place, pocket, Manner::Plain, dice)?;
                return self.kill(at, 15_000);
            }
            _killed => {
                self.count(fault);
                return self.kill(at, dice.below(600_000));
            }
        }
        Ok(())
    }

    fn disk_blow(&mut self, at: usize, fault: Fault, dice: &mut Dice) {
        self.count(fault);
        self.tills[at].machine.drive.trouble(fault, dice);
        if fault == Fault::DiskFull {
            // Somebody frees some space.
            self.later(self.now + 2 * HOUR_MS as u64, Due::Mended(at));
        }
    }

    fn device_blow(&mut self, at: usize, place: usize, fault: Fault) -> Kept {
        match fault {
            Fault::TerminalLost => {
                self.count(fault);
                self.replace(at, place)
            }
            Fault::TerminalRevoked => {
                if self.office.platform.revoke_terminal(self.tills[at].name.0).is_ok() {
                    self.count(fault);
                    self.tills[at].standing = Standing::Revoked;
                    self.later(self.now + 6 * HOUR_MS as u64, Due::Replaced(at, place));
                }
                Ok(())
            }
            _cloned => self.clone_device(at, place),
        }
    }

    /// A terminal goes on from an old copy of its disk.
    fn restore(&mut self, at: usize) {
        let Some(copy) = self.tills[at].copy.take() else { return };
        let same_epoch = copy.diary.head.epoch == self.tills[at].diary.head.epoch;
        if !same_epoch || copy.diary.head == self.tills[at].diary.head {
            return;
        }
        self.count(Fault::TerminalRestored);
        self.switch_off(at);
        self.wipe(at, &copy.diary);
        let till = &mut self.tills[at];
        till.machine.drive.restore(copy.image);
        till.diary = copy.diary;
        till.standing = Standing::Disturbed;
        self.later(self.now + 30_000, Due::Boots(at));
    }

    /// What stands in the journal that is thrown away and not in the copy: some of it the platform never sees.
    fn wipe(&mut self, at: usize, kept: &crate::sim::model::Diary) {
        let diary = &self.tills[at].diary;
        let gone = diary.taken.range((kept.head.epoch, kept.head.seq.next())..);
        let gone: Vec<_> =
            gone.map(|((_, seq), row)| (row.voucher.clone(), *seq > diary.acked)).collect();
        for (voucher, unsent) in gone {
            if let Some(truth) = self.model.truth(&voucher) {
                truth.tainted = true;
                truth.lost |= unsent;
            }
        }
        self.no_longer_sends(at, kept.head.seq);
    }

    /// A terminal never sends its redemptions of the present epoch after a position again.
    pub fn no_longer_sends(&mut self, at: usize, after: Seq) {
        let till = &self.tills[at];
        let rows = till.diary.taken.range((till.diary.head.epoch, after.next())..);
        let rows = rows.filter_map(|((_, seq), row)| {
            let entry = till.diary.hashes.get(seq.0 as usize - 1)?;
            Some((*entry, (till.name.0, row.voucher.clone())))
        });
        self.model.unrepeated.extend(rows);
    }

    /// A terminal's disk is copied, and both go on.
    fn clone_device(&mut self, at: usize, place: usize) -> Kept {
        self.count(Fault::TerminalCloned);
        let twin = self.new_device(place);
        let machine = self.tills[at].machine.twin();
        let (name, diary) = (self.tills[at].name, self.tills[at].diary.clone());
        self.tills[at].standing = Standing::Disturbed;
        let device: &mut Till = &mut self.tills[twin];
        (device.machine, device.name, device.diary) = (machine, name, diary);
        device.standing = Standing::Disturbed;
        self.places[place].push(twin);
        self.boot(twin)
    }

    fn cashier_blow(&mut self, at: usize, place: usize, fault: Fault, dice: &mut Dice) -> Kept {
        match fault {
            Fault::WrongPin => {
                self.count(fault);
                self.stir(at);
                self.settle(at, Event::Command(Command::Answer("0000".to_owned())))
            }
            Fault::ClaimLeftOpen => self.claim_left_open(at, place, dice),
            Fault::HarvestedCode => {
                self.count(fault);
                let pocket = dice.below(self.model.pockets.len() as u64 + 1) as u32;
                self.shows(place, pocket, Manner::Copy, dice)
            }
            _abuse => self.abuse(at, dice),
        }
    }

    /// A claim goes out, and the program is gone before the answer comes.
    fn claim_left_open(&mut self, at: usize, place: usize, dice: &mut Dice) -> Kept {
        self.count(Fault::ClaimLeftOpen);
        let pocket = self.model.pockets.keys().next_back().copied().unwrap_or(0);
        self.shows(place, pocket, Manner::Plain, dice)?;
        self.kill(at, 120_000)
    }

    /// Takes back a redemption whose goods were handed over.
    fn abuse(&mut self, at: usize, dice: &mut Dice) -> Kept {
        let diary = &self.tills[at].diary;
        let present = diary.head.epoch;
        let last = diary.taken.keys().next_back().filter(|(epoch, _)| *epoch == present);
        let Some(entry) = last.map(|(_, seq)| seq.0) else { return Ok(()) };
        self.count(Fault::RollbackAbuse);
        let reason = dice.pick(&UndoReason::ALL);
        self.stir(at);
        let part = crate::domain::redeem::Part::All;
        self.settle(at, Event::Command(Command::RollBack { entry, reason, part }))
    }

    /// Something befalls the platform.
    pub fn platform_blow(&mut self, fault: Fault, dice: &mut Dice) -> Kept {
        match fault {
            Fault::KeyWithdrawn => {
                self.count(fault);
                self.withdraw();
            }
            Fault::PlatformClockForward => {
                self.count(fault);
                self.platform_ahead += dice.pick(&[30, 600, 2_000]);
            }
            Fault::PlatformClockBack => {
                self.count(fault);
                self.model.platform_clock_sane = false;
                self.platform_ahead -= dice.pick(&[30, 600, 20_000]);
            }
            Fault::PlatformRestarted if self.shape.on_disk => {
                self.count(fault);
                self.platform_stops(dice.below(120_000));
            }
            Fault::PlatformRestored => self.restore_platform(dice),
            Fault::PlatformPowerCut | Fault::PlatformDiskError
                if self.office.trouble(fault, dice) =>
            {
                self.count(fault);
            }
            _other => {}
        }
        Ok(())
    }

    /// The platform goes on from a backup of some days ago; the first time that is planned, the backup is made.
    fn restore_platform(&mut self, dice: &mut Dice) {
        let Some(today) = self.office.image() else { return };
        let Some((old, model)) = self.backup.replace((today, self.model.at_platform())) else {
            return;
        };
        self.backup = None;
        self.count(Fault::PlatformRestored);
        self.office.restore(old);
        self.model.platform_goes_back(model);
        self.platform_stops(dice.below(600_000));
    }

    /// The platform's program ends, and starts again later.
    pub fn platform_stops(&mut self, wait: u64) {
        self.platform_up = false;
        self.office.stop();
        self.later(self.now + wait, Due::PlatformBoots);
    }

    /// The platform's program starts.
    pub fn platform_boots(&mut self) -> Kept {
        if self.office.start() {
            self.platform_up = true;
            return self.look_again();
        }
        self.later(self.now + 60_000, Due::PlatformBoots);
        Ok(())
    }

    /// What a platform that was cut off in the middle holds: a commit that nobody heard of may be there.
    pub fn look_again(&mut self) -> Kept {
        let journals: Vec<_> = self.tills.iter().map(|till| till.name).collect();
        let journals = journals.into_iter().chain(self.crooks.iter().map(|crook| crook.name));
        for journal in journals.collect::<Vec<_>>() {
            self.pushed(journal)?;
        }
        Ok(())
    }

    /// Whether the power of the platform failed within the last message.
    pub fn platform_failed(&self) -> bool {
        self.office.power_failed()
    }

    /// The power of the platform is cut.
    pub fn platform_power_cut(&mut self) -> Kept {
        self.office.cut();
        self.platform_stops(60_000);
        Ok(())
    }

    /// After an administrator's act: the platform's power may have failed within it.
    pub fn platform_may_have_failed(&mut self) -> Kept {
        if self.platform_failed() { self.platform_power_cut() } else { Ok(()) }
    }

    /// Whether the power of a terminal failed within the last event.
    pub fn power_failed(&self, at: usize) -> bool {
        self.tills[at].machine.drive.died()
    }

    /// The power of a terminal is cut: whatever was not synced may be gone.
    pub fn power_cut(&mut self, at: usize) -> Kept {
        let till = &mut self.tills[at];
        till.machine.drive.cut(&mut till.cashier);
        self.switch_off(at);
        self.later(self.now + 45_000, Due::Boots(at));
        Ok(())
    }
}
