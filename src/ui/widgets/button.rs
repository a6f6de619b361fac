//! A button that shows the key that does the same.

use egui::{
    Align, Color32, CornerRadius, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::fit::{Line, layout_column};
use crate::ui::theme::{self, Face, RADIUS};

const LABEL: f32 = 17.0;
/// Height of a key that stands above its label, in points.
const CAP: f32 = 16.0;
/// Below this width the key stands above its label, in points.
const NARROW: f32 = 132.0;
/// Labels are set in one row down to this share of their size.
const ONE_ROW_SHARE: f32 = 0.8;

/// What a button looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One of several.
    Normal,
    /// The action that Enter does.
    Primary,
    /// The action that Enter does, on amber.
    Answer,
    /// Another action on amber.
    AnswerQuiet,
}

/// A button of `size` with its key cap on the left; `enabled` decides whether it reacts.
pub fn key_button_ui(
    ui: &mut Ui,
    key: &str,
    label: &str,
    size: Vec2,
    style: (Look, bool),
) -> Response {
    let (look, enabled) = style;
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    paint_body(ui, rect, &response, look, enabled);
    let ink = ink(look, enabled);
    if rect.width() < NARROW && !key.is_empty() {
        paint_stacked(ui, rect, key, label, ink);
        return response;
    }
    let cap_width = paint_cap(ui, rect, key, ink);
    let room = Rect::from_min_max(
        pos2(rect.min.x + cap_width + 10.0, rect.min.y + 4.0),
        pos2(rect.max.x - 8.0, rect.max.y - 4.0),
    );
    paint_label(ui, room, label, ink);
    response
}

/// A sign that steps a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// One more.
    Plus,
    /// One less.
    Minus,
}

/// A button over `rect` that shows a sign; `name` is what a screen reader calls it.
pub fn sign_button_ui(
    ui: &Ui,
    rect: Rect,
    (sign, name): (Sign, &str),
    (look, enabled): (Look, bool),
    id: Id,
) -> Response {
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, id, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    paint_body(ui, rect, &response, look, enabled);
    let pen = Stroke::new(3.0, ink(look, enabled));
    let (middle, arm) = (rect.center(), 9.0);
    ui.painter().hline(middle.x - arm..=middle.x + arm, middle.y, pen);
    if sign == Sign::Plus {
        ui.painter().vline(middle.x, middle.y - arm..=middle.y + arm, pen);
    }
    response
}

/// Key above label, for a button too narrow to have them side by side.
fn paint_stacked(ui: &Ui, rect: Rect, key: &str, label: &str, ink: Color32) {
    let inner = rect.shrink2(vec2(5.0, 4.0));
    let (cap, room) = inner.split_top_bottom_at_y(inner.min.y + CAP);
    let label = Line::new(label, Face::Plain, 14.0, ink);
    let one_row = !label.layout(ui, room.width(), 1.0, Align::Center).elided;
    let label = if one_row { label } else { label.rows(2) };
    for (line, place) in [(Line::new(key, Face::Strong, 13.0, ink), cap), (label, room)] {
        for galley in layout_column(ui, &[line], place.size(), Align::Center) {
            let top = place.center().y - galley.size().y / 2.0;
            ui.painter().galley(pos2(place.center().x, top), galley, ink);
        }
    }
}

fn ink(look: Look, enabled: bool) -> Color32 {
    match (look, enabled) {
        (_, false) => theme::FAINT,
        (Look::Primary, true) => theme::ON_ACCENT,
        (Look::Normal | Look::Answer, true) => theme::TEXT,
        (Look::AnswerQuiet, true) => theme::CAUTION.ink,
    }
}

fn paint_body(ui: &Ui, rect: Rect, response: &Response, look: Look, enabled: bool) {
    let hovered = enabled && response.hovered();
    let fill = match look {
        Look::Primary if !enabled => theme::RAISED,
        Look::Primary => theme::ACCENT,
        Look::Normal | Look::Answer if hovered => theme::HOVER,
        Look::Normal => theme::RAISED,
        Look::Answer => theme::CAUTION.ink,
        Look::AnswerQuiet => theme::CAUTION.shade,
    };
    let edge = match look {
        Look::Normal | Look::Primary if response.has_focus() => Stroke::new(2.0, theme::ACCENT),
        Look::Answer | Look::AnswerQuiet if response.has_focus() => {
            Stroke::new(4.0, theme::CAUTION.soft)
        }
        Look::AnswerQuiet => Stroke::new(2.0, theme::CAUTION.ink),
        Look::Normal | Look::Primary | Look::Answer => Stroke::NONE,
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
    let place =
        pos2(cap.center().x - galley.size().x / 2.0, cap.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, ink);
    size.x + 12.0
}

/// One row in a slightly smaller size where that helps, otherwise two.
fn paint_label(ui: &Ui, room: Rect, label: &str, ink: Color32) {
    let wide = ui.painter().layout_no_wrap(label.to_owned(), Face::Plain.at(LABEL), ink);
    let share = room.width() / wide.size().x.max(1.0);
    let (size, rows) =
        if share < ONE_ROW_SHARE { (LABEL - 1.0, 2) } else { (LABEL * share.min(1.0), 1) };
    let line = Line::new(label, Face::Plain, size, ink).rows(rows);
    let galley = line.layout(ui, room.width() + 1.0, 1.0, Align::Min);
    let top = room.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(room.min.x, top), galley, ink);
}
