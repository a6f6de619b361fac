//! Tokens of owners' programs.

use std::io::Write;

use super::{CliError, args::TokenCommand};
use crate::platform::{
    site::Site,
    store::{TokenRole, TokenRow},
};

pub(super) fn token(
    site: &Site,
    command: &TokenCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let platform = site.platform();
    match command {
        TokenCommand::Create { name, role, merchant } => {
            let wrong = || CliError::Wrong("only an owner is of a merchant".to_owned());
            let role = TokenRole::named(role, *merchant).ok_or_else(wrong)?;
            let (id, token) = platform.create_token(name, role)?;
            writeln!(out, "Token {id}: {} (shown this once)", token.reveal())?;
        }
        TokenCommand::List => {
            for row in platform.tokens()? {
                list(&row, out)?;
            }
        }
        TokenCommand::Revoke { token } => {
            platform.revoke_token(*token)?;
            writeln!(out, "Token {token} opens nothing any more.")?;
        }
    }
    Ok(())
}

fn list(row: &TokenRow, out: &mut dyn Write) -> Result<(), CliError> {
    let state = if row.revoked { "revoked" } else { "in use" };
    let whose = match row.role {
        TokenRole::Owner(merchant) => format!("  merchant {merchant}"),
        TokenRole::Settlement | TokenRole::Audit | TokenRole::Wallet => String::new(),
    };
    let used = row.used.map_or_else(|| "never".to_owned(), |time| time.to_string());
    writeln!(
        out,
        "{:>4}  {state}  {}{whose}  made {}  last used {used}  {}",
        row.id.0,
        row.role.code(),
        row.made,
        row.name
    )?;
    Ok(())
}
