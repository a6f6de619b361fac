//! Tokens of owners' programs: each has a role, and reads no more than that needs.

use std::fmt;

use super::{Platform, ServiceError, admin::parse_name, publish::merchant_named};
use crate::{
    domain::{
        crypto::{hash, is_same_secret},
        id::{Hex, MerchantId, TokenId},
        time::Timestamp,
    },
    platform::store::{TokenRole, TokenRow},
};

/// What every token begins with, so that one which went astray is recognised.
const PREFIX: &str = "cst_";

/// For so long the last use of a token stays as it was written down, in seconds.
const USE_NOTED_S: i64 = 60;

/// What a program may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Redemptions and roll-backs.
    Redemptions,
    /// Double redemptions with their evidence.
    Conflicts,
    /// To have vouchers signed anew.
    Refresh,
}

/// Of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of everybody.
    All,
    /// Of one merchant.
    Merchant(MerchantId),
}

impl TokenRole {
    /// The stable codes of all roles.
    pub const CODES: [&str; 4] = ["owner", "settlement", "audit", "wallet"];

    /// Stable code, such as `owner`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Owner(_) => "owner",
            Self::Settlement => "settlement",
            Self::Audit => "audit",
            Self::Wallet => "wallet",
        }
    }

    /// The role with this code; the merchant is an owner's, and nobody else's.
    pub fn named(code: &str, merchant: Option<MerchantId>) -> Option<Self> {
        match (code, merchant) {
            ("owner", Some(merchant)) => Some(Self::Owner(merchant)),
            ("settlement", None) => Some(Self::Settlement),
            ("audit", None) => Some(Self::Audit),
            ("wallet", None) => Some(Self::Wallet),
            _other => None,
        }
    }

    /// Of whom the role has a right; none where it has not.
    pub fn scope(self, right: Right) -> Option<Scope> {
        match (self, right) {
            (Self::Owner(merchant), Right::Redemptions | Right::Conflicts) => {
                Some(Scope::Merchant(merchant))
            }
            (Self::Settlement, Right::Redemptions)
            | (Self::Audit, Right::Redemptions | Right::Conflicts)
            | (Self::Wallet, Right::Refresh) => Some(Scope::All),
            (Self::Owner(_) | Self::Audit, Right::Refresh)
            | (Self::Settlement, Right::Conflicts | Right::Refresh)
            | (Self::Wallet, Right::Redemptions | Right::Conflicts) => None,
        }
    }
}

impl Scope {
    /// The one merchant; none for everybody.
    pub fn merchant(self) -> Option<MerchantId> {
        match self {
            Self::All => None,
            Self::Merchant(merchant) => Some(merchant),
        }
    }
}

impl Platform {
    /// Makes a token; its secret is not kept.
    pub fn create_token(
        &self,
        name: &str,
        role: TokenRole,
    ) -> Result<(TokenId, ApiToken), ServiceError> {
        let token = ApiToken(format!("{PREFIX}{}", Hex(&self.entropy.bytes::<24>()?)));
        let row = TokenRow {
            id: TokenId(0),
            name: parse_name(name)?,
            role,
            hash: hash(token.0.as_bytes()),
            made: self.now(),
            used: None,
            revoked: false,
        };
        let id = self.run(|txn| {
            if let TokenRole::Owner(merchant) = role {
                merchant_named(txn, merchant)?;
            }
            Ok(txn.add_token(&row)?)
        })?;
        Ok((id, token))
    }

    /// All tokens, by number.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, ServiceError> {
        self.run(|txn| Ok(txn.tokens()?))
    }

    /// Revokes a token: it opens nothing from then on.
    pub fn revoke_token(&self, id: TokenId) -> Result<(), ServiceError> {
        let revoked = self.run(|txn| Ok(txn.revoke_token(id)?))?;
        revoked.then_some(()).ok_or(ServiceError::NotFound("token in use"))
    }

    /// The token that a program shows, and writes down that it was used; none where it opens nothing.
    pub fn token(&self, shown: &str) -> Result<Option<TokenRow>, ServiceError> {
        let digest = hash(shown.as_bytes());
        let now = self.now();
        self.run(|txn| {
            let found = txn.token(digest)?;
            let found = found.filter(|row| is_same_secret(&row.hash.0, &digest.0) && !row.revoked);
            if let Some(row) = found.as_ref().filter(|row| is_stale(row.used, now)) {
                txn.use_token(row.id, now)?;
            }
            Ok(found)
        })
    }
}

fn is_stale(used: Option<Timestamp>, now: Timestamp) -> bool {
    used.is_none_or(|used| !(0..USE_NOTED_S).contains(&now.since(used)))
}

/// The secret of a token; shown once.
pub struct ApiToken(String);

impl ApiToken {
    /// The token as text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken")
    }
}
