//! What must hold in every state, and what must be possible although nobody likes it.

use stateright::Property;

use crate::{
    chain::{Chain, Said},
    config::{Config, Mode},
    settle::is_settled,
    state::{State, Till, Use},
};

pub(crate) const SHOWN: &str = "I1 what a cashier saw accepted is in the journal";
pub(crate) const ONCE_HERE: &str = "I2 one store accepts a voucher as often as it allows";
pub(crate) const GIVEN_BACK: &str = "I4 a redemption is given back once";
pub(crate) const PREFIX: &str =
    "I11 what the platform holds is the beginning of a journal of that device";
pub(crate) const EXACTLY_ONCE: &str = "I12 every entry takes effect exactly once";
pub(crate) const HELD: &str = "I13 what is acknowledged is held";
pub(crate) const QUEUE: &str = "I14 what was acknowledged is never unsent again";
pub(crate) const SAME: &str =
    "I15 an honest terminal with nothing to send and the platform hold the same";
pub(crate) const CONFLICT: &str = "I16 a use beyond the limit is noted";
pub(crate) const NO_FALSE_CONFLICT: &str = "I16 nothing else is noted as a conflict";
pub(crate) const FROZEN: &str = "I17 a store that heard of its fork writes nothing more";
pub(crate) const NO_FALSE_FORK: &str = "I17 only a store that was set back or copied is stopped";
pub(crate) const STRICT: &str =
    "I22 what needs the platform's word is accepted as often as it allows";
pub(crate) const WORD: &str = "C1 with the platform's word no voucher is accepted beyond its limit";
pub(crate) const ASIDE: &str =
    "C2 what was accepted with the platform's word stays set aside until it is booked";
pub(crate) const KNOWN: &str = "C3 the platform's word is given only to the journal it knows";
pub(crate) const NOT_STALE: &str = "C4 nothing is set aside that no entry would release";
pub(crate) const NO_IS_NO: &str = "C5 nothing is accepted on the platform's no";
pub(crate) const LENT: &str = "L leases never let more be accepted than is allowed";
pub(crate) const EPOCH: &str = "E an epoch is one device's";
pub(crate) const QUIET: &str = "Q when faults cease everything arrives and everybody is told";

/// All that must hold, and all that must be reachable in this world.
pub(crate) fn properties(config: &Config) -> Vec<Property<Config>> {
    let mut all = always();
    all.extend(reachable(config));
    all
}

fn always() -> Vec<Property<Config>> {
    let each = Property::<Config>::always;
    vec![
        each(SHOWN, |_, state| {
            state.tills.iter().all(|till| till.seen.shown <= till.redemptions())
        }),
        each(ONCE_HERE, |config, state| state.tills.iter().all(|till| is_within(config, till))),
        each(GIVEN_BACK, |_, state| state.tills.iter().all(|till| gives_back_once(till.journal))),
        each(PREFIX, |_, state| is_prefix(state)),
        each(EXACTLY_ONCE, |_, state| is_booked_once(state)),
        each(HELD, |_, state| is_held(state)),
        each(QUEUE, |_, state| state.tills.iter().all(|till| till.acked >= till.seen.peak)),
        each(SAME, |_, state| is_same(state)),
        each(CONFLICT, |config, state| {
            (0..config.vouchers).all(|of| !is_exceeded(config, state, of) || is_noted(state, of))
        }),
        each(NO_FALSE_CONFLICT, |config, state| {
            let gross = |of| state.logs().map(|(_, log)| redeemed(log, of)).sum::<u8>();
            (0..config.vouchers).all(|of| !is_noted(state, of) || gross(of) > config.uses)
        }),
        each(FROZEN, |_, state| {
            let mut tills = state.tills.iter();
            tills.all(|till| till.seen.frozen.is_none_or(|frozen| frozen == till.journal))
        }),
        each(NO_FALSE_FORK, |_, state| {
            state
                .tills
                .iter()
                .all(|till| !till.forked || state.ghost.tampered & (1 << till.number) > 0)
        }),
        each(STRICT, |config, state| {
            config.mode != Mode::Never || is_excused(state) || accepted(config, state)
        }),
        each(WORD, |config, state| {
            let most = state.ghost.word.iter().max().copied().unwrap_or(0);
            is_excused(state) || most <= config.uses
        }),
        each(ASIDE, |config, state| state.tills.iter().all(|till| is_aside(config, state, till))),
        each(KNOWN, |_, state| !state.ghost.blind_grant),
        each(NOT_STALE, |_, state| {
            let platform = &state.platform;
            platform.claims.iter().all(|row| row.after >= platform.log(row.owner).len())
        }),
        each(NO_IS_NO, |_, state| !state.tills.iter().any(|till| till.seen.defied)),
        each(LENT, |config, state| {
            let excused = is_excused(state) || state.ghost.tampered > 0;
            config.mode != Mode::Leased || excused || accepted(config, state)
        }),
        each(EPOCH, |_, state| state.ghost.given.iter().flatten().all(|times| *times <= 1)),
        each(QUIET, is_settled),
    ]
}

fn reachable(config: &Config) -> Vec<Property<Config>> {
    let each = Property::<Config>::sometimes;
    let tampers = config.restore || config.clone;
    let honest = !tampers && !config.platform_restore && config.stores == 2;
    let mut all: Vec<Property<Config>> = Vec::new();
    if honest && config.mode == Mode::Limited {
        all.push(each(
            "N1 two honest terminals accept the same voucher without a network",
            |config, state| is_exceeded(config, state, 0),
        ));
    }
    if honest && config.mode == Mode::Limited && config.pulls {
        all.push(each("a conflict is told to both", |_, state| {
            state.tills.iter().all(|till| till.told & 1 > 0)
        }));
    }
    if config.restore && !config.renew {
        all.push(each("N2 what was never sent is erased, and nobody can know", |_, state| {
            let quiet = |till: &Till| till.running.greeted && !till.forked && till.unsent() == 0;
            state.ghost.erased && state.tills.iter().all(quiet)
        }));
    }
    if tampers {
        all.push(each("a fork is found by the platform", |_, state| state.ghost.fork_told));
        all.push(each("a fork is found by the terminal", |_, state| {
            state.tills.iter().any(|till| till.forked)
        }));
    }
    if config.asks > 0 {
        all.push(each("a voucher is accepted with the platform's word", |_, state| {
            state.ghost.word[0] > 0
        }));
    }
    if config.lease {
        all.push(each("a lease is used", |_, state| {
            state.platform.ledger.iter().any(|row| row.lease)
        }));
        all.push(each("a lease is given back", |_, state| {
            state.logs().any(|(_, log)| log.entries().any(|(_, said)| said == Said::LeaseEnded))
        }));
    }
    if config.renew || config.replace {
        all.push(each("the next epoch arrives", |_, state| state.platform.log((0, 2)).len() > 0));
    }
    all
}

/// Two stores of one device, and a platform that forgot: nobody can keep a promise for them.
fn is_excused(state: &State) -> bool {
    state.ghost.cloned || state.ghost.platform_restored
}

fn accepted(config: &Config, state: &State) -> bool {
    state.ghost.accepted.iter().all(|times| *times <= config.uses)
}

fn is_within(config: &Config, till: &Till) -> bool {
    (0..config.vouchers).all(|voucher| till.used(voucher) <= config.uses)
}

fn gives_back_once(journal: Chain) -> bool {
    journal.entries().all(|(position, said)| match said {
        Said::RolledBack { .. } => {
            !journal.prefix(position - 1).entries().any(|(_, other)| other == said)
        }
        _other => true,
    })
}

fn is_prefix(state: &State) -> bool {
    state
        .logs()
        .all(|(owner, log)| log.len() == 0 || state.journals(owner).any(|own| own.starts_with(log)))
}

/// The ledger is what the journals that arrived say, counted anew.
fn is_booked_once(state: &State) -> bool {
    let mut counted = 0;
    for (owner, log) in state.logs() {
        for voucher in 0..2 {
            for (seq, _) in log.standing(voucher) {
                let same = |row: &&Use| (row.owner, row.seq, row.voucher) == (owner, seq, voucher);
                if state.platform.ledger.iter().filter(same).count() != 1 {
                    return false;
                }
                counted += 1;
            }
        }
    }
    counted == state.platform.ledger.len()
}

fn is_held(state: &State) -> bool {
    let held =
        |till: &Till| state.platform.log(till.owner()).starts_with(till.journal.prefix(till.acked));
    state.ghost.platform_restored || state.tills.iter().all(held)
}

fn is_same(state: &State) -> bool {
    let same = |till: &Till| {
        let honest = state.ghost.tampered & (1 << till.number) == 0;
        !honest || till.unsent() > 0 || state.platform.log(till.owner()) == till.journal
    };
    state.ghost.platform_restored || state.tills.iter().all(same)
}

fn is_exceeded(config: &Config, state: &State, voucher: u8) -> bool {
    config.limit().is_exceeded_by(state.platform.ledger_of(voucher).used())
}

fn is_noted(state: &State, voucher: u8) -> bool {
    state.platform.conflicts & (1 << voucher) > 0
}

fn redeemed(log: Chain, voucher: u8) -> u8 {
    let own = |(_, said): &(u8, Said)| matches!(said, Said::Redeemed { voucher: of, .. } if *of == voucher);
    log.entries().filter(own).count() as u8
}

/// What a store accepted with the platform's word and has not delivered is set aside, as long as its journal is the one
/// that the platform knows.
fn is_aside(config: &Config, state: &State, till: &Till) -> bool {
    let log = state.platform.log(till.owner());
    if is_excused(state) || !till.journal.starts_with(log) {
        return true;
    }
    (0..config.vouchers).all(|voucher| {
        let open = till.journal.standing(voucher).filter(|(seq, word)| *word && *seq > log.len());
        let open = open.count() as u8;
        let aside = state.platform.claims.iter();
        let mut aside = aside.filter(|row| row.owner == till.owner() && row.voucher == voucher);
        open == 0 || aside.any(|row| row.used >= open)
    })
}

impl State {
    fn logs(&self) -> impl Iterator<Item = ((u8, u8), Chain)> {
        let owners = [(0, 1), (0, 2), (1, 1), (1, 2)];
        owners.into_iter().map(|owner| (owner, self.platform.log(owner)))
    }

    /// All journals that a terminal ever wrote in an epoch.
    fn journals(&self, owner: (u8, u8)) -> impl Iterator<Item = Chain> {
        let lost = self.ghost.lost.iter().filter(move |(of, _)| *of == owner).map(|(_, own)| *own);
        let own =
            self.tills.iter().filter(move |till| till.owner() == owner).map(|till| till.journal);
        let before = (owner.0, owner.1 + 1);
        let earlier = self.tills.iter().filter(move |till| till.owner() == before);
        own.chain(earlier.map(|till| till.earlier)).chain(lost)
    }
}
