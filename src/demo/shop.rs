//! Building the shop.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::cards::{self, Card};
use crate::{
    console::random,
    domain::{
        crypto::SecretKey,
        enrol::EnrolmentCode,
        id::{BranchId, CampaignId, IssuerName, MerchantId, OperatorId},
        money::{Currency, Money},
        redeem::{Limits, OfflineMode, Policy, Request},
        scan::EntryMethod,
        time::Timestamp,
        voucher::{AmountOff, PercentOff, Terms},
    },
    net::{HttpTransport, Transport, TransportError},
    platform::{
        clock::Clock as PlatformClock,
        entropy::Entropy,
        http::Embedded,
        service::{
            EnrolmentOrder, Issued, NewCampaign, Order, Platform, ServiceError, VoucherName,
        },
        site::{Site, SiteError},
    },
    terminal::{
        clock::Clock,
        engine::Engine,
        enrolment::{self, EnrolmentError},
        session::Session,
        source::SourceError,
    },
};

const DAY_S: i64 = 86_400;

/// A running platform with two enrolled terminals and a phone full of vouchers.
pub struct Shop {
    /// The samples on the customer's phone.
    pub cards: Vec<Card>,
    /// The platform's address.
    pub url: String,
    operator: Option<OperatorId>,
    site: Site,
    _server: Embedded,
    clock: Arc<dyn Clock>,
    folder: TempDir,
}

/// What the campaigns need to know of the shop.
struct Ground {
    issuer: IssuerName,
    merchant: MerchantId,
    harbour: BranchId,
    station: BranchId,
    now: Timestamp,
}

impl Shop {
    /// Opens the shop in a temporary folder.
    pub fn open(clock: Arc<dyn Clock>) -> Result<Self, DemoError> {
        let folder = tempfile::Builder::new().prefix("countersign-demo-").tempdir()?;
        let time = Arc::clone(&clock);
        let platform_clock = PlatformClock::new(move || time.now().time);
        let (site, _token) = Site::create(
            &folder.path().join("platform"),
            "Demo",
            platform_clock,
            Entropy::system(),
        )?;
        let server = Embedded::start(Arc::clone(site.platform()))?;
        let url = server.url();
        let mut shop =
            Self { cards: Vec::new(), url, operator: None, site, _server: server, clock, folder };
        shop.furnish()?;
        Ok(shop)
    }

    /// Folder of the terminal at the counter.
    pub fn counter_dir(&self) -> PathBuf {
        self.dir("till-1")
    }

    /// The terminal at the counter, driven by hand, with its operator signed in.
    pub fn counter(&self) -> Result<Session, DemoError> {
        let mut session = self.session("till-1", true)?;
        self.sign_in(&mut session.engine)?;
        Ok(session)
    }

    /// Signs in the operator of the counter.
    pub fn sign_in(&self, engine: &mut Engine) -> Result<(), DemoError> {
        let allowed = self.operator.is_some_and(|id| engine.sign_in(id));
        allowed.then_some(()).ok_or(DemoError::Setup("operator"))
    }

    /// The terminal of the other branch, driven by hand, with or without the network.
    pub fn other_till(&self, online: bool) -> Result<Session, DemoError> {
        self.session("till-2", online)
    }

    /// The way to the platform.
    pub fn transport(&self) -> Result<Arc<dyn Transport>, DemoError> {
        Ok(Arc::new(HttpTransport::new(&self.url)?))
    }

    /// The platform itself, to look at what it has.
    pub fn platform(&self) -> &Platform {
        self.site.platform()
    }

    fn furnish(&mut self) -> Result<(), DemoError> {
        let issuer: IssuerName = "demo".parse().map_err(|_error| DemoError::Setup("issuer"))?;
        let key = self.site.create_issuer(&issuer)?;
        let platform = Arc::clone(self.site.platform());
        let merchant = platform.create_merchant("Café Anker")?;
        let harbour = platform.create_branch(merchant, "Harbour", "Europe/Berlin")?;
        let station = platform.create_branch(merchant, "Station", "Europe/Berlin")?;
        self.operator = Some(platform.create_operator(merchant, "Mira", &[harbour])?);
        let now = self.clock.now().time;
        let ground = Ground { issuer, merchant, harbour, station, now };
        let stranger = platform.create_merchant("Bakery Sol")?;
        platform.create_branch(stranger, "Market", "Europe/Berlin")?;
        let vouchers = issue_all(&platform, &key, &ground, stranger)?;
        self.enrol(harbour, "Till 1", "till-1")?;
        self.enrol(station, "Till 2", "till-2")?;
        platform.revoke_voucher(VoucherName::Code(vouchers.revoked.code))?;
        self.use_elsewhere(&vouchers.used)?;
        self.session("till-1", true)?.sync();
        self.cards = cards::all(&vouchers)?;
        Ok(())
    }

    fn enrol(&self, branch: BranchId, name: &str, folder: &str) -> Result<(), DemoError> {
        let order =
            EnrolmentOrder { branch, name: name.to_owned(), terminal: None, url: self.url.clone() };
        let text = self.site.platform().create_enrolment(&order)?.to_text();
        let code = EnrolmentCode::parse(&text).map_err(EnrolmentError::Answer)?;
        let transport = HttpTransport::new(&code.url)?;
        enrolment::enrol(&self.dir(folder), &code, &transport, self.clock.now().time)?;
        Ok(())
    }

    /// The other branch redeems a voucher and tells the platform.
    fn use_elsewhere(&self, used: &Issued) -> Result<(), DemoError> {
        let mut till = self.other_till(true)?;
        till.sync();
        till.redeem(&used.text, Request::plain(EntryMethod::Program));
        till.sync();
        Ok(())
    }

    fn session(&self, folder: &str, online: bool) -> Result<Session, DemoError> {
        let transport = if online { Some(self.transport()?) } else { None };
        Ok(Session::open(&self.dir(folder), transport, random, Arc::clone(&self.clock))?)
    }

    fn dir(&self, name: &str) -> PathBuf {
        let folder: &Path = self.folder.path();
        folder.join(name)
    }
}

/// The vouchers of the demo, by what is to be shown with them.
pub(super) struct Vouchers {
    pub(super) lunch: Vec<Issued>,
    pub(super) used: Issued,
    pub(super) revoked: Issued,
    pub(super) expired: Issued,
    pub(super) early: Issued,
    pub(super) elsewhere: Issued,
    pub(super) other_branch: Issued,
    pub(super) amount_off: Issued,
    pub(super) percent_off: Issued,
    pub(super) pass: Issued,
    pub(super) gift: Issued,
}

fn issue_all(
    platform: &Platform,
    key: &SecretKey,
    ground: &Ground,
    stranger: MerchantId,
) -> Result<Vouchers, DemoError> {
    let Ground { merchant, harbour, station, now, .. } = *ground;
    let campaign = |merchant, title: &str| create_campaign(platform, ground, merchant, title);
    let mint = |campaign, terms: &Terms, branches: &[BranchId], (from, until), count| {
        let (terms, branches) = (terms.clone(), branches.to_vec());
        platform.issue(key, &Order { campaign, terms, branches, from, until, count })
    };
    let one = |campaign, terms: &Terms, branches: &[BranchId], span| {
        mint(campaign, terms, branches, span, 1)?.pop().ok_or(DemoError::Setup("vouchers"))
    };
    let (both, year) = ([harbour, station], (now.plus(-DAY_S), now.plus(365 * DAY_S)));
    let (past, future) = ((now.plus(-60 * DAY_S), now.plus(-DAY_S)), (now.plus(7 * DAY_S), year.1));
    let deal = Terms::PrepaidDeal { value: euro(2_490) };
    let coffees = Terms::Pass { uses: 10, value_each: euro(280) };
    let gift = Terms::StoredValue { balance: euro(5_000) };
    let lunch = campaign(merchant, "Lunch for two")?;
    Ok(Vouchers {
        lunch: mint(lunch, &deal, &both, year, 4)?,
        used: one(lunch, &deal, &both, year)?,
        revoked: one(lunch, &deal, &both, year)?,
        expired: one(lunch, &deal, &both, past)?,
        early: one(lunch, &deal, &both, future)?,
        other_branch: one(lunch, &deal, &[station], year)?,
        elsewhere: one(campaign(stranger, "Bread basket")?, &deal, &[], year)?,
        amount_off: one(campaign(merchant, "Welcome back")?, &amount_off(), &[], year)?,
        percent_off: one(campaign(merchant, "Autumn menu")?, &percent_off(), &[], year)?,
        pass: one(campaign(merchant, "Ten coffees")?, &coffees, &[], year)?,
        gift: one(campaign(merchant, "Gift card")?, &gift, &[], year)?,
    })
}

fn create_campaign(
    platform: &Platform,
    ground: &Ground,
    merchant: MerchantId,
    title: &str,
) -> Result<CampaignId, DemoError> {
    let limits = Limits {
        amount_minor: 5_000,
        unsynced_count: 200,
        unsynced_minor: 100_000,
        list_warn_s: 86_400,
        list_max_s: 259_200,
    };
    let campaign = NewCampaign {
        issuer: ground.issuer.clone(),
        merchant,
        title: title.to_owned(),
        policy: Policy::standard(OfflineMode::Limited, limits),
        capacity: 1_000,
    };
    Ok(platform.create_campaign(&campaign)?)
}

fn amount_off() -> Terms {
    Terms::AmountOff(AmountOff { off: euro(500), minimum_spend: 2_000 })
}

fn percent_off() -> Terms {
    Terms::PercentOff(PercentOff {
        basis_points: 1_500,
        cap: 2_000,
        minimum_spend: 0,
        currency: Currency::EUR,
    })
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// Why the demo could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The temporary folder, a thread or a socket could not be had.
    #[error("the demo cannot start: {0}")]
    Io(#[from] std::io::Error),
    /// The platform could not be set up.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The platform refused something.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A terminal could not be enrolled.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// A terminal could not be opened.
    #[error(transparent)]
    Terminal(#[from] SourceError),
    /// The platform could not be reached.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A picture could not be drawn.
    #[error(transparent)]
    Picture(#[from] crate::issuer::picture::PictureError),
    /// A name or a voucher of the demo is not what it should be.
    #[error("the demo's {0} could not be made")]
    Setup(&'static str),
}
