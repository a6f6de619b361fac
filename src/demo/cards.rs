//! The customer's phone: sample vouchers as real QR codes, each with the answer it should get.

use std::sync::Arc;

use super::{
    goods::Vouchers,
    shop::{DemoError, SUPERVISOR_PIN},
};
use crate::{
    domain::{
        crypto::SecretKey,
        money::{Currency, Money},
        redeem::Request,
        scan::EntryMethod,
        time::Timestamp,
        voucher::{Lines, from_text, present, to_text},
    },
    issuer::picture::{self, QrMatrix},
    platform::service::Issued,
};

/// Pixels a module has in the picture that is held to the reader.
const MODULE_PX: u32 = 5;

/// One sample on the phone.
#[derive(Clone, Debug)]
pub struct Card {
    /// What the customer calls it.
    pub title: String,
    /// What is special about it.
    pub subtitle: String,
    /// What is typed when the code cannot be read; empty where there is nothing to type.
    pub code: String,
    /// What the cashier would say.
    pub request: Request,
    /// The answer it should get.
    pub expected: Expected,
    voucher: String,
    phone: Option<Arc<SecretKey>>,
}

/// What the phone shows of a card at one moment.
#[derive(Clone, Debug)]
pub struct Face {
    /// The code as drawn on the phone.
    pub matrix: QrMatrix,
    /// The code as a picture file, as a camera would see it.
    pub png: Vec<u8>,
}

impl Card {
    /// What the phone shows at `now`.
    pub(super) fn show(&self, now: Timestamp) -> Result<Face, DemoError> {
        let text = match &self.phone {
            Some(phone) => present(phone, &self.voucher, now)
                .map_err(|_error| DemoError::Setup("live voucher"))?,
            None => self.voucher.clone(),
        };
        Ok(Face { matrix: QrMatrix::of(&text)?, png: picture::png(&text, MODULE_PX)? })
    }
}

/// The answer a sample should get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The state as in JSON.
    pub state: &'static str,
    /// The code.
    pub code: &'static str,
}

const ACCEPTED: Expected = Expected { state: "accepted", code: "accepted" };

const fn refused(code: &'static str) -> Expected {
    Expected { state: "refused", code }
}

/// All samples, in the order they are shown: the good ones first.
pub(super) fn all(vouchers: &Vouchers) -> Result<Vec<Card>, DemoError> {
    let mut cards = good(vouchers);
    cards.extend(special(vouchers));
    cards.extend(bad(vouchers));
    cards.push(forged(vouchers)?);
    let link = Expected { state: "not_a_voucher", code: "web_link" };
    cards.push(Card {
        title: "Menu".to_owned(),
        subtitle: "Not a voucher".to_owned(),
        code: String::new(),
        request: plain(),
        expected: link,
        voucher: "https://anker.example/menu".to_owned(),
        phone: None,
    });
    Ok(cards)
}

fn plain() -> Request {
    Request::plain(EntryMethod::Camera)
}

fn good(vouchers: &Vouchers) -> Vec<Card> {
    let bill = Request { bill: Some(euro(4_200)), ..plain() };
    let amount = Request { amount: Some(euro(1_250)), ..plain() };
    let mut cards = Vec::new();
    for (number, lunch) in (1..).zip(&vouchers.lunch) {
        let subtitle = format!("Good, number {number}");
        cards.push(card(("Lunch for two", &subtitle), lunch, plain(), ACCEPTED));
    }
    for (number, (percent, off)) in (1..).zip(vouchers.percent_off.iter().zip(&vouchers.amount_off))
    {
        let share = format!("15 % off the bill, number {number}");
        let fixed = format!("€5.00 off from €20.00, number {number}");
        cards.push(card(("Autumn menu", &share), percent, bill, ACCEPTED));
        cards.push(card(("Welcome back", &fixed), off, bill, ACCEPTED));
    }
    let three = Request { uses: Some(3), ..plain() };
    let some = Request { lines: Lines::from_slice(&[2, 4, 0]), ..plain() };
    for (title, subtitle, issued, request) in [
        ("Ten coffees", "Pass of ten", &vouchers.pass, plain()),
        ("Gift card", "Balance of €50.00", &vouchers.gift, amount),
        ("Mall voucher", "€30.00 at any shop of the mall", &vouchers.mall, amount),
        ("Birthday treat", "A slice of cake", &vouchers.item, plain()),
        ("Cup for cup", "A travel mug for €3.00", &vouchers.exchange, plain()),
        ("Harbour breakfast", "Table for four, three came", &vouchers.ticket, three),
        ("Your order", "Bread, rolls and a cake", &vouchers.order, some),
    ] {
        cards.push(card((title, subtitle), issued, request, ACCEPTED));
    }
    cards
}

fn bad(vouchers: &Vouchers) -> Vec<Card> {
    let deals = [
        ("Used before", &vouchers.used, "voucher_redeemed_elsewhere"),
        ("Expired", &vouchers.expired, "voucher_expired"),
        ("Not yet valid", &vouchers.early, "voucher_not_active"),
        ("Another shop's", &vouchers.elsewhere, "merchant_not_allowed"),
        ("Another branch's", &vouchers.other_branch, "branch_not_allowed"),
        ("Cancelled", &vouchers.revoked, "voucher_revoked"),
    ];
    let deals = deals.map(|(subtitle, issued, code)| {
        card(("Lunch for two", subtitle), issued, plain(), refused(code))
    });
    let rules = [
        ("Happy hour", "After its hours", &vouchers.closed, "voucher_not_active_now"),
        ("Wine tasting", "Too late for the ticket", &vouchers.missed, "slot_missed"),
    ];
    let rules = rules.map(|(title, subtitle, issued, code)| {
        card((title, subtitle), issued, plain(), refused(code))
    });
    deals.into_iter().chain(rules).collect()
}

/// A voucher that lives on this phone, a picture of it, and one that a supervisor looks at.
fn special(vouchers: &Vouchers) -> Vec<Card> {
    let phone = Some(Arc::new(SecretKey::from_seed(&vouchers.phone.seed())));
    let copied = Expected { state: "cannot_check", code: "live_proof_missing" };
    let needs_pin = Expected { state: "needs_input", code: "needs_input" };
    let dinner = format!("Worth €180.00: supervisor's PIN {SUPERVISOR_PIN}");
    let live = card(
        ("Members' coffee", "Signed by this phone each time"),
        &vouchers.live,
        plain(),
        ACCEPTED,
    );
    vec![
        Card { phone, ..live },
        card(("Members' coffee", "A picture of it"), &vouchers.live, plain(), copied),
        card(("Dinner for six", &dinner), &vouchers.dinner, plain(), needs_pin),
    ]
}

fn forged(vouchers: &Vouchers) -> Result<Card, DemoError> {
    let good = vouchers.lunch.first().ok_or(DemoError::Setup("vouchers"))?;
    let voucher = forge(good)?;
    let names = ("Lunch for two", "Forged");
    Ok(Card { voucher, ..card(names, good, plain(), refused("signature_invalid")) })
}

fn card(
    (title, subtitle): (&str, &str),
    issued: &Issued,
    request: Request,
    expected: Expected,
) -> Card {
    Card {
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        code: issued.code.to_string(),
        request,
        expected,
        voucher: issued.text.clone(),
        phone: None,
    }
}

/// A good voucher with one bit of its signature turned: what a forger without the key can do.
fn forge(good: &Issued) -> Result<String, DemoError> {
    let mut bytes = from_text(&good.text).map_err(|_error| DemoError::Setup("forgery"))?;
    let last = bytes.last_mut().ok_or(DemoError::Setup("forgery"))?;
    *last ^= 1;
    Ok(to_text(&bytes))
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
