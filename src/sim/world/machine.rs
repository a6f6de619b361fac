//! A computer of a world: a disk that outlives its programs, and what is wrong with it.

use std::sync::Arc;

use super::{dice::Dice, shape::Shape};
use crate::{
    domain::{
        crypto::SecretKey,
        enrol::{EnrolmentCode, Grant},
        time::Timestamp,
        trust::TrustBundle,
    },
    platform::store::{MemoryStore, SqliteStore, Store as PlatformStore},
    sim::{
        disk::{Disk, FILE_SYSTEM, Fault as Failure, Image, Trouble},
        faults::Fault,
    },
    store::{Store, StoreError},
    terminal::source::Source,
};

/// A disk with what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Drive {
    disk: Disk,
    /// Operations that had failed when the power was told to fail at the next.
    dies_after: Option<u64>,
    troubled: bool,
}

/// How far ahead an operation is at which something is to happen.
const AHEAD: u64 = 60;

impl Drive {
    /// Lets something happen at one of the next operations.
    pub(super) fn trouble(&mut self, fault: Fault, dice: &mut Dice) {
        let ahead = dice.below(AHEAD);
        let counts = self.disk.counts();
        let fail = |trouble, sticky| {
            self.disk.fail(Failure { trouble, at: counts.of(trouble) + ahead, sticky });
        };
        match fault {
            Fault::PowerCut | Fault::PlatformPowerCut => {
                fail(Trouble::Write, true);
                self.dies_after = Some(counts.failed);
            }
            Fault::ReadError => fail(Trouble::Read, false),
            Fault::SyncError => fail(Trouble::Sync, false),
            Fault::DiskFull => fail(Trouble::Full, true),
            _error => fail(Trouble::Write, dice.chance(300)),
        }
        self.troubled = true;
    }

    /// Whether the power failed.
    pub(super) fn died(&self) -> bool {
        self.dies_after.is_some_and(|before| self.disk.counts().failed > before)
    }

    /// What a power cut leaves takes the place of what was there.
    pub(super) fn cut(&mut self, dice: &mut Dice) {
        let left = self.disk.image().cut(dice.rng());
        self.restore(left);
    }

    /// Takes the files away from whoever has them open.
    pub(super) fn orphan(&mut self) {
        self.restore(self.disk.image());
    }

    /// Replaces everything that is on the disk.
    pub(super) fn restore(&mut self, image: Image) {
        self.disk.restore(image);
        self.mend();
    }

    /// Ends all that is wrong with it.
    pub(super) fn mend(&mut self) {
        self.disk.mend();
        (self.dies_after, self.troubled) = (None, false);
    }

    /// Whether anything may fail.
    pub(super) fn is_troubled(&self) -> bool {
        self.troubled
    }

    /// What is on the disk.
    pub(super) fn image(&self) -> Image {
        self.disk.image()
    }

    /// The platform's store on this disk.
    pub(super) fn platform_store(&self) -> Option<Arc<dyn PlatformStore>> {
        let file = self.disk.dir().join("platform.db");
        let store = SqliteStore::open_on(&file, Some(FILE_SYSTEM)).ok()?;
        Some(Arc::new(store))
    }
}

/// What the platform of a world keeps things in.
pub(super) fn platform_store(shape: &Shape, drive: &Drive) -> Arc<dyn PlatformStore> {
    let on_disk = drive.platform_store().filter(|_| shape.on_disk);
    on_disk.unwrap_or_else(|| Arc::new(MemoryStore::default()))
}

/// A terminal's computer.
pub struct Machine {
    pub(super) drive: Drive,
    seed: [u8; 32],
}

impl Machine {
    /// A fresh computer with the key of this seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { drive: Drive::default(), seed }
    }

    /// The device's key.
    pub fn key(&self) -> SecretKey {
        SecretKey::from_seed(&self.seed)
    }

    /// How the terminal's store is opened.
    pub fn source(&self) -> Source {
        Source::with_key(self.drive.disk.place(), self.key())
    }

    /// Writes down what the platform granted.
    pub fn enrol(
        &self,
        code: &EnrolmentCode,
        granted: (&Grant, &TrustBundle),
        now: Timestamp,
    ) -> Result<Store, StoreError> {
        Store::enrol(self.drive.disk.place(), self.key(), code, granted, now)
    }

    /// Another computer with the same key and the same on its disk.
    pub fn twin(&self) -> Self {
        let twin = Self::new(self.seed);
        twin.drive.disk.restore(self.drive.image());
        twin
    }
}
