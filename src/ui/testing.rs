//! A counter without a window, for tests: a view goes in, commands come out.

use std::sync::Arc;

use egui::{Event, Key, Vec2, vec2};
use egui_kittest::{Harness, HarnessBuilder};

use super::{
    counter::Counter,
    phone::{PhoneCommand, PhoneView},
    theme,
};
use crate::terminal::{
    command::Command,
    text::Texts,
    view::{QuestionView, ScanView, StripView, VerdictState, VerdictView, View, Wanted},
};

/// A counter with a view, and what was asked of the engine and the phone.
pub(crate) struct Bench {
    pub(crate) counter: Counter,
    pub(crate) view: View,
    pub(crate) phone: Option<PhoneView>,
    pub(crate) commands: Vec<Command>,
    pub(crate) asked: Vec<PhoneCommand>,
}

pub(crate) type Desk = Harness<'static, Bench>;

pub(crate) fn ready() -> View {
    let strip = StripView { shop: "Café Anker".into(), ..StripView::default() };
    View { scan: ScanView::Ready, recent: Vec::new(), strip, undo: None, notice: None, fault: None }
}

pub(crate) fn verdict(state: VerdictState, headline: &str) -> VerdictView {
    VerdictView {
        serial: 1,
        state,
        headline: headline.into(),
        amount: None,
        due: None,
        reason: Some("a reason".into()),
        advice: Some("some advice".into()),
        details: vec!["Lunch for two".into()],
        support: "code · 4F7Q".into(),
        clears_after_ms: None,
        held: false,
    }
}

pub(crate) fn with_verdict(verdict: VerdictView) -> View {
    View { scan: ScanView::Verdict(Arc::new(verdict)), ..ready() }
}

pub(crate) fn question() -> QuestionView {
    QuestionView {
        serial: 7,
        headline: "BILL AMOUNT?".into(),
        details: vec!["15 % off".into()],
        wants: Wanted::Bill,
        unit: "EUR".into(),
        offered: "12.50".into(),
        problem: None,
        held: false,
    }
}

pub(crate) fn with_question(question: QuestionView) -> View {
    View { scan: ScanView::Question(question), ..ready() }
}

pub(crate) fn desk_of(size: Vec2, view: View, phone: Option<PhoneView>) -> Desk {
    let bench = Bench {
        counter: Counter::new(Texts::english()),
        view,
        phone,
        commands: Vec::new(),
        asked: Vec::new(),
    };
    HarnessBuilder::default().with_size(size).with_context_setup(theme::install).build_ui_state(
        |ui, bench: &mut Bench| {
            let wishes = bench.counter.ui(ui, &bench.view, bench.phone.as_ref());
            bench.commands.extend(wishes.commands);
            bench.asked.extend(wishes.phone);
        },
        bench,
    )
}

pub(crate) fn desk(view: View) -> Desk {
    desk_of(vec2(1366.0, 768.0), view, None)
}

pub(crate) fn press_key(desk: &mut Desk, key: Key) {
    desk.key_press(key);
    desk.run_ok();
}

pub(crate) fn type_text(desk: &mut Desk, text: &str) {
    desk.event(Event::Text(text.into()));
    desk.run_ok();
}
