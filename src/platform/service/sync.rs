//! One entry point for all a terminal asks: signed request in, signed reply out.

use super::{
    Platform, ServiceError,
    claim::claim,
    history::history,
    pull::{Held, chunks, lookup},
    push::{open_entries, push},
};
use crate::{
    domain::{
        envelope::{Context, Envelope, EnvelopeError, decode},
        id::{Epoch, TerminalId},
        journal::{Head, SignedEntry},
        sync::{Mismatch, Reply, ReplyBody, Request, RequestBody},
        time::Timestamp,
    },
    platform::store::{StoreError, TerminalKeyRow, TerminalRow, Txn},
};

/// Longest name a terminal's program may have, in bytes.
const SOFTWARE_MAX: usize = 80;

/// The terminal that asks, and the key it asks with.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) terminal: TerminalRow,
    pub(super) key: TerminalKeyRow,
}

impl Caller {
    /// The terminal in a life of its journal as it is in this transaction, unless it was revoked.
    pub(super) fn find(
        txn: &mut dyn Txn,
        (terminal, epoch): (TerminalId, Epoch),
    ) -> Result<Self, ServiceError> {
        let key = txn.terminal_key(terminal, epoch)?;
        let terminal = txn.terminal(terminal)?;
        let (Some(terminal), Some(key)) = (terminal, key) else {
            return Err(ServiceError::TerminalUnknown);
        };
        if key.revoked {
            return Err(ServiceError::TerminalRevoked);
        }
        Ok(Self { terminal, key })
    }

    /// Whether this is the device that asks.
    pub(super) fn holds(&self, terminal: TerminalId, epoch: Epoch) -> bool {
        (self.key.terminal, self.key.epoch) == (terminal, epoch)
    }

    /// Whose entries a request carries: the caller's, or those an earlier device of this terminal wrote, which the one that
    /// goes on may hand in; none where nobody of that life is known, or it was revoked.
    fn writer(self, txn: &mut dyn Txn, epoch: Epoch) -> Result<Option<Self>, StoreError> {
        if epoch >= self.key.epoch {
            return Ok(Some(self));
        }
        let key = txn.terminal_key(self.key.terminal, epoch)?;
        Ok(key.filter(|key| !key.revoked).map(|key| Self { key, ..self }))
    }

    /// Entries of an earlier life are evidence and still taken in; everything else is for the device that goes
    /// on under the terminal's number.
    pub(super) fn must_be_current(&self) -> Result<(), ServiceError> {
        if self.key.epoch == self.terminal.epoch {
            Ok(())
        } else {
            Err(ServiceError::TerminalSuperseded)
        }
    }
}

/// A question with everything verified that needs no transaction.
pub(super) enum Question {
    Push {
        after: Head,
        entries: Vec<SignedEntry>,
    },
    /// Entries of an earlier life that cannot be taken in its name, which must not hold up those of the present one.
    Stranded(Epoch),
    Other(RequestBody),
}

impl Platform {
    /// Answers a terminal.
    pub fn sync(&self, bytes: &[u8]) -> Result<Vec<u8>, ServiceError> {
        self.sync_with(bytes, None)
    }

    /// The same, where it is known what the terminal's program calls itself.
    pub fn sync_with(&self, bytes: &[u8], software: Option<&str>) -> Result<Vec<u8>, ServiceError> {
        let (request, question) = self.verified(bytes)?;
        let (body, now) = self.in_turn((&request, software), |txn, caller, now| {
            self.answer(txn, caller, question, now)
        })?;
        Ok(self.reply(&request, body, now))
    }

    /// The request in a message, when its terminal signed it: what is asked is read only once that is known. Signatures are
    /// verified between two transactions, so that nobody waits for them; the second looks the terminal up again.
    pub(super) fn verified(&self, bytes: &[u8]) -> Result<(Request, Question), ServiceError> {
        let envelope = Envelope::parse(bytes)?;
        let asks = Request::claimed_by(bytes).ok_or(EnvelopeError::Spelling)?;
        let caller = self.run(|txn| Caller::find(txn, asks))?;
        let payload = envelope.verify(&caller.key.key, Context::Request);
        let payload = payload.ok_or(ServiceError::SignatureInvalid)?;
        let request: Request = decode(payload).map_err(ServiceError::NotUnderstood)?;
        let question = self.verify_body(&caller, request.body.clone())?;
        Ok((request, question))
    }

    /// Runs `work` for the terminal that asks, in one transaction, with the time that its answer is of.
    pub(super) fn in_turn<T>(
        &self,
        (request, software): (&Request, Option<&str>),
        work: impl FnOnce(&mut dyn Txn, &Caller, Timestamp) -> Result<T, ServiceError>,
    ) -> Result<(T, Timestamp), ServiceError> {
        // Read before the transaction begins: all that was learnt by then is in the answer.
        let now = self.now();
        let done = self.run(|txn| {
            let mut caller = Caller::find(txn, (request.terminal, request.epoch))?;
            caller.terminal.last_contact = Some(now);
            if let Some(software) = software.and_then(printable) {
                caller.terminal.software = Some(software);
            }
            txn.put_terminal(&caller.terminal)?;
            work(txn, &caller, now)
        })?;
        Ok((done, now))
    }

    /// A signed reply.
    pub(super) fn reply(&self, request: &Request, body: ReplyBody, time: Timestamp) -> Vec<u8> {
        let reply = Reply { nonce: request.nonce, terminal: request.terminal, time, body };
        reply.seal(&self.keys.platform)
    }

    fn answer(
        &self,
        txn: &mut dyn Txn,
        caller: &Caller,
        question: Question,
        now: Timestamp,
    ) -> Result<ReplyBody, ServiceError> {
        let body = match question {
            Question::Push { after, entries } => {
                return push_as_writer(txn, caller, (after, entries), now);
            }
            Question::Stranded(epoch) => return Ok(stranded(epoch)),
            Question::Other(body) => body,
        };
        if let RequestBody::History { epoch, after } = body {
            return history(txn, caller, (epoch, after));
        }
        caller.must_be_current()?;
        match body {
            RequestBody::Push { .. } | RequestBody::History { .. } => {
                Err(ServiceError::OutOfBounds("answered elsewhere"))
            }
            RequestBody::Pull { bundle, lists, conflicts_after, listed_after, leases } => {
                let held = Held { bundle, lists, conflicts_after, listed_after, leases };
                self.pull(txn, caller, &held, now)
            }
            RequestBody::Chunks { list, numbers } => chunks(txn, caller, &list, &numbers),
            RequestBody::Claim { claims, after, trail } => {
                claim(txn, caller, (&claims, after, &trail), now)
            }
            RequestBody::Lookup { code } => lookup(txn, caller, code),
        }
    }

    fn verify_body(&self, caller: &Caller, body: RequestBody) -> Result<Question, ServiceError> {
        let RequestBody::Push { after, entries } = body else {
            return Ok(Question::Other(body));
        };
        let Some(writer) = self.run(|txn| Ok(caller.clone().writer(txn, after.epoch)?))? else {
            return Ok(Question::Stranded(after.epoch));
        };
        match open_entries(&writer.key, &entries) {
            Err(ServiceError::EntryInvalid { .. }) if after.epoch < caller.key.epoch => {
                Ok(Question::Stranded(after.epoch))
            }
            entries => Ok(Question::Push { after, entries: entries? }),
        }
    }
}

/// Takes in a run of the caller's present life, or of one before.
pub(super) fn push_as_writer(
    txn: &mut dyn Txn,
    caller: &Caller,
    run: (Head, Vec<SignedEntry>),
    now: Timestamp,
) -> Result<ReplyBody, ServiceError> {
    match caller.clone().writer(txn, run.0.epoch)? {
        Some(writer) => push(txn, &writer, run, now),
        None => Ok(stranded(run.0.epoch)),
    }
}

/// The answer to entries of a life that is not known here, or not under that key.
pub(super) fn stranded(epoch: Epoch) -> ReplyBody {
    ReplyBody::Mismatch { kind: Mismatch::Epoch, head: Head::start(epoch) }
}

/// A program's name for itself, as far as it can be shown anywhere.
fn printable(software: &str) -> Option<String> {
    let fits = (1..=SOFTWARE_MAX).contains(&software.len());
    let plain = software.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (fits && plain).then(|| software.to_owned())
}
