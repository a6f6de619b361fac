//! The large middle of the window: invitation, waiting, verdict, question or bill.

use egui::{Align, Key, Rect, Sense, Ui, UiBuilder, vec2};

use super::{
    bill::{BillState, bill_ui},
    question::{QuestionState, question_ui},
    ready::{self, Eye},
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
    /// The sum of a bill being typed.
    pub bill: BillState,
    verdict: Option<Shown>,
}

impl ScanState {
    /// What the confirming key asks for.
    pub fn confirm(&mut self, ctx: &egui::Context, scan: &ScanView) -> Option<Command> {
        match scan {
            ScanView::Question(question) => self.question.confirm(ctx, question),
            ScanView::Bill(bill) => Some(self.bill.confirm(bill)),
            ScanView::Ready | ScanView::Asking | ScanView::Verdict(_) => None,
        }
    }

    /// What the leaving key asks for.
    pub fn leave(&mut self, ctx: &egui::Context, scan: &ScanView) -> Command {
        match scan {
            ScanView::Question(question) => self.question.leave(ctx, question),
            ScanView::Bill(_) | ScanView::Ready | ScanView::Asking | ScanView::Verdict(_) => {
                Command::Dismiss
            }
        }
    }
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
    (state, eye): (&mut ScanState, Eye<'_>),
    commands: &mut Vec<Command>,
) {
    let rect = ui.max_rect();
    match &view.scan {
        ScanView::Ready => ready::ready_ui(ui, rect, view, texts, eye),
        ScanView::Asking => ready::asking_ui(ui, rect, texts),
        ScanView::Verdict(verdict) => match time_left(ui, verdict, state) {
            Some(0.0) => ready::ready_ui(ui, rect, view, texts, eye),
            left => {
                let below = held_ui(ui, rect, verdict.held, texts);
                verdict_ui(ui, below, verdict, texts, left);
                if dismissed(ui, rect, verdict, state.covered) {
                    commands.push(Command::Dismiss);
                }
            }
        },
        ScanView::Question(question) => {
            let below = held_ui(ui, rect, question.held, texts);
            let answer = (&mut state.question, state.covered);
            ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
                question_ui(ui, question, texts, answer, commands);
            });
        }
        ScanView::Bill(bill) => {
            bill_ui(ui, bill, texts, (&mut state.bill, state.covered), commands);
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
    let area = ui.interact(rect, ui.scope_id().with("verdict area"), Sense::CLICK);
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

/// Tells that the next scan waits until this one is finished; returns the room below.
fn held_ui(ui: &Ui, rect: Rect, held: bool, texts: &Texts) -> Rect {
    if !held {
        return rect;
    }
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    let (plate, below) = rect.split_top_bottom_at_y(rect.min.y + sizes.body * 1.9);
    ui.painter().rect_filled(plate, 0.0, theme::CALM.fill);
    let text = plate.shrink2(vec2(sizes.margin, 0.0));
    let line = Line::new(texts.get("ui.held"), Face::Strong, sizes.body, theme::WARN);
    line_ui(ui, text, &line, Align::Center, ui.scope_id().with("held"));
    below
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui::{Shape, Vec2};
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::{
        terminal::view::{QuestionView, RecentRow, StripView, UndoView},
        ui::{
            testing::{
                WINDOWS, assert_apart, assert_uncut, desk, desk_at, desk_of, press_key, question,
                ready, texts_of, verdict, with_question, with_verdict,
            },
            widgets::mark::Mark,
        },
    };

    const SIZES: [Vec2; 3] = [vec2(1024.0, 768.0), vec2(1366.0, 768.0), vec2(1920.0, 1080.0)];

    const STATES: [(VerdictState, &str); 6] = [
        (VerdictState::Accepted, "ACCEPTED"),
        (VerdictState::AlreadyUsed, "ALREADY USED"),
        (VerdictState::NotValid, "NOT VALID"),
        (VerdictState::NeedsInput, "CHECK THE ID"),
        (VerdictState::CannotCheck, "CANNOT CHECK NOW"),
        (VerdictState::NotAVoucher, "THIS IS NOT A VOUCHER"),
    ];

    #[test]
    fn every_verdict_shows_its_headline_its_shape_and_its_words() {
        let texts = Texts::english();
        for (state, headline) in STATES {
            let desk = desk(with_verdict(verdict(state, headline)));
            for label in [headline, "a reason", "some advice", "Lunch for two", "code · 4F7Q"] {
                assert!(desk.query_by_label(label).is_some(), "{state:?}: {label}");
            }
            assert!(desk.query_by_label(texts.get(Mark::of(state).key())).is_some(), "{state:?}");
        }
    }

    #[test]
    fn what_was_done_is_told_on_the_ready_screen() {
        let notice = Some("€10.00 taken back".to_owned());
        let desk = desk(View { notice, ..ready() });
        assert!(desk.query_by_label("€10.00 taken back").is_some());
        assert!(desk.query_by_label("Scan a voucher").is_some());
    }

    #[test]
    fn the_headline_is_announced_at_once() {
        let desk = desk(with_verdict(verdict(VerdictState::NotValid, "NOT VALID")));
        let node = desk.get_by_label("NOT VALID");
        let live = node.accesskit_node().live();
        assert_eq!(live, egui::accesskit::Live::Assertive);
    }

    #[test]
    fn headlines_are_large_and_the_verdict_fills_the_window() {
        for (size, least) in SIZES.into_iter().zip([64.0, 64.0, 96.0]) {
            for (state, headline) in STATES {
                let shown =
                    VerdictView { amount: Some("€10.00 off".into()), ..verdict(state, headline) };
                let desk = desk_of(size, with_verdict(shown), None);
                let found = texts_of(&desk);
                let size_of = |words: &str| {
                    let text = found.iter().find(|(_, t)| t.galley.text() == words).unwrap();
                    text.1.galley.job.sections[0].format.font_id.size
                };
                assert!(size_of(headline) >= least, "{state:?} at {size:?}: {}", size_of(headline));
                if size.y > 1000.0 {
                    assert!(size_of("€10.00 off") >= 72.0, "{state:?}");
                }
                let fill = theme::tone(state).fill;
                let area = desk.output().shapes.iter().filter_map(|s| {
                    if let Shape::Rect(rect) = &s.shape
                        && rect.fill == fill
                    {
                        return Some(rect.rect.area());
                    }
                    None
                });
                let share = area.fold(0.0, f32::max) / (size.x * size.y);
                assert!(share >= 0.6, "{state:?} at {size:?}: {share}");
            }
        }
    }

    #[test]
    fn long_words_shrink_and_nothing_is_cut() {
        for size in SIZES {
            for (state, _) in STATES {
                let mut view = wordy();
                if let ScanView::Verdict(verdict) = &view.scan {
                    let verdict = VerdictView { state, ..(**verdict).clone() };
                    view.scan = ScanView::Verdict(Arc::new(verdict));
                }
                assert_uncut(&desk_of(size, view, None));
            }
            let question = QuestionView {
                headline: "WIEVIEL VOM GUTHABEN EINLÖSEN?".into(),
                details: vec!["Kolmannen kerroksen kahvilan lahjakortti".into()],
                problem: Some("Das Guthaben beträgt nur noch 12,50 €".into()),
                ..question()
            };
            assert_uncut(&desk_of(size, with_question(question), None));
        }
    }

    #[test]
    fn ten_vouchers_on_one_bill_are_told_and_fit() {
        for window in WINDOWS {
            let shown = VerdictView {
                amount: Some("10 vouchers · CHF 1056.30 off".into()),
                due: Some("To pay: CHF 9985.70".into()),
                reason: None,
                advice: None,
                details: vec!["Kolmannen kerroksen kahvilan lahjakortti".into(); 10],
                clears_after_ms: Some(6_000),
                ..verdict(VerdictState::Accepted, "ACCEPTED")
            };
            let view = View { look_first: true, ..with_verdict(shown) };
            let desk = desk_at(window, view, None);
            assert!(desk.query_by_label("10 vouchers · CHF 1056.30 off").is_some());
            assert!(desk.query_by_label("To pay: CHF 9985.70").is_some());
            assert_uncut(&desk);
            assert_apart(&desk);
        }
    }

    #[test]
    fn looking_first_leaves_the_verdict_its_share_of_the_window() {
        for size in SIZES {
            let view = with_verdict(verdict(VerdictState::Accepted, "ACCEPTED"));
            let desk = desk_of(size, View { look_first: true, ..view }, None);
            let fill = theme::tone(VerdictState::Accepted).fill;
            let areas = desk.output().shapes.iter().filter_map(|clipped| {
                if let Shape::Rect(rect) = &clipped.shape
                    && rect.fill == fill
                {
                    return Some(rect.rect.area());
                }
                None
            });
            let share = areas.fold(0.0, f32::max) / (size.x * size.y);
            assert!(share >= 0.6, "{size:?}: {share}");
        }
    }

    #[test]
    fn acceptances_leave_by_themselves_and_refusals_stay() {
        let accepted = VerdictView {
            clears_after_ms: Some(6_000),
            ..verdict(VerdictState::Accepted, "ACCEPTED")
        };
        for (shown, stays) in
            [(accepted, false), (verdict(VerdictState::NotValid, "NOT VALID"), true)]
        {
            let headline = shown.headline.clone();
            let mut desk = desk(with_verdict(shown));
            desk.input_mut().time = Some(1.0);
            desk.step();
            desk.input_mut().time = Some(5.0);
            desk.step();
            assert!(desk.query_by_label(&headline).is_some());
            desk.input_mut().time = Some(60.0);
            desk.step();
            assert_eq!(desk.query_by_label(&headline).is_some(), stays, "{headline}");
            assert!(desk.state().commands.is_empty(), "time alone asks nothing of the engine");
        }
    }

    #[test]
    fn any_key_clears_a_refusal_and_only_escape_or_enter_an_acceptance() {
        let mut refusal = desk(with_verdict(verdict(VerdictState::NotValid, "NOT VALID")));
        press_key(&mut refusal, Key::Space);
        assert_eq!(refusal.state().commands, [Command::Dismiss]);
        let mut acceptance = desk(with_verdict(verdict(VerdictState::Accepted, "ACCEPTED")));
        press_key(&mut acceptance, Key::Space);
        assert!(acceptance.state().commands.is_empty());
        press_key(&mut acceptance, Key::Escape);
        assert_eq!(acceptance.state().commands, [Command::Dismiss]);
    }

    /// Words as long as German and Finnish make them, everywhere at once.
    fn wordy() -> View {
        let long = |text: &str| Some(text.to_owned());
        let row = RecentRow {
            entry: 1,
            time: "14:02:31".into(),
            state: VerdictState::AlreadyUsed,
            title: "Frühstücksgutschein für zwei".into(),
            amount: "1.112,50 €".into(),
            code: "4F7Q".into(),
            synced: false,
            rolled_back: true,
            back: None,
        };
        let strip = StripView {
            shop: "Bäckereifachgeschäft Müller-Lüdenscheidt · Hauptbahnhof".into(),
            terminal: "Kasse 12".into(),
            operator: "Katharina-Elisabeth".into(),
            to_send: 112,
            last_sync: "vor 72 Minuten abgeglichen".into(),
            conflicts: 12,
            warning: true,
            ..StripView::default()
        };
        let verdict = VerdictView {
            amount: long("1.112,50 € Ermäßigung"),
            due: long("Noch zu zahlen: 10.232,50 €"),
            reason: long("voimassaolo päättyi 12. maaliskuuta 2026"),
            advice: long(
                "Bitten Sie den Kunden, sich an die Geschäftsleitung zu wenden; der Gutschein wurde nicht entwertet.",
            ),
            details: vec![
                "Kolmannen kerroksen kahvilan henkilökuntalahjakortti".into(),
                "Restguthaben: 12,50 €".into(),
            ],
            ..verdict(VerdictState::NotValid, "PRÜFUNG DERZEIT NICHT MÖGLICH")
        };
        View {
            recent: vec![row; 12],
            strip,
            undo: Some(UndoView {
                entry: 1,
                label: "Rückgängig: 1.112,50 €".into(),
                seconds_left: 58,
            }),
            ..with_verdict(verdict)
        }
    }
}
