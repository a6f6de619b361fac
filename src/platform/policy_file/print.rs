//! From policy to text: every key, with what it means.

use std::fmt::{self, Write as _};

use super::{
    PolicyFile,
    findings::{spell, standard},
    section::NONE,
    units::{print_percent, print_span},
};
use crate::{
    domain::{
        money::{Currency, Money},
        redeem::{Finding, FindingSet, Limits, Product, Rules},
    },
    platform::replay::LossModel,
};

/// Widest line of a comment, in characters.
const WIDTH: usize = 100;

impl fmt::Display for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        writeln!(f, "currency = {:?}", self.currency.code())?;
        note(
            f,
            "What terminals accept without the platform: never, branch_bound, limited, leased or always.",
        )?;
        writeln!(f, "mode = {:?}", self.policy.mode.code())?;
        note(
            f,
            "Who bears a double redemption that happened within this policy: issuer or merchant.",
        )?;
        writeln!(f, "liable = {:?}", self.policy.liable.code())?;
        self.findings(f)?;
        limits(f, &self.policy.limits, self.currency)?;
        rules(f, &self.policy.rules, self.currency)?;
        caps_and_stacking(f, &self.policy.rules)?;
        loss(f, &self.loss)
    }
}

const HEAD: &str = "\
# How the vouchers of a campaign are decided. What is left out is as in the standard policy.
# Amounts are texts such as \"12.50\", spans of time such as \"3 days\" or \"15 min\"; \"none\" is no bound.
";

impl PolicyFile {
    fn findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, table) = (&self.policy, standard());
        writeln!(f, "\n[findings]")?;
        note(
            f,
            "\"standard\" stands for the findings of the standard table, \"-code\" takes one of them out.",
        )?;
        list(f, "deny", "These refuse.", (own.deny, table.deny))?;
        list(f, "ask", "About these the platform is asked.", (own.ask, table.ask))?;
        let unasked = "These refuse where the platform cannot be asked.";
        list(f, "deny_unasked", unasked, (own.deny_unasked, table.deny_unasked))?;
        let approve =
            "These a supervisor may wave through; the merchant then bears a double redemption.";
        list(f, "approve", approve, (own.approve, table.approve))
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    what: &str,
    (own, table): (FindingSet, FindingSet),
) -> fmt::Result {
    let codes: Vec<_> = table.iter().map(Finding::code).collect();
    let codes = if codes.is_empty() { NONE.to_owned() } else { codes.join(", ") };
    note(f, &format!("{what} Standard: {codes}."))?;
    writeln!(f, "{key} = {}", spell(own, table))
}

fn limits(f: &mut fmt::Formatter<'_>, limits: &Limits, currency: Currency) -> fmt::Result {
    writeln!(f, "\n[limits]")?;
    note(f, "Largest value of one act without the platform, in the mode limited.")?;
    writeln!(f, "amount = {}", amount(limits.amount_minor, currency))?;
    note(
        f,
        "The same where the phone signed or the issuer signed anew; as above where it is not said.",
    )?;
    let live = Money::new(limits.live_amount_minor, currency).number();
    let said = if limits.live_amount_minor == 0 { "# " } else { "" };
    writeln!(f, "{said}live_amount = {live:?}")?;
    note(f, "Most redemptions, and the largest sum of them, that wait to be sent.")?;
    writeln!(f, "unsent_count = {}", count(limits.unsynced_count))?;
    writeln!(f, "unsent_sum = {}", amount(limits.unsynced_minor, currency))?;
    note(f, "Age at which a status list is old, and at which it is too old.")?;
    writeln!(f, "list_warn = {}", span(limits.list_warn_s))?;
    writeln!(f, "list_max = {}", span(limits.list_max_s))?;
    note(f, "Age at which a phone's signature is stale; a minute where it is not said.")?;
    let said = if limits.live_proof_s == 0 { "# " } else { "" };
    let proof = u32::try_from(limits.proof_age_s()).unwrap_or(u32::MAX);
    writeln!(f, "{said}live_proof = {}", span(proof))?;
    note(f, "Most redemptions of one customer and by one operator in a span of time.")?;
    writeln!(f, "velocity = {}", span(limits.velocity_s))?;
    writeln!(f, "customer_max = {}", count(limits.customer_max))?;
    writeln!(f, "operator_max = {}", count(limits.operator_max))?;
    note(
        f,
        "Share that is checked with the platform although nothing asks for it; tenfold with a full queue.",
    )?;
    writeln!(f, "random_share = {}", share(u32::from(limits.random_basis_points), 2))
}

fn rules(f: &mut fmt::Formatter<'_>, rules: &Rules, currency: Currency) -> fmt::Result {
    writeln!(f, "\n[rules]")?;
    note(
        f,
        "When, by the branch's clock, such as \"Mon-Fri 11:00-14:30\"; at any time where none is named.",
    )?;
    writeln!(f, "windows = {}", quoted(&rules.windows))?;
    note(f, "Days on which vouchers are not honoured, such as \"2026-12-24..2026-12-26\".")?;
    writeln!(f, "blackouts = {}", quoted(&rules.blackouts))?;
    note(
        f,
        "One of these must be on the bill, such as { name = \"Cappuccino\", gtin = \"4006381333931\" }.",
    )?;
    writeln!(f, "products = {}", products(&rules.products))?;
    note(f, "Only customers who never redeemed at the merchant before.")?;
    writeln!(f, "first_visit = {}", rules.first_visit)?;
    note(f, "Worth above which a supervisor must approve.")?;
    writeln!(f, "approval_above = {}", amount(rules.approval_above, currency))?;
    note(f, "one_scan: the scan redeems; confirm: the cashier confirms what would happen.")?;
    writeln!(f, "flow = {:?}", rules.flow.code())?;
    note(
        f,
        "What a voucher must prove about being here: static (nothing), fresh (signed anew) or signed (by the phone).",
    )?;
    writeln!(f, "presence = {:?}", rules.presence.code())?;
    note(f, "For how long a cashier may take a redemption back without a supervisor.")?;
    writeln!(f, "rollback = {}", span(rules.rollback_s))?;
    note(f, "Share of a ticket's worth that is owed when nobody came.")?;
    writeln!(f, "no_show = {}", share(u32::from(rules.no_show_basis_points), 2))?;
    note(
        f,
        "Whether terminals hold the vouchers, so that short codes can be typed without a network.",
    )?;
    writeln!(f, "listed = {}", rules.listed)
}

fn caps_and_stacking(f: &mut fmt::Formatter<'_>, rules: &Rules) -> fmt::Result {
    let (caps, stacking) = (&rules.caps, &rules.stacking);
    writeln!(f, "\n[rules.caps]")?;
    note(
        f,
        "Most uses: of a voucher a day, of a customer in all and a day, at a terminal a day, of the campaign.",
    )?;
    writeln!(f, "voucher_day = {}", count(caps.voucher_day))?;
    writeln!(f, "customer = {}", count(caps.customer))?;
    writeln!(f, "customer_day = {}", count(caps.customer_day))?;
    writeln!(f, "terminal_day = {}", count(caps.terminal_day))?;
    writeln!(f, "campaign = {}", count(caps.campaign))?;
    writeln!(f, "\n[rules.stacking]")?;
    note(
        f,
        "Only alone on a bill; most of this campaign on one bill; lower ranks come off first; never beside campaigns.",
    )?;
    writeln!(f, "alone = {}", stacking.alone)?;
    writeln!(f, "most = {}", count(u32::from(stacking.most)))?;
    writeln!(f, "rank = {}", stacking.rank)?;
    let never: Vec<_> = stacking.not_with.iter().map(ToString::to_string).collect();
    writeln!(f, "not_with = [{}]", never.join(", "))
}

fn loss(f: &mut fmt::Formatter<'_>, model: &LossModel) -> fmt::Result {
    let ppm = |value| share(value, LossModel::DECIMALS);
    writeln!(f, "\n[loss]")?;
    note(
        f,
        "What `policy try` takes for the chance that a voucher accepted without the platform is a duplicate. These are \
             assumptions, no measurements: put your own. By what the voucher proves about being here:",
    )?;
    writeln!(f, "static = {}", ppm(model.static_ppm))?;
    writeln!(f, "fresh = {}", ppm(model.fresh_ppm))?;
    writeln!(f, "signed = {}", ppm(model.signed_ppm))?;
    note(
        f,
        "Each such age of the status list adds the chance once more; \"none\" where age does not matter.",
    )?;
    writeln!(f, "list_age_doubles = {}", span(model.doubling_s))?;
    note(f, "Age that is taken where no list says anything about the voucher.")?;
    writeln!(f, "no_list = {}", span(model.no_list_s))
}

/// A comment, broken at blanks.
fn note(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len().saturating_add(word.len()) >= WIDTH {
            writeln!(f, "{line}")?;
            line = String::from("#");
        }
        write!(line, " {word}")?;
    }
    writeln!(f, "{line}")
}

fn amount(minor: i64, currency: Currency) -> String {
    let text = if minor == 0 { NONE.to_owned() } else { Money::new(minor, currency).number() };
    format!("{text:?}")
}

fn count(number: u32) -> String {
    if number == 0 { format!("{NONE:?}") } else { number.to_string() }
}

fn span(seconds: u32) -> String {
    let text = if seconds == 0 { NONE.to_owned() } else { print_span(seconds) };
    format!("{text:?}")
}

fn share(value: u32, decimals: usize) -> String {
    let text = if value == 0 { NONE.to_owned() } else { print_percent(value, decimals) };
    format!("{text:?}")
}

fn quoted<T: fmt::Display>(values: &[T]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

fn products(products: &[Product]) -> String {
    let one = |product: &Product| {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let Product { name, gtin } = product;
        let gtin = if gtin.is_empty() { String::new() } else { format!(", gtin = {}", text(gtin)) };
        format!("{{ name = {}{gtin} }}", text(name))
    };
    let products: Vec<_> = products.iter().map(one).collect();
    format!("[{}]", products.join(", "))
}
