//! Who may ask how often. Whoever proved who they are has a budget of their own; who did not spends that of their address.
//!
//! Nobody can shut a terminal out by pretending to be it: what is not signed by its key costs the address it came from.
//! Where a terminal was heard from that address before, as behind the one address of a shop, even that is counted apart, so that
//! the tills of a shop do not stand for what a guest in its network does.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use super::{
    buckets::{Buckets, Millis, Rate},
    problem::Problem,
    sender::Sender,
};
use crate::domain::id::{Epoch, TerminalId, TokenId};

/// Most pairs of an address and who was heard from there.
const KNOWN_MAX: usize = 32_768;

/// Who asks, or says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// A terminal in one life of its journal.
    Terminal(TerminalId, Epoch),
    /// The owner of a token.
    Token(TokenId),
}

/// How often.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub(super) terminal: Rate,
    pub(super) token: Rate,
    pub(super) visit: Rate,
    pub(super) failure: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            // A till asks once a minute and once a voucher; one that comes back after weeks sends 500 entries at a time.
            terminal: Rate { burst: 300, each_ms: 50 },
            token: Rate { burst: 60, each_ms: 200 },
            // Thousands of phones may share one address, and each asks every ten minutes.
            visit: Rate { burst: 120, each_ms: 50 },
            failure: Rate { burst: 60, each_ms: 1_000 },
        }
    }
}

/// The gate before all work, with its clock.
#[derive(Debug)]
pub(super) struct Gate {
    books: Mutex<Books>,
    start: Instant,
}

impl Gate {
    pub(super) fn new(rates: &Rates) -> Self {
        Self { books: Mutex::new(Books::new(rates)), start: Instant::now() }
    }

    /// Lets somebody in who has yet to prove who they are.
    pub(super) fn admit(&self, sender: Sender, who: Option<Who>) -> Result<(), Problem> {
        let (books, now) = self.books();
        books.admit(sender, who, now).map_err(Problem::too_many)
    }

    /// Lets somebody in who has proved who they are.
    pub(super) fn admit_proven(&self, who: Who) -> Result<(), Problem> {
        let (books, now) = self.books();
        books.own_budget(who, now).map_or(Ok(()), |wait| Err(Problem::too_many(wait)))
    }

    /// Lets somebody in who asks for what anyone may.
    pub(super) fn visit(&self, sender: Sender) -> Result<(), Problem> {
        let (mut books, now) = self.books();
        books.visit(sender, now).map_err(Problem::too_many)
    }

    /// Somebody proved who they are: it costs their own budget.
    pub(super) fn proven(&self, sender: Sender, who: Who) {
        let (mut books, now) = self.books();
        books.proven(sender, who, now);
    }

    /// Somebody did not: it costs the address they ask from.
    pub(super) fn failed(&self, sender: Sender, who: Option<Who>) {
        let (mut books, now) = self.books();
        books.failed(sender, who, now);
    }

    fn books(&self) -> (MutexGuard<'_, Books>, Millis) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        (self.books.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

/// Who spent what, and who was heard from where. Errors are milliseconds to wait.
#[derive(Debug)]
struct Books {
    terminals: Buckets<Who>,
    tokens: Buckets<Who>,
    visits: Buckets<Sender>,
    failures: Buckets<(Sender, Option<Who>)>,
    /// When somebody was last proven to be at an address.
    known: BTreeMap<(Sender, Who), Millis>,
}

impl Books {
    fn new(rates: &Rates) -> Self {
        Self {
            terminals: Buckets::new(rates.terminal),
            tokens: Buckets::new(rates.token),
            visits: Buckets::new(rates.visit),
            failures: Buckets::new(rates.failure),
            known: BTreeMap::new(),
        }
    }

    fn admit(&self, sender: Sender, who: Option<Who>, now: Millis) -> Result<(), Millis> {
        let culprit = self.culprit(sender, who);
        let spent = self.failures.wait(&culprit, now);
        let own = who.and_then(|who| self.own_budget(who, now));
        spent.or(own).map_or(Ok(()), Err)
    }

    /// How long somebody must wait for their own sake.
    fn own_budget(&self, who: Who, now: Millis) -> Option<Millis> {
        match who {
            Who::Terminal(..) => self.terminals.wait(&who, now),
            Who::Token(_) => self.tokens.wait(&who, now),
        }
    }

    fn visit(&mut self, sender: Sender, now: Millis) -> Result<(), Millis> {
        if let Some(wait) = self.visits.wait(&sender, now) {
            return Err(wait);
        }
        self.visits.charge(&sender, 1, now);
        Ok(())
    }

    fn proven(&mut self, sender: Sender, who: Who, now: Millis) {
        match who {
            Who::Terminal(..) => self.terminals.charge(&who, 1, now),
            Who::Token(_) => self.tokens.charge(&who, 1, now),
        }
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&(sender, who)) {
            let oldest = self.known.iter().min_by_key(|(_, heard)| **heard);
            if let Some(pair) = oldest.map(|(pair, _)| *pair) {
                self.known.remove(&pair);
            }
        }
        self.known.insert((sender, who), now);
    }

    fn failed(&mut self, sender: Sender, who: Option<Who>, now: Millis) {
        let culprit = self.culprit(sender, who);
        self.failures.charge(&culprit, 1, now);
    }

    /// Whom a failure costs.
    fn culprit(&self, sender: Sender, who: Option<Who>) -> (Sender, Option<Who>) {
        (sender, who.filter(|who| self.known.contains_key(&(sender, *who))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILL: Who = Who::Terminal(TerminalId(3), Epoch(1));

    fn books() -> Books {
        let rate = |burst| Rate { burst, each_ms: 1_000 };
        Books::new(&Rates { terminal: rate(5), token: rate(5), visit: rate(2), failure: rate(3) })
    }

    fn sender(text: &str) -> Sender {
        Sender::at(text.parse().unwrap())
    }

    #[test]
    fn who_pretends_to_be_a_terminal_does_not_spend_its_budget() {
        let (mut books, shop, thief) = (books(), sender("203.0.113.1"), sender("198.51.100.1"));
        for _ in 0..1_000 {
            books.failed(thief, Some(TILL), 0);
        }
        assert!(books.admit(thief, Some(TILL), 0).is_err());
        assert!(books.admit(shop, Some(TILL), 0).is_ok());
    }

    #[test]
    fn a_guest_behind_the_address_of_a_shop_does_not_shut_its_tills_out() {
        let (mut books, shop) = (books(), sender("203.0.113.1"));
        books.proven(shop, TILL, 0);
        for other in 0..1_000 {
            books.failed(shop, None, 0);
            let other = Who::Terminal(TerminalId(other + 10), Epoch(1));
            books.failed(shop, Some(other), 0);
        }
        assert_eq!(books.admit(shop, None, 0), Err(1_000), "the guest waits");
        assert!(books.admit(shop, Some(TILL), 0).is_ok(), "the till does not");
        assert!(books.admit(shop, None, 1_000).is_ok(), "never longer than for one more");
    }

    #[test]
    fn a_terminal_spends_its_own_budget_and_nobody_elses() {
        let (mut books, shop) = (books(), sender("203.0.113.1"));
        for _ in 0..5 {
            assert!(books.admit(shop, Some(TILL), 0).is_ok());
            books.proven(shop, TILL, 0);
        }
        assert_eq!(books.admit(shop, Some(TILL), 0), Err(1_000));
        let neighbour = Who::Terminal(TerminalId(4), Epoch(1));
        assert!(books.admit(shop, Some(neighbour), 0).is_ok());
        assert!(books.admit(shop, Some(TILL), 1_000).is_ok());
    }

    #[test]
    fn visitors_of_one_address_share_its_budget() {
        let (mut books, one, two) = (books(), sender("203.0.113.1"), sender("203.0.113.2"));
        assert!(books.visit(one, 0).is_ok() && books.visit(one, 0).is_ok());
        assert!(books.visit(one, 0).is_err());
        assert!(books.visit(two, 0).is_ok());
    }

    #[test]
    fn who_was_heard_from_where_takes_bounded_room() {
        let mut books = books();
        for address in 0..50_000_u32 {
            let sender = Sender::at(std::net::IpAddr::from(address.to_be_bytes()));
            books.known.insert((sender, TILL), 0);
            if books.known.len() > KNOWN_MAX {
                books.known.remove(&(sender, TILL));
                books.proven(sender, TILL, 1);
                break;
            }
        }
        assert_eq!(books.known.len(), KNOWN_MAX);
    }
}
