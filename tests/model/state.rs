//! What the model remembers: two or three stores, the platform, what is under way, and what only the checker knows.

use crate::chain::{Chain, Said};

/// A terminal's store with the program that runs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Till {
    pub(crate) number: u8,
    pub(crate) epoch: u8,
    /// Tells the entries of a restored or cloned store from others.
    pub(crate) mark: u8,
    pub(crate) journal: Chain,
    /// The epoch before, where this store has it.
    pub(crate) earlier: Chain,
    pub(crate) acked: u8,
    pub(crate) forked: bool,
    pub(crate) lent: Lent,
    /// Vouchers of which a conflict was told, as bits.
    pub(crate) told: u8,
    pub(crate) running: Running,
    /// What was ever sent. Any of it can arrive at any time, as often as wanted, or never.
    pub(crate) sent: Vec<Request>,
    pub(crate) seen: Seen,
}

/// What is lost when the program ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Running {
    /// Whether the platform answered a push since the start.
    pub(crate) greeted: bool,
    /// Where to send from, when that is not the last acknowledged.
    pub(crate) from: Option<u8>,
    /// Messages that an answer is waited for, by their place among those sent.
    pub(crate) push: Option<u8>,
    pub(crate) pull: Option<u8>,
    pub(crate) ask: Option<u8>,
}

/// The lease as the store has it; it is worth one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lent {
    Nothing,
    Held,
    /// Over by the terminal's clock, and not yet given back.
    Over,
    Ended,
}

/// What only the checker knows of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    /// Redemptions whose verdict a cashier saw.
    pub(crate) shown: u8,
    /// The most that was acknowledged.
    pub(crate) peak: u8,
    /// The journal when the store heard of the fork.
    pub(crate) frozen: Option<Chain>,
    /// Whether something was accepted as answer to a no.
    pub(crate) defied: bool,
}

/// The platform's store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Platform {
    /// The current epoch of both terminals.
    pub(crate) epochs: [u8; 2],
    /// The journal of each terminal in each epoch.
    pub(crate) logs: [[Chain; 2]; 2],
    pub(crate) ledger: Vec<Use>,
    pub(crate) claims: Vec<ClaimRow>,
    pub(crate) lease: Option<Lease>,
    /// Vouchers of which a conflict was noted, as bits.
    pub(crate) conflicts: u8,
}

/// A row of a voucher's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Use {
    pub(crate) owner: (u8, u8),
    pub(crate) seq: u8,
    pub(crate) voucher: u8,
    pub(crate) lease: bool,
}

/// A use that is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClaimRow {
    pub(crate) voucher: u8,
    /// Terminal and epoch.
    pub(crate) owner: (u8, u8),
    pub(crate) after: u8,
    pub(crate) used: u8,
}

/// One use of voucher 0, lent to a terminal in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) owner: (u8, u8),
    pub(crate) state: LeaseState,
    /// Whether its time is over by the platform's clock.
    pub(crate) over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeaseState {
    Open,
    Ending,
    Ended,
}

/// A question that was sent, in an epoch. The same question sent twice is one: the platform sees no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Request {
    pub(crate) epoch: u8,
    pub(crate) body: Question,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// The run is what `upto` has after position `after`.
    Push { after: u8, upto: Chain },
    /// `own` is the journal at that moment; its hashes from position `since` on are sent along. Whether it would be taken
    /// from the lease is said too.
    Claim { voucher: u8, own: Chain, since: u8, used_here: u8, lease: bool },
    /// Whether the lease is held.
    Pull { held: bool },
}

/// An answer under way to a question that somebody still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Reply {
    pub(crate) slot: u8,
    /// Which question of that store, by its place among those sent.
    pub(crate) of: u8,
    pub(crate) body: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Ack {
        head: Chain,
        conflicts: u8,
    },
    Gap {
        head: Chain,
    },
    Fork,
    Granted,
    Refused,
    /// A problem document: the question is not answered at all.
    Told,
    Pulled {
        lease: Option<bool>,
        ended: bool,
        conflicts: u8,
    },
}

/// The whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) tills: Vec<Till>,
    pub(crate) platform: Platform,
    pub(crate) replies: Vec<Reply>,
    pub(crate) backup: Option<(u8, Box<Till>)>,
    pub(crate) platform_backup: Option<Box<Platform>>,
    pub(crate) ghost: Ghost,
}

/// What only the checker knows of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ghost {
    /// Acceptances of each voucher with the platform's word that were not taken back, wherever their entries are.
    pub(crate) word: [u8; 2],
    /// Acceptances of each voucher that were not taken back, wherever their entries are.
    pub(crate) accepted: [u8; 2],
    /// Journals that no store has any more, with terminal and epoch.
    pub(crate) lost: Vec<((u8, u8), Chain)>,
    /// Terminals of which a store was set back or copied, as bits.
    pub(crate) tampered: u8,
    /// Entries that were written and are nowhere: neither in a store nor at the platform nor under way.
    pub(crate) erased: bool,
    pub(crate) platform_restored: bool,
    pub(crate) restored: bool,
    pub(crate) cloned: bool,
    pub(crate) renewed: bool,
    pub(crate) blind_grant: bool,
    /// How often each epoch of each terminal was given to a device.
    pub(crate) given: [[u8; 2]; 2],
    /// Whether the platform answered that a journal forked.
    pub(crate) fork_told: bool,
}

impl Till {
    pub(crate) fn new(number: u8, epoch: u8) -> Self {
        Self {
            number,
            epoch,
            mark: 0,
            journal: Chain::default(),
            earlier: Chain::default(),
            acked: 0,
            forked: false,
            lent: Lent::Nothing,
            told: 0,
            running: Running::default(),
            sent: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub(crate) fn owner(&self) -> (u8, u8) {
        (self.number, self.epoch)
    }

    pub(crate) fn unsent(&self) -> u8 {
        self.journal.len().saturating_sub(self.acked)
    }

    /// What the current epoch consumed of a voucher.
    pub(crate) fn used_here(&self, voucher: u8) -> u8 {
        self.journal.standing(voucher).count() as u8
    }

    /// What all of the store's journal consumed of a voucher.
    pub(crate) fn used(&self, voucher: u8) -> u8 {
        self.used_here(voucher) + self.earlier.standing(voucher).count() as u8
    }

    /// Whether the lease has its use left.
    pub(crate) fn has_lease(&self) -> bool {
        let taken = |(_, said): (u8, Said)| matches!(said, Said::Redeemed { lease: true, .. });
        self.lent == Lent::Held && !self.journal.entries().any(taken)
    }

    /// Sends a question; its place among those sent.
    pub(crate) fn send(&mut self, body: Question) -> u8 {
        let request = Request { epoch: self.epoch, body };
        let known = self.sent.iter().position(|sent| *sent == request);
        let place = known.unwrap_or(self.sent.len());
        if known.is_none() {
            self.sent.push(request);
        }
        place as u8
    }

    /// How many questions of a kind were sent.
    pub(crate) fn count(&self, kind: impl Fn(&Question) -> bool) -> usize {
        self.sent.iter().filter(|request| kind(&request.body)).count()
    }

    pub(crate) fn redemptions(&self) -> u8 {
        let redeemed = |(_, said): &(u8, Said)| matches!(said, Said::Redeemed { .. });
        let all = self.journal.entries().chain(self.earlier.entries());
        all.filter(redeemed).count() as u8
    }
}

impl Platform {
    pub(crate) fn log(&self, (number, epoch): (u8, u8)) -> Chain {
        self.logs[usize::from(number)][usize::from(epoch) - 1]
    }
}

impl State {
    pub(crate) fn new() -> Self {
        let platform = Platform {
            epochs: [1, 1],
            logs: [[Chain::default(); 2]; 2],
            ledger: Vec::new(),
            claims: Vec::new(),
            lease: None,
            conflicts: 0,
        };
        let ghost = Ghost { given: [[1, 0], [1, 0]], ..Ghost::default() };
        Self {
            tills: vec![Till::new(0, 1), Till::new(1, 1)],
            platform,
            replies: Vec::new(),
            backup: None,
            platform_backup: None,
            ghost,
        }
    }

    pub(crate) fn till(&mut self, slot: u8) -> &mut Till {
        &mut self.tills[usize::from(slot)]
    }

    /// Nobody waits for these answers any more.
    pub(crate) fn forget(&mut self, slot: u8, of: Option<u8>) {
        self.replies.retain(|reply| reply.slot != slot || Some(reply.of) != of);
    }
}
