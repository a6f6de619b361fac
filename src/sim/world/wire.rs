//! The network: every message takes its time, and may be lost, late, doubled, damaged or answered by something else.

use std::{collections::VecDeque, sync::Arc};

use super::{
    dice::Dice,
    running::{Due, World},
    till::Asked,
};
use crate::{
    net::TransportError,
    sim::{
        faults::{Fault, Mistake},
        model::Kept,
    },
    terminal::{
        Nonce,
        engine::{Call, Event, Lane},
    },
};

/// A question on its way.
#[derive(Debug)]
pub struct Letter {
    /// Who asks, and at which start of its program; none where somebody plays an old question again.
    pub from: Option<(usize, u32, Nonce)>,
    /// The signed question.
    pub body: Arc<[u8]>,
    /// Whether the edge answers with an error although the platform acts.
    pub fails: bool,
}

/// Whether a question arrives.
enum Way {
    Open,
    /// Its sender hears nothing.
    Lost,
    /// Its sender hears why not.
    Refused(TransportError),
}

/// What messages suffer.
struct Spell {
    till: Option<usize>,
    fault: Fault,
    permille: u64,
    until: u64,
    dice: Dice,
}

/// The network.
pub struct Wire {
    dice: Dice,
    spells: Vec<Spell>,
    questions: VecDeque<Arc<[u8]>>,
    answers: VecDeque<Vec<u8>>,
}

/// Messages that whoever listens keeps.
const OVERHEARD: usize = 40;

impl Wire {
    /// A network on which nothing goes wrong yet.
    pub fn new(dice: Dice) -> Self {
        Self { dice, spells: Vec::new(), questions: VecDeque::new(), answers: VecDeque::new() }
    }

    /// Lets messages suffer for a while.
    pub fn weather(
        &mut self,
        now: u64,
        (till, fault, permille, span): (Option<usize>, Fault, u64, u64),
        dice: Dice,
    ) {
        self.spells.retain(|spell| spell.until > now);
        self.spells.push(Spell { till, fault, permille, until: now + span, dice });
    }

    /// Ends everything that messages suffer from.
    pub fn clear_up(&mut self) {
        self.spells.clear();
    }

    fn suffers(&mut self, now: u64, place: usize, fault: Fault) -> bool {
        let of = |spell: &&mut Spell| {
            let meant = spell.till.is_none_or(|till| till == place);
            spell.fault == fault && spell.until > now && meant
        };
        self.spells.iter_mut().filter(of).any(|spell| spell.dice.chance(spell.permille))
    }

    fn latency(&mut self) -> u64 {
        5 + self.dice.below(90)
    }
}

impl World {
    /// The place of the shape at which a terminal stands, which is whose weather it has.
    fn place_of(&self, till: usize) -> usize {
        self.places.iter().position(|tills| tills.contains(&till)).unwrap_or(0)
    }

    fn meets(&mut self, place: usize, fault: Fault) -> bool {
        let meets = self.wire.suffers(self.now, place, fault);
        if meets {
            self.count(fault);
        }
        meets
    }

    /// Sends what a terminal wants carried.
    pub fn send(&mut self, till: usize, call: Call) {
        let (life, nonce) = (self.tills[till].life, call.nonce);
        let body: Arc<[u8]> = call.body.into();
        let asked = Asked { asking: call.lane == Lane::Ask, body: Arc::clone(&body) };
        self.tills[till].waiting.insert(nonce, asked);
        let answer = |result| Due::Answered { till, life, nonce, result };
        self.later(self.now + call.timeout_ms, answer(Err(TransportError::Timeout)));
        let place = self.place_of(till);
        match self.way(place) {
            Way::Open => {}
            Way::Lost => return,
            Way::Refused(error) => {
                let latency = self.wire.latency();
                return self.later(self.now + latency, answer(Err(error)));
            }
        }
        self.overhear(&body);
        let body = self.damaged(place, body);
        let letter =
            |fails| Letter { from: Some((till, life, nonce)), body: Arc::clone(&body), fails };
        let fails = self.meets(place, Fault::FailedAfterwards);
        let at = self.now + self.way_there(place);
        self.later(at, Due::Arrives(letter(fails)));
        if self.meets(place, Fault::Duplicated) {
            let at = self.now + self.way_there(place) + self.wire.dice.below(5_000);
            self.later(at, Due::Arrives(letter(false)));
        }
        if self.meets(place, Fault::OldRequest) {
            self.play_again();
        }
    }

    /// Whether a question arrives.
    fn way(&mut self, place: usize) -> Way {
        let refused = |status, code: &str| {
            let (code, detail) = (code.to_owned(), "not at this time".to_owned());
            Way::Refused(TransportError::Refused { status, code, detail })
        };
        if self.meets(place, Fault::OneCutOff) || self.meets(place, Fault::AllCutOff) {
            let told = self.wire.dice.chance(500);
            let offline = || Way::Refused(TransportError::Offline("no route".to_owned()));
            return if told { offline() } else { Way::Lost };
        }
        if self.meets(place, Fault::RefusedBusy) {
            return refused(503, "busy");
        }
        if self.meets(place, Fault::RefusedLater) {
            let status = self.wire.dice.pick(&[408, 429]);
            return refused(status, "slow_down");
        }
        if self.meets(place, Fault::RefusedForGood) {
            return refused(403, "signature_invalid");
        }
        if self.meets(place, Fault::RequestLost) { Way::Lost } else { Way::Open }
    }

    fn overhear(&mut self, body: &Arc<[u8]>) {
        self.wire.questions.push_back(Arc::clone(body));
        if self.wire.questions.len() > OVERHEARD {
            self.wire.questions.pop_front();
        }
    }

    fn damaged(&mut self, place: usize, body: Arc<[u8]>) -> Arc<[u8]> {
        if !self.meets(place, Fault::FlippedRequest) {
            return body;
        }
        let mut bytes = body.to_vec();
        flip(&mut bytes, &mut self.wire.dice);
        bytes.into()
    }

    fn way_there(&mut self, place: usize) -> u64 {
        let mut way = self.wire.latency();
        if self.meets(place, Fault::RequestDelayed) {
            way += self.wire.dice.pick(&[900, 5_000, 40_000, 3_600_000]);
        }
        if self.meets(place, Fault::Reordered) {
            way += self.wire.dice.below(3_000);
        }
        way
    }

    fn play_again(&mut self) {
        let place = self.wire.dice.place(self.wire.questions.len());
        if let Some(body) = self.wire.questions.get(place).cloned() {
            let at = self.now + self.wire.dice.below(30_000);
            self.later(at, Due::Arrives(Letter { from: None, body, fails: false }));
        }
    }

    /// A question arrives at the platform.
    #[expect(clippy::needless_pass_by_value, reason = "a question that arrived is used up")]
    pub fn arrives(&mut self, letter: Letter) -> Kept {
        let place = letter.from.map_or(0, |(till, _, _)| self.place_of(till));
        if !self.platform_up || self.meets(place, Fault::PlatformDown) {
            if let Some((till, life, nonce)) = letter.from {
                let result = Err(TransportError::Offline("connection refused".to_owned()));
                self.later(self.now + 3, Due::Answered { till, life, nonce, result });
            }
            return Ok(());
        }
        self.trace.note(&letter.body);
        let result = self.serve(&letter.body)?;
        let Some((till, life, nonce)) = letter.from else {
            return Ok(());
        };
        if letter.fails {
            let (code, detail) = ("bad_gateway".to_owned(), "no answer".to_owned());
            let result = Err(TransportError::Refused { status: 502, code, detail });
            self.later(self.now + 5, Due::Answered { till, life, nonce, result });
            return Ok(());
        }
        if let Some((at, result)) = self.way_back(place, result) {
            self.later(at, Due::Answered { till, life, nonce, result });
        }
        Ok(())
    }

    /// When an answer arrives, and what is left of it.
    fn way_back(
        &mut self,
        place: usize,
        result: Result<Vec<u8>, TransportError>,
    ) -> Option<(u64, Result<Vec<u8>, TransportError>)> {
        if self.meets(place, Fault::AnswerLost) {
            return None;
        }
        let mut at = self.now + self.wire.latency();
        if self.meets(place, Fault::AnswerDelayed) {
            at += self.wire.dice.pick(&[500, 900, 5_000, 40_000]);
        }
        let Ok(bytes) = result else {
            return Some((at, result));
        };
        self.wire.answers.push_back(bytes.clone());
        if self.wire.answers.len() > OVERHEARD {
            self.wire.answers.pop_front();
        }
        Some((at, self.spoiled(place, bytes)))
    }

    fn spoiled(&mut self, place: usize, mut bytes: Vec<u8>) -> Result<Vec<u8>, TransportError> {
        if self.meets(place, Fault::GarbageAnswer) {
            let text = "<html><title>Sign in to the Wi-Fi</title></html>";
            let told = self.wire.dice.chance(500);
            return if told {
                Err(TransportError::Invalid("text/html".to_owned()))
            } else {
                Ok(text.into())
            };
        }
        if self.meets(place, Fault::TruncatedAnswer) {
            bytes.truncate(self.wire.dice.place(bytes.len()));
        }
        if self.meets(place, Fault::FlippedAnswer) {
            flip(&mut bytes, &mut self.wire.dice);
        }
        if self.meets(place, Fault::OldAnswer) {
            let old = self.wire.dice.place(self.wire.answers.len());
            return Ok(self.wire.answers.get(old).cloned().unwrap_or(bytes));
        }
        Ok(bytes)
    }

    /// An answer arrives at a terminal, or the time for it is over.
    pub fn answered(
        &mut self,
        till: usize,
        life: u32,
        nonce: Nonce,
        result: Result<Vec<u8>, TransportError>,
    ) -> Kept {
        if self.tills[till].life != life {
            return Ok(());
        }
        let Some(asked) = self.tills[till].waiting.remove(&nonce) else {
            return Ok(());
        };
        self.hear(till, &asked, &result);
        let result = match self.mistake {
            Some(mistake) => self.mistaken_answer(mistake, till, (&asked, nonce), result),
            None => result,
        };
        self.trace.note(&nonce);
        self.settle(till, Event::Answered { nonce, result })?;
        self.lists(till)
    }

    /// Whether a rule is left out.
    pub fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}

/// Flips one bit.
pub(super) fn flip(bytes: &mut [u8], dice: &mut Dice) {
    let place = dice.place(bytes.len());
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << dice.below(8);
    }
}
