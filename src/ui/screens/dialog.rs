//! The frame of every dialog: the screen below steps back, Esc or a click beside it closes.

use egui::{
    Align, Align2, Area, Context, Frame, Id, Key, Margin, Modal, Order, Rect, Ui, Vec2, vec2,
};

use crate::ui::{
    theme::{self, Face},
    widgets::{
        fit::{Line, name},
        press,
    },
};

/// Shows a dialog of `width` points with a title; returns what `contents` returns, and whether to close.
pub fn dialog_ui<T>(
    ctx: &Context,
    title: &str,
    width: f32,
    contents: impl FnOnce(&mut Ui) -> T,
) -> (T, bool) {
    let left = press::pressed(ctx, Key::Escape);
    let width = width.min(ctx.content_rect().width() - 96.0);
    let shown = Modal::new(Id::unique(("dialog", title)))
        .area(area(title))
        .backdrop_color(theme::BACKDROP)
        .frame(Frame::window(&ctx.global_style()).inner_margin(Margin::same(28)))
        .show(ctx, |ui| {
            ui.set_width(width);
            title_ui(ui, title, width);
            contents(ui)
        });
    settle(ctx, shown.response.rect);
    (shown.inner, left || shown.backdrop_response.clicked())
}

/// The place follows from the size of the frame before: draws again until it is in the middle.
fn settle(ctx: &Context, rect: Rect) {
    if rect.center().distance(ctx.content_rect().center()) > 2.0 {
        ctx.request_repaint_after_secs(0.02);
    }
}

fn area(title: &str) -> Area {
    Modal::default_area(Id::unique(("dialog", title)))
        .anchor(Align2::CENTER_CENTER, Vec2::ZERO)
        .order(Order::Foreground)
}

/// The title, and further lines of a dialog.
fn title_ui(ui: &mut Ui, title: &str, width: f32) {
    text_ui(ui, &Line::new(title, Face::Strong, 28.0, theme::TEXT).rows(2), title, width);
    ui.add_space(8.0);
}

/// Lets the arrow and page keys scroll what is around `ui`, by `step` points.
pub fn scroll_by_key(ui: &Ui, step: f32) {
    let keys = [
        (Key::ArrowDown, -step),
        (Key::ArrowUp, step),
        (Key::PageDown, -5.0 * step),
        (Key::PageUp, 5.0 * step),
    ];
    for (key, delta) in keys {
        if press::steps(ui.ctx(), key) > 0 {
            ui.scroll_with_delta(vec2(0.0, delta));
        }
    }
}

/// Adds a line of text below what is there.
pub fn text_ui(ui: &mut Ui, line: &Line, text: &str, width: f32) {
    let galley = line.layout(ui, width, 1.0, Align::Min);
    let (_, rect) = ui.allocate_space(vec2(width, galley.size().y));
    ui.painter().galley(rect.min, galley, theme::TEXT);
    name(ui, rect, ui.scope_id().with(("text", text)), text);
}
