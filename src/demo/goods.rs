//! What the demo shop honours: campaigns of every kind, with real rules, and vouchers of each.

use super::shop::DemoError;
use crate::{
    console::random,
    domain::{
        crypto::{HolderKey, SecretKey},
        id::{BranchId, CampaignId, GroupId, IssuerName, MerchantId},
        money::{Currency, Money},
        redeem::{Finding, Limits, LocalMoment, OfflineMode, Policy, Rules, Stacking, Window},
        time::Timestamp,
        voucher::{AmountOff, Item, OrderLine, PercentOff, Terms, Ticket, Tier},
    },
    platform::{
        service::{Ends, Issued, NewCampaign, Order, Platform},
        store::Home,
    },
};

const DAY_S: i64 = 86_400;

/// What the campaigns need to know of the shop.
pub(super) struct Ground {
    pub(super) issuer: IssuerName,
    pub(super) merchant: MerchantId,
    pub(super) harbour: BranchId,
    pub(super) station: BranchId,
    pub(super) stranger: MerchantId,
    pub(super) mall: GroupId,
    pub(super) now: Timestamp,
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
    pub(super) amount_off: Vec<Issued>,
    pub(super) percent_off: Vec<Issued>,
    pub(super) pass: Issued,
    pub(super) gift: Issued,
    pub(super) item: Issued,
    pub(super) exchange: Issued,
    pub(super) ticket: Issued,
    pub(super) missed: Issued,
    pub(super) order: Issued,
    pub(super) mall: Issued,
    pub(super) closed: Issued,
    pub(super) dinner: Issued,
    pub(super) live: Issued,
    pub(super) phone: SecretKey,
}

/// Sets the campaigns up and issues their vouchers.
pub(super) struct Goods<'a> {
    pub(super) platform: &'a Platform,
    pub(super) key: &'a SecretKey,
    pub(super) ground: &'a Ground,
}

/// From when until when vouchers are valid.
type Span = (Timestamp, Timestamp);

impl Goods<'_> {
    pub(super) fn issue_all(&self) -> Result<Vouchers, DemoError> {
        let Ground { harbour, station, now, stranger, merchant, .. } = *self.ground;
        let (both, year) = ([harbour, station], self.year());
        let past = (now.plus(-60 * DAY_S), now.plus(-DAY_S));
        let future = (now.plus(7 * DAY_S), year.1);
        let deal = Terms::PrepaidDeal { value: euro(2_490) };
        let lunch = self.campaign(merchant, "Lunch for two", Rules::default())?;
        let bread = self.campaign(stranger, "Bread basket", Rules::default())?;
        let (live, phone) = self.live()?;
        Ok(Vouchers {
            lunch: self.mint(lunch, &deal, &both, (year, 4))?,
            used: self.one(lunch, &deal, &both, year)?,
            revoked: self.one(lunch, &deal, &both, year)?,
            expired: self.one(lunch, &deal, &both, past)?,
            early: self.one(lunch, &deal, &both, future)?,
            other_branch: self.one(lunch, &deal, &[station], year)?,
            elsewhere: self.one(bread, &deal, &[], year)?,
            amount_off: self.several("Welcome back", &amount_off())?,
            percent_off: self.several("Autumn menu", &percent_off())?,
            pass: self.simple("Ten coffees", &coffees())?,
            gift: self.simple("Gift card", &Terms::StoredValue { balance: euro(5_000) })?,
            item: self.simple("Birthday treat", &item("Slice of cake", 420, 0)?)?,
            exchange: self.simple("Cup for cup", &item("Travel mug", 1_290, 300)?)?,
            ticket: self.simple("Harbour breakfast", &breakfast(now))?,
            missed: self.simple("Wine tasting", &breakfast(now.plus(-6 * 3600)))?,
            order: self.simple("Your order", &order()?)?,
            mall: self.mall()?,
            closed: self.closed()?,
            dinner: self.dinner()?,
            live,
            phone,
        })
    }

    fn year(&self) -> Span {
        (self.ground.now.plus(-DAY_S), self.ground.now.plus(365 * DAY_S))
    }

    /// One voucher of a campaign without rules of its own.
    fn simple(&self, title: &str, terms: &Terms) -> Result<Issued, DemoError> {
        let campaign = self.campaign(self.ground.merchant, title, Rules::default())?;
        self.one(campaign, terms, &[], self.year())
    }

    /// Coupons of which one goes on a bill, beside those of other campaigns.
    fn several(&self, title: &str, terms: &Terms) -> Result<Vec<Issued>, DemoError> {
        let stacking = Stacking { most: 1, ..Stacking::default() };
        let rules = Rules { stacking, ..Rules::default() };
        let campaign = self.campaign(self.ground.merchant, title, rules)?;
        self.mint(campaign, terms, &[], (self.year(), 2))
    }

    /// A voucher of the mall: any of its merchants takes it, and is paid for it.
    fn mall(&self) -> Result<Issued, DemoError> {
        let home = Home::Group(self.ground.mall);
        let campaign = self.campaign_at(home, "Mall voucher", Rules::default(), &policy())?;
        self.one(campaign, &Terms::StoredValue { balance: euro(3_000) }, &[], self.year())
    }

    /// A happy hour that is over: two hours that began four hours ago.
    fn closed(&self) -> Result<Issued, DemoError> {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC);
        let then = LocalMoment::of(self.ground.now.plus(-4 * 3600), &zone);
        let days = 1_u8.checked_shl(u32::from(then.weekday)).unwrap_or(1);
        let until = then.minute.saturating_add(120);
        let windows = vec![Window { days, from: then.minute, until }];
        let rules = Rules { windows, ..Rules::default() };
        let campaign = self.campaign(self.ground.merchant, "Happy hour", rules)?;
        self.one(campaign, &Terms::PrepaidDeal { value: euro(650) }, &[], self.year())
    }

    /// A deal so large that a supervisor has a look at it.
    fn dinner(&self) -> Result<Issued, DemoError> {
        let rules = Rules { approval_above: 10_000, ..Rules::default() };
        let mut policy = policy();
        policy.approve.note(Finding::OverAmountLimit, true);
        let home = Home::Merchant(self.ground.merchant);
        let campaign = self.campaign_at(home, "Dinner for six", rules, &policy)?;
        self.one(campaign, &Terms::PrepaidDeal { value: euro(18_000) }, &[], self.year())
    }

    /// A voucher that lives on one phone: only what that phone signs a moment before counts.
    fn live(&self) -> Result<(Issued, SecretKey), DemoError> {
        let rules = Rules { presence: Tier::Signed, ..Rules::default() };
        let home = Home::Merchant(self.ground.merchant);
        let mut policy = policy();
        policy.deny.note(Finding::LiveProofMissing, true);
        let campaign = self.campaign_at(home, "Members' coffee", rules, &policy)?;
        let phone = SecretKey::from_seed(&seed());
        let holder = Some(HolderKey(phone.public().to_bytes()));
        let order = order_of(campaign, &coffees(), &[], (self.year(), 1));
        let issued = self.platform.issue(self.key, &Order { holder, ..order })?.pop();
        Ok((issued.ok_or(DemoError::Setup("vouchers"))?, phone))
    }

    fn campaign(
        &self,
        merchant: MerchantId,
        title: &str,
        rules: Rules,
    ) -> Result<CampaignId, DemoError> {
        self.campaign_at(Home::Merchant(merchant), title, rules, &policy())
    }

    fn campaign_at(
        &self,
        home: Home,
        title: &str,
        rules: Rules,
        policy: &Policy,
    ) -> Result<CampaignId, DemoError> {
        let campaign = NewCampaign {
            issuer: self.ground.issuer.clone(),
            home,
            title: title.to_owned(),
            policy: Policy { rules, ..policy.clone() },
            capacity: 1_000,
        };
        Ok(self.platform.create_campaign(&campaign)?)
    }

    fn one(
        &self,
        campaign: CampaignId,
        terms: &Terms,
        branches: &[BranchId],
        span: Span,
    ) -> Result<Issued, DemoError> {
        self.mint(campaign, terms, branches, (span, 1))?.pop().ok_or(DemoError::Setup("vouchers"))
    }

    fn mint(
        &self,
        campaign: CampaignId,
        terms: &Terms,
        branches: &[BranchId],
        many: (Span, u32),
    ) -> Result<Vec<Issued>, DemoError> {
        Ok(self.platform.issue(self.key, &order_of(campaign, terms, branches, many))?)
    }
}

fn order_of(
    campaign: CampaignId,
    terms: &Terms,
    branches: &[BranchId],
    ((from, until), count): (Span, u32),
) -> Order {
    Order {
        campaign,
        terms: terms.clone(),
        branches: branches.to_vec(),
        group: None,
        customer: None,
        holder: None,
        from,
        until: Ends::At(until),
        count,
    }
}

/// Thirty-two random bytes for the phone's key.
fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    let (first, second) = seed.split_at_mut(16);
    first.copy_from_slice(&random());
    second.copy_from_slice(&random());
    seed
}

fn policy() -> Policy {
    let limits = Limits {
        amount_minor: 5_000,
        unsynced_count: 200,
        unsynced_minor: 100_000,
        list_warn_s: 86_400,
        list_max_s: 259_200,
        ..Limits::default()
    };
    Policy::standard(OfflineMode::Limited, limits)
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

fn coffees() -> Terms {
    Terms::Pass { uses: 10, value_each: euro(280) }
}

fn item(name: &str, value: i64, price: i64) -> Result<Terms, DemoError> {
    Ok(Terms::Item(Item { count: 1, name: label(name)?, value: euro(value), price }))
}

/// A table for four, half an hour from `now`, with an hour's grace before and after.
fn breakfast(now: Timestamp) -> Terms {
    Terms::Ticket(Ticket {
        starts: now.plus(1_800),
        early_s: 3_600,
        late_s: 3_600,
        party: 4,
        value_each: euro(1_850),
    })
}

fn order() -> Result<Terms, DemoError> {
    let line = |count, value_each, name| {
        Ok::<_, DemoError>(OrderLine { count, value_each, name: label(name)? })
    };
    let lines = vec![
        line(2, 320, "Rye bread")?,
        line(6, 90, "Poppy roll")?,
        line(1, 2_450, "Cheesecake, whole")?,
    ];
    Ok(Terms::PickUp { currency: Currency::EUR, lines })
}

fn label(name: &str) -> Result<crate::domain::voucher::Label, DemoError> {
    name.parse().map_err(|_error| DemoError::Setup("name"))
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
