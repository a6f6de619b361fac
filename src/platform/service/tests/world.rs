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
        id::{
            BranchId, CampaignId, Epoch, Hash, IssuerName, MerchantId, Seq, TerminalId, VoucherKey,
        },
        journal::{Body, Entry, Head, Opened, Redeemed, RolledBack, SignedEntry, Waiting, append},
        money::{Currency, Money},
        redeem::{FindingSet, PlatformRefusal, Policy, Rules},
        scan::EntryMethod,
        sync::{Claim, ClaimAnswer, Reply, ReplyBody, Request, RequestBody, Trail},
        time::Timestamp,
        trust::TrustBundle,
        voucher::{Limit, Terms, Tier, Used},
    },
    platform::{
        clock::Clock,
        entropy::Entropy,
        service::{
            Ends, EnrolmentOrder, Issued, IssuerKeys, NewCampaign, Order, Platform, PlatformKeys,
            ServiceError, VoucherName,
        },
        store::{Home, MemoryStore, SqliteStore, Store},
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

/// The issuer's key, kept where the platform is.
pub(crate) struct OneKey(pub(crate) SecretKey);

impl IssuerKeys for OneKey {
    fn key(&self, issuer: &IssuerName) -> Option<SecretKey> {
        (issuer.as_str() == "demo").then(|| SecretKey::from_seed(&self.0.seed()))
    }
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
        let issuer = SecretKey::from_seed(&[3; 32]);
        let signer = Arc::new(OneKey(SecretKey::from_seed(&[3; 32])));
        let platform = Platform::new(store, keys, clock, counting()).with_issuer_keys(signer);
        let platform = Arc::new(platform);
        let name = "demo".parse().unwrap();
        let merchant = platform.create_merchant("Corner Café").unwrap();
        let branch = |name| platform.create_branch(merchant, name, "Europe/Berlin").unwrap();
        let branches = [branch("North"), branch("South")];
        let until = Timestamp(START + 100_000_000);
        platform.create_issuer(&name, issuer.public(), until).unwrap();
        let campaign = platform
            .create_campaign(&NewCampaign {
                issuer: name,
                home: Home::Merchant(merchant),
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

    /// Another campaign of the issuer.
    pub(crate) fn campaign_at(&self, home: Home, policy: Policy) -> CampaignId {
        let new = NewCampaign {
            issuer: "demo".parse().unwrap(),
            home,
            title: "Another week".to_owned(),
            policy,
            capacity: 1000,
        };
        self.platform.create_campaign(&new).unwrap()
    }

    /// Gives the campaign other rules.
    pub(crate) fn rule(&self, rules: Rules) {
        let policy = Policy { rules, ..Policy::default() };
        self.platform.set_campaign_policy(self.campaign, &policy).unwrap();
    }

    pub(crate) fn order(&self, terms: Terms) -> Order {
        Order {
            campaign: self.campaign,
            terms,
            branches: Vec::new(),
            group: None,
            customer: None,
            holder: None,
            from: Timestamp(START),
            until: Ends::At(Timestamp(START + 1_000_000)),
            count: 1,
        }
    }

    pub(crate) fn issue_by(&self, order: &Order) -> Issued {
        self.platform.issue(&self.issuer, order).unwrap().remove(0)
    }

    pub(crate) fn issue(&self, terms: Terms) -> Issued {
        self.issue_by(&self.order(terms))
    }

    /// A deal of a customer.
    pub(crate) fn deal_of(&self, customer: &str) -> Issued {
        let order = self.order(Terms::PrepaidDeal { value: euro(1000) });
        self.issue_by(&Order { customer: Some(customer.parse().unwrap()), ..order })
    }

    pub(crate) fn pass(&self, uses: u16) -> Issued {
        self.issue(Terms::Pass { uses, value_each: euro(100) })
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
        self.code_at(self.branches[0], terminal)
    }

    pub(crate) fn code_at(&self, branch: BranchId, terminal: Option<TerminalId>) -> [u8; 16] {
        let order = EnrolmentOrder {
            branch,
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
        self.till_at(self.branches[0])
    }

    pub(crate) fn till_at(&self, branch: BranchId) -> Till {
        let key = self.device();
        Till::new(&self.enrol(self.code_at(branch, None), &key).unwrap(), key)
    }

    /// The device that goes on under a terminal's number.
    pub(crate) fn successor(&self, till: &Till) -> Till {
        let key = self.device();
        Till::new(&self.enrol(self.code_at(till.branch, Some(till.terminal)), &key).unwrap(), key)
    }

    /// What each voucher of a claim is answered.
    pub(crate) fn claim(&self, till: &Till, claims: Vec<Claim>) -> Vec<ClaimAnswer> {
        match self.ask(till, till.claim_all(claims)).unwrap() {
            ReplyBody::Claim(answers) => answers,
            other => panic!("{other:?}"),
        }
    }

    /// What each of several vouchers in one act is answered; none where it is granted.
    pub(crate) fn refusals(
        &self,
        till: &Till,
        vouchers: &[&Issued],
    ) -> Vec<Option<PlatformRefusal>> {
        let claims = vouchers.iter().map(|voucher| claim_of(voucher, Used::new(1, 1000)));
        let answers = self.claim(till, claims.collect()).into_iter();
        let reason = |answer| match answer {
            ClaimAnswer::Granted { .. } => None,
            ClaimAnswer::Refused { reason, .. } => Some(reason),
        };
        answers.map(reason).collect()
    }

    /// Why a claim of one use, or of some of a balance, is refused.
    pub(crate) fn refusal(
        &self,
        till: &Till,
        voucher: &Issued,
        minor: i64,
    ) -> Option<PlatformRefusal> {
        let mut answers = self.claim(till, vec![claim_of(voucher, Used::new(1, minor))]);
        assert_eq!(answers.len(), 1);
        match answers.remove(0) {
            ClaimAnswer::Granted { .. } => None,
            ClaimAnswer::Refused { reason, .. } => Some(reason),
        }
    }

    pub(crate) fn bundle(&self) -> TrustBundle {
        self.bundle_of(self.merchant)
    }

    pub(crate) fn bundle_of(&self, merchant: MerchantId) -> TrustBundle {
        let row = self.platform.run(|txn| Ok(txn.bundle(merchant)?));
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
        self.write(Body::Redeemed(redeemed(voucher, Used::new(1, minor))))
    }

    /// Writes the last entry again, with something else in it.
    pub(crate) fn rewrite(&mut self, change: impl FnOnce(&mut Entry)) {
        let mut entry = self.journal.pop().unwrap().entry;
        change(&mut entry);
        self.journal.push(append(&self.key, entry));
    }

    pub(crate) fn roll_back(&mut self, voucher: &Issued, of: Seq, minor: i64) -> Seq {
        self.give_back(voucher, of, Used::new(1, minor))
    }

    pub(crate) fn give_back(&mut self, voucher: &Issued, of: Seq, used: Used) -> Seq {
        self.write(Body::RolledBack(RolledBack {
            of,
            voucher: voucher.claims.key(),
            used,
            currency: voucher.claims.terms.currency(),
            reason: "wrong_scan".to_owned(),
            of_epoch: self.epoch,
            approved_by: None,
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
        let claims = vec![claim_of(voucher, Used::new(1, minor))];
        self.claim_all(claims)
    }

    pub(crate) fn claim_all(&self, claims: Vec<Claim>) -> RequestBody {
        let own = self.journal.iter().map(|entry| entry.hash);
        let hashes = std::iter::once(Hash::ZERO).chain(own).collect();
        RequestBody::Claim { claims, after: self.last(), trail: Trail { since: Seq(0), hashes } }
    }
}

/// A claim by a terminal that has consumed nothing of the voucher.
pub(crate) fn claim_of(voucher: &Issued, asked: Used) -> Claim {
    Claim {
        voucher: voucher.claims.key(),
        limit: voucher.claims.terms.limit(),
        asked,
        used_here: Used::default(),
        customer: voucher.claims.customer.clone(),
        lease: None,
    }
}

/// An act without the platform, as a terminal writes it down.
pub(crate) fn redeemed(voucher: &Issued, used: Used) -> Redeemed {
    let terms = &voucher.claims.terms;
    Redeemed {
        voucher: voucher.claims.key(),
        token: Hash::ZERO,
        kind: terms.kind(),
        used,
        currency: terms.currency(),
        bill: None,
        limit: terms.limit(),
        left: 0,
        method: EntryMethod::Camera,
        findings: FindingSet::EMPTY,
        online: false,
        bundle: 1,
        list_as_of: None,
        rest: None,
        due: None,
        approved_by: None,
        presence: Tier::Static,
        customer: voucher.claims.customer.clone(),
        lease: None,
        waiting: Waiting::default(),
        act: None,
        goods: Vec::new(),
        shown_at: None,
    }
}

/// A pull by a terminal that holds nothing.
pub(crate) fn pull_all() -> RequestBody {
    RequestBody::Pull {
        bundle: 0,
        lists: Vec::new(),
        conflicts_after: 0,
        listed_after: 0,
        leases: Vec::new(),
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
