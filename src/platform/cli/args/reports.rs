//! Lists and sums.

use clap::{Args, Subcommand};

use super::values::{span, time};
use crate::domain::{
    id::{BranchId, CampaignId},
    time::Timestamp,
};

#[derive(Debug, Args)]
pub(in super::super) struct RedemptionsArgs {
    /// As JSON.
    #[arg(long, conflicts_with = "csv")]
    pub(in super::super) json: bool,
    /// As CSV.
    #[arg(long)]
    pub(in super::super) csv: bool,
    /// Only of this branch.
    #[arg(long)]
    pub(in super::super) branch: Option<BranchId>,
    /// Only from this time on, by the terminals' clocks.
    #[arg(long, value_parser = time)]
    pub(in super::super) since: Option<Timestamp>,
    /// Only before this time.
    #[arg(long, value_parser = time)]
    pub(in super::super) until: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(in super::super) struct ConflictsArgs {
    /// As JSON, with the signed entries.
    #[arg(long)]
    pub(in super::super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum ConflictCommand {
    /// Show who accepted when and where, what each terminal knew, and who bears it.
    Show {
        /// Its number, as `conflicts` lists it.
        id: u64,
        /// As JSON, with the signed entries.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum TicketsCommand {
    /// List tickets whose slot is over and of which people never came, with what is owed for them.
    NoShows(NoShowsArgs),
}

#[derive(Debug, Args)]
pub(in super::super) struct NoShowsArgs {
    /// Of which campaign.
    #[arg(long)]
    pub(in super::super) campaign: CampaignId,
    /// How long after the slot journals may still arrive that say who came.
    #[arg(long, value_parser = span, value_name = "SPAN", default_value = "1 day")]
    pub(in super::super) grace: u32,
    /// As JSON.
    #[arg(long)]
    pub(in super::super) json: bool,
}

#[derive(Debug, Args)]
pub(in super::super) struct SettlementArgs {
    /// First moment of the span, by the platform's clock: 2026-12-01 or 2026-12-01T00:00:00+01:00.
    #[arg(long, value_parser = time)]
    pub(in super::super) from: Timestamp,
    /// First moment after it.
    #[arg(long, value_parser = time)]
    pub(in super::super) until: Timestamp,
    /// How long after its slot a ticket counts as missed.
    #[arg(long, value_parser = span, value_name = "SPAN", default_value = "1 day")]
    pub(in super::super) grace: u32,
    /// As JSON.
    #[arg(long)]
    pub(in super::super) json: bool,
}
