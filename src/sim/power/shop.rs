//! The shop that power is cut in: a platform in memory, and vouchers of every kind.

use std::sync::{Arc, Mutex, PoisonError};

use super::{chance::Chance, error::PowerError};
use crate::{
    domain::{
        crypto::SecretKey,
        enrol::EnrolmentCode,
        id::{BranchId, CampaignId, IssuerName, MerchantId, TerminalId},
        money::{Currency, Money},
        redeem::{Caps, Limits, OfflineMode, Policy, Rules},
        time::Timestamp,
        voucher::{AmountOff, Item, OrderLine, PercentOff, Terms, Ticket},
    },
    net::TransportError,
    platform::{
        clock::Clock as PlatformClock,
        entropy::Entropy,
        service::{
            Ends, EnrolmentOrder, Issued, LeaseOrder, NewCampaign, Order, Platform, PlatformKeys,
        },
        store::{Home, Store},
    },
    terminal::clock::{Clock as _, ManualClock},
};

/// 2026-11-22T09:00:00Z.
pub(super) const START: Timestamp = Timestamp(1_795_338_000);

const DAY_S: i64 = 86_400;

/// A merchant with one branch, its platform and its vouchers.
pub(super) struct Shop {
    pub(super) platform: Platform,
    pub(super) clock: Arc<ManualClock>,
    pub(super) stock: Vec<Issued>,
    /// The campaign that is honoured from leases only, with its vouchers in the stock.
    pub(super) leased: CampaignId,
    issuer: SecretKey,
    merchant: MerchantId,
    branch: BranchId,
}

impl Shop {
    pub(super) fn new(seed: u64, store: Arc<dyn Store>) -> Result<Self, PowerError> {
        let clock = Arc::new(ManualClock::at(START));
        let time = Arc::clone(&clock);
        let key = |byte| SecretKey::from_seed(&[byte; 32]);
        let keys = PlatformKeys { root: key(1), platform: key(2) };
        let platform_clock = PlatformClock::new(move || time.now().time);
        let platform = Platform::new(store, keys, platform_clock, entropy(seed, 2));
        let issuer = key(3);
        platform.create_issuer(&name()?, issuer.public(), START.plus(10 * 365 * DAY_S))?;
        let merchant = platform.create_merchant("Café Anker")?;
        let branch = platform.create_branch(merchant, "Harbour", "Europe/Berlin")?;
        let (stock, leased) = (Vec::new(), CampaignId(0));
        let mut shop = Self { platform, clock, stock, leased, issuer, merchant, branch };
        shop.furnish()?;
        Ok(shop)
    }

    /// The same shop over a store that was opened again.
    pub(super) fn again(seed: u64, store: Arc<dyn Store>, before: &Self) -> Self {
        let clock = Arc::clone(&before.clock);
        let time = Arc::clone(&clock);
        let key = |byte| SecretKey::from_seed(&[byte; 32]);
        let keys = PlatformKeys { root: key(1), platform: key(2) };
        let platform_clock = PlatformClock::new(move || time.now().time);
        let platform = Platform::new(store, keys, platform_clock, entropy(seed, 5));
        let Self { stock, leased, merchant, branch, .. } = before;
        Self {
            platform,
            clock,
            stock: stock.clone(),
            leased: *leased,
            issuer: key(3),
            merchant: *merchant,
            branch: *branch,
        }
    }

    fn furnish(&mut self) -> Result<(), PowerError> {
        let plain = self.campaign(OfflineMode::Always, Rules::default())?;
        for (terms, count, customer) in goods() {
            self.issue((plain, &terms, count), customer)?;
        }
        let deal = Terms::PrepaidDeal { value: euro(990) };
        let listed = Rules { listed: true, ..Rules::default() };
        let listed = self.campaign(OfflineMode::Always, listed)?;
        self.issue((listed, &deal, 3), None)?;
        let caps = Caps { campaign: 40, ..Caps::default() };
        let quota = Rules { caps, ..Rules::default() };
        self.leased = self.campaign(OfflineMode::Leased, quota)?;
        self.issue((self.leased, &deal, 6), Some("ada"))
    }

    /// One more campaign, and with it a new trust bundle.
    pub(super) fn campaign(
        &self,
        mode: OfflineMode,
        rules: Rules,
    ) -> Result<CampaignId, PowerError> {
        let limits = Limits { unsynced_count: 10_000, ..Limits::default() };
        let policy = Policy { rules, ..Policy::standard(mode, limits) };
        let home = Home::Merchant(self.merchant);
        let title = "Lunch for two".to_owned();
        let new = NewCampaign { issuer: name()?, home, title, policy, capacity: 1_000 };
        Ok(self.platform.create_campaign(&new)?)
    }

    fn issue(
        &mut self,
        (campaign, terms, count): (CampaignId, &Terms, u32),
        customer: Option<&str>,
    ) -> Result<(), PowerError> {
        let order = Order {
            campaign,
            terms: terms.clone(),
            branches: Vec::new(),
            group: None,
            customer: customer.map(str::parse).transpose()?,
            holder: None,
            from: START.plus(-3600),
            until: Ends::At(START.plus(365 * DAY_S)),
            count,
        };
        self.stock.extend(self.platform.issue(&self.issuer, &order)?);
        Ok(())
    }

    /// A code for a new terminal, or for the next life of one.
    pub(super) fn code(&self, terminal: Option<TerminalId>) -> Result<EnrolmentCode, PowerError> {
        let order = EnrolmentOrder {
            branch: self.branch,
            name: "Till".to_owned(),
            terminal,
            url: "https://platform.example".to_owned(),
        };
        Ok(self.platform.create_enrolment(&order)?)
    }

    /// Lends a terminal some uses of the leased campaign.
    pub(super) fn lend(&self, terminal: TerminalId, uses: u32) -> Result<(), PowerError> {
        let until = self.clock.now().time.plus(DAY_S);
        let order = LeaseOrder {
            terminal,
            campaign: self.leased,
            voucher: None,
            uses: Some(uses),
            minor: None,
            until,
        };
        self.platform.lend(&order)?;
        Ok(())
    }

    /// Answers a message of a terminal, as the platform's server does.
    pub(super) fn answer(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        let answer = match path {
            "/v1/enrol" => self.platform.enrol(body),
            _ => self.platform.sync(body),
        };
        answer.map_err(|error| TransportError::Refused {
            status: 400,
            code: error.code().to_owned(),
            detail: error.to_string(),
        })
    }
}

fn name() -> Result<IssuerName, PowerError> {
    Ok("demo".parse()?)
}

fn entropy(seed: u64, purpose: u64) -> Entropy {
    let chance = Mutex::new(Chance::new(seed, purpose));
    Entropy::new(move |bytes| {
        chance.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
        Ok(())
    })
}

pub(super) fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// What the shop sells: terms, how many, and whose.
fn goods() -> Vec<(Terms, u32, Option<&'static str>)> {
    let percent = |basis_points| {
        Terms::PercentOff(PercentOff {
            basis_points,
            cap: 1_500,
            minimum_spend: 0,
            currency: Currency::EUR,
        })
    };
    let off = |minor| Terms::AmountOff(AmountOff { off: euro(minor), minimum_spend: 0 });
    let label = |text: &str| text.parse().ok();
    let mut goods = vec![
        (Terms::PrepaidDeal { value: euro(2_490) }, 8, None),
        (Terms::PrepaidDeal { value: euro(1_250) }, 3, Some("ada")),
        (off(500), 3, None),
        (percent(1_500), 3, None),
        (Terms::Pass { uses: 3, value_each: euro(350) }, 2, Some("bob")),
        (Terms::StoredValue { balance: euro(5_000) }, 2, None),
        (Terms::Ticket(ticket()), 2, None),
    ];
    let item = label("Mug").map(|name| Item { count: 1, name, value: euro(800), price: 0 });
    goods.extend(item.map(|item| (Terms::Item(item), 2, None)));
    let line = |count, value_each, name: &str| {
        label(name).map(|name| OrderLine { count, value_each, name })
    };
    let lines: Vec<OrderLine> =
        [line(3, 250, "Roll"), line(2, 1_900, "Cake")].into_iter().flatten().collect();
    goods.push((Terms::PickUp { lines, currency: Currency::EUR }, 2, Some("bob")));
    goods
}

fn ticket() -> Ticket {
    Ticket { starts: START, early_s: 3_600, late_s: 40_000, party: 4, value_each: euro(1_200) }
}
