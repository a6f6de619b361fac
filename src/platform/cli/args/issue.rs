//! Minting vouchers.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, which knows no markup")]

use std::path::PathBuf;

use clap::Args;

use super::values::{holder_key, line, span, time};
use crate::domain::{
    crypto::HolderKey,
    id::{BranchId, CampaignId, GroupId},
    money::Currency,
    time::Timestamp,
    voucher::{Customer, Kind, Label},
};

#[derive(Debug, Args)]
pub(in super::super) struct IssueArgs {
    /// Of which campaign.
    #[arg(long)]
    pub(in super::super) campaign: CampaignId,
    /// prepaid_deal, amount_off, percent_off, pass, stored_value, item, ticket or pick_up.
    #[arg(long)]
    pub(in super::super) kind: Kind,
    /// Value, amount off, value of each use or of each person, or balance, such as 10.00.
    #[arg(long, required_unless_present_any = ["percent", "line"])]
    pub(in super::super) value: Option<String>,
    /// Currency of all amounts.
    #[arg(long, default_value = "EUR")]
    pub(in super::super) currency: Currency,
    /// Share of the bill, such as 15 or 12.5, for percent_off.
    #[arg(long, required_if_eq("kind", "percent_off"))]
    pub(in super::super) percent: Option<String>,
    /// Most that a share takes off.
    #[arg(long)]
    pub(in super::super) cap: Option<String>,
    /// Smallest bill a coupon applies to.
    #[arg(long)]
    pub(in super::super) min_spend: Option<String>,
    /// Uses of a pass.
    #[arg(long, required_if_eq("kind", "pass"))]
    pub(in super::super) uses: Option<u16>,
    /// What is handed over, for item.
    #[arg(long, value_name = "NAME", required_if_eq("kind", "item"))]
    pub(in super::super) item: Option<Label>,
    /// How many pieces of it.
    #[arg(long, default_value_t = 1)]
    pub(in super::super) pieces: u16,
    /// What the customer pays for it at the counter; nothing where it is not said.
    #[arg(long)]
    pub(in super::super) price: Option<String>,
    /// When a ticket's slot begins, such as 2026-12-24T19:00:00+01:00.
    #[arg(long, value_parser = time, required_if_eq("kind", "ticket"))]
    pub(in super::super) starts: Option<Timestamp>,
    /// How much earlier the party may come, such as 30min.
    #[arg(long, value_parser = span, value_name = "SPAN")]
    pub(in super::super) early: Option<u32>,
    /// How much later, such as 15min.
    #[arg(long, value_parser = span, value_name = "SPAN")]
    pub(in super::super) late: Option<u32>,
    /// How many people a ticket admits.
    #[arg(long, default_value_t = 1)]
    pub(in super::super) party: u16,
    /// A line of an order, such as "2 x Bread @ 3.20"; said once for each line, for pick_up.
    #[arg(long, value_parser = line, required_if_eq("kind", "pick_up"))]
    pub(in super::super) line: Vec<LineArg>,
    /// Whose they are, by a pseudonym of at most 16 letters, digits, - and _.
    #[arg(long)]
    pub(in super::super) customer: Option<Customer>,
    /// The key of the phone they live on, as `phone create` prints it.
    #[arg(long, value_parser = holder_key, value_name = "KEY")]
    pub(in super::super) holder_key: Option<HolderKey>,
    /// The group of branches that accepts, of whichever merchants.
    #[arg(long, conflicts_with = "branches")]
    pub(in super::super) group: Option<GroupId>,
    /// Branches that accept, by number; all of the merchant's where none is named.
    #[arg(long, value_delimiter = ',')]
    pub(in super::super) branches: Vec<BranchId>,
    /// First moment of validity: 2026-12-01 or 2026-12-01T09:00:00Z; the present where it is not said.
    #[arg(long, value_parser = time)]
    pub(in super::super) from: Option<Timestamp>,
    /// End of validity; where it is not said a year after its beginning, of a ticket a day after its slot.
    #[arg(long, value_parser = time)]
    pub(in super::super) until: Option<Timestamp>,
    /// Valid until the end of the day so many days after issue, by the clock of the first branch.
    #[arg(long, conflicts_with = "until", value_name = "DAYS")]
    pub(in super::super) valid_days: Option<u16>,
    /// How many.
    #[arg(long, default_value_t = 1)]
    pub(in super::super) count: u32,
    /// Directory for the list and the pictures.
    #[arg(long, value_name = "DIR")]
    pub(in super::super) out: PathBuf,
    /// Draw each as a picture, named by its short code.
    #[arg(long)]
    pub(in super::super) png: bool,
    /// Lay all out for printing.
    #[arg(long, value_name = "FILE.pdf")]
    pub(in super::super) sheet: Option<PathBuf>,
    /// The list; vouchers-FIRST.csv in the directory where it is not said.
    #[arg(long, value_name = "FILE.csv")]
    pub(in super::super) csv: Option<PathBuf>,
    /// The same for programs: a JSON object a line.
    #[arg(long, value_name = "FILE.jsonl")]
    pub(in super::super) jsonl: Option<PathBuf>,
}

/// A line of an order, before its currency is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct LineArg {
    pub(in super::super) count: u16,
    pub(in super::super) name: Label,
    pub(in super::super) value_each: String,
}
