//! The trust bundle: signed by the platform's root key, versioned, never going backwards.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use minicbor::{Decode, Encode};

use crate::domain::{
    crypto::{KeyId, PublicKey, SecretKey},
    envelope::{Context, Envelope, EnvelopeError, decode, open_message, seal_message},
    id::{BranchId, CampaignId, GroupId, IssuerName, MerchantId, OperatorId},
    pin::{PinHash, read_typed},
    redeem::Policy,
    time::Timestamp,
    voucher::{IssuerKey, KeySource, Scope},
};

/// All that the terminals of one merchant need to decide, as of one version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TrustBundle {
    /// Grows with every bundle of this merchant.
    #[n(1)]
    pub version: u64,
    /// When it was signed.
    #[n(2)]
    pub issued_at: Timestamp,
    /// Whose terminals it is for.
    #[n(3)]
    pub merchant: Merchant,
    /// The key that signs acknowledgements and status manifests.
    #[n(4)]
    pub platform_key: PublicKey,
    /// Everyone whose vouchers are accepted.
    #[n(5)]
    pub issuers: Vec<Issuer>,
    /// The merchant's shops.
    #[n(6)]
    pub branches: Vec<Branch>,
    /// The campaigns the merchant takes part in.
    #[n(7)]
    pub campaigns: Vec<Campaign>,
    /// The policy for vouchers of campaigns that are not listed.
    #[n(8)]
    pub default_policy: Policy,
    /// The people who work at the merchant's counters.
    #[n(9)]
    pub operators: Vec<Operator>,
    /// The groups that branches of the merchant belong to.
    #[n(10)]
    #[cbor(default)]
    pub groups: Vec<Group>,
    /// Which versions of the protocol the platform and its terminals speak.
    #[n(11)]
    #[cbor(default)]
    pub protocol: Protocols,
}

/// Versions of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Protocols {
    /// A terminal whose program speaks an older one is to be updated.
    #[n(1)]
    pub least: u32,
    /// What the platform speaks: a terminal says nothing that needs a later one.
    #[n(2)]
    pub spoken: u32,
}

/// What can be read of a bundle of any version.
#[derive(Decode)]
#[cbor(map)]
struct Asks {
    #[n(11)]
    #[cbor(default)]
    protocol: Protocols,
}

/// A business that accepts vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Merchant {
    /// Its number.
    #[n(1)]
    pub id: MerchantId,
    /// Its name as customers know it.
    #[n(2)]
    pub name: String,
}

/// One shop.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Branch {
    /// Its number.
    #[n(1)]
    pub id: BranchId,
    /// Its name as customers know it.
    #[n(2)]
    pub name: String,
    /// Its time zone in the IANA database, such as `Europe/Berlin`.
    #[n(3)]
    pub time_zone: String,
    /// Where it stands, for telling customers how far it is.
    #[n(4)]
    pub place: Option<Place>,
}

/// A place on the globe (WGS 84), in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// Latitude, north positive.
    #[n(0)]
    pub latitude: i32,
    /// Longitude, east positive.
    #[n(1)]
    pub longitude: i32,
}

/// Branches that vouchers can name together: a region of one merchant, or a mall of many.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Group {
    /// Its number.
    #[n(1)]
    pub id: GroupId,
    /// What customers call it.
    #[n(2)]
    pub name: String,
    /// The branches of the bundle's merchant that belong to it.
    #[n(3)]
    pub branches: Vec<BranchId>,
}

/// A person who works at a counter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Operator {
    /// Their number.
    #[n(1)]
    pub id: OperatorId,
    /// What colleagues call them.
    #[n(2)]
    pub name: String,
    /// Where they work; none named means all of the merchant's branches.
    #[n(3)]
    pub branches: Vec<BranchId>,
    /// What they may do.
    #[n(4)]
    #[cbor(default)]
    pub role: Role,
    /// By what a terminal knows that it is they who approve.
    #[n(5)]
    pub pin: Option<PinHash>,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Redeem and undo within the rules.
    #[n(0)]
    #[default]
    Cashier,
    /// Approve what goes beyond them.
    #[n(1)]
    Supervisor,
}

impl Role {
    /// Stable code, such as `cashier`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cashier => "cashier",
            Self::Supervisor => "supervisor",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::Cashier, Self::Supervisor].into_iter().find(|role| role.code() == text);
        found.ok_or_else(|| "use cashier or supervisor".to_owned())
    }
}

/// Someone who mints vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Issuer {
    /// The name vouchers carry.
    #[n(1)]
    pub name: IssuerName,
    /// The keys it signs with.
    #[n(2)]
    pub keys: Vec<PublishedKey>,
}

/// An issuer's key with the time it may be relied on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PublishedKey {
    /// The key.
    #[n(1)]
    pub public: PublicKey,
    /// First second it may be relied on.
    #[n(2)]
    pub from: Timestamp,
    /// First second it may no longer be relied on.
    #[n(3)]
    pub until: Timestamp,
    /// Whether it was withdrawn: nothing it signed is believed.
    #[n(4)]
    pub withdrawn: bool,
}

/// Terms that many vouchers share.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Campaign {
    /// Its number; the first part of its vouchers' ids.
    #[n(1)]
    pub id: CampaignId,
    /// Who mints its vouchers.
    #[n(2)]
    pub issuer: IssuerName,
    /// What customers call it.
    #[n(3)]
    pub title: String,
    /// Whether its vouchers are honoured.
    #[n(4)]
    pub state: CampaignState,
    /// How its vouchers are decided.
    #[n(5)]
    pub policy: Policy,
}

/// Whether a campaign's vouchers are honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CampaignState {
    /// They are.
    #[n(0)]
    Active,
    /// Not until further notice.
    #[n(1)]
    Suspended,
}

/// Signs a bundle with the platform's root key.
pub fn seal_bundle(root: &SecretKey, bundle: &TrustBundle) -> Vec<u8> {
    seal_message(root, Context::Bundle, bundle)
}

impl TrustBundle {
    /// Longest bundle that is looked at, in bytes.
    pub const BYTES_MAX: usize = 4 * 1024 * 1024;

    /// The bundle in `bytes`, when the root key signed it.
    pub fn open(bytes: &[u8], root: &PublicKey) -> Result<Self, BundleError> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(BundleError::TooLarge);
        }
        Ok(open_message(bytes, root, Context::Bundle)?)
    }

    /// The least version of the protocol that a bundle asks for which is signed by the root key and not understood.
    pub fn least_protocol(bytes: &[u8], root: &PublicKey) -> Option<u32> {
        let envelope = Envelope::parse(bytes).ok()?;
        let asks: Asks = decode(envelope.verify(root, Context::Bundle)?).ok()?;
        Some(asks.protocol.least)
    }

    /// Whether this may take the place of `current`: for the same merchant, and not older.
    pub fn check_successor_of(&self, current: &Self) -> Result<(), BundleError> {
        if self.merchant.id != current.merchant.id {
            return Err(BundleError::OtherMerchant);
        }
        let (have, got) = (current.version, self.version);
        if got < have { Err(BundleError::Older { have, got }) } else { Ok(()) }
    }

    /// The campaign of an issuer with this number.
    pub fn campaign(&self, issuer: &IssuerName, id: CampaignId) -> Option<&Campaign> {
        self.campaigns.iter().find(|campaign| campaign.id == id && campaign.issuer == *issuer)
    }

    /// The branch with this number.
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.id == id)
    }

    /// The operator with this number, where they may work at the branch.
    pub fn operator(&self, id: OperatorId, branch: BranchId) -> Option<&Operator> {
        let operator = self.operators.iter().find(|operator| operator.id == id)?;
        let allowed = operator.branches.is_empty() || operator.branches.contains(&branch);
        allowed.then_some(operator)
    }

    /// The time zone of a branch; UTC where it names none that the time zone database knows.
    pub fn zone(&self, branch: BranchId) -> TimeZone {
        let name = self.branch(branch).map_or("UTC", |branch| branch.time_zone.as_str());
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// The supervisor of the branch whose PIN this is. One that is typed without a number may be anybody's, so a PIN should
    /// be one person's.
    pub fn approver(&self, typed: &str, branch: BranchId) -> Option<OperatorId> {
        let (number, pin) = read_typed(typed);
        let named = |operator: &&Operator| number.is_none_or(|number| number == operator.id);
        let mut fitting = self
            .supervisors(branch)
            .filter(named)
            .filter(|operator| operator.pin.is_some_and(|own| own.fits(pin)));
        fitting.next().map(|operator| operator.id)
    }

    /// Who may approve at a branch.
    pub fn supervisors(&self, branch: BranchId) -> impl Iterator<Item = &Operator> {
        self.operators.iter().filter(move |operator| {
            operator.role == Role::Supervisor
                && (operator.branches.is_empty() || operator.branches.contains(&branch))
        })
    }

    /// The groups that a branch belongs to.
    pub fn groups_of(&self, branch: BranchId) -> impl Iterator<Item = GroupId> {
        let of = move |group: &&Group| group.branches.contains(&branch);
        self.groups.iter().filter(of).map(|group| group.id)
    }

    /// The branches of the merchant where a voucher of this scope is accepted, the nearest to `here` first.
    pub fn accepting(&self, scope: &Scope, here: BranchId) -> Vec<(&Branch, Option<f64>)> {
        let accepts = |branch: &&Branch| match scope {
            Scope::Merchant { merchant, branches } => {
                *merchant == self.merchant.id
                    && (branches.is_empty() || branches.contains(&branch.id))
            }
            Scope::Group(group) => self.groups_of(branch.id).any(|own| own == *group),
        };
        let from = self.branch(here).and_then(|branch| branch.place);
        let distance = |branch: &Branch| Some(from?.metres_to(branch.place?));
        let branches = self.branches.iter().filter(accepts).filter(|branch| branch.id != here);
        let mut found: Vec<_> = branches.map(|branch| (branch, distance(branch))).collect();
        let far = |metres: Option<f64>| metres.unwrap_or(f64::INFINITY);
        found.sort_by(|(_, a), (_, b)| far(*a).total_cmp(&far(*b)));
        found
    }

    /// The issuers' keys, ready for look-ups.
    pub fn keyring(&self) -> Keyring {
        let mut keys = BTreeMap::<_, Vec<_>>::new();
        for issuer in &self.issuers {
            for key in &issuer.keys {
                keys.entry(key.public.id()).or_default().push(IssuerKey {
                    issuer: issuer.name.clone(),
                    public: key.public,
                    from: key.from,
                    until: key.until,
                    withdrawn: key.withdrawn,
                });
            }
        }
        Keyring { keys }
    }
}

impl Place {
    /// The way to another place over the surface of a sphere of the Earth's mean radius (6 371 009 m), in metres.
    pub fn metres_to(self, other: Self) -> f64 {
        let radians = |millionths: i32| f64::from(millionths).to_radians() / 1e6;
        let (a, b) = (radians(self.latitude), radians(other.latitude));
        let (north, east) = (b - a, radians(other.longitude) - radians(self.longitude));
        // The haversine, which keeps its precision for neighbours.
        let chord = (north / 2.0).sin().powi(2) + a.cos() * b.cos() * (east / 2.0).sin().powi(2);
        2.0 * 6_371_009.0 * chord.sqrt().min(1.0).asin()
    }
}

/// Issuers' keys by their id.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<KeyId, Vec<IssuerKey>>,
}

impl KeySource for Keyring {
    fn keys(&self, kid: KeyId) -> &[IssuerKey] {
        self.keys.get(&kid).map_or(&[], Vec::as_slice)
    }
}

/// Why a bundle is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Beyond [`TrustBundle::BYTES_MAX`].
    #[error("the trust bundle is larger than any that is taken")]
    TooLarge,
    /// Not signed by the root key, or not a bundle.
    #[error("the trust bundle is not the platform's: {0}")]
    NotSigned(#[from] EnvelopeError),
    /// Meant for other terminals.
    #[error("the trust bundle is for another merchant")]
    OtherMerchant,
    /// Set back.
    #[error("the trust bundle goes backwards: version {got} after {have}")]
    Older {
        /// Version in use.
        have: u64,
        /// Version offered.
        got: u64,
    },
}
