//! Campaigns and their policies.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, which knows no markup")]

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::values::{liable, rate};
use crate::domain::{
    id::{CampaignId, GroupId, IssuerName, MerchantId},
    money::Currency,
    redeem::{Liable, OfflineMode},
    voucher::Tier,
};

#[derive(Debug, Subcommand)]
pub(in super::super) enum CampaignCommand {
    /// Add a campaign.
    Create(CampaignArgs),
    /// Put another policy in the place of a campaign's.
    Update {
        /// Which.
        campaign: CampaignId,
        /// The policy file.
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
    /// List campaigns.
    List,
    /// Stop honouring a campaign's vouchers until it is resumed.
    Suspend {
        /// Which.
        campaign: CampaignId,
    },
    /// Honour a campaign's vouchers again.
    Resume {
        /// Which.
        campaign: CampaignId,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("home").required(true).args(["merchant", "group"]))]
pub(in super::super) struct CampaignArgs {
    /// Who mints its vouchers.
    #[arg(long)]
    pub(in super::super) issuer: IssuerName,
    /// The merchant where they are honoured.
    #[arg(long)]
    pub(in super::super) merchant: Option<MerchantId>,
    /// The group of branches where they are honoured, of whichever merchants: mall vouchers.
    #[arg(long)]
    pub(in super::super) group: Option<GroupId>,
    /// What customers call it.
    #[arg(long)]
    pub(in super::super) title: String,
    /// Most vouchers it will ever have.
    #[arg(long, default_value_t = 10_000)]
    pub(in super::super) capacity: u32,
    /// How its vouchers are decided, as a file; in place of the options below.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["mode", "currency", "max_amount", "max_unsent", "max_unsent_sum", "list_max_hours", "liable"]
    )]
    pub(in super::super) policy: Option<PathBuf>,
    /// What terminals may accept without the platform: never, branch_bound, limited, leased or always.
    #[arg(long, default_value = "limited")]
    pub(in super::super) mode: OfflineMode,
    /// Currency of the amounts below.
    #[arg(long, default_value = "EUR")]
    pub(in super::super) currency: Currency,
    /// Largest value of one act without the platform; 0 for no bound.
    #[arg(long)]
    pub(in super::super) max_amount: Option<String>,
    /// Most redemptions that may wait to be sent; 0 for no bound.
    #[arg(long)]
    pub(in super::super) max_unsent: Option<u32>,
    /// Largest sum that may wait to be sent; 0 for no bound.
    #[arg(long)]
    pub(in super::super) max_unsent_sum: Option<String>,
    /// Hours after which a status list is too old; 0 for no bound.
    #[arg(long)]
    pub(in super::super) list_max_hours: Option<u32>,
    /// Who bears a double redemption within these bounds: issuer or merchant.
    #[arg(long, default_value = "issuer", value_parser = liable)]
    pub(in super::super) liable: Liable,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum PolicyCommand {
    /// Print a campaign's policy as a file, every key with a comment.
    Show {
        /// Of which campaign.
        #[arg(long)]
        campaign: CampaignId,
        /// Currency of the amounts.
        #[arg(long, default_value = "EUR")]
        currency: Currency,
    },
    /// Put a policy file in the place of a campaign's policy.
    Set {
        /// Of which campaign.
        #[arg(long)]
        campaign: CampaignId,
        /// The policy file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Read a policy file and print it complete, or say what is wrong with it.
    Check {
        /// The policy file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Decide journals once more under another policy: what would be refused, and what would be lost.
    Try(TryArgs),
}

#[derive(Debug, Args)]
pub(in super::super) struct TryArgs {
    /// A journal as `countersign journal export` writes it; may be said several times, for several terminals.
    #[arg(long, value_name = "FILE", required = true)]
    pub(in super::super) journal: Vec<PathBuf>,
    /// The policy to try.
    #[arg(long, value_name = "FILE")]
    pub(in super::super) policy: PathBuf,
    /// Only vouchers of this campaign; all where it is not said.
    #[arg(long)]
    pub(in super::super) campaign: Option<CampaignId>,
    /// Chance of a duplicate, such as 0.5%, or for one tier only, such as static=0.5%; in place of the file's table of losses.
    #[arg(long, value_name = "[TIER=]PERCENT", value_parser = rate)]
    pub(in super::super) duplicate_rate: Vec<Rate>,
    /// Time zone of branches that are not of this platform, such as Europe/Berlin.
    #[arg(long, value_name = "NAME")]
    pub(in super::super) time_zone: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub(in super::super) json: bool,
}

/// A chance of a duplicate, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Rate {
    /// Of which tier; of all where none is named.
    pub(in super::super) tier: Option<Tier>,
    pub(in super::super) ppm: u32,
}
