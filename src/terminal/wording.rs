//! Outcomes in words: the cashier's sentence, and the texts around it.

use jiff::{Zoned, tz::TimeZone};

use super::{
    outcome::{Outcome, State, Together},
    text::Texts,
    trust::Trust,
    view::VerdictState,
};
use crate::domain::{
    id::{BranchId, OperatorId},
    money::Money,
    redeem::{Redemption, Wanted},
    scan::ShortCode,
    time::Timestamp,
    trust::Branch,
    voucher::{AmountOff, Claims, Limit, PercentOff, Terms},
};

/// A redemption counts as a double scan for so long, in seconds.
const JUST_NOW_S: i64 = 60;

/// What the words depend on, beside the outcome.
#[derive(Clone, Copy)]
pub struct Speaker<'a> {
    /// The language.
    pub texts: &'a Texts,
    /// Names of branches and campaigns.
    pub trust: &'a Trust,
    /// Where this terminal stands.
    pub branch: BranchId,
}

/// Which of the six answers an outcome is.
pub fn verdict_state(outcome: &Outcome) -> VerdictState {
    match &outcome.state {
        State::Accepted(_) | State::Together(_) | State::RolledBack(_) => VerdictState::Accepted,
        State::Refused if is_already_used(&outcome.code) => VerdictState::AlreadyUsed,
        State::Refused => VerdictState::NotValid,
        State::CannotCheck => VerdictState::CannotCheck,
        State::NeedsInput(_) => VerdictState::NeedsInput,
        State::NotAVoucher => VerdictState::NotAVoucher,
    }
}

fn is_already_used(code: &str) -> bool {
    matches!(code, "voucher_already_redeemed" | "voucher_redeemed_elsewhere")
}

impl Speaker<'_> {
    /// The one large line.
    pub fn headline(&self, outcome: &Outcome) -> String {
        if let State::RolledBack(redemption) = &outcome.state {
            return self.fill("undo.done", "amount", &redemption.value.to_string());
        }
        if let State::NeedsInput(wanted) = outcome.state {
            return self.question(wanted, outcome.voucher.as_ref()).to_owned();
        }
        let key = match verdict_state(outcome) {
            VerdictState::Accepted => "headline.accepted",
            VerdictState::AlreadyUsed => "headline.already_used",
            VerdictState::NotValid => "headline.not_valid",
            VerdictState::NeedsInput => "headline.confirmation",
            VerdictState::CannotCheck => "headline.cannot_check",
            VerdictState::NotAVoucher => "headline.not_a_voucher",
        };
        self.texts.get(key).to_owned()
    }

    /// What the cashier is asked.
    pub fn question(&self, wanted: Wanted, claims: Option<&Claims>) -> &str {
        let ticket = claims.is_some_and(|claims| matches!(claims.terms, Terms::Ticket(_)));
        self.texts.get(match wanted {
            Wanted::Bill => "headline.bill",
            Wanted::Amount => "headline.amount",
            Wanted::Uses if ticket => "headline.people",
            Wanted::Uses => "headline.uses",
            Wanted::Lines => "headline.lines",
            Wanted::Product => "headline.product",
            Wanted::Approval => "headline.approval",
            Wanted::Confirmation => "headline.confirmation",
            Wanted::HandedOver => "headline.handed_over",
        })
    }

    /// What the voucher gives, such as `€10.00 off`.
    pub fn amount(&self, claims: &Claims, redemption: &Redemption) -> String {
        let value = redemption.value.to_string();
        let uses = redemption.used.uses.to_string();
        match &claims.terms {
            Terms::AmountOff(_) | Terms::PercentOff(_) => self.fill("amount.off", "amount", &value),
            Terms::PrepaidDeal { .. } | Terms::StoredValue { .. } => {
                self.fill("amount.worth", "amount", &value)
            }
            Terms::Pass { .. } => self.fill("amount.uses", "count", &uses),
            Terms::Ticket(_) => self.fill("amount.people", "count", &uses),
            Terms::PickUp { .. } => self.fill("amount.pieces", "count", &uses),
            Terms::Item(item) => {
                let (count, name) = (item.count.to_string(), item.name.as_str());
                self.texts.fill("amount.item", &[("count", &count), ("name", name)])
            }
        }
    }

    /// What is left, such as `3 left`; none for vouchers of a single use.
    pub fn left(&self, claims: &Claims, left: i64) -> Option<String> {
        let ticket = matches!(claims.terms, Terms::Ticket(_));
        let words = match claims.terms.limit() {
            Limit::Uses(1) => return None,
            Limit::Uses(_) if ticket => self.fill("left.people", "count", &left.to_string()),
            Limit::Uses(_) => self.fill("left.uses", "count", &left.to_string()),
            Limit::Lines(_) => self.fill("left.pieces", "count", &left.to_string()),
            Limit::Balance(_) => {
                let amount = Money::new(left, claims.terms.currency());
                self.fill("left.balance", "amount", &amount.to_string())
            }
        };
        Some(if left == 0 { self.texts.get("left.none").to_owned() } else { words })
    }

    /// What several vouchers on one bill give together.
    pub fn together(&self, together: &Together) -> String {
        let off = together.bill.minus(together.due).unwrap_or(together.bill);
        let (count, amount) = (together.vouchers.len().to_string(), off.to_string());
        self.texts.fill("amount.together", &[("count", &count), ("amount", &amount)])
    }

    /// What kind of voucher it is, such as `15 % off, at most €20.00`.
    pub fn kind(&self, terms: &Terms) -> String {
        let mut words = kind(self.texts, terms);
        if let Terms::Ticket(ticket) = terms {
            words = words.replace("{time}", &self.date_and_time(ticket.starts));
        }
        words
    }

    /// The reason in a few words; none where the headline says all.
    pub fn reason(&self, outcome: &Outcome) -> Option<String> {
        let (text, values) = (reason_key(outcome), self.values(outcome));
        self.sentence(&text, &values)
    }

    /// One line of advice.
    pub fn advice(&self, outcome: &Outcome) -> Option<String> {
        let key = if seconds_since_own_use(outcome).is_some() {
            "advice.voucher_already_redeemed_just_now".to_owned()
        } else {
            format!("advice.{}", outcome.code)
        };
        self.sentence(&key, &self.values(outcome))
    }

    /// Headline, reason and amounts as one sentence, for programs and lists.
    pub fn message(&self, outcome: &Outcome) -> String {
        let mut parts = vec![self.headline(outcome)];
        if let (State::Accepted(redemption), Some(claims)) = (&outcome.state, &outcome.voucher) {
            parts.push(self.amount(claims, redemption));
            parts.extend(self.due(redemption));
            parts.extend(self.left(claims, redemption.left));
        }
        if let State::Together(together) = &outcome.state {
            parts.push(self.together(together));
            parts.push(self.fill("amount.due", "amount", &together.due.to_string()));
        }
        parts.extend(self.reason(outcome));
        parts.join(" · ")
    }

    /// What the customer still pays.
    pub fn due(&self, redemption: &Redemption) -> Option<String> {
        redemption.due.map(|due| self.fill("amount.due", "amount", &due.to_string()))
    }

    /// Time of day where the terminal stands.
    pub fn clock_time(&self, time: Timestamp) -> String {
        self.zoned(time).map_or_else(String::new, |time| time.strftime("%H:%M:%S").to_string())
    }

    fn values(&self, outcome: &Outcome) -> Vec<(&'static str, String)> {
        let mut values = Vec::new();
        if let Some(last) = &outcome.last_use {
            values.push(("when", self.when(last.at, outcome.at)));
            values.push(("where", self.branch_name(last.branch)));
            values.extend(last.operator.map(|id| ("who", self.operator_name(id))));
        }
        if let Some(seconds) = seconds_since_own_use(outcome) {
            values.push(("seconds", seconds.to_string()));
        }
        if let Some(claims) = &outcome.voucher {
            let expired = outcome.code == "voucher_expired";
            values.push(("date", self.date(if expired { claims.until } else { claims.from })));
            values.push(("minimum", minimum(&claims.terms).to_string()));
            values.push(("left", still_left(claims, outcome)));
            values.extend(self.accepting(claims).map(|names| ("branches", names)));
            values.extend(self.rules(claims));
            if let Terms::Ticket(ticket) = &claims.terms {
                values.push(("opens", self.date_and_time(ticket.opens())));
                values.push(("time", self.date_and_time(ticket.starts)));
            }
        }
        values
    }

    /// The nearest branches that accept it, with how far they are where that is known.
    fn accepting(&self, claims: &Claims) -> Option<String> {
        const NAMED_MAX: usize = 3;
        let with_distance = |(branch, metres): (&Branch, Option<f64>)| match metres {
            Some(metres) => format!("{} ({:.1} km)", branch.name, metres / 1000.0),
            None => branch.name.clone(),
        };
        let accepting = self.trust.bundle.accepting(&claims.scope, self.branch);
        let names: Vec<_> = accepting.into_iter().take(NAMED_MAX).map(with_distance).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// When and for what the campaign holds.
    fn rules(&self, claims: &Claims) -> Vec<(&'static str, String)> {
        let rules = &self.trust.policy(claims).rules;
        let windows: Vec<_> = rules.windows.iter().map(ToString::to_string).collect();
        let products: Vec<_> = rules.products.iter().map(|product| product.name.clone()).collect();
        let named = [("windows", windows.join("; ")), ("products", products.join(", "))];
        named.into_iter().filter(|(_, words)| !words.is_empty()).collect()
    }

    /// What colleagues call an operator.
    pub fn operator_name(&self, id: OperatorId) -> String {
        let known = self.trust.bundle.operators.iter().find(|operator| operator.id == id);
        known.map_or_else(|| format!("#{id}"), |operator| operator.name.clone())
    }

    /// Who redeemed it before, where that is known.
    pub fn redeemed_by(&self, outcome: &Outcome) -> Option<String> {
        let used = is_already_used(&outcome.code);
        let operator = outcome.last_use.as_ref().filter(|_| used)?.operator?;
        Some(self.fill("reason.redeemed_by", "who", &self.operator_name(operator)))
    }

    /// Date and time of day where the terminal stands.
    pub fn date_and_time(&self, time: Timestamp) -> String {
        let words = self.zoned(time).map(|time| time.strftime("%-d %b %Y %H:%M").to_string());
        words.unwrap_or_else(|| time.to_string())
    }

    fn branch_name(&self, id: BranchId) -> String {
        self.trust.branch(id).map_or_else(|| format!("#{id}"), |branch| branch.name.clone())
    }

    /// `today 14:02`, or with the date where it was another day.
    fn when(&self, time: Timestamp, now: Timestamp) -> String {
        let (Some(then), Some(now)) = (self.zoned(time), self.zoned(now)) else {
            return time.to_string();
        };
        let format = if then.date() == now.date() { "today %H:%M" } else { "%-d %b %Y %H:%M" };
        then.strftime(format).to_string()
    }

    fn date(&self, time: Timestamp) -> String {
        self.zoned(time)
            .map_or_else(|| time.to_string(), |time| time.strftime("%-d %b %Y").to_string())
    }

    fn zoned(&self, time: Timestamp) -> Option<Zoned> {
        let name = self.trust.branch(self.branch).map(|branch| branch.time_zone.as_str());
        let zone = name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Some(jiff::Timestamp::from_second(time.0).ok()?.to_zoned(zone))
    }

    /// A text whose names could all be filled in; one the catalogue lacks, or that lacks a value, is left out.
    fn sentence(&self, key: &str, values: &[(&str, String)]) -> Option<String> {
        let text = self.fill_all(key, values);
        (text != key && !text.contains('{')).then_some(text)
    }

    fn fill(&self, key: &str, name: &str, value: &str) -> String {
        self.texts.fill(key, &[(name, value)])
    }

    fn fill_all(&self, key: &str, values: &[(&str, String)]) -> String {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.texts.fill(key, &values)
    }
}

/// What kind of voucher it is, such as `15 % off, at most €20.00`.
pub fn kind(texts: &Texts, terms: &Terms) -> String {
    let money = |minor| Money::new(minor, terms.currency()).to_string();
    match terms {
        Terms::PrepaidDeal { value } => {
            texts.fill("kind.prepaid_deal", &[("amount", &value.to_string())])
        }
        Terms::AmountOff(AmountOff { off, minimum_spend }) => {
            let key =
                if *minimum_spend > 0 { "kind.amount_off_minimum" } else { "kind.amount_off" };
            let minimum = money(*minimum_spend);
            texts.fill(key, &[("amount", &off.to_string()), ("minimum", &minimum)])
        }
        Terms::PercentOff(PercentOff { basis_points, cap, .. }) => {
            let key = if *cap > 0 { "kind.percent_off_cap" } else { "kind.percent_off" };
            texts.fill(key, &[("percent", &percent(*basis_points)), ("cap", &money(*cap))])
        }
        Terms::Pass { uses, .. } => texts.fill("kind.pass", &[("count", &uses.to_string())]),
        Terms::StoredValue { balance } => {
            texts.fill("kind.stored_value", &[("amount", &balance.to_string())])
        }
        Terms::Item(item) => {
            let key = if item.price > 0 { "kind.item_price" } else { "kind.item" };
            let (count, price) = (item.count.to_string(), money(item.price));
            let name = item.name.as_str();
            texts.fill(key, &[("count", &count), ("name", name), ("price", &price)])
        }
        // The time stays to be filled in by whoever knows the branch's clock.
        Terms::Ticket(ticket) => texts.fill("kind.ticket", &[("count", &ticket.party.to_string())]),
        Terms::PickUp { lines, .. } => {
            let pieces: u32 = lines.iter().map(|line| u32::from(line.count)).sum();
            texts.fill("kind.pick_up", &[("count", &pieces.to_string())])
        }
    }
}

/// The last four characters of a voucher's short code.
pub fn code_tail(claims: &Claims) -> String {
    ShortCode::from_bits(claims.short_code_bits()).tail()
}

fn reason_key(outcome: &Outcome) -> String {
    let code = outcome.code.as_str();
    if seconds_since_own_use(outcome).is_some() {
        return "reason.voucher_already_redeemed_just_now".to_owned();
    }
    if code == "voucher_redeemed_elsewhere" && outcome.last_use.is_none() {
        return "reason.voucher_redeemed_elsewhere_unknown".to_owned();
    }
    format!("reason.{code}")
}

/// Seconds since this terminal accepted it, where that was a moment ago.
fn seconds_since_own_use(outcome: &Outcome) -> Option<i64> {
    let own = outcome.code == "voucher_already_redeemed";
    let since = outcome.at.since(outcome.last_use.as_ref().filter(|_| own)?.at);
    (0..JUST_NOW_S).contains(&since).then_some(since)
}

fn still_left(claims: &Claims, outcome: &Outcome) -> String {
    let left = claims.terms.limit().left_after(outcome.used);
    match claims.terms.limit() {
        Limit::Uses(_) | Limit::Lines(_) => left.to_string(),
        Limit::Balance(_) => Money::new(left, claims.terms.currency()).to_string(),
    }
}

fn minimum(terms: &Terms) -> Money {
    let minor = match terms {
        Terms::AmountOff(terms) => terms.minimum_spend,
        Terms::PercentOff(terms) => terms.minimum_spend,
        Terms::PrepaidDeal { .. }
        | Terms::Pass { .. }
        | Terms::StoredValue { .. }
        | Terms::Item(_)
        | Terms::Ticket(_)
        | Terms::PickUp { .. } => 0,
    };
    Money::new(minor, terms.currency())
}

fn percent(basis_points: u16) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    if rest == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{rest:02}").trim_end_matches('0').to_owned()
    }
}
