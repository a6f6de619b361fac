//! A scan on its way to a verdict: recognised, decided, with the platform's word where the policy wants it.

use super::{Call, Engine, Lane, standing_fault, take_up};
use crate::{
    domain::{
        enrol::EnrolmentCode,
        redeem::{PlatformFact, Redemption, Request, Wanted},
        scan::{EntryMethod, ScanFailure, Scanned, ShortCode, Sighting, classify, clean},
        sync::{Claim, Input, Millis, ReplyBody},
        voucher::Voucher,
    },
    net::TransportError,
    store::StoreError,
    terminal::{
        asking::{ASK_DEADLINE_MS, Asking, Question, Shown},
        clock::Now,
        counter::Busy,
        gather::Scene,
        outcome::{Outcome, State},
        present::{self, Presented, Step, Written, recognise, scan_hash},
        sync_driver::{self, Nonce, SyncError},
    },
};

/// After a question that went unanswered, the platform is not asked again for so long, unless it was heard of.
const SILENCE_MS: Millis = 10_000;

impl Engine {
    /// Decides at another time and without effect.
    pub fn validate(
        &mut self,
        text: &str,
        request: &Request,
        now: Now,
    ) -> Result<Outcome, StoreError> {
        self.observe(now);
        let text = clean(text).to_owned();
        let voucher = match recognise(&self.trust, &text) {
            Presented::Voucher(voucher) => *voucher,
            Presented::ShortCode(code) => {
                let Some((_, voucher)) = self.listed(code)? else {
                    let (state, code) = (State::CannotCheck, "short_code_unseen");
                    return Ok(Outcome::unverified(state, code, now.time));
                };
                voucher
            }
            Presented::Other(state, code) => return Ok(Outcome::unverified(state, code, now.time)),
        };
        let shown = Shown { voucher, scan: scan_hash(&text), request: *request };
        let dice = self.dice();
        let Self { store, trust, .. } = self;
        let store = store.as_mut().ok_or(StoreError::GivenUp)?;
        present::validate(store, Scene { trust, time: now.time, dice }, &shown)
    }

    /// Presents a text with everything a cashier would be asked for already said.
    pub fn present(&mut self, text: &str, request: Request, now: Now) {
        self.observe(now);
        self.begin(clean(text), request, now);
        self.pass_time(now);
    }

    pub(super) fn scan(&mut self, text: &str, method: EntryMethod, now: Now) {
        let text = clean(text).to_owned();
        if self.debounce.note(&text, now.millis) == Sighting::Again && method != EntryMethod::Typed
        {
            return;
        }
        if self.is_wanted_product(&text) {
            return self.say(true, now);
        }
        if !self.counter.hold(&text, method) {
            tracing::warn!("a scan was dropped: too many wait for their turn");
        }
        self.next_turn(now);
    }

    /// Whether a scan is the barcode of a product that an open question asks for.
    fn is_wanted_product(&self, text: &str) -> bool {
        let (Busy::Question(open), Scanned::ProductBarcode(gtin)) =
            (self.counter.look(), classify(text))
        else {
            return false;
        };
        let shown = open.question.vouchers.get(open.at);
        let policy = shown.map(|shown| self.trust.policy(shown.voucher.claims()));
        let products = policy.map_or(&[][..], |policy| &policy.rules.products);
        open.wanted == Wanted::Product && products.iter().any(|product| product.gtin == gtin)
    }

    /// Begins with the scan that waits the longest, unless something must be finished before it.
    pub(super) fn next_turn(&mut self, now: Now) {
        if let Some((text, method)) = self.counter.next_held() {
            let request = Request { look_first: self.look_first, ..Request::plain(method) };
            self.begin(&text, request, now);
        }
    }

    /// A reader delivered something that is no text. It is written down, unless a question is open: that goes first.
    pub fn scan_failed(&mut self, (why, method): (ScanFailure, EntryMethod), now: Now) {
        tracing::info!(code = why.code(), "a scan came to nothing");
        if why == ScanFailure::Replayed {
            self.warn_of_replay = Some(method);
        } else if self.counter.is_free() {
            self.refuse_failed((why, method), now);
        }
    }

    pub(super) fn refuse_failed(&mut self, (why, method): (ScanFailure, EntryMethod), now: Now) {
        self.refuse((State::NotAVoucher, why.code()), "", method, now);
    }

    pub(super) fn dismiss(&mut self, now: Now) {
        self.counter.dismiss();
        self.preview(now);
        self.next_turn(now);
    }

    pub(super) fn begin(&mut self, text: &str, request: Request, now: Now) {
        if self.store.is_none() {
            self.reopen(now);
        }
        match recognise(&self.trust, text) {
            Presented::Voucher(voucher) => self.shown(*voucher, text, request, now),
            Presented::ShortCode(code) => self.short_code(code, request, now),
            Presented::Other(state, code) => {
                let code = if self.leads_elsewhere(text) { "enrolment_elsewhere" } else { code };
                self.other((state, code), text, request.method, now);
            }
        }
    }

    /// Whether a text is an enrolment code of another platform than this terminal's.
    fn leads_elsewhere(&self, text: &str) -> bool {
        let root = self.store.as_ref().map(|store| store.identity().root);
        EnrolmentCode::parse(text).is_ok_and(|code| Some(code.root) != root)
    }

    /// A verified voucher: onto the open bill, or decided by itself.
    fn shown(&mut self, voucher: Voucher, text: &str, request: Request, now: Now) {
        let shown = Shown { voucher, scan: scan_hash(text), request };
        if matches!(self.counter.look(), Busy::Bill(_)) {
            self.add_to_bill(shown, now);
        } else {
            self.decide(Question::of(shown), None, now);
        }
    }

    fn short_code(&mut self, code: ShortCode, request: Request, now: Now) {
        match self.listed(code) {
            Ok(Some((text, voucher))) => self.shown(voucher, &text, request, now),
            Ok(None) if self.may_ask(now) => self.look_up(code, request, now),
            Ok(None) => {
                let what = (State::CannotCheck, "short_code_offline");
                self.other(what, &code.to_string(), request.method, now);
            }
            Err(error) => self.fail(&error, now),
        }
    }

    /// The listed voucher with this code, as far as it still verifies.
    fn listed(&self, code: ShortCode) -> Result<Option<(String, Voucher)>, StoreError> {
        let store = self.store.as_ref().ok_or(StoreError::GivenUp)?;
        let found = store.listed(code.bits())?.and_then(|text| {
            let voucher = self.trust.verify(&text).ok()?;
            Some((text, voucher))
        });
        Ok(found.filter(|(_, voucher)| voucher.claims().short_code_bits() == code.bits()))
    }

    fn look_up(&mut self, code: ShortCode, request: Request, now: Now) {
        let nonce = (self.random)();
        let Some(store) = &self.store else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let body = sync_driver::lookup(store, code, nonce);
        self.park_bill();
        self.ask(Asking::Lookup { code, request }, nonce, body, now);
    }

    /// Something that is no voucher: told beside an open bill, else written down.
    fn other(&mut self, what: (State, &str), text: &str, method: EntryMethod, now: Now) {
        self.park_bill();
        self.refuse(what, text, method, now);
    }

    fn refuse(&mut self, what: (State, &str), text: &str, method: EntryMethod, now: Now) {
        let dice = self.dice();
        let Self { store, trust, .. } = self;
        let Some(store) = store else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let scene = Scene { trust, time: now.time, dice };
        match present::refuse(store, scene, what, (scan_hash(text), method)) {
            Ok(written) => self.conclude(written, now),
            Err(error) => self.fail(&error, now),
        }
    }

    /// Decides with what is known; where the policy wants the platform, asks it or goes on without.
    ///
    /// `heard` is what the platform says of each voucher; none where it was not asked.
    pub(super) fn decide(
        &mut self,
        question: Question,
        heard: Option<Vec<PlatformFact>>,
        now: Now,
    ) {
        let unasked = if self.may_ask(now) { PlatformFact::NotAsked } else { PlatformFact::Silent };
        let facts = heard.unwrap_or_else(|| vec![unasked; question.vouchers.len()]);
        let dice = self.dice();
        let Self { store, trust, forked, .. } = self;
        let Some(store) = store.as_mut().filter(|_| !*forked) else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let scene = Scene { trust, time: now.time, dice };
        match present::redeem(store, scene, &question, &facts) {
            Ok(Step::Ask(claims)) => self.claim(question, claims, now),
            Ok(Step::Say(at, outcome)) => self.question(question, at, *outcome, now),
            Ok(Step::Done(written)) => {
                self.keep_bill(question, &written.outcome);
                self.conclude(*written, now);
            }
            Err(error) => self.fail(&error, now),
        }
    }

    fn question(&mut self, question: Question, at: usize, outcome: Outcome, now: Now) {
        let State::NeedsInput(wanted) = outcome.state else {
            return;
        };
        let would = match question.vouchers.get(at) {
            Some(shown) if wanted == Wanted::Confirmation => self.would(shown, now),
            Some(_) | None => None,
        };
        self.last = Some(outcome.clone());
        self.counter.question(question, (at, wanted), (outcome, would));
    }

    /// What would happen if the cashier confirmed, as far as is known here.
    fn would(&mut self, shown: &Shown, now: Now) -> Option<Redemption> {
        let request = Request { confirmed: true, ..shown.request };
        let shown = Shown { request, ..shown.clone() };
        let dice = self.dice();
        let Self { store, trust, .. } = self;
        let scene = Scene { trust, time: now.time, dice };
        match present::validate(store.as_mut()?, scene, &shown).ok()?.state {
            State::Accepted(redemption) => Some(redemption),
            State::Together(_)
            | State::Refused
            | State::CannotCheck
            | State::NeedsInput(_)
            | State::NotAVoucher
            | State::RolledBack(_) => None,
        }
    }

    fn claim(&mut self, question: Question, claims: Vec<Claim>, now: Now) {
        let nonce = (self.random)();
        let Some(store) = &self.store else {
            return self.fail(&StoreError::GivenUp, now);
        };
        match sync_driver::claim(store, claims, nonce) {
            Ok(body) => self.ask(Asking::Claim(Box::new(question)), nonce, body, now),
            Err(error) => self.fail(&error, now),
        }
    }

    pub(super) fn may_ask(&self, now: Now) -> bool {
        self.syncer.is_enabled() && now.millis >= self.silent_until && !self.forked
    }

    fn ask(&mut self, asking: Asking, nonce: Nonce, body: Vec<u8>, now: Now) {
        self.counter.ask(asking, nonce, now.millis);
        self.calls.push_back(Call { lane: Lane::Ask, nonce, body, timeout_ms: ASK_DEADLINE_MS });
    }

    pub(super) fn asked(
        &mut self,
        (asking, sent): (Asking, Millis),
        nonce: Nonce,
        result: Result<Vec<u8>, TransportError>,
        now: Now,
    ) {
        if let Err(TransportError::Refused { status, code, .. }) = &result
            && (400..500).contains(status)
            && !matches!(status, 408 | 429)
        {
            return self.told_off(asking, code, now);
        }
        let answer = result.map_err(SyncError::from).and_then(|bytes| {
            let store = self.store.as_mut().ok_or(StoreError::GivenUp)?;
            sync_driver::open_reply(store, &self.trust.bundle, (&bytes, nonce), (sent, now))
        });
        if answer.as_ref().is_err_and(SyncError::is_of_a_later_version) {
            return self.told_off(asking, "reply_not_understood", now);
        }
        let answer = answer.map(|read| read.reply().body.clone());
        match (answer, asking) {
            (Ok(ReplyBody::Claim(answers)), Asking::Claim(question))
                if answers.len() == question.vouchers.len() =>
            {
                self.heard();
                let facts = answers.into_iter().map(sync_driver::platform_fact).collect();
                self.decide(*question, Some(facts), now);
            }
            (Ok(ReplyBody::Lookup(Some(text))), Asking::Lookup { code, request }) => {
                self.heard();
                self.found(&text, code, request, now);
            }
            (Ok(ReplyBody::Lookup(None)), Asking::Lookup { code, request }) => {
                self.heard();
                let what = (State::Refused, "short_code_unknown");
                self.refuse(what, &code.to_string(), request.method, now);
            }
            (Ok(_), asking) => self.unanswered(asking, now),
            (Err(error), asking) => {
                tracing::warn!(%error, "a question to the platform went unanswered");
                self.unanswered(asking, now);
            }
        }
    }

    /// The platform answered and said no: that is not silence, so nothing is accepted without it.
    fn told_off(&mut self, asking: Asking, code: &str, now: Now) {
        tracing::warn!(code, "the platform refused a question");
        self.heard();
        self.syncer.handle(Input::Now, now.millis);
        let (text, method) = match asking {
            Asking::Claim(question) => {
                let first = question.vouchers.first();
                let method = first.map_or(EntryMethod::Program, |shown| shown.request.method);
                let scan = first.map_or_else(String::new, |shown| shown.scan.to_string());
                (scan, method)
            }
            Asking::Lookup { code, request } => (code.to_string(), request.method),
        };
        let what = match code {
            "voucher_not_allowed" => (State::Refused, "merchant_not_allowed"),
            "reply_not_understood" => (State::CannotCheck, "terminal_outdated"),
            _other => (State::CannotCheck, "terminal_refused"),
        };
        self.refuse(what, &text, method, now);
    }

    /// A voucher that was looked up must have the code it was looked up by.
    fn found(&mut self, text: &str, code: ShortCode, request: Request, now: Now) {
        let fits = |voucher: &Voucher| voucher.claims().short_code_bits() == code.bits();
        let Some(voucher) = self.trust.verify(text).ok().filter(fits) else {
            let what = (State::Refused, "short_code_unknown");
            return self.refuse(what, &code.to_string(), request.method, now);
        };
        self.counter.dismiss();
        self.shown(voucher, text, request, now);
    }

    /// Goes on without the platform's answer.
    pub(super) fn unanswered(&mut self, asking: Asking, now: Now) {
        self.silent_until = now.millis.saturating_add(SILENCE_MS);
        self.reached = Some(false);
        match asking {
            Asking::Claim(question) => {
                let silent = vec![PlatformFact::Silent; question.vouchers.len()];
                self.decide(*question, Some(silent), now);
            }
            Asking::Lookup { code, request } => {
                let what = (State::CannotCheck, "short_code_offline");
                self.refuse(what, &code.to_string(), request.method, now);
            }
        }
    }

    fn reopen(&mut self, now: Now) {
        match take_up(&self.source, now) {
            Ok(mut store) => {
                store.sign_in(self.operator);
                self.fault = standing_fault(&store, &self.texts);
                self.store = Some(store);
                self.refresh_recent();
                self.syncer.handle(Input::Unsent, now.millis);
            }
            Err(error) => {
                tracing::error!(%error, "the store could not be opened again");
                self.say_store_fault(&error.to_string());
            }
        }
    }

    /// Shows an outcome; what it wrote is on disk.
    pub(super) fn conclude(&mut self, written: Written, now: Now) {
        let Written { outcome, entries } = written;
        if !entries.is_empty() {
            self.syncer.handle(Input::Unsent, now.millis);
        }
        for entry in entries {
            self.list(entry);
        }
        self.counter.show(outcome.clone(), now);
        self.last = Some(outcome);
    }

    /// Says that nothing was accepted, and why; the store is opened anew before the next decision.
    pub(super) fn fail(&mut self, error: &StoreError, now: Now) {
        tracing::error!(%error, "the store failed");
        self.lose_store(error);
        let outcome = Outcome::unverified(State::CannotCheck, "store_failed", now.time);
        self.counter.show(outcome.clone(), now);
        self.last = Some(outcome);
    }

    /// Gives the store up; it is opened anew before the next decision.
    pub(super) fn lose_store(&mut self, error: &StoreError) {
        if !self.forked && self.store.take().is_some() {
            self.say_store_fault(&error.to_string());
        }
    }

    fn say_store_fault(&mut self, reason: &str) {
        self.fault = Some(self.texts.fill("fault.store", &[("reason", reason)]));
    }

    /// A number from 0 to 9999 that nobody can foresee.
    pub(super) fn dice(&self) -> u16 {
        let [a, b, c, d, ..] = (self.random)();
        u16::try_from(u32::from_be_bytes([a, b, c, d]) % 10_000).unwrap_or(0)
    }
}
