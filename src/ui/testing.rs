//! A counter without a window, for tests: a view goes in, commands come out.

use std::sync::Arc;

use egui::{Event, Id, Key, Modifiers, RawInput, Rect, Role, Shape, Vec2, epaint::TextShape, vec2};
use egui_kittest::{
    Harness, HarnessBuilder,
    kittest::{NodeT as _, Queryable as _},
};

use super::{
    counter::Counter,
    phone::{PhoneCommand, PhoneView},
    readers::ReaderCommand,
    theme,
};
use crate::terminal::{
    command::Command,
    text::Texts,
    view::{CarryView, QuestionView, ScanView, StripView, VerdictState, VerdictView, View, Wanted},
};

/// A counter with a view, and what was asked of the engine and the phone.
pub(crate) struct Bench {
    pub(crate) counter: Counter,
    pub(crate) view: View,
    pub(crate) phone: Option<PhoneView>,
    pub(crate) commands: Vec<Command>,
    pub(crate) asked: Vec<PhoneCommand>,
    pub(crate) chosen: Vec<ReaderCommand>,
}

pub(crate) type Desk = Harness<'static, Bench>;

pub(crate) fn ready() -> View {
    let strip = StripView { shop: "Café Anker".into(), ..StripView::default() };
    View {
        scan: ScanView::Ready,
        recent: Vec::new(),
        strip,
        undo: None,
        notice: None,
        look_first: false,
        fault: None,
        witness: Vec::new(),
        carry: CarryView::default(),
    }
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
        receipt: Vec::new(),
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
        lines: Vec::new(),
        problem: None,
        held: false,
    }
}

pub(crate) fn with_question(question: QuestionView) -> View {
    View { scan: ScanView::Question(question), ..ready() }
}

pub(crate) fn desk_of(size: Vec2, view: View, phone: Option<PhoneView>) -> Desk {
    desk_at((size, 1.0), view, phone)
}

/// A window of `size` points that are `scale` pixels each.
pub(crate) fn desk_at((size, scale): (Vec2, f32), view: View, phone: Option<PhoneView>) -> Desk {
    let bench = Bench {
        counter: Counter::new(Texts::english()),
        view,
        phone,
        commands: Vec::new(),
        asked: Vec::new(),
        chosen: Vec::new(),
    };
    let builder = HarnessBuilder::default().with_size(size).with_pixels_per_point(scale);
    builder.with_context_setup(theme::install).build_ui_state(
        |ui, bench: &mut Bench| {
            let wishes = bench.counter.ui(ui, &bench.view, bench.phone.as_ref());
            bench.commands.extend(wishes.commands);
            bench.asked.extend(wishes.phone);
            bench.chosen.extend(wishes.readers);
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

/// Feeds raw window events through the reader capture at a time, in milliseconds.
pub(crate) fn raw(desk: &mut Desk, events: Vec<Event>, at_ms: u32) {
    let ctx = desk.ctx.clone();
    let time = Some(f64::from(at_ms) / 1000.0);
    let mut input = RawInput { events, time, ..RawInput::default() };
    let scans = desk.state_mut().counter.capture(&ctx, &mut input);
    desk.state_mut().commands.extend(scans);
    for event in input.events {
        desk.event(event);
    }
    desk.run_ok();
}

/// What a window sends for one key on a US keyboard, pressed and let go.
pub(crate) fn stroke(typed: char) -> Vec<Event> {
    let name = typed.to_ascii_uppercase().to_string();
    let key = match typed {
        '\n' => Key::Enter,
        ':' => Key::Semicolon,
        _ => Key::from_name(&name).unwrap(),
    };
    let shift = typed.is_ascii_uppercase() || typed == ':';
    let modifiers = if shift { Modifiers::SHIFT } else { Modifiers::NONE };
    let event =
        |pressed| Event::Key { key, physical_key: Some(key), pressed, repeat: false, modifiers };
    let text = (typed != '\n').then(|| Event::Text(typed.to_string()));
    [Some(event(true)), text, Some(event(false))].into_iter().flatten().collect()
}

pub(crate) fn burst(desk: &mut Desk, text: &str) {
    let counted = Id::unique("when the last burst was over");
    let start_ms = desk.ctx.data(|data| data.get_temp(counted)).unwrap_or(10_000);
    for (typed, at_ms) in text.chars().zip((start_ms..).step_by(6)) {
        raw(desk, stroke(typed), at_ms);
    }
    let over_ms: u32 = start_ms.saturating_add(10_000);
    raw(desk, Vec::new(), over_ms);
    desk.ctx.data_mut(|data| data.insert_temp(counted, over_ms));
}

/// Windows in which everything must fit: small tills, a full-HD screen at 200 %, a large one.
pub(crate) const WINDOWS: [(Vec2, f32); 5] = [
    (vec2(800.0, 560.0), 1.0),
    (vec2(1024.0, 600.0), 1.0),
    (vec2(960.0, 540.0), 2.0),
    (vec2(1366.0, 768.0), 1.0),
    (vec2(1920.0, 1080.0), 1.0),
];

/// Every text that is painted, with the area it is cut to.
pub(crate) fn texts_of(desk: &Desk) -> Vec<(Rect, TextShape)> {
    let mut found = Vec::new();
    for clipped in &desk.output().shapes {
        if let Shape::Text(text) = &clipped.shape
            && !text.galley.text().is_empty()
        {
            found.push((clipped.clip_rect, text.clone()));
        }
    }
    found
}

/// No text is shortened or runs out of its area.
pub(crate) fn assert_uncut(desk: &Desk) {
    let window = desk.ctx.content_rect().size();
    for (clip, text) in texts_of(desk) {
        let words = text.galley.text();
        let place = text.visual_bounding_rect();
        assert!(!text.galley.elided, "{window:?}: {words:?} is shortened");
        let inside = clip.expand(1.0).contains_rect(place);
        assert!(inside, "{window:?}: {words:?} {place:?} {clip:?}");
    }
}

/// No text is painted over another.
pub(crate) fn assert_apart(desk: &Desk) {
    let window = desk.ctx.content_rect().size();
    let texts = texts_of(desk);
    for (index, (_, text)) in texts.iter().enumerate() {
        for (_, other) in texts.iter().skip(index.saturating_add(1)) {
            let both = text.visual_bounding_rect().intersect(other.visual_bounding_rect());
            let apart = both.width() <= 1.0 || both.height() <= 1.0;
            let words = [text.galley.text(), other.galley.text()];
            assert!(apart, "{window:?}: {words:?} overlap in {both:?}");
        }
    }
}

/// Every button can be touched, stands inside the window, and on no other one.
pub(crate) fn assert_touchable(desk: &Desk) {
    let window = desk.ctx.content_rect();
    let buttons: Vec<_> = desk
        .query_all_by_role(Role::Button)
        .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
        .collect();
    assert!(!buttons.is_empty());
    for (index, (name, rect)) in buttons.iter().enumerate() {
        let size = window.size();
        let smaller = rect.width().min(rect.height());
        assert!(smaller > 47.9, "{size:?}: {name} {rect:?}");
        assert!(window.expand(1.0).contains_rect(*rect), "{size:?}: {name} {rect:?}");
        for (other, place) in buttons.iter().skip(index.saturating_add(1)) {
            let both = rect.intersect(*place);
            let apart = both.width() <= 0.0 || both.height() <= 0.0;
            assert!(apart, "{size:?}: {name} {rect:?} and {other} {place:?}");
        }
    }
}

/// Clicks what is called `label`.
pub(crate) fn click(desk: &mut Desk, label: &str) {
    desk.get_by_label(label).click();
    desk.run_ok();
}
