//! The last receipt, to read out or to copy by hand.

use egui::{Context, CornerRadius, Frame, Key, Margin, ScrollArea, vec2};

use super::dialog::{dialog_ui, scroll_by_key, text_ui};
use crate::{
    terminal::text::Texts,
    ui::{
        theme::{self, Face, GAP},
        widgets::{
            button::{Look, key_button_ui},
            fit::Line,
            press,
        },
    },
};

const WIDTH: f32 = 520.0;
/// What the arrow keys scroll by, in points.
const STEP: f32 = 60.0;

/// Shows the dialog; returns whether to close.
pub fn receipt_ui(ctx: &Context, texts: &Texts, lines: &[String]) -> bool {
    let again = press::pressed(ctx, Key::F12) || press::pressed(ctx, Key::Enter);
    let height = (ctx.content_rect().height() - 230.0).max(120.0);
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.receipt_title"), WIDTH, |ui| {
        let width = ui.available_width();
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
        ui.add_space(12.0);
        let size = vec2(width, theme::TOUCH + GAP);
        let (cap, label) = (texts.get("ui.cap_escape"), texts.get("ui.close"));
        key_button_ui(ui, cap, label, size, (Look::Normal, true)).clicked()
    });
    again || clicked || left
}

#[cfg(test)]
mod tests {
    use egui::Key;
    use egui_kittest::kittest::Queryable as _;

    use crate::{
        terminal::view::{VerdictState, VerdictView},
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
        assert!(desk.state().commands.is_empty());
    }

    #[test]
    fn a_refusal_after_it_takes_the_last_receipt_from_nobody() {
        let mut desk = desk(with_verdict(accepted(vec!["Value: €10.00".into()])));
        let refused = VerdictView { serial: 2, ..verdict(VerdictState::NotValid, "NOT VALID") };
        desk.state_mut().view = with_verdict(refused);
        desk.run_ok();
        press_key(&mut desk, Key::F12);
        assert!(desk.query_by_label("Value: €10.00").is_some());
        assert!(desk.state().commands.is_empty(), "the key does not clear the refusal");
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
}
