//! Names of things: one newtype a kind of thing, so that no two can be mixed up.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            /// Digits only: a sign would be a second spelling.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix('+').map_or(text, |_signed| "").parse().map(Self)
            }
        }
    };
}

number_id!(
    /// Terms that many vouchers share.
    CampaignId
);
number_id!(
    /// A business that accepts vouchers.
    MerchantId
);
number_id!(
    /// One shop of a merchant.
    BranchId
);
number_id!(
    /// Branches that vouchers can name together: a region of one merchant, or a mall of many.
    GroupId
);
number_id!(
    /// A share of a campaign's quota or of a voucher's balance, lent to a terminal.
    LeaseId
);
number_id!(
    /// One enrolled device at a counter.
    TerminalId
);
number_id!(
    /// A person who works at a counter.
    OperatorId
);
number_id!(
    /// A secret that lets an owner's program read the platform's lists.
    TokenId
);
number_id!(
    /// One life of a terminal's journal; a restored or re-enrolled terminal goes on in the next.
    Epoch
);

/// Position of an entry in its terminal's journal, from 1, without gaps within an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] pub u64);

impl Seq {
    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One bearer right: campaign, index in the campaign's status list, and a random part that makes guessing useless.
///
/// Sixteen bytes: campaign u32, index u32, random u64, each big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VoucherId {
    /// The campaign whose terms apply.
    pub campaign: CampaignId,
    /// Position in the campaign's status list.
    pub index: u32,
    /// Unpredictable part.
    pub random: u64,
}

impl VoucherId {
    /// The sixteen bytes that the voucher carries as `cti` (RFC 8392 section 3.1.7).
    pub fn to_bytes(self) -> [u8; 16] {
        let high = (u128::from(self.campaign.0) << 96) | (u128::from(self.index) << 64);
        (high | u128::from(self.random)).to_be_bytes()
    }

    /// The id that `bytes` spell.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each shift leaves exactly the wanted bits"
    )]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let all = u128::from_be_bytes(bytes);
        Self {
            campaign: CampaignId((all >> 96) as u32),
            index: (all >> 64) as u32,
            random: all as u64,
        }
    }
}

impl fmt::Display for VoucherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Hex(&self.to_bytes()).to_string())
    }
}

impl FromStr for VoucherId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self::from_bytes).ok_or(IdError::VoucherId)
    }
}

impl<C> Encode<C> for VoucherId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for VoucherId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?;
        let bytes = <[u8; 16]>::try_from(bytes)
            .map_err(|_error| minicbor::decode::Error::message("a voucher id has 16 bytes"))?;
        Ok(Self::from_bytes(bytes))
    }
}

/// Who minted a voucher: 1 to 16 characters `a-z`, `0-9`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode)]
#[cbor(transparent)]
pub struct IssuerName(#[n(0)] String);

impl IssuerName {
    /// Longest name, in characters.
    pub const MAX: usize = 16;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IssuerName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::MAX).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        fits.then(|| Self(text.to_owned())).ok_or(IdError::IssuerName)
    }
}

impl<'b, C> Decode<'b, C> for IssuerName {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(minicbor::decode::Error::custom)
    }
}

/// A voucher wherever it is looked up: ids are unique for one issuer only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct VoucherKey {
    /// Who minted it.
    #[n(0)]
    pub issuer: IssuerName,
    /// Which of the issuer's.
    #[n(1)]
    pub id: VoucherId,
}

/// A SHA-256 digest (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first entry of a journal.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Hex(&self.0).to_string())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self).ok_or(IdError::Hash)
    }
}

impl<C> Encode<C> for Hash {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Hash {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        <[u8; 32]>::try_from(d.bytes()?)
            .map(Self)
            .map_err(|_error| minicbor::decode::Error::message("a hash has 32 bytes"))
    }
}

/// Bytes shown as lower-case hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes that exactly `2 * N` hexadecimal digits spell.
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A text that does not spell the thing it should name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 32 hexadecimal digits.
    #[error("a voucher id is 32 hexadecimal digits")]
    VoucherId,
    /// Not 64 hexadecimal digits.
    #[error("a hash is 64 hexadecimal digits")]
    Hash,
    /// Not an issuer's name.
    #[error("an issuer's name is 1 to 16 of a-z, 0-9 and -")]
    IssuerName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voucher_id_is_campaign_index_random_in_network_order() {
        let id = VoucherId { campaign: CampaignId(0x0102_0304), index: 5, random: 0xAABB };
        assert_eq!(id.to_string(), "0102030400000005000000000000aabb");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn issuer_names_are_short_and_plain() {
        for bad in ["", "Demo", "a b", "12345678901234567", "ä"] {
            assert_eq!(bad.parse::<IssuerName>(), Err(IdError::IssuerName), "{bad}");
        }
        assert_eq!("demo-1".parse::<IssuerName>().unwrap().as_str(), "demo-1");
    }

    #[test]
    fn hex_refuses_odd_short_and_foreign_digits() {
        for bad in ["0", "000", "0g", "00 0", "é"] {
            assert_eq!(parse_hex::<1>(bad), None, "{bad}");
        }
        assert_eq!(parse_hex::<1>("Ff"), Some([255]));
    }
}
