//! Several vouchers on one bill: what is on it, its sum, and what is left to pay.

use egui::{Align, Key, Rect, Stroke, Ui, UiBuilder, pos2, vec2};

use crate::{
    domain::money::{Currency, Money},
    terminal::{
        command::Command,
        text::Texts,
        view::{BillRow, BillView},
    },
    ui::{
        theme::{self, CALM, Face, GAP, PRIMARY, Sizes, TOUCH},
        widgets::{
            button::{Look, key_button_ui},
            field::{Field, Purpose, Typing, field_ui},
            fit::{Line, column_ui, layout_column, line_ui, name},
            ground::Ground,
            press,
            problem::problem_ui,
        },
    },
};

#[cfg(test)]
mod tests;

/// Rows that get room of their own even while there are fewer.
const ROWS_MIN: f32 = 6.0;
/// Below this height the keys of the bar at the bottom must do for what is rarely wanted, in points.
const LOW: f32 = 360.0;
/// Highest row, in points.
const ROW_MAX: f32 = 76.0;

/// The sum being typed.
#[derive(Clone, Debug, Default)]
pub struct BillState {
    serial: Option<u64>,
    problem: Option<String>,
    typing: Typing,
}

impl BillState {
    /// What Enter asks for: the sum that was typed, or all vouchers once it is the sum of the bill.
    pub fn confirm(&mut self, bill: &BillView) -> Command {
        self.follow(bill);
        if self.is_news(bill) {
            self.typing.select = true;
            Command::Answer(self.typing.text.trim().to_owned())
        } else {
            Command::ConfirmBill
        }
    }

    /// A bill that comes back after a verdict keeps what was typed; an empty one starts over.
    fn follow(&mut self, bill: &BillView) {
        if self.serial != Some(bill.serial) {
            self.serial = Some(bill.serial);
            let kept = bill.sum.is_some() || !bill.rows.is_empty();
            let text = if kept { std::mem::take(&mut self.typing.text) } else { String::new() };
            self.typing = Typing::of(&text);
        } else if self.problem != bill.problem {
            self.typing.select = true;
        }
        self.problem.clone_from(&bill.problem);
    }

    /// Whether the field says something else than the bill; nothing is redeemed by a sum nobody sees.
    fn is_news(&self, bill: &BillView) -> bool {
        let text = self.typing.text.trim();
        let currency = bill.unit.parse::<Currency>().ok();
        let read = currency.and_then(|currency| Money::parse(text, currency).ok());
        let same = read.is_some_and(|sum| Some(sum.to_string()) == bill.sum);
        !text.is_empty() && !same
    }
}

/// Draws the bill over the whole of `ui`; the flag beside the state is set while a dialog lies above.
pub fn bill_ui(
    ui: &mut Ui,
    bill: &BillView,
    texts: &Texts,
    (state, covered): (&mut BillState, bool),
    commands: &mut Vec<Command>,
) {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, CALM.fill);
    state.follow(bill);
    let entered = !covered && press::pressed(ui.ctx(), Key::Enter);
    let left = !covered && press::pressed(ui.ctx(), Key::Escape);
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    let width = (rect.width() * 0.36).clamp(270.0, 480.0);
    let (list, side) = rect.split_left_right_at_x(rect.max.x - width);
    list_ui(ui, list.shrink2(vec2(sizes.margin * 0.7, 8.0)), bill, texts, &sizes);
    ui.painter().rect_filled(side, 0.0, theme::PANEL);
    ui.painter().vline(side.min.x + 0.5, side.y_range(), Stroke::new(1.0, theme::LINE));
    let side = side.shrink2(vec2(20.0, 12.0));
    let clicked = side_ui(ui, side, bill, texts, (state, covered));
    if entered || clicked == Some(Act::Enter) {
        commands.push(state.confirm(bill));
    } else if clicked == Some(Act::RemoveLast) {
        commands.push(Command::RemoveLast);
    } else if left || clicked == Some(Act::Leave) {
        commands.push(Command::Dismiss);
    }
}

/// Title and vouchers, in the order in which they come off the bill.
fn list_ui(ui: &Ui, rect: Rect, bill: &BillView, texts: &Texts, sizes: &Sizes) {
    let height = sizes.body * 2.0;
    let (head, below) = rect.split_top_bottom_at_y(rect.min.y + height);
    let title = Line::new(texts.get("ui.bill_title"), Face::Strong, sizes.body * 1.3, CALM.ink);
    let response = line_ui(ui, head, &title, Align::Min, ui.scope_id().with("bill title"));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_live(egui::accesskit::Live::Polite);
    });
    if bill.rows.is_empty() {
        let hint = Line::new(texts.get("ui.bill_empty"), Face::Plain, sizes.lead, CALM.soft);
        line_ui(ui, below, &hint.rows(4), Align::Min, ui.scope_id().with("bill empty"));
        return;
    }
    let count = f32::from(u8::try_from(bill.rows.len()).unwrap_or(u8::MAX));
    let row = (below.height() / count.max(ROWS_MIN)).min(ROW_MAX);
    let mut top = below.min.y;
    for (index, shown) in bill.rows.iter().enumerate() {
        let place = Rect::from_min_size(pos2(below.min.x, top), vec2(below.width(), row));
        row_ui(ui, place, shown, index);
        top += row;
    }
}

/// Number, campaign and kind at the left, what it does to the bill at the right.
fn row_ui(ui: &Ui, rect: Rect, row: &BillRow, index: usize) {
    ui.painter().hline(rect.x_range(), rect.max.y - 0.5, Stroke::new(1.0, theme::LINE));
    let number = index.saturating_add(1).to_string();
    let inner = rect.shrink2(vec2(0.0, 2.0));
    let begin = inner.min.x + 34.0;
    let size = (rect.height() * 0.36).clamp(13.0, 20.0);
    let share = step_width(ui, &row.step, size, inner.width());
    let words =
        Rect::from_min_max(pos2(begin, inner.min.y), pos2(inner.max.x - share - 12.0, inner.max.y));
    let step = inner.with_min_x(inner.max.x - share);
    let strong = |text: &str| Line::new(text, Face::Strong, size, theme::TEXT);
    let kind = Line::new(&row.kind, Face::Plain, size * 0.82, theme::MUTED);
    texts_ui(ui, inner.with_max_x(begin - 6.0), &[strong(&number)], Align::Min);
    texts_ui(ui, words, &[strong(&row.title), kind], Align::Min);
    texts_ui(ui, step, &[strong(&row.step).rows(2)], Align::Max);
    let parts = [&row.title, &row.kind, &row.step].map(String::as_str);
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let summary = std::iter::once(number.as_str()).chain(parts).collect::<Vec<_>>().join(", ");
    name(ui, rect, ui.scope_id().with(("bill row", index)), &summary);
}

/// A step stands in one row, in two where the title needs the room.
fn step_width(ui: &Ui, step: &str, size: f32, width: f32) -> f32 {
    if step.is_empty() {
        return 0.0;
    }
    let font = Face::Strong.at(size);
    let natural = ui.painter().layout_no_wrap(step.to_owned(), font, theme::TEXT).size().x + 2.0;
    if natural <= width * 0.46 { natural } else { width * 0.3 }
}

/// Paints lines around the middle of `rect`; the row's name tells them to a screen reader.
fn texts_ui(ui: &Ui, rect: Rect, lines: &[Line], align: Align) {
    let galleys = layout_column(ui, lines, rect.size(), align);
    let height = galleys.iter().map(|galley| galley.size().y).sum::<f32>();
    let mut top = rect.center().y - height / 2.0;
    for galley in galleys {
        let left = if align == Align::Max { rect.max.x } else { rect.min.x };
        let tall = galley.size().y;
        ui.painter().galley(pos2(left, top), galley, theme::TEXT);
        top += tall;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Enter,
    RemoveLast,
    Leave,
}

/// The field for the sum, what is to pay, why something was not taken, and the keys.
fn side_ui(
    ui: &mut Ui,
    rect: Rect,
    bill: &BillView,
    texts: &Texts,
    (state, covered): (&mut BillState, bool),
) -> Option<Act> {
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    let low = rect.height() < LOW;
    let label = Rect::from_min_size(rect.min, vec2(rect.width(), if low { 0.0 } else { 26.0 }));
    if !low {
        let words = Line::new(texts.get("ui.field_bill"), Face::Plain, 17.0, theme::MUTED);
        line_ui(ui, label, &words, Align::Min, ui.scope_id().with("sum label"));
    }
    let place = Rect::from_min_size(label.left_bottom(), vec2(rect.width(), PRIMARY));
    let (name, unit) = (texts.get("ui.bill_sum"), bill.unit.as_str());
    let field = Field { purpose: Purpose::Amount, name, unit, ground: Ground::Panel };
    field_ui(ui, place, &field, texts, (&mut state.typing, covered));
    let keys = if low { PRIMARY } else { PRIMARY + (TOUCH + GAP) * 2.0 };
    let buttons = rect.with_min_y(rect.max.y - keys);
    let told = if bill.problem.is_some() || !low { sizes.body * 2.6 + GAP } else { 0.0 };
    let problem = Rect::from_min_max(
        pos2(rect.min.x, buttons.min.y - told),
        pos2(rect.max.x, buttons.min.y - GAP),
    );
    let due = Rect::from_min_max(
        pos2(rect.min.x, place.max.y + GAP),
        pos2(rect.max.x, problem.min.y - GAP),
    );
    due_ui(ui, due, bill, texts, &sizes);
    if let Some(words) = &bill.problem {
        problem_ui(ui, problem, words, sizes.body);
    }
    let choices = choices(bill, state.is_news(bill));
    let shown = if low { choices.get(..1).unwrap_or_default() } else { &choices };
    buttons_ui(ui, buttons, texts, shown)
}

/// The sum as it was taken, and what the customer pays.
fn due_ui(ui: &Ui, rect: Rect, bill: &BillView, texts: &Texts, sizes: &Sizes) {
    let mut lines = Vec::new();
    if let Some(sum) = &bill.sum {
        let sum = texts.fill("ui.bill_of", &[("amount", sum)]);
        lines.push(Line::new(&sum, Face::Plain, sizes.body, theme::MUTED).rows(2));
    } else {
        let hint = texts.get("ui.bill_sum_missing");
        lines.push(Line::new(hint, Face::Plain, sizes.body, theme::MUTED).rows(3));
    }
    lines.extend(bill.due.iter().map(|due| {
        Line::new(due, Face::Strong, sizes.amount * 0.8, theme::TEXT).rows(2).keep().gap(4.0)
    }));
    let responses = column_ui(ui, rect, &lines, Align::Min, "due");
    if let Some(due) = responses.last() {
        ui.ctx().accesskit_node_builder(due.id, |node| {
            node.set_live(egui::accesskit::Live::Polite);
        });
    }
}

/// Key cap, label, height, what comes of it, look and whether it does something.
type Choice = (&'static str, &'static str, f32, Act, (Look, bool));

/// The keys of a bill; `news` is set while the sum that was typed was not taken yet.
fn choices(bill: &BillView, news: bool) -> [Choice; 3] {
    let filled = !bill.rows.is_empty();
    let enter = if news || bill.sum.is_none() { "ui.bill_set_sum" } else { "ui.bill_redeem" };
    [
        ("ui.cap_enter", enter, PRIMARY, Act::Enter, (Look::Primary, true)),
        ("F11", "ui.bill_remove_last", TOUCH, Act::RemoveLast, (Look::Normal, filled)),
        ("ui.cap_escape", "ui.bill_leave", TOUCH, Act::Leave, (Look::Normal, true)),
    ]
}

fn buttons_ui(ui: &mut Ui, rect: Rect, texts: &Texts, choices: &[Choice]) -> Option<Act> {
    let mut clicked = None;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.spacing_mut().item_spacing.y = GAP;
        for (cap, label, height, act, style) in choices {
            let size = vec2(rect.width(), *height);
            let (cap, label) = (texts.get(cap), texts.get(label));
            if key_button_ui(ui, cap, label, size, *style).clicked() {
                clicked = Some(*act);
            }
        }
    });
    clicked
}
