//! Pieces of the lines of an order: one row each, stepped by keys or buttons.

use egui::{
    Align, Color32, Context, CornerRadius, Key, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind,
    Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::{
    button::{Sign, sign_button_ui},
    fit::{Line, layout_column},
    ground::Ground,
    press,
};
use crate::{
    terminal::{text::Texts, view::LineView},
    ui::theme::{Face, GAP, RADIUS, TOUCH},
};

/// Height of a row; its buttons can be touched.
const ROW: f32 = TOUCH;
/// Distance between rows.
const SPACE: f32 = 6.0;
/// Lines that stand below each other before there are two columns.
const COLUMN_MAX: usize = 4;
/// Widest column: the steps stay near the name.
const WIDTH_MAX: f32 = 620.0;
/// Room for `12 / 12` between the steps.
const COUNT: f32 = 76.0;

/// What is chosen of each line.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    counts: Vec<u16>,
    chosen: usize,
    typed: bool,
    moved: bool,
}

impl Pieces {
    /// Everything that may be chosen.
    pub fn all(lines: &[LineView]) -> Self {
        let counts = lines.iter().map(|line| line.most).collect();
        Self { counts, chosen: 0, typed: false, moved: true }
    }

    /// The pieces of each line.
    pub fn counts(&self) -> &[u16] {
        &self.counts
    }

    /// Keeps to the lines that are shown.
    pub fn follow(&mut self, lines: &[LineView]) {
        if self.counts.len() != lines.len() {
            *self = Self::all(lines);
        }
        for (count, line) in self.counts.iter_mut().zip(lines) {
            *count = (*count).min(line.most);
        }
        self.chosen = self.chosen.min(lines.len().saturating_sub(1));
    }

    /// Chooses nothing of any line.
    pub fn set_nothing(&mut self) {
        self.counts.fill(0);
    }

    /// Chooses everything of all lines.
    pub fn set_all(&mut self, lines: &[LineView]) {
        self.counts = Self::all(lines).counts;
    }

    /// Takes the keys: up and down choose a line, left and right and digits change it, Home and End change all.
    pub fn keys(&mut self, ctx: &Context, lines: &[LineView]) {
        let chosen = self.chosen;
        let down = self.chosen.saturating_add(press::steps(ctx, Key::ArrowDown));
        self.chosen = down.min(lines.len().saturating_sub(1));
        self.chosen = self.chosen.saturating_sub(press::steps(ctx, Key::ArrowUp));
        self.moved |= chosen != self.chosen;
        self.typed &= chosen == self.chosen;
        for _ in 0..press::steps(ctx, Key::ArrowRight) {
            self.step(lines, Sign::Plus);
        }
        for _ in 0..press::steps(ctx, Key::ArrowLeft) {
            self.step(lines, Sign::Minus);
        }
        for typed in press::typed(ctx, "+-0123456789") {
            match typed.to_digit(10) {
                Some(digit) => self.digit(lines, digit),
                None if typed == '+' => self.step(lines, Sign::Plus),
                None => self.step(lines, Sign::Minus),
            }
        }
        if press::pressed(ctx, Key::Home) {
            self.set_nothing();
        }
        if press::pressed(ctx, Key::End) {
            self.set_all(lines);
        }
    }

    fn step(&mut self, lines: &[LineView], sign: Sign) {
        let most = lines.get(self.chosen).map_or(0, |line| line.most);
        self.typed = false;
        if let Some(count) = self.counts.get_mut(self.chosen) {
            *count = match sign {
                Sign::Plus => count.saturating_add(1).min(most),
                Sign::Minus => count.saturating_sub(1),
            };
        }
    }

    /// The first digit replaces the number, the next ones are added while there are so many pieces.
    fn digit(&mut self, lines: &[LineView], digit: u32) {
        let (Some(count), Some(line)) = (self.counts.get_mut(self.chosen), lines.get(self.chosen))
        else {
            return;
        };
        let most = u32::from(line.most);
        let longer = u32::from(*count).saturating_mul(10).saturating_add(digit);
        let wanted = if self.typed && longer <= most { longer } else { digit.min(most) };
        *count = u16::try_from(wanted).unwrap_or(line.most);
        self.typed = true;
    }
}

/// Height that the rows of `lines` take, in points.
pub fn height(lines: &[LineView]) -> f32 {
    let rows = u8::try_from(rows(lines.len())).unwrap_or(u8::MAX);
    f32::from(rows) * (ROW + SPACE) - SPACE
}

fn columns(lines: usize) -> usize {
    if lines > COLUMN_MAX { 2 } else { 1 }
}

fn rows(lines: usize) -> usize {
    lines.div_ceil(columns(lines)).max(1)
}

/// Draws the rows over `rect`; they scroll where they are higher, and the chosen one stays in sight.
pub fn pieces_ui(
    ui: &mut Ui,
    rect: Rect,
    lines: &[LineView],
    texts: &Texts,
    state: (&mut Pieces, Ground),
) {
    let height = height(lines);
    if rect.height() + 1.0 >= height {
        return rows_ui(ui, rect, lines, texts, state);
    }
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let (_, area) = ui.allocate_space(vec2(rect.width() - 16.0, height));
            rows_ui(ui, area, lines, texts, state);
        });
    });
}

fn rows_ui(
    ui: &Ui,
    rect: Rect,
    lines: &[LineView],
    texts: &Texts,
    (pieces, ground): (&mut Pieces, Ground),
) {
    let two = columns(lines.len()) == 2;
    let width = if two { (rect.width() - GAP * 2.0) / 2.0 } else { rect.width() };
    let width = width.min(WIDTH_MAX);
    let mut step = None;
    for (column, part) in lines.chunks(rows(lines.len())).enumerate() {
        let left = if column == 0 { rect.min.x } else { rect.min.x + width + GAP * 2.0 };
        let mut top = rect.min.y;
        for (row, line) in part.iter().enumerate() {
            let index = column.saturating_mul(rows(lines.len())).saturating_add(row);
            let place = Rect::from_min_size(pos2(left, top), vec2(width, ROW));
            let clicked = row_ui(ui, place, (index, line), texts, (pieces, ground));
            step = clicked.map(|sign| (index, sign)).or(step);
            top += ROW + SPACE;
        }
    }
    pieces.moved = false;
    if let Some((index, sign)) = step {
        pieces.chosen = index;
        pieces.step(lines, sign);
    }
}

/// One line; returns the step that was clicked.
fn row_ui(
    ui: &Ui,
    rect: Rect,
    (index, line): (usize, &LineView),
    texts: &Texts,
    (pieces, ground): (&mut Pieces, Ground),
) -> Option<Sign> {
    let chosen = pieces.chosen == index;
    let (corner, edge) = (CornerRadius::same(RADIUS), Stroke::new(2.0, ground.edge().color));
    if chosen {
        ui.painter().rect_filled(rect, corner, ground.chosen());
        if pieces.moved {
            ui.scroll_to_rect(rect, None);
        }
    }
    let count = pieces.counts.get(index).copied().unwrap_or(0);
    let steps = rect.with_min_x(rect.max.x - ROW * 2.0 - COUNT);
    let words = Rect::from_min_max(
        pos2(rect.min.x + 12.0, rect.min.y),
        pos2(steps.min.x - GAP, rect.max.y),
    );
    if choose_ui(ui, words, (line, count, chosen), texts, index) {
        pieces.chosen = index;
    }
    let ink = if line.most == 0 { ground.soft() } else { ground.ink() };
    text(ui, words, &Line::new(&line.name, Face::Strong, 18.0, ink).rows(3), Align::Min);
    let shown = format!("{count} / {}", line.most);
    let middle = steps.shrink2(vec2(ROW, 0.0));
    text(ui, middle, &Line::new(&shown, Face::Strong, 19.0, ink), Align::Center);
    let clicked = steps_ui(ui, steps, (index, line, count), texts, ground);
    if chosen {
        ui.painter().rect_stroke(rect, corner, edge, StrokeKind::Inside);
    }
    clicked
}

/// The name of a line, to choose it by a click.
fn choose_ui(
    ui: &Ui,
    rect: Rect,
    (line, count, chosen): (&LineView, u16, bool),
    texts: &Texts,
    index: usize,
) -> bool {
    let (count, most) = (count.to_string(), line.most.to_string());
    let values = [("name", line.name.as_str()), ("n", &count), ("most", &most)];
    let name = texts.fill("ui.pieces_of", &values);
    let response = ui.interact(rect, ui.scope_id().with(("line", index)), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &name));
    response.clicked()
}

fn steps_ui(
    ui: &Ui,
    rect: Rect,
    (index, line, count): (usize, &LineView, u16),
    texts: &Texts,
    ground: Ground,
) -> Option<Sign> {
    let mut clicked = None;
    for (sign, key, left, on) in [
        (Sign::Minus, "ui.one_less_of", rect.min.x, count > 0),
        (Sign::Plus, "ui.one_more_of", rect.max.x - ROW, count < line.most),
    ] {
        let square = Rect::from_min_size(pos2(left, rect.min.y), vec2(ROW, ROW));
        let (name, style) = (texts.fill(key, &[("name", &line.name)]), (ground.look(), on));
        let id = ui.scope_id().with((key, index));
        if sign_button_ui(ui, square, (sign, &name), style, id).clicked() {
            clicked = Some(sign);
        }
    }
    clicked
}

/// Paints a text that the row's name already tells a screen reader.
fn text(ui: &Ui, rect: Rect, line: &Line, align: Align) {
    for galley in layout_column(ui, std::slice::from_ref(line), rect.size(), align) {
        let anchor = if align == Align::Center { rect.center().x } else { rect.min.x };
        let top = rect.center().y - galley.size().y / 2.0;
        ui.painter().galley(pos2(anchor, top), galley, Color32::PLACEHOLDER);
    }
}
