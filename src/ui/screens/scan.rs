//! The large middle of the window: invitation, waiting, verdict or question.

use egui::{Align, Key, Rect, Sense, Ui, pos2, vec2};

use super::{
    question::{QuestionState, question_ui},
    ready,
};
use crate::{
    terminal::{
        command::Command,
        text::Texts,
        view::{ScanView, VerdictState, VerdictView, View},
    },
    ui::{
        theme::{self, Face, Sizes},
        widgets::{
            banner::verdict_ui,
            fit::{Line, line_ui},
            press,
        },
    },
};

/// What the screen remembers between frames.
#[derive(Clone, Debug, Default)]
pub struct ScanState {
    /// Set while a dialog lies above, so that keys belong to it.
    pub covered: bool,
    /// The answer being typed.
    pub question: QuestionState,
    verdict: Option<Shown>,
}

/// The verdict on the screen and when it appeared, in seconds of the window's time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown {
    serial: u64,
    since: f64,
}

/// Draws the middle of the window over the whole of `ui`.
pub fn scan_ui(
    ui: &mut Ui,
    view: &View,
    texts: &Texts,
    state: &mut ScanState,
    commands: &mut Vec<Command>,
) {
    let rect = ui.max_rect();
    match &view.scan {
        ScanView::Ready => ready::ready_ui(ui, rect, view, texts),
        ScanView::Asking => ready::asking_ui(ui, rect, texts),
        ScanView::Verdict(verdict) => match time_left(ui, verdict, state) {
            Some(0.0) => ready::ready_ui(ui, rect, view, texts),
            left => {
                verdict_ui(ui, rect, verdict, texts, left);
                held_ui(ui, rect, verdict.held, texts);
                if dismissed(ui, rect, verdict, state.covered) {
                    commands.push(Command::Dismiss);
                }
            }
        },
        ScanView::Question(question) => {
            let covered = state.covered;
            question_ui(ui, rect, question, texts, (&mut state.question, covered), commands);
            held_ui(ui, rect, question.held, texts);
        }
    }
}

/// The share of its time that is left to a verdict that clears itself; zero once it has passed.
fn time_left(ui: &Ui, verdict: &VerdictView, state: &mut ScanState) -> Option<f32> {
    let (now, frame) = ui.input(|input| (input.time, input.stable_dt));
    let shown = match state.verdict {
        Some(shown) if shown.serial == verdict.serial => shown,
        Some(_) | None => Shown { serial: verdict.serial, since: now },
    };
    state.verdict = Some(shown);
    let total = std::time::Duration::from_millis(verdict.clears_after_ms?).as_secs_f64();
    let left = (total - (now - shown.since)).max(0.0);
    if left > 0.0 {
        ui.ctx().request_repaint_after_secs(frame.max(1.0 / 30.0));
    }
    Some(share(left, total))
}

#[expect(clippy::cast_possible_truncation, reason = "a share of the width of a bar")]
fn share(left: f64, total: f64) -> f32 {
    if total <= 0.0 { 0.0 } else { (left / total) as f32 }
}

/// A refusal goes with any key, everything else with Esc or Enter; a click always works.
fn dismissed(ui: &Ui, rect: Rect, verdict: &VerdictView, covered: bool) -> bool {
    let area = ui.interact(rect, ui.id().with("verdict area"), Sense::CLICK);
    if covered {
        return false;
    }
    let any_key = match verdict.state {
        VerdictState::AlreadyUsed | VerdictState::NotValid | VerdictState::CannotCheck => true,
        VerdictState::Accepted | VerdictState::NeedsInput | VerdictState::NotAVoucher => false,
    };
    area.clicked()
        || (any_key && press::any_pressed(ui.ctx()))
        || press::pressed(ui.ctx(), Key::Escape)
        || press::pressed(ui.ctx(), Key::Enter)
}

/// Tells that the next scan waits until this one is finished.
fn held_ui(ui: &Ui, rect: Rect, held: bool, texts: &Texts) {
    if !held {
        return;
    }
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    let band = Rect::from_min_size(rect.min, vec2(rect.width(), sizes.body * 1.9));
    ui.painter().rect_filled(band, 0.0, theme::CALM.fill);
    let text = Rect::from_min_max(
        pos2(band.min.x + sizes.margin, band.min.y),
        pos2(band.max.x - sizes.margin, band.max.y),
    );
    let line = Line::new(texts.get("ui.held"), Face::Strong, sizes.body, theme::WARN);
    line_ui(ui, text, &line, Align::Center, ui.id().with("held"));
}
