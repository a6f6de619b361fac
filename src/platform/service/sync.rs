//! One entry point for all a terminal asks: signed request in, signed reply out.

use super::{
    Platform, ServiceError,
    claim::claim,
    pull::{Held, chunks, lookup},
    push::{open_entries, push},
};
use crate::{
    domain::{
        envelope::{Context, Envelope, EnvelopeError, decode},
        id::{Epoch, TerminalId},
        journal::{Head, SignedEntry},
        sync::{Reply, ReplyBody, Request, RequestBody},
        time::Timestamp,
    },
    platform::store::{TerminalKeyRow, TerminalRow, Txn},
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
    /// Looks the terminal up as it is in this transaction.
    fn find(txn: &mut dyn Txn, (id, epoch): (TerminalId, Epoch)) -> Result<Self, ServiceError> {
        let terminal = txn.terminal(id)?;
        let key = txn.terminal_key(id, epoch)?;
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

    /// Entries of an earlier life are evidence and still taken in; everything else is for the device that goes
    /// on under the terminal's number.
    fn must_be_current(&self) -> Result<(), ServiceError> {
        if self.key.epoch == self.terminal.epoch {
            Ok(())
        } else {
            Err(ServiceError::TerminalSuperseded)
        }
    }
}

/// A question with everything verified that needs no transaction.
enum Question {
    Push { after: Head, entries: Vec<SignedEntry> },
    Other(RequestBody),
}

impl Platform {
    /// Answers a terminal. Signatures are verified between two transactions, so that nobody waits for them; the
    /// second looks the terminal up again.
    pub fn sync(&self, bytes: &[u8]) -> Result<Vec<u8>, ServiceError> {
        self.sync_with(bytes, None)
    }

    /// The same, where it is known what the terminal's program calls itself.
    ///
    /// What is asked is read only once it is known to be the terminal's.
    pub fn sync_with(&self, bytes: &[u8], software: Option<&str>) -> Result<Vec<u8>, ServiceError> {
        let envelope = Envelope::parse(bytes)?;
        let asks = Request::claimed_by(bytes).ok_or(EnvelopeError::Spelling)?;
        let caller = self.run(|txn| Caller::find(txn, asks))?;
        let payload = envelope.verify(&caller.key.key, Context::Request);
        let payload = payload.ok_or(ServiceError::SignatureInvalid)?;
        let request: Request = decode(payload).map_err(ServiceError::NotUnderstood)?;
        let question = verify_body(&caller, request.body.clone())?;
        // Read before the transaction begins: all that was learnt by then is in the answer.
        let now = self.now();
        let body = self.run(|txn| {
            let mut caller = Caller::find(txn, asks)?;
            caller.terminal.last_contact = Some(now);
            if let Some(software) = software.and_then(printable) {
                caller.terminal.software = Some(software);
            }
            txn.put_terminal(&caller.terminal)?;
            self.answer(txn, &caller, question, now)
        })?;
        let reply = Reply { nonce: request.nonce, terminal: request.terminal, time: now, body };
        Ok(reply.seal(&self.keys.platform))
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
                return push(txn, caller, (after, entries), now);
            }
            Question::Other(body) => body,
        };
        caller.must_be_current()?;
        match body {
            RequestBody::Push { .. } => Err(ServiceError::OutOfBounds("a push without entries")),
            RequestBody::Pull { bundle, lists, conflicts_after, listed_after, leases } => {
                let held = Held { bundle, lists, conflicts_after, listed_after, leases };
                self.pull(txn, caller, &held, now)
            }
            RequestBody::Chunks { list, numbers } => chunks(txn, caller, &list, &numbers),
            RequestBody::Claim { claims, after } => claim(txn, caller, (&claims, after), now),
            RequestBody::Lookup { code } => lookup(txn, caller, code),
        }
    }
}

/// A program's name for itself, as far as it can be shown anywhere.
fn printable(software: &str) -> Option<String> {
    let fits = (1..=SOFTWARE_MAX).contains(&software.len());
    let plain = software.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (fits && plain).then(|| software.to_owned())
}

fn verify_body(caller: &Caller, body: RequestBody) -> Result<Question, ServiceError> {
    let RequestBody::Push { after, entries } = body else {
        return Ok(Question::Other(body));
    };
    let entries = open_entries(&caller.key, &entries)?;
    Ok(Question::Push { after, entries })
}
