//! Making a terminal's store anew after it was damaged, set back or lost: from what the platform holds of its journal, and
//! from what can still be read of the files that were moved aside.
//!
//! A journal goes on in its epoch only where it is certain that it is all there. Otherwise an entry could be written at a
//! position that had another one, which a receipt or the platform may know.

use std::time::Duration;

use super::{
    runtime::SYNC_PATH,
    source::{Source, SourceError},
    sync_driver::Nonce,
};
use crate::{
    domain::{
        clock::Now,
        crypto::{PublicKey, SecretKey},
        enrol::{EnrolError, EnrolmentCode, Grant},
        envelope::EnvelopeError,
        id::{Epoch, Seq, TerminalId},
        journal::{ChainError, Head, SignedEntry, verify_link},
        sync::{Reply, ReplyBody, Request, RequestBody},
        trust::TrustBundle,
    },
    net::{Transport, TransportError},
    store::{Anchored, Mark, Rebuild, Salvaged, Store, StoreError, salvage},
};

/// Questions one recovery asks at the most, so that a platform that always has more ends it too.
const QUESTIONS_MAX: u32 = 20_000;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a recovery came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Entries the platform gave back.
    pub from_platform: u64,
    /// Entries that only the damaged files held; they wait to be sent.
    pub salvaged: u64,
    /// Entries that are known to be lost, where the end of the journal may be; none where it is all there.
    pub lost: Option<u64>,
}

impl Recovery {
    /// What to tell people, with what to do.
    pub fn sentences(&self) -> Vec<String> {
        let Self { from_platform, salvaged, lost } = self;
        let mut sentences = vec![
            format!("{from_platform} entries came from the platform."),
            format!(
                "{salvaged} were found in the damaged files and go to the platform with the next sync."
            ),
        ];
        sentences.push(match lost {
            None => "The journal is all there: the terminal can go on.".to_owned(),
            Some(known) => format!(
                "The end of the journal may be lost: at least {known} entries after the last one that was found. Run `countersign sync`, then ask for a new code for this terminal and run `countersign enrol` with it."
            ),
        });
        sentences
    }
}

/// What can be read of the stores of a folder that were moved aside.
#[derive(Clone, Debug)]
pub struct Damaged {
    /// Whose.
    pub terminal: TerminalId,
    /// The key they were signed with.
    pub key: PublicKey,
    /// The platform's root key.
    pub root: PublicKey,
    /// The key of its acknowledgements.
    pub platform_key: PublicKey,
    /// What was found.
    pub entries: Salvaged,
}

/// Reads what can be read of the stores that were moved aside; the device's key is not needed.
pub fn damaged(source: &Source) -> Result<Damaged, RecoveryError> {
    let kept = source.kept_grant().ok_or(RecoveryError::NoGrant)?;
    let (grant, bundle) = Grant::open_any(&kept.answer, &kept.root)?;
    let entries = salvage(&source.store_place()?, &grant.key, Some(&bundle.platform_key))?;
    let platform_key = bundle.platform_key;
    Ok(Damaged { terminal: grant.terminal, key: grant.key, root: kept.root, platform_key, entries })
}

/// The parts of the world a recovery needs.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The way to the platform.
    pub transport: &'a dyn Transport,
    /// Sixteen unpredictable bytes.
    pub random: fn() -> Nonce,
    /// The clocks.
    pub now: Now,
}

/// Where the platform of a terminal without a store is reached.
pub fn platform_url(source: &Source) -> Result<String, RecoveryError> {
    Ok(source.kept_grant().ok_or(RecoveryError::NoGrant)?.url)
}

/// Makes the store anew. Nothing of the damaged one is changed, and a store that is sound is left alone.
pub fn recover(source: &Source, means: Means<'_>) -> Result<Recovery, RecoveryError> {
    let key = source.key()?;
    check_needed(source)?;
    let kept = source.kept_grant().ok_or(RecoveryError::NoGrant)?;
    let (grant, bundle) = Grant::open(&kept.answer, &kept.root, &key.public())?;
    let platform = Platform { means, key: &key, grant: &grant, bundle: &bundle };
    let mut entries = platform.journal()?;
    let from_platform = entries.len();
    let held = head_of(&entries, grant.epoch);
    let place = source.store_place()?;
    let salvaged = salvage(&place, &key.public(), Some(&bundle.platform_key))?;
    check_acknowledged(&entries, held, &salvaged)?;
    join(&mut entries, held, &salvaged);
    let joined = head_of(&entries, grant.epoch);
    let lost = lost(source, &key.public(), joined, &salvaged)?;
    let code = EnrolmentCode { url: kept.url, root: kept.root, secret: [0; 16], pins: None };
    let rebuild = Rebuild {
        code: &code,
        grant: &grant,
        bundle: &bundle,
        entries: &entries,
        acked: held.seq,
        lost,
    };
    drop(Store::rebuild(&place, SecretKey::from_seed(&key.seed()), rebuild, means.now)?);
    Ok(Recovery {
        from_platform: count(from_platform),
        salvaged: count(entries.len().saturating_sub(from_platform)),
        lost,
    })
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX)
}

/// A damaged store that stands in its place is moved aside by this look at it.
fn check_needed(source: &Source) -> Result<(), RecoveryError> {
    match source.open() {
        Ok(_sound) => Err(StoreError::NothingLost.into()),
        Err(SourceError::Store(StoreError::SetAside { .. } | StoreError::Gone)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn head_of(entries: &[SignedEntry], epoch: Epoch) -> Head {
    let last = entries.last().map(SignedEntry::head).filter(|head| head.epoch == epoch);
    last.unwrap_or(Head::start(epoch))
}

/// What the platform once acknowledged in writing must be in what it gives back, as far as that goes.
fn check_acknowledged(
    entries: &[SignedEntry],
    held: Head,
    salvaged: &Salvaged,
) -> Result<(), RecoveryError> {
    let within = |head: &Head| head.epoch == held.epoch && (Seq(1)..=held.seq).contains(&head.seq);
    let Some(acknowledged) = salvaged.acknowledged.filter(within) else {
        return Ok(());
    };
    let found = entries.iter().rev().any(|entry| entry.head() == acknowledged);
    if found { Ok(()) } else { Err(RecoveryError::OtherJournal(acknowledged.seq)) }
}

/// Goes on with what only the damaged files hold, as long as it follows.
fn join(entries: &mut Vec<SignedEntry>, held: Head, salvaged: &Salvaged) {
    let mut end = held;
    while let Some(next) = salvaged.after(end) {
        end = next.head();
        entries.push(next.clone());
    }
}

/// Entries that are known to have been written and were not found; none where it is certain that nothing is missing.
fn lost(
    source: &Source,
    key: &PublicKey,
    joined: Head,
    salvaged: &Salvaged,
) -> Result<Option<u64>, RecoveryError> {
    let found = Anchored::read(&source.place(), key)?;
    let mark = found.mark().filter(|mark| mark.head.epoch == joined.epoch);
    let acknowledged = salvaged.acknowledged.filter(|head| head.epoch == joined.epoch);
    let known = [
        mark.map(|mark| mark.head.seq),
        salvaged.last_of(joined.epoch),
        acknowledged.map(|head| head.seq),
    ];
    let furthest = known.into_iter().flatten().max().unwrap_or(joined.seq);
    let missing = furthest.0.saturating_sub(joined.seq.0);
    let ended = mark.is_some_and(|mark: Mark| mark.ends_at(joined));
    let complete = missing == 0 && (ended || salvaged.tail == Some(joined));
    Ok((!complete).then_some(missing))
}

/// The platform as this terminal asks it for its own journal.
#[derive(Clone, Copy)]
struct Platform<'a> {
    means: Means<'a>,
    key: &'a SecretKey,
    grant: &'a Grant,
    bundle: &'a TrustBundle,
}

impl Platform<'_> {
    /// The journal in all epochs that this device's key signed, verified.
    fn journal(self) -> Result<Vec<SignedEntry>, RecoveryError> {
        let mut entries = Vec::new();
        for epoch in 1..=self.grant.epoch.0 {
            match self.life(Epoch(epoch)) {
                Ok(life) => entries.extend(life),
                // Another device's: this one cannot vouch for it, and the platform counts what it consumed.
                Err(RecoveryError::NotSigned(_)) if epoch < self.grant.epoch.0 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(entries)
    }

    fn life(self, epoch: Epoch) -> Result<Vec<SignedEntry>, RecoveryError> {
        let mut entries = Vec::new();
        let mut end = Head::start(epoch);
        for _ in 0..QUESTIONS_MAX {
            let (head, more) = self.ask(epoch, end.seq)?;
            let any = !more.is_empty();
            for bytes in more {
                let entry = SignedEntry::open(&bytes, &self.key.public())
                    .map_err(RecoveryError::NotSigned)?;
                end = verify_link(end, &entry)?;
                entries.push(entry);
            }
            if end == head {
                return Ok(entries);
            }
            if !any || end.seq >= head.seq {
                return Err(RecoveryError::DoesNotAddUp);
            }
        }
        Err(RecoveryError::DoesNotAddUp)
    }

    fn ask(self, epoch: Epoch, after: Seq) -> Result<(Head, Vec<Vec<u8>>), RecoveryError> {
        let nonce = (self.means.random)();
        let request = Request {
            terminal: self.grant.terminal,
            epoch: self.grant.epoch,
            nonce,
            body: RequestBody::History { epoch, after },
        };
        let answer = self.means.transport.call(SYNC_PATH, request.seal(self.key), PATIENCE)?;
        let who = (self.grant.terminal, nonce);
        let reply = Reply::open(&answer, &self.bundle.platform_key, who)
            .map_err(RecoveryError::NotThePlatform)?;
        let ReplyBody::History { head, entries } = reply.body else {
            return Err(RecoveryError::DoesNotAddUp);
        };
        Ok((head, entries.into_iter().map(Into::into).collect()))
    }
}

/// Why a store was not made anew.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The folder cannot be used, or needs no recovery.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store cannot be made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The platform cannot be asked.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What was granted was not kept.
    #[error(
        "the file terminal.grant is missing or damaged: ask for a new code for this terminal and run `countersign enrol`; `countersign journal salvage` writes what can be read of the damaged files"
    )]
    NoGrant,
    /// What was granted is not this device's.
    #[error(transparent)]
    Grant(#[from] EnrolError),
    /// Not the platform's word.
    #[error("the answer is not the platform's: {0}")]
    NotThePlatform(#[source] EnvelopeError),
    /// An entry that this device did not sign.
    #[error("the platform gave back an entry that this device did not sign: {0}")]
    NotSigned(#[source] EnvelopeError),
    /// Entries that do not follow each other.
    #[error("the entries the platform gave back do not follow each other: {0}")]
    Chain(#[from] ChainError),
    /// Entries that do not lead to the head that was named.
    #[error("the entries the platform gave back do not lead to the end it names")]
    DoesNotAddUp,
    /// The platform gives back another journal than the one it acknowledged.
    #[error(
        "the platform once acknowledged another entry at position {0} than it gives back now; keep this folder and call the platform's operator"
    )]
    OtherJournal(Seq),
}
