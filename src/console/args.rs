//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    device::{
        camera::choice::{CameraChoice, CameraWish, Sides},
        serial::Driver,
    },
    domain::id::OperatorId,
    terminal::source::KeyHome,
};

/// Redeem signed vouchers at a shop counter, with or without a network.
///
/// Without a command, the counter screen opens.
#[derive(Debug, Parser)]
#[command(name = "countersign", version)]
pub struct Args {
    /// Folder of this terminal's data [default: .countersign in the home folder]
    #[arg(long, global = true, env = "COUNTERSIGN_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Never use the network
    #[arg(long, global = true)]
    pub offline: bool,
    /// Number of the operator who works at the counter; journal entries carry it
    #[arg(long, global = true, value_name = "NUMBER")]
    pub operator: Option<OperatorId>,
    /// The readers of the window.
    #[command(flatten)]
    pub readers: ReaderArgs,
    /// What to do
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// Which readers the window reads, and how.
#[derive(Clone, Debug, clap::Args)]
pub struct ReaderArgs {
    /// Read a barcode reader on a serial port (window only): a port such as /dev/ttyACM0 or COM3, a reader such as 0c2e:0b6a that `readers` lists, or `auto`; may be repeated
    #[arg(long, global = true, value_name = "READER")]
    pub serial: Vec<String>,
    /// Speed of the serial ports [default: 115200 on USB, where it does not matter, and 9600 else]
    #[arg(long, global = true, value_name = "BAUD")]
    pub baud: Option<u32>,
    /// Let the readers on serial ports beep at a refused voucher, where their maker's command for it is known
    #[arg(long, global = true)]
    pub feedback: bool,
    /// Talk to the readers on serial ports as to those of this make, instead of the one their USB numbers tell
    #[arg(long, global = true, value_name = "NAME", value_parser = driver)]
    pub driver: Option<&'static Driver>,
    /// The modes are set at the readers that their maker's page asks for
    #[arg(long, global = true)]
    pub modes_set: bool,
    /// Read codes with this camera (window only): `first`, its path or number, part of its name, or `file:` before the path of a picture, a folder of pictures or a Y4M film
    #[arg(long, global = true, env = "COUNTERSIGN_CAMERA", value_name = "CAMERA")]
    pub camera: Option<CameraChoice>,
    /// Size of the camera's pictures; the nearest one it has is taken
    #[arg(long, global = true, value_name = "WIDTHxHEIGHT", default_value_t = Sides::default())]
    pub camera_sides: Sides,
    /// Let the camera read EAN and Code 128 besides QR codes, for short codes printed so and for products on a bill
    #[arg(long, global = true)]
    pub barcodes: bool,
}

impl ReaderArgs {
    /// What is wanted of the camera, where one is named.
    pub fn camera_wish(&self) -> Option<CameraWish> {
        let choice = self.camera.clone()?;
        Some(CameraWish { choice, sides: self.camera_sides, barcodes: self.barcodes })
    }
}

fn driver(name: &str) -> Result<&'static Driver, String> {
    let names = || Driver::all().iter().map(Driver::name).collect::<Vec<_>>().join(", ");
    Driver::of(name).ok_or_else(|| format!("use one of: {}", names()))
}

/// The window's commands beside those of the console.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show a shop with a platform, a terminal and customers, all on this machine
    Demo(DemoArgs),
    /// A console command
    #[command(flatten)]
    Console(Command),
}

/// How to show the demo.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// In the console, even where there is a display
    #[arg(long)]
    pub console: bool,
}

/// Commands that work in the console.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make this folder a terminal, with a code from the platform
    Enrol(EnrolArgs),
    /// Look what a voucher would do; nothing is written
    Validate(ValidateArgs),
    /// Consume vouchers
    Redeem(ConsumeArgs),
    /// Take a redemption back
    Rollback(RollbackArgs),
    /// Send and fetch everything now
    Sync,
    /// Carry entries and news by a folder, such as a USB stick, instead of the network
    Carry(CarryArgs),
    /// Show the code by which a customer's phone tells the platform of a redemption
    Witness(WitnessArgs),
    /// Say how this terminal is
    Status,
    /// Make the store anew, from the platform and what is left, after it was damaged, set back or lost
    Recover,
    /// Add up the redemptions of a day
    Report(ReportArgs),
    /// Explain a voucher without any effect
    Inspect(InspectArgs),
    /// Check or export the journal
    Journal(JournalArgs),
    /// List cameras and ports, and say what each would do
    Readers,
    /// Read the QR codes in pictures as a camera would; one line of JSON for each
    Decode(DecodeArgs),
}

/// An enrolment.
#[derive(Debug, clap::Args)]
pub struct EnrolArgs {
    /// The enrolment code, or the path of a picture of it
    pub code: String,
    /// Where the key of a fresh terminal is kept: the system's key store, a file, or whichever of the two works
    #[arg(long, env = "COUNTERSIGN_KEY_STORE", value_name = "auto|system|file", default_value = "auto", value_parser = key_home)]
    pub key_store: KeyHome,
    /// Encrypt the store of a fresh terminal, with its key in the system's key store
    #[arg(long)]
    pub encrypt: bool,
    /// The same with its key in this file, which should be on another medium
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    pub store_key: Option<PathBuf>,
    /// Certificates of the only authorities that may vouch for the platform's server, in PEM format
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

fn key_home(text: &str) -> Result<KeyHome, String> {
    match text {
        "auto" => Ok(KeyHome::Auto),
        "system" => Ok(KeyHome::System),
        "file" => Ok(KeyHome::File),
        _other => Err("use auto, system or file".to_owned()),
    }
}

/// Vouchers and what the cashier would say.
#[derive(Debug, clap::Args)]
pub struct RedeemArgs {
    /// Voucher texts, or paths of pictures
    #[arg(required = true, value_name = "VOUCHER")]
    pub vouchers: Vec<String>,
    /// The sum of the bill, such as 42.50
    #[arg(long)]
    pub bill: Option<String>,
    /// How much of a balance to spend, such as 12.50
    #[arg(long)]
    pub amount: Option<String>,
    /// How many uses of a pass, or how many people came
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub uses: Option<u16>,
    /// Pieces of each line of an order that are handed over, such as 2,0,1
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    pub pieces: Option<Vec<u16>>,
    /// Whether one of the products the campaign is for is on the bill
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub product: Option<bool>,
    /// Ask for a supervisor's PIN on standard input where one is needed
    #[arg(long)]
    pub approve: bool,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _other => Err("use yes or no".to_owned()),
    }
}

/// Vouchers to consume.
#[derive(Debug, clap::Args)]
pub struct ConsumeArgs {
    /// What to consume.
    #[command(flatten)]
    pub request: RedeemArgs,
    /// All on one bill of `--bill`, all or nothing, in the order the customer pays least
    #[arg(long, requires = "bill")]
    pub together: bool,
    /// Print a receipt
    #[arg(long)]
    pub receipt: bool,
}

/// Vouchers to look at.
#[derive(Debug, clap::Args)]
pub struct ValidateArgs {
    /// What to look at.
    #[command(flatten)]
    pub request: RedeemArgs,
    /// As if it were this time, such as 2026-12-24T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// A redemption to take back.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The journal entry of the redemption, as `redeem` printed it
    pub entry: u64,
    /// Why: `wrong_scan`, `customer_changed` or `not_delivered`
    #[arg(long, default_value = "wrong_scan")]
    pub reason: String,
    /// Only so many uses of a pass, or people of a party
    #[arg(long, conflicts_with_all = ["amount", "pieces"])]
    pub uses: Option<u32>,
    /// Only so much of a balance, such as 12.50
    #[arg(long, conflicts_with = "pieces")]
    pub amount: Option<String>,
    /// Only these pieces of each line of an order, such as 1,0,0
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    pub pieces: Option<Vec<u16>>,
    /// Ask for a supervisor's PIN on standard input where one is needed
    #[arg(long)]
    pub approve: bool,
}

/// A redemption to hand over.
#[derive(Debug, clap::Args)]
pub struct WitnessArgs {
    /// The journal entry of the redemption, as `redeem` printed it
    pub entry: u64,
}

/// What to carry.
#[derive(Debug, clap::Args)]
pub struct CarryArgs {
    /// Which way.
    #[command(subcommand)]
    pub action: CarryAction,
}

/// Which way to carry.
#[derive(Debug, Subcommand)]
pub enum CarryAction {
    /// Write what the platform lacks into the folder
    Out {
        /// The stick
        folder: PathBuf,
    },
    /// Take in what the platform answered
    In {
        /// The stick
        folder: PathBuf,
    },
}

/// Which day to add up.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The day in the branch's time zone, such as 2026-11-22 [default: today]
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
}

/// A voucher to explain.
#[derive(Debug, clap::Args)]
pub struct InspectArgs {
    /// Voucher text, or the path of a picture
    pub voucher: String,
}

/// Pictures to read.
#[derive(Debug, clap::Args)]
pub struct DecodeArgs {
    /// Paths of pictures [default: one a line on standard input]
    #[arg(value_name = "PICTURE")]
    pub pictures: Vec<PathBuf>,
    /// How hard to look: as at a picture that stays, or as at one frame of a camera, each picture being the next
    #[arg(long, value_enum, default_value_t = EffortArg::Full)]
    pub effort: EffortArg,
}

/// How hard to look at a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum EffortArg {
    /// What a frame of a camera gets.
    Live,
    /// Everything.
    Full,
}

/// What to do with the journal.
#[derive(Debug, clap::Args)]
pub struct JournalArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: JournalAction,
}

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalAction {
    /// Check every entry, its signature and its link to the one before
    Verify,
    /// Write what can still be read of stores that were moved aside, as a line of JSON each
    Salvage {
        /// The file to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Write every signed entry as a line of JSON
    Export {
        /// The file to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

impl Args {
    /// Where this terminal's data is kept.
    pub fn data_dir(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(super::default_data_dir)
    }
}
