//! Deliberate mistakes: what the protocol would be without one of its rules. Each is made by an adapter around the real
//! platform or the real terminal, and the checks must notice it.

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mistake {
    /// Journals are compared by position and not by hash, on both sides.
    PositionsOnly,
    /// The platform acknowledges before it has committed, and sometimes loses what it acknowledged.
    AckBeforeCommit,
    /// A terminal takes what it sent for delivered.
    SentIsDelivered,
    /// A terminal drops entries that the platform refuses.
    RefusedIsDropped,
    /// Entries that are held already are booked again.
    NoDeduplication,
    /// A claim is forgotten after a minute.
    ClaimsExpire,
    /// A claim is released by entries that were there before it.
    ClaimReleasedByOldEntry,
    /// The platform grants what another terminal has set aside.
    ClaimsOfOthersIgnored,
    /// A lease ends by the platform's clock.
    LeaseEndsByClock,
    /// A terminal takes an older bundle.
    BundleGoesBack,
    /// A list counts as current although parts of it are missing.
    IncompleteListIsCurrent,
    /// A terminal goes on after a fork.
    ForkIgnored,
    /// Conflicts are found and told to nobody.
    ConflictsDropped,
    /// A roll back is booked twice.
    ReturnedTwice,
    /// A refusal by the platform counts as silence.
    RefusalIsSilence,
    /// An answer is believed whichever question it answers.
    AnyNonce,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::PositionsOnly,
        Self::AckBeforeCommit,
        Self::SentIsDelivered,
        Self::RefusedIsDropped,
        Self::NoDeduplication,
        Self::ClaimsExpire,
        Self::ClaimReleasedByOldEntry,
        Self::ClaimsOfOthersIgnored,
        Self::LeaseEndsByClock,
        Self::BundleGoesBack,
        Self::IncompleteListIsCurrent,
        Self::ForkIgnored,
        Self::ConflictsDropped,
        Self::ReturnedTwice,
        Self::RefusalIsSilence,
        Self::AnyNonce,
    ];

    /// Stable code, such as `positions_only`.
    pub fn code(self) -> &'static str {
        match self {
            Self::PositionsOnly => "positions_only",
            Self::AckBeforeCommit => "ack_before_commit",
            Self::SentIsDelivered => "sent_is_delivered",
            Self::RefusedIsDropped => "refused_is_dropped",
            Self::NoDeduplication => "no_deduplication",
            Self::ClaimsExpire => "claims_expire",
            Self::ClaimReleasedByOldEntry => "claim_released_by_old_entry",
            Self::ClaimsOfOthersIgnored => "claims_of_others_ignored",
            Self::LeaseEndsByClock => "lease_ends_by_clock",
            Self::BundleGoesBack => "bundle_goes_back",
            Self::IncompleteListIsCurrent => "incomplete_list_is_current",
            Self::ForkIgnored => "fork_ignored",
            Self::ConflictsDropped => "conflicts_dropped",
            Self::ReturnedTwice => "returned_twice",
            Self::RefusalIsSilence => "refusal_is_silence",
            Self::AnyNonce => "any_nonce",
        }
    }
}

impl std::str::FromStr for Mistake {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mistake| mistake.code() == text);
        found.ok_or_else(|| {
            let codes: Vec<_> = Self::ALL.into_iter().map(Self::code).collect();
            format!("use one of {}", codes.join(", "))
        })
    }
}
