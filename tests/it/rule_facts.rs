//! The columns of a rule table that say what is known: on this terminal, and by the platform.

use countersign::domain::{
    id::{BranchId, GroupId, LeaseId, MerchantId},
    redeem::{
        CustomerFact, Facts, LeaseFact, ListFact, PlatformFact, PlatformRefusal, Queue, Tally,
    },
    time::Timestamp,
    trust::{CampaignState, PublishedKey, Status},
    voucher::{Limit, Scope},
};
use jiff::tz::TimeZone;

use crate::{
    rule_voucher::parse_scope,
    rule_words::{Parsed, Words, minor},
    world,
};

/// Facts named in the column, over those of an ordinary moment.
pub(crate) fn parse_known(text: &str, now: Timestamp) -> Parsed<(PublishedKey, Facts)> {
    let mut key = world::published_key();
    let mut facts = ordinary(now);
    for phrase in text.split(',').map(str::trim).filter(|part| *part != "-") {
        if phrase.starts_with("key ") {
            note_key(&mut key, phrase)?;
            continue;
        }
        let mut words = Words::new(phrase);
        note(&mut facts, &mut words, now)?;
        words.end()?;
    }
    Ok((key, facts))
}

/// Branch 11 of merchant 1 in Berlin, an active campaign, a list of an hour ago, nothing consumed.
pub(crate) fn ordinary(now: Timestamp) -> Facts {
    Facts {
        merchant: MerchantId(1),
        branch: BranchId(11),
        groups: Vec::new(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        campaign: Some(CampaignState::Active),
        list: ListFact::Known { status: Status::Valid, as_of: now.plus(-3600) },
        used_here: countersign::domain::voucher::Used::default(),
        used_today: 0,
        known_limit: None,
        nothing_left: false,
        shown_before: None,
        last_use_here: None,
        rolled_back_at: None,
        platform: PlatformFact::NotAsked,
        campaign_here: Tally::default(),
        customer: CustomerFact::default(),
        operator_recent: 0,
        lease: None,
        dice: 9999,
        queue: Queue::default(),
        time_floor: now.plus(-3600),
        time_sure: now.plus(-3600),
        time_told: None,
    }
}

fn note(facts: &mut Facts, words: &mut Words<'_>, now: Timestamp) -> Parsed<()> {
    match words.next()? {
        "campaign" => note_campaign(facts, words)?,
        "customer" => note_customer(&mut facts.customer, words)?,
        "operator" if words.take("lately") => facts.operator_recent = words.number()?,
        "list" => facts.list = parse_list(words, now)?,
        "here" => facts.used_here = words.used()?,
        "today" => facts.used_today = words.number()?,
        "nothing" if words.take("left") => facts.nothing_left = true,
        "loaded" => facts.known_limit = Some(Limit::Balance(words.minor()?)),
        "back" => facts.rolled_back_at = Some(now.plus(-words.seconds()?)),
        "shown" if words.take("before") => {
            facts.shown_before = Some(now.plus(-words.seconds()?));
        }
        "queue" => {
            let used = words.used()?;
            facts.queue = Queue { count: used.uses, minor: used.minor };
        }
        "dice" => facts.dice = words.number()?,
        "lease" => {
            let used = words.used()?;
            words.take("for");
            let until = now.plus(words.seconds()?);
            facts.lease =
                Some(LeaseFact { id: LeaseId(9), uses: used.uses, minor: used.minor, until });
        }
        "clock" => {
            facts.time_floor = now.plus(words.seconds()?);
            words.take("behind");
        }
        "passed" => {
            facts.time_sure = now.plus(words.seconds()?);
            facts.time_floor = facts.time_sure;
        }
        "platform" => {
            let seconds = words.seconds()?;
            let ahead = words.take("ahead");
            let told = now.plus(if ahead { seconds } else { -seconds });
            (facts.time_told, facts.time_sure) = (Some(told), facts.time_sure.min(told));
            words.take("behind");
        }
        "zone" => facts.zone = TimeZone::get(words.next()?).map_err(|error| error.to_string())?,
        "in" if words.take("group") => facts.groups.push(GroupId(words.number()?)),
        "terminal" => stand_at(facts, words.next()?)?,
        other => return Err(format!("unknown fact {other}")),
    }
    Ok(())
}

fn stand_at(facts: &mut Facts, place: &str) -> Parsed<()> {
    let Scope::Merchant { merchant, branches } = parse_scope(place)? else {
        return Err("a terminal stands at a merchant's branch".to_owned());
    };
    (facts.merchant, facts.branch) = (merchant, branches[0]);
    Ok(())
}

fn note_campaign(facts: &mut Facts, words: &mut Words<'_>) -> Parsed<()> {
    match words.next()? {
        "suspended" => facts.campaign = Some(CampaignState::Suspended),
        "unknown" => facts.campaign = None,
        "used" => {
            facts.campaign_here = Tally { uses: words.number()?, today: words.after("today")? };
        }
        other => return Err(format!("unknown fact campaign {other}")),
    }
    Ok(())
}

fn note_customer(customer: &mut CustomerFact, words: &mut Words<'_>) -> Parsed<()> {
    match words.next()? {
        "used" => {
            customer.campaign = Tally { uses: words.number()?, today: words.after("today")? };
        }
        "visited" => customer.visits = words.number()?,
        "lately" => customer.recent = words.number()?,
        other => return Err(format!("unknown fact customer {other}")),
    }
    Ok(())
}

fn note_key(key: &mut PublishedKey, phrase: &str) -> Parsed<()> {
    if let Some(from) = phrase.strip_prefix("key from ") {
        key.from = world::time(from);
    } else if let Some(until) = phrase.strip_prefix("key until ") {
        key.until = world::time(until);
    } else if phrase == "key withdrawn" {
        key.withdrawn = true;
    } else {
        return Err(format!("unknown fact {phrase}"));
    }
    Ok(())
}

fn parse_list(words: &mut Words<'_>, now: Timestamp) -> Parsed<ListFact> {
    let name = words.next()?;
    if name == "none" {
        return Ok(ListFact::NotCovered);
    }
    let status = Status::ALL
        .into_iter()
        .find(|status| status.code() == name)
        .ok_or_else(|| format!("unknown status {name}"))?;
    let age = if words.peek().is_some() { words.seconds()? } else { 3600 };
    Ok(ListFact::Known { status, as_of: now.plus(-age) })
}

/// `silent`, `grants 2x 20.00 loaded 80.00`, `refuses used 1x 12.50` and the like.
pub(crate) fn parse_platform(text: &str) -> Parsed<PlatformFact> {
    let mut words = Words::new(text);
    let fact = match words.next()? {
        "not" if words.take("asked") => PlatformFact::NotAsked,
        "silent" => PlatformFact::Silent,
        "grants" => {
            let used_elsewhere = words.used()?;
            let loaded = words.take("loaded").then(|| words.next().and_then(minor)).transpose()?;
            PlatformFact::Granted { used_elsewhere, limit: loaded.map(Limit::Balance) }
        }
        "refuses" => PlatformFact::Refused {
            reason: refusal(words.next()?)?,
            used_elsewhere: words.used()?,
            last: None,
        },
        other => return Err(format!("unknown answer {other}")),
    };
    words.end()?;
    Ok(fact)
}

fn refusal(word: &str) -> Parsed<PlatformRefusal> {
    Ok(match word {
        "revoked" => PlatformRefusal::Revoked,
        "suspended" => PlatformRefusal::Suspended,
        "used" => PlatformRefusal::Exhausted,
        "claimed" => PlatformRefusal::Claimed,
        "campaign_limit" => PlatformRefusal::CampaignLimit,
        "customer_limit" => PlatformRefusal::CustomerLimit,
        "not_first_visit" => PlatformRefusal::NotFirstVisit,
        other => return Err(format!("unknown refusal {other}")),
    })
}
