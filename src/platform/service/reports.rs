//! What owners and administrators read: redemptions, conflicts, terminals.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use serde::Serialize;

use super::{Platform, Scope, ServiceError};
use crate::{
    domain::{
        id::{BranchId, Epoch, Hex, TerminalId},
        journal::{Body, Entry},
        money::{Currency, Money},
        sync::{ConflictNotice, Evidence},
        voucher::Used,
    },
    platform::store::{
        ArrivedRow, ConflictRow, Counts, ForkRow, JournalSummary, RedemptionFilter, StoreError,
        TerminalRow, Txn, kind_code,
    },
};

/// Most lines of one list.
pub const LIST_MAX: u32 = 1000;

/// A run of redemptions and where the next begins.
#[derive(Clone, Debug, Serialize)]
pub struct RedemptionPage {
    /// The lines, in the order of arrival.
    pub redemptions: Vec<RedemptionLine>,
    /// What to ask for next; none where this is the end.
    pub next_cursor: Option<u64>,
}

/// A redemption or a roll-back.
#[derive(Clone, Debug, Serialize)]
pub struct RedemptionLine {
    /// Its place in the order of arrival.
    pub cursor: u64,
    /// `redeemed` or `rolled_back`.
    pub kind: &'static str,
    /// By the terminal's clock, RFC 3339.
    pub at: String,
    /// By the platform's clock, RFC 3339.
    pub received: String,
    /// The merchant's number.
    pub merchant: u32,
    /// The branch's number.
    pub branch: u32,
    /// The branch's name, where it is known.
    pub branch_name: String,
    /// The terminal's number.
    pub terminal: u32,
    /// Which life of its journal.
    pub epoch: u32,
    /// Position in its journal.
    pub seq: u64,
    /// Who worked at the counter.
    pub operator: Option<u32>,
    /// Who minted the voucher.
    pub issuer: String,
    /// The campaign's number.
    pub campaign: u32,
    /// The voucher's id.
    pub voucher: String,
    /// Uses consumed or given back.
    pub uses: u32,
    /// Value consumed or given back, in minor units.
    pub amount_minor: i64,
    /// The same as people write it, without the currency.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Whether the platform had set the use aside; none for a roll-back.
    pub online: Option<bool>,
    /// Position of the redemption that is taken back.
    pub rolls_back: Option<u64>,
    /// What is odd about the entry.
    pub note: Option<String>,
    /// SHA-256 of the signed entry.
    pub hash: String,
}

/// A double redemption with the signed entries of all who took part.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictLine {
    /// Its number.
    pub id: u64,
    /// When it was found, RFC 3339.
    pub found: String,
    /// Who minted the voucher.
    pub issuer: String,
    /// The voucher's id.
    pub voucher: String,
    /// Who bears it.
    pub liable: &'static str,
    /// The entry that went beyond the limit, first, then those before it.
    pub evidence: Vec<EvidenceLine>,
}

/// One signed entry.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceLine {
    /// By the terminal's clock, RFC 3339.
    pub at: String,
    /// The branch's number.
    pub branch: u32,
    /// The terminal's number.
    pub terminal: u32,
    /// Which life of its journal.
    pub epoch: u32,
    /// Position in its journal.
    pub seq: u64,
    /// Uses consumed.
    pub uses: u32,
    /// Value consumed, in minor units.
    pub amount_minor: i64,
    /// The key that verifies the entry, in hexadecimal digits.
    pub terminal_key: String,
    /// The signed entry, in hexadecimal digits.
    pub entry: String,
}

/// A terminal with its journal in numbers.
#[derive(Clone, Debug)]
pub struct TerminalLine {
    /// The terminal.
    pub terminal: TerminalRow,
    /// Whether its latest key was revoked.
    pub revoked: bool,
    /// The journal of its latest epoch.
    pub journal: JournalSummary,
    /// Redemptions of any epoch that customers handed in and whose journal has not arrived.
    pub witnessed: u64,
    /// Where its journals were found to be two.
    pub forks: Vec<ForkRow>,
}

/// The platform in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// How many merchants.
    pub merchants: usize,
    /// How many branches.
    pub branches: usize,
    /// How many campaigns.
    pub campaigns: usize,
    /// How many terminals.
    pub terminals: usize,
    /// The rest.
    pub counts: Counts,
}

impl Platform {
    /// Redemptions and roll-backs in the order of arrival, at most [`LIST_MAX`].
    pub fn redemptions(&self, filter: &RedemptionFilter) -> Result<RedemptionPage, ServiceError> {
        let limit = filter.limit.clamp(1, LIST_MAX);
        let filter = RedemptionFilter { limit, ..filter.clone() };
        let (rows, names) = self.run(|txn| {
            let names: BTreeMap<_, _> =
                txn.branches()?.into_iter().map(|row| (row.branch.id, row.branch.name)).collect();
            Ok((txn.redemptions(&filter)?, names))
        })?;
        let full = rows.len() as u64 >= u64::from(limit);
        let next_cursor = rows.last().map(|row| row.arrival).filter(|_| full);
        let lines = rows.iter().filter_map(|row| redemption_line(row, &names));
        Ok(RedemptionPage { redemptions: lines.collect(), next_cursor })
    }

    /// Conflicts after a number, at most `limit`.
    pub fn conflicts(&self, after: u64, limit: u32) -> Result<Vec<ConflictLine>, ServiceError> {
        self.conflicts_for(Scope::All, after, limit)
    }

    /// The same, of those that somebody took part in.
    pub fn conflicts_for(
        &self,
        scope: Scope,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ConflictLine>, ServiceError> {
        self.run(|txn| {
            let rows = txn.conflicts(after, scope.merchant(), limit.clamp(1, LIST_MAX))?;
            let lines = rows.iter().map(|row| conflict_line(txn, row));
            lines.collect()
        })
    }

    /// All terminals.
    pub fn terminals(&self) -> Result<Vec<TerminalLine>, ServiceError> {
        self.run(|txn| {
            let rows = txn.terminals()?;
            let lines = rows.into_iter().map(|terminal| {
                let key = txn.terminal_key(terminal.id, terminal.epoch)?;
                let mut witnessed = 0_u64;
                for epoch in 0..=terminal.epoch.0 {
                    let rows = txn.witnesses_of(terminal.id, Epoch(epoch))?.len() as u64;
                    witnessed = witnessed.saturating_add(rows);
                }
                Ok(TerminalLine {
                    witnessed,
                    forks: txn.forks(Some(terminal.id))?,
                    revoked: key.is_none_or(|key| key.revoked),
                    journal: txn.journal_summary(terminal.id, terminal.epoch)?,
                    terminal,
                })
            });
            lines.collect()
        })
    }

    /// One terminal.
    pub fn terminal(&self, id: TerminalId) -> Result<TerminalLine, ServiceError> {
        let mut all = self.terminals()?.into_iter();
        all.find(|line| line.terminal.id == id).ok_or(ServiceError::NotFound("terminal"))
    }

    /// The platform in numbers.
    pub fn statistics(&self) -> Result<Statistics, ServiceError> {
        self.run(|txn| {
            Ok(Statistics {
                merchants: txn.merchants()?.len(),
                branches: txn.branches()?.len(),
                campaigns: txn.campaigns()?.len(),
                terminals: txn.terminals()?.len(),
                counts: txn.counts()?,
            })
        })
    }
}

/// A conflict as terminals are told of it.
pub(super) fn notice(txn: &mut dyn Txn, row: ConflictRow) -> Result<ConflictNotice, StoreError> {
    let evidence = row.evidence.iter().map(|at| {
        let entry = txn.entry(*at)?;
        let key = txn.terminal_key(at.terminal, at.epoch)?;
        let (Some(entry), Some(key)) = (entry, key) else {
            return Err(StoreError::Damaged("the evidence of a conflict is missing"));
        };
        Ok(Evidence { terminal_key: key.key, entry: ByteVec::from(entry.signed.bytes) })
    });
    let evidence = evidence.collect::<Result<_, _>>()?;
    Ok(ConflictNotice { id: row.id, voucher: row.voucher, evidence, liable: row.liable })
}

fn redemption_line(
    arrived: &ArrivedRow,
    names: &BTreeMap<BranchId, String>,
) -> Option<RedemptionLine> {
    let row = &arrived.row;
    let entry = &row.signed.entry;
    let (voucher, used, currency) = match &entry.body {
        Body::Redeemed(redeemed) => (&redeemed.voucher, redeemed.used, redeemed.currency),
        Body::RolledBack(back) => (&back.voucher, back.used, back.currency),
        Body::Opened(_)
        | Body::Refused(_)
        | Body::BundleTaken { .. }
        | Body::LeaseEnded { .. }
        | Body::Recovered(_) => {
            return None;
        }
    };
    Some(RedemptionLine {
        cursor: arrived.arrival,
        kind: kind_code(&entry.body),
        at: entry.at.to_string(),
        received: row.received.to_string(),
        merchant: row.merchant.0,
        branch: entry.branch.0,
        branch_name: names.get(&entry.branch).cloned().unwrap_or_default(),
        terminal: entry.terminal.0,
        epoch: entry.epoch.0,
        seq: entry.seq.0,
        operator: entry.operator.map(|id| id.0),
        issuer: voucher.issuer.to_string(),
        campaign: voucher.id.campaign.0,
        voucher: voucher.id.to_string(),
        uses: used.uses,
        amount_minor: used.minor,
        amount: number(used, currency),
        currency: currency.code(),
        online: online(entry),
        rolls_back: rolls_back(entry),
        note: row.note.clone(),
        hash: row.signed.hash.to_string(),
    })
}

fn number(used: Used, currency: Currency) -> String {
    Money::new(used.minor, currency).number()
}

fn online(entry: &Entry) -> Option<bool> {
    if let Body::Redeemed(redeemed) = &entry.body { Some(redeemed.online) } else { None }
}

fn rolls_back(entry: &Entry) -> Option<u64> {
    if let Body::RolledBack(back) = &entry.body { Some(back.of.0) } else { None }
}

fn conflict_line(txn: &mut dyn Txn, row: &ConflictRow) -> Result<ConflictLine, ServiceError> {
    let evidence = row.evidence.iter().map(|at| {
        let entry = txn.entry(*at)?;
        let key = txn.terminal_key(at.terminal, at.epoch)?;
        let (Some(stored), Some(key)) = (entry, key) else {
            return Err(StoreError::Damaged("the evidence of a conflict is missing"));
        };
        let entry = &stored.signed.entry;
        let used = match &entry.body {
            Body::Redeemed(redeemed) => redeemed.used,
            Body::RolledBack(_)
            | Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => Used::default(),
        };
        Ok(EvidenceLine {
            at: entry.at.to_string(),
            branch: entry.branch.0,
            terminal: at.terminal.0,
            epoch: at.epoch.0,
            seq: at.seq.0,
            uses: used.uses,
            amount_minor: used.minor,
            terminal_key: key.key.to_string(),
            entry: Hex(&stored.signed.bytes).to_string(),
        })
    });
    let evidence = evidence.collect::<Result<_, _>>()?;
    Ok(ConflictLine {
        id: row.id,
        found: row.found.to_string(),
        issuer: row.voucher.issuer.to_string(),
        voucher: row.voucher.id.to_string(),
        liable: row.liable.code(),
        evidence,
    })
}
