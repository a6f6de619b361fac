//! What the platform vouches for: issuers' keys, campaigns, branches, operators, policy, and the state of vouchers.

mod bundle;
mod status;
mod version;

pub use bundle::{
    Branch, BundleError, Campaign, CampaignState, Group, Issuer, Keyring, Merchant, Operator,
    Place, Protocols, PublishedKey, Role, TrustBundle, seal_bundle,
};
pub use status::{
    CHUNK_BYTES, CHUNK_VOUCHERS, Chunk, Manifest, ManifestError, Status, StatusList, chunk_of,
    place_of,
};
pub use version::next_version;
