//! Who the terminal is: one row, written at enrolment.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{
    anchor::{self, Anchored, Mark},
    lives::{Lives, doubt_before},
    open::{Store, StoreError, absent, connect, files_error, head_in, verified_last},
    place::Place,
    rights,
};
use crate::domain::{
    crypto::{PublicKey, SecretKey, hash},
    enrol::{EnrolmentCode, Grant},
    id::{BranchId, Epoch, Hash, MerchantId, Seq, TerminalId},
    journal::{Body, Head, Opened, Recovered},
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
    /// Entries of this epoch that are known to be lost, where its end may be: nothing can be appended.
    pub lost: Option<u64>,
}

impl Identity {
    pub(super) fn read(conn: &Connection) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT id, name, merchant, branch, epoch, url, root, acked_seq, synced_at, conflicts_after, forked, listed_after, least_protocol, lost FROM terminal";
        conn.query_row(sql, [], |row| Ok(Self::from_row(row))).optional()?.transpose()
    }

    /// What a grant makes of a device that was no terminal before.
    fn granted(code: &EnrolmentCode, grant: &Grant) -> Self {
        Self {
            terminal: grant.terminal,
            name: grant.name.clone(),
            merchant: grant.merchant,
            branch: grant.branch,
            epoch: grant.epoch,
            url: code.url.clone(),
            root: code.root,
            acked: Seq(0),
            synced_at: None,
            conflicts_after: 0,
            listed_after: 0,
            forked: false,
            least_protocol: 0,
            lost: None,
        }
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
            lost: row.get(13)?,
        })
    }
}

impl Store {
    /// Writes down what the platform granted and opens the journal's epoch, both or neither.
    ///
    /// An existing journal is kept: the new epoch goes on from it, once all of the old one was sent.
    pub fn enrol(
        place: impl Into<Place>,
        key: SecretKey,
        code: &EnrolmentCode,
        (grant, bundle): (&Grant, &TrustBundle),
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let place = place.into();
        rights::secure(&place, Self::FILE).map_err(|source| files_error(&place, source))?;
        let conn = connect(&place)?;
        let old = Identity::read(&conn)?;
        let lives = Lives::read(&conn)?;
        let last = verified_last(&conn, &lives)?;
        let end = old.as_ref().map(|old| head_in(old.epoch, last.as_ref()));
        match (&old, end) {
            (Some(old), Some(end)) => {
                if old.root != code.root || old.terminal != grant.terminal {
                    return Err(StoreError::OtherPlatform);
                }
                if grant.epoch <= old.epoch && end.seq > Seq(0) {
                    return Self::resume(conn, old.clone(), key, &place);
                }
                let another = lives.get(old.epoch).is_some_and(|life| life.key != key.public());
                let unsent = end.seq.0.saturating_sub(old.acked.0);
                // Another device cannot send them in the name of the one before, but it can hand them in.
                if unsent > 0 && (old.forked || !another) {
                    return Err(StoreError::Unsent(unsent));
                }
            }
            _fresh => check_unused(&place, &key, grant.epoch)?,
        }
        let mut identity = Identity::granted(code, grant);
        if let Some(old) = &old {
            (identity.synced_at, identity.conflicts_after) = (old.synced_at, old.conflicts_after);
        }
        let continues = last.map_or(Hash::ZERO, |last| last.hash);
        let mut store = Self::resume(conn, identity, key, &place)?;
        let mut txn = store.begin()?;
        let in_force = write_grant(&txn.tx, code, grant, (bundle, end))?;
        let software = env!("CARGO_PKG_VERSION").to_owned();
        txn.append(Body::Opened(Opened { software, continues }), now)?;
        if in_force {
            let taken = Body::BundleTaken { version: bundle.version, hash: hash(&grant.bundle) };
            txn.append(taken, now)?;
        }
        if let Some((Identity { lost: Some(lost), epoch, .. }, end)) = old.zip(end) {
            let found = Recovered { epoch, held: end.seq, lost, complete: false };
            txn.append(Body::Recovered(found), now)?;
        }
        txn.commit()?;
        store.learn_of_the_bundle()?;
        store.reload_lives()?;
        store.all_shown();
        Ok(store)
    }
}

/// Writes a grant down; whether its bundle is in force now, as it is unless a newer one is held.
pub(super) fn write_grant(
    tx: &Transaction<'_>,
    code: &EnrolmentCode,
    grant: &Grant,
    (bundle, end): (&TrustBundle, Option<Head>),
) -> Result<bool, StoreError> {
    if let Some(end) = end {
        tx.execute(
            "UPDATE life SET last = ?2, acked = (SELECT acked_seq FROM terminal) WHERE epoch = ?1",
            params![end.epoch.0, i64::try_from(end.seq.0).unwrap_or(i64::MAX)],
        )?;
        doubt_before(tx, grant.epoch)?;
    }
    tx.execute(
        "INSERT INTO life (epoch, key) VALUES (?1, ?2)
         ON CONFLICT (epoch) DO UPDATE SET key = excluded.key, last = 0, acked = 0, forked = 0",
        params![grant.epoch.0, grant.key.to_bytes()],
    )?;
    tx.execute(
        "INSERT INTO terminal (one, id, name, merchant, branch, epoch, url, root, acked_hash)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (one) DO UPDATE SET
             name = excluded.name, branch = excluded.branch, epoch = excluded.epoch,
             url = excluded.url, acked_seq = 0, acked_hash = excluded.acked_hash, ack = NULL,
             forked = 0, lost = NULL, listed_after = 0, held_seq = NULL",
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
    let taken = tx.execute(
        "INSERT INTO bundle (one, version, bytes) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET version = excluded.version, bytes = excluded.bytes
         WHERE excluded.version >= version",
        params![bundle.version, grant.bundle.as_slice()],
    )?;
    tx.execute(
        "UPDATE voucher SET uses_before = uses, minor_before = minor, lines_before = lines",
        [],
    )?;
    // Answers to what the epoch before asked say nothing about this one's journal.
    tx.execute("DELETE FROM carried", [])?;
    // What was lent to the device of the epoch before is not this one's.
    tx.execute("UPDATE lease SET ended = 1", [])?;
    Ok(taken > 0)
}

/// A store that was lost must not begin anew in an epoch it has written in: two entries would stand at one position.
fn check_unused(place: &Place, key: &SecretKey, epoch: Epoch) -> Result<(), StoreError> {
    let found = anchor::read(place, &key.public()).unwrap_or(Anchored::Unreadable);
    let written =
        found.mark().is_some_and(|Mark { head, .. }| head.epoch >= epoch && head.seq > Seq(0));
    if written { Err(absent(place, &key.public())) } else { Ok(()) }
}
