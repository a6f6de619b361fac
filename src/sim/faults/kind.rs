//! Every kind of fault by name, so that a run can say how often each was there.

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])* $name),+
        }

        impl Fault {
            /// All kinds, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Stable code, such as `request_lost`.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code),+
                }
            }
        }
    };
}

faults! {
    /// A question never arrives.
    RequestLost = "request_lost",
    /// An answer never arrives, although the platform acted on the question.
    AnswerLost = "answer_lost",
    /// A question arrives late, perhaps after its sender gave up.
    RequestDelayed = "request_delayed",
    /// An answer arrives late.
    AnswerDelayed = "answer_delayed",
    /// A question arrives twice.
    Duplicated = "duplicated",
    /// Questions overtake each other.
    Reordered = "reordered",
    /// One terminal is cut off.
    OneCutOff = "one_cut_off",
    /// All terminals are cut off.
    AllCutOff = "all_cut_off",
    /// Something else answers.
    GarbageAnswer = "garbage_answer",
    /// An answer breaks off.
    TruncatedAnswer = "truncated_answer",
    /// A bit of an answer is flipped.
    FlippedAnswer = "flipped_answer",
    /// A bit of a question is flipped.
    FlippedRequest = "flipped_request",
    /// An earlier answer is played again.
    OldAnswer = "old_answer",
    /// An earlier question is played again.
    OldRequest = "old_request",
    /// The edge refuses with 503 before the platform is reached.
    RefusedBusy = "refused_5xx",
    /// The platform acts and the edge answers with 502 all the same.
    FailedAfterwards = "5xx_after_commit",
    /// The edge refuses with 408 or 429.
    RefusedLater = "refused_408_429",
    /// The edge refuses with 403.
    RefusedForGood = "refused_4xx",
    /// The platform is down.
    PlatformDown = "platform_down",
    /// A terminal's clock runs too fast or too slow.
    ClockDrift = "clock_drift",
    /// A terminal's clock jumps ahead.
    ClockForward = "clock_forward",
    /// A terminal's clock jumps back.
    ClockBack = "clock_back",
    /// A terminal starts in 1970.
    DeadBattery = "dead_battery",
    /// The platform's clock jumps ahead.
    PlatformClockForward = "platform_clock_forward",
    /// The platform's clock jumps back.
    PlatformClockBack = "platform_clock_back",
    /// A terminal sleeps, and its monotonic clock with it.
    Suspended = "suspended",
    /// The power of a terminal fails at some write.
    PowerCut = "power_cut",
    /// The program of a terminal is killed between two events.
    Killed = "killed",
    /// The program is killed after the commit and before the cashier saw the verdict.
    KilledUnseen = "killed_unseen",
    /// A write of a terminal fails.
    WriteError = "write_error",
    /// A read of a terminal fails.
    ReadError = "read_error",
    /// A sync of a terminal's disk fails.
    SyncError = "sync_error",
    /// A terminal's disk is full for a while.
    DiskFull = "disk_full",
    /// A terminal goes on from an old copy of its disk.
    TerminalRestored = "terminal_restored",
    /// A terminal's disk is copied and both go on.
    TerminalCloned = "terminal_cloned",
    /// A terminal is lost with what it had not sent, and enrolled again in the next epoch.
    TerminalLost = "terminal_lost",
    /// A terminal is enrolled again in its own folder.
    EnrolledAgain = "enrolled_again",
    /// Two devices use one enrolment code.
    CodeUsedTwice = "code_used_twice",
    /// The answer to an enrolment is lost and it is repeated.
    GrantLost = "grant_lost",
    /// A terminal is revoked at the platform.
    TerminalRevoked = "terminal_revoked",
    /// The power of the platform fails at some write.
    PlatformPowerCut = "platform_power_cut",
    /// A write or sync of the platform fails.
    PlatformDiskError = "platform_disk_error",
    /// The platform's program is started anew.
    PlatformRestarted = "platform_restarted",
    /// The platform goes on from an old backup.
    PlatformRestored = "platform_restored",
    /// An issuer's key is withdrawn.
    KeyWithdrawn = "key_withdrawn",
    /// An issuer's key was stolen and mints vouchers.
    KeyStolen = "key_stolen",
    /// A voucher signed by nobody known.
    Forged = "forged_voucher",
    /// A voucher with a bit flipped.
    FlippedVoucher = "flipped_voucher",
    /// A voucher is shown that was shown before: a copy.
    Copied = "copied_voucher",
    /// A copy of a phone's or a fresh code is shown later.
    StaleCopy = "stale_live_copy",
    /// One code comes from two readers at once.
    TwoReaders = "two_readers",
    /// A scan arrives while the platform is asked.
    ScanWhileAsking = "scan_while_asking",
    /// A question to the cashier is left open or dismissed.
    Abandoned = "question_abandoned",
    /// The program ends in the middle of a question.
    QuitMidQuestion = "quit_mid_question",
    /// A dishonest terminal signs a redemption beyond the limit.
    CrookOverLimit = "crook_over_limit",
    /// A dishonest terminal gives back what it never took.
    CrookReturn = "crook_return",
    /// A dishonest terminal signs for another branch.
    CrookBranch = "crook_branch",
    /// A dishonest terminal invents a lease.
    CrookLease = "crook_lease",
    /// A dishonest terminal signs times in the future.
    CrookFuture = "crook_future",
    /// A dishonest terminal sends two journals.
    CrookFork = "crook_fork",
    /// A dishonest terminal says it used less than one, or less than nothing.
    CrookNegative = "crook_negative",
    /// A cashier keeps customers' codes and redeems them later.
    HarvestedCode = "harvested_code",
    /// A cashier takes back what was handed over.
    RollbackAbuse = "rollback_abuse",
    /// A cashier tries PINs.
    WrongPin = "wrong_pin",
    /// A claim is asked for and never redeemed.
    ClaimLeftOpen = "claim_left_open",
}
