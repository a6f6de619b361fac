//! Claims to canonical CBOR and back.

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, data::Type, decode, encode};

use super::claims::{AmountOff, Claims, ClaimsError, Kind, PercentOff, Scope, Terms};
use crate::domain::{
    envelope::build,
    id::{BranchId, MerchantId},
    money::{Currency, Money},
};

const ISS: i64 = 1;
const EXP: i64 = 4;
const NBF: i64 = 5;
const CTI: i64 = 7;
/// Private use by RFC 8392 section 9.1.1.
const TERMS: i64 = -65_537;

type Written = Result<(), encode::Error<Infallible>>;

/// The one spelling of `claims`.
pub(super) fn encode_claims(claims: &Claims) -> Vec<u8> {
    build(96, |e| {
        e.map(5)?;
        e.i64(ISS)?.encode(&claims.issuer)?;
        e.i64(EXP)?.encode(claims.until)?;
        e.i64(NBF)?.encode(claims.from)?;
        e.i64(CTI)?.encode(claims.id)?;
        e.i64(TERMS)?;
        encode_terms(e, claims)
    })
}

fn encode_terms(e: &mut Encoder<Vec<u8>>, claims: &Claims) -> Written {
    let terms = &claims.terms;
    let values: &[i64] = match terms {
        Terms::PrepaidDeal { value } => &[value.minor],
        Terms::AmountOff(AmountOff { off, minimum_spend }) => &[off.minor, *minimum_spend],
        Terms::PercentOff(PercentOff { basis_points, cap, minimum_spend, .. }) => {
            &[i64::from(*basis_points), *cap, *minimum_spend]
        }
        Terms::Pass { uses, value_each } => &[i64::from(*uses), value_each.minor],
        Terms::StoredValue { balance } => &[balance.minor],
    };
    e.array(3_u64.saturating_add(values.len() as u64))?;
    e.encode(terms.kind())?.encode(terms.currency())?;
    encode_scope(e, &claims.scope)?;
    values.iter().try_for_each(|value| e.i64(*value)?.ok())
}

fn encode_scope(e: &mut Encoder<Vec<u8>>, scope: &Scope) -> Written {
    e.array(1_u64.saturating_add(scope.branches.len() as u64))?.encode(scope.merchant)?;
    scope.branches.iter().try_for_each(|branch| e.encode(branch)?.ok())
}

/// Reads claims in their one spelling.
pub(super) fn decode_claims(bytes: &[u8]) -> Result<Claims, ClaimsDecodeError> {
    let claims = read_claims(&mut Decoder::new(bytes))?;
    claims.check()?;
    if encode_claims(&claims) == bytes { Ok(claims) } else { Err(ClaimsDecodeError::Spelling) }
}

fn read_claims(d: &mut Decoder<'_>) -> Result<Claims, ClaimsDecodeError> {
    let count = d.map()?.ok_or(ClaimsDecodeError::Spelling)?;
    let issuer = claim(d, ISS)?.decode()?;
    let until = claim(d, EXP)?.decode()?;
    let from = claim(d, NBF)?.decode()?;
    let id = claim(d, CTI)?.decode()?;
    let (scope, terms) = read_terms(claim(d, TERMS)?)?;
    if count > 5 {
        return Err(ClaimsDecodeError::UnknownClaim);
    }
    Ok(Claims { issuer, id, from, until, scope, terms })
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

fn read_terms(d: &mut Decoder<'_>) -> Result<(Scope, Terms), ClaimsDecodeError> {
    let count = d.array()?.ok_or(ClaimsDecodeError::Spelling)?;
    let kind = match d.u8()? {
        1 => Kind::PrepaidDeal,
        2 => Kind::AmountOff,
        3 => Kind::PercentOff,
        4 => Kind::Pass,
        5 => Kind::StoredValue,
        other => return Err(ClaimsDecodeError::UnknownKind(other)),
    };
    let currency = d.decode::<Currency>()?;
    let scope = read_scope(d)?;
    let values = (3..count).take(3).map(|_| d.i64()).collect::<Result<Vec<_>, _>>()?;
    let terms = terms_from(kind, currency, &values).ok_or(ClaimsDecodeError::Spelling)?;
    Ok((scope, terms))
}

fn terms_from(kind: Kind, currency: Currency, values: &[i64]) -> Option<Terms> {
    let money = |minor| Money::new(minor, currency);
    Some(match (kind, values) {
        (Kind::PrepaidDeal, [value]) => Terms::PrepaidDeal { value: money(*value) },
        (Kind::AmountOff, [off, minimum_spend]) => {
            Terms::AmountOff(AmountOff { off: money(*off), minimum_spend: *minimum_spend })
        }
        (Kind::PercentOff, [basis_points, cap, minimum_spend]) => Terms::PercentOff(PercentOff {
            basis_points: u16::try_from(*basis_points).ok()?,
            cap: *cap,
            minimum_spend: *minimum_spend,
            currency,
        }),
        (Kind::Pass, [uses, value_each]) => {
            Terms::Pass { uses: u16::try_from(*uses).ok()?, value_each: money(*value_each) }
        }
        (Kind::StoredValue, [balance]) => Terms::StoredValue { balance: money(*balance) },
        _other => return None,
    })
}

fn read_scope(d: &mut Decoder<'_>) -> Result<Scope, ClaimsDecodeError> {
    let count = d.array()?.ok_or(ClaimsDecodeError::Spelling)?;
    let branches = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(1);
    if count == 0 || branches > Scope::BRANCHES_MAX {
        return Err(ClaimsError::Scope.into());
    }
    let merchant = MerchantId(d.u32()?);
    let branches = (0..branches).map(|_| d.u32().map(BranchId)).collect::<Result<_, _>>()?;
    Ok(Scope { merchant, branches })
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
