//! The last receipt, to read out or to copy by hand, and its code for the customer's phone.

use egui::{Align, Context, CornerRadius, Frame, Key, Margin, ScrollArea, Ui, UiBuilder, vec2};

use super::dialog::{dialog_ui, scroll_by_key, text_ui};
use crate::{
    terminal::{text::Texts, view::CodeView},
    ui::{
        theme::{self, Face, GAP},
        widgets::{
            button::{Look, key_button_ui},
            code::code_ui,
            fit::{Line, line_ui},
            press,
        },
    },
};

const WIDTH: f32 = 520.0;
/// What the arrow keys scroll by, in points.
const STEP: f32 = 60.0;
/// Height of the sentence above a code.
const WORDS: f32 = 52.0;

/// Width with a code beside the lines.
const WIDE: f32 = 1000.0;
/// Share of the width that the lines have beside a code.
const LINES_SHARE: f32 = 0.45;

/// Shows the dialog; `at` is which of the codes is shown. Returns whether to close.
pub fn receipt_ui(
    ctx: &Context,
    texts: &Texts,
    lines: &[String],
    (codes, at): (&[CodeView], &mut usize),
) -> bool {
    let again = press::pressed(ctx, Key::F12) || press::pressed(ctx, Key::Enter);
    let mut next = press::pressed(ctx, Key::ArrowRight);
    let height = (ctx.content_rect().height() - 230.0).max(120.0);
    let width = if codes.is_empty() { WIDTH } else { WIDE };
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.receipt_title"), width, |ui| {
        let width = ui.available_width();
        match codes.get(*at).or(codes.first()) {
            None => lines_ui(ui, lines, height),
            Some(code) => {
                let size = vec2(width, height + 28.0);
                next |= beside_ui(ui, texts, lines, (code, codes.len(), *at), size);
            }
        }
        ui.add_space(12.0);
        let size = vec2(width, theme::TOUCH + GAP);
        let (cap, label) = (texts.get("ui.cap_escape"), texts.get("ui.close"));
        key_button_ui(ui, cap, label, size, (Look::Normal, true)).clicked()
    });
    if next {
        *at = at.saturating_add(1).checked_rem(codes.len()).unwrap_or(0);
    }
    again || clicked || left
}

fn lines_ui(ui: &mut Ui, lines: &[String], height: f32) {
    let paper = Frame::new()
        .fill(theme::PAPER)
        .inner_margin(Margin::symmetric(20, 14))
        .corner_radius(CornerRadius::same(4));
    paper.show(ui, |ui| {
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            let room = ui.available_width() - 12.0;
            for (index, text) in lines.iter().enumerate() {
                let face = if index == 0 { Face::Strong } else { Face::Plain };
                let line = Line::new(text, face, 17.0, theme::PHONE_TEXT).rows(3);
                ui.push_id(index, |ui| text_ui(ui, &line, text, room));
            }
            scroll_by_key(ui, STEP);
        });
    });
}

/// The lines, and beside them a code for the customer's phone; true when the next one is wanted.
fn beside_ui(
    ui: &mut Ui,
    texts: &Texts,
    lines: &[String],
    (code, count, at): (&CodeView, usize, usize),
    size: egui::Vec2,
) -> bool {
    let (_, room) = ui.allocate_space(size);
    let (left, right) = room.split_left_right_at_x(room.min.x + size.x * LINES_SHARE);
    let height = left.height() - 28.0;
    // Children of their own: what stands below begins under all of it, not under the last that was drawn.
    lines_ui(&mut ui.new_child(UiBuilder::new().max_rect(left)), lines, height);
    let right = right.with_min_x(right.min.x + GAP * 2.0);
    let (words, picture) = right.split_top_bottom_at_y(right.min.y + WORDS);
    let text = texts.get("ui.receipt_witness");
    let line = Line::new(text, Face::Strong, 18.0, theme::TEXT).rows(2);
    line_ui(ui, words, &line, Align::Center, ui.scope_id().with("witness"));
    if count < 2 {
        code_ui(ui, picture, (&code.modules, code.width), text);
        return false;
    }
    let (picture, bar) = picture.split_top_bottom_at_y(picture.max.y - theme::TOUCH);
    code_ui(ui, picture.with_max_y(picture.max.y - GAP), (&code.modules, code.width), text);
    let numbers = [at.saturating_add(1).to_string(), count.to_string()];
    let label = texts.fill("ui.receipt_next", &[("n", &numbers[0]), ("count", &numbers[1])]);
    let ui = &mut ui.new_child(UiBuilder::new().max_rect(bar));
    key_button_ui(ui, "→", &label, bar.size(), (Look::Normal, true)).clicked()
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::{
        terminal::{
            command::Command,
            view::{VerdictState, VerdictView, View},
        },
        ui::testing::{
            WINDOWS, assert_uncut, click, desk, desk_at, press_key, ready, verdict, with_verdict,
        },
    };

    fn accepted(receipt: Vec<String>) -> VerdictView {
        VerdictView { receipt, ..verdict(VerdictState::Accepted, "ACCEPTED") }
    }

    #[test]
    fn the_receipt_is_shown_and_hidden_and_outlives_its_verdict() {
        let mut desk = desk(ready());
        press_key(&mut desk, Key::F12);
        assert!(desk.query_by_label("Close").is_none(), "there is none yet");
        let lines = vec!["Café Anker".into(), "Receipt 7-12 · a1b2c3d4".into()];
        desk.state_mut().view = with_verdict(accepted(lines));
        desk.run_ok();
        press_key(&mut desk, Key::F12);
        assert!(desk.query_by_label("Receipt 7-12 · a1b2c3d4").is_some());
        press_key(&mut desk, Key::F12);
        assert!(desk.query_by_label("Receipt 7-12 · a1b2c3d4").is_none());
        desk.state_mut().view = ready();
        desk.run_ok();
        click(&mut desk, "Receipt");
        assert!(desk.query_by_label("Receipt 7-12 · a1b2c3d4").is_some());
        press_key(&mut desk, Key::Escape);
        assert!(desk.query_by_label("Close").is_none());
        let shown = [true, false].map(Command::ShowWitness);
        assert_eq!(desk.state().commands, [shown.clone(), shown].concat());
    }

    #[test]
    fn a_refusal_after_it_takes_the_last_receipt_from_nobody() {
        let mut desk = desk(with_verdict(accepted(vec!["Value: €10.00".into()])));
        let refused = VerdictView { serial: 2, ..verdict(VerdictState::NotValid, "NOT VALID") };
        desk.state_mut().view = with_verdict(refused);
        desk.run_ok();
        press_key(&mut desk, Key::F12);
        assert!(desk.query_by_label("Value: €10.00").is_some());
        let commands = &desk.state().commands;
        assert_eq!(*commands, [Command::ShowWitness(true)], "the key does not clear the refusal");
    }

    #[test]
    fn a_long_receipt_scrolls_and_no_line_is_cut() {
        let line = "Kolmannen kerroksen kahvilan henkilökuntalahjakortti: 1.112,50 € Ermäßigung";
        for window in WINDOWS {
            let mut desk = desk_at(window, with_verdict(accepted(vec![line.into(); 4])), None);
            press_key(&mut desk, Key::F12);
            assert_uncut(&desk);
            let close = desk.get_by_label("Close").rect();
            assert!(close.max.y <= window.0.y, "{window:?}");
        }
        let lines: Vec<String> = (0..80).map(|index| format!("line {index}")).collect();
        let mut desk = desk(with_verdict(accepted(lines)));
        press_key(&mut desk, Key::F12);
        let before = desk.get_by_label("line 3").rect().min.y;
        press_key(&mut desk, Key::PageDown);
        desk.run_ok();
        assert!(desk.get_by_label("line 3").rect().min.y < before - 100.0);
    }

    /// As many modules as the code of a long entry has.
    fn code() -> CodeView {
        CodeView { modules: vec![true; 97 * 97], width: 97 }
    }

    #[test]
    fn codes_stand_beside_the_lines_and_change_with_a_key() {
        let lines = vec!["Café Anker".into(), "Receipt 7-12 · a1b2c3d4".into()];
        let words = "Scan with your phone: it tells the platform about this redemption";
        for window in WINDOWS {
            let view = with_verdict(accepted(lines.clone()));
            let view = View { witness: vec![code(), code(), code()], ..view };
            let mut desk = desk_at(window, view, None);
            press_key(&mut desk, Key::F12);
            assert_uncut(&desk);
            assert!(desk.query_by_label("Receipt 7-12 · a1b2c3d4").is_some());
            let image = desk.get_by_role_and_label(egui::Role::Image, words).rect();
            // Three pixels to a module can be read from a screen.
            assert!(image.width() * window.1 >= 105.0 * 2.0, "{window:?} {image:?}");
            assert!(image.max.y <= desk.get_by_label("Close").rect().min.y, "{window:?}");
            for number in ["1", "2", "3", "1"] {
                let label = format!("Next code ({number} of 3)");
                assert!(desk.query_by_label(&label).is_some(), "{label}");
                press_key(&mut desk, Key::ArrowRight);
            }
        }
    }

    #[test]
    fn nothing_covers_a_code_that_is_alone() {
        let words = "Scan with your phone: it tells the platform about this redemption";
        for window in WINDOWS {
            let view = with_verdict(accepted(vec!["Café Anker".into()]));
            let mut desk = desk_at(window, View { witness: vec![code()], ..view }, None);
            press_key(&mut desk, Key::F12);
            let image = desk.get_by_role_and_label(egui::Role::Image, words).rect();
            let close = desk.get_by_label("Close").rect();
            assert!(image.max.y <= close.min.y, "{window:?} {image:?} {close:?}");
        }
    }

    #[test]
    fn what_the_platform_knows_needs_no_code() {
        let mut desk = desk(with_verdict(accepted(vec!["Value: €10.00".into()])));
        press_key(&mut desk, Key::F12);
        assert!(desk.query_by_label_contains("Scan with your phone").is_none());
    }
}
