//! Secrets that let programs ask.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, hash, narrow, whole},
};
use crate::{
    domain::{
        id::{Hash, MerchantId, TokenId},
        time::Timestamp,
    },
    platform::store::{StoreError, Stored, TokenRole, TokenRow, Tokens},
};

impl Tokens for SqliteTxn<'_> {
    fn add_token(&mut self, row: &TokenRow) -> Stored<TokenId> {
        let sql = "INSERT INTO tokens (name, role, merchant, hash, made, used, revoked)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (role, merchant) = match row.role {
            TokenRole::Owner(merchant) => ("owner", Some(merchant.0)),
            TokenRole::Settlement => ("settlement", None),
            TokenRole::Audit => ("audit", None),
            TokenRole::Wallet => ("wallet", None),
        };
        let (made, used) = (row.made.0, row.used.map(|time| time.0));
        let hash = row.hash.0;
        let id =
            self.insert(sql, params![row.name, role, merchant, hash, made, used, row.revoked])?;
        narrow(id).map(TokenId)
    }

    fn token(&mut self, hash: Hash) -> Stored<Option<TokenRow>> {
        self.row("SELECT * FROM tokens WHERE hash = ?1", params![hash.0], token_row)
    }

    fn tokens(&mut self) -> Stored<Vec<TokenRow>> {
        self.rows("SELECT * FROM tokens ORDER BY id", [], token_row)
    }

    fn use_token(&mut self, id: TokenId, at: Timestamp) -> Stored<()> {
        self.write("UPDATE tokens SET used = ?2 WHERE id = ?1", params![id.0, at.0])?;
        Ok(())
    }

    fn revoke_token(&mut self, id: TokenId) -> Stored<bool> {
        let sql = "UPDATE tokens SET revoked = 1 WHERE id = ?1 AND revoked = 0";
        Ok(self.write(sql, params![id.0])? == 1)
    }
}

fn token_row(row: &Row<'_>) -> Stored<TokenRow> {
    let merchant = get::<Option<u32>>(row, "merchant")?.map(MerchantId);
    let role = match (get::<String>(row, "role")?.as_str(), merchant) {
        ("owner", Some(merchant)) => TokenRole::Owner(merchant),
        ("settlement", None) => TokenRole::Settlement,
        ("audit", None) => TokenRole::Audit,
        ("wallet", None) => TokenRole::Wallet,
        _other => return Err(StoreError::Damaged("the role of a token is none")),
    };
    Ok(TokenRow {
        id: TokenId(whole(row, "id")?),
        name: get(row, "name")?,
        role,
        hash: hash(row, "hash")?,
        made: Timestamp(get(row, "made")?),
        used: get::<Option<i64>>(row, "used")?.map(Timestamp),
        revoked: get(row, "revoked")?,
    })
}
