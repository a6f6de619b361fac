//! Deliberate mistakes in the protocol: the checker must find each of them.

/// One thing that is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// The platform acknowledges and commits afterwards.
    AcknowledgedBeforeCommit,
    /// What was sent is taken as acknowledged.
    SentIsAcknowledged,
    /// The terminal compares positions only.
    AcknowledgementWithoutHash,
    /// The platform appends whatever comes after the position it holds.
    RunWithoutHash,
    /// Entries that are held already are booked again.
    BookedAgain,
    /// A terminal that hears of the fork goes on.
    ForkIgnored,
    /// The fork is forgotten at the next start.
    ForkForgotten,
    /// A use beyond the limit is not noted.
    ConflictNotNoted,
    /// A claim ends after a while.
    ClaimExpires,
    /// Any push releases the terminal's claims.
    ClaimReleasedByAnyPush,
    /// The claims of others are not counted.
    ClaimGrantedToTwo,
    /// A question that was kept back sets a use aside although its answer is in the journal.
    StaleClaimTaken,
    /// A claim is granted to whatever journal is as long as the one that is held.
    ClaimWithoutHash,
    /// A question that was kept back takes the place of a later one.
    LateClaimReplaces,
    /// The device of the next epoch takes the place of its predecessor's claim.
    ClaimOfPredecessorReplaced,
    /// The platform's no is taken for silence.
    RefusalIsSilence,
    /// An answer that comes after its time is honoured.
    LateAnswerHonoured,
    /// Something else is written while a claim is out.
    WrittenWhileAsking,
    /// A lease is over when the platform's clock says so.
    LeaseEndedByClock,
    /// What is lent is not counted when somebody asks.
    LeaseNotCounted,
    /// The lease of the terminal that asks is not counted although it would not be taken from it.
    OwnLeaseNotCounted,
    /// The terminal takes from a lease that it gave back.
    LeaseUsedAfterItsEnd,
    /// The verdict is shown before it is on disk.
    ShownBeforeCommit,
    /// The store does not look at its own journal.
    OwnUseForgotten,
    /// A device is enrolled into an epoch that another had.
    EpochReused,
    /// A redemption is given back as often as wanted.
    GivenBackTwice,
    /// An older acknowledgement moves the queue back.
    AcknowledgedGoesBack,
}

impl Mistake {
    pub(crate) const ALL: [Self; 27] = [
        Self::AcknowledgedBeforeCommit,
        Self::SentIsAcknowledged,
        Self::AcknowledgementWithoutHash,
        Self::RunWithoutHash,
        Self::BookedAgain,
        Self::ForkIgnored,
        Self::ForkForgotten,
        Self::ConflictNotNoted,
        Self::ClaimExpires,
        Self::ClaimReleasedByAnyPush,
        Self::ClaimGrantedToTwo,
        Self::StaleClaimTaken,
        Self::ClaimWithoutHash,
        Self::LateClaimReplaces,
        Self::ClaimOfPredecessorReplaced,
        Self::RefusalIsSilence,
        Self::LateAnswerHonoured,
        Self::WrittenWhileAsking,
        Self::LeaseEndedByClock,
        Self::LeaseNotCounted,
        Self::OwnLeaseNotCounted,
        Self::LeaseUsedAfterItsEnd,
        Self::ShownBeforeCommit,
        Self::OwnUseForgotten,
        Self::EpochReused,
        Self::GivenBackTwice,
        Self::AcknowledgedGoesBack,
    ];
}
