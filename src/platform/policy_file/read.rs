//! From text to policy.

use super::{FILE_BYTES_MAX, PolicyFile, PolicyFileError, findings, section::Section};
use crate::{
    domain::{
        id::CampaignId,
        money::Currency,
        redeem::{Caps, Liable, Limits, OfflineMode, Policy, Product, Rules, Stacking},
    },
    platform::replay::LossModel,
};

impl PolicyFile {
    /// Reads a policy file.
    pub fn parse(text: &str) -> Result<Self, PolicyFileError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(PolicyFileError::TooLong);
        }
        let mut top = Section::top(text)?;
        let currency: Option<Currency> = top.parsed("currency")?;
        let currency = currency.ok_or_else(|| {
            let problem = "missing; name the currency of all amounts, such as \"EUR\"";
            top.wrong("currency", problem.to_owned())
        })?;
        let policy = policy(&mut top, currency)?;
        let loss = loss(top.section("loss")?)?;
        top.finish()?;
        Ok(Self { currency, policy, loss })
    }
}

fn policy(top: &mut Section, currency: Currency) -> Result<Policy, PolicyFileError> {
    let mut policy = Policy::default();
    policy.mode = top.parsed::<OfflineMode>("mode")?.unwrap_or(policy.mode);
    policy.liable = liable(top)?.unwrap_or(policy.liable);
    let mut lists = top.section("findings")?;
    findings::read(&mut lists, &mut policy)?;
    lists.finish()?;
    policy.limits = limits(top.section("limits")?, policy.limits, currency)?;
    policy.rules = rules(top.section("rules")?, currency)?;
    Ok(policy)
}

fn liable(top: &mut Section) -> Result<Option<Liable>, PolicyFileError> {
    let Some(word) = top.text("liable")? else {
        return Ok(None);
    };
    let known = [Liable::Issuer, Liable::Merchant];
    let found = known.into_iter().find(|liable| liable.code() == word);
    let wrong = || top.wrong("liable", format!("{word:?}: use issuer or merchant"));
    found.map(Some).ok_or_else(wrong)
}

fn limits(
    mut section: Section,
    standard: Limits,
    currency: Currency,
) -> Result<Limits, PolicyFileError> {
    let share = section.share("random_share", 2)?.unwrap_or(0);
    let limits = Limits {
        amount_minor: section.amount("amount", currency)?.unwrap_or(standard.amount_minor),
        live_amount_minor: section.amount("live_amount", currency)?.unwrap_or(0),
        unsynced_count: section.count("unsent_count")?.unwrap_or(standard.unsynced_count),
        unsynced_minor: section.amount("unsent_sum", currency)?.unwrap_or(standard.unsynced_minor),
        list_warn_s: section.span("list_warn")?.unwrap_or(standard.list_warn_s),
        list_max_s: section.span("list_max")?.unwrap_or(standard.list_max_s),
        live_proof_s: section.span("live_proof")?.unwrap_or(0),
        velocity_s: section.span("velocity")?.unwrap_or(0),
        customer_max: section.count("customer_max")?.unwrap_or(0),
        operator_max: section.count("operator_max")?.unwrap_or(0),
        random_basis_points: u16::try_from(share).unwrap_or(u16::MAX),
    };
    let paced = limits.customer_max > 0 || limits.operator_max > 0;
    if paced && limits.velocity_s == 0 {
        let problem = "customer_max and operator_max need a span to count in, such as \"10 min\"";
        return Err(section.wrong("velocity", problem.to_owned()));
    }
    section.finish()?;
    Ok(limits)
}

fn rules(mut section: Section, currency: Currency) -> Result<Rules, PolicyFileError> {
    let standard = Rules::default();
    let no_show = |section: &mut Section| section.share("no_show", 2);
    let rules = Rules {
        windows: section.all_parsed("windows")?,
        blackouts: section.all_parsed("blackouts")?,
        products: products(&mut section)?,
        first_visit: section.flag("first_visit")?.unwrap_or(false),
        approval_above: section.amount("approval_above", currency)?.unwrap_or(0),
        flow: section.parsed("flow")?.unwrap_or(standard.flow),
        presence: section.parsed("presence")?.unwrap_or(standard.presence),
        rollback_s: section.span("rollback")?.unwrap_or(standard.rollback_s),
        no_show_basis_points: no_show(&mut section)?
            .map_or(0, |share| u16::try_from(share).unwrap_or(u16::MAX)),
        listed: section.flag("listed")?.unwrap_or(false),
        caps: caps(section.section("caps")?)?,
        stacking: stacking(section.section("stacking")?)?,
    };
    section.finish()?;
    Ok(rules)
}

fn caps(mut section: Section) -> Result<Caps, PolicyFileError> {
    let caps = Caps {
        voucher_day: section.count("voucher_day")?.unwrap_or(0),
        customer: section.count("customer")?.unwrap_or(0),
        customer_day: section.count("customer_day")?.unwrap_or(0),
        terminal_day: section.count("terminal_day")?.unwrap_or(0),
        campaign: section.count("campaign")?.unwrap_or(0),
    };
    section.finish()?;
    Ok(caps)
}

fn stacking(mut section: Section) -> Result<Stacking, PolicyFileError> {
    let stacking = Stacking {
        alone: section.flag("alone")?.unwrap_or(false),
        most: section.count("most")?.unwrap_or(0),
        rank: section.count("rank")?.unwrap_or(0),
        not_with: section.numbers("not_with")?.into_iter().map(CampaignId).collect(),
    };
    section.finish()?;
    Ok(stacking)
}

/// Longest name of a product, in characters.
const NAME_MAX: usize = 80;

fn products(rules: &mut Section) -> Result<Vec<Product>, PolicyFileError> {
    let products = rules.sections("products")?.into_iter().map(|mut section| {
        let name = section.text("name")?.unwrap_or_default().trim().to_owned();
        let gtin = section.text("gtin")?.unwrap_or_default();
        let named = (1..=NAME_MAX).contains(&name.chars().count());
        if !named || name.chars().any(char::is_control) {
            let problem = format!("a product has a name of 1 to {NAME_MAX} characters");
            return Err(section.wrong("name", problem));
        }
        let digits = gtin.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || ![0, 8, 12, 13, 14].contains(&gtin.len()) {
            let problem = format!("{gtin:?} is no GTIN; it has 8, 12, 13 or 14 digits");
            return Err(section.wrong("gtin", problem));
        }
        section.finish()?;
        Ok(Product { name, gtin })
    });
    products.collect()
}

fn loss(mut section: Section) -> Result<LossModel, PolicyFileError> {
    let standard = LossModel::default();
    let decimals = LossModel::DECIMALS;
    let model = LossModel {
        static_ppm: section.share("static", decimals)?.unwrap_or(standard.static_ppm),
        fresh_ppm: section.share("fresh", decimals)?.unwrap_or(standard.fresh_ppm),
        signed_ppm: section.share("signed", decimals)?.unwrap_or(standard.signed_ppm),
        doubling_s: section.span("list_age_doubles")?.unwrap_or(standard.doubling_s),
        no_list_s: section.span("no_list")?.unwrap_or(standard.no_list_s),
    };
    section.finish()?;
    Ok(model)
}
