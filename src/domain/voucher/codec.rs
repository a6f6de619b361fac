//! Claims to canonical CBOR and back.

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, data::Type, decode, encode};

use super::{
    claims::{Claims, ClaimsError, Scope},
    limit::LINES_MAX,
    terms::{AmountOff, Item, Kind, OrderLine, PercentOff, Terms, Ticket},
};
use crate::domain::{
    crypto::HolderKey,
    envelope::build,
    id::{BranchId, GroupId, MerchantId},
    money::{Currency, Money},
    time::Timestamp,
};

const ISS: i64 = 1;
const SUB: i64 = 2;
const EXP: i64 = 4;
const NBF: i64 = 5;
const CTI: i64 = 7;
const CNF: i64 = 8;
/// Private use by RFC 8392 section 9.1.1.
const TERMS: i64 = -65_537;

/// Added to the number of the kind where the campaign has rules that the voucher does not carry.
const CONDITIONAL: u8 = 16;

/// `{ 1: { 1: 1, -1: 6, -2: ` up to the 32 bytes of the key: RFC 8747 section 3.2 with an OKP key on Ed25519 (RFC 9053 section 7.2).
const CNF_HEAD: [u8; 10] = [0xa1, 0x01, 0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];

type Written = Result<(), encode::Error<Infallible>>;

/// The one spelling of `claims`.
pub fn encode_claims(claims: &Claims) -> Vec<u8> {
    build(96, |e| {
        let optional = [claims.customer.is_some(), claims.holder.is_some()];
        e.map(5_u64.saturating_add(optional.map(u64::from).iter().sum()))?;
        e.i64(ISS)?.encode(&claims.issuer)?;
        if let Some(customer) = &claims.customer {
            e.i64(SUB)?.encode(customer)?;
        }
        e.i64(EXP)?.encode(claims.until)?;
        e.i64(NBF)?.encode(claims.from)?;
        e.i64(CTI)?.encode(claims.id)?;
        if let Some(holder) = &claims.holder {
            e.i64(CNF)?;
            let spelled = [CNF_HEAD.as_slice(), &holder.0].concat();
            e.writer_mut().extend_from_slice(&spelled);
        }
        e.i64(TERMS)?;
        encode_terms(e, claims)
    })
}

fn encode_terms(e: &mut Encoder<Vec<u8>>, claims: &Claims) -> Written {
    let terms = &claims.terms;
    e.array(3_u64.saturating_add(value_count(terms)))?;
    let conditional = if claims.conditional { CONDITIONAL } else { 0 };
    e.u8(terms.kind().number() | conditional)?.encode(terms.currency())?;
    encode_scope(e, &claims.scope)?;
    encode_values(e, terms)
}

fn value_count(terms: &Terms) -> u64 {
    match terms {
        Terms::PrepaidDeal { .. } | Terms::StoredValue { .. } => 1,
        Terms::AmountOff(_) | Terms::Pass { .. } => 2,
        Terms::PercentOff(_) => 3,
        Terms::Item(_) => 4,
        Terms::Ticket(_) => 5,
        Terms::PickUp { lines, .. } => lines.len() as u64,
    }
}

fn encode_values(e: &mut Encoder<Vec<u8>>, terms: &Terms) -> Written {
    match terms {
        Terms::PrepaidDeal { value: worth } | Terms::StoredValue { balance: worth } => {
            e.i64(worth.minor)?.ok()
        }
        Terms::AmountOff(terms) => e.i64(terms.off.minor)?.i64(terms.minimum_spend)?.ok(),
        Terms::PercentOff(PercentOff { basis_points, cap, minimum_spend, .. }) => {
            e.u16(*basis_points)?.i64(*cap)?.i64(*minimum_spend)?.ok()
        }
        Terms::Pass { uses, value_each } => e.u16(*uses)?.i64(value_each.minor)?.ok(),
        Terms::Item(Item { count, name, value, price }) => {
            e.u16(*count)?.str(name.as_str())?.i64(value.minor)?.i64(*price)?.ok()
        }
        Terms::Ticket(Ticket { starts, early_s, late_s, party, value_each }) => {
            e.encode(starts)?.u32(*early_s)?.u32(*late_s)?;
            e.u16(*party)?.i64(value_each.minor)?.ok()
        }
        Terms::PickUp { lines, .. } => lines.iter().try_for_each(|line| {
            e.array(3)?.u16(line.count)?.i64(line.value_each)?.str(line.name.as_str())?.ok()
        }),
    }
}

fn encode_scope(e: &mut Encoder<Vec<u8>>, scope: &Scope) -> Written {
    match scope {
        Scope::Merchant { merchant, branches } => {
            e.array(1_u64.saturating_add(branches.len() as u64))?.encode(merchant)?;
            branches.iter().try_for_each(|branch| e.encode(branch)?.ok())
        }
        Scope::Group(group) => e.encode(group)?.ok(),
    }
}

/// Reads claims in their one spelling, signed by whomever.
pub fn decode_claims(bytes: &[u8]) -> Result<Claims, ClaimsDecodeError> {
    let claims = read_claims(&mut Decoder::new(bytes))?;
    claims.check()?;
    if encode_claims(&claims) == bytes { Ok(claims) } else { Err(ClaimsDecodeError::Spelling) }
}

fn read_claims(d: &mut Decoder<'_>) -> Result<Claims, ClaimsDecodeError> {
    let count = d.map()?.ok_or(ClaimsDecodeError::Spelling)?;
    let issuer = claim(d, ISS)?.decode()?;
    let customer = if is_next(d, SUB) { Some(claim(d, SUB)?.decode()?) } else { None };
    let until = claim(d, EXP)?.decode()?;
    let from = claim(d, NBF)?.decode()?;
    let id = claim(d, CTI)?.decode()?;
    let holder = if is_next(d, CNF) { Some(read_holder(claim(d, CNF)?)?) } else { None };
    let (conditional, scope, terms) = read_terms(claim(d, TERMS)?)?;
    let optional = u64::from(customer.is_some()).saturating_add(u64::from(holder.is_some()));
    if count > 5_u64.saturating_add(optional) {
        return Err(ClaimsDecodeError::UnknownClaim);
    }
    Ok(Claims { issuer, customer, id, from, until, holder, conditional, scope, terms })
}

fn is_next(d: &Decoder<'_>, key: i64) -> bool {
    claim(&mut d.clone(), key).is_ok()
}

fn claim<'a, 'b>(
    d: &'a mut Decoder<'b>,
    key: i64,
) -> Result<&'a mut Decoder<'b>, ClaimsDecodeError> {
    let number = matches!(
        d.datatype()?,
        Type::U8 | Type::U16 | Type::U32 | Type::I8 | Type::I16 | Type::I32
    );
    if number && d.i64()? == key { Ok(d) } else { Err(ClaimsDecodeError::UnknownClaim) }
}

fn read_holder(d: &mut Decoder<'_>) -> Result<HolderKey, ClaimsDecodeError> {
    let rest = d.input().get(d.position()..).unwrap_or_default();
    let key = rest.strip_prefix(&CNF_HEAD).and_then(|rest| rest.first_chunk::<32>());
    let key = HolderKey(*key.ok_or(ClaimsDecodeError::Spelling)?);
    d.skip()?;
    Ok(key)
}

fn read_terms(d: &mut Decoder<'_>) -> Result<(bool, Scope, Terms), ClaimsDecodeError> {
    let count = d.array()?.ok_or(ClaimsDecodeError::Spelling)?;
    let number = d.u8()?;
    let kind = Kind::from_number(number & !CONDITIONAL);
    let kind = kind.ok_or(ClaimsDecodeError::UnknownKind(number))?;
    let currency = d.decode::<Currency>()?;
    let scope = read_scope(d)?;
    let terms = read_values(d, (kind, currency), count.saturating_sub(3))?;
    if count != 3_u64.saturating_add(value_count(&terms)) {
        return Err(ClaimsDecodeError::Spelling);
    }
    Ok((number & CONDITIONAL != 0, scope, terms))
}

fn read_values(
    d: &mut Decoder<'_>,
    (kind, currency): (Kind, Currency),
    count: u64,
) -> Result<Terms, ClaimsDecodeError> {
    let money = |minor| Money::new(minor, currency);
    Ok(match kind {
        Kind::PrepaidDeal => Terms::PrepaidDeal { value: money(d.i64()?) },
        Kind::StoredValue => Terms::StoredValue { balance: money(d.i64()?) },
        Kind::AmountOff => {
            Terms::AmountOff(AmountOff { off: money(d.i64()?), minimum_spend: d.i64()? })
        }
        Kind::PercentOff => Terms::PercentOff(PercentOff {
            basis_points: d.u16()?,
            cap: d.i64()?,
            minimum_spend: d.i64()?,
            currency,
        }),
        Kind::Pass => Terms::Pass { uses: d.u16()?, value_each: money(d.i64()?) },
        Kind::Item => Terms::Item(Item {
            count: d.u16()?,
            name: d.str()?.parse()?,
            value: money(d.i64()?),
            price: d.i64()?,
        }),
        Kind::Ticket => Terms::Ticket(Ticket {
            starts: d.decode::<Timestamp>()?,
            early_s: d.u32()?,
            late_s: d.u32()?,
            party: d.u16()?,
            value_each: money(d.i64()?),
        }),
        Kind::PickUp => {
            let lines = usize::try_from(count).unwrap_or(usize::MAX).min(LINES_MAX + 1);
            let lines = (0..lines).map(|_| read_line(d)).collect::<Result<_, _>>()?;
            Terms::PickUp { currency, lines }
        }
    })
}

fn read_line(d: &mut Decoder<'_>) -> Result<OrderLine, ClaimsDecodeError> {
    if d.array()? != Some(3) {
        return Err(ClaimsDecodeError::Spelling);
    }
    Ok(OrderLine { count: d.u16()?, value_each: d.i64()?, name: d.str()?.parse()? })
}

fn read_scope(d: &mut Decoder<'_>) -> Result<Scope, ClaimsDecodeError> {
    if d.datatype()? != Type::Array {
        return Ok(Scope::Group(GroupId(d.u32()?)));
    }
    let count = d.array()?.ok_or(ClaimsDecodeError::Spelling)?;
    let branches = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(1);
    if count == 0 || branches > Scope::BRANCHES_MAX {
        return Err(ClaimsError::Scope.into());
    }
    let merchant = MerchantId(d.u32()?);
    let branches = (0..branches).map(|_| d.u32().map(BranchId)).collect::<Result<_, _>>()?;
    Ok(Scope::Merchant { merchant, branches })
}

/// Why signed bytes are not claims that are understood.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsDecodeError {
    /// Not CBOR of the expected shape.
    #[error("the claims cannot be read: {0}")]
    Shape(#[from] decode::Error),
    /// The right content in another spelling.
    #[error("the claims are in another spelling than the one accepted")]
    Spelling,
    /// A claim this version does not know, which might restrict the voucher.
    #[error("the voucher carries a claim that this version does not know")]
    UnknownClaim,
    /// A kind this version does not know.
    #[error("the voucher is of kind {0}, which this version does not know")]
    UnknownKind(u8),
    /// A value out of its bounds.
    #[error(transparent)]
    Bounds(#[from] ClaimsError),
}

impl ClaimsDecodeError {
    /// Whether a newer version might understand the voucher.
    pub fn is_from_newer_version(&self) -> bool {
        matches!(self, Self::UnknownClaim | Self::UnknownKind(_))
    }
}
