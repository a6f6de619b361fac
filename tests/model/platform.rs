//! What the platform does with a question. Intake, links and ledgers are the program's own functions; claims, leases and
//! conflicts are written down here a second time, from `PROTOCOL.md`.

use countersign::domain::{
    id::{Epoch, Seq, TerminalId},
    sync::{Intake, Ledger, LedgerUse, Mismatch, plan_intake},
    voucher::{Limit, Used},
};

use crate::{
    chain::{Chain, Said},
    config::Config,
    mistake::Mistake,
    state::{Answer, ClaimRow, Lease, LeaseState, Platform, Question, Request, Use},
};

pub(crate) const ONE: Used = Used::new(1, 100);

impl Platform {
    /// Answers a question, in one transaction.
    pub(crate) fn answer(&mut self, config: &Config, (number, request): (u8, Request)) -> Answer {
        let owner = (number, request.epoch);
        match request.body {
            Question::Push { after, upto } => self.push(config, owner, (after, upto)),
            _other if self.epochs[usize::from(number)] != request.epoch => Answer::Told,
            Question::Claim { voucher, own, since, used_here, lease } => {
                if self.knows(config, owner, (voucher, own, since)) {
                    self.claim(config, (owner, lease), (voucher, own.len(), used_here))
                } else {
                    Answer::Told
                }
            }
            Question::Pull { held } => self.pull(owner, held),
        }
    }

    fn push(&mut self, config: &Config, owner: (u8, u8), (after, upto): (u8, Chain)) -> Answer {
        let held = self.log(owner);
        let new = match plan(config, owner, (held, after, upto)) {
            Ok(new) => new,
            Err(Mismatch::Gap) => return Answer::Gap { head: held },
            Err(Mismatch::Fork | Mismatch::Epoch) => return Answer::Fork,
        };
        if config.mistake == Some(Mistake::BookedAgain) {
            for seq in after + 1..=upto.len().min(held.len()) {
                self.book(config, owner, (seq, upto.at(seq)));
            }
        }
        for seq in new {
            self.log_mut(owner).push(upto.byte(seq));
            self.book(config, owner, (seq, upto.at(seq)));
        }
        let head = self.log(owner);
        let any = config.mistake == Some(Mistake::ClaimReleasedByAnyPush);
        self.claims.retain(|row| row.owner != owner || (row.after >= head.len() && !any));
        Answer::Ack { head, conflicts: self.conflicts }
    }

    /// Lets an entry take effect.
    fn book(&mut self, config: &Config, owner: (u8, u8), (seq, said): (u8, Said)) {
        match said {
            Said::Redeemed { voucher, lease, .. } => {
                let exceeds = self.ledger_of(voucher).would_exceed(config.limit(), ONE);
                if exceeds && config.mistake != Some(Mistake::ConflictNotNoted) {
                    self.conflicts |= 1 << voucher;
                }
                self.ledger.push(Use { owner, seq, voucher, lease });
            }
            Said::RolledBack { of } => {
                self.ledger.retain(|row| (row.owner, row.seq) != (owner, of));
            }
            Said::LeaseEnded => {
                if let Some(lease) = self.lease.as_mut().filter(|lease| lease.owner == owner) {
                    lease.state = LeaseState::Ended;
                }
            }
            Said::Refused | Said::Opened => {}
        }
    }

    fn claim(
        &mut self,
        config: &Config,
        (owner, lease): ((u8, u8), bool),
        (voucher, after, used_here): (u8, u8, u8),
    ) -> Answer {
        let ledger = self.ledger_of(voucher);
        let (terminal, epoch) = (TerminalId(owner.0.into()), Epoch(owner.1.into()));
        let mut others = ledger.used_elsewhere(terminal).plus(ledger.used_before(terminal, epoch));
        if config.mistake != Some(Mistake::ClaimGrantedToTwo) {
            let open =
                self.claims.iter().filter(|row| row.voucher == voucher && row.owner != owner);
            others = open.fold(others, |sum, row| sum.plus(times(row.used)));
        }
        if config.mistake != Some(Mistake::LeaseNotCounted) {
            others = others.plus(times(self.lent(config, voucher, Some(owner))));
        }
        let mut wanted = others.plus(times(used_here + 1));
        // What the device holds and would not take this from, it may use beside it; alone it knows when to stop.
        let beside = !lease && !others.is_nothing();
        if beside && config.mistake != Some(Mistake::OwnLeaseNotCounted) {
            let own = self.lent(config, voucher, None) - self.lent(config, voucher, Some(owner));
            wanted = wanted.plus(times(own));
        }
        if config.limit().is_exceeded_by(wanted) {
            return Answer::Refused;
        }
        let held = self.ledger.iter().filter(|row| row.owner == owner && row.voucher == voucher);
        let used = used_here.saturating_sub(held.count() as u8) + 1;
        let same_device = config.mistake != Some(Mistake::ClaimOfPredecessorReplaced);
        let own = |row: &ClaimRow| {
            row.owner.0 == owner.0
                && (row.owner.1 == owner.1 || !same_device)
                && row.voucher == voucher
        };
        self.claims.retain(|row| !own(row));
        self.claims.push(ClaimRow { voucher, owner, after, used });
        self.claims.sort_unstable();
        Answer::Granted
    }

    /// Whether a question comes from the journal that is held, and is the last one about its voucher.
    fn knows(
        &self,
        config: &Config,
        owner: (u8, u8),
        (voucher, own, since): (u8, Chain, u8),
    ) -> bool {
        let held = self.log(owner);
        let stale = own.len() < held.len() && config.mistake != Some(Mistake::StaleClaimTaken);
        let other = held.len() < since || !own.starts_with(held.prefix(own.len()));
        let other = other && config.mistake != Some(Mistake::ClaimWithoutHash);
        let later =
            |row: &ClaimRow| row.owner == owner && row.voucher == voucher && row.after > own.len();
        let late =
            self.claims.iter().any(later) && config.mistake != Some(Mistake::LateClaimReplaces);
        !stale && !other && !late
    }

    fn pull(&self, owner: (u8, u8), held: bool) -> Answer {
        let own = self.lease.filter(|lease| lease.owner == owner);
        let own = own.filter(|lease| lease.state != LeaseState::Ended);
        let over = own.is_some_and(|lease| lease.over || lease.state == LeaseState::Ending);
        Answer::Pulled {
            lease: own.filter(|_| !held).map(|_| over),
            ended: held && (over || own.is_none()),
            conflicts: self.conflicts,
        }
    }

    /// What is lent of a voucher, but for the device that asks.
    pub(crate) fn lent(&self, config: &Config, voucher: u8, but: Option<(u8, u8)>) -> u8 {
        let Some(Lease { owner, state, over }) = self.lease else {
            return 0;
        };
        let over = over && config.mistake == Some(Mistake::LeaseEndedByClock);
        let holds = state != LeaseState::Ended && !over && voucher == 0 && Some(owner) != but;
        let taken = self.ledger.iter().any(|row| row.lease && row.owner == owner);
        u8::from(holds && !taken)
    }

    /// Lends one use of voucher 0 to the first terminal.
    pub(crate) fn lend(&mut self) {
        let owner = (0, self.epochs[0]);
        self.lease = Some(Lease { owner, state: LeaseState::Open, over: false });
    }

    /// A voucher's ledger as the program's type.
    pub(crate) fn ledger_of(&self, voucher: u8) -> Ledger {
        let rows = self.ledger.iter().filter(|row| row.voucher == voucher);
        let uses = rows.map(|row| LedgerUse {
            terminal: TerminalId(row.owner.0.into()),
            epoch: Epoch(row.owner.1.into()),
            seq: Seq(row.seq.into()),
            used: ONE,
        });
        Ledger { uses: uses.collect() }
    }

    fn log_mut(&mut self, (number, epoch): (u8, u8)) -> &mut Chain {
        &mut self.logs[usize::from(number)][usize::from(epoch) - 1]
    }
}

/// The positions of a run that are new, as the program plans it.
fn plan(
    config: &Config,
    owner: (u8, u8),
    (held, after, upto): (Chain, u8, Chain),
) -> Result<Vec<u8>, Mismatch> {
    if config.mistake == Some(Mistake::RunWithoutHash) {
        let gap = after > held.len();
        return if gap { Err(Mismatch::Gap) } else { Ok((held.len() + 1..=upto.len()).collect()) };
    }
    let run = (after + 1..=upto.len()).map(|position| upto.signed(owner, position)).collect();
    let hash_at = |seq: Seq| {
        let position = u8::try_from(seq.0).unwrap();
        (position <= held.len()).then(|| held.prefix(position).hash())
    };
    match plan_intake(held.head(owner.1), hash_at, upto.prefix(after).head(owner.1), run) {
        Intake::Store(new) => {
            Ok(new.iter().map(|signed| u8::try_from(signed.entry.seq.0).unwrap()).collect())
        }
        Intake::Mismatch(kind) => Err(kind),
    }
}

fn times(uses: u8) -> Used {
    Used::new(uses.into(), i64::from(uses) * 100)
}

impl Config {
    /// What every voucher may be consumed up to.
    pub(crate) fn limit(&self) -> Limit {
        Limit::Uses(self.uses.into())
    }
}
