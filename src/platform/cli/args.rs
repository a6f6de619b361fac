//! The command line as it is typed.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, which knows no markup")]

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    domain::{
        crypto::KeyId,
        id::{BranchId, CampaignId, IssuerName, MerchantId, TerminalId, parse_hex},
        money::Currency,
        redeem::{Liable, OfflineMode},
        time::Timestamp,
        voucher::Kind,
    },
    platform::service::VoucherName,
};

/// Run and administer a Countersign platform.
#[derive(Debug, Parser)]
#[command(name = "countersign-platform", version, about, max_term_width = 100)]
pub(super) struct Cli {
    /// Directory with the platform's keys and database.
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_PLATFORM_DATA",
        default_value = "./countersign-platform-data",
        value_name = "DIR"
    )]
    pub(super) data: PathBuf,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a new platform in the data directory.
    Init(InitArgs),
    /// Answer terminals and owners' programs over HTTP.
    Serve(ServeArgs),
    /// Merchants: businesses that accept vouchers.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// Branches: a merchant's shops.
    #[command(subcommand)]
    Branch(BranchCommand),
    /// Operators: people who work at a merchant's counters.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Issuers: those who mint vouchers.
    #[command(subcommand)]
    Issuer(IssuerCommand),
    /// Issuers' keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Campaigns: terms that many vouchers share.
    #[command(subcommand)]
    Campaign(Box<CampaignCommand>),
    /// Mint vouchers of a campaign.
    Issue(Box<IssueArgs>),
    /// Make a one-time code that turns a device into a terminal.
    EnrolCode(EnrolArgs),
    /// Single vouchers, by id or short code.
    #[command(subcommand)]
    Voucher(VoucherCommand),
    /// Terminals and their journals.
    #[command(subcommand)]
    Terminal(TerminalCommand),
    /// Uses that are set aside for terminals.
    #[command(subcommand)]
    Claim(ClaimCommand),
    /// List redemptions and roll-backs in the order of arrival.
    Redemptions(RedemptionsArgs),
    /// List double redemptions with the signed entries of all who took part.
    Conflicts(ConflictsArgs),
    /// Make a new API token; the one before ends.
    ApiToken,
    /// Show the platform in numbers.
    Status,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// What the platform is called.
    #[arg(long, default_value = "Countersign")]
    pub(super) name: String,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// Address that terminals use, beginning with https; stands in enrolment codes.
    #[arg(long)]
    pub(super) url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum MerchantCommand {
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
pub(super) enum BranchCommand {
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
    /// List branches.
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum OperatorCommand {
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
    },
    /// List operators.
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum IssuerCommand {
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
pub(super) enum KeyCommand {
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

#[derive(Debug, Subcommand)]
pub(super) enum CampaignCommand {
    /// Add a campaign.
    Create(CampaignArgs),
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
pub(super) struct CampaignArgs {
    /// Who mints its vouchers.
    #[arg(long)]
    pub(super) issuer: IssuerName,
    /// Where they are honoured.
    #[arg(long)]
    pub(super) merchant: MerchantId,
    /// What customers call it.
    #[arg(long)]
    pub(super) title: String,
    /// Most vouchers it will ever have.
    #[arg(long, default_value_t = 10_000)]
    pub(super) capacity: u32,
    /// What terminals may accept without the platform: never, branch_bound, limited, leased or always.
    #[arg(long, default_value = "limited")]
    pub(super) mode: OfflineMode,
    /// Currency of the amounts below.
    #[arg(long, default_value = "EUR")]
    pub(super) currency: Currency,
    /// Largest value of one act without the platform; 0 for no bound.
    #[arg(long)]
    pub(super) max_amount: Option<String>,
    /// Most redemptions that may wait to be sent; 0 for no bound.
    #[arg(long)]
    pub(super) max_unsent: Option<u32>,
    /// Largest sum that may wait to be sent; 0 for no bound.
    #[arg(long)]
    pub(super) max_unsent_sum: Option<String>,
    /// Hours after which a status list is too old; 0 for no bound.
    #[arg(long)]
    pub(super) list_max_hours: Option<u32>,
    /// Who bears a double redemption within these bounds: issuer or merchant.
    #[arg(long, default_value = "issuer", value_parser = liable)]
    pub(super) liable: Liable,
}

#[derive(Debug, Args)]
pub(super) struct IssueArgs {
    /// Of which campaign.
    #[arg(long)]
    pub(super) campaign: CampaignId,
    /// prepaid_deal, amount_off, percent_off, pass or stored_value.
    #[arg(long)]
    pub(super) kind: Kind,
    /// Value, amount off, value of each use, or balance, such as 10.00.
    #[arg(long, required_unless_present = "percent")]
    pub(super) value: Option<String>,
    /// Currency of all amounts.
    #[arg(long, default_value = "EUR")]
    pub(super) currency: Currency,
    /// Share of the bill, such as 15 or 12.5, for percent_off.
    #[arg(long, required_if_eq("kind", "percent_off"))]
    pub(super) percent: Option<String>,
    /// Most that a share takes off.
    #[arg(long)]
    pub(super) cap: Option<String>,
    /// Smallest bill a coupon applies to.
    #[arg(long)]
    pub(super) min_spend: Option<String>,
    /// Uses of a pass.
    #[arg(long, required_if_eq("kind", "pass"))]
    pub(super) uses: Option<u16>,
    /// Branches that accept, by number; all of the merchant's where none is named.
    #[arg(long, value_delimiter = ',')]
    pub(super) branches: Vec<BranchId>,
    /// First moment of validity: 2026-12-01 or 2026-12-01T09:00:00Z; the present where it is not said.
    #[arg(long, value_parser = time)]
    pub(super) from: Option<Timestamp>,
    /// End of validity; a year after its beginning where it is not said.
    #[arg(long, value_parser = time)]
    pub(super) until: Option<Timestamp>,
    /// How many.
    #[arg(long, default_value_t = 1)]
    pub(super) count: u32,
    /// Directory for the list and the pictures.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Draw each as a picture, named by its short code.
    #[arg(long)]
    pub(super) png: bool,
    /// Lay all out for printing.
    #[arg(long, value_name = "FILE.pdf")]
    pub(super) sheet: Option<PathBuf>,
    /// The list; vouchers-FIRST.csv in the directory where it is not said.
    #[arg(long, value_name = "FILE.csv")]
    pub(super) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct EnrolArgs {
    /// Where the terminal will stand.
    #[arg(long)]
    pub(super) branch: BranchId,
    /// What people will call it, such as "Till 3".
    #[arg(long)]
    pub(super) name: String,
    /// Go on under the number of this terminal, with another device or a restored one.
    #[arg(long)]
    pub(super) terminal: Option<TerminalId>,
    /// Address that terminals use; what `serve` was last told where it is not said.
    #[arg(long)]
    pub(super) url: Option<String>,
    /// Draw the code as a picture.
    #[arg(long, value_name = "FILE")]
    pub(super) png: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum VoucherCommand {
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
}

#[derive(Debug, Subcommand)]
pub(super) enum TerminalCommand {
    /// List terminals with their journals in numbers.
    List,
    /// Revoke a terminal: nothing it says is heard until it is enrolled again.
    Revoke {
        /// Which.
        terminal: TerminalId,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ClaimCommand {
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

#[derive(Debug, Args)]
pub(super) struct RedemptionsArgs {
    /// As JSON.
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// As CSV.
    #[arg(long)]
    pub(super) csv: bool,
    /// Only of this branch.
    #[arg(long)]
    pub(super) branch: Option<BranchId>,
    /// Only from this time on, by the terminals' clocks.
    #[arg(long, value_parser = time)]
    pub(super) since: Option<Timestamp>,
    /// Only before this time.
    #[arg(long, value_parser = time)]
    pub(super) until: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(super) struct ConflictsArgs {
    /// As JSON, with the signed entries.
    #[arg(long)]
    pub(super) json: bool,
}

/// A time, or the beginning of a day in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = format!("{text}T00:00:00Z");
    let read = text.parse().or_else(|_error| day.parse());
    read.map_err(|_error: jiff::Error| {
        "write times like 2026-12-01 or 2026-12-01T09:00:00Z".to_owned()
    })
}

fn key_id(text: &str) -> Result<KeyId, String> {
    let bytes = parse_hex(text).map(KeyId);
    bytes.ok_or_else(|| "a key id is eight hexadecimal digits".to_owned())
}

fn liable(text: &str) -> Result<Liable, String> {
    let known = [Liable::Issuer, Liable::Merchant];
    let found = known.into_iter().find(|liable| liable.code() == text);
    found.ok_or_else(|| "use issuer or merchant".to_owned())
}
