//! The trust bundle in force and the status lists held.

use jiff::tz::TimeZone;
use rusqlite::params;

use super::open::{Store, StoreError};
use crate::domain::{
    crypto::hash,
    id::{CampaignId, Hash},
    journal::Body,
    sync::{ListName, ListVersion},
    time::Timestamp,
    trust::{Chunk, Manifest, StatusList, TrustBundle},
};

/// A status list as it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldList {
    /// Which list, in which version.
    pub version: ListVersion,
    /// What the platform had learnt by then is in it.
    pub as_of: Timestamp,
}

impl Store {
    /// The trust bundle in force, verified under the root key.
    pub fn bundle(&self) -> Result<TrustBundle, StoreError> {
        let bytes: Vec<u8> =
            self.conn.query_row("SELECT bytes FROM bundle", [], |row| row.get(0))?;
        TrustBundle::open(&bytes, &self.identity.root)
            .map_err(|_error| StoreError::Damaged("the trust bundle"))
    }

    /// The version of the bundle in force, as the store has it.
    pub fn bundle_version(&self) -> Result<u64, StoreError> {
        Ok(self.conn.query_row("SELECT version FROM bundle", [], |row| row.get(0))?)
    }

    fn has_bundle(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM bundle)";
        Ok(self.conn.query_row(sql, [], |row| row.get(0))?)
    }

    /// Takes the time zone of this terminal's branch from the bundle, and that it is later than when the bundle was made.
    pub(super) fn learn_of_the_bundle(&mut self) -> Result<(), StoreError> {
        if self.has_bundle()? {
            let bundle = self.bundle()?;
            self.zone = bundle.zone(self.identity.branch);
            self.sense.learn(bundle.issued_at);
        }
        Ok(())
    }

    /// The time zone of this terminal's branch.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Puts a bundle in force and journals it. The caller has checked that it succeeds the one before.
    pub fn take_bundle(
        &mut self,
        bundle: &TrustBundle,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut txn = self.begin()?;
        txn.tx.execute(
            "UPDATE bundle SET version = ?1, bytes = ?2",
            params![bundle.version, bytes],
        )?;
        txn.append(Body::BundleTaken { version: bundle.version, hash: hash(bytes) }, now)?;
        txn.commit()?;
        self.zone = bundle.zone(self.identity.branch);
        self.sense.learn(bundle.issued_at);
        Ok(())
    }

    /// The lists held.
    pub fn lists(&self) -> Result<Vec<HeldList>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT issuer, campaign, version, as_of FROM status_list")?;
        let mut rows = statement.query([])?;
        let mut lists = Vec::new();
        while let Some(row) = rows.next()? {
            let issuer = row.get::<_, String>(0)?.parse();
            let issuer = issuer.map_err(|_error| StoreError::Damaged("an issuer's name"))?;
            let list = ListName { issuer, campaign: CampaignId(row.get(1)?) };
            let version = ListVersion { list, version: row.get(2)? };
            lists.push(HeldList { version, as_of: Timestamp(row.get(3)?) });
        }
        Ok(lists)
    }

    /// The numbers of the chunks that a manifest names and the store does not hold in that form.
    pub fn missing_chunks(&self, manifest: &Manifest) -> Result<Vec<u32>, StoreError> {
        let mut missing = Vec::new();
        for (number, wanted) in (0_u32..).zip(&manifest.chunks) {
            if self.chunk(manifest, number)?.map(|chunk| chunk.hash()) != Some(*wanted) {
                missing.push(number);
            }
        }
        Ok(missing)
    }

    /// Puts a list in force with the chunks that changed, all in one transaction; refused where the counts do not come out.
    pub fn take_list(
        &mut self,
        manifest: &Manifest,
        bytes: &[u8],
        changed: &[(u32, Chunk)],
    ) -> Result<bool, StoreError> {
        let mut whole = StatusList::default();
        for number in (0_u32..).zip(&manifest.chunks).map(|(number, _): (u32, &Hash)| number) {
            if let Some(chunk) = self.chunk(manifest, number)? {
                whole.insert(number, chunk);
            }
        }
        for (number, chunk) in changed {
            whole.insert(*number, chunk.clone());
        }
        if !whole.reconciles_with(manifest) {
            return Ok(false);
        }
        self.write_list(manifest, bytes, changed)?;
        self.sense.learn(manifest.as_of);
        Ok(true)
    }

    /// Notes that the platform knew of nothing newer for these lists at `time`.
    pub fn lists_current(&mut self, lists: &[ListName], time: Timestamp) -> Result<(), StoreError> {
        let txn = self.begin()?;
        for list in lists {
            txn.tx.execute(
                "UPDATE status_list SET as_of = max(as_of, ?3) WHERE issuer = ?1 AND campaign = ?2",
                params![list.issuer.as_str(), list.campaign.0, time.0],
            )?;
        }
        txn.commit()
    }

    fn chunk(&self, manifest: &Manifest, number: u32) -> Result<Option<Chunk>, StoreError> {
        use rusqlite::OptionalExtension as _;
        let sql =
            "SELECT bits FROM status_chunk WHERE issuer = ?1 AND campaign = ?2 AND number = ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let name = params![manifest.issuer.as_str(), manifest.campaign.0, number];
        let bits = statement.query_row(name, |row| row.get(0)).optional()?;
        Ok(bits.and_then(Chunk::from_bytes))
    }

    fn write_list(
        &mut self,
        manifest: &Manifest,
        bytes: &[u8],
        changed: &[(u32, Chunk)],
    ) -> Result<(), StoreError> {
        let (issuer, campaign) = (manifest.issuer.as_str(), manifest.campaign.0);
        let txn = self.begin()?;
        for (number, chunk) in changed {
            txn.tx.execute(
                "INSERT INTO status_chunk (issuer, campaign, number, bits) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (issuer, campaign, number) DO UPDATE SET bits = excluded.bits",
                params![issuer, campaign, number, chunk.as_bytes()],
            )?;
        }
        txn.tx.execute(
            "INSERT INTO status_list (issuer, campaign, version, as_of, covered, manifest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (issuer, campaign) DO UPDATE SET version = excluded.version, as_of = excluded.as_of,
                 covered = excluded.covered, manifest = excluded.manifest",
            params![issuer, campaign, manifest.version, manifest.as_of.0, manifest.covered, bytes],
        )?;
        txn.commit()
    }
}
