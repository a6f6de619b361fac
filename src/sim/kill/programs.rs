//! The two programs, and a folder for them.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

use super::error::KillError;
use crate::{
    domain::{
        id::{BranchId, CampaignId, MerchantId},
        money::{Currency, Money},
        redeem::{Limits, OfflineMode, Policy},
        voucher::Terms,
    },
    platform::{
        clock::Clock,
        entropy::Entropy,
        service::{Ends, EnrolmentOrder, Issued, NewCampaign, Order},
        site::Site,
        store::Home,
    },
};

/// Vouchers that are issued beforehand.
const STOCK: u32 = 20_000;

/// Where the programs are, and the folder they work in.
pub(super) struct Programs {
    terminal: PathBuf,
    platform: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Programs {
    pub(super) fn new(dir: Option<&Path>) -> Result<Self, KillError> {
        let own = std::env::current_exe()?;
        let dir = dir.or(own.parent()).unwrap_or(Path::new(".")).to_owned();
        let program = |name: &str| {
            let file = dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if file.is_file() { Ok(file) } else { Err(KillError::NoProgram(file)) }
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self {
            terminal: program("countersign")?,
            platform: program("countersign-platform")?,
            folder: tempfile::tempdir()?,
            port,
        })
    }

    pub(super) fn till(&self) -> PathBuf {
        self.folder.path().join("till")
    }

    pub(super) fn site(&self) -> Result<Site, KillError> {
        Ok(Site::open(&self.folder.path().join("platform"), Clock::system(), Entropy::system())?)
    }

    /// Makes the platform and its vouchers, and enrols the terminal with the terminal's own program.
    pub(super) fn furnish(&self) -> Result<Vec<Issued>, KillError> {
        let dir = self.folder.path().join("platform");
        let (site, _token) = Site::create(&dir, "Test", Clock::system(), Entropy::system())?;
        let name = "demo".parse().map_err(|_error| broken("the issuer's name"))?;
        let key = site.create_issuer(&name)?;
        let platform = site.platform();
        let merchant = platform.create_merchant("Café Anker")?;
        let branch = platform.create_branch(merchant, "Harbour", "Europe/Berlin")?;
        let limits = Limits { unsynced_count: 100_000, ..Limits::default() };
        let campaign = platform.create_campaign(&NewCampaign {
            issuer: name,
            home: Home::Merchant(merchant),
            title: "Lunch for two".to_owned(),
            policy: Policy::standard(OfflineMode::Always, limits),
            capacity: STOCK,
        })?;
        let stock = platform.issue(&key, &order(campaign, platform.now()))?;
        let code = self.code(&site, (merchant, branch))?;
        drop(site);
        let server = self.serve()?;
        let enrolled = self.terminal(&["enrol".to_owned(), code]).output()?;
        drop(server);
        if enrolled.status.success() {
            Ok(stock)
        } else {
            Err(KillError::Broken(format!("the enrolment: {enrolled:?}")))
        }
    }

    fn code(
        &self,
        site: &Site,
        (_merchant, branch): (MerchantId, BranchId),
    ) -> Result<String, KillError> {
        let (name, terminal, url) = ("Till".to_owned(), None, self.url());
        let order = EnrolmentOrder { branch, name, terminal, url };
        Ok(site.platform().create_enrolment(&order)?.to_text())
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The terminal's program with some arguments, not started yet.
    pub(super) fn terminal(&self, args: &[String]) -> Command {
        let mut command = self.command(&self.terminal);
        command.args(["--data", "till", "--json"]).args(args);
        command
    }

    /// Starts the platform's program and waits until it serves.
    pub(super) fn serve(&self) -> Result<Running, KillError> {
        let listen = format!("127.0.0.1:{}", self.port);
        let args = ["--data", "platform", "serve", "--listen", &listen, "--url", &self.url()];
        let mut running = Running::start(self.command(&self.platform).args(args))?;
        let mut line = String::new();
        BufReader::new(running.output()?).read_line(&mut line)?;
        if line.contains(&listen) {
            Ok(running)
        } else {
            Err(KillError::Broken("the platform's program does not serve".to_owned()))
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        command.env_remove("COUNTERSIGN_DATA").env_remove("COUNTERSIGN_PLATFORM_DATA");
        command.env("COUNTERSIGN_LOG", "off").stdin(Stdio::null()).stderr(Stdio::null());
        command
    }
}

fn broken(what: &str) -> KillError {
    KillError::Broken(what.to_owned())
}

fn order(campaign: CampaignId, now: crate::domain::time::Timestamp) -> Order {
    Order {
        campaign,
        terms: Terms::PrepaidDeal { value: Money::new(1_250, Currency::EUR) },
        branches: Vec::new(),
        group: None,
        customer: None,
        holder: None,
        from: now.plus(-3_600),
        until: Ends::At(now.plus(30 * 86_400)),
        count: STOCK,
    }
}

/// A program that runs; killed when it is dropped.
pub(super) struct Running(Child);

impl Running {
    pub(super) fn start(command: &mut Command) -> Result<Self, KillError> {
        Ok(Self(command.stdout(Stdio::piped()).spawn()?))
    }

    pub(super) fn output(&mut self) -> Result<ChildStdout, KillError> {
        self.0.stdout.take().ok_or_else(|| broken("the program has no output"))
    }

    /// Whether it had ended by itself before it was killed.
    pub(super) fn kill(&mut self) -> Result<bool, KillError> {
        let ended = self.0.try_wait()?.is_some();
        self.0.kill()?;
        self.0.wait()?;
        Ok(ended)
    }

    /// Waits for its own end.
    pub(super) fn wait(&mut self) -> Result<bool, KillError> {
        Ok(self.0.wait()?.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill().ok();
    }
}
