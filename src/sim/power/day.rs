//! A day in the shop, as chance has it: everything a terminal writes to its disk for.

use std::sync::{Arc, atomic::Ordering};

use super::{
    chance::Chance,
    error::PowerError,
    mode::Mode,
    shop::{Shop, euro},
    till::{Shown, Till},
};
use crate::{
    domain::{
        enrol::EnrolmentCode,
        money::Money,
        redeem::{OfflineMode, Part, Request, Rules},
        scan::{EntryMethod, ScanFailure},
        voucher::{Lines, Terms},
    },
    platform::service::{Issued, VoucherName},
    sim::disk::Disk,
    terminal::{
        RollBackOrder,
        command::Command,
        engine::{Engine, Lane},
    },
};

/// A day that goes on step by step.
pub(super) struct Day {
    pub(super) till: Till,
    rival: Till,
    chance: Chance,
    stock: Vec<Issued>,
    code: Option<EnrolmentCode>,
}

impl Day {
    /// A shop of its own, with its terminal not enrolled yet, on `disk`.
    pub(super) fn new(seed: u64, shop: &Arc<Shop>, disk: Disk, mode: Mode) -> Self {
        let rival = Till::new(shop, Disk::default(), Mode::Ours, seed);
        let till = Till::new(shop, disk, mode, seed);
        let (chance, stock) = (Chance::new(seed, 3), shop.stock.clone());
        Self { till, rival, chance, stock, code: None }
    }

    /// Enrolment and the first exchange: the bundle, the lists, the listed vouchers arrive. One that failed is repeated
    /// with the same code.
    pub(super) fn begin(&mut self) -> Result<EnrolmentCode, PowerError> {
        let code = match &self.code {
            Some(code) => code.clone(),
            None => self.code.insert(self.till.shop.code(None)?).clone(),
        };
        self.till.enrol(&code)?;
        self.sync()?;
        let rival = self.till.shop.code(None)?;
        self.rival.enrol(&rival)?;
        Ok(code)
    }

    /// One more thing that happens.
    pub(super) fn step(&mut self) -> Result<(), PowerError> {
        let seconds = u32::try_from(self.chance.in_range(1..=600)).unwrap_or(1);
        self.till.shop.clock.advance(seconds);
        match self.chance.below(24) {
            0..=8 => self.redeem(),
            9 => self.again(),
            10 => self.nonsense(),
            11 | 12 => self.bill(),
            13 | 14 => self.roll_back(),
            15 | 16 => self.sync(),
            17 => self.network(),
            18 => self.revoke(),
            19 => self.publish(),
            20 => self.lend(),
            21 => self.conflict(),
            22 => self.move_log(),
            _ => self.restart(),
        }
    }

    /// The last exchange, another life of the journal, and the end.
    pub(super) fn end(&mut self) -> Result<(), PowerError> {
        self.till.line.down.store(false, Ordering::Relaxed);
        self.till.say(Command::SetNetwork(true))?;
        self.sync()?;
        if self.chance.one_in(2) {
            self.renew()?;
            self.redeem()?;
            self.sync()?;
        }
        self.till.close(false);
        Ok(())
    }

    fn redeem(&mut self) -> Result<(), PowerError> {
        let Some(voucher) = self.chance.take(&mut self.stock) else {
            return Ok(());
        };
        let request = self.request(&voucher.claims.terms);
        let divisible = matches!(
            voucher.claims.terms,
            Terms::Pass { .. }
                | Terms::StoredValue { .. }
                | Terms::PickUp { .. }
                | Terms::Ticket(_)
        );
        self.till.present(&voucher.text, request)?;
        if divisible && !self.chance.one_in(4) {
            self.stock.push(voucher);
        }
        Ok(())
    }

    /// What a cashier would say of a voucher.
    fn request(&mut self, terms: &Terms) -> Request {
        let plain = Request::plain(EntryMethod::Camera);
        match terms {
            Terms::PrepaidDeal { .. } | Terms::Item(_) => plain,
            Terms::AmountOff(_) | Terms::PercentOff(_) => {
                Request { bill: Some(self.sum(700..=9_000)), ..plain }
            }
            Terms::Pass { .. } | Terms::Ticket(_) => {
                Request { uses: Some(if self.chance.one_in(3) { 2 } else { 1 }), ..plain }
            }
            Terms::StoredValue { .. } => Request { amount: Some(self.sum(1..=1_700)), ..plain },
            Terms::PickUp { .. } => {
                let pieces = [1, u16::from(self.chance.one_in(2))];
                Request { lines: Lines::from_slice(&pieces), ..plain }
            }
        }
    }

    fn sum(&mut self, range: std::ops::RangeInclusive<i64>) -> Money {
        euro(self.chance.in_range(range))
    }

    /// A code that was honoured before is shown again.
    fn again(&mut self) -> Result<(), PowerError> {
        let Some(shown) = self.chance.pick(&self.till.shown) else {
            return self.nonsense();
        };
        let text = shown.text.clone();
        self.till.present(&text, Request::plain(EntryMethod::Serial))
    }

    fn nonsense(&mut self) -> Result<(), PowerError> {
        if self.chance.one_in(2) {
            return self.till.present("4006381333931", Request::plain(EntryMethod::Keyboard));
        }
        let failed = |engine: &mut Engine, now| {
            engine.scan_failed((ScanFailure::Picture, EntryMethod::Camera), now);
        };
        self.till.drive(failed)?;
        self.till.say(Command::Dismiss)
    }

    /// Coupons on one bill, all or none.
    fn bill(&mut self) -> Result<(), PowerError> {
        let is_coupon = |issued: &Issued| issued.claims.terms.kind().is_coupon();
        let mut coupons: Vec<Issued> =
            self.stock.iter().filter(|issued| is_coupon(issued)).cloned().collect();
        let mut texts = Vec::new();
        for _ in 0..2 {
            texts.extend(self.chance.take(&mut coupons).map(|issued| issued.text));
        }
        self.till.say(Command::OpenBill)?;
        self.till.say(Command::Answer("42.00".to_owned()))?;
        for text in &texts {
            let request = Request::plain(EntryMethod::Camera);
            self.till.drive(|engine, now| engine.present(text, request, now))?;
            self.till.settle(Lane::Ask)?;
        }
        self.till.say(Command::ConfirmBill)?;
        self.till.settle(Lane::Ask)?;
        self.till.say(Command::Dismiss)?;
        self.till.say(Command::Dismiss)?;
        self.stock.retain(|issued| !texts.contains(&issued.text));
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), PowerError> {
        let Some(Shown { entry, .. }) = self.chance.pick(&self.till.shown).cloned() else {
            return Ok(());
        };
        let part = match self.chance.below(4) {
            0 => Part::Uses(1),
            1 => Part::Amount(100),
            _ => Part::All,
        };
        let reason = "wrong_scan".to_owned();
        let order = RollBackOrder { entry, part, reason, approved_by: None };
        self.till.drive(|engine, now| engine.roll_back(&order, now))?;
        self.till.say(Command::Dismiss)
    }

    pub(super) fn sync(&mut self) -> Result<(), PowerError> {
        self.till.say(Command::SyncNow)?;
        self.till.settle(Lane::Sync)
    }

    fn network(&mut self) -> Result<(), PowerError> {
        let down = !self.till.line.down.load(Ordering::Relaxed);
        self.till.line.down.store(down, Ordering::Relaxed);
        self.till.say(Command::SetNetwork(!down))
    }

    fn revoke(&mut self) -> Result<(), PowerError> {
        if let Some(issued) = self.chance.pick(&self.stock) {
            self.till.shop.platform.revoke_voucher(VoucherName::Code(issued.code))?;
        }
        self.sync()
    }

    fn publish(&mut self) -> Result<(), PowerError> {
        self.till.shop.campaign(OfflineMode::Always, Rules::default())?;
        self.sync()
    }

    /// A lease is lent, or all are called back.
    fn lend(&mut self) -> Result<(), PowerError> {
        let Some(terminal) = self.till.terminal() else {
            return Ok(());
        };
        let shop = Arc::clone(&self.till.shop);
        if self.chance.one_in(3) {
            for lease in shop.platform.leases()? {
                if lease.state == "open" {
                    shop.platform.end_lease(lease.row.id)?;
                }
            }
        } else {
            // The quota may be spent; then nothing is lent.
            shop.lend(terminal, 3).ok();
        }
        self.sync()
    }

    /// Another terminal redeems what this one redeemed without the network.
    fn conflict(&mut self) -> Result<(), PowerError> {
        let Some(shown) = self.chance.pick(&self.till.shown).cloned() else {
            return Ok(());
        };
        self.rival.say(Command::SetNetwork(false))?;
        self.rival.present(&shown.text, Request::plain(EntryMethod::Camera))?;
        self.rival.say(Command::SetNetwork(true))?;
        self.rival.say(Command::SyncNow)?;
        self.rival.settle(Lane::Sync)?;
        self.sync()
    }

    /// What the engine does while nobody waits, whatever the log's length.
    fn move_log(&mut self) -> Result<(), PowerError> {
        if let Some(store) = self.till.engine.as_ref().and_then(Engine::store) {
            store.move_log()?;
        }
        Ok(())
    }

    /// The program ends or is killed, and starts again.
    fn restart(&mut self) -> Result<(), PowerError> {
        let killed = self.chance.one_in(2);
        self.till.close(killed);
        self.till.open()
    }

    /// The terminal is enrolled again and goes on in another epoch.
    fn renew(&mut self) -> Result<(), PowerError> {
        let terminal = self.till.terminal();
        let code = self.till.shop.code(terminal)?;
        self.till.close(false);
        self.till.enrol(&code)?;
        self.sync()
    }
}
