//! A button that shows the key that does the same.

use egui::{Align, Color32, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, pos2, vec2};

use super::fit::Line;
use crate::ui::theme::{self, Face, RADIUS};

/// What a button looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One of several.
    Normal,
    /// The action that Enter does.
    Primary,
    /// The chosen one of a list.
    Chosen,
}

/// A button of `size` with its key cap on the left; `enabled` decides whether it reacts.
pub fn key_button_ui(ui: &mut Ui, key: &str, label: &str, size: Vec2, style: (Look, bool)) -> Response {
    let (look, enabled) = style;
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    paint_body(ui, rect, &response, look);
    let ink = ink(look, enabled);
    let cap_width = paint_cap(ui, rect, key, ink);
    let room = Rect::from_min_max(
        pos2(rect.min.x + cap_width + 12.0, rect.min.y + 4.0),
        pos2(rect.max.x - 12.0, rect.max.y - 4.0),
    );
    paint_label(ui, room, label, ink);
    response
}

fn ink(look: Look, enabled: bool) -> Color32 {
    match (look, enabled) {
        (_, false) => theme::FAINT,
        (Look::Primary, true) => theme::ON_ACCENT,
        (Look::Normal | Look::Chosen, true) => theme::TEXT,
    }
}

fn paint_body(ui: &Ui, rect: Rect, response: &Response, look: Look) {
    let hovered = response.hovered() && response.sense.senses_click();
    let fill = match look {
        Look::Primary => theme::ACCENT,
        Look::Normal | Look::Chosen if hovered => theme::HOVER,
        Look::Normal => theme::RAISED,
        Look::Chosen => theme::HOVER,
    };
    let edge = if response.has_focus() || look == Look::Chosen {
        Stroke::new(2.0, theme::ACCENT)
    } else {
        Stroke::NONE
    };
    ui.painter().rect(rect, CornerRadius::same(RADIUS), fill, edge, StrokeKind::Inside);
}

/// Paints the cap and returns how much of the width it takes.
fn paint_cap(ui: &Ui, rect: Rect, key: &str, ink: Color32) -> f32 {
    if key.is_empty() {
        return 4.0;
    }
    let galley = ui.painter().layout_no_wrap(key.to_owned(), Face::Strong.at(14.0), ink);
    let size = vec2(galley.size().x.max(14.0) + 14.0, 26.0);
    let cap = Rect::from_min_size(pos2(rect.min.x + 12.0, rect.center().y - 13.0), size);
    ui.painter().rect_stroke(cap, 6.0, Stroke::new(1.5, ink), StrokeKind::Inside);
    let place = pos2(cap.center().x - galley.size().x / 2.0, cap.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, ink);
    size.x + 12.0
}

fn paint_label(ui: &Ui, room: Rect, label: &str, ink: Color32) {
    let line = Line::new(label, Face::Plain, 17.0, ink).rows(2);
    let galley = line.layout(ui, room.width(), 1.0, Align::Min);
    let top = room.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(room.min.x, top), galley, ink);
}
