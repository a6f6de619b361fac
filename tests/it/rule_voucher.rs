//! The first two columns of a rule table: what the voucher says, how it is shown, and where it is accepted.

use countersign::domain::{
    id::{BranchId, GroupId, MerchantId},
    money::{Currency, Money},
    time::Timestamp,
    trust::PublishedKey,
    voucher::{
        AmountOff, Claims, Item, OrderLine, PercentOff, Scope, Terms, Ticket, USES_MAX, Voucher,
    },
};

use crate::{
    rule_words::{Parsed, Words, basis_points, number},
    world,
};

/// A voucher and the moment its phone signs that it is being shown, where it does.
pub(crate) struct Shown {
    pub claims: Claims,
    at: Option<Timestamp>,
}

impl Shown {
    pub(crate) fn verified(&self, key: &PublishedKey) -> Voucher {
        self.at.map_or_else(
            || world::voucher(&self.claims, key),
            |at| world::shown_voucher(&self.claims, key, at),
        )
    }
}

/// `prepaid 12.50, of anna, on phone, shown 30s ago` at a time.
pub(crate) fn parse_voucher(text: &str, now: Timestamp) -> Parsed<Shown> {
    let mut parts = text.split(',').map(str::trim);
    let mut shown =
        Shown { claims: world::claims(parse_terms(parts.next().unwrap_or_default())?), at: None };
    for part in parts {
        let mut words = Words::new(part);
        match words.next()? {
            "of" => shown.claims.customer = Some(words.next()?.parse().map_err(error)?),
            "on" if words.take("phone") => shown.claims.holder = Some(world::holder()),
            "with" if words.take("rules") => shown.claims.conditional = true,
            "signed" if words.take("anew") => sign_anew(&mut shown.claims, &mut words, now)?,
            "valid" => {
                let mut midnight =
                    || Ok::<_, String>(world::time(&format!("{} 00:00:00", words.next()?)));
                (shown.claims.from, shown.claims.until) = (midnight()?, midnight()?);
            }
            "shown" => shown.at = Some(moment(&mut words, now)?),
            other => return Err(format!("unknown word {other} about a voucher")),
        }
        words.end()?;
    }
    Ok(shown)
}

/// `2m ago`, `2m ago for 5m`: ten minutes where it is not said.
fn sign_anew(claims: &mut Claims, words: &mut Words<'_>, now: Timestamp) -> Parsed<()> {
    claims.from = moment(words, now)?;
    let span = if words.take("for") { words.seconds()? } else { 600 };
    claims.until = claims.from.plus(span);
    Ok(())
}

/// `30s ago` or `30s ahead`.
fn moment(words: &mut Words<'_>, now: Timestamp) -> Parsed<Timestamp> {
    let seconds = words.seconds()?;
    match words.next()? {
        "ago" => Ok(now.plus(-seconds)),
        "ahead" => Ok(now.plus(seconds)),
        other => Err(format!("ago or ahead, not {other}")),
    }
}

/// `off 5.00 min 20.00 JPY` and the like.
pub(crate) fn parse_terms(text: &str) -> Parsed<Terms> {
    let last = text.rsplit_once(' ').and_then(|(before, word)| Some((before, word.parse().ok()?)));
    let (text, currency) = last.unwrap_or((text, Currency::EUR));
    let (kind, rest) = text.split_once(' ').ok_or("a kind and what it is worth")?;
    let mut words = Words::new(rest);
    let money = |minor| Money::new(minor, currency);
    let terms = match kind {
        "prepaid" => Terms::PrepaidDeal { value: money(words.minor()?) },
        "off" => Terms::AmountOff(AmountOff {
            off: money(words.minor()?),
            minimum_spend: words.amount_after("min")?,
        }),
        "percent" => Terms::PercentOff(PercentOff {
            basis_points: basis_points(words.next()?)?,
            cap: words.amount_after("cap")?,
            minimum_spend: words.amount_after("min")?,
            currency,
        }),
        "pass" => {
            Terms::Pass { uses: words.number()?, value_each: money(words.amount_after("x")?) }
        }
        "value" => Terms::StoredValue { balance: money(words.minor()?) },
        "item" => Terms::Item(parse_item(&mut words, currency)?),
        "ticket" => Terms::Ticket(parse_ticket(&mut words, currency)?),
        "order" => {
            let lines = rest.split('+').map(parse_line).collect::<Parsed<_>>()?;
            return Ok(Terms::PickUp { currency, lines });
        }
        other => return Err(format!("unknown kind {other}")),
    };
    words.end()?;
    Ok(terms)
}

/// `1 Cappuccino 2.50 for 1.00`.
fn parse_item(words: &mut Words<'_>, currency: Currency) -> Parsed<Item> {
    Ok(Item {
        count: words.number()?,
        name: words.next()?.parse().map_err(error)?,
        value: Money::new(words.minor()?, currency),
        price: words.amount_after("for")?,
    })
}

/// `4 x 9.00 at 2026-12-15 12:00:00 early 30m late 15m`.
fn parse_ticket(words: &mut Words<'_>, currency: Currency) -> Parsed<Ticket> {
    let party = words.number()?;
    let value_each = Money::new(words.amount_after("x")?, currency);
    words.take("at");
    let starts = world::time(&format!("{} {}", words.next()?, words.next()?));
    let mut after = |name| Ok::<_, String>(if words.take(name) { words.seconds()? } else { 0 });
    let (early, late) = (after("early")?, after("late")?);
    let whole = |seconds: i64| u32::try_from(seconds).map_err(error);
    Ok(Ticket { starts, early_s: whole(early)?, late_s: whole(late)?, party, value_each })
}

/// `2 Bread 3.20`.
fn parse_line(text: &str) -> Parsed<OrderLine> {
    let mut words = Words::new(text);
    let line = OrderLine {
        count: words.number()?,
        name: words.next()?.parse().map_err(error)?,
        value_each: words.minor()?,
    };
    words.end()?;
    Ok(line)
}

/// `1`, `1/11,12` or `group 5`.
pub(crate) fn parse_scope(text: &str) -> Parsed<Scope> {
    if let Some(group) = text.strip_prefix("group ") {
        return Ok(Scope::Group(GroupId(number(group)?)));
    }
    let (merchant, branches) = text.split_once('/').unwrap_or((text, ""));
    let listed = branches.split(',').filter(|part| !part.is_empty());
    Ok(Scope::Merchant {
        merchant: MerchantId(number(merchant)?),
        branches: listed.map(|branch| number(branch).map(BranchId)).collect::<Parsed<_>>()?,
    })
}

fn error(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[test]
fn terms_are_read_as_they_are_meant() {
    let euro = world::euro;
    let item = Item { count: 2, name: "Tea".parse().unwrap(), value: euro(500), price: 100 };
    assert_eq!(parse_terms("item 2 Tea 5.00 for 1.00"), Ok(Terms::Item(item)));
    let ticket =
        Ticket { starts: world::NOON, early_s: 1800, late_s: 0, party: 4, value_each: euro(900) };
    let text = "ticket 4 x 9.00 at 2026-12-15 12:00:00 early 30m";
    assert_eq!(parse_terms(text), Ok(Terms::Ticket(ticket)));
    let line = |count, name: &str, value_each| OrderLine {
        count,
        value_each,
        name: name.parse().unwrap(),
    };
    let lines = vec![line(2, "Bread", 320), line(USES_MAX, "Cake", 1800)];
    let order = Terms::PickUp { currency: "JPY".parse().unwrap(), lines };
    assert_eq!(parse_terms("order 2 Bread 320 + 10000 Cake 1800 JPY"), Ok(order));
    for bad in ["order 2 Bread", "order", "off", "off 5.00 max 3.00", "pass 2 x", "gift 1.00"] {
        assert!(parse_terms(bad).is_err(), "{bad}");
    }
}
