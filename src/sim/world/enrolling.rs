//! How devices become terminals, start, stop, and become terminals again.

use super::{
    machine::Machine,
    running::{Due, World},
    till::{Copy, Standing, Till},
};
use crate::{
    domain::{
        crypto::PublicKey,
        enrol::{EnrolmentCode, EnrolmentRequest, Grant},
        id::{Epoch, TerminalId},
    },
    sim::{
        faults::{Fault, Mistake},
        model::{Kept, Promise, broken, must},
    },
    store::StoreError,
    terminal::engine::{Engine, Event},
};

impl World {
    /// A new device at a place; its number.
    pub fn add_till(&mut self, place: usize) -> Result<usize, crate::sim::model::Broken> {
        let at = self.new_device(place);
        let code = self.office.code(self.shape.tills[place], None);
        match code {
            Ok(code) => self.enrol(at, &code)?,
            Err(error) if self.platform_up => {
                return broken(Promise::Robust, format!("no enrolment code: {error}"));
            }
            Err(_) => self.tills[at].standing = Standing::Gone,
        }
        Ok(at)
    }

    /// A device without a name at the platform.
    pub fn new_device(&mut self, place: usize) -> usize {
        let number = self.tills.len() as u64;
        let branch = self.shape.tills[place];
        let seed = super::Dice::new(self.seed, super::shape::stream::KEYS + number).bytes();
        let merchant = self.shape.branches[branch];
        self.tills.push(Till::new(self.seed, number, (branch, merchant), Machine::new(seed)));
        self.tills.len() - 1
    }

    /// A device is enrolled with a code, and its program starts.
    pub fn enrol(&mut self, at: usize, code: &EnrolmentCode) -> Kept {
        let key = self.tills[at].machine.key();
        let granted = self.ask_grant(&key, code);
        let Some((grant, bundle)) = granted else {
            let excused = !self.platform_up || self.office.is_troubled();
            must(excused, Promise::Enrolment, || format!("device {at} got no grant"))?;
            self.tills[at].standing = Standing::Gone;
            return self.platform_may_have_failed();
        };
        self.take_grant(at, code, (grant, bundle))
    }

    /// What the platform answers to a device that asks to be enrolled.
    pub fn ask_grant(
        &self,
        key: &crate::domain::crypto::SecretKey,
        code: &EnrolmentCode,
    ) -> Option<(Grant, crate::domain::trust::TrustBundle)> {
        let software = "simulated".to_owned();
        let request = EnrolmentRequest { secret: code.secret, key: key.public(), software };
        let answer = self.office.enrol(&request.seal(key)).ok()?;
        let root: PublicKey = code.root;
        Grant::open(&answer, &root, &key.public()).ok()
    }

    /// Writes a grant down and starts the program.
    pub fn take_grant(
        &mut self,
        at: usize,
        code: &EnrolmentCode,
        (grant, bundle): (Grant, crate::domain::trust::TrustBundle),
    ) -> Kept {
        let now = self.tills[at].now(self.now).time;
        let done = self.tills[at].machine.enrol(code, (&grant, &bundle), now);
        match done {
            // A later life than a platform from an old backup knows goes on.
            Ok(store) => self.tills[at].name = (grant.terminal, store.identity().epoch),
            Err(StoreError::Unsent(_)) => return self.refuses_for_a_reason(at),
            Err(error) => return broken(Promise::Enrolment, format!("device {at}: {error}")),
        }
        let merchant = self.tills[at].merchant;
        self.first_bundles.entry(merchant).or_insert_with(|| grant.bundle.to_vec());
        self.boot(at)
    }

    /// A device keeps its name for the sake of an entry that nobody knew of: its disk had told that it was not
    /// written, and it was.
    fn refuses_for_a_reason(&mut self, at: usize) -> Kept {
        self.boot(at)?;
        let till = &self.tills[at];
        let runs = till.engine.as_ref().is_some_and(|engine| engine.store().is_some());
        must(!runs || till.diary.acked < till.diary.head.seq, Promise::Enrolment, || {
            format!("device {at} keeps its name for entries that were all sent")
        })
    }

    /// The program of a terminal starts.
    pub fn boot(&mut self, at: usize) -> Kept {
        if self.tills[at].engine.is_some() || self.tills[at].standing == Standing::Gone {
            return Ok(());
        }
        let now = self.tills[at].now(self.now);
        if self.makes(Mistake::BundleGoesBack) {
            self.take_old_bundle(at);
        }
        let till = &mut self.tills[at];
        till.life += 1;
        till.waiting.clear();
        let engine = Engine::open(till.machine.source(), till.random(), now);
        match engine {
            Ok(engine) => till.engine = Some(engine),
            Err(error) if till.machine.drive.is_troubled() => {
                tracing::debug!(%error, "a terminal did not start");
                till.machine.drive.mend();
                self.later(self.now + 60_000, Due::Boots(at));
                return Ok(());
            }
            Err(error) => {
                return broken(Promise::Robust, format!("terminal {at} does not start: {error}"));
            }
        }
        if self.power_failed(at) {
            return self.power_cut(at);
        }
        self.nothing_lost(at)?;
        self.stir(at);
        self.settle(at, Event::Tick)
    }

    /// After a start, everything that was shown or committed is there.
    fn nothing_lost(&mut self, at: usize) -> Kept {
        self.observe(at)?;
        self.lists(at)?;
        let till = &self.tills[at];
        let Some(store) = till.engine.as_ref().and_then(|engine| engine.store()) else {
            return Ok(());
        };
        let epoch = till.diary.head.epoch;
        let from = (epoch, crate::domain::id::Seq(till.diary.acked.0));
        for ((_, seq), hash) in till.diary.shown.range(from..).take(200) {
            let held = store.hash_at(*seq).ok().flatten();
            must(held == Some(*hash), Promise::Durable, || {
                format!("terminal {at} showed entry {seq} as accepted, and it is gone")
            })?;
        }
        Ok(())
    }

    /// The program of a terminal ends in an orderly way.
    pub fn switch_off(&mut self, at: usize) {
        let till = &mut self.tills[at];
        till.engine = None;
        till.life += 1;
        till.waiting.clear();
    }

    /// The program of a terminal is killed, and starts again some time later.
    pub fn kill(&mut self, at: usize, wait: u64) -> Kept {
        // Whatever the program would have done at its end stays undone.
        self.tills[at].machine.drive.orphan();
        self.switch_off(at);
        self.later(self.now + wait, Due::Boots(at));
        Ok(())
    }

    /// Keeps a copy of a disk now and then, to go on from later.
    pub fn remember(&mut self, at: usize) {
        if self.tills[at].cashier.chance(150) {
            let till = &mut self.tills[at];
            let image = till.machine.drive.image();
            till.copy = Some(Copy { image, diary: till.diary.clone() });
        }
    }

    /// The device is lost with its disk, or revoked; another goes on under its number, as which nobody else may be enrolled.
    pub fn replace(&mut self, at: usize, place: usize) -> Kept {
        let (terminal, _) = self.tills[at].name;
        for other in 0..self.tills.len() {
            let till = &self.tills[other];
            if other == at || (till.name.0 == terminal && till.standing == Standing::Honest) {
                self.give_up(other);
            }
        }
        let next = self.new_device(place);
        let Ok(code) = self.office.code(self.shape.tills[place], Some(terminal)) else {
            self.tills[next].standing = Standing::Gone;
            return Ok(());
        };
        self.places[place] = vec![next];
        self.enrol(next, &code)
    }

    /// A device is gone: what it had not sent is lost with it.
    pub fn give_up(&mut self, at: usize) {
        self.switch_off(at);
        let till = &mut self.tills[at];
        till.standing = Standing::Gone;
        let from = (till.diary.head.epoch, till.diary.acked.next());
        let unsent: Vec<_> =
            till.diary.taken.range(from..).map(|(_, row)| row.voucher.clone()).collect();
        for voucher in unsent {
            if let Some(truth) = self.model.truth(&voucher) {
                truth.lost = true;
            }
        }
    }

    /// Two devices use one code: the first becomes the terminal, the second nothing.
    pub fn use_twice(&mut self, place: usize) -> Kept {
        self.count(Fault::CodeUsedTwice);
        let Ok(code) = self.office.code(self.shape.tills[place], None) else { return Ok(()) };
        let (first, second) = (self.new_device(place), self.new_device(place));
        let keys = [first, second].map(|at| self.tills[at].machine.key());
        let one = self.ask_grant(&keys[0], &code);
        let two = self.ask_grant(&keys[1], &code);
        let both = one.is_some() && two.is_some();
        must(!both, Promise::Enrolment, || "one code made two terminals".to_owned())?;
        for at in [first, second] {
            self.tills[at].standing = Standing::Gone;
        }
        // Where the platform's disk failed at the first, the second has the code for itself.
        let one = one.map(|granted| (first, granted));
        let Some((at, granted)) = one.or(two.map(|granted| (second, granted))) else {
            return self.platform_may_have_failed();
        };
        self.tills[at].standing = Standing::Honest;
        self.places[place].push(at);
        self.take_grant(at, &code, granted)
    }

    /// The answer to an enrolment is lost; asked again, the platform says the same.
    pub fn lose_grant(&mut self, place: usize) -> Kept {
        self.count(Fault::GrantLost);
        let Ok(code) = self.office.code(self.shape.tills[place], None) else { return Ok(()) };
        let at = self.new_device(place);
        let key = self.tills[at].machine.key();
        let first = self.ask_grant(&key, &code).map(|(grant, _)| name(&grant));
        let again = self.ask_grant(&key, &code);
        let Some(granted) = again else {
            self.tills[at].standing = Standing::Gone;
            return Ok(());
        };
        // The first answer may be one of a disk that failed.
        let same = first.is_none_or(|first| first == name(&granted.0));
        must(same, Promise::Enrolment, || "the repeated grant is another".to_owned())?;
        self.places[place].push(at);
        self.take_grant(at, &code, granted)
    }

    /// The device is enrolled again in its own folder, once all it wrote was sent.
    pub fn enrol_again(&mut self, at: usize) -> Kept {
        let (terminal, _) = self.tills[at].name;
        let all = self.tills[at].diary.acked == self.tills[at].diary.head.seq;
        if !all || !self.platform_up || self.tills[at].standing != Standing::Honest {
            return Ok(());
        }
        self.count(Fault::EnrolledAgain);
        let Ok(code) = self.office.code(self.tills[at].branch, Some(terminal)) else {
            return Ok(());
        };
        self.switch_off(at);
        self.tills[at].machine.drive.mend();
        let key = self.tills[at].machine.key();
        let Some(granted) = self.ask_grant(&key, &code) else {
            self.later(self.now + 5_000, Due::Boots(at));
            return Ok(());
        };
        self.tills[at].diary.lists.clear();
        self.take_grant(at, &code, granted)
    }
}

fn name(grant: &Grant) -> (TerminalId, Epoch) {
    (grant.terminal, grant.epoch)
}
