//! The end of a world: nothing goes wrong any more, everything arrives, and the sums are compared.

use std::collections::BTreeSet;

use super::{
    running::World,
    shape::DAY_MS,
    till::{Clocks, Standing},
};
use crate::{
    domain::{journal::SignedEntry, scan::EntryMethod, sync::ConflictNotice, time::Timestamp},
    platform::service::Span,
    sim::model::{Kept, Promise, must},
    terminal::{command::Command, engine::Event},
};

/// Rounds after which everything must have arrived.
const ROUNDS: u32 = 12;

impl World {
    /// Ends all faults, lets everything arrive, and compares what must hold in the end.
    pub fn calm_down(&mut self) -> Kept {
        self.drop_plan();
        self.wire.clear_up();
        self.now += DAY_MS / 8;
        self.live_until(self.now)?;
        self.mend()?;
        if self.model.platform_forgot {
            // After a backup was brought back the terminals are started anew: each then tells what the platform lacks.
            (0..self.tills.len()).for_each(|at| self.switch_off(at));
        }
        for round in 0..ROUNDS {
            for at in 0..self.tills.len() {
                if self.tills[at].standing == Standing::Gone {
                    continue;
                }
                self.boot(at)?;
                self.stir(at);
                self.settle(at, Event::Command(Command::Dismiss))?;
                if round == 0 {
                    // A store that failed is opened again at the next scan.
                    let (text, method) = ("4006381333931".to_owned(), EntryMethod::Serial);
                    self.settle(at, Event::Command(Command::Scan { text, method }))?;
                    self.settle(at, Event::Command(Command::Dismiss))?;
                }
                self.settle(at, Event::Command(Command::SyncNow))?;
            }
            self.live_until(self.now + 90_000)?;
        }
        self.look_again()?;
        self.everything_arrived()?;
        self.doubles()?;
        self.everyone_was_told()?;
        self.sums()
    }

    fn mend(&mut self) -> Kept {
        for at in 0..self.tills.len() {
            self.tills[at].machine.drive.mend();
            self.tills[at].clock = Clocks { ahead_ms: 0, drift_ppm: 0, ..self.tills[at].clock };
        }
        self.office.mend();
        if !self.platform_up {
            self.platform_boots()?;
        }
        self.platform_ahead = self.platform_ahead.max(0);
        Ok(())
    }

    /// Whatever an honest terminal wrote has arrived, and it has what is newest; others say what is wrong with them.
    fn everything_arrived(&mut self) -> Kept {
        let bundles = self.bundles();
        for at in 0..self.tills.len() {
            self.lists(at)?;
            let till = &self.tills[at];
            if till.standing == Standing::Gone {
                continue;
            }
            let Some(engine) = &till.engine else {
                must(false, Promise::Liveness, || format!("terminal {at} does not run"))?;
                continue;
            };
            let frozen = engine.fault().is_some();
            let all = till.diary.acked == till.diary.head.seq;
            match till.standing {
                Standing::Honest if self.is_unknown(at) => {}
                Standing::Honest => {
                    let held = self.model.held.get(&till.name).map_or(0, Vec::len) as u64;
                    must(held == till.diary.head.seq.0, Promise::Liveness, || {
                        format!("the platform holds {held} entries of terminal {at}")
                    })?;
                    let newest = till.diary.bundle >= bundles[till.merchant];
                    must(!frozen && all && newest, Promise::Liveness, || {
                        format!(
                            "terminal {at} {:?}: acknowledged {:?} of {:?}, bundle {} of {:?}, fault {:?}",
                            till.name,
                            till.diary.acked,
                            till.diary.head.seq,
                            till.diary.bundle,
                            bundles,
                            engine.fault()
                        )
                    })?;
                }
                Standing::Disturbed => {
                    let own = till.diary.hashes.last();
                    let held = self.model.held.get(&till.name).and_then(|held| held.last());
                    must(frozen || own == held || self.is_shut_out(at), Promise::Fork, || {
                        format!("terminal {at} goes on with a journal of its own")
                    })?;
                }
                Standing::Revoked | Standing::Gone => {}
            }
        }
        self.lists_arrived()
    }

    /// Whether the platform went on from a backup in which there is no such terminal, or gave its number to another.
    fn is_unknown(&self, at: usize) -> bool {
        self.model.platform_forgot && self.is_shut_out(at)
    }

    /// Whether the platform refuses to talk with a terminal.
    fn is_shut_out(&self, at: usize) -> bool {
        let (terminal, epoch) = self.tills[at].name;
        let key = self.tills[at].machine.key().public();
        let welcome = self.office.look(|txn| {
            let row = txn.terminal_key(terminal, epoch).ok()??;
            let present = txn.terminal(terminal).ok()??.epoch;
            Some(row.key == key && !row.revoked && present == epoch)
        });
        welcome.flatten() != Some(true)
    }

    fn lists_arrived(&self) -> Kept {
        if self.model.platform_forgot {
            return Ok(());
        }
        let rows = self.office.look(|txn| txn.campaigns().unwrap_or_default()).unwrap_or_default();
        for (at, till) in self.tills.iter().enumerate() {
            if till.standing != Standing::Honest {
                continue;
            }
            for row in &rows {
                let held = till.diary.lists.get(&row.campaign.id);
                let newest = held.is_none_or(|(version, _)| *version == row.list_version);
                must(newest, Promise::Liveness, || {
                    format!(
                        "terminal {at} has list {held:?} of {:?}, not {}",
                        row.campaign.id, row.list_version
                    )
                })?;
            }
        }
        Ok(())
    }

    /// Every voucher of which more was handed out than there is was reported, as far as its entries exist.
    fn doubles(&mut self) -> Kept {
        let mut missed = Vec::new();
        let gone: BTreeSet<_> = self.model.gone().map(|(_, voucher)| voucher).collect();
        for (key, truth) in &self.model.vouchers {
            let doubled = truth.is_exceeded_by(truth.consumed);
            if !doubled {
                continue;
            }
            self.figures.doubles += 1;
            let unsent = truth.lost || gone.contains(key) || self.holds_back(key);
            if self.model.ledger.doubled.contains(key) {
                continue;
            }
            if unsent {
                self.figures.doubles_lost += 1;
            } else {
                missed.push((key.clone(), truth.consumed));
            }
        }
        self.figures.missed = missed.len() as u64;
        must(missed.is_empty(), Promise::Reported, || format!("doubles nobody reports: {missed:?}"))
    }

    /// Whether an entry about a voucher stays in a terminal that may not send it.
    fn holds_back(&self, key: &crate::domain::id::VoucherKey) -> bool {
        let stuck = |(at, till): (usize, &super::till::Till)| {
            let (unknown, mute) = (self.is_unknown(at), till.standing != Standing::Honest);
            // What a platform acknowledged and forgot, such a terminal does not send again.
            let forgotten = unknown || (mute && self.model.platform_forgot);
            (mute || unknown)
                && till.diary.taken.iter().any(|((epoch, seq), row)| {
                    let present = *epoch == till.diary.head.epoch;
                    let unsent = forgotten || (present && *seq > till.diary.acked);
                    unsent && row.voucher == *key
                })
        };
        self.tills.iter().enumerate().any(stuck)
    }

    /// Everyone concerned holds every report, with entries that were really signed.
    fn everyone_was_told(&self) -> Kept {
        if self.model.platform_forgot {
            return Ok(());
        }
        for (at, till) in self.tills.iter().enumerate() {
            if till.standing != Standing::Honest {
                continue;
            }
            let merchant = self.office.merchants[till.merchant];
            let rows = self.office.look(|txn| txn.conflicts(0, Some(merchant), 100_000).ok());
            let wanted: BTreeSet<u64> =
                rows.flatten().unwrap_or_default().iter().map(|row| row.id).collect();
            let store = till.engine.as_ref().and_then(|engine| engine.store());
            let notices = store.and_then(|store| store.conflicts().ok()).unwrap_or_default();
            let told: BTreeSet<u64> = notices.iter().map(|notice| notice.id).collect();
            must(wanted.is_subset(&told), Promise::Told, || {
                format!("terminal {at} was told of {told:?}, and not of {wanted:?}")
            })?;
            for notice in &notices {
                self.stands(notice)?;
            }
        }
        Ok(())
    }

    /// Evidence stands for itself: every entry is signed, and was written.
    fn stands(&self, notice: &ConflictNotice) -> Kept {
        for evidence in &notice.evidence {
            let signed = SignedEntry::open(&evidence.entry, &evidence.terminal_key);
            let known = signed.is_ok_and(|signed| self.model.written.contains_key(&signed.hash));
            must(known, Promise::Reported, || format!("evidence of {} is not signed", notice.id))?;
        }
        Ok(())
    }

    /// What cashiers, owners and settlement add up comes to the same.
    fn sums(&self) -> Kept {
        let taken = self.model.ledger.sums.values();
        let mine = taken.fold(0, |sum, (taken, back)| sum + taken - back);
        let span = Span { from: Timestamp(0), until: Timestamp(i64::MAX), grace_s: i64::MAX / 4 };
        let Ok(lines) = self.office.platform.settlement(&span) else { return Ok(()) };
        let settled =
            lines.iter().map(|line| i128::from(line.redeemed_minor - line.rolled_back_minor));
        let settled: i128 = settled.sum();
        must(settled == mine, Promise::Sums, || format!("settled {settled}, worked out {mine}"))?;
        let gone: BTreeSet<_> = self.model.gone().map(|(terminal, _)| terminal).collect();
        for (at, till) in self.tills.iter().enumerate() {
            let forgotten = self.is_unknown(at) || gone.contains(&till.name.0);
            if till.standing != Standing::Honest || forgotten {
                continue;
            }
            let here = self.cashier_sum(at)?;
            let names = self.model.ledger.sums.iter();
            let there = names.filter(|((terminal, _), _)| *terminal == till.name.0);
            let first = till.diary.taken.keys().next().map_or(till.name.1, |(epoch, _)| *epoch);
            let there = there.filter(|((_, epoch), _)| *epoch >= first);
            let there = there.fold(0, |sum, (_, (taken, back))| sum + taken - back);
            must(here == there, Promise::Sums, || {
                format!("terminal {at} has {here}, the platform {there}")
            })?;
        }
        Ok(())
    }

    /// The sum of a terminal's journal, every entry verified.
    fn cashier_sum(&self, at: usize) -> Result<i128, crate::sim::model::Broken> {
        let store = self.tills[at].engine.as_ref().and_then(|engine| engine.store());
        let Some(store) = store else { return Ok(0) };
        let mut entries = Vec::new();
        let verified = store.verify_journal(|signed| entries.push(signed.entry.clone()));
        must(verified.is_ok(), Promise::Durable, || format!("terminal {at}: {verified:?}"))?;
        let totals = crate::domain::journal::totals(&entries);
        Ok(totals.by_currency().values().sum())
    }
}
