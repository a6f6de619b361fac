//! The customer's phone: sample vouchers as real QR codes, each with the answer it should get.

use super::shop::{DemoError, Vouchers};
use crate::{
    domain::{
        money::{Currency, Money},
        redeem::Request,
        scan::EntryMethod,
        voucher::{from_text, to_text},
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
    /// The code as drawn on the phone.
    pub matrix: QrMatrix,
    /// The code as a picture file, as a camera would see it.
    pub png: Vec<u8>,
    /// What the cashier would say.
    pub request: Request,
    /// The answer it should get.
    pub expected: Expected,
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
    let mut cards = good(vouchers)?;
    cards.extend(bad(vouchers)?);
    cards.push(forged(vouchers)?);
    let link = Expected { state: "not_a_voucher", code: "web_link" };
    let names = ("Menu", "Not a voucher");
    cards.push(card(names, "https://anker.example/menu", PLAIN, link)?);
    Ok(cards)
}

const PLAIN: Request =
    Request { method: EntryMethod::Camera, bill: None, amount: None, uses: None };

fn good(vouchers: &Vouchers) -> Result<Vec<Card>, DemoError> {
    let bill = Request { bill: Some(euro(4_200)), ..PLAIN };
    let amount = Request { amount: Some(euro(1_250)), ..PLAIN };
    let mut cards = Vec::new();
    for (number, lunch) in (1..).zip(&vouchers.lunch) {
        let names = ("Lunch for two", format!("Good, number {number}"));
        cards.push(card((names.0, &names.1), &lunch.text, PLAIN, ACCEPTED)?);
    }
    for (title, subtitle, issued, request) in [
        ("Autumn menu", "15 % off the bill", &vouchers.percent_off, bill),
        ("Welcome back", "€5.00 off from €20.00", &vouchers.amount_off, bill),
        ("Ten coffees", "Pass of ten", &vouchers.pass, PLAIN),
        ("Gift card", "Balance of €50.00", &vouchers.gift, amount),
    ] {
        cards.push(card((title, subtitle), &issued.text, request, ACCEPTED)?);
    }
    Ok(cards)
}

fn bad(vouchers: &Vouchers) -> Result<Vec<Card>, DemoError> {
    let samples = [
        ("Used before", &vouchers.used, "voucher_redeemed_elsewhere"),
        ("Expired", &vouchers.expired, "voucher_expired"),
        ("Not yet valid", &vouchers.early, "voucher_not_active"),
        ("Another shop's", &vouchers.elsewhere, "merchant_not_allowed"),
        ("Another branch's", &vouchers.other_branch, "branch_not_allowed"),
        ("Cancelled", &vouchers.revoked, "voucher_revoked"),
    ];
    let cards = samples.into_iter().map(|(subtitle, issued, code)| {
        card(("Lunch for two", subtitle), &issued.text, PLAIN, refused(code))
    });
    cards.collect()
}

fn forged(vouchers: &Vouchers) -> Result<Card, DemoError> {
    let text = forge(vouchers.lunch.first().ok_or(DemoError::Setup("vouchers"))?)?;
    card(("Lunch for two", "Forged"), &text, PLAIN, refused("signature_invalid"))
}

fn card(
    (title, subtitle): (&str, &str),
    text: &str,
    request: Request,
    expected: Expected,
) -> Result<Card, DemoError> {
    Ok(Card {
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        matrix: QrMatrix::of(text)?,
        png: picture::png(text, MODULE_PX)?,
        request,
        expected,
    })
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
