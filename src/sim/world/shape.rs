//! What a world looks like: who takes part, for how long, and under which terms. All of it follows from the seed.

use super::dice::Dice;
use crate::domain::{
    redeem::{Caps, Finding, FindingSet, Limits, OfflineMode, Policy, Rules},
    time::Timestamp,
};

/// When every world begins: 2026-11-22T00:00:00Z.
pub const START: Timestamp = Timestamp(1_795_305_600);

/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;

/// Streams of chance, so that none disturbs another.
pub(super) mod stream {
    /// What the world looks like.
    pub(in crate::sim::world) const SHAPE: u64 = 1;
    /// What happens when.
    pub(in crate::sim::world) const PLAN: u64 = 2;
    /// The platform's randomness.
    pub(in crate::sim::world) const PLATFORM: u64 = 3;
    /// How long messages take.
    pub(in crate::sim::world) const WIRE: u64 = 4;
    /// One for each item of the plan, from here.
    pub(in crate::sim::world) const ITEMS: u64 = 1 << 20;
    /// One for each terminal's randomness, from here.
    pub(in crate::sim::world) const TILLS: u64 = 1 << 40;
    /// One for each cashier, from here.
    pub(in crate::sim::world) const CASHIERS: u64 = 1 << 41;
    /// One for each device key, from here.
    pub(in crate::sim::world) const KEYS: u64 = 1 << 42;
}

/// What a world looks like.
#[derive(Clone, Debug)]
pub struct Shape {
    /// How many merchants.
    pub merchants: usize,
    /// For each branch, whose it is.
    pub branches: Vec<usize>,
    /// For each terminal, where it stands.
    pub tills: Vec<usize>,
    /// How many days.
    pub days: u64,
    /// Whether the platform keeps things in `SQLite` on a simulated disk.
    pub on_disk: bool,
    /// Scans of a terminal on a lively day, about.
    pub pace: u64,
    /// Whether it goes on for most of a year, with most days quiet.
    pub long: bool,
    /// Whether the platform's operator ever goes on from an old backup.
    pub old_backups: bool,
    /// The campaigns.
    pub campaigns: Vec<Terms>,
}

/// The terms of a campaign.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What customers call it.
    pub title: &'static str,
    /// The merchant; none for a group of all branches.
    pub merchant: Option<usize>,
    /// What terminals are told.
    pub policy: Policy,
    /// Which vouchers it has.
    pub goods: Goods,
}

/// Which kinds of voucher a campaign has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goods {
    /// Deals and items of one use.
    Single,
    /// For one branch only.
    OneBranch,
    /// All kinds.
    All,
    /// Stored values.
    Balances,
    /// Amounts and shares off a bill.
    Coupons,
    /// On a customer's phone, which signs.
    Phones,
}

impl Shape {
    /// The shape that a seed gives.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, stream::SHAPE);
        let merchants = dice.between(1, 3) as usize;
        let branches: Vec<_> = (0..merchants + dice.place(3)).map(|at| at % merchants).collect();
        let tills = (0..dice.between(2, 6) as usize).map(|at| at % branches.len()).collect();
        let on_disk = dice.chance(600);
        let (days, pace) = (dice.between(8, 24) as u64, dice.between(4, 12) as u64);
        let campaigns = campaigns(merchants, &mut dice);
        let (long, old_backups) = (false, true);
        let short =
            Self { merchants, branches, tills, days, on_disk, pace, long, old_backups, campaigns };
        if dice.chance(500) { short } else { short.over_a_year(&mut dice) }
    }

    /// The same over a span in which journals grow long, lists and policies get old, and things happen weeks apart.
    fn over_a_year(self, dice: &mut Dice) -> Self {
        let (days, old_backups) = (dice.between(180, 400) as u64, dice.chance(500));
        Self { days, old_backups, long: true, ..self }
    }

    /// A small and lively one, for tests.
    pub fn brief(seed: u64) -> Self {
        let whole = Self::new(seed);
        let tills = (0..3).map(|at| at % whole.branches.len()).collect();
        Self { days: 4, pace: 12, long: false, tills, ..whole }
    }

    /// Terminal-days of all terminals.
    pub fn till_days(&self) -> u64 {
        self.days * self.tills.len() as u64
    }
}

fn campaigns(merchants: usize, dice: &mut Dice) -> Vec<Terms> {
    let mut of = |title, mode, goods| {
        let merchant = Some(dice.place(merchants));
        Terms { title, merchant, policy: Policy::standard(mode, limits(dice)), goods }
    };
    let never = of("Only online", OfflineMode::Never, Goods::Single);
    let bound = of("One branch", OfflineMode::BranchBound, Goods::OneBranch);
    let mut limited = of("Everything", OfflineMode::Limited, Goods::All);
    let mut quota = of("Quota", OfflineMode::Leased, Goods::Single);
    let always = of("Coupons", OfflineMode::Always, Goods::Coupons);
    let mut mall = of("Mall", OfflineMode::Limited, Goods::All);
    let phones = of("Phones", OfflineMode::Limited, Goods::Phones);
    let balances = of("Gift cards", OfflineMode::Leased, Goods::Balances);
    let mut trusting = of("Trusting", OfflineMode::Always, Goods::All);
    limited.policy.rules = Rules { listed: true, ..Rules::default() };
    limited.policy.approve =
        [Finding::OverAmountLimit, Finding::OverCountLimit].into_iter().collect();
    let caps = Caps { campaign: 40 + dice.below(200) as u32, ..Caps::default() };
    quota.policy.rules = Rules { caps, ..Rules::default() };
    mall.merchant = None;
    // Accepts without asking while it could ask.
    trusting.policy.ask = FindingSet::EMPTY;
    vec![never, bound, limited, quota, always, mall, phones, balances, trusting]
}

fn limits(dice: &mut Dice) -> Limits {
    Limits {
        amount_minor: dice.between(2_000, 8_000),
        unsynced_count: dice.between(5, 60) as u32,
        unsynced_minor: dice.between(10_000, 100_000),
        list_warn_s: 24 * 3600,
        list_max_s: 72 * 3600,
        ..Limits::default()
    }
}
