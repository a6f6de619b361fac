//! Requests that are under way by hand, and from where the journal is sent again.

use rusqlite::params;

use super::open::{Store, StoreError};
use crate::domain::id::Seq;

/// Parcels whose answers are still taken; an answer to an older one is news of a past that later answers cover.
const PARCELS_KEPT: i64 = 64;

impl Store {
    /// Writes down the nonces of a parcel's requests, before it leaves, so that its answers are known whenever they come.
    pub fn send_away(&mut self, nonces: &[[u8; 16]]) -> Result<(), StoreError> {
        let txn = self.begin()?;
        let last = "SELECT coalesce(max(parcel), 0) FROM carried";
        let last: i64 = txn.tx.query_row(last, [], |row| row.get(0))?;
        let parcel = last.saturating_add(1);
        for nonce in nonces {
            txn.tx.execute(
                "INSERT INTO carried (nonce, parcel) VALUES (?1, ?2)
                 ON CONFLICT (nonce) DO UPDATE SET parcel = excluded.parcel",
                params![nonce, parcel],
            )?;
        }
        txn.tx.execute(
            "DELETE FROM carried WHERE parcel <= ?1",
            [parcel.saturating_sub(PARCELS_KEPT)],
        )?;
        txn.commit()
    }

    /// Whether a request with this nonce is under way by hand, or was lately.
    pub fn awaits(&self, nonce: &[u8; 16]) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM carried WHERE nonce = ?1";
        let found: u32 = self.conn.query_row(sql, [nonce], |row| row.get(0))?;
        Ok(found > 0)
    }

    /// Where the next parcel's entries begin: after the last acknowledged, or before, where the platform holds less.
    pub fn packed_after(&self) -> Result<Seq, StoreError> {
        let held: Option<i64> =
            self.conn.query_row("SELECT held_seq FROM terminal", [], |row| row.get(0))?;
        let held = held.and_then(|held| u64::try_from(held).ok()).map(Seq);
        Ok(held.map_or(self.identity.acked, |held| held.min(self.identity.acked)))
    }

    /// Writes down that the platform holds less than it acknowledged once; none where it has caught up.
    pub fn holds_less(&mut self, held: Option<Seq>) -> Result<(), StoreError> {
        let held = held.map(|seq| i64::try_from(seq.0).unwrap_or(i64::MAX));
        let txn = self.begin()?;
        txn.tx.execute("UPDATE terminal SET held_seq = ?1", [held])?;
        txn.commit()
    }
}
