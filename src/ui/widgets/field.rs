//! A field for an amount, a count or a PIN, with its unit and its steps.

use egui::{
    Align, Align2, CornerRadius, Frame, Id, Key, Margin, Rect, TextEdit, Ui, pos2,
    text::{CCursor, CCursorRange},
    vec2,
};

use super::{
    button::{Sign, sign_button_ui},
    fit::{Line, line_ui},
    ground::Ground,
    press,
};
use crate::{
    domain::pin::{NUMBER_ENDS, PinHash},
    terminal::text::Texts,
    ui::theme::{self, Face, GAP},
};

/// Longest number that can be typed, in characters.
const NUMBER_MAX: usize = 16;
/// Longest PIN with the number of its supervisor before it.
const PIN_MAX: usize = *PinHash::DIGITS.end() + 11;
/// Most that steps reach.
const COUNT_MAX: u32 = 10_000;
/// Narrowest step button, in points.
const STEP_MIN: f32 = theme::TOUCH;

/// What is being typed.
#[derive(Clone, Default)]
pub struct Typing {
    /// The text.
    pub text: String,
    /// Set to have all of it selected in the next frame, so that typing replaces it.
    pub select: bool,
}

/// Without the text, which may be a PIN.
impl std::fmt::Debug for Typing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Typing").field("select", &self.select).finish_non_exhaustive()
    }
}

impl Typing {
    /// Starts with `text`, selected.
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), select: true }
    }

    /// Takes the keys that step a count up and down.
    pub fn step_keys(&mut self, ctx: &egui::Context) {
        let signs = press::typed(ctx, "+-");
        let typed = |wanted: char| signs.iter().filter(|sign| **sign == wanted).count();
        let up = press::steps(ctx, Key::ArrowUp).saturating_add(typed('+'));
        let down = press::steps(ctx, Key::ArrowDown).saturating_add(typed('-'));
        for _ in 0..up {
            self.step(Sign::Plus);
        }
        for _ in 0..down {
            self.step(Sign::Minus);
        }
    }

    /// One more or one less, never less than one.
    fn step(&mut self, sign: Sign) {
        let count: u32 = self.text.trim().parse().unwrap_or(0);
        let stepped = match sign {
            Sign::Plus => count.saturating_add(1),
            Sign::Minus => count.saturating_sub(1),
        };
        *self = Self::of(&stepped.clamp(1, COUNT_MAX).to_string());
    }
}

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A sum of money.
    Amount,
    /// A number of uses or people, with buttons for more and less.
    Count,
    /// Digits nobody may see, with a supervisor's number before them or not.
    Pin,
}

/// What a field looks like and is called.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// What a screen reader calls it.
    pub name: &'a str,
    /// What stands before it, may be empty.
    pub unit: &'a str,
    /// What it stands on.
    pub ground: Ground,
}

/// Draws the field over `rect`; it takes the focus unless something covers it.
pub fn field_ui(
    ui: &mut Ui,
    rect: Rect,
    field: &Field<'_>,
    texts: &Texts,
    (typing, covered): (&mut Typing, bool),
) {
    let size = (rect.height() * 0.6).min(rect.width() * 0.12);
    let place = unit_ui(ui, rect, field, size);
    let place = place.with_max_x(place.max.x.min(place.min.x + size * 7.5));
    let place = match field.purpose {
        Purpose::Count => steps_ui(ui, place, field, texts, typing),
        Purpose::Amount | Purpose::Pin => place,
    };
    edit_ui(ui, place, field, size, (typing, covered));
}

/// Forgets what was typed, so that nothing can bring it back.
pub fn forget(ctx: &egui::Context, purpose: Purpose, typing: &mut Typing) {
    *typing = Typing::default();
    TextEdit::store_state(ctx, id(purpose), egui::text_edit::TextEditState::default());
}

/// The unit at the left; returns the room that is left.
fn unit_ui(ui: &Ui, rect: Rect, field: &Field<'_>, size: f32) -> Rect {
    if field.unit.is_empty() {
        return rect;
    }
    let unit = Line::new(field.unit, Face::Strong, size * 0.62, field.ground.ink());
    let width = unit.layout(ui, rect.width() * 0.3, 1.0, Align::Min).size().x;
    let place = Rect::from_min_size(rect.min, vec2(width, rect.height()));
    line_ui(ui, place, &unit, Align::Min, ui.scope_id().with("unit"));
    rect.with_min_x(place.max.x + 20.0)
}

/// The buttons beside a count; returns the room between them.
fn steps_ui(ui: &Ui, rect: Rect, field: &Field<'_>, texts: &Texts, typing: &mut Typing) -> Rect {
    let side = rect.height().min(rect.width() * 0.25).max(STEP_MIN);
    let square = |left: f32| Rect::from_min_size(pos2(left, rect.min.y), vec2(side, rect.height()));
    for (sign, key, left) in
        [(Sign::Minus, "ui.one_less", rect.min.x), (Sign::Plus, "ui.one_more", rect.max.x - side)]
    {
        let style = (field.ground.look(), true);
        let id = ui.scope_id().with(key);
        if sign_button_ui(ui, square(left), (sign, texts.get(key)), style, id).clicked() {
            typing.step(sign);
        }
    }
    rect.shrink2(vec2(side + GAP, 0.0))
}

fn edit_ui(
    ui: &mut Ui,
    place: Rect,
    field: &Field<'_>,
    size: f32,
    (typing, covered): (&mut Typing, bool),
) {
    let frame = Frame::new()
        .fill(theme::CALM.fill)
        .inner_margin(Margin::symmetric(16, 4))
        .stroke(field.ground.edge())
        .corner_radius(CornerRadius::same(theme::RADIUS));
    let (id, pin) = (id(field.purpose), field.purpose == Purpose::Pin);
    let edit = TextEdit::singleline(&mut typing.text)
        .id(id)
        .password(pin)
        .font(Face::Strong.at(size))
        .text_color(theme::TEXT)
        .char_limit(if pin { PIN_MAX } else { NUMBER_MAX })
        .align(Align2::LEFT_CENTER)
        .frame(frame);
    let response = ui.put(place, edit).accessible_name(field.name);
    if pin {
        typing.text.retain(|sign| sign.is_ascii_digit() || sign == NUMBER_ENDS);
    }
    if !covered && !response.has_focus() && !ui.ctx().text_edit_focused() {
        response.request_focus();
    }
    if std::mem::take(&mut typing.select) {
        select_all(ui, id, &typing.text);
    }
}

/// Fields of different purposes share no undo history: a PIN must not come back in another.
fn id(purpose: Purpose) -> Id {
    Id::unique(match purpose {
        Purpose::Amount => "amount field",
        Purpose::Count => "count field",
        Purpose::Pin => "pin field",
    })
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    let mut edit = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let end = CCursor::new(text.chars().count());
    edit.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), end)));
    edit.store(ui.ctx(), id);
}
