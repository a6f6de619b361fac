//! The band that says that scans only look.

use egui::{Align, Shape, Stroke, Ui, pos2, vec2};

use super::fit::{Line, line_ui};
use crate::{
    terminal::text::Texts,
    ui::theme::{self, Face},
};

/// Height of the band, in points.
pub const HEIGHT: f32 = 34.0;

/// Paints the band over the whole of `ui`: an eye and words.
pub fn look_first_ui(ui: &Ui, texts: &Texts) {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::ACCENT);
    let eye = pos2(rect.min.x + 38.0, rect.center().y);
    let pen = Stroke::new(2.5, theme::ON_ACCENT);
    ui.painter().add(Shape::ellipse_stroke(eye, vec2(15.0, 9.0), pen));
    ui.painter().circle_filled(eye, 4.5, theme::ON_ACCENT);
    let words = rect.with_min_x(rect.min.x + 66.0).with_max_x(rect.max.x - 20.0);
    let line = Line::new(texts.get("ui.look_first_on"), Face::Strong, 18.0, theme::ON_ACCENT);
    let response = line_ui(ui, words, &line, Align::Min, ui.scope_id().with("look first"));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_live(egui::accesskit::Live::Polite);
    });
}

#[cfg(test)]
mod tests {
    use egui::Key;
    use egui_kittest::kittest::Queryable as _;

    use crate::{
        terminal::{
            command::Command,
            view::{ScanView, VerdictState, View},
        },
        ui::testing::{
            WINDOWS, assert_uncut, click, desk, desk_at, press_key, question, ready, verdict,
            with_question, with_verdict,
        },
    };

    #[test]
    fn a_key_switches_it_on_and_off() {
        let mut desk = desk(ready());
        press_key(&mut desk, Key::F11);
        click(&mut desk, "Look first");
        desk.state_mut().view.look_first = true;
        desk.run_ok();
        press_key(&mut desk, Key::F11);
        click(&mut desk, "Stop looking");
        let commands = [true, true, false, false].map(Command::LookFirst);
        assert_eq!(desk.state().commands, commands);
    }

    #[test]
    fn it_is_told_in_words_on_every_screen_while_it_is_on() {
        for view in [
            ready(),
            View { scan: ScanView::Asking, ..ready() },
            with_verdict(verdict(VerdictState::Accepted, "ACCEPTED")),
            with_question(question()),
        ] {
            let words = "scans only look until you confirm";
            let off = desk(view.clone());
            assert!(off.query_by_label_contains(words).is_none());
            for window in WINDOWS {
                let on = desk_at(window, View { look_first: true, ..view.clone() }, None);
                assert!(on.query_by_label_contains(words).is_some());
                assert_uncut(&on);
            }
        }
    }
}
