//! The last decisions, newest first: beside the counter where there is room, on F3 everywhere.

use egui::{
    Align, Context, EventFilter, Id, Key, Rect, Response, Role, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

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
            press,
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
        let place = Rect::from_min_size(pos2(inner.min.x, top), vec2(inner.width(), ROW));
        row_ui(ui, place, row, texts);
        name(ui, place, Id::unique((ui.scope_id(), "row", index)), &summary(row, texts));
        top += ROW;
    }
}

/// The row that keys choose, by its journal entry; the newest at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentState {
    chosen: Option<u64>,
    moved: bool,
}

/// What comes of a frame of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentAct {
    /// It is closed.
    Close,
    /// The redemption with this journal entry is to be taken back.
    TakeBack(u64),
}

impl RecentState {
    /// Takes the keys that choose a row, and keeps to the rows there are.
    fn keys(&mut self, ctx: &Context, rows: &[RecentRow]) {
        let at = rows.iter().position(|row| Some(row.entry) == self.chosen);
        let mut next = at.unwrap_or(0);
        for (key, rows) in [(Key::ArrowDown, 1), (Key::PageDown, 5)] {
            next = next.saturating_add(press::steps(ctx, key).saturating_mul(rows));
        }
        next = next.min(rows.len().saturating_sub(1));
        for (key, rows) in [(Key::ArrowUp, 1), (Key::PageUp, 5)] {
            next = next.saturating_sub(press::steps(ctx, key).saturating_mul(rows));
        }
        self.moved = at != Some(next);
        self.chosen = rows.get(next).map(|row| row.entry);
    }
}

/// Shows all rows in a dialog; `free` is set while something of them can be taken back.
pub fn recent_dialog_ui(
    ctx: &Context,
    rows: &[RecentRow],
    texts: &Texts,
    (state, free): (&mut RecentState, bool),
) -> Option<RecentAct> {
    let entered = press::pressed(ctx, Key::Enter);
    state.keys(ctx, rows);
    let height = (ctx.content_rect().height() - 260.0).max(ROW * 2.0);
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.recent_title"), WIDTH, |ui| {
        let width = ui.available_width();
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if rows.is_empty() {
                let (_, rect) = ui.allocate_space(vec2(width, ROW));
                empty_ui(ui, rect, texts);
            }
            for row in rows {
                let (_, rect) = ui.allocate_space(vec2(width - 16.0, ROW));
                choose_ui(ui, rect, row, texts, state);
                row_ui(ui, rect.shrink2(vec2(10.0, 0.0)), row, texts);
            }
        });
        ui.add_space(12.0);
        let chosen = rows.iter().find(|row| Some(row.entry) == state.chosen);
        let back = chosen.filter(|row| free && row.back.is_some()).map(|row| row.entry);
        (buttons_ui(ui, texts, back.is_some(), width), back)
    });
    let (clicked, back) = clicked;
    let wanted = entered || clicked == Some(Choice::TakeBack);
    if let Some(entry) = back.filter(|_| wanted) {
        return Some(RecentAct::TakeBack(entry));
    }
    (left || clicked == Some(Choice::Close)).then_some(RecentAct::Close)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    TakeBack,
    Close,
}

/// Makes a row choosable by click, Tab and arrows, and shows which one is chosen.
fn choose_ui(ui: &Ui, rect: Rect, row: &RecentRow, texts: &Texts, state: &mut RecentState) {
    let id = Id::unique((ui.scope_id(), "choose", row.entry));
    let response = ui.interact(rect, id, Sense::click());
    if response.clicked() || (response.gained_focus() && !state.moved) {
        state.chosen = Some(row.entry);
    }
    let chosen = state.chosen == Some(row.entry);
    let summary = summary(row, texts);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &summary));
    if !chosen {
        return;
    }
    hold_focus(ui, &response, state.moved);
    let edge = Stroke::new(2.0, theme::ACCENT);
    ui.painter().rect(rect.shrink(1.0), 6.0, theme::HOVER, edge, StrokeKind::Inside);
}

/// The chosen row has the focus, and its arrows are not egui's.
fn hold_focus(ui: &Ui, response: &Response, moved: bool) {
    if moved {
        response.request_focus();
        response.scroll_to_me(None);
    }
    let arrows = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
}

fn buttons_ui(ui: &mut Ui, texts: &Texts, can: bool, width: f32) -> Option<Choice> {
    let size = vec2((width - GAP * 2.0) / 2.0, theme::TOUCH + GAP);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP * 2.0;
        let (cap, label) = (texts.get("ui.cap_enter"), texts.get("ui.recent_take_back"));
        let back = key_button_ui(ui, cap, label, size, (Look::Primary, can)).clicked();
        let (cap, label) = (texts.get("ui.cap_escape"), texts.get("ui.close"));
        let close = key_button_ui(ui, cap, label, size, (Look::Normal, true)).clicked();
        if back { Some(Choice::TakeBack) } else { close.then_some(Choice::Close) }
    })
    .inner
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

fn row_ui(ui: &Ui, rect: Rect, row: &RecentRow, texts: &Texts) {
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
}

/// A row as one sentence, for screen readers.
fn summary(row: &RecentRow, texts: &Texts) -> String {
    let sync = texts.get(if row.synced { "ui.row_sent" } else { "ui.row_waiting" });
    let (state, small) = (row_state(row, texts), small_line(row));
    let parts = [state.as_str(), &row.title, &row.amount, &small, sync];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
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
