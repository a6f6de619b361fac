//! Deliberate mistakes: adapters around the real platform and the real terminals that leave out one rule.

use super::{
    judge::{reply_of, request_of},
    office::Office,
    running::World,
    till::Asked,
};
use crate::{
    domain::{
        envelope::{Envelope, decode},
        id::Hash,
        journal::{Body, Entry, Head},
        redeem::PlatformRefusal,
        sync::{ClaimAnswer, Mismatch, Reply, ReplyBody, Request, RequestBody},
        trust::TrustBundle,
        voucher::Used,
    },
    net::TransportError,
    platform::store::{EntryAt, LeaseState},
    sim::faults::Mistake,
    terminal::Nonce,
};

type Answer = Result<Vec<u8>, TransportError>;

impl World {
    /// The platform's answer, with a rule left out on its side.
    pub fn mistaken_platform(
        &mut self,
        mistake: Mistake,
        body: &[u8],
        request: Option<&Request>,
    ) -> Answer {
        self.before(mistake, request);
        if let Some(request) = request
            && mistake == Mistake::AckBeforeCommit
            && self.faults.total().is_multiple_of(3)
            && let RequestBody::Push { entries, .. } = &request.body
            && let Some(head) = entries.last().and_then(|entry| head_of(entry))
        {
            return Ok(self.sign(request, ReplyBody::Ack { head, conflicts: Vec::new() }));
        }
        let held = request.map(|request| self.held(request));
        let answer = self.office.serve(body);
        match (request, held) {
            (Some(request), Some(held)) => self.after(mistake, request, held, answer),
            _other => answer,
        }
    }

    /// How many entries of a journal the platform holds.
    fn held(&self, request: &Request) -> u64 {
        let head = self.office.look(|txn| txn.head(request.terminal, request.epoch).ok());
        head.flatten().map_or(0, |head| head.seq.0)
    }

    fn before(&mut self, mistake: Mistake, request: Option<&Request>) {
        let now = self.platform_time();
        match mistake {
            Mistake::ClaimsExpire => self.office.meddle(|txn| {
                let old = txn.claims().unwrap_or_default().into_iter();
                for row in old.filter(|row| now.since(row.at) > 60) {
                    txn.release_claim(&row.voucher, row.terminal).ok();
                }
            }),
            Mistake::LeaseEndsByClock => self.office.meddle(|txn| {
                let over = txn.leases().unwrap_or_default().into_iter();
                for row in over.filter(|row| row.state.holds() && row.until <= now) {
                    txn.set_lease_state(row.id, LeaseState::Ended).ok();
                }
            }),
            Mistake::ClaimReleasedByOldEntry => {
                let Some(request) = request else { return };
                let who = request.terminal;
                if matches!(request.body, RequestBody::Push { .. }) {
                    self.office.meddle(|txn| {
                        let own = txn.claims().unwrap_or_default().into_iter();
                        for row in own.filter(|row| row.terminal == who) {
                            txn.release_claim(&row.voucher, who).ok();
                        }
                    });
                }
            }
            _other => {}
        }
    }

    fn after(&mut self, mistake: Mistake, request: &Request, held: u64, answer: Answer) -> Answer {
        let Some(reply) = answer.as_ref().ok().and_then(|bytes| reply_of(bytes)) else {
            return answer;
        };
        match (mistake, reply.body) {
            (Mistake::NoDeduplication, ReplyBody::Ack { .. }) => {
                self.book_again(request, held);
                answer
            }
            (Mistake::ReturnedTwice, ReplyBody::Ack { .. }) => {
                self.return_again(request, held);
                answer
            }
            (Mistake::ClaimsOfOthersIgnored, ReplyBody::Claim(answers)) => {
                let answers = answers.into_iter().map(granted_anyway).collect();
                Ok(self.sign(request, ReplyBody::Claim(answers)))
            }
            (
                Mistake::IncompleteListIsCurrent,
                ReplyBody::Pulled { bundle, conflicts, listed, leases, ended, .. },
            ) => {
                let manifests = Vec::new();
                let body =
                    ReplyBody::Pulled { bundle, manifests, conflicts, listed, leases, ended };
                Ok(self.sign(request, body))
            }
            (
                Mistake::ConflictsDropped,
                ReplyBody::Pulled { bundle, manifests, listed, leases, ended, .. },
            ) => {
                let conflicts = Vec::new();
                let body =
                    ReplyBody::Pulled { bundle, manifests, conflicts, listed, leases, ended };
                Ok(self.sign(request, body))
            }
            (Mistake::ConflictsDropped, ReplyBody::Ack { head, .. })
            | (Mistake::PositionsOnly, ReplyBody::Mismatch { kind: Mismatch::Fork, head }) => {
                Ok(self.sign(request, ReplyBody::Ack { head, conflicts: Vec::new() }))
            }
            _other => answer,
        }
    }

    /// Books what was held before once more.
    fn book_again(&self, request: &Request, held: u64) {
        for (entry, at) in entries_of(request) {
            let Body::Redeemed(redeemed) = entry.body else { continue };
            if entry.seq.0 <= held {
                self.office.meddle(|txn| {
                    let twice = redeemed.used.plus(redeemed.used);
                    txn.set_use(&redeemed.voucher, at, twice).ok();
                });
            }
        }
    }

    /// Books what was given back once more.
    fn return_again(&self, request: &Request, held: u64) {
        for (entry, at) in entries_of(request) {
            let Body::RolledBack(back) = entry.body else { continue };
            if entry.seq.0 <= held {
                continue;
            }
            let of = EntryAt { epoch: back.of_epoch, seq: back.of, ..at };
            self.office.meddle(|txn| {
                let ledger = txn.ledger(&back.voucher).unwrap_or_default();
                let row = ledger.uses.iter().find(|row| (row.epoch, row.seq) == (of.epoch, of.seq));
                let left = row.map_or(Used::default(), |row| row.used.minus(back.used));
                txn.set_use(&back.voucher, of, left).ok();
            });
        }
    }

    fn sign(&self, request: &Request, body: ReplyBody) -> Vec<u8> {
        let reply = Reply {
            nonce: request.nonce,
            terminal: request.terminal,
            time: self.platform_time(),
            body,
        };
        reply.seal(&Office::reply_key())
    }

    /// An answer as a terminal takes it that leaves out a rule.
    pub fn mistaken_answer(
        &mut self,
        mistake: Mistake,
        at: usize,
        (asked, nonce): (&Asked, Nonce),
        answer: Answer,
    ) -> Answer {
        let Some(request) = request_of(&asked.body) else { return answer };
        let push = matches!(request.body, RequestBody::Push { .. });
        match (mistake, &answer) {
            (Mistake::SentIsDelivered, Err(_)) if push => self.delivered(&request, answer),
            (Mistake::RefusedIsDropped, Err(TransportError::Refused { status, .. }))
                if push && (400..500).contains(status) =>
            {
                self.delivered(&request, answer)
            }
            (Mistake::RefusalIsSilence, Err(TransportError::Refused { .. })) if asked.asking => {
                Err(TransportError::Timeout)
            }
            (Mistake::PositionsOnly, Ok(bytes)) => match reply_of(bytes).map(|reply| reply.body) {
                Some(ReplyBody::Ack { head, conflicts }) => {
                    let own = self.hash_at(at, head);
                    let head = Head { hash: own.unwrap_or(head.hash), ..head };
                    Ok(self.sign(&request, ReplyBody::Ack { head, conflicts }))
                }
                _other => answer,
            },
            (Mistake::ForkIgnored, Ok(bytes)) => match reply_of(bytes).map(|reply| reply.body) {
                Some(ReplyBody::Mismatch { .. }) => Err(TransportError::Timeout),
                _other => answer,
            },
            (Mistake::AnyNonce, Ok(bytes)) => match reply_of(bytes) {
                Some(reply) if reply.nonce != nonce && reply.terminal == request.terminal => {
                    Ok(self.sign(&request, reply.body))
                }
                _other => answer,
            },
            _other => answer,
        }
    }

    /// A bundle that somebody kept is put in force again.
    pub fn take_old_bundle(&self, at: usize) {
        let till = &self.tills[at];
        let Some(bytes) = self.first_bundles.get(&till.merchant) else { return };
        let Ok(mut store) = till.machine.source().open() else { return };
        if let Ok(bundle) = TrustBundle::open(bytes, &Office::root_key().public()) {
            store.take_bundle(&bundle, bytes, till.now(self.now).time).ok();
        }
    }

    fn hash_at(&self, at: usize, head: Head) -> Option<Hash> {
        let store = self.tills[at].engine.as_ref()?.store()?;
        store.hash_at(head.seq).ok().flatten()
    }

    /// An acknowledgement of all that was sent, which nobody gave.
    fn delivered(&self, request: &Request, answer: Answer) -> Answer {
        let RequestBody::Push { entries, .. } = &request.body else { return answer };
        let Some(head) = entries.last().and_then(|entry| head_of(entry)) else { return answer };
        Ok(self.sign(request, ReplyBody::Ack { head, conflicts: Vec::new() }))
    }
}

fn granted_anyway(answer: ClaimAnswer) -> ClaimAnswer {
    match answer {
        ClaimAnswer::Refused { reason: PlatformRefusal::Claimed, used_elsewhere, .. } => {
            ClaimAnswer::Granted { used_elsewhere, limit: None }
        }
        other => other,
    }
}

fn head_of(bytes: &[u8]) -> Option<Head> {
    let entry: Entry = decode(Envelope::parse(bytes).ok()?.unverified_payload()).ok()?;
    Some(Head { epoch: entry.epoch, seq: entry.seq, hash: crate::domain::crypto::hash(bytes) })
}

fn entries_of(request: &Request) -> Vec<(Entry, EntryAt)> {
    let RequestBody::Push { entries, .. } = &request.body else { return Vec::new() };
    let read =
        |bytes: &[u8]| decode::<Entry>(Envelope::parse(bytes).ok()?.unverified_payload()).ok();
    let opened = entries.iter().filter_map(|bytes| read(bytes));
    opened
        .map(|entry| {
            let at = EntryAt { terminal: entry.terminal, epoch: entry.epoch, seq: entry.seq };
            (entry, at)
        })
        .collect()
}
