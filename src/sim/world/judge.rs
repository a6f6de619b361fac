//! Looks at a terminal after each of its events, and at the platform after each message: whatever must hold is compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    running::{Due, World},
    till::{Asked, Till},
};
use crate::{
    domain::{
        envelope::{Envelope, decode},
        id::{Epoch, Hash, Seq, TerminalId, VoucherKey},
        journal::{Body, Entry, Head, Redeemed, RolledBack},
        sync::{ClaimAnswer, Reply, ReplyBody, Request, RequestBody},
        time::Timestamp,
    },
    net::TransportError,
    platform::store::{EntryAt, RedemptionFilter},
    sim::{
        disk::Disk,
        faults::Fault,
        model::{
            Aside, Broken, Diary, Kept, Ledger, Promise, Scene, Taken, Written, accepts, broken,
            exceeds, minus, must, plus,
        },
    },
    store::Store,
    terminal::{
        engine::{Call, Event},
        outcome::{Outcome, State},
    },
};

/// How long a program is awake after something happened.
const AWAKE_MS: u64 = 5_000;

impl World {
    /// Hands an event to a terminal's program, and looks at what came of it.
    pub fn settle(&mut self, at: usize, event: Event) -> Kept {
        self.tills[at].clock.awake_ms = self.now;
        let now = self.tills[at].now(self.now);
        let till = &mut self.tills[at];
        // What an answer granted before the power failed is still to be compared at the next start.
        let Some(engine) = till.engine.as_mut() else {
            return Ok(());
        };
        let worked = engine.store().is_some();
        engine.handle(event, now);
        let gave_up = worked && engine.store().is_none();
        let calls: Vec<_> = std::iter::from_fn(|| engine.poll_call()).collect();
        let outcome = engine.take_outcome();
        let killed = till.kill_unseen && outcome.as_ref().is_some_and(is_green);
        self.observe(at)?;
        if gave_up && !self.power_failed(at) {
            self.observe_copy(at, told(outcome.as_ref(), &calls))?;
        }
        if self.power_failed(at) {
            return self.power_cut(at);
        }
        if killed {
            self.tills[at].kill_unseen = false;
            self.count(Fault::KilledUnseen);
            return self.kill(at, 20_000);
        }
        if let Some(outcome) = outcome {
            self.shown(at, &outcome)?;
        }
        let till = &mut self.tills[at];
        if till.engine.as_ref().is_some_and(|engine| engine.store().is_some()) {
            till.forget_answer();
        }
        for call in calls {
            self.send(at, call);
        }
        if let Some(engine) = self.tills[at].engine.as_mut() {
            engine.rest();
        }
        self.wake_later(at);
        Ok(())
    }

    fn wake_later(&mut self, at: usize) {
        let now = self.tills[at].now(self.now);
        let till = &mut self.tills[at];
        let Some(engine) = &till.engine else { return };
        let wait = engine.poll_timeout(now).saturating_sub(now.millis).max(1);
        till.tick += 1;
        let tick = till.tick;
        if self.now + wait <= till.awake_until {
            self.later(self.now + wait, Due::Tick { till: at, tick });
        }
    }

    /// Somebody is there: the program stays awake for a while.
    pub fn stir(&mut self, at: usize) {
        self.tills[at].awake_until = self.now + AWAKE_MS;
        self.tills[at].clock.wake(self.now);
    }

    /// Reads what a terminal wrote since it was last looked at, and compares what must hold.
    pub fn observe(&mut self, at: usize) -> Kept {
        let heard = self.ratchets(at)?;
        loop {
            let entries = self.news(at)?;
            if entries.is_empty() {
                break;
            }
            for (entry, hash) in entries {
                // An answer that came during a question waits for its end: an entry may be older than what was heard.
                self.hear_time(at, heard.filter(|time| *time <= entry.time_floor));
                self.wrote(at, &entry, hash)?;
            }
        }
        self.hear_time(at, heard);
        self.queue(at)?;
        self.compare_shown(at)?;
        let till = &mut self.tills[at];
        if let Some(engine) = &till.engine {
            till.diary.bundle = engine.trust().bundle.version;
        }
        Ok(())
    }

    /// The entries after the diary's last, as far as one batch holds them.
    fn news(&mut self, at: usize) -> Result<Vec<(Entry, Hash)>, crate::sim::model::Broken> {
        let till = &mut self.tills[at];
        match till.engine.as_ref().and_then(|engine| engine.store()) {
            Some(store) => news(store, till.name, &mut till.diary),
            None => Ok(Vec::new()),
        }
    }

    /// What a terminal wrote and told of before it gave its store up, read from a copy of the disk that works.
    fn observe_copy(&mut self, at: usize, told: Seq) -> Kept {
        let till = &mut self.tills[at];
        let copy = Disk::of(till.machine.drive.image());
        let Ok(store) = Store::open(copy.place(), till.machine.key()) else { return Ok(()) };
        loop {
            let till = &mut self.tills[at];
            let mut entries = news(&store, till.name, &mut till.diary)?;
            entries.retain(|(entry, _)| entry.seq <= told);
            if entries.is_empty() {
                return Ok(());
            }
            for (entry, hash) in entries {
                self.wrote(at, &entry, hash)?;
            }
        }
    }

    fn wrote(&mut self, at: usize, entry: &Entry, hash: Hash) -> Kept {
        let (terminal, epoch, seq, prev) = (entry.terminal, entry.epoch, entry.seq, entry.prev);
        let till = &self.tills[at];
        let follows = seq == till.diary.head.seq.next() && prev == till.diary.head.hash;
        must(follows && (terminal, epoch) == till.name, Promise::Durable, || {
            format!("{:?} wrote {entry:?} after {:?}", till.name, till.diary.head)
        })?;
        self.model.written.insert(hash, Written { terminal, epoch, seq, prev });
        self.trace.note(&hash.0);
        self.figures.entries += 1;
        match &entry.body {
            Body::Redeemed(redeemed) => self.redeemed(at, entry, redeemed)?,
            Body::RolledBack(back) => self.rolled_back(at, back)?,
            Body::LeaseEnded { lease, .. } => self.tills[at].diary.ended.push(*lease),
            Body::Opened(_) | Body::Refused(_) | Body::BundleTaken { .. } | Body::Recovered(_) => {}
        }
        let diary = &mut self.tills[at].diary;
        must(entry.time_floor >= diary.floor.max(entry.at), Promise::Ratchet, || {
            format!("the floor {} of {entry:?} is below {}", entry.time_floor, diary.floor)
        })?;
        diary.floor = entry.time_floor;
        diary.marked = diary.marked.max(entry.at);
        diary.head = Head { epoch, seq, hash };
        diary.hashes.push(hash);
        Ok(())
    }

    fn redeemed(&mut self, at: usize, entry: &Entry, redeemed: &Redeemed) -> Kept {
        let till = &self.tills[at];
        let lists = till.engine.as_ref().and_then(|engine| engine.store()?.lists().ok());
        let fresh = lists.unwrap_or_default().into_iter();
        let fresh = fresh.map(|list| (list.version.list.campaign, list.as_of)).collect();
        let scene = Scene {
            fresh: &fresh,
            floor: entry.time_floor,
            platform: self.platform_time(),
            merchant: (till.merchant, self.office.merchants[till.merchant]),
            branch: self.office.branches[till.branch],
            group: self.office.group,
            wall: entry.at,
            granted: &till.granted,
            seq: entry.seq,
            honest: till.is_honest(),
        };
        accepts(&self.model, &till.diary, scene, &self.policies, redeemed)?;
        let honest = till.is_honest();
        let forged = self.forgeries.contains(&redeemed.token);
        must(!forged, Promise::Genuine, || format!("a forgery was accepted: {redeemed:?}"))?;
        must(!till.told_off, Promise::Refusal, || {
            format!("accepted after the platform had refused the question: {redeemed:?}")
        })?;
        self.note_redeemed(at, entry, redeemed, honest);
        Ok(())
    }

    fn note_redeemed(&mut self, at: usize, entry: &Entry, redeemed: &Redeemed, honest: bool) {
        if let Some(truth) = self.model.truth(&redeemed.voucher) {
            truth.tainted |= !honest;
            truth.consumed = plus(truth.consumed, redeemed.used);
            if redeemed.online {
                truth.granted = plus(truth.granted, redeemed.used);
            }
        }
        let diary = &mut self.tills[at].diary;
        let sum = plus(diary.used(&redeemed.voucher), redeemed.used);
        diary.used.insert(redeemed.voucher.clone(), sum);
        if let Some(lease) = redeemed.lease {
            let sum = plus(diary.leased.get(&lease).copied().unwrap_or_default(), redeemed.used);
            diary.leased.insert(lease, sum);
        }
        if let Some(shown) = redeemed.shown_at {
            diary.signed_at.insert(redeemed.voucher.clone(), shown);
        }
        let taken = Taken {
            voucher: redeemed.voucher.clone(),
            left: redeemed.used,
            minor: redeemed.used.minor,
            currency: redeemed.currency.number(),
            granted: redeemed.online,
        };
        diary.taken.insert((entry.epoch, entry.seq), taken);
    }

    fn rolled_back(&mut self, at: usize, back: &RolledBack) -> Kept {
        let diary = &mut self.tills[at].diary;
        let row = diary.taken.get_mut(&(back.of_epoch, back.of));
        let Some(row) = row.filter(|row| row.voucher == back.voucher) else {
            return broken(Promise::RollBack, format!("{back:?} gives back what was not taken"));
        };
        let Some(left) = minus(row.left, back.used) else {
            return broken(Promise::RollBack, format!("{back:?} gives back more than {row:?}"));
        };
        row.left = left;
        let granted = row.granted;
        let used = minus(diary.used(&back.voucher), back.used).unwrap_or_default();
        diary.used.insert(back.voucher.clone(), used);
        if let Some(truth) = self.model.truth(&back.voucher) {
            truth.consumed = minus(truth.consumed, back.used).unwrap_or_default();
            if granted {
                truth.granted = minus(truth.granted, back.used).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Versions never go back, nor does the time that the platform's word is for; that of the journal is looked at with each
    /// entry.
    ///
    /// Gives that time.
    fn ratchets(&self, at: usize) -> Result<Option<Timestamp>, Broken> {
        let Till { engine, diary, .. } = &self.tills[at];
        let Some(engine) = engine else { return Ok(None) };
        let Some(store) = engine.store() else { return Ok(None) };
        let (bundle, synced) = (engine.trust().bundle.version, store.identity().synced_at);
        must(bundle >= diary.bundle && synced >= diary.synced, Promise::Ratchet, || {
            format!("{bundle} after {}, or {synced:?} after {:?}", diary.bundle, diary.synced)
        })?;
        Ok(synced)
    }

    fn hear_time(&mut self, at: usize, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.tills[at].diary.heard(time);
        }
    }

    /// The lists in force, looked at after what may have changed them.
    pub fn lists(&mut self, at: usize) -> Kept {
        let till = &mut self.tills[at];
        let Some(store) = till.engine.as_ref().and_then(|engine| engine.store()) else {
            return Ok(());
        };
        let Ok(held) = store.lists() else { return Ok(()) };
        let mut lists = BTreeMap::new();
        for list in held {
            let (campaign, version) = (list.version.list.campaign, list.version.version);
            let known = till.diary.lists.get(&campaign).map_or(0, |(version, _)| *version);
            must(version >= known, Promise::Ratchet, || {
                format!("the list of {campaign:?} went from {known} to {version}")
            })?;
            lists.insert(campaign, (version, list.as_of));
        }
        till.diary.lists = lists;
        Ok(())
    }

    /// Nothing leaves the queue that the platform does not hold.
    fn queue(&mut self, at: usize) -> Kept {
        let till = &mut self.tills[at];
        let Some(store) = till.engine.as_ref().and_then(|engine| engine.store()) else {
            return Ok(());
        };
        let diary = &mut till.diary;
        let acked = store.identity().acked;
        if acked == diary.acked {
            return Ok(());
        }
        must(acked > diary.acked, Promise::Queue, || {
            format!(
                "{:?} was acknowledged up to {:?}, and is up to {acked:?}",
                till.name, diary.acked
            )
        })?;
        for seq in diary.acked.0..acked.0 {
            let hash = diary.hashes.get(seq as usize);
            let held = hash.is_some_and(|hash| self.model.ever_held.contains(hash));
            must(held, Promise::Queue, || {
                let seq = seq + 1;
                format!(
                    "entry {seq} of {:?} left the queue, and the platform never held it",
                    till.name
                )
            })?;
        }
        diary.acked = acked;
        Ok(())
    }

    /// Something is on the screen.
    fn shown(&mut self, at: usize, outcome: &Outcome) -> Kept {
        self.trace.note(outcome.code.as_bytes());
        let seen: Vec<_> = match &outcome.state {
            State::Accepted(_) => vec![outcome],
            State::Together(act) => act.vouchers.iter().collect(),
            _other => Vec::new(),
        };
        for outcome in seen {
            let till = &mut self.tills[at];
            let place = (till.diary.head.epoch, outcome.entry.unwrap_or(Seq(0)));
            till.unread.push((place, outcome.key()));
            self.figures.accepted += 1;
            self.figures.offline += u64::from(!outcome.online);
        }
        self.compare_shown(at)?;
        self.cashier_sees(at, outcome);
        Ok(())
    }

    /// What was shown as accepted is written down; where the disk could not be read, that is looked up later.
    fn compare_shown(&mut self, at: usize) -> Kept {
        let till = &mut self.tills[at];
        let store = till.engine.as_ref().and_then(|engine| engine.store());
        if store.is_none_or(|store| store.head() != till.diary.head) {
            return Ok(());
        }
        for (place, voucher) in std::mem::take(&mut till.unread) {
            let written = till.diary.taken.get(&place);
            let same = written.is_some_and(|row| Some(&row.voucher) == voucher.as_ref());
            must(same, Promise::Durable, || {
                format!("{voucher:?} accepted, and not written at {place:?}")
            })?;
            let hash = till.diary.hashes.get((place.1.0 - 1) as usize).copied();
            till.diary.shown.insert(place, hash.unwrap_or(Hash::ZERO));
        }
        Ok(())
    }

    /// Notes what the network really brought, before anything is made of it.
    pub fn hear(&mut self, at: usize, asked: &Asked, result: &Result<Vec<u8>, TransportError>) {
        let till = &mut self.tills[at];
        // What was granted to a terminal that gave its store up is compared once it reads that store again.
        if till.engine.as_ref().is_some_and(|engine| engine.store().is_some()) {
            till.forget_answer();
        }
        if !asked.asking {
            return;
        }
        match result {
            Err(TransportError::Refused { status, .. }) => {
                let for_good = (400..500).contains(status) && !matches!(status, 408 | 429);
                self.tills[at].told_off = for_good;
            }
            Ok(bytes) => {
                let granted = granted(&asked.body, bytes);
                self.tills[at].granted.extend(granted);
            }
            Err(_) => {}
        }
    }

    /// The platform answers a question, and what it made of it is compared.
    pub fn serve(
        &mut self,
        body: &[u8],
    ) -> Result<Result<Vec<u8>, TransportError>, crate::sim::model::Broken> {
        self.figures.messages += 1;
        let request = request_of(body);
        let result = match self.mistake {
            Some(mistake) => self.mistaken_platform(mistake, body, request.as_ref()),
            None => self.office.serve(body),
        };
        if self.platform_failed() {
            self.platform_power_cut()?;
            let offline = TransportError::Offline("connection reset".to_owned());
            return Ok(Err(offline));
        }
        let Some(request) = request else { return Ok(result) };
        let journal = (request.terminal, request.epoch);
        if matches!(request.body, RequestBody::Push { .. }) {
            self.pushed(journal)?;
        }
        if let (RequestBody::Claim { .. }, Ok(bytes)) = (&request.body, &result) {
            self.claimed(journal, &request.body, bytes)?;
        }
        Ok(result)
    }

    /// Compares what the platform holds after a push.
    pub fn pushed(
        &mut self,
        journal: (crate::domain::id::TerminalId, crate::domain::id::Epoch),
    ) -> Kept {
        let Self { office, model, .. } = self;
        let Ok(mut txn) = office.store.begin() else { return Ok(()) };
        let Ok(head) = txn.head(journal.0, journal.1) else { return Ok(()) };
        let known = model.held.get(&journal).map_or(0, Vec::len) as u64;
        if head.seq.0 == known && !model.behind {
            return Ok(());
        }
        model.behind = true;
        model.holds(journal, head.seq, |seq| {
            let at = EntryAt { terminal: journal.0, epoch: journal.1, seq };
            txn.entry_hash(at).ok().flatten()
        })?;
        model.resolve(journal, head.seq);
        let filter = RedemptionFilter {
            after: model.ledger.arrival,
            limit: 10_000,
            ..RedemptionFilter::default()
        };
        let Ok(rows) = txn.redemptions(&filter) else { return Ok(()) };
        let mut touched = BTreeSet::new();
        for row in rows {
            let vouchers = &model.vouchers;
            // What a platform that forgot knows of a voucher, only it can say.
            let known = match &row.row.signed.entry.body {
                Body::Redeemed(redeemed) if model.platform_forgot => {
                    let row = txn.voucher(&redeemed.voucher).ok().flatten();
                    Some(row.map(|row| row.loaded))
                }
                _other => None,
            };
            let exceeds = |voucher: &VoucherKey, redeemed: &Redeemed, used| {
                let truth = vouchers.get(voucher).filter(|truth| truth.issued);
                let loaded = known.unwrap_or_else(|| truth.map(|truth| truth.loaded));
                match truth.zip(loaded) {
                    Some((truth, loaded)) => exceeds(&truth.claims.terms, loaded, used),
                    None => Ledger::own_limit_exceeded(redeemed, used),
                }
            };
            model.ledger.arrival = row.arrival;
            touched.extend(model.ledger.take(&row.row.signed, exceeds)?);
        }
        model.ledger.compare(txn.as_mut(), &touched)?;
        let Ok(rows) = txn.conflicts(model.ledger.conflict, None, 10_000) else { return Ok(()) };
        model.ledger.conflicts(&rows)?;
        model.behind = false;
        drop(txn);
        self.lease_states()
    }

    /// A lease ends by the journal of the terminal that has it, and by nothing else.
    fn lease_states(&mut self) -> Kept {
        let Self { office, model, .. } = self;
        let Ok(mut txn) = office.store.begin() else { return Ok(()) };
        let Ok(rows) = txn.leases() else { return Ok(()) };
        for row in rows.iter().filter(|row| row.state == crate::platform::store::LeaseState::Ended)
        {
            let Some(lent) = model.leases.get_mut(&row.id) else { continue };
            if lent.ended {
                continue;
            }
            lent.ended = true;
            let said = self.tills.iter().any(|till| till.diary.ended.contains(&row.id));
            must(said, Promise::Leases, || format!("{row:?} ended, and nobody gave it back"))?;
        }
        Ok(())
    }

    /// Compares what the platform set aside with what is free.
    fn claimed(
        &mut self,
        (terminal, epoch): (crate::domain::id::TerminalId, crate::domain::id::Epoch),
        body: &RequestBody,
        reply: &[u8],
    ) -> Kept {
        let (RequestBody::Claim { claims, after, .. }, Some(answers)) = (body, answers_of(reply))
        else {
            return Ok(());
        };
        let all = answers.iter().all(|answer| matches!(answer, ClaimAnswer::Granted { .. }));
        if !all || answers.len() != claims.len() {
            return Ok(());
        }
        for claim in claims {
            let elsewhere = self.model.ledger.elsewhere(&claim.voucher, (terminal, epoch));
            let aside = self.model.aside(&claim.voucher, (terminal, epoch));
            let own = plus(claim.used_here, claim.asked);
            let sum = plus(plus(elsewhere, aside), own);
            if let Some(truth) =
                self.model.vouchers.get(&claim.voucher).filter(|truth| truth.issued)
            {
                let over = exceeds(&truth.claims.terms, truth.loaded, sum);
                let excused = truth.tainted || self.model.platform_forgot;
                must(!over || excused, Promise::Claims, || {
                    format!(
                        "{:?} granted to {terminal:?}: {elsewhere:?} consumed, {aside:?} set aside, {own:?} asked",
                        claim.voucher
                    )
                })?;
                let forgotten = self.model.platform_forgot;
                must(truth.revoked.is_none() || forgotten, Promise::Revoked, || {
                    format!("{:?} granted and revoked", claim.voucher)
                })?;
            }
            let held = self.model.ledger.used(&claim.voucher);
            let held_here = minus(held, elsewhere).unwrap_or_default();
            let used = minus(own, held_here).unwrap_or(claim.asked);
            let row = Aside { epoch, after: *after, used };
            self.model.claims.insert((claim.voucher.clone(), terminal), row);
        }
        Ok(())
    }
}

fn is_green(outcome: &Outcome) -> bool {
    matches!(outcome.state, State::Accepted(_) | State::Together(_))
}

/// What a signed question says; its signature is the platform's business.
pub(super) fn request_of(body: &[u8]) -> Option<Request> {
    decode(Envelope::parse(body).ok()?.unverified_payload()).ok()
}

/// The last entry that is on the screen or on its way; what else the disk may hold, nobody was told of.
fn told(outcome: Option<&Outcome>, calls: &[Call]) -> Seq {
    let shown = match outcome.map(|outcome| &outcome.state) {
        Some(State::Accepted(_)) => outcome.and_then(|outcome| outcome.entry),
        Some(State::Together(act)) => act.vouchers.iter().filter_map(|one| one.entry).max(),
        _other => None,
    };
    let sent = calls.iter().filter_map(|call| match request_of(&call.body)?.body {
        RequestBody::Push { after, entries } => Some(Seq(after.seq.0 + entries.len() as u64)),
        _other => None,
    });
    sent.chain(shown).max().unwrap_or(Seq(0))
}

/// The entries of a store after a diary's last.
fn news(
    store: &Store,
    name: (TerminalId, Epoch),
    diary: &mut Diary,
) -> Result<Vec<(Entry, Hash)>, crate::sim::model::Broken> {
    let head = store.head();
    if head.epoch != diary.head.epoch {
        diary.next_epoch(head.epoch);
    }
    let known = diary.head;
    must(head.seq >= known.seq, Promise::Durable, || {
        format!("{name:?} held {known:?} and holds {head:?}")
    })?;
    if head == known {
        return Ok(Vec::new());
    }
    let Ok(batch) = store.batch((head.epoch, known.seq)) else {
        return Ok(Vec::new());
    };
    must(batch.after.hash == known.hash, Promise::Durable, || {
        format!("{name:?} held {known:?} and holds {:?} there", batch.after)
    })?;
    let read = |bytes: &Vec<u8>| {
        let entry = Envelope::parse(bytes).ok()?.unverified_payload();
        Some((decode::<Entry>(entry).ok()?, crate::domain::crypto::hash(bytes)))
    };
    Ok(batch.entries.iter().filter_map(read).collect())
}

/// What a signed answer says.
pub(super) fn reply_of(bytes: &[u8]) -> Option<Reply> {
    decode(Envelope::parse(bytes).ok()?.unverified_payload()).ok()
}

fn answers_of(bytes: &[u8]) -> Option<Vec<ClaimAnswer>> {
    match reply_of(bytes)?.body {
        ReplyBody::Claim(answers) => Some(answers),
        _other => None,
    }
}

/// The vouchers that an answer to this very question sets aside.
fn granted(question: &[u8], bytes: &[u8]) -> Vec<VoucherKey> {
    let (Some(request), Some(reply)) = (request_of(question), reply_of(bytes)) else {
        return Vec::new();
    };
    let (RequestBody::Claim { claims, .. }, ReplyBody::Claim(answers)) = (request.body, reply.body)
    else {
        return Vec::new();
    };
    let same = request.nonce == reply.nonce && claims.len() == answers.len();
    let all = answers.iter().all(|answer| matches!(answer, ClaimAnswer::Granted { .. }));
    if same && all { claims.into_iter().map(|claim| claim.voucher).collect() } else { Vec::new() }
}
