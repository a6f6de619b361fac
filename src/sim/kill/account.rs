//! What must be in the terminal's folder and at the platform.

use std::path::Path;

use super::error::KillError;
use crate::{
    domain::{
        crypto::PublicKey,
        journal::{Body, Entry, Head, SignedEntry, verify_link},
        money::Currency,
        redeem::Queue,
    },
    platform::{site::Site, store::RedemptionFilter},
    sim::power::Books,
    store::Store,
    terminal::source,
};

/// An acceptance that stood on the screen.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    pub(super) entry: u64,
    pub(super) voucher: String,
}

/// What is known of the journal, and what was counted.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) terminals: u32,
    pub(super) platforms: u32,
    pub(super) finished: u32,
    pub(super) printed: u64,
    pub(super) most_unsent: u64,
    /// Every entry that was seen, each with its signature verified once.
    journal: Vec<SignedEntry>,
    acked: u64,
}

impl Account {
    pub(super) fn entries(&self) -> usize {
        self.journal.len()
    }

    pub(super) fn last_redemption(&self) -> Option<u64> {
        let mut newest = self.journal.iter().rev();
        let last = newest.find(|signed| matches!(signed.entry.body, Body::Redeemed(_)))?;
        Some(last.entry.seq.0)
    }

    /// Opens the terminal's folder: all that was there is there, the rest follows it, and what was printed is in it.
    pub(super) fn check(&mut self, till: &Path, printed: &[Printed]) -> Result<(), KillError> {
        let store = source::open(till)?;
        self.read(&store)?;
        for printed in printed {
            self.printed = self.printed.saturating_add(1);
            let found = self.journal.iter().find(|signed| signed.entry.seq.0 == printed.entry);
            let body = found.map(|signed| &signed.entry.body);
            let same = matches!(body, Some(Body::Redeemed(redeemed))
                if redeemed.voucher.id.to_string() == printed.voucher);
            ensure(same, || format!("{printed:?} was printed, and {body:?} is there"))?;
        }
        let acked = store.identity().acked.0;
        ensure(acked >= self.acked, || format!("{} entries were acknowledged", self.acked))?;
        ensure(!store.identity().forked, || "the journal is not the platform's".to_owned())?;
        self.acked = acked;
        self.compare_queue(&store)
    }

    /// Reads what follows the known entries; those must be what they were.
    fn read(&mut self, store: &Store) -> Result<(), KillError> {
        let key = store.key().public();
        let mut statement =
            store.connection().prepare("SELECT hash, bytes FROM entry ORDER BY position")?;
        let mut rows = statement.query([])?;
        let mut at = 0_usize;
        while let Some(row) = rows.next()? {
            let hash: [u8; 32] = row.get(0)?;
            match self.journal.get(at) {
                Some(known) => ensure(known.hash.0 == hash, || format!("entry {at} is another"))?,
                None => self.follow(row.get_ref(1)?.as_blob().unwrap_or_default(), &key)?,
            }
            at = at.saturating_add(1);
        }
        ensure(at == self.journal.len(), || format!("{at} of {} entries", self.journal.len()))
    }

    fn follow(&mut self, bytes: &[u8], key: &PublicKey) -> Result<(), KillError> {
        let signed =
            SignedEntry::open(bytes, key).map_err(|error| KillError::Broken(error.to_string()))?;
        let head = self.journal.last().map(SignedEntry::head);
        let head = head.unwrap_or(Head::start(signed.entry.epoch));
        verify_link(head, &signed).map_err(|error| KillError::Broken(error.to_string()))?;
        self.journal.push(signed);
        Ok(())
    }

    fn compare_queue(&mut self, store: &Store) -> Result<(), KillError> {
        let waiting = self.journal.iter().filter(|signed| signed.entry.seq.0 > self.acked);
        let mut queue = Queue::default();
        for signed in waiting {
            if let Body::Redeemed(redeemed) = &signed.entry.body {
                queue.count = queue.count.saturating_add(1);
                queue.minor = queue.minor.saturating_add(redeemed.used.minor);
            }
        }
        self.most_unsent = self.most_unsent.max(store.unsent_entries());
        let found = store.queue(Currency::EUR);
        ensure(found == queue, || format!("{found:?} waits, and {queue:?} was not acknowledged"))
    }

    /// The platform holds what it acknowledged, and nothing that is not in the journal.
    pub(super) fn check_platform(&self, site: &Site) -> Result<(), KillError> {
        let Some(first) = self.journal.first() else {
            return Ok(());
        };
        let head = site.platform().terminal(first.entry.terminal)?.journal.head;
        ensure(head.seq.0 >= self.acked, || {
            format!("{} entries were acknowledged, {} are held", self.acked, head.seq)
        })?;
        let own = self.journal.iter().find(|signed| signed.entry.seq == head.seq);
        let same = head.seq.0 == 0 || own.is_some_and(|signed| signed.hash == head.hash);
        ensure(same, || format!("the platform's entry {} is another", head.seq))
    }

    /// Everything arrived, each once; the books are those of the entries.
    pub(super) fn check_all(&self, till: &Path, site: &Site) -> Result<(), KillError> {
        let last = self.journal.last().map_or(0, |signed| signed.entry.seq.0);
        ensure(self.acked == last, || format!("{} of {last} were acknowledged", self.acked))?;
        self.check_platform(site)?;
        let moves = |signed: &&SignedEntry| {
            matches!(signed.entry.body, Body::Redeemed(_) | Body::RolledBack(_))
        };
        let own: Vec<_> =
            self.journal.iter().filter(moves).map(|signed| signed.hash.to_string()).collect();
        let arrived = arrived(site)?;
        ensure(own == arrived, || format!("{} of {} arrived", arrived.len(), own.len()))?;
        let conflicts = site.platform().conflicts(0, 1)?;
        ensure(conflicts.is_empty(), || "a conflict that nobody made".to_owned())?;
        let store = source::open(till)?;
        let entries: Vec<Entry> = self.journal.iter().map(|signed| signed.entry.clone()).collect();
        let difference =
            Books::of_all(&entries, store.zone()).difference(&Books::read(store.connection())?);
        ensure(difference.is_none(), || difference.clone().unwrap_or_default())?;
        ensure(store.is_sound()?, || "the database file is damaged".to_owned())
    }
}

/// Hashes of all redemptions and roll backs at the platform, in the order of arrival.
fn arrived(site: &Site) -> Result<Vec<String>, KillError> {
    let mut hashes = Vec::new();
    let mut after = Some(0);
    while let Some(cursor) = after {
        let filter = RedemptionFilter { after: cursor, limit: 500, ..RedemptionFilter::default() };
        let page = site.platform().redemptions(&filter)?;
        hashes.extend(page.redemptions.into_iter().map(|line| line.hash));
        after = page.next_cursor;
    }
    Ok(hashes)
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), KillError> {
    if holds { Ok(()) } else { Err(KillError::Broken(what())) }
}
