//! Disputes: a conflict with all that both sides wrote down, in words.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Serialize;

use super::{Platform, Scope, ServiceError};
use crate::{
    domain::{
        id::{Hex, MerchantId, OperatorId},
        journal::{Body, Redeemed},
        money::Money,
        redeem::{FindingSet, Liable},
    },
    platform::store::{ConflictRow, EntryAt, JournalRow, StoreError, Txn},
};

/// The words that cashiers read.
const CATALOGUE: &str = include_str!("../../../assets/i18n/en/terminal.toml");

/// A double redemption with what is known of each side.
#[derive(Clone, Debug, Serialize)]
pub struct Dispute {
    /// Its number.
    pub id: u64,
    /// When it was found, RFC 3339.
    pub found: String,
    /// Who minted the voucher.
    pub issuer: String,
    /// The voucher's id.
    pub voucher: String,
    /// The campaign's number.
    pub campaign: u32,
    /// What customers call it, where it is known here.
    pub title: String,
    /// Who bears it: `issuer` or `merchant`.
    pub liable: &'static str,
    /// The merchant who bears it; none where the issuer does.
    pub bearer: Option<u32>,
    /// That merchant's name.
    pub bearer_name: Option<String>,
    /// Why, as a stable code: `approved` or `policy`.
    pub why: &'static str,
    /// The same as a sentence.
    pub why_text: &'static str,
    /// The redemption that went beyond the limit, first, then those before it.
    pub sides: Vec<Side>,
}

/// One redemption as its terminal wrote it down.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// By the terminal's clock, RFC 3339.
    pub at: String,
    /// By the platform's clock, RFC 3339.
    pub received: String,
    /// The merchant's number.
    pub merchant: u32,
    /// The merchant's name.
    pub merchant_name: String,
    /// The branch's number.
    pub branch: u32,
    /// The branch's name.
    pub branch_name: String,
    /// The terminal's number.
    pub terminal: u32,
    /// What people call the terminal.
    pub terminal_name: String,
    /// Which life of its journal.
    pub epoch: u32,
    /// Position in its journal.
    pub seq: u64,
    /// Who worked at the counter.
    pub operator: Option<u32>,
    /// Their name.
    pub operator_name: Option<String>,
    /// The supervisor who approved.
    pub approved_by: Option<u32>,
    /// Their name.
    pub approver_name: Option<String>,
    /// The kind of the voucher.
    pub kind: &'static str,
    /// Uses consumed.
    pub uses: u32,
    /// Value consumed, in minor units.
    pub amount_minor: i64,
    /// The same as people write it, without the currency.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Whether the platform had set the use aside.
    pub online: bool,
    /// How much the code proved about being there at that moment: `static`, `fresh` or `signed`.
    pub presence: &'static str,
    /// The time of the status list, RFC 3339.
    pub list_as_of: Option<String>,
    /// How old the status list was, in seconds.
    pub list_age_s: Option<i64>,
    /// Version of the trust bundle in force.
    pub bundle: u64,
    /// The lease it was taken from.
    pub lease: Option<u32>,
    /// Everything that was found.
    pub findings: Vec<FindingLine>,
    /// What is odd about the entry.
    pub note: Option<String>,
    /// SHA-256 of the signed entry.
    pub hash: String,
    /// The key that verifies the entry, in hexadecimal digits.
    pub terminal_key: String,
    /// The signed entry, in hexadecimal digits.
    pub entry: String,
}

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingLine {
    /// Stable code.
    pub code: &'static str,
    /// What it means.
    pub text: String,
}

impl Platform {
    /// One conflict with what is known of each side, to whoever took part.
    pub fn conflict_for(&self, scope: Scope, id: u64) -> Result<Dispute, ServiceError> {
        let dispute = self.conflict(id)?;
        let own =
            |merchant: MerchantId| dispute.sides.iter().any(|side| side.merchant == merchant.0);
        if scope.merchant().is_none_or(own) {
            Ok(dispute)
        } else {
            Err(ServiceError::NotFound("conflict"))
        }
    }

    /// One conflict with what is known of each side.
    pub fn conflict(&self, id: u64) -> Result<Dispute, ServiceError> {
        self.run(|txn| {
            let row = txn.conflict(id)?.ok_or(ServiceError::NotFound("conflict"))?;
            let names = Names::read(txn)?;
            let sides = row.evidence.iter().map(|at| side(txn, &names, *at));
            let sides: Vec<_> = sides.collect::<Result<_, _>>()?;
            let campaign = txn.campaign(row.voucher.id.campaign)?;
            let campaign = campaign.filter(|own| own.campaign.issuer == row.voucher.issuer);
            let title = campaign.map(|own| own.campaign.title).unwrap_or_default();
            Ok(dispute(&row, title, sides))
        })
    }
}

/// Who bears a double redemption: the merchant, where anybody approved without the platform what was no longer to be had.
pub(super) fn bearer_of(
    txn: &mut dyn Txn,
    evidence: &[EntryAt],
    by_policy: Liable,
) -> Result<Liable, StoreError> {
    for at in evidence {
        let entry = txn.entry(*at)?.map(|row| row.signed.entry.body);
        if let Some(Body::Redeemed(redeemed)) = entry
            && redeemed.approved_by.is_some()
            && !redeemed.online
        {
            return Ok(Liable::Merchant);
        }
    }
    Ok(by_policy)
}

fn dispute(row: &ConflictRow, title: String, sides: Vec<Side>) -> Dispute {
    let merchant = row.liable == Liable::Merchant;
    let approved = sides.iter().find(|side| side.approved_by.is_some() && !side.online);
    let approved = approved.filter(|_| merchant);
    let bearer = approved.or(sides.first()).filter(|_| merchant);
    let (why, why_text) = match (approved, merchant) {
        (Some(_), _) => (
            "approved",
            "A supervisor approved it without the platform: the merchant of that counter bears it.",
        ),
        (None, true) => (
            "policy",
            "By the campaign's policy the merchant who accepted beyond the limit bears it.",
        ),
        (None, false) => (
            "policy",
            "By the campaign's policy whoever funds the campaign bears it: the counters kept to its rules.",
        ),
    };
    Dispute {
        id: row.id,
        found: row.found.to_string(),
        issuer: row.voucher.issuer.to_string(),
        voucher: row.voucher.id.to_string(),
        campaign: row.voucher.id.campaign.0,
        title,
        liable: row.liable.code(),
        bearer: bearer.map(|side| side.merchant),
        bearer_name: bearer.map(|side| side.merchant_name.clone()),
        why,
        why_text,
        sides,
    }
}

/// What numbers are called.
struct Names {
    merchants: BTreeMap<u32, String>,
    branches: BTreeMap<u32, String>,
    operators: BTreeMap<u32, String>,
}

impl Names {
    fn read(txn: &mut dyn Txn) -> Result<Self, StoreError> {
        let merchants = txn.merchants()?.into_iter();
        let branches = txn.branches()?.into_iter();
        let operators = txn.operators()?.into_iter();
        Ok(Self {
            merchants: merchants.map(|row| (row.id.0, row.name)).collect(),
            branches: branches.map(|row| (row.branch.id.0, row.branch.name)).collect(),
            operators: operators.map(|row| (row.operator.id.0, row.operator.name)).collect(),
        })
    }

    fn operator(&self, id: Option<OperatorId>) -> Option<String> {
        self.operators.get(&id?.0).cloned()
    }
}

fn side(txn: &mut dyn Txn, names: &Names, at: EntryAt) -> Result<Side, StoreError> {
    let missing = StoreError::Damaged("the evidence of a conflict is missing");
    let (entry, key) = (txn.entry(at)?, txn.terminal_key(at.terminal, at.epoch)?);
    let (Some(row), Some(key)) = (entry, key) else {
        return Err(missing);
    };
    let Body::Redeemed(redeemed) = row.signed.entry.body.clone() else {
        return Err(missing);
    };
    let terminal = txn.terminal(at.terminal)?.map(|terminal| terminal.name);
    Ok(side_of(&row, &redeemed, names, (terminal.unwrap_or_default(), key.key.to_string())))
}

fn side_of(
    row: &JournalRow,
    redeemed: &Redeemed,
    names: &Names,
    (terminal_name, terminal_key): (String, String),
) -> Side {
    let entry = &row.signed.entry;
    let (merchant, branch) = (row.merchant.0, entry.branch.0);
    Side {
        at: entry.at.to_string(),
        received: row.received.to_string(),
        merchant,
        merchant_name: names.merchants.get(&merchant).cloned().unwrap_or_default(),
        branch,
        branch_name: names.branches.get(&branch).cloned().unwrap_or_default(),
        terminal: entry.terminal.0,
        terminal_name,
        epoch: entry.epoch.0,
        seq: entry.seq.0,
        operator: entry.operator.map(|id| id.0),
        operator_name: names.operator(entry.operator),
        approved_by: redeemed.approved_by.map(|id| id.0),
        approver_name: names.operator(redeemed.approved_by),
        kind: redeemed.kind.code(),
        uses: redeemed.used.uses,
        amount_minor: redeemed.used.minor,
        amount: Money::new(redeemed.used.minor, redeemed.currency).number(),
        currency: redeemed.currency.code(),
        online: redeemed.online,
        presence: redeemed.presence.code(),
        list_as_of: redeemed.list_as_of.map(|time| time.to_string()),
        list_age_s: redeemed.list_as_of.map(|time| entry.at.since(time).max(0)),
        bundle: redeemed.bundle,
        lease: redeemed.lease.map(|id| id.0),
        findings: in_words(redeemed.findings),
        note: row.note.clone(),
        hash: row.signed.hash.to_string(),
        terminal_key,
        entry: Hex(&row.signed.bytes).to_string(),
    }
}

/// The sentences of findings by their codes.
static SENTENCES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let catalogue = CATALOGUE.parse::<toml::Table>().unwrap_or_default();
    let section = catalogue.get("finding").and_then(toml::Value::as_table);
    let lines = section.into_iter().flatten();
    lines.filter_map(|(code, text)| Some((code.clone(), text.as_str()?.to_owned()))).collect()
});

/// A finding without a sentence is shown by its code.
fn in_words(findings: FindingSet) -> Vec<FindingLine> {
    let lines = findings.iter().map(|finding| {
        let code = finding.code();
        let text = SENTENCES.get(code).cloned().unwrap_or_else(|| code.to_owned());
        FindingLine { code, text }
    });
    lines.collect()
}
