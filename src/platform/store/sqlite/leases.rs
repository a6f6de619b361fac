//! What is lent to terminals.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, issuer, narrow, used, whole},
};
use crate::{
    domain::{
        id::{CampaignId, Epoch, IssuerName, LeaseId, TerminalId, VoucherId},
        time::Timestamp,
        voucher::Used,
    },
    platform::store::{LeaseRow, LeaseState, Leases, StoreError, Stored},
};

impl Leases for SqliteTxn<'_> {
    fn add_lease(&mut self, row: &LeaseRow) -> Stored<LeaseId> {
        let sql = "INSERT INTO leases (issuer, campaign, voucher, terminal, epoch, uses, minor,
                                       until, lent_at, state)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let voucher = row.voucher.map(VoucherId::to_bytes);
        let id = self.insert(
            sql,
            params![
                row.issuer.as_str(),
                row.campaign.0,
                voucher,
                row.terminal.0,
                row.epoch.0,
                row.uses,
                row.minor,
                row.until.0,
                row.lent_at.0,
                state_number(row.state),
            ],
        )?;
        narrow(id).map(LeaseId)
    }

    fn set_lease_state(&mut self, id: LeaseId, state: LeaseState) -> Stored<()> {
        let sql = "UPDATE leases SET state = ?2 WHERE id = ?1";
        self.write(sql, params![id.0, state_number(state)])?;
        Ok(())
    }

    fn lease(&mut self, id: LeaseId) -> Stored<Option<LeaseRow>> {
        self.row("SELECT * FROM leases WHERE id = ?1", params![id.0], lease_row)
    }

    fn leases(&mut self) -> Stored<Vec<LeaseRow>> {
        self.rows("SELECT * FROM leases ORDER BY id", [], lease_row)
    }

    fn holding_leases(
        &mut self,
        issuer: &IssuerName,
        campaign: CampaignId,
    ) -> Stored<Vec<LeaseRow>> {
        let sql = "SELECT * FROM leases WHERE issuer = ?1 AND campaign = ?2 AND state < 2
                   ORDER BY id";
        self.rows(sql, params![issuer.as_str(), campaign.0], lease_row)
    }

    fn leases_of(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Vec<LeaseRow>> {
        let sql = "SELECT * FROM leases WHERE terminal = ?1 AND epoch = ?2 AND state < 2
                   ORDER BY id";
        self.rows(sql, params![terminal.0, epoch.0], lease_row)
    }

    fn taken(&mut self, id: LeaseId) -> Stored<Used> {
        let taken = self.rows("SELECT * FROM uses WHERE lease = ?1", params![id.0], used)?;
        Ok(taken.into_iter().fold(Used::default(), Used::plus))
    }
}

fn state_number(state: LeaseState) -> u8 {
    match state {
        LeaseState::Open => 0,
        LeaseState::Ending => 1,
        LeaseState::Ended => 2,
        LeaseState::Released => 3,
    }
}

fn lease_row(row: &Row<'_>) -> Stored<LeaseRow> {
    let state = get::<i64>(row, "state")?;
    let mut states = LeaseState::ALL.into_iter();
    let state = states.find(|known| i64::from(state_number(*known)) == state);
    Ok(LeaseRow {
        id: LeaseId(whole(row, "id")?),
        issuer: issuer(row)?,
        campaign: CampaignId(whole(row, "campaign")?),
        voucher: get::<Option<_>>(row, "voucher")?.map(VoucherId::from_bytes),
        terminal: TerminalId(whole(row, "terminal")?),
        epoch: Epoch(whole(row, "epoch")?),
        uses: whole(row, "uses")?,
        minor: get(row, "minor")?,
        until: Timestamp(get(row, "until")?),
        lent_at: Timestamp(get(row, "lent_at")?),
        state: state.ok_or(StoreError::Damaged("a lease's state is none"))?,
    })
}
