//! Journals, vouchers and floors to measure against.

pub mod worst;

use std::{path::Path, sync::Arc, time::Duration, time::Instant};

use countersign::{
    domain::{
        crypto::SecretKey,
        enrol::{EnrolmentCode, Grant},
        envelope::Context,
        id::{BranchId, CampaignId, Epoch, Hash, MerchantId, TerminalId, VoucherId, VoucherKey},
        journal::{Body, Redeemed, SignedEntry, Waiting},
        money::{Currency, Money},
        redeem::{FindingSet, Limits, OfflineMode, Policy, Request},
        scan::EntryMethod,
        time::Timestamp,
        trust::{
            Campaign, CampaignState, Issuer, Merchant, Protocols, PublishedKey, StatusList,
            TrustBundle, seal_bundle,
        },
        voucher::{Claims, Kind, Limit, Scope, Terms, Tier, Used, from_text, mint},
    },
    net::HttpTransport,
    platform::{
        clock::Clock as PlatformClock,
        entropy::Entropy,
        http::Embedded,
        service::{Ends, EnrolmentOrder, NewCampaign, Order, Platform, PlatformKeys},
        store::{Home, SqliteStore},
    },
    store::Store,
    terminal::{
        Nonce,
        clock::{Clock, Now, SystemClock},
        command::Command,
        engine::{Engine, Event},
        enrolment,
        session::Session,
    },
};
use rusqlite::Connection;
use tempfile::TempDir;

const CAMPAIGN: CampaignId = CampaignId(7);
const CAPACITY: u32 = 65_536;

fn issuer_key() -> SecretKey {
    SecretKey::from_seed(&[3; 32])
}

/// A terminal with a journal of some length, acknowledged by the platform.
pub struct Shop {
    folder: TempDir,
    bundle: TrustBundle,
    now: Timestamp,
}

impl Shop {
    pub fn new(entries: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemClock::default().now().time;
        let bundle = bundle(now);
        let key = countersign::keys::create(&folder.path().join("device.key")).unwrap();
        let root = SecretKey::from_seed(&[1; 32]);
        let grant = Grant {
            terminal: TerminalId(5),
            name: "Till 5".to_owned(),
            merchant: MerchantId(1),
            branch: BranchId(2),
            epoch: Epoch(1),
            key: key.public(),
            bundle: seal_bundle(&root, &bundle).into(),
        };
        let url = "https://platform.example".to_owned();
        let code = EnrolmentCode { url, root: root.public(), secret: [0; 16], pins: None };
        let mut store = Store::enrol(folder.path(), key, &code, (&grant, &bundle), now).unwrap();
        fill(&mut store, entries, now);
        take_list(&mut store, now);
        Self { folder, bundle, now }
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn bundle(&self) -> &TrustBundle {
        &self.bundle
    }

    /// Fresh vouchers of the campaign.
    pub fn vouchers(&self, count: u32) -> Vec<String> {
        let key = issuer_key();
        let claims = |index| Claims {
            issuer: "demo".parse().unwrap(),
            id: VoucherId { campaign: CAMPAIGN, index, random: u64::from(index) << 32 | 1 },
            from: self.now.plus(-3600),
            until: self.now.plus(86_400),
            customer: None,
            holder: None,
            conditional: false,
            scope: Scope::Merchant {
                merchant: MerchantId(1),
                branches: vec![BranchId(2), BranchId(3), BranchId(4), BranchId(5)],
            },
            terms: Terms::PrepaidDeal { value: Money::new(2_490, Currency::EUR) },
        };
        (0..count).map(|index| mint(&key, &claims(index)).unwrap()).collect()
    }
}

fn bundle(now: Timestamp) -> TrustBundle {
    let limits = Limits { list_max_s: 86_400, ..Limits::default() };
    let campaign = Campaign {
        id: CAMPAIGN,
        issuer: "demo".parse().unwrap(),
        title: "Lunch for two".to_owned(),
        state: CampaignState::Active,
        policy: Policy::standard(OfflineMode::Limited, limits),
    };
    let key = PublishedKey {
        public: issuer_key().public(),
        from: now.plus(-86_400),
        until: now.plus(365 * 86_400),
        withdrawn: false,
    };
    TrustBundle {
        version: 1,
        issued_at: now,
        merchant: Merchant { id: MerchantId(1), name: "Café Anker".to_owned() },
        platform_key: SecretKey::from_seed(&[2; 32]).public(),
        issuers: vec![Issuer { name: "demo".parse().unwrap(), keys: vec![key] }],
        branches: Vec::new(),
        campaigns: vec![campaign],
        default_policy: Policy::default(),
        operators: Vec::new(),
        groups: Vec::new(),
        protocol: Protocols::default(),
    }
}

/// Redemptions of other vouchers, in the terminal's own hand.
fn fill(store: &mut Store, entries: u32, now: Timestamp) {
    for start in (0..entries).step_by(10_000) {
        let mut txn = store.begin().unwrap();
        for index in start..(start + 10_000).min(entries) {
            let random = u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let id = VoucherId { campaign: CampaignId(random as u32 % 50 + 100), index, random };
            txn.append(redeemed(id), now).unwrap();
        }
        txn.commit().unwrap();
        store.tidy_up().unwrap();
    }
    store.acknowledged(store.head(), b"").unwrap();
}

fn redeemed(id: VoucherId) -> Body {
    Body::Redeemed(Redeemed {
        voucher: VoucherKey { issuer: "demo".parse().unwrap(), id },
        token: Hash::ZERO,
        kind: Kind::PrepaidDeal,
        used: Used::new(1, 2_490),
        currency: Currency::EUR,
        bill: None,
        limit: Limit::Uses(1),
        left: 0,
        method: EntryMethod::Camera,
        findings: FindingSet::EMPTY,
        online: false,
        bundle: 1,
        list_as_of: Some(Timestamp(0)),
        rest: None,
        due: None,
        approved_by: None,
        presence: Tier::Static,
        customer: None,
        lease: None,
        waiting: Waiting::default(),
        act: None,
        goods: Vec::new(),
        shown_at: None,
    })
}

fn take_list(store: &mut Store, now: Timestamp) {
    let list = StatusList::default();
    let manifest = list.manifest(("demo".parse().unwrap(), CAMPAIGN), 1, now, CAPACITY);
    let chunks: Vec<_> = (0..2).map(|number| (number, list.chunk(number))).collect();
    assert!(store.take_list(&manifest, b"", &chunks).unwrap());
}

/// The message and the signature of a token, as the bare check needs them.
pub fn signed_bytes(token: &[u8]) -> (Vec<u8>, [u8; 64]) {
    let signature = *token.last_chunk::<64>().unwrap();
    let payload = &token[14..token.len() - 66];
    let context = Context::Voucher.text().as_bytes();
    let mut message = vec![0x84, 0x6a];
    message.extend(b"Signature1");
    message.extend(&token[1..11]);
    message.push(0x40 + u8::try_from(context.len()).unwrap());
    message.extend(context);
    message.extend(&token[12..14]);
    message.extend(payload);
    (message, signature)
}

pub fn random() -> Nonce {
    countersign::console::random()
}

pub fn network_off(engine: &mut Engine, now: Now) {
    engine.handle(Event::Command(Command::SetNetwork(false)), now);
}

/// A durable one-row commit and nothing else.
pub struct Bare {
    conn: Connection,
    next: i64,
}

impl Bare {
    pub fn new(dir: &Path) -> Self {
        let conn = Connection::open(dir.join("bare.db")).unwrap();
        conn.execute_batch(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=EXTRA;
             PRAGMA wal_autocheckpoint=0; CREATE TABLE t (id INTEGER PRIMARY KEY, bytes BLOB)",
        )
        .unwrap();
        Self { conn, next: 0 }
    }

    pub fn commit_one_row(&mut self) {
        self.next += 1;
        let tx = self.conn.transaction().unwrap();
        tx.prepare_cached("INSERT INTO t VALUES (?1, zeroblob(400))")
            .unwrap()
            .execute([self.next])
            .unwrap();
        tx.commit().unwrap();
    }

    /// As the terminal does it: between two acts, when the log has grown to 4 MiB.
    pub fn rest(&self) {
        let log = format!("{}-wal", self.conn.path().unwrap());
        if std::fs::metadata(log).unwrap().len() >= 4 * 1024 * 1024 {
            self.conn.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").unwrap();
        }
    }
}

/// A terminal with a queue, and a platform on SQLite behind loopback HTTP.
pub struct Connected {
    session: Session,
    platform: Arc<Platform>,
    _server: Embedded,
    _folder: TempDir,
    queued: u32,
}

impl Connected {
    pub fn new(queued: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("platform.db")).unwrap();
        let keys = PlatformKeys {
            root: SecretKey::from_seed(&[1; 32]),
            platform: SecretKey::from_seed(&[2; 32]),
        };
        let platform = Arc::new(Platform::new(
            Arc::new(store),
            keys,
            PlatformClock::system(),
            Entropy::system(),
        ));
        let server = Embedded::start(Arc::clone(&platform)).unwrap();
        let clock = Arc::new(SystemClock::default());
        let texts = furnish(&platform, queued, clock.now().time);
        let dir = folder.path().join("till");
        enrol(&platform, &server, &dir, clock.now().time);
        redeem_offline(&dir, &texts, &clock);
        let transport = Arc::new(HttpTransport::on_this_machine(&server.url()).unwrap());
        let session = Session::open(&dir, Some(transport), random, clock).unwrap();
        Self { session, platform, _server: server, _folder: folder, queued }
    }

    pub fn sync(&mut self) {
        assert!(self.session.sync());
        let store = self.session.engine.store().unwrap();
        assert_eq!(store.unsent_entries(), 0);
        assert_eq!(self.platform.conflicts(0, 1).unwrap().len(), 0);
    }

    /// The time that checking the signatures of all entries takes.
    pub fn verify_all(&self) -> Duration {
        let store = self.session.engine.store().unwrap();
        let mut entries = Vec::new();
        store.verify_journal(|entry| entries.push(entry.bytes.clone())).unwrap();
        assert!(entries.len() >= self.queued as usize);
        let key = store.key().public();
        let start = Instant::now();
        for bytes in &entries {
            SignedEntry::open(bytes, &key).unwrap();
        }
        start.elapsed()
    }
}

fn furnish(platform: &Platform, count: u32, now: Timestamp) -> Vec<String> {
    let issuer = "demo".parse().unwrap();
    let (from, until) = (now.plus(-3600), now.plus(86_400));
    platform.create_issuer(&issuer, issuer_key().public(), now.plus(365 * 86_400)).unwrap();
    let merchant = platform.create_merchant("Café Anker").unwrap();
    platform.create_branch(merchant, "Harbour", "Europe/Berlin").unwrap();
    let policy = Policy::standard(OfflineMode::Always, Limits::default());
    let title = "Lunch for two".to_owned();
    let home = Home::Merchant(merchant);
    let campaign = NewCampaign { issuer, home, title, policy, capacity: CAPACITY };
    let campaign = platform.create_campaign(&campaign).unwrap();
    let terms = Terms::PrepaidDeal { value: Money::new(2_490, Currency::EUR) };
    let order = Order {
        campaign,
        terms,
        branches: Vec::new(),
        group: None,
        customer: None,
        holder: None,
        from,
        until: Ends::At(until),
        count,
    };
    let issued = platform.issue(&issuer_key(), &order).unwrap();
    issued.into_iter().map(|issued| issued.text).collect()
}

fn enrol(platform: &Platform, server: &Embedded, dir: &Path, now: Timestamp) {
    let branch = platform.branches().unwrap()[0].branch.id;
    let order =
        EnrolmentOrder { branch, name: "Till".to_owned(), terminal: None, url: server.url() };
    let code = platform.create_enrolment(&order).unwrap();
    let transport = HttpTransport::on_this_machine(&server.url()).unwrap();
    enrolment::enrol(dir, &code, &transport, now).unwrap();
}

fn redeem_offline(dir: &Path, texts: &[String], clock: &Arc<SystemClock>) {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let mut session = Session::open(dir, None, random, clock).unwrap();
    for text in texts {
        assert!(from_text(text).is_ok());
        let outcome = session.redeem(text, Request::plain(EntryMethod::Program)).unwrap();
        assert_eq!(outcome.code, "accepted");
    }
}
