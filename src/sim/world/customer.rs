//! Customers: they buy vouchers, show them, and some show copies.

use super::{
    dice::Dice,
    office::far,
    plan::Manner,
    running::{Due, World},
    shape::Goods,
};
use crate::{
    domain::{
        crypto::{HolderKey, SecretKey},
        id::{VoucherId, VoucherKey},
        money::{Currency, Money},
        scan::{EntryMethod, ShortCode},
        time::Timestamp,
        voucher::{
            AmountOff, Claims, Customer, Item, OrderLine, PercentOff, Terms, Ticket, Used,
            from_text, mint, present,
        },
    },
    platform::service::{Ends, Order},
    sim::{
        faults::Fault,
        model::{Kept, Truth},
    },
    terminal::{command::Command, engine::Event},
};

impl World {
    /// A customer buys a voucher.
    pub fn buys(&mut self, pocket: u32, campaign: usize, dice: &mut Dice) -> Kept {
        let goods = self.shape.campaigns[campaign].goods;
        let phone = (goods == Goods::Phones).then(|| dice.bytes::<32>());
        let order = Order {
            campaign: self.office.campaigns[campaign],
            terms: terms(goods, self.platform_time(), dice),
            branches: self.branches_of(campaign, goods, dice),
            group: None,
            customer: dice.chance(300).then(|| customer(dice)),
            holder: phone.map(|seed| HolderKey(SecretKey::from_seed(&seed).public().to_bytes())),
            from: self.platform_time().plus(dice.between(-7_200, 1_800)),
            until: Ends::At(self.platform_time().plus(dice.between(4 * 3600, 20 * 86_400))),
            count: 1,
        };
        // A platform whose disk fails sells nothing.
        let Ok(issued) = self.office.platform.issue(&self.office.signing, &order) else {
            self.platform_may_have_failed()?;
            return Ok(());
        };
        for issued in issued {
            let key = issued.claims.key();
            let truth = Truth {
                claims: issued.claims,
                text: issued.text,
                code: issued.code,
                phone,
                campaign,
                key: self.office.keys.len() - 1,
                issued: true,
                loaded: 0,
                revoked: None,
                suspended: Vec::new(),
                granted: Used::default(),
                consumed: Used::default(),
                tainted: false,
                lost: false,
            };
            self.model.vouchers.insert(key.clone(), truth);
            self.model.pockets.insert(pocket, key);
        }
        self.platform_may_have_failed()
    }

    fn branches_of(
        &self,
        campaign: usize,
        goods: Goods,
        dice: &mut Dice,
    ) -> Vec<crate::domain::id::BranchId> {
        let Some(merchant) = self.shape.campaigns[campaign].merchant else { return Vec::new() };
        let own = |at: &usize| self.shape.branches[*at] == merchant;
        let own: Vec<_> = (0..self.shape.branches.len()).filter(own).collect();
        let one = goods == Goods::OneBranch || dice.chance(150);
        if one { vec![self.office.branches[dice.pick(&own)]] } else { Vec::new() }
    }

    /// A voucher is shown at a terminal.
    pub fn shows(&mut self, place: usize, pocket: u32, manner: Manner, dice: &mut Dice) -> Kept {
        let at = self.till_at(place, dice);
        let Some(at) = at else { return Ok(()) };
        let Some(text) = self.text_of(pocket, manner, dice) else { return Ok(()) };
        self.stir(at);
        if dice.chance(700) {
            self.settle(at, Event::Command(Command::Dismiss))?;
        }
        self.figures.scans += 1;
        let method = match manner {
            Manner::Typed => EntryMethod::Typed,
            _other => dice.pick(&[EntryMethod::Camera, EntryMethod::Serial, EntryMethod::Keyboard]),
        };
        self.settle(at, Event::Command(Command::Scan { text: text.clone(), method }))?;
        self.companions(at, &text, manner, dice);
        Ok(())
    }

    /// What comes right after a scan: the same code from another reader, or the next customer's.
    fn companions(&mut self, at: usize, text: &str, manner: Manner, dice: &mut Dice) {
        let life = self.tills[at].life;
        let scan = |text: String| Command::Scan { text, method: EntryMethod::Serial };
        match manner {
            Manner::TwoReaders => {
                self.count(Fault::TwoReaders);
                let wait = dice.pick(&[0, 40, 1_500, 2_100]);
                let command = scan(text.to_owned());
                self.later(self.now + wait, Due::Does { till: at, life, command });
            }
            Manner::Hurried => {
                self.count(Fault::ScanWhileAsking);
                let pocket = dice.below(40) as u32;
                if let Some(text) = self.text_of(pocket, Manner::Plain, dice) {
                    let command = scan(text);
                    self.later(self.now + 10, Due::Does { till: at, life, command });
                }
            }
            _other => {}
        }
    }

    /// What a customer holds to the reader; none where the voucher was never bought.
    fn text_of(&mut self, pocket: u32, manner: Manner, dice: &mut Dice) -> Option<String> {
        let key = self.model.pockets.get(&pocket)?.clone();
        let truth = self.model.vouchers.get(&key)?.clone();
        match manner {
            Manner::Copy => self.count(Fault::Copied),
            Manner::Typed => return Some(truth.code.to_string()),
            Manner::Stale => return self.stale(pocket),
            Manner::Flipped => {
                self.count(Fault::FlippedVoucher);
                return Some(self.forgery(flipped(&truth.text, dice)));
            }
            Manner::Forged => {
                self.count(Fault::Forged);
                let stranger = SecretKey::from_seed(&dice.bytes());
                let text = mint(&stranger, &truth.claims).ok()?;
                return Some(self.forgery(text));
            }
            Manner::Stolen => return self.stolen(&truth, dice),
            Manner::Plain | Manner::TwoReaders | Manner::Hurried => {}
        }
        Some(self.live_text(pocket, &truth, dice))
    }

    /// Remembers a text that nobody may accept.
    fn forgery(&mut self, text: String) -> String {
        if let Ok(token) = from_text(&text) {
            self.forgeries.insert(crate::domain::crypto::hash(&token));
        }
        text
    }

    /// The code as the customer's phone draws it at this moment.
    fn live_text(&mut self, pocket: u32, truth: &Truth, dice: &mut Dice) -> String {
        let text = match &truth.phone {
            Some(seed) if dice.chance(950) => {
                let at = self.true_time().plus(dice.between(-20, 20));
                present(&SecretKey::from_seed(seed), &truth.text, at).ok()
            }
            None if self.platform_up && dice.chance(60) => {
                let fresh = self.office.platform.refresh(&truth.text).ok();
                fresh.map(|fresh| fresh.voucher)
            }
            Some(_) | None => None,
        };
        if let Some(text) = &text {
            self.copies.insert(pocket, text.clone());
        }
        text.unwrap_or_else(|| truth.text.clone())
    }

    /// A live code that somebody photographed some time ago.
    fn stale(&mut self, pocket: u32) -> Option<String> {
        let earlier = pocket.checked_sub(3)?;
        let (_, text) = self.copies.range(..earlier).next_back()?;
        let text = text.clone();
        self.count(Fault::StaleCopy);
        Some(text)
    }

    /// A voucher that the issuer's key signed and the issuer never sold.
    fn stolen(&mut self, like: &Truth, dice: &mut Dice) -> Option<String> {
        self.count(Fault::KeyStolen);
        let key = dice.place(self.office.keys.len());
        let id = VoucherId { index: 3_999, random: dice.any(), ..like.claims.id };
        let claims =
            Claims { id, until: like.claims.until.min(far()), holder: None, ..like.claims.clone() };
        let text = mint(&self.office.keys[key], &claims).ok()?;
        let voucher = VoucherKey { issuer: claims.issuer.clone(), id };
        let code = ShortCode::from_bits(claims.short_code_bits());
        let truth = Truth {
            claims,
            text: text.clone(),
            code,
            phone: None,
            key,
            issued: false,
            revoked: None,
            suspended: Vec::new(),
            loaded: 0,
            granted: Used::default(),
            consumed: Used::default(),
            tainted: true,
            ..like.clone()
        };
        self.model.vouchers.insert(voucher, truth);
        Some(text)
    }

    /// The time as a customer's phone has it.
    pub fn true_time(&self) -> Timestamp {
        super::shape::START.plus((self.now / 1000) as i64)
    }
}

/// A code that was damaged: any of its characters is another.
fn flipped(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let place = 4 + dice.place(letters.len().saturating_sub(4));
    let other = dice.pick(&['0', 'A', 'Q', '7', '%', '*']);
    if let Some(letter) = letters.get_mut(place) {
        *letter = if *letter == other { '9' } else { other };
    }
    letters.into_iter().collect()
}

fn customer(dice: &mut Dice) -> Customer {
    format!("c-{}", dice.below(30)).parse().expect("a pseudonym")
}

fn terms(goods: Goods, now: Timestamp, dice: &mut Dice) -> Terms {
    let euro = |minor| Money::new(minor, Currency::EUR);
    let kind = match goods {
        Goods::Single | Goods::OneBranch | Goods::Phones => dice.pick(&[0, 0, 5]),
        Goods::All => dice.below(8),
        Goods::Balances => 4,
        Goods::Coupons => dice.pick(&[1, 2]),
    };
    let value = dice.between(1, 90) * 100;
    match kind {
        0 => Terms::PrepaidDeal { value: euro(value) },
        1 => Terms::AmountOff(AmountOff { off: euro(value), minimum_spend: 0 }),
        2 => Terms::PercentOff(PercentOff {
            basis_points: dice.between(100, 9_000) as u16,
            cap: 5_000,
            minimum_spend: dice.pick(&[0, 1_000]),
            currency: Currency::EUR,
        }),
        3 => Terms::Pass { uses: dice.between(2, 10) as u16, value_each: euro(value) },
        4 => Terms::StoredValue { balance: euro(value) },
        5 => Terms::Item(Item {
            count: dice.between(1, 3) as u16,
            name: "Mug".parse().expect("a label"),
            value: euro(value),
            price: 0,
        }),
        6 => Terms::Ticket(Ticket {
            starts: now.plus(dice.between(0, 40 * 3600)),
            early_s: 20 * 3600,
            late_s: 20 * 3600,
            party: dice.between(1, 6) as u16,
            value_each: euro(value),
        }),
        _ => Terms::PickUp { currency: Currency::EUR, lines: lines(dice) },
    }
}

fn lines(dice: &mut Dice) -> Vec<OrderLine> {
    let count = dice.between(1, 3);
    let line = |_| OrderLine {
        count: dice.between(1, 4) as u16,
        value_each: dice.between(1, 30) * 100,
        name: "Jam".parse().expect("a label"),
    };
    (0..count).map(line).collect()
}
