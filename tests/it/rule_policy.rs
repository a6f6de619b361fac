//! The column of a rule table that says what the campaign demands.

use countersign::domain::redeem::{Flow, Limits, OfflineMode, Policy, Product, Window};

use crate::rule_words::{Parsed, Words, basis_points};

/// `default`, or `limited amount 50.00 open Mon-Fri 11:00-14:30 approve product_missing` and the like.
pub(crate) fn parse_policy(text: &str) -> Parsed<Policy> {
    let mut words = Words::new(text);
    let mut policy = if words.take("default") {
        Policy::default()
    } else {
        Policy::standard(words.next()?.parse::<OfflineMode>()?, Limits::default())
    };
    while words.peek().is_some() {
        let word = words.next()?;
        let known = limit(&mut policy, word, &mut words)?
            || table(&mut policy, word, &mut words)?
            || rule(&mut policy, word, &mut words)?;
        if !known {
            return Err(format!("unknown policy {word}"));
        }
    }
    Ok(policy)
}

fn limit(policy: &mut Policy, word: &str, words: &mut Words<'_>) -> Parsed<bool> {
    let limits = &mut policy.limits;
    let mut span =
        || words.seconds().and_then(|span| u32::try_from(span).map_err(|e| e.to_string()));
    match word {
        "warn" => limits.list_warn_s = span()?,
        "max" => limits.list_max_s = span()?,
        "proof" => limits.live_proof_s = span()?,
        "span" => limits.velocity_s = span()?,
        "amount" => limits.amount_minor = words.minor()?,
        "live" => limits.live_amount_minor = words.minor()?,
        "count" => limits.unsynced_count = words.number()?,
        "sum" => limits.unsynced_minor = words.minor()?,
        "customer/span" => limits.customer_max = words.number()?,
        "operator/span" => limits.operator_max = words.number()?,
        "random" => limits.random_basis_points = basis_points(words.next()?)?,
        _other => return Ok(false),
    }
    Ok(true)
}

/// Which findings do what.
fn table(policy: &mut Policy, word: &str, words: &mut Words<'_>) -> Parsed<bool> {
    match word {
        "deny" => policy.deny.note(words.finding()?, true),
        "unasked" => policy.deny_unasked.note(words.finding()?, true),
        "approve" => policy.approve.note(words.finding()?, true),
        "waive" => {
            let waived = words.finding()?;
            for set in [&mut policy.deny, &mut policy.ask, &mut policy.deny_unasked] {
                *set = set.iter().filter(|finding| *finding != waived).collect();
            }
        }
        _other => return Ok(false),
    }
    Ok(true)
}

fn rule(policy: &mut Policy, word: &str, words: &mut Words<'_>) -> Parsed<bool> {
    let rules = &mut policy.rules;
    match word {
        "open" => {
            let window = format!("{} {}", words.next()?, words.next()?);
            rules.windows.push(window.parse::<Window>()?);
        }
        "closed" => rules.blackouts.push(words.next()?.parse()?),
        "product" => {
            rules.products.push(Product { name: words.next()?.to_owned(), gtin: String::new() });
        }
        "voucher/day" => rules.caps.voucher_day = words.number()?,
        "customer/all" => rules.caps.customer = words.number()?,
        "customer/day" => rules.caps.customer_day = words.number()?,
        "terminal/day" => rules.caps.terminal_day = words.number()?,
        "campaign/all" => rules.caps.campaign = words.number()?,
        "first-visit" => rules.first_visit = true,
        "approval" => rules.approval_above = words.minor()?,
        "confirm" => rules.flow = Flow::Confirm,
        "presence" => rules.presence = words.next()?.parse()?,
        _other => return Ok(false),
    }
    Ok(true)
}
