//! Single vouchers, what is set aside or lent of them, and the phones they live on.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::time;
use crate::{
    domain::{
        id::{CampaignId, LeaseId, TerminalId},
        money::Currency,
        time::Timestamp,
    },
    platform::service::VoucherName,
};

#[derive(Debug, Subcommand)]
pub(in super::super) enum VoucherCommand {
    /// Revoke it, for good.
    Revoke {
        /// Its id or short code.
        voucher: VoucherName,
    },
    /// Suspend it until it is resumed.
    Suspend {
        /// Its id or short code.
        voucher: VoucherName,
    },
    /// Resume it.
    Resume {
        /// Its id or short code.
        voucher: VoucherName,
    },
    /// Show all that is known of it.
    Show {
        /// Its id or short code.
        voucher: VoucherName,
        /// Show the text of its code too; whoever has that has the voucher.
        #[arg(long)]
        text: bool,
    },
    /// Load more onto a voucher with a balance.
    TopUp(TopUpArgs),
    /// Sign a voucher anew for ten minutes, as the platform does for a customer's phone.
    Refresh {
        /// The text of its code; - reads it from the standard input.
        text: String,
    },
    /// Show a voucher that lives on a phone: print the text of the code that the phone would draw.
    Present(PresentArgs),
}

#[derive(Debug, Args)]
pub(in super::super) struct TopUpArgs {
    /// Its id or short code.
    pub(in super::super) voucher: VoucherName,
    /// How much more, such as 25.00.
    #[arg(long)]
    pub(in super::super) amount: String,
    /// Currency of the amount.
    #[arg(long, default_value = "EUR")]
    pub(in super::super) currency: Currency,
}

#[derive(Debug, Args)]
pub(in super::super) struct PresentArgs {
    /// The phone's key file.
    #[arg(long, value_name = "FILE")]
    pub(in super::super) key: PathBuf,
    /// The text of the voucher's code; - reads it from the standard input.
    pub(in super::super) text: String,
    /// When it is shown; the present where it is not said.
    #[arg(long, value_parser = time)]
    pub(in super::super) at: Option<Timestamp>,
    /// Draw the code as a picture.
    #[arg(long, value_name = "FILE")]
    pub(in super::super) png: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum PhoneCommand {
    /// Make a phone's key, and print what goes onto its vouchers with --holder-key.
    Create {
        /// The new key file, which only its owner may read.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Print what goes onto the vouchers of a phone.
    Show {
        /// The key file.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum ClaimCommand {
    /// List what is set aside.
    List,
    /// Release what is set aside for a terminal that will not come back.
    Release {
        /// The voucher's id or short code.
        voucher: VoucherName,
        /// For which terminal.
        terminal: TerminalId,
    },
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum LeaseCommand {
    /// Lend a share of a campaign's quota, or of one voucher, to a terminal.
    Lend(LendArgs),
    /// List leases with what was taken from them.
    List,
    /// Ask the terminal to give a lease back; it counts as consumed until its journal says so.
    End {
        /// Which.
        lease: LeaseId,
    },
    /// Release a lease of a terminal that will not come back.
    Release {
        /// Which.
        lease: LeaseId,
    },
}

#[derive(Debug, Args)]
pub(in super::super) struct LendArgs {
    /// To which terminal.
    #[arg(long)]
    pub(in super::super) terminal: TerminalId,
    /// Of which campaign.
    #[arg(long)]
    pub(in super::super) campaign: CampaignId,
    /// Of which voucher, by id or short code; of the campaign's quota where none is named.
    #[arg(long)]
    pub(in super::super) voucher: Option<VoucherName>,
    /// How many uses.
    #[arg(long, required_unless_present = "amount")]
    pub(in super::super) uses: Option<u32>,
    /// How much of a balance, or worth at most, such as 50.00.
    #[arg(long)]
    pub(in super::super) amount: Option<String>,
    /// Currency of the amount.
    #[arg(long, default_value = "EUR")]
    pub(in super::super) currency: Currency,
    /// When it may no longer be used.
    #[arg(long, value_parser = time)]
    pub(in super::super) until: Timestamp,
}
