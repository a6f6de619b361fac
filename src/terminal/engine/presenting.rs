//! What happens to a text that was held to the reader.

use super::{Call, Engine, Lane};
use crate::{
    domain::{
        redeem::{PlatformFact, Request},
        scan::{EntryMethod, ShortCode, Sighting, clean},
        sync::{Input, Millis, ReplyBody},
        voucher::Voucher,
    },
    net::TransportError,
    store::StoreError,
    terminal::{
        asking::{ASK_DEADLINE_MS, Asking, Question},
        clock::Now,
        outcome::{Outcome, State, UNREADABLE},
        present::{self, Presented, Scene, Step, Written, recognise, scan_hash},
        source,
        sync_driver::{self, Nonce},
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
        let text = clean(text);
        let voucher = match recognise(&self.trust, text) {
            Presented::Voucher(voucher) => voucher,
            Presented::ShortCode(_) => {
                return Ok(Outcome::unverified(State::CannotCheck, "short_code_unseen", now.time));
            }
            Presented::Other(state, code) => return Ok(Outcome::unverified(state, code, now.time)),
        };
        let Self { store, trust, .. } = self;
        let store = store.as_mut().ok_or(StoreError::GivenUp)?;
        let scene = Scene { trust, time: now.time, scan: scan_hash(text) };
        present::validate(store, scene, &voucher, request)
    }

    /// Presents a text with everything a cashier would be asked for already said.
    pub fn present(&mut self, text: &str, request: Request, now: Now) {
        self.begin(clean(text).to_owned(), request, now);
        self.pass_time(now);
    }

    pub(super) fn scan(&mut self, text: &str, method: EntryMethod, now: Now) {
        let text = clean(text).to_owned();
        if self.debounce.note(&text, now.millis) == Sighting::Again && method != EntryMethod::Typed
        {
            return;
        }
        if !self.counter.hold(&text, method) {
            tracing::warn!("a scan was dropped: too many wait for their turn");
        }
        self.next_turn(now);
    }

    /// Begins with the scan that waits the longest, unless something must be finished before it.
    pub(super) fn next_turn(&mut self, now: Now) {
        if let Some((text, method)) = self.counter.next_held() {
            self.begin(text, Request::plain(method), now);
        }
    }

    /// A reader delivered something that is no text. It is written down, unless a question is open: that goes first.
    pub fn scan_failed(&mut self, (reason, method): (&str, EntryMethod), now: Now) {
        tracing::info!(reason, "a reader delivered something unreadable");
        if !self.counter.is_busy() {
            self.refuse((State::NotAVoucher, UNREADABLE), "", method, now);
        }
    }

    pub(super) fn answer(&mut self, text: &str, now: Now) {
        if let Some(question) = self.counter.answer(text, &self.texts) {
            self.decide(question, PlatformFact::NotAsked, now);
        }
    }

    pub(super) fn dismiss(&mut self, now: Now) {
        self.counter.dismiss();
        self.next_turn(now);
    }

    fn begin(&mut self, text: String, request: Request, now: Now) {
        if self.store.is_none() {
            self.reopen(now);
        }
        match recognise(&self.trust, &text) {
            Presented::Voucher(voucher) => {
                let question = Question { voucher: *voucher, text, request };
                self.decide(question, PlatformFact::NotAsked, now);
            }
            Presented::ShortCode(code) if self.may_ask(now) => {
                let nonce = (self.random)();
                let Some(store) = &self.store else {
                    return self.fail(&StoreError::GivenUp, now);
                };
                let body = sync_driver::lookup(store, code, nonce);
                self.ask(Asking::Lookup { code, request }, nonce, body, now);
            }
            Presented::ShortCode(_) => {
                self.refuse((State::CannotCheck, "short_code_offline"), &text, request.method, now);
            }
            Presented::Other(state, code) => self.refuse((state, code), &text, request.method, now),
        }
    }

    fn refuse(&mut self, what: (State, &str), text: &str, method: EntryMethod, now: Now) {
        let Self { store, trust, .. } = self;
        let Some(store) = store else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let scene = Scene { trust, time: now.time, scan: scan_hash(text) };
        match present::refuse(store, scene, what, method) {
            Ok(written) => self.conclude(written, now),
            Err(error) => self.fail(&error, now),
        }
    }

    /// Decides with what is known; where the policy wants the platform, asks it or goes on without.
    fn decide(&mut self, question: Question, platform: PlatformFact, now: Now) {
        let may_ask = self.may_ask(now);
        let platform = if platform == PlatformFact::NotAsked && !may_ask {
            PlatformFact::Silent
        } else {
            platform
        };
        let Self { store, trust, forked, .. } = self;
        let Some(store) = store.as_mut().filter(|_| !*forked) else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let scene = Scene { trust, time: now.time, scan: scan_hash(&question.text) };
        match present::redeem(store, scene, &question.voucher, (&question.request, platform)) {
            Ok(Step::Ask { asked, used_here }) => {
                let nonce = (self.random)();
                let claims = question.voucher.claims();
                let which = (claims.key(), claims.terms.limit());
                let body = sync_driver::claim(store, which, (asked, used_here), nonce);
                self.ask(Asking::Claim(Box::new(question)), nonce, body, now);
            }
            Ok(Step::Done(written)) => match written.outcome.state {
                State::NeedsInput(_) => {
                    self.last = Some(written.outcome.clone());
                    self.counter.question(question, written.outcome);
                }
                State::Accepted(_)
                | State::Refused
                | State::CannotCheck
                | State::NotAVoucher
                | State::RolledBack(_) => self.conclude(*written, now),
            },
            Err(error) => self.fail(&error, now),
        }
    }

    fn may_ask(&self, now: Now) -> bool {
        self.syncer.is_enabled() && now.millis >= self.silent_until && !self.forked
    }

    fn ask(&mut self, asking: Asking, nonce: Nonce, body: Vec<u8>, now: Now) {
        let deadline = now.millis.saturating_add(ASK_DEADLINE_MS);
        self.counter.ask(asking, nonce, deadline);
        self.calls.push_back(Call { lane: Lane::Ask, nonce, body, timeout_ms: ASK_DEADLINE_MS });
    }

    pub(super) fn asked(
        &mut self,
        asking: Asking,
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
        let answer = result.map_err(|error| error.to_string()).and_then(|bytes| {
            let store = self.store.as_mut().ok_or_else(|| StoreError::GivenUp.to_string())?;
            sync_driver::open_reply(store, &self.trust.bundle, &bytes, nonce)
                .map_err(|error| error.to_string())
        });
        match (answer.map(|reply| reply.body), asking) {
            (Ok(ReplyBody::Claim(answer)), Asking::Claim(question)) => {
                self.heard();
                self.decide(*question, sync_driver::platform_fact(answer), now);
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
            (Err(reason), asking) => {
                tracing::warn!(reason, "a question to the platform went unanswered");
                self.unanswered(asking, now);
            }
        }
    }

    /// The platform answered and said no: that is not silence, so nothing is accepted without it.
    fn told_off(&mut self, asking: Asking, code: &str, now: Now) {
        tracing::warn!(code, "the platform refused a question");
        self.heard();
        self.syncer.handle(Input::Now, now.millis);
        let (text, request) = match asking {
            Asking::Claim(question) => (question.text, question.request),
            Asking::Lookup { code, request } => (code.to_string(), request),
        };
        let what = match code {
            "voucher_not_allowed" => (State::Refused, "merchant_not_allowed"),
            _other => (State::CannotCheck, "terminal_refused"),
        };
        self.refuse(what, &text, request.method, now);
    }

    /// A voucher that was looked up must have the code it was looked up by.
    fn found(&mut self, text: &str, code: ShortCode, request: Request, now: Now) {
        let fits = |voucher: &Voucher| voucher.claims().short_code_bits() == code.bits();
        if self.trust.verify(text).ok().as_ref().is_some_and(fits) {
            self.begin(text.to_owned(), request, now);
        } else {
            let what = (State::Refused, "short_code_unknown");
            self.refuse(what, &code.to_string(), request.method, now);
        }
    }

    /// Goes on without the platform's answer.
    pub(super) fn unanswered(&mut self, asking: Asking, now: Now) {
        self.silent_until = now.millis.saturating_add(SILENCE_MS);
        self.reached = Some(false);
        match asking {
            Asking::Claim(question) => self.decide(*question, PlatformFact::Silent, now),
            Asking::Lookup { code, request } => {
                let what = (State::CannotCheck, "short_code_offline");
                self.refuse(what, &code.to_string(), request.method, now);
            }
        }
    }

    fn reopen(&mut self, now: Now) {
        match source::open(&self.dir) {
            Ok(mut store) => {
                store.sign_in(self.operator);
                self.store = Some(store);
                self.fault = None;
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
        let Written { outcome, entry } = written;
        if let Some(entry) = entry {
            self.list(entry);
            self.syncer.handle(Input::Unsent, now.millis);
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
}
