//! The platform of a world: the real services over a real store, with a clock and keys that the world holds.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use super::{
    dice::Dice,
    machine::{Drive, platform_store},
    shape::{START, Shape, Terms, stream},
};
use crate::{
    domain::{
        crypto::SecretKey,
        enrol::EnrolmentCode,
        id::{BranchId, CampaignId, GroupId, IssuerName, MerchantId, TerminalId},
        time::Timestamp,
    },
    net::TransportError,
    platform::{
        clock::Clock,
        entropy::Entropy,
        service::{EnrolmentOrder, IssuerKeys, NewCampaign, Platform, PlatformKeys, ServiceError},
        store::{Home, MemoryStore, Store, Txn},
    },
    sim::faults::Fault,
};

/// The PIN of every world's supervisor.
pub(super) const PIN: &str = "4711";

/// Who mints all vouchers.
pub(super) fn issuer() -> IssuerName {
    "sim".parse().expect("a name of an issuer")
}

/// The platform of a world.
pub struct Office {
    /// The services.
    pub platform: Platform,
    /// What they keep things in.
    pub store: Arc<dyn Store>,
    /// The merchants, in the order of the shape.
    pub merchants: Vec<MerchantId>,
    /// The branches.
    pub branches: Vec<BranchId>,
    /// The campaigns.
    pub campaigns: Vec<CampaignId>,
    /// The group of all branches.
    pub group: GroupId,
    /// The key that vouchers are signed with at present.
    pub signing: SecretKey,
    /// All keys the issuer ever had.
    pub keys: Vec<SecretKey>,
    drive: Drive,
    on_disk: bool,
    dice: Dice,
    clock: Arc<AtomicI64>,
    ring: Arc<Ring>,
    entropy: Entropy,
}

/// The issuer's present key, as the platform is given it.
struct Ring(Mutex<[u8; 32]>);

impl IssuerKeys for Ring {
    fn key(&self, _issuer: &IssuerName) -> Option<SecretKey> {
        Some(SecretKey::from_seed(&self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Office {
    /// A platform over an empty store, set up as the shape says.
    pub fn open(seed: u64, shape: &Shape) -> Self {
        let drive = Drive::default();
        let store = platform_store(shape, &drive);
        let clock = Arc::new(AtomicI64::new(START.0));
        let dice = Mutex::new(Dice::new(seed, stream::PLATFORM));
        let entropy = Entropy::new(move |bytes| {
            dice.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
            Ok(())
        });
        let signing = issuer_key(seed, 0);
        let ring = Arc::new(Ring(Mutex::new(*signing.seed())));
        let platform = services(Arc::clone(&store), &clock, &entropy, &ring);
        let mut office = Self {
            platform,
            store,
            merchants: Vec::new(),
            branches: Vec::new(),
            campaigns: Vec::new(),
            group: GroupId(0),
            keys: vec![SecretKey::from_seed(&signing.seed())],
            signing,
            drive,
            on_disk: shape.on_disk,
            dice: Dice::new(seed, stream::PLATFORM + (1 << 16)),
            clock,
            ring,
            entropy,
        };
        office.set_up(shape).expect("a platform can be set up");
        office
    }

    /// The same platform over another store, as after a start of its program.
    pub fn reopen(&mut self, store: Arc<dyn Store>) {
        self.platform = services(Arc::clone(&store), &self.clock, &self.entropy, &self.ring);
        self.store = store;
    }

    /// The key that replies are signed with.
    pub fn reply_key() -> SecretKey {
        SecretKey::from_seed(&[2; 32])
    }

    /// The key that bundles are signed with.
    pub fn root_key() -> SecretKey {
        SecretKey::from_seed(&[1; 32])
    }

    /// The platform's clock.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::Relaxed))
    }

    /// Sets the platform's clock.
    pub fn set_clock(&self, time: Timestamp) {
        self.clock.store(time.0, Ordering::Relaxed);
    }

    /// Signs with another key from here on.
    pub fn rotate(&mut self, seed: u64) -> Result<(), ServiceError> {
        let key = issuer_key(seed, self.keys.len() as u64);
        self.platform.add_issuer_key(&issuer(), key.public(), far())?;
        *self.ring.0.lock().unwrap_or_else(PoisonError::into_inner) = *key.seed();
        self.keys.push(SecretKey::from_seed(&key.seed()));
        self.signing = key;
        Ok(())
    }

    /// Lets operations of the platform's disk fail; whether there is a disk.
    pub fn trouble(&mut self, fault: Fault, dice: &mut Dice) -> bool {
        if self.on_disk {
            self.drive.trouble(fault, dice);
        }
        self.on_disk
    }

    /// Whether the power failed within the last message.
    pub fn power_failed(&self) -> bool {
        self.drive.died()
    }

    /// Whether operations of its disk may fail.
    pub fn is_troubled(&self) -> bool {
        self.on_disk && self.drive.is_troubled()
    }

    /// Cuts the power: whatever was not synced may be gone.
    pub fn cut(&mut self) {
        self.drive.cut(&mut self.dice);
        self.stop();
    }

    /// Ends what its disk suffers from.
    pub fn mend(&mut self) {
        self.drive.mend();
    }

    /// Ends the program.
    pub fn stop(&mut self) {
        if self.on_disk {
            self.reopen(Arc::new(MemoryStore::default()));
        }
    }

    /// Starts the program; false where it does not start.
    pub fn start(&mut self) -> bool {
        if !self.on_disk {
            return true;
        }
        let Some(store) = self.drive.platform_store() else {
            self.drive.mend();
            return false;
        };
        self.reopen(store);
        true
    }

    /// What is on the platform's disk.
    pub fn image(&self) -> Option<crate::sim::disk::Image> {
        self.on_disk.then(|| self.drive.image())
    }

    /// The platform goes on from what was on its disk before.
    pub fn restore(&mut self, image: crate::sim::disk::Image) {
        self.drive.restore(image);
        self.stop();
    }

    /// Answers a message as the HTTP edge does.
    pub fn serve(&self, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.platform.sync(body).map_err(|error| refused(&error))
    }

    /// Answers an enrolment as the HTTP edge does.
    pub fn enrol(&self, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.platform.enrol(body).map_err(|error| refused(&error))
    }

    /// A code for a new device at a branch, or for a terminal's next device.
    pub fn code(
        &self,
        branch: usize,
        terminal: Option<TerminalId>,
    ) -> Result<EnrolmentCode, ServiceError> {
        self.platform.create_enrolment(&EnrolmentOrder {
            branch: self.branches[branch],
            name: "Till".to_owned(),
            terminal,
            url: "https://platform.example".to_owned(),
        })
    }

    /// Looks into the store without changing anything; none while it cannot be read.
    pub fn look<T>(&self, work: impl FnOnce(&mut dyn Txn) -> T) -> Option<T> {
        let mut txn = self.store.begin().ok()?;
        Some(work(txn.as_mut()))
    }

    /// Changes the store behind the services' back.
    pub fn meddle(&self, work: impl FnOnce(&mut dyn Txn)) {
        if let Ok(mut txn) = self.store.begin() {
            work(txn.as_mut());
            txn.commit().ok();
        }
    }

    fn set_up(&mut self, shape: &Shape) -> Result<(), ServiceError> {
        self.platform.create_issuer(&issuer(), self.signing.public(), far())?;
        for number in 0..shape.merchants {
            let merchant = self.platform.create_merchant(&format!("Merchant {number}"))?;
            self.merchants.push(merchant);
        }
        self.group = self.platform.create_group("Mall")?;
        for merchant in &shape.branches {
            let merchant = self.merchants[*merchant];
            let branch = self.platform.create_branch(merchant, "Branch", "Europe/Berlin")?;
            self.platform.add_to_group(self.group, branch)?;
            self.branches.push(branch);
        }
        for terms in &shape.campaigns {
            self.add_campaign(terms)?;
        }
        let chief = self.platform.create_operator(self.merchants[0], "Chief", &[])?;
        self.platform.set_operator_role(chief, crate::domain::trust::Role::Supervisor)?;
        self.platform.set_operator_pin(chief, PIN)
    }

    fn add_campaign(&mut self, terms: &Terms) -> Result<(), ServiceError> {
        let home = terms.merchant.map(|at| Home::Merchant(self.merchants[at]));
        let campaign = self.platform.create_campaign(&NewCampaign {
            issuer: issuer(),
            home: home.unwrap_or(Home::Group(self.group)),
            title: terms.title.to_owned(),
            policy: terms.policy.clone(),
            capacity: 4_000,
        })?;
        self.campaigns.push(campaign);
        Ok(())
    }
}

fn services(
    store: Arc<dyn Store>,
    clock: &Arc<AtomicI64>,
    entropy: &Entropy,
    ring: &Arc<Ring>,
) -> Platform {
    let keys = PlatformKeys { root: Office::root_key(), platform: Office::reply_key() };
    let time = Arc::clone(clock);
    let clock = Clock::new(move || Timestamp(time.load(Ordering::Relaxed)));
    let ring = Arc::clone(ring) as Arc<dyn IssuerKeys>;
    Platform::new(store, keys, clock, entropy.clone()).with_issuer_keys(ring)
}

/// The issuer's key of this number.
fn issuer_key(seed: u64, number: u64) -> SecretKey {
    SecretKey::from_seed(&Dice::new(seed, stream::KEYS - 1 - number).bytes())
}

/// Long after every world.
pub(super) fn far() -> Timestamp {
    START.plus(10 * 365 * 86_400)
}

/// A problem document with the status that the protocol's page gives the code.
fn refused(error: &ServiceError) -> TransportError {
    let code = error.code();
    let status = match code {
        "request_malformed" => 400,
        "enrolment_code_unknown" | "not_found" => 404,
        "terminal_superseded" | "request_stale" | "enrolment_code_used" => 409,
        "enrolment_code_expired" => 410,
        "batch_too_large" => 413,
        "entry_invalid" => 422,
        "busy" | "timeout" => 503,
        "internal" => 500,
        _other => 403,
    };
    TransportError::Refused { status, code: code.to_owned(), detail: error.to_string() }
}
