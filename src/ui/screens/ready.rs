//! The calm screen between two customers, and the short wait for the platform.

use egui::{Align, Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::{
    terminal::{
        text::Texts,
        view::{VerdictState, View},
    },
    ui::{
        readers::{Preview, ReadersView, frame_of},
        theme::{self, CALM, CANNOT_CHECK, Face, Sizes},
        widgets::{
            fit::{Line, column_ui},
            mark::mark_ui,
        },
    },
};

/// What the camera sees, and how the screen keeps it.
pub type Eye<'a> = (&'a ReadersView, &'a mut Preview);

/// Invites to scan, or says why nothing can be redeemed.
pub fn ready_ui(ui: &Ui, rect: Rect, view: &View, texts: &Texts, eye: Eye<'_>) {
    match &view.fault {
        Some(fault) => fault_ui(ui, rect, fault, texts),
        None => invitation_ui(ui, rect, view.notice.as_deref(), texts, eye),
    }
}

/// Says that the platform is being asked.
pub fn asking_ui(ui: &Ui, rect: Rect, texts: &Texts) {
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    ui.painter().rect_filled(rect, 0.0, CALM.fill);
    let [picture, words] = halves(rect, &sizes);
    let turn = ui.input(|input| input.time).rem_euclid(1.2) / 1.2;
    wheel(ui.painter(), picture, turn);
    ui.ctx().request_repaint_after_secs(1.0 / 30.0);
    let lines = [
        Line::new(texts.get("ui.asking"), Face::Strong, sizes.headline * 0.8, CALM.ink).rows(2),
        Line::new(texts.get("ui.asking_hint"), Face::Plain, sizes.body, CALM.soft)
            .rows(2)
            .gap(sizes.body * 0.6),
    ];
    column_ui(ui, words, &lines, Align::Center, "asking");
}

fn invitation_ui(ui: &Ui, rect: Rect, notice: Option<&str>, texts: &Texts, eye: Eye<'_>) {
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    ui.painter().rect_filled(rect, 0.0, CALM.fill);
    let [picture, words] = halves(rect, &sizes);
    let (readers, preview) = eye;
    let room = frame_of(picture, rect.shrink(sizes.margin));
    if !readers.camera.as_ref().is_some_and(|camera| preview.paint(ui, room, camera)) {
        code_in_view(ui.painter(), picture);
    }
    let advice = readers.advice(texts);
    let (hint, face, color) = match advice.as_deref() {
        Some(advice) => (advice, Face::Strong, theme::WARN),
        None => (texts.get("ui.ready_hint"), Face::Plain, CALM.soft),
    };
    let mut lines = vec![
        Line::new(texts.get("ui.ready"), Face::Strong, sizes.headline * 0.8, CALM.ink)
            .rows(2)
            .keep(),
        Line::new(hint, face, sizes.body, color).rows(3).gap(sizes.body * 0.6),
    ];
    lines.extend(notice.map(|text| {
        Line::new(text, Face::Strong, sizes.body, theme::GOOD).rows(2).gap(sizes.body)
    }));
    column_ui(ui, words, &lines, Align::Center, "ready");
}

fn fault_ui(ui: &Ui, rect: Rect, fault: &str, texts: &Texts) {
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    ui.painter().rect_filled(rect, 0.0, CANNOT_CHECK.fill);
    let [picture, words] = halves(rect, &sizes);
    let colors = [CANNOT_CHECK.ink, CANNOT_CHECK.fill];
    mark_ui(ui, picture, VerdictState::CannotCheck, texts, colors);
    let lines = [
        Line::new(texts.get("ui.fault"), Face::Strong, sizes.headline * 0.8, CANNOT_CHECK.ink)
            .rows(2)
            .keep(),
        Line::new(fault, Face::Plain, sizes.body * 1.1, CANNOT_CHECK.soft)
            .rows(5)
            .gap(sizes.body * 0.6),
    ];
    column_ui(ui, words, &lines, Align::Center, "fault");
}

/// A square for the picture above, the rest for words below.
fn halves(rect: Rect, sizes: &Sizes) -> [Rect; 2] {
    let inner = rect.shrink(sizes.margin);
    let side = (inner.height() * 0.36).min(inner.width() * 0.5);
    let top = inner.min.y + inner.height() * 0.1;
    let picture = Rect::from_min_size(pos2(inner.center().x - side / 2.0, top), vec2(side, side));
    let words = Rect::from_min_max(
        pos2(inner.min.x, picture.max.y + sizes.margin * 0.5),
        pos2(inner.max.x, inner.max.y - inner.height() * 0.04),
    );
    [picture, words]
}

/// The corners of a viewfinder around the three eyes of a QR code.
fn code_in_view(painter: &Painter, square: Rect) {
    let unit = square.width() / 20.0;
    for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
        let corner = pos2(square.center().x + x * 9.4 * unit, square.center().y + y * 9.4 * unit);
        let along = pos2(corner.x - x * 3.6 * unit, corner.y);
        let down = pos2(corner.x, corner.y - y * 3.6 * unit);
        bent(painter, [along, corner, down], unit * 0.9, theme::ACCENT);
    }
    let code = Rect::from_center_size(square.center(), vec2(13.0 * unit, 13.0 * unit));
    for (x, y) in [(0.0, 0.0), (8.0, 0.0), (0.0, 8.0)] {
        eye(painter, pos2(code.min.x + x * unit, code.min.y + y * unit), unit);
    }
    for (x, y) in [(8.0, 8.0), (11.4, 8.0), (9.7, 9.7), (8.0, 11.4), (11.4, 11.4), (6.0, 6.0)] {
        let module = Rect::from_min_size(
            pos2(code.min.x + x * unit, code.min.y + y * unit),
            vec2(1.6 * unit, 1.6 * unit),
        );
        painter.rect_filled(module, 0.3 * unit, CALM.ink);
    }
}

fn eye(painter: &Painter, corner: Pos2, unit: f32) {
    let outer = Rect::from_min_size(corner, vec2(5.0 * unit, 5.0 * unit));
    let pen = Stroke::new(unit, CALM.ink);
    painter.rect_stroke(outer, unit, pen, StrokeKind::Inside);
    painter.rect_filled(outer.shrink(1.7 * unit), 0.4 * unit, CALM.ink);
}

fn bent(painter: &Painter, points: [Pos2; 3], width: f32, color: Color32) {
    for point in points {
        painter.circle_filled(point, width / 2.0, color);
    }
    painter.add(Shape::line(points.to_vec(), Stroke::new(width, color)));
}

/// Twelve dots of which one after the other is bright.
fn wheel(painter: &Painter, square: Rect, turn: f64) {
    let radius = square.width() * 0.3;
    for dot in 0..12_u8 {
        let angle = f32::from(dot) * std::f32::consts::TAU / 12.0;
        let behind = (turn - f64::from(dot) / 12.0).rem_euclid(1.0);
        let bright = if behind < 0.08 { 1.0 } else { 0.25 + 0.4 * narrow(1.0 - behind) };
        let place = pos2(
            square.center().x + radius * angle.sin(),
            square.center().y - radius * angle.cos(),
        );
        painter.circle_filled(place, square.width() * 0.035, theme::ACCENT.gamma_multiply(bright));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a turn")]
fn narrow(share: f64) -> f32 {
    share as f32
}
