//! A platform in memory with predictable time and randomness, and terminals that talk to it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use minicbor::bytes::ByteVec;

use crate::{
    domain::{
        crypto::SecretKey,
        enrol::{EnrolmentRequest, Grant},
        id::{BranchId, CampaignId, Epoch, Hash, MerchantId, Seq, TerminalId, VoucherKey},
        journal::{Body, Entry, Head, Opened, Redeemed, RolledBack, SignedEntry, append},
        money::{Currency, Money},
        redeem::{FindingSet, Policy},
        scan::EntryMethod,
        sync::{Reply, ReplyBody, Request, RequestBody},
        time::Timestamp,
        trust::TrustBundle,
        voucher::{Limit, Terms, Used},
    },
    platform::{
        clock::Clock,
        entropy::Entropy,
        service::{
            EnrolmentOrder, Issued, NewCampaign, Order, Platform, PlatformKeys, ServiceError,
            VoucherName,
        },
        store::{MemoryStore, SqliteStore, Store},
    },
};

/// When tests begin: 2026-11-22T09:00:00Z.
pub(crate) const START: i64 = 1_795_338_000;

/// A platform with a merchant, two branches, an issuer and a campaign.
pub(crate) struct World {
    pub(crate) platform: Arc<Platform>,
    pub(crate) time: Arc<AtomicI64>,
    pub(crate) issuer: SecretKey,
    pub(crate) merchant: MerchantId,
    pub(crate) branches: [BranchId; 2],
    pub(crate) campaign: CampaignId,
    devices: AtomicU64,
}

/// Random bytes that count, so that runs are alike.
pub(crate) fn counting() -> Entropy {
    let counter = AtomicU64::new(1);
    Entropy::new(move |bytes| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        let digest = crate::domain::crypto::hash(&number.to_be_bytes()).0;
        for (byte, random) in bytes.iter_mut().zip(digest) {
            *byte = random;
        }
        Ok(())
    })
}

impl World {
    pub(crate) fn in_memory() -> Self {
        Self::over(Arc::new(MemoryStore::default()))
    }

    pub(crate) fn on_disk(dir: &tempfile::TempDir) -> Self {
        Self::over(Arc::new(SqliteStore::open(&dir.path().join("p.db")).unwrap()))
    }

    fn over(store: Arc<dyn Store>) -> Self {
        let time = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&time);
        let clock = Clock::new(move || Timestamp(clock.load(Ordering::Relaxed)));
        let keys = PlatformKeys {
            root: SecretKey::from_seed(&[1; 32]),
            platform: SecretKey::from_seed(&[2; 32]),
        };
        let platform = Arc::new(Platform::new(store, keys, clock, counting()));
        let issuer = SecretKey::from_seed(&[3; 32]);
        let name = "demo".parse().unwrap();
        let merchant = platform.create_merchant("Corner Café").unwrap();
        let branch = |name| platform.create_branch(merchant, name, "Europe/Berlin").unwrap();
        let branches = [branch("North"), branch("South")];
        let until = Timestamp(START + 100_000_000);
        platform.create_issuer(&name, issuer.public(), until).unwrap();
        let campaign = platform
            .create_campaign(&NewCampaign {
                issuer: name,
                merchant,
                title: "Opening week".to_owned(),
                policy: Policy::default(),
                capacity: 1000,
            })
            .unwrap();
        Self { platform, time, issuer, merchant, branches, campaign, devices: AtomicU64::new(100) }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.time.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn issue(&self, terms: Terms) -> Issued {
        let order = Order {
            campaign: self.campaign,
            terms,
            branches: Vec::new(),
            from: Timestamp(START),
            until: Timestamp(START + 1_000_000),
            count: 1,
        };
        self.platform.issue(&self.issuer, &order).unwrap().remove(0)
    }

    pub(crate) fn deal(&self) -> Issued {
        self.issue(Terms::PrepaidDeal { value: euro(1000) })
    }

    pub(crate) fn balance(&self, minor: i64) -> Issued {
        self.issue(Terms::StoredValue { balance: euro(minor) })
    }

    /// A fresh device's key.
    pub(crate) fn device(&self) -> SecretKey {
        let number = self.devices.fetch_add(1, Ordering::Relaxed);
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        SecretKey::from_seed(&seed)
    }

    pub(crate) fn code(&self, terminal: Option<TerminalId>) -> [u8; 16] {
        let order = EnrolmentOrder {
            branch: self.branches[0],
            name: "Till".to_owned(),
            terminal,
            url: "http://127.0.0.1:1".to_owned(),
        };
        self.platform.create_enrolment(&order).unwrap().secret
    }

    pub(crate) fn enrol(&self, secret: [u8; 16], key: &SecretKey) -> Result<Grant, ServiceError> {
        let request = EnrolmentRequest { secret, key: key.public(), software: "test".to_owned() };
        let bytes = self.platform.enrol(&request.seal(key))?;
        let root = self.platform.root_key();
        Ok(Grant::open(&bytes, &root, &key.public()).unwrap().0)
    }

    pub(crate) fn till(&self) -> Till {
        let key = self.device();
        Till::new(&self.enrol(self.code(None), &key).unwrap(), key)
    }

    pub(crate) fn bundle(&self) -> TrustBundle {
        let row = self.platform.run(|txn| Ok(txn.bundle(self.merchant)?));
        TrustBundle::open(&row.unwrap().unwrap().bytes, &self.platform.root_key()).unwrap()
    }

    /// What a terminal is answered.
    pub(crate) fn ask(&self, till: &Till, body: RequestBody) -> Result<ReplyBody, ServiceError> {
        let nonce = [7; 16];
        let request = Request { terminal: till.terminal, epoch: till.epoch, nonce, body };
        let bytes = self.platform.sync(&request.seal(&till.key))?;
        let key = self.platform.platform_key();
        let reply = Reply::open(&bytes, &key, (till.terminal, nonce)).unwrap();
        assert_eq!(reply.time, self.platform.now());
        Ok(reply.body)
    }

    /// Sends the entries at positions `from..=to` of a terminal's journal.
    pub(crate) fn push(
        &self,
        till: &Till,
        from: usize,
        to: usize,
    ) -> Result<ReplyBody, ServiceError> {
        self.ask(till, till.run(from, to))
    }

    /// Sends a whole journal and expects that it is taken.
    pub(crate) fn push_all(&self, till: &Till) -> Vec<u64> {
        match self.push(till, 1, till.journal.len()).unwrap() {
            ReplyBody::Ack { head, conflicts } => {
                assert_eq!(head, till.head(till.journal.len()));
                conflicts.iter().map(|notice| notice.id).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn used(&self, voucher: &Issued) -> Used {
        let name = VoucherName::Code(voucher.code);
        self.platform.voucher(name).unwrap().used
    }
}

/// A terminal that writes whatever a test wants.
#[derive(Debug)]
pub(crate) struct Till {
    pub(crate) terminal: TerminalId,
    pub(crate) epoch: Epoch,
    pub(crate) branch: BranchId,
    pub(crate) key: SecretKey,
    pub(crate) journal: Vec<SignedEntry>,
}

impl Till {
    pub(crate) fn new(grant: &Grant, key: SecretKey) -> Self {
        let mut till = Self {
            terminal: grant.terminal,
            epoch: grant.epoch,
            branch: grant.branch,
            key,
            journal: Vec::new(),
        };
        till.write(Body::Opened(Opened { software: "test".to_owned(), continues: Hash::ZERO }));
        till
    }

    pub(crate) fn head(&self, seq: usize) -> Head {
        let last = seq.checked_sub(1).and_then(|at| self.journal.get(at));
        last.map_or(Head::start(self.epoch), SignedEntry::head)
    }

    pub(crate) fn last(&self) -> Seq {
        self.head(self.journal.len()).seq
    }

    pub(crate) fn write(&mut self, body: Body) -> Seq {
        let head = self.head(self.journal.len());
        let entry = Entry {
            terminal: self.terminal,
            epoch: self.epoch,
            seq: head.seq.next(),
            prev: head.hash,
            at: Timestamp(START + 10),
            time_floor: Timestamp(START),
            branch: self.branch,
            operator: None,
            body,
        };
        self.journal.push(append(&self.key, entry));
        self.last()
    }

    pub(crate) fn redeem(&mut self, voucher: &Issued, minor: i64) -> Seq {
        let terms = &voucher.claims.terms;
        self.write(Body::Redeemed(Redeemed {
            voucher: voucher.claims.key(),
            token: Hash::ZERO,
            kind: terms.kind(),
            used: Used { uses: 1, minor },
            currency: terms.currency(),
            bill: None,
            limit: terms.limit(),
            left: 0,
            method: EntryMethod::Camera,
            findings: FindingSet::EMPTY,
            online: false,
            bundle: 1,
            list_as_of: None,
        }))
    }

    pub(crate) fn roll_back(&mut self, voucher: &Issued, of: Seq, minor: i64) -> Seq {
        self.write(Body::RolledBack(RolledBack {
            of,
            voucher: voucher.claims.key(),
            used: Used { uses: 1, minor },
            currency: voucher.claims.terms.currency(),
            reason: "wrong_scan".to_owned(),
            of_epoch: self.epoch,
        }))
    }

    /// A push of the entries at positions `from..=to`.
    pub(crate) fn run(&self, from: usize, to: usize) -> RequestBody {
        let entries = self.journal[from - 1..to].iter();
        RequestBody::Push {
            after: self.head(from - 1),
            entries: entries.map(|entry| ByteVec::from(entry.bytes.clone())).collect(),
        }
    }

    pub(crate) fn claim(&self, voucher: &Issued, minor: i64) -> RequestBody {
        RequestBody::Claim {
            voucher: voucher.claims.key(),
            limit: voucher.claims.terms.limit(),
            asked: Used { uses: 1, minor },
            used_here: Used::default(),
            after: self.last(),
        }
    }
}

pub(crate) fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// A voucher that nobody issued here.
pub(crate) fn stranger(campaign: CampaignId) -> (VoucherKey, Limit) {
    let key = VoucherKey {
        issuer: "demo".parse().unwrap(),
        id: crate::domain::id::VoucherId { campaign, index: 5, random: 42 },
    };
    (key, Limit::Uses(1))
}
