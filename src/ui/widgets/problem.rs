//! Why an answer was not taken, on a plate that stands out from every ground.

use egui::{Align, CornerRadius, Rect, Ui, vec2};

use super::fit::{Line, layout_column, line_ui};
use crate::ui::theme::{self, Face, REFUSED};

const INSET: f32 = 16.0;

/// Paints `problem` at the left of `rect`, as wide as it is long, and announces it.
pub fn problem_ui(ui: &Ui, rect: Rect, problem: &str, size: f32) {
    let line = Line::new(problem, Face::Strong, size, REFUSED.ink).rows(2);
    let room = vec2(rect.width() - INSET * 2.0, rect.height());
    let galleys = layout_column(ui, std::slice::from_ref(&line), room, Align::Min);
    let width = galleys.first().map_or(0.0, |galley| galley.size().x);
    let plate = Rect::from_min_size(rect.min, vec2(width + INSET * 2.0, rect.height()));
    ui.painter().rect_filled(plate, CornerRadius::same(theme::RADIUS), REFUSED.fill);
    let text = plate.shrink2(vec2(INSET, 0.0)).expand2(vec2(1.0, 0.0));
    let response = line_ui(ui, text, &line, Align::Min, ui.scope_id().with("problem"));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_live(egui::accesskit::Live::Assertive);
    });
}
