//! The command line as it is typed.

mod campaigns;
mod issue;
mod places;
mod reports;
mod tokens;
mod values;
mod vouchers;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand};

pub(super) use self::{
    campaigns::{CampaignArgs, CampaignCommand, PolicyCommand, Rate, TryArgs},
    issue::{IssueArgs, LineArg},
    places::{
        BranchCommand, EnrolArgs, GroupCommand, IssuerCommand, KeyCommand, MerchantCommand,
        OperatorCommand, PlaceArgs, TerminalCommand,
    },
    reports::{
        ConflictCommand, ConflictsArgs, NoShowsArgs, RedemptionsArgs, SettlementArgs,
        TicketsCommand,
    },
    tokens::TokenCommand,
    vouchers::{
        ClaimCommand, LeaseCommand, LendArgs, PhoneCommand, PresentArgs, TopUpArgs, VoucherCommand,
    },
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
    /// Groups: branches that vouchers can name together, of any merchants.
    #[command(subcommand)]
    Group(GroupCommand),
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
    /// Policies: how a campaign's vouchers are decided, as files.
    #[command(subcommand)]
    Policy(Box<PolicyCommand>),
    /// Mint vouchers of a campaign.
    Issue(Box<IssueArgs>),
    /// Make a one-time code that turns a device into a terminal.
    EnrolCode(EnrolArgs),
    /// Phones that vouchers live on, played with a key file.
    #[command(subcommand)]
    Phone(PhoneCommand),
    /// Single vouchers, by id or short code.
    #[command(subcommand)]
    Voucher(VoucherCommand),
    /// Terminals and their journals.
    #[command(subcommand)]
    Terminal(TerminalCommand),
    /// Uses that are set aside for terminals.
    #[command(subcommand)]
    Claim(ClaimCommand),
    /// Leases: shares of a quota or of a voucher that terminals redeem from without a network.
    #[command(subcommand)]
    Lease(LeaseCommand),
    /// List redemptions and roll-backs in the order of arrival.
    Redemptions(RedemptionsArgs),
    /// List double redemptions with the signed entries of all who took part.
    Conflicts(ConflictsArgs),
    /// One double redemption, with what both sides wrote down.
    #[command(subcommand)]
    Conflict(ConflictCommand),
    /// Tickets and those who held them.
    #[command(subcommand)]
    Tickets(TicketsCommand),
    /// Sum up what merchants are owed for a span of time.
    Settlement(SettlementArgs),
    /// Tokens by which owners' programs read lists.
    #[command(subcommand)]
    Token(TokenCommand),
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
    /// Serve TLS with this certificate and those that vouch for it, in PEM format.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM format.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// Address of a proxy whose X-Forwarded-For says who asks; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) proxy: Vec<IpAddr>,
}
