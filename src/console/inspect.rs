//! `inspect`: what a voucher says, and whether this terminal believes it.

use serde_json::json;

use super::{Console, ConsoleError, Exit, args::InspectArgs, voucher};
use crate::{
    domain::{
        scan::{Scanned, ShortCode, classify},
        voucher::{Claims, Customer, Scope, Terms, UntrustedToken},
    },
    terminal::{Trust, source, text::Texts, wording},
};

pub(super) fn run(console: &mut Console<'_>, args: &InspectArgs) -> Result<Exit, ConsoleError> {
    let text = voucher::text(&args.voucher)?;
    let Scanned::Voucher(text) = classify(&text) else {
        return refuse(console, classify(&text).code(), "this is not a voucher");
    };
    let claims = UntrustedToken::parse(&text).and_then(|token| token.unverified_claims());
    match claims {
        Ok(claims) => show(console, &claims, &belief(console, &text)),
        Err(error) => refuse(console, error.code(), &error.to_string()),
    }
}

/// `verified`, or why not.
fn belief(console: &Console<'_>, text: &str) -> String {
    let bundle = source::open(&console.data).and_then(|store| Ok(store.bundle()?));
    let bundle = match bundle {
        Ok(bundle) => bundle,
        Err(error) => return format!("not checked: {error}"),
    };
    match Trust::new(bundle).verify(text) {
        Ok(_) => "verified".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn refuse(console: &mut Console<'_>, code: &str, message: &str) -> Result<Exit, ConsoleError> {
    if console.json {
        console.line(json!({ "code": code, "message": message }))?;
    } else {
        console.line(format_args!("{message} ({code})"))?;
    }
    Ok(Exit::Refused)
}

fn show(console: &mut Console<'_>, claims: &Claims, belief: &str) -> Result<Exit, ConsoleError> {
    let (branches, group) = match &claims.scope {
        Scope::Merchant { branches, .. } => (branches.iter().map(|one| one.0).collect(), None),
        Scope::Group(group) => (Vec::new(), Some(group.0)),
    };
    let merchant = claims.scope.merchant().map(|merchant| merchant.0);
    let code = ShortCode::from_bits(claims.short_code_bits()).to_string();
    let kind = claims.terms.kind().code();
    let mut terms = wording::kind(&Texts::english(), &claims.terms);
    if let Terms::Ticket(ticket) = &claims.terms {
        terms = terms.replace("{time}", &ticket.starts.to_string());
    }
    if console.json {
        console.line(json!({
            "signature": belief,
            "issuer": claims.issuer.as_str(),
            "voucher_id": claims.id.to_string(),
            "campaign": claims.id.campaign.0,
            "short_code": code,
            "kind": kind,
            "terms": terms,
            "currency": claims.terms.currency().code(),
            "merchant": merchant,
            "branches": branches,
            "group": group,
            "customer": claims.customer.as_ref().map(Customer::as_str),
            "holder_key": claims.holder.is_some(),
            "rules": claims.conditional,
            "from": claims.from.to_string(),
            "until": claims.until.to_string(),
        }))?;
    } else {
        let lines = [
            ("signature", belief.to_owned()),
            ("issuer", claims.issuer.to_string()),
            ("voucher", claims.id.to_string()),
            ("short code", code),
            ("kind", kind.to_owned()),
            ("terms", terms),
            ("merchant", merchant.map_or_else(|| "one of many".to_owned(), |id| id.to_string())),
            (
                "branches",
                match group {
                    Some(group) => format!("of group {group}"),
                    None if branches.is_empty() => "all".to_owned(),
                    None => format!("{branches:?}"),
                },
            ),
            ("valid", format!("{} to {}", claims.from, claims.until)),
        ];
        for (name, value) in lines {
            console.line(format_args!("{name:<11} {value}"))?;
        }
    }
    Ok(Exit::Done)
}
