//! Who the terminal is: one row, written at enrolment.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};

use super::open::{Store, StoreError, connect};
use crate::domain::{
    crypto::{PublicKey, SecretKey, hash},
    enrol::{EnrolmentCode, Grant},
    id::{BranchId, Epoch, Hash, MerchantId, Seq, TerminalId},
    journal::{Body, Opened},
    time::Timestamp,
    trust::TrustBundle,
};

/// Who the terminal is and what the platform has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its number at the platform.
    pub terminal: TerminalId,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it stands.
    pub branch: BranchId,
    /// Which life of its journal.
    pub epoch: Epoch,
    /// Where the platform is reached.
    pub url: String,
    /// The key everything of the platform is signed under.
    pub root: PublicKey,
    /// Position of the last entry the platform acknowledged.
    pub acked: Seq,
    /// The platform's time in the last reply.
    pub synced_at: Option<Timestamp>,
    /// Number of the last conflict notice.
    pub conflicts_after: u64,
    /// Number of the last listed voucher.
    pub listed_after: u64,
    /// Whether the platform has shown that it knows another journal under this name.
    pub forked: bool,
    /// The least version of the protocol that the platform was heard to speak or to ask for.
    pub least_protocol: u32,
}

impl Identity {
    pub(super) fn read(conn: &Connection) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT id, name, merchant, branch, epoch, url, root, acked_seq, synced_at, conflicts_after, forked, listed_after, least_protocol FROM terminal";
        conn.query_row(sql, [], |row| Ok(Self::from_row(row))).optional()?.transpose()
    }

    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let root = PublicKey::from_bytes(&row.get(6)?);
        Ok(Self {
            terminal: TerminalId(row.get(0)?),
            name: row.get(1)?,
            merchant: MerchantId(row.get(2)?),
            branch: BranchId(row.get(3)?),
            epoch: Epoch(row.get(4)?),
            url: row.get(5)?,
            root: root.map_err(|_error| StoreError::Damaged("the root key"))?,
            acked: Seq(row.get(7)?),
            synced_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
            conflicts_after: row.get(9)?,
            forked: row.get(10)?,
            listed_after: row.get(11)?,
            least_protocol: row.get(12)?,
        })
    }
}

impl Store {
    /// Writes down what the platform granted and opens the journal's epoch.
    ///
    /// An existing journal is kept: the new epoch goes on from it, once all of the old one was sent.
    pub fn enrol(
        dir: &Path,
        mut key: SecretKey,
        code: &EnrolmentCode,
        (grant, bundle): (&Grant, &TrustBundle),
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut conn = connect(&dir.join(Self::FILE))?;
        if let Some(old) = Identity::read(&conn)? {
            if old.root != code.root || old.terminal != grant.terminal {
                return Err(StoreError::OtherPlatform);
            }
            let renewed = grant.epoch > old.epoch;
            let store = Self::resume(conn, old, key)?;
            if !renewed && store.head.seq > Seq(0) {
                return Ok(store);
            }
            if store.unsent_entries() > 0 {
                return Err(StoreError::Unsent(store.unsent_entries()));
            }
            (conn, key) = (store.conn, store.key);
        }
        write_grant(&mut conn, code, grant, bundle)?;
        let identity = Identity::read(&conn)?.ok_or(StoreError::NotEnrolled)?;
        let continues = last_hash(&conn)?;
        let mut store = Self::resume(conn, identity, key)?;
        let mut txn = store.begin()?;
        let software = env!("CARGO_PKG_VERSION").to_owned();
        txn.append(Body::Opened(Opened { software, continues }), now)?;
        txn.append(Body::BundleTaken { version: bundle.version, hash: hash(&grant.bundle) }, now)?;
        txn.commit()?;
        Ok(store)
    }
}

fn write_grant(
    conn: &mut Connection,
    code: &EnrolmentCode,
    grant: &Grant,
    bundle: &TrustBundle,
) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO terminal (one, id, name, merchant, branch, epoch, url, root, acked_hash)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (one) DO UPDATE SET
             name = excluded.name, branch = excluded.branch, epoch = excluded.epoch,
             url = excluded.url, acked_seq = 0, acked_hash = excluded.acked_hash, ack = NULL,
             forked = 0, listed_after = 0",
        params![
            grant.terminal.0,
            grant.name,
            grant.merchant.0,
            grant.branch.0,
            grant.epoch.0,
            code.url,
            code.root.to_bytes(),
            Hash::ZERO.0,
        ],
    )?;
    tx.execute(
        "INSERT INTO bundle (one, version, bytes) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET version = excluded.version, bytes = excluded.bytes",
        params![bundle.version, grant.bundle.as_slice()],
    )?;
    tx.execute(
        "UPDATE voucher SET uses_before = uses, minor_before = minor, lines_before = lines",
        [],
    )?;
    // What was lent to the device of the epoch before is not this one's.
    tx.execute("UPDATE lease SET ended = 1", [])?;
    Ok(tx.commit()?)
}

fn last_hash(conn: &Connection) -> Result<Hash, StoreError> {
    let sql = "SELECT hash FROM entry ORDER BY position DESC LIMIT 1";
    let last = conn.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(last.map_or(Hash::ZERO, Hash))
}
