//! The demo in the console: every step with its verdict and its latency, checked against what it should be.

use std::{io::Write, sync::Arc, time::Duration};

use super::{
    cards::{Card, Expected},
    shop::{DemoError, SUPERVISOR_PIN, Shop},
};
use crate::{
    device::{picture, qr::reader::Reader},
    domain::{
        id::Seq,
        redeem::{Part, Request},
        scan::EntryMethod,
    },
    platform::store::RedemptionFilter,
    terminal::{
        RollBackOrder,
        clock::Clock,
        command::{Command, UndoReason},
        engine::Event,
        outcome::{Outcome, State},
        pictures::first_of_ours,
        session::Session,
    },
};

/// How long a picture may take.
const BUDGET: Duration = Duration::from_secs(5);

/// Runs the demo; true only if every answer was the expected one.
pub fn run(clock: Arc<dyn Clock>, out: &mut dyn Write) -> Result<bool, DemoError> {
    let shop = Shop::open(Arc::clone(&clock))?;
    let mut script =
        Script { counter: shop.counter()?, reader: Reader::start()?, clock, out, wrong: 0 };
    script.say("A platform, two tills and a customer, all on this machine.")?;
    script.say(
        "\nWith the network: each code goes as a picture through the decoder to the counter.",
    )?;
    let (later, now) = split(&shop.cards);
    for card in now {
        script.hold(&shop, card, card.expected)?;
    }
    script.together(&shop)?;
    script.supervised(&shop)?;
    script.without_network(&shop, &later)?;
    script.reconcile(&shop)?;
    let wrong = script.wrong;
    let verdict =
        if wrong == 0 { "Every answer was the expected one." } else { "Some answers were wrong." };
    script.say(&format!("\n{verdict}"))?;
    Ok(wrong == 0)
}

/// Two good vouchers are kept for the time without a network, and two coupons for a bill.
fn split(cards: &[Card]) -> (Vec<&Card>, Vec<&Card>) {
    let good = cards.iter().filter(|card| card.subtitle.starts_with("Good"));
    let later: Vec<_> = good.skip(2).collect();
    let kept = |card: &Card| later.iter().any(|kept| std::ptr::eq(*kept, card));
    let now = cards.iter().filter(|card| !kept(card) && !is_for_the_bill(card)).collect();
    (later, now)
}

fn is_for_the_bill(card: &Card) -> bool {
    card.subtitle.ends_with("off the bill, number 2")
        || card.subtitle.ends_with("from €20.00, number 2")
}

struct Script<'a> {
    counter: Session,
    reader: Reader,
    clock: Arc<dyn Clock>,
    out: &'a mut dyn Write,
    wrong: u32,
}

impl Script<'_> {
    /// Holds a card to the reader and compares the answer.
    fn hold(&mut self, shop: &Shop, card: &Card, expected: Expected) -> Result<(), DemoError> {
        let start = self.clock.elapsed();
        let text = self.read(shop, card);
        let read = self.clock.elapsed();
        let outcome = text.and_then(|text| self.counter.redeem(&text, card.request));
        let decided = self.clock.elapsed();
        let words = outcome.as_ref().map(|outcome| self.counter.engine.speaker().message(outcome));
        let right = outcome.as_ref().is_some_and(|outcome| matches(outcome, expected));
        self.wrong = self.wrong.saturating_add(u32::from(!right));
        let times = (read.saturating_sub(start), decided.saturating_sub(read));
        let words = words.unwrap_or_else(|| "nothing could be read".to_owned());
        self.tell(right, &format!("{} ({})", card.title, card.subtitle), &words, times)
    }

    fn read(&mut self, shop: &Shop, card: &Card) -> Option<String> {
        let luma = picture::load(&shop.show(card).ok()?.png).ok()?;
        first_of_ours(self.reader.read(luma, BUDGET).ok()?)
    }

    fn tell(
        &mut self,
        right: bool,
        what: &str,
        words: &str,
        (read, decided): (Duration, Duration),
    ) -> Result<(), DemoError> {
        let mark = if right { "ok   " } else { "WRONG" };
        let (read, decided) = (read.as_secs_f64() * 1e3, decided.as_secs_f64() * 1e3);
        writeln!(self.out, "{mark} {what:<52} {words}")?;
        Ok(writeln!(
            self.out,
            "      picture read in {read:.1} ms, decided and on disk in {decided:.1} ms"
        )?)
    }

    /// Two coupons on one bill, all or nothing, in the order the customer pays least.
    fn together(&mut self, shop: &Shop) -> Result<(), DemoError> {
        self.say(
            "\nTwo coupons on one bill of €42.00; the share first, since that leaves less to pay.",
        )?;
        let mut vouchers = Vec::new();
        for card in shop.cards.iter().filter(|card| is_for_the_bill(card)) {
            vouchers.push((
                self.read(shop, card).unwrap_or_default(),
                Request::plain(card.request.method),
            ));
        }
        let outcome = self.counter.redeem_together("42.00", &vouchers);
        let due = outcome.as_ref().and_then(|outcome| {
            let State::Together(together) = &outcome.state else {
                return None;
            };
            Some(together.due.minor)
        });
        let words = outcome.map(|outcome| self.counter.engine.speaker().message(&outcome));
        // 15 % of 42.00 is 6.30; 35.70 less 5.00 is 30.70.
        self.check(&words.unwrap_or_else(|| "no answer".to_owned()), due == Some(3_070))
    }

    /// A supervisor approves what a cashier may not accept alone; part of a pass is taken back.
    fn supervised(&mut self, shop: &Shop) -> Result<(), DemoError> {
        self.say("\nA supervisor approves the dinner; one of three guests is taken back.")?;
        let dinner = shop.cards.iter().find(|card| card.title == "Dinner for six");
        let text = dinner.and_then(|card| self.read(shop, card)).unwrap_or_default();
        let approved_by = self.counter.engine.approver(SUPERVISOR_PIN, self.clock.now()).ok();
        let plain = Request::plain(EntryMethod::Camera);
        let outcome = self.counter.redeem(&text, Request { approved_by, ..plain });
        let right = outcome.is_some_and(|outcome| outcome.state.code() == "accepted");
        self.check("the supervisor's PIN lets the dinner through", right)?;
        let breakfast = self.counter.engine.view(self.clock.now());
        let row = breakfast.recent.iter().find(|row| row.title == "Harbour breakfast");
        let order = RollBackOrder {
            entry: Seq(row.map_or(0, |row| row.entry)),
            part: Part::Uses(1),
            reason: UndoReason::CustomerChanged.code().to_owned(),
            approved_by: None,
        };
        let outcome = self.counter.roll_back(&order);
        let given = outcome.and_then(|outcome| {
            let State::RolledBack(redemption) = outcome.state else {
                return None;
            };
            Some(redemption.value.minor)
        });
        self.check("one of three guests is taken back: €18.50", given == Some(1_850))
    }

    /// Cuts the network, redeems on, and lets the other till take one of the same vouchers.
    fn without_network(&mut self, shop: &Shop, cards: &[&Card]) -> Result<(), DemoError> {
        self.say("\nThe network is cut; redeeming goes on.")?;
        self.network(false);
        for card in cards {
            self.hold(shop, card, card.expected)?;
        }
        let again = Expected { state: "refused", code: "voucher_already_redeemed" };
        if let Some(card) = cards.first() {
            self.hold(shop, card, again)?;
            self.say("\nThe other branch, also without the network, takes the same voucher.")?;
            let text = self.read(shop, card).unwrap_or_default();
            let mut other = shop.other_till(false)?;
            let taken = other.redeem(&text, Request { ..card.request });
            let right = taken.as_ref().is_some_and(|taken| matches(taken, card.expected));
            self.check("the other till accepts it, as it cannot know", right)?;
        }
        let waiting = self.waiting();
        self.check(&format!("{waiting} entries wait to be sent"), waiting > 0)
    }

    /// Reconnects both tills and looks at what the platform has.
    fn reconcile(&mut self, shop: &Shop) -> Result<(), DemoError> {
        self.say("\nThe network is back.")?;
        self.network(true);
        let reached = self.counter.sync();
        let waiting = self.waiting();
        self.check(&format!("the queue counts down to {waiting}"), reached && waiting == 0)?;
        let mut other = shop.other_till(true)?;
        self.check("the other till sends its own", other.sync())?;
        let conflicts = shop.platform().conflicts(0, 10)?.len();
        let text =
            format!("the platform reports {conflicts} double redemption, with both signed entries");
        self.check(&text, conflicts == 1)?;
        let filter = RedemptionFilter { limit: 100, ..RedemptionFilter::default() };
        let page = shop.platform().redemptions(&filter)?;
        // Used before; two lunches, two coupons, seven other kinds and a live one; two on a bill; the dinner; two lunches
        // without the network, one of them twice; and a roll back, which is listed too.
        let count = page.redemptions.len();
        self.check(&format!("the platform has {count} redemptions, each exactly once"), count == 20)
    }

    fn network(&mut self, on: bool) {
        self.counter.engine.handle(Event::Command(Command::SetNetwork(on)), self.clock.now());
    }

    fn waiting(&self) -> u64 {
        self.counter.engine.store().map_or(0, crate::store::Store::unsent_entries)
    }

    fn check(&mut self, what: &str, right: bool) -> Result<(), DemoError> {
        self.wrong = self.wrong.saturating_add(u32::from(!right));
        let mark = if right { "ok   " } else { "WRONG" };
        self.say(&format!("{mark} {what}"))
    }

    fn say(&mut self, text: &str) -> Result<(), DemoError> {
        Ok(writeln!(self.out, "{text}")?)
    }
}

fn matches(outcome: &Outcome, expected: Expected) -> bool {
    outcome.state.code() == expected.state && outcome.code == expected.code
}
