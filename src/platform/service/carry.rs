//! Parcels of terminals that are never online: their messages are answered as if they had come over the network.
//!
//! Only what may be late is taken: entries, and the question what is newer. A use is set aside for nobody by a message that was
//! on its way for a week.

use super::{
    Platform, ServiceError,
    pull::{Held, changed_lists, chunks, list_name},
    status::chunks_of,
    sync::{Caller, Question, push_as_writer, stranded},
};
use crate::{
    domain::{
        id::{Seq, TerminalId},
        journal::{Head, SignedEntry},
        sync::{CHUNKS_MAX, Parcel, ParcelKind, ParcelName, ReplyBody, Request, RequestBody},
        time::Timestamp,
        trust::CHUNK_BYTES,
    },
    platform::store::Txn,
};

/// What came of one parcel.
#[derive(Debug)]
pub struct Carried {
    /// Whose it is.
    pub terminal: TerminalId,
    /// Entries that were not held before.
    pub entries: u64,
    /// The last entry that is held.
    pub head: Option<Seq>,
    /// Whether the journal is another than the one that is held.
    pub mismatch: bool,
    /// Messages that were not answered, in words.
    pub refused: Vec<ServiceError>,
    /// The replies; none where there is nothing to say.
    pub answer: Option<Vec<u8>>,
}

impl Platform {
    /// Takes the entries of a parcel of this name and answers nothing; only a store that fails is an error.
    pub fn carry_entries(
        &self,
        name: &ParcelName,
        messages: &[&[u8]],
    ) -> Result<Carried, ServiceError> {
        self.carry_each(name, messages, None)
    }

    /// Answers the messages of a parcel of this name; only a store that fails is an error.
    pub fn carry(&self, name: &ParcelName, messages: &[&[u8]]) -> Result<Carried, ServiceError> {
        let mut answer = Parcel::new(ParcelKind::Replies);
        let carried = self.carry_each(name, messages, Some(&mut answer))?;
        let answer = (!answer.is_empty()).then(|| answer.to_bytes());
        Ok(Carried { answer, ..carried })
    }

    fn carry_each(
        &self,
        name: &ParcelName,
        messages: &[&[u8]],
        mut answer: Option<&mut Parcel>,
    ) -> Result<Carried, ServiceError> {
        let mut carried = Carried {
            terminal: name.terminal,
            entries: 0,
            head: None,
            mismatch: false,
            refused: Vec::new(),
            answer: None,
        };
        for message in messages {
            match self.carry_one(name, message, (&mut carried, answer.as_deref_mut())) {
                Err(ServiceError::Store(error)) => return Err(error.into()),
                Err(error) => carried.refused.push(error),
                Ok(()) => {}
            }
        }
        Ok(carried)
    }

    fn carry_one(
        &self,
        name: &ParcelName,
        message: &[u8],
        (carried, answer): (&mut Carried, Option<&mut Parcel>),
    ) -> Result<(), ServiceError> {
        let (request, question) = self.verified(message)?;
        if request.terminal != name.terminal {
            let reason = "the message is another terminal's than the file's name says";
            return Err(ServiceError::OutOfBounds(reason));
        }
        match question {
            Question::Push { after, entries } => {
                let reply = self.carry_push(&request, (after, entries), carried)?;
                if let Some(answer) = answer {
                    answer.push(reply);
                }
            }
            Question::Stranded(epoch) => {
                carried.mismatch = true;
                let (body, now) = self.in_turn((&request, None), |_, _, _| Ok(stranded(epoch)))?;
                if let Some(answer) = answer {
                    answer.push(self.reply(&request, body, now));
                }
            }
            Question::Other(RequestBody::Pull {
                bundle,
                lists,
                conflicts_after,
                listed_after,
                leases,
            }) => {
                let Some(answer) = answer else {
                    return Ok(());
                };
                let held = Held { bundle, lists, conflicts_after, listed_after, leases };
                for reply in self.carry_pull(&request, &held, answer.room())? {
                    answer.push(reply);
                }
            }
            Question::Other(_) => {
                let reason = "only entries and the question what is newer are carried by hand";
                return Err(ServiceError::OutOfBounds(reason));
            }
        }
        Ok(())
    }

    fn carry_push(
        &self,
        request: &Request,
        run: (Head, Vec<SignedEntry>),
        carried: &mut Carried,
    ) -> Result<Vec<u8>, ServiceError> {
        let ((before, body), now) = self.in_turn((request, None), |txn, caller, now| {
            let before = txn.head(caller.key.terminal, run.0.epoch)?;
            Ok((before, push_as_writer(txn, caller, run, now)?))
        })?;
        let acknowledged = if let ReplyBody::Ack { head, .. } = &body { Some(*head) } else { None };
        let head = acknowledged.unwrap_or(before);
        carried.head = Some(head.seq);
        carried.mismatch |= acknowledged.is_none();
        let new = head.seq.0.saturating_sub(before.seq.0);
        carried.entries = carried.entries.saturating_add(new);
        Ok(self.reply(request, body, now))
    }

    /// What is newer, and the parts of changed lists as far as there is room: there is no second trip to ask for them.
    fn carry_pull(
        &self,
        request: &Request,
        held: &Held,
        room: usize,
    ) -> Result<Vec<Vec<u8>>, ServiceError> {
        let (bodies, now) = self.in_turn((request, None), |txn, caller, now| {
            caller.must_be_current()?;
            self.pulled_with_parts(txn, caller, (held, room), now)
        })?;
        Ok(bodies.into_iter().map(|body| self.reply(request, body, now)).collect())
    }

    fn pulled_with_parts(
        &self,
        txn: &mut dyn Txn,
        caller: &Caller,
        (held, room): (&Held, usize),
        now: Timestamp,
    ) -> Result<Vec<ReplyBody>, ServiceError> {
        let mut bodies = vec![self.pull(txn, caller, held, now)?];
        // A reply of parts is a little longer than they are; the other half is for the first one.
        let mut left = (room / 2) / CHUNK_BYTES;
        for row in changed_lists(txn, caller, &held.lists)? {
            let numbers: Vec<u32> = (0..chunks_of(&row)).collect();
            // Half a list is of no use: one that does not fit goes with the next trip.
            let Some(rest) = left.checked_sub(numbers.len()) else {
                continue;
            };
            left = rest;
            for numbers in numbers.chunks(CHUNKS_MAX) {
                bodies.push(chunks(txn, caller, &list_name(&row), numbers)?);
            }
        }
        Ok(bodies)
    }
}
