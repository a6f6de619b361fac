//! A dishonest terminal: enrolled like any other, it signs what never happened.

use minicbor::bytes::ByteVec;

use super::{dice::Dice, running::World, wire::Letter};
use crate::{
    domain::{
        crypto::{SecretKey, hash},
        id::{BranchId, Epoch, LeaseId, Seq, TerminalId, VoucherKey},
        journal::{
            self, Body, Entry, Head, Opened, Redeemed, RolledBack, SignedEntry, Uptime, Waiting,
        },
        redeem::FindingSet,
        scan::EntryMethod,
        sync::{Request, RequestBody},
        voucher::{Limit, Terms, Tier, Used},
    },
    sim::{
        faults::Fault,
        model::{Kept, Written},
    },
};

/// A dishonest terminal.
pub struct Crook {
    /// Its number at the platform.
    pub name: (TerminalId, Epoch),
    key: SecretKey,
    branch: BranchId,
    head: Head,
    last: Option<(Seq, VoucherKey, Used)>,
    /// Whether it showed the platform two journals.
    forked: bool,
}

impl World {
    /// A dishonest terminal plays a trick.
    pub fn crook(&mut self, trick: Fault, pocket: u32, dice: &mut Dice) -> Kept {
        if !self.platform_up {
            return Ok(());
        }
        if self.crooks.is_empty() && !self.enrol_crook(dice) {
            return Ok(());
        }
        let key = self.model.pockets.get(&pocket).cloned();
        let Some(key) = key else { return Ok(()) };
        if self.crooks[0].forked {
            return Ok(());
        }
        self.count(trick);
        let bodies = self.bodies(trick, &key, dice);
        let after = self.crooks[0].head;
        let mut entries = Vec::new();
        for body in bodies {
            let signed = self.sign_crooked(trick, body, dice);
            entries.push(ByteVec::from(signed.bytes));
        }
        if trick == Fault::CrookFork {
            // The platform hears of a second journal from the same place on.
            self.crooks[0].head = after;
            self.crooks[0].forked = true;
            let bodies = self.bodies(Fault::CrookOverLimit, &key, dice);
            let other: Vec<_> = bodies
                .into_iter()
                .map(|body| ByteVec::from(self.sign_crooked(Fault::CrookFuture, body, dice).bytes))
                .collect();
            self.push_crooked(after, entries, dice)?;
            return self.push_crooked(after, other, dice);
        }
        self.push_crooked(after, entries, dice)
    }

    fn enrol_crook(&mut self, dice: &mut Dice) -> bool {
        let key = SecretKey::from_seed(&dice.bytes());
        let Ok(code) = self.office.code(0, None) else { return false };
        let Some((grant, _)) = self.ask_grant(&key, &code) else { return false };
        let mut crook = Crook {
            name: (grant.terminal, grant.epoch),
            key,
            branch: grant.branch,
            head: Head::start(grant.epoch),
            last: None,
            forked: false,
        };
        crook.head = Head::start(grant.epoch);
        self.crooks.push(crook);
        true
    }

    fn bodies(&mut self, trick: Fault, key: &VoucherKey, dice: &mut Dice) -> Vec<Body> {
        let mut bodies = Vec::new();
        if self.crooks[0].head.seq == Seq(0) {
            let opened = Opened { software: "crooked".to_owned(), continues: hash(b"nothing") };
            bodies.push(Body::Opened(opened));
        }
        match trick {
            Fault::CrookReturn => {
                let (of, voucher, used) = self.crooks[0].last.clone().unwrap_or((
                    Seq(999),
                    key.clone(),
                    Used::new(1, 100),
                ));
                let used = Used { minor: used.minor + dice.between(0, 1) * 50, ..used };
                let currency = crate::domain::money::Currency::EUR;
                let reason = "wrong_scan".to_owned();
                let of_epoch = self.crooks[0].name.1;
                let back =
                    RolledBack { of, voucher, used, currency, reason, of_epoch, approved_by: None };
                bodies.push(Body::RolledBack(back.clone()));
                bodies.push(Body::RolledBack(back));
            }
            _other => {
                let mut redeemed = self.redemption(key, dice);
                match trick {
                    Fault::CrookNegative => redeemed.used = Used::new(0, -500),
                    Fault::CrookLease => redeemed.lease = Some(LeaseId(dice.below(9) as u32)),
                    _other => {}
                }
                bodies.push(Body::Redeemed(redeemed.clone()));
                if trick == Fault::CrookOverLimit {
                    bodies.push(Body::Redeemed(redeemed));
                }
            }
        }
        bodies
    }

    fn redemption(&mut self, key: &VoucherKey, dice: &mut Dice) -> Redeemed {
        let truth = self.model.truth(key);
        let (terms, used) = match truth {
            Some(truth) => {
                truth.tainted = true;
                let used = match &truth.claims.terms {
                    Terms::StoredValue { balance } => Used::new(1, balance.minor),
                    _other => Used::new(1, dice.between(0, 5_000)),
                };
                (Some(truth.claims.terms.clone()), used)
            }
            None => (None, Used::new(1, 100)),
        };
        let limit = terms.as_ref().map_or(Limit::Uses(1), Terms::limit);
        let kind = terms.as_ref().map_or(crate::domain::voucher::Kind::PrepaidDeal, Terms::kind);
        Redeemed {
            voucher: key.clone(),
            token: hash(b"seen nowhere"),
            kind,
            used,
            currency: crate::domain::money::Currency::EUR,
            bill: None,
            limit,
            left: 0,
            method: EntryMethod::Camera,
            findings: FindingSet::EMPTY,
            online: dice.chance(500),
            bundle: 1,
            list_as_of: None,
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
        }
    }

    fn sign_crooked(&mut self, trick: Fault, body: Body, dice: &mut Dice) -> SignedEntry {
        let now = self.true_time();
        let ahead = if trick == Fault::CrookFuture { 400 * 86_400 } else { 0 };
        let crook = &mut self.crooks[0];
        let branch = match trick {
            Fault::CrookBranch => BranchId(crook.branch.0 + 1 + dice.below(5) as u32),
            _other => crook.branch,
        };
        let used = match &body {
            Body::Redeemed(redeemed) => Some((redeemed.voucher.clone(), redeemed.used)),
            _other => None,
        };
        let signed = journal::append(
            &crook.key,
            Entry {
                terminal: crook.name.0,
                epoch: crook.name.1,
                seq: crook.head.seq.next(),
                prev: crook.head.hash,
                at: now.plus(ahead),
                time_floor: now.plus(ahead),
                branch,
                operator: None,
                body,
                uptime: Uptime::default(),
            },
        );
        if let Some((voucher, used)) = used {
            crook.last = Some((signed.entry.seq, voucher, used));
        }
        crook.head = signed.head();
        let Entry { terminal, epoch, seq, prev, .. } = signed.entry;
        self.model.written.insert(signed.hash, Written { terminal, epoch, seq, prev });
        signed
    }

    fn push_crooked(&mut self, after: Head, entries: Vec<ByteVec>, dice: &mut Dice) -> Kept {
        let crook = &self.crooks[0];
        let body = RequestBody::Push { after, entries };
        let (terminal, epoch) = crook.name;
        let request = Request { terminal, epoch, nonce: dice.bytes(), body };
        let body = request.seal(&crook.key).into();
        self.arrives(Letter { from: None, body, fails: false })?;
        // What the platform did not take is sent from there the next time.
        let held = self.office.look(|txn| txn.head(terminal, epoch).ok()).flatten();
        if let Some(held) = held.filter(|_| !self.crooks[0].forked) {
            self.crooks[0].head = held;
        }
        Ok(())
    }
}
