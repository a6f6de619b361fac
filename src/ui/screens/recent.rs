//! The last decisions, newest first: beside the counter where there is room, on F3 everywhere.

use egui::{Align, Context, Id, Rect, ScrollArea, Stroke, Ui, Vec2, pos2, vec2};

use super::dialog::dialog_ui;
use crate::{
    terminal::{
        text::Texts,
        view::{RecentRow, VerdictState},
    },
    ui::{
        theme::{self, Face, GAP},
        widgets::{
            button::{Look, key_button_ui},
            fit::{Line, name},
            mark::Mark,
        },
    },
};

const ROW: f32 = 76.0;
const WIDTH: f32 = 760.0;

/// Paints as many rows as fit over the whole of `ui`.
pub fn recent_side_ui(ui: &Ui, rows: &[RecentRow], texts: &Texts) {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    ui.painter().vline(rect.min.x + 0.5, rect.y_range(), Stroke::new(1.0, theme::LINE));
    let inner = rect.shrink2(vec2(18.0, 0.0));
    let title = Rect::from_min_size(inner.min, vec2(inner.width(), 52.0));
    let line = Line::new(texts.get("ui.recent_title"), Face::Strong, 16.0, theme::MUTED);
    crate::ui::widgets::fit::line_ui(
        ui,
        title,
        &line,
        Align::Min,
        ui.scope_id().with("recent title"),
    );
    let mut top = title.max.y;
    if rows.is_empty() {
        empty_ui(ui, Rect::from_min_size(pos2(inner.min.x, top), vec2(inner.width(), ROW)), texts);
    }
    for (index, row) in rows.iter().enumerate() {
        if top + ROW > rect.max.y {
            break;
        }
        row_ui(
            ui,
            Rect::from_min_size(pos2(inner.min.x, top), vec2(inner.width(), ROW)),
            row,
            texts,
            index,
        );
        top += ROW;
    }
}

/// Shows all rows in a dialog; returns whether to close.
pub fn recent_dialog_ui(ctx: &Context, rows: &[RecentRow], texts: &Texts) -> bool {
    let height = (ctx.content_rect().height() - 260.0).max(ROW * 2.0);
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.recent_title"), WIDTH, |ui| {
        let width = ui.available_width();
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if rows.is_empty() {
                let (_, rect) = ui.allocate_space(vec2(width, ROW));
                empty_ui(ui, rect, texts);
            }
            for (index, row) in rows.iter().enumerate() {
                let (_, rect) = ui.allocate_space(vec2(width - 16.0, ROW));
                row_ui(ui, rect, row, texts, index);
            }
            scroll_by_key(ui);
        });
        ui.add_space(12.0);
        let size = vec2(width, theme::TOUCH + GAP);
        key_button_ui(
            ui,
            texts.get("ui.cap_escape"),
            texts.get("ui.close"),
            size,
            (Look::Normal, true),
        )
        .clicked()
    });
    clicked || left
}

fn scroll_by_key(ui: &Ui) {
    let steps = [
        (egui::Key::ArrowDown, -ROW),
        (egui::Key::ArrowUp, ROW),
        (egui::Key::PageDown, -5.0 * ROW),
        (egui::Key::PageUp, 5.0 * ROW),
    ];
    for (key, step) in steps {
        if ui.input(|input| input.key_pressed(key)) {
            ui.scroll_with_delta(vec2(0.0, step));
        }
    }
}

fn empty_ui(ui: &Ui, rect: Rect, texts: &Texts) {
    let line = Line::new(texts.get("ui.recent_empty"), Face::Plain, 16.0, theme::MUTED).rows(3);
    crate::ui::widgets::fit::line_ui(
        ui,
        rect,
        &line,
        Align::Min,
        ui.scope_id().with("recent empty"),
    );
}

/// The catalogue key of a verdict in a list.
pub fn state_key(state: VerdictState) -> &'static str {
    match state {
        VerdictState::Accepted => "ui.state_accepted",
        VerdictState::AlreadyUsed => "ui.state_already_used",
        VerdictState::NotValid => "ui.state_not_valid",
        VerdictState::NeedsInput => "ui.state_needs_input",
        VerdictState::CannotCheck => "ui.state_cannot_check",
        VerdictState::NotAVoucher => "ui.state_not_a_voucher",
    }
}

fn row_ui(ui: &Ui, rect: Rect, row: &RecentRow, texts: &Texts, index: usize) {
    ui.painter().hline(rect.x_range(), rect.max.y - 0.5, Stroke::new(1.0, theme::LINE));
    let color = if row.rolled_back { theme::MUTED } else { theme::mark(row.state) };
    let ink = if row.rolled_back { theme::MUTED } else { theme::TEXT };
    let square =
        Rect::from_center_size(pos2(rect.min.x + 14.0, rect.center().y), Vec2::splat(28.0));
    Mark::of(row.state).paint(ui.painter(), square, color, theme::PANEL);
    let inner = Rect::from_min_max(pos2(square.max.x + 14.0, rect.min.y), rect.max);
    let state = row_state(row, texts);
    let small = small_line(row);
    let sync = texts.get(if row.synced { "ui.row_sent" } else { "ui.row_waiting" });
    pair(
        ui,
        inner,
        0.24,
        [
            Line::new(&state, Face::Strong, 16.0, color),
            Line::new(&row.amount, Face::Strong, 16.0, ink).strike(row.rolled_back),
        ],
    );
    pair(
        ui,
        inner,
        0.52,
        [
            Line::new(&row.title, Face::Plain, 15.0, ink).strike(row.rolled_back),
            Line::new("", Face::Plain, 15.0, theme::TEXT),
        ],
    );
    let right = pair(
        ui,
        inner,
        0.78,
        [
            Line::new(&small, Face::Plain, 13.0, theme::MUTED),
            Line::new(sync, Face::Plain, 13.0, theme::MUTED),
        ],
    );
    sync_dot(ui, pos2(right - 10.0, rect.min.y + rect.height() * 0.78), row.synced);
    let summary = [&state, &row.title, &row.amount, &small, sync].join(", ");
    name(ui, rect, Id::unique((ui.scope_id(), "row", index)), &summary);
}

fn row_state(row: &RecentRow, texts: &Texts) -> String {
    let state = texts.get(state_key(row.state));
    if row.rolled_back {
        return texts.fill("ui.row_undone", &[("state", state)]);
    }
    state.to_owned()
}

fn small_line(row: &RecentRow) -> String {
    if row.code.is_empty() { row.time.clone() } else { format!("{}  ·  {}", row.time, row.code) }
}

/// Two texts on one line, the second at the right edge; returns where the second begins.
fn pair(ui: &Ui, rect: Rect, share: f32, [left, right]: [Line; 2]) -> f32 {
    let middle = rect.min.y + rect.height() * share;
    let galley = right.layout(ui, rect.width() * 0.5, 1.0, Align::Min);
    let begin = rect.max.x - galley.size().x;
    let place = pos2(begin, middle - galley.size().y / 2.0);
    if galley.size().x > 0.0 {
        ui.painter().galley(place, galley, theme::TEXT);
    }
    let room = (begin - rect.min.x - 24.0).max(40.0);
    let galley = left.layout(ui, room, 1.0, Align::Min);
    let place = pos2(rect.min.x, middle - galley.size().y / 2.0);
    ui.painter().galley(place, galley, theme::TEXT);
    begin
}

/// A disc for what the platform has, a ring for what it does not have yet.
fn sync_dot(ui: &Ui, center: egui::Pos2, synced: bool) {
    if synced {
        ui.painter().circle_filled(center, 4.0, theme::GOOD);
    } else {
        ui.painter().circle_stroke(center, 3.5, Stroke::new(1.5, theme::MUTED));
    }
}
