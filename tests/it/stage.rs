//! A platform and terminals in one process: the real services and stores, a network that can be cut and that loses
//! and repeats messages, and a clock that stands until it is moved.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use countersign::{
    console::random,
    domain::{
        crypto::SecretKey,
        enrol::EnrolmentCode,
        id::{BranchId, CampaignId, MerchantId, TerminalId},
        money::{Currency, Money},
        redeem::{Limits, OfflineMode, Policy, Request},
        scan::EntryMethod,
        time::Timestamp,
        voucher::Terms,
    },
    net::{Transport, TransportError},
    platform::{
        clock::Clock as PlatformClock,
        entropy::Entropy,
        service::{Ends, EnrolmentOrder, Issued, NewCampaign, Order, Platform, PlatformKeys},
        store::{Home, MemoryStore, SqliteStore, Store},
    },
    terminal::{
        clock::{Clock, ManualClock},
        enrolment,
        outcome::Outcome,
        session::Session,
        source::SourceError,
    },
};
use tempfile::TempDir;

/// 2026-11-22T09:00:00Z.
pub(crate) const START: Timestamp = Timestamp(1_795_338_000);

/// A merchant with two branches and one campaign.
pub(crate) struct Stage {
    pub(crate) platform: Arc<Platform>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) key: SecretKey,
    pub(crate) merchant: MerchantId,
    pub(crate) branches: [BranchId; 2],
    pub(crate) campaign: CampaignId,
    folder: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_mode(OfflineMode::Limited)
    }

    pub(crate) fn with_mode(mode: OfflineMode) -> Self {
        let limits = Limits { unsynced_count: 10_000, ..Limits::default() };
        let policy = Policy::standard(mode, limits);
        Self::build(policy, platform_keys(), |_| Arc::new(MemoryStore::default()))
    }

    /// Another platform than that of all other stages.
    pub(crate) fn new_platform() -> Self {
        let key = |byte| SecretKey::from_seed(&[byte; 32]);
        let keys = PlatformKeys { root: key(11), platform: key(12) };
        let policy = Policy::standard(OfflineMode::Limited, Limits::default());
        Self::build(policy, keys, |_| Arc::new(MemoryStore::default()))
    }

    /// With a platform on disk, of which copies can be kept.
    pub(crate) fn on_disk() -> Self {
        let limits = Limits { unsynced_count: 10_000, ..Limits::default() };
        let policy = Policy::standard(OfflineMode::Limited, limits);
        Self::build(policy, platform_keys(), |folder| {
            Arc::new(SqliteStore::open(&folder.path().join("platform.db")).unwrap())
        })
    }

    /// Keeps a copy of the platform on disk as it is.
    pub(crate) fn keep_copy(&self, name: &str) {
        self.copy_platform(self.folder.path(), name);
    }

    /// Keeps a copy of a platform that went on from a copy.
    pub(crate) fn keep_copy_of(&self, restored: &str, name: &str) {
        self.copy_platform(&self.dir(restored), name);
    }

    fn copy_platform(&self, from: &Path, name: &str) {
        let copy = self.dir(name);
        std::fs::create_dir(&copy).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let (name, path) = entry.map(|entry| (entry.file_name(), entry.path())).unwrap();
            if name.to_string_lossy().starts_with("platform.db") {
                std::fs::copy(path, copy.join(name)).unwrap();
            }
        }
    }

    /// The platform as a copy has it, with the same keys.
    pub(crate) fn restored(&self, name: &str) -> Platform {
        let store = SqliteStore::open(&self.dir(name).join("platform.db")).unwrap();
        let time = Arc::clone(&self.clock);
        let clock = PlatformClock::new(move || time.now().time);
        Platform::new(Arc::new(store), platform_keys(), clock, Entropy::system())
    }

    fn build(
        policy: Policy,
        keys: PlatformKeys,
        store: impl Fn(&TempDir) -> Arc<dyn Store>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let time = Arc::clone(&clock);
        let platform_clock = PlatformClock::new(move || time.now().time);
        let store = store(&folder);
        let platform = Arc::new(Platform::new(store, keys, platform_clock, Entropy::system()));
        let key = SecretKey::from_seed(&[3; 32]);
        let issuer = "demo".parse().unwrap();
        platform.create_issuer(&issuer, key.public(), START.plus(10 * 365 * 86_400)).unwrap();
        let merchant = platform.create_merchant("Café Anker").unwrap();
        let branch = |name| platform.create_branch(merchant, name, "Europe/Berlin").unwrap();
        let branches = [branch("Harbour"), branch("Station")];
        let title = "Lunch for two".to_owned();
        let home = Home::Merchant(merchant);
        let new = NewCampaign { issuer, home, title, policy, capacity: 100_000 };
        let campaign = platform.create_campaign(&new).unwrap();
        Self { platform, clock, key, merchant, branches, campaign, folder }
    }

    pub(crate) fn deal() -> Terms {
        Terms::PrepaidDeal { value: Money::new(2_490, Currency::EUR) }
    }

    /// One more campaign of the merchant, or of a group.
    pub(crate) fn campaign(&self, home: Home, policy: Policy) -> CampaignId {
        let (issuer, title) = ("demo".parse().unwrap(), "Special".to_owned());
        let new = NewCampaign { issuer, home, title, policy, capacity: 10_000 };
        self.platform.create_campaign(&new).unwrap()
    }

    pub(crate) fn issue(&self, terms: &Terms, count: u32) -> Vec<Issued> {
        self.issue_as(terms, |order| Order { count, ..order })
    }

    /// Vouchers as the order says that `change` makes of an ordinary one.
    pub(crate) fn issue_as(&self, terms: &Terms, change: impl Fn(Order) -> Order) -> Vec<Issued> {
        let order = Order {
            campaign: self.campaign,
            terms: terms.clone(),
            branches: Vec::new(),
            group: None,
            customer: None,
            holder: None,
            from: START.plus(-3600),
            until: Ends::At(START.plus(365 * 86_400)),
            count: 1,
        };
        self.platform.issue(&self.key, &change(order)).unwrap()
    }

    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A code for a fresh terminal at a branch, or for the next device of one.
    pub(crate) fn code(
        &self,
        name: &str,
        branch: BranchId,
        terminal: Option<TerminalId>,
    ) -> EnrolmentCode {
        let (name, url) = (name.to_owned(), "https://platform.example".to_owned());
        let order = EnrolmentOrder { branch, name, terminal, url };
        let code = self.platform.create_enrolment(&order).unwrap().to_text();
        EnrolmentCode::parse(&code).unwrap()
    }

    /// Enrols a terminal at a branch and gives the way its messages take.
    pub(crate) fn terminal(&self, name: &str, branch: BranchId) -> Till<'_> {
        let code = self.code(name, branch, None);
        let wire = Arc::new(Wire::new(Arc::clone(&self.platform)));
        enrolment::enrol(&self.dir(name), &code, &*wire, START).unwrap();
        Till { stage: self, name: name.to_owned(), wire }
    }
}

fn platform_keys() -> PlatformKeys {
    PlatformKeys { root: SecretKey::from_seed(&[1; 32]), platform: SecretKey::from_seed(&[2; 32]) }
}

/// An enrolled terminal.
pub(crate) struct Till<'a> {
    stage: &'a Stage,
    name: String,
    pub(crate) wire: Arc<Wire>,
}

impl Till<'_> {
    /// The terminal as its store has it, as after a start of the program.
    pub(crate) fn open(&self) -> Session {
        self.try_open().unwrap()
    }

    /// The same, where its store may not be fit for it.
    pub(crate) fn try_open(&self) -> Result<Session, SourceError> {
        let wire = Arc::clone(&self.wire) as Arc<dyn Transport>;
        let clock = Arc::clone(&self.stage.clock) as Arc<dyn Clock>;
        Session::open(&self.stage.dir(&self.name), Some(wire), random, clock)
    }

    /// Redeems in a program of its own, as the console does.
    pub(crate) fn redeem(&self, text: &str) -> Outcome {
        self.open().redeem(text, Request::plain(EntryMethod::Program)).unwrap()
    }

    pub(crate) fn sync(&self) -> bool {
        self.open().sync()
    }
}

/// Straight to the platform's services, unless it is cut; every n-th answer can be lost after it took effect, and
/// every message can be delivered twice.
pub(crate) struct Wire {
    platform: Mutex<Arc<Platform>>,
    cut: AtomicBool,
    twice: AtomicBool,
    lose_every: AtomicU32,
    count: AtomicU32,
}

impl Wire {
    fn new(platform: Arc<Platform>) -> Self {
        Self {
            platform: Mutex::new(platform),
            cut: AtomicBool::new(false),
            twice: AtomicBool::new(false),
            lose_every: AtomicU32::new(0),
            count: AtomicU32::new(0),
        }
    }

    /// From now on another platform answers.
    pub(crate) fn goes_to(&self, platform: &Arc<Platform>) {
        *self.platform.lock().unwrap() = Arc::clone(platform);
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    pub(crate) fn deliver_twice(&self, twice: bool) {
        self.twice.store(twice, Ordering::SeqCst);
    }

    pub(crate) fn lose_every(&self, n: u32) {
        self.lose_every.store(n, Ordering::SeqCst);
    }

    fn serve(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        let platform = Arc::clone(&self.platform.lock().unwrap());
        let answer = match path {
            "/v1/enrol" => platform.enrol(body),
            _ => platform.sync(body),
        };
        answer.map_err(|error| TransportError::Refused {
            status: 400,
            code: error.code().to_owned(),
            detail: error.to_string(),
        })
    }
}

impl Transport for Wire {
    fn call(&self, path: &str, body: Vec<u8>, _: Duration) -> Result<Vec<u8>, TransportError> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(TransportError::Offline("the cable is out".to_owned()));
        }
        if self.twice.load(Ordering::SeqCst) {
            self.serve(path, &body)?;
        }
        let answer = self.serve(path, &body)?;
        let every = self.lose_every.load(Ordering::SeqCst);
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        if every > 0 && count.is_multiple_of(every) {
            Err(TransportError::Timeout)
        } else {
            Ok(answer)
        }
    }
}
