//! What must hold, written without a look at the code that is to keep it: what is true of vouchers, what each disk must
//! hold, and what the platform must have made of the entries that reached it.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "sums are of a small world's; a panic here is caught, and reported with its seed"
)]

mod accepting;
mod broken;
mod diary;
mod ledger;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

pub use accepting::{Scene, accepts};
pub use broken::{Broken, Kept, Promise, broken, must};
pub use diary::{Diary, Taken};
pub use ledger::Ledger;
pub use truth::{Since, Truth, exceeds, minus, plus};

use crate::domain::{
    id::{Epoch, Hash, LeaseId, Seq, TerminalId, VoucherKey},
    time::Timestamp,
    voucher::Used,
};

/// The versions of all merchants' bundles at one moment.
pub type Bundles = Vec<u64>;

/// Everything that is true of a world.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether it ever happened"
)]
pub struct Model {
    /// Every voucher there is.
    pub vouchers: BTreeMap<VoucherKey, Truth>,
    /// The voucher in each pocket.
    pub pockets: BTreeMap<u32, VoucherKey>,
    /// Every entry that was ever signed, with the one before it.
    pub written: BTreeMap<Hash, Written>,
    /// The hashes that the platform holds, by position.
    pub held: BTreeMap<(TerminalId, Epoch), Vec<Hash>>,
    /// Redemptions that no terminal sends again, with whose they were: an old copy of the disk took their place.
    pub unrepeated: BTreeMap<Hash, (TerminalId, VoucherKey)>,
    /// Everything the platform ever held durably.
    pub ever_held: BTreeSet<Hash>,
    /// What the platform must have made of it.
    pub ledger: Ledger,
    /// What is set aside: of which voucher, for whom.
    pub claims: BTreeMap<(VoucherKey, TerminalId), Aside>,
    /// What was lent.
    pub leases: BTreeMap<LeaseId, Lent>,
    /// When the issuer's keys were withdrawn: the versions of the merchants' bundles that first say so.
    pub withdrawn: BTreeMap<usize, Bundles>,
    /// When campaigns were suspended and resumed: the versions of the merchants' bundles.
    pub suspended: BTreeMap<usize, Vec<(Bundles, Option<Bundles>)>>,
    /// Whether the platform holds more than was looked at.
    pub behind: bool,
    /// Whether the platform's clock always went forward.
    pub platform_clock_sane: bool,
    /// Whether the platform went on from an old backup.
    pub platform_forgot: bool,
    /// Whether a lease was released by hand.
    pub quota_tainted: bool,
}

/// An entry that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whose journal.
    pub terminal: TerminalId,
    /// Which life of it.
    pub epoch: Epoch,
    /// Position.
    pub seq: Seq,
    /// The hash before it.
    pub prev: Hash,
}

/// A use that is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    /// In which life of the journal.
    pub epoch: Epoch,
    /// The last position when it was asked for.
    pub after: Seq,
    /// What was asked for, with what was consumed here.
    pub used: Used,
}

/// Something that was lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// To whom.
    pub terminal: TerminalId,
    /// In which life of its journal.
    pub epoch: Epoch,
    /// Which campaign of the world.
    pub campaign: usize,
    /// Of which voucher.
    pub voucher: Option<VoucherKey>,
    /// Uses.
    pub uses: u32,
    /// Minor units.
    pub minor: i64,
    /// First second it may no longer be used.
    pub until: Timestamp,
    /// Whether the terminal's journal said that it was given back, and the platform holds that.
    pub ended: bool,
}

/// What the platform must hold and have made of it.
#[derive(Clone, Debug)]
pub struct AtPlatform {
    held: BTreeMap<(TerminalId, Epoch), Vec<Hash>>,
    ledger: Ledger,
    claims: BTreeMap<(VoucherKey, TerminalId), Aside>,
}

impl Model {
    /// What the platform must hold at this moment.
    pub fn at_platform(&self) -> AtPlatform {
        let (held, ledger, claims) = (self.held.clone(), self.ledger.clone(), self.claims.clone());
        AtPlatform { held, ledger, claims }
    }

    /// The platform goes on from what it held earlier.
    pub fn platform_goes_back(&mut self, earlier: AtPlatform) {
        let AtPlatform { held, ledger, claims } = earlier;
        (self.held, self.ledger, self.claims) = (held, ledger, claims);
        self.platform_forgot = true;
    }

    /// A world in which nothing has happened.
    pub fn new() -> Self {
        Self { platform_clock_sane: true, ..Self::default() }
    }

    /// The platform holds more of a journal, or the same: it must be what was written, without a gap.
    pub fn holds(
        &mut self,
        journal: (TerminalId, Epoch),
        head: Seq,
        mut hash_at: impl FnMut(Seq) -> Option<Hash>,
    ) -> Kept {
        let entries = self.held.entry(journal).or_default();
        let known = entries.len() as u64;
        must(head.0 >= known, Promise::Prefix, || {
            format!("the platform held {known} entries of {journal:?} and holds {}", head.0)
        })?;
        for seq in known + 1..=head.0 {
            let hash = hash_at(Seq(seq));
            let before = entries.last().copied().unwrap_or(Hash::ZERO);
            let wanted = hash.and_then(|hash| self.written.get(&hash)).copied();
            let own =
                Written { terminal: journal.0, epoch: journal.1, seq: Seq(seq), prev: before };
            must(wanted == Some(own), Promise::Prefix, || {
                format!("entry {seq} of {journal:?} at the platform is {wanted:?}")
            })?;
            let hash = hash.unwrap_or(Hash::ZERO);
            entries.push(hash);
            self.ever_held.insert(hash);
        }
        Ok(())
    }

    /// Redemptions that no terminal sends again and the platform does not hold, as after it went on from a backup.
    pub fn gone(&self) -> impl Iterator<Item = &(TerminalId, VoucherKey)> {
        let held: BTreeSet<&Hash> = self.held.values().flatten().collect();
        let gone = self.unrepeated.iter().filter(move |(entry, _)| !held.contains(entry));
        gone.map(|(_, of)| of)
    }

    /// What others than this journal have set aside of a voucher.
    pub fn aside(&self, voucher: &VoucherKey, own: (TerminalId, Epoch)) -> Used {
        let from = (voucher.clone(), TerminalId(0));
        let until = (voucher.clone(), TerminalId(u32::MAX));
        let rows = self.claims.range(from..=until);
        let others = rows.filter(|((_, terminal), aside)| (*terminal, aside.epoch) != own);
        others.fold(Used::default(), |sum, (_, aside)| plus(sum, aside.used))
    }

    /// The journal went beyond what was asked before this position.
    pub fn resolve(&mut self, (terminal, epoch): (TerminalId, Epoch), head: Seq) {
        self.claims.retain(|(_, whose), aside| {
            let resolved = *whose == terminal && aside.epoch == epoch && aside.after < head;
            !resolved
        });
    }

    /// The truth about a voucher.
    pub fn truth(&mut self, voucher: &VoucherKey) -> Option<&mut Truth> {
        self.vouchers.get_mut(voucher)
    }
}
