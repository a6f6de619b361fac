//! Tokens of owners' programs.

use clap::{Subcommand, builder::PossibleValuesParser};

use crate::{
    domain::id::{MerchantId, TokenId},
    platform::store::TokenRole,
};

#[derive(Debug, Subcommand)]
pub(in super::super) enum TokenCommand {
    /// Make a token; it is shown this once.
    Create {
        /// Whose it is, such as "Bookkeeping".
        #[arg(long)]
        name: String,
        /// owner: one merchant's redemptions and conflicts; settlement: all redemptions; audit: everything; wallet: has
        /// vouchers signed anew for customers.
        #[arg(long, value_parser = PossibleValuesParser::new(TokenRole::CODES))]
        role: String,
        /// Whose lists an owner reads.
        #[arg(long, required_if_eq("role", "owner"))]
        merchant: Option<MerchantId>,
    },
    /// List tokens with their roles and when they were last used.
    List,
    /// Revoke a token: it opens nothing from then on.
    Revoke {
        /// Which, as `token list` numbers them.
        token: TokenId,
    },
}
