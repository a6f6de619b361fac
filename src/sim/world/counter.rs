//! Cashiers: they answer what the screen asks, put several vouchers on a bill, take redemptions back, and open and close.

use super::{
    dice::Dice,
    office::PIN,
    running::{Due, World},
    till::Standing,
};
use crate::{
    domain::{
        journal::Body,
        redeem::{Part, Wanted},
        scan::EntryMethod,
        voucher::{Lines, Terms},
    },
    sim::{faults::Fault, model::Kept},
    terminal::{
        command::{Command, UndoReason},
        engine::Event,
        outcome::{Outcome, State},
    },
};

impl World {
    /// A terminal at a place that can be used; of a copied one either.
    pub fn till_at(&mut self, place: usize, dice: &mut Dice) -> Option<usize> {
        let usable = |at: &&usize| {
            let till = &self.tills[**at];
            till.engine.is_some() && till.standing != Standing::Gone
        };
        let usable: Vec<usize> = self.places[place].iter().filter(usable).copied().collect();
        if usable.is_empty() { None } else { Some(dice.pick(&usable)) }
    }

    /// A shop opens.
    pub fn opens(&mut self, place: usize) -> Kept {
        for at in self.places[place].clone() {
            if self.tills[at].standing == Standing::Gone {
                continue;
            }
            if self.tills[at].engine.is_none() {
                self.boot(at)?;
            }
            self.stir(at);
            self.settle(at, Event::Command(Command::SyncNow))?;
            self.remember(at);
        }
        Ok(())
    }

    /// A shop closes; some switch the terminal off.
    pub fn closes(&mut self, place: usize) -> Kept {
        for at in self.places[place].clone() {
            self.stir(at);
            self.settle(at, Event::Command(Command::Dismiss))?;
            if self.tills[at].cashier.chance(250) {
                self.switch_off(at);
            }
        }
        Ok(())
    }

    /// What the cashier does about what is on the screen.
    pub fn cashier_sees(&mut self, at: usize, outcome: &Outcome) {
        let life = self.tills[at].life;
        let wait = 1_500 + self.tills[at].cashier.below(6_000);
        let command = match &outcome.state {
            State::NeedsInput(wanted) => {
                if std::mem::take(&mut self.tills[at].abandon) {
                    self.count(Fault::Abandoned);
                    return;
                }
                self.reply(at, *wanted, outcome)
            }
            State::Accepted(_)
            | State::Together(_)
            | State::Refused
            | State::CannotCheck
            | State::NotAVoucher
            | State::RolledBack(_) => Command::Dismiss,
        };
        self.tills[at].awake_until = self.now + wait + 5_000;
        self.later(self.now + wait, Due::Does { till: at, life, command });
    }

    fn reply(&mut self, at: usize, wanted: Wanted, outcome: &Outcome) -> Command {
        let dice = &mut self.tills[at].cashier;
        if dice.chance(60) {
            return Command::Dismiss;
        }
        match wanted {
            Wanted::Bill => Command::Answer(format!("{}.50", dice.between(1, 120))),
            Wanted::Amount => Command::Answer(format!("{}.00", dice.between(1, 60))),
            Wanted::Uses => Command::Answer(dice.between(1, 4).to_string()),
            Wanted::Lines => {
                let most = outcome.voucher.as_ref().map(|claims| &claims.terms);
                let Some(Terms::PickUp { lines, .. }) = most else { return Command::Dismiss };
                let some = |line: &crate::domain::voucher::OrderLine| {
                    dice.below(u64::from(line.count) + 1) as u16
                };
                Command::Pieces(lines.iter().map(some).collect())
            }
            Wanted::Product | Wanted::Confirmation | Wanted::HandedOver => {
                Command::Say(dice.chance(900))
            }
            Wanted::Approval if dice.chance(120) => Command::Answer(PIN.to_owned()),
            Wanted::Approval => Command::Dismiss,
        }
    }

    /// Several vouchers on one bill.
    pub fn bill(&mut self, place: usize, pockets: &[u32], dice: &mut Dice) -> Kept {
        let Some(at) = self.till_at(place, dice) else { return Ok(()) };
        self.stir(at);
        self.tills[at].awake_until = self.now + 30_000;
        for command in [Command::Dismiss, Command::Dismiss, Command::OpenBill] {
            self.settle(at, Event::Command(command))?;
        }
        let sum = Command::Answer(format!("{}.00", dice.between(5, 150)));
        self.settle(at, Event::Command(sum))?;
        let life = self.tills[at].life;
        let mut when = self.now;
        for pocket in pockets {
            let key = self.model.pockets.get(pocket);
            let text = key.and_then(|key| Some(self.model.vouchers.get(key)?.text.clone()));
            if let Some(text) = text {
                when += 3_000;
                self.figures.scans += 1;
                let command = Command::Scan { text, method: EntryMethod::Camera };
                self.later(when, Due::Does { till: at, life, command });
            }
        }
        self.later(when + 2_000, Due::Does { till: at, life, command: Command::ConfirmBill });
        Ok(())
    }

    /// A redemption of the last ones is taken back, wholly or in part.
    pub fn takes_back(&mut self, place: usize, dice: &mut Dice) -> Kept {
        let Some(at) = self.till_at(place, dice) else { return Ok(()) };
        self.stir(at);
        let Some(store) = self.tills[at].engine.as_ref().and_then(|engine| engine.store()) else {
            return Ok(());
        };
        let rows = store.recent(12).unwrap_or_default();
        let mut redemptions = rows.iter().filter_map(|row| match &row.entry.body {
            Body::Redeemed(redeemed) => Some((row.entry.seq.0, redeemed.used)),
            _other => None,
        });
        let Some((entry, used)) = redemptions.nth(dice.place(3)) else { return Ok(()) };
        let reason = dice.pick(&UndoReason::ALL);
        let part = match dice.below(8) {
            0 => Part::Uses(1),
            1 => Part::Amount(used.minor / 2),
            2 => Part::Lines(Lines::from_slice(&[1]).unwrap_or(Lines::NONE)),
            _ => Part::All,
        };
        self.settle(at, Event::Command(Command::Dismiss))?;
        let command = if part == Part::All && dice.chance(500) {
            Command::Undo { entry, reason }
        } else {
            Command::RollBack { entry, reason, part }
        };
        self.settle(at, Event::Command(command))
    }
}
