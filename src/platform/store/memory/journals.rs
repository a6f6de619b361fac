//! Journals and conflicts.

use super::{MemoryTxn, State, insert_new, must_exist};
use crate::{
    domain::{
        id::{Epoch, Hash, MerchantId, Seq, TerminalId},
        journal::{Body, Head},
    },
    platform::store::{
        ArrivedRow, ConflictRow, Counts, EntryAt, JournalRow, JournalSummary, Journals,
        RedemptionFilter, StoreError, Stored,
    },
};

impl Journals for MemoryTxn<'_> {
    fn head(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Head> {
        let last = self.state.journal_of(terminal, epoch).last();
        Ok(last.map_or(Head::start(epoch), |row| row.signed.head()))
    }

    fn journal_summary(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<JournalSummary> {
        let mut summary = JournalSummary::empty(self.head(terminal, epoch)?);
        for row in self.state.journal_of(terminal, epoch) {
            let count = |counted: bool| u64::from(counted);
            let body = &row.signed.entry.body;
            let noted = count(row.note.is_some());
            let redeemed = count(matches!(body, Body::Redeemed(_)));
            let refused = count(matches!(body, Body::Refused(_)));
            let rolled_back = count(matches!(body, Body::RolledBack(_)));
            summary.noted = summary.noted.saturating_add(noted);
            summary.redeemed = summary.redeemed.saturating_add(redeemed);
            summary.refused = summary.refused.saturating_add(refused);
            summary.rolled_back = summary.rolled_back.saturating_add(rolled_back);
        }
        Ok(summary)
    }

    fn append(&mut self, row: &JournalRow) -> Stored<()> {
        let at = EntryAt::of(&row.signed);
        let key = (at.terminal, at.epoch);
        must_exist(self.state.terminal_keys.contains_key(&key))?;
        let place = self.state.journal.len();
        insert_new(&mut self.state.positions, at, place)?;
        self.state.journal.push(row.clone());
        Ok(())
    }

    fn entry(&mut self, at: EntryAt) -> Stored<Option<JournalRow>> {
        Ok(self.state.entry(at).cloned())
    }

    fn entry_hash(&mut self, at: EntryAt) -> Stored<Option<Hash>> {
        Ok(self.state.entry(at).map(|row| row.signed.hash))
    }

    fn redemptions(&mut self, filter: &RedemptionFilter) -> Stored<Vec<ArrivedRow>> {
        let numbered = (1_u64..).zip(self.state.journal.iter());
        let wanted = numbered
            .filter(|(arrival, row)| *arrival > filter.after && passes(filter, row))
            .map(|(arrival, row)| ArrivedRow { arrival, row: row.clone() });
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        Ok(wanted.take(limit).collect())
    }

    fn add_conflict(&mut self, row: &ConflictRow) -> Stored<u64> {
        let about = row.evidence.first();
        let about = about.ok_or(StoreError::Damaged("a conflict about no entry"))?;
        let known = |at: &EntryAt| self.state.positions.contains_key(at);
        must_exist(row.evidence.iter().all(known))?;
        let mut others = self.state.conflicts.iter();
        if others.any(|other| other.evidence.first() == Some(about)) {
            return Err(StoreError::Duplicate);
        }
        let id = (self.state.conflicts.len() as u64).saturating_add(1);
        self.state.conflicts.push(ConflictRow { id, ..row.clone() });
        Ok(id)
    }

    fn conflicts(
        &mut self,
        after: u64,
        merchant: Option<MerchantId>,
        limit: u32,
    ) -> Stored<Vec<ConflictRow>> {
        let state = &self.state;
        let owner = |at: &EntryAt| state.entry(*at).map(|row| row.merchant);
        let involves = |row: &&ConflictRow| {
            merchant.is_none() || row.evidence.iter().any(|at| owner(at) == merchant)
        };
        let wanted = state.conflicts.iter().filter(|row| row.id > after);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(wanted.filter(involves).take(limit).cloned().collect())
    }

    fn conflict(&mut self, id: u64) -> Stored<Option<ConflictRow>> {
        Ok(self.state.conflicts.iter().find(|row| row.id == id).cloned())
    }

    fn counts(&mut self) -> Stored<Counts> {
        Ok(Counts {
            vouchers: self.state.vouchers.len() as u64,
            entries: self.state.journal.len() as u64,
            conflicts: self.state.conflicts.len() as u64,
            claims: self.state.claims.len() as u64,
        })
    }
}

impl State {
    fn journal_of(&self, terminal: TerminalId, epoch: Epoch) -> impl Iterator<Item = &JournalRow> {
        let at = move |seq| EntryAt { terminal, epoch, seq: Seq(seq) };
        let places = self.positions.range(at(0)..=at(u64::MAX));
        places.filter_map(|(_, place)| self.journal.get(*place))
    }

    fn entry(&self, at: EntryAt) -> Option<&JournalRow> {
        self.journal.get(*self.positions.get(&at)?)
    }
}

fn passes(filter: &RedemptionFilter, row: &JournalRow) -> bool {
    let entry = &row.signed.entry;
    matches!(entry.body, Body::Redeemed(_) | Body::RolledBack(_))
        && filter.merchant.is_none_or(|wanted| wanted == row.merchant)
        && filter.branch.is_none_or(|wanted| wanted == entry.branch)
        && filter.since.is_none_or(|since| entry.at >= since)
        && filter.until.is_none_or(|until| entry.at < until)
        && filter.received_since.is_none_or(|since| row.received >= since)
        && filter.received_until.is_none_or(|until| row.received < until)
}
