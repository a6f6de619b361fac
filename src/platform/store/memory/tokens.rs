//! Secrets that let programs ask.

use super::{MemoryTxn, must_exist, next_number};
use crate::{
    domain::{
        id::{Hash, TokenId},
        time::Timestamp,
    },
    platform::store::{StoreError, Stored, TokenRole, TokenRow, Tokens},
};

impl Tokens for MemoryTxn<'_> {
    fn add_token(&mut self, row: &TokenRow) -> Stored<TokenId> {
        if let TokenRole::Owner(merchant) = row.role {
            must_exist(self.state.merchants.contains_key(&merchant))?;
        }
        if self.token(row.hash)?.is_some() {
            return Err(StoreError::Duplicate);
        }
        let id = TokenId(next_number(self.state.tokens.keys().last().map(|id| id.0))?);
        self.state.tokens.insert(id, TokenRow { id, ..row.clone() });
        Ok(id)
    }

    fn token(&mut self, hash: Hash) -> Stored<Option<TokenRow>> {
        Ok(self.state.tokens.values().find(|row| row.hash == hash).cloned())
    }

    fn tokens(&mut self) -> Stored<Vec<TokenRow>> {
        Ok(self.state.tokens.values().cloned().collect())
    }

    fn use_token(&mut self, id: TokenId, at: Timestamp) -> Stored<()> {
        if let Some(row) = self.state.tokens.get_mut(&id) {
            row.used = Some(at);
        }
        Ok(())
    }

    fn revoke_token(&mut self, id: TokenId) -> Stored<bool> {
        let row = self.state.tokens.get_mut(&id).filter(|row| !row.revoked);
        Ok(row.is_some_and(|row| {
            row.revoked = true;
            true
        }))
    }
}
