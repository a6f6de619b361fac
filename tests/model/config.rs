//! What is explored: how many of what, which faults, and in which mode.

use crate::mistake::Mistake;

/// What may happen without the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Accepted all the same.
    Limited,
    /// Nothing.
    Never,
    /// What was lent.
    Leased,
}

/// One world.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) name: &'static str,
    pub(crate) mode: Mode,
    pub(crate) vouchers: u8,
    /// Uses that each voucher allows.
    pub(crate) uses: u8,
    /// Most entries of one journal.
    pub(crate) entries: u8,
    /// Different pushes and claims that each store sends at the most.
    pub(crate) pushes: usize,
    pub(crate) asks: usize,
    /// Most entries that one push carries.
    pub(crate) run: u8,
    pub(crate) pulls: bool,
    /// Whether programs are killed and the power fails.
    pub(crate) crashes: bool,
    /// Whether things are shown that are no vouchers.
    pub(crate) notes: bool,
    /// Whether redemptions are taken back.
    pub(crate) backs: bool,
    /// How many terminals there are at the start.
    pub(crate) stores: u8,
    pub(crate) restore: bool,
    pub(crate) clone: bool,
    pub(crate) platform_restore: bool,
    /// The first terminal is enrolled again, in its folder.
    pub(crate) renew: bool,
    /// The first terminal is lost, and another device goes on under its number.
    pub(crate) replace: bool,
    pub(crate) lease: bool,
    pub(crate) mistake: Option<Mistake>,
}

/// Two terminals, one voucher, each program and the platform may crash once.
fn base(name: &'static str) -> Config {
    Config {
        name,
        mode: Mode::Limited,
        vouchers: 1,
        uses: 1,
        entries: 2,
        pushes: 2,
        run: u8::MAX,
        pulls: false,
        asks: 1,
        crashes: true,
        notes: false,
        backs: false,
        stores: 2,
        restore: false,
        clone: false,
        platform_restore: false,
        renew: false,
        replace: false,
        lease: false,
        mistake: None,
    }
}

/// Every world, in the size that fits a run on every change.
pub(crate) fn small() -> Vec<Config> {
    let quiet = |name| Config { crashes: false, ..base(name) };
    let strict = |name| Config { mode: Mode::Never, notes: true, asks: 2, ..quiet(name) };
    let leased =
        |name| Config { mode: Mode::Leased, lease: true, pulls: true, pushes: 1, ..quiet(name) };
    vec![
        base("one voucher"),
        Config { vouchers: 2, asks: 0, ..quiet("two vouchers, no question") },
        Config { backs: true, entries: 3, pushes: 1, ..quiet("taken back") },
        Config { pushes: 1, ..strict("only with the platform") },
        Config { pulls: true, asks: 0, pushes: 1, ..quiet("conflicts are told") },
        Config { restore: true, notes: true, stores: 1, ..base("a store set back") },
        Config { restore: true, stores: 1, ..strict("a store set back, only with the platform") },
        Config { clone: true, stores: 1, ..quiet("a store copied") },
        Config { platform_restore: true, asks: 0, ..quiet("the platform set back") },
        Config {
            platform_restore: true,
            asks: 0,
            stores: 1,
            notes: true,
            run: 1,
            pushes: 4,
            entries: 3,
            ..quiet("the platform set back, in short runs")
        },
        Config {
            renew: true,
            restore: true,
            stores: 1,
            pushes: 3,
            entries: 3,
            ..base("set back and enrolled again")
        },
        Config { replace: true, uses: 2, notes: false, pushes: 1, ..strict("a lost device") },
        Config { uses: 2, ..leased("a lease") },
        Config { renew: true, ..leased("a lease and the next epoch") },
    ]
}

/// The same worlds, larger: minutes to hours, and best with `--release`.
pub(crate) fn large() -> Vec<Config> {
    let grown = |config: Config| Config {
        pushes: config.pushes + 1,
        asks: if config.asks > 0 { config.asks + 1 } else { 0 },
        entries: config.entries + 1,
        ..config
    };
    small().into_iter().map(grown).collect()
}
