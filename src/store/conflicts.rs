//! Double redemptions that the platform reported.

use rusqlite::params;

use super::open::{Store, StoreError};
use crate::domain::{
    envelope::{decode, encode},
    sync::ConflictNotice,
};

/// Whether notices are all there are up to the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// They are: the answer to a pull.
    All,
    /// Others may come before them: what a push brought to light.
    Some,
}

impl Store {
    /// Keeps notices; one that is held already changes nothing.
    pub fn keep_conflicts(
        &mut self,
        notices: &[ConflictNotice],
        told: Told,
    ) -> Result<(), StoreError> {
        let Some(last) = notices.iter().map(|notice| notice.id).max() else {
            return Ok(());
        };
        let after = match told {
            Told::All => self.identity.conflicts_after.max(last),
            Told::Some => self.identity.conflicts_after,
        };
        let tx = self.begin()?;
        for notice in notices {
            tx.tx.execute(
                "INSERT INTO conflict (id, notice) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
                params![notice.id, encode(notice)],
            )?;
        }
        tx.tx.execute("UPDATE terminal SET conflicts_after = ?1", [after])?;
        tx.commit()?;
        self.identity.conflicts_after = after;
        Ok(())
    }

    /// How many notices are held.
    pub fn conflict_count(&self) -> Result<u64, StoreError> {
        Ok(self.conn.query_row("SELECT count(*) FROM conflict", [], |row| row.get(0))?)
    }

    /// All notices, oldest first.
    pub fn conflicts(&self) -> Result<Vec<ConflictNotice>, StoreError> {
        let mut statement = self.conn.prepare("SELECT notice FROM conflict ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut notices = Vec::new();
        while let Some(row) = rows.next()? {
            let notice = decode(row.get_ref(0)?.as_blob().unwrap_or_default());
            notices.push(notice.map_err(|_error| StoreError::Damaged("a conflict notice"))?);
        }
        Ok(notices)
    }
}
