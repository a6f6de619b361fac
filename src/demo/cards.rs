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

/// All samples, in the order they are shown. The first four are good and are used up one after the other.
pub(super) fn all(vouchers: &Vouchers) -> Result<Vec<Card>, DemoError> {
    let plain = Request::plain(EntryMethod::Camera);
    let bill = Request { bill: Some(euro(4_200)), ..plain };
    let amount = Request { amount: Some(euro(1_250)), ..plain };
    let mut cards = Vec::new();
    let mut add = |names: (&str, &str), text: &str, request, expected| -> Result<(), DemoError> {
        cards.push(card(names, text, request, expected)?);
        Ok(())
    };
    for (number, good) in (1..).zip(&vouchers.lunch) {
        add(("Lunch for two", &format!("Good, number {number}")), &good.text, plain, ACCEPTED)?;
    }
    add(("Autumn menu", "15 % off the bill"), &vouchers.percent_off.text, bill, ACCEPTED)?;
    add(("Welcome back", "€5.00 off from €20.00"), &vouchers.amount_off.text, bill, ACCEPTED)?;
    add(("Ten coffees", "Pass of ten"), &vouchers.pass.text, plain, ACCEPTED)?;
    add(("Gift card", "Balance of €50.00"), &vouchers.gift.text, amount, ACCEPTED)?;
    let bad = [
        ("Used before", &vouchers.used, "voucher_redeemed_elsewhere"),
        ("Expired", &vouchers.expired, "voucher_expired"),
        ("Not yet valid", &vouchers.early, "voucher_not_active"),
        ("Another shop's", &vouchers.elsewhere, "merchant_not_allowed"),
        ("Another branch's", &vouchers.other_branch, "branch_not_allowed"),
        ("Cancelled", &vouchers.revoked, "voucher_revoked"),
    ];
    for (subtitle, issued, code) in bad {
        add(("Lunch for two", subtitle), &issued.text, plain, refused(code))?;
    }
    let forged = forge(vouchers.lunch.first().ok_or(DemoError::Setup("vouchers"))?)?;
    add(("Lunch for two", "Forged"), &forged, plain, refused("signature_invalid"))?;
    let link = Expected { state: "not_a_voucher", code: "web_link" };
    add(("Menu", "Not a voucher"), "https://anker.example/menu", plain, link)?;
    Ok(cards)
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
