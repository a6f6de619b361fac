//! Wrong PINs: written down before a PIN is looked at, so that no restart gives the tries back.

use rusqlite::params;

use super::open::{Store, StoreError};
use crate::domain::{id::OperatorId, time::Timestamp};

/// Wrong PINs in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinTry {
    /// Whose they were said to be; none where nobody was named.
    pub operator: Option<OperatorId>,
    /// How many.
    pub wrong: u32,
    /// When the last was typed.
    pub at: Timestamp,
}

impl Store {
    /// All wrong PINs that no right one has followed.
    pub fn pin_tries(&self) -> Result<Vec<PinTry>, StoreError> {
        let sql = "SELECT operator, wrong, at FROM pin_try ORDER BY operator";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let operator = Some(OperatorId(row.get(0)?)).filter(|id| id.0 != 0);
            Ok(PinTry { operator, wrong: row.get(1)?, at: Timestamp(row.get(2)?) })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes down how many wrong PINs there are; none of them where it is 0.
    pub fn put_pin_try(&mut self, tried: PinTry) -> Result<(), StoreError> {
        let operator = tried.operator.map_or(0, |id| id.0);
        let txn = self.begin()?;
        if tried.wrong == 0 {
            txn.tx.execute("DELETE FROM pin_try WHERE operator = ?1", params![operator])?;
        } else {
            txn.tx.execute(
                "INSERT INTO pin_try (operator, wrong, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (operator) DO UPDATE SET wrong = excluded.wrong, at = excluded.at",
                params![operator, tried.wrong, tried.at.0],
            )?;
        }
        txn.commit()
    }
}
