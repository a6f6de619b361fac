//! Who takes part: merchants, branches, groups, operators, issuers, terminals.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::{degrees, key_id};
use crate::domain::{
    crypto::KeyId,
    id::{BranchId, GroupId, IssuerName, MerchantId, OperatorId, TerminalId},
    trust::Role,
};

#[derive(Debug, Subcommand)]
pub(in super::super) enum MerchantCommand {
    /// Add a merchant.
    Create {
        /// Name as customers know it.
        #[arg(long)]
        name: String,
    },
    /// List merchants.
    List,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum BranchCommand {
    /// Add a branch.
    Create {
        /// Whose.
        #[arg(long)]
        merchant: MerchantId,
        /// Name as customers know it.
        #[arg(long)]
        name: String,
        /// Name in the IANA time zone database, such as Europe/Berlin.
        #[arg(long, default_value = "UTC")]
        time_zone: String,
    },
    /// Say where a branch stands, for telling customers how far it is.
    Place(PlaceArgs),
    /// List branches.
    List,
}

#[derive(Debug, Args)]
pub(in super::super) struct PlaceArgs {
    /// Which.
    pub(in super::super) branch: BranchId,
    /// Degrees north, negative for south, such as 52.520008.
    #[arg(long, value_parser = degrees, allow_hyphen_values = true, requires = "longitude")]
    pub(in super::super) latitude: Option<i32>,
    /// Degrees east, negative for west, such as 13.404954.
    #[arg(long, value_parser = degrees, allow_hyphen_values = true, requires = "latitude")]
    pub(in super::super) longitude: Option<i32>,
    /// Forget where it stands.
    #[arg(long, conflicts_with = "latitude", required_unless_present = "latitude")]
    pub(in super::super) forget: bool,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum GroupCommand {
    /// Make a group, such as a mall or a region.
    Create {
        /// What customers call it.
        #[arg(long)]
        name: String,
    },
    /// Add a branch, of any merchant.
    Add {
        /// To which group.
        group: GroupId,
        /// Which branch.
        branch: BranchId,
    },
    /// Take a branch out.
    Remove {
        /// Of which group.
        group: GroupId,
        /// Which branch.
        branch: BranchId,
    },
    /// List groups and their branches.
    List,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum OperatorCommand {
    /// Add an operator; terminals know them once they were synchronized.
    Create {
        /// For whom they work.
        #[arg(long)]
        merchant: MerchantId,
        /// What colleagues call them.
        #[arg(long)]
        name: String,
        /// Branches where they work, by number; all of the merchant's where none is named.
        #[arg(long, value_delimiter = ',')]
        branches: Vec<BranchId>,
        /// What they may do: cashier or supervisor, who approves what goes beyond the rules.
        #[arg(long, default_value = "cashier")]
        role: Role,
    },
    /// Give an operator another role: cashier or supervisor.
    Role {
        /// Whom.
        operator: OperatorId,
        /// What they may do from here on.
        role: Role,
    },
    /// Set the PIN by which terminals know a supervisor; it is read from the standard input.
    SetPin {
        /// Whose.
        operator: OperatorId,
    },
    /// Take the PIN away: the supervisor approves nothing until another is set.
    ClearPin {
        /// Whose.
        operator: OperatorId,
    },
    /// List operators.
    List,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum IssuerCommand {
    /// Add an issuer with a new key.
    Create {
        /// 1 to 16 of a-z, 0-9 and -.
        #[arg(long)]
        name: IssuerName,
    },
    /// List issuers and their keys.
    List,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum KeyCommand {
    /// Withdraw a key: nothing it signed is believed any more.
    Withdraw {
        /// Whose.
        #[arg(long)]
        issuer: IssuerName,
        /// Which: eight digits as `issuer list` shows them.
        #[arg(long, value_parser = key_id)]
        key: KeyId,
    },
    /// Sign with a new key from here on; what the old one signed stays good.
    Rotate {
        /// Whose.
        #[arg(long)]
        issuer: IssuerName,
    },
}

#[derive(Debug, Args)]
pub(in super::super) struct EnrolArgs {
    /// Where the terminal will stand.
    #[arg(long)]
    pub(in super::super) branch: BranchId,
    /// What people will call it, such as "Till 3".
    #[arg(long)]
    pub(in super::super) name: String,
    /// Go on under the number of this terminal, with another device or a restored one.
    #[arg(long)]
    pub(in super::super) terminal: Option<TerminalId>,
    /// Address that terminals use; what `serve` was last told where it is not said.
    #[arg(long)]
    pub(in super::super) url: Option<String>,
    /// Let the terminal know the server by this key only: 64 digits, or a certificate in PEM format. Given twice, the second
    /// is the key that comes next.
    #[arg(long, value_name = "PIN|FILE")]
    pub(in super::super) pin: Vec<String>,
    /// Draw the code as a picture.
    #[arg(long, value_name = "FILE")]
    pub(in super::super) png: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum TerminalCommand {
    /// List terminals with their journals in numbers.
    List,
    /// Have terminals told to update whose program speaks an older version of the protocol.
    Require {
        /// The least version.
        #[arg(long, value_name = "VERSION")]
        protocol: u32,
    },
    /// Revoke a terminal: nothing it says is heard until it is enrolled again.
    Revoke {
        /// Which.
        terminal: TerminalId,
    },
}
