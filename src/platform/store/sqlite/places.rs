//! Settings, merchants, operators, issuers, campaigns, bundles.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, narrow, public_key, to_sql, whole},
};
use crate::{
    domain::{
        crypto::PublicKey,
        envelope::{decode, encode},
        id::{BranchId, CampaignId, IssuerName, MerchantId, OperatorId},
        time::Timestamp,
        trust::{Branch, Campaign, CampaignState, Issuer, Merchant, Operator, PublishedKey},
    },
    platform::store::{BranchRow, BundleRow, CampaignRow, OperatorRow, Places, StoreError, Stored},
};

impl Places for SqliteTxn<'_> {
    fn setting(&mut self, name: &str) -> Stored<Option<Vec<u8>>> {
        let sql = "SELECT value FROM settings WHERE name = ?1";
        self.row(sql, params![name], |row| get(row, "value"))
    }

    fn set_setting(&mut self, name: &str, value: &[u8]) -> Stored<()> {
        let sql = "INSERT INTO settings (name, value) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.write(sql, params![name, value])?;
        Ok(())
    }

    fn add_merchant(&mut self, name: &str) -> Stored<MerchantId> {
        let sql = "INSERT INTO merchants (name) VALUES (?1)";
        narrow(self.insert(sql, params![name])?).map(MerchantId)
    }

    fn merchants(&mut self) -> Stored<Vec<Merchant>> {
        self.rows("SELECT * FROM merchants ORDER BY id", [], |row| {
            Ok(Merchant { id: MerchantId(whole(row, "id")?), name: get(row, "name")? })
        })
    }

    fn add_branch(&mut self, row: &BranchRow) -> Stored<BranchId> {
        let sql = "INSERT INTO branches (merchant, name, time_zone) VALUES (?1, ?2, ?3)";
        let branch = &row.branch;
        let id = self.insert(sql, params![row.merchant.0, branch.name, branch.time_zone])?;
        narrow(id).map(BranchId)
    }

    fn branches(&mut self) -> Stored<Vec<BranchRow>> {
        self.rows("SELECT * FROM branches ORDER BY id", [], |row| {
            Ok(BranchRow {
                merchant: MerchantId(whole(row, "merchant")?),
                branch: Branch {
                    id: BranchId(whole(row, "id")?),
                    name: get(row, "name")?,
                    time_zone: get(row, "time_zone")?,
                },
            })
        })
    }

    fn add_operator(&mut self, row: &OperatorRow) -> Stored<OperatorId> {
        let sql = "INSERT INTO operators (merchant, name, branches) VALUES (?1, ?2, ?3)";
        let operator = &row.operator;
        let branches = encode(&operator.branches);
        let id = self.insert(sql, params![row.merchant.0, operator.name, branches])?;
        narrow(id).map(OperatorId)
    }

    fn operators(&mut self) -> Stored<Vec<OperatorRow>> {
        self.rows("SELECT * FROM operators ORDER BY id", [], operator_row)
    }

    fn add_issuer_key(&mut self, issuer: &IssuerName, key: &PublishedKey) -> Stored<()> {
        let sql = "INSERT INTO issuer_keys (issuer, public, from_s, until_s, withdrawn)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let public = key.public.to_bytes();
        let (from, until) = (key.from.0, key.until.0);
        self.write(sql, params![issuer.as_str(), public, from, until, key.withdrawn])?;
        Ok(())
    }

    fn withdraw_key(&mut self, issuer: &IssuerName, key: &PublicKey) -> Stored<bool> {
        let sql = "UPDATE issuer_keys SET withdrawn = 1
                   WHERE issuer = ?1 AND public = ?2 AND withdrawn = 0";
        let changed = self.write(sql, params![issuer.as_str(), key.to_bytes()])?;
        Ok(changed > 0)
    }

    fn issuers(&mut self) -> Stored<Vec<Issuer>> {
        let sql = "SELECT * FROM issuer_keys ORDER BY issuer, position";
        let rows = self.rows(sql, [], |row| Ok((issuer_name(row)?, published_key(row)?)))?;
        let mut issuers: Vec<Issuer> = Vec::new();
        for (name, key) in rows {
            match issuers.last_mut() {
                Some(last) if last.name == name => last.keys.push(key),
                _ => issuers.push(Issuer { name, keys: vec![key] }),
            }
        }
        Ok(issuers)
    }

    fn add_campaign(&mut self, row: &CampaignRow) -> Stored<CampaignId> {
        let sql = "INSERT INTO campaigns (issuer, merchant, title, suspended, policy, capacity,
                                          next_ordinal, scramble, list_version)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let campaign = &row.campaign;
        let id = self.insert(
            sql,
            params![
                campaign.issuer.as_str(),
                row.merchant.0,
                campaign.title,
                is_suspended(campaign),
                encode(&campaign.policy),
                row.capacity,
                row.next_ordinal,
                row.scramble,
                to_sql(row.list_version)?,
            ],
        )?;
        narrow(id).map(CampaignId)
    }

    fn put_campaign(&mut self, row: &CampaignRow) -> Stored<()> {
        let sql = "UPDATE campaigns SET title = ?2, suspended = ?3, policy = ?4,
                          next_ordinal = ?5, list_version = ?6 WHERE id = ?1";
        let campaign = &row.campaign;
        self.write(
            sql,
            params![
                campaign.id.0,
                campaign.title,
                is_suspended(campaign),
                encode(&campaign.policy),
                row.next_ordinal,
                to_sql(row.list_version)?,
            ],
        )?;
        Ok(())
    }

    fn campaign(&mut self, id: CampaignId) -> Stored<Option<CampaignRow>> {
        let sql = "SELECT * FROM campaigns WHERE id = ?1";
        self.row(sql, params![id.0], campaign_row)
    }

    fn campaigns(&mut self) -> Stored<Vec<CampaignRow>> {
        self.rows("SELECT * FROM campaigns ORDER BY id", [], campaign_row)
    }

    fn add_bundle(&mut self, row: &BundleRow) -> Stored<()> {
        let sql = "INSERT INTO bundles (merchant, version, bytes) VALUES (?1, ?2, ?3)";
        self.write(sql, params![row.merchant.0, to_sql(row.version)?, row.bytes])?;
        Ok(())
    }

    fn bundle(&mut self, merchant: MerchantId) -> Stored<Option<BundleRow>> {
        let sql = "SELECT * FROM bundles WHERE merchant = ?1 ORDER BY version DESC LIMIT 1";
        self.row(sql, params![merchant.0], |row| {
            Ok(BundleRow {
                merchant: MerchantId(whole(row, "merchant")?),
                version: whole(row, "version")?,
                bytes: get(row, "bytes")?,
            })
        })
    }
}

fn is_suspended(campaign: &Campaign) -> bool {
    campaign.state == CampaignState::Suspended
}

fn issuer_name(row: &Row<'_>) -> Stored<IssuerName> {
    let name = get::<String>(row, "issuer")?;
    name.parse().map_err(|_error| StoreError::Damaged("an issuer's name is none"))
}

fn operator_row(row: &Row<'_>) -> Stored<OperatorRow> {
    let branches = get::<Vec<u8>>(row, "branches")?;
    let branches = decode(&branches)
        .map_err(|_error| StoreError::Damaged("an operator's branches are none"))?;
    Ok(OperatorRow {
        merchant: MerchantId(whole(row, "merchant")?),
        operator: Operator { id: OperatorId(whole(row, "id")?), name: get(row, "name")?, branches },
    })
}

fn published_key(row: &Row<'_>) -> Stored<PublishedKey> {
    Ok(PublishedKey {
        public: public_key(row, "public")?,
        from: Timestamp(get(row, "from_s")?),
        until: Timestamp(get(row, "until_s")?),
        withdrawn: get(row, "withdrawn")?,
    })
}

fn campaign_row(row: &Row<'_>) -> Stored<CampaignRow> {
    let policy = get::<Vec<u8>>(row, "policy")?;
    let policy =
        decode(&policy).map_err(|_error| StoreError::Damaged("a campaign's policy is none"))?;
    let state =
        if get(row, "suspended")? { CampaignState::Suspended } else { CampaignState::Active };
    let campaign = Campaign {
        id: CampaignId(whole(row, "id")?),
        issuer: issuer_name(row)?,
        title: get(row, "title")?,
        state,
        policy,
    };
    Ok(CampaignRow {
        campaign,
        merchant: MerchantId(whole(row, "merchant")?),
        capacity: whole(row, "capacity")?,
        next_ordinal: whole(row, "next_ordinal")?,
        scramble: get(row, "scramble")?,
        list_version: whole(row, "list_version")?,
    })
}
