//! Building the shop.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::{
    cards::{self, Card, Face},
    goods::{Goods, Ground},
};
use crate::{
    console::random,
    domain::{
        enrol::EnrolmentCode,
        id::{BranchId, IssuerName, OperatorId},
        redeem::Request,
        scan::EntryMethod,
        trust::{Place, Role},
    },
    net::{HttpTransport, Transport, TransportError},
    platform::{
        clock::Clock as PlatformClock,
        entropy::Entropy,
        http::Embedded,
        service::{EnrolmentOrder, Issued, Platform, ServiceError, VoucherName},
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

/// The PIN of the demo's supervisor.
pub const SUPERVISOR_PIN: &str = "2580";

/// In the harbour of Hamburg and at its main station, 1.5 km apart.
const HARBOUR: Place = Place { latitude: 53_543_800, longitude: 9_988_400 };
const STATION: Place = Place { latitude: 53_552_900, longitude: 10_006_900 };

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

    /// What the phone shows of a card right now.
    pub fn show(&self, card: &Card) -> Result<Face, DemoError> {
        card.show(self.clock.now().time)
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
        Ok(Arc::new(HttpTransport::on_this_machine(&self.url)?))
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
        let supervisor = platform.create_operator(merchant, "Ada", &[])?;
        platform.set_operator_role(supervisor, Role::Supervisor)?;
        platform.set_operator_pin(supervisor, SUPERVISOR_PIN)?;
        platform.set_branch_place(harbour, Some(HARBOUR))?;
        platform.set_branch_place(station, Some(STATION))?;
        let now = self.clock.now().time;
        let stranger = platform.create_merchant("Bakery Sol")?;
        let market = platform.create_branch(stranger, "Market", "Europe/Berlin")?;
        let mall = platform.create_group("Harbour Mall")?;
        platform.add_to_group(mall, harbour)?;
        platform.add_to_group(mall, market)?;
        let ground = Ground { issuer, merchant, harbour, station, stranger, mall, now };
        let vouchers = Goods { platform: &platform, key: &key, ground: &ground }.issue_all()?;
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
        let transport = HttpTransport::on_this_machine(&code.url)?;
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
