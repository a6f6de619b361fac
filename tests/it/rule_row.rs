//! One line of a rule table: eight columns of plain words.

use std::str::{FromStr, SplitWhitespace};

use countersign::domain::{
    id::{BranchId, MerchantId},
    money::{Currency, Money},
    redeem::{
        Facts, Finding, FindingSet, Limits, ListFact, OfflineMode, PlatformFact, PlatformRefusal,
        Policy, Queue, Request,
    },
    scan::EntryMethod,
    time::Timestamp,
    trust::{CampaignState, PublishedKey, Status},
    voucher::{AmountOff, PercentOff, Scope, Terms, Used, Voucher},
};

use crate::world::{self, NOON};

type Parsed<T> = Result<T, String>;

/// A presentation and what must come of it.
pub(crate) struct Row {
    pub voucher: Voucher,
    pub request: Request,
    pub facts: Facts,
    pub policy: Policy,
    pub now: Timestamp,
    pub expected: Expected,
}

pub(crate) struct Expected {
    pub answer: Answer,
    pub noted: Vec<Finding>,
    pub absent: Vec<Finding>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Accept { gives: i64, pay: Option<i64>, left: i64 },
    Refuse(Finding),
    Cannot(Finding),
    AskBill,
    AskAmount,
    AskPlatform,
}

impl FromStr for Row {
    type Err = String;

    fn from_str(line: &str) -> Parsed<Self> {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [terms, scope, cashier, known, platform, policy, now, verdict] = columns[..] else {
            return Err(format!("{} columns instead of 8", columns.len()));
        };
        let now = if now == "-" { NOON } else { world::time(now) };
        let mut claims = world::claims(parse_terms(terms)?);
        claims.scope = parse_scope(scope)?;
        let currency = claims.terms.currency();
        let (key, mut facts) = parse_known(known, now)?;
        facts.platform = parse_platform(platform)?;
        Ok(Self {
            voucher: world::voucher(&claims, &key),
            request: parse_request(cashier, currency)?,
            facts,
            policy: parse_policy(policy)?,
            now,
            expected: parse_verdict(verdict)?,
        })
    }
}

/// `off 5.00 min 20.00 JPY` and the like.
pub(crate) fn parse_terms(text: &str) -> Parsed<Terms> {
    let currency = text
        .split(' ')
        .next_back()
        .and_then(|word| word.parse::<Currency>().ok())
        .unwrap_or(Currency::EUR);
    let mut words = Words::new(text);
    let kind = words.next()?;
    let first = words.next()?;
    let named = |name| named_amount(text, name);
    let money = |text| Ok::<_, String>(Money::new(minor(text)?, currency));
    Ok(match kind {
        "prepaid" => Terms::PrepaidDeal { value: money(first)? },
        "off" => Terms::AmountOff(AmountOff { off: money(first)?, minimum_spend: named("min")? }),
        "percent" => Terms::PercentOff(PercentOff {
            basis_points: basis_points(first)?,
            cap: named("cap")?,
            minimum_spend: named("min")?,
            currency,
        }),
        "pass" => {
            Terms::Pass { uses: number(first)?, value_each: Money::new(named("x")?, currency) }
        }
        "value" => Terms::StoredValue { balance: money(first)? },
        other => return Err(format!("unknown kind {other}")),
    })
}

fn parse_scope(text: &str) -> Parsed<Scope> {
    let (merchant, branches) = text.split_once('/').unwrap_or((text, ""));
    let listed = branches.split(',').filter(|part| !part.is_empty());
    Ok(Scope {
        merchant: MerchantId(number(merchant)?),
        branches: listed.map(|branch| number(branch).map(BranchId)).collect::<Parsed<_>>()?,
    })
}

fn parse_request(text: &str, currency: Currency) -> Parsed<Request> {
    let mut request = Request::plain(EntryMethod::Camera);
    let mut words = Words::new(text);
    while let Some(word) = words.peek() {
        words.next()?;
        match word {
            "scan" => {}
            "typed" => request.method = EntryMethod::Typed,
            "uses" => request.uses = Some(number(words.next()?)?),
            "bill" => request.bill = Some(words.money(currency)?),
            "spend" => request.amount = Some(words.money(currency)?),
            other => return Err(format!("unknown request {other}")),
        }
    }
    Ok(request)
}

/// Facts named in the column, over those of an ordinary moment.
fn parse_known(text: &str, now: Timestamp) -> Parsed<(PublishedKey, Facts)> {
    let mut key = world::published_key();
    let mut facts = world_facts(now);
    for phrase in text.split(',').map(str::trim).filter(|part| *part != "-") {
        let mut words = Words::new(phrase);
        match words.next()? {
            "key" => note_key(&mut key, phrase)?,
            "campaign" => {
                facts.campaign = match words.next()? {
                    "suspended" => Some(CampaignState::Suspended),
                    _unknown => None,
                }
            }
            "list" => facts.list = parse_list(words, now)?,
            "here" => facts.used_here = words.used()?,
            "back" => facts.rolled_back_at = Some(now.plus(-seconds(words.next()?)?)),
            "queue" => {
                let Used { uses, minor } = words.used()?;
                facts.queue = Queue { count: uses, minor };
            }
            "clock" => facts.time_floor = now.plus(seconds(words.next()?)?),
            "terminal" => {
                let place = parse_scope(words.next()?)?;
                (facts.merchant, facts.branch) = (place.merchant, place.branches[0]);
            }
            other => return Err(format!("unknown fact {other}")),
        }
    }
    Ok((key, facts))
}

fn world_facts(now: Timestamp) -> Facts {
    Facts {
        merchant: MerchantId(1),
        branch: BranchId(11),
        campaign: Some(CampaignState::Active),
        list: ListFact::Known { status: Status::Valid, as_of: now.plus(-3600) },
        used_here: Used::default(),
        last_use_here: None,
        rolled_back_at: None,
        platform: PlatformFact::NotAsked,
        queue: Queue::default(),
        time_floor: now.plus(-3600),
    }
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

fn parse_list(mut words: Words<'_>, now: Timestamp) -> Parsed<ListFact> {
    let name = words.next()?;
    if name == "none" {
        return Ok(ListFact::NotCovered);
    }
    let status = Status::ALL
        .into_iter()
        .find(|status| status.code() == name)
        .ok_or_else(|| format!("unknown status {name}"))?;
    let age = words.peek().map_or(Ok(3600), seconds)?;
    Ok(ListFact::Known { status, as_of: now.plus(-age) })
}

fn parse_platform(text: &str) -> Parsed<PlatformFact> {
    let mut words = Words::new(text);
    Ok(match words.next()? {
        "not" => PlatformFact::NotAsked,
        "silent" => PlatformFact::Silent,
        "grants" => PlatformFact::Granted { used_elsewhere: words.used()? },
        "refuses" => PlatformFact::Refused {
            reason: match words.next()? {
                "revoked" => PlatformRefusal::Revoked,
                "suspended" => PlatformRefusal::Suspended,
                "used" => PlatformRefusal::Exhausted,
                "claimed" => PlatformRefusal::Claimed,
                other => return Err(format!("unknown refusal {other}")),
            },
            used_elsewhere: words.used()?,
            last: None,
        },
        other => return Err(format!("unknown answer {other}")),
    })
}

fn parse_policy(text: &str) -> Parsed<Policy> {
    if text == "default" {
        return Ok(Policy::default());
    }
    let mut words = Words::new(text);
    let mut policy = Policy::standard(words.next()?.parse::<OfflineMode>()?, Limits::default());
    let limits = &mut policy.limits;
    while let Some(word) = words.peek() {
        words.next()?;
        let value = words.next()?;
        match word {
            "amount" => limits.amount_minor = minor(value)?,
            "count" => limits.unsynced_count = number(value)?,
            "sum" => limits.unsynced_minor = minor(value)?,
            "warn" => limits.list_warn_s = number(&seconds(value)?.to_string())?,
            "max" => limits.list_max_s = number(&seconds(value)?.to_string())?,
            "deny" => policy.deny.note(finding(value)?, true),
            "unasked" => policy.deny_unasked.note(finding(value)?, true),
            "waive" => {
                let waived = finding(value)?;
                for set in [&mut policy.deny, &mut policy.ask, &mut policy.deny_unasked] {
                    *set = set.iter().filter(|finding| *finding != waived).collect::<FindingSet>();
                }
            }
            other => return Err(format!("unknown policy {other}")),
        }
    }
    Ok(policy)
}

fn parse_verdict(text: &str) -> Parsed<Expected> {
    let mut words = Words::new(text);
    let answer = match (words.next()?, words.next()?) {
        ("accept", gives) => Answer::Accept {
            gives: minor(gives)?,
            pay: text.contains(" pay ").then(|| named_amount(text, "pay")).transpose()?,
            left: named_amount(text, "left")?,
        },
        ("refuse", code) => Answer::Refuse(finding(code)?),
        ("cannot", code) => Answer::Cannot(finding(code)?),
        ("ask", "bill") => Answer::AskBill,
        ("ask", "amount") => Answer::AskAmount,
        ("ask", "platform") => Answer::AskPlatform,
        other => return Err(format!("unknown verdict {other:?}")),
    };
    let after = |name: &str| {
        let all: Vec<&str> = text.split_whitespace().collect();
        let pairs = all.windows(2).filter(|pair| pair[0] == name);
        pairs.map(|pair| finding(pair[1])).collect::<Parsed<Vec<_>>>()
    };
    Ok(Expected { answer, noted: after("note")?, absent: after("without")? })
}

struct Words<'a>(std::iter::Peekable<SplitWhitespace<'a>>);

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        Self(text.split_whitespace().peekable())
    }

    fn peek(&mut self) -> Option<&'a str> {
        self.0.peek().copied()
    }

    fn next(&mut self) -> Parsed<&'a str> {
        self.0.next().ok_or_else(|| "a word is missing".to_owned())
    }

    /// `2x 20.00`, or nothing.
    fn used(&mut self) -> Parsed<Used> {
        let Some(uses) = self.0.next() else {
            return Ok(Used::default());
        };
        Ok(Used { uses: number(uses.trim_end_matches('x'))?, minor: minor(self.next()?)? })
    }

    /// `20.00` or `20.00 USD`.
    fn money(&mut self, currency: Currency) -> Parsed<Money> {
        let amount = minor(self.next()?)?;
        let named = self.peek().and_then(|word| word.parse().ok());
        if named.is_some() {
            self.next()?;
        }
        Ok(Money::new(amount, named.unwrap_or(currency)))
    }
}

/// All decimals are written, so the minor units are the digits without the point.
fn minor(text: &str) -> Parsed<i64> {
    number(&text.replace('.', ""))
}

fn named_amount(text: &str, name: &str) -> Parsed<i64> {
    let mut words = text.split_whitespace().skip_while(|word| *word != name);
    words.nth(1).map_or(Ok(0), minor)
}

fn basis_points(text: &str) -> Parsed<u16> {
    let text = text.trim_end_matches('%');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    number(&format!("{whole}{fraction:0<2}"))
}

fn seconds(text: &str) -> Parsed<i64> {
    let (count, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => return Err(format!("unknown unit {other}")),
    };
    Ok(number::<i64>(count)? * unit)
}

fn finding(code: &str) -> Parsed<Finding> {
    Finding::from_code(code).ok_or_else(|| format!("unknown finding {code}"))
}

fn number<T: FromStr>(text: &str) -> Parsed<T> {
    text.parse().map_err(|_error| format!("not a number: {text}"))
}
