//! Settings, merchants, operators, issuers, campaigns, bundles.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, home, home_columns, issuer, narrow, public_key, to_sql, whole},
};
use crate::{
    domain::{
        crypto::PublicKey,
        envelope::{decode, encode},
        id::{BranchId, CampaignId, GroupId, IssuerName, MerchantId, OperatorId},
        time::Timestamp,
        trust::{
            Branch, Campaign, CampaignState, Issuer, Merchant, Operator, Place, PublishedKey, Role,
        },
    },
    platform::store::{
        BranchRow, BundleRow, CampaignRow, GroupRow, OperatorRow, Places, StoreError, Stored,
    },
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
        let sql = "INSERT INTO branches (merchant, name, time_zone, latitude, longitude)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let Branch { name, time_zone, place, id: _ } = &row.branch;
        let (latitude, longitude) = place_columns(*place);
        let id = self.insert(sql, params![row.merchant.0, name, time_zone, latitude, longitude])?;
        narrow(id).map(BranchId)
    }

    fn put_branch(&mut self, row: &BranchRow) -> Stored<()> {
        let sql = "UPDATE branches SET name = ?2, time_zone = ?3, latitude = ?4, longitude = ?5
                   WHERE id = ?1";
        let Branch { id, name, time_zone, place } = &row.branch;
        let (latitude, longitude) = place_columns(*place);
        self.write(sql, params![id.0, name, time_zone, latitude, longitude])?;
        Ok(())
    }

    fn branches(&mut self) -> Stored<Vec<BranchRow>> {
        self.rows("SELECT * FROM branches ORDER BY id", [], |row| {
            let place = get::<Option<i32>>(row, "latitude")?.zip(get(row, "longitude")?);
            Ok(BranchRow {
                merchant: MerchantId(whole(row, "merchant")?),
                branch: Branch {
                    id: BranchId(whole(row, "id")?),
                    name: get(row, "name")?,
                    time_zone: get(row, "time_zone")?,
                    place: place.map(|(latitude, longitude)| Place { latitude, longitude }),
                },
            })
        })
    }

    fn add_group(&mut self, name: &str) -> Stored<GroupId> {
        let sql = "INSERT INTO groups (name) VALUES (?1)";
        narrow(self.insert(sql, params![name])?).map(GroupId)
    }

    fn set_member(&mut self, group: GroupId, branch: BranchId, belongs: bool) -> Stored<bool> {
        let sql = if belongs {
            "INSERT INTO group_branches (group_id, branch) VALUES (?1, ?2)
             ON CONFLICT (group_id, branch) DO NOTHING"
        } else {
            "DELETE FROM group_branches WHERE group_id = ?1 AND branch = ?2"
        };
        Ok(self.write(sql, params![group.0, branch.0])? > 0)
    }

    fn groups(&mut self) -> Stored<Vec<GroupRow>> {
        let mut groups = self.rows("SELECT * FROM groups ORDER BY id", [], |row| {
            let (id, name) = (GroupId(whole(row, "id")?), get(row, "name")?);
            Ok(GroupRow { id, name, branches: Vec::new() })
        })?;
        let sql = "SELECT branch FROM group_branches WHERE group_id = ?1 ORDER BY branch";
        for group in &mut groups {
            let branch = |row: &Row<'_>| whole(row, "branch").map(BranchId);
            group.branches = self.rows(sql, params![group.id.0], branch)?;
        }
        Ok(groups)
    }

    fn add_operator(&mut self, row: &OperatorRow) -> Stored<OperatorId> {
        let sql = "INSERT INTO operators (merchant, name, branches, role, pin)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let Operator { name, branches, role, pin, id: _ } = &row.operator;
        let (branches, pin) = (encode(branches), pin.map(|pin| encode(&pin)));
        let role = *role == Role::Supervisor;
        let id = self.insert(sql, params![row.merchant.0, name, branches, role, pin])?;
        narrow(id).map(OperatorId)
    }

    fn put_operator(&mut self, row: &OperatorRow) -> Stored<()> {
        let sql = "UPDATE operators SET name = ?2, branches = ?3, role = ?4, pin = ?5
                   WHERE id = ?1";
        let Operator { id, name, branches, role, pin } = &row.operator;
        let (branches, pin) = (encode(branches), pin.map(|pin| encode(&pin)));
        let role = *role == Role::Supervisor;
        self.write(sql, params![id.0, name, branches, role, pin])?;
        Ok(())
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
        let rows = self.rows(sql, [], |row| Ok((issuer(row)?, published_key(row)?)))?;
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
        let sql = "INSERT INTO campaigns (issuer, merchant, group_id, title, suspended, policy,
                                          capacity, next_ordinal, scramble, list_version)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let campaign = &row.campaign;
        let (merchant, group) = home_columns(row.home);
        let id = self.insert(
            sql,
            params![
                campaign.issuer.as_str(),
                merchant,
                group,
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

fn place_columns(place: Option<Place>) -> (Option<i32>, Option<i32>) {
    (place.map(|place| place.latitude), place.map(|place| place.longitude))
}

fn operator_row(row: &Row<'_>) -> Stored<OperatorRow> {
    let branches = get::<Vec<u8>>(row, "branches")?;
    let branches = decode(&branches)
        .map_err(|_error| StoreError::Damaged("an operator's branches are none"))?;
    let pin = get::<Option<Vec<u8>>>(row, "pin")?.map(|bytes| decode(&bytes)).transpose();
    let pin = pin.map_err(|_error| StoreError::Damaged("an operator's PIN is none"))?;
    let role = if get(row, "role")? { Role::Supervisor } else { Role::Cashier };
    let (id, name) = (OperatorId(whole(row, "id")?), get(row, "name")?);
    Ok(OperatorRow {
        merchant: MerchantId(whole(row, "merchant")?),
        operator: Operator { id, name, branches, role, pin },
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
        issuer: issuer(row)?,
        title: get(row, "title")?,
        state,
        policy,
    };
    Ok(CampaignRow {
        campaign,
        home: home(row)?,
        capacity: whole(row, "capacity")?,
        next_ordinal: whole(row, "next_ordinal")?,
        scramble: get(row, "scramble")?,
        list_version: whole(row, "list_version")?,
    })
}
