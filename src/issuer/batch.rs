//! Minting the vouchers of a campaign.
//!
//! A voucher's state at the platform is two bits at its index in the campaign's status list, so the
//! indexes must be dense: 0 up to the campaign's capacity, each used once. Handed out in order of
//! sale they would tell everyone who buys two vouchers how many were sold between. [`index_of`]
//! therefore sends the ordinal (first sold, second sold, …) through a permutation that only the holder
//! of a secret can follow: a Feistel network over the next even power of two, with SHA-256 as its
//! round function, walked again until it lands below the capacity (cycle walking, Black and Rogaway,
//! "Ciphers with Arbitrary Finite Domains", 2002).
//!
//! Capacity and secret belong to a campaign for as long as it lives: with another of either the
//! permutation is another, and two vouchers may share an index.

use std::iter;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::{
    crypto::{HolderKey, SecretKey},
    id::{CampaignId, IssuerName, VoucherId},
    time::Timestamp,
    voucher::{Claims, ClaimsError, Customer, Scope, Terms, mint},
};

/// What all vouchers of a campaign have in common.
pub struct Batch {
    /// Who mints.
    pub issuer: IssuerName,
    /// The campaign.
    pub campaign: CampaignId,
    /// Most vouchers the campaign will ever have; the length of its status list.
    pub capacity: u32,
    /// What scrambles the indexes, such as [`campaign_secret`].
    pub secret: Zeroizing<[u8; 32]>,
    /// First second the vouchers are valid.
    pub from: Timestamp,
    /// First second they are no longer valid.
    pub until: Timestamp,
    /// Where they are accepted.
    pub scope: Scope,
    /// What they are worth.
    pub terms: Terms,
    /// Whose they are, by a pseudonym; none where anybody may hold them.
    pub customer: Option<Customer>,
    /// The key of the phone they live on; none where whoever shows the code has the voucher.
    pub holder: Option<HolderKey>,
    /// Whether the campaign has rules that a terminal must know to honour them.
    pub conditional: bool,
}

impl Batch {
    /// What voucher number `ordinal` (from 0) says, with `random` as its unpredictable part.
    pub fn claims(&self, ordinal: u32, random: u64) -> Result<Claims, BatchError> {
        let index = index_of(ordinal, self.capacity, &self.secret)
            .ok_or(BatchError::Full(self.capacity))?;
        Ok(Claims {
            issuer: self.issuer.clone(),
            customer: self.customer.clone(),
            id: VoucherId { campaign: self.campaign, index, random },
            from: self.from,
            until: self.until,
            holder: self.holder,
            conditional: self.conditional,
            scope: self.scope.clone(),
            terms: self.terms.clone(),
        })
    }

    /// Mints voucher number `ordinal` (from 0); `random` must come from the system's secure source.
    pub fn mint_one(
        &self,
        key: &SecretKey,
        ordinal: u32,
        random: u64,
    ) -> Result<Minted, BatchError> {
        let claims = self.claims(ordinal, random)?;
        let text = mint(key, &claims)?;
        Ok(Minted { claims, text })
    }
}

/// A voucher that was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// What it says.
    pub claims: Claims,
    /// The text of its QR code; whoever has it has the voucher.
    pub text: String,
}

/// The secret of one campaign, from the one secret that an issuer keeps for all.
pub fn campaign_secret(master: &[u8; 32], campaign: CampaignId) -> Zeroizing<[u8; 32]> {
    let digest = Sha256::new()
        .chain_update(b"countersign/campaign-secret/1")
        .chain_update(master)
        .chain_update(campaign.0.to_be_bytes())
        .finalize();
    Zeroizing::new(digest.into())
}

/// The index of voucher number `ordinal` among `capacity`; none where there is no such number.
pub fn index_of(ordinal: u32, capacity: u32, secret: &[u8; 32]) -> Option<u32> {
    if ordinal >= capacity {
        return None;
    }
    let network = Network::over(capacity, secret);
    // A permutation leads back to where it began, which is below the capacity: the walk ends. The
    // domain is at most four times the capacity, so it takes a few steps.
    iter::successors(Some(network.permute(ordinal)), |at| Some(network.permute(*at)))
        .find(|at| *at < capacity)
}

/// Rounds of the network; many because a small domain gives each round little to mix.
const ROUNDS: u8 = 12;

/// A balanced Feistel network over numbers of `2 * half_bits` bits.
struct Network {
    half_bits: u32,
    keyed: Sha256,
}

impl Network {
    fn over(capacity: u32, secret: &[u8; 32]) -> Self {
        let largest = capacity.saturating_sub(1);
        let bits = u32::BITS.saturating_sub(largest.leading_zeros());
        let keyed = Sha256::new()
            .chain_update(b"countersign/index/1")
            .chain_update(secret)
            .chain_update(capacity.to_be_bytes());
        Self { half_bits: bits.div_ceil(2).max(1), keyed }
    }

    fn permute(&self, number: u32) -> u32 {
        let mask = self.mask();
        let halves = (number >> self.half_bits, number & mask);
        let (left, right) = (0..ROUNDS)
            .fold(halves, |(left, right), round| (right, left ^ (self.mix(round, right) & mask)));
        (left << self.half_bits) | right
    }

    /// At most 16 bits are ones.
    fn mask(&self) -> u32 {
        u32::MAX.checked_shr(u32::BITS.saturating_sub(self.half_bits)).unwrap_or(0)
    }

    fn mix(&self, round: u8, half: u32) -> u32 {
        let hasher = self.keyed.clone().chain_update([round]);
        let digest = hasher.chain_update(half.to_be_bytes()).finalize();
        let [a, b, c, d, ..]: [u8; 32] = digest.into();
        u32::from_be_bytes([a, b, c, d])
    }
}

/// Why a voucher is not minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The campaign has no such number.
    #[error("the campaign holds {0} vouchers, and all of its numbers are given out")]
    Full(u32),
    /// The campaign's terms are out of bounds.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        id::{BranchId, GroupId, Hash, MerchantId},
        money::{Currency, Money},
        voucher::{
            AmountOff, IssuerKey, Item, KeySource, Label, OrderLine, PercentOff, Ticket,
            UntrustedToken,
        },
    };
    use crate::issuer::picture;

    fn counting() -> [u8; 32] {
        std::array::from_fn(|at| u8::try_from(at).unwrap())
    }

    fn indexes(capacity: u32, secret: &[u8; 32]) -> Vec<u32> {
        (0..capacity).map(|ordinal| index_of(ordinal, capacity, secret).unwrap()).collect()
    }

    fn is_bijection(capacity: u32, secret: &[u8; 32]) -> bool {
        let all: BTreeSet<u32> = indexes(capacity, secret).into_iter().collect();
        all.into_iter().eq(0..capacity)
    }

    #[test]
    fn every_index_is_given_once_around_every_power_of_two() {
        for exponent in 0..=10 {
            let power = 1_u32 << exponent;
            for capacity in [power.saturating_sub(1).max(1), power, power + 1] {
                assert!(is_bijection(capacity, &[9; 32]), "{capacity}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_index_is_given_once(capacity in 1_u32..2000, secret: [u8; 32]) {
            prop_assert!(is_bijection(capacity, &secret));
        }

        #[test]
        fn large_campaigns_stay_in_bounds(capacity in 3000_u32.., at: u32, secret: [u8; 32]) {
            let ordinal = at.checked_rem(capacity).unwrap();
            prop_assert!(index_of(ordinal, capacity, &secret).is_some_and(|index| index < capacity));
            prop_assert_eq!(index_of(capacity, capacity, &secret), None);
        }
    }

    #[test]
    fn the_permutation_is_the_one_of_vouchers_already_sold() {
        // From the module's description, written again in Python with hashlib.
        let secret = counting();
        assert_eq!(indexes(10, &secret), [3, 2, 5, 8, 9, 4, 6, 0, 7, 1]);
        assert_eq!(indexes(1000, &secret)[..6], [861, 139, 785, 712, 472, 198]);
        let most = u32::MAX;
        let far = [0, 1, most - 1].map(|ordinal| index_of(ordinal, most, &secret).unwrap());
        assert_eq!(far, [561_536_854, 3_489_675_511, 491_754_127]);
        let derived = campaign_secret(&secret, CampaignId(7));
        let expected = "f85a316bb1fcf9062040bbf38ebd3a813bcb5eed10c7225202ed6c6d1c02f43c";
        assert_eq!(Hash(*derived).to_string(), expected);
    }

    #[test]
    fn neighbours_in_sale_are_no_neighbours_in_the_list() {
        // The mean distance of two random places among n is n/3.
        for secret in [[0; 32], [1; 32], counting()] {
            let order = indexes(3000, &secret);
            let distances = order.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
            let mean = distances.sum::<u32>() / 2999;
            assert!((900..1100).contains(&mean), "{mean}");
        }
        assert_ne!(indexes(100, &[0; 32]), indexes(100, &[1; 32]));
    }

    #[test]
    fn there_is_no_number_beyond_the_capacity() {
        assert_eq!(index_of(0, 0, &[0; 32]), None);
        assert_eq!(index_of(1, 1, &[0; 32]), None);
        assert_eq!(index_of(0, 1, &[0; 32]), Some(0));
        let full = lunch().claims(5000, 1);
        assert_eq!(full, Err(BatchError::Full(5000)));
    }

    fn euros(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn lunch() -> Batch {
        Batch {
            issuer: "demo".parse().unwrap(),
            campaign: CampaignId(7),
            capacity: 5000,
            secret: Zeroizing::new([3; 32]),
            from: "2026-11-22T00:00:00Z".parse().unwrap(),
            until: "2027-05-22T00:00:00Z".parse().unwrap(),
            scope: Scope::Merchant {
                merchant: MerchantId(101),
                branches: (1001..=1004).map(BranchId).collect(),
            },
            terms: Terms::PrepaidDeal { value: euros(2500) },
            customer: None,
            holder: None,
            conditional: false,
        }
    }

    struct OneKey([IssuerKey; 1]);

    impl KeySource for OneKey {
        fn keys(&self, _kid: crate::domain::crypto::KeyId) -> &[IssuerKey] {
            &self.0
        }
    }

    #[test]
    fn a_minted_voucher_verifies_and_says_what_the_batch_says() {
        let key = SecretKey::from_seed(&[5; 32]);
        let batch = lunch();
        let minted = batch.mint_one(&key, 4999, 0xfeed).unwrap();
        let keys = OneKey([IssuerKey {
            issuer: batch.issuer.clone(),
            public: key.public(),
            from: batch.from,
            until: batch.until,
            withdrawn: false,
        }]);
        let token = UntrustedToken::parse(&minted.text).unwrap();
        let voucher = token.verify(&keys).unwrap();
        assert_eq!(voucher.claims(), &minted.claims);
        assert_eq!(voucher.claims().id.random, 0xfeed);
        assert_eq!(voucher.claims().id.campaign, batch.campaign);
        assert!(voucher.claims().id.index < batch.capacity);
    }

    #[test]
    fn terms_out_of_bounds_are_not_minted() {
        let key = SecretKey::from_seed(&[5; 32]);
        let mut batch = lunch();
        batch.until = batch.from;
        let refused = batch.mint_one(&key, 0, 1);
        assert_eq!(refused, Err(BatchError::Claims(ClaimsError::Validity)));
    }

    /// Bytes, characters and QR version at level M of a voucher of these terms, with the longest random part.
    fn size(batch: &Batch) -> (usize, usize, i16) {
        let text = batch.mint_one(&SecretKey::from_seed(&[5; 32]), 0, u64::MAX).unwrap().text;
        let bytes = crate::domain::voucher::from_text(&text).unwrap().len();
        let size = (bytes, text.len(), picture::version(&text).unwrap());
        println!("{}: {size:?}", batch.terms.kind());
        size
    }

    #[test]
    fn a_prepaid_deal_at_four_branches_keeps_to_its_budget() {
        // The budget: 150 bytes, 225 characters, QR version 9 at level M.
        let (bytes, characters, version) = size(&lunch());
        assert!(bytes <= 150, "{bytes} bytes");
        assert!(characters <= 225, "{characters} characters");
        assert!(version <= 9, "version {version}");
    }

    #[test]
    fn rules_cost_no_more_than_a_byte() {
        let plain = size(&lunch()).0;
        let ruled = size(&Batch { conditional: true, ..lunch() }).0;
        assert!((plain..=plain + 1).contains(&ruled), "{ruled} after {plain}");
    }

    fn item() -> Terms {
        let name = "Cappuccino with oat milk, large".parse().unwrap();
        Terms::Item(Item { count: 1, name, value: euros(250), price: 100 })
    }

    fn ticket() -> Terms {
        let starts = "2026-12-24T18:00:00Z".parse().unwrap();
        let (early_s, late_s) = (1800, 900);
        Terms::Ticket(Ticket { starts, early_s, late_s, party: 12, value_each: euros(6500) })
    }

    fn order(lines: u16, name: &str) -> Terms {
        let line = |count| OrderLine { count, value_each: 320, name: name.parse().unwrap() };
        Terms::PickUp { currency: Currency::EUR, lines: (1..=lines).map(line).collect() }
    }

    #[test]
    fn every_kind_can_be_read_from_paper() {
        // A code on the sheet is 44 mm wide with its quiet zone: 79 modules, version 15, are half a millimetre each, the
        // least that a counter camera reads.
        let kinds = [
            Terms::AmountOff(AmountOff { off: euros(500), minimum_spend: 3000 }),
            Terms::PercentOff(PercentOff {
                basis_points: 1500,
                cap: 2000,
                minimum_spend: 3000,
                currency: Currency::EUR,
            }),
            Terms::Pass { uses: 10, value_each: euros(350) },
            Terms::StoredValue { balance: euros(10_000) },
            item(),
            ticket(),
            order(3, "Wholemeal bread, sliced"),
        ];
        for terms in kinds {
            let (bytes, _, version) = size(&Batch { terms, ..lunch() });
            assert!(bytes <= 240 && version <= 11, "{bytes} bytes, version {version}");
        }
        let (_, _, version) =
            size(&Batch { terms: order(8, "Wholemeal bread, sliced"), ..lunch() });
        assert!(version <= 15, "version {version}");
        let longest = order(8, &"x".repeat(Label::BYTES_MAX));
        let (_, _, version) = size(&Batch { terms: longest, ..lunch() });
        assert!(version <= 17, "a screen holds it, paper of this size does not: version {version}");
    }

    #[test]
    fn a_customers_voucher_on_a_phone_is_shown_in_a_code_that_a_screen_holds() {
        let phone = SecretKey::from_seed(&[6; 32]);
        let batch = Batch {
            customer: Some("c-0123456789abcd".parse().unwrap()),
            holder: Some(HolderKey(phone.public().to_bytes())),
            conditional: true,
            ..lunch()
        };
        let (bytes, _, version) = size(&batch);
        assert!(bytes <= 230 && version <= 13, "{bytes} bytes, version {version}");
        let text = batch.mint_one(&SecretKey::from_seed(&[5; 32]), 0, 1).unwrap().text;
        let shown = crate::domain::voucher::present(&phone, &text, batch.from).unwrap();
        let version = picture::version(&shown).unwrap();
        assert!(version <= 16, "version {version}");
    }

    #[test]
    fn what_the_order_says_is_in_every_voucher() {
        let batch = Batch {
            scope: Scope::Group(GroupId(9)),
            customer: Some("anna".parse().unwrap()),
            holder: Some(HolderKey([7; 32])),
            conditional: true,
            terms: ticket(),
            ..lunch()
        };
        let minted = batch.mint_one(&SecretKey::from_seed(&[5; 32]), 0, 1).unwrap();
        let read = UntrustedToken::parse(&minted.text).unwrap().unverified_claims().unwrap();
        assert_eq!(read, minted.claims);
        assert_eq!(read.scope, Scope::Group(GroupId(9)));
        assert_eq!(read.customer.unwrap().as_str(), "anna");
        assert_eq!((read.holder, read.conditional), (Some(HolderKey([7; 32])), true));
        assert_eq!(read.terms, ticket());
    }
}
