//! The program itself, moved by the steps of the model: real stores on disk, the real engine, the real platform, and a
//! network of messages that are kept until they are delivered.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use countersign::{
    console::random,
    domain::{
        enrol::EnrolmentCode,
        id::{Epoch, LeaseId, Seq, TerminalId},
        journal::Body,
        money::{Currency, Money},
        redeem::{OfflineMode, Part, Request as Plain},
        scan::EntryMethod,
        sync::{Request, RequestBody},
        voucher::Terms,
    },
    net::TransportError,
    platform::service::{EnrolmentOrder, Issued, LeaseOrder, ServiceError, VoucherName},
    store::Store,
    terminal::{
        Nonce, RollBackOrder,
        clock::{Clock as _, Now},
        command::Command,
        engine::{Call, Engine, Event, Lane},
        enrolment,
    },
};

use crate::{
    chain::Said,
    config::{Config, Mode},
    stage::{START, Stage, Till, Wire},
    state::Answer,
};

/// Entries of the first epoch that the model does not count: opened, and the bundle taken.
const BEFORE: u64 = 2;

/// One store with the program on it.
pub(crate) struct RealTill {
    pub(crate) dir: PathBuf,
    /// None while the program is closed.
    engine: Option<Engine>,
    /// The last copy of each message the model knows.
    sent: Vec<Option<(Nonce, Vec<u8>)>>,
    /// Answers under way.
    replies: Vec<(u8, Answer, Result<Vec<u8>, TransportError>)>,
    /// The claim that was made by the last scan.
    asked: Option<(Nonce, Vec<u8>)>,
}

/// A platform with its terminals.
pub(crate) struct Real<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) tills: Vec<RealTill>,
    pub(crate) vouchers: Vec<Issued>,
    pub(crate) config: Config,
    /// The terminals' numbers, in the model's order.
    pub(crate) numbers: Vec<TerminalId>,
    /// For enrolments.
    wire: Arc<Wire>,
    folders: u32,
}

/// The mode of the program for a mode of the model.
pub(crate) fn mode(config: &Config) -> OfflineMode {
    match config.mode {
        Mode::Limited => OfflineMode::Limited,
        Mode::Never => OfflineMode::Never,
        Mode::Leased => OfflineMode::Leased,
    }
}

impl<'a> Real<'a> {
    pub(crate) fn new(stage: &'a Stage, config: &Config) -> Self {
        let terms = match config.uses {
            1 => Stage::deal(),
            uses => Terms::Pass { uses: uses.into(), value_each: Money::new(100, Currency::EUR) },
        };
        let vouchers = stage.issue(&terms, config.vouchers.into());
        let names = ["a", "b"].into_iter().take(config.stores.into());
        let enrolled: Vec<_> =
            names.clone().map(|name| stage.terminal(name, stage.branches[0])).collect();
        assert!(enrolled.iter().all(Till::sync));
        let tills: Vec<_> =
            names.map(|name| RealTill::open(&stage.dir(name), now(stage))).collect();
        let wire = Arc::clone(&enrolled[0].wire);
        let numbers = tills.iter().map(RealTill::number).collect();
        let config = config.clone();
        let real = Self { stage, tills, vouchers, config, numbers, wire, folders: 0 };
        if real.config.lease {
            real.lend();
        }
        real
    }

    /// Moves the wall clock, so that no two entries are the same, and leaves the other alone.
    pub(crate) fn wait(&self) {
        self.stage.clock.set(self.stage.clock.now().time.plus(1));
    }

    pub(crate) fn till(&mut self, slot: u8) -> (&mut RealTill, Now) {
        (&mut self.tills[usize::from(slot)], now(self.stage))
    }

    pub(crate) fn offline(&mut self, slot: u8, voucher: u8) {
        let text = self.vouchers[usize::from(voucher)].text.clone();
        let (till, now) = self.till(slot);
        till.event(Command::SetNetwork(false), now);
        till.scan(&text, now);
        till.event(Command::SetNetwork(true), now);
    }

    pub(crate) fn ask(&mut self, slot: u8, voucher: u8, place: u8) {
        let text = self.vouchers[usize::from(voucher)].text.clone();
        let (till, now) = self.till(slot);
        till.event(Command::SyncNow, now);
        till.asked = None;
        till.engine().present(&text, Plain::plain(EntryMethod::Program), now);
        till.drain(now);
        let asked = till.asked.clone();
        till.keep(place, asked.expect("the platform is asked"));
    }

    /// A push that is still out fails first.
    pub(crate) fn push(&mut self, slot: u8, before: Option<u8>, place: u8) {
        let (till, now) = self.till(slot);
        if let Some(before) = before {
            let (nonce, _) = till.sent[usize::from(before)].clone().unwrap();
            till.answer(nonce, Err(TransportError::Timeout), now);
        }
        let sent = self.due_push(slot);
        self.till(slot).0.keep(place, sent);
    }

    /// The push that the model knows of. One about a life that is over goes to the platform and back at once: no platform that
    /// is walked forgets anything, so it changes nothing.
    fn due_push(&mut self, slot: u8) -> (Nonce, Vec<u8>) {
        loop {
            let (till, now) = self.till(slot);
            let (present, key) = (till.epoch(), till.store().key().public());
            let sent = till.exchange(|body| matches!(body, RequestBody::Push { .. }), now);
            let (nonce, bytes) = sent.expect("a push is due");
            let RequestBody::Push { after, .. } = Request::open(&bytes, &key).unwrap().body else {
                unreachable!("it is a push")
            };
            if after.epoch == present {
                return (nonce, bytes);
            }
            let answer = self.stage.platform.sync(&bytes).unwrap();
            let (till, now) = self.till(slot);
            till.answer(nonce, Ok(answer), now);
        }
    }

    pub(crate) fn pull(&mut self, slot: u8, place: u8) {
        let (till, now) = self.till(slot);
        let sent = till.exchange(|body| matches!(body, RequestBody::Pull { .. }), now);
        till.keep(place, sent.expect("a pull is due"));
    }

    /// The platform hears a message, and says this.
    pub(crate) fn deliver(&mut self, slot: u8, place: u8) -> Result<Vec<u8>, ServiceError> {
        let (_, bytes) = self.tills[usize::from(slot)].sent[usize::from(place)].clone().unwrap();
        self.stage.platform.sync(&bytes)
    }

    /// The answer is under way, by the model's name for it.
    pub(crate) fn reply(
        &mut self,
        slot: u8,
        (of, body): (u8, Answer),
        result: Result<Vec<u8>, ServiceError>,
    ) {
        let result = result.map_err(|error| TransportError::Refused {
            status: 409,
            code: error.code().to_owned(),
            detail: error.to_string(),
        });
        let till = &mut self.tills[usize::from(slot)];
        till.replies.retain(|(known, answer, _)| (*known, *answer) != (of, body));
        till.replies.push((of, body, result));
    }

    pub(crate) fn answered(&mut self, slot: u8, (of, body): (u8, Answer)) {
        let (till, now) = self.till(slot);
        let found = till.replies.iter().find(|(known, answer, _)| (*known, *answer) == (of, body));
        let result = found.map(|(_, _, result)| match result {
            Ok(bytes) => Ok(bytes.clone()),
            Err(TransportError::Refused { status, code, detail }) => Err(TransportError::Refused {
                status: *status,
                code: code.clone(),
                detail: detail.clone(),
            }),
            Err(_lost) => Err(TransportError::Timeout),
        });
        let (nonce, _) = till.sent[usize::from(of)].clone().unwrap();
        till.answer(nonce, result.unwrap(), now);
    }

    pub(crate) fn time_out(&mut self, slot: u8, place: u8) {
        let (till, now) = self.till(slot);
        let (nonce, _) = till.sent[usize::from(place)].clone().unwrap();
        till.answer(nonce, Err(TransportError::Timeout), now);
    }

    pub(crate) fn take_back(&mut self, slot: u8, position: u8) {
        let (till, now) = self.till(slot);
        let entry = Seq(u64::from(position) + till.offset());
        let reason = "wrong_scan".to_owned();
        let order = RollBackOrder { entry, part: Part::All, reason, approved_by: None };
        till.engine().roll_back(&order, now);
        till.event(Command::Dismiss, now);
    }

    pub(crate) fn restart(&mut self, slot: u8) {
        let (till, now) = self.till(slot);
        till.reopen(None, now);
    }

    pub(crate) fn backup(&self, slot: u8) {
        copy(&self.tills[usize::from(slot)].dir, &self.stage.dir("backup"));
    }

    pub(crate) fn restore(&mut self, slot: u8) {
        let (backup, now) = (self.stage.dir("backup"), now(self.stage));
        let folder = self.folder();
        copy(&backup, &folder);
        self.tills[usize::from(slot)].reopen(Some(folder), now);
    }

    pub(crate) fn clone_store(&mut self, slot: u8) {
        let folder = self.folder();
        copy(&self.tills[usize::from(slot)].dir, &folder);
        self.tills.push(RealTill::open(&folder, now(self.stage)));
    }

    /// Enrols into the next epoch, in the same folder or in another.
    pub(crate) fn enrol(&mut self, slot: u8, fresh: bool) {
        let folder = if fresh { self.folder() } else { self.tills[usize::from(slot)].dir.clone() };
        let terminal = Some(self.tills[usize::from(slot)].number());
        let order = EnrolmentOrder {
            branch: self.stage.branches[0],
            name: "next".to_owned(),
            terminal,
            url: "https://platform.example".to_owned(),
        };
        let code = self.stage.platform.create_enrolment(&order).unwrap().to_text();
        let code = EnrolmentCode::parse(&code).unwrap();
        let now = now(self.stage);
        let till = &mut self.tills[usize::from(slot)];
        till.engine = None;
        drop(enrolment::enrol(&folder, &code, &*self.wire, now.time).unwrap());
        till.reopen(Some(folder), now);
    }

    fn lend(&self) {
        let order = LeaseOrder {
            terminal: self.numbers[0],
            campaign: self.stage.campaign,
            voucher: Some(VoucherName::Id(self.vouchers[0].claims.id)),
            uses: Some(1),
            minor: None,
            until: START.plus(86_400),
        };
        self.stage.platform.lend(&order).unwrap();
    }

    pub(crate) fn end_lease(&self) {
        self.stage.platform.end_lease(LeaseId(1)).unwrap();
    }

    fn folder(&mut self) -> PathBuf {
        self.folders += 1;
        self.stage.dir(&format!("folder{}", self.folders))
    }
}

impl RealTill {
    fn open(dir: &Path, now: Now) -> Self {
        let engine = Some(Engine::open(dir, random, now).unwrap());
        Self { dir: dir.to_owned(), engine, sent: Vec::new(), replies: Vec::new(), asked: None }
    }

    /// The program ends, and starts on this folder or its own.
    fn reopen(&mut self, folder: Option<PathBuf>, now: Now) {
        self.engine = None;
        self.dir = folder.unwrap_or_else(|| self.dir.clone());
        self.engine = Some(Engine::open(&self.dir, random, now).unwrap());
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    fn store(&self) -> &Store {
        self.engine.as_ref().unwrap().store().unwrap()
    }

    pub(crate) fn forked(&self) -> bool {
        self.store().identity().forked
    }

    pub(crate) fn number(&self) -> TerminalId {
        self.store().identity().terminal
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.store().identity().epoch
    }

    /// Positions of the program before the first of the model.
    fn offset(&self) -> u64 {
        if self.epoch() == Epoch(1) { BEFORE } else { BEFORE - 1 }
    }

    pub(crate) fn acked(&self) -> u64 {
        self.store().identity().acked.0.saturating_sub(self.offset())
    }

    /// The journal of the current epoch in the model's words.
    pub(crate) fn journal(&self, vouchers: &[Issued]) -> Vec<Said> {
        let (epoch, offset) = (self.epoch(), self.offset());
        let mut rows = self.store().recent(50).unwrap();
        rows.reverse();
        let own = rows.into_iter().filter(|row| row.entry.epoch == epoch);
        own.filter_map(|row| said(row.entry.body, offset, vouchers))
            .skip(usize::from(epoch == Epoch(1)))
            .collect()
    }

    pub(crate) fn scan(&mut self, text: &str, now: Now) {
        self.engine().present(text, Plain::plain(EntryMethod::Program), now);
        self.drain(now);
        self.event(Command::Dismiss, now);
    }

    fn event(&mut self, command: Command, now: Now) {
        self.engine().handle(Event::Command(command), now);
        self.drain(now);
    }

    fn answer(&mut self, nonce: Nonce, result: Result<Vec<u8>, TransportError>, now: Now) {
        self.engine().handle(Event::Answered { nonce, result }, now);
        self.drain(now);
        self.event(Command::Dismiss, now);
    }

    /// Makes everything due and keeps the message that is wanted.
    fn exchange(
        &mut self,
        wanted: impl Fn(&RequestBody) -> bool,
        now: Now,
    ) -> Option<(Nonce, Vec<u8>)> {
        self.engine().handle(Event::Command(Command::SyncNow), now);
        self.lose_calls(wanted, now)
    }

    fn drain(&mut self, now: Now) {
        self.lose_calls(|_| false, now);
    }

    /// Calls that the model does not know of never reach the platform.
    fn lose_calls(
        &mut self,
        wanted: impl Fn(&RequestBody) -> bool,
        now: Now,
    ) -> Option<(Nonce, Vec<u8>)> {
        let mut kept = None;
        while let Some(Call { lane, nonce, body, .. }) = self.engine().poll_call() {
            let key = self.store().key().public();
            let question = Request::open(&body, &key).unwrap().body;
            if lane == Lane::Ask {
                self.asked = Some((nonce, body));
            } else if wanted(&question) && kept.is_none() {
                kept = Some((nonce, body));
            } else {
                let result = Err(TransportError::Offline("lost".to_owned()));
                self.engine().handle(Event::Answered { nonce, result }, now);
            }
        }
        kept
    }

    fn keep(&mut self, place: u8, message: (Nonce, Vec<u8>)) {
        let place = usize::from(place);
        if self.sent.len() <= place {
            self.sent.resize(place + 1, None);
        }
        self.sent[place] = Some(message);
    }
}

fn now(stage: &Stage) -> Now {
    stage.clock.now()
}

fn said(body: Body, offset: u64, vouchers: &[Issued]) -> Option<Said> {
    Some(match body {
        Body::Redeemed(redeemed) => {
            let place = vouchers.iter().position(|own| own.claims.key() == redeemed.voucher);
            Said::Redeemed {
                voucher: place.unwrap() as u8,
                word: redeemed.online,
                lease: redeemed.lease.is_some(),
            }
        }
        Body::Refused(_) => Said::Refused,
        Body::RolledBack(back) => Said::RolledBack { of: (back.of.0 - offset) as u8 },
        Body::LeaseEnded { .. } => Said::LeaseEnded,
        Body::Opened(_) => Said::Opened,
        Body::BundleTaken { .. } | Body::Recovered(_) => return None,
    })
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
