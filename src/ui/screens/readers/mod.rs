//! The choice of readers: what is plugged in, and what of it is used.

use egui::{Align, Context, Key, Rect, ScrollArea, Sense, Ui, vec2};

use super::dialog::{dialog_ui, text_ui};
use crate::{
    domain::scan::EntryMethod,
    terminal::text::Texts,
    ui::{
        readers::{Plugged, ReaderCommand, ReadersView},
        theme::{self, Face, GAP},
        widgets::{
            button::{Look, key_button_ui},
            fit::{Line, line_ui, name},
            press,
        },
    },
};

const WIDTH: f32 = 860.0;
const ROW: f32 = 64.0;

/// Which row the keys choose; the one after the readers is for barcodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadersState {
    chosen: usize,
}

impl ReadersState {
    fn keys(&mut self, ctx: &Context, rows: usize) {
        let down = self.chosen.saturating_add(press::steps(ctx, Key::ArrowDown));
        let next = down.saturating_sub(press::steps(ctx, Key::ArrowUp));
        self.chosen = next.min(rows.saturating_sub(1));
    }
}

/// What comes of a frame of the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadersAct {
    /// It is closed.
    Close,
    /// The readers are to be tested.
    Test,
}

/// Shows the dialog.
pub fn readers_ui(
    ctx: &Context,
    texts: &Texts,
    readers: &ReadersView,
    state: &mut ReadersState,
    commands: &mut Vec<ReaderCommand>,
) -> Option<ReadersAct> {
    let rows = rows(readers, texts);
    state.keys(ctx, rows.len());
    let entered = press::pressed(ctx, Key::Enter);
    let mut wider = press::pressed(ctx, Key::ArrowRight);
    let tested = press::pressed(ctx, Key::F1);
    let height = (ctx.content_rect().height() - 300.0).max(ROW * 2.0);
    let ((clicked, used), left) = dialog_ui(ctx, texts.get("ui.readers_title"), WIDTH, |ui| {
        let width = ui.available_width();
        let hint = texts.get("ui.readers_hint");
        text_ui(ui, &Line::new(hint, Face::Plain, 18.0, theme::MUTED).rows(3), hint, width);
        ui.add_space(GAP);
        let mut clicked = None;
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            for (at, row) in rows.iter().enumerate() {
                let (_, rect) = ui.allocate_space(vec2(width - 16.0, ROW));
                if row_ui(ui, rect, row, at == state.chosen) {
                    clicked = Some(at);
                }
            }
        });
        ui.add_space(12.0);
        let quarter = vec2((ui.available_width() - GAP * 3.0) / 4.0, theme::TOUCH + GAP);
        let used = ui
            .horizontal(|ui| {
                let mut key = |cap: &str, label: &str, on: bool| {
                    key_button_ui(ui, texts.get(cap), texts.get(label), quarter, (Look::Normal, on))
                        .clicked()
                };
                let sized = rows.get(state.chosen).is_some_and(|row| row.sized);
                let used = key("ui.cap_enter", "ui.readers_use", !rows.is_empty());
                wider |= key("→", "ui.readers_size", sized);
                (used, key("F1", "ui.readers_test", true), key("ui.cap_escape", "ui.close", true))
            })
            .inner;
        (clicked, used)
    });
    let (use_clicked, test_clicked, close_clicked) = used;
    if let Some(at) = clicked {
        state.chosen = at;
    }
    let wish = match (entered || use_clicked || clicked.is_some(), wider) {
        (true, _) => Wish::Switch,
        (false, true) => Wish::Size,
        (false, false) => Wish::Nothing,
    };
    commands.extend(asked(readers, state.chosen, wish));
    match (tested || test_clicked, close_clicked || left) {
        (true, _) => Some(ReadersAct::Test),
        (false, true) => Some(ReadersAct::Close),
        (false, false) => None,
    }
}

/// What a frame wishes for the chosen row.
enum Wish {
    Nothing,
    Switch,
    Size,
}

/// What is asked for at a row.
fn asked(readers: &ReadersView, at: usize, wish: Wish) -> Option<ReaderCommand> {
    match (wish, readers.plugged.get(at)) {
        (Wish::Switch, Some(plugged)) => Some(ReaderCommand::Use {
            method: plugged.method,
            id: plugged.id.clone(),
            used: !plugged.used,
        }),
        (Wish::Switch, None) => Some(ReaderCommand::Barcodes(!readers.barcodes)),
        (Wish::Size, plugged) => plugged?.next_size().map(ReaderCommand::Size),
        (Wish::Nothing, _) => None,
    }
}

/// A row as it is painted.
struct Row {
    used: bool,
    title: String,
    below: String,
    sized: bool,
}

fn rows(readers: &ReadersView, texts: &Texts) -> Vec<Row> {
    let plugged = readers.plugged.iter().map(|plugged| row_of(plugged, texts));
    let barcodes = Row {
        used: readers.barcodes,
        title: texts.get("ui.readers_barcodes").to_owned(),
        below: texts.get("ui.readers_barcodes_hint").to_owned(),
        sized: false,
    };
    plugged.chain([barcodes]).collect()
}

fn row_of(plugged: &Plugged, texts: &Texts) -> Row {
    let kind = match plugged.method {
        EntryMethod::Camera => texts.get("ui.doctor_camera"),
        EntryMethod::Serial | EntryMethod::Keyboard | EntryMethod::Typed | EntryMethod::Program => {
            texts.get("ui.doctor_serial")
        }
    };
    let name = if plugged.id == plugged.name { "" } else { &plugged.id };
    let any = plugged.id == Plugged::ANY;
    let size = plugged.size.as_deref().map(|size| format!(" · {size}")).unwrap_or_default();
    Row {
        used: plugged.used,
        title: format!("{kind}: {}", if any { texts.get("ui.readers_any") } else { &plugged.name }),
        below: format!("{name}{size}"),
        sized: plugged.sizes.len() > 1,
    }
}

/// Paints a row; true when it is clicked.
fn row_ui(ui: &mut Ui, rect: Rect, row: &Row, chosen: bool) -> bool {
    let id = ui.scope_id().with(("reader", &row.title, &row.below));
    let response = ui.interact(rect, id, Sense::click());
    if chosen {
        ui.painter().rect_filled(rect, 8.0, theme::LINE);
    }
    let inner = rect.shrink2(vec2(14.0, 6.0));
    let (mark, words) = inner.split_left_right_at_x(inner.min.x + 44.0);
    let sign = if row.used { "✓" } else { "–" };
    let color = if row.used { theme::GOOD } else { theme::MUTED };
    line_ui(ui, mark, &Line::new(sign, Face::Strong, 26.0, color), Align::Min, id.with("used"));
    let share = if row.below.is_empty() { 1.0 } else { 0.55 };
    let (title, below) = words.split_top_bottom_at_fraction(share);
    let face = if row.used { Face::Strong } else { Face::Plain };
    line_ui(
        ui,
        title,
        &Line::new(&row.title, face, 20.0, theme::TEXT),
        Align::Min,
        id.with("title"),
    );
    let small = Line::new(&row.below, Face::Plain, 15.0, theme::MUTED);
    line_ui(ui, below, &small, Align::Min, id.with("below"));
    name(ui, rect, id.with("row"), &format!("{sign} {}", row.title));
    response.clicked()
}

#[cfg(test)]
mod tests;
